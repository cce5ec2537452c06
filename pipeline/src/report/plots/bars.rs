//! What ACOs are paid and what they owe, group by group.

use super::canvas::{BLUE, ORANGE, RULE, drawing, legend, step, write};
use crate::grid::{Format, Grid, Head, Value, thousands};
use crate::report::national::Group;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// Cents in a million dollars.
const MILLION: f64 = 1e8;

/// Two bars a group, in millions of dollars, each with its figure.
pub(super) fn groups(groups: &[Group], title: Option<&str>) -> String {
    const ROW: i32 = 40;
    let bottom = 38 + ROW * groups.len() as i32;
    drawing((760, (bottom + 44) as u32), title, |area| {
        legend(area, &[(BLUE, "paid to ACOs"), (ORANGE, "owed by ACOs")], 16)?;
        let most = groups.iter().map(|of| of.earned_cents.max(of.owed_cents)).max().unwrap_or(0) as f64 / MILLION;
        let (left, right) = (150, 670);
        let most = most.max(0.001);
        let along = |millions: f64| left + (millions / most * f64::from(right - left)).round() as i32;
        let by = step(most, 5.0);
        let mut mark = 0.0;
        while mark <= most * 1.001 {
            let at = along(mark);
            area.draw(&PathElement::new([(at, 34), (at, bottom)], RULE.stroke_width(1)))?;
            let digits = if by >= 1.0 { 0 } else { (-by.log10().floor()) as usize };
            write(area, &thousands(&format!("{mark:.digits$}")), (at, bottom + 12), 16, HPos::Center)?;
            mark += by;
        }
        for (at, of) in groups.iter().enumerate() {
            let top = 38 + ROW * at as i32;
            write(area, &of.name, (left - 10, top + 17), 16, HPos::Right)?;
            for (cents, color, down) in [(of.earned_cents, BLUE, 3), (of.owed_cents, ORANGE, 18)] {
                let millions = cents as f64 / MILLION;
                let end = along(millions);
                area.draw(&Rectangle::new([(left, top + down), (end, top + down + 13)], color.filled()))?;
                let words = thousands(&format!("{millions:.1}"));
                write(area, &words, (end + 6, top + down + 7), 15, HPos::Left)?;
            }
        }
        write(area, "million dollars", ((left + right) / 2, bottom + 32), 16, HPos::Center)
    })
}

/// The same figures, and what they are sums beside, as CSV.
pub(super) fn csv(groups: &[Group], nation: &Group) -> String {
    let mut heads = vec![Head::Left("group")];
    heads.extend(["acos", "assigned", "benchmark_dollars", "spending_dollars"].map(Head::Right));
    heads.extend(["gross_savings_cents", "paid_cents", "owed_cents", "acos_paid", "acos_owing"].map(Head::Right));
    let mut grid = Grid::new(&heads);
    for of in groups.iter().chain([nation]) {
        let numbers = [of.acos, of.assigned, of.benchmark, of.spending];
        let money = [of.gross_cents, of.earned_cents, of.owed_cents, of.paid, of.owe];
        let numbers = numbers.into_iter().chain(money).map(Value::Integer);
        grid.push(std::iter::once(of.name.as_str().into()).chain(numbers).collect());
    }
    grid.render(Format::Csv)
}
