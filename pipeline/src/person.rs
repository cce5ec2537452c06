//! The person grain over a whole lake: pass A shard by shard, thresholds, pass B. Shards run in parallel; what they leave
//! is merged as integers, so neither their order nor their number shows in the result.

use crate::files::{files_below, temporary_name, write_atomically};
use crate::lake::Lake;
use crate::lives::Lives;
use crate::manifest::{Account, Reason};
use crate::parquet_door;
use crate::progress::Progress;
use crate::study::Finding;
use crate::trouble::{self, Io, Outcome};
use acoledger_person::{
    CellSums, Context, LedgerRow, Pieces, Selection, ShardA, ShardStreams, Sink, Thresholds, pass_a, pass_b,
};
use acoledger_schemas::cells::{Cells, Threshold};
use acoledger_schemas::program::Aco;
use acoledger_schemas::rates::National;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::spreadsheet::neutral;
use acoledger_schemas::table::{Kind, Problem, Problems, TableSpec};
use acoledger_schemas::values::{Cents, Population};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What pass A left: sharded tables in the run folder, and integers.
pub(crate) struct PassA {
    pub(crate) all: ShardA,
    /// Rows read from the lake.
    pub(crate) rows_read: u64,
    /// Rows of each of [`TABLES`].
    pub(crate) rows_written: [u64; 3],
}

/// Shards of lives with what files and tables say of them.
pub(crate) trait Shards: Sync {
    /// How many there are.
    fn count(&self) -> u32;
    /// What program tables say of the lives of a shard.
    fn pieces<'s>(&'s self, context: &'s Context, shard: u32) -> Pieces<'s>;
    /// The tables and years that the context needs. `rows` counts what is read.
    ///
    /// # Errors
    /// A file that cannot be opened.
    fn streams<'s>(&'s self, context: &'s Context, shard: u32, rows: &'s AtomicU64) -> Outcome<ShardStreams<'s>>;
}

/// The shards of a lake, beside the program's tables.
pub(crate) struct LakeShards<'l> {
    pub(crate) lives: &'l Lives,
    pub(crate) lake: &'l Lake,
}

impl Shards for LakeShards<'_> {
    fn count(&self) -> u32 {
        self.lake.report.shards
    }
    fn pieces<'s>(&'s self, context: &'s Context, shard: u32) -> Pieces<'s> {
        self.lives.pieces(context, shard, self.count())
    }
    fn streams<'s>(&'s self, context: &'s Context, shard: u32, rows: &'s AtomicU64) -> Outcome<ShardStreams<'s>> {
        self.lake.streams(shard, context.needs(), rows)
    }
}

/// Walks every shard once: enrollment, assignment, spending, risk.
///
/// # Errors
/// A lake file that cannot be read or is out of order, the disk.
pub(crate) fn run_pass_a(context: &Context, shards: &impl Shards, run: &Path) -> Outcome<PassA> {
    make_folders(context, run)?;
    let progress = Progress::begin("persons", u64::from(shards.count()), "shards");
    let read = AtomicU64::new(0);
    let written = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];
    let all = (0..shards.count())
        .into_par_iter()
        .map(|shard| {
            let (one, rows, files) = walk(context, shards, run, shard)?;
            for (count, rows) in written.iter().zip(files) {
                count.fetch_add(rows, Ordering::Relaxed);
            }
            progress.step(rows);
            read.fetch_add(rows, Ordering::Relaxed);
            Ok(one)
        })
        .try_reduce(ShardA::default, |mut all, one| {
            all.merge(&one);
            Outcome::Ok(all)
        })?;
    Ok(PassA { all, rows_read: read.into_inner(), rows_written: written.map(AtomicU64::into_inner) })
}

/// Makes the folders of the sharded tables.
///
/// # Errors
/// The disk.
pub(crate) fn make_folders(context: &Context, run: &Path) -> Outcome<()> {
    for table in written(context.differences_schema().is_some()) {
        let folder = run.join(table);
        fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
    }
    Ok(())
}

/// Walks one shard and writes its files; its integers, the rows read from the lake, and those written to each of [`TABLES`].
///
/// # Errors
/// As [`run_pass_a`].
pub(crate) fn walk(
    context: &Context,
    shards: &impl Shards,
    run: &Path,
    shard: u32,
) -> Outcome<(ShardA, u64, [u64; 3])> {
    let rows = AtomicU64::new(0);
    let mut sink = Files::create(context, run, shard)?;
    let (pieces, streams) = (shards.pieces(context, shard), shards.streams(context, shard, &rows)?);
    let one = pass_a(context, pieces, streams, &mut sink)?;
    Ok((one, rows.into_inner(), sink.close()?))
}

/// What pass B needs of pass A, from the `person_year` that it wrote: histograms, and the number of rows.
///
/// # Errors
/// The disk.
pub(crate) fn count_again(context: &Context, shards: u32, run: &Path) -> Outcome<(ShardA, u64)> {
    (0..shards).into_par_iter().map(|shard| count_shard(context, run, shard)).try_reduce(
        Default::default,
        |(mut all, rows), (one, more)| {
            all.merge(&one);
            Outcome::Ok((all, rows + more))
        },
    )
}

/// The same of one shard.
///
/// # Errors
/// The disk.
pub(crate) fn count_shard(context: &Context, run: &Path, shard: u32) -> Outcome<(ShardA, u64)> {
    let (mut one, mut rows) = (ShardA::default(), 0);
    for batch in person_years(&context.threshold_columns(), run, shard)? {
        let batch = batch.doing("cannot be read", &shard_file(run, "person_year", shard))?;
        rows += batch.num_rows() as u64;
        one.count_again(context, &batch)?;
    }
    Ok((one, rows))
}

/// Looks through one shard's person years for the values that thresholds lie among; rows read.
///
/// # Errors
/// The disk.
pub(crate) fn look(context: &Context, run: &Path, shard: u32, selection: &mut Selection<'_>) -> Outcome<u64> {
    let mut rows = 0;
    for batch in person_years(&context.threshold_columns(), run, shard)? {
        let batch = batch.doing("cannot be read", &shard_file(run, "person_year", shard))?;
        rows += batch.num_rows() as u64;
        selection.look(&batch)?;
    }
    Ok(rows)
}

/// Adds one shard's person years to sums.
///
/// # Errors
/// The disk.
pub(crate) fn sum(
    context: &Context,
    run: &Path,
    shard: u32,
    thresholds: &Thresholds,
    sums: &mut CellSums,
) -> Outcome<()> {
    pass_b(context, thresholds, person_years(&context.pass_b_columns(), run, shard)?, sums)
}

/// Thresholds of published national rates: one ACO's lives are no nation to take a percentile of (M.B.3.3).
///
/// # Errors
/// A row without a threshold.
pub(crate) fn thresholds_of(national: &[National]) -> Outcome<Vec<Threshold>> {
    let mut problems = Problems::default();
    let mut rows = Vec::with_capacity(national.len());
    for row in national {
        match row.truncation_threshold.and_then(Cents::from_dollars) {
            Some(threshold_cents) => rows.push(Threshold {
                performance_year: row.performance_year,
                calendar_year: row.calendar_year,
                population: Population::Assignable,
                enrollment_type: row.enrollment_type,
                threshold_cents,
            }),
            None => problems.push(Problem {
                file: "rates/national".into(),
                line: 0,
                column: "truncation_threshold".into(),
                what: format!("blank for {} lives of {}", row.enrollment_type, row.calendar_year),
                value: None,
                hint: Some("an ACO's own lives do not tell the nation's threshold: add the published one".into()),
            }),
        }
    }
    problems.or(rows)
}

/// Thresholds, those given or those of the lives themselves, then sums. Reads `person_year` twice and no claims.
///
/// # Errors
/// A shard that is missing or double, the disk.
pub(crate) fn run_pass_b(
    context: &Context,
    shards: u32,
    run: &Path,
    all: &ShardA,
    given: Option<&[Threshold]>,
) -> Outcome<Cells> {
    let progress = Progress::begin("cells", u64::from(shards) * 2, "steps");
    let empty = Selection::new(context, all);
    let selection = (0..shards)
        .into_par_iter()
        .map(|shard| {
            let mut one = empty.clone();
            progress.step(look(context, run, shard, &mut one)?);
            Ok(one)
        })
        .try_reduce(
            || empty.clone(),
            |mut all, one| {
                all.merge(&one);
                Outcome::Ok(all)
            },
        )?;
    let thresholds = match given {
        Some(rows) => Thresholds::from_rows(context, rows),
        None => selection.finish()?,
    };
    // A thread at a time adds to one of these sums: there are never more of them than threads, however many the shards.
    let idle: Mutex<Vec<CellSums>> = Mutex::default();
    (0..shards).into_par_iter().try_for_each(|shard| {
        let mut sums = lock(&idle).pop().unwrap_or_default();
        sum(context, run, shard, &thresholds, &mut sums)?;
        lock(&idle).push(sums);
        progress.step(0);
        Outcome::Ok(())
    })?;
    let parts = idle.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
    let sums = parts.reduce(|mut sums, part| {
        sums.merge(part);
        sums
    });
    let sums = sums.unwrap_or_default();
    Ok(sums.finish(context, all, &thresholds))
}

/// A poisoned lock means that another shard has panicked already.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sharded tables; the last only where lists are given.
pub(crate) const TABLES: [&str; 3] = ["assignment", "person_year", "assignment_differences"];

/// The sharded tables of a run with lists that are given, or without.
pub(crate) fn written(given: bool) -> &'static [&'static str] {
    if given { &TABLES } else { &TABLES[..2] }
}

/// Writes `<table>.csv` from the shards of a sharded table, in their order: for tools without a Parquet reader.
///
/// # Errors
/// A shard that cannot be read, the disk.
pub(crate) fn write_csv_copy(run: &Path, table: &TableSpec) -> Outcome<()> {
    let shards = files_below(&run.join(table.name))?;
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    write_atomically(&run.join(format!("{}.csv", table.name)), |target| {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut writer = csv::Writer::from_writer(target);
        writer.write_record(&names).map_err(|error| text(&error))?;
        for path in &shards {
            let reader = parquet_door::batches(parquet_door::builder(path).map_err(|error| text(&error))?);
            for batch in reader.map_err(|error| text(&error))? {
                let batch = batch.map_err(|error| text(&error))?;
                let columns = names.iter().map(|name| {
                    let column =
                        batch.column_by_name(name).ok_or_else(|| format!("{}: no column `{name}`", path.display()))?;
                    let column = arrow_cast::cast(column, &DataType::Utf8).map_err(|error| text(&error))?;
                    Ok(column.as_string::<i32>().clone())
                });
                let columns = columns.collect::<Result<Vec<_>, String>>()?;
                for row in 0..batch.num_rows() {
                    let cell = |column: &StringArray| {
                        if column.is_valid(row) { column.value(row).to_owned() } else { String::new() }
                    };
                    let cells = columns.iter().zip(table.columns).map(|(column, of)| match of.kind {
                        Kind::Text => neutral(&cell(column)).into_owned(),
                        _ => cell(column),
                    });
                    writer.write_record(cells).map_err(|error| text(&error))?;
                }
            }
        }
        writer.flush().map_err(|error| text(&error))
    })
}

/// The file of a shard of a sharded table.
pub(crate) fn shard_file(run: &Path, table: &str, shard: u32) -> PathBuf {
    run.join(table).join(format!("shard={shard:03}.parquet"))
}

/// The files of a sharded table, in the order of the shards.
///
/// # Errors
/// A folder that cannot be read.
pub(crate) fn shard_files(run: &Path, table: &str) -> Outcome<Vec<PathBuf>> {
    let folder = run.join(table);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).doing("cannot be read", &folder)? {
        let path = entry.doing("cannot be read", &folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shard = name.strip_prefix("shard=").and_then(|name| name.strip_suffix(".parquet"));
        if let Some(shard) = shard.and_then(|shard| shard.parse::<u32>().ok()) {
            files.push((shard, path));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Columns of a shard's person years.
fn person_years(
    names: &[String],
    run: &Path,
    shard: u32,
) -> Outcome<impl Iterator<Item = Result<RecordBatch, String>>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reader =
        parquet_door::columns(&shard_file(run, "person_year", shard), &names, crate::lake::BATCH_ROWS, |_| Ok(()))?;
    Ok(reader.map(|batch| batch.map_err(|error| error.to_string())))
}

/// Rows of a row group, which waits in memory until it is full.
const GROUP_ROWS: usize = 1 << 16;

/// The files of a shard. They get their names when they are whole: an engine may walk a shard twice at once, on two machines.
struct Files {
    tables: Vec<Part>,
    rows: [u64; 3],
}

/// A file in the making, beside its place.
struct Part {
    made: PathBuf,
    place: PathBuf,
    writer: ArrowWriter<BufWriter<File>>,
}

/// How the files of a sharded table are written. Amounts hardly repeat: without a dictionary they take fewer bytes and less time.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a level of zstd")))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by(concat!("acoledger ", env!("CARGO_PKG_VERSION")).into());
    let amounts = schema.fields().iter().map(|field| field.name().as_str());
    let amounts = amounts.filter(|name| name.contains("_cents") || name.contains("_milli"));
    amounts.fold(properties, |properties, name| properties.set_column_dictionary_enabled(name.into(), false)).build()
}

impl Files {
    fn create(context: &Context, run: &Path, shard: u32) -> Outcome<Files> {
        let open = |table: &str, schema: SchemaRef| {
            let place = shard_file(run, table, shard);
            let made = temporary_name(&place);
            let file = File::create(&made).doing("cannot be written", &made)?;
            let writer = ArrowWriter::try_new(BufWriter::new(file), schema.clone(), Some(properties(&schema)))
                .doing("cannot be written", &made)?;
            Outcome::Ok(Part { made, place, writer })
        };
        let schemas = [context.assignment_schema(), context.person_year_schema()];
        let schemas = schemas.into_iter().chain(context.differences_schema());
        let tables = TABLES.iter().zip(schemas).map(|(table, schema)| open(table, schema));
        Ok(Files { tables: tables.collect::<Outcome<_>>()?, rows: [0; 3] })
    }

    fn write(&mut self, at: usize, batch: &RecordBatch) -> Result<(), String> {
        self.rows[at] += batch.num_rows() as u64;
        let Part { place, writer, .. } = &mut self.tables[at];
        writer.write(batch).map_err(|error| format!("{}: {error}", place.display()))
    }

    /// Ends and syncs the files, and gives them their names; returns their rows.
    fn close(self) -> Outcome<[u64; 3]> {
        for Part { made, place, writer } in self.tables {
            let file = writer.into_inner().doing("cannot be written", &place)?;
            let file = file.into_inner().doing("cannot be written", &place)?;
            file.sync_all().doing("cannot be written", &place)?;
            fs::rename(&made, &place).doing("cannot be given its name", &place)?;
        }
        Ok(self.rows)
    }
}

impl Sink for Files {
    fn assignment(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.write(0, &batch)
    }
    fn person_year(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.write(1, &batch)
    }
    fn assignment_differences(&mut self, batch: RecordBatch) -> Result<(), String> {
        self.write(2, &batch)
    }
}

/// Outcomes of the ledger that are no rule leaving rows out.
const READ: &str = "read";
const COUNTED: &str = "counted";

/// The conservation ledger as accounts, one per kind of claim.
pub(crate) fn accounts(ledger: &[LedgerRow]) -> Vec<Account> {
    let mut accounts: BTreeMap<&str, Account> = BTreeMap::new();
    for row in ledger {
        let account = accounts.entry(row.kind).or_insert_with(|| Account {
            table: row.kind.into(),
            unit: "claims or lines".into(),
            ..Account::default()
        });
        match row.outcome {
            READ => {
                account.rows_in += row.rows;
                account.cents_in += row.cents;
            }
            COUNTED => {
                account.rows_used += row.rows;
                account.cents_used += row.cents;
            }
            reason => {
                account.rows_left_out += row.rows;
                account.cents_left_out += row.cents;
                account.reasons.push(Reason { reason: reason.into(), rows: row.rows, cents: row.cents });
            }
        }
    }
    accounts.into_values().collect()
}

/// What pass A met, as findings of the run, and what it made of lists that were given.
pub(crate) fn findings(context: &Context, all: &ShardA) -> Vec<Finding> {
    let told = |what: &str| what.starts_with("assignment_given") || what.starts_with("risk:");
    let given = context.findings().iter().filter(|(what, _)| told(what)).copied();
    let met =
        all.findings().into_iter().chain(all.unmet_improper(context)).chain(given).filter(|(_, count)| *count > 0);
    met.map(|(what, count)| Finding { stage: "persons".into(), what: what.to_owned(), count, beyond_limits: false })
        .collect()
}

/// Whether assignment reaches back to the first benchmark year that the benchmark asks for.
///
/// # Errors
/// It does not, for an agreement start of these ACOs; the hint says which rule goes with which.
pub(crate) fn check_benchmark_years(file: &Path, of_persons: &Rules, of_acos: &Rules, acos: &[Aco]) -> Outcome<()> {
    for start in acos.iter().map(|aco| aco.agreement_start).collect::<BTreeSet<_>>() {
        let years = |rules: &Rules, key| rules.at::<i32>(key, start).map_err(|error| trouble::of_rule(&error));
        let made = years(of_persons, "assign.benchmark_years")?;
        let asked = years(of_acos, "benchmark.first_year_before")?;
        if asked > made {
            let what = format!(
                "agreements of {start}: `benchmark.first_year_before` is {asked}, and `assign.benchmark_years` makes {made}"
            );
            let hint = format!("set `assign.benchmark_years` to {asked} too, for all ACOs");
            return Err(trouble::of_file_with_hint(file, what, hint).into());
        }
    }
    Ok(())
}

/// The compiled context of a study, of a run that goes on to benchmarks or does not.
///
/// # Errors
/// Rules or program files that a rule in force needs and that are absent.
pub(crate) fn context(loaded: &crate::study::LoadedStudy, benchmarks: bool) -> Outcome<Context> {
    let facts = acoledger_person::Facts::of(&loaded.study, benchmarks)
        .map_err(|what| trouble::of_study(&loaded.file, &what))?;
    loaded.lives.context(&loaded.rules, &loaded.program, &facts)
}
