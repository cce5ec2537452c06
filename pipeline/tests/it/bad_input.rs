//! Bad input stops a run before any work, with file, line, column and a hint; nothing is written.

use crate::command::Folder;
use expect_test::{Expect, expect};

const STUDY: &str = "\
[study]
name = 'small'
performance_years = [2023]
[input]
rates = 'rates'
program = 'program'
";
const ACO_HEADER: &str = "performance_year,period,aco_id,agreement_start,agreement_number,agreement_type,track,\
                          assignment_method,msr_choice";
const ACO: &str = "2023,full,A1,2022-01-01,1,initial,B,retrospective,variable";
const NATIONAL: &str = "performance_year,calendar_year,enrollment_type,per_capita,person_years\n";
const ACO_YEAR: &str = "performance_year,period,aco_id,calendar_year,cohort,enrollment_type,per_capita,person_years\n";
const ACO_HEADS: &str = "performance_year,period,aco_id,calendar_year,head_count\n";

/// A small study at the rates door that reads without a word.
fn small() -> Folder {
    let folder = Folder::new();
    folder.write("study.toml", STUDY).write("program/aco.csv", &format!("{ACO_HEADER}\n{ACO}\n"));
    folder.write("rates/national.csv", NATIONAL).write("rates/aco_year.csv", ACO_YEAR);
    folder.write("rates/aco_heads.csv", ACO_HEADS);
    folder
}

fn check(folder: &Folder, expected: Expect) {
    expected.assert_eq(&folder.run("run study.toml").show());
    assert!(!folder.file("run").exists(), "nothing is written");
}

#[test]
fn the_small_study_itself_is_sound() {
    small().run("run --dry-run study.toml").expect(0);
}

#[test]
fn no_study_file() {
    check(
        &Folder::new(),
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: study.toml: cannot be read: `No such file or directory (os error 2)`
    "#]],
    );
}

#[test]
fn an_unknown_key_of_the_study() {
    let folder = small();
    folder.write("study.toml", &STUDY.replace("rates =", "ratez ="));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: study.toml, line 5: unknown field `ratez`, expected one of `raw`, `layout`, `program`, `county_codes`, `maturity`, `rates`, `completeness`, `national_from_county`, `assignment`, `sas_day_numbers`
        hint: `acoledger help run` describes the study file
    "#]],
    );
}

#[test]
fn a_study_file_that_is_no_toml() {
    let folder = small();
    folder.write("study.toml", "[study\nname = 'x'\n");
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: study.toml, line 1: unclosed table, expected `]`
        hint: `acoledger help run` describes the study file
    "#]],
    );
}

#[test]
fn an_unknown_rule() {
    let folder = small();
    folder.write("study.toml", &format!("{STUDY}[rules]\n'settle.msr.low_head_cont' = 1\n"));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: study.toml, rule `settle.msr.low_head_cont`: no such rule; nearest is `settle.msr.low_head_count`
        hint: `acoledger rules` lists every rule with its unit and values
    "#]],
    );
}

#[test]
fn a_missing_column() {
    let folder = small();
    folder.write("program/aco.csv", &format!("{}\n", ACO_HEADER.replace(",track", ",trak")));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco.csv, line 1, column `trak`: unknown column
        hint: table `aco` has: performance_year, period, aco_id, aco_name, agreement_start, agreement_number, agreement_type, track, track_year, assignment_method, msr_choice, regional_adjustment_count, revenue_category, revenue_loss_limit, participant_revenue, quality_score, met_quality_standard, met_alternative_standard, first_year_complete_reporting, terminated_on, termination_kind, advance_balance
        error: program/aco.csv, line 1, column `track`: column is missing
        hint: Track or BASIC level in this year. (code)
    "#]],
    );
}

#[test]
fn an_unknown_track() {
    let folder = small();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{}\n", ACO.replace(",B,", ",F,")));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco.csv, line 2, column `track`: expected one of: T1, T1P, T2, T3, A, B, C, D, E, EN: `F`
    "#]],
    );
}

#[test]
fn two_rows_of_one_aco() {
    let folder = small();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{ACO}\n{ACO}\n"));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco.csv, line 3: same key (performance_year, period, aco_id) as line 2
        hint: keep one of the two rows
    "#]],
    );
}

#[test]
fn an_unreadable_file() {
    let folder = small();
    std::fs::remove_file(folder.file("program/aco.csv")).unwrap();
    folder.write("program/aco.parquet", "this is no Parquet");
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco.parquet: not readable as Parquet: `Parquet error: Invalid Parquet file. Corrupt footer`
    "#]],
    );
}

#[test]
fn a_misspelt_table() {
    let folder = small();
    folder.write("program/aco_histroy.csv", "aco_id\n");
    check(
        &folder,
        expect![[r#"
            exit: 2
            --- stdout
            --- stderr
            error: program/aco_histroy.csv: not a table of this folder
            hint: rename or move it; the tables are aco, aco_history, participant, participant_ccn, aco_provider, provider_specialty, voluntary_alignment, other_initiative, assignment_given, risk_score, esrd_month, risk_status, lis_adi, non_claims_payment, claim_reduction, improper_payment, eta_hospital, eta_fee, acpt, completion_factor, disaster, county_crosswalk
        "#]],
    );
}

#[test]
fn a_year_without_acos() {
    let folder = small();
    folder.write("study.toml", &STUDY.replace("[2023]", "[2023, 2024]"));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco: no row of performance year 2024, which the study asks for
        hint: add the ACOs of that year, or take the year out of `study.performance_years`
    "#]],
    );
}

#[test]
fn problems_of_all_files_come_together() {
    let folder = small();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{}\n", ACO.replace("2022-01-01", "1/1/2022")));
    folder.write(
        "program/acpt.csv",
        "performance_year,agreement_start,aco_id,enrollment_type,factor\n2024,2024-01-01,,AGND,x\n",
    );
    folder.write("rates/national.csv", &format!("{NATIONAL}2023,2023,AGED,1,1\n"));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/aco.csv, line 2, column `agreement_start`: expected a date like 2024-01-31: `1/1/2022`
        error: program/acpt.csv, line 2, column `factor`: expected a decimal number: `x`
        error: rates/national.csv, line 2, column `enrollment_type`: expected one of: ESRD, DIS, AGDU, AGND: `AGED`
    "#]],
    );
}

#[test]
fn ten_problems_are_shown_and_the_rest_counted() {
    let folder = small();
    let rows: Vec<String> = (1..=13).map(|i| ACO.replace(",A1,", &format!(",A{i},")).replace(",B,", ",Z,")).collect();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{}\n", rows.join("\n")));
    let done = folder.run("run study.toml").expect(2);
    assert_eq!(
        done.stderr.matches("not a").count() + done.stderr.matches("expected one of").count(),
        10,
        "{}",
        done.stderr
    );
    assert!(done.stderr.ends_with("error: and 3 more\n"), "{}", done.stderr);
}

/// A raw study: participants are needed then, and TINs must not be shared beyond the limit.
fn raw() -> Folder {
    let folder = small();
    folder.write("study.toml", &STUDY.replace("rates = 'rates'", "raw = 'raw'"));
    folder
}

#[test]
fn no_participants() {
    check(
        &raw(),
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/participant: no such table
        hint: assignment needs the participants of every ACO (M.J), as CSV or Parquet
    "#]],
    );
}

#[test]
fn shared_tins_beyond_the_limit() {
    let folder = raw();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{ACO}\n{}\n", ACO.replace("A1", "A2")));
    folder.write("program/participant.csv", "performance_year,aco_id,tin\n2023,A1,T1\n2023,A2,T1\n2023,A2,T2\n");
    folder.write("study.toml", &format!("{}[limits]\nshared_tins = 0\n", folder.read("study.toml")));
    check(
        &folder,
        expect![[r#"
        exit: 2
        --- stdout
        --- stderr
        error: program/participant: TIN T1 is in 2 ACOs of performance year 2023: A1, A2
        hint: keep it in one, or raise `limits.shared_tins`
    "#]],
    );
}

#[test]
fn problems_as_log_records() {
    let folder = small();
    folder.write("program/aco.csv", &format!("{ACO_HEADER}\n{}\n", ACO.replace(",B,", ",F,")));
    let done = folder.run("--log-format json run study.toml").expect(2);
    assert_eq!(done.stdout, "");
    for line in done.stderr.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(record["level"], "ERROR");
    }
    assert!(done.stderr.contains(r#""line":2"#) && done.stderr.contains(r#""column":"track""#), "{}", done.stderr);
}

/// What a run writes is neither read as what was delivered nor written over it.
#[test]
fn folders_of_a_study_are_apart() {
    let folder = Folder::new();
    folder.run("synth --lives 500 --years 2023 --raw csv --out .").expect(0);
    let study = folder.read("study.toml");
    for (from, to, said) in [
        ("path = \"lake\"", "path = \"raw/lake\"", "`lake.path` and `input.raw` are one folder"),
        ("path = \"lake\"", "path = \"./raw\"", "`lake.path` and `input.raw`"),
        ("out = \"run\"", "out = \"raw/../raw/run\"", "`run.out` and `input.raw`"),
        ("out = \"run\"", "out = \"lake\"", "`run.out` and `lake.path`"),
    ] {
        assert!(study.contains(from));
        folder.write("study.toml", &study.replace(from, to));
        let done = folder.run("run study.toml").expect(2);
        assert!(done.stderr.contains(said), "{}", done.stderr);
    }
    folder.write("study.toml", &study);
    let done = folder.run("run study.toml --threads 5000").expect(2);
    assert!(done.stderr.contains("--threads: more than 1024: 5000"), "{}", done.stderr);
}
