//! CMS's synthetic research files (3 beneficiaries, 11 years, a column dialect of their own) through every person-grain
//! stage, against a naive reading of the same files.
//!
//! In the sample, the enrollment file of 2018 is a copy of 2019's; the tests that need 2018 make it from that copy.

use crate::command::{Folder, oracle};
use expect_test::expect;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const STUDY: &str = "\
[study]
name = 'sample'
performance_years = [2017, 2021]
[input]
raw = 'raw'
program = 'program'
maturity = 'mature'
[lake]
shards = 4
";
/// Agreement starts that together ask for 2012 to 2017 and 2016 to 2021.
const ACO: &str = "\
performance_year,period,aco_id,agreement_start,agreement_number,agreement_type,track,assignment_method,msr_choice
2017,full,A1,2015-01-01,1,initial,T1,retrospective,variable
2017,full,A2,2016-01-01,1,initial,T1,retrospective,variable
2021,full,A1,2019-07-01,2,renewal,B,retrospective,variable
2021,full,A2,2021-01-01,2,renewal,B,retrospective,variable
";
const PARTICIPANT: &str = "performance_year,aco_id,tin\n2017,A1,1\n2017,A2,2\n2021,A1,1\n2021,A2,2\n";

fn sample() -> Option<Folder> {
    let raw = oracle("data/rif/cms_synthetic_sample")?;
    let folder = Folder::new();
    folder.write("study.toml", STUDY).write("program/aco.csv", ACO).write("program/participant.csv", PARTICIPANT);
    fs::create_dir(folder.file("raw")).unwrap();
    for entry in fs::read_dir(raw).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.file("raw").join(path.file_name().unwrap())).unwrap();
    }
    Some(folder)
}

#[test]
fn the_year_that_the_sample_lacks_is_missed_before_any_person_is_looked_at() {
    let Some(folder) = sample() else { return };
    let done = folder.run("cells study.toml").expect(2);
    let said = "error: lake: enrollment of 2018 is missing, which the study needs\nhint: add the enrollment files";
    assert!(done.stderr.contains(said), "{}", done.stderr);
    assert!(!folder.file("run").exists());
    let done = folder.run("run --dry-run study.toml --format csv").expect(1);
    assert!(done.stdout.contains("enrollment year,2018,missing,not in the lake"), "{}", done.stdout);
}

#[test]
fn per_capita_of_each_life_and_year() {
    let Some(folder) = sample() else { return };
    let copied = folder.read("raw/beneficiary_2019.csv");
    folder.write("raw/beneficiary_2018.csv", &copied.replace("||2019|", "||2018|"));
    folder.run("cells study.toml --csv").expect(0);
    folder.run("check study.toml").expect(0);
    let mut ours = BTreeSet::new();
    for row in
        csv::Reader::from_path(folder.file("run/person_year.csv")).unwrap().deserialize::<BTreeMap<String, String>>()
    {
        let row = row.unwrap();
        let number = |column: &str| row[column].parse::<i64>().unwrap();
        ours.insert(PersonYear {
            bene: row["bene_id"].clone(),
            year: number("calendar_year") as i32,
            kind: row["enrollment_type"].clone(),
            months: i64::from((number("months_mask") as u16).count_ones()),
            cents: number("spend_cents"),
        });
    }
    assert_eq!(ours, naive(&folder.file("raw")), "the program and the naive reading agree");
    let table: String = ours.iter().filter(|row| row.cents != 0).map(|row| row.show()).collect();
    // The carrier lines of -1000006 in June 2016 by hand: 109.44 + 108.80 + 59.66 + 345.12 = 623.02 paid; 2 % sequestration
    // put back by line, x / 49: 2.23 + 2.22 + 1.22 + 7.04 = 12.71; together 635.73. In June 2020 nothing was withheld:
    // 109.44 + 108.80 + 345.12 = 563.36. In 2021 five months are known: 1,182,814 cents x 12 / 5 a year.
    expect![[r#"
        -1000006 2015 AGDU 12 months     66215 cents        662.15 a year
        -1000006 2016 AGND 12 months     63573 cents        635.73 a year
        -1000006 2017 AGDU 12 months   3328183 cents      33281.83 a year
        -1000006 2019 AGND 12 months     69661 cents        696.61 a year
        -1000006 2020 AGND 12 months     56336 cents        563.36 a year
        -1000006 2021 AGND  5 months     55716 cents       1337.18 a year
        -1000014 2015 AGND 12 months   6214709 cents      62147.09 a year
        -1000014 2016 AGND 12 months   1398919 cents      13989.19 a year
        -1000014 2017 AGND 12 months  14641175 cents     146411.75 a year
        -1000014 2018 AGND 12 months   1441956 cents      14419.56 a year
        -1000014 2019 AGND 12 months   1659094 cents      16590.94 a year
        -1000014 2020 AGND 12 months   2654349 cents      26543.49 a year
        -1000014 2021 AGND  5 months   1182814 cents      28387.54 a year
        -1000018 2015 AGND 12 months    111354 cents       1113.54 a year
        -1000018 2017 AGDU 12 months     44748 cents        447.48 a year
        -1000018 2018 AGND 12 months    104412 cents       1044.12 a year
        -1000018 2019 AGND 12 months     59664 cents        596.64 a year
    "#]]
    .assert_eq(&table);
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PersonYear {
    bene: String,
    year: i32,
    kind: String,
    months: i64,
    cents: i64,
}

impl PersonYear {
    fn show(&self) -> String {
        let PersonYear { bene, year, kind, months, cents } = self;
        format!(
            "{bene} {year} {kind} {months:>2} months {cents:>9} cents {:>13.2} a year\n",
            *cents as f64 * 0.12 / *months as f64
        )
    }
}

/// Rows of a `|`-delimited file by column name.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b'|').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// `30-May-2015` as year, month, day.
fn day(text: &str) -> (i32, usize, u32) {
    let parts: Vec<&str> = text.split('-').collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    (
        parts[2].parse().unwrap(),
        months.iter().position(|month| *month == parts[1]).unwrap() + 1,
        parts[0].parse().unwrap(),
    )
}

fn cents(text: &str) -> i64 {
    if text.is_empty() { 0 } else { (text.parse::<f64>().unwrap() * 100.0).round() as i64 }
}

/// Spending by M.B.1 and M.B.2 with nothing but loops: what the program must say.
fn naive(raw: &Path) -> BTreeSet<PersonYear> {
    let spending = spending(raw);
    let mut found = BTreeMap::new();
    for year in 2012..=2021 {
        for row in rows(&raw.join(format!("beneficiary_{year}.csv"))) {
            for month in 1..=12 {
                let Some(kind) = kind(&row, year, month) else { continue };
                let key = (row["BENE_ID"].clone(), year, kind);
                let (months, cents) = found.entry(key).or_insert((0, 0));
                *months += 1;
                *cents += spending.get(&(row["BENE_ID"].clone(), year, month)).copied().unwrap_or_default();
            }
        }
    }
    let row = |((bene, year, kind), (months, cents)): ((String, i32, &str), _)| PersonYear {
        bene,
        year,
        kind: kind.into(),
        months,
        cents,
    };
    found.into_iter().map(row).collect()
}

/// The enrollment type of a month, when Parts A and B are there and no health plan is (M.B.2.1, M.B.2.2). Nobody here dies.
fn kind(row: &BTreeMap<String, String>, year: i32, month: usize) -> Option<&'static str> {
    let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC"];
    let both_parts = ["3", "C"].contains(&&*row[&format!("MDCR_ENTLMT_BUYIN_{month}_IND")]);
    let fee_for_service = ["", "0", "4"].contains(&&*row[&format!("HMO_{month}_IND")]);
    if !both_parts || !fee_for_service {
        return None;
    }
    let (birth_year, birth_month, birth_day) = day(&row["BENE_BIRTH_DT"]);
    assert!(birth_day > 1, "65 is then reached in the month of birth");
    let status = &*row[&format!("MDCR_STUS_{}_CD", names[month - 1])];
    let dual = &*row[&format!("META_DUAL_ELGBL_STUS_{}_CD", names[month - 1])];
    if ["11", "21", "31"].contains(&status) {
        Some("ESRD")
    } else if (year, month) < (birth_year + 65, birth_month) {
        Some("DIS")
    } else if ["1", "2", "4", "8"].contains(&dual) {
        Some("AGDU")
    } else {
        Some("AGND")
    }
}

/// Dollars of each life and month, in cents (M.B.1).
fn spending(raw: &Path) -> BTreeMap<(String, i32, usize), i64> {
    let mut found = BTreeMap::new();
    let mut add = |row: &BTreeMap<String, String>, date: &str, paid: i64, taken_out: i64| {
        let (year, month, _) = day(date);
        *found.entry((row["BENE_ID"].clone(), year, month)).or_insert(0) +=
            before_sequestration(paid, year, month) - taken_out;
    };
    for file in ["carrier", "dme"] {
        for row in rows(&raw.join(format!("{file}.csv"))) {
            let denied = row["CARR_CLM_PMT_DNL_CD"]
                .chars()
                .next()
                .is_some_and(|code| code == '0' || ('D'..='Y').contains(&code));
            if !denied && ["A", "R", "S"].contains(&&*row["LINE_PRCSG_IND_CD"]) {
                add(&row, &row["LINE_LAST_EXPNS_DT"], cents(&row["LINE_NCH_PMT_AMT"]), 0);
            }
        }
    }
    for file in ["inpatient", "outpatient", "snf", "hha", "hospice"] {
        let mut seen = BTreeSet::new();
        for row in rows(&raw.join(format!("{file}.csv"))) {
            let outside = ["outpatient", "hha"].contains(&file) && ["4", "5"].contains(&&*row["CLM_FAC_TYPE_CD"]);
            let denied = !row["CLM_MDCR_NON_PMT_RSN_CD"].trim().is_empty();
            // The header is repeated on each revenue center: a claim counts once.
            if !seen.insert(row["CLM_ID"].clone()) || outside || denied {
                continue;
            }
            let extras = [
                "IME_OP_CLM_VAL_AMT",
                "CLM_PPS_CPTL_IME_AMT",
                "DSH_OP_CLM_VAL_AMT",
                "CLM_PPS_CPTL_DSPRPRTNT_SHR_AMT",
                "CLM_UNCOMPD_CARE_PMT_AMT",
            ];
            let taken_out =
                if file == "inpatient" { extras.iter().map(|column| cents(&row[*column])).sum() } else { 0 };
            add(&row, &row["CLM_THRU_DT"], cents(&row["CLM_PMT_AMT"]), taken_out);
        }
    }
    found
}

/// Adds back what sequestration withheld: 2 % from April 2013 to April 2020, nothing to the end of these files (M.B.1.3).
fn before_sequestration(paid: i64, year: i32, month: usize) -> i64 {
    let withheld = (2013, 4) <= (year, month) && (year, month) <= (2020, 4);
    if withheld { paid + (paid as f64 * 0.02 / 0.98).round() as i64 } else { paid }
}
