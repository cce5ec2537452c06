//! States as tiles of one size: spending per person year of assignable beneficiaries.

use super::canvas::{GREY, drawing, write};
use crate::grid::{Format, Grid, Head, Value, thousands};
use crate::report::places::Place;
use crate::report::states::{GRID, STATES, State};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// From light to dark in equal steps of lightness; readable in grey.
const SHADES: [RGBColor; 5] = [
    RGBColor(0xde, 0xe9, 0xf3),
    RGBColor(0xb3, 0xcd, 0xe4),
    RGBColor(0x7d, 0xab, 0xd1),
    RGBColor(0x43, 0x80, 0xb8),
    RGBColor(0x1d, 0x55, 0x8c),
];

/// A tile for each state; the run's states are filled.
pub(super) fn states(states: &[(&'static State, Place)], title: &str) -> String {
    const TILE: i32 = 58;
    let (width, height) = (i32::from(GRID.0) * TILE + 16, i32::from(GRID.1) * TILE + 60);
    let known: Vec<f64> = states.iter().filter_map(|(_, place)| place.per_capita()).collect();
    let (low, high) =
        (known.iter().copied().fold(f64::INFINITY, f64::min), known.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let shade = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        ((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)
    };
    drawing((width as u32, height as u32), Some(title), |area| {
        for state in &STATES {
            let at = (8 + i32::from(state.tile.0) * TILE, 4 + i32::from(state.tile.1) * TILE);
            let corners = [at, (at.0 + TILE - 4, at.1 + TILE - 4)];
            let value = states.iter().find(|(of, _)| of.code == state.code).and_then(|(_, place)| place.per_capita());
            let middle = at.0 + TILE / 2 - 2;
            let Some(value) = value else {
                area.draw(&Rectangle::new(corners, GREY.mix(0.5).stroke_width(1)))?;
                area.draw(&Text::new(state.code, (middle, at.1 + TILE / 2 - 2), centred(GREY, 16)))?;
                continue;
            };
            let nth = shade(value);
            let ink = if nth >= 3 { WHITE } else { RGBColor(0x1c, 0x22, 0x29) };
            area.draw(&Rectangle::new(corners, SHADES[nth].filled()))?;
            area.draw(&Text::new(state.code, (middle, at.1 + 19), centred(ink, 18)))?;
            area.draw(&Text::new(thousands(&format!("{value:.0}")), (middle, at.1 + 38), centred(ink, 15)))?;
        }
        let bottom = height - 22;
        let words = "dollars per person year; a bare frame: no county of the state in this run";
        write(area, words, (8, bottom), 16, HPos::Left)
    })
}

/// Text in the middle of a place.
fn centred(ink: RGBColor, size: i32) -> TextStyle<'static> {
    let style = TextStyle::from(("sans-serif", size).into_font());
    TextStyle { color: ink.to_backend_color(), ..style }.pos(Pos::new(HPos::Center, VPos::Center))
}

/// The figures of the tiles as CSV.
pub(super) fn csv(states: &[(&'static State, Place)]) -> String {
    let mut heads = vec![Head::Left("state"), Head::Left("name")];
    heads.extend(["person_years", "per_capita_dollars", "assigned", "acos"].map(Head::Right));
    let mut grid = Grid::new(&heads);
    for (state, place) in states {
        grid.push(vec![
            state.code.into(),
            state.name.into(),
            Value::Decimal(place.person_years, 1),
            place.per_capita().map_or(Value::Blank, |value| Value::Decimal(value, 2)),
            Value::Integer(place.heads),
            place.acos().into(),
        ]);
    }
    grid.render(Format::Csv)
}
