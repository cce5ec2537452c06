//! Where planted people go: practices and facilities that nobody else uses.

use super::build::day;
use crate::Nation;
use crate::acos::AcoPlan;
use crate::geography::County;
use crate::market::{Market, PracticeKind};
use crate::random::Random;
use acoledger_schemas::program::{AcoProvider, ProviderSpecialty};
use acoledger_schemas::values::*;

/// First two digits of the numbers of Maryland's hospitals, from whose payments nothing is removed (M.B.1.2).
const MARYLAND: &str = "21";

/// A planted practice and its clinicians.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) practice: u32,
    pub(super) tin: String,
    /// Internal medicine.
    pub(super) physician: u32,
    /// Nurse practitioner.
    pub(super) practitioner: u32,
    /// Cardiology, a listed specialty.
    pub(super) specialist: u32,
    /// Orthopedic surgery, not listed.
    pub(super) surgeon: u32,
}

/// Where planted people go.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    /// Retrospective ACOs X and Z, prospective ACO W.
    pub(super) aco_x: String,
    pub(super) aco_z: String,
    pub(super) aco_w: String,
    pub(super) x: [Site; 2],
    pub(super) z: Site,
    pub(super) w: Site,
    pub(super) outside: [Site; 2],
    /// On the lists of X and Z both.
    pub(super) shared: Site,
    /// Facilities of X: center, critical access hospital, electing hospital.
    pub(super) center: u32,
    pub(super) critical: u32,
    pub(super) electing: u32,
    /// Nobody's.
    pub(super) clinic: u32,
    pub(super) clinic_ccn: String,
    pub(super) hospital: u32,
    pub(super) maryland: u32,
    pub(super) nursing: u32,
    /// Where planted people live, another county, one of another state: places in the nation's list, FIPS codes.
    pub(super) counties: [(u32, String); 3],
}

impl Sites {
    /// Specialties of the clinicians who appear on facility claims. One changes in the middle of `year`.
    pub(super) fn specialties(&self, nation: &Nation, year: i32) -> Vec<ProviderSpecialty> {
        let row = |clinician: u32, specialty: &str, begins_on: Option<Date>, ends_on: Option<Date>| ProviderSpecialty {
            npi: nation.npi(clinician),
            specialty: specialty.to_owned(),
            begins_on,
            ends_on,
        };
        let same = |clinician: u32| row(clinician, &nation.market.clinicians[clinician as usize], None, None);
        let [june, july] = CHANGE_OF_SPECIALTY;
        let mut rows = [self.x[0].physician, self.x[0].practitioner, self.x[0].specialist].map(same).to_vec();
        rows.push(row(self.x[1].surgeon, "11", None, Some(day(year, june.0, june.1))));
        rows.push(row(self.x[1].surgeon, "20", Some(day(year, july.0, july.1)), None));
        rows
    }

    /// Attestation of the centers' clinicians (M.A.7.1): the physician of X is on the list, the practitioner is not.
    pub(super) fn attestations(&self, nation: &Nation, performance_year: PerformanceYear) -> [AcoProvider; 2] {
        [(self.x[0].physician, true), (self.x[0].practitioner, false)].map(|(clinician, attested)| AcoProvider {
            performance_year,
            aco_id: AcoId::new(&self.aco_x).expect("identifiers of planned ACOs are plain"),
            tin: Some(nation.tin(self.x[0].practice)),
            npi: nation.npi(clinician),
            attested: Some(Flag(attested)),
        })
    }
}

/// Last day of a clinician's first specialty, first day of the second.
pub(super) const CHANGE_OF_SPECIALTY: [(u32, u32); 2] = [(6, 30), (7, 1)];

/// Practices and facilities that only planted people use.
pub(super) fn sites(counties: &[County], acos: &[AcoPlan], market: &mut Market) -> Sites {
    // Seeded apart, so that planting changes nothing else.
    let mut random = Random::new(0, 0, 600);
    // Nothing is removed from payments of Maryland's hospitals (M.B.1.2); only one case is about that.
    let county = counties.iter().find(|county| county.ssa_state != MARYLAND).unwrap_or(&counties[0]);
    let mut site = |market: &mut Market, aco: Option<u16>| {
        let practice = market.add_practice(0, county, PracticeKind::Office, aco, &mut random);
        let first = market.clinicians.len() as u32;
        market.practices[practice as usize].clinicians = first;
        market.clinicians.extend(["11", "50", "06", "20"].map(str::to_owned));
        let tin = crate::nation::tin(market.practices[practice as usize].tin);
        Site { practice, tin, physician: first, practitioner: first + 1, specialist: first + 2, surgeon: first + 3 }
    };
    let x = [site(market, Some(0)), site(market, Some(0))];
    let z = site(market, Some(2));
    let w = site(market, Some(1));
    let outside = [site(market, None), site(market, None)];
    let shared = site(market, None);
    let mut facility = |market: &mut Market, kind: &'static str, practice: Option<u32>| {
        market.add_facility(kind, county, practice, &mut random)
    };
    let own = Some(x[0].practice);
    let center = facility(market, "FQHC", own);
    let clinic = facility(market, "RHC", None);
    let critical = facility(market, "CAH", own);
    let electing = facility(market, "HOSPITAL", own);
    let hospital = facility(market, "HOSPITAL", None);
    let maryland = facility(market, "HOSPITAL", None);
    market.facilities[maryland as usize].ccn = format!("{MARYLAND}0879");
    let nursing = facility(market, "SNF", None);
    let ccn = |at: u32| market.facilities[at as usize].ccn.clone();
    let home = &counties[0];
    let at = |found: Option<usize>| found.unwrap_or(counties.len() - 1);
    let near = at((1..counties.len()).find(|&at| counties[at].ssa_state == home.ssa_state));
    let far = at((1..counties.len()).find(|&at| counties[at].ssa_state != home.ssa_state));
    Sites {
        counties: [0, near, far].map(|at| (at as u32, counties[at].fips.clone())),
        aco_x: acos[0].id.clone(),
        aco_w: acos[1].id.clone(),
        aco_z: acos[2].id.clone(),
        clinic_ccn: ccn(clinic),
        x,
        z,
        w,
        outside,
        shared,
        center,
        clinic,
        critical,
        electing,
        hospital,
        maryland,
        nursing,
    }
}
