//! The nation against its calibration: a naive evaluation of generated rows, and the properties that files rely on.

use acoledger_synth::tables::{NO_DATE, YearTables};
use acoledger_synth::{Nation, Options};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn nation(lives: u32) -> Nation {
    nation_of(lives, None)
}

fn nation_of(lives: u32, aco_share: Option<f64>) -> Nation {
    let options = Options { lives, performance_years: vec![2023, 2024], aco_share, seed: 1 };
    Nation::new(&options).expect("the options are in range")
}

pub(crate) fn tables(nation: &Nation, people: std::ops::Range<u64>) -> Vec<YearTables> {
    let mut tables: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    nation.generate(people, &mut tables);
    tables
}

/// What a year comes to, by a plain walk over its rows.
#[derive(Debug, Default)]
struct Year {
    months: [f64; 4],
    spend: [f64; 4],
    lines: BTreeMap<&'static str, f64>,
    claims: BTreeMap<&'static str, f64>,
    fee_for_service_months: f64,
    lives: f64,
    assignable: f64,
    deaths: f64,
    decedent: (f64, f64),
    survivor: (f64, f64),
    step_one: f64,
    annualised: [Vec<f64>; 4],
    services: BTreeMap<&'static str, f64>,
}

const PHYSICIANS: [&str; 5] = ["01", "08", "11", "37", "38"];
const LISTED: [&str; 19] =
    ["06", "12", "13", "16", "23", "25", "26", "27", "29", "39", "46", "70", "79", "82", "83", "84", "86", "90", "98"];
fn primary_care(code: &str) -> bool {
    let ranges = [("99201", "99215"), ("99304", "99350"), ("99421", "99443"), ("99483", "99498"), ("G0438", "G0444")];
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
        || ["96160", "G0402", "G0506", "G2211"].contains(&code)
}

#[derive(Default)]
struct Person {
    kind: [Option<usize>; 12],
    died: bool,
    assignable: bool,
    by_kind: [f64; 4],
    total: f64,
    services: BTreeMap<&'static str, f64>,
    step_one: f64,
}

fn evaluate(nation: &Nation, tables: &[YearTables], year: i32) -> Year {
    let t = &tables[(year - nation.years().start()) as usize];
    let codes = nation.codes();
    let month_of = |day: i32| (acoledger_schemas::values::Date(day).ymd().1 - 1) as usize;
    let mut people: BTreeMap<u64, Person> = BTreeMap::new();
    let e = &t.enrollment;
    for i in 0..e.bene.len() {
        let mut person = Person { died: e.death[i] != NO_DATE, ..Person::default() };
        let (birth_year, birth_month, birth_day) = acoledger_schemas::values::Date(e.birth[i]).ymd();
        let aged = (birth_year + 65) * 12 + birth_month as i32 - 1 - i32::from(birth_day == 1);
        for month in 0..12 {
            if !(matches!(e.buyin[i][month], b'3' | b'C') && e.plan[i][month] == b'0') {
                continue;
            }
            let dual = ["01", "02", "04", "08"].contains(&codes[usize::from(e.dual[i][month])].as_str());
            let kidney = ["11", "21"].contains(&codes[usize::from(e.status[i][month])].as_str());
            person.kind[month] = Some(match () {
                () if kidney => 0,
                () if year * 12 + (month as i32) < aged => 1,
                () if dual => 2,
                () => 3,
            });
        }
        people.insert(e.bene[i], person);
    }
    let gross_up = |paid: i64, day: i32| {
        let cut = if day >= 19_174 {
            0.98
        } else if day >= 19_083 {
            0.99
        } else if day >= 18_383 {
            1.0
        } else {
            0.98
        };
        paid as f64 / cut / 100.0
    };
    let mut out = Year::default();
    let add = |people: &mut BTreeMap<u64, Person>, bene: u64, day: i32, dollars: f64, service: &'static str| {
        let person = people.get_mut(&bene).expect("claims have enrollment");
        if let Some(kind) = person.kind[month_of(day)] {
            person.by_kind[kind] += dollars;
            person.total += dollars;
            *person.services.entry(service).or_default() += dollars;
        }
    };
    for (name, lines) in [("carrier", &t.carrier), ("dme", &t.dme)] {
        *out.lines.entry(name).or_default() += lines.bene.len() as f64;
        *out.claims.entry(name).or_default() += lines.claim.iter().collect::<BTreeSet<_>>().len() as f64;
        for i in 0..lines.bene.len() {
            let denied = codes[usize::from(lines.denial[i])] == "D" || codes[usize::from(lines.processing[i])] == "N";
            if denied {
                continue;
            }
            add(&mut people, lines.bene[i], lines.last[i], gross_up(lines.paid[i], lines.last[i]), name);
            let specialty = codes[usize::from(lines.specialty[i])].as_str();
            if name == "carrier" && primary_care(&codes[usize::from(lines.hcpcs[i])]) {
                let person = people.get_mut(&lines.bene[i]).expect("claims have enrollment");
                person.assignable |= PHYSICIANS.contains(&specialty) || LISTED.contains(&specialty);
                if PHYSICIANS.contains(&specialty) || ["50", "89", "97"].contains(&specialty) {
                    person.step_one += 1.0;
                }
            }
        }
    }
    let facility = [
        ("inpatient", &t.inpatient),
        ("snf", &t.snf),
        ("outpatient", &t.outpatient),
        ("hha", &t.hha),
        ("hospice", &t.hospice),
    ];
    for (name, claims) in facility {
        *out.lines.entry(name).or_default() += claims.lines.header.len() as f64;
        *out.claims.entry(name).or_default() += claims.headers.bene.len() as f64;
        let h = &claims.headers;
        for i in 0..h.bene.len() {
            if h.nonpayment[i] != 0 {
                continue;
            }
            let extras = h.extras[i].iter().sum::<i64>() as f64 / 100.0;
            add(&mut people, h.bene[i], h.thru[i], gross_up(h.paid[i], h.thru[i]) - extras, name);
            let bill =
                (codes[usize::from(h.facility_type[i])].as_str(), codes[usize::from(h.service_class[i])].as_str());
            if matches!(bill, ("7", "1" | "7")) {
                let person = people.get_mut(&h.bene[i]).expect("claims have enrollment");
                person.assignable = true;
                person.step_one += 1.0;
            }
        }
    }
    for person in people.values() {
        let months = person.kind.iter().flatten().count() as f64;
        if months == 0.0 {
            continue;
        }
        out.lives += 1.0;
        out.fee_for_service_months += months;
        out.deaths += f64::from(u8::from(person.died));
        let group = if person.died { &mut out.decedent } else { &mut out.survivor };
        group.0 += person.total;
        group.1 += 1.0;
        if !person.assignable {
            continue;
        }
        out.assignable += 1.0;
        out.step_one += person.step_one;
        for (service, dollars) in &person.services {
            *out.services.entry(service).or_default() += dollars;
        }
        for kind in 0..4 {
            let months = person.kind.iter().filter(|k| **k == Some(kind)).count() as f64;
            out.months[kind] += months;
            if months > 0.0 {
                out.annualised[kind].push(person.by_kind[kind] * 12.0 / months);
                out.spend[kind] += person.by_kind[kind];
            }
        }
    }
    out
}

#[test]
fn ranges_of_people_come_to_the_same_rows() {
    let nation = nation(500);
    let whole = tables(&nation, 0..nation.people());
    let mut apart: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    let mut at = 0;
    for step in [1, 7, 100, nation.people()] {
        let end = (at + step).min(nation.people());
        nation.generate(at..end, &mut apart);
        at = end;
    }
    assert!(whole == apart, "the rows of a person do not depend on who is made before");
    let mut backwards: Vec<YearTables> = nation.years().map(|_| YearTables::default()).collect();
    for index in (0..nation.people()).rev() {
        nation.generate(index..index + 1, &mut backwards);
    }
    for (forth, back) in whole.iter().zip(&backwards) {
        let stays = |year: &YearTables| {
            let headers = &year.inpatient.headers;
            let stay = |i: usize| (headers.claim[i], headers.drg[i], headers.diagnoses[i], headers.paid[i]);
            let mut stays: Vec<_> = (0..headers.claim.len()).map(stay).collect();
            stays.sort_unstable();
            stays
        };
        assert!(stays(forth) == stays(back), "nor on their order");
    }
    let other = Nation::new(&Options { lives: 500, performance_years: vec![2023, 2024], aco_share: None, seed: 2 })
        .expect("in range");
    assert!(whole != tables(&other, 0..other.people()), "another seed is another nation");
}

/// Figures against the calibration's targets. Bands are wide: 20,000 lives have chance in them.
#[test]
fn a_year_looks_like_medicare() {
    let nation = nation(20_000);
    let tables = tables(&nation, 0..nation.people());
    let year = evaluate(&nation, &tables, 2019);
    let years = year.fee_for_service_months / 12.0;
    let assignable_years: f64 = year.months.iter().sum::<f64>() / 12.0;
    let mut off = Vec::new();
    let mut check = |what: &str, value: f64, low: f64, high: f64| {
        if !(low..=high).contains(&value) {
            off.push(format!("{what}: {value:.4}, expected {low} to {high}"));
        }
    };
    check("lives", year.lives, 18_500.0, 21_500.0);
    check("assignable share of lives", year.assignable / year.lives, 0.78, 0.84);
    check("deaths per life", year.deaths / year.lives, 0.033, 0.048);
    let ratio = year.decedent.0 / year.decedent.1 / (year.survivor.0 / year.survivor.1);
    check("decedents over survivors", ratio, 3.8, 5.6);
    check("step-1 services per assignable year", year.step_one / assignable_years, 4.6, 6.6);
    // Shares and levels by type; kidney failure is small, and its status outlasts the program's months.
    let share = |kind: usize| year.months[kind] / 12.0 / assignable_years;
    let per_capita = |kind: usize| year.spend[kind] / (year.months[kind] / 12.0);
    check("share of ESRD", share(0), 0.007, 0.018);
    check("share of DIS", share(1), 0.12, 0.165);
    check("share of AGDU", share(2), 0.075, 0.11);
    check("share of AGND", share(3), 0.72, 0.79);
    check("per capita of ESRD", per_capita(0), 65_000.0, 110_000.0);
    check("per capita of DIS", per_capita(1), 9_500.0, 14_000.0);
    check("per capita of AGDU", per_capita(2), 14_500.0, 21_500.0);
    check("per capita of AGND", per_capita(3), 9_400.0, 12_000.0);
    for (name, lines, claims) in [
        ("carrier", 57.4, 28.2),
        ("dme", 3.55, 2.0),
        ("inpatient", 6.0, 0.351),
        ("snf", 1.16, 0.144),
        ("outpatient", 39.9, 5.57),
        ("hha", 4.35, 0.39),
        ("hospice", 3.2, 0.152),
    ] {
        check(&format!("{name} lines per year"), year.lines[name] / years / lines, 0.6, 1.4);
        check(&format!("{name} claims per year"), year.claims[name] / years / claims, 0.6, 1.4);
    }
    let mut aged = year.annualised[3].clone();
    aged.sort_by(f64::total_cmp);
    check("99th percentile of AGND", aged[aged.len() * 99 / 100], 95_000.0, 160_000.0);
    assert!(off.is_empty(), "{}", off.join("\n"));
}

#[test]
fn pandemic_and_catheters_happen() {
    let nation = nation(5_000);
    let tables = tables(&nation, 0..nation.people());
    let code = |text: &str| nation.codes().iter().position(|code| code == text).expect("the code occurs") as u16;
    let stays = |year: i32| {
        let headers = &tables[(year - nation.years().start()) as usize].inpatient.headers;
        headers.diagnoses.iter().filter(|codes| [code("U071"), code("B9729")].contains(&codes[0])).count()
    };
    assert_eq!(stays(2019), 0);
    assert!(
        stays(2020) > 20 && stays(2021) > 20 && stays(2022) > 10,
        "{} {} {}",
        stays(2020),
        stays(2021),
        stays(2022)
    );
    assert_eq!(stays(2024), 0);
    let catheters = |year: i32| {
        let lines = &tables[(year - nation.years().start()) as usize].dme;
        lines.hcpcs.iter().filter(|line| **line == code("A4352") || **line == code("A4353")).count()
    };
    assert_eq!(catheters(2022), 0);
    assert!(catheters(2023) > 100, "{}", catheters(2023));
}

#[test]
fn program_files_agree_with_each_other() {
    let nation = nation_of(50_000, Some(0.95));
    let program = nation.program();
    let years: BTreeSet<i32> = program.aco.iter().map(|row| row.agreement_start.year()).collect();
    assert_eq!(years, BTreeSet::from([2023, 2024]), "claims begin where these starts need them");
    let tracks: BTreeSet<&str> = program.aco.iter().map(|row| row.track.code()).collect();
    assert_eq!(tracks, BTreeSet::from(["A", "B", "C", "D", "E", "EN"]));
    let acos: BTreeSet<_> = program.aco.iter().map(|row| (row.performance_year, row.aco_id.clone())).collect();
    let participants = program.participant.expect("there is a list");
    let mut lists: BTreeMap<_, usize> = BTreeMap::new();
    for row in &participants {
        assert!(acos.contains(&(row.performance_year, row.aco_id.clone())), "only ACOs have participants");
        *lists.entry((row.performance_year, row.tin.clone())).or_default() += 1;
    }
    let shared = lists.values().filter(|count| **count > 1).count();
    assert_eq!(shared, 2, "one TIN is planted on two lists of each year");
    for row in program.participant_ccn.expect("there are facilities") {
        assert!(lists.contains_key(&(row.performance_year, row.tin)), "facilities are enrolled under participants");
    }
    let mut sums = [(0.0, 0.0); 4];
    let mut people = acoledger_schemas::program::Program::default();
    nation.people_program(0..20_000, &mut people);
    for row in people.risk_score.expect("there are scores").iter().filter(|row| row.score_year.0 == 2023) {
        let sum = &mut sums[row.enrollment_type.index()];
        *sum = (sum.0 + row.hcc_score, sum.1 + 1.0);
    }
    for (kind, (sum, count)) in sums.into_iter().enumerate() {
        let mean = sum / count;
        assert!((0.75..1.35).contains(&mean), "mean score of type {kind}: {mean}");
    }
}

#[test]
#[ignore = "prints the figures for tuning"]
fn figures() {
    let lives = std::env::var("LIVES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let nation = nation(lives);
    let clock = std::time::Instant::now();
    let tables = tables(&nation, 0..nation.people());
    let rows: usize = tables.iter().map(YearTables::line_count).sum();
    println!("{rows} lines in {:?}: {:.0}/s", clock.elapsed(), rows as f64 / clock.elapsed().as_secs_f64());
    for year in [2019, 2021, 2023] {
        let mut y = evaluate(&nation, &tables, year);
        let years = y.fee_for_service_months / 12.0;
        let assignable_years: f64 = y.months.iter().sum::<f64>() / 12.0;
        println!(
            "== {year}: lives {} ffs-years {years:.0} assignable {:.4} deaths {:.4}",
            y.lives,
            y.assignable / y.lives,
            y.deaths / y.lives
        );
        println!(
            "  decedent/survivor {:.2}  step one per assignable year {:.2}",
            y.decedent.0 / y.decedent.1 / (y.survivor.0 / y.survivor.1),
            y.step_one / assignable_years
        );
        for (kind, name) in ["esrd", "dis", "agdu", "agnd"].into_iter().enumerate() {
            let list = &mut y.annualised[kind];
            list.sort_by(f64::total_cmp);
            let p99 = list[(list.len() as f64 * 0.99).ceil() as usize - 1];
            println!(
                "  {name}: share {:.4} per capita {:.0} p99 {:.0}",
                y.months[kind] / 12.0 / assignable_years,
                y.spend[kind] / (y.months[kind] / 12.0),
                p99
            );
        }
        for (name, lines) in &y.lines {
            println!("  {name}: lines {:.2} claims {:.3} per ffs-year", lines / years, y.claims[name] / years);
        }
        for (name, dollars) in &y.services {
            println!("  {name}: {:.0} per assignable year", dollars / assignable_years);
        }
    }
}
