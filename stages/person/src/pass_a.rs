//! Pass A: one walk over a shard's lives and claims answers every (performance year, calendar year, window).

use crate::assign::{Outcome, Place, Scratch, Why, assign, take_given, why_not, why_not_there};
use crate::columns::NO_DAY;
use crate::context::{Ahead, Context, GivenPlace, People, Pieces};
use crate::histogram::{BUCKETS, annual, bucket};
use crate::improper::ImproperSums;
use crate::inside::{Cared, add_uses};
use crate::ledger::{Ledger, LedgerRow};
use crate::life::Life;
use crate::merge::{Merge, Rows};
use crate::output::{AssignmentRow, DifferenceRow, Output, PersonYearRow, member};
use crate::quick::{QuickMap, by_key};
use crate::risk;
use crate::rows::Spent;
use crate::spend::{Sums, add_demonstrations, add_earnings, add_up};
use crate::streams::ShardStreams;
use crate::tally::{Amount, Compared, Destination, ListAt, OURS_ONLY, THEIRS_ONLY, Tally, following};
use crate::usage::{Counts, MEASURES};
use crate::views::View;
use acoledger_hcc::MonthScore;
use acoledger_schemas::table::Problems;
use acoledger_schemas::values::{Basis, Date};
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where pass A puts its rows.
pub trait Sink {
    /// Takes rows of `assignment`, in the order of lives.
    ///
    /// # Errors
    /// Says what went wrong; pass A stops.
    fn assignment(&mut self, batch: RecordBatch) -> Result<(), String>;
    /// Takes rows of `person_year`, in the order of lives.
    ///
    /// # Errors
    /// Says what went wrong; pass A stops.
    fn person_year(&mut self, batch: RecordBatch) -> Result<(), String>;
    /// Takes rows of `assignment_differences`, in the order of lives; none where no list was given.
    ///
    /// # Errors
    /// Says what went wrong; pass A stops.
    fn assignment_differences(&mut self, batch: RecordBatch) -> Result<(), String>;
}

/// Heads of one ACO in one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heads {
    pub(crate) all: i64,
    pub(crate) dual: i64,
    pub(crate) subsidised_or_dual: i64,
    pub(crate) voluntary: i64,
    pub(crate) claims: i64,
    pub(crate) both: i64,
}

/// What pass A leaves of a shard beside its rows: integers, merged in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardA {
    /// Lives seen.
    pub lives: u64,
    /// Rows of `assignment` and of `person_year`.
    pub rows: [u64; 2],
    pub(crate) ledger: Ledger,
    /// By performance year, list and type.
    pub(crate) histograms: Vec<u64>,
    /// By (performance year, list, ACO).
    #[serde(serialize_with = "by_key")]
    pub(crate) heads: QuickMap<(u8, u8, u16), Heads>,
    /// By the same, and county.
    #[serde(serialize_with = "by_key")]
    pub(crate) county_heads: QuickMap<(u8, u8, u16, u64), i64>,
    /// By performance year and ACO.
    pub(crate) revenue: Vec<Vec<i64>>,
    /// By (performance year, list, ACO): care inside and outside, and what lives use.
    #[serde(serialize_with = "by_key")]
    pub(crate) cared: QuickMap<(u8, u8, u16), Cared>,
    /// By list: what assignable lives use, by type.
    pub(crate) uses: Vec<[Counts; 4]>,
    pub(crate) tally: Tally,
    pub(crate) improper: ImproperSums,
    pub(crate) detail: risk::Detail,
    pub(crate) compared: risk::Comparison,
    #[serde(with = "crate::partial::texts")]
    findings: BTreeMap<&'static str, u64>,
}

impl ShardA {
    /// Adds another shard's. Associative and commutative; `ShardA::default()` is neutral.
    pub fn merge(&mut self, other: &ShardA) {
        self.lives += other.lives;
        self.rows[0] += other.rows[0];
        self.rows[1] += other.rows[1];
        self.ledger.merge(&other.ledger);
        self.histograms.resize(self.histograms.len().max(other.histograms.len()), 0);
        self.histograms.iter_mut().zip(&other.histograms).for_each(|(a, b)| *a += b);
        for (key, heads) in &other.heads {
            let own = self.heads.entry(*key).or_default();
            own.all += heads.all;
            own.dual += heads.dual;
            own.subsidised_or_dual += heads.subsidised_or_dual;
            own.voluntary += heads.voluntary;
            own.claims += heads.claims;
            own.both += heads.both;
        }
        for (key, heads) in &other.county_heads {
            *self.county_heads.entry(*key).or_default() += heads;
        }
        if self.revenue.is_empty() {
            self.revenue.clone_from(&other.revenue);
        } else {
            for (own, others) in self.revenue.iter_mut().zip(&other.revenue) {
                own.iter_mut().zip(others).for_each(|(a, b)| *a += b);
            }
        }
        for (key, cared) in &other.cared {
            self.cared.entry(*key).or_default().merge(cared);
        }
        self.uses.resize(self.uses.len().max(other.uses.len()), [[0; MEASURES]; 4]);
        self.uses.iter_mut().zip(&other.uses).for_each(|(own, others)| add_uses(own, others));
        self.tally.merge(&other.tally);
        self.improper.merge(&other.improper);
        self.detail.merge(&other.detail);
        self.compared.merge(&other.compared);
        for (finding, count) in &other.findings {
            *self.findings.entry(finding).or_default() += count;
        }
    }

    /// Counts rows of `person_year` into the histograms, as the walk that wrote them did: enough for thresholds under other
    /// rules of the cells. Heads, revenue and ledger stay as they are.
    ///
    /// # Errors
    /// A column that is absent or of another type.
    pub fn count_again(&mut self, context: &Context, batch: &RecordBatch) -> Result<(), Problems> {
        self.histograms.resize(context.histograms() * 4 * BUCKETS, 0);
        Spent::new(context, batch)?.places(context, |at, spend, months| {
            self.histograms[at * BUCKETS + usize::from(bucket(annual(spend, months)))] += 1;
        });
        Ok(())
    }

    /// The conservation ledger; for each kind, `read` equals the sum of the others.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        self.ledger.lines()
    }

    /// Things worth telling the user, with counts; never a beneficiary's identifier.
    pub fn findings(&self) -> Vec<(&'static str, u64)> {
        self.findings.iter().map(|(finding, count)| (*finding, *count)).collect()
    }

    /// Improper payments of the program files that nothing was found for, with counts; of all shards together.
    pub fn unmet_improper(&self, context: &Context) -> [(&'static str, u64); 2] {
        self.improper.unmet(context)
    }

    fn find(&mut self, finding: &'static str, count: u64) {
        if count > 0 {
            *self.findings.entry(finding).or_default() += count;
        }
    }
}

/// Walks one shard. The pieces reach over all its lives.
///
/// # Errors
/// A stream that fails or is out of order, a column that is absent or of another type, a piece or a sink that fails.
pub fn pass_a(
    context: &Context,
    pieces: Pieces<'_>,
    streams: ShardStreams<'_>,
    sink: &mut dyn Sink,
) -> Result<ShardA, Problems> {
    let mut merge = Merge::new(context, streams)?;
    let mut walk = Walk::new(context, sink);
    let mut people = Ahead::new(pieces);
    while let Some(key) = merge.next_life() {
        walk.life.open(key);
        let (life, ledger) = (&mut walk.life, &mut walk.shard.ledger);
        merge.read_life(key, context, |rows| read(context, life, ledger, rows))?;
        let (people, is_new) = people.reach(key)?;
        if is_new {
            walk.read_to = None;
        }
        walk.close(&merge, people)?;
    }
    walk.finish()
}

fn read(context: &Context, life: &mut Life, ledger: &mut Ledger, rows: Rows<'_>) -> Result<(), Problems> {
    match rows.view {
        View::Bene(view) => rows.rows.for_each(|row| {
            life.bene_id.clear();
            life.bene_id.push_str(view.ids.value(row));
        }),
        View::Enroll(view) => life.enroll(context, view, rows.year, rows.rows)?,
        View::Facility(view) => life.facilities(context, ledger, view, rows.rows),
        View::Revenue(view) => life.revenue(context, view, rows.rows),
        View::Lines(view) => life.lines(context, ledger, view, rows.rows),
    }
    Ok(())
}

/// Where program rows of lives have been read to.
#[derive(Default)]
struct Places {
    designations: usize,
    elsewhere: usize,
    esrd: usize,
    status: usize,
    subsidies: usize,
    payments: usize,
    scores: usize,
    given: usize,
}

/// The state of a walk: the open life, and what has been added up.
struct Walk<'w> {
    context: &'w Context,
    life: Life,
    read_to: Option<Places>,
    shard: ShardA,
    output: Output<'w>,
    scratch: Scratch,
    sums: Vec<[Sums; 4]>,
    /// What the life uses, by calendar year and type.
    uses: Vec<[Counts; 4]>,
    /// By calendar year, then performance year.
    members: Vec<Vec<u32>>,
    scores: Vec<i64>,
    /// Scores made from diagnoses: by calendar year, then model.
    made: Vec<[Option<MonthScore>; 12]>,
    /// By list, then nation and ACOs: whether scores are by the performance year's model.
    models: Vec<bool>,
    /// By performance year, then list.
    places: Vec<Vec<Found>>,
    following: Vec<(ListAt, ListAt)>,
}

/// Where a list has a life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// The ACO that has it.
    pub(crate) aco: Option<u32>,
    /// Whether services make it assignable, by method.
    pub(crate) assignable: [bool; 2],
}

impl<'w> Walk<'w> {
    fn new(context: &'w Context, sink: &'w mut dyn Sink) -> Walk<'w> {
        let years = context.performances.len();
        let scores = if context.has_scores() { 4 * (1 + years) } else { 0 };
        let models = context.scoring.as_ref().map_or(0, |scoring| scoring.models());
        let mut shard = ShardA::default();
        shard.histograms.resize(context.histograms() * 4 * BUCKETS, 0);
        shard.revenue = vec![vec![0; context.acos.len()]; years];
        shard.ledger = Ledger::with_triangle(&context.time);
        shard.uses = vec![[[0; MEASURES]; 4]; context.histograms()];
        let output = Output::new(sink, context.assignment_schema(), context.person_year_schema(), years, scores);
        Walk {
            context,
            life: Life::new(context),
            read_to: None,
            shard,
            output,
            scratch: Scratch::default(),
            sums: vec![[Sums::default(); 4]; context.calendar_years.len()],
            uses: vec![[[0; MEASURES]; 4]; context.calendar_years.len()],
            members: vec![vec![0; years]; context.calendar_years.len()],
            scores: vec![0; scores],
            made: vec![[None; 12]; models * context.calendar_years.len()],
            models: risk::detail_models(context),
            places: context.performances.iter().map(|of| vec![Found::default(); of.field.lists.len()]).collect(),
            following: following(context),
        }
    }

    /// Everything that follows from a life's rows, once all have been read.
    fn close(&mut self, merge: &Merge<'_>, people: &People) -> Result<(), Problems> {
        let context = self.context;
        self.shard.lives += 1;
        if self.life.bene_id.is_empty() {
            return Err(crate::columns::trouble("bene", None, "bene_key", "a life of other tables is missing here"));
        }
        let key = self.life.key;
        let places = self.read_to.get_or_insert_with(|| Places {
            designations: people.designations.seek(key),
            elsewhere: people.elsewhere.seek(key),
            esrd: people.esrd.seek(key),
            status: people.status.seek(key),
            subsidies: people.subsidies.seek(key),
            payments: people.payments.seek(key),
            scores: people.scores.seek(key),
            given: people.given.seek(key),
        });
        let designations = people.designations.rows(people.designations.of(key, &mut places.designations));
        let elsewhere = people.elsewhere.rows(people.elsewhere.of(key, &mut places.elsewhere));
        self.life.tell(designations, elsewhere);
        let esrd = people.esrd.rows(people.esrd.of(key, &mut places.esrd));
        let subsidies = people.subsidies.rows(people.subsidies.of(key, &mut places.subsidies));
        let payments = people.payments.rows(people.payments.of(key, &mut places.payments));
        let scores = people.scores.rows(people.scores.of(key, &mut places.scores));

        let episodes = std::mem::take(&mut self.life.episodes);
        self.life.enrollment.settle(context, esrd, &episodes);
        self.life.episodes = episodes;
        self.life.place_visits(context);
        self.shard.find("lives with claims and without enrollment", u64::from(!self.life.enrollment.is_known()));
        let missing = std::mem::take(&mut self.life.missing_fees);
        self.shard.find("services at teaching-amendment hospitals without a fee, taken as 0", missing);
        let unknown = std::mem::take(&mut self.life.without_specialty);
        self.shard
            .find("services of clinicians without a specialty, since `provider_specialty` is absent (M.A.7)", unknown);

        if let Some(scoring) = &context.scoring {
            let status = people.status.rows(people.status.of(key, &mut places.status));
            let life = &mut self.life;
            let unknown = life.diagnoses.score(context, scoring, &life.enrollment, status, &mut self.made);
            self.shard.find("risk: years of lives without sex, original entitlement or birth, not scored", unknown);
        }
        self.sums.fill([Sums::default(); 4]);
        add_up(context, &self.life, &mut self.shard.ledger, &mut self.sums);
        add_demonstrations(context, &self.life, payments, &mut self.shard.ledger, &mut self.sums);
        add_earnings(context, &self.life, &mut self.shard.revenue);
        self.uses.fill([[0; MEASURES]; 4]);
        self.life.usage.count(context, &self.life.enrollment, &mut self.uses);
        let given = people.given.rows(people.given.of(key, &mut places.given));
        self.assign_all(merge, subsidies, given)?;
        if !self.life.improper.is_empty() {
            let enrollment = &self.life.enrollment;
            let county = |at: usize| merge.counties.text(enrollment.county(at)).map_or(0, crate::counties::pack);
            self.shard.improper.add(context, &self.life, &self.members, county);
        }
        self.person_years(merge, scores)
    }

    /// Assignment in every list, with heads and membership.
    fn assign_all(&mut self, merge: &Merge<'_>, subsidies: &[i32], given: &[GivenPlace]) -> Result<(), Problems> {
        let context = self.context;
        self.members.iter_mut().for_each(|years| years.fill(0));
        for (at, performance) in context.performances.iter().enumerate() {
            let mut before: Option<(i32, Outcome)> = None;
            for (list_at, list) in performance.field.lists.iter().enumerate() {
                let previous = before.as_ref().filter(|(year, _)| *year == list.year - 1);
                let previous = previous.and_then(|(_, outcome)| outcome.place.as_ref());
                let mut outcome = assign(context, at, list_at, &self.life, &mut self.scratch, previous);
                let this = (at as u8, list_at as u8);
                let theirs = given.iter().find(|place| place.list == this);
                if let Some(lists) = context.given.as_ref().filter(|lists| lists.has(this)) {
                    if !list.only_before {
                        self.compare(this, &outcome, theirs)?;
                    }
                    if lists.used {
                        take_given(context, &self.life, (at, list_at), &mut outcome, theirs, previous);
                    }
                }
                self.places[at][list_at] =
                    Found { aco: outcome.place.as_ref().map(|place| place.aco), assignable: outcome.assignable };
                if !list.only_before {
                    self.keep(merge, at, list_at, &outcome, subsidies)?;
                }
                before = Some((list.year, outcome));
            }
        }
        self.follow();
        Ok(())
    }

    /// Counts how our list and the one given agree on the life, and notes it where they do not.
    fn compare(&mut self, list: ListAt, outcome: &Outcome, theirs: Option<&GivenPlace>) -> Result<(), Problems> {
        let context = self.context;
        let ours = outcome.place.as_ref();
        let step = ours.and_then(|place| place.comparison.as_ref()).map_or(0, |comparison| comparison.step as u8 + 1);
        let at = (usize::from(list.0), usize::from(list.1));
        let why = |theirs| why_not_there(context, &self.life, at, &self.scratch, ours, theirs);
        let of = |aco, outcome, own, reason| Compared { aco, outcome, own, step, reason };
        let what = match (ours, theirs) {
            (None, None) => return Ok(()),
            (Some(ours), None) => of(ours.aco, OURS_ONLY, None, ours.basis.code()),
            (None, Some(theirs)) => of(theirs.aco, THEIRS_ONLY, None, why(theirs)),
            (Some(ours), Some(theirs)) if ours.aco == theirs.aco => of(ours.aco, "both", None, ""),
            (Some(ours), Some(theirs)) => of(theirs.aco, "other_aco", Some(ours.aco), why(theirs)),
        };
        let amount = amount(context, list, &self.life, &self.sums);
        self.shard.tally.compared(list, what, amount);
        let (ours, theirs) = (ours.map(|place| place.aco), theirs.map(|place| place.aco));
        if ours == theirs {
            return Ok(());
        }
        let id = |aco: u32| context.acos[aco as usize].as_str();
        let performance = &context.performances[at.0];
        self.output.difference(&DifferenceRow {
            performance_year: performance.year,
            calendar_year: performance.field.lists[at.1].year,
            bene_id: &self.life.bene_id,
            own_aco_id: ours.map(id),
            given_aco_id: theirs.map(id),
            outcome: what.outcome,
            step: (what.step > 0).then_some(what.step.into()),
            reason: what.reason,
        })
    }

    /// From each list to the one that follows it: where the life is found there.
    fn follow(&mut self) {
        let context = self.context;
        for (from, to) in &self.following {
            let place = |list: &ListAt| self.places[usize::from(list.0)][usize::from(list.1)];
            let Some(aco) = place(from).aco else { continue };
            let (at, list_at) = (usize::from(to.0), usize::from(to.1));
            let found = place(to);
            let served = || {
                let terms = context.performances[at].field.lists[list_at].acos[aco as usize].as_ref();
                found.assignable[terms.map_or(0, |terms| usize::from(terms.prospective))]
            };
            let destination = match found.aco {
                Some(other) if other == aco => Destination::Retained,
                Some(_) => Destination::OtherAco,
                None => match why_not(context, at, list_at, &self.life, aco) {
                    Why::Nobody if !served() => Destination::Unserved,
                    why => Destination::Absent(why),
                },
            };
            let amount = amount(context, *from, &self.life, &self.sums);
            self.shard.tally.moved(*from, *to, aco, destination, amount);
        }
    }

    fn keep(
        &mut self,
        merge: &Merge<'_>,
        at: usize,
        list_at: usize,
        outcome: &Outcome,
        subsidies: &[i32],
    ) -> Result<(), Problems> {
        let context = self.context;
        let performance = &context.performances[at];
        let list = &performance.field.lists[list_at];
        let slot = context.calendar_years.binary_search(&list.year).unwrap_or(0);
        let this = (at as u8, list_at as u8);
        self.shard.tally.decided(context, this, outcome, || amount(context, this, &self.life, &self.sums));
        if outcome.assignable[0] {
            add_uses(&mut self.shard.uses[context.place(at, list_at)], &self.uses[slot]);
        }
        let mut bits = 0;
        for (method, bit) in [member::RETROSPECTIVE, member::PROSPECTIVE].into_iter().enumerate() {
            bits |= if outcome.assignable[method] { bit } else { 0 };
        }
        if let Some(place) = &outcome.place {
            bits |= place.aco + 1;
            bits |= match place.newly {
                Some(true) => member::NEWLY,
                Some(false) => member::CONTINUOUSLY,
                None => 0,
            };
            self.shard.rows[0] += 1;
            self.count_heads(merge, at, list_at, place, subsidies.contains(&list.year));
            if list.acos[place.aco as usize].as_ref().is_some_and(|aco| aco.own != 0) {
                let cared = self.shard.cared.entry((this.0, this.1, place.aco as u16)).or_default();
                cared.add_billed(context, (at, list_at), &self.life, place);
                add_uses(&mut cared.uses, &self.uses[slot]);
            }
            let row = AssignmentRow::of(context, &merge.counties, (at, list_at), &self.life, place);
            self.output.assignment(&row)?;
        }
        self.members[slot][at] = bits;
        Ok(())
    }

    fn count_heads(&mut self, merge: &Merge<'_>, at: usize, list_at: usize, place: &Place, subsidised: bool) {
        let context = self.context;
        let list = &context.performances[at].field.lists[list_at];
        let Some(year) = context.time.at(list.year) else { return };
        if list.acos[place.aco as usize].as_ref().is_none_or(|aco| aco.own == 0) {
            return;
        }
        let enrollment = &self.life.enrollment;
        let dual = enrollment.record[year].dual & enrollment.state[year].eligible != 0;
        let key = (at as u8, list_at as u8, place.aco as u16);
        let heads = self.shard.heads.entry(key).or_default();
        heads.all += 1;
        heads.dual += i64::from(dual);
        heads.subsidised_or_dual += i64::from(dual || subsidised);
        heads.voluntary += i64::from(place.basis == Basis::Voluntary);
        heads.claims += i64::from(place.basis == Basis::Claims);
        heads.both += i64::from(place.basis == Basis::Both);
        let county = merge.counties.text(enrollment.county(year)).map_or(0, crate::counties::pack);
        *self.shard.county_heads.entry((key.0, key.1, key.2, county)).or_default() += 1;
    }

    /// Rows of `person_year`, and their places in the histograms.
    fn person_years(&mut self, merge: &Merge<'_>, scores: &[crate::context::Score]) -> Result<(), Problems> {
        let context = self.context;
        for (slot, year) in context.calendar_years.iter().enumerate() {
            let Some(at) = context.time.at(*year) else { continue };
            let state = self.life.enrollment.state[at];
            if state.eligible & !state.episode == 0 {
                continue;
            }
            let dual = self.life.enrollment.record[at].dual;
            let death = self.life.enrollment.birth_and_death().1;
            let died = death != NO_DAY && Date(death).year() == *year;
            let county = merge.counties.text(self.life.enrollment.county(at));
            for kind in 0..4 {
                let months_mask = state.types[kind] & !state.episode;
                if months_mask == 0 {
                    continue;
                }
                let sums = self.sums[slot][kind];
                let spend_cents = sums.spend();
                let months = months_mask.count_ones() as u8;
                context.histogram_places(*year, &self.members[slot], |place, interim| {
                    let spend = spend_cents + if interim { sums.interim } else { 0 };
                    let bucket = usize::from(bucket(annual(spend, months)));
                    self.shard.histograms[(place * 4 + kind) * BUCKETS + bucket] += 1;
                });
                let made = context.scoring.as_ref().map(|of| &self.made[slot * of.models()..][..of.models()]);
                if let Some(made) = made.filter(|_| context.sources.compared) {
                    self.shard.compared.add(context, (*year, kind as u8, months_mask), scores, made);
                }
                let made = made.filter(|_| context.sources.made);
                match made {
                    Some(made) => risk::add_made(made, months_mask, &mut self.scores),
                    None => risk::add_up(context, *year, kind as u8, months_mask, scores, &mut self.scores),
                }
                let row = risk::Row { year: *year, kind, months_mask, scores: &self.scores, made };
                self.shard.detail.add(context, &self.models, &self.places, row);
                self.shard.rows[1] += 1;
                self.output.person_year(&PersonYearRow {
                    bene_id: &self.life.bene_id,
                    calendar_year: *year,
                    kind: kind as u8,
                    months_mask,
                    dual_months: (months_mask & dual).count_ones() as u8,
                    county,
                    spend_cents,
                    gross_cents: sums.gross,
                    by_kind: sums.by_kind(),
                    by_category: &sums.by_category,
                    died,
                    interim_cents: sums.interim,
                    members: &self.members[slot],
                    scores: &self.scores,
                })?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<ShardA, Problems> {
        self.output.finish()?;
        Ok(self.shard)
    }
}

/// A life with what it cost in the calendar year of a list.
fn amount(context: &Context, list: ListAt, life: &Life, sums: &[[Sums; 4]]) -> Amount {
    let performance = &context.performances[usize::from(list.0)];
    let year = performance.field.lists[usize::from(list.1)].year;
    let mut amount = Amount { lives: 1, ..Amount::default() };
    let (Some(at), Ok(slot)) = (context.time.at(year), context.calendar_years.binary_search(&year)) else {
        return amount;
    };
    let state = life.enrollment.state[at];
    for (months, sums) in state.types.iter().map(|months| months & !state.episode).zip(&sums[slot]) {
        if months != 0 {
            amount.months += i64::from(months.count_ones());
            amount.cents += sums.spend() + if performance.interim { sums.interim } else { 0 };
        }
    }
    amount
}
