//! Who furnishes care: practices with their clinicians, facilities, and what people of a county can choose from.

use crate::acos::AcoPlan;
use crate::calibration::Calibration;
use crate::geography::County;
use crate::random::{Random, running};
use acoledger_schemas::values::RevenueCategory;
use std::collections::BTreeMap;

/// What a practice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PracticeKind {
    /// Bills carrier claims.
    Office,
    /// A federally qualified health center: bill type 77X.
    HealthCenter,
    /// A rural health clinic: bill type 71X.
    RuralClinic,
    /// Furnishes only what is no primary care service: laboratory, imaging, ambulance, …
    Supplier,
}

/// A practice: one billing TIN.
#[derive(Clone, Debug)]
pub(crate) struct Practice {
    pub(crate) tin: u32,
    pub(crate) county: usize,
    /// The ACO that it takes part in.
    pub(crate) aco: Option<u16>,
    /// Years of the ACO's lists on which it stands, counted from the ACO's first; `u8::MAX`: all.
    pub(crate) listed_years: u8,
    /// Fees relative to the nation, its own to the last cent, so that ties are rare.
    pub(crate) fee: f64,
    pub(crate) kind: PracticeKind,
    /// Its facility number, when it is a center or clinic.
    pub(crate) facility: Option<u32>,
    /// First of its clinicians: physicians, practitioners, then one per specialty.
    pub(crate) clinicians: u32,
    pub(crate) physicians: u32,
    pub(crate) practitioners: u32,
    /// Whether it has specialists.
    pub(crate) specialists: bool,
}

/// A facility by its CMS certification number.
#[derive(Clone, Debug)]
pub(crate) struct Facility {
    pub(crate) ccn: String,
    /// The practice whose TIN it is enrolled under.
    pub(crate) practice: Option<u32>,
    /// Teaching, disproportionate-share and uncompensated-care payments as fractions of the operating payment.
    pub(crate) extras: [f64; 3],
    /// First of a hospital's four clinicians, whose specialties are listed for Method II and ETA claims.
    pub(crate) staff: u32,
    /// Kind for the reader: `HOSPITAL`, `CAH`, `FQHC`, `RHC`, `SNF`, `HHA`, `HOSPICE`, `ESRD`, `IRF`.
    pub(crate) kind: &'static str,
}

/// What the people of a county choose from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Local {
    pub(crate) homes: Vec<u32>,
    pub(crate) homes_running: Vec<f64>,
    pub(crate) specialists: Vec<u32>,
    /// One supplier per carrier bundle.
    pub(crate) suppliers: Vec<u32>,
    /// Supplier of durable equipment.
    pub(crate) equipment: u32,
    pub(crate) hospital: u32,
    pub(crate) critical_access: Option<u32>,
    pub(crate) nursing: u32,
    pub(crate) home_health: u32,
    pub(crate) hospice: u32,
    pub(crate) dialysis: u32,
    pub(crate) rehabilitation: Option<u32>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) practices: Vec<Practice>,
    /// Specialty code of each clinician; the position is the clinician.
    pub(crate) clinicians: Vec<String>,
    pub(crate) facilities: Vec<Facility>,
    pub(crate) local: Vec<Local>,
    /// Codes of the specialties of `Practice::specialists`, in the order of the clinicians.
    pub(crate) specialty_codes: Vec<String>,
    numbers: BTreeMap<(String, &'static str), u32>,
}

/// Specialties of a hospital's clinicians: two primary care physicians, a practitioner, a cardiologist.
pub(crate) const HOSPITAL_STAFF: [&str; 4] = ["11", "08", "50", "06"];

/// First and last number of a kind of facility inside a state (CMS certification numbers).
fn number_range(kind: &str) -> (u32, u32) {
    match kind {
        "HOSPITAL" => (1, 879),
        "CAH" => (1300, 1399),
        "FQHC" => (1800, 1989),
        "RHC" => (3800, 3999),
        "SNF" => (5000, 6499),
        "HHA" => (7000, 8499),
        "HOSPICE" => (1500, 1799),
        "ESRD" => (2300, 2899),
        _ => (3025, 3099),
    }
}

impl Market {
    /// Builds the market of the counties for these ACOs, whose practices are the homes of `share` of the lives.
    pub(crate) fn build(
        calibration: &Calibration,
        counties: &[County],
        acos: &[AcoPlan],
        lives: u32,
        share: f64,
        seed: u64,
    ) -> Market {
        let mut random = Random::new(seed, 0, 300);
        let mut market = Market {
            practices: Vec::new(),
            clinicians: Vec::new(),
            facilities: Vec::new(),
            local: vec![Local::default(); counties.len()],
            specialty_codes: calibration
                .specialties
                .iter()
                .filter(|specialty| specialty.class == 2)
                .map(|specialty| specialty.code.clone())
                .collect(),
            numbers: BTreeMap::new(),
        };
        for (at, county) in counties.iter().enumerate() {
            market.add_county(calibration, at, county, lives, &mut random);
        }
        let independents = market.practices.len();
        let weights = county_weights(counties, acos);
        for (aco, plan) in acos.iter().enumerate() {
            market.add_aco(aco, plan, counties, &weights[aco], &mut random);
        }
        market.offer_homes(counties.len(), &weights, independents, share, calibration.clinic_size, &mut random);
        market
    }

    /// Facilities, suppliers, independent practices and specialists of a county.
    fn add_county(&mut self, calibration: &Calibration, at: usize, county: &County, lives: u32, random: &mut Random) {
        let people = county.share * f64::from(lives);
        let hospital = self.add_facility("HOSPITAL", county, None, random);
        let local = Local {
            hospital,
            critical_access: county.rural.then(|| self.add_facility("CAH", county, None, random)),
            nursing: self.add_facility("SNF", county, None, random),
            home_health: self.add_facility("HHA", county, None, random),
            hospice: self.add_facility("HOSPICE", county, None, random),
            dialysis: self.add_facility("ESRD", county, None, random),
            rehabilitation: (!county.rural && at.is_multiple_of(4))
                .then(|| self.add_facility("IRF", county, None, random)),
            ..Local::default()
        };
        self.local[at] = local;
        for bundle in &calibration.bundles {
            let practice = self.add_practice(at, county, PracticeKind::Supplier, None, random);
            self.practices[practice as usize].clinicians = self.clinicians.len() as u32;
            self.clinicians.push(bundle.specialty.clone());
            self.local[at].suppliers.push(practice);
        }
        self.local[at].equipment = self.add_practice(at, county, PracticeKind::Supplier, None, random);
        for _ in 0..3 {
            let practice = self.add_practice(at, county, PracticeKind::Office, None, random);
            self.staff(practice, 0, 0, true, random);
            self.local[at].specialists.push(practice);
        }
        for k in 0..((people / 600.0) as usize).clamp(3, 30) {
            let kind = match k {
                1 => PracticeKind::HealthCenter,
                2 if county.rural => PracticeKind::RuralClinic,
                _ => PracticeKind::Office,
            };
            let practice = self.add_practice(at, county, kind, None, random);
            self.staff(practice, 2, 1, false, random);
            self.enroll_clinic(practice, county, random);
            self.local[at].homes.push(practice);
        }
    }

    /// An ACO's practices over the counties where it works; a high-revenue ACO brings hospitals.
    fn add_aco(&mut self, aco: usize, plan: &AcoPlan, counties: &[County], weights: &[f64], random: &mut Random) {
        let base: Vec<usize> = (0..counties.len()).filter(|&county| weights[county] > 0.0).collect();
        let high = plan.revenue == RevenueCategory::High;
        let count = (random.lognormal(19.0, 0.5) * plan.size.sqrt()).round().clamp(3.0, 400.0) as usize;
        let spread = running(base.iter().map(|&county| weights[county]));
        for k in 0..count.max(base.len()) {
            let at = if k < base.len() { base[k] } else { base[random.pick(&spread)] };
            let kind = match random.unit() {
                x if x < 0.06 && k >= base.len() => PracticeKind::HealthCenter,
                x if x > 0.92 && k >= base.len() && counties[at].rural => PracticeKind::RuralClinic,
                _ => PracticeKind::Office,
            };
            let practice = self.add_practice(at, &counties[at], kind, Some(aco as u16), random);
            let physicians = 1 + random.below(8) as u32;
            let practitioners = random.below(4) as u32 + 1;
            let multi = kind == PracticeKind::Office && (k == 0 || random.chance(if high { 0.5 } else { 0.2 }));
            self.staff(practice, physicians, practitioners, multi, random);
            self.enroll_clinic(practice, &counties[at], random);
            if multi {
                self.local[at].specialists.push(practice);
            }
            if random.chance(0.03) && k >= base.len() {
                self.practices[practice as usize].listed_years = 1;
            }
            let hospital = self.local[at].hospital as usize;
            if high && self.facilities[hospital].practice.is_none() {
                self.facilities[hospital].practice = Some(practice);
            }
        }
        // A clinic of the ACO wherever there is a critical access hospital nobody has.
        for &at in base.iter().filter(|at| aco.is_multiple_of(2) && counties[**at].rural) {
            if let Some(critical) = self.local[at].critical_access
                && self.facilities[critical as usize].practice.is_none()
            {
                let own = self.practices.iter().position(|p| p.aco == Some(aco as u16) && p.county == at);
                self.facilities[critical as usize].practice = own.map(|own| own as u32);
            }
        }
    }

    pub(crate) fn add_practice(
        &mut self,
        at: usize,
        county: &County,
        kind: PracticeKind,
        aco: Option<u16>,
        random: &mut Random,
    ) -> u32 {
        let fee = county.fee * (1.0 + 0.01 * random.normal().clamp(-3.0, 3.0));
        self.practices.push(Practice {
            tin: 10_000_001 + 37 * self.practices.len() as u32,
            county: at,
            aco,
            listed_years: u8::MAX,
            fee,
            kind,
            facility: None,
            clinicians: 0,
            physicians: 0,
            practitioners: 0,
            specialists: false,
        });
        (self.practices.len() - 1) as u32
    }

    /// Gives a practice its clinicians.
    pub(crate) fn staff(
        &mut self,
        practice: u32,
        physicians: u32,
        practitioners: u32,
        multi: bool,
        random: &mut Random,
    ) {
        let practice = &mut self.practices[practice as usize];
        practice.clinicians = self.clinicians.len() as u32;
        practice.physicians = physicians;
        practice.practitioners = practitioners;
        practice.specialists = multi;
        for _ in 0..physicians {
            let at = random.pick(&[0.52, 0.965, 0.98, 0.997, 1.0]);
            self.clinicians.push(["11", "08", "38", "01", "37"][at].to_owned());
        }
        for _ in 0..practitioners {
            self.clinicians.push(["50", "97", "89"][random.pick(&[0.715, 0.995, 1.0])].to_owned());
        }
        if multi {
            self.clinicians.extend(self.specialty_codes.iter().cloned());
        }
    }

    fn enroll_clinic(&mut self, practice: u32, county: &County, random: &mut Random) {
        let kind = match self.practices[practice as usize].kind {
            PracticeKind::HealthCenter => "FQHC",
            PracticeKind::RuralClinic => "RHC",
            _ => return,
        };
        let facility = self.add_facility(kind, county, Some(practice), random);
        self.practices[practice as usize].facility = Some(facility);
    }

    pub(crate) fn add_facility(
        &mut self,
        kind: &'static str,
        county: &County,
        practice: Option<u32>,
        random: &mut Random,
    ) -> u32 {
        let (first, last) = number_range(kind);
        let used = self.numbers.entry((county.ssa_state.clone(), kind)).or_insert(0);
        let number = first + *used % (last - first + 1);
        *used += 1;
        let teaching = random.chance(0.3);
        let extras = match kind {
            "HOSPITAL" => [
                if teaching { 0.02 + 0.18 * random.unit() } else { 0.0 },
                0.01 + 0.06 * random.unit(),
                0.01 + 0.05 * random.unit(),
            ],
            _ => [0.0; 3],
        };
        let staff = self.clinicians.len() as u32;
        if matches!(kind, "HOSPITAL" | "CAH") {
            self.clinicians.extend(HOSPITAL_STAFF.map(str::to_owned));
        }
        let ccn = format!("{}{number:04}", county.ssa_state);
        self.facilities.push(Facility { ccn, practice, extras, staff, kind });
        (self.facilities.len() - 1) as u32
    }

    /// The homes of each county with their weights: the ACOs' practices take `share`, independents the rest.
    fn offer_homes(
        &mut self,
        counties: usize,
        weights: &[Vec<f64>],
        independents: usize,
        share: f64,
        clinic_size: f64,
        random: &mut Random,
    ) {
        let mut of_aco: Vec<Vec<u32>> = vec![Vec::new(); weights.len()];
        for (at, practice) in self.practices.iter().enumerate().skip(independents) {
            if let Some(aco) = practice.aco {
                of_aco[aco as usize].push(at as u32);
            }
        }
        // A county's own center and clinic stand for many whose people are few.
        let clinic = |at: usize, practice: &Practice| at < independents && practice.kind != PracticeKind::Office;
        let sizes: Vec<f64> = self
            .practices
            .iter()
            .enumerate()
            .map(|(at, practice)| random.lognormal(1.0, 0.8) * if clinic(at, practice) { clinic_size } else { 1.0 })
            .collect();
        for county in 0..counties {
            let mut homes = std::mem::take(&mut self.local[county].homes);
            let own: f64 = homes.iter().map(|&home| sizes[home as usize]).sum();
            let mut chances: Vec<f64> = homes.iter().map(|&home| (1.0 - share) * sizes[home as usize] / own).collect();
            let total: f64 = weights.iter().map(|weights| weights[county]).sum();
            for (aco, practices) in of_aco.iter().enumerate().filter(|(aco, _)| weights[*aco][county] > 0.0) {
                let here: Vec<u32> =
                    practices.iter().copied().filter(|&p| self.practices[p as usize].county == county).collect();
                let sum: f64 = here.iter().map(|&p| sizes[p as usize]).sum();
                for practice in here {
                    homes.push(practice);
                    chances.push(share * weights[aco][county] / total * sizes[practice as usize] / sum);
                }
            }
            self.local[county].homes_running = running(chances);
            self.local[county].homes = homes;
        }
    }
}

/// Weight of each ACO in each county: a triangle around its place on the line of counties, as wide as three times its
/// share, so that about three ACOs meet everywhere. Every ACO has a county.
fn county_weights(counties: &[County], acos: &[AcoPlan]) -> Vec<Vec<f64>> {
    let total: f64 = acos.iter().map(|plan| plan.size).sum();
    let middles: Vec<f64> = counties
        .iter()
        .scan(0.0, |sum, county| {
            *sum += county.share;
            Some(*sum - county.share / 2.0)
        })
        .collect();
    let mut before = 0.0;
    let mut weights: Vec<Vec<f64>> = Vec::new();
    for plan in acos {
        let share = plan.size / total;
        let centre = before + share / 2.0;
        before += share;
        let reach = (1.5 * share).max(1.5 / counties.len() as f64);
        let distance = |middle: f64| ((middle - centre).abs()).min(1.0 - (middle - centre).abs());
        let mut triangle: Vec<f64> =
            middles.iter().map(|&middle| (1.0 - distance(middle) / reach).max(0.0) * plan.size).collect();
        // Among counties of much larger shares an ACO can reach the middle of none: it works in the nearest.
        if triangle.iter().all(|&weight| weight <= 0.0) {
            let nearest = (0..middles.len()).min_by(|&a, &b| distance(middles[a]).total_cmp(&distance(middles[b])));
            triangle[nearest.expect("a nation has counties")] = plan.size;
        }
        weights.push(triangle);
    }
    balance(counties, acos, &mut weights);
    weights
}

/// Scales rows until each ACO's people are as many as its size asks for, and every county is served.
fn balance(counties: &[County], acos: &[AcoPlan], weights: &mut [Vec<f64>]) {
    let total: f64 = acos.iter().map(|plan| plan.size).sum();
    for county in 0..counties.len() {
        if weights.iter().all(|row| row[county] <= 0.0) {
            let nearest = county * acos.len() / counties.len();
            weights[nearest][county] = acos[nearest].size;
        }
    }
    for _ in 0..200 {
        let sums: Vec<f64> = (0..counties.len()).map(|county| weights.iter().map(|row| row[county]).sum()).collect();
        for (row, plan) in weights.iter_mut().zip(acos) {
            let people: f64 =
                row.iter().zip(counties).zip(&sums).map(|((w, county), sum)| w / sum * county.share).sum();
            let factor = plan.size / total / people;
            row.iter_mut().for_each(|weight| *weight *= factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{acos, geography};

    #[test]
    fn every_aco_has_a_county_and_every_county_an_aco() {
        let calibration = Calibration::load();
        // From some 900 ACOs on a share is smaller than half of many a county's.
        for lives in [2_000, 200_000, 44_000_000] {
            let counties = geography::counties(&calibration, lives, 1);
            let acos = acos::plans(lives, calibration.aco_share, &[2019], 1);
            let weights = county_weights(&counties, &acos);
            assert!(weights.iter().all(|row| row.iter().any(|&weight| weight > 0.0)), "{lives}");
            assert!((0..counties.len()).all(|county| weights.iter().any(|row| row[county] > 0.0)), "{lives}");
        }
    }
}
