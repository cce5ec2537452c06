//! Figures against their bounds.

use super::limits::{Bound, Figure, Figures, Limit, Limits};
use super::{Check, Judged};
use std::collections::BTreeMap;

/// One check for each key and type that there are figures of.
pub(super) fn judge(limits: &Limits, figures: &Figures) -> Vec<Check> {
    let mut checks = Vec::new();
    for limit in &limits.check {
        match figures.get(limit.key.as_str()) {
            Some(Ok(figures)) => {
                let mut by_type: BTreeMap<&str, Vec<&Figure>> = BTreeMap::new();
                for figure in figures {
                    by_type.entry(&figure.of).or_default().push(figure);
                }
                if by_type.is_empty() {
                    checks.push(without(limit, "nothing to judge"));
                }
                checks.extend(by_type.into_iter().map(|(of, figures)| judge_one(limit, of, &figures)));
            }
            Some(Err(why)) => checks.push(without(limit, why)),
            None => {}
        }
    }
    checks
}

fn without(limit: &Limit, why: &str) -> Check {
    let mut check = Check::new("figure", limit.key.clone());
    check.severity = limit.severity;
    check.unjudged = Some("not available");
    check.what = why.to_owned();
    check.judged = Judged { source: limit.source.clone(), ..Judged::default() };
    check
}

fn judge_one(limit: &Limit, of: &str, figures: &[&Figure]) -> Check {
    let name = if of.is_empty() { limit.key.clone() } else { format!("{} {of}", limit.key) };
    let mut check = Check::new("figure", name);
    check.severity = limit.severity;
    let mut worst: Option<(f64, &Bound)> = None;
    let mut few: Option<(f64, f64)> = None;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for figure in figures {
        let Some((bound, fewest)) = limit.bound(figure) else { continue };
        if figure.counted < fewest {
            few = Some(
                few.map_or((figure.counted, fewest), |(seen, wanted)| (seen.max(figure.counted), wanted.min(fewest))),
            );
            continue;
        }
        let outside = (bound.least - figure.value).max(figure.value - bound.most) / (bound.most - bound.least);
        // What is no number at all is outside too.
        let inside = (bound.least..=bound.most).contains(&figure.value);
        check.look((!inside).then(|| format!("{}: {}", figure.place, short(figure.value))));
        (least, most) = (least.min(figure.value), most.max(figure.value));
        if worst.is_none_or(|(so_far, _)| outside > so_far) {
            worst = Some((outside, bound));
        }
    }
    check.judged.source = limit.source.clone();
    match (worst, few) {
        (Some((_, bound)), _) => {
            check.judged.value =
                if least == most { short(least) } else { format!("{} to {}", short(least), short(most)) };
            check.judged.bounds = format!("{} to {}", short(bound.least), short(bound.most));
        }
        (None, Some((seen, wanted))) => {
            check.unjudged = Some("too few");
            let counted = &limit.counted;
            check.what = format!("too few {counted} to judge: {}, judged from {}", short(seen), short(wanted));
        }
        (None, None) => {
            check.unjudged = Some("not available");
            check.what = "no bounds for these years".into();
        }
    }
    if check.wrong > 0 {
        check.what = format!("{}; {}", limit.text, check.what);
    }
    check
}

/// Four decimals for small numbers, none for large ones.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 && value.fract() != 0.0 => format!("{value:.4}"),
        size if size < 1000.0 && value.fract() != 0.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(year: i32, value: f64, counted: f64) -> Figure {
        Figure { of: "DIS".into(), year, place: format!("of {year}"), value, counted }
    }

    fn judged(figures: Vec<Figure>) -> Check {
        let figures = Figures::from([("type_share", Ok(figures))]);
        judge(&Limits::built_in(), &figures).remove(0)
    }

    #[test]
    fn outside_inside_and_too_few() {
        let inside = judged(vec![share(2020, 0.10, 30_000.0), share(2021, 0.12, 30_000.0)]);
        assert_eq!((inside.looked_at, inside.wrong), (2, 0));
        assert_eq!(inside.judged.value, "0.1000 to 0.1200");
        assert_eq!(inside.judged.bounds, "0.0600 to 0.1650");
        let outside = judged(vec![share(2020, 0.10, 30_000.0), share(2021, 0.17, 30_000.0)]);
        assert_eq!((outside.looked_at, outside.wrong), (2, 1));
        assert!(outside.what.contains("of 2021: 0.1700"), "{}", outside.what);
        assert_eq!(outside.severity.word(), "warning");
        let few = judged(vec![share(2020, 0.9, 500.0)]);
        assert_eq!((few.wrong, few.unjudged), (0, Some("too few")));
        assert!(few.what.ends_with("500, judged from 20000"), "{}", few.what);
        let broken = judged(vec![share(2020, f64::NAN, 30_000.0)]);
        assert_eq!(broken.wrong, 1, "no number is outside");
    }

    #[test]
    fn a_bound_itself_is_inside() {
        let at = judged(vec![share(2020, 0.06, 30_000.0), share(2020, 0.165, 30_000.0)]);
        assert_eq!((at.looked_at, at.wrong), (2, 0));
    }
}
