//! The traffic that is measured: calls as the scenarios' ladders make them, and audio around them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use sip488::call::Sighting;
use sip488::call::Transport;
use sip488::capture::record::Frame;
use sip488::capture::record::LinkType;
use sip488::capture::record::Nanos;
use sip488::capture::record::Record;
use sip488::capture::record::Stamp;
use sip488::packet::Endpoint;
use sip488::packet::Packet as Decoded;
use sip488::packet::decode;
use sip488::sip::Wholeness;
use tempfile::NamedTempFile;

use crate::support::capture_file::Format;
use crate::support::capture_file::render;
use crate::support::generator::Generator;
use crate::support::ladder::Ladder;
use crate::support::ladder::MORNING;
use crate::support::wire::Link;
use crate::support::wire::Packet;
use crate::support::wire::Wire;
use crate::support::wire::frame;

/// Messages of each call of [`calls`].
pub(crate) const MESSAGES_PER_CALL: usize = 7;

/// Audio packets after each SIP packet of [`night`]: 32 of 33 packets are 97 %.
const AUDIO_PER_MESSAGE: usize = 32;

/// Calls in [`night`], so that it has some 16 MB.
pub(crate) const CALLS_OF_A_NIGHT: usize = 290;

const ANSWERED: &str = "\
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  180
teams > sbc  200  with teams-answer
sbc > teams  ACK
sbc > teams  BYE
teams > sbc  200  BYE
";

const REFUSED_LATER: &str = "\
sbc > teams  INVITE  with good
teams > sbc  100
teams > sbc  200  with teams-answer
sbc > teams  ACK
sbc > teams  INVITE  with unencrypted
teams > sbc  488  reason=srtp
sbc > teams  ACK
";

/// The packets of calls over UDP, one after the other; in every tenth a re-INVITE is refused with 488.
pub(crate) fn calls(count: usize) -> Vec<Packet> {
    let mut text =
        "offer unencrypted = good\n  drop a=crypto\n  replace RTP/SAVP => RTP/AVP\n".to_owned();
    for number in 0..count {
        let messages = if number % 10 == 9 {
            REFUSED_LATER
        } else {
            ANSWERED
        };
        writeln!(
            text,
            "call {number} from=+49302312{number:04} to=+12025550142\n{messages}"
        )
        .expect("a string takes everything");
    }
    let packets = Ladder::play(&text, MORNING).packets;
    assert_eq!(packets.len(), count * MESSAGES_PER_CALL);
    packets
}

/// Frames of 20 ms of G.711 each (RFC 3550 §5.1), of 64 streams by turns.
pub(crate) fn audio(count: usize) -> Vec<Packet> {
    let (mut chance, mut wire) = (Generator::named("audio"), Wire::counting_from(1));
    let from = SocketAddr::from(([192, 0, 2, 10], 0));
    let to = SocketAddr::from(([52, 114, 76, 76], 0));
    (0..count)
        .map(|place| {
            let stream = u16::try_from(place % 64).expect("one of 64");
            let sent = u16::try_from(place / 64 % 65_536).expect("16 bits");
            let mut payload = vec![0x80, 0x08];
            payload.extend_from_slice(&sent.to_be_bytes());
            payload.extend_from_slice(&(u32::from(sent) * 160).to_be_bytes());
            payload.extend_from_slice(&[0, 0, 0x51, stream.to_be_bytes()[1]]);
            payload.extend_from_slice(&chance.bytes(160));
            let (from, to) = (
                SocketAddr::new(from.ip(), 40_000 + 2 * stream),
                SocketAddr::new(to.ip(), 50_000 + 2 * stream),
            );
            let packet = wire.datagram(from, to, &payload, 1_500).remove(0);
            framed(from, to, &packet)
        })
        .collect()
}

/// Calls under their audio: some 16 MB, of whose packets 97 % are RTP.
pub(crate) fn night() -> Vec<Packet> {
    let calls = calls(CALLS_OF_A_NIGHT);
    let mut audio = audio(calls.len() * AUDIO_PER_MESSAGE).into_iter();
    let mut packets = Vec::new();
    for message in calls {
        let time = message.time;
        packets.push(message);
        let heard = audio.by_ref().take(AUDIO_PER_MESSAGE);
        packets.extend(heard.map(|packet| Packet { time, ..packet }));
    }
    packets
}

/// An IP packet as an Ethernet frame that was captured whole.
pub(crate) fn framed(from: SocketAddr, to: SocketAddr, packet: &[u8]) -> Packet {
    Packet {
        time: MORNING,
        bytes: frame(Link::Ethernet, from.ip(), to.ip(), packet),
        cut: None,
        link: Link::Ethernet,
        file: 0,
    }
}

/// The packet as the capture layer gives it.
pub(crate) fn record(packet: &Packet) -> Record<'_> {
    Record {
        time: Nanos(i64::try_from(packet.time).expect("before 2262")),
        link: LinkType(packet.link.number()),
        original_len: u32::try_from(packet.bytes.len()).expect("a frame is short"),
        data: &packet.bytes,
    }
}

/// A packet's place among others.
pub(crate) fn stamp(place: usize, packet: &Packet) -> Stamp {
    Stamp {
        time: record(packet).time,
        frame: Frame {
            file: 0,
            number: place as u64 + 1,
        },
    }
}

/// A capture file, removed when it is dropped.
pub(crate) fn file(format: Format, packets: &[Packet]) -> NamedTempFile {
    let packets: Vec<&Packet> = packets.iter().collect();
    let mut file = NamedTempFile::new().expect("there is room for a temporary file");
    file.write_all(&render(format, &packets))
        .expect("there is room for the capture");
    file
}

/// A SIP message out of a packet.
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    from: Endpoint,
    to: Endpoint,
    at: Stamp,
}

impl Heard {
    pub(crate) fn sighting(&self) -> Sighting<'_> {
        Sighting {
            bytes: &self.bytes,
            wholeness: Wholeness::Whole,
            at: self.at,
            arrived: self.at.time,
            from: self.from,
            to: self.to,
            transport: Transport::Udp,
        }
    }
}

/// The messages of so many calls.
pub(crate) fn messages(calls: usize) -> Vec<Heard> {
    let packets = self::calls(calls);
    let heard = packets.iter().enumerate().map(|(place, packet)| {
        let Decoded::Datagram(datagram) = decode(&record(packet)) else {
            unreachable!("a message fits a datagram");
        };
        Heard {
            bytes: datagram.payload.to_vec(),
            from: datagram.from,
            to: datagram.to,
            at: stamp(place, packet),
        }
    });
    heard.collect()
}

/// An SBC's INVITE to Teams with its offer: some 1.3 KB.
pub(crate) fn invite() -> Vec<u8> {
    let invite = messages(1).remove(0).bytes;
    assert!(invite.starts_with(b"INVITE ") && (1_100..1_500).contains(&invite.len()));
    invite
}
