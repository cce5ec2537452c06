//! Tables of a run as files: cells and rates whole, rejects from the lake.

use crate::lake::Lake;
use crate::tables::{read_parquet, write_both};
use crate::trouble::{Io, Outcome};
use acoledger_aco::spending::SpendingTables;
use acoledger_schemas::cells::{self, Cells};
use acoledger_schemas::rates::{self, Rates};
use acoledger_schemas::table::{Table, TableSpec};
use std::fs;
use std::path::Path;

/// The sharded tables as declared, of a run with lists that are given, or without.
pub(super) fn sharded(given: bool) -> impl Iterator<Item = TableSpec> {
    use acoledger_schemas::outputs::{Assignment, AssignmentDifference, PersonYear};
    let all = [Assignment::SPEC, PersonYear::SPEC, AssignmentDifference::SPEC];
    all.into_iter().take(if given { 3 } else { 2 })
}

/// `rejects/rejects.csv`: from the lake, or with a header alone.
pub(super) fn copy_rejects(lake: &Lake, run: &Path) -> Outcome<()> {
    use acoledger_schemas::outputs::Reject;
    let place = run.join("rejects").join(format!("{}.csv", Reject::SPEC.name));
    match &lake.report.rejects {
        None => crate::tables::write_csv_file::<Reject>(&place, &[]),
        Some(file) => {
            let folder = run.join("rejects");
            fs::create_dir_all(&folder).doing("cannot be created", &folder)?;
            let from = lake.folder.join(file);
            fs::copy(&from, &place).map(|_| ()).doing("cannot be copied", &from)
        }
    }
}

/// Writes every table of cells.
pub(super) fn write_cells(folder: &Path, cells: &Cells) -> Outcome<()> {
    write_both(folder, &cells.population_county)?;
    write_both(folder, &cells.assigned_county)?;
    write_both(folder, &cells.assigned_assignable)?;
    write_both(folder, &cells.aco_heads)?;
    write_both(folder, &cells.aco_county_heads)?;
    write_both(folder, &cells.risk)?;
    write_both(folder, &cells.revenue)?;
    write_both(folder, &cells.threshold)?;
    write_both(folder, &cells.assignment_stability)?;
    write_both(folder, &cells.assignment_margin)?;
    write_both(folder, &cells.assignment_comparison)?;
    write_both(folder, &cells.improper)?;
    write_both(folder, &cells.service_category)?;
    write_both(folder, &cells.truncation)?;
    write_both(folder, &cells.leakage)?;
    write_both(folder, &cells.utilisation_count)?;
    write_both(folder, &cells.runout_triangle)?;
    write_both(folder, &cells.risk_detail)?;
    write_both(folder, &cells.risk_compared)
}

/// Reads cells back; `None` when a table is absent. The Parquet files are read, which are the smaller ones.
pub(super) fn read_cells(folder: &Path) -> Outcome<Option<Cells>> {
    macro_rules! table {
        ($row:ty) => {
            match read_parquet::<$row>(folder)? {
                Some(rows) => rows,
                None => return Ok(None),
            }
        };
    }
    Ok(Some(Cells {
        population_county: table!(cells::PopulationCounty),
        assigned_county: table!(cells::AssignedCounty),
        assigned_assignable: table!(cells::AssignedAssignable),
        aco_heads: table!(cells::AcoHeadsCell),
        aco_county_heads: table!(cells::AcoCountyHeadsCell),
        risk: table!(cells::RiskCell),
        revenue: table!(cells::Revenue),
        threshold: table!(cells::Threshold),
        assignment_stability: table!(cells::AssignmentStability),
        assignment_margin: table!(cells::AssignmentMargin),
        assignment_comparison: table!(cells::AssignmentComparison),
        improper: table!(cells::ImproperCell),
        service_category: table!(cells::ServiceCategoryCell),
        truncation: table!(cells::Truncation),
        leakage: table!(cells::Leakage),
        utilisation_count: table!(cells::UtilisationCount),
        runout_triangle: table!(cells::RunoutTriangle),
        risk_detail: table!(cells::RiskDetailCell),
        risk_compared: table!(cells::RiskCompared),
    }))
}

/// Writes the tables that stand beside the rates.
pub(super) fn write_spending(folder: &Path, tables: &SpendingTables) -> Outcome<()> {
    write_both(folder, &tables.service_categories)?;
    write_both(folder, &tables.utilisation)?;
    write_both(folder, &tables.run_out)?;
    write_both(folder, &tables.risk_detail)
}

/// Writes every table of rates.
pub(crate) fn write_rates(folder: &Path, rates: &Rates) -> Outcome<()> {
    write_both::<rates::National>(folder, &rates.national)?;
    write_both::<rates::CountyRate>(folder, &rates.county)?;
    write_both::<rates::AcoYear>(folder, &rates.aco_year)?;
    write_both::<rates::AcoCounty>(folder, &rates.aco_county)?;
    write_both::<rates::AcoHeads>(folder, &rates.aco_heads)?;
    write_both::<rates::AcoCountyHeads>(folder, &rates.aco_county_heads)
}

/// Reads the rates of a run back, from their Parquet files.
pub(crate) fn read_rates(folder: &Path) -> Outcome<Rates> {
    macro_rules! table {
        ($row:ty) => {
            read_parquet::<$row>(folder)?.unwrap_or_default()
        };
    }
    Ok(Rates {
        national: table!(rates::National),
        county: table!(rates::CountyRate),
        aco_year: table!(rates::AcoYear),
        aco_county: table!(rates::AcoCounty),
        aco_heads: table!(rates::AcoHeads),
        aco_county_heads: table!(rates::AcoCountyHeads),
    })
}
