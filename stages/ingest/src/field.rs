//! One cell of a raw file, whatever the file is made of.

use std::io::Write;

/// One cell as the file holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    /// No value (Parquet).
    Null,
    /// Text, not trimmed.
    Text(&'a [u8]),
    /// A whole number (Parquet).
    Integer(i64),
    /// A floating-point number (Parquet).
    Float(f64),
    /// Days since 1970-01-01 (Parquet dates, and timestamps at midnight).
    Day(i32),
    /// `unscaled / 10^scale` (Parquet decimals).
    Decimal {
        /// All digits.
        unscaled: i128,
        /// How many of them follow the point.
        scale: u8,
    },
}

/// Text without blanks around it. A lone point is how SAS writes a missing value.
#[inline]
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    match text {
        // What most cells are: nothing, or text without blanks around it.
        [] => text,
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => match text.trim_ascii() {
            b"." => b"",
            text => text,
        },
    }
}

impl<'a> Field<'a> {
    /// Whether there is nothing in the cell.
    pub fn is_blank(&self) -> bool {
        match self {
            Field::Null => true,
            Field::Text(text) => trimmed(text).is_empty(),
            Field::Float(number) => number.is_nan(),
            _ => false,
        }
    }

    /// The cell as text, trimmed. Whole numbers are written as such, also where they come as floating point.
    pub fn text<'s>(&self, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        scratch.clear();
        let written = match *self {
            Field::Text(text) => return trimmed(text),
            Field::Null => Ok(()),
            Field::Integer(number) => write!(scratch, "{number}"),
            Field::Float(number) if number.is_nan() => Ok(()),
            Field::Float(number) => write!(scratch, "{number}"),
            Field::Day(day) => write!(scratch, "{}", acoledger_schemas::values::Date(day)),
            Field::Decimal { unscaled, scale } => write_decimal(scratch, unscaled, scale),
        };
        written.expect("writing to memory does not fail");
        scratch
    }

    /// Whether the file holds the cell as a number, so that leading zeros are lost.
    pub fn is_number(&self) -> bool {
        matches!(self, Field::Integer(_) | Field::Float(_) | Field::Decimal { .. })
    }
}

fn write_decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) -> std::io::Result<()> {
    let scale = scale.min(38);
    let unit = 10i128.pow(u32::from(scale));
    let (whole, rest) = (unscaled / unit, (unscaled % unit).unsigned_abs());
    if unscaled < 0 && whole == 0 {
        out.write_all(b"-")?;
    }
    write!(out, "{whole}")?;
    if rest != 0 {
        write!(out, ".{rest:0width$}", width = usize::from(scale))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_as_text() {
        let text = |field: Field<'_>| String::from_utf8(field.text(&mut Vec::new()).to_vec()).expect("ascii");
        assert_eq!(text(Field::Text(b"  99213 ")), "99213");
        assert_eq!(text(Field::Text(b".")), "");
        assert_eq!(text(Field::Integer(-100)), "-100");
        assert_eq!(text(Field::Float(42.0)), "42");
        assert_eq!(text(Field::Float(f64::NAN)), "");
        assert_eq!(text(Field::Decimal { unscaled: -1234, scale: 2 }), "-12.34");
        assert_eq!(text(Field::Decimal { unscaled: -4, scale: 2 }), "-0.04");
        assert_eq!(text(Field::Decimal { unscaled: 500, scale: 2 }), "5");
        assert!(Field::Text(b" . ").is_blank() && Field::Null.is_blank() && !Field::Integer(0).is_blank());
    }
}
