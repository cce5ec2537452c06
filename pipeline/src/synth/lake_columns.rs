//! Lake columns of generated rows. A row of the lake is what `ingest` makes of the raw row.

use crate::trouble::{Io, Outcome};
use acoledger_ingest::rows::plain_schema;
use acoledger_schemas::lake::{CARRIER, DME, ENROLLMENT, FACILITY, LakeTable, REVENUE};
use acoledger_synth::Nation;
use acoledger_synth::tables::{Claims, Code, Enrollment, Lines, NO_DATE, NONE, YearTables};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use std::path::Path;
use std::sync::Arc;

/// Texts that rows point into, and the same as an array: a blank last.
struct List {
    texts: Vec<String>,
    array: ArrayRef,
}

impl List {
    fn new(texts: Vec<String>) -> List {
        let array = Arc::new(StringArray::from_iter_values(texts.iter().map(String::as_str).chain([""])));
        List { texts, array }
    }

    fn text(&self, at: u32) -> &str {
        if at == NONE { "" } else { &self.texts[at as usize] }
    }

    fn key(&self, at: u32) -> i32 {
        if at == NONE { self.texts.len() as i32 } else { at as i32 }
    }
}

/// How codes stand in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As text: on the way to a file.
    Text,
    /// As keys of a dictionary that all batches share: as the lake's readers hand them out.
    Dictionary,
}

/// The lists that rows point into.
pub(super) struct Lists {
    form: Form,
    codes: List,
    tins: List,
    npis: List,
    ccns: List,
    counties: List,
}

impl Lists {
    pub(super) fn new(nation: &Nation, form: Form) -> Lists {
        Lists {
            form,
            codes: List::new(nation.codes().to_vec()),
            tins: List::new(nation.tins()),
            npis: List::new(nation.npis()),
            ccns: List::new(nation.ccns()),
            counties: List::new(nation.counties()),
        }
    }

    fn code(&self, code: Code) -> &str {
        &self.codes.texts[usize::from(code)]
    }

    /// A code that the lake keeps as a number.
    fn number(&self, code: Code) -> i32 {
        self.code(code).parse().expect("claim types are numbers")
    }
}

/// The key of a beneficiary's number.
type Key<'k> = &'k dyn Fn(u64) -> u64;

/// The facility tables of a year by the names of their raw files.
pub(super) fn claims_of(tables: &YearTables) -> [(&'static str, &Claims); 5] {
    [
        ("hha", &tables.hha),
        ("hospice", &tables.hospice),
        ("inpatient", &tables.inpatient),
        ("outpatient", &tables.outpatient),
        ("snf", &tables.snf),
    ]
}

/// Columns of a batch by their names, rows by a list of positions.
struct Build<'r> {
    table: &'static LakeTable,
    lists: &'r Lists,
    rows: &'r [usize],
    columns: Vec<(&'static str, ArrayRef)>,
}

impl<'r> Build<'r> {
    fn new(table: &'static LakeTable, lists: &'r Lists, rows: &'r [usize]) -> Self {
        Build { table, lists, rows, columns: Vec::new() }
    }
    fn array(&self, list: &List, read: impl Fn(usize) -> u32) -> ArrayRef {
        match self.lists.form {
            Form::Text => Arc::new(StringArray::from_iter_values(self.rows.iter().map(|row| list.text(read(*row))))),
            Form::Dictionary => {
                let keys = Int32Array::from_iter_values(self.rows.iter().map(|row| list.key(read(*row))));
                Arc::new(DictionaryArray::new(keys, list.array.clone()))
            }
        }
    }
    fn listed(&mut self, name: &'static str, list: &List, read: impl Fn(usize) -> u32) {
        self.columns.push((name, self.array(list, read)));
    }
    fn code(&mut self, name: &'static str, read: impl Fn(usize) -> Code) {
        self.listed(name, &self.lists.codes, |row| read(row).into());
    }
    fn tin(&mut self, name: &'static str, read: impl Fn(usize) -> u32) {
        self.listed(name, &self.lists.tins, read);
    }
    fn npi(&mut self, name: &'static str, read: impl Fn(usize) -> u32) {
        self.listed(name, &self.lists.npis, read);
    }
    fn ccn(&mut self, name: &'static str, read: impl Fn(usize) -> u32) {
        self.listed(name, &self.lists.ccns, read);
    }
    fn words(&mut self, name: &'static str, read: impl Fn(usize) -> String) {
        let texts = self.rows.iter().map(|row| read(*row));
        let array: ArrayRef = match self.lists.form {
            Form::Text => Arc::new(StringArray::from_iter_values(texts)),
            Form::Dictionary => {
                let mut words = StringDictionaryBuilder::<Int32Type>::new();
                texts.for_each(|text| words.append_value(text));
                Arc::new(words.finish())
            }
        };
        self.columns.push((name, array));
    }
    fn key(&mut self, read: impl Fn(usize) -> u64) {
        let array = UInt64Array::from_iter_values(self.rows.iter().map(|row| read(*row)));
        self.columns.push(("bene_key", Arc::new(array)));
    }
    fn long(&mut self, name: &'static str, read: impl Fn(usize) -> i64) {
        let array = Int64Array::from_iter_values(self.rows.iter().map(|row| read(*row)));
        self.columns.push((name, Arc::new(array)));
    }
    fn int(&mut self, name: &'static str, read: impl Fn(usize) -> i32) {
        let array = Int32Array::from_iter_values(self.rows.iter().map(|row| read(*row)));
        self.columns.push((name, Arc::new(array)));
    }
    fn day(&mut self, name: &'static str, read: impl Fn(usize) -> i32) {
        let array: Date32Array = self.rows.iter().map(|row| Some(read(*row)).filter(|day| *day != NO_DATE)).collect();
        self.columns.push((name, Arc::new(array)));
    }

    /// The batch: columns in the table's order; codes that nobody gave are blank, texts unknown, amounts 0 or, where there may be none, none.
    fn batch(self) -> Outcome<RecordBatch> {
        use acoledger_schemas::lake::Store;
        let rows = self.rows.len();
        let given = |name: &str| self.columns.iter().find(|(given, _)| *given == name).map(|(_, array)| array.clone());
        let columns = self.table.columns.iter().map(|column| {
            given(column.name).unwrap_or_else(|| match column.store {
                Store::Code => self.array(&self.lists.codes, |_| NONE),
                Store::Text => Arc::new(StringArray::new_null(rows)),
                Store::Cents if column.nullable => Arc::new(Int64Array::new_null(rows)),
                Store::Cents => Arc::new(Int64Array::from_iter_values((0..rows).map(|_| 0))),
                _ => unreachable!("{} is given", column.name),
            })
        });
        let schema = match self.lists.form {
            Form::Text => plain_schema(self.table),
            Form::Dictionary => self.table.schema(),
        };
        RecordBatch::try_new(schema, columns.collect()).doing("cannot be made", Path::new(self.table.name))
    }
}

/// Enrollment rows.
pub(super) fn enrollment(lists: &Lists, t: &Enrollment, key: Key<'_>) -> Outcome<RecordBatch> {
    let rows: Vec<usize> = (0..t.bene.len()).collect();
    let mut build = Build::new(&ENROLLMENT, lists, &rows);
    build.key(|i| key(t.bene[i]));
    build.day("birth_date", |i| t.birth[i]);
    build.day("death_date", |i| t.death[i]);
    let letter = |byte: u8| char::from(byte).to_string();
    build.words("sex", |i| letter(t.sex[i]));
    build.words("original_reason", |i| letter(t.original_reason[i]));
    build.words("current_reason", |i| letter(t.current_reason[i]));
    let months = |width: usize, word: &dyn Fn(usize) -> String| {
        (0..12).map(|month| format!("{:width$}", word(month))).collect::<String>()
    };
    build.words("county_fips", |i| months(5, &|m| lists.counties.text(t.county[i][m]).to_owned()));
    // The raw files name no SSA counties: unknown in all months.
    build.words("county_ssa", |_| months(5, &|_| String::new()));
    build.words("status", |i| months(2, &|m| lists.code(t.status[i][m]).to_owned()));
    build.words("buyin", |i| months(1, &|m| letter(t.buyin[i][m])));
    build.words("plan", |i| months(1, &|m| letter(t.plan[i][m])));
    // `NA` in a raw file is a blank.
    let dual = |code: Code| Some(lists.code(code)).filter(|word| *word != "NA").unwrap_or_default().to_owned();
    build.words("dual", |i| months(2, &|m| dual(t.dual[i][m])));
    build.batch()
}

/// Carrier lines.
pub(super) fn lines(lists: &Lists, t: &Lines, key: Key<'_>) -> Outcome<RecordBatch> {
    let rows = once_each(t);
    let mut build = line_columns(&CARRIER, lists, t, key, &rows);
    build.npi("npi", |i| t.clinician[i]);
    build.code("line_diagnosis", |i| t.diagnosis[i]);
    build.batch()
}

/// DME lines; their files hold neither clinician nor diagnosis of the line.
pub(super) fn dme(lists: &Lists, t: &Lines, key: Key<'_>) -> Outcome<RecordBatch> {
    let rows = once_each(t);
    line_columns(&DME, lists, t, key, &rows).batch()
}

/// Lines without those that repeat the one before (M.B.1.8).
fn once_each(t: &Lines) -> Vec<usize> {
    let repeats =
        |i: usize| i > 0 && (t.bene[i], t.claim[i], t.line[i]) == (t.bene[i - 1], t.claim[i - 1], t.line[i - 1]);
    (0..t.bene.len()).filter(|&i| !repeats(i)).collect()
}

fn line_columns<'r>(
    table: &'static LakeTable,
    lists: &'r Lists,
    t: &Lines,
    key: Key<'_>,
    rows: &'r [usize],
) -> Build<'r> {
    let mut build = Build::new(table, lists, rows);
    build.key(|i| key(t.bene[i]));
    build.long("claim_key", |i| t.claim[i]);
    build.int("line", |i| t.line[i]);
    build.int("claim_type", |i| lists.number(t.claim_type[i]));
    build.day("from_date", |i| t.from[i]);
    build.day("thru_date", |i| t.thru[i]);
    build.day("first_date", |i| t.first[i]);
    build.day("last_date", |i| t.last[i]);
    build.day("proc_date", |i| t.processed[i]);
    build.code("denial", |i| t.denial[i]);
    build.code("processing", |i| t.processing[i]);
    build.code("hcpcs", |i| t.hcpcs[i]);
    build.code("modifier", |i| t.modifier[i]);
    build.code("specialty", |i| t.specialty[i]);
    build.code("place", |i| t.place[i]);
    build.tin("tin", |i| t.practice[i]);
    build.long("paid_cents", |i| t.paid[i]);
    build.long("allowed_cents", |i| t.allowed[i]);
    build.words("diagnoses", |i| diagnoses(lists, &[t.principal[i], t.second[i]]));
    build
}

/// Diagnoses once each, separated by blanks.
fn diagnoses(lists: &Lists, codes: &[Code]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in codes.iter().map(|code| lists.code(*code)).filter(|word| !word.is_empty()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" ")
}

/// Facility claims of all five tables, in the order of lives and claims.
pub(super) fn facility(lists: &Lists, tables: &YearTables, key: Key<'_>) -> Outcome<RecordBatch> {
    let parts = claims_of(tables);
    let mut order: Vec<(u64, i64, usize)> = Vec::new();
    let mut starts = Vec::new();
    let mut total = 0;
    for (_, claims) in parts {
        starts.push(total);
        let headers = &claims.headers;
        order.extend((0..headers.bene.len()).map(|i| (key(headers.bene[i]), headers.claim[i], total + i)));
        total += headers.bene.len();
    }
    order.sort_unstable();
    let rows: Vec<usize> = order.iter().map(|(_, _, row)| *row).collect();
    let at = |row: usize| {
        let part = starts.partition_point(|start| *start <= row) - 1;
        let (name, claims) = parts[part];
        (name, &claims.headers, row - starts[part])
    };
    let mut build = Build::new(&FACILITY, lists, &rows);
    macro_rules! of {
        ($kind:ident, $name:literal, |$h:ident, $i:ident| $value:expr) => {
            build.$kind($name, |row| {
                let (_, $h, $i) = at(row);
                $value
            })
        };
        ($kind:ident, $name:literal, $only:pat => |$h:ident, $i:ident| $value:expr, $other:expr) => {
            build.$kind($name, |row| {
                let (table, $h, $i) = at(row);
                if matches!(table, $only) { $value } else { $other }
            })
        };
    }
    build.key(|row| {
        let (_, headers, i) = at(row);
        key(headers.bene[i])
    });
    of!(long, "claim_key", |h, i| h.claim[i]);
    of!(int, "claim_type", |h, i| lists.number(h.claim_type[i]));
    of!(day, "from_date", |h, i| h.from[i]);
    of!(day, "thru_date", |h, i| h.thru[i]);
    of!(day, "proc_date", |h, i| h.processed[i]);
    of!(day, "admission_date", "inpatient" | "snf" => |h, i| h.admission[i], NO_DATE);
    of!(day, "discharge_date", "inpatient" | "snf" => |h, i| h.discharge[i], NO_DATE);
    of!(code, "discharge_status", |h, i| h.status[i]);
    of!(ccn, "ccn", |h, i| h.facility[i]);
    of!(code, "facility_type", |h, i| h.facility_type[i]);
    of!(code, "service_class", |h, i| h.service_class[i]);
    of!(code, "frequency", |h, i| h.frequency[i]);
    of!(code, "nonpayment", |h, i| h.nonpayment[i]);
    of!(code, "drg", "inpatient" | "snf" => |h, i| h.drg[i], 0);
    of!(long, "paid_cents", |h, i| h.paid[i]);
    of!(long, "deductible_cents", "outpatient" => |h, i| h.deductible[i], 0);
    of!(long, "coinsurance_cents", "outpatient" => |h, i| h.coinsurance[i], 0);
    of!(long, "ime_operating_cents", "inpatient" => |h, i| h.extras[i][0], 0);
    of!(long, "ime_capital_cents", "inpatient" => |h, i| h.extras[i][1], 0);
    of!(long, "dsh_operating_cents", "inpatient" => |h, i| h.extras[i][2], 0);
    of!(long, "dsh_capital_cents", "inpatient" => |h, i| h.extras[i][3], 0);
    of!(long, "uncompensated_cents", "inpatient" => |h, i| h.extras[i][4], 0);
    of!(npi, "attending_npi", |h, i| h.clinicians[i][0]);
    of!(npi, "operating_npi", "outpatient" => |h, i| h.clinicians[i][1], NONE);
    of!(npi, "other_npi", "outpatient" => |h, i| h.clinicians[i][2], NONE);
    of!(words, "diagnoses", |h, i| diagnoses(lists, &h.diagnoses[i]));
    build.batch()
}

/// Revenue center lines of outpatient claims.
pub(super) fn revenue(lists: &Lists, claims: &Claims, key: Key<'_>) -> Outcome<RecordBatch> {
    let (t, headers) = (&claims.lines, &claims.headers);
    let rows: Vec<usize> = (0..t.header.len()).collect();
    let mut build = Build::new(&REVENUE, lists, &rows);
    build.key(|i| key(headers.bene[t.header[i] as usize]));
    build.long("claim_key", |i| headers.claim[t.header[i] as usize]);
    build.int("line", |i| t.line[i]);
    build.code("center", |i| t.center[i]);
    build.day("service_date", |i| t.date[i]);
    build.code("hcpcs", |i| t.hcpcs[i]);
    build.long("units", |i| i64::from(t.units[i]));
    build.long("paid_cents", |i| t.paid[i]);
    build.long("deductible_cents", |i| t.deductible[i]);
    build.long("coinsurance_cents", |i| t.coinsurance[i]);
    build.npi("rendering_npi", |i| t.rendering[i]);
    build.batch()
}
