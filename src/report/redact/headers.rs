//! Header values made anew: what is known to be read by its structure, what is known to be harmless word by word, and of
//! all else nothing.

use crate::sip::HeaderName;
use crate::sip::Message;
use crate::sip::Value;
use crate::sip::fields;
use crate::sip::list;

use super::Named;
use super::Redaction;
use super::names::divides;
use super::text::Known;
use super::vocabulary;
use super::vocabulary::Vocabulary;

/// What stands in the place of a value of which nothing is known.
pub(super) const LEFT_OUT: &[u8] = b"[left out]";

/// How a value is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A list of addresses.
    Addresses,
    /// A list of hops.
    Vias,
    /// One Call-ID.
    CallId,
    /// Ids that two legs of a call may share (RFC 7989, RFC 7315, RFC 7433): each word becomes another.
    Ids,
    /// Words that are listed, and numbers.
    Words(Vocabulary),
    /// Languages.
    Languages,
    /// A number, and words.
    Number,
    /// Names and versions of products.
    Product,
    /// Reasons, warnings, diagnostics.
    Reason,
    Warning,
    MsDiagnostics,
    /// CSeq.
    CSeq,
    /// Content-Type.
    ContentType,
    /// Content-Length, which is counted anew.
    ContentLength,
    /// Nothing.
    LeftOut,
}

/// The headers of which more than nothing is shown, besides those that [`HeaderName`] knows.
const OTHERS: [(&str, Way); 27] = [
    ("P-Preferred-Identity", Way::Addresses),
    ("P-Called-Party-ID", Way::Addresses),
    ("P-Associated-URI", Way::Addresses),
    ("Remote-Party-ID", Way::Addresses),
    ("Reply-To", Way::Addresses),
    ("Path", Way::Addresses),
    ("Service-Route", Way::Addresses),
    ("X-CID", Way::CallId),
    ("In-Reply-To", Way::CallId),
    ("Cisco-Guid", Way::Ids),
    ("P-Charging-Vector", Way::Ids),
    ("User-to-User", Way::Ids),
    ("X-MS-SBC", Way::Ids),
    ("Accept-Encoding", Way::Words(vocabulary::TYPES)),
    ("Accept-Language", Way::Languages),
    ("Privacy", Way::Words(vocabulary::PRIVACY)),
    ("Priority", Way::Words(vocabulary::PRIORITIES)),
    ("Proxy-Require", Way::Words(vocabulary::OPTION_TAGS)),
    ("MIME-Version", Way::Words(vocabulary::NUMBERS)),
    ("Subscription-State", Way::Words(vocabulary::EVENTS)),
    ("P-Early-Media", Way::Words(vocabulary::EARLY_MEDIA)),
    ("Recv-Info", Way::Words(vocabulary::EVENTS)),
    ("Answer-Mode", Way::Words(vocabulary::ANSWER_MODES)),
    ("Min-Expires", Way::Number),
    ("Timestamp", Way::Number),
    ("X-MS-SkypeForBusiness-Version", Way::Product),
    ("Max-Breadth", Way::Number),
];

/// How the value of a header is made anew.
pub(super) fn way(written: &[u8]) -> Way {
    use HeaderName as N;
    match HeaderName::parse(written) {
        N::From
        | N::To
        | N::Contact
        | N::Route
        | N::RecordRoute
        | N::PAssertedIdentity
        | N::Diversion
        | N::HistoryInfo
        | N::ReferredBy
        | N::ReferTo => Way::Addresses,
        N::Via => Way::Vias,
        N::CallId => Way::CallId,
        N::SessionId => Way::Ids,
        N::CSeq => Way::CSeq,
        N::ContentType => Way::ContentType,
        N::ContentLength => Way::ContentLength,
        N::Accept | N::ContentDisposition | N::ContentEncoding => Way::Words(vocabulary::TYPES),
        N::Allow => Way::Words(vocabulary::METHODS),
        N::AllowEvents | N::Event => Way::Words(vocabulary::EVENTS),
        N::RequestDisposition => Way::Words(vocabulary::DISPOSITIONS),
        N::Require | N::Supported | N::Unsupported => Way::Words(vocabulary::OPTION_TAGS),
        N::Date => Way::Words(vocabulary::DATES),
        N::Expires
        | N::MaxForwards
        | N::MinSe
        | N::RAck
        | N::RetryAfter
        | N::RSeq
        | N::SessionExpires => Way::Number,
        N::Server | N::UserAgent => Way::Product,
        N::Reason => Way::Reason,
        N::Warning => Way::Warning,
        N::MsDiagnostics => Way::MsDiagnostics,
        N::Other => {
            let known = OTHERS
                .iter()
                .find(|(name, _)| written.eq_ignore_ascii_case(name.as_bytes()));
            known.map_or(Way::LeftOut, |(_, way)| *way)
        }
        _ => Way::LeftOut,
    }
}

/// In quotes, with what would end them escaped.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in text {
        if byte == b'"' || byte == b'\\' {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

impl Redaction {
    /// The value of a header, made anew.
    pub(super) fn value(&self, way: Way, value: Value<'_>, known: &Known) -> Vec<u8> {
        let unfolded = value.unfolded();
        match way {
            Way::Addresses => {
                let addresses = list(value.as_bytes()).map(fields::name_addr::parse);
                joined(addresses.map(|address| self.name_addr(&address)))
            }
            Way::Vias => joined(
                list(value.as_bytes())
                    .filter_map(fields::via::parse)
                    .map(|via| self.via(&via)),
            ),
            Way::CallId => self.call_id(&unfolded),
            Way::Ids => self.ids(&unfolded),
            Way::Words(words) => self.listed(&unfolded, words),
            Way::Languages => self.languages(&unfolded),
            Way::Number => self.numbers(&unfolded),
            Way::Product => self.text_with(&unfolded, known),
            Way::Reason => self.reasons(value, known),
            Way::Warning => self.warnings(value, known),
            Way::MsDiagnostics => self.ms_diagnostics(value, known),
            Way::CSeq => match fields::cseq::parse(value.as_bytes()) {
                Some(cseq) => {
                    let method = self.word(cseq.method.as_bytes());
                    [cseq.number.to_string().as_bytes(), b" ", &method].concat()
                }
                None => b"?".to_vec(),
            },
            Way::ContentType | Way::ContentLength | Way::LeftOut => LEFT_OUT.to_vec(),
        }
    }

    /// Numbers of up to ten digits, and words.
    fn numbers(&self, value: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(value.len());
        for part in value.chunk_by(|a, b| divides(*a) == divides(*b)) {
            if part.len() <= 10 && part.iter().all(u8::is_ascii_digit) {
                shown.extend_from_slice(part);
            } else {
                shown.extend(self.listed(part, vocabulary::BEHIND_NUMBERS));
            }
        }
        shown
    }

    /// Each word becomes as many hexadecimal digits, or decimal ones; names before `=` stay.
    fn ids(&self, value: &[u8]) -> Vec<u8> {
        let divides_ids = |byte: u8| divides(byte) || b"@:".contains(&byte);
        let parts: Vec<&[u8]> = value
            .chunk_by(|a, b| divides_ids(*a) == divides_ids(*b))
            .collect();
        let mut shown = Vec::with_capacity(value.len());
        for (place, part) in parts.iter().enumerate() {
            let is_name = parts
                .get(place + 1)
                .is_some_and(|next| next.starts_with(b"="));
            if part.first().is_some_and(|byte| divides_ids(*byte))
                || part.iter().all(|byte| *byte == b'0')
            {
                shown.extend_from_slice(part);
            } else if is_name {
                shown.extend(self.listed(part, vocabulary::ID_NAMES));
            } else if part
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'-')
            {
                shown.extend(self.decimals(part));
            } else {
                shown.extend(
                    self.secret
                        .hex("id", &part.to_ascii_lowercase(), part.len().min(32))
                        .into_bytes(),
                );
            }
        }
        shown
    }

    /// Decimal numbers with dashes between them, such as a Cisco-Guid.
    fn decimals(&self, numbers: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(numbers.len());
        for (block, signs) in numbers.chunks(32).enumerate() {
            let seed = [&block.to_be_bytes()[..], numbers].concat();
            let hash = self.secret.hash("id", &seed);
            shown.extend(signs.iter().zip(hash).map(|(sign, byte)| match sign {
                b'-' => b'-',
                _ => b'1' + byte % 9,
            }));
        }
        shown
    }

    fn reasons(&self, value: Value<'_>, known: &Known) -> Vec<u8> {
        joined(fields::reason::parse(value.as_bytes()).map(|reason| {
            let mut shown = self.listed(reason.protocol, vocabulary::REASONS);
            if let Some(cause) = reason.cause {
                shown.extend(format!(";cause={cause}").into_bytes());
            }
            if let Some(text) = &reason.text {
                shown.extend_from_slice(b";text=");
                shown.extend(quoted(&self.text_with(text, known)));
            }
            shown
        }))
    }

    fn warnings(&self, value: Value<'_>, known: &Known) -> Vec<u8> {
        joined(fields::warning::parse(value.as_bytes()).map(|warning| {
            let agent = match warning.agent {
                b"" | b"-" => warning.agent.to_vec(),
                agent => self.uri_host(agent),
            };
            let code = warning
                .code
                .map(|code| code.to_string().into_bytes())
                .unwrap_or_default();
            let text = quoted(&self.text_with(&warning.text, known));
            let parts = [code, agent, text];
            let parts: Vec<Vec<u8>> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(&b' ')
        }))
    }

    /// A host with its port.
    fn uri_host(&self, written: &[u8]) -> Vec<u8> {
        let uri = self.uri(&[b"sip:", written].concat());
        uri.strip_prefix(b"sip:").unwrap_or(&uri).to_vec()
    }

    fn ms_diagnostics(&self, value: Value<'_>, known: &Known) -> Vec<u8> {
        let told = fields::ms_diagnostics::parse(value.as_bytes());
        let mut shown = told
            .code
            .map(|code| code.to_string().into_bytes())
            .unwrap_or_default();
        if let Some(reason) = &told.reason {
            shown.extend_from_slice(b";reason=");
            shown.extend(quoted(&self.text_with(reason, known)));
        }
        if let Some(source) = &told.source {
            shown.extend_from_slice(b";source=");
            shown.extend(quoted(&self.host(source)));
        }
        shown
    }

    /// Knows who and what a message names: originals that its phrases may quote.
    pub(super) fn know_message(&self, message: &Message<'_>, known: &mut Known) {
        if let Some(call_id) = message.call_id() {
            known.add(call_id, self.call_id(call_id));
        }
        let mut named = Named::default();
        named.add(message);
        self.know(&named, known);
    }
}

fn joined(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.collect::<Vec<_>>().join(&b", "[..])
}
