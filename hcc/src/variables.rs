//! Demographic variables: which of them are 1 for whom (HCC.md 4, 7.2, 7.4).
//!
//! Written once, in the words of the models, and run when tables are loaded, for every kind of person; the kernel reads the result.

use crate::model::{Model, Segment};
use crate::person::{Dual, Esrd, Orec, Sex};

/// Ages that a model can tell apart: bands, the years 64 to 69 each by itself.
pub(crate) const AGE_KEYS: usize = 17;
const FIRST_AGE: [u8; AGE_KEYS] = [0, 35, 45, 55, 60, 64, 65, 66, 67, 68, 69, 70, 75, 80, 85, 90, 95];
const KEY_64: usize = 5;
const KEY_65: usize = 6;
const BAND: [&str; AGE_KEYS] = [
    "0_34", "35_44", "45_54", "55_59", "60_64", "60_64", "65_69", "65_69", "65_69", "65_69", "65_69", "70_74", "75_79",
    "80_84", "85_89", "90_94", "95_GT",
];

/// The key of an age.
pub(crate) fn age_key(age: u8) -> usize {
    FIRST_AGE.partition_point(|first| *first <= age) - 1
}

/// Months since the transplant, as far as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duration {
    /// No graft.
    None,
    /// Four to nine months.
    Months4To9,
    /// Ten or more.
    Months10Plus,
}

/// What decides the demographic variables of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) age: usize,
    pub(crate) sex: Sex,
    pub(crate) orec: Orec,
    pub(crate) dual: Dual,
    pub(crate) lti: bool,
    pub(crate) duration: Duration,
}

const SEXES: [Sex; 2] = [Sex::Female, Sex::Male];
const ORECS: [Orec; 4] = [Orec::Aged, Orec::Disabled, Orec::Esrd, Orec::DisabledAndEsrd];
const DUALS: [Dual; 3] = [Dual::None, Dual::Partial, Dual::Full];
const DURATIONS: [Duration; 3] = [Duration::None, Duration::Months4To9, Duration::Months10Plus];

/// Kinds of people.
pub(crate) const KINDS: usize = AGE_KEYS * 2 * 4 * 3 * 2 * 3;

impl Kind {
    /// The kind's place, below [`KINDS`].
    pub(crate) fn index(self) -> usize {
        let place = self.age * 2 + self.sex as usize;
        let place = (place * 4 + self.orec as usize) * 3 + self.dual as usize;
        (place * 2 + usize::from(self.lti)) * 3 + self.duration as usize
    }

    /// Every kind, in the order of their places.
    pub(crate) fn all() -> impl Iterator<Item = Kind> {
        (0..KINDS).map(|place| {
            let (rest, duration) = (place / 3, DURATIONS[place % 3]);
            let (rest, lti) = (rest / 2, rest % 2 == 1);
            let (rest, dual) = (rest / 3, DUALS[rest % 3]);
            let (rest, orec) = (rest / 4, ORECS[rest % 4]);
            Kind { age: rest / 2, sex: SEXES[rest % 2], orec, dual, lti, duration }
        })
    }

    /// The kind with 65 in place of 64 for those entitled by age, where the model raises it (HCC.md 2.2).
    pub(crate) fn raised(self, aged_at_64: bool) -> Kind {
        let raise = aged_at_64 && self.age == KEY_64 && self.orec == Orec::Aged;
        Kind { age: if raise { KEY_65 } else { self.age }, ..self }
    }

    pub(crate) fn under_65(self) -> bool {
        self.age < KEY_65
    }

    pub(crate) fn disabled(self) -> bool {
        self.under_65() && self.orec != Orec::Aged
    }

    fn female(self) -> bool {
        self.sex == Sex::Female
    }
}

/// The segment of a person's month (HCC.md 4). `None`: the model has none for them.
pub(crate) fn segment_of(model: Model, kind: Kind, new_enrollee: bool, snp: bool, esrd: Esrd) -> Option<Segment> {
    if !model.is_esrd() {
        return (esrd == Esrd::None).then(|| match (new_enrollee, kind.lti, kind.dual, kind.under_65()) {
            (true, ..) => {
                if snp {
                    Segment::SnpNe
                } else {
                    Segment::Ne
                }
            }
            (_, true, ..) => Segment::Ins,
            (_, _, Dual::None, false) => Segment::Cna,
            (_, _, Dual::None, true) => Segment::Cnd,
            (_, _, Dual::Full, false) => Segment::Cfa,
            (_, _, Dual::Full, true) => Segment::Cfd,
            (_, _, Dual::Partial, false) => Segment::Cpa,
            (_, _, Dual::Partial, true) => Segment::Cpd,
        });
    }
    match esrd {
        Esrd::None => None,
        Esrd::Transplant(1) => Some(Segment::Transplant1),
        Esrd::Transplant(2) => Some(Segment::Transplant2),
        Esrd::Transplant(3) => Some(Segment::Transplant3),
        Esrd::Transplant(_) => None,
        Esrd::Dialysis => Some(if new_enrollee { Segment::Dne } else { Segment::Di }),
        Esrd::Graft(months) if months < 4 => None,
        Esrd::Graft(_) => Some(match (new_enrollee, kind.lti, model, kind.dual == Dual::Full, kind.under_65()) {
            (true, ..) => Segment::Gne,
            (_, true, ..) => Segment::Gi,
            (_, _, Model::EsrdV21, ..) => Segment::Gc,
            (_, _, _, true, false) => Segment::Gfa,
            (_, _, _, true, true) => Segment::Gfn,
            (_, _, _, false, false) => Segment::Gnpa,
            (_, _, _, false, true) => Segment::Gnpn,
        }),
    }
}

/// Demographic variables of a kind of person in a segment, and the factor that the sum is divided by, if any. Variables whose names begin
/// with `=` carry no prefix of the segment.
pub(crate) fn demographic(model: Model, segment: Segment, kind: Kind) -> (Vec<String>, Option<String>) {
    use Segment::*;
    match segment {
        Transplant1 | Transplant2 | Transplant3 => (vec![format!("={}", segment.name())], None),
        Ne | SnpNe | Dne | Gne => new_enrollee(model, segment, kind),
        _ => (continuing(model, segment, kind), None),
    }
}

fn new_enrollee(model: Model, segment: Segment, kind: Kind) -> (Vec<String>, Option<String>) {
    // Entitled by age before the birthday: the cell of 65 in every model (AGESEXV2).
    let kind = kind.raised(true);
    let disabled = kind.orec == Orec::Disabled && (segment == Segment::Dne || !kind.under_65());
    let medicaid = match model {
        Model::EsrdV24 => {
            if kind.dual == Dual::Full {
                "FBD"
            } else {
                "ND_PBD"
            }
        }
        _ => {
            if kind.dual == Dual::None {
                "NMCAID"
            } else {
                "MCAID"
            }
        }
    };
    let single = format!("{}", FIRST_AGE[kind.age]);
    let band = match (segment, kind.age) {
        (Segment::Dne, KEY_65..=10) => "65_69",
        (Segment::Dne, 14..) => "85_GT",
        (_, KEY_65..=10) => &single,
        (_, age) => BAND[age],
    };
    let origin = if disabled { "ORIGDIS" } else { "NORIGDIS" };
    let graft = if segment == Segment::Gne { "_G" } else { "" };
    let sex = if kind.female() { "F" } else { "M" };
    let mut variables = vec![format!("{medicaid}_{origin}{graft}_NE{sex}{band}")];
    if segment != Segment::Gne {
        return (variables, None);
    }
    let (age, months) = graft_names(kind);
    if model == Model::EsrdV21 {
        variables.push(format!("={age}_{months}"));
        return (variables, None);
    }
    variables.push(format!("=FGC_{age}_{months}_{medicaid}"));
    (variables, Some(format!("ACTADJ_{months}")))
}

fn graft_names(kind: Kind) -> (&'static str, &'static str) {
    let months = if kind.duration == Duration::Months10Plus { "DUR10PL" } else { "DUR4_9" };
    (if kind.under_65() { "LT65" } else { "GE65" }, months)
}

fn continuing(model: Model, segment: Segment, kind: Kind) -> Vec<String> {
    use Segment::*;
    let (sex, cell) = if kind.female() { ("FEMALE", "F") } else { ("MALE", "M") };
    let aged = if kind.disabled() { "NONAGED" } else { "AGED" };
    let originally_disabled = kind.orec == Orec::Disabled && !kind.disabled();
    let mut variables = vec![format!("{cell}{}", BAND[kind.age])];
    match segment {
        Ins | Gi => {
            if originally_disabled {
                variables.push("ORIGDS".into());
            }
            if kind.dual != Dual::None {
                match (segment, model) {
                    (Ins, _) => variables.push("LTIMCAID".into()),
                    (_, Model::EsrdV21) => variables.push("MCAID".into()),
                    _ => {}
                }
            }
        }
        _ => {
            let medicaid = match (model, segment, kind.dual) {
                (_, _, Dual::None) => None,
                (Model::EsrdV21, ..) => Some("MCAID"),
                (Model::EsrdV24, Di, Dual::Full) => Some("FBDUAL"),
                (Model::EsrdV24, Di, Dual::Partial) => Some("PBDUAL"),
                _ => None,
            };
            variables.extend(medicaid.map(|medicaid| format!("{medicaid}_{sex}_{aged}")));
            let has_term = match segment {
                Cnd | Cfd | Cpd | Gfn | Gnpn => false,
                _ => originally_disabled,
            };
            if has_term {
                variables.push(format!("ORIGINALLYDISABLED_{sex}"));
            }
        }
    }
    match segment {
        Di => {
            if matches!(kind.orec, Orec::Esrd | Orec::DisabledAndEsrd) && !kind.under_65() {
                variables.push(format!("ORIGINALLY_ESRD_{sex}"));
            }
            if model == Model::EsrdV24 && kind.lti {
                variables.push(format!("LTI_{aged}"));
            }
        }
        Gc | Gi | Gfa | Gfn | Gnpa | Gnpn => graft(model, segment, kind, &mut variables),
        _ => {}
    }
    variables
}

/// Terms of a functioning graft's months (HCC.md 7.4).
fn graft(model: Model, segment: Segment, kind: Kind, variables: &mut Vec<String>) {
    let (age, months) = graft_names(kind);
    if model == Model::EsrdV21 {
        variables.push(format!("={age}_{months}"));
        return;
    }
    let family = if segment == Segment::Gi { "FGI" } else { "FGC" };
    let medicaid = if kind.dual == Dual::Full { "FBD" } else { "ND_PBD" };
    variables.push(format!("={family}_{age}_{months}_{medicaid}"));
    if kind.dual == Dual::Partial {
        variables.push(format!("={family}_PBD_{age}_FLAG"));
    }
    if segment == Segment::Gi {
        variables.push(format!("=LTI_{age}"));
    }
}

/// Whether the segment is one that a person of this kind can be in: for others there are no cells to look for.
pub(crate) fn possible(model: Model, segment: Segment, kind: Kind) -> bool {
    use Segment::*;
    let grafted = kind.duration != Duration::None;
    match segment {
        Transplant1 | Transplant2 | Transplant3 | Ne | SnpNe | Dne => true,
        Gne | Gc => grafted,
        Gi => grafted && kind.lti,
        Ins => kind.lti,
        Di => true,
        Cna | Cfa | Cpa => !kind.under_65(),
        Cnd | Cfd | Cpd => kind.under_65(),
        Gfa | Gnpa => grafted && !kind.under_65() && model == Model::EsrdV24,
        Gfn | Gnpn => grafted && kind.under_65() && model == Model::EsrdV24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_places() {
        assert!(Kind::all().enumerate().all(|(place, kind)| kind.index() == place));
        assert_eq!([0, 34, 35, 63, 64, 65, 69, 70, 94, 95, 130].map(age_key), [0, 0, 1, 4, 5, 6, 10, 11, 15, 16, 16]);
    }
}
