//! Tables as RFC 4180 CSV: CRLF, one header line, quoted where it must be.

use std::io;
use std::io::Write;

use super::columns::Column;
use super::columns::Print;

/// Writes rows of `T` to a table.
#[derive(Debug)]
pub struct Table<'p, T: 'static, W: Write> {
    columns: &'static [Column<T>],
    print: Print<'p>,
    writer: csv::Writer<W>,
    cell: String,
}

impl<'p, T, W: Write> Table<'p, T, W> {
    /// Begins a table with its header line.
    pub fn begin(columns: &'static [Column<T>], print: Print<'p>, out: W) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        writer
            .write_record(columns.iter().map(|column| column.name))
            .map_err(cause)?;
        Ok(Self {
            columns,
            print,
            writer,
            cell: String::new(),
        })
    }

    /// Writes one row.
    pub fn row(&mut self, row: &T) -> io::Result<()> {
        for column in self.columns {
            self.cell.clear();
            (column.write)(row, &self.print, &mut self.cell);
            self.writer.write_field(&self.cell).map_err(cause)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(cause)
    }

    /// Writes what is still held back. Without this call, the end may be missing.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Rows as the lines that [`Table`] writes for them, without the header.
pub fn lines<T>(
    columns: &'static [Column<T>],
    print: Print<'_>,
    rows: impl Iterator<Item = impl std::borrow::Borrow<T>>,
) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(LINES);
    let writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .buffer_capacity(LINES)
        .from_writer(&mut out);
    let mut table = Table {
        columns,
        print,
        writer,
        cell: String::new(),
    };
    for row in rows {
        table.row(row.borrow())?;
    }
    table.finish()?;
    Ok(out)
}

/// The usual bytes of some lines together.
const LINES: usize = 64 << 10;

/// What lies behind the CSV writer's error: whether a pipe was closed shows in the kind.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
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

    fn written(row: &Row) -> String {
        let (zone, paths, mut out) = (Zone::default(), ["a,b.pcap".to_owned()], Vec::new());
        let mut table = Table::begin(
            calls::COLUMNS,
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
