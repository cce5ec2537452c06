//! Pages of the tables that cross a boundary, and that no declared table is without a page.

use super::current;
use acoledger_schemas::stages::STAGES;
use acoledger_schemas::table::{Table, TableSpec};
use acoledger_schemas::{cells, lake, outputs, program, rates, reference};
use std::collections::BTreeMap;

/// Declarations by the file stems that they are given in.
macro_rules! specs {
    ($folder:literal, $module:ident: $($row:ident),+) => {
        [$((format!("{}{}", $folder, $module::$row::SPEC.name), $module::$row::SPEC)),+]
    };
}

fn page(title: &str, intro: &str, tables: &[(String, TableSpec)]) -> String {
    reference::page(title, intro, tables.iter().map(|(file, spec)| (file.as_str(), *spec)))
}

const IN_COMMON: &str = "Blank means unknown, never zero. Identifiers and codes are text, with their leading zeros. Days are ISO (`2024-01-31`). Rates \
    are fractions, not percents. Enrollment types are `ESRD`, `DIS`, `AGDU`, `AGND`: end-stage renal disease, disabled, aged with \
    Medicaid, aged without. A column that may be blank may also be absent from a file.";

#[test]
fn program_files() {
    let tables = specs!("program/", program: Aco, AcoHistory, Participant, ParticipantCcn, AcoProvider, ProviderSpecialty,
        VoluntaryAlignment, OtherInitiative, AssignmentGiven, RiskScore, EsrdMonth, RiskStatus, LisAdi, NonClaimsPayment,
        ClaimReduction, ImproperPayment, EtaHospital, EtaFee, Acpt, CompletionFactor, Disaster, CountyCrosswalk);
    let mut intro = format!(
        "What CMS and an ACO know beside claims: agreements, participants, designations, scores, payments. A study names their folder \
         (`[input] program`). Each is a CSV or a Parquet file of the name below. {IN_COMMON} Amounts are dollars with at most two \
         decimals. `aco` must be there; another file must be there when a rule in force reads it, and the message then names the rule.\n\n\
         `acoledger synth` writes an example of every file that a study of its years needs.\n\n| file | read by |\n|---|---|\n"
    );
    for (_, spec) in &tables {
        let stages: Vec<&str> =
            STAGES.iter().filter(|stage| stage.reads.contains(&spec.name)).map(|stage| stage.name).collect();
        let name = format!("[`{0}`](#program{0})", spec.name);
        let stages = if stages.is_empty() { "where inputs are opened".into() } else { reference::code(&stages) };
        reference::row(&mut intro, &[&name, &stages]);
    }
    current("program-files.md", &page("Program files", &intro, &tables));
}

#[test]
fn rates_files() {
    let tables = specs!("rates/", rates: National, CountyRate, AcoYear, AcoCounty, AcoHeads, AcoCountyHeads);
    let intro = format!(
        "Cells divided once. A run writes them to `run/rates/`; a study may [begin from them](../rates.md) in place of claims. \
         {IN_COMMON}"
    );
    current("rates.md", &page("Rates", &intro, &tables));
}

#[test]
fn cells_files() {
    let tables = specs!("cells/", cells: PopulationCounty, AssignedCounty, AssignedAssignable, AcoHeadsCell, AcoCountyHeadsCell,
        RiskCell, RiskDetailCell, RiskCompared, Revenue, Threshold, AssignmentStability, AssignmentMargin, AssignmentComparison,
        ServiceCategoryCell, Truncation, UtilisationCount, Leakage, ImproperCell, RunoutTriangle);
    let intro = format!(
        "Sums of integers by small keys, in `run/cells/`: what stands between persons and ACOs. They are the same for any number of \
         threads or shards. {IN_COMMON}\n\nA truncated sum is `below_cents` + `threshold_cents` × (`months_over` − `months_under`) ÷ 12."
    );
    current("cells.md", &page("Cells", &intro, &tables));
}

#[test]
fn tables_about_lives() {
    let tables = specs!("", outputs: Assignment, AssignmentDifference, PersonYear, Reject);
    let intro = format!(
        "What a run writes about single lives, and the rows of inputs that it did not use. `assignment`, `assignment_differences` and \
         `person_year` are folders of Parquet files, one for each shard; `--csv` writes them as CSV too. They hold beneficiary \
         identifiers: whoever may read claims may read them. {IN_COMMON}"
    );
    current("lives.md", &page("Tables about lives", &intro, &tables));
}

#[test]
fn lake_files() {
    let mut page = format!(
        "{}# The lake\n\nClaims and enrollment after `acoledger ingest`: Parquet, by year and shard, sorted by life. A claim stands in the \
         year of the date that decides its month: the through date of facility claims, the last expense date of carrier and DME lines; \
         revenue center lines stand with their claim. Inside a file rows are in the order of `bene_key`, `claim_key`, `line`. Blank codes \
         are empty text. Amounts are whole cents.\n",
        reference::MADE
    );
    for table in lake::TABLES {
        page += &reference::lake_section(table);
    }
    current("lake.md", &page);
}

#[test]
fn stages() {
    let mut page = format!(
        "{}# Stages\n\nIn the order in which they run. `acoledger STAGE STUDY.toml` runs a study up to a stage; what is done for the same inputs, rules \
         and version is not done again. Stages `enroll` to `risk` are one pass over the claims of a life. [Why these](../way.md).\n\n\
         | stage | what it does | reads | writes | families of rules |\n|---|---|---|---|---|\n",
        reference::MADE
    );
    for stage in STAGES {
        let name = format!("`{}`", stage.name);
        let [reads, writes, rules] = [stage.reads, stage.writes, stage.rules].map(reference::code);
        reference::row(&mut page, &[&name, &reference::cell(stage.about), &reads, &writes, &rules]);
    }
    current("stages.md", &page);
}

/// Names of declared tables in the sources of all crates: `Row = "name", key […]`.
fn declared() -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for (_, text) in crate::sources() {
        let text = crate::code(&text);
        for (at, _) in text.match_indices(" = \"") {
            let rest = &text[at + 4..];
            let Some((name, after)) = rest.split_once('"') else { continue };
            let row = text[..at].rsplit(char::is_whitespace).next().unwrap_or_default();
            let is_row = row.starts_with(|c: char| c.is_ascii_uppercase());
            if is_row && after.strip_prefix(',').is_some_and(|after| after.trim_start().starts_with("key [")) {
                *names.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    names
}

#[test]
fn every_declared_table_has_its_section() {
    let mut sections: BTreeMap<String, usize> = BTreeMap::new();
    let folder = crate::root().join("docs/src/reference");
    for entry in std::fs::read_dir(folder).expect("the pages are there").flatten() {
        // Tables of the lake and of deliveries are declared otherwise; one has the name of a cell.
        if ["lake.md", "raw-rif.md", "raw-cclf.md"].iter().any(|page| entry.file_name() == **page) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("pages are text");
        for heading in text.lines().filter_map(|line| line.strip_prefix("## `")) {
            let name = heading.trim_end_matches('`').rsplit('/').next().unwrap_or_default();
            *sections.entry(name.to_owned()).or_default() += 1;
        }
    }
    let declared = declared();
    assert!(declared.len() > 40, "{declared:?}");
    for (name, times) in declared {
        assert_eq!(sections.get(&name), Some(&times), "sections of the table `{name}` in docs/src/reference");
    }
}
