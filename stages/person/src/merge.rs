//! The merge: streams of all tables and years of a shard, walked life by life.

use crate::columns::{Reader, trouble};
use crate::context::Context;
use crate::counties::Counties;
use crate::streams::{Batches, ShardStreams};
use crate::views::{BeneView, EnrollView, FacilityView, LineView, RevenueView, View};
use acoledger_schemas::table::Problems;
use arrow_buffer::ScalarBuffer;
use std::ops::Range;

/// Tables in the order in which a life is read.
pub(crate) const ORDER: [&str; 6] = ["bene", "enrollment", "facility", "revenue", "carrier", "dme"];

/// One stream: its open batch and the row it stands at.
struct Cursor<'a> {
    table: usize,
    year: Option<i32>,
    batches: Batches<'a>,
    keys: ScalarBuffer<u64>,
    row: usize,
    view: Option<View>,
    done: bool,
}

/// All streams of a shard.
pub(crate) struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    pub(crate) counties: Counties,
}

/// Rows of one life in one batch.
pub(crate) struct Rows<'v> {
    pub(crate) view: &'v View,
    pub(crate) year: Option<i32>,
    pub(crate) rows: Range<usize>,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(context: &Context, streams: ShardStreams<'a>) -> Result<Merge<'a>, Problems> {
        let mut merge = Merge { cursors: Vec::new(), counties: Counties::default() };
        for (table, year, batches) in streams.streams {
            let Some(table) = ORDER.iter().position(|known| *known == table) else {
                return Err(trouble(&table, year, "", "not a table of the lake"));
            };
            let keys = ScalarBuffer::from(Vec::new());
            merge.cursors.push(Cursor { table, year, batches, keys, row: 0, view: None, done: false });
        }
        merge.cursors.sort_by_key(|cursor| (cursor.table, cursor.year));
        for pair in merge.cursors.windows(2) {
            if (pair[0].table, pair[0].year) == (pair[1].table, pair[1].year) {
                return Err(trouble(ORDER[pair[0].table], pair[0].year, "", "two streams of one table and year"));
            }
        }
        for cursor in &mut merge.cursors {
            cursor.fill(context, &mut merge.counties)?;
        }
        Ok(merge)
    }

    /// The next life of any stream.
    pub(crate) fn next_life(&self) -> Option<u64> {
        self.cursors.iter().filter(|cursor| !cursor.done).map(|cursor| cursor.keys[cursor.row]).min()
    }

    /// Gives `take` every row of a life, in the order of tables and years; then all streams stand at later lives.
    pub(crate) fn read_life(
        &mut self,
        life: u64,
        context: &Context,
        mut take: impl FnMut(Rows<'_>) -> Result<(), Problems>,
    ) -> Result<(), Problems> {
        for cursor in &mut self.cursors {
            while !cursor.done && cursor.keys[cursor.row] == life {
                let first = cursor.row;
                let length = cursor.keys[first..].iter().take_while(|key| **key == life).count();
                let rows = first..first + length;
                if let Some(view) = &cursor.view {
                    take(Rows { view, year: cursor.year, rows: rows.clone() })?;
                }
                cursor.row = rows.end;
                cursor.fill(context, &mut self.counties)?;
                if !cursor.done && cursor.keys[cursor.row] < life {
                    let what = "rows are not sorted by `bene_key`";
                    return Err(trouble(ORDER[cursor.table], cursor.year, "bene_key", what));
                }
            }
        }
        Ok(())
    }
}

impl Cursor<'_> {
    /// Opens batches until one has a row left.
    fn fill(&mut self, context: &Context, counties: &mut Counties) -> Result<(), Problems> {
        while !self.done && self.row >= self.keys.len() {
            match self.batches.next() {
                None => {
                    self.done = true;
                    self.view = None;
                }
                Some(Err(what)) => return Err(trouble(ORDER[self.table], self.year, "", what)),
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    let reader = Reader { table: ORDER[self.table], year: self.year, batch: &batch };
                    self.keys = reader.keys("bene_key")?;
                    self.row = 0;
                    self.view = Some(open(&reader, self.view.take(), context, counties)?);
                }
            }
        }
        Ok(())
    }
}

fn open(reader: &Reader<'_>, kept: Option<View>, context: &Context, counties: &mut Counties) -> Result<View, Problems> {
    macro_rules! kept {
        ($variant:ident) => {
            match kept {
                Some(View::$variant(view)) => Some(*view),
                _ => None,
            }
        };
    }
    Ok(match reader.table {
        "bene" => View::Bene(BeneView::new(reader)?),
        "enrollment" => View::Enroll(Box::new(EnrollView::new(reader, kept!(Enroll), context, counties)?)),
        "facility" => View::Facility(Box::new(FacilityView::new(reader, context, kept!(Facility))?)),
        "revenue" => View::Revenue(Box::new(RevenueView::new(reader, context, kept!(Revenue))?)),
        table => View::Lines(Box::new(LineView::new(reader, context, kept!(Lines), table == "carrier")?)),
    })
}
