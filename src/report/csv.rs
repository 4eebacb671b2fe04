//! Tables as RFC 4180 CSV: CRLF, one header line, quoted where it must be.

use std::io;
use std::io::Write;

use csv::Terminator;
use csv::WriterBuilder;
use memchr::memchr_iter;
use memchr::memchr3;

use super::columns::Column;
use super::columns::Print;
use super::dialect::BYTE_ORDER_MARK;
use super::dialect::Dialect;

/// Writes rows of `T` to a table.
#[derive(Debug)]
pub struct Table<'p, T, W: Write> {
    columns: &'p [Column<T>],
    print: Print<'p>,
    out: W,
    lines: Lines,
}

impl<'p, T, W: Write> Table<'p, T, W> {
    /// Begins a table with its header line.
    pub fn begin(columns: &'p [Column<T>], print: Print<'p>, mut out: W) -> io::Result<Self> {
        let mut lines = Lines::default();
        if print.dialect.is_for_excel {
            lines.done.extend_from_slice(BYTE_ORDER_MARK);
        }
        lines.quote(print.dialect, columns.iter().map(|column| column.name))?;
        out.write_all(&lines.done)?;
        Ok(Self {
            columns,
            print,
            out,
            lines,
        })
    }

    /// Writes one row.
    pub fn row(&mut self, row: &T) -> io::Result<()> {
        self.lines.done.clear();
        self.lines.add(self.columns, &self.print, row)?;
        self.out.write_all(&self.lines.done)
    }

    /// Writes what is still held back. Without this call, the end may be missing.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Rows as the lines that [`Table`] writes for them, without the header.
pub fn lines<'r, T: 'r>(
    columns: &[Column<T>],
    print: Print<'_>,
    rows: impl Iterator<Item = &'r T>,
) -> io::Result<Vec<u8>> {
    let mut lines = Lines::default();
    lines.done.reserve(BUFFER);
    for row in rows {
        lines.add(columns, &print, row)?;
    }
    Ok(lines.done)
}

/// The usual bytes of some lines together.
const BUFFER: usize = 64 << 10;

/// Lines, and the one that is written.
#[derive(Debug, Default)]
struct Lines {
    done: Vec<u8>,
    line: String,
    /// Where each cell of the line ends.
    ends: Vec<usize>,
}

impl Lines {
    /// Adds one row. Hardly any has a cell that must be quoted: that shows in the whole line at once, and then the cells
    /// with commas between them are the line.
    fn add<T>(&mut self, columns: &[Column<T>], print: &Print<'_>, row: &T) -> io::Result<()> {
        let delimiter = print.dialect.delimiter.byte();
        self.line.clear();
        self.ends.clear();
        for column in columns {
            let start = self.line.len();
            (column.write)(row, print, &mut self.line);
            print.dialect.fit(column.kind, &mut self.line, start);
            self.ends.push(self.line.len());
            self.line.push(delimiter.into());
        }
        if is_plain(&self.line, delimiter, columns.len()) {
            self.line.pop();
            self.done.extend_from_slice(self.line.as_bytes());
            self.done.extend_from_slice(b"\r\n");
            return Ok(());
        }
        let (line, ends) = (
            std::mem::take(&mut self.line),
            std::mem::take(&mut self.ends),
        );
        let mut start = 0;
        let quoted = self.quote(
            print.dialect,
            ends.iter().map(|&end| {
                let cell = line.get(start..end).unwrap_or_default();
                start = end + 1;
                cell
            }),
        );
        (self.line, self.ends) = (line, ends);
        quoted
    }

    fn quote<'c>(
        &mut self,
        dialect: Dialect,
        cells: impl Iterator<Item = &'c str>,
    ) -> io::Result<()> {
        let mut writer = WriterBuilder::new()
            .delimiter(dialect.delimiter.byte())
            .terminator(Terminator::CRLF)
            .from_writer(&mut self.done);
        writer.write_record(cells).map_err(cause)?;
        writer.flush()
    }
}

/// True where nothing but these delimiters would end a cell, a line or a quotation (RFC 4180 §2).
fn is_plain(text: &str, delimiter: u8, count: usize) -> bool {
    let text = text.as_bytes();
    memchr3(b'"', b'\r', b'\n', text).is_none() && memchr_iter(delimiter, text).count() == count
}

/// What went wrong with the file. A record has as many cells as the header: nothing else can.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;
    use super::Table;
    use crate::report::columns::Print;
    use crate::report::columns::calls;
    use crate::report::columns::trunks;
    use crate::report::dialect::Delimiter;
    use crate::report::row::Row;
    use crate::report::time::Zone;
    use crate::text::Text;

    fn written(row: &Row<'_>) -> String {
        let (zone, paths, mut out) = (Zone::default(), ["a,b.pcap".to_owned()], Vec::new());
        let columns = calls::columns();
        let mut table = Table::begin(
            &columns,
            Print {
                zone: &zone,
                paths: &paths,
                dialect: Dialect::default(),
            },
            &mut out,
        )
        .unwrap();
        table.row(row).unwrap();
        table.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_columns_are_the_published_ones() {
        let header = "start_time,trunk,direction,caller,callee,call_id,outcome,final_status,rejections,rejected_at,rejected_by,case,verdict,microsoft_code,\
                      diag_code,diag_phrase,correlation_id,finding,evidence,suggested_action,doc_url,offer_in,media,codecs,codecs_unsupported,srtp,crypto_suites,\
                      ice,ice_candidates,connection_address,setup_ms,duration_s,transport,source,destination,user_agent,server,file,invite_frame,response_file,\
                      response_frame,related_call_ids,related_by,relayed,carrier_trunk,reported_code,reported_phrase\r\n";
        assert!(written(&Row::default()).starts_with(header));
        let names: Vec<&str> = trunks::COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(
            names.join(","),
            "trunk,calls,answered,rejected,cancelled,unanswered,incomplete,calls_488,rate_488,cannot_support_any_media,srtp_encryption_required,\
             no_ice_candidates,blackhole_media,undocumented,asr,setup_ms_p50,setup_ms_p95,first_call,last_call,side,attempts,session_attempts,ser,\
             seer,ner,few"
        );
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        let row = Row {
            call_id: Text::from("a\"b,c\r\nd"),
            file: Some(0),
            ..Row::default()
        };
        let text = written(&row);
        assert!(
            text.contains("\"a\"\"b,c\r\nd\"") && text.contains("\"a,b.pcap\""),
            "{text}"
        );
    }

    #[test]
    fn a_line_is_what_the_csv_package_writes() {
        for call_id in ["plain", "a,b", "\"", "a\nb", "'", "", " ", "\u{fc}"] {
            let row = Row {
                call_id: Text::from(call_id),
                ..Row::default()
            };
            let text = written(&row);
            let mut again = csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(Vec::new());
            for record in csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes())
                .into_records()
            {
                again.write_record(&record.unwrap()).unwrap();
            }
            assert_eq!(text.as_bytes(), again.into_inner().unwrap(), "{call_id}");
        }
    }

    #[test]
    fn another_delimiter_is_what_is_quoted_in_its_place() {
        let (zone, mut out) = (Zone::default(), Vec::new());
        let print = Print {
            zone: &zone,
            paths: &[],
            dialect: Dialect {
                delimiter: Delimiter::Semicolon,
                is_for_excel: true,
            },
        };
        let columns = calls::columns();
        let mut table = Table::begin(&columns, print, &mut out).unwrap();
        let row = Row {
            call_id: Text::from("a;b"),
            user_agent: Text::from("c,d"),
            caller: Text::from("+49"),
            ..Row::default()
        };
        table.row(&row).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("\u{feff}start_time;trunk;"), "{text}");
        assert!(
            text.contains(";\"a;b\";")
                && text.contains(";c,d;")
                && text.contains(";\"=\"\"+49\"\"\";"),
            "{text}"
        );
    }

    #[test]
    fn bytes_that_are_no_utf_8_become_the_replacement_character() {
        let row = Row {
            call_id: Text::from(&b"a\xffb"[..]),
            ..Row::default()
        };
        assert!(written(&row).contains(",a\u{fffd}b,"));
    }

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe_in_any_column_of_text() {
        let row = Row {
            call_id: Text::from("=1+1"),
            user_agent: Text::from("@x"),
            ..Row::default()
        };
        let text = written(&row);
        assert!(text.contains(",'=1+1,") && text.contains(",'@x,"), "{text}");
    }

    #[test]
    fn what_is_unknown_is_an_empty_cell() {
        let text = written(&Row::default());
        let line = text.lines().nth(1).unwrap();
        assert_eq!(
            line,
            format!(
                "1970-01-01 00:00:00.000,,,,,,incomplete,,0{}",
                ",".repeat(38)
            )
        );
    }
}
