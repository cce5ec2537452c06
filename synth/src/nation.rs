//! The nation: everything that is the same for all its people.

use crate::acos::{self, AcoPlan};
use crate::calibration::Calibration;
use crate::claims::{Named, claim_type};
use crate::geography::{self, County};
use crate::market::Market;
use crate::people::{ENTRANTS, PLAN_SHARE};
use crate::planted::Planted;
use crate::random::running;
use crate::services::Services;
use crate::tables::{ABROAD, Code, Codes, YearTables};
use acoledger_schemas::values::Date;
use std::ops::{Range, RangeInclusive};

/// What nation to draw.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fee-for-service lives at a time.
    pub lives: u32,
    /// Performance years, in order.
    pub performance_years: Vec<i32>,
    /// Share of lives whose home practice takes part in an ACO, above 0 and at most 1; `None`: that of 2018
    /// (`attribution.home_practice` of the calibration), by which about 36 % of the assignable are on an ACO's list.
    pub aco_share: Option<f64>,
    /// Seed.
    pub seed: u64,
}

/// A carrier bundle with its codes looked up.
#[derive(Clone, Debug)]
pub(crate) struct CodedBundle {
    pub(crate) place: Code,
    pub(crate) lines: f64,
    pub(crate) codes: Vec<(Code, f64)>,
}

/// A synthetic nation, ready to make its people.
#[derive(Debug)]
pub struct Nation {
    pub(crate) seed: u64,
    pub(crate) performance_years: Vec<i32>,
    pub(crate) first_year: i32,
    pub(crate) last_year: i32,
    /// People entitled at the beginning, entrants a year, and both over all years.
    pub(crate) stock: u64,
    pub(crate) entrants: u64,
    pub(crate) ordinary: u64,
    /// Spreads entrants evenly over the indexes; no divisor in common with `ordinary`.
    pub(crate) stride: u64,
    pub(crate) calibration: Calibration,
    pub(crate) counties: Vec<County>,
    pub(crate) counties_running: Vec<f64>,
    pub(crate) acos: Vec<AcoPlan>,
    pub(crate) market: Market,
    pub(crate) codes: Codes,
    pub(crate) named: Named,
    pub(crate) statuses: [Code; 5],
    pub(crate) duals: [Code; 7],
    pub(crate) services: Services,
    pub(crate) bundles: Vec<CodedBundle>,
    pub(crate) bundle_running: Vec<f64>,
    /// The bundle whose supplier stands at hospital beds.
    pub(crate) bedside_bundle: usize,
    pub(crate) hospital_visits: Vec<(Code, f64)>,
    pub(crate) dme: Vec<(Code, f64)>,
    pub(crate) revenue_lines: Vec<(Code, Code)>,
    pub(crate) inpatient_centers: Vec<Code>,
    pub(crate) drgs: Vec<Code>,
    pub(crate) diagnoses: Vec<Code>,
    pub(crate) clinician_specialty: Vec<Code>,
    pub(crate) specialty_running: Vec<f64>,
    pub(crate) supply_specialty: Code,
    pub(crate) home_place: Code,
    pub(crate) hospital_place: Code,
    pub(crate) professional_center: Code,
    pub(crate) clinic_center: Code,
    pub(crate) clinic_revenue: Code,
    pub(crate) dialysis_center: Code,
    pub(crate) home_health_center: Code,
    pub(crate) hospice_center: Code,
    pub(crate) nursing_center: Code,
    pub(crate) rural_code: Code,
    pub(crate) electing_hospitals: Vec<u32>,
    pub(crate) sequestration: Vec<(i32, i64)>,
    pub(crate) months: Vec<i32>,
    pub(crate) levels: Vec<[f64; 4]>,
    /// By type, what makes the mean chance of death the type's rate.
    pub(crate) death_scale: [f64; 4],
    /// First month and day of which there are claims, and the day until which they are known.
    pub(crate) first_claim_month: i32,
    pub(crate) first_claim_day: i32,
    pub(crate) claims_known_until: i32,
    pub(crate) planted: Planted,
}

/// Fewest and most lives.
const LIVES: RangeInclusive<u32> = 500..=200_000_000;
/// Performance years for which the nation has agreements: by the rules since July 2019, before that by tracks 1 to 3.
const YEARS: RangeInclusive<i32> = 2016..=2026;
/// Benchmark years before an agreement, and the further year that a prospective window reaches back.
const BENCHMARK_YEARS: i32 = 3;
/// Codes beside the nation's counties: abroad, Puerto Rico, Guam, Saint Croix.
pub(crate) const OUTSIDE: [&str; 4] = ["99999", "72127", "66010", "78010"];
/// People of fee-for-service per life at a time: some have Part A only for a while, some die, some enter late in a year.
const STOCK: f64 = 1.06;
const FIRST_BENEFICIARY: u64 = 1_000_000_000;

impl Nation {
    /// Draws the nation.
    ///
    /// # Errors
    /// Options out of range: says which and what is possible.
    pub fn new(options: &Options) -> Result<Nation, String> {
        let years = &options.performance_years;
        if !LIVES.contains(&options.lives) {
            return Err(format!("lives: expected {} to {}", LIVES.start(), LIVES.end()));
        }
        if years.is_empty() || !years.is_sorted_by(|a, b| a < b) || !years.iter().all(|year| YEARS.contains(year)) {
            return Err(format!("performance years: expected rising years from {} to {}", YEARS.start(), YEARS.end()));
        }
        if options.aco_share.is_some_and(|share| !(share > 0.0 && share <= 1.0)) {
            return Err("share of homes in ACOs: expected a number above 0 and at most 1".to_owned());
        }
        let (first, last) = (years[0], years[years.len() - 1]);
        if acos::is_of_old_tracks(first) && last >= first + acos::OLD_AGREEMENT_YEARS {
            let most = acos::OLD_AGREEMENT_YEARS;
            return Err(format!(
                "performance years: agreements before 2020 last {most} years, to {}",
                first + most - 1
            ));
        }
        Ok(Nation::draw(options))
    }

    fn draw(options: &Options) -> Nation {
        let years = options.performance_years.clone();
        let (first, last_year) = (years[0], years[years.len() - 1]);
        // A year more for the expanded window (M.A.6.4), and for who is newly assigned (M.A.8.1).
        let one_more = last_year >= crate::planted::STEP_THREE_FROM || acos::is_of_old_tracks(first);
        let first_year = first - BENCHMARK_YEARS - 2 - i32::from(one_more);
        let calibration = Calibration::load();
        let counties = geography::counties(&calibration, options.lives, options.seed);
        let share = options.aco_share.unwrap_or(calibration.aco_share);
        let acos = acos::plans(options.lives, share, &years, options.seed);
        let mut market = Market::build(&calibration, &counties, &acos, options.lives, share, options.seed);
        let mut codes = Codes::default();
        let services = Services::new(&calibration, first_year, last_year, &mut codes);
        let planted = Planted::build(&years, &counties, &acos, &mut market, &mut codes, options.seed);
        let lives = u64::from(options.lives);
        let stock = (lives as f64 * (STOCK + PLAN_SHARE)) as u64;
        let entrants = (lives as f64 * STOCK * ENTRANTS) as u64;
        let ordinary = stock + entrants * (last_year - first_year) as u64;
        let day = |year: i32, month: u32, day: u32| Date::new(year, month, day).expect("a day of the calendar").0;
        let months =
            (0..=(last_year - first_year + 2) * 12).map(|at| Date::first_of_month(first_year * 12 + at).0).collect();
        let mut enter_all = |texts: &[String]| -> Vec<Code> { texts.iter().map(|text| codes.enter(text)).collect() };
        let inpatient_centers = enter_all(&calibration.inpatient_centers);
        let drgs = enter_all(&calibration.drgs);
        let diagnoses = enter_all(&calibration.diagnoses);
        let clinician_specialty = enter_all(&market.clinicians);
        let bundles: Vec<CodedBundle> = calibration
            .bundles
            .iter()
            .map(|bundle| CodedBundle {
                place: codes.enter(&bundle.place),
                lines: bundle.lines,
                codes: bundle.codes.iter().map(|(code, price)| (codes.enter(code), *price)).collect(),
            })
            .collect();
        let specialists = calibration.specialties.iter().filter(|specialty| specialty.class == 2);
        Nation {
            seed: options.seed,
            first_year,
            last_year,
            stock,
            entrants,
            ordinary,
            stride: coprime(ordinary),
            counties_running: running(counties.iter().map(|county| county.share)),
            specialty_running: running(specialists.map(|specialty| specialty.share)),
            bundle_running: running(calibration.bundles.iter().map(|bundle| bundle.share)),
            bedside_bundle: calibration.bundles.iter().position(|bundle| bundle.place == "23").unwrap_or(0),
            hospital_visits: coded(&calibration.hospital_visits, &mut codes),
            dme: coded(&calibration.dme, &mut codes),
            revenue_lines: calibration
                .revenue_lines
                .iter()
                .map(|(center, code)| (codes.enter(center), codes.enter(code)))
                .collect(),
            supply_specialty: codes.enter("54"),
            home_place: codes.enter("12"),
            hospital_place: codes.enter("21"),
            professional_center: codes.enter("0960"),
            clinic_center: codes.enter("0510"),
            clinic_revenue: codes.enter("0521"),
            dialysis_center: codes.enter("0821"),
            home_health_center: codes.enter("0551"),
            hospice_center: codes.enter("0651"),
            nursing_center: codes.enter("0120"),
            rural_code: codes.enter("99213"),
            electing_hospitals: electing(&market),
            sequestration: calibration
                .sequestration
                .iter()
                .map(|(from, percent)| (Date::parse_iso(from).expect("the shipped dates are ISO").0, *percent))
                .collect(),
            levels: (first_year..=last_year)
                .map(|year| std::array::from_fn(|kind| calibration.level(year, kind)))
                .collect(),
            death_scale: std::array::from_fn(|kind| death_scale(&calibration.models[kind])),
            first_claim_month: first_year * 12 + 9,
            first_claim_day: day(first_year, 10, 1),
            claims_known_until: day(last_year + 1, 3, 31),
            named: named(&mut codes),
            statuses: crate::enrollment::STATUS_CODES.map(|code| codes.enter(code)),
            duals: crate::people::DUAL_CODES.map(|code| codes.enter(code)),
            performance_years: years,
            calibration,
            counties,
            acos,
            market,
            codes,
            services,
            bundles,
            inpatient_centers,
            drgs,
            diagnoses,
            clinician_specialty,
            months,
            planted,
        }
    }

    /// How many people there are over all years: those entitled at the beginning, entrants, and the planted ones last.
    pub fn people(&self) -> u64 {
        self.ordinary + self.planted.people() as u64
    }

    /// Calendar years with rows: enrollment in all of them, claims from October of the first one.
    pub fn years(&self) -> RangeInclusive<i32> {
        self.first_year..=self.last_year
    }

    /// Number of a person, which as text is the identifier in all files.
    pub fn beneficiary(&self, index: u64) -> u64 {
        match index.checked_sub(self.ordinary) {
            Some(planted) => crate::planted::bene(planted as usize),
            None => self.bene(index),
        }
    }

    /// Appends the rows of a range of people to one [`YearTables`] per year of [`Nation::years`].
    ///
    /// # Panics
    /// When `tables` are not as many as the years.
    pub fn generate(&self, people: Range<u64>, tables: &mut [YearTables]) {
        assert_eq!(tables.len(), self.levels.len(), "one set of tables per year");
        for index in people {
            if index >= self.ordinary {
                self.planted.write(self, (index - self.ordinary) as usize, tables);
                continue;
            }
            let life = self.life(index);
            self.enrollment(&life, tables);
            self.claims(&life, tables);
        }
    }

    /// Performance years of the study.
    pub fn performance_years(&self) -> &[i32] {
        &self.performance_years
    }

    /// The seed that the study breaks ties with.
    pub fn tie_seed(&self) -> u64 {
        self.seed
    }

    /// What the planted cases must come to.
    pub fn answer_key(&self) -> Vec<crate::AnswerRow> {
        self.planted.answer_key()
    }

    /// Texts of the codes.
    pub fn codes(&self) -> &[String] {
        self.codes.texts()
    }

    /// Tax numbers of the practices, in their order.
    pub fn tins(&self) -> Vec<String> {
        self.market.practices.iter().map(|practice| tin(practice.tin)).collect()
    }

    /// Identifiers of the clinicians, in their order.
    pub fn npis(&self) -> Vec<String> {
        (0..self.market.clinicians.len() as u32).map(npi).collect()
    }

    /// Certification numbers of the facilities, in their order.
    pub fn ccns(&self) -> Vec<String> {
        self.market.facilities.iter().map(|facility| facility.ccn.clone()).collect()
    }

    /// FIPS codes of the counties, in their order; after them the codes outside the nation's states.
    pub fn counties(&self) -> Vec<String> {
        let inside = self.counties.iter().map(|county| county.fips.clone());
        inside.chain(OUTSIDE.map(str::to_owned)).collect()
    }

    /// Place in [`Nation::counties`] of a county where a life is.
    pub(crate) fn county_at(&self, county: u32) -> u32 {
        if county == ABROAD { self.outside(0) } else { county }
    }

    /// Place in [`Nation::counties`] of one of [`OUTSIDE`].
    pub(crate) fn outside(&self, at: usize) -> u32 {
        (self.counties.len() + at) as u32
    }

    pub(crate) fn bene(&self, index: u64) -> u64 {
        FIRST_BENEFICIARY + index
    }

    /// Level of payments of a life: its year and type, its county, and what its ACO does about it.
    pub(crate) fn level(&self, year: &crate::people::LifeYear, kind: usize, month: usize) -> f64 {
        let county = year.county[month];
        let local = if county >= ABROAD { 1.0 } else { self.counties[county as usize].relative[kind] };
        let practice = &self.market.practices[year.home as usize];
        let effect = practice.aco.map_or(0.0, |aco| {
            let plan = &self.acos[usize::from(aco)];
            if year.year >= plan.start { plan.effect } else { 0.0 }
        });
        self.levels[(year.year - self.first_year) as usize][kind] * local * (1.0 - effect)
    }

    pub(crate) fn hospital_staff(&self, facility: u32) -> u32 {
        self.market.facilities[facility as usize].staff
    }

    /// First day of a month; month 12 is the next January.
    pub(crate) fn month_start(&self, year: i32, month: usize) -> i32 {
        self.months[(year - self.first_year) as usize * 12 + month]
    }

    /// The year of a day, when it is one of the nation's.
    pub(crate) fn year_of(&self, day: i32) -> Option<i32> {
        let years = self.levels.len();
        let starts = |year: usize| self.months[year * 12];
        (0..years)
            .rev()
            .find(|&year| day >= starts(year) && day < starts(year + 1))
            .map(|year| self.first_year + year as i32)
    }

    /// The month of a day, counted like [`Date::month_index`].
    pub(crate) fn month_of(&self, day: i32) -> Option<i32> {
        self.year_of(day).map(|_| Date(day).month_index())
    }

    /// Percent that sequestration takes off a payment of this day.
    pub(crate) fn reduction(&self, day: i32) -> i64 {
        self.sequestration.iter().rev().find(|(from, _)| day >= *from).map_or(0, |(_, percent)| *percent)
    }
}

/// The factor with which `1 - exp(-risk)` has the mean `q` over all severities.
fn death_scale(model: &crate::calibration::TypeModel) -> f64 {
    const POINTS: usize = 400;
    let mean = |scale: f64| {
        let chance = |k: usize| {
            let severity = crate::random::normal_quantile((k as f64 + 0.5) / POINTS as f64);
            1.0 - (-scale * model.q * (model.bD * severity - model.bD * model.bD / 2.0).exp()).exp()
        };
        (0..POINTS).map(chance).sum::<f64>() / POINTS as f64
    };
    let (mut low, mut high) = (1.0, 4.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if mean(middle) < model.q { low = middle } else { high = middle }
    }
    low
}

/// A tax number: nine digits.
pub(crate) fn tin(number: u32) -> String {
    format!("{number:09}")
}

/// A clinician's identifier: ten digits.
pub(crate) fn npi(clinician: u32) -> String {
    format!("{}", 1_100_000_001 + u64::from(clinician))
}

fn coded(pairs: &[(String, f64)], codes: &mut Codes) -> Vec<(Code, f64)> {
    pairs.iter().map(|(code, price)| (codes.enter(code), *price)).collect()
}

/// Hospitals that elected the teaching amendment: the first that belongs to a practice, and every hundredth of them.
fn electing(market: &Market) -> Vec<u32> {
    let owned = |at: &u32| {
        let facility = &market.facilities[*at as usize];
        facility.kind == "HOSPITAL" && facility.practice.is_some()
    };
    (0..market.facilities.len() as u32).filter(owned).step_by(100).collect()
}

/// A number near the golden section of `n` without a common divisor.
fn coprime(n: u64) -> u64 {
    let gcd = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let start = (n as f64 * 0.618_033_988_749_895) as u64;
    (start..).find(|&candidate| gcd(candidate.max(1), n) == 1).unwrap_or(1)
}

fn named(codes: &mut Codes) -> Named {
    let mut enter = |text: &str| codes.enter(text);
    Named {
        types: claim_type::CODES.map(&mut enter),
        digits: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(&mut enter),
        allowed: enter("A"),
        other_allowed: ["R", "S"].map(&mut enter),
        denied_line: enter("N"),
        denied_claim: enter("D"),
        paid_claim: enter("1"),
        nonpayment: ["N", "B"].map(&mut enter),
        covid: ["B9729", "U071"].map(&mut enter),
        catheters: ["A4352", "A4353"].map(&mut enter),
        clinic_visit: enter("G0463"),
        dialysis: enter("90999"),
        clinic_code: enter("G0467"),
        status: ["01", "20", "30"].map(&mut enter),
    }
}
