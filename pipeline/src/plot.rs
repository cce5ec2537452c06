//! The totals of published results as a drawing.

use acoledger_aco::replay::{Program, YearTotals};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Middle tones, which stand out on a light page and on a dark one; the background is left open.
const INK: RGBColor = RGBColor(0x80, 0x80, 0x80);
const BLUE: RGBColor = RGBColor(0x3b, 0x82, 0xc4);
const ORANGE: RGBColor = RGBColor(0xd9, 0x7d, 0x24);

/// Pixels.
const SIZE: (u32, u32) = (860, 620);

/// One of the two amounts that stand side by side in a panel.
struct Series {
    name: &'static str,
    color: RGBColor,
    amount: fn(&YearTotals) -> f64,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Benchmark beside spending, and earned beside owed, by program and performance year, as SVG.
pub(crate) fn totals(years: &[YearTotals]) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let panels = root.split_evenly((2, 1));
        let series = |name, color, amount| Series { name, color, amount };
        let upper = [
            series("benchmark", BLUE, |year: &YearTotals| year.benchmark),
            series("spending", ORANGE, |year: &YearTotals| year.spending),
        ];
        let lower = [
            series("earned", BLUE, |year: &YearTotals| year.earned),
            series("owed", ORANGE, |year: &YearTotals| year.owed),
        ];
        for (area, series) in panels.iter().zip([upper, lower]) {
            panel(area, years, &series).expect("a drawing in memory takes everything");
        }
        root.present().expect("a drawing in memory takes everything");
    }
    svg
}

/// Bars of two amounts for each year, in billions of dollars.
fn panel(area: &Area<'_>, years: &[YearTotals], series: &[Series; 2]) -> Result<(), Box<dyn std::error::Error>> {
    const BILLION: f64 = 1e9;
    let highest = years.iter().flat_map(|year| series.iter().map(|of| (of.amount)(year))).fold(0.0, f64::max) / BILLION;
    let text = |size: i32| TextStyle::from(("sans-serif", size).into_font()).color(&INK);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_bottom(34)
        .y_label_area_size(56)
        .build_cartesian_2d(-0.6..years.len().max(1) as f64 - 0.4, 0.0..highest.max(0.1) * 1.15)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .y_labels(6)
        .y_desc("billion dollars")
        .y_label_formatter(&|amount| format!("{amount}"))
        .label_style(text(16))
        .axis_style(INK)
        .bold_line_style(INK.mix(0.35))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (side, of) in series.iter().enumerate() {
        let bars = years.iter().enumerate().map(|(at, year)| {
            let left = at as f64 - 0.38 + 0.38 * side as f64;
            Rectangle::new([(left, 0.0), (left + 0.36, (of.amount)(year) / BILLION)], of.color.filled())
        });
        chart.draw_series(bars)?;
        let at = (66 + 110 * side as i32, 12);
        area.draw(&Rectangle::new([at, (at.0 + 12, at.1 + 12)], of.color.filled()))?;
        area.draw(&Text::new(of.name, (at.0 + 18, at.1), text(17)))?;
    }
    for (at, year) in years.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(at as f64, 0.0));
        // The coordinates are those of the whole drawing, the panel's begin at its own corner.
        let (left, top) = area.get_base_pixel();
        let below = |line: i32| (x - left, y - top + 5 + 14 * line);
        let style = text(15).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw(&Text::new(year.performance_year.to_string(), below(0), style.clone()))?;
        if year.program == Program::Reach {
            area.draw(&Text::new("REACH", below(1), style))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No text of an input is drawn; the names of the series are, and this is how they would be.
    #[test]
    fn markup_is_drawn_as_text() {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let style = TextStyle::from(("sans-serif", 12).into_font()).color(&INK);
            root.draw(&Text::new("<script>&\"x\"</script>", (1, 1), style)).expect("memory");
            root.present().expect("memory");
        }
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;&amp;"), "{svg}");
    }
}
