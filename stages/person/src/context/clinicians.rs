//! Clinicians of whom program files speak (M.A.7).

use super::Names;
use acoledger_schemas::program::Program;
use std::collections::{BTreeSet, HashMap};

/// Clinicians whose specialty program files give.
#[derive(Default)]
pub(crate) struct Clinicians {
    pub(crate) by_npi: HashMap<String, u32>,
    specialties: Vec<Vec<(i32, i32, u8)>>,
    /// By performance year: ACO professionals, and those attested, as (clinician, ACO).
    pub(crate) professionals: Vec<BTreeSet<(u32, u32)>>,
    pub(crate) attested: Vec<BTreeSet<(u32, u32)>>,
}

impl Clinicians {
    /// The specialty in force on a day; 0: none known.
    pub(crate) fn specialty(&self, clinician: u32, day: i32) -> u8 {
        let rows = self.specialties.get(clinician as usize).map_or(&[][..], Vec::as_slice);
        rows.iter().filter(|row| row.0 <= day && day <= row.1).max_by_key(|row| row.0).map_or(0, |row| row.2)
    }

    /// Whether no specialty of anybody is known.
    pub(crate) fn are_unknown(&self) -> bool {
        self.specialties.is_empty()
    }

    pub(super) fn new(program: &Program, names: &Names, acos: &[String], years: &[i32]) -> Clinicians {
        let mut all = Clinicians::default();
        all.professionals.resize(years.len(), BTreeSet::new());
        all.attested.resize(years.len(), BTreeSet::new());
        let next = |by_npi: &mut HashMap<String, u32>, npi: &str| {
            let next = by_npi.len() as u32;
            *by_npi.entry(npi.to_owned()).or_insert(next)
        };
        for row in program.provider_specialty.iter().flatten() {
            let at = next(&mut all.by_npi, row.npi.as_str()) as usize;
            all.specialties.resize(all.specialties.len().max(at + 1), Vec::new());
            let begins = row.begins_on.map_or(i32::MIN, |day| day.0);
            let ends = row.ends_on.map_or(i32::MAX, |day| day.0);
            all.specialties[at].push((begins, ends, names.specialty(&row.specialty)));
        }
        for row in program.aco_provider.iter().flatten() {
            let Some(year) = years.iter().position(|year| *year == row.performance_year.0) else { continue };
            let Ok(aco) = acos.binary_search_by(|known| known.as_str().cmp(row.aco_id.as_str())) else { continue };
            let clinician = next(&mut all.by_npi, row.npi.as_str());
            all.professionals[year].insert((clinician, aco as u32));
            if row.attested.is_some_and(|flag| flag.0) {
                all.attested[year].insert((clinician, aco as u32));
            }
        }
        all
    }
}
