//! Rejected rows on their way to one file, sorted by source file and row. There may be more than fit memory.

use super::find::Found;
use crate::trouble::{Io, Outcome};
use acoledger_ingest::extract::Reject;
use acoledger_schemas::outputs;
use acoledger_schemas::raw::RawLayout;
use acoledger_schemas::spreadsheet::neutral;
use acoledger_schemas::table::Table;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Rejects that wait in memory, bytes.
const WAITING_BYTES: usize = 32 << 20;

/// File, row, and the cells behind them.
type Entry = (u32, u64, String);

/// Rejected rows of all workers.
#[derive(Debug)]
pub(super) struct Rejects {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Entry>,
    bytes: usize,
    runs: Vec<PathBuf>,
    error: Option<io::Error>,
}

impl Rejects {
    /// None yet; what does not fit memory goes below `folder`.
    pub(super) fn new(folder: &Path) -> Rejects {
        Rejects { folder: folder.to_owned(), state: Mutex::new(State::default()) }
    }

    /// Takes a rejected row.
    pub(super) fn push(&self, reject: &Reject<'_>) {
        let line = reject.line.map(|line| line.to_string()).unwrap_or_default();
        let (claim, column, reason) = (quoted(reject.claim_id), quoted(reject.column), quoted(reject.reason));
        let known = u8::from(reject.amount_known);
        let cells = format!("{claim},{line},{column},{reason},{},{known}", reject.cents);
        let mut state = self.state.lock().expect("no holder panics");
        state.bytes += cells.len() + size_of::<Entry>();
        state.waiting.push((reject.file, reject.row, cells));
        if state.bytes >= WAITING_BYTES {
            let spilled = self.spill(&mut state);
            state.error = state.error.take().or(spilled.err());
        }
    }

    fn spill(&self, state: &mut State) -> io::Result<()> {
        state.waiting.sort_unstable();
        let path = self.folder.join(format!("rejects-{}", state.runs.len()));
        let mut file = BufWriter::new(File::create(&path)?);
        for (source, row, cells) in state.waiting.drain(..) {
            file.write_all(&source.to_le_bytes())?;
            file.write_all(&row.to_le_bytes())?;
            file.write_all(&(cells.len() as u32).to_le_bytes())?;
            file.write_all(cells.as_bytes())?;
        }
        file.flush()?;
        state.bytes = 0;
        state.runs.push(path);
        Ok(())
    }

    /// Writes all rejects to `path`, file by file; the rows of files that were left alone are taken from an earlier
    /// list. Where each file's rows begin and how many bytes they take.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn write(
        self,
        path: &Path,
        files: &[Found],
        layout: &RawLayout,
        kept: &Kept,
    ) -> Outcome<Vec<(u64, u64)>> {
        let mut state = self.state.into_inner().expect("no holder panics");
        if let Some(error) = state.error {
            return Err(error).doing("cannot be written", path);
        }
        if state.waiting.is_empty() && state.runs.is_empty() && kept.rows.iter().flatten().all(|(_, bytes)| *bytes == 0)
        {
            return Ok(vec![(0, 0); files.len()]);
        }
        state.waiting.sort_unstable();
        merge(path, state, files, layout, kept).doing("cannot be written", path)
    }
}

/// An earlier list of rejects.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The list.
    pub(super) path: PathBuf,
    /// By file, where its rows begin and how many bytes they take; none: the file was read.
    pub(super) rows: Vec<Option<(u64, u64)>>,
}

impl Kept {
    /// Appends the rows of a file to a new list.
    fn copy(&self, number: usize, out: &mut impl Write) -> io::Result<()> {
        let Some((at, bytes)) = self.rows.get(number).copied().flatten().filter(|(_, bytes)| *bytes > 0) else {
            return Ok(());
        };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(at))?;
        match io::copy(&mut file.take(bytes), out)? {
            copied if copied == bytes => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the earlier list of rejects was cut")),
        }
    }
}

fn merge(path: &Path, state: State, files: &[Found], layout: &RawLayout, kept: &Kept) -> io::Result<Vec<(u64, u64)>> {
    let mut streams: Vec<Box<dyn Iterator<Item = io::Result<Entry>>>> =
        vec![Box::new(state.waiting.into_iter().map(Ok))];
    for run in &state.runs {
        let mut file = BufReader::with_capacity(1 << 16, File::open(run)?);
        streams.push(Box::new(std::iter::from_fn(move || entry(&mut file).transpose())));
    }
    let mut heads: Vec<Option<Entry>> =
        streams.iter_mut().map(|stream| stream.next().transpose()).collect::<Result<_, _>>()?;
    let mut out = Counted { out: BufWriter::new(File::create(path)?), bytes: 0 };
    let names: Vec<&str> = outputs::Reject::SPEC.columns.iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut places = Vec::with_capacity(files.len());
    for (number, file) in files.iter().enumerate() {
        let begin = out.bytes;
        kept.copy(number, &mut out)?;
        loop {
            let first = heads.iter().enumerate().filter_map(|(at, head)| head.as_ref().map(|head| (head, at))).min();
            let Some((_, at)) = first.filter(|(head, _)| head.0 as usize == number) else { break };
            let (_, row, cells) = heads[at].take().expect("it was the smallest");
            writeln!(out, "{},{},{row},{cells}", layout.tables[file.table].name, quoted(&file.name))?;
            heads[at] = streams[at].next().transpose()?;
        }
        places.push(if out.bytes == begin { (0, 0) } else { (begin, out.bytes - begin) });
    }
    out.flush()?;
    out.out.get_ref().sync_all()?;
    Ok(places)
}

/// A file that counts what is written to it.
struct Counted {
    out: BufWriter<File>,
    bytes: u64,
}
impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.out.write(bytes)?;
        self.bytes += length as u64;
        Ok(length)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn entry(file: &mut impl Read) -> io::Result<Option<Entry>> {
    let mut head = [0u8; 16];
    match file.read(&mut head[..1])? {
        0 => return Ok(None),
        _ => file.read_exact(&mut head[1..])?,
    }
    let number =
        |range: std::ops::Range<usize>| head[range].iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let mut cells = vec![0; number(12..16) as usize];
    file.read_exact(&mut cells)?;
    let cells = String::from_utf8(cells).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some((number(0..4) as u32, number(4..12), cells)))
}

/// A cell of comma-separated text that a spreadsheet takes for text.
fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    let text = neutral(text);
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")).into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_in_rejects_are_text() {
        assert_eq!(quoted("=A1"), "'=A1");
        assert_eq!(quoted("-1,2"), "\"-1,2\"");
        assert_eq!(quoted("@x,\"y\""), "\"'@x,\"\"y\"\"\"");
    }
}
