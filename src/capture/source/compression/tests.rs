//! What holds for every format, and what is said of what can't be decoded.

use std::io::Cursor;

use proptest::prelude::ProptestConfig;
use proptest::prop_assert_eq;
use proptest::proptest;

use super::packed::ALL;
use super::packed::lz4_in_one_block;
use super::packed::xz;
use super::packed::zstd;
use super::*;

/// Bytes that compress, and not to nothing: words of a small language.
fn text(len: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = [
        "INVITE ",
        "sip:",
        "488 Not Acceptable Here",
        "\r\n",
        "a=crypto:1 ",
        "0.0.0.0",
        "m=audio ",
        "Via: ",
    ];
    let mut state = 12_345_u32;
    let mut bytes = Vec::with_capacity(len + 32);
    while bytes.len() < len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(WORDS[(state >> 29) as usize].as_bytes());
        if state & 0x3000 == 0 {
            bytes.extend_from_slice(&state.to_le_bytes());
        }
    }
    bytes.truncate(len);
    bytes
}

/// Gives its bytes in pieces of at most so many.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(self.1);
        self.0.read(&mut into[..count])
    }
}

/// All bytes in reads of `room`, and the error that ends them.
fn unpack_in(packed: &[u8], piece: usize, room: usize) -> (Vec<u8>, Option<String>) {
    let compression = Compression::of(packed).expect("it is known by its first bytes");
    let pieces = Pieces(Cursor::new(packed.to_vec()), piece);
    let mut decoder = Decoder::new(compression, Box::new(pieces));
    let mut bytes = Vec::new();
    let mut buffer = vec![0; room];
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return (bytes, None),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => {
                let again = decoder.read(&mut buffer).unwrap_err();
                assert_eq!(again.to_string(), error.to_string());
                return (bytes, Some(error.to_string()));
            }
        }
    }
}

fn unpack(packed: &[u8]) -> (Vec<u8>, Option<String>) {
    unpack_in(packed, usize::MAX, 64 << 10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_reads_are_divided_the_bytes_are_the_same(
        len in 0_usize..300_000, piece in 1_usize..70_000, room in 1_usize..70_000
    ) {
        let bytes = text(len);
        for (_, pack) in ALL {
            let packed = pack(&bytes);
            let (unpacked, error) = unpack_in(&packed, piece, room);
            prop_assert_eq!(error, None);
            prop_assert_eq!(unpacked == bytes, true);
        }
    }
}

#[test]
fn single_bytes_in_and_out_give_the_same() {
    let bytes = text(3000);
    for (name, pack) in ALL {
        assert!(
            unpack_in(&pack(&bytes), 1, 1) == (bytes.clone(), None),
            "{name}"
        );
    }
}

#[test]
fn streams_in_a_row_and_zeros_behind_them_are_one_file() {
    let (one, two) = (text(200_000), text(70_000));
    for (name, pack) in ALL {
        let packed = [pack(&one), pack(b""), pack(&two), vec![0; 1024]].concat();
        let (unpacked, error) = unpack(&packed);
        assert_eq!(error, None, "{name}");
        assert!(unpacked == [&one[..], &two].concat(), "{name}");
    }
}

#[test]
fn something_else_behind_a_stream_is_said_and_costs_nothing() {
    let bytes = text(5000);
    for (name, pack) in ALL {
        let packed = pack(&bytes);
        let (unpacked, error) = unpack(&[&packed[..], b"\0\0more"].concat());
        assert!(unpacked == bytes, "{name}");
        let expected = format!(
            "something else follows byte {} of the {name} file",
            packed.len() + 2
        );
        assert_eq!(error, Some(expected));
    }
}

#[test]
fn a_file_cut_anywhere_gives_what_was_before_the_cut_and_says_so() {
    let bytes = text(2000);
    for (name, pack) in ALL {
        let packed = pack(&bytes);
        for cut in 10..packed.len() {
            let (unpacked, error) = unpack(&packed[..cut]);
            assert!(bytes.starts_with(&unpacked), "{name} cut at {cut}");
            let expected =
                format!("the {name} file is cut at its byte {cut}: was it copied whole?");
            assert_eq!(error, Some(expected));
        }
    }
}

#[test]
fn what_was_decoded_before_a_cut_is_not_lost() {
    let bytes = text(2_000_000);
    for (name, pack) in ALL {
        let packed = pack(&bytes);
        let (unpacked, error) = unpack(&packed[..packed.len() / 2]);
        assert!(bytes.starts_with(&unpacked), "{name}");
        // At most a block is lost: 128 KiB with zstd, 100 kB with these of bzip2.
        assert!(unpacked.len() > 800_000, "{name}: {}", unpacked.len());
        assert!(error.is_some_and(|error| error.contains("is cut at its byte")));
    }
}

#[test]
fn an_lz4_block_is_read_up_to_the_cut() {
    let bytes = text(2_000_000);
    let packed = lz4_in_one_block(&bytes);
    let (unpacked, error) = unpack(&packed[..packed.len() / 2]);
    assert!(bytes.starts_with(&unpacked));
    assert!(unpacked.len() > 900_000, "{}", unpacked.len());
    assert!(error.is_some());
}

#[test]
fn a_wrong_checksum_is_told_after_all_bytes() {
    let bytes = text(30_000);
    // Where each format has the checksum of all bytes, from the end.
    for (name, from_end) in [("gzip", 8), ("zstd", 4), ("lz4", 4)] {
        let (_, pack) = ALL.into_iter().find(|(other, _)| *other == name).unwrap();
        let mut packed = pack(&bytes);
        let at = packed.len() - from_end;
        packed[at] ^= 1;
        let (unpacked, error) = unpack(&packed);
        assert!(unpacked == bytes, "{name}");
        let error = error.unwrap_or_default();
        assert!(error.contains("damaged before its byte"), "{error}");
        assert!(
            error.ends_with("the checksum of what was decompressed is another"),
            "{error}"
        );
    }
}

#[test]
fn any_byte_may_be_wrong_and_reading_ends() {
    let bytes = text(20_000);
    for (name, pack) in ALL {
        let packed = pack(&bytes);
        for at in 10..packed.len() {
            let mut wrong = packed.clone();
            wrong[at] ^= 1 << (at % 8);
            let (unpacked, error) = unpack(&wrong);
            let is_sound = error.is_some() || unpacked == bytes;
            // A bit that LZ4 does not check may say another thing that is right as well, and so may gzip's time.
            assert!(is_sound || name == "lz4", "{name}: byte {at}");
        }
    }
}

#[test]
fn noise_behind_the_first_bytes_ends() {
    for (_, pack) in ALL {
        let packed = pack(&text(5000));
        for seed in 0..300_u32 {
            let mut noise = packed.clone();
            let mut state = seed.wrapping_mul(2_654_435_761) | 1;
            for byte in noise.iter_mut().skip(10) {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                *byte = state.to_le_bytes()[0];
            }
            unpack(&noise);
        }
    }
}

#[test]
fn skippable_frames_are_passed_over() {
    let frame = |len: u8| {
        [
            &[0x5a, 0x2a, 0x4d, 0x18, len, 0, 0, 0][..],
            &vec![7; usize::from(len)],
        ]
        .concat()
    };
    let bytes = text(5000);
    let zstd = zstd(&bytes);
    assert!(
        unpack(&[frame(8), zstd.clone(), frame(0), zstd, frame(20)].concat())
            == ([&bytes[..], &bytes].concat(), None)
    );
    let lz4 = super::packed::lz4(&bytes);
    assert!(unpack(&[lz4, frame(100)].concat()) == (bytes, None));
}

#[test]
fn a_gzip_header_may_have_all_its_fields() {
    let bytes = text(500);
    let packed = super::packed::gzip(&bytes);
    let mut full = packed[..10].to_vec();
    full[3] = 0x1e;
    full.extend(b"\x04\0abcd");
    full.extend(b"name\0");
    full.extend(b"a comment\0");
    full.extend(b"\x12\x34");
    full.extend(&packed[10..]);
    assert!(unpack(&full) == (bytes, None));
}

#[test]
fn a_window_beyond_the_bound_is_refused_with_what_to_do() {
    // RFC 8878 section 3.1.1.1.2: exponent 18 is 256 MiB.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0];
    let error = unpack(&frame).1.unwrap();
    assert!(
        error.ends_with("its window is larger than 128 MiB, so decompress it first"),
        "{error}"
    );
    // The dictionary sizes of the xz format: 30 is 128 MiB, 32 is 256 MiB.
    let mut packed = xz(b"x");
    let size = packed
        .iter()
        .take(30)
        .skip(12)
        .position(|byte| *byte == 0x21)
        .unwrap()
        + 12
        + 2;
    let header_end = 12 + (usize::from(packed[12]) + 1) * 4;
    for (dictionary, is_refused) in [(30, false), (32, true)] {
        packed[size] = dictionary;
        let mut crc = flate2::Crc::new();
        crc.update(&packed[12..header_end - 4]);
        packed[header_end - 4..header_end].copy_from_slice(&crc.sum().to_le_bytes());
        let error = unpack(&packed).1.unwrap_or_default();
        let refused = "its dictionary is larger than 128 MiB, so decompress it first";
        assert_eq!(error.ends_with(refused), is_refused, "{error}");
    }
}

#[test]
fn formats_are_told_by_more_than_a_few_letters() {
    for text in [
        &b"BZhang wrote this"[..],
        b"BZ",
        b"\x1f\x8b\x07",
        b"\x1f\x8b\x08\xff",
        b"PK",
        b"",
    ] {
        assert!(Compression::of(text).is_none(), "{text:?}");
    }
    assert_eq!(
        Compression::of(b"BZh9").map(|bzip2| bzip2.name),
        Some("bzip2")
    );
}

#[test]
fn an_error_of_the_file_is_told_as_it_is() {
    struct Failing(Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(io::Error::other("the disk is broken")),
                count => Ok(count),
            }
        }
    }
    for (name, pack) in ALL {
        let packed = pack(&text(1000));
        let compression = Compression::of(&packed).unwrap();
        let half = packed[..packed.len() / 2].to_vec();
        let mut decoder = Decoder::new(compression, Box::new(Failing(Cursor::new(half))));
        let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the disk is broken", "{name}");
    }
}

/// A stream that gives zeros for ever and takes a byte now and then.
struct Endless;

impl Member for Endless {
    fn decode(&mut self, input: &mut Input, into: &mut [u8]) -> (usize, Result<Progress, String>) {
        input.consume(1);
        into.fill(0);
        (into.len(), Ok(Progress::More))
    }
}

#[test]
fn what_is_decompressed_beyond_all_reason_is_damaged() {
    static ENDLESS: Compression = Compression {
        name: "endless",
        described_in: "here",
        begins: |_| true,
        member: || Box::new(Endless),
        most_left: 1,
    };
    let mut decoder = Decoder::new(&ENDLESS, Box::new(io::repeat(1)));
    // 4 MiB for each byte: the bound is reached with the 257th read.
    let mut buffer = vec![0; 4 << 20];
    let given: Vec<usize> = std::iter::repeat_with(|| decoder.read(&mut buffer))
        .take_while(Result::is_ok)
        .flatten()
        .collect();
    assert_eq!(given.len(), 257);
    let error = decoder.read(&mut buffer).unwrap_err().to_string();
    assert!(error.contains("over 1000 times as many"), "{error}");
}
