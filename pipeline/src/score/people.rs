//! A row of the table as a person, and their score as a row.

use super::read::Batch;
use super::write::Rows;
use super::{Counts, Question, Scorers};
use crate::trouble::Outcome;
use acoledger_hcc::{Dual, Esrd, Icd10, Model, Orec, Parsed, Person, Segment, Sex};
use acoledger_schemas::table::{Problem, Problems};
use std::ops::Range;

/// Where the columns stand, and what holds for all rows.
pub(super) struct Ask {
    file: String,
    id: String,
    model: Source<Model>,
    year: Source<i32>,
    age: usize,
    sex: usize,
    orec: usize,
    dual: usize,
    dx: usize,
    segment: Option<usize>,
    lti: Option<usize>,
    new_enrollee: Option<usize>,
    snp: Option<usize>,
    esrd: Option<usize>,
    months: Option<usize>,
    explain: bool,
}

/// A value of the command line, or a column.
enum Source<T> {
    Given(T),
    Column(usize),
}

/// Why a cell is refused: column, what, hint.
type Fault = (&'static str, String, &'static str);

impl Ask {
    pub(super) fn new(header: &[String], question: &Question<'_>, file: &str) -> Outcome<Ask> {
        let at = |name: &str| header.iter().position(|column| column.trim() == name);
        let mut problems = Problems::default();
        let mut required = |name: &'static str, hint: &str| {
            at(name).unwrap_or_else(|| {
                problems.push(Problem {
                    file: file.into(),
                    line: 1,
                    column: name.into(),
                    what: "the column is missing".into(),
                    value: None,
                    hint: Some(hint.into()),
                });
                0
            })
        };
        const HINT: &str = "`acoledger help score` lists the columns";
        let model = match question.model {
            Some(model) => Source::Given(model),
            None => Source::Column(required("model", "the column, or --model for all rows")),
        };
        let year = match question.payment_year {
            Some(year) => Source::Given(year),
            None => Source::Column(required("mapping_year", "the column, or --year for all rows")),
        };
        let ask = Ask {
            file: file.into(),
            id: header.first().cloned().unwrap_or_default(),
            model,
            year,
            age: required("age", HINT),
            sex: required("sex", HINT),
            orec: required("orec", HINT),
            dual: required("dual_code", HINT),
            dx: required("dx", HINT),
            segment: at("segment"),
            lti: at("lti"),
            new_enrollee: at("new_enrollee"),
            snp: at("snp"),
            esrd: at("esrd_status"),
            months: at("graft_months"),
            explain: question.explain,
        };
        problems.or(ask)
    }

    /// The heading of the column of identifiers: the table's first, whatever its name.
    pub(super) fn id_name(&self) -> &str {
        &self.id
    }

    /// Scores rows of a batch.
    pub(super) fn score(&self, batch: &Batch, rows: Range<usize>, scorers: &Scorers) -> Outcome<(Rows, Counts)> {
        let (mut out, mut counts, mut problems) = (Rows::new(self.explain), Counts::default(), Problems::default());
        for row in rows {
            if let Err((column, what, hint)) = self.score_row(batch, row, scorers, &mut out, &mut counts) {
                let shown = self.place(column).map(|at| batch.cell(row, at).to_owned());
                problems.push(Problem {
                    file: self.file.clone(),
                    line: batch.line(row),
                    column: column.into(),
                    what,
                    value: shown,
                    hint: (!hint.is_empty()).then(|| hint.to_owned()),
                });
            }
        }
        problems.or((out, counts))
    }

    fn place(&self, column: &str) -> Option<usize> {
        match (column, &self.model, &self.year) {
            ("model", Source::Column(at), _) | ("mapping_year", _, Source::Column(at)) => Some(*at),
            ("age", ..) => Some(self.age),
            ("sex", ..) => Some(self.sex),
            ("orec", ..) => Some(self.orec),
            ("dual_code", ..) => Some(self.dual),
            ("segment", ..) => self.segment,
            ("lti", ..) => self.lti,
            ("new_enrollee", ..) => self.new_enrollee,
            ("snp", ..) => self.snp,
            ("esrd_status", ..) => self.esrd,
            ("graft_months", ..) => self.months,
            _ => None,
        }
    }

    fn score_row(
        &self,
        batch: &Batch,
        row: usize,
        scorers: &Scorers,
        out: &mut Rows,
        counts: &mut Counts,
    ) -> Result<(), Fault> {
        let cell = |at: usize| batch.cell(row, at);
        let model = match &self.model {
            Source::Given(model) => *model,
            Source::Column(at) => Model::named(cell(*at)).ok_or((
                "model",
                "no such model".to_owned(),
                "v22, v23, v24, v28, esrd_v21, esrd_v24",
            ))?,
        };
        let year = match &self.year {
            Source::Given(year) => *year,
            Source::Column(at) => cell(*at).parse().map_err(|_| ("mapping_year", "not a year".to_owned(), ""))?,
        };
        let scorer = scorers.of(model, year).map_err(|what| {
            ("mapping_year", what.to_owned(), "--map FILE takes a map in the form of data/reference/hcc/hcc_dx.csv")
        })?;
        let person = self.person(batch, row)?;
        let segment = match self.segment.map(cell).unwrap_or("") {
            "" => scorer.segment(&person).map_err(|error| ("esrd_status", error.to_string(), ""))?,
            name => Segment::named(name).filter(|segment| model.segments().contains(segment)).ok_or((
                "segment",
                format!("no segment of {}", model.name()),
                "leave it blank to have it chosen",
            ))?,
        };
        let fields = cell(self.dx);
        let mut malformed = 0;
        let codes = fields.as_bytes().split(|byte| *byte == b'|').filter_map(|field| match Icd10::parse(field) {
            Parsed::Code(code) => Some(code),
            Parsed::Blank => None,
            Parsed::Malformed => {
                malformed += 1;
                None
            }
        });
        let of_segment = |error: acoledger_hcc::NoSegment| ("segment", error.to_string(), "");
        let score = scorer.score_in(segment, &person, codes).map_err(of_segment)?;
        out.push(batch.id(row), scorer, &score);
        if self.explain {
            out.explain(scorer, &scorer.explain(segment, &person, fields.split('|')).map_err(of_segment)?);
        }
        counts.people += 1;
        counts.mapped += u64::from(score.mapped);
        counts.unmapped += u64::from(score.unmapped);
        counts.malformed += malformed;
        Ok(())
    }

    fn person(&self, batch: &Batch, row: usize) -> Result<Person, Fault> {
        let cell = |at: usize| batch.cell(row, at);
        let flag = |at: Option<usize>, column: &'static str| match at.map(cell).unwrap_or("") {
            "" | "0" | "false" => Ok(false),
            "1" | "true" => Ok(true),
            _ => Err((column, "expected 0 or 1".to_owned(), "")),
        };
        let age = cell(self.age).parse().ok().filter(|age| *age <= 130);
        let age: u8 = age.ok_or((
            "age",
            "not an age from 0 to 130".to_owned(),
            "completed years on 1 February of the payment year",
        ))?;
        let months = self.months.map(cell).unwrap_or("");
        let months = |least: u16, most: u16, hint| {
            let number = months.parse::<u16>().ok().filter(|number| (least..=most).contains(number));
            number.ok_or(("graft_months", format!("not a number of months from {least} to {most}"), hint))
        };
        Ok(Person {
            age,
            edit_age: age,
            sex: match cell(self.sex) {
                "F" | "f" | "2" => Sex::Female,
                "M" | "m" | "1" => Sex::Male,
                _ => return Err(("sex", "expected F or M".to_owned(), "")),
            },
            orec: Orec::parse(cell(self.orec)).ok_or(("orec", "expected 0, 1, 2 or 3".to_owned(), ""))?,
            dual: Dual::parse(cell(self.dual)).ok_or((
                "dual_code",
                "no dual status code".to_owned(),
                "00 to 06, 08; blank: none",
            ))?,
            lti: flag(self.lti, "lti")?,
            new_enrollee: flag(self.new_enrollee, "new_enrollee")?,
            snp: flag(self.snp, "snp")?,
            esrd: match self.esrd.map(cell).unwrap_or("") {
                "" | "none" => Esrd::None,
                "dialysis" => Esrd::Dialysis,
                "transplant" => Esrd::Transplant(months(1, 3, "months 1 to 3; from 4 on the status is graft")? as u8),
                "graft" => Esrd::Graft(months(4, 1200, "from 4 on; months 1 to 3 are status transplant")?),
                _ => return Err(("esrd_status", "expected none, dialysis, transplant or graft".to_owned(), "")),
            },
        })
    }
}
