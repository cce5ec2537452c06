//! What an ingest did: rows and cents by source file, uses of each normaliser, findings, the files of the lake.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Rows and cents in one bucket of an account.
///
/// Cents are line payments (carrier, DME) or the claim payment as it stands on the row (facility). A facility claim is
/// used once; the same amount on its further rows is `repeated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Cents.
    pub cents: i64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.rows += other.rows;
        self.cents += other.cents;
    }
}

/// One source file: every row and cent that came in, and where it went.
/// `read = used + repeated + rejected + outside + cancelled + unread`, in rows and in cents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccount {
    /// Raw table.
    pub table: String,
    /// Path, relative to the study where it lies below it, with `/`.
    pub file: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Size on disk, bytes.
    pub bytes: u64,
    /// `lines` (header repeated on each line), `base` or `line` (split files), `year` (enrollment), `beside` (what stands beside
    /// claims and lives), `counted` (identifiers, and what no rule reads).
    pub shape: String,
    /// Rows read.
    pub read: Tally,
    /// Rows that the lake is made of.
    pub used: Tally,
    /// Rows that repeat another.
    pub repeated: Tally,
    /// Rows refused; each stands in the rejects.
    pub rejected: Tally,
    /// Rows of years that were not asked for.
    pub outside: Tally,
    /// Rows of claims that a later version cancels, and of the cancels: final action took them away.
    #[serde(default)]
    pub cancelled: Tally,
    /// Rows that no rule reads, of files whose records are counted and checked.
    #[serde(default)]
    pub unread: Tally,
    /// Rejected rows whose amount could not be read.
    pub amount_unknown_rows: u64,
    /// Wanted columns that the file lacks: their values are not available, not zero.
    pub not_available: Vec<String>,
}

/// Something that a reader of the results should know, and how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What was met, a short sentence.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// One file of the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeFile {
    /// Path below the lake, with `/`.
    pub file: String,
    /// Table.
    pub table: String,
    /// Year; none for `bene`.
    pub year: Option<i32>,
    /// Shard.
    pub shard: u32,
    /// Rows.
    pub rows: u64,
    /// Distinct lives.
    pub lives: u64,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
}

/// What an ingest did. Stands in the lake as `manifest.json`; equal inputs give equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestReport {
    /// How the key of a life is made.
    pub key_hash: String,
    /// Order of rows in each file.
    pub sort_key: String,
    /// Shards.
    pub shards: u32,
    /// Lives in `bene`.
    pub lives: u64,
    /// Source files, sorted by table and path.
    pub sources: Vec<FileAccount>,
    /// Files that were there and not read, and why.
    pub ignored: Vec<Note>,
    /// Uses of each normaliser, by its name.
    pub normalised: BTreeMap<String, u64>,
    /// What a reader should know.
    pub findings: Vec<Note>,
    /// Files of the lake, sorted by path.
    pub files: Vec<LakeFile>,
    /// Rejected rows, a CSV below the lake with the columns of `rejects`; none when nothing was rejected.
    pub rejects: Option<String>,
}

impl IngestReport {
    /// Sum over all source files of one bucket.
    pub fn total(&self, bucket: impl Fn(&FileAccount) -> Tally) -> Tally {
        let mut sum = Tally::default();
        self.sources.iter().for_each(|of| sum += bucket(of));
        sum
    }
}
