//! Packets → the bytes of a capture file.

use super::wire::Link;
use super::wire::Packet;

/// How a capture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// pcap with microseconds, little-endian.
    Pcap,
    /// pcap with nanoseconds, little-endian.
    PcapNanos,
    /// pcap with microseconds, big-endian.
    PcapBig,
    /// pcap with nanoseconds, big-endian.
    PcapNanosBig,
    /// pcapng, little-endian, an interface per link with microseconds and nanoseconds by turns.
    Pcapng,
    /// pcapng, big-endian.
    PcapngBig,
}

impl Format {
    /// The format of a name in a ladder.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pcap" => Self::Pcap,
            "pcap-ns" => Self::PcapNanos,
            "pcap-be" => Self::PcapBig,
            "pcap-ns-be" => Self::PcapNanosBig,
            "pcapng" => Self::Pcapng,
            "pcapng-be" => Self::PcapngBig,
            _ => return None,
        })
    }

    /// The ending of its file names.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Pcapng | Self::PcapngBig => "pcapng",
            _ => "pcap",
        }
    }

    const fn is_big_endian(self) -> bool {
        matches!(self, Self::PcapBig | Self::PcapNanosBig | Self::PcapngBig)
    }
}

/// The snap length of a capture that cuts nothing, as tcpdump and dumpcap write it.
const WHOLE: u32 = 262_144;

/// A capture file of these packets, in the order given.
pub(crate) fn render(format: Format, packets: &[&Packet]) -> Vec<u8> {
    let bytes = Bytes {
        big_endian: format.is_big_endian(),
        written: Vec::new(),
    };
    match format {
        Format::Pcapng | Format::PcapngBig => pcapng(bytes, packets),
        Format::PcapNanos | Format::PcapNanosBig => pcap(bytes, packets, 0xa1b2_3c4d, 1),
        Format::Pcap | Format::PcapBig => pcap(bytes, packets, 0xa1b2_c3d4, 1_000),
    }
}

/// Integers in the byte order of a file.
struct Bytes {
    big_endian: bool,
    written: Vec<u8>,
}

impl Bytes {
    fn u16(&mut self, value: u16) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.written.extend_from_slice(&bytes);
    }

    fn u32(&mut self, value: u32) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.written.extend_from_slice(&bytes);
    }

    fn length(&mut self, value: usize) {
        self.u32(u32::try_from(value).expect("a sample is small"));
    }

    fn padded(&mut self, value: &[u8]) {
        self.written.extend_from_slice(value);
        self.written
            .resize(self.written.len().next_multiple_of(4), 0);
    }

    /// A pcapng block: type, length, body, length.
    fn block(&mut self, kind: u32, body: &Self) {
        let length = body.written.len() + 12;
        self.u32(kind);
        self.length(length);
        self.written.extend_from_slice(&body.written);
        self.length(length);
    }

    fn body(&self) -> Self {
        Self {
            big_endian: self.big_endian,
            written: Vec::new(),
        }
    }
}

fn kept(packet: &Packet) -> &[u8] {
    &packet.bytes[..packet.cut.unwrap_or(usize::MAX).min(packet.bytes.len())]
}

fn pcap(mut file: Bytes, packets: &[&Packet], magic: u32, unit: u64) -> Vec<u8> {
    let link = packets.first().map_or(Link::Ethernet, |packet| packet.link);
    file.u32(magic);
    file.u16(2);
    file.u16(4);
    file.u32(0);
    file.u32(0);
    file.u32(WHOLE);
    file.u32(u32::from(link.number()));
    for packet in packets {
        assert_eq!(
            packet.link.number(),
            link.number(),
            "a pcap file has one link type: use pcapng"
        );
        file.u32(u32::try_from(packet.time / 1_000_000_000).expect("before 2106"));
        file.u32(u32::try_from(packet.time % 1_000_000_000 / unit).expect("below a second"));
        file.length(kept(packet).len());
        file.length(packet.bytes.len());
        file.written.extend_from_slice(kept(packet));
    }
    file.written
}

fn pcapng(mut file: Bytes, packets: &[&Packet]) -> Vec<u8> {
    let mut section = file.body();
    section.u32(0x1a2b_3c4d);
    section.u16(1);
    section.u16(0);
    section.u32(u32::MAX);
    section.u32(u32::MAX);
    file.block(0x0a0d_0d0a, &section);
    let mut links: Vec<u16> = Vec::new();
    for packet in packets {
        let number = packet.link.number();
        let interface = links
            .iter()
            .position(|known| *known == number)
            .unwrap_or_else(|| {
                links.push(number);
                let place = links.len() - 1;
                file_interface(&mut file, number, resolution(place));
                place
            });
        let time = packet.time / if resolution(interface) == 9 { 1 } else { 1_000 };
        let mut body = file.body();
        body.length(interface);
        body.u32(u32::try_from(time >> 32).expect("the upper half"));
        body.u32(u32::try_from(time & u64::from(u32::MAX)).expect("the lower half"));
        body.length(kept(packet).len());
        body.length(packet.bytes.len());
        body.padded(kept(packet));
        file.block(6, &body);
    }
    file.written
}

/// `if_tsresol`: nanoseconds on the first interface, microseconds on the second, and so on.
const fn resolution(interface: usize) -> u8 {
    if interface.is_multiple_of(2) { 9 } else { 6 }
}

fn file_interface(file: &mut Bytes, link: u16, resolution: u8) {
    let mut body = file.body();
    body.u16(link);
    body.u16(0);
    body.u32(WHOLE);
    body.u16(9);
    body.u16(1);
    body.padded(&[resolution]);
    body.u16(0);
    body.u16(0);
    file.block(1, &body);
}
