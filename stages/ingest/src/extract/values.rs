//! Cells of a row into the values of its payloads.

use super::{CLAIM_TYPES, Cells, Extractor, Wrong};
use crate::dialect::{Fill, Role};
use crate::field::Field;
use crate::normalise::{self, Use, Uses};
use crate::record::{ADJUSTS, CANCELS, HEAD, NO_DAY, Place, end_text};
use crate::years::YEARS;
use acoledger_schemas::lake::Store;
use acoledger_schemas::raw::{Blank, Read};
use acoledger_schemas::values::Date;

impl<'l> Extractor<'l> {
    pub(super) fn line_number(&mut self, fill: &'l Fill, cells: &impl Cells) -> Result<i32, Wrong<'l>> {
        let field = cells.cell(fill.sources[0]);
        if field.is_blank() {
            return Err((&fill.name, "blank"));
        }
        let mut uses = Uses::default();
        let number = normalise::count(field, &mut uses);
        let exact = number.ok().filter(|_| uses.counts().next().is_none());
        let number = exact.and_then(|number| i32::try_from(number).ok()).filter(|number| *number >= 0);
        number.ok_or((&fill.name, "not a line number"))
    }

    /// Fills a payload: numbers first, texts behind them.
    pub(super) fn fill_all(
        &mut self,
        fills: &'l [Fill],
        fixed: usize,
        first: bool,
        cells: &impl Cells,
    ) -> Result<(), Wrong<'l>> {
        let mut row = std::mem::take(if first { &mut self.first } else { &mut self.second });
        row.clear();
        row.resize(HEAD + fixed, 0);
        let done = fills.iter().try_for_each(|fill| self.fill(fill, &mut row, cells).map_err(|why| (&*fill.name, why)));
        *(if first { &mut self.first } else { &mut self.second }) = row;
        done
    }

    #[inline]
    pub(super) fn fill(&mut self, fill: &Fill, row: &mut Vec<u8>, cells: &impl Cells) -> Result<(), &'static str> {
        match fill.place {
            Place::Eight(at) => {
                let value = self.eight(fill, cells)?;
                row[HEAD + at..HEAD + at + 8].copy_from_slice(&value.to_le_bytes());
            }
            Place::Four(at) => {
                let value = self.four(fill, cells)?;
                row[HEAD + at..HEAD + at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Place::Text => {
                let start = row.len();
                row.push(0);
                self.text(fill, start + 1, row, cells)?;
                end_text(row, start)?;
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn eight(&mut self, fill: &Fill, cells: &impl Cells) -> Result<i64, &'static str> {
        let Some(&source) = fill.sources.first() else { return Ok(0) };
        let field = cells.cell(source);
        if fill.read == Read::Count {
            return normalise::count(field, &mut self.uses);
        }
        let cents = match (normalise::amount(field, &mut self.uses)?, fill.blank) {
            (Some(cents), _) => cents,
            (None, Blank::Refuse) => return Err("blank"),
            (None, _) => {
                self.uses.count(Use::AmountBlankZero);
                0
            }
        };
        if fill.role == Role::Amount {
            self.amount = Some(cents);
        }
        Ok(cents)
    }

    #[inline]
    pub(super) fn four(&mut self, fill: &Fill, cells: &impl Cells) -> Result<i32, &'static str> {
        let Some(&source) = fill.sources.first() else {
            return Ok(if fill.store == Store::Day { NO_DAY } else { 0 });
        };
        let field = cells.cell(source);
        if fill.read == Read::ClaimType {
            let number = normalise::whole(field.text(&mut self.scratch));
            let number = number.filter(|number| CLAIM_TYPES.contains(number));
            return number.map(|number| number as i32).ok_or("not a claim type");
        }
        let day = match (self.date(field)?, fill.blank) {
            (Some(day), _) => day,
            (None, Blank::Refuse) => return Err("blank"),
            (None, _) => NO_DAY,
        };
        match fill.role {
            Role::Year => {
                self.year = Date(day).year();
                if !YEARS.contains(&self.year) {
                    return Err("not a date of Medicare's records");
                }
            }
            Role::Processed => self.proc_date = day,
            _ => {}
        }
        Ok(day)
    }

    #[inline]
    pub(super) fn date(&mut self, field: Field<'_>) -> Result<Option<i32>, &'static str> {
        let Field::Text(text @ [_, _, b'-', _, _, _, b'-', ..]) = field else {
            return normalise::date(field, self.sas_day_numbers, &mut self.uses);
        };
        if *text == self.last_date.0 {
            self.uses.count(Use::DateDayMonYear);
            return Ok(Some(self.last_date.1));
        }
        let day = normalise::date(field, self.sas_day_numbers, &mut self.uses)?;
        // Eleven characters without a blank before or behind are of this form and no other.
        if let (Ok(text), Some(day)) = (<[u8; 11]>::try_from(text), day)
            && text[0] > b' '
            && text[10] > b' '
        {
            self.last_date = (text, day);
        }
        Ok(day)
    }

    #[inline]
    pub(super) fn text(
        &mut self,
        fill: &Fill,
        start: usize,
        row: &mut Vec<u8>,
        cells: &impl Cells,
    ) -> Result<(), &'static str> {
        match fill.read {
            Read::Claim => row.extend_from_slice(&self.claim_id),
            Read::Months | Read::County if fill.sources.is_empty() => {
                row.resize(row.len() + 12 * fill.padding.width, b' ');
            }
            Read::Months => {
                for &source in &fill.sources {
                    let from = row.len();
                    normalise::month_code(cells.cell(source), fill.padding.width, row, &mut self.uses)?;
                    let code = row[from..].trim_ascii();
                    if fill.codes.as_ref().is_some_and(|codes| !code.is_empty() && !codes.has(code)) {
                        return Err("no code of this column");
                    }
                }
            }
            Read::County => {
                let state = fill.sources.get(1).map_or(Field::Null, |source| cells.cell(*source));
                normalise::county_year(state, cells.cell(fill.sources[0]), row, &mut self.uses);
            }
            Read::Diagnoses => {
                for &source in &fill.sources {
                    normalise::diagnosis(cells.cell(source), start, row, &mut self.uses)?;
                }
            }
            _ => {
                let Some(&first) = fill.sources.first() else { return Ok(()) };
                let known = |source: &&usize| !cells.cell(**source).is_blank();
                let source = match fill.sources.len() {
                    1 => first,
                    _ => fill.sources.iter().find(known).copied().unwrap_or(first),
                };
                normalise::code(cells.cell(source), fill.padding, row, &mut self.uses)?;
                if let Some(codes) = &fill.codes {
                    let code = &row[start..];
                    if !codes.has(code) {
                        return Err("no code of this column");
                    }
                    let is = |known: &String| known.as_bytes() == code;
                    self.adjustment |= if codes.cancels.iter().any(is) { CANCELS } else { 0 };
                    self.adjustment |= if codes.adjusts.iter().any(is) { ADJUSTS } else { 0 };
                }
            }
        }
        Ok(())
    }
}
