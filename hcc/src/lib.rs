//! CMS-HCC risk scores from diagnoses (HCC.md): V22, V23, V24, V28, ESRD V21 and V24.
//!
//! ```text
//! data/reference/hcc/*.csv ─load, check─▶ Tables ─(model, payment year)─▶ Scorer
//!                                                    person, ICD-10 codes ─▶ Score: thousandths, HCCs, interactions
//! ```
//!
//! What the models say is in the tables; here is only how to read them. Loading fails where a table is not whole: a variable that
//! can arise without a coefficient, a coefficient that nothing can reach, an interaction without its parts. A score is a sum of
//! integers: [`Scorer::score`] allocates nothing, knows no clock and no file.

mod blend;
mod code;
mod dx;
mod eligible;
mod explain;
mod files;
mod load;
mod model;
mod person;
mod policy;
mod rules;
mod score;
mod tables;
mod variables;

pub use blend::{Blend, BlendError, Part};
pub use code::{Icd10, Parsed};
pub use dx::MapStatus;
pub use eligible::{Eligible, Record};
pub use explain::{Explanation, Fate, Term};
pub use files::Load;
pub use model::{Model, Segment};
pub use person::{Dual, Esrd, Orec, Person, Sex, age_on_february_first};
pub use policy::{BLENDED, DemographicScore, Known, MonthScore, Policy, Population, YearScorer};
pub use score::{NoSegment, Options, Score, Scorer};
pub use tables::Tables;
