//! The checksum of SCTP, which is no sum: it is reckoned anew where bytes of its packet were overwritten.

use std::ops::Range;

/// The common header before the chunks, and where in it the checksum is (RFC 9260 §3.1).
const HEADER: usize = 12;
const CHECKSUM: Range<usize> = 8..12;

/// CRC32c's polynomial, reflected (RFC 9260 appendix A).
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Puts the right checksum into a changed packet, where it was right before. `chunks` is the place of the chunks.
pub(super) fn renew(before: &[u8], changed: &mut [u8], chunks: &Range<usize>) {
    let Some(start) = chunks.start.checked_sub(HEADER) else {
        return;
    };
    let whole = start..chunks.end;
    let (Some(old), Some(new)) = (before.get(whole.clone()), changed.get_mut(whole)) else {
        return;
    };
    if old != new && old.get(CHECKSUM) == Some(&reckoned(old)) {
        let right = reckoned(new);
        new[CHECKSUM].copy_from_slice(&right);
    }
}

/// The checksum of an SCTP packet, as it is sent.
fn reckoned(packet: &[u8]) -> [u8; 4] {
    let mut sum = u32::MAX;
    for (place, &byte) in packet.iter().enumerate() {
        let byte = if CHECKSUM.contains(&place) { 0 } else { byte };
        sum ^= u32::from(byte);
        for _ in 0..8 {
            let is_odd = sum & 1 == 1;
            sum >>= 1;
            if is_odd {
                sum ^= POLYNOMIAL;
            }
        }
    }
    (!sum).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::reckoned;
    use super::renew;

    /// The CRC32c of "123456789" is 0xe3069283.
    #[test]
    fn the_checksum_is_crc32c() {
        let mut packet = vec![0; 12];
        let zeros = reckoned(&packet);
        packet[8..12].copy_from_slice(&[9; 4]);
        assert_eq!(reckoned(&packet), zeros, "its own place counts as zeros");
        let mut sum = u32::MAX;
        for byte in b"123456789" {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 {
                    sum >> 1 ^ super::POLYNOMIAL
                } else {
                    sum >> 1
                };
            }
        }
        assert_eq!(!sum, 0xe306_9283);
    }

    #[test]
    fn what_was_right_stays_right_and_what_was_wrong_stays_as_it_was() {
        let mut right = b"link\x13\xc4\x13\xc4tag!\0\0\0\0chunks".to_vec();
        let sum = reckoned(&right[4..]);
        right[12..16].copy_from_slice(&sum);
        let mut changed = right.clone();
        changed[17] = b'H';
        renew(&right, &mut changed, &(16..22));
        assert_eq!(changed[12..16], reckoned(&changed[4..]));
        assert_ne!(changed[12..16], sum);
        right[12] ^= 1;
        let mut changed = right.clone();
        changed[17] = b'H';
        renew(&right, &mut changed, &(16..22));
        assert_eq!(changed[12..16], right[12..16]);
    }
}
