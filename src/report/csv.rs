//! Tables as RFC 4180 CSV: CRLF, one header line, quoted where it must be.

use std::io;
use std::io::Write;

use memchr::memchr_iter;
use memchr::memchr3;

use super::columns::Column;
use super::columns::Print;

/// Writes rows of `T` to a table.
#[derive(Debug)]
pub struct Table<'p, T, W: Write> {
    columns: &'p [Column<T>],
    print: Print<'p>,
    out: W,
    line: String,
}

impl<'p, T, W: Write> Table<'p, T, W> {
    /// Begins a table with its header line.
    pub fn begin(columns: &'p [Column<T>], print: Print<'p>, mut out: W) -> io::Result<Self> {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        out.write_all((names.join(",") + "\r\n").as_bytes())?;
        Ok(Self {
            columns,
            print,
            out,
            line: String::new(),
        })
    }

    /// Writes one row.
    pub fn row(&mut self, row: &T) -> io::Result<()> {
        self.line.clear();
        write_line(self.columns, &self.print, row, &mut self.line);
        self.out.write_all(self.line.as_bytes())
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
) -> String {
    let mut out = String::with_capacity(LINES);
    for row in rows {
        write_line(columns, &print, row, &mut out);
    }
    out
}

/// The usual bytes of some lines together.
const LINES: usize = 64 << 10;

/// Appends one row. Hardly any has a cell that must be quoted: that shows in the whole line at once.
fn write_line<T>(columns: &[Column<T>], print: &Print<'_>, row: &T, out: &mut String) {
    let start = out.len();
    for column in columns {
        (column.write)(row, print, out);
        out.push(',');
    }
    if !is_plain(&out[start..], columns.len()) {
        out.truncate(start);
        for column in columns {
            let cell = out.len();
            (column.write)(row, print, out);
            if !is_plain(&out[cell..], 0) {
                quote(cell, out);
            }
            out.push(',');
        }
    }
    out.truncate(out.len().saturating_sub(1));
    out.push_str("\r\n");
}

/// True where nothing but these commas would end a cell, a line or a quotation (RFC 4180 §2).
fn is_plain(text: &str, commas: usize) -> bool {
    let text = text.as_bytes();
    memchr3(b'"', b'\r', b'\n', text).is_none() && memchr_iter(b',', text).count() == commas
}

/// Puts what begins at `start` into quotes, and doubles those inside.
fn quote(start: usize, out: &mut String) {
    let doubled = out[start..].replace('"', "\"\"");
    out.truncate(start);
    out.push('"');
    out.push_str(&doubled);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::report::columns::Print;
    use crate::report::columns::calls;
    use crate::report::columns::trunks;
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
                      response_frame\r\n";
        assert!(written(&Row::default()).starts_with(header));
        let names: Vec<&str> = trunks::COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(
            names.join(","),
            "trunk,calls,answered,rejected,cancelled,unanswered,incomplete,calls_488,rate_488,cannot_support_any_media,srtp_encryption_required,\
             no_ice_candidates,blackhole_media,undocumented,asr,setup_ms_p50,setup_ms_p95,first_call,last_call"
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
    fn what_is_unknown_is_an_empty_cell() {
        let text = written(&Row::default());
        let line = text.lines().nth(1).unwrap();
        assert_eq!(
            line,
            format!(
                "1970-01-01 00:00:00.000,,,,,,incomplete,,0{}",
                ",".repeat(32)
            )
        );
    }
}
