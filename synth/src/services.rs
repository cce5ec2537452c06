//! Which primary care service a visit is: drawn by year, class of clinician and frailty.

use crate::calibration::{Calibration, PrimaryCare};
use crate::random::{Random, running};
use crate::tables::{Code, Codes};

/// Services by year, class and frailty.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    first_year: i32,
    /// `[year][class * 2 + frail]`: running weights and the services they are of.
    years: Vec<[(Vec<f64>, Vec<usize>); 6]>,
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
struct Item {
    code: Code,
    /// Place and whether it is a facility's.
    places: Vec<(Code, bool)>,
    fee: f64,
    facility_fee: f64,
}

/// Year of the calibration's fees and what a year adds.
const FEE_YEAR: i32 = 2023;
const FEE_GROWTH: f64 = 0.008;
/// How much more often frail lives are visited where they live, and the codes of such visits.
const FRAIL_FACTOR: f64 = 8.0;
const AT_HOME: [(&str, &str); 2] = [("99304", "99318"), ("99324", "99350")];
/// Places where the facility is paid apart, so that the clinician's fee is lower.
const FACILITY_PLACES: [&str; 4] = ["19", "21", "22", "31"];

impl Services {
    /// The services of the years from `first_year` to `last_year`.
    pub(crate) fn new(calibration: &Calibration, first_year: i32, last_year: i32, codes: &mut Codes) -> Services {
        let items = calibration
            .services
            .iter()
            .map(|service| Item {
                code: codes.enter(&service.code),
                places: service
                    .places
                    .iter()
                    .map(|place| (codes.enter(place), FACILITY_PLACES.contains(&place.as_str())))
                    .collect(),
                fee: service.fee,
                facility_fee: service.facility_fee,
            })
            .collect();
        let years = (first_year..=last_year)
            .map(|year| std::array::from_fn(|at| draw_table(&calibration.services, year, at / 2, at % 2 == 1)))
            .collect();
        Services { first_year, years, items }
    }

    /// A service: its code, place and fee in dollars before local differences. `None`: the class furnishes nothing then.
    pub(crate) fn draw(&self, year: i32, class: usize, frail: bool, random: &mut Random) -> Option<(Code, Code, f64)> {
        let (weights, services) =
            &self.years.get(usize::try_from(year - self.first_year).ok()?)?[class * 2 + usize::from(frail)];
        let item = &self.items[*services.get(random.pick(weights))?];
        // The first place is the usual one.
        let (place, facility) = item.places[random.below(2 * item.places.len()).saturating_sub(item.places.len())];
        let fee = if facility { item.facility_fee } else { item.fee };
        Some((item.code, place, fee * (1.0 + FEE_GROWTH).powi(year - FEE_YEAR)))
    }

    /// Codes and usual fees of a year, dollars; for the fees of electing hospitals.
    pub(crate) fn fees(&self, year: i32) -> impl Iterator<Item = (Code, f64)> {
        let growth = (1.0 + FEE_GROWTH).powi(year - FEE_YEAR);
        self.items.iter().map(move |item| (item.code, item.facility_fee * growth))
    }
}

fn draw_table(services: &[PrimaryCare], year: i32, class: usize, frail: bool) -> (Vec<f64>, Vec<usize>) {
    let in_use: Vec<usize> = (0..services.len())
        .filter(|&at| (services[at].from..=services[at].to).contains(&year) && services[at].per_thousand[class] > 0.0)
        .filter(|&at| frail || !at_home(&services[at].code))
        .collect();
    let weight =
        |at: &usize| services[*at].per_thousand[class] * if at_home(&services[*at].code) { FRAIL_FACTOR } else { 1.0 };
    (running(in_use.iter().map(weight)), in_use)
}

fn at_home(code: &str) -> bool {
    AT_HOME.iter().any(|(first, last)| (*first..=*last).contains(&code))
}
