//! Savings rates: how many ACOs have which, and each ACO's beside its size and its minimum rates.

use super::canvas::{Area, Drawn, INK, RULE, color, drawing, legend, step, write};
use crate::grid::{Format, Grid, Head, Value, thousands};
use crate::report::national::{Standing, savings_rate};
use acoledger_aco::tables::SavingsLosses;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// ACOs whose savings rate lies in a range of one percentage point: from `from` percent on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bin {
    from: i32,
    /// In the order of [`Standing::ALL`].
    acos: [i64; 3],
}

/// Rates beyond this many percent share the outermost ranges.
const OUTERMOST: i32 = 20;

/// Counts ACOs by whole percentage points, rates at the edge in the upper range.
pub(super) fn bins(rows: &[&SavingsLosses]) -> Vec<Bin> {
    let place = |row: &SavingsLosses| ((savings_rate(row) * 100.0).floor() as i32).clamp(-OUTERMOST, OUTERMOST - 1);
    let (Some(low), Some(high)) = (rows.iter().map(|row| place(row)).min(), rows.iter().map(|row| place(row)).max())
    else {
        return Vec::new();
    };
    // Nothing is at the edge of what is shown: the zero is, so that the two sides can be compared.
    let mut bins: Vec<Bin> = (low.min(-3)..=high.max(2)).map(|from| Bin { from, acos: [0; 3] }).collect();
    for row in rows {
        let at = (place(row) - bins[0].from) as usize;
        bins[at].acos[Standing::of(row) as usize] += 1;
    }
    bins
}

/// The bins as CSV.
pub(super) fn bins_csv(bins: &[Bin]) -> String {
    let heads = ["from_percent", "to_percent", "losses", "within", "savings"].map(Head::Right);
    let mut grid = Grid::new(&heads);
    for bin in bins {
        let edges = [i64::from(bin.from), i64::from(bin.from) + 1];
        grid.push(edges.into_iter().chain(bin.acos).map(Value::Integer).collect());
    }
    grid.render(Format::Csv)
}

/// ACOs by savings rate, coloured by where each stands to its own minimum rates.
pub(super) fn histogram(bins: &[Bin], title: Option<&str>) -> String {
    drawing((760, 330), title, |area| {
        let entries: Vec<(RGBColor, &str)> = Standing::ALL.iter().rev().map(|of| (color(*of), of.label())).collect();
        legend(area, &entries, 16)?;
        let most = bins.iter().map(|bin| bin.acos.iter().sum::<i64>()).max().unwrap_or(1).max(1) as f64;
        let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return Ok(()) };
        let frame = Frame {
            left: 46,
            right: 748,
            top: 44,
            bottom: 282,
            x: (f64::from(first.from), f64::from(last.from + 1)),
            y: (0.0, most * 1.06),
        };
        let by = step(most, 4.0).max(1.0);
        let mut mark = 0.0;
        while mark <= frame.y.1 {
            frame.rule(area, mark)?;
            write(area, &format!("{mark:.0}"), (frame.left - 8, frame.down(mark)), 16, HPos::Right)?;
            mark += by;
        }
        for bin in bins {
            let mut below = 0.0;
            // Outward from the benchmark: what is within stands at the bottom.
            for at in [1usize, 0, 2] {
                let acos = bin.acos[at] as f64;
                if acos > 0.0 {
                    let (from, to) = (frame.along(f64::from(bin.from)), frame.along(f64::from(bin.from + 1)));
                    let corners = [(from + 1, frame.down(below + acos)), (to - 1, frame.down(below))];
                    area.draw(&Rectangle::new(corners, color(Standing::ALL[at]).filled()))?;
                    below += acos;
                }
            }
        }
        marks(area, &frame)?;
        let zero = frame.along(0.0);
        area.draw(&PathElement::new([(zero, frame.top - 6), (zero, frame.bottom)], INK.stroke_width(1)))?;
        write(area, "benchmark minus spending, percent of the benchmark", (397, 318), 16, HPos::Center)
    })
}

/// Percent below the axis.
fn marks(area: &Area<'_>, frame: &Frame) -> Drawn {
    let by = step(frame.x.1 - frame.x.0, 12.0).max(1.0);
    let mut mark = (frame.x.0 / by).ceil() * by;
    while mark <= frame.x.1 + 1e-9 {
        let words = match mark {
            _ if mark <= f64::from(-OUTERMOST) || mark >= f64::from(OUTERMOST) => {
                format!("{} and beyond", signed_percent(mark))
            }
            _ => signed_percent(mark),
        };
        write(area, &words, (frame.along(mark), frame.bottom + 15), 16, HPos::Center)?;
        mark += by;
    }
    Ok(())
}

fn signed_percent(number: f64) -> String {
    let sign = if number > 0.5 {
        "+"
    } else if number < -0.5 {
        "−"
    } else {
        ""
    };
    format!("{sign}{:.0}%", number.abs())
}

/// Where figures stand on the drawing.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn along(&self, value: f64) -> i32 {
        let share = (value - self.x.0) / (self.x.1 - self.x.0);
        self.left + (share * f64::from(self.right - self.left)).round() as i32
    }

    fn down(&self, value: f64) -> i32 {
        let share = (value - self.y.0) / (self.y.1 - self.y.0);
        self.bottom - (share * f64::from(self.bottom - self.top)).round() as i32
    }

    fn rule(&self, area: &Area<'_>, value: f64) -> Drawn {
        let at = self.down(value);
        area.draw(&PathElement::new([(self.left, at), (self.right, at)], RULE.stroke_width(1)))?;
        Ok(())
    }
}

/// Each ACO by size and savings rate; a grey line from its minimum loss rate to its minimum savings rate.
pub(super) fn scatter(rows: &[&SavingsLosses], title: &str) -> String {
    drawing((760, 420), Some(title), |area| {
        let entries: Vec<(RGBColor, &str)> = Standing::ALL.iter().rev().map(|of| (color(*of), of.label())).collect();
        legend(area, &entries, 16)?;
        let size = |row: &SavingsLosses| (row.n_ab.max(1) as f64).log10();
        let spread = |read: &dyn Fn(&SavingsLosses) -> f64| {
            let all = || rows.iter().map(|row| read(row));
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
        };
        if rows.is_empty() {
            return Ok(());
        }
        let (x, y) = (spread(&size), spread(&|row| savings_rate(row) * 100.0));
        let room = (y.1.max(4.0) - y.0.min(-4.0)) * 0.05;
        let frame = Frame {
            left: 60,
            right: 748,
            top: 40,
            bottom: 368,
            x: (x.0 - 0.05, x.1 + 0.05),
            y: (y.0.min(-4.0) - room, y.1.max(4.0) + room),
        };
        let by = step(frame.y.1 - frame.y.0, 7.0);
        let mut mark = (frame.y.0 / by).ceil() * by;
        while mark <= frame.y.1 {
            frame.rule(area, mark)?;
            write(area, &signed_percent(mark), (frame.left - 8, frame.down(mark)), 16, HPos::Right)?;
            mark += by;
        }
        for heads in [500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000] {
            let place = f64::from(heads).log10();
            if (frame.x.0..=frame.x.1).contains(&place) {
                let words = thousands(&heads.to_string());
                write(area, &words, (frame.along(place), frame.bottom + 15), 16, HPos::Center)?;
            }
        }
        for row in rows {
            let at = frame.along(size(row));
            let (low, high) = (-row.mlr.unwrap_or(row.msr) * 100.0, row.msr * 100.0);
            area.draw(&PathElement::new([(at, frame.down(low)), (at, frame.down(high))], RULE.stroke_width(2)))?;
        }
        for row in rows {
            let at = (frame.along(size(row)), frame.down(savings_rate(row) * 100.0));
            dot(area, at, Standing::of(row))?;
        }
        write(
            area,
            "assigned beneficiaries, logarithmic; grey: between the ACO's minimum rates",
            (404, 405),
            16,
            HPos::Center,
        )
    })
}

/// A shape for each standing, for those who print in grey.
fn dot(area: &Area<'_>, at: (i32, i32), standing: Standing) -> Drawn {
    let style = color(standing).filled();
    match standing {
        Standing::Savings => area.draw(&Circle::new(at, 3, style))?,
        Standing::Losses => area.draw(&TriangleMarker::new(at, 4, style))?,
        Standing::Inside => area.draw(&Rectangle::new([(at.0 - 3, at.1 - 3), (at.0 + 2, at.1 + 2)], style))?,
    }
    Ok(())
}

/// The figures of the scatter plot as CSV.
pub(super) fn scatter_csv(rows: &[&SavingsLosses]) -> String {
    let mut heads = vec![Head::Left("aco_id")];
    heads.extend(["assigned", "savings_rate", "msr", "mlr"].map(Head::Right));
    heads.push(Head::Left("standing"));
    let mut grid = Grid::new(&heads);
    for row in rows {
        grid.push(vec![
            row.aco_id.as_str().into(),
            Value::Integer(row.n_ab),
            Value::Decimal(savings_rate(row), 6),
            Value::Decimal(row.msr, 6),
            row.mlr.map_or(Value::Blank, |rate| Value::Decimal(rate, 6)),
            Standing::of(row).name().into(),
        ]);
    }
    grid.render(Format::Csv)
}
