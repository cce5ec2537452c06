//! The calibration figures, compiled in from `data/calibration` (its README names every source).

use serde_json::Value;
use std::collections::BTreeMap;

const CALIBRATION: &str = include_str!("../../data/calibration/calibration.json");
const GENERATOR: &str = include_str!("../../data/calibration/generator.json");
const STATES: &str = include_str!("../../data/calibration/states.csv");
const SERVICES: &str = include_str!("../../data/calibration/hcpcs_mix.csv");
const SPECIALTIES: &str = include_str!("../../data/calibration/specialty_mix.csv");

/// Names of the types in the calibration files, in the order of `EnrollmentType::ALL`.
pub(crate) const TYPES: [&str; 4] = ["esrd", "dis", "agdu", "agnd"];

/// Parameters of the annual person model of one enrollment type (`model.parameters`; money in dollars of 2018).
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[expect(non_snake_case, reason = "the names of the calibration file")]
pub(crate) struct TypeModel {
    pub(crate) q: f64,
    pub(crate) bD: f64,
    pub(crate) LY: f64,
    pub(crate) sLY: f64,
    pub(crate) A: f64,
    pub(crate) bA: f64,
    pub(crate) sA: f64,
    pub(crate) lam: f64,
    pub(crate) bH: f64,
    pub(crate) c: f64,
    pub(crate) sc: f64,
    pub(crate) p0: f64,
    pub(crate) phi: f64,
    pub(crate) ded: f64,
    pub(crate) bLY: f64,
    pub(crate) c0: f64,
    pub(crate) rA: f64,
}

/// A state: its counties, weight and per capita by type relative to the nation.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) ssa: String,
    pub(crate) fips: String,
    pub(crate) counties: usize,
    pub(crate) person_years: f64,
    pub(crate) relative: [f64; 4],
}

/// A primary care service: code, places, fees, years of use, services per 1,000 person years by clinician class.
#[derive(Clone, Debug)]
pub(crate) struct PrimaryCare {
    pub(crate) code: String,
    pub(crate) places: Vec<String>,
    pub(crate) fee: f64,
    pub(crate) facility_fee: f64,
    pub(crate) from: i32,
    pub(crate) to: i32,
    /// By primary care physician, practitioner, specialist.
    pub(crate) per_thousand: [f64; 3],
}

/// A specialty of the mix.
#[derive(Clone, Debug)]
pub(crate) struct Specialty {
    pub(crate) code: String,
    /// 0 primary care physician, 1 practitioner, 2 specialist.
    pub(crate) class: usize,
    pub(crate) share: f64,
}

/// Lines that come together: a specialty, a place, its share of bundles, codes with usual payments.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Bundle {
    pub(crate) specialty: String,
    pub(crate) place: String,
    pub(crate) share: f64,
    pub(crate) lines: f64,
    pub(crate) codes: Vec<(String, f64)>,
}

/// Professional services that hospitals bill.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct HospitalClinics {
    /// Share of people who are patients of the clinicians of their hospital.
    pub(crate) people: f64,
    /// Of these people's visits at a critical access hospital, those billed with a professional line (Method II).
    pub(crate) method_two: f64,
    /// Of their visits at an electing teaching hospital, those that are primary care.
    pub(crate) electing: f64,
}

/// How many bundles a year has.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct BundleUse {
    /// Bundles per person year at the usual amount.
    pub(crate) per_year: f64,
    /// The usual amount, dollars of 2018.
    pub(crate) dollars: f64,
    /// Most bundles of a year.
    pub(crate) most: f64,
}

/// Shares of ambulatory payments by kind of claim.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct Shares {
    pub(crate) carrier: f64,
    pub(crate) outpatient: f64,
    pub(crate) dme: f64,
    pub(crate) hha: f64,
}

/// All figures that the generator reads.
#[derive(Clone, Debug)]
pub(crate) struct Calibration {
    pub(crate) models: [TypeModel; 4],
    /// `b`, `g`, `s` of the risk score by type.
    pub(crate) risk: [[f64; 3]; 4],
    /// Share of fee-for-service lives by type.
    pub(crate) mix: [f64; 4],
    /// Share of home practices that take part in an ACO.
    pub(crate) aco_share: f64,
    /// Yearly chances of kidney failure by type.
    pub(crate) kidney_failure: [f64; 4],
    /// Types of those who enter.
    pub(crate) entrant_mix: [f64; 4],
    /// Lives at a county's own center or clinic relative to an office.
    pub(crate) clinic_size: f64,
    /// Chance of seeing a physician in part of a year, not the last one, relative to a whole year: this power of the part.
    pub(crate) partial_care: f64,
    pub(crate) hospital_clinics: HospitalClinics,
    /// Share of the variance of how often people go that is of the person, not of the year.
    pub(crate) visit_habit: f64,
    /// Share of people who have specialists only.
    pub(crate) specialists_only: f64,
    /// Added to the log odds of seeing a physician.
    pub(crate) care_odds: f64,
    growth: Value,
    pub(crate) end_of_life: Vec<f64>,
    /// Standard deviation between the counties of a state, as a fraction of the mean, by type.
    pub(crate) county_sd: [f64; 4],
    pub(crate) states: Vec<State>,
    pub(crate) services: Vec<PrimaryCare>,
    pub(crate) specialties: Vec<Specialty>,
    pub(crate) bundles: Vec<Bundle>,
    pub(crate) bundle_use: BundleUse,
    pub(crate) shares: Shares,
    pub(crate) esrd_shares: Shares,
    /// Percent taken off payments from a day on.
    pub(crate) sequestration: Vec<(String, i64)>,
    /// Share of stays that are for COVID-19, by month from January 2020.
    pub(crate) covid: Vec<f64>,
    pub(crate) hospital_visits: Vec<(String, f64)>,
    pub(crate) dme: Vec<(String, f64)>,
    pub(crate) revenue_lines: Vec<(String, String)>,
    pub(crate) inpatient_centers: Vec<String>,
    pub(crate) drgs: Vec<String>,
    pub(crate) diagnoses: Vec<String>,
}

impl Calibration {
    /// Reads the compiled-in figures.
    pub(crate) fn load() -> Calibration {
        let file: Value = serde_json::from_str(CALIBRATION).expect("calibration.json is shipped with the crate");
        let own: Value = serde_json::from_str(GENERATOR).expect("generator.json is shipped with the crate");
        // What the generator fits anew stands in the place of the model's own parameter.
        let models = TYPES.map(|kind| {
            let mut model = file["model"]["parameters"]["value"][kind].clone();
            for (name, value) in own["model_parameters"]["value"][kind].as_object().into_iter().flatten() {
                model[name] = value.clone();
            }
            read(&model)
        });
        let by_type = |value: &Value| TYPES.map(|kind| value[kind].as_f64().expect("figures stand by type"));
        let risk = &file["model"]["risk_score"]["value"];
        let county = &file["spend"]["county_2018"]["value"];
        let county_sd = TYPES.map(|kind| {
            let figure = |name: &str| county[kind][name].as_f64().expect("a figure of the county file");
            let (all, states) = (figure("sd_between_counties_noise_removed"), figure("sd_between_states"));
            (all * all - states * states).max(0.0).sqrt() / figure("mean")
        });
        Calibration {
            models,
            risk: TYPES.map(|kind| ["b", "g", "s"].map(|name| risk[name][kind].as_f64().expect("a figure by type"))),
            mix: by_type(&file["population"]["ffs_ab_share_by_type"]["value"]),
            aco_share: read(&file["attribution"]["home_practice"]["value"]["practice_volume_in_an_aco_2018"]),
            kidney_failure: by_type(&own["kidney_failure_per_year"]["value"]),
            entrant_mix: by_type(&own["entrant_mix"]["value"]),
            clinic_size: read(&own["clinic_size"]["value"]),
            hospital_clinics: read(&own["hospital_clinics"]["value"]),
            partial_care: read(&own["partial_care"]["value"]),
            visit_habit: read(&own["visit_habit"]["value"]),
            specialists_only: read(&own["specialists_only"]["value"]),
            care_odds: read(&own["care_odds"]["value"]),
            growth: file["model"]["growth_per_year"]["value"].clone(),
            end_of_life: normalised(read(&file["dynamics"]["end_of_life_month_profile"]["value"])),
            county_sd,
            states: states(&own["state_fips"]["value"], &county_means(county)),
            services: services(),
            specialties: specialties(),
            bundles: read(&own["carrier_bundles"]["value"]),
            bundle_use: read(&own["carrier_bundle_use"]["value"]),
            shares: read(&own["ambulatory_shares"]["value"]),
            esrd_shares: read(&own["ambulatory_shares"]["esrd"]),
            sequestration: read(&own["sequestration"]["value"]),
            covid: read(&own["covid_share_of_stays"]["value"]),
            hospital_visits: read(&own["hospital_visit_codes"]["value"]),
            dme: read(&own["dme_codes"]["value"]),
            revenue_lines: read(&own["revenue_lines"]["value"]),
            inpatient_centers: read(&own["inpatient_centers"]["value"]),
            drgs: read(&own["drgs"]["value"]),
            diagnoses: read(&own["diagnoses"]["value"]),
        }
    }

    /// Level of payments of a year and type relative to 2018.
    pub(crate) fn level(&self, year: i32, kind: usize) -> f64 {
        let usual = self.growth[TYPES[kind]].as_f64().expect("growth stands by type");
        let growth = |year: i32| self.growth[format!("y{year}")][TYPES[kind]].as_f64().unwrap_or(usual);
        if year >= 2018 {
            (2019..=year).map(|year| 1.0 + growth(year)).product()
        } else {
            (year + 1..=2018).map(|year| 1.0 / (1.0 + growth(year))).product()
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    T::deserialize(value).expect("the shipped figures have the shape that the crate reads")
}

fn normalised(mut weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

fn county_means(county: &Value) -> [f64; 4] {
    TYPES.map(|kind| county[kind]["mean"].as_f64().expect("a mean by type"))
}

/// Rows of a simple comma-separated file as maps; the shipped files quote nothing.
fn rows(text: &str) -> impl Iterator<Item = BTreeMap<&str, &str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines.map(move |line| header.iter().copied().zip(line.split(',')).collect())
}

fn states(fips: &Value, means: &[f64; 4]) -> Vec<State> {
    let number = |row: &BTreeMap<&str, &str>, name: &str| row[name].parse::<f64>().unwrap_or(0.0);
    rows(STATES)
        .filter_map(|row| {
            let relative = std::array::from_fn(|kind| {
                let per_capita = number(&row, &format!("{}_per_capita_usd", TYPES[kind]));
                if per_capita > 0.0 { per_capita / means[kind] } else { 1.0 }
            });
            Some(State {
                ssa: row["ssa_state"].to_owned(),
                fips: fips[row["ssa_state"]].as_str()?.to_owned(),
                counties: row["counties"].parse().ok()?,
                person_years: TYPES.iter().map(|kind| number(&row, &format!("{kind}_person_years"))).sum(),
                relative,
            })
        })
        .collect()
}

fn services() -> Vec<PrimaryCare> {
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    rows(SERVICES)
        .map(|row| PrimaryCare {
            code: row["hcpcs"].to_owned(),
            places: row["place_of_service"].split(';').map(str::to_owned).collect(),
            fee: number(row["avg_allowed_nonfacility_usd"]),
            facility_fee: number(row["avg_allowed_facility_usd"]),
            from: row["mssp_from_py"].parse().unwrap_or(2012),
            to: row["mssp_to_py"].parse().unwrap_or(9999),
            per_thousand: ["per_1000_py_pcp", "per_1000_py_npp", "per_1000_py_spec"].map(|name| number(row[name])),
        })
        .collect()
}

fn specialties() -> Vec<Specialty> {
    rows(SPECIALTIES)
        .map(|row| Specialty {
            code: row["specialty_code"].to_owned(),
            class: ["pcp", "npp", "spec"].iter().position(|class| *class == row["class"]).unwrap_or(2),
            share: row["share_within_class"].parse().unwrap_or(0.0),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_load() {
        let calibration = Calibration::load();
        assert_eq!(calibration.states.len(), 55);
        assert!((calibration.mix.iter().sum::<f64>() - 1.0).abs() < 1e-3);
        assert!((calibration.level(2018, 3) - 1.0).abs() < 1e-12);
        assert!(calibration.level(2020, 3) < calibration.level(2019, 3), "the pandemic's dip");
        assert!(calibration.services.iter().all(|service| service.code.len() == 5));
        assert!((calibration.end_of_life.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
