//! The rows of one table about single lives, sorted by life: in memory as long as they fit, on disk when they do not.
//!
//! Rows come in blocks, in the order of their file. What has come is sorted and put away as one run whenever it is more than may
//! wait in memory, so that a range of lives is one stretch of each run. A row is the text of its cells: it is judged as it comes,
//! and becomes a value only when its life is walked.

use super::hidden::Hidden;
use crate::tables::{Gather, read_blocks};
use crate::trouble::{Io, Outcome};
use acoledger_ingest::pack::{Unpacker, pack};
use acoledger_schemas::keys::{bene_key, shard_of};
use acoledger_schemas::study::MOST_SHARDS;
use acoledger_schemas::table::{Problem, Problems, Table, TableSpec, bad_cell, same_key};
use rayon::prelude::*;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Ranges of lives, the finest cut: no lake has more shards.
pub(super) const RANGES: usize = MOST_SHARDS as usize;
/// Bytes of a range from which on packing them is worth its work.
const WORTH_PACKING: usize = 1 << 12;
/// Problems of a table that are told.
const MOST_TOLD: usize = 10;

/// Where rows may wait.
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Bytes in memory.
    pub(super) bytes: usize,
    /// Folder for the rest.
    pub(super) folder: PathBuf,
}

/// The rows of a table.
#[derive(Debug)]
pub(super) struct Shelf {
    spec: TableSpec,
    pub(super) rows: u64,
    runs: Vec<Run>,
    file: Option<Hidden>,
}

/// Rows in the order of their lives, those of a life in the order of the file.
#[derive(Debug)]
struct Run {
    /// In memory; `None`: in the file, each range packed where that makes it smaller.
    bytes: Option<Vec<u8>>,
    /// Where each range begins, and the end of the last.
    starts: Vec<u64>,
    /// Bytes of each range, unpacked.
    lengths: Vec<usize>,
}

impl Shelf {
    /// Reads table `T` of a folder. `None`: there is none. Takes from the room in memory what the rows keep of it.
    ///
    /// # Errors
    /// As [`read_table`](crate::tables::read_table); the disk.
    pub(super) fn read<T: Table>(folder: &Path, room: &mut Room) -> Outcome<Option<Shelf>> {
        let mut filling = Filling::new::<T>(room);
        let read = read_blocks::<T, Block<T>>(folder, &mut |block| filling.take(block))?;
        let Some(read) = read else { return Ok(None) };
        let (shelf, mut problems) = filling.finish()?;
        if !T::SPEC.key.is_empty() {
            problems.add(shelf.repeated_keys(&read.file)?);
        }
        let mut problems = problems.in_order();
        if let Some(stopped) = read.stopped {
            problems.extend(stopped);
        }
        room.bytes -= shelf.held().min(room.bytes);
        problems.or(Some(shelf))
    }

    /// Bytes in memory.
    fn held(&self) -> usize {
        self.runs.iter().filter_map(|run| run.bytes.as_ref()).map(Vec::len).sum()
    }

    /// Whether its rows did not fit into memory.
    pub(super) fn is_on_disk(&self) -> bool {
        self.file.is_some()
    }

    /// The rows of some ranges, as values: the lives in order, the rows of a life in the order of the file, with their numbers.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn numbered<T: Table>(&self, ranges: Range<usize>) -> Outcome<Vec<(u64, T)>> {
        let stretch = self.stretch(ranges)?;
        let order = order(&self.spec);
        let mut cells = Vec::with_capacity(order.len());
        let mut values = Vec::with_capacity(stretch.rows.len());
        for row in &stretch.rows {
            stretch.cells(row, &order, &mut cells).ok_or_else(|| self.damaged())?;
            values.push((row.number, T::from_text(&|at| cells[at]).map_err(|_| self.damaged())?));
        }
        Ok(values)
    }

    /// The same without their numbers.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn values<T: Table>(&self, ranges: Range<usize>) -> Outcome<Vec<T>> {
        Ok(self.numbered(ranges)?.into_iter().map(|(_, value)| value).collect())
    }

    fn stretch(&self, ranges: Range<usize>) -> Outcome<Stretch> {
        let mut bytes = Vec::new();
        for run in &self.runs {
            run.read(self.file.as_ref(), ranges.clone(), &mut bytes).map_err(|error| self.failed(&error))?;
        }
        Stretch::new(bytes, self.spec.columns.len()).ok_or_else(|| self.damaged())
    }

    fn failed(&self, error: &io::Error) -> Problems {
        let path = self.file.as_ref().map_or(Path::new(self.spec.name), Hidden::path);
        crate::trouble::of_file(path, "cannot be read", error).into()
    }

    fn damaged(&self) -> Problems {
        self.failed(&io::Error::new(io::ErrorKind::InvalidData, "rows that wait are not what was put there"))
    }

    /// Rows whose key an earlier row has. Equal keys are of one life: no range needs another.
    fn repeated_keys(&self, file: &str) -> Outcome<Told> {
        let step = self.step();
        let of_ranges = |at: usize| -> Outcome<Told> {
            let stretch = self.stretch(at..at + step)?;
            let mut told = Told::default();
            let mut keys: Vec<(&[u8], usize)> = Vec::new();
            for of_life in stretch.rows.chunk_by(|a, b| a.key == b.key).filter(|rows| rows.len() > 1) {
                keys.clear();
                for (at, row) in of_life.iter().enumerate() {
                    keys.push((stretch.first_cells(row, self.spec.key.len()).ok_or_else(|| self.damaged())?, at));
                }
                keys.sort_unstable();
                for pair in keys.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                    let (first, row) = (&of_life[pair[0].1], &of_life[pair[1].1]);
                    told.note(row.number, || same_key(&self.spec, (file, row.line), first.line));
                }
            }
            told.shorten();
            Ok(told)
        };
        let none = || Ok(Told::default());
        (0..RANGES).into_par_iter().step_by(step).map(of_ranges).reduce(none, |a, b| {
            let mut a = a?;
            a.add(b?);
            Ok(a)
        })
    }

    /// Ranges that are looked at together: some ten thousand rows, if the table has so many.
    pub(super) fn step(&self) -> usize {
        step(self.rows)
    }
}

/// Ranges for about a [`PIECE_ROWS`] rows, a power of two.
pub(super) fn step(rows: u64) -> usize {
    /// Rows that are looked at together.
    const PIECE_ROWS: u64 = 32_768;
    let pieces = (rows / PIECE_ROWS).next_power_of_two().min(RANGES as u64);
    RANGES / pieces as usize
}

impl Run {
    /// Appends the rows of some ranges.
    fn read(&self, file: Option<&Hidden>, ranges: Range<usize>, out: &mut Vec<u8>) -> io::Result<()> {
        let (first, end) = (self.starts[ranges.start], self.starts[ranges.end]);
        if let Some(bytes) = &self.bytes {
            out.extend_from_slice(&bytes[first as usize..end as usize]);
            return Ok(());
        }
        let (Some(file), true) = (file, end > first) else { return Ok(()) };
        let packed = file.read(first, (end - first) as usize)?;
        let mut unpacker = Unpacker::new()?;
        for at in ranges.filter(|at| self.lengths[*at] > 0) {
            let of_range = &packed[(self.starts[at] - first) as usize..(self.starts[at + 1] - first) as usize];
            match self.lengths[at] {
                length if length == of_range.len() => out.extend_from_slice(of_range),
                length => unpacker.unpack(of_range, length, out)?,
            }
        }
        Ok(())
    }
}

/// Rows of some ranges, in the order of their lives.
struct Stretch {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

/// A row, and where its cells are.
struct Row {
    key: u64,
    number: u64,
    line: u64,
    cells: usize,
}

impl Stretch {
    /// `None`: the bytes are none of ours.
    fn new(bytes: Vec<u8>, columns: usize) -> Option<Stretch> {
        let mut rows = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (key, behind) = rest.split_first_chunk()?;
            rest = behind;
            let number = take_number(&mut rest)?;
            let line = number.wrapping_add(take_number(&mut rest)?);
            rows.push(Row { key: u64::from_le_bytes(*key), number, line, cells: bytes.len() - rest.len() });
            for _ in 0..columns {
                take_cell(&mut rest)?;
            }
        }
        // Runs are in the order of the file, and so are a life's rows in each of them.
        rows.sort_by_key(|row| row.key);
        Some(Stretch { bytes, rows })
    }

    /// The cells of a row, in the order of the declaration.
    fn cells<'s>(&'s self, row: &Row, order: &[usize], cells: &mut Vec<&'s str>) -> Option<()> {
        cells.clear();
        cells.resize(order.len(), "");
        let mut rest = &self.bytes[row.cells..];
        for at in order {
            cells[*at] = std::str::from_utf8(take_cell(&mut rest)?).ok()?;
        }
        Some(())
    }

    /// The first cells of a row, as bytes that are equal when they are.
    fn first_cells(&self, row: &Row, count: usize) -> Option<&[u8]> {
        let from = &self.bytes[row.cells..];
        let mut rest = from;
        for _ in 0..count {
            take_cell(&mut rest)?;
        }
        Some(&from[..from.len() - rest.len()])
    }
}

/// The columns as they are put away: those of the key first.
fn order(spec: &TableSpec) -> Vec<usize> {
    let is_key = |at: &usize| spec.key.contains(&spec.columns[*at].name);
    let all = 0..spec.columns.len();
    all.clone().filter(is_key).chain(all.filter(|at| !is_key(at))).collect()
}

fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 1 << 7 {
        out.push(number as u8 | 1 << 7);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..10 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 1 << 7 {
            return Some(number);
        }
    }
    None
}

fn take_cell<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_number(rest)?;
    let (cell, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = behind;
    Some(cell)
}

/// Problems with the numbers of their rows: the first of them, and how many there are.
#[derive(Debug, Default)]
struct Told {
    first: Vec<(u64, Problem)>,
    count: u64,
}

impl Told {
    fn note(&mut self, number: u64, problem: impl FnOnce() -> Problem) {
        self.count += 1;
        let last = self.first.iter().map(|(number, _)| *number).max();
        if self.first.len() < MOST_TOLD || last.is_some_and(|last| number < last) {
            self.first.push((number, problem()));
        }
        if self.first.len() > 10 * MOST_TOLD {
            self.shorten();
        }
    }

    fn add(&mut self, other: Told) {
        self.first.extend(other.first);
        self.count += other.count;
        self.shorten();
    }

    fn shorten(&mut self) {
        self.first.sort_by_key(|(number, _)| *number);
        self.first.truncate(MOST_TOLD);
    }

    fn in_order(mut self) -> Problems {
        self.shorten();
        Problems { first: self.first.into_iter().map(|(_, problem)| problem).collect(), count: self.count }
    }
}

/// A block of rows as it comes.
pub(super) struct Block<T> {
    rows: Vec<Waiting>,
    /// Cells, in the order in which they are put away.
    bytes: Vec<u8>,
    /// Rows, those that are bad among them.
    count: u32,
    told: Told,
    order: Vec<usize>,
    of: PhantomData<fn() -> T>,
}

/// A row that waits.
struct Waiting {
    key: u64,
    line: u64,
    /// In the block, from 1.
    number: u32,
    cells: usize,
}

impl<T: Table> Default for Block<T> {
    fn default() -> Self {
        let order = order(&T::SPEC);
        Block { rows: Vec::new(), bytes: Vec::new(), count: 0, told: Told::default(), order, of: PhantomData }
    }
}

impl<T: Table> Gather for Block<T> {
    fn row(&mut self, file: &str, line: u64, cells: &[&str]) {
        self.count += 1;
        let number = self.count;
        if let Err((at, expected)) = T::from_text(&|at| cells[at]) {
            self.told.note(number.into(), || bad_cell(&T::SPEC, (file, line), (at, expected), cells[at]));
            return;
        }
        let life = T::SPEC.columns.iter().zip(cells).find(|(column, _)| column.name == "bene_id");
        let (_, bene_id) = life.expect("tables about single lives name them");
        self.rows.push(Waiting { key: bene_key(bene_id), line, number, cells: self.bytes.len() });
        for at in &self.order {
            put_number(cells[*at].len() as u64, &mut self.bytes);
            self.bytes.extend_from_slice(cells[*at].as_bytes());
        }
    }
}

/// Rows that wait, in blocks.
struct Heap {
    rows: Vec<Waiting>,
    bytes: Vec<u8>,
    /// Rows of the file before the block.
    before: u64,
}

/// A shelf as it is filled.
struct Filling<'r> {
    shelf: Shelf,
    room: &'r Room,
    heaps: Vec<Heap>,
    held: usize,
    /// Rows that came, those that are bad among them.
    came: u64,
    told: Told,
}

impl<'r> Filling<'r> {
    fn new<T: Table>(room: &'r Room) -> Filling<'r> {
        let shelf = Shelf { spec: T::SPEC, rows: 0, runs: Vec::new(), file: None };
        Filling { shelf, room, heaps: Vec::new(), held: 0, came: 0, told: Told::default() }
    }

    fn take<T: Table>(&mut self, block: Block<T>) -> Outcome<()> {
        let mut told = block.told;
        told.first.iter_mut().for_each(|(number, _)| *number += self.came);
        self.told.add(told);
        let mut heap = Heap { rows: block.rows, bytes: block.bytes, before: self.came };
        self.came += u64::from(block.count);
        if heap.rows.is_empty() {
            return Ok(());
        }
        heap.rows.shrink_to_fit();
        heap.bytes.shrink_to_fit();
        self.shelf.rows += heap.rows.len() as u64;
        self.held += heap.bytes.len() + heap.rows.len() * size_of::<Waiting>();
        self.heaps.push(heap);
        if self.held > self.room.bytes { self.put_away(true) } else { Ok(()) }
    }

    fn finish(mut self) -> Outcome<(Shelf, Told)> {
        self.put_away(self.shelf.is_on_disk())?;
        Ok((self.shelf, self.told))
    }

    /// Makes a run of what waits.
    fn put_away(&mut self, on_disk: bool) -> Outcome<()> {
        let heaps = std::mem::take(&mut self.heaps);
        self.held = 0;
        if heaps.is_empty() {
            return Ok(());
        }
        let mut order: Vec<(u64, u32, u32)> = Vec::with_capacity(heaps.iter().map(|heap| heap.rows.len()).sum());
        for (at, heap) in heaps.iter().enumerate() {
            order.extend(heap.rows.iter().enumerate().map(|(row, waiting)| (waiting.key, at as u32, row as u32)));
        }
        order.par_sort_unstable();
        let of_range = |range: usize| {
            let before =
                |range: usize| order.partition_point(|(key, ..)| (shard_of(*key, MOST_SHARDS) as usize) < range);
            let mut bytes = Vec::new();
            for (key, heap, row) in &order[before(range)..before(range + 1)] {
                put_row(*key, &heaps[*heap as usize], *row as usize, &mut bytes);
            }
            let length = bytes.len();
            let packed = if on_disk && length >= WORTH_PACKING { Some(pack(&bytes)?) } else { None };
            Ok((packed.filter(|packed| packed.len() < length).unwrap_or(bytes), length))
        };
        let ranges: io::Result<Vec<(Vec<u8>, usize)>> = (0..RANGES).into_par_iter().map(of_range).collect();
        let ranges = ranges.doing("cannot be packed", Path::new(self.shelf.spec.name))?;
        drop(heaps);
        let mut run = Run { bytes: None, starts: Vec::with_capacity(RANGES + 1), lengths: Vec::with_capacity(RANGES) };
        let mut bytes = Vec::with_capacity(ranges.iter().map(|(bytes, _)| bytes.len()).sum());
        for (of_range, length) in ranges {
            run.starts.push(bytes.len() as u64);
            run.lengths.push(length);
            bytes.extend_from_slice(&of_range);
        }
        run.starts.push(bytes.len() as u64);
        if on_disk {
            let file = match &mut self.shelf.file {
                Some(file) => file,
                none => none.insert(Hidden::create(&self.room.folder)?),
            };
            let at = file.add(&bytes);
            let at = at.doing("cannot be written", file.path())?;
            run.starts.iter_mut().for_each(|start| *start += at);
        } else {
            run.bytes = Some(bytes);
        }
        self.shelf.runs.push(run);
        Ok(())
    }
}

fn put_row(key: u64, heap: &Heap, at: usize, out: &mut Vec<u8>) {
    let row = &heap.rows[at];
    let end = heap.rows.get(at + 1).map_or(heap.bytes.len(), |next| next.cells);
    let number = heap.before + u64::from(row.number);
    out.extend_from_slice(&key.to_le_bytes());
    put_number(number, out);
    // Most lines are the row's number and the header's one.
    put_number(row.line.wrapping_sub(number), out);
    out.extend_from_slice(&heap.bytes[row.cells..end]);
}
