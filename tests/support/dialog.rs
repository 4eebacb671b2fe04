//! Requests and responses of a call, as the software of each party writes them.

use super::call::Call;
use super::call::Transaction;
use super::generator::Generator;
use super::message::Agent;
use super::message::Message;
use super::message::Party;
use super::script::Statement;

/// The two ends of one arrow.
pub(crate) struct Ends<'a> {
    /// The sender's name.
    pub(crate) from: &'a str,
    /// The receiver's name.
    pub(crate) to: &'a str,
    /// The sender.
    pub(crate) sender: &'a Party,
    /// The receiver.
    pub(crate) receiver: &'a Party,
    /// Whether the ladder's transport is TCP.
    pub(crate) tcp: bool,
}

impl Ends<'_> {
    fn with_teams(&self) -> bool {
        self.sender.agent == Agent::Teams || self.receiver.agent == Agent::Teams
    }
}

/// What Microsoft writes for each documented case.
fn phrase(case: &str) -> Option<&'static str> {
    Some(match case {
        "codec" => {
            "InternalDiagCode: CannotSupportAnyMedia, InternalErrorPhrase: Invalid SDP offer: no media acceptable"
        }
        "srtp" => {
            "InternalDiagCode: SrtpEncryptionRequired, InternalErrorPhrase: Remote participant did not offer required SRTP support"
        }
        "ice" => "There are no ICE candidates in the SDP. Non-ice endpoints cannot use bypass",
        "blackhole" => "Cannot negotiate a new modality with blackhole media",
        _ => return None,
    })
}

fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        606 => "Not Acceptable",
        _ => "Response",
    }
}

/// A Via of a party. On a leg with Teams it says TLS whatever carries the packet, as decrypted traffic does.
pub(crate) fn via(party: &Party, tcp: bool, generator: &mut Generator) -> String {
    via_over(party, if tcp { "TCP" } else { "UDP" }, generator)
}

fn via_over(party: &Party, transport: &str, generator: &mut Generator) -> String {
    format!(
        "SIP/2.0/{transport} {};branch=z9hG4bK{}",
        party.address,
        generator.hex(16)
    )
}

fn contact(call: &mut Call, party: &Party, name: &str, with_teams: bool) -> String {
    if party.agent == Agent::Teams {
        let leg = call.generator.guid();
        return format!(
            "<sip:api-du-a-euno.pstnhub.microsoft.com:443;x-i={};x-c={}/d/8/{}>",
            call.guid,
            call.id,
            leg.replace('-', "")
        );
    }
    let number = call.numbers[call.side(name)].clone();
    let transport = if with_teams { ";transport=tls" } else { "" };
    format!(
        "<sip:{number}@{}:{}{transport}>",
        party.host,
        party.address.port()
    )
}

/// The next request of a party, and the place of its transaction.
pub(crate) fn request(
    call: &mut Call,
    ends: &Ends<'_>,
    statement: &Statement,
) -> (Message, Option<usize>) {
    let method = statement.word(3);
    if call.ends.is_none() {
        call.ends = Some([ends.from.to_owned(), ends.to.to_owned()]);
        call.choose_id(ends.sender.agent == Agent::Teams);
    }
    // A CANCEL and the ACK of a refusal belong to the INVITE's transaction (RFC 3261 §9.1, §17.1.1.3).
    let invite = matches!(method, "ACK" | "CANCEL")
        .then(|| call.last(ends.from, ends.to, Some("INVITE")))
        .flatten()
        .map(|place| call.transactions[place].clone());
    let transaction = transaction(call, ends, statement, invite.as_ref());
    let mut message = Message {
        start: format!("{method} {} SIP/2.0", transaction.uri),
        headers: Vec::new(),
        body: String::new(),
    };
    message.push("Via", transaction.vias[0].clone());
    message.push("Max-Forwards", "70");
    message.push("From", transaction.from.clone());
    message.push(
        "To",
        with_tag(&transaction.to, transaction.to_tag.as_deref()),
    );
    message.push("Call-ID", call.id.clone());
    message.push("CSeq", format!("{} {method}", transaction.cseq));
    own_headers(&mut message, call, ends, method);
    if let Some(reason) = statement.option("reason") {
        message.push("Reason", reason);
    }
    call.transactions.push(transaction);
    (message, Some(call.transactions.len() - 1))
}

fn with_tag(uri: &str, tag: Option<&str>) -> String {
    tag.map_or_else(|| uri.to_owned(), |tag| format!("{uri};tag={tag}"))
}

/// What a request has in common with its responses; `invite` is the one that an ACK or a CANCEL belongs to.
fn transaction(
    call: &mut Call,
    ends: &Ends<'_>,
    statement: &Statement,
    invite: Option<&Transaction>,
) -> Transaction {
    let method = statement.word(3);
    let side = call.side(ends.from);
    let transport = match (ends.with_teams(), ends.tcp) {
        (true, _) => "TLS",
        (false, true) => "TCP",
        (false, false) => "UDP",
    };
    let fresh = via_over(ends.sender, transport, &mut call.generator);
    let (cseq, via) = match invite {
        Some(invite) if method == "ACK" && invite.status < 300 => (invite.cseq, fresh),
        Some(invite) => (invite.cseq, invite.vias[0].clone()),
        None => {
            call.cseqs[side] += 1;
            (call.cseqs[side], fresh)
        }
    };
    let cseq = statement
        .number("cseq")
        .map_or(cseq, |cseq| u32::try_from(cseq).expect("a small number"));
    call.cseqs[side] = call.cseqs[side].max(cseq);
    let [from, to] = addresses(call, ends);
    let tag = remote_tag(call, side, statement);
    let (from, to, to_tag) = match invite {
        Some(invite) => {
            let told = || invite.to_tag.clone().or(Some(call.answering_tag.clone()));
            let tag = if method == "ACK" { told() } else { None };
            (invite.from.clone(), invite.to.clone(), tag)
        }
        None if side == 0 => (with_tag(&from, Some(&call.tag)), to, tag),
        None => {
            let called = call.established.as_ref().or(call.early.as_ref());
            let called = called.unwrap_or(&call.answering_tag);
            (with_tag(&from, Some(called)), to, tag)
        }
    };
    let uri = match (statement.option("uri"), invite) {
        (Some(uri), _) => uri.to_owned(),
        (None, Some(invite)) => invite.uri.clone(),
        (None, None) => {
            let transport = if ends.with_teams() {
                ";transport=tls"
            } else {
                ""
            };
            let (number, receiver) = (&call.numbers[1 - side], ends.receiver);
            let (host, port) = (&receiver.host, receiver.address.port());
            format!("sip:{number}@{host}:{port};user=phone{transport}")
        }
    };
    Transaction {
        method: method.to_owned(),
        cseq,
        path: vec![ends.from.to_owned()],
        receiver: ends.to.to_owned(),
        status: 0,
        vias: vec![via],
        from,
        to,
        to_tag,
        uri,
    }
}

/// The URIs of From and To, without tags.
fn addresses(call: &Call, ends: &Ends<'_>) -> [String; 2] {
    let side = call.side(ends.from);
    let uri = |side: usize, host: &str| format!("<sip:{}@{host};user=phone>", call.numbers[side]);
    [
        uri(side, &ends.sender.host),
        uri(1 - side, &ends.receiver.host),
    ]
}

/// The tag in To: none in a request that opens a dialog.
fn remote_tag(call: &Call, side: usize, statement: &Statement) -> Option<String> {
    if side == 1 {
        return Some(call.tag.clone());
    }
    let early = matches!(
        statement.word(3),
        "BYE" | "PRACK" | "UPDATE" | "INFO" | "NOTIFY" | "REFER"
    );
    let given = statement.option("tag").map(str::to_owned);
    if call.established.is_none() && !early {
        return given;
    }
    given
        .or_else(|| call.established.clone())
        .or_else(|| call.early.clone())
        .or_else(|| Some(call.answering_tag.clone()))
}

/// What each maker's software puts into its requests.
fn own_headers(message: &mut Message, call: &mut Call, ends: &Ends<'_>, method: &str) {
    let agent = ends.sender.agent;
    if matches!(
        method,
        "INVITE" | "UPDATE" | "SUBSCRIBE" | "NOTIFY" | "OPTIONS"
    ) {
        let contact = contact(call, ends.sender, ends.from, ends.with_teams());
        message.push("Contact", contact);
        message.push("Supported", agent.supported());
        message.push("Allow", agent.allow());
    }
    message.push("User-Agent", agent.product());
    if method == "INVITE" && agent == Agent::Teams {
        let number = call.numbers[call.side(ends.from)].clone();
        let route = "<sip:sip-du-a-eu.pstnhub.microsoft.com:5061;transport=tls;lr>";
        let identity = format!("<tel:{number}>,<sip:{number}@sip.pstnhub.microsoft.com>");
        message.push("Record-Route", route);
        message.push("P-Asserted-Identity", identity);
        message.push("Privacy", "id");
        message.push("Min-SE", "300");
        message.push("Session-Expires", "3600");
    }
    if ends.receiver.agent == Agent::Teams && matches!(method, "INVITE" | "OPTIONS") {
        let product = match agent {
            Agent::Ribbon => "Ribbon/SWe Edge/12.1.1",
            Agent::Cube => "Cisco UBE/C8000V/IOS-17.9.4a",
            _ => "AudioCodes/Mediant VE/7.40A.500.781",
        };
        message.push("X-MS-SBC", product);
    }
}

/// The response of a party to the last request that it got.
pub(crate) fn response(
    call: &mut Call,
    ends: &Ends<'_>,
    statement: &Statement,
) -> (Message, Option<usize>) {
    let status: u16 = statement.word(3).parse().expect("a status code");
    let method = Some(statement.word(4))
        .filter(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase()));
    let place = call.last(ends.to, ends.from, method).unwrap_or_else(|| {
        panic!(
            "line {}: no request of {} to answer",
            statement.line, ends.to
        )
    });
    let given = statement
        .option("tag")
        .map_or_else(|| call.answering_tag.clone(), str::to_owned);
    let with_contact =
        status != 100 && (ends.sender.agent == Agent::Teams || (180..300).contains(&status));
    let contact = with_contact.then(|| contact(call, ends.sender, ends.from, ends.with_teams()));
    let transaction = &mut call.transactions[place];
    transaction.status = status;
    if transaction.to_tag.is_none() || statement.option("tag").is_some() {
        transaction.to_tag = (status != 100).then_some(given);
    }
    let transaction = transaction.clone();
    let mut message = Message {
        start: format!("SIP/2.0 {status} {}", reason_phrase(status)),
        headers: Vec::new(),
        body: String::new(),
    };
    for via in &transaction.vias {
        message.push("Via", via.clone());
    }
    message.push("From", transaction.from.clone());
    let to = match &transaction.to_tag {
        Some(tag) if status != 100 => format!("{};tag={tag}", transaction.to),
        _ => transaction.to.clone(),
    };
    message.push("To", to);
    message.push("Call-ID", call.id.clone());
    message.push(
        "CSeq",
        format!("{} {}", transaction.cseq, transaction.method),
    );
    if let Some(contact) = contact {
        message.push("Contact", contact);
    }
    if transaction.method == "INVITE" && status != 100 {
        message.push("Allow", ends.sender.agent.allow());
    }
    message.push("Server", ends.sender.agent.product());
    if let Some(reason) = statement.option("reason") {
        let text = phrase(reason).map_or_else(
            || reason.to_owned(),
            |phrase| format!("Q.850;cause=88;text=\"{};{phrase}\"", call.guid),
        );
        message.push("Reason", text);
    }
    if status == 407 {
        let nonce = call.generator.hex(24);
        message.push(
            "Proxy-Authenticate",
            format!(
                "Digest realm=\"carrier.example\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\""
            ),
        );
    }
    if status == 401 {
        let nonce = call.generator.hex(24);
        message.push(
            "WWW-Authenticate",
            format!("Digest realm=\"carrier.example\", nonce=\"{nonce}\", algorithm=MD5"),
        );
    }
    if transaction.method == "INVITE"
        && call
            .ends
            .as_ref()
            .is_some_and(|[calling, _]| *calling != ends.from)
    {
        call.early.clone_from(&transaction.to_tag);
        if (200..300).contains(&status) {
            call.established.clone_from(&transaction.to_tag);
        }
    }
    (message, Some(place))
}

/// Gives a message its SDP, alone or in a multipart body beside a PIDF-LO (RFC 4119, RFC 6442).
pub(crate) fn put_body(message: &mut Message, sdp: String, statement: &Statement, call: &mut Call) {
    if !statement.has("multipart") {
        message.push("Content-Type", "application/sdp");
        message.body = sdp;
        return;
    }
    let boundary = format!("boundary-{}", call.generator.hex(12));
    message.push(
        "Content-Type",
        format!("multipart/mixed;boundary=\"{boundary}\""),
    );
    message.body = format!(
        "--{boundary}\r\nContent-Type: application/pidf+xml\r\nContent-ID: <location@sbc-fra.contoso.example>\r\n\r\n\
         <?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
         entity=\"pres:caller@contoso.example\"><tuple id=\"sg89ae\"><status/></tuple></presence>\r\n\
         --{boundary}\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--{boundary}--\r\n"
    );
}

/// Applies an indented line: `+ Name: value`, `- Name`, `= Name: value`.
pub(crate) fn edit(message: &mut Message, line: &str) {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (name, value) = rest.split_once(": ").unwrap_or((rest, ""));
    match verb {
        "+" => {
            let place = message
                .headers
                .iter()
                .position(|(known, _)| known == "Content-Length")
                .unwrap_or(message.headers.len());
            message
                .headers
                .insert(place, (name.to_owned(), value.to_owned()));
        }
        "-" => message.set(name, None),
        "=" => message.set(name, Some(value)),
        _ => panic!("`{line}` is no edit of a header: + Name: value, - Name, = Name: value"),
    }
}
