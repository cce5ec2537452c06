//! The inputs of the worked examples as rates and program rows.

use acoledger_schemas::program::{Aco, AcoHistory, Disaster, Program};
use acoledger_schemas::rates::*;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::Dollars;
use acoledger_schemas::values::*;
use serde_json::Value;

/// A number that the examples write as text.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_str().expect("a number as text").parse().expect("a number")
}

const YEARS: [&str; 4] = ["BY1", "BY2", "BY3", "PY"];

/// Rates, program rows and rules of all cases.
pub(crate) fn acos(cases: &[Value]) -> (Rates, Program, Rules) {
    let mut made = Made { rates: Rates::default(), program: Program::default() };
    made.program.aco_history = Some(Vec::new());
    made.program.disaster = Some(Vec::new());
    let mut growth = toml::Table::new();
    for case in cases {
        let case = Case::new(case);
        made.program.aco.push(case.aco());
        made.own(&case);
        made.nation(&case);
        made.counties(&case);
        made.heads(&case);
        made.history(&case);
        made.disaster(&case);
        if let Some(given) = case.inputs.get("acpt_growth") {
            growth.insert("esrd".into(), number(&given["ESRD"]).into());
            growth.insert("aged_or_disabled".into(), number(&given["AD"]).into());
        }
    }
    // The first example derives the prospective trend, which the shipped rules do not.
    let overrides = toml::Table::from_iter([("update.acpt.projected_growth".into(), growth.into())]);
    let rules = Rules::built_in().expect("the shipped rules are sound");
    let rules = rules.with_overrides(&overrides).expect("an override of the rule's shape");
    (made.rates, made.program, rules)
}

struct Made {
    rates: Rates,
    program: Program,
}

/// One case, with what its title says in words.
struct Case<'c> {
    inputs: &'c Value,
    aco_id: AcoId,
    performance_year: PerformanceYear,
    /// Calendar years of BY1, BY2, BY3, PY.
    years: [i32; 4],
    start: Date,
    track: Track,
}

impl<'c> Case<'c> {
    fn new(case: &'c Value) -> Case<'c> {
        let id = case["id"].as_str().expect("an id");
        let (start, performance_year, track) = match id {
            "A9999" => (2025, 2025, Track::E),
            "A9901" => (2020, 2022, Track::A),
            "A9902" => (2022, 2023, Track::En),
            "A9903" => (2014, 2016, Track::T1),
            _ => panic!("a case that the test does not know: {id}"),
        };
        Case {
            inputs: &case["inputs"],
            aco_id: AcoId::new(id).expect("an id"),
            performance_year: PerformanceYear(performance_year),
            years: [start - 3, start - 2, start - 1, performance_year],
            start: Date::new(start, 1, 1).expect("a day"),
            track,
        }
    }

    fn first(&self) -> bool {
        !matches!(self.inputs["first_agreement_period"].to_string().as_str(), "false" | "\"False\"")
    }

    fn flag(&self, name: &str) -> Option<Flag> {
        let text = self.inputs.get(name)?.to_string().to_lowercase();
        Some(Flag(text.contains("true")))
    }

    fn aco(&self) -> Aco {
        let inputs = self.inputs;
        let msr = inputs["msr"].as_str().expect("a choice");
        let msr_choice = match msr.split(' ').next().and_then(|word| word.parse().ok()) {
            Some(rate) => MsrChoice::Fixed(rate),
            None => MsrChoice::Variable,
        };
        let revenue = inputs.get("participants_revenue").map(number);
        Aco {
            performance_year: self.performance_year,
            period: Period::Full,
            aco_id: self.aco_id.clone(),
            aco_name: None,
            agreement_start: self.start,
            agreement_number: if self.first() { 1 } else { 2 },
            agreement_type: if self.first() { AgreementType::Initial } else { AgreementType::Renewal },
            track: self.track,
            track_year: None,
            assignment_method: AssignmentMethod::Retrospective,
            msr_choice,
            regional_adjustment_count: inputs.get("times_regional").map(|count| number(count) as u8),
            revenue_category: None,
            revenue_loss_limit: None,
            participant_revenue: revenue.map(|dollars| Dollars(Cents::from_dollars(dollars).expect("an amount"))),
            quality_score: Some(number(&inputs["quality"])),
            met_quality_standard: self.flag("quality_standard_met").or(self.flag("minimum_attainment_met")),
            met_alternative_standard: self.flag("alternative_met"),
            first_year_complete_reporting: Some(Flag(false)),
            terminated_on: None,
            termination_kind: None,
            advance_balance: None,
        }
    }

    /// Person years of a type in a year: given as such, as counties, or as cohorts.
    fn person_years(&self, year: &str, kind: &str) -> f64 {
        let inputs = self.inputs;
        if let Some(given) = inputs.get("person_years").and_then(|years| years.get(year)) {
            return number(&given[kind]);
        }
        if let Some(counties) = inputs.get("county") {
            let counties = counties[year].as_object().expect("counties");
            return counties.values().map(|county| number(&county["assigned"][kind])).sum();
        }
        ["newly", "continuously"].iter().map(|cohort| number(&inputs[*cohort]["person_years_py"][kind])).sum()
    }
}

fn kinds() -> impl Iterator<Item = (EnrollmentType, &'static str)> {
    EnrollmentType::ALL.into_iter().map(|kind| (kind, kind.code()))
}

impl Made {
    fn own(&mut self, case: &Case<'_>) {
        let inputs = case.inputs;
        for (place, year) in YEARS.into_iter().enumerate() {
            for (enrollment_type, kind) in kinds() {
                let demographic = inputs.get("demographic").and_then(|scores| scores.get(year));
                self.rates.aco_year.push(AcoYear {
                    performance_year: case.performance_year,
                    period: Period::Full,
                    aco_id: case.aco_id.clone(),
                    calendar_year: CalendarYear(case.years[place]),
                    cohort: Cohort::All,
                    enrollment_type,
                    per_capita: Some(number(&inputs["per_capita"][year][kind])),
                    person_years: Some(case.person_years(year, kind)),
                    hcc_score: inputs["hcc"].get(year).map(|scores| number(&scores[kind])),
                    demographic_score: demographic.map(|scores| number(&scores[kind])),
                });
            }
        }
        for (cohort, name) in [(Cohort::Newly, "newly"), (Cohort::Continuously, "continuously")] {
            let Some(given) = inputs.get(name) else { continue };
            for (place, suffix) in [(2, "by3"), (3, "py")] {
                for (enrollment_type, kind) in kinds() {
                    self.rates.aco_year.push(AcoYear {
                        performance_year: case.performance_year,
                        period: Period::Full,
                        aco_id: case.aco_id.clone(),
                        calendar_year: CalendarYear(case.years[place]),
                        cohort,
                        enrollment_type,
                        per_capita: None,
                        // Only whether there were any in BY3 matters (M.C.5.3).
                        person_years: Some(if place == 3 { number(&given["person_years_py"][kind]) } else { 1.0 }),
                        hcc_score: Some(number(&given[format!("hcc_{suffix}")][kind])),
                        demographic_score: given.get(format!("demog_{suffix}")).map(|scores| number(&scores[kind])),
                    });
                }
            }
        }
    }

    fn nation(&mut self, case: &Case<'_>) {
        for (place, year) in YEARS.into_iter().enumerate() {
            for (enrollment_type, kind) in kinds() {
                self.rates.national.push(National {
                    performance_year: case.performance_year,
                    calendar_year: CalendarYear(case.years[place]),
                    enrollment_type,
                    per_capita: Some(number(&case.inputs["national"][year][kind])),
                    person_years: None,
                    truncation_threshold: None,
                    hcc_mean: None,
                    demographic_mean: None,
                });
            }
        }
    }

    fn counties(&mut self, case: &Case<'_>) {
        let inputs = case.inputs;
        for (place, year) in YEARS.into_iter().enumerate() {
            let names: Vec<&String> = match (inputs.get("county"), inputs.get("county_per_capita")) {
                (Some(counties), _) => counties[year].as_object().expect("counties").keys().collect(),
                (_, Some(counties)) => counties[year].as_object().expect("counties").keys().collect(),
                _ => return,
            };
            for name in names {
                for (enrollment_type, kind) in kinds() {
                    let county = County::new(name).expect("a county");
                    let figures = county_figures(case, year, name, kind);
                    self.rates.county.push(CountyRate {
                        performance_year: case.performance_year,
                        calendar_year: CalendarYear(case.years[place]),
                        window: if case.start.year() >= 2024 { Window::Retrospective } else { Window::Calendar },
                        county: county.clone(),
                        enrollment_type,
                        per_capita: Some(figures.per_capita),
                        person_years: Some(figures.assignable),
                        hcc_score: Some(figures.hcc),
                        demographic_score: figures.demographic,
                    });
                    self.rates.aco_county.push(AcoCounty {
                        performance_year: case.performance_year,
                        period: Period::Full,
                        aco_id: case.aco_id.clone(),
                        calendar_year: CalendarYear(case.years[place]),
                        enrollment_type,
                        county,
                        person_years: figures.assigned,
                        assignable_person_years: None,
                        assignable_per_capita: None,
                        assignable_hcc_score: None,
                        assignable_demographic_score: None,
                    });
                }
            }
        }
    }

    fn heads(&mut self, case: &Case<'_>) {
        let inputs = case.inputs;
        let of_year = |calendar_year: i32| AcoHeads {
            performance_year: case.performance_year,
            period: Period::Full,
            aco_id: case.aco_id.clone(),
            calendar_year: CalendarYear(calendar_year),
            head_count: None,
            dual_person_years: None,
            lis_or_dual_share: None,
            participant_revenue: None,
            paid_amounts: None,
            voluntary_only: None,
            claims_only: None,
            both: None,
        };
        // "No duals among ESRD and DIS assumed"
        let dual = inputs.get("dual_share_by3").map(|_| case.person_years("BY3", "AGDU"));
        let spending =
            kinds().map(|(_, kind)| case.person_years("PY", kind) * number(&inputs["per_capita"]["PY"][kind]));
        self.rates.aco_heads.push(AcoHeads { dual_person_years: dual, ..of_year(case.years[2]) });
        self.rates.aco_heads.push(AcoHeads {
            head_count: Some(number(&inputs["head_count_py"]) as i64),
            lis_or_dual_share: inputs.get("lis_or_dual_share_py").map(number),
            // The example tests low revenue on total expenditures, as an illustration.
            paid_amounts: Some(spending.sum()),
            ..of_year(case.years[3])
        });
    }

    fn history(&mut self, case: &Case<'_>) {
        let Some(savings) = case.inputs.get("prior_savings_per_capita") else { return };
        for (place, savings) in savings.as_array().expect("three years").iter().enumerate() {
            self.program.aco_history.get_or_insert_default().push(AcoHistory {
                aco_id: case.aco_id.clone(),
                calendar_year: CalendarYear(case.years[place]),
                per_capita_savings: number(savings),
                person_years: number(&case.inputs["prior_person_years_mean"]),
                forfeited: Flag(false),
                shared_savings_per_capita: None,
            });
        }
    }

    fn disaster(&mut self, case: &Case<'_>) {
        let Some(months) = case.inputs.get("euc").and_then(|euc| euc.get("months_affected")) else { return };
        for (name, months) in months.as_object().expect("counties") {
            let county = County::new(name).expect("a county");
            self.program.disaster.get_or_insert_default().push(Disaster {
                performance_year: case.performance_year,
                county: county.clone(),
                months: number(months) as u8,
            });
            self.rates.aco_county_heads.push(AcoCountyHeads {
                performance_year: case.performance_year,
                period: Period::Full,
                aco_id: case.aco_id.clone(),
                calendar_year: CalendarYear(case.years[3]),
                county,
                head_count: number(&case.inputs["euc"]["assigned_heads"][name]) as i64,
            });
        }
    }
}

struct Figures {
    per_capita: f64,
    hcc: f64,
    demographic: Option<f64>,
    assignable: f64,
    assigned: f64,
}

/// A county's figures in either form of the examples.
fn county_figures(case: &Case<'_>, year: &str, county: &str, kind: &str) -> Figures {
    let inputs = case.inputs;
    if let Some(counties) = inputs.get("county") {
        let figures = &counties[year][county];
        return Figures {
            per_capita: number(&figures["percap"][kind]),
            hcc: number(&figures["hcc"][kind]),
            demographic: None,
            assignable: number(&figures["assignable"][kind]),
            assigned: number(&figures["assigned"][kind]),
        };
    }
    let assignable = &inputs["county_assignable_person_years"];
    let demographic = inputs["county_demographic"].get(year);
    Figures {
        per_capita: number(&inputs["county_per_capita"][year][county][kind]),
        hcc: number(&inputs["county_hcc"][year][county][kind]),
        demographic: demographic.map(|scores| number(&scores[county][kind])),
        // Market share reads BY3 and the performance year only.
        assignable: number(&assignable.get(year).unwrap_or(&assignable["BY3"])[county][kind]),
        assigned: number(&inputs["county_share_of_aco_all_years_and_types"][county]) * case.person_years(year, kind),
    }
}
