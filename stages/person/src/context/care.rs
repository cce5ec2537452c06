//! What a primary care service is and who gives one, by performance year (M.A.4, M.A.5).

use super::Faults;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::values::Date;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// Classes of clinicians, as bits.
pub(crate) mod class {
    /// Primary care physician; a clinic counts as one.
    pub(crate) const PRIMARY: u8 = 1;
    /// Specialist of step 2.
    pub(crate) const LISTED: u8 = 2;
    /// Nurse practitioner, clinical nurse specialist, physician assistant.
    pub(crate) const PRACTITIONER: u8 = 4;
    /// Any physician (performance years to 2015).
    pub(crate) const PHYSICIAN: u8 = 8;
}

/// What a code is in a performance year, as bits.
pub(crate) mod flag {
    pub(crate) const LISTED: u16 = 1;
    pub(crate) const SNF: u16 = 2;
    pub(crate) const HOME: u16 = 4;
    pub(crate) const INPATIENT: u16 = 8;
    pub(crate) const PROLONGED: u16 = 16;
    pub(crate) const ETA_ONLY: u16 = 32;
    pub(crate) const EMERGENCY: u16 = 64;
    pub(crate) const AFTER_EMERGENCY: u16 = 128;
}

#[derive(Default, Deserialize)]
struct After {
    codes: Vec<String>,
    through: String,
}
#[derive(Deserialize)]
struct Replacing {
    code: String,
    from: String,
}

/// The rules of one performance year about services and clinicians.
pub(crate) struct Care {
    /// Flags by code; 0: not a service of interest.
    pub(crate) flags: Vec<u16>,
    /// Effective days of replacement codes, by code.
    pub(crate) effective: Vec<i32>,
    /// Classes by specialty.
    pub(crate) classes: Vec<u8>,
    pub(crate) snf_by_stay: bool,
    pub(crate) snf_places: u8,
    pub(crate) snf_clinics: bool,
    /// Places at which home visits count; 0: everywhere.
    pub(crate) home_places: u8,
    pub(crate) after_through: i32,
    /// Whether every claim of a clinic counts, or only those of attested clinicians with a listed service.
    pub(crate) clinics_whole: bool,
    pub(crate) clinics_assignable: bool,
    pub(crate) clinic_centers: Vec<String>,
    /// Classes that pass the pre-step, and those of steps 1 and 2.
    pub(crate) pre_step: u8,
    pub(crate) step_1: u8,
    pub(crate) step_2: u8,
    /// [`class::PRACTITIONER`], or 0 where practitioners are left out.
    pub(crate) practitioner: u8,
    /// Whether days are counted rather than charges added.
    pub(crate) visits: bool,
    /// Whether a winner needs more than half of all.
    pub(crate) majority: bool,
}

/// Codes, specialties and places that any rule of the study names.
#[derive(Default)]
pub(crate) struct Names {
    /// Code → position; 0 stands for every code that no rule names.
    pub(crate) codes: HashMap<String, u16>,
    pub(crate) specialties: HashMap<String, u8>,
    pub(crate) places: HashMap<String, u8>,
    /// Codes that nursing facility and inpatient rules of any performance year look at.
    pub(crate) stay_codes: Vec<bool>,
}

impl Names {
    pub(crate) fn code(&self, text: &str) -> u16 {
        self.codes.get(text).copied().unwrap_or(0)
    }
    pub(crate) fn specialty(&self, text: &str) -> u8 {
        self.specialties.get(text).copied().unwrap_or(0)
    }
    pub(crate) fn place(&self, text: &str) -> u8 {
        self.places.get(text).copied().unwrap_or(0)
    }
}

/// Lists of codes of one performance year, before they are numbered.
struct Lists {
    by_flag: Vec<(u16, BTreeSet<String>)>,
    replacing: Vec<Replacing>,
    after_through: i32,
}

/// Compiles the rules of all performance years against one numbering of codes, specialties and places.
pub(super) fn compile(rules: &Rules, years: &[i32], faults: &mut Faults) -> (Names, Vec<Care>) {
    let lists: Vec<Lists> = years.iter().map(|year| code_lists(rules, *year, faults)).collect();
    let mut names = Names::default();
    let all: BTreeSet<&String> = lists
        .iter()
        .flat_map(|l| l.by_flag.iter().flat_map(|(_, codes)| codes).chain(l.replacing.iter().map(|r| &r.code)))
        .collect();
    for (at, code) in all.iter().enumerate() {
        names.codes.insert((*code).clone(), at as u16 + 1);
    }
    let cares: Vec<Care> =
        years.iter().zip(&lists).map(|(year, l)| care(rules, *year, l, &mut names, faults)).collect();
    names.stay_codes = (0..=names.codes.len())
        .map(|code| cares.iter().any(|care| care.flags[code] & (flag::SNF | flag::INPATIENT) != 0))
        .collect();
    let specialties = names.specialties.len() + 1;
    let cares = cares
        .into_iter()
        .map(|mut care| {
            care.classes.resize(specialties, 0);
            care
        })
        .collect();
    (names, cares)
}

fn code_lists(rules: &Rules, year: i32, faults: &mut Faults) -> Lists {
    let first_day = Date::new(year, 1, 1).map_or(0, |day| day.0);
    let mut listed = BTreeSet::new();
    let mut gather = |added: bool, steps: Vec<(Date, Vec<String>)>, faults: &mut Faults| {
        for (_, texts) in steps.into_iter().filter(|(from, _)| from.0 <= first_day) {
            for code in faults.expand(&texts) {
                if added {
                    listed.insert(code)
                } else {
                    listed.remove(&code)
                };
            }
        }
    };
    let added = faults.take(rules.timeline("primary_care.codes.added"));
    gather(true, added, faults);
    let removed = faults.take(rules.timeline("primary_care.codes.removed"));
    gather(false, removed, faults);
    let after: After = faults.take(rules.at("primary_care.emergency.after", year));
    let after_through = faults.day(&after.through);
    let mut of = |bit: u16, texts: Vec<String>| (bit, faults.expand(&texts));
    let lists = [
        (flag::SNF, rules.at("primary_care.snf.codes", year)),
        (flag::HOME, rules.at("primary_care.home.codes", year)),
        (flag::INPATIENT, rules.at("primary_care.inpatient.codes", year)),
        (flag::PROLONGED, rules.at("primary_care.prolonged.codes", year)),
        (flag::ETA_ONLY, rules.at("primary_care.eta.codes", year)),
        (flag::EMERGENCY, rules.at("primary_care.emergency.codes", year)),
    ];
    let mut by_flag = vec![(flag::LISTED, listed), of(flag::AFTER_EMERGENCY, after.codes)];
    let mut replacing = Vec::new();
    for (bit, texts) in lists {
        let texts: Vec<String> = faults.take(texts);
        by_flag.push((bit, faults.expand(&texts)));
    }
    replacing.extend(faults.take(rules.at::<Vec<Replacing>>("primary_care.codes.replacing", year)));
    Lists { by_flag, replacing, after_through }
}

fn care(rules: &Rules, year: i32, lists: &Lists, names: &mut Names, faults: &mut Faults) -> Care {
    let mut flags = vec![0u16; names.codes.len() + 1];
    for (bit, codes) in &lists.by_flag {
        for code in codes {
            flags[usize::from(names.code(code))] |= bit;
        }
    }
    let mut effective = vec![i32::MIN; flags.len()];
    for one in &lists.replacing {
        let at = usize::from(names.code(&one.code));
        flags[at] |= flag::LISTED;
        effective[at] = faults.day(&one.from);
    }
    let left_out = LeftOut::new(&faults.take::<Vec<String>>(rules.at("assign.left_out", year)), faults);
    let practitioner = if left_out.practitioners { 0 } else { class::PRACTITIONER };
    let mut classes = Vec::new();
    for (bit, codes) in [
        (class::PRIMARY, rules.at("assign.specialty.primary_care", year)),
        (class::LISTED, rules.at("assign.specialty.listed", year)),
        (practitioner, rules.at("assign.specialty.practitioner", year)),
        (class::PHYSICIAN, rules.at("assign.specialty.physician", year)),
    ] {
        for code in faults.take::<Vec<String>>(codes) {
            let next = names.specialties.len() as u8 + 1;
            let at = usize::from(*names.specialties.entry(code).or_insert(next));
            classes.resize(classes.len().max(at + 1), 0);
            classes[at] |= bit;
        }
    }
    let mut places = |texts: Vec<String>| {
        texts.into_iter().fold(0u8, |mask, text| {
            let next = 1u8.checked_shl(names.places.len() as u32).unwrap_or(0);
            mask | *names.places.entry(text).or_insert(next)
        })
    };
    let (snf_places, home_places) = (
        places(faults.take(rules.at("primary_care.snf.places", year))),
        places(faults.take(rules.at("primary_care.home.places", year))),
    );
    if names.places.len() > 8 {
        faults.rule("primary_care.home.places", "more than eight places of service in all rules");
    }
    let (pre_step, step_1, step_2) = steps(&faults.take::<String>(rules.at("assign.steps", year)), faults);
    let pre_step = if left_out.pre_step { pre_step | practitioner } else { pre_step };
    Care {
        flags,
        effective,
        classes,
        snf_by_stay: faults.choice("primary_care.snf.found_by", rules, year, "stay", "place"),
        snf_places,
        snf_clinics: faults.take(rules.at("primary_care.snf.clinics", year)),
        home_places,
        after_through: lists.after_through,
        clinics_whole: faults.choice("assign.clinic.services", rules, year, "all", "attested"),
        clinics_assignable: faults.take(rules.at("assign.clinic.assignable", year)),
        clinic_centers: faults.take(rules.at("primary_care.clinic.centers", year)),
        pre_step,
        step_1,
        step_2: if left_out.step_2 { 0 } else { step_2 },
        practitioner,
        visits: faults.choice("assign.measure", rules, year, "visits", "charges"),
        majority: faults.choice("assign.winner", rules, year, "majority", "plurality"),
    }
}

/// What `assign.left_out` names.
struct LeftOut {
    pre_step: bool,
    practitioners: bool,
    step_2: bool,
}

impl LeftOut {
    fn new(names: &[String], faults: &mut Faults) -> LeftOut {
        let known = ["pre-step", "practitioners", "step 2"];
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            faults.rule("assign.left_out", format!("not one of {}: `{name}`", known.join(", ")));
        }
        let [pre_step, practitioners, step_2] = known.map(|part| names.iter().any(|name| name == part));
        LeftOut { pre_step, practitioners, step_2 }
    }
}

/// Classes of the pre-step, step 1 and step 2 (M.A.6.1–3; to 2015 M.A.6.5).
fn steps(choice: &str, faults: &mut Faults) -> (u8, u8, u8) {
    match choice {
        "practitioners" => (class::PRIMARY | class::LISTED, class::PRIMARY | class::PRACTITIONER, class::LISTED),
        "professionals" => {
            let physician = class::PRIMARY | class::PHYSICIAN;
            (physician, class::PRIMARY, physician | class::PRACTITIONER)
        }
        other => {
            faults.rule("assign.steps", format!("not one of practitioners, professionals: `{other}`"));
            (0, 0, 0)
        }
    }
}
