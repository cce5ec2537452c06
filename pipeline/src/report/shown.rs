//! Numbers for readers: grouped, rounded to what is read, with the exact figure beside them.

use crate::grid::thousands;
use serde::Serialize;

/// A figure as it is shown, and in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Shown {
    text: String,
    /// In full, for those who point at it; blank: the text is.
    full: String,
    negative: bool,
    /// Of a difference: there is none.
    nothing: bool,
}

impl Shown {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

const MINUS: char = '\u{2212}';

fn signed(text: String) -> String {
    text.replace('-', &MINUS.to_string())
}

/// Cents as `$45.6 million`.
pub(super) fn money(cents: i64) -> Shown {
    let dollars = cents as f64 / 100.0;
    let size = dollars.abs();
    let sign = if cents < 0 { "-" } else { "" };
    let text = if size >= 999_500_000.0 {
        format!("{sign}${:.2} billion", size / 1e9)
    } else if size >= 999_500.0 {
        format!("{sign}${:.1} million", size / 1e6)
    } else {
        format!("{sign}${}", thousands(&format!("{size:.0}")))
    };
    Shown { text: signed(text), full: in_full(cents), negative: cents < 0, nothing: false }
}

/// Cents in millions of dollars, for columns whose heading says so.
pub(super) fn millions(cents: i64) -> Shown {
    let text = thousands(&format!("{:.1}", cents as f64 / 1e8 + 0.0));
    Shown {
        text: signed(if text == "-0.0" { "0.0".into() } else { text }),
        full: in_full(cents),
        negative: cents < 0,
        nothing: false,
    }
}

/// `$1,234.56`.
pub(super) fn in_full(cents: i64) -> String {
    let size = cents.unsigned_abs();
    let text = thousands(&format!("{}.{:02}", size / 100, size % 100));
    signed(format!("{}${text}", if cents < 0 { "-" } else { "" }))
}

/// A whole number.
pub(super) fn count(number: i64) -> Shown {
    Shown { text: signed(thousands(&number.to_string())), full: String::new(), negative: number < 0, nothing: false }
}

/// A fraction in percent.
pub(super) fn percent(fraction: Option<f64>) -> Shown {
    let Some(fraction) = fraction else {
        return Shown { text: "–".into(), full: String::new(), negative: false, nothing: false };
    };
    let text = format!("{:.2}%", fraction * 100.0 + 0.0);
    let text = if text == "-0.00%" { "0.00%".into() } else { text };
    Shown { text: signed(text), full: String::new(), negative: fraction < 0.0, nothing: false }
}

/// The figure with its sign also where it is above nothing: a difference.
pub(super) fn change(shown: Shown, is_nothing: bool) -> Shown {
    let text = if shown.negative || is_nothing { shown.text } else { format!("+{}", shown.text) };
    Shown { text, nothing: is_nothing, ..shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_exact_ones_stand_beside_them() {
        let shown = |of: Shown| format!("{} ({})", of.text, of.full);
        assert_eq!(shown(money(4_560_012_345)), "$45.6 million ($45,600,123.45)");
        assert_eq!(shown(money(-123_456)), "−$1,235 (−$1,234.56)");
        assert_eq!(shown(money(99_960_000_000)), "$1.00 billion ($999,600,000.00)");
        assert_eq!(shown(millions(-1)), "0.0 (−$0.01)");
        assert_eq!(percent(Some(-0.012_34)).text, "−1.23%");
        assert_eq!(change(count(3), false).text, "+3");
        assert_eq!(change(count(0), true).text, "0");
    }
}
