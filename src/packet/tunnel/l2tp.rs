//! L2TP. Version 2 carries PPP over UDP; version 3 carries frames over UDP or IP, behind a cookie and a sublayer
//! whose lengths the two ends agreed upon.

use super::Announcement;
use super::Tunnel;
use super::likeness;
use super::ppp;
use crate::packet::Fate;
use crate::packet::Layer;
use crate::packet::Outer;

pub(super) const OVER_UDP: Tunnel = Tunnel {
    name: "L2TPv2, L2TPv3 over UDP",
    source: "RFC 2661, RFC 3931 §4.1.2",
    announced_by: Announcement::UdpPorts(&[1701]),
    strip,
};

pub(super) const OVER_IP: Tunnel = Tunnel {
    name: "L2TPv3",
    source: "RFC 3931 §4.1.1",
    announced_by: Announcement::Protocols(&[115]),
    strip: strip_session,
};

/// The flags in the first byte (RFC 2661 §3.1).
mod flag {
    pub(super) const CONTROL: u8 = 0x80;
    pub(super) const LENGTH: u8 = 0x40;
    pub(super) const SEQUENCE: u8 = 0x08;
    pub(super) const OFFSET: u8 = 0x02;
    pub(super) const RESERVED: u8 = 0x34;
}

fn strip<'a>(bytes: &'a [u8], outer: &Outer) -> Layer<'a> {
    let [flags, version, rest @ ..] = bytes else {
        return Layer::Foreign;
    };
    let has = |flag: u8| flags & flag != 0;
    match version {
        // Control messages always have length and sequence numbers.
        2 | 3 if has(flag::CONTROL) && has(flag::LENGTH) && has(flag::SEQUENCE) => {
            Layer::Done(Fate::Other)
        }
        2 if !has(flag::CONTROL | flag::RESERVED) => strip_v2(*flags, rest),
        // In version 3 a message with data has no flag, and two reserved bytes.
        3 if *flags == 0 => match rest {
            [0, 0, session @ ..] => strip_session(session, outer),
            _ => Layer::Foreign,
        },
        _ => Layer::Foreign,
    }
}

fn strip_v2(flags: u8, bytes: &[u8]) -> Layer<'_> {
    let has = |flag: u8| flags & flag != 0;
    let mut header_len = 4; // tunnel and session
    if has(flag::LENGTH) {
        header_len += 2;
    }
    if has(flag::SEQUENCE) {
        header_len += 4;
    }
    if has(flag::OFFSET) {
        let Some([high, low]) = bytes.get(header_len..header_len + 2) else {
            return Layer::Short;
        };
        header_len += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    bytes
        .get(header_len..)
        .map_or(Layer::Short, ppp::strip_frame)
}

/// A session of version 3: cookies have no, four or eight bytes, the usual sublayer has four (RFC 3931 §4.1, §4.6).
fn strip_session<'a>(bytes: &'a [u8], _: &Outer) -> Layer<'a> {
    let Some((session, rest)) = bytes.split_first_chunk::<4>() else {
        return Layer::Short;
    };
    let is_control = *session == [0; 4];
    if is_control {
        return Layer::Done(Fate::Other);
    }
    let behind = |length: usize| rest.get(length..);
    if let Some(frame) = [0, 4, 8, 12]
        .into_iter()
        .filter_map(behind)
        .find(|frame| likeness::is_ethernet(frame))
    {
        return Layer::Ethernet(frame);
    }
    Layer::Done(Fate::Unsupported)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::strip;
    use super::strip_session;
    use crate::packet::Fate;
    use crate::packet::Layer;
    use crate::packet::Outer;

    fn outer() -> Outer {
        Outer::of_ip(Ipv4Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn version_2_carries_ppp_behind_what_its_flags_announce() {
        for bytes in [
            &b"\x00\x02\0\x01\0\x01\xFF\x03\0\x21\x45"[..],
            b"\x40\x02\0\x0D\0\x01\0\x01\xFF\x03\0\x21\x45",
            b"\x48\x02\0\x0D\0\x01\0\x01\0\x05\0\x06\x21\x45",
            b"\x02\x02\0\x01\0\x01\0\x03pad\x21\x45",
        ] {
            assert_eq!(strip(bytes, &outer()), Layer::Ip(b"\x45"), "{bytes:x?}");
        }
        assert_eq!(
            strip(b"\x02\x02\0\x01\0\x01\0\x03pa", &outer()),
            Layer::Short
        );
    }

    #[test]
    fn version_3_carries_frames_behind_any_cookie_and_sublayer() {
        let frame = [&[0x02; 12][..], b"\x08\0\x45"].concat();
        for between in [0, 4, 8, 12] {
            let session = [b"\0\0\0\x01", &vec![0; between][..], &frame].concat();
            assert_eq!(strip_session(&session, &outer()), Layer::Ethernet(&frame));
            let over_udp = [b"\0\x03\0\0", session.as_slice()].concat();
            assert_eq!(strip(&over_udp, &outer()), Layer::Ethernet(&frame));
        }
        assert_eq!(
            strip_session(b"\0\0\0\x01\x45\0\0\x14", &outer()),
            Layer::Done(Fate::Unsupported)
        );
    }

    #[test]
    fn control_carries_nothing_and_anything_else_is_foreign() {
        let control = b"\xC8\x02\0\x0C\0\x01\0\0\0\0\0\0";
        assert_eq!(strip(control, &outer()), Layer::Done(Fate::Other));
        assert_eq!(strip_session(&[0; 12], &outer()), Layer::Done(Fate::Other));
        for bytes in [
            &b"INVITE sip:a SIP/2.0"[..],
            b"\x80\xC8\0\x06",
            b"\x00\x01\0\0\x21\x12\xA4\x42",
            b"\x00\x03\x12\x34\0\0\0\0",
            b"\r\n\r\n",
            b"",
        ] {
            assert_eq!(strip(bytes, &outer()), Layer::Foreign, "{bytes:x?}");
        }
    }
}
