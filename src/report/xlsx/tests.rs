//! A table that is longer than a sheet.

use std::io::Cursor;

use calamine::Data;
use calamine::Reader;
use calamine::Xlsx;

use super::Subject;
use super::Workbook;
use super::rows;
use crate::report::columns::Column;
use crate::report::columns::Kind;
use crate::report::columns::Print;
use crate::report::dialect::Dialect;
use crate::report::summary::RunSummary;
use crate::report::time::Zone;

const NUMBERS: &[Column<u32>] = &[Column {
    name: "number",
    kind: Kind::Integer,
    meaning: "",
    write: |number, _, out| out.push_str(&number.to_string()),
}];

/// A workbook with so many calls, of so many rows a sheet, that come so many at a time.
fn workbook(calls: u32, longest_sheet: u32, together: usize) -> Xlsx<Cursor<Vec<u8>>> {
    let zone = Zone::default();
    let print = Print {
        zone: &zone,
        paths: &[],
        dialect: Dialect::default(),
    };
    let mut workbook = Workbook::new(Vec::new(), longest_sheet);
    for subject in [Subject::Rejections, Subject::Calls] {
        workbook.begin(subject, NUMBERS).unwrap();
        let numbers: Vec<u32> = (0..calls).collect();
        for some in numbers.chunks(together) {
            let some = rows(NUMBERS, print, some.iter());
            workbook.add(some).unwrap();
        }
    }
    workbook
        .finish(print, &RunSummary::new(), &[], &[])
        .unwrap();
    Xlsx::new(Cursor::new(workbook.into_inner())).unwrap()
}

fn numbers(book: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Vec<Data> {
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row[0].clone()).collect()
}

#[test]
fn what_a_sheet_can_not_hold_goes_on_in_another_behind_it() {
    let mut book = workbook(7, 4, 2);
    assert_eq!(
        book.sheet_names(),
        [
            "Overview",
            "Trunks",
            "Offers",
            "Rejections",
            "Rejections 2",
            "Rejections 3",
            "Calls",
            "Calls 2",
            "Calls 3"
        ]
    );
    let header = || Data::String("number".to_owned());
    let number = |number: u8| Data::Float(f64::from(number));
    assert_eq!(
        numbers(&mut book, "Calls"),
        [header(), number(0), number(1), number(2)]
    );
    assert_eq!(
        numbers(&mut book, "Calls 2"),
        [header(), number(3), number(4), number(5)]
    );
    assert_eq!(numbers(&mut book, "Calls 3"), [header(), number(6)]);
}

#[test]
fn a_full_sheet_has_no_empty_one_behind_it() {
    let book = workbook(3, 4, 1);
    assert_eq!(book.sheet_names().len(), 5);
}

#[test]
fn rows_beyond_those_that_widths_are_chosen_by_are_all_there() {
    let mut book = workbook(5000, 10_000, 128);
    assert_eq!(numbers(&mut book, "Calls").len(), 5001);
}
