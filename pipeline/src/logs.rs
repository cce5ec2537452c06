//! Logs, through `tracing`, to standard error: plain lines for people, JSON records for batch.

use acoledger_schemas::shown::shown_page;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Plain lines.
    #[default]
    Text,
    /// One JSON record per line, with time and fields.
    Json,
}

/// Starts logging. `ACOLEDGER_LOG` takes the place of the default level (`info`).
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("ACOLEDGER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    // A second start in one process (tests of the library) keeps the first: nothing is lost by ignoring the error.
    let _ = match format {
        LogFormat::Text => {
            builder.with_writer(AroundBars).with_ansi(io::stderr().is_terminal()).without_time().compact().try_init()
        }
        LogFormat::Json => builder.with_writer(io::stderr).json().flatten_event(true).try_init(),
    };
}

/// Standard error, with progress bars drawn anew below each line.
struct AroundBars;

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for AroundBars {
    type Writer = Line;
    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

/// One record, written when complete.
struct Line(Vec<u8>);

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        crate::progress::above_bars(|| {
            // Standard error may be closed; a log line is not worth a failure.
            let line = safe(&String::from_utf8_lossy(&self.0));
            let _ = io::Write::write_all(&mut io::stderr(), line.as_bytes());
        });
    }
}

/// A record without what steers a terminal, but for the colours (`ESC [ … m`) that the log itself writes.
fn safe(record: &str) -> String {
    let mut out = String::with_capacity(record.len());
    let mut rest = record;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&shown_page(&rest[..at]));
        let colour = rest[at..].strip_prefix("\u{1b}[").and_then(|code| {
            let length = code.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            code[length..].starts_with('m').then_some(length + 3)
        });
        let length = colour.unwrap_or(1);
        let code = &rest[at..at + length];
        out.push_str(&if colour.is_some() { code.into() } else { shown_page(code) });
        rest = &rest[at + length..];
    }
    out + &*shown_page(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_reach_a_terminal() {
        let record = "\u{1b}[32m INFO\u{1b}[0m file \u{1b}[2J\u{1b}]0;title\u{7} done\n";
        assert_eq!(safe(record), "\u{1b}[32m INFO\u{1b}[0m file \\u{1b}[2J\\u{1b}]0;title\\u{7} done\n");
        assert_eq!(safe("\u{1b}"), "\\u{1b}");
        assert_eq!(safe("\u{1b}[3"), "\\u{1b}[3");
    }
}
