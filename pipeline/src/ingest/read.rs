//! The first pass: every file in chunks, by all workers, into packed rows.

use super::feed::{Feed, wrong_length};
use super::look::{Form, Source};
use super::record::Few;
use super::rejects::Rejects;
use super::spill::{Bucket, Run, Spill};
use super::{IngestPlan, Progress};
use crate::parquet_door;
use crate::trouble::{self, Io, Outcome};
use acoledger_ingest::columns::BatchColumns;
use acoledger_ingest::dialect::{FileShape, Unit};
use acoledger_ingest::extract::{Extractor, Reject, Sink};
use acoledger_ingest::fixed::{self, Spans};
use acoledger_ingest::lives::{self, LifeCache};
use acoledger_ingest::normalise::Uses;
use acoledger_ingest::pack::decompressed;
use acoledger_ingest::text::{self, Records, TextCells};
use acoledger_ingest::years::YearSet;
use acoledger_schemas::keys::shard_of;
use acoledger_schemas::table::Problem;
use parquet::arrow::ProjectionMask;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};

/// Text that a worker takes at a time, bytes.
const CHUNK_BYTES: usize = 4 << 20;
/// Longest record, bytes: beyond it a quote is open that nobody closes.
const LONGEST_RECORD_BYTES: usize = 16 << 20;
/// Rows of a Parquet batch.
const BATCH_ROWS: usize = 8192;

/// What the first pass learned of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct FileFacts {
    /// SHA-256 of the content.
    pub(super) sha256: String,
    /// Rows.
    pub(super) rows: u64,
    /// Sum of the amounts that could be read.
    pub(super) cents: i64,
    /// Rows refused at once.
    pub(super) rejected: u64,
    /// Their cents.
    pub(super) rejected_cents: i64,
    /// Those whose amount could not be read.
    pub(super) amount_unknown: u64,
    /// Their lives, where known.
    pub(super) rejected_lives: Few<u64>,
    /// Years that good rows are of, where rows say it.
    pub(super) years: YearSet,
    /// Whether a row is of a claim that cancels another.
    pub(super) cancels: bool,
    /// Uses of normalisers.
    pub(super) uses: Uses,
}

/// What the first pass leaves to the second.
#[derive(Debug)]
pub(super) struct Read1 {
    /// Packed rows.
    pub(super) runs: Vec<Run>,
    /// By file, in the order given.
    pub(super) facts: Vec<FileFacts>,
}

/// Reads all files. `parts` is a power of two: how many ranges of lives the rows are cut into.
///
/// # Errors
/// A file that cannot be read or is damaged, a disk that is full.
pub(super) fn all(
    plan: &IngestPlan,
    (sources, feed): (&[Source], Option<&Feed>),
    parts: u32,
    rejects: &Rejects,
    staging: &Path,
    progress: &dyn Progress,
) -> Outcome<Read1> {
    let queue = Queue {
        open: sources.iter().map(|_| Mutex::new(State::Waiting)).collect(),
        facts: sources.iter().map(|_| Mutex::new(FileFacts::default())).collect(),
        stopped: AtomicBool::new(false),
    };
    let workers = rayon::current_num_threads();
    // Half of the bound for rows that wait, counted with the room that their buffers leave; the other half is for sorting and writing.
    let limit = (plan.memory_bytes / 2 / workers as u64) as usize;
    let results: Mutex<Vec<Outcome<Run>>> = Mutex::new(Vec::new());
    rayon::scope(|scope| {
        for worker in 0..workers {
            let (queue, results) = (&queue, &results);
            scope.spawn(move |_| {
                let spill = Spill::new(staging.join(format!("rows-{worker}")), parts, limit);
                let mut worker = Worker { spill, lives: LifeCache::default(), parts, rejects, tally: Tally::default() };
                let done = work(plan, (sources, feed), queue, &mut worker, progress);
                queue.stopped.fetch_or(done.is_err(), Ordering::Relaxed);
                let finish = |()| worker.spill.finish().doing("cannot be written", staging);
                results.lock().expect("no holder panics").push(done.and_then(finish));
            });
        }
    });
    let runs = results.into_inner().expect("no holder panics").into_iter().collect::<Outcome<Vec<Run>>>()?;
    let facts = queue.facts.into_iter().map(|facts| facts.into_inner().expect("no holder panics")).collect();
    Ok(Read1 { runs, facts })
}

/// Files and how far each is read.
struct Queue {
    open: Vec<Mutex<State>>,
    facts: Vec<Mutex<FileFacts>>,
    stopped: AtomicBool,
}

/// How far a file is read.
enum State {
    Waiting,
    Text(Box<TextReader>),
    Groups { next: usize, row: u64 },
    Done,
}

/// A piece of a file that one worker reads.
enum Piece {
    Text { bytes: Vec<u8>, first_row: u64, quoted: bool },
    Fixed { bytes: Vec<u8>, first_row: u64 },
    Group { group: usize, first_row: u64 },
    Hash,
}

/// One worker's sink.
struct Worker<'a> {
    spill: Spill,
    lives: LifeCache,
    parts: u32,
    rejects: &'a Rejects,
    tally: Tally,
}

/// Rejects of the piece at hand.
#[derive(Default)]
struct Tally {
    rows: u64,
    cents: i64,
    unknown: u64,
    lives: Few<u64>,
}

impl Sink for Worker<'_> {
    #[inline]
    fn row(&mut self, unit: Unit, bene_key: u64, row: &[u8]) {
        self.spill.push(Bucket { unit, part: shard_of(bene_key, self.parts) }, row);
    }

    fn life(&mut self, bene_key: u64, bene_id: &[u8]) {
        if self.lives.is_new(bene_key, bene_id) {
            let row = lives::life(bene_key, bene_id);
            self.row(Unit::Bene, bene_key, &row);
        }
    }

    fn reject(&mut self, reject: Reject<'_>) {
        self.tally.rows += 1;
        self.tally.cents += reject.cents;
        self.tally.unknown += u64::from(!reject.amount_known);
        reject.life.into_iter().for_each(|life| self.tally.lives.push(life));
        self.rejects.push(&reject);
    }
}

/// Takes pieces until there are none.
fn work(
    plan: &IngestPlan,
    (sources, feed): (&[Source], Option<&Feed>),
    queue: &Queue,
    worker: &mut Worker<'_>,
    progress: &dyn Progress,
) -> Outcome<()> {
    while !queue.stopped.load(Ordering::Relaxed) {
        let Some((number, piece, bytes)) = next(sources, queue)? else { break };
        let source = &sources[number];
        let path = &source.file.path;
        let mut extractor = Extractor::new(&source.layout, source.number, plan.sas_day_numbers);
        if let Some(delivery) = source.delivery(feed) {
            extractor = extractor.of_delivery(delivery);
        }
        worker.tally = Tally::default();
        match piece {
            Piece::Text { bytes, first_row, quoted } => {
                read_text(source, &bytes, first_row, quoted, &mut extractor, worker)
            }
            Piece::Fixed { bytes, first_row } => read_fixed(source, &bytes, first_row, &mut extractor, worker)?,
            Piece::Group { group, first_row } => {
                read_group(source, group, first_row, &mut extractor, worker).doing("cannot be read", path)?;
            }
            Piece::Hash => {
                let hash = crate::files::hash_file(path)?;
                queue.facts[number].lock().expect("no holder panics").sha256 = hash;
            }
        }
        worker.spill.relieve().doing("cannot be spilled", path)?;
        let mut facts = queue.facts[number].lock().expect("no holder panics");
        facts.rows += extractor.rows;
        facts.cents = facts.cents.checked_add(extractor.cents).ok_or_else(|| beyond_money(path))?;
        facts.rejected += worker.tally.rows;
        facts.rejected_cents += worker.tally.cents;
        facts.amount_unknown += worker.tally.unknown;
        facts.rejected_lives.add(std::mem::take(&mut worker.tally.lives));
        facts.years.add(extractor.years);
        facts.cancels |= extractor.cancels;
        facts.uses.add(&extractor.uses);
        drop(facts);
        progress.advance(extractor.rows, bytes);
    }
    Ok(())
}

/// Amounts that no sum of cents can hold.
fn beyond_money(path: &Path) -> Problem {
    trouble::of_file_with_hint(
        path,
        "its amounts add up to more than can be counted",
        "the file is damaged: get it again",
    )
}

/// The next piece of the first file that has one: a file in the hands of another worker is left to it, unless all are.
fn next(sources: &[Source], queue: &Queue) -> Outcome<Option<(usize, Piece, u64)>> {
    for wait in [false, true] {
        for (number, state) in queue.open.iter().enumerate() {
            let mut state = match state.try_lock() {
                Ok(state) => state,
                Err(TryLockError::WouldBlock) if !wait => continue,
                Err(_) => state.lock().expect("no holder panics"),
            };
            let piece = piece_of(&sources[number], &mut state, &queue.facts[number]);
            if let Some((piece, bytes)) = piece.doing("cannot be read", &sources[number].file.path)? {
                return Ok(Some((number, piece, bytes)));
            }
        }
    }
    Ok(None)
}

fn piece_of(source: &Source, state: &mut State, facts: &Mutex<FileFacts>) -> io::Result<Option<(Piece, u64)>> {
    if matches!(state, State::Waiting) {
        match &source.form {
            Form::Text { delimiter, .. } => {
                *state = State::Text(Box::new(TextReader::open(source, Cutting::Delimited(*delimiter))?));
            }
            Form::Fixed { length, .. } => {
                *state = State::Text(Box::new(TextReader::open(source, Cutting::Fixed(*length))?));
            }
            Form::Parquet(_) => {
                *state = State::Groups { next: 0, row: 1 };
                return Ok(Some((Piece::Hash, 0)));
            }
        }
    }
    match state {
        State::Text(reader) => {
            let before = reader.taken.load(Ordering::Relaxed);
            let chunk = reader.next_chunk()?;
            let bytes = reader.taken.load(Ordering::Relaxed) - before;
            if chunk.is_none() {
                facts.lock().expect("no holder panics").sha256 = reader.hash()?;
                *state = State::Done;
            }
            Ok(chunk.map(|piece| (piece, bytes)))
        }
        State::Groups { next, row } => {
            let Form::Parquet(metadata) = &source.form else { unreachable!("only Parquet has row groups") };
            let groups = metadata.metadata().row_groups();
            let Some(group) = groups.get(*next) else {
                *state = State::Done;
                return Ok(None);
            };
            let piece = Piece::Group { group: *next, first_row: *row };
            let share = source.bytes / groups.len() as u64;
            (*next, *row) = (*next + 1, *row + group.num_rows() as u64);
            Ok(Some((piece, share)))
        }
        State::Waiting | State::Done => Ok(None),
    }
}

/// Hashes and counts what passes through it.
struct Hashed {
    file: Box<dyn Read + Send>,
    hasher: Arc<Mutex<Sha256>>,
    taken: Arc<AtomicU64>,
}
impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hasher.lock().expect("no holder panics").update(&buffer[..length]);
        self.taken.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// How a text is cut into records.
#[derive(Clone, Copy)]
enum Cutting {
    Delimited(u8),
    Fixed(usize),
}

/// A file of text, cut into chunks of whole records.
struct TextReader {
    text: Box<dyn Read + Send>,
    hasher: Arc<Mutex<Sha256>>,
    taken: Arc<AtomicU64>,
    cutting: Cutting,
    rest: Vec<u8>,
    row: u64,
    ended: bool,
}

impl TextReader {
    fn open(source: &Source, cutting: Cutting) -> io::Result<TextReader> {
        let (hasher, taken) = (Arc::new(Mutex::new(Sha256::new())), Arc::new(AtomicU64::new(0)));
        let file: Box<dyn Read + Send> = match &source.form {
            Form::Fixed { member: Some(member), .. } => member.open(&source.file.path)?,
            _ => Box::new(File::open(&source.file.path)?),
        };
        let hashed = Hashed { file, hasher: hasher.clone(), taken: taken.clone() };
        // A header is record 0, so that the row behind it is row 1.
        let (text, row): (Box<dyn Read + Send>, u64) = match cutting {
            Cutting::Delimited(_) => (decompressed(hashed)?, 0),
            Cutting::Fixed(_) => (Box::new(hashed), 1),
        };
        Ok(TextReader { text, hasher, taken, cutting, rest: Vec::new(), row, ended: false })
    }

    /// The next chunk; none at the end.
    fn next_chunk(&mut self) -> io::Result<Option<Piece>> {
        if self.ended && self.rest.is_empty() {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(CHUNK_BYTES + self.rest.len());
        bytes.append(&mut self.rest);
        loop {
            let wanted = CHUNK_BYTES.max(bytes.len() / 2) as u64;
            let length = if self.ended { 0 } else { self.text.by_ref().take(wanted).read_to_end(&mut bytes)? };
            self.ended |= length == 0;
            let first_row = self.row;
            let (end, records, quoted) = match self.cutting {
                Cutting::Delimited(delimiter) => {
                    let cut = text::cut(&bytes, delimiter, self.ended);
                    (cut.end, cut.records, cut.quoted)
                }
                Cutting::Fixed(length) => {
                    let end = fixed::cut(&bytes, self.ended);
                    (end, fixed::lines(&bytes[..end], length), false)
                }
            };
            if end > 0 {
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                self.row += records;
                return Ok(Some(match self.cutting {
                    Cutting::Delimited(_) => Piece::Text { bytes, first_row, quoted },
                    Cutting::Fixed(_) => Piece::Fixed { bytes, first_row },
                }));
            }
            if self.ended {
                return Ok(None);
            }
            if bytes.len() > LONGEST_RECORD_BYTES {
                let what = format!("row {}: a record of more than {LONGEST_RECORD_BYTES} bytes", self.row);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }

    /// The hash of the file, whose text has come to its end.
    fn hash(&mut self) -> io::Result<String> {
        io::copy(&mut self.text, &mut io::sink())?;
        let digest = self.hasher.lock().expect("no holder panics").clone().finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn read_text(
    source: &Source,
    bytes: &[u8],
    first_row: u64,
    quoted: bool,
    extractor: &mut Extractor<'_>,
    worker: &mut Worker<'_>,
) {
    let Form::Text { delimiter, .. } = source.form else { unreachable!("only text is cut into chunks") };
    let layout = &source.layout;
    let mut records = Records::new(bytes, delimiter, quoted);
    let mut row = first_row;
    while let Some(record) = records.next() {
        match (row, record.len()) {
            (0, _) => {}
            _ if record.is_empty() => {}
            (_, width) if width == layout.width => {
                extractor.row(&TextCells { record, needed: &layout.needed }, row, worker);
            }
            (_, width) => extractor.ragged(width, row, worker),
        }
        row += 1;
    }
}

fn read_fixed(
    source: &Source,
    bytes: &[u8],
    first_row: u64,
    extractor: &mut Extractor<'_>,
    worker: &mut Worker<'_>,
) -> Outcome<()> {
    let Form::Fixed { length, spans, .. } = &source.form else {
        unreachable!("only records of fixed width are cut so")
    };
    let spans = Spans::new(spans.clone());
    let counted = source.layout.shape == FileShape::Counted;
    for record in fixed::Records::new(bytes, *length, first_row) {
        let (row, record) = record.map_err(|wrong| {
            let wanted = format!("the file's records have {length}");
            wrong_length(&source.file.name, wrong.record, wrong.bytes, &wanted)
        })?;
        match counted {
            true => extractor.rows += 1,
            false => extractor.row(&spans.of(record), row, worker),
        }
    }
    spans.note(&mut extractor.uses);
    Ok(())
}

fn read_group(
    source: &Source,
    group: usize,
    first_row: u64,
    extractor: &mut Extractor<'_>,
    worker: &mut Worker<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let Form::Parquet(metadata) = &source.form else { unreachable!("only Parquet has row groups") };
    let builder = parquet_door::with_metadata(&source.file.path, metadata.clone())?;
    let columns = ProjectionMask::roots(builder.parquet_schema(), source.layout.needed.iter().copied());
    let builder = builder.with_row_groups(vec![group]).with_projection(columns).with_batch_size(BATCH_ROWS);
    let batches = parquet_door::batches(builder)?;
    let mut row = first_row;
    for batch in batches {
        let batch = batch?;
        let columns = BatchColumns::of(&batch)?;
        for at in 0..batch.num_rows() {
            extractor.row(&columns.row(at), row, worker);
            row += 1;
        }
        // A row group may hold more than memory may.
        worker.spill.relieve()?;
    }
    Ok(())
}
