//! Scores made from diagnoses: which claims count, who is scored by what, in which months (HCC.md 2, 8).

use crate::small::{Small, aligned};
use crate::walk::{Rows, table_rows};
use acoledger_schemas::values::ScoreKind;
use expect_test::{Expect, expect};

/// Years of models, months and sums of HCC and demographic scores of 2023, all lives.
fn scores(claims: &str) -> String {
    scored(&format!("[enrollment]\nbene  born\nB1    1950-06-15\n{claims}"))
}

fn study(text: &str) -> Small {
    let aco = "
        [aco]
        aco_id  agreement_start
        A1      2022-01-01
        [participant]
        aco_id  tin
        A1      T1
        [carrier]
        bene  date        tin  hcpcs  denial  diagnoses
        B1    2023-05-01  T1   99213  1       I10
    ";
    Small::new(2023, &format!("{aco}\n{text}")).under("\"risk.source\" = \"diagnoses\"")
}

fn scored(text: &str) -> String {
    let cells = study(text).run().cells;
    let of_year = cells.risk.iter().filter(|row| row.calendar_year.0 == 2023 && row.aco_id.is_none());
    let shown =
        of_year.map(|row| format!("{} {} {} {}", row.model, row.kind, row.score_months, row.score_milli_months));
    shown.collect::<Vec<_>>().join("; ")
}

// A woman of 72 without Medicaid in V24: 0.386, with diabetes 0.386 + 0.105; divided by 1.127: 0.343 and 0.436 a month.
const PLAIN: &str = "2023 demographic 12 4116; 2023 hcc 12 4116";
const DIABETES: &str = "2023 demographic 12 4116; 2023 hcc 12 5232";

#[test]
fn professional_claims_count_with_a_service_of_the_list() {
    let line = |date: &str, hcpcs: &str, denial: &str| {
        scores(&format!("[carrier]\nbene date tin hcpcs denial diagnoses\nB1 {date} T9 {hcpcs} {denial} I10/E11.9"))
    };
    assert_eq!(line("2022-05-01", "99213", "1"), DIABETES);
    assert_eq!(line("2022-05-01", "A0428", "1"), PLAIN, "an ambulance's diagnoses do not count");
    assert_eq!(line("2022-05-01", "99213", "0"), PLAIN, "a denied claim's do not");
    assert_eq!(line("2023-05-01", "99213", "1"), PLAIN, "nor do those of the year itself");
    assert_eq!(line("2021-05-01", "99213", "1"), PLAIN, "nor older ones");
}

#[test]
fn facility_claims_count_by_type_and_bill() {
    let claim = |kind: &str, bill: &str, hcpcs: &str| {
        let facility = format!("[facility]\nbene thru type bill claim diagnoses\nB1 2022-05-01 {kind} {bill} 77 E119");
        let revenue = format!("[revenue]\nbene thru claim center hcpcs\nB1 2022-05-01 77 0510 {hcpcs}");
        scores(&format!("{facility}\n{revenue}"))
    };
    assert_eq!(claim("60", "11", "-"), DIABETES, "inpatient claims always");
    assert_eq!(claim("40", "13", "99213"), DIABETES, "outpatient claims with an eligible line");
    assert_eq!(claim("40", "13", "A0428"), PLAIN);
    assert_eq!(claim("40", "72", "99213"), PLAIN, "dialysis facilities never");
    assert_eq!(claim("20", "21", "99213"), PLAIN, "nursing facilities never");
}

#[test]
fn enrollment_decides_segment_and_model() {
    let claims = "[carrier]\nbene date tin hcpcs denial diagnoses\nB1 2022-05-01 T9 99213 1 E119";
    let with = |enrollment: &str| scored(&format!("[enrollment]\n{enrollment}\n{claims}"));
    assert_eq!(with("bene born sex\nB1 1950-06-15 2"), DIABETES);
    // New enrollees have no diseases: 0.690 / 1.127 = 0.612.
    assert_eq!(
        with("bene year born buyin\nB1 2022 1950-06-15 0/0/0/0/0/0/3/3/3/3/3/3\nB1 2023 1950-06-15 3"),
        "2023 demographic 12 7344; 2023 hcc 12 7344"
    );
    // Dialysis in all months, ESRD V24: 0.624 and 0.708, divided by 1.034.
    assert_eq!(with("bene born status\nB1 1950-06-15 11"), "2023 demographic 12 7236; 2023 hcc 12 8220");
    // Full Medicaid benefits from July on: 0.519 / 1.127 = 0.461 and (0.519 + 0.107) / 1.127 = 0.555 in the dual months, the other
    // six as above.
    assert_eq!(
        with("bene born dual\nB1 1950-06-15 NA/NA/NA/NA/NA/NA/02/02/02/02/02/02"),
        "2023 demographic 6 2766; 2023 hcc 6 3330; 2023 demographic 6 2058; 2023 hcc 6 2616"
    );
}

#[test]
fn whoever_cannot_be_scored_is_a_finding() {
    let run = study("[enrollment]\nbene born sex\nB1 1950-06-15 0").run();
    assert!(run.cells.risk.is_empty());
    let findings = run.shard.findings();
    let found = findings.iter().find(|(what, _)| what.starts_with("risk: years of lives without sex"));
    assert!(found.is_some_and(|(_, count)| *count > 0), "{findings:?}");
}

#[test]
fn models_that_are_not_known_well_are_findings() {
    let context = study("").context();
    let told: Vec<&str> = context.findings().iter().map(|(what, _)| *what).collect();
    assert!(told.iter().any(|what| what.contains("diagnosis maps of other years")), "{told:?}");
    assert!(told.iter().any(|what| what.contains("normalisation factor")), "{told:?}");
    assert!(told.iter().any(|what| what.contains("as if nobody lived in an institution")), "{told:?}");
}

#[test]
fn status_comes_from_its_own_file() {
    let with = |status: &str| {
        scored(&format!(
            "[enrollment]\nbene born\nB1 1950-06-15\n[risk_status]\nbene calendar_year lti_months transplanted_on\n{status}"
        ))
    };
    // In an institution until June, V24: 1.150 / 1.127 = 1.020; then 0.343 as before.
    let half = "2023 demographic 12 8178; 2023 hcc 12 8178";
    assert_eq!(with("B1 2023 63 -"), half);
    assert_eq!(with("B1 2022 63 -"), PLAIN, "of another year");
}

#[test]
fn a_transplant_is_three_months_then_a_graft() {
    let with = |text: &str| segments(&study(text).run().cells, "A1");
    let claims = "[carrier]\nbene date tin hcpcs denial diagnoses\nB1 2023-05-02 T1 99213 1 -";
    let status = "[risk_status]\nbene calendar_year lti_months transplanted_on\nB1 2023 - 2023-02-20";
    let enrollment = "[enrollment]\nbene born status\nB1 1950-06-15 11/11/11/11/10/10/10/10/10/10/10/11";
    // Dialysis, three months of the transplant, a graft from the fourth month on, dialysis again.
    assert_eq!(
        with(&format!("{enrollment}\n{status}\n{claims}")),
        "AGND GNPA 7; ESRD DI 2; ESRD TRANSPLANT_KIDNEY_ONLY_1M 1; ESRD TRANSPLANT_KIDNEY_ONLY_2M 1; \
         ESRD TRANSPLANT_KIDNEY_ONLY_3M 1"
    );
}

fn segments(cells: &acoledger_schemas::cells::Cells, aco: &str) -> String {
    let rows = cells.risk_detail.iter().filter(|row| row.part.code() == "segment" && row.calendar_year.0 == 2023);
    let rows = rows.filter(|row| row.aco_id.as_ref().is_some_and(|id| id.as_str() == aco));
    let text = rows.map(|row| {
        format!("{} {} {}", row.enrollment_type.code(), row.item.as_deref().unwrap_or(""), row.score_months)
    });
    let mut texts: Vec<String> = text.collect();
    texts.sort();
    texts.join("; ")
}

#[test]
fn the_file_goes_first_where_nothing_is_said() {
    let given = "
        [risk_score]
        bene  calendar_year  score_year  enrollment_type  hcc_score  demographic_score
        B1    2023           2023        AGND             2.5        0.5
        [enrollment]
        bene  born
        B1    1950-06-15
    ";
    let under = |text: &str, rules: &str| {
        let cells = study(text).under(rules).run().cells;
        let of_year = cells.risk.iter().filter(|row| row.calendar_year.0 == 2023 && row.aco_id.is_none());
        let shown = of_year.filter(|row| row.kind == ScoreKind::Hcc).map(|row| row.score_milli_months.to_string());
        shown.collect::<Vec<_>>().join(" ")
    };
    let default = "\"risk.source\" = \"given, else diagnoses\"";
    assert_eq!(under(given, default), "30000");
    assert_eq!(under("[enrollment]\nbene born\nB1 1950-06-15", default), "4116");
    assert_eq!(under(given, "\"risk.source\" = \"diagnoses\""), "4116");
    assert_eq!(under("[enrollment]\nbene born\nB1 1950-06-15", "\"risk.source\" = \"given\""), "");
    let refusal = study(given).under("\"risk.source\" = \"guessed\"").refusal();
    assert!(refusal.contains("not one of `given`, `diagnoses`, `given, else diagnoses`: `guessed`"), "{refusal}");
}

fn check(mut rows: Rows, columns: &[&str], expected: &Expect) {
    rows.retain(|row| row.get("aco_id").is_none_or(|id| id == "A1"));
    expected.assert_eq(&aligned(&rows, columns));
}

/// B1 stays, B2 comes, B3 goes; B2 has Part B since August 2022.
const TURNOVER: &str = "
    [enrollment]
    bene  year  born        buyin
    B1    2022  1950-06-15  3
    B1    2023  1950-06-15  3
    B2    2022  1955-06-15  0/0/0/0/0/0/0/3/3/3/3/3
    B2    2023  1955-06-15  3
    B3    2022  1940-06-15  3
    B3    2023  1940-06-15  3
    [carrier]
    bene  date        tin  hcpcs  denial  diagnoses
    B1    2021-03-01  T1   99213  1       I10
    B1    2022-03-01  T1   99213  1       E119/I5022
    B1    2023-03-01  T1   99213  1       I10
    B2    2023-03-01  T1   99213  1       E119
    B3    2021-03-01  T1   99213  1       I5022
    B3    2022-03-01  T1   99213  1       I10
    B3    2023-03-01  T9   99213  1       I10
";

#[test]
fn what_scores_are_made_of() {
    let cells = study(TURNOVER).under("\"risk.source\" = \"diagnoses\"").run().cells;
    let mut rows = table_rows(&cells.risk_detail);
    rows.retain(|row| row["calendar_year"] == "2023" || row["calendar_year"] == "2021");
    check(
        rows,
        &["calendar_year", "model", "part", "item", "lives", "score_months", "hcc_milli_months"],
        &expect![[r#"
            calendar_year  model  part     item    lives  score_months  hcc_milli_months
            2021           2021   all      -       2      24            9960
            2021           2021   left     2023    1      12            5784
            2021           2021   segment  CNA     -      24            9960
            2021           2021   stayed   2023    1      12            4176
            2023           2023   all      -       2      24            15840
            2023           2023   hcc      v24 19  -      12            -
            2023           2023   hcc      v24 85  -      12            -
            2023           2023   joined   2021    1      12            5796
            2023           2023   segment  CNA     -      12            10044
            2023           2023   segment  NE      -      12            5796
            2023           2023   stayed   2021    1      12            10044
        "#]],
    );
}

#[test]
fn given_scores_are_compared_where_that_is_asked_for() {
    let given = "
        [risk_score]
        bene  calendar_year  month  score_year  enrollment_type  hcc_score  demographic_score
        B1    2023           -      2023        AGND             0.343      0.343
        B1    2023           12     2023        AGND             0.500      -
        B2    2023           -      2023        AGND             1.000      1.000
        [enrollment]
        bene  born        sex
        B1    1950-06-15  2
        B2    1950-06-15  0
        B3    1950-06-15  2
    ";
    let rules = "\"risk.source\" = \"given\"\n\"risk.compare\" = \"yes\"";
    let mut rows = table_rows(&study(given).under(rules).run().cells.risk_compared);
    rows.retain(|row| row["calendar_year"] == "2023");
    check(
        rows,
        &[
            "kind",
            "given_months",
            "made_months",
            "both_months",
            "equal_months",
            "far_months",
            "given_milli_months",
            "made_milli_months",
            "apart_milli_months",
        ],
        &expect![[r#"
            kind         given_months  made_months  both_months  equal_months  far_months  given_milli_months  made_milli_months  apart_milli_months
            demographic  23            24           11           11            0           3773                3773               0
            hcc          24            24           12           11            1           4273                4116               157
        "#]],
    );
    let without = study("[enrollment]\nbene born\nB1 1950-06-15").under(rules).run().cells;
    assert!(without.risk_compared.is_empty());
}
