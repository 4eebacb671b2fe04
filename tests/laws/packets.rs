//! Packets as other networks would have carried them: in IP fragments, in other TCP segments.

/// A record of a classic pcap, little-endian: its header of 16 bytes, and the packet.
pub(crate) type Record = Vec<u8>;

/// Where the IPv4 header of a whole Ethernet frame begins, behind a VLAN tag too.
fn ipv4_at(record: &[u8]) -> Option<usize> {
    let is_whole = record[8..12] == record[12..16];
    let ethernet = 16;
    let at = match record.get(ethernet + 12..ethernet + 14)? {
        [0x08, 0x00] => ethernet + 14,
        [0x81, 0x00] => ethernet + 18,
        _ => return None,
    };
    let is_unfragmented = matches!(record.get(at + 6..at + 8)?, [0x00 | 0x40 | 0x80, 0]);
    (is_whole && is_unfragmented && record[at] >> 4 == 4).then_some(at)
}

fn short(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

/// A record with the time of another.
fn record(like: &[u8], packet: &[u8]) -> Record {
    let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
    [&like[..8], &length, &length, packet].concat()
}

/// The packet in IP fragments whose payloads are as long as `pieces` say in turn, in units of eight bytes (RFC 791
/// §3.2); as it is where it carries no whole IPv4 datagram.
pub(crate) fn fragmented(whole: &Record, pieces: &[usize], identification: u16) -> Vec<Record> {
    let Some(at) = ipv4_at(whole) else {
        return vec![whole.clone()];
    };
    let body = at + usize::from(whole[at] & 0x0F) * 4;
    let payload = &whole[body..at + short(whole, at + 2)];
    let mut fragments = Vec::new();
    let mut offset = 0;
    for piece in pieces.iter().cycle() {
        let end = (offset + piece.max(&1) * 8).min(payload.len());
        let mut packet = whole[16..body].to_vec();
        let header = at - 16;
        let total = u16::try_from(body - at + end - offset).unwrap();
        let more = u16::from(end < payload.len()) << 13;
        let place = more | u16::try_from(offset / 8).unwrap();
        packet[header + 2..header + 4].copy_from_slice(&total.to_be_bytes());
        packet[header + 4..header + 6].copy_from_slice(&identification.to_be_bytes());
        packet[header + 6..header + 8].copy_from_slice(&place.to_be_bytes());
        packet.extend_from_slice(&payload[offset..end]);
        fragments.push(record(whole, &packet));
        offset = end;
        if offset == payload.len() {
            break;
        }
    }
    fragments
}

/// The TCP segment as several, whose payloads are as long as `pieces` say in turn (RFC 9293 §3.7); as it is where it
/// is none, or brings less than two bytes.
pub(crate) fn segmented(whole: &Record, pieces: &[usize]) -> Vec<Record> {
    const FIN_AND_PUSH: u8 = 0x09;
    const SYN_AND_RESET: u8 = 0x06;
    let tcp = ipv4_at(whole)
        .filter(|at| whole[at + 9] == 6)
        .map(|at| (at, at + usize::from(whole[at] & 0x0F) * 4));
    let Some((at, tcp)) = tcp.filter(|(_, tcp)| whole[tcp + 13] & SYN_AND_RESET == 0) else {
        return vec![whole.clone()];
    };
    let body = tcp + usize::from(whole[tcp + 12] >> 4) * 4;
    let payload = &whole[body..at + short(whole, at + 2)];
    let first = u32::from_be_bytes(whole[tcp + 4..tcp + 8].try_into().unwrap());
    let mut segments = Vec::new();
    let mut offset = 0;
    for piece in pieces.iter().cycle() {
        let end = (offset + piece.max(&1)).min(payload.len());
        let mut packet = whole[16..body].to_vec();
        let total = u16::try_from(body - at + end - offset).unwrap();
        let sequence = first.wrapping_add(u32::try_from(offset).unwrap());
        packet[at - 14..at - 12].copy_from_slice(&total.to_be_bytes());
        packet[tcp - 12..tcp - 8].copy_from_slice(&sequence.to_be_bytes());
        if end < payload.len() {
            packet[tcp - 3] &= !FIN_AND_PUSH;
        }
        packet.extend_from_slice(&payload[offset..end]);
        segments.push(record(whole, &packet));
        offset = end;
        if offset == payload.len() {
            break;
        }
    }
    segments
}
