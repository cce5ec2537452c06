//! Colours, texts and the frame that all drawings share.

use crate::report::national::Standing;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Text and axes. The page's style gives each of these colours its own for light and dark; on paper they stand as they are.
pub(super) const INK: RGBColor = RGBColor(0x4a, 0x54, 0x60);
/// Lines behind.
pub(super) const RULE: RGBColor = RGBColor(0xd5, 0xda, 0xe0);
/// Savings, what is paid.
pub(super) const BLUE: RGBColor = RGBColor(0x2f, 0x6f, 0xab);
/// Losses, what is owed. Blue and orange are told apart by every common kind of colour vision.
pub(super) const ORANGE: RGBColor = RGBColor(0xc4, 0x62, 0x1b);
/// Neither.
pub(super) const GREY: RGBColor = RGBColor(0x9a, 0xa3, 0xad);

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What drawing in memory gives.
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The colour of a standing.
pub(super) fn color(of: Standing) -> RGBColor {
    match of {
        Standing::Losses => ORANGE,
        Standing::Inside => GREY,
        Standing::Savings => BLUE,
    }
}

/// A drawing of `size` pixels; with a title, which takes room above.
pub(super) fn drawing(size: (u32, u32), title: Option<&str>, draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    const TITLE: u32 = 34;
    let mut svg = String::new();
    {
        let above = if title.is_some() { TITLE } else { 0 };
        let root = SVGBackend::with_string(&mut svg, (size.0, size.1 + above)).into_drawing_area();
        let (head, area) = root.split_vertically(above);
        if let Some(title) = title {
            let style = text(19).pos(Pos::new(HPos::Left, VPos::Center));
            head.draw(&Text::new(title.to_owned(), (8, 18), style)).expect("a drawing in memory takes everything");
        }
        draw(&area).expect("a drawing in memory takes everything");
        root.present().expect("a drawing in memory takes everything");
    }
    svg
}

/// Letters of the drawings; plotters' sizes are a quarter above what pixels say.
pub(super) fn text(size: i32) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size).into_font()).color(&INK)
}

/// Text at a place of an area.
pub(super) fn write(area: &Area<'_>, words: &str, at: (i32, i32), size: i32, across: HPos) -> Drawn {
    let style = text(size).pos(Pos::new(across, VPos::Center));
    area.draw(&Text::new(words.to_owned(), at, style))?;
    Ok(())
}

/// Colours and what they mean, from the left.
pub(super) fn legend(area: &Area<'_>, entries: &[(RGBColor, &str)], top: i32) -> Drawn {
    let mut left = 8;
    for (color, words) in entries {
        area.draw(&Rectangle::new([(left, top - 5), (left + 11, top + 6)], color.filled()))?;
        write(area, words, (left + 17, top), 16, HPos::Left)?;
        left += 38 + (words.chars().count() as f64 * 6.9) as i32;
    }
    Ok(())
}

/// A step of an axis that is 1, 2 or 5 times a power of ten: about `wanted` of them in `span`.
pub(super) fn step(span: f64, wanted: f64) -> f64 {
    let rough = (span / wanted).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= rough * 0.999);
    times.unwrap_or(10.0) * power
}
