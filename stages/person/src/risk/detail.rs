//! What scores are made of (`risk_detail`): segments, payment HCCs, and who came, stayed and left, of the nation's assignable lives and of
//! each ACO's. Integers by small keys, merged in any order.

use crate::context::{Context, Performance};
use crate::pass_a::Found;
use acoledger_hcc::{BLENDED, MonthScore, Population, Segment, YearScorer};
use acoledger_schemas::cells::RiskDetailCell;
use acoledger_schemas::values::{AcoId, CalendarYear, EnrollmentType, PerformanceYear, RiskPart};
use serde::{Deserialize, Serialize};

/// Bits of the payment HCCs of a blend's models.
const BITS: usize = 128;
const SEGMENTS: usize = Segment::ALL.len();

/// Lives, months with a score, and sums of thousandths over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Scored {
    lives: i64,
    months: i64,
    hcc: i64,
    demographic: i64,
}

impl Scored {
    fn add(&mut self, other: Scored) {
        self.lives += other.lives;
        self.months += other.months;
        self.hcc += other.hcc;
        self.demographic += other.demographic;
    }
}

/// Sums of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    all: Scored,
    /// By list of the performance year: those who are the same ACO's there, those who are not.
    beside: Vec<[Scored; 2]>,
    segments: Vec<Scored>,
    /// Months by population of the models, model of its blend, and bit.
    hccs: Vec<i64>,
}

impl Sums {
    fn merge(&mut self, other: &Sums) {
        self.all.add(other.all);
        self.beside.resize(self.beside.len().max(other.beside.len()), Default::default());
        for (own, others) in self.beside.iter_mut().flatten().zip(other.beside.iter().flatten()) {
            own.add(*others);
        }
        self.segments.resize(self.segments.len().max(other.segments.len()), Default::default());
        self.segments.iter_mut().zip(&other.segments).for_each(|(own, others)| own.add(*others));
        self.hccs.resize(self.hccs.len().max(other.hccs.len()), 0);
        self.hccs.iter_mut().zip(&other.hccs).for_each(|(own, others)| *own += others);
    }

    /// Adds the months of a mask as they were scored.
    fn made_of(&mut self, scores: &[Option<MonthScore>; 12], months_mask: u16) {
        self.segments.resize(SEGMENTS, Scored::default());
        let mut month = 0;
        while month < 12 {
            let Some(score) = scores[month].filter(|_| months_mask >> month & 1 == 1) else {
                month += 1;
                continue;
            };
            let first = month;
            // Most lives are the same in all months.
            while month < 12 && months_mask >> month & 1 == 1 && scores[month] == Some(score) {
                month += 1;
            }
            let months = (month - first) as i64;
            self.segments[score.segment as usize].add(Scored {
                lives: 0,
                months,
                hcc: months * score.hcc_milli,
                demographic: months * score.demographic_milli,
            });
            for (part, bits) in score.hccs.into_iter().enumerate() {
                let at = (score.population as usize * BLENDED + part) * BITS;
                let mut rest = bits;
                while rest != 0 {
                    let at = at + rest.trailing_zeros() as usize;
                    self.hccs.resize(self.hccs.len().max(at + 1), 0);
                    self.hccs[at] += months;
                    rest &= rest - 1;
                }
            }
        }
    }
}

/// The scores of a row of `person_year`.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r> {
    pub(crate) year: i32,
    pub(crate) kind: usize,
    pub(crate) months_mask: u16,
    /// Months and sums by model, as `risk::add_up` fills them.
    pub(crate) scores: &'r [i64],
    /// The scores of months by model, where they are made from diagnoses.
    pub(crate) made: Option<&'r [[Option<MonthScore>; 12]]>,
}

/// The sums of a shard: by list, then nation and ACOs, then type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Detail {
    groups: Vec<Option<Box<[Sums; 4]>>>,
}

/// Position of the year's own model and of that of a performance year.
fn model(by_performance: bool, performance: usize) -> usize {
    if by_performance { 1 + performance } else { 0 }
}

/// Whose model makes the scores of a year's list (M.C.1.5): of an ACO by its agreement; of the nation the performance year's where any ACO's does.
pub(crate) fn by_performance_year(performance: &Performance, year: i32, aco: Option<u32>) -> bool {
    let mut rows = performance.field.rows.iter().filter(|row| aco.is_none_or(|aco| row.aco == aco));
    let row = match aco {
        Some(_) => rows.next(),
        None => rows.find(|row| row.model_of_performance_year),
    };
    year == performance.year || row.is_some_and(|row| row.model_of_performance_year)
}

/// For every list whether the scores of the nation and of each ACO are by the performance year's model.
pub(crate) fn models(context: &Context) -> Vec<bool> {
    let mut out = Vec::with_capacity(context.histograms() * (1 + context.acos.len()));
    for performance in &context.performances {
        for list in &performance.field.lists {
            let acos = (0..context.acos.len() as u32).map(Some);
            out.extend(std::iter::once(None).chain(acos).map(|aco| by_performance_year(performance, list.year, aco)));
        }
    }
    out
}

impl Detail {
    pub(crate) fn merge(&mut self, other: &Detail) {
        self.groups.resize(self.groups.len().max(other.groups.len()), None);
        for (own, others) in self.groups.iter_mut().zip(&other.groups) {
            match (own, others) {
                (Some(own), Some(others)) => {
                    own.iter_mut().zip(others.iter()).for_each(|(own, other)| own.merge(other))
                }
                (own, Some(_)) => own.clone_from(others),
                (_, None) => {}
            }
        }
    }

    /// Adds a row to the nation and to the ACOs that have the life on the lists of its year.
    pub(crate) fn add(&mut self, context: &Context, models: &[bool], places: &[Vec<Found>], row: Row<'_>) {
        for (at, performance) in context.performances.iter().enumerate() {
            let lists = &performance.field.lists;
            let Some(list_at) = lists.iter().position(|list| list.year == row.year && !list.only_before) else {
                continue;
            };
            let found = places[at][list_at];
            let first = context.place(at, list_at) * (1 + context.acos.len());
            if found.assignable[0] {
                self.take(first, model(models[first], at), row);
            }
            let own = |aco: &u32| lists[list_at].acos[*aco as usize].as_ref().is_some_and(|aco| aco.own != 0);
            let Some(aco) = found.aco.filter(own) else { continue };
            let group = first + 1 + aco as usize;
            let Some(scored) = self.take(group, model(models[group], at), row) else { continue };
            let sums = &mut self.groups[group].as_mut().expect("a row was just added")[row.kind];
            sums.beside.resize(lists.len(), Default::default());
            // From each year to the performance year, and back.
            for (other, list) in lists.iter().enumerate().filter(|(other, _)| *other != list_at) {
                if list.year == performance.year || row.year == performance.year {
                    let same = places[at][other].aco == Some(aco);
                    sums.beside[other][usize::from(!same)].add(scored);
                }
            }
        }
    }

    /// Adds a row to a group; what was added, where there are scores.
    fn take(&mut self, group: usize, model: usize, row: Row<'_>) -> Option<Scored> {
        let sums = row.scores.get(4 * model..4 * model + 4)?;
        if sums[0] == 0 {
            return None;
        }
        self.groups.resize(self.groups.len().max(group + 1), None);
        let own = &mut self.groups[group].get_or_insert_default()[row.kind];
        let scored = Scored { lives: 1, months: sums[0], hcc: sums[1], demographic: sums[3] };
        own.all.add(scored);
        if let Some(made) = row.made {
            own.made_of(&made[model], row.months_mask);
        }
        Some(scored)
    }

    /// The rows of `risk_detail`, in the order of their keys.
    pub(crate) fn rows(&self, context: &Context) -> Vec<RiskDetailCell> {
        let mut rows = Vec::new();
        for (at, performance) in context.performances.iter().enumerate() {
            for (list_at, list) in performance.field.lists.iter().enumerate() {
                let first = context.place(at, list_at) * (1 + context.acos.len());
                for number in 0..=context.acos.len() {
                    let Some(Some(group)) = self.groups.get(first + number) else { continue };
                    let aco = number.checked_sub(1).map(|aco| aco as u32);
                    let by_performance = by_performance_year(performance, list.year, aco);
                    let blank = RiskDetailCell {
                        performance_year: PerformanceYear(performance.year),
                        period: None,
                        aco_id: None,
                        calendar_year: CalendarYear(list.year),
                        enrollment_type: EnrollmentType::Esrd,
                        model: CalendarYear(if by_performance { performance.year } else { list.year }),
                        part: RiskPart::All,
                        item: None,
                        lives: None,
                        score_months: 0,
                        hcc_milli_months: None,
                        demographic_milli_months: None,
                    };
                    let slot = context.calendar_years.binary_search(&list.year).unwrap_or(0);
                    let scoring = context.scoring.as_ref().filter(|_| context.sources.made);
                    let scorer = scoring.and_then(|of| of.scorer(slot, model(by_performance, at)));
                    let Some(aco) = aco else {
                        group.iter().enumerate().for_each(|(kind, sums)| {
                            let blank = RiskDetailCell { enrollment_type: EnrollmentType::ALL[kind], ..blank.clone() };
                            push(&blank, sums, None, scorer, &mut rows);
                        });
                        continue;
                    };
                    let own =
                        performance.field.rows.iter().filter(|row| row.aco == aco && row.years.contains(&list.year));
                    for row in own {
                        // The last benchmark year stands beside the performance year.
                        let last = row.years.iter().copied().filter(|year| *year < performance.year).max();
                        let beside = match list.year == performance.year {
                            true => last,
                            false => Some(performance.year).filter(|_| last == Some(list.year)),
                        };
                        let beside = beside.and_then(|year| {
                            let list = performance.field.lists.iter().position(|list| list.year == year);
                            list.map(|list| (year, list))
                        });
                        let id =
                            AcoId::new(&context.acos[aco as usize]).expect("the identifier was one when it was read");
                        for (kind, sums) in group.iter().enumerate() {
                            let blank = RiskDetailCell {
                                period: Some(row.period),
                                aco_id: Some(id.clone()),
                                enrollment_type: EnrollmentType::ALL[kind],
                                ..blank.clone()
                            };
                            push(&blank, sums, beside, scorer, &mut rows);
                        }
                    }
                }
            }
        }
        rows.sort_by(|a, b| key(a).cmp(&key(b)));
        rows
    }
}

fn key(row: &RiskDetailCell) -> impl Ord + '_ {
    let of = (row.performance_year, row.period, row.aco_id.as_ref(), row.calendar_year, row.enrollment_type, row.model);
    (of, row.part, row.item.as_deref())
}

/// The rows of one type, unless nobody was scored in it.
fn push(
    blank: &RiskDetailCell,
    sums: &Sums,
    beside: Option<(i32, usize)>,
    scorer: Option<&YearScorer>,
    rows: &mut Vec<RiskDetailCell>,
) {
    let scored = |part: RiskPart, item: Option<String>, lives: bool, of: &Scored| RiskDetailCell {
        part,
        item,
        lives: lives.then_some(of.lives),
        score_months: of.months,
        hcc_milli_months: Some(of.hcc),
        demographic_milli_months: Some(of.demographic),
        ..blank.clone()
    };
    if sums.all.lives == 0 {
        return;
    }
    rows.push(scored(RiskPart::All, None, true, &sums.all));
    if let Some((year, list)) = beside {
        let none = [Scored::default(); 2];
        let [same, other] = sums.beside.get(list).unwrap_or(&none);
        let gone = if year > blank.calendar_year.0 { RiskPart::Left } else { RiskPart::Joined };
        rows.push(scored(RiskPart::Stayed, Some(year.to_string()), true, same));
        rows.push(scored(gone, Some(year.to_string()), true, other));
    }
    for (segment, of) in Segment::ALL.iter().zip(&sums.segments).filter(|(_, of)| of.months > 0) {
        rows.push(scored(RiskPart::Segment, Some(segment.name().to_owned()), false, of));
    }
    let Some(scorer) = scorer else { return };
    for (at, months) in sums.hccs.iter().enumerate().filter(|(_, months)| **months > 0) {
        let population = [Population::NonEsrd, Population::Dialysis, Population::Graft][at / (BLENDED * BITS)];
        if let Some((model, number)) = scorer.category(population, at / BITS % BLENDED, at % BITS) {
            let item = Some(format!("{} {number}", model.name()));
            rows.push(RiskDetailCell { part: RiskPart::Hcc, item, score_months: *months, ..blank.clone() });
        }
    }
}
