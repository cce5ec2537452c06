//! Small studies as text: aligned tables in, aligned tables out.
//!
//! A section is `[table]`, a line of column names, then rows; `-` is a blank, `#` begins a comment. What a table leaves out
//! has a plain default: lives are born in 1940 and enrolled in Parts A and B, in county 01001, in every year.

use crate::lake::{Lake, Row};
use crate::walk::{Rows, Run, run};
use acoledger_person::{Context, Facts};
use acoledger_schemas::program::Program;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::study::{AssignmentSource, CountyCodes, Maturity};
use acoledger_schemas::table::{Table, read_csv};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of the sections, by table: text by column.
type Sections = BTreeMap<String, Rows>;

/// The shipped rules, of studies that have no scores and want none.
pub(crate) fn rules() -> Rules {
    let none = "\"risk.source\" = \"given\"".parse().expect("rules are TOML");
    let rules = Rules::built_in().expect("the shipped rules are sound");
    rules.with_overrides(&none).expect("a rule of the shipped ones")
}

/// A small study.
pub(crate) struct Small {
    pub(crate) program: Program,
    pub(crate) facts: Facts,
    pub(crate) lake: Lake,
    pub(crate) rules: Rules,
}

fn sections(text: &str) -> Sections {
    let mut out = Sections::new();
    let (mut table, mut header): (String, Vec<String>) = (String::new(), Vec::new());
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name.to_owned();
            header.clear();
        } else if words.is_empty() {
        } else if header.is_empty() {
            header = words.iter().map(|word| (*word).to_owned()).collect();
        } else {
            assert_eq!(words.len(), header.len(), "columns of [{table}]: {line}");
            let cells = header.iter().cloned().zip(words.iter().map(|w| if *w == "-" { "" } else { w }.to_owned()));
            out.entry(table.clone()).or_default().push(cells.collect());
        }
    }
    out
}

/// A program table: its section with defaults for required columns, through the reader of program files.
fn program<T: Table>(sections: &Sections, year: i32, defaults: &[(&str, &str)]) -> Option<Vec<T>> {
    let rows = sections.get(T::SPEC.name)?;
    let mut csv = T::SPEC.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",") + "\n";
    for row in rows {
        let cell = |name: &str| {
            let given = row.get(name).or_else(|| row.get(name.strip_suffix("_id").unwrap_or(name)));
            let default = defaults.iter().find(|(column, _)| *column == name).map(|(_, text)| (*text).to_owned());
            let year = (name == "performance_year").then(|| year.to_string());
            given.cloned().or(default).or(year).unwrap_or_default()
        };
        csv += &(T::SPEC.columns.iter().map(|column| cell(column.name)).collect::<Vec<_>>().join(",") + "\n");
    }
    Some(read_csv(csv.as_bytes(), T::SPEC.name).unwrap_or_else(|problems| panic!("{problems}")))
}

impl Small {
    pub(crate) fn new(performance_year: i32, text: &str) -> Small {
        let sections = sections(text);
        let aco = [
            ("period", "full"),
            ("agreement_number", "1"),
            ("agreement_type", "initial"),
            ("track", "E"),
            ("assignment_method", "retrospective"),
            ("msr_choice", "0.01"),
        ];
        let of = performance_year;
        let program = Program {
            aco: program(&sections, of, &aco).expect("ACOs"),
            participant: program(&sections, of, &[]),
            participant_ccn: program(&sections, of, &[]),
            aco_provider: program(&sections, of, &[]),
            provider_specialty: program(&sections, of, &[]),
            voluntary_alignment: program(&sections, of, &[]),
            other_initiative: program(&sections, of, &[]),
            assignment_given: program(&sections, of, &[]),
            risk_score: program(&sections, of, &[]),
            esrd_month: program(&sections, of, &[]),
            risk_status: program(&sections, of, &[]),
            lis_adi: program(&sections, of, &[]),
            non_claims_payment: program(&sections, of, &[]),
            claim_reduction: program(&sections, of, &[]),
            improper_payment: program(&sections, of, &[]),
            eta_hospital: program(&sections, of, &[]),
            eta_fee: program(&sections, of, &[]),
            ..Program::default()
        };
        let facts = Facts {
            performance_years: vec![performance_year],
            seed: 1,
            county_codes: CountyCodes::Fips,
            maturity: Maturity::Mature,
            assignment: AssignmentSource::Own,
            benchmarks: true,
        };
        Small { program, facts, lake: lake(&sections), rules: rules() }
    }

    /// The same under other rules, as the `[rules]` of a study says them.
    pub(crate) fn under(mut self, rules: &str) -> Small {
        let overrides = rules.parse().expect("rules are TOML");
        self.rules = self.rules.with_overrides(&overrides).unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// What is wrong with the rules.
    pub(crate) fn refusal(&self) -> String {
        match Context::new(&self.rules, &self.program, &self.facts) {
            Ok(_) => panic!("the rules are taken"),
            Err(problems) => problems.to_string(),
        }
    }

    pub(crate) fn context(&self) -> Context {
        Context::new(&self.rules, &self.program, &self.facts).unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn run(&self) -> Run {
        run(&self.context(), &self.program, &self.lake, 1, 3)
    }
}

fn take(row: &BTreeMap<String, String>, name: &str, default: &str) -> String {
    row.get(name).cloned().unwrap_or_else(|| default.to_owned())
}

fn lake(sections: &Sections) -> Lake {
    let mut lake = Lake::default();
    let mut lives = BTreeSet::new();
    for table in ["enrollment", "carrier", "dme", "facility", "revenue", "voluntary_alignment"] {
        lives.extend(sections.get(table).into_iter().flatten().filter_map(|row| row.get("bene").cloned()));
    }
    for life in &lives {
        lake.push("bene", None, Row::from([("bene_id", life.clone())]));
        enroll(sections, life, &mut lake);
    }
    let mut number = 0;
    for table in ["carrier", "dme"] {
        for row in sections.get(table).into_iter().flatten() {
            number += 1;
            let day = row["date"].clone();
            let year = day[..4].parse().ok();
            lake.push(if table == "dme" { "dme" } else { "carrier" }, year, line(row, number, table));
        }
    }
    for row in sections.get("facility").into_iter().flatten() {
        number += 1;
        let year = row["thru"][..4].parse().ok();
        lake.push("facility", year, facility(row, number));
    }
    for (at, row) in sections.get("revenue").into_iter().flatten().enumerate() {
        let year = row["thru"][..4].parse().ok();
        let columns = [("bene_id", "bene"), ("claim_id", "claim"), ("center", "center"), ("hcpcs", "hcpcs")];
        let mut out: Row = columns.into_iter().map(|(to, from)| (to, take(row, from, ""))).collect();
        out.insert("line", take(row, "line", &(at + 1).to_string()));
        out.insert("service_date", take(row, "date", ""));
        out.insert("paid_cents", take(row, "paid", "0"));
        out.insert("rendering_npi", take(row, "rendering", ""));
        lake.push("revenue", year, out);
    }
    lake
}

fn enroll(sections: &Sections, life: &str, lake: &mut Lake) {
    for year in 2008..=2026 {
        let given = sections.get("enrollment").into_iter().flatten();
        let given = given.filter(|row| row["bene"] == *life).find(|row| {
            let years = take(row, "year", "2008-2026");
            let (first, last) = years.split_once('-').unwrap_or((&years, &years));
            (first.parse().unwrap_or(0)..=last.parse().unwrap_or(0)).contains(&year)
        });
        let blank = BTreeMap::new();
        let row = given.unwrap_or(&blank);
        let months = |name: &str, default: &str, width: usize| {
            let text = take(row, name, default);
            let codes: Vec<&str> = text.split('/').collect();
            let code = |month: usize| if codes[month % codes.len()] == "-" { "" } else { codes[month % codes.len()] };
            (0..12).map(|month| format!("{:<width$}", code(month))).collect::<String>()
        };
        let out = Row::from([
            ("bene_id", life.to_owned()),
            ("birth_date", take(row, "born", "1940-06-15")),
            ("death_date", take(row, "died", "")),
            ("county_fips", months("county", "01001", 5)),
            ("status", months("status", "10", 2)),
            ("buyin", months("buyin", "3", 1)),
            ("plan", months("plan", "0", 1)),
            ("dual", months("dual", "NA", 2)),
            ("sex", take(row, "sex", "2")),
            ("original_reason", take(row, "orec", "0")),
        ]);
        lake.push("enrollment", Some(year), out);
    }
}

fn line(row: &BTreeMap<String, String>, number: usize, table: &str) -> Row {
    let day = row["date"].clone();
    Row::from([
        ("bene_id", row["bene"].clone()),
        ("claim_id", take(row, "claim", &number.to_string())),
        ("line", take(row, "line", "1")),
        ("claim_type", take(row, "type", if table == "dme" { "82" } else { "71" })),
        ("first_date", take(row, "first", &day)),
        ("last_date", day),
        ("proc_date", take(row, "processed", "")),
        ("denial", take(row, "denial", "1")),
        ("processing", take(row, "processing", "A")),
        ("hcpcs", take(row, "hcpcs", "99213")),
        ("specialty", take(row, "specialty", "11")),
        ("place", take(row, "place", "11")),
        ("tin", take(row, "tin", "T9")),
        ("paid_cents", take(row, "paid", "0")),
        ("allowed_cents", take(row, "allowed", "100")),
        ("sequestration_cents", take(row, "withheld", "")),
        ("reduction_cents", take(row, "reduced", "")),
        ("diagnoses", take(row, "diagnoses", "I10").replace('/', " ")),
    ])
}

fn facility(row: &BTreeMap<String, String>, number: usize) -> Row {
    let bill = take(row, "bill", "11");
    let thru = row["thru"].clone();
    let mut out = Row::from([
        ("bene_id", row["bene"].clone()),
        ("claim_id", take(row, "claim", &number.to_string())),
        ("claim_type", take(row, "type", "40")),
        ("from_date", take(row, "from", &thru)),
        ("admission_date", take(row, "admitted", &take(row, "from", ""))),
        ("discharge_status", take(row, "status", "01")),
        ("discharge_date", take(row, "discharge", "")),
        ("proc_date", take(row, "processed", "")),
        ("ccn", take(row, "ccn", "010001")),
        ("facility_type", bill[..1].to_owned()),
        ("service_class", bill[1..2].to_owned()),
        ("nonpayment", take(row, "nonpayment", "")),
        ("paid_cents", take(row, "paid", "0")),
        ("diagnoses", take(row, "diagnoses", "I10").replace('/', " ")),
        ("thru_date", thru),
    ]);
    for (to, from) in [
        ("deductible_cents", "deductible"),
        ("coinsurance_cents", "coinsurance"),
        ("ime_operating_cents", "ime"),
        ("dsh_operating_cents", "dsh"),
        ("uncompensated_cents", "uncompensated"),
        ("attending_npi", "attending"),
        ("other_npi", "other"),
        ("sequestration_cents", "withheld"),
        ("reduction_cents", "reduced"),
    ] {
        out.insert(to, take(row, from, ""));
    }
    out
}

/// Columns of rows, aligned, sorted; blanks as `-`.
pub(crate) fn aligned(rows: &Rows, columns: &[&str]) -> String {
    let mut lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|c| if row[*c].is_empty() { "-".to_owned() } else { row[*c].clone() }).collect())
        .collect();
    lines.sort();
    let short = columns.iter().map(|c| c.trim_end_matches("_id").trim_end_matches("_cents").to_owned());
    lines.insert(0, short.collect());
    let widths: Vec<usize> =
        (0..columns.len()).map(|at| lines.iter().map(|line| line[at].len()).max().unwrap_or(0)).collect();
    let text = |line: &Vec<String>| {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(text).collect()
}

/// The assignment of one calendar year.
pub(crate) fn assigned(performance_year: i32, calendar_year: i32, text: &str) -> String {
    assigned_of(&Small::new(performance_year, text), calendar_year)
}

/// The same of a study that stands.
pub(crate) fn assigned_of(small: &Small, calendar_year: i32) -> String {
    let rows = small.run().assignment;
    let rows = rows.into_iter().filter(|row| row["calendar_year"] == calendar_year.to_string()).collect();
    let columns = ["bene_id", "aco_id", "basis", "step", "winner_cents", "runner_up", "runner_up_cents", "tie"];
    aligned(&rows, &columns)
}

/// Months and money of one calendar year.
pub(crate) fn spending(performance_year: i32, calendar_year: i32, text: &str) -> String {
    spending_of(&Small::new(performance_year, text), calendar_year)
}

/// The same of a study that stands.
pub(crate) fn spending_of(small: &Small, calendar_year: i32) -> String {
    let mut rows = small.run().person_year;
    rows.retain(|row| row["calendar_year"] == calendar_year.to_string());
    for row in &mut rows {
        let mask: u16 = row["months_mask"].parse().expect("a mask");
        let months = (0..12).map(|month| if mask >> month & 1 == 1 { 'x' } else { '.' }).collect();
        row.insert("in_months".into(), months);
    }
    aligned(&rows, &["bene_id", "enrollment_type", "in_months", "county", "spend_cents", "gross_cents"])
}
