//! Packed rows between the passes: cut by unit and part, in memory as long as they fit, on disk when they do not.
//!
//! Each worker fills one arena. A full arena is sorted by bucket and written as one run: a compressed segment per bucket, so
//! that a part is read back by a few seeks and the number of open files is the number of workers, whatever the number of
//! parts.

use acoledger_ingest::dialect::Unit;
use acoledger_ingest::pack::{pack, unpack};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A unit's part: a range of lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    pub(super) unit: Unit,
    pub(super) part: u32,
}

/// A bucket's rows in a file.
#[derive(Clone, Copy, Debug)]
struct Segment {
    at: u64,
    packed: usize,
    length: usize,
}

/// One worker's rows.
#[derive(Debug)]
pub(super) struct Spill {
    path: PathBuf,
    limit: usize,
    arena: Vec<u8>,
    rows: Vec<(Bucket, u32, u32)>,
    file: Option<BufWriter<File>>,
    written: u64,
    segments: BTreeMap<Bucket, Vec<Segment>>,
}

impl Spill {
    /// Rows of one worker: at most about `limit` bytes in memory, the rest at `path`.
    pub(super) fn new(path: PathBuf, limit: usize) -> Spill {
        // Offsets in the arena have 32 bits.
        let limit = limit.min(1 << 30);
        Spill { path, limit, arena: Vec::new(), rows: Vec::new(), file: None, written: 0, segments: BTreeMap::new() }
    }

    /// Takes a packed row.
    pub(super) fn push(&mut self, bucket: Bucket, row: &[u8]) {
        self.rows.push((bucket, self.arena.len() as u32, row.len() as u32));
        self.arena.extend_from_slice(row);
    }

    /// Writes the arena to disk if it is full. Called between chunks, so that a row is never waiting for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        if self.arena.len() + self.rows.len() * size_of::<(Bucket, u32, u32)>() < self.limit {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.rows.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(1 << 20, File::create(&self.path)?)),
        };
        let mut together = Vec::new();
        for same in self.rows.chunk_by(|a, b| a.0 == b.0) {
            together.clear();
            for (_, at, length) in same {
                together.extend_from_slice(&self.arena[*at as usize..(at + length) as usize]);
            }
            let packed = pack(&together)?;
            file.write_all(&packed)?;
            let segment = Segment { at: self.written, packed: packed.len(), length: together.len() };
            self.segments.entry(same[0].0).or_default().push(segment);
            self.written += packed.len() as u64;
        }
        self.rows.clear();
        self.arena.clear();
        Ok(())
    }

    /// Ends the writing: what was never spilled stays in memory.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn finish(mut self) -> io::Result<Run> {
        if self.file.is_some() {
            self.flush()?;
        }
        self.rows.sort_unstable();
        self.arena.shrink_to_fit();
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        Ok(Run { path: self.path, arena: self.arena, rows: self.rows, segments: self.segments })
    }
}

/// One worker's rows, to be read by bucket.
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    arena: Vec<u8>,
    rows: Vec<(Bucket, u32, u32)>,
    segments: BTreeMap<Bucket, Vec<Segment>>,
}

impl Run {
    /// Appends the rows of a bucket.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn read(&self, bucket: Bucket, rows: &mut Vec<u8>) -> io::Result<()> {
        let first = self.rows.partition_point(|(at, _, _)| *at < bucket);
        for (_, at, length) in self.rows[first..].iter().take_while(|(at, _, _)| *at == bucket) {
            rows.extend_from_slice(&self.arena[*at as usize..(at + length) as usize]);
        }
        let Some(segments) = self.segments.get(&bucket) else { return Ok(()) };
        let mut file = File::open(&self.path)?;
        let mut packed = Vec::new();
        for segment in segments {
            file.seek(SeekFrom::Start(segment.at))?;
            packed.resize(segment.packed, 0);
            file.read_exact(&mut packed)?;
            unpack(&packed, segment.length, rows)?;
        }
        Ok(())
    }

    /// Where rows lie that did not fit memory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_by_bucket_from_memory_and_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        for limit in [1, 1 << 20] {
            let mut spill = Spill::new(folder.path().join(format!("{limit}")), limit);
            for number in 0..1000u32 {
                let unit = if number % 2 == 0 { Unit::Carrier } else { Unit::Facility };
                spill.push(Bucket { unit, part: number % 7 }, &number.to_le_bytes());
                if number % 100 == 0 {
                    spill.relieve().expect("disk");
                }
            }
            let run = spill.finish().expect("disk");
            assert_eq!(run.path().exists(), limit == 1);
            let mut rows = Vec::new();
            run.read(Bucket { unit: Unit::Facility, part: 3 }, &mut rows).expect("disk");
            let numbers: Vec<u32> = rows.chunks(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let expected: Vec<u32> = (0..1000).filter(|number| number % 2 == 1 && number % 7 == 3).collect();
            assert_eq!(numbers, expected, "limit {limit}");
        }
    }
}
