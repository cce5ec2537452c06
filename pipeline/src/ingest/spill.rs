//! Packed rows between the passes: cut by unit and part, in memory as long as they fit, on disk when they do not.
//!
//! Each worker has one growing buffer per bucket, so that rows are copied once and never sorted here. When all buffers together
//! are full, the fullest are written as compressed segments until half is free: a part is read back by a few seeks, and the number
//! of open files is the number of workers, whatever the number of parts.

use acoledger_ingest::dialect::Unit;
use acoledger_ingest::pack::{Packer, Unpacker};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of a segment before it is packed, at most: so much of a part is in memory twice.
const SEGMENT_BYTES: usize = 8 << 20;

/// A unit's part: a range of lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    pub(super) unit: Unit,
    pub(super) part: u32,
}

impl Bucket {
    fn place(self, parts: u32) -> usize {
        self.unit as usize * parts as usize + self.part as usize
    }
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
    parts: u32,
    buckets: Vec<Vec<u8>>,
    /// Bytes that the buffers take, used or not.
    held: usize,
    file: Option<BufWriter<File>>,
    written: u64,
    segments: BTreeMap<usize, Vec<Segment>>,
}

impl Spill {
    /// Rows of one worker, of `parts` parts: at most about `limit` bytes in memory, the rest at `path`.
    pub(super) fn new(path: PathBuf, parts: u32, limit: usize) -> Spill {
        let buckets = vec![Vec::new(); Unit::ALL.len() * parts as usize];
        Spill { path, limit, parts, buckets, held: 0, file: None, written: 0, segments: BTreeMap::new() }
    }

    /// Takes a packed row.
    #[inline]
    pub(super) fn push(&mut self, bucket: Bucket, row: &[u8]) {
        let rows = &mut self.buckets[bucket.place(self.parts)];
        let before = rows.capacity();
        rows.extend_from_slice(row);
        self.held += rows.capacity() - before;
    }

    /// Writes the rows to disk if they are too many. Called between chunks, so that a row is never waiting for the disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        if self.held < self.limit { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(1 << 20, File::create(&self.path)?)),
        };
        let mut packer = Packer::new()?;
        let mut places: Vec<usize> = (0..self.buckets.len()).filter(|place| !self.buckets[*place].is_empty()).collect();
        places.sort_by_key(|place| std::cmp::Reverse(self.buckets[*place].capacity()));
        for place in places {
            if self.held <= self.limit / 2 {
                break;
            }
            // The buffer is given back: the next rows may be of other buckets.
            let rows = std::mem::take(&mut self.buckets[place]);
            self.held -= rows.capacity();
            for piece in rows.chunks(SEGMENT_BYTES) {
                let packed = packer.pack(piece)?;
                file.write_all(packed)?;
                let segment = Segment { at: self.written, packed: packed.len(), length: piece.len() };
                self.segments.entry(place).or_default().push(segment);
                self.written += packed.len() as u64;
            }
        }
        Ok(())
    }

    /// Ends the writing: what was never spilled stays in memory, without the room that buffers left.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn finish(mut self) -> io::Result<Run> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        self.buckets.iter_mut().for_each(Vec::shrink_to_fit);
        Ok(Run { path: self.path, parts: self.parts, buckets: self.buckets, segments: self.segments })
    }
}

/// One worker's rows, to be read by bucket.
#[derive(Debug)]
pub(super) struct Run {
    path: PathBuf,
    parts: u32,
    buckets: Vec<Vec<u8>>,
    segments: BTreeMap<usize, Vec<Segment>>,
}

impl Run {
    /// Bytes of the rows of a bucket.
    pub(super) fn length(&self, bucket: Bucket) -> usize {
        let place = bucket.place(self.parts);
        let spilled = self.segments.get(&place).into_iter().flatten();
        self.buckets[place].len() + spilled.map(|segment| segment.length).sum::<usize>()
    }

    /// Appends the rows of a bucket, in the order in which they came.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn read(&self, bucket: Bucket, rows: &mut Vec<u8>) -> io::Result<()> {
        let place = bucket.place(self.parts);
        if let Some(segments) = self.segments.get(&place) {
            let mut file = File::open(&self.path)?;
            let (mut packed, mut unpacker) = (Vec::new(), Unpacker::new()?);
            for segment in segments {
                file.seek(SeekFrom::Start(segment.at))?;
                packed.resize(segment.packed, 0);
                file.read_exact(&mut packed)?;
                unpacker.unpack(&packed, segment.length, rows)?;
            }
        }
        rows.extend_from_slice(&self.buckets[place]);
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
            let mut spill = Spill::new(folder.path().join(format!("{limit}")), 7, limit);
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
            let bucket = Bucket { unit: Unit::Facility, part: 3 };
            run.read(bucket, &mut rows).expect("disk");
            assert_eq!(rows.len(), run.length(bucket));
            let numbers: Vec<u32> = rows.chunks(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let expected: Vec<u32> = (0..1000).filter(|number| number % 2 == 1 && number % 7 == 3).collect();
            assert_eq!(numbers, expected, "limit {limit}");
        }
    }
}
