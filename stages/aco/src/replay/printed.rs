//! Numbers as a file prints them: a value and the half-width of its rounding, and how both go through arithmetic.

/// A printed number: the true value lies within `half` of `value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Printed {
    pub(super) value: f64,
    pub(super) half: f64,
}

impl Printed {
    pub(super) fn exact(value: f64) -> Printed {
        Printed { value, half: 0.0 }
    }

    pub(super) fn plus(self, other: Printed) -> Printed {
        Printed { value: self.value + other.value, half: self.half + other.half }
    }

    pub(super) fn minus(self, other: Printed) -> Printed {
        Printed { value: self.value - other.value, half: self.half + other.half }
    }

    pub(super) fn times(self, other: Printed) -> Printed {
        let half = self.value.abs() * other.half + other.value.abs() * self.half + self.half * other.half;
        Printed { value: self.value * other.value, half }
    }

    pub(super) fn scaled(self, factor: f64) -> Printed {
        Printed { value: self.value * factor, half: self.half * factor.abs() }
    }

    /// The quotient; `None` where the divisor may be 0.
    pub(super) fn over(self, other: Printed) -> Option<Printed> {
        let smallest = other.value.abs() - other.half;
        (smallest > 0.0).then(|| {
            let value = self.value / other.value;
            Printed { value, half: (self.half + value.abs() * other.half) / smallest }
        })
    }

    pub(super) fn magnitude(self) -> Printed {
        Printed { value: self.value.abs(), half: self.half }
    }
}

/// Where a number's printed digits end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastDigit {
    /// Decimals as the column prints them; trailing zeros may be missing.
    Column(u32),
    /// Decimals of this cell alone, printed with an exponent.
    Own(u32),
}

/// What a cell of a number column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// A number, and the power of ten of its last printed digit.
    Number(f64, LastDigit),
    /// Withheld for small counts: `*`.
    Masked,
    /// Nothing, or a mark that the column does not apply.
    Blank,
}

impl Cell {
    /// Reads a number as results files print it: `1,234`, `$-12.50`, `9.09%`, `(12)`; percent signs are dropped, since
    /// they say nothing reliable about the unit (M.G.3).
    pub(super) fn parse(text: &str) -> Option<Cell> {
        match text {
            "" | "-" | "." | "NA" | "N/A" | "n/a" | "NaN" | "nan" => return Some(Cell::Blank),
            "*" => return Some(Cell::Masked),
            _ => {}
        }
        let mut digits = text.strip_suffix('%').unwrap_or(text).trim();
        let mut negative = false;
        if let Some(inner) = digits.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (digits, negative) = (inner, true);
        }
        for _ in 0..2 {
            digits = digits.strip_prefix('$').unwrap_or(digits).trim_start();
            if let Some(rest) = digits.strip_prefix('-').filter(|_| !negative) {
                (digits, negative) = (rest, true);
            }
        }
        let (value, last) = unsigned(digits)?;
        Some(Cell::Number(if negative { -value } else { value }, last))
    }
}

/// A number without sign, and its decimals. `.0` alone is how programs print whole numbers; more than nine decimals are
/// binary noise and are counted after rounding to twelve digits.
fn unsigned(text: &str) -> Option<(f64, LastDigit)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped =
        groups.len() == 1 || (groups[1..].iter().all(|group| group.len() == 3) && (1..=3).contains(&groups[0].len()));
    let whole: String = groups.concat();
    let (decimals, exponent) = match decimals.split_once(['e', 'E']) {
        Some((decimals, exponent)) => (decimals, exponent.parse::<i32>().ok()?),
        None => (decimals, 0),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !grouped || whole.len() + decimals.len() == 0 || !digits(&whole) || !digits(decimals) {
        return None;
    }
    let value: f64 = format!("{whole}.{decimals}e{exponent}").parse().ok().filter(|value: &f64| value.is_finite())?;
    let last = match decimals {
        "0" => LastDigit::Column(0),
        _ if exponent != 0 => LastDigit::Own(u32::try_from(decimals.len() as i32 - exponent).unwrap_or(0)),
        _ if decimals.len() <= 9 => LastDigit::Column(decimals.len() as u32),
        _ => {
            let rounded: f64 = format!("{value:.11e}").parse().ok()?;
            LastDigit::Column(rounded.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32))
        }
    };
    Some((value, last))
}

/// The decimals with which a column is printed: the most that two cells, or one in a hundred, have; a single odd cell does
/// not tell.
pub(super) fn column_decimals(cells: &[Cell]) -> u32 {
    let own =
        |cell: &Cell| if let Cell::Number(_, LastDigit::Column(decimals)) = cell { Some(*decimals) } else { None };
    let mut decimals: Vec<u32> = cells.iter().filter_map(own).collect();
    decimals.sort_unstable_by(|a, b| b.cmp(a));
    let rank = (decimals.len().div_ceil(100)).max(2) - 1;
    decimals.get(rank).or(decimals.last()).copied().unwrap_or(0)
}

/// Half of the last digit of a number in a column of so many decimals.
///
/// Spreadsheets keep about ten digits whatever the column says, and round twice where they show nearly all of them: a
/// tenth more than half.
pub(super) fn half_width(value: f64, last: LastDigit, column: u32) -> f64 {
    let decimals = match last {
        LastDigit::Own(own) => own,
        // Programs go over to an exponent, and to fewer digits, below this.
        LastDigit::Column(own) if value != 0.0 && value.abs() < 1e-4 => own.min(column),
        LastDigit::Column(_) => column,
    };
    let share = if decimals >= 7 { 0.55 } else { 0.5 };
    (share * 10f64.powi(-(decimals as i32))).max(5e-10 * value.abs())
}

/// The middle one of some numbers, by which one odd cell does not decide about a column.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_printed() {
        let read = |text| match Cell::parse(text) {
            Some(Cell::Number(value, LastDigit::Column(decimals))) => format!("{value} {decimals}"),
            Some(Cell::Number(value, LastDigit::Own(decimals))) => format!("{value} own {decimals}"),
            other => format!("{other:?}"),
        };
        let rows = [
            ("1,175,345,650", "1175345650 0"),
            ("$-12.50", "-12.5 2"),
            ("-$12.50", "-12.5 2"),
            ("(12)", "-12 0"),
            ("-1.15%", "-1.15 2"),
            ("0.9312999999999999", "0.9312999999999999 4"),
            ("57047752.0", "57047752 0"),
            ("50.00%", "50 2"),
            (".5", "0.5 1"),
            ("3.08E-05", "0.0000308 own 7"),
            ("*", "Some(Masked)"),
            ("-", "Some(Blank)"),
            ("12,30", "None"),
            ("12,3O", "None"),
            ("--1", "None"),
            ("1e400", "None"),
            ("P4R", "None"),
        ];
        for (text, want) in rows {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
