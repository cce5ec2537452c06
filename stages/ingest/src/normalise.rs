//! Normalisers: from a cell as found to the value that the lake keeps. Each has a name, and each use is counted.

use crate::field::{Field, trimmed};
use acoledger_schemas::limits::AMOUNT_CENTS;
use acoledger_schemas::values::{Cents, Date};

mod uses;
pub use uses::{Use, Uses};

/// Days from 1960-01-01, SAS's first, to 1970-01-01.
const SAS_EPOCH_DAYS: i64 = 3653;
/// First and last year of a plausible date, of births and claims alike.
#[cfg(test)]
const DATE_YEARS: std::ops::RangeInclusive<i32> = 1850..=2150;
/// The days of these years.
const DATE_DAYS: std::ops::RangeInclusive<i32> = -43_829..=66_108;

/// Days within which a calendar is asked at all: some hundred years beyond [`DATE_DAYS`] on either side.
const PLAUSIBLE_DAYS: std::ops::RangeInclusive<i32> = -100_000..=100_000;

/// A date; `None` when blank.
///
/// # Errors
/// What was expected.
#[inline]
pub fn date(field: Field<'_>, sas: bool, uses: &mut Uses) -> Result<Option<i32>, &'static str> {
    let (day, used) = match field {
        Field::Text(text) => match trimmed(text) {
            b"" => return Ok(None),
            text => date_of_text(text, sas).ok_or("not a date")?,
        },
        Field::Null => return Ok(None),
        Field::Day(day) if PLAUSIBLE_DAYS.contains(&day) => (day, Use::DateNative),
        Field::Day(_) => return Err("not a date"),
        Field::Float(number) if number.is_nan() => return Ok(None),
        Field::Float(number) if number.fract() == 0.0 && number.abs() < 1e9 => {
            date_of_number(number as i64, sas).ok_or("not a date")?
        }
        Field::Integer(number) => date_of_number(number, sas).ok_or("not a date")?,
        Field::Float(_) | Field::Decimal { .. } => return Err("not a date"),
    };
    if !DATE_DAYS.contains(&day) {
        return Err("not a date");
    }
    uses.count(used);
    Ok(Some(day))
}

#[inline]
fn date_of_text(text: &[u8], sas: bool) -> Option<(i32, Use)> {
    let found = match text.len() {
        11 if text[2] == b'-' && text[6] == b'-' => {
            (day(digits(&text[7..])?, month(&text[3..6])?, digits(&text[..2])?)?, Use::DateDayMonYear)
        }
        10 | 19.. if text[4] == b'-' && text[7] == b'-' => {
            if text.len() > 10 && !is_midnight(&text[10..]) {
                return None;
            }
            (day(digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..10])?)?, Use::DateIso)
        }
        8 => (day(digits(&text[..4])?, digits(&text[4..6])?, digits(&text[6..])?)?, Use::DateCompact),
        9 => (day(digits(&text[5..])?, month(&text[2..5])?, digits(&text[..2])?)?, Use::DateDayMonYearTight),
        _ if sas => date_of_number(std::str::from_utf8(text).ok()?.parse().ok()?, sas)?,
        _ => return None,
    };
    Some(found)
}

/// `20240131`, or a SAS day number where that was declared: no day number of our century has eight digits.
fn date_of_number(number: i64, sas: bool) -> Option<(i32, Use)> {
    if (10_000_000..100_000_000).contains(&number) {
        let (year, month, date) = (number / 10_000, number / 100 % 100, number % 100);
        return Some((day(year as u32, month as u32, date as u32)?, Use::DateCompact));
    }
    let day = number.checked_sub(SAS_EPOCH_DAYS).and_then(|day| i32::try_from(day).ok());
    sas.then(|| day.filter(|day| PLAUSIBLE_DAYS.contains(day)).map(|day| (day, Use::DateSas)))?
}

#[inline]
fn day(year: u32, month: u32, day: u32) -> Option<i32> {
    Date::new(year as i32, month, day).map(|date| date.0)
}

#[inline]
fn digits(text: &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    Some(number)
}

#[inline]
fn month(text: &[u8]) -> Option<u32> {
    let lower = [text[0] | 0x20, text[1] | 0x20, text[2] | 0x20];
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    NAMES.iter().position(|name| **name == lower).map(|at| at as u32 + 1)
}

fn is_midnight(rest: &[u8]) -> bool {
    matches!(rest[0], b' ' | b'T') && rest[1..].iter().all(|byte| matches!(byte, b'0' | b':' | b'.' | b'Z'))
}

/// Dollars as cents; `None` when blank.
///
/// # Errors
/// What was expected.
#[inline]
pub fn amount(field: Field<'_>, uses: &mut Uses) -> Result<Option<i64>, &'static str> {
    const WRONG: &str = "not an amount";
    let (cents, off, used) = match field {
        Field::Text(text) => match trimmed(text) {
            b"" => return Ok(None),
            text => amount_of_text(text).ok_or(WRONG)?,
        },
        Field::Null => return Ok(None),
        Field::Float(number) if number.is_nan() => return Ok(None),
        Field::Float(number) => {
            let (cents, off) = cents_of_float(number).ok_or(WRONG)?;
            (cents, off, Use::AmountFloat)
        }
        Field::Integer(number) => (number.checked_mul(100).ok_or(WRONG)?, false, Use::AmountNative),
        Field::Decimal { .. } => {
            let mut scratch = Vec::new();
            let (cents, off, _) = amount_of_text(field.text(&mut scratch)).ok_or(WRONG)?;
            (cents, off, Use::AmountNative)
        }
        Field::Day(_) => return Err(WRONG),
    };
    if cents.unsigned_abs() > AMOUNT_CENTS as u64 {
        return Err("an amount beyond a hundred million dollars");
    }
    uses.count(used);
    if off {
        uses.count(Use::AmountRounded);
    }
    Ok(Some(cents))
}

#[inline]
fn amount_of_text(text: &[u8]) -> Option<(i64, bool, Use)> {
    if let Some(cents) = plain_cents(text) {
        return Some((cents, false, Use::AmountText));
    }
    let text = std::str::from_utf8(text).ok()?;
    if let Some((cents, off)) = Cents::parse(text) {
        return Some((cents.0, off, Use::AmountText));
    }
    let exponent = text.bytes().any(|byte| byte | 0x20 == b'e');
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'e' | b'E' | b'.' | b'-' | b'+'));
    let (cents, off) = cents_of_float(text.parse().ok().filter(|_| exponent && plain)?)?;
    Some((cents, off, Use::AmountFloat))
}

/// The usual form, `-?digits(.digit{1,2})?`, without the detour over text.
#[inline]
fn plain_cents(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    let mut number = 0i64;
    let mut at = 0;
    while at < text.len() && text[at].is_ascii_digit() {
        number = number * 10 + i64::from(text[at] - b'0');
        at += 1;
    }
    if at == 0 {
        return None;
    }
    let cents = match text[at..] {
        [] => number * 100,
        [b'.', tens] if tens.is_ascii_digit() => number * 100 + i64::from(tens - b'0') * 10,
        [b'.', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
            number * 100 + i64::from(tens - b'0') * 10 + i64::from(ones - b'0')
        }
        _ => return None,
    };
    Some(if negative { -cents } else { cents })
}

fn cents_of_float(dollars: f64) -> Option<(i64, bool)> {
    let cents = Cents::from_dollars(dollars)?.0;
    Some((cents, (dollars - cents as f64 / 100.0).abs() > 1e-6))
}

/// Counts of services, days, years and lines; sums of a billion of them stay whole.
const LARGEST_COUNT: std::ops::RangeInclusive<i64> = -(i32::MAX as i64)..=i32::MAX as i64;

/// A whole count; a blank is 0.
///
/// # Errors
/// What was expected.
pub fn count(field: Field<'_>, uses: &mut Uses) -> Result<i64, &'static str> {
    const WRONG: &str = "not a count";
    if field.is_blank() {
        uses.count(Use::CountBlankZero);
        return Ok(0);
    }
    let plausible = |number: i64| Some(number).filter(|number| LARGEST_COUNT.contains(number)).ok_or(WRONG);
    if let Field::Integer(number) = field {
        return plausible(number);
    }
    let mut scratch = Vec::new();
    let text = field.text(&mut scratch);
    if let Some(number) = whole(text) {
        return plausible(number);
    }
    let number: f64 = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(WRONG)?;
    if !number.is_finite() || number.abs() > 1e15 {
        return Err(WRONG);
    }
    if number.fract() != 0.0 {
        uses.count(Use::CountRounded);
    }
    plausible(number.round() as i64)
}

/// A whole number in plain digits.
#[inline]
pub fn whole(text: &[u8]) -> Option<i64> {
    let (negative, rest) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    if rest.is_empty() || rest.len() > 18 {
        return None;
    }
    let mut number = 0i64;
    for byte in rest {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(if negative { -number } else { number })
}

/// How a code gets its leading zeros back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// Width for any code that is all digits; 0: none.
    pub width: usize,
    /// Width for codes that the file holds as numbers; 0: none.
    pub numbers: usize,
}

/// Appends a code, trimmed and padded.
///
/// # Errors
/// What was expected.
#[inline]
pub fn code(field: Field<'_>, padding: Padding, out: &mut Vec<u8>, uses: &mut Uses) -> Result<(), &'static str> {
    if let Field::Text(text) = field {
        let text = trimmed(text);
        if !is_plain(text) {
            return Err("not a code: it holds characters that are not plain ASCII");
        }
        if text.len() < padding.width && !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
            uses.count(Use::CodePadded);
            out.resize(out.len() + padding.width - text.len(), b'0');
        }
        out.extend_from_slice(text);
        return Ok(());
    }
    if field.is_blank() {
        return Ok(());
    }
    let mut scratch = Vec::new();
    let text = field.text(&mut scratch);
    if field.is_number() && !text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') {
        return Err("not a code: a number with decimals");
    }
    uses.count(Use::CodeFromNumber);
    let width = padding.width.max(padding.numbers);
    if field.is_number() && text.len() < width && text[0] != b'-' {
        uses.count(Use::CodePadded);
        out.resize(out.len() + width - text.len(), b'0');
    }
    out.extend_from_slice(text);
    Ok(())
}

/// Whether all characters are plain ASCII, none of them a control character; eight at a time.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let (words, rest) = text.as_chunks::<8>();
    let plain = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // With the high bits clear no sum reaches the next byte: one bit says below a blank, one at 127.
        word & HIGH == 0 && (word + 0x60 * EACH) & HIGH == HIGH && (word + EACH) & HIGH == 0
    };
    words.iter().all(plain) && rest.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Appends one month's code in exactly `width` characters; blanks when unknown.
///
/// # Errors
/// What was expected.
#[inline]
pub fn month_code(field: Field<'_>, width: usize, out: &mut Vec<u8>, uses: &mut Uses) -> Result<(), &'static str> {
    let start = out.len();
    if let Field::Text(text) = field
        && trimmed(text) == b"NA"
    {
        uses.count(Use::MonthNotAvailable);
    } else {
        code(field, Padding { width, numbers: width }, out, uses)?;
    }
    match out.len() - start {
        0 => out.resize(start + width, b' '),
        length if length == width => {}
        _ => {
            out.truncate(start);
            return Err("not a code of this column: too long or too short");
        }
    }
    Ok(())
}

/// Appends a diagnosis in capitals without a point, behind a blank if others stand there, unless it stands there already.
///
/// # Errors
/// What was expected.
#[inline]
pub fn diagnosis(field: Field<'_>, start: usize, out: &mut Vec<u8>, uses: &mut Uses) -> Result<(), &'static str> {
    let mut scratch = Vec::new();
    let text = field.text(&mut scratch);
    if text.is_empty() {
        return Ok(());
    }
    let mut code = [0u8; 8];
    let mut length = 0;
    for &byte in text {
        if byte == b'.' {
            uses.count(Use::DiagnosisPoint);
            continue;
        }
        if !byte.is_ascii_alphanumeric() || length == code.len() {
            return Err("not a diagnosis code");
        }
        code[length] = byte.to_ascii_uppercase();
        length += 1;
    }
    let code = &code[..length];
    if out[start..].split(|byte| *byte == b' ').any(|known| known == code) {
        return Ok(());
    }
    if out.len() > start {
        out.push(b' ');
    }
    out.extend_from_slice(code);
    Ok(())
}

/// Appends a county said once a year, in twelve months of five characters: `state` and `county` in one code or two.
/// What makes no code is unknown: monthly codes usually stand beside it, so the row need not fall.
pub fn county_year(state: Field<'_>, county: Field<'_>, out: &mut Vec<u8>, uses: &mut Uses) {
    let mut code = [b' '; 5];
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let (state, county) = (state.text(&mut first), county.text(&mut second));
    let all_digits = county.iter().chain(state).all(u8::is_ascii_digit);
    match (county.len(), state.len()) {
        (0, _) => {}
        (5, _) if all_digits => code.copy_from_slice(county),
        (1..=3, 1..=2) if all_digits => {
            code = [b'0'; 5];
            code[2 - state.len()..2].copy_from_slice(state);
            code[5 - county.len()..].copy_from_slice(county);
            uses.count(Use::CountyJoined);
        }
        (4, 1) if all_digits && county[0] == state[0] => {
            code[0] = b'0';
            code[1..].copy_from_slice(county);
            uses.count(Use::CodePadded);
        }
        _ => uses.count(Use::CountyUnknown),
    }
    if code[0] != b' ' {
        uses.count(Use::CountyRepeated);
    }
    (0..12).for_each(|_| out.extend_from_slice(&code));
}

#[cfg(test)]
mod tests;
