//! The batches of one shard.

use arrow_array::RecordBatch;

/// Batches of one lake file in order; an error says what could not be read.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send + 'a>;

/// The streams of one shard: one per table and year.
#[derive(Default)]
pub struct ShardStreams<'a> {
    pub(crate) streams: Vec<(String, Option<i32>, Batches<'a>)>,
}

impl<'a> ShardStreams<'a> {
    /// No streams yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the file of `table` and `year` (`None` for a table without years). Batches may hold any columns beyond those of
    /// [`Needs`](crate::Needs), in any order.
    pub fn add(&mut self, table: &str, year: Option<i32>, batches: Batches<'a>) {
        self.streams.push((table.to_owned(), year, batches));
    }

    /// The streams: table, year, batches.
    pub fn into_parts(self) -> Vec<(String, Option<i32>, Batches<'a>)> {
        self.streams
    }
}
