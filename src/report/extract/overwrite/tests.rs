use std::collections::BTreeSet;

use base64_alphabet::is_base64;
use proptest::prelude::*;

use super::ALPHABET;
use super::head;
use super::is_sum_of;
use super::overwrite;
use super::overwrite_keys;
use super::secrets_of;

const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

mod base64_alphabet {
    pub(super) fn is_base64(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
    }
}

/// The checksum of RFC 1071 over bytes whose first word begins at `from`.
fn checksum(bytes: &[u8], from: usize) -> u32 {
    let mut sum = 0;
    for word in bytes[from..].chunks(2) {
        sum += u32::from(word[0]) << 8 | u32::from(*word.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

fn overwritten(key: &str) -> String {
    let mut bytes = key.as_bytes().to_vec();
    overwrite(&mut bytes, true);
    String::from_utf8(bytes).unwrap()
}

/// The longest run of characters of one that is in the other.
fn longest_run_of(one: &str, other: &str) -> usize {
    let runs = (0..one.len()).flat_map(|from| (from + 1..=one.len()).map(move |to| &one[from..to]));
    runs.filter(|run| other.contains(run))
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[test]
fn nothing_of_a_key_is_left_and_it_is_as_long_and_of_the_same_alphabet() {
    let filler = overwritten(KEY);
    assert_eq!(filler.len(), KEY.len());
    assert!(filler.bytes().all(is_base64));
    assert!(longest_run_of(KEY, &filler) < 3, "{filler}");
}

#[test]
fn padding_and_the_character_before_it_stay() {
    let filler = overwritten("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLQ==");
    assert!(filler.ends_with("Q=="), "{filler}");
    assert!(!filler.contains("AAEC") && !filler.contains("gISI"));
}

#[test]
fn what_is_no_base64_stays_so_that_a_malformed_key_stays_malformed() {
    let filler = overwritten("abc-def!ghi_jklm");
    assert_eq!(
        (&filler[3..4], &filler[7..8], &filler[11..12]),
        ("-", "!", "_")
    );
}

#[test]
fn a_key_of_one_character_over_and_over_is_no_exception() {
    for character in ["A", "y", "9", "Z", "a", "0"] {
        let key = character.repeat(40);
        assert!(
            longest_run_of(&key, &overwritten(&key)) < 5,
            "{character}: {}",
            overwritten(&key)
        );
    }
}

#[test]
fn the_sums_that_so_many_characters_can_have_are_known() {
    let mut sums = BTreeSet::from([0]);
    for count in 0..5 {
        for sum in 0..=700 {
            assert_eq!(
                is_sum_of(sum, count),
                sums.contains(&sum),
                "{sum} of {count}"
            );
        }
        let more = sums
            .iter()
            .flat_map(|sum| ALPHABET.map(|one| sum + usize::from(one)));
        sums = more.collect();
    }
}

#[test]
fn a_key_that_the_border_of_a_packet_cuts_is_overwritten_on_both_sides() {
    let message = format!(
        "m=audio\r\na=crypto:1 S inline:{KEY}|2^20\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
    );
    let secrets = secrets_of(message.as_bytes());
    assert_eq!(secrets.len(), 2);
    for cut in 1..message.len() {
        let (one, other) = message.as_bytes().split_at(cut);
        let mut left = String::new();
        for part in [one, other] {
            let mut packet = [b"header", part, b"\0\0"].concat();
            let payload = 6..6 + part.len();
            overwrite_keys(&mut packet, std::slice::from_ref(&payload), &secrets);
            left.push_str(std::str::from_utf8(&packet[payload]).unwrap());
        }
        assert_eq!(left.len(), message.len());
        assert!(
            left.starts_with("m=audio\r\na=crypto:1 S inline:")
                && left.contains("|2^20\r\na=ice-pwd:"),
            "{cut}: {left}"
        );
        assert!(longest_run_of(KEY, &left) < 5, "{cut}: {left}");
        assert!(
            longest_run_of("0123456789abcdefghijkl", &left) < 5,
            "{cut}: {left}"
        );
    }
}

#[test]
fn a_packet_within_a_key_is_overwritten_whole() {
    let secrets = [KEY.as_bytes().to_vec()];
    let mut packet = KEY.as_bytes()[10..22].to_vec();
    let all = 0..packet.len();
    let payloads = std::slice::from_ref(&all);
    assert_eq!(overwrite_keys(&mut packet, payloads, &secrets), 1);
    assert!(longest_run_of(KEY, std::str::from_utf8(&packet).unwrap()) < 3);
}

#[test]
fn the_first_line_is_the_head_unless_it_begins_something() {
    let heads: [(&[u8], &[u8]); 6] = [
        (b"ine:abc|2^31\r\na=x", b"ine:abc|2^31"),
        (b"INVITE sip:a SIP/2.0\r\n", b""),
        (b"\r\n\r\n", b""),
        (b"abc\x81x", b"abc"),
        (b"ABCINVITE sip:a SIP/2.0\r\n", b"ABC"),
        (b"HEP3\0\x10", b""),
    ];
    for (payload, expected) in heads {
        assert_eq!(head(payload), expected);
    }
}

proptest! {
    #[test]
    fn every_checksum_stays_right(
        before in proptest::collection::vec(any::<u8>(), 0..9),
        key in "[A-Za-z0-9+/]{1,90}={0,2}",
        behind in "[\r\n |;].{0,9}",
    ) {
        let text = format!("inline:{key}{behind}");
        let packet = [&before[..], text.as_bytes()].concat();
        let mut changed = packet.clone();
        overwrite_keys(&mut changed, &[], &[]);
        prop_assert_eq!(changed.len(), packet.len());
        for from in 0..2.min(packet.len()) {
            prop_assert_eq!(checksum(&changed, from), checksum(&packet, from));
        }
        let at = before.len() + 7;
        let is_same = |place: &usize| changed[at + place] == packet[at + place];
        let same = (0..key.trim_end_matches('=').len()).filter(is_same).count();
        // The last two of each parity may have no other way, and the last of all may have bits to spare.
        prop_assert!(same <= 7, "{} in {:?}", same, String::from_utf8_lossy(&changed));
    }
}
