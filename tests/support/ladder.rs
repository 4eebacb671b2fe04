//! A ladder diagram in words → packets. Its words are explained in `tests/scenarios/README.md`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::call::Call;
use super::capture_file::Format;
use super::capture_file::render;
use super::dialog;
use super::generator::Generator;
use super::message::Agent;
use super::message::Message;
use super::message::Party;
use super::message::Spelling;
use super::offer::Template;
use super::script::Statement;
use super::script::statements;
use super::stream::Passage;
use super::stream::Sent;
use super::stream::Stream;
use super::wire::Link;
use super::wire::Packet;
use super::wire::Wire;
use super::wire::frame;

/// Monday, 2 March 2026, 09:00:00 UTC: when a ladder begins unless it says otherwise.
pub(crate) const MORNING: u64 = 1_772_442_000_000_000_000;
/// Between two messages.
const STEP: u64 = 20_000_000;
/// Between two packets of one message.
const INSTANT: u64 = 100_000;

/// A message that was sent, for `again` and `forward`.
#[derive(Clone, Debug)]
struct Past {
    label: String,
    call: String,
    message: Message,
    transaction: Option<usize>,
    spelling: Spelling,
    line_end: &'static str,
}

/// A ladder carried out.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    /// The frames, in the order in which they were captured.
    pub(crate) packets: Vec<Packet>,
    /// The names of the capture files.
    pub(crate) files: Vec<String>,
    /// The calls by name.
    pub(crate) calls: BTreeMap<String, Call>,
    /// The statements that are no part of the traffic: `run`, `config`, `expect`.
    pub(crate) rest: Vec<Statement>,
    format: Format,
    start: u64,
    clock: u64,
    wire: Wire,
    chance: Generator,
    link: Link,
    tcp: bool,
    mtu: usize,
    mss: usize,
    snaplen: Option<usize>,
    twice: bool,
    current: String,
    parties: BTreeMap<String, Party>,
    offers: BTreeMap<String, Template>,
    streams: Vec<Stream>,
    past: Vec<Past>,
}

impl Ladder {
    /// Carries out a ladder that begins at a time (nanoseconds since 1970).
    pub(crate) fn play(text: &str, start: u64) -> Self {
        // Ladders of different times share no identification, port or sequence number.
        let mut chance = Generator::named(&start.to_string());
        let mut ladder = Self {
            packets: Vec::new(),
            files: Vec::new(),
            calls: BTreeMap::new(),
            rest: Vec::new(),
            format: Format::Pcap,
            start,
            clock: start,
            wire: Wire::counting_from(u16::try_from(chance.between(1, 65_536)).expect("16 bits")),
            chance,
            link: Link::Ethernet,
            tcp: false,
            mtu: 9_000,
            mss: 1_400,
            snaplen: None,
            twice: false,
            current: String::new(),
            parties: BTreeMap::new(),
            offers: BTreeMap::new(),
            streams: Vec::new(),
            past: Vec::new(),
        };
        ladder.party(
            "sbc",
            "192.0.2.10:5061",
            "sbc-fra.contoso.example",
            Agent::AudioCodes,
        );
        ladder.party(
            "teams",
            "52.114.76.76:5061",
            "sip.pstnhub.microsoft.com",
            Agent::Teams,
        );
        ladder.party(
            "carrier",
            "198.51.100.20:5060",
            "198.51.100.20",
            Agent::Carrier,
        );
        ladder.call("1");
        for statement in statements(text) {
            ladder.carry_out(&statement);
        }
        if ladder.files.is_empty() {
            ladder
                .files
                .push(format!("capture.{}", ladder.format.extension()));
        }
        ladder
    }

    /// The bytes of each capture file, in the order of the names.
    pub(crate) fn render(&self) -> Vec<Vec<u8>> {
        (0..self.files.len())
            .map(|file| {
                let packets: Vec<&Packet> = self
                    .packets
                    .iter()
                    .filter(|packet| packet.file == file)
                    .collect();
                render(self.format, &packets)
            })
            .collect()
    }

    fn party(&mut self, name: &str, address: &str, host: &str, agent: Agent) {
        let address = address
            .parse()
            .unwrap_or_else(|_| panic!("{name} is at {address}: ADDRESS:PORT"));
        self.parties.insert(
            name.to_owned(),
            Party {
                address,
                host: host.to_owned(),
                agent,
            },
        );
    }

    fn call(&mut self, name: &str) -> &mut Call {
        name.clone_into(&mut self.current);
        self.calls
            .entry(name.to_owned())
            .or_insert_with(|| Call::named(name))
    }

    fn carry_out(&mut self, statement: &Statement) {
        let value = statement.word(1);
        match statement.word(0) {
            "transport" => self.tcp = value == "tcp",
            "link" => self.link = link(statement),
            "format" => {
                self.format = Format::named(value)
                    .unwrap_or_else(|| panic!("line {}: {value}", statement.line));
            }
            "mtu" => self.mtu = number(statement),
            "mss" => self.mss = number(statement),
            "snaplen" => self.snaplen = Some(number(statement)),
            "twice" => self.twice = value != "off",
            "file" => self.files.push(value.to_owned()),
            "wait" => self.clock += nanoseconds(statement),
            // The clock never runs back.
            "at" => self.clock = self.clock.max(self.start + nanoseconds(statement)),
            "connection" => self.streams.clear(),
            "party" => {
                let host = statement
                    .option("host")
                    .unwrap_or_else(|| bare_host(statement.word(2)));
                let agent = statement
                    .option("like")
                    .map_or(Some(Agent::AudioCodes), Agent::named);
                self.party(
                    value,
                    statement.word(2),
                    host,
                    agent.expect("like= names an agent"),
                );
            }
            "call" => {
                let call = self.call(value);
                for (place, name) in ["from", "to"].into_iter().enumerate() {
                    if let Some(number) = statement.option(name) {
                        number.clone_into(&mut call.numbers[place]);
                    }
                }
                if let Some(id) = statement.option("id") {
                    id.clone_into(&mut call.id);
                }
                if let Some(tag) = statement.option("tag") {
                    tag.clone_into(&mut call.tag);
                }
            }
            "offer" => {
                let base = (statement.word(2) == "=").then(|| self.template(statement.word(3)));
                let mut template = base.unwrap_or_default();
                for edit in &statement.block {
                    template.edit(edit);
                }
                self.offers.insert(value.to_owned(), template);
            }
            "run" | "config" | "expect" => self.rest.push(statement.clone()),
            _ if statement.word(1) == ">" => self.arrow(statement),
            word => panic!("line {}: `{word}` is no word of a ladder", statement.line),
        }
    }

    fn template(&self, name: &str) -> Template {
        let known = self.offers.get(name).cloned();
        known
            .or_else(|| Template::built_in(name))
            .unwrap_or_else(|| panic!("there is no offer `{name}`"))
    }

    fn arrow(&mut self, statement: &Statement) {
        let (from, to, what) = (statement.word(0), statement.word(2), statement.word(3));
        assert!(
            self.parties.contains_key(from),
            "line {}: who is `{from}`?",
            statement.line
        );
        assert!(
            self.parties.contains_key(to),
            "line {}: who is `{to}`?",
            statement.line
        );
        self.clock += STEP;
        match what {
            "again" => {
                let past = self.past(statement);
                self.emit(statement, &past);
            }
            "forward" => {
                let mut past = self.past(statement);
                self.forward(from, to, &mut past);
                self.emit(statement, &past);
                self.past.push(past);
            }
            "rtp" => self.media(from, to, statement.word(4).parse().unwrap_or(1)),
            "keepalive" => self.carry(statement, from, to, b"\r\n\r\n"),
            "pong" => self.carry(statement, from, to, b"\r\n"),
            "close" => {
                let (from, to) = (self.parties[from].address, self.parties[to].address);
                if let Some(place) = self
                    .streams
                    .iter()
                    .position(|stream| stream.side_of(from, to).is_some())
                {
                    let mut stream = self.streams.remove(place);
                    let by_client = stream.side_of(from, to) == Some(true);
                    let sent = stream.close(by_client, &mut self.wire);
                    self.capture(&sent, None);
                }
            }
            _ => {
                let past = self.compose(statement);
                self.emit(statement, &past);
                self.past.push(past);
            }
        }
    }

    /// The message that `again` or `forward` is about: the one labelled so, else the last.
    fn past(&self, statement: &Statement) -> Past {
        let label = Some(statement.word(4))
            .filter(|word| !word.contains('=') && !matches!(*word, "" | "lost" | "join"));
        let past = self
            .past
            .iter()
            .rev()
            .find(|past| label.is_none_or(|label| past.label == label));
        past.unwrap_or_else(|| panic!("line {}: no such message", statement.line))
            .clone()
    }

    fn compose(&mut self, statement: &Statement) -> Past {
        let (from, to, what) = (statement.word(0), statement.word(2), statement.word(3));
        let template = statement.after("with").map(|name| self.template(name));
        let call = self
            .calls
            .get_mut(&self.current)
            .expect("the current call is known");
        let (sender, receiver) = (&self.parties[from], &self.parties[to]);
        let ends = dialog::Ends {
            from,
            to,
            sender,
            receiver,
            tcp: self.tcp,
        };
        let (mut message, transaction) = if what.parse::<u16>().is_ok() {
            dialog::response(call, &ends, statement)
        } else {
            dialog::request(call, &ends, statement)
        };
        if let Some(template) = template {
            let port = call.port(from);
            let body = template.fill(sender.address.ip(), port, &mut call.generator);
            dialog::put_body(&mut message, body, statement, call);
        }
        let length = message.body.len().to_string();
        message.push("Content-Length", length);
        message.arrange(sender.agent);
        for edit in &statement.block {
            dialog::edit(
                &mut message,
                &edit.replace("$GUID", &call.guid).replace("$CALL", &call.id),
            );
        }
        let spelling = match statement.option("style") {
            Some("compact") => Spelling::Compact,
            Some("folded") => Spelling::Folded,
            Some("usual") => Spelling::Usual,
            Some("upper") => Spelling::Upper,
            Some(other) => panic!("line {}: style={other}", statement.line),
            None if sender.agent == Agent::Teams => Spelling::Upper,
            None => Spelling::Usual,
        };
        let line_end = if statement.has("lf") { "\n" } else { "\r\n" };
        if line_end == "\n" {
            let length = message.body.matches("\r\n").count();
            message.set(
                "Content-Length",
                Some(&(message.body.len() - length).to_string()),
            );
        }
        let label = statement.option("as").unwrap_or_default().to_owned();
        Past {
            label,
            call: self.current.clone(),
            message,
            transaction,
            spelling,
            line_end,
        }
    }

    /// A proxy passes a message on: one Via more on a request, one less on a response.
    fn forward(&mut self, by: &str, to: &str, past: &mut Past) {
        let call = self
            .calls
            .get_mut(&past.call)
            .expect("the call of a past message is known");
        let party = &self.parties[by];
        if past.message.start.starts_with("SIP/2.0") {
            let top = past
                .message
                .headers
                .iter()
                .position(|(name, _)| name == "Via")
                .expect("a response has a Via");
            past.message.headers.remove(top);
            call.pass_back(past.transaction);
            return;
        }
        let via = dialog::via(party, self.tcp, &mut call.generator);
        let top = past
            .message
            .headers
            .iter()
            .position(|(name, _)| name == "Via")
            .expect("a request has a Via");
        past.message
            .headers
            .insert(top, ("Via".to_owned(), via.clone()));
        past.message.set("Max-Forwards", Some("69"));
        if let Some(mut transaction) = past
            .transaction
            .and_then(|place| call.transactions.get(place))
            .cloned()
        {
            if call.side(&transaction.path[0]) == 0 {
                call.proxies.insert(by.to_owned());
            }
            transaction.vias.insert(0, via);
            transaction.path.push(by.to_owned());
            to.clone_into(&mut transaction.receiver);
            call.transactions.push(transaction);
            past.transaction = Some(call.transactions.len() - 1);
        }
    }

    fn emit(&mut self, statement: &Statement, past: &Past) {
        let payload = past.message.render(past.spelling, past.line_end);
        let (from, to) = (statement.word(0), statement.word(2));
        self.carry(statement, from, to, &payload);
    }

    /// Puts a payload on the wire as the ladder's transport does.
    fn carry(&mut self, statement: &Statement, from: &str, to: &str, payload: &[u8]) {
        let (from, to) = (self.parties[from].address, self.parties[to].address);
        let lost = statement.has("lost");
        let cut = statement.number("cut");
        if !self.tcp {
            let packets = self.wire.datagram(from, to, payload, self.mtu);
            let mut sent: Vec<Sent> = packets
                .into_iter()
                .map(|packet| (from, to, packet))
                .collect();
            let order = statement.numbers("order");
            if !order.is_empty() {
                assert_eq!(
                    order.len(),
                    sent.len(),
                    "line {}: there are {} fragments",
                    statement.line,
                    sent.len()
                );
                sent = order.iter().map(|place| sent[place - 1].clone()).collect();
            }
            if let Some(missing) = statement.number("miss") {
                sent.remove(missing - 1);
            }
            if !lost {
                self.capture(&sent, cut);
            }
            return;
        }
        let place = self
            .streams
            .iter()
            .position(|stream| stream.side_of(from, to).is_some())
            .unwrap_or_else(|| {
                let port = u16::try_from(self.chance.between(32_768, 61_000)).expect("a port");
                let client = SocketAddr::new(from.ip(), port);
                let first =
                    [0, 0].map(|_: u32| u32::try_from(self.chance.bits() >> 32).expect("32 bits"));
                let (stream, packets) = Stream::open(client, to, first, &mut self.wire);
                if !lost {
                    self.capture(&packets, None);
                }
                self.streams.push(stream);
                self.streams.len() - 1
            });
        let stream = &mut self.streams[place];
        let by_client = stream.side_of(from, to) == Some(true);
        if statement.has("join") {
            stream.hold(by_client, payload);
            return;
        }
        let passage = Passage {
            split: statement.numbers("split"),
            order: statement.numbers("order"),
            missing: statement.number("miss"),
            repeated: statement.number("repeat"),
            lost,
        };
        let sent = stream.send(by_client, payload, self.mss, &passage, &mut self.wire);
        self.capture(&sent, cut);
    }

    /// A few RTP packets of G.711 A-law (RFC 3550 §5.1).
    fn media(&mut self, from: &str, to: &str, count: u16) {
        let call = self
            .calls
            .get_mut(&self.current)
            .expect("the current call is known");
        let ends = [from, to]
            .map(|party| SocketAddr::new(self.parties[party].address.ip(), call.port(party)));
        let source = call.generator.bytes(4);
        for place in 0..count {
            let call = self
                .calls
                .get_mut(&self.current)
                .expect("the current call is known");
            let mut payload = vec![0x80, 0x08];
            payload.extend_from_slice(&(1_000 + place).to_be_bytes());
            payload.extend_from_slice(&(u32::from(place) * 160).to_be_bytes());
            payload.extend_from_slice(&source);
            payload.extend_from_slice(&call.generator.bytes(160));
            let packets = self.wire.datagram(ends[0], ends[1], &payload, self.mtu);
            let sent: Vec<Sent> = packets
                .into_iter()
                .map(|packet| (ends[0], ends[1], packet))
                .collect();
            self.capture(&sent, None);
            self.clock += STEP;
        }
    }

    fn capture(&mut self, sent: &[Sent], cut: Option<usize>) {
        let file = self.files.len().saturating_sub(1);
        for (place, (from, to, packet)) in sent.iter().enumerate() {
            let time = self.clock + INSTANT * u64::try_from(place).expect("a ladder is short");
            let bytes = frame(self.link, from.ip(), to.ip(), packet);
            let cut = cut.or(self.snaplen);
            for copy in 0..=u64::from(self.twice) {
                self.packets.push(Packet {
                    time: time + copy * 5_000,
                    bytes: bytes.clone(),
                    cut,
                    link: self.link,
                    file,
                });
            }
        }
        // A burst ends before the next message begins.
        self.clock +=
            INSTANT * u64::try_from(sent.len().saturating_sub(1)).expect("a ladder is short");
    }
}

fn bare_host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

fn number(statement: &Statement) -> usize {
    statement
        .word(1)
        .parse()
        .unwrap_or_else(|_| panic!("line {}: a number is missing", statement.line))
}

fn link(statement: &Statement) -> Link {
    let tag = |place| {
        statement
            .word(place)
            .parse()
            .unwrap_or_else(|_| panic!("line {}: no tag", statement.line))
    };
    match statement.word(1) {
        "ethernet" => Link::Ethernet,
        "vlan" if statement.words.len() > 3 => Link::DoubleVlan(tag(2), tag(3)),
        "vlan" => Link::Vlan(tag(2)),
        "cooked" => Link::Cooked,
        "cooked2" => Link::Cooked2,
        "raw" => Link::Raw,
        other => panic!("line {}: no link `{other}`", statement.line),
    }
}

/// Seconds with up to three decimals.
fn nanoseconds(statement: &Statement) -> u64 {
    let (whole, decimals) = statement
        .word(1)
        .split_once('.')
        .unwrap_or((statement.word(1), ""));
    let milliseconds = format!("{whole}{decimals:0<3}");
    milliseconds
        .parse::<u64>()
        .unwrap_or_else(|_| panic!("line {}: wait SECONDS", statement.line))
        * 1_000_000
}
