//! The panel of beneficiaries at the head of the first worked example, as raw claims through the program: spending, person
//! years, annualised, truncated, completed, and the panel's means, each against the printed number.
//!
//! The four lives are an ACO of their own. Ninety-six others of another practice set the thresholds: the example's stand
//! where 99 of 100 lives are at or below them.

use crate::command::{Folder, oracle};
use std::collections::BTreeMap;
use std::fmt::Write;

const STUDY: &str = "\
[study]
name = 'panel'
performance_years = [2025]
[input]
raw = 'raw'
program = 'program'
[lake]
shards = 2
";
const ACO: &str = "\
performance_year,period,aco_id,agreement_start,agreement_number,agreement_type,track,assignment_method,msr_choice
2025,full,A1,2025-01-01,1,initial,E,retrospective,0.01
";

/// A life: enrollment by month of 2025, and its paid claims.
struct Life {
    id: String,
    county: &'static str,
    tin: &'static str,
    /// First and last month of each enrollment type, 1 for January.
    spans: Vec<(&'static str, [usize; 2])>,
    /// Month of the claim, kind, paid amount, and what is taken off it.
    claims: Vec<(usize, String, String, [String; 3])>,
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The lives of the example: months of one type follow those of the other, and each claim lies in its type's first month.
fn panel(document: &serde_json::Value) -> Vec<Life> {
    let given = document["cases"][0]["inputs"]["panel"].as_array().expect("a panel");
    let counties = ["01001", "01003", "01005", "01007"];
    given
        .iter()
        .zip(counties)
        .map(|(life, county)| {
            let mut from = 1;
            let mut spans = Vec::new();
            for kind in ["AGND", "AGDU"] {
                if let Some(months) = life[1].get(kind) {
                    let months: usize = text(months).parse().expect("months");
                    spans.push((kind, [from, from + months - 1]));
                    from += months;
                }
            }
            let claims = life[2].as_array().expect("claims").iter().map(|claim| {
                let month = spans.iter().find(|(kind, _)| claim[0] == *kind).expect("months of its type").1[0];
                let [ime, dsh, care] = [3, 4, 5].map(|at| text(&claim[at]));
                (month, text(&claim[1]), text(&claim[2]), [ime, dsh, care])
            });
            let claims = claims.collect();
            Life { id: text(&life[0]), county, tin: "1", spans, claims }
        })
        .collect()
}

/// Who sets the thresholds: one life of each type at the threshold, and cheap ones; payments carry 2 percent sequestration.
fn others() -> Vec<Life> {
    let life = |number: usize, kind: &'static str, paid: Option<&str>| Life {
        id: format!("x{number}"),
        county: "01009",
        tin: "2",
        spans: vec![(kind, [1, 12])],
        claims: paid
            .map(|paid| (1, "OPD".into(), paid.into(), ["0", "0", "0"].map(String::from)))
            .into_iter()
            .collect(),
    };
    let mut lives: Vec<Life> = (0..95).map(|number| life(number, "AGND", None)).collect();
    lives.push(life(95, "AGND", Some("159250.00"))); // 162,500.00 × 0.98
    lives.push(life(96, "AGDU", Some("227262.00"))); // 231,900.00 × 0.98
    lives
}

/// Half a year in Parts A and B, then a health plan: CMS's example of partial enrollment (specifications v11, p. 33).
fn half_in_a_plan() -> Life {
    let claim = |month, paid: &str| (month, "OPD".to_owned(), paid.to_owned(), ["0", "0", "0"].map(String::from));
    Life {
        id: "half".into(),
        county: "01011",
        tin: "2",
        spans: vec![("DIS", [1, 6]), ("plan", [7, 12])],
        claims: vec![claim(2, "980.00"), claim(9, "4900.00")],
    }
}

fn study(lives: &[Life]) -> Folder {
    let folder = Folder::new();
    folder.write("program/aco.csv", ACO).write("program/participant.csv", "performance_year,aco_id,tin\n2025,A1,1\n");
    folder.write("raw/beneficiary.csv", &enrollment(lives));
    let header = "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_FROM_DT|CLM_THRU_DT";
    let mut carrier = format!(
        "{header}|CARR_CLM_PMT_DNL_CD|LINE_NUM|TAX_NUM|PRVDR_SPCLTY|LINE_PLACE_OF_SRVC_CD|LINE_1ST_EXPNS_DT|\
         LINE_LAST_EXPNS_DT|HCPCS_CD|LINE_NCH_PMT_AMT|LINE_ALOWD_CHRG_AMT|LINE_PRCSG_IND_CD\n"
    );
    folder.write("raw/dme.csv", &carrier);
    let of_facilities = format!(
        "{header}|PRVDR_NUM|CLM_FAC_TYPE_CD|CLM_SRVC_CLSFCTN_TYPE_CD|CLM_MDCR_NON_PMT_RSN_CD|CLM_PMT_AMT|\
         IME_OP_CLM_VAL_AMT|DSH_OP_CLM_VAL_AMT|CLM_UNCOMPD_CARE_PMT_AMT|CLM_LINE_NUM|REV_CNTR|HCPCS_CD|\
         REV_CNTR_PMT_AMT_AMT|REV_CNTR_CASH_DDCTBL_AMT|REV_CNTR_COINSRNC_WGE_ADJSTD_C\n"
    );
    let mut facilities =
        BTreeMap::from(["inpatient", "outpatient", "snf", "hha", "hospice"].map(|file| (file, of_facilities.clone())));
    for (number, life) in lives.iter().enumerate() {
        let mut line = |claim: usize, month: usize, hcpcs: &str, paid: &str| {
            let (id, tin, day) = (&life.id, life.tin, format!("2025-{month:02}-10"));
            let _ = writeln!(carrier, "{id}|{claim}|71|{day}|{day}|1|1|{tin}|11|11|{day}|{day}|{hcpcs}|{paid}|60.00|A");
        };
        line(1_000 + number, 1, "99213", "0.00");
        for (at, (month, kind, paid, off)) in life.claims.iter().enumerate() {
            let claim = 100_000 + number * 10 + at;
            let (file, claim_type, bill) = match kind.as_str() {
                "CAR" => {
                    line(claim, *month, "71046", paid);
                    continue;
                }
                "INP" => ("inpatient", 60, "1|1"),
                "OPD" => ("outpatient", 40, "1|3"),
                "SNF" => ("snf", 20, "2|1"),
                "HHA" => ("hha", 10, "3|2"),
                _ => panic!("a kind of claim that the test does not know: {kind}"),
            };
            let rows = facilities.get_mut(file).expect("each kind has a file");
            let (id, day, [ime, dsh, care]) = (&life.id, format!("2025-{month:02}-10"), off);
            let _ = writeln!(
                rows,
                "{id}|{claim}|{claim_type}|{day}|{day}|010001|{bill}||{paid}|{ime}|{dsh}|{care}|1|0001||0|0|0"
            );
        }
    }
    // A study wants claims of every month that its windows and base years reach.
    for (year, month) in (2021..=2025).flat_map(|year| (1..=12).map(move |month| (year, month))) {
        let day = format!("{year}-{month:02}-20");
        let claim = year * 100 + month;
        let _ = writeln!(carrier, "x0|{claim}|71|{day}|{day}|1|1|2|11|11|{day}|{day}|71046|0.00|60.00|A");
    }
    folder.write("raw/carrier.csv", &carrier);
    for (file, rows) in facilities {
        folder.write(&format!("raw/{file}.csv"), &rows);
    }
    folder
}

/// Enrollment of 2021 to 2025; before 2025 as in its first month.
fn enrollment(lives: &[Life]) -> String {
    let months = |name: &str| (1..=12).map(|month| format!("|{name}_{month:02}")).collect::<String>();
    let columns = ["STATE_CNTY_FIPS_CD", "MDCR_STATUS_CODE", "MDCR_ENTLMT_BUYIN_IND", "HMO_IND", "DUAL_STUS_CD"];
    let mut out = format!("BENE_ID|BENE_ENROLLMT_REF_YR|BENE_BIRTH_DT|BENE_DEATH_DT{}\n", columns.map(months).concat());
    for life in lives {
        for year in 2021..=2025 {
            let born = if life.spans[0].0 == "DIS" { "1980-03-05" } else { "1945-03-05" };
            let status = if life.spans[0].0 == "DIS" { "20" } else { "10" };
            let _ = write!(out, "{}|{year}|{born}|", life.id);
            let each = |cell: &dyn Fn(Option<&str>) -> &str| {
                let of = |month: usize| {
                    life.spans.iter().find(|(_, [from, to])| (*from..=*to).contains(&month)).map(|(kind, _)| *kind)
                };
                let cells = (1..=12).map(|month| if year < 2025 { of(1) } else { of(month) });
                cells.map(|kind| format!("|{}", cell(kind))).collect::<String>()
            };
            out.push_str(&each(&|_| life.county));
            out.push_str(&each(&|_| status));
            out.push_str(&each(&|kind| if kind.is_some() { "3" } else { "0" }));
            out.push_str(&each(&|kind| if kind == Some("plan") { "1" } else { "0" }));
            out.push_str(&each(&|kind| if kind == Some("AGDU") { "02" } else { "NA" }));
            out.push('\n');
        }
    }
    out
}

/// Rows of 2025 of a table that the program wrote, by county (or `aco`) and enrollment type.
fn rows(folder: &Folder, file: &str, key: &str) -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let text = folder.read(file);
    let rows = csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<Vec<_>, _>>().unwrap();
    let rows = rows.into_iter().filter(|row: &BTreeMap<String, String>| row["calendar_year"] == "2025");
    rows.map(|row| ((row[key].clone(), row["enrollment_type"].clone()), row)).collect()
}

#[test]
fn every_step_of_the_panel_is_met() {
    let Some(example) = oracle("spec/worked_example.json") else { return };
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
    let own = panel(&document);
    let mut lives = panel(&document);
    lives.extend(others());
    lives.push(half_in_a_plan());
    let folder = study(&lives);
    // Annualised: nobody above the threshold. Truncated: claims that need no completion. Completed: three months of run-out.
    let ways = [
        ("annualised", "maturity = 'mature'\n", "[rules]\n'cells.truncation.percentile' = 1.0\n"),
        ("truncated", "maturity = 'mature'\n", ""),
        ("completed", "maturity = '3-months'\n", ""),
    ];
    let mut per_capita = BTreeMap::new();
    for (name, maturity, rules) in ways {
        let text = STUDY.replace("program = 'program'\n", &format!("program = 'program'\n{maturity}")) + rules;
        folder.write("study.toml", &text);
        folder.run(&format!("rates study.toml --csv --out {name}")).expect(0);
        per_capita.insert(name, rows(&folder, &format!("{name}/rates/county.csv"), "county"));
    }
    let person_years = rows(&folder, "completed/person_year.csv", "bene_id");
    let assigned = rows(&folder, "completed/rates/aco_year.csv", "aco_id");
    let (mut equal, mut different) = (0, String::new());
    for step in document["cases"][0]["steps"].as_array().unwrap().iter().filter(|step| step["rule"] == "B.3") {
        let (name, want) = (text(&step["name"]), text(&step["value"]).parse::<f64>().unwrap());
        let words: Vec<&str> = name.split(' ').collect();
        let got = match words[..] {
            ["panel", "per", "capita", kind] => number(&assigned[&("A1".into(), kind.into())]["per_capita"]),
            [id, kind, ref what @ ..] => {
                let life = own.iter().find(|life| life.id == id).expect("a life of the panel");
                let person_year = &person_years[&(id.into(), kind.into())];
                match what {
                    ["spending"] => number(&person_year["spend_cents"]) / 100.0,
                    ["person", "years"] => {
                        f64::from(person_year["months_mask"].parse::<u16>().unwrap().count_ones()) / 12.0
                    }
                    [way] => number(&per_capita[way][&(life.county.into(), kind.into())]["per_capita"]),
                    _ => panic!("a step that nothing stands for: {name}"),
                }
            }
            _ => panic!("a step that nothing stands for: {name}"),
        };
        let half = 0.5 * 10f64.powi(-(step["decimals"].as_i64().unwrap() as i32));
        if (got - want).abs() <= half + 1e-9 * want.abs() {
            equal += 1;
        } else {
            let _ = writeln!(different, "{name}: {got} against {want}");
        }
    }
    println!("panel of the first worked example: {equal} equal, {} different", different.lines().count());
    assert!(different.is_empty(), "{different}");
    assert_eq!(equal, 27);

    let half = &per_capita["truncated"][&("01011".into(), "DIS".into())];
    assert_eq!(number(&half["person_years"]), 0.5);
    assert!((number(&half["per_capita"]) - 2_000.0).abs() < 1e-9, "{half:?}"); // 980 / 0.98 in half a year
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: `{text}`"))
}
