//! One row of a Shared Savings Program results file, as it is printed.

use super::columns::{PER_CAPITA, PERSON_YEARS};
use super::printed::{Cell, Printed, median};
use super::sheet::Sheet;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Date, PerformanceYear, Period, RevenueCategory, Track};

/// Columns that hold shares of something: printed as fractions or as percents, by edition.
const SHARES: [(&str, f64); 6] = [
    // The least median of the printed numbers, zeros apart, that can only be percents.
    ("MinSavPerc", 0.3),
    ("MinLossPerc", 0.3),
    ("MaxShareRate", 1.0),
    ("FinalShareRate", 1.0),
    ("FinalLossRate", 1.0),
    ("QualScore", 1.5),
];

/// Makes fractions of all percents. A percent sign does not decide, since the file of 2013 prints one behind fractions.
pub(super) fn normalise_shares(sheet: &mut Sheet<'_>) {
    for (column, least) in SHARES {
        if median(sheet.values(column).into_iter().map(f64::abs).filter(|value| *value > 0.0)) > Some(least) {
            sheet.rescale(column, 0.01);
        }
    }
    // The first file has complete reporting, 1 or 0, in place of a score.
    if sheet.values("QualScore").iter().all(|score| *score == 0.0 || *score == 1.0) {
        sheet.take_as_exact("QualScore");
    }
    // Savings rates of a few percent are printed either way: what they say about the totals decides.
    let ratio = (0..sheet.len()).filter_map(|row| {
        let value = |column| sheet.number(column, row).map(|number| number.value);
        let computed = value("BnchmkMinExp")? / value("ABtotBnchmk")?;
        Some((value("Sav_rate")? / computed).abs()).filter(|ratio| ratio.is_finite())
    });
    if median(ratio) > Some(10.0) {
        sheet.rescale("Sav_rate", 0.01);
    }
}

/// Person years or spending of one enrollment type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    Known(Printed),
    Masked,
    Unknown,
}

/// What a row prints. Shares are fractions.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) year: PerformanceYear,
    /// `None`: the file does not say.
    pub(super) period: Option<Period>,
    pub(super) aco_id: String,
    pub(super) agreement_start: Date,
    pub(super) track: Track,
    pub(super) head_count: i64,
    pub(super) total_benchmark: Printed,
    pub(super) total_expenditures: Printed,
    pub(super) difference: Printed,
    pub(super) savings_rate: Option<Printed>,
    pub(super) msr: Printed,
    pub(super) mlr: Option<Printed>,
    pub(super) generated: Option<Printed>,
    pub(super) earned: Printed,
    pub(super) disaster_adjustment: Option<Printed>,
    pub(super) termination: Option<Printed>,
    pub(super) quality_score: Option<Printed>,
    pub(super) met_standard: Option<bool>,
    pub(super) met_alternative: Option<bool>,
    pub(super) first_year: Option<bool>,
    pub(super) maximum_rate: Option<Printed>,
    pub(super) sharing_rate: Printed,
    pub(super) loss_rate: Option<Printed>,
    pub(super) reduced: Option<bool>,
    pub(super) guardrail: Option<bool>,
    pub(super) revenue_category: Option<RevenueCategory>,
    pub(super) revenue_loss_limit: Option<bool>,
    pub(super) updated_benchmark: Option<Printed>,
    pub(super) per_capita: Option<Printed>,
    pub(super) person_years: Printed,
    pub(super) type_person_years: [Amount; 4],
    pub(super) type_per_capita: [Amount; 4],
}

impl Row {
    /// Reads a row.
    ///
    /// # Errors
    /// The first cell that a replay needs and that cannot be read.
    pub(super) fn read(sheet: &Sheet<'_>, row: usize, year: PerformanceYear) -> Result<Row, Problems> {
        let number = |column| sheet.number(column, row);
        let aco_id = sheet.text("ACO_ID", row);
        if aco_id.is_empty() {
            return Err(sheet.problem(row + 1, "ACO_ID", "needs an identifier", None, None));
        }
        Ok(Row {
            year,
            period: period(sheet, row)?,
            aco_id: aco_id.to_owned(),
            agreement_start: sheet.date("Current_Start_Date", row)?,
            track: track(sheet, row)?,
            head_count: head_count(sheet, row)?,
            total_benchmark: sheet.needed("ABtotBnchmk", row)?,
            total_expenditures: sheet.needed("ABtotExp", row)?,
            difference: difference(sheet, row)?,
            savings_rate: number("Sav_rate"),
            msr: sheet.needed("MinSavPerc", row)?,
            mlr: number("MinLossPerc"),
            generated: number("GenSaveLoss"),
            earned: earned(sheet, row)?,
            disaster_adjustment: number("DisAdj"),
            termination: number("Impact_Mid_Year_Termination"),
            quality_score: number("QualScore"),
            met_standard: sheet.flag("Met_QPS", row)?,
            met_alternative: sheet.flag("Met_AltQPS", row)?,
            first_year: sheet.flag("Met_FirstYear", row)?,
            maximum_rate: number("MaxShareRate"),
            sharing_rate: sheet.needed("FinalShareRate", row)?,
            loss_rate: number("FinalLossRate"),
            reduced: sheet.flag("ReducedSS", row)?,
            guardrail: sheet.flag("Guardrail", row)?,
            revenue_category: revenue_category(sheet, row)?,
            revenue_loss_limit: sheet.flag("RevLossLimit", row)?,
            updated_benchmark: number("UpdatedBnchmk"),
            per_capita: number("Per_Capita_Exp_TOTAL_PY"),
            person_years: sheet.needed("N_AB_Year_PY", row)?,
            type_person_years: PERSON_YEARS.map(|column| amount(sheet, column, row)),
            type_per_capita: PER_CAPITA.map(|column| amount(sheet, column, row)),
        })
    }
}

fn amount(sheet: &Sheet<'_>, column: &'static str, row: usize) -> Amount {
    match (sheet.cell(column, row), sheet.number(column, row)) {
        (Cell::Masked, _) => Amount::Masked,
        (_, Some(number)) => Amount::Known(number),
        (_, None) => Amount::Unknown,
    }
}

fn period(sheet: &Sheet<'_>, row: usize) -> Result<Option<Period>, Problems> {
    match sheet.text("period", row) {
        "" => Ok(None),
        text => Period::from_code(text)
            .map(Some)
            .ok_or_else(|| sheet.problem(row + 1, "period", "expected one of: full, h1, h2", Some(text), None)),
    }
}

fn head_count(sheet: &Sheet<'_>, row: usize) -> Result<i64, Problems> {
    let heads = sheet.needed("N_AB", row)?.value;
    if heads < 0.0 || heads.fract() != 0.0 {
        let text = sheet.text("N_AB", row);
        return Err(sheet.problem(row + 1, "N_AB", "expected a count of beneficiaries", Some(text), None));
    }
    Ok(heads as i64)
}

/// Benchmark minus expenditures. Whole dollars may stand in a column of cents, as in 2013: `$5674936.00`.
fn difference(sheet: &Sheet<'_>, row: usize) -> Result<Printed, Problems> {
    let printed = sheet.needed("BnchmkMinExp", row)?;
    let whole_dollars = sheet.text("BnchmkMinExp", row).ends_with(".00");
    Ok(Printed { half: if whole_dollars { printed.half.max(0.5) } else { printed.half }, ..printed })
}

/// Paid or owed; the file of 2013 has a column for each.
fn earned(sheet: &Sheet<'_>, row: usize) -> Result<Printed, Problems> {
    if sheet.has("EarnSaveLoss") || !sheet.has("Shared_Savings") {
        return sheet.needed("EarnSaveLoss", row);
    }
    let losses = sheet.number("Shared_Losses", row).filter(|losses| losses.value != 0.0);
    let savings = sheet.needed("Shared_Savings", row)?;
    Ok(match losses {
        Some(losses) if savings.value == 0.0 => losses,
        Some(losses) => savings.plus(losses),
        None => savings,
    })
}

fn revenue_category(sheet: &Sheet<'_>, row: usize) -> Result<Option<RevenueCategory>, Problems> {
    match sheet.text("Rev_Exp_Cat", row) {
        "" | "-" | "*" => Ok(None),
        "High Revenue" => Ok(Some(RevenueCategory::High)),
        "Low Revenue" => Ok(Some(RevenueCategory::Low)),
        text => {
            Err(sheet.problem(row + 1, "Rev_Exp_Cat", "expected `High Revenue` or `Low Revenue`", Some(text), None))
        }
    }
}

/// Columns that flag a track, where there is no column with its code.
const TRACK_FLAGS: [(&str, Track); 10] = [
    ("Current_Track_1", Track::T1),
    ("Current_Track_1_Plus", Track::T1p),
    ("Current_Track_2", Track::T2),
    ("Current_Track_3", Track::T3),
    ("Current_BASIC_A", Track::A),
    ("Current_BASIC_B", Track::B),
    ("Current_BASIC_C", Track::C),
    ("Current_BASIC_D", Track::D),
    ("Current_BASIC_E", Track::E),
    ("Current_ENHANCED", Track::En),
];

fn track(sheet: &Sheet<'_>, row: usize) -> Result<Track, Problems> {
    let code = sheet.text("Current_Track", row);
    if sheet.has("Current_Track") {
        let plain = super::columns::plain(code);
        let known = match plain.as_str() {
            "enhanced" => Some(Track::En),
            "t1plus" | "1plus" => Some(Track::T1p),
            _ => Track::from_code(&plain.strip_prefix("basic").unwrap_or(&plain).to_ascii_uppercase()),
        };
        return known.ok_or_else(|| {
            let codes = "expected a track: A, B, C, D, E, EN, T1, T1P, T2 or T3";
            sheet.problem(row + 1, "Current_Track", codes, Some(code), None)
        });
    }
    let mut flagged = Vec::new();
    for (column, track) in TRACK_FLAGS {
        if sheet.flag(column, row)? == Some(true) {
            flagged.push(track);
        }
    }
    match flagged[..] {
        [track] => Ok(track),
        // The first file flags Track 2 only.
        [] if !sheet.has("Current_Track_1") => Ok(Track::T1),
        _ => {
            let column = "Current_Track_1";
            Err(sheet.problem(row + 1, column, "expected exactly one track to be flagged", None, None))
        }
    }
}
