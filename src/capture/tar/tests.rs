use super::made::FILE;
use super::made::Made;
use super::made::header;
use super::made::member;
use super::made::named;
use super::made::signed;
use super::*;

const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

fn list(archive: &[u8]) -> (Vec<Member>, Vec<Damage>) {
    let mut members = Members::default();
    let (mut found, mut damage) = (Vec::new(), Vec::new());
    let mut before = 0;
    let mut read_at = |offset: u64, into: &mut [u8]| {
        assert!(offset >= before, "the offsets only grow");
        before = offset;
        let rest = archive
            .get(usize::try_from(offset).unwrap()..)
            .unwrap_or_default();
        // Some bytes, not all.
        let count = rest.len().min(into.len()).min(300);
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    };
    loop {
        match members.next(&mut read_at) {
            Next::Member(member) => found.push(member),
            Next::Damaged(what) => damage.push(what),
            Next::End => return (found, damage),
        }
    }
}

fn names(archive: &[u8]) -> Vec<String> {
    let (found, damage) = list(archive);
    assert_eq!(damage, []);
    found
        .iter()
        .map(|member| String::from_utf8_lossy(&member.name).into_owned())
        .collect()
}

#[test]
fn members_are_found_with_their_places() {
    let archive = [
        named(b"one", &[1; 700]),
        named(b"two", b""),
        named(b"three", &[3; 512]),
        END.to_vec(),
    ]
    .concat();
    let (found, damage) = list(&archive);
    assert_eq!(damage, []);
    let places: Vec<_> = found
        .iter()
        .map(|member| (member.start, member.len, member.kind))
        .collect();
    assert_eq!(
        places,
        [
            (512, 700, Kind::File),
            (2048, 0, Kind::File),
            (2560, 512, Kind::File)
        ]
    );
}

#[test]
fn what_ends_an_archive_may_be_missing_and_what_follows_it_is_nothing() {
    let one = named(b"one", &[1; 700]);
    assert_eq!(names(&one), ["one"]);
    assert_eq!(names(&[&one[..], &END[..BLOCK]].concat()), ["one"]);
    assert_eq!(
        names(&[&one[..], &END, &named(b"two", b"")].concat()),
        ["one"]
    );
    // The last block may not be padded.
    assert_eq!(names(&one[..BLOCK + 700]), ["one"]);
}

#[test]
fn long_names_are_put_together_in_all_three_ways() {
    let long = [b'n'; 300];
    let gnu = Made {
        kind: b'L',
        name: b"././@LongLink",
        ..FILE
    };
    let pax = Made {
        kind: b'x',
        name: b"PaxHeaders/a",
        ..FILE
    };
    let record = |text: &str| {
        let len = (1..1000)
            .find(|len: &usize| len.to_string().len() + 1 + text.len() + 1 == *len)
            .unwrap();
        format!("{len} {text}\n")
    };
    let long_text = String::from_utf8_lossy(&long).into_owned();
    let records =
        record("mtime=1.5") + &record(&format!("path={long_text}")) + &record("comment=a=b");
    let archives = [
        [
            member(&gnu, &[&long[..], b"\0"].concat()),
            named(b"short", b"x"),
        ]
        .concat(),
        [member(&pax, records.as_bytes()), named(b"short", b"x")].concat(),
    ];
    for archive in archives {
        assert_eq!(names(&archive), [long_text.as_str()]);
    }
    let split = member(
        &Made {
            prefix: b"night/sbc1",
            name: b"ring.pcap",
            ..FILE
        },
        b"x",
    );
    assert_eq!(names(&split), ["night/sbc1/ring.pcap"]);
    // GNU has times in the place of the rest of a name.
    let gnu = Made {
        magic: b"ustar  \0",
        prefix: b"14712345671",
        ..FILE
    };
    assert_eq!(names(&member(&gnu, b"x")), ["a.pcap"]);
    // Nothing of an extension is left for the member after the next.
    let archive = [
        member(&pax, records.as_bytes()),
        named(b"one", b"x"),
        named(b"two", b"x"),
    ]
    .concat();
    assert_eq!(names(&archive), [long_text.as_str(), "two"]);
}

#[test]
fn an_archive_from_before_there_was_a_magic_is_one() {
    let old = Made {
        magic: b"",
        kind: 0,
        ..FILE
    };
    assert!(is_tar(&header(&old)));
    assert_eq!(list(&member(&old, b"x")).0[0].kind, Kind::File);
    assert_eq!(
        list(&member(
            &Made {
                name: b"folder/",
                ..old
            },
            b""
        ))
        .0[0]
            .kind,
        Kind::Nothing
    );
    assert!(!is_tar(&[0; BLOCK]));
    assert!(!is_tar(&[b'0'; BLOCK]));
    assert!(!is_tar(b"short"));
}

#[test]
fn lengths_may_be_binary_or_in_a_pax_header() {
    let mut block = header(&FILE);
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5]);
    let archive = [&signed(block)[..], &[0; 600]].concat();
    assert_eq!(list(&archive).0[0].len, (3 << 32) + 5);
    let pax = member(&Made { kind: b'x', ..FILE }, b"12 size=700\n");
    let archive = [&pax[..], &header(&FILE), &[7; 1024], &named(b"next", b"")].concat();
    let (found, _) = list(&archive);
    assert_eq!(
        (found[0].len, found[1].name.as_slice()),
        (700, &b"next"[..])
    );
}

#[test]
fn links_folders_and_devices_have_no_bytes() {
    let of = |kind: u8| {
        header(&Made {
            kind,
            len: 5000,
            ..FILE
        })
        .to_vec()
    };
    let archive = [of(b'1'), of(b'2'), of(b'3'), of(b'5'), named(b"file", b"x")].concat();
    let kinds: Vec<Kind> = list(&archive).0.iter().map(|member| member.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Nothing,
            Kind::Nothing,
            Kind::Special,
            Kind::Nothing,
            Kind::File
        ]
    );
}

#[test]
fn sparse_files_are_told_and_passed_over_with_their_maps() {
    let mut first = header(&Made {
        kind: b'S',
        len: 512,
        magic: b"ustar  \0",
        ..FILE
    });
    first[482] = 1;
    let first = signed(first);
    let mut map = [0; BLOCK];
    map[504] = 1;
    let old = [
        &first[..],
        &map,
        &[0; BLOCK],
        &[5; BLOCK],
        &named(b"next", b"x"),
    ]
    .concat();
    let pax = [
        member(&Made { kind: b'x', ..FILE }, b"22 GNU.sparse.major=1\n"),
        named(b"a", b"x"),
        named(b"next", b"x"),
    ]
    .concat();
    for archive in [old, pax] {
        let kinds: Vec<Kind> = list(&archive).0.iter().map(|member| member.kind).collect();
        assert_eq!(kinds, [Kind::Sparse, Kind::File]);
    }
}

#[test]
fn a_damaged_header_costs_what_it_heads() {
    let mut archive = [
        named(b"one", &[1; 700]),
        named(b"two", &[2; 700]),
        named(b"three", &[3; 700]),
        END.to_vec(),
    ]
    .concat();
    archive[3 * BLOCK + 50] ^= 1;
    let (found, damage) = list(&archive);
    let names: Vec<&[u8]> = found.iter().map(|member| &member.name[..]).collect();
    assert_eq!(names, [&b"one"[..], b"three"]);
    let what = "no header of an archive's member; read on at byte 3072".to_owned();
    assert_eq!(damage, [Damage { offset: 1536, what }]);
}

#[test]
fn an_archive_cut_anywhere_says_so() {
    let archive = [named(b"one", &[1; 700]), named(b"two", &[2; 700])].concat();
    for cut in 513..archive.len() {
        let (found, damage) = list(&archive[..cut]);
        // At the border between two members, nothing shows; and padding is nothing.
        let is_cut = !(512 + 700..=3 * BLOCK).contains(&cut) && cut < 4 * BLOCK + 700;
        assert_eq!(damage.len(), usize::from(is_cut), "cut at {cut}");
        assert_eq!(found[0].name, b"one");
    }
}

#[test]
fn what_claims_to_be_too_long_is_not_read() {
    let name = header(&Made {
        kind: b'L',
        len: 1 << 30,
        ..FILE
    });
    let (found, damage) = list(&[&name[..], &named(b"next", b"x")].concat());
    assert_eq!((found.len(), damage.len()), (0, 1));
    let mut block = header(&FILE);
    block[124..136].copy_from_slice(&[
        0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ]);
    assert_eq!(list(&signed(block)).1.len(), 1);
}

#[test]
fn any_byte_may_be_wrong_and_reading_ends() {
    let pax = member(&Made { kind: b'x', ..FILE }, b"12 size=700\n11 path=ab\n");
    let archive = [
        pax,
        named(b"one", &[1; 700]),
        named(b"two", &[2; 70]),
        END.to_vec(),
    ]
    .concat();
    for at in 0..archive.len() {
        for flip in [1, 0x80, 0xff] {
            let mut wrong = archive.clone();
            wrong[at] ^= flip;
            list(&wrong);
        }
    }
}
