//! The report as JSON, `khien.report/1`: docs/report.schema.json. Written as it is made, never held as text.

use std::io::{self, Write};

use crate::{report::Report, rule::Lang};

/// Writes the report; JSON has both languages in it.
pub fn json(out: &mut dyn Write, report: &Report, _: Lang) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
