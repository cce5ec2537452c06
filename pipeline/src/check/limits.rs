//! The bounds that figures are judged by: `data/checks.toml`, not law, so no rule of a study.

use super::quality::QualityLimit;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a figure outside its bounds means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Exit status 1.
    #[default]
    Error,
    /// Said.
    Warning,
    /// Said; a few are to be expected.
    Note,
}

impl Severity {
    /// As it is printed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// All bounds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Part of an allowed charge that Part B pays.
    pub(super) part_b_share: f64,
    /// By check.
    pub(super) check: Vec<Limit>,
    /// Of the quality of data.
    pub(super) quality: Vec<QualityLimit>,
}

/// One check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) severity: Severity,
    /// What `fewest` counts.
    pub(super) counted: String,
    fewest: f64,
    pub(super) source: String,
    bounds: Vec<Bound>,
}

/// Least and most, for whom and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bound {
    of: Option<String>,
    from: Option<i32>,
    until: Option<i32>,
    pub(super) least: f64,
    pub(super) most: f64,
    fewest: Option<f64>,
}

/// A figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    /// Enrollment type, table or period; blank: all.
    pub(super) of: String,
    /// Calendar year by which its bounds are chosen.
    pub(super) year: i32,
    /// Where it stands, for a reader.
    pub(super) place: String,
    /// The figure.
    pub(super) value: f64,
    /// Person years, lives, claims behind it.
    pub(super) counted: f64,
}

/// Figures by the key of their check; `Err`: why there are none.
pub(super) type Figures = BTreeMap<&'static str, Result<Vec<Figure>, &'static str>>;

impl Limits {
    /// The bounds of this version.
    pub(super) fn built_in() -> Limits {
        toml::from_str(include_str!("../../../data/checks.toml"))
            .expect("the shipped bounds are sound, as a test shows")
    }
}

impl Limit {
    /// The bounds of a figure and the least count by which it is judged.
    pub(super) fn bound(&self, figure: &Figure) -> Option<(&Bound, f64)> {
        let fits = |bound: &&Bound| {
            bound.of.as_ref().is_none_or(|of| *of == figure.of)
                && bound.from.is_none_or(|from| from <= figure.year)
                && bound.until.is_none_or(|until| figure.year <= until)
        };
        self.bounds.iter().find(fits).map(|bound| (bound, bound.fewest.unwrap_or(self.fewest)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_bounds_are_sound() {
        let limits = Limits::built_in();
        assert!((0.0..1.0).contains(&limits.part_b_share));
        for limit in &limits.check {
            assert!(!limit.source.is_empty() && !limit.text.is_empty() && !limit.bounds.is_empty(), "{}", limit.key);
            assert!(limit.bounds.iter().all(|bound| bound.least < bound.most), "{}", limit.key);
        }
        let keys: std::collections::BTreeSet<&str> = limits.check.iter().map(|limit| limit.key.as_str()).collect();
        assert_eq!(keys.len(), limits.check.len());
    }

    #[test]
    fn the_first_bound_that_fits_counts() {
        let limits = Limits::built_in();
        let shares = limits.check.iter().find(|limit| limit.key == "type_share").unwrap();
        let figure = |year| Figure { of: "DIS".into(), year, place: String::new(), value: 0.0, counted: 0.0 };
        assert_eq!(shares.bound(&figure(2018)).unwrap().1, 250_000.0);
        assert_eq!(shares.bound(&figure(2019)).unwrap().1, 20_000.0);
        assert!(shares.bound(&Figure { of: "XXX".into(), ..figure(2019) }).is_none());
    }
}
