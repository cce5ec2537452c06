//! A small lake in memory: rows of text in, sorted batches in the lake's schema out.

use acoledger_person::{Context, ShardStreams};
use acoledger_schemas::keys::{bene_key, claim_key, shard_of};
use acoledger_schemas::lake::{LakeTable, Store};
use acoledger_schemas::values::{Cents, Date};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A row: text by lake column; dates ISO, amounts decimal dollars, absent columns blank.
pub(crate) type Row = HashMap<&'static str, String>;

/// Rows by table and year.
#[derive(Default, Clone)]
pub(crate) struct Lake {
    rows: BTreeMap<(&'static str, Option<i32>), Vec<Row>>,
}

impl Lake {
    pub(crate) fn push(&mut self, name: &'static str, year: Option<i32>, row: Row) {
        self.rows.entry((name, year)).or_default().push(row);
    }

    pub(crate) fn lives(&self) -> usize {
        self.rows.get(&("bene", None)).map_or(0, Vec::len)
    }

    /// The same, a lake for each life.
    pub(crate) fn by_life(&self) -> BTreeMap<String, Lake> {
        let mut lakes: BTreeMap<String, Lake> = BTreeMap::new();
        for ((name, year), rows) in &self.rows {
            for row in rows {
                lakes.entry(row["bene_id"].clone()).or_default().push(name, *year, row.clone());
            }
        }
        lakes
    }

    /// The streams of one shard that a study needs, in batches of at most `batch_rows`.
    pub(crate) fn shard(&self, context: &Context, shard: u32, shards: u32, batch_rows: usize) -> ShardStreams<'static> {
        let mut streams = ShardStreams::new();
        for need in &context.needs().tables {
            for ((name, year), rows) in &self.rows {
                let asked = year.is_none_or(|year| need.years.contains(&year) || need.optional_years.contains(&year));
                if *name == need.table.name && asked {
                    let rows: Vec<&Row> =
                        rows.iter().filter(|row| shard_of(bene_key(&row["bene_id"]), shards) == shard).collect();
                    let batches = batches(need.table, &need.columns, rows, batch_rows);
                    streams.add(name, *year, Box::new(batches.into_iter().map(Ok)));
                }
            }
        }
        streams
    }
}

fn text<'r>(row: &'r Row, name: &str) -> &'r str {
    row.get(name).map_or("", String::as_str)
}

/// Sorts, drops repeated rows and cuts into batches.
fn batches(table: &LakeTable, columns: &[&'static str], mut rows: Vec<&Row>, batch_rows: usize) -> Vec<RecordBatch> {
    let line = |row: &Row| text(row, "line").parse::<i32>().unwrap_or(0);
    let key = |row: &&Row| (bene_key(text(row, "bene_id")), claim_key(text(row, "claim_id")).0, line(row));
    rows.sort_by_key(key);
    rows.dedup_by_key(|row| key(row));
    rows.chunks(batch_rows).map(|rows| batch(table, columns, rows)).collect()
}

fn batch(table: &LakeTable, columns: &[&'static str], rows: &[&Row]) -> RecordBatch {
    let arrays = columns.iter().map(|name| {
        let column = &table.columns[table.position(name).expect("a needed column is the lake's")];
        (*name, array(column.store, name, rows))
    });
    RecordBatch::try_from_iter(arrays).expect("columns of one length")
}

fn day(text: &str) -> Option<i32> {
    (!text.is_empty()).then(|| Date::parse_iso(text).unwrap_or_else(|| panic!("a date: {text}")).0)
}

fn array(store: Store, name: &str, rows: &[&Row]) -> ArrayRef {
    let texts = rows.iter().map(|row| text(row, name));
    match (store, name) {
        (Store::Key, _) => {
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| bene_key(text(row, "bene_id")))))
        }
        (Store::Long, "claim_key") => {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| claim_key(text(row, "claim_id")).0)))
        }
        (Store::Long, _) => Arc::new(Int64Array::from_iter_values(texts.map(|t| t.parse().unwrap_or(0)))),
        (Store::Int, _) => Arc::new(Int32Array::from_iter_values(texts.map(|t| t.parse().unwrap_or(0)))),
        (Store::Day, _) => Arc::new(texts.map(day).collect::<Date32Array>()),
        (Store::Cents, _) => Arc::new(Int64Array::from_iter_values(texts.map(|t| match t {
            "" => 0,
            amount => Cents::parse(amount).unwrap_or_else(|| panic!("an amount: {amount}")).0.0,
        }))),
        (Store::Code, _) => {
            let mut builder = StringDictionaryBuilder::<Int32Type>::new();
            texts.for_each(|t| builder.append_value(t));
            Arc::new(builder.finish())
        }
        (Store::Text, _) => Arc::new(StringArray::from_iter_values(texts)),
    }
}
