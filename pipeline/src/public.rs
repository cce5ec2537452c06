//! `--public`: the tables of a run that are meant for publication, without what tells of fewer than eleven lives.
//!
//! CMS's cell suppression policy for those who use its data: no number from 1 to 10, nothing made of so few, and nothing from which one
//! could be worked out. Where a sum is published beside its parts, hiding one part is hiding none: another goes with it, the smallest,
//! until what is hidden is at least two parts and at least eleven.

mod cover;
mod sheet;

use crate::trouble::{Io, Outcome};
use cover::{Parts, cover, is_small};
use sheet::Sheet;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Folder inside the run's.
pub(crate) const FOLDER: &str = "public";

/// Columns of one enrollment type in the results file, by what their names hold.
const TYPES: [(&str, &[&str]); 4] = [
    ("ESRD", &["_ESRD_"]),
    ("DIS", &["_DIS_"]),
    ("AGDU", &["_AGDU_", "_AGED_Dual_"]),
    ("AGND", &["_AGND_", "_AGED_NonDual_"]),
];

/// Columns that say which row it is; whatever else a table has is a measure.
const KEYS: &[&str] = &[
    "performance_year",
    "period",
    "aco_id",
    "enrollment_type",
    "calendar_year",
    "from_year",
    "to_year",
    "cohort",
    "window",
    "county",
    "term",
    "category",
    "published",
    "additive",
    "measure",
    "model",
    "part",
    "item",
    "step_no",
    "step",
    "label",
    "unit",
    "rule",
    "citation",
    "rule_keys",
    "kind",
    "incurred_year",
    "lag_months",
];

/// Columns of the results file that say who an ACO is.
const IDENTITY: &[&str] = &[
    "ACO_ID",
    "ACO_Name",
    "Agree_Type",
    "Agreement_Period_Num",
    "Current_Start_Date",
    "Current_Track",
    "Risk_Model",
    "Assign_Type",
    "performance_year",
    "period",
    "rulebook",
];

/// What was hidden in a table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// File below [`FOLDER`].
    pub(crate) file: String,
    /// Cells with a value.
    pub(crate) cells: usize,
    /// Cells that were hidden.
    pub(crate) hidden: usize,
}

/// Writes the tables of a run for publication into its folder `public`. Returns what was hidden, by table.
///
/// # Errors
/// Those of the disk; tables that are not those of a run.
pub(crate) fn write(run: &Path) -> Outcome<Vec<Hidden>> {
    let place = run.join(FOLDER);
    let few = Few::of(run)?;
    let mut report = Vec::new();
    for (file, hide) in TABLES {
        let Some(mut sheet) = Sheet::read(&run.join(file))? else { continue };
        hide(&mut sheet, &few);
        sheet.write(&place.join(file))?;
        report.push(Hidden { file: (*file).into(), cells: sheet.filled(), hidden: sheet.hidden() });
    }
    fs::create_dir_all(&place).doing("cannot be created", &place)?;
    Ok(report)
}

/// The tables meant for publication, and how each is covered. Cells, lists of lives, rejects and manifests are not.
type Hide = fn(&mut Sheet, &Few);
const TABLES: &[(&str, Hide)] = &[
    ("savings_losses.csv", savings_losses),
    ("benchmark.csv", benchmark),
    ("expected.csv", whole),
    ("risk_cap.csv", whole),
    ("trend_decomposition.csv", typed),
    ("service_categories.csv", typed),
    ("utilisation.csv", utilisation),
    ("risk_detail.csv", risk_detail),
    ("run_out.csv", run_out),
    ("rates/national.csv", typed),
    ("rates/county.csv", county),
    ("rates/aco_year.csv", typed),
    ("rates/aco_county.csv", aco_county),
    ("rates/aco_county_heads.csv", aco_county_heads),
    ("rates/aco_heads.csv", aco_heads),
];

/// Enrollment types that stand for too few lives, or cover one that does.
#[derive(Default)]
struct Few {
    /// Performance year, ACO, type: of any of its years, since a benchmark averages them. All periods of a year go together.
    of_aco: BTreeSet<[String; 3]>,
    /// Calendar year and type, of the nation.
    of_nation: BTreeSet<[String; 2]>,
    /// Performance year and ACO with too few lives in all.
    acos: BTreeSet<[String; 2]>,
}

impl Few {
    fn of(run: &Path) -> Outcome<Few> {
        let mut few = Few::default();
        if let Some(sheet) = Sheet::read(&run.join("rates/aco_year.csv"))? {
            for ([year, aco], types) in least(&sheet, ["performance_year", "aco_id"]) {
                few.of_aco.extend(covered(types).map(|of| [year.clone(), aco.clone(), of]));
            }
        }
        if let Some(sheet) = Sheet::read(&run.join("rates/national.csv"))? {
            for ([year], types) in least(&sheet, ["calendar_year"]) {
                few.of_nation.extend(covered(types).map(|of| [year.clone(), of]));
            }
        }
        if let Some(sheet) = Sheet::read(&run.join("savings_losses.csv"))? {
            let small = (0..sheet.rows()).filter(|row| sheet.number(*row, "N_AB").is_some_and(is_small));
            few.acos.extend(small.map(|row| ["performance_year", "ACO_ID"].map(|name| sheet.text(row, name).into())));
        }
        Ok(few)
    }

    fn has(&self, sheet: &Sheet, row: usize) -> bool {
        let text = |name: &str| sheet.text(row, name).to_owned();
        let (aco, of) = (text("aco_id"), text("enrollment_type"));
        if aco.is_empty() {
            self.of_nation.contains(&[text("calendar_year"), of])
        } else {
            self.of_aco.contains(&[text("performance_year"), aco, of])
        }
    }

    fn has_aco(&self, year: &str, aco: &str) -> bool {
        self.acos.contains(&[year.to_owned(), aco.to_owned()])
    }
}

/// The fewest person years of each type, those of none left out, by key.
fn least<const N: usize>(sheet: &Sheet, key: [&str; N]) -> BTreeMap<[String; N], BTreeMap<String, f64>> {
    let mut all: BTreeMap<[String; N], BTreeMap<String, f64>> = BTreeMap::new();
    for row in 0..sheet.rows() {
        let Some(years) = sheet.number(row, "person_years").filter(|years| *years > 0.0) else { continue };
        let types = all.entry(key.map(|name| sheet.text(row, name).to_owned())).or_default();
        let of = types.entry(sheet.text(row, "enrollment_type").to_owned()).or_insert(years);
        *of = of.min(years);
    }
    all
}

fn covered(types: BTreeMap<String, f64>) -> impl Iterator<Item = String> {
    let values: Vec<f64> = types.values().copied().collect();
    let mut hidden: Vec<bool> = values.iter().map(|value| is_small(*value)).collect();
    cover(&values, &mut hidden, &[(0..values.len()).collect()]);
    types.into_keys().zip(hidden).filter(|(_, hidden)| *hidden).map(|(of, _)| of)
}

/// Rows of ACOs with too few lives in all.
fn whole(sheet: &mut Sheet, few: &Few) {
    for row in 0..sheet.rows() {
        if few.has_aco(sheet.text(row, "performance_year"), sheet.text(row, "aco_id")) {
            sheet.hide_row(row, KEYS);
        }
    }
}

/// Rows of one enrollment type.
fn typed(sheet: &mut Sheet, few: &Few) {
    whole(sheet, few);
    for row in 0..sheet.rows() {
        if few.has(sheet, row) {
            sheet.hide_row(row, KEYS);
        }
    }
}

/// The walk says how each value was made: for an ACO with a type that is hidden, of no value.
fn benchmark(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let tells: BTreeSet<[&String; 2]> = few.of_aco.iter().map(|[year, aco, _]| [year, aco]).collect();
    for row in 0..sheet.rows() {
        let key = ["performance_year", "aco_id"].map(|name| sheet.text(row, name).to_owned());
        if tells.contains(&[&key[0], &key[1]]) {
            sheet.hide(row, "inputs");
            // A weight is a type's share of the ACO's lives, a market share a county's.
            if sheet.text(row, "step").ends_with("weight") {
                sheet.hide(row, "value");
            }
        }
    }
}

fn savings_losses(sheet: &mut Sheet, few: &Few) {
    for row in 0..sheet.rows() {
        let [year, aco] = ["performance_year", "ACO_ID"].map(|name| sheet.text(row, name).to_owned());
        if few.has_aco(&year, &aco) {
            sheet.hide_row(row, IDENTITY);
            continue;
        }
        for (of, marks) in TYPES {
            if few.of_aco.contains(&[year.clone(), aco.clone(), of.to_owned()]) {
                let names = sheet.names(|name| marks.iter().any(|mark| name.contains(mark)));
                names.iter().for_each(|name| sheet.hide(row, name));
            }
        }
        sheet.cover_columns(row, &["N_AB_Year_Dual_PY", "N_AB_Year_NonDual_PY"]);
        sheet.cover_columns(row, &["N_Ben_VA_Only", "N_Ben_CBA_Only", "N_Ben_CBA_and_VA"]);
    }
}

fn utilisation(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let stays = |row: usize, sheet: &Sheet| sheet.text(row, "measure").starts_with("ADM_");
    // Types add up to all lives, kinds of stays to all stays.
    let parts = [
        Parts { across: "enrollment_type", member: &|sheet, row| !sheet.text(row, "enrollment_type").is_empty() },
        Parts { across: "measure", member: &|sheet, row| stays(row, sheet) },
    ];
    sheet.cover_rows("count", KEYS, &parts);
    // Days and payments by stay tell as much as the stays.
    let key = |sheet: &Sheet, row: usize| {
        ["performance_year", "period", "aco_id", "calendar_year", "enrollment_type"]
            .map(|name| sheet.text(row, name).to_owned())
    };
    let hidden: BTreeSet<_> = (0..sheet.rows())
        .filter(|row| sheet.text(*row, "measure") == "P_SNF_ADM" && sheet.is_hidden(*row, "count"))
        .map(|row| key(sheet, row))
        .collect();
    for row in 0..sheet.rows() {
        if matches!(sheet.text(row, "measure"), "SNF_LOS" | "SNF_PayperStay") && hidden.contains(&key(sheet, row)) {
            sheet.hide_row(row, KEYS);
        }
    }
}

fn risk_detail(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let parts = [
        Parts { across: "enrollment_type", member: &|sheet, row| !sheet.text(row, "enrollment_type").is_empty() },
        // A life has several conditions: they add up to nothing.
        Parts { across: "item", member: &|sheet, row| !matches!(sheet.text(row, "part"), "hcc" | "all") },
    ];
    sheet.cover_rows("lives", KEYS, &parts);
}

fn run_out(sheet: &mut Sheet, _: &Few) {
    let parts = [Parts { across: "lag_months", member: &|_, _| true }];
    sheet.cover_rows("rows", KEYS, &parts);
}

fn county(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let parts = [Parts { across: "county", member: &|_, _| true }];
    sheet.cover_rows("person_years", KEYS, &parts);
}

fn aco_county(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let parts =
        [Parts { across: "county", member: &|_, _| true }, Parts { across: "enrollment_type", member: &|_, _| true }];
    sheet.cover_rows("person_years", KEYS, &parts);
}

fn aco_county_heads(sheet: &mut Sheet, few: &Few) {
    whole(sheet, few);
    sheet.cover_rows("head_count", KEYS, &[Parts { across: "county", member: &|_, _| true }]);
}

fn aco_heads(sheet: &mut Sheet, few: &Few) {
    whole(sheet, few);
    for row in 0..sheet.rows() {
        if sheet.number(row, "head_count").is_some_and(is_small) {
            sheet.hide_row(row, KEYS);
        }
        let dual = sheet.number(row, "dual_person_years");
        let others = dual.zip(sheet.number(row, "head_count")).map(|(dual, all)| all - dual);
        if dual.is_some_and(is_small) || others.is_some_and(is_small) {
            sheet.hide(row, "dual_person_years");
            sheet.hide(row, "lis_or_dual_share");
        }
        sheet.cover_columns(row, &["voluntary_only", "claims_only", "both"]);
    }
}
