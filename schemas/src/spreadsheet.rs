//! Text in tables that people open in a spreadsheet: what would be taken for a formula there is marked as text, and taken back
//! to what it was when we read it again.
//!
//! A spreadsheet runs what begins with `=`, `+`, `-` or `@`, some skip a tab or line end before it, and some take the wide forms
//! of these signs. An apostrophe in front says *text*. Numbers are left alone, also in columns of text: a formula that consists
//! of digits alone is a number.

use std::borrow::Cow;

/// What a formula can begin with.
const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// What says that text follows.
const MARK: char = '\'';

/// The text as a spreadsheet may see it.
///
/// No two texts become one: text that begins with an apostrophe and would lose it when read again gets a second one.
pub fn neutral(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("{MARK}{text}").into() } else { text.into() }
}

/// The text that [`neutral`] was given.
pub fn original(text: &str) -> &str {
    text.strip_prefix(MARK).filter(|rest| is_formula(rest)).unwrap_or(text)
}

/// Whether a spreadsheet may run the text, or would after apostrophes are taken away.
fn is_formula(text: &str) -> bool {
    let inner = text.trim_start_matches(MARK);
    inner.starts_with(SIGNS) && (inner.len() < text.len() || !is_number(inner))
}

/// A sign and digits, as programs and results files print numbers: `-12.5`, `-$1,234`, `+3%`, `-1.2e-5`; a lone sign.
fn is_number(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['+', '-']) else { return false };
    let (digits, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'$' | b'%'))
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_marked_and_numbers_are_not() {
        for text in
            ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-A1", "=", "＝1", "-1e", "-1e5x", "--1", "-(1)"]
        {
            assert_eq!(neutral(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "-", "-12.5", "+3", "-$1,234.50", "-9.5%", "-1.2e-5", "A=1", "O'Neil", "'n Sync", "1-2", " x"]
        {
            assert_eq!(neutral(text), text);
        }
        assert_eq!(neutral("'=1"), "''=1");
        assert_eq!((original("'=1"), original("''=1"), original("'x"), original("-5")), ("=1", "'=1", "'x", "-5"));
    }

    proptest! {
        #[test]
        fn no_text_is_lost(text in "[-'=+@\\t0-9.,eE$%a＝]{0,6}|\\PC{0,12}") {
            let written = neutral(&text);
            prop_assert_eq!(original(&written), text.as_str());
            prop_assert!(!written.starts_with(SIGNS) || is_number(&written));
        }
    }
}
