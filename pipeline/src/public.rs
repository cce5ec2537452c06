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
    for (table, hide) in TABLES {
        let file = format!("{table}.csv");
        let Some(mut sheet) = Sheet::read(&run.join(&file))? else { continue };
        hide(&mut sheet, &few);
        sheet.write(&place.join(&file))?;
        report.push(Hidden { file, cells: sheet.filled(), hidden: sheet.hidden() });
    }
    fs::create_dir_all(&place).doing("cannot be created", &place)?;
    Ok(report)
}

/// The tables meant for publication, and how each is covered. Cells, lists of lives, rejects, manifests and how claims run in are not.
type Hide = fn(&mut Sheet, &Few);
const TABLES: &[(&str, Hide)] = &[
    ("savings_losses", savings_losses),
    ("benchmark", benchmark),
    ("expected", whole),
    ("risk_cap", whole),
    ("trend_decomposition", typed),
    ("service_categories", service_categories),
    ("utilisation", utilisation),
    ("risk_detail", risk_detail),
    ("rates/national", typed),
    ("rates/county", county),
    ("rates/aco_year", typed),
    ("rates/aco_county", aco_county),
    ("rates/aco_county_heads", aco_county_heads),
    ("rates/aco_heads", aco_heads),
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
    /// Kinds of stays that are hidden in `utilisation`: their dollars are the stays'.
    stays: BTreeSet<Vec<String>>,
}

/// What a row of `utilisation` or of the classes of service is about.
const OF_WHOM: [&str; 5] = ["performance_year", "period", "aco_id", "calendar_year", "enrollment_type"];

impl Few {
    fn of(run: &Path) -> Outcome<Few> {
        let mut few = Few::default();
        if let Some(sheet) = Sheet::read(&run.join("rates/aco_year.csv"))? {
            for ([year, aco], years) in by_year(&sheet, ["performance_year", "aco_id"]) {
                few.of_aco.extend(covered(years.values()).into_iter().map(|of| [year.clone(), aco.clone(), of]));
            }
        }
        if let Some(sheet) = Sheet::read(&run.join("rates/national.csv"))? {
            for ([year], years) in by_year(&sheet, ["calendar_year"]) {
                few.of_nation.extend(covered(years.values()).into_iter().map(|of| [year.clone(), of]));
            }
        }
        if let Some(sheet) = Sheet::read(&run.join("savings_losses.csv"))? {
            let small = (0..sheet.rows()).filter(|row| sheet.number(*row, "N_AB").is_some_and(is_small));
            few.acos.extend(small.map(|row| ["performance_year", "ACO_ID"].map(|name| sheet.text(row, name).into())));
        }
        if let Some(mut sheet) = Sheet::read(&run.join("utilisation").with_extension("csv"))? {
            utilisation(&mut sheet, &few);
            let hidden = (0..sheet.rows()).filter(|row| sheet.is_hidden(*row, "count"));
            few.stays = hidden.map(|row| stay(&sheet, row, sheet.text(row, "measure"))).collect();
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

/// Who, and which measure.
fn stay(sheet: &Sheet, row: usize, measure: &str) -> Vec<String> {
    OF_WHOM.iter().map(|name| sheet.text(row, name)).chain([measure]).map(str::to_owned).collect()
}

/// Person years by type, those of none left out; by key and by calendar year.
type ByYear<const N: usize> = BTreeMap<[String; N], BTreeMap<String, BTreeMap<String, f64>>>;

fn by_year<const N: usize>(sheet: &Sheet, key: [&str; N]) -> ByYear<N> {
    let mut all = ByYear::new();
    for row in 0..sheet.rows() {
        let Some(years) = sheet.number(row, "person_years").filter(|years| *years > 0.0) else { continue };
        let of = all.entry(key.map(|name| sheet.text(row, name).to_owned())).or_default();
        let types = of.entry(sheet.text(row, "calendar_year").to_owned()).or_default();
        let least = types.entry(sheet.text(row, "enrollment_type").to_owned()).or_insert(years);
        *least = least.min(years);
    }
    all
}

/// Types that are hidden in all years because they are small in one, or cover one that is hidden.
fn covered<'a>(years: impl Iterator<Item = &'a BTreeMap<String, f64>> + Clone) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    loop {
        let known = all.len();
        for types in years.clone() {
            let values: Vec<f64> = types.values().copied().collect();
            let is_hidden = |(of, value): (&String, &f64)| all.contains(of) || is_small(*value);
            let mut hidden: Vec<bool> = types.iter().map(is_hidden).collect();
            cover(&values, &mut hidden, &[(0..values.len()).collect()]);
            all.extend(types.keys().zip(hidden).filter(|(_, hidden)| *hidden).map(|(of, _)| of.clone()));
        }
        if all.len() == known {
            return all;
        }
    }
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

/// Kinds of visits that add up to `P_EM_Total`.
const VISITS: [&str; 4] = ["P_EM_PCP_Vis", "P_EM_SP_Vis", "P_Nurse_Vis", "P_FQHC_RHC_Vis"];

fn utilisation(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    // Types add up to all lives, kinds of stays to all stays, kinds of visits to all visits.
    let parts = [
        Parts { across: &["enrollment_type"], member: &is_typed },
        Parts { across: &["measure"], member: &|sheet, row| sheet.text(row, "measure").starts_with("ADM_") },
        Parts { across: &["measure"], member: &|sheet, row| VISITS.contains(&sheet.text(row, "measure")) },
    ];
    sheet.cover_rows(&["count"], KEYS, &parts);
    // Days and payments by stay tell as much as the stays.
    let hidden = (0..sheet.rows()).filter(|row| sheet.is_hidden(*row, "count"));
    let hidden: BTreeSet<Vec<String>> = hidden.map(|row| stay(sheet, row, sheet.text(row, "measure"))).collect();
    for row in 0..sheet.rows() {
        let of_stays = matches!(sheet.text(row, "measure"), "SNF_LOS" | "SNF_PayperStay");
        if of_stays && hidden.contains(&stay(sheet, row, "P_SNF_ADM")) {
            sheet.hide_row(row, KEYS);
        }
    }
}

fn is_typed(sheet: &Sheet, row: usize) -> bool {
    !sheet.text(row, "enrollment_type").is_empty()
}

/// Dollars of stays of which there are few are hidden with them. Kinds of inpatient stays are left out: of most ACOs one kind is of few.
fn service_categories(sheet: &mut Sheet, few: &Few) {
    sheet.retain(|sheet, row| !sheet.text(row, "category").starts_with("inpatient_"));
    typed(sheet, few);
    for row in 0..sheet.rows() {
        let measure = match sheet.text(row, "category") {
            "inpatient" => "ADM",
            "snf" => "P_SNF_ADM",
            _ => continue,
        };
        if few.stays.contains(&stay(sheet, row, measure)) {
            sheet.hide_row(row, KEYS);
        }
    }
    let adds_up =
        |sheet: &Sheet, row: usize| sheet.text(row, "additive") == "1" || sheet.text(row, "category") == "inpatient";
    let parts = [
        Parts { across: &["enrollment_type"], member: &is_typed },
        Parts { across: &["category", "published", "additive"], member: &adds_up },
        // `carrier` holds both.
        Parts {
            across: &["category", "published", "additive"],
            member: &|sheet, row| matches!(sheet.text(row, "category"), "physician" | "ambulance"),
        },
    ];
    sheet.cover_hidden(&["per_capita"], KEYS, &parts);
}

fn risk_detail(sheet: &mut Sheet, few: &Few) {
    // Who stayed, joined and left overlaps with the lists of other years.
    sheet.retain(|sheet, row| matches!(sheet.text(row, "part"), "all" | "segment" | "new_enrollee" | "hcc"));
    typed(sheet, few);
    let parts = [
        Parts { across: &["enrollment_type"], member: &is_typed },
        // A life has several conditions: they add up to nothing.
        Parts {
            across: &["item"],
            member: &|sheet, row| matches!(sheet.text(row, "part"), "segment" | "new_enrollee"),
        },
    ];
    sheet.cover_rows(&["lives", "person_years"], KEYS, &parts);
}

fn county(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let parts = [Parts { across: &["county"], member: &|_, _| true }];
    sheet.cover_rows(&["person_years"], KEYS, &parts);
}

fn aco_county(sheet: &mut Sheet, few: &Few) {
    typed(sheet, few);
    let parts = [
        Parts { across: &["county"], member: &|_, _| true },
        Parts { across: &["enrollment_type"], member: &|_, _| true },
    ];
    sheet.cover_rows(&["person_years"], KEYS, &parts);
}

fn aco_county_heads(sheet: &mut Sheet, few: &Few) {
    whole(sheet, few);
    sheet.cover_rows(&["head_count"], KEYS, &[Parts { across: &["county"], member: &|_, _| true }]);
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
