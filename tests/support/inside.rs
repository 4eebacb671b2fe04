//! What is in a page or a workbook, as text: inflated.
#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "what can't be read has failed; each program that includes this uses its own part of it"
)]

use std::io::Cursor;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calamine::Data;
use calamine::Reader;
use calamine::Xlsx;
use flate2::read::DeflateDecoder;

/// A page and what its blocks of data hold.
pub(crate) fn page(bytes: &[u8]) -> String {
    let mut text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut blocks = Vec::new();
    for block in text
        .split("<script type=\"application/octet-stream\"")
        .skip(1)
    {
        let data = block.split_once('>').unwrap().1;
        let data = data.split("</script>").next().unwrap();
        blocks.push(STANDARD.decode(data).unwrap());
    }
    for block in blocks {
        DeflateDecoder::new(&block[..])
            .read_to_string(&mut text)
            .unwrap();
    }
    text
}

/// The texts of all cells of a workbook, a line each.
pub(crate) fn workbook(bytes: &[u8]) -> String {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut text = String::new();
    for (name, sheet) in book.worksheets() {
        text.push_str(&name);
        for cell in sheet.cells().filter(|(.., cell)| **cell != Data::Empty) {
            text.push('\n');
            text.push_str(&cell.2.to_string());
        }
        text.push('\n');
    }
    text
}
