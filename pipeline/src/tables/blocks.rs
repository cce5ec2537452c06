//! Reads long tables block by block: what is in memory is some blocks, and blocks are parsed beside each other. Rows, lines and
//! problems are those of [`read_table`](super::read_table).

use super::read::{Form, cell_of, place_of, texts_of};
use crate::parquet_door::{self, UNREADABLE};
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::limits::{Metered, RECORD_BYTES};
use acoledger_schemas::table::{Problems, Records, Table, TableSpec, cell_of as cell_of_record, match_header};
use arrow_array::RecordBatch;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of text in a block; the last record's end is the block's.
const BLOCK_BYTES: u64 = 1 << 20;
/// Rows of a block of Parquet.
const BLOCK_ROWS: usize = 16_384;
/// Columns of the tables that are read so.
const MOST_CELLS: usize = 8;

/// What the rows of a block become.
pub(crate) trait Gather: Default + Send {
    /// Takes a row: its line, and its cells in the order of the declaration, trimmed.
    fn row(&mut self, file: &str, line: u64, cells: &[&str]);
}

/// Gives a row to `rows`, cell by cell.
fn give<'c>(rows: &mut impl Gather, (file, line): (&str, u64), columns: usize, cell: impl Fn(usize) -> &'c str) {
    let mut cells = [""; MOST_CELLS];
    let cells = &mut cells[..columns];
    cells.iter_mut().enumerate().for_each(|(column, to)| *to = cell(column));
    rows.row(file, line, cells);
}

/// A table that was read.
pub(crate) struct ReadThrough {
    /// Its file, as messages name it.
    pub(crate) file: String,
    /// Why reading stopped before the end.
    pub(crate) stopped: Option<Problems>,
}

/// Reads table `T` of a folder; `take` gets the blocks in the order of the file. `None`: the folder holds no such table.
///
/// # Errors
/// The table in both forms, an unreadable file, bad headers, those of `take`.
pub(crate) fn read_blocks<T: Table, G: Gather>(
    folder: &Path,
    take: &mut dyn FnMut(G) -> Outcome<()>,
) -> Outcome<Option<ReadThrough>> {
    assert!(T::SPEC.columns.len() <= MOST_CELLS, "tables read in blocks are narrow");
    let Some((path, form)) = place_of(folder, T::SPEC.name)? else { return Ok(None) };
    let file = path.display().to_string();
    let stopped = match form {
        Form::Csv => read_text(&path, &file, &T::SPEC, take)?,
        Form::Parquet => {
            read_parquet(&path, &file, &T::SPEC, take)?;
            None
        }
    };
    Ok(Some(ReadThrough { file, stopped }))
}

/// Blocks that are in memory together.
fn together() -> usize {
    rayon::current_num_threads() * 2
}

fn read_text<G: Gather>(
    path: &Path,
    file: &str,
    spec: &TableSpec,
    take: &mut dyn FnMut(G) -> Outcome<()>,
) -> Outcome<Option<Problems>> {
    let open = || File::open(path).doing("cannot be read", path);
    let records = Records::new(open()?, file)?;
    let header: Vec<&str> = records.header().iter().collect();
    let places = match_header(spec, &header, file)?;
    let mut cutter = Cutter::new(open()?);
    loop {
        let mut blocks = Vec::new();
        while blocks.len() < together()
            && let Some(block) = cutter.next().doing("cannot be read", path)?
        {
            blocks.push(block);
        }
        if blocks.is_empty() {
            return Ok(None);
        }
        let parse = |block: &Block| block.parse::<G>(file, spec, &places, header.len());
        let parsed: Vec<(G, bool)> = blocks.par_iter().map(parse).collect();
        for (rows, whole) in parsed {
            take(rows)?;
            if !whole {
                return Ok(Some(unreadable_record(path, file, Records::new(open()?, file)?)));
            }
        }
    }
}

/// Reads again from the beginning to the record that cannot be read: its place in the file is in the message.
fn unreadable_record<R: Read>(path: &Path, file: &str, mut records: Records<'_, R>) -> Problems {
    loop {
        match records.next() {
            Ok(Some(_)) => {}
            Ok(None) => return trouble::of_file(path, "not readable as comma-separated text", file).into(),
            Err(problems) => return problems,
        }
    }
}

/// Whole records of a text.
struct Block {
    bytes: Vec<u8>,
    /// Line of its first byte.
    line: u64,
    is_first: bool,
    /// Whether it holds the beginning of a record longer than any may be, and nothing else.
    is_overlong: bool,
}

impl Block {
    /// Its rows, and whether all could be read: else those before the first that could not.
    fn parse<G: Gather>(&self, file: &str, spec: &TableSpec, places: &[Option<usize>], fields: usize) -> (G, bool) {
        let mut rows = G::default();
        if self.is_overlong {
            return (rows, false);
        }
        // The line end in front keeps a mark of byte order from being taken away where it is not the file's.
        let before: &[u8] = if self.is_first { b"" } else { b"\n" };
        let source = Metered::new(before.chain(&self.bytes[..]), "a record", RECORD_BYTES);
        let mut reader = csv::ReaderBuilder::new().has_headers(self.is_first).flexible(true).from_reader(source);
        let mut record = csv::StringRecord::new();
        loop {
            reader.get_mut().begin();
            match reader.read_record(&mut record) {
                Ok(false) => return (rows, true),
                Ok(true) if record.len() == fields => {}
                Ok(true) | Err(_) => return (rows, false),
            }
            let at = record.position().map_or(1, csv::Position::line) - 1;
            let line = self.line + at - u64::from(!self.is_first && at > 0);
            give(&mut rows, (file, line), spec.columns.len(), |column| cell_of_record(spec, places, &record, column));
        }
    }
}

/// Cuts a text behind ends of records.
struct Cutter<R> {
    source: R,
    /// What was read behind the last cut.
    rest: Vec<u8>,
    line: u64,
    is_first: bool,
    has_ended: bool,
}

impl<R: Read> Cutter<R> {
    fn new(source: R) -> Cutter<R> {
        Cutter { source, rest: Vec::new(), line: 1, is_first: true, has_ended: false }
    }

    fn next(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut is_overlong = false;
        while !self.has_ended {
            let read = self.source.by_ref().take(BLOCK_BYTES).read_to_end(&mut bytes)?;
            self.has_ended = read == 0;
            if self.has_ended {
                break;
            }
            if let Some(end) = last_end(&bytes) {
                self.rest = bytes.split_off(end);
                break;
            }
            if bytes.len() as u64 > 2 * RECORD_BYTES {
                (is_overlong, self.has_ended) = (true, true);
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let block = Block { line: self.line, is_first: self.is_first, is_overlong, bytes };
        self.line += block.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.is_first = false;
        Ok(Some(block))
    }
}

/// Behind the last record that ends in `bytes`, which begin with one. Of a line end of two bytes the second stays with what
/// follows, as do blank lines: so are lines counted that are read in one go.
fn last_end(bytes: &[u8]) -> Option<usize> {
    let is_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    if !bytes.contains(&b'"') {
        let at = (1..bytes.len()).rev().find(|at| is_end(bytes[*at]) && !is_end(bytes[at - 1]))?;
        return Some(at + 1);
    }
    /// Where a byte stands.
    #[derive(PartialEq)]
    enum Place {
        Record,
        Field,
        Text,
        Quoted,
        /// Behind a quote that ends a field, or is the first of two.
        Quote,
    }
    let (mut place, mut last) = (Place::Record, None);
    for (at, byte) in bytes.iter().enumerate() {
        place = match (place, byte) {
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) | (Place::Record | Place::Field | Place::Quote, b'"') => Place::Quoted,
            (Place::Record, b'\n' | b'\r') => Place::Record,
            (_, b'\n' | b'\r') => {
                last = Some(at + 1);
                Place::Record
            }
            (_, b',') => Place::Field,
            _ => Place::Text,
        };
    }
    last
}

fn read_parquet<G: Gather>(
    path: &Path,
    file: &str,
    spec: &TableSpec,
    take: &mut dyn FnMut(G) -> Outcome<()>,
) -> Outcome<()> {
    let builder = parquet_door::builder(path)?;
    let schema = builder.schema().clone();
    let header: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let places = match_header(spec, &header, file)?;
    let mut batches = parquet_door::batches(builder.with_batch_size(BLOCK_ROWS)).doing(UNREADABLE, path)?;
    let mut line = 1;
    loop {
        let mut blocks: Vec<(u64, RecordBatch)> = Vec::new();
        while blocks.len() < together()
            && let Some(batch) = batches.next()
        {
            let batch = batch.doing(UNREADABLE, path)?;
            let first = line;
            line += batch.num_rows() as u64;
            blocks.push((first, batch));
        }
        if blocks.is_empty() {
            return Ok(());
        }
        let parsed: Vec<Outcome<G>> = blocks
            .into_par_iter()
            .map(|(first, batch)| {
                let columns = texts_of(&batch, spec, &places, file)?;
                let mut rows = G::default();
                for row in 0..batch.num_rows() {
                    let place = (file, first + row as u64);
                    give(&mut rows, place, spec.columns.len(), |column| cell_of(&columns, column, row));
                }
                Ok(rows)
            })
            .collect();
        for rows in parsed {
            take(rows?)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acoledger_schemas::program::OtherInitiative;
    use proptest::prelude::*;

    /// Lines and cells as text.
    #[derive(Default)]
    struct Told(Vec<String>);

    impl Gather for Told {
        fn row(&mut self, _: &str, line: u64, cells: &[&str]) {
            self.0.push(format!("{line} {}", cells.join("|")));
        }
    }

    /// Blocks of a text that is cut behind every so many bytes, and read in one go.
    fn both_ways(text: &[u8], bytes: usize) -> (Vec<String>, Vec<String>) {
        struct Slowly<'t>(&'t [u8], usize);
        impl Read for Slowly<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = self.1.min(self.0.len()).min(buffer.len());
                buffer[..length].copy_from_slice(&self.0[..length]);
                self.0 = &self.0[length..];
                Ok(length)
            }
        }
        let spec = &OtherInitiative::SPEC;
        let mut whole = Vec::new();
        let mut records = Records::new(text, "t.csv").expect("a header");
        let fields = records.header().len();
        let header: Vec<&str> = records.header().iter().collect();
        let places: Vec<Option<usize>> =
            spec.columns.iter().map(|column| header.iter().position(|name| *name == column.name)).collect();
        loop {
            match records.next() {
                Ok(None) => break,
                Ok(Some((line, record))) => {
                    let cells = (0..spec.columns.len()).map(|at| cell_of_record(spec, &places, record, at));
                    whole.push(format!("{line} {}", cells.collect::<Vec<_>>().join("|")));
                }
                Err(_) => {
                    whole.push("unreadable".into());
                    break;
                }
            }
        }
        let told = |blocks: &mut dyn Iterator<Item = Block>| {
            let mut told = Vec::new();
            for block in blocks {
                let (rows, is_whole) = block.parse::<Told>("t.csv", spec, &places, fields);
                told.extend(rows.0);
                if !is_whole {
                    told.push("unreadable".into());
                    break;
                }
            }
            told
        };
        let mut cutter = Cutter::new(text);
        let one: Vec<String> = told(&mut std::iter::from_fn(|| cutter.next().expect("memory")));
        assert_eq!(one, whole);
        // The cutter's own blocks are a megabyte long: what it does at their ends is done here behind every few bytes.
        let mut blocks = Vec::new();
        let (mut rest, mut source, mut line) = (Vec::new(), Slowly(text, bytes), 1);
        loop {
            let mut more = vec![0; bytes];
            let read = source.read(&mut more).expect("memory");
            rest.extend_from_slice(&more[..read]);
            let end = if read == 0 { Some(rest.len()) } else { last_end(&rest) };
            if let Some(end) = end.filter(|end| *end > 0) {
                let behind = rest.split_off(end);
                let block = Block { bytes: rest, line, is_first: blocks.is_empty(), is_overlong: false };
                line += block.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                blocks.push(block);
                rest = behind;
            }
            if read == 0 {
                break;
            }
        }
        (told(&mut blocks.into_iter()), whole)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn blocks_hold_what_a_text_read_in_one_go_holds(
            parts in prop::collection::vec(
                prop::sample::select(vec!["a", "b,c", ",", "\"", "\"\"", "\n", "\r\n", "\r", "x,2023,,,,\n", "\u{feff}", "\"q\nr\",2"]),
                0..40,
            ),
            bytes in 1..30usize,
        ) {
            let text = format!("bene_id,calendar_year,initiative,begins_on,ends_on,decided_on\n{}", parts.concat());
            let (cut, whole) = both_ways(text.as_bytes(), bytes);
            prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn records_that_cannot_be_read_are_told_with_their_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other_initiative.csv");
        let row = "B1,2023,,,,\n";
        for bad in ["B2,2023\n".to_owned(), "x".repeat(3 << 20), "\"".to_owned() + &"y,\n".repeat(1 << 20)] {
            let text = "bene_id,calendar_year,initiative,begins_on,ends_on,decided_on\n".to_owned()
                + &row.repeat(200_000)
                + &bad
                + &row.repeat(1000);
            std::fs::write(&path, &text).expect("disk");
            let mut rows = 0;
            let read = read_blocks::<OtherInitiative, Told>(folder.path(), &mut |block: Told| {
                rows += block.0.len();
                Ok(())
            });
            let read = read.expect("a table").expect("it is there");
            let whole = acoledger_schemas::table::read_csv::<OtherInitiative>(text.as_bytes(), &read.file);
            assert_eq!(read.stopped, Some(whole.expect_err("unreadable")));
            assert_eq!(rows, 200_000);
        }
    }
}
