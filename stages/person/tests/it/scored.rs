//! Scores made from diagnoses: which claims count, who is scored by what, in which months (HCC.md 2, 8).

use crate::small::Small;

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
    assert!(told.iter().any(|what| what.contains("without status in institutions")), "{told:?}");
}
