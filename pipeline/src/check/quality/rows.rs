//! Every row of a shard, looked at once.

use super::{Found, Lives, Tally};
use crate::check::columns::{column, days, each_batch, keys, longs};
use crate::ingest::LakeFile;
use crate::trouble::Outcome;
use acoledger_schemas::lake::{CARRIER, DME, ENROLLMENT, FACILITY, REVENUE};
use acoledger_schemas::values::{Cents, Date};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, Date32Array, DictionaryArray, RecordBatch, StringArray};
use std::collections::HashSet;
use std::path::Path;

/// Cents above which a claim and a line are looked at twice.
const LARGE_CLAIM_CENTS: i64 = 100_000_000;
const LARGE_LINE_CENTS: i64 = 10_000_000;
/// Nobody has lived longer than this many years.
const OLDEST: i32 = 123;

/// Codes of enrollment: column, width, the codes that there are; blanks are unknown and no fault.
const ENROLLMENT_CODES: [(&str, usize, &[&str]); 6] = [
    ("sex", 1, &["0", "1", "2"]),
    ("original_reason", 1, &["0", "1", "2", "3"]),
    ("status", 2, &["00", "10", "11", "20", "21", "31", "40"]),
    ("buyin", 1, &["0", "1", "2", "3", "A", "B", "C"]),
    ("plan", 1, &["0", "1", "2", "3", "4", "A", "B", "C"]),
    ("dual", 2, &["00", "01", "02", "03", "04", "05", "06", "08", "09", "10", "99", "NA", "AA", "XX"]),
];

/// A life over its years.
#[derive(Default)]
pub(super) struct Life {
    pub(super) years: Vec<i32>,
    birth: Option<i32>,
    sex: Option<u8>,
    pub(super) death: Option<i32>,
    /// Whether a later year says another birth date or sex.
    pub(super) changed: bool,
}

/// The files of one shard.
pub(super) struct Shard<'a> {
    pub(super) folder: &'a Path,
    pub(super) files: &'a [&'a LakeFile],
    pub(super) examples: usize,
}

impl Shard<'_> {
    pub(super) fn scan(&self) -> Outcome<Tally> {
        let mut tally = Tally { found: super::KEYS.map(|key| (key, Found::default())).into(), ..Tally::default() };
        let mut lives = Lives::new();
        let mut enrollment: Vec<_> = self.files.iter().filter(|file| file.table == ENROLLMENT.name).collect();
        enrollment.sort_by_key(|file| file.year);
        let mut years = Vec::new();
        for file in enrollment {
            years.extend(file.year);
            *tally.years.lives.entry(file.year.unwrap_or_default()).or_default() += file.rows;
            let mut last = None;
            let codes = ENROLLMENT_CODES.map(|(name, ..)| name);
            let columns = [&["bene_key", "birth_date", "death_date"], &codes[..]].concat();
            each_batch(self.folder, file, &columns, |batch| {
                self.enrollment(file, batch, &mut last, &mut lives, &mut tally)
            })?;
        }
        tally.years.of(&lives, &years, self.examples);
        let mut facility: Vec<_> = self.files.iter().filter(|file| file.table == FACILITY.name).collect();
        facility.sort_by_key(|file| file.year);
        for file in facility {
            let mut claims = HashSet::new();
            let columns = ["bene_key", "claim_key", "from_date", "thru_date", "proc_date", "ccn", "drg", "paid_cents"];
            each_batch(self.folder, file, &columns, |batch| {
                self.facility(file, batch, &lives, &mut claims, &mut tally)
            })?;
            for lines in self.files.iter().filter(|of| of.table == REVENUE.name && of.year == file.year) {
                each_batch(self.folder, lines, &["bene_key", "claim_key"], |batch| {
                    self.revenue(lines, batch, &claims, &mut tally)
                })?;
            }
        }
        for table in [CARRIER.name, DME.name] {
            let mut lines: Vec<_> = self.files.iter().filter(|file| file.table == table).collect();
            lines.sort_by_key(|file| file.year);
            for file in lines {
                let columns = [
                    "bene_key",
                    "claim_key",
                    "line",
                    "first_date",
                    "last_date",
                    "proc_date",
                    "hcpcs",
                    "tin",
                    "npi",
                    "paid_cents",
                    "allowed_cents",
                ];
                each_batch(self.folder, file, &columns, |batch| self.lines((table, file), batch, &lives, &mut tally))?;
            }
        }
        Ok(tally)
    }

    fn enrollment(
        &self,
        file: &LakeFile,
        batch: &RecordBatch,
        last: &mut Option<u64>,
        lives: &mut Lives,
        tally: &mut Tally,
    ) {
        let year = file.year.unwrap_or_default();
        let (keys, births, deaths) = (keys(batch), days(batch, "birth_date"), days(batch, "death_date"));
        let codes = ENROLLMENT_CODES
            .map(|(name, width, known)| (name, Codes::of(batch, name, |text| known_codes(text, width, known))));
        let sexes = Codes::of(batch, "sex", |_| true);
        for row in 0..batch.num_rows() {
            let key = keys.value(row);
            let twice = last.replace(key) == Some(key);
            let mut see = Seen { tally, most: self.examples, life: key, cents: 0 };
            let place = |what: &str| format!("enrollment {year}, life {key:016x}: {what}");
            see.look("life_twice_in_a_year", twice, || place("a second record"));
            let wrong = codes.iter().find(|(_, codes)| !codes.is_valid(row));
            see.look("enrollment_code", wrong.is_some(), || {
                let (name, codes) = wrong.expect("asked only then");
                place(&format!("{name} `{}`", codes.text(row)))
            });
            let (birth, death) = (day(births, row), day(deaths, row));
            let odd = birth.is_some_and(|birth| {
                death.is_some_and(|death| death < birth) || !(year - OLDEST..=year).contains(&Date(birth).year())
            });
            see.look("birth_and_death", odd, || place(&format!("born {}, died {}", text_of(birth), text_of(death))));
            let life = lives.entry(key).or_default();
            let sex = sexes.text(row).bytes().next();
            let differs = |a: Option<i32>, b: Option<i32>| a.is_some() && b.is_some() && a != b;
            life.changed |= differs(life.birth, birth) || differs(life.sex.map(i32::from), sex.map(i32::from));
            life.birth = birth.or(life.birth);
            life.sex = sex.or(life.sex);
            life.death = death.or(life.death);
            if life.years.last() != Some(&year) {
                life.years.push(year);
            }
        }
    }

    fn facility(
        &self,
        file: &LakeFile,
        batch: &RecordBatch,
        lives: &Lives,
        claims: &mut HashSet<i64>,
        tally: &mut Tally,
    ) {
        let (lives_of, claim_keys, paid) = (keys(batch), longs(batch, "claim_key"), longs(batch, "paid_cents"));
        let [from, thru, processed] = ["from_date", "thru_date", "proc_date"].map(|name| days(batch, name));
        let ccns = Codes::of(batch, "ccn", |text| form(text, 6, |byte| byte.is_ascii_alphanumeric()));
        let drgs = Codes::of(batch, "drg", |text| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()));
        for row in 0..batch.num_rows() {
            let (key, claim, cents) = (lives_of.value(row), claim_keys.value(row), paid.value(row));
            claims.insert(claim);
            let mut see = Seen { tally, most: self.examples, life: key, cents };
            let place = |what: String| format!("facility {}, claim {claim}: {what}", file.year.unwrap_or_default());
            see.look("facility_code", !ccns.is_valid(row) || !drgs.is_valid(row), || {
                place(format!("provider `{}`, group `{}`", ccns.text(row), drgs.text(row)))
            });
            let (first, last) = (day(from, row), day(thru, row));
            count_month(see.tally, FACILITY.name, last);
            let reversed = first.zip(last).is_some_and(|(first, last)| first > last);
            see.look("facility_dates", reversed, || place(format!("from {} to {}", text_of(first), text_of(last))));
            see.look("facility_negative", cents < 0, || place(format!("paid {}", Cents(cents))));
            see.look("facility_large", cents > LARGE_CLAIM_CENTS, || place(format!("paid {}", Cents(cents))));
            let birth = lives.get(&key).and_then(|life| life.birth);
            let before = birth.zip(last).is_some_and(|(birth, last)| last < birth);
            see.look("facility_before_birth", before, || {
                place(format!("until {}, born {}", text_of(last), text_of(birth)))
            });
            let early = day(processed, row).zip(last).is_some_and(|(processed, last)| processed < last);
            see.look("processed_before_service", early, || {
                place(format!("processed {}, until {}", text_of(day(processed, row)), text_of(last)))
            });
        }
    }

    fn revenue(&self, file: &LakeFile, batch: &RecordBatch, claims: &HashSet<i64>, tally: &mut Tally) {
        let (lives, claim_keys) = (keys(batch), longs(batch, "claim_key"));
        for row in 0..batch.num_rows() {
            let claim = claim_keys.value(row);
            let mut see = Seen { tally, most: self.examples, life: lives.value(row), cents: 0 };
            see.look("revenue_without_claim", !claims.contains(&claim), || {
                format!("revenue {}, claim {claim}: no such facility claim", file.year.unwrap_or_default())
            });
        }
    }

    fn lines(&self, (table, file): (&'static str, &LakeFile), batch: &RecordBatch, lives: &Lives, tally: &mut Tally) {
        let (lives_of, claim_keys, numbers) =
            (keys(batch), longs(batch, "claim_key"), column(batch, "line").as_primitive::<Int32Type>());
        let (paid, allowed) = (longs(batch, "paid_cents"), longs(batch, "allowed_cents"));
        let [first, last, processed] = ["first_date", "last_date", "proc_date"].map(|name| days(batch, name));
        let digits = |length: usize| move |text: &str| form(text, length, |byte| byte.is_ascii_digit());
        let codes = [
            Codes::of(batch, "hcpcs", |text| form(text, 5, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())),
            Codes::of(batch, "tin", digits(9)),
            Codes::of(batch, "npi", digits(10)),
        ];
        for row in 0..batch.num_rows() {
            let (key, cents, most) = (lives_of.value(row), paid.value(row), allowed.value(row));
            let mut see = Seen { tally, most: self.examples, life: key, cents };
            let (claim, line) = (claim_keys.value(row), numbers.value(row));
            let place = |what: String| {
                format!("{} {}, claim {claim}, line {line}: {what}", file.table, file.year.unwrap_or_default())
            };
            see.look("line_code", codes.iter().any(|codes| !codes.is_valid(row)), || {
                place(format!(
                    "service `{}`, tax number `{}`, provider `{}`",
                    codes[0].text(row),
                    codes[1].text(row),
                    codes[2].text(row)
                ))
            });
            let (from, to) = (day(first, row), day(last, row));
            count_month(see.tally, table, to);
            let reversed = from.zip(to).is_some_and(|(from, to)| from > to);
            see.look("line_dates", reversed, || place(format!("from {} to {}", text_of(from), text_of(to))));
            see.look("line_negative", cents < 0, || place(format!("paid {}", Cents(cents))));
            see.look("line_above_allowed", cents > most.max(0), || {
                place(format!("paid {}, allowed {}", Cents(cents), Cents(most)))
            });
            see.look("line_large", cents > LARGE_LINE_CENTS, || place(format!("paid {}", Cents(cents))));
            let birth = lives.get(&key).and_then(|life| life.birth);
            let before = birth.zip(to).is_some_and(|(birth, to)| to < birth);
            see.look("line_before_birth", before, || place(format!("on {}, born {}", text_of(to), text_of(birth))));
            let early = day(processed, row).zip(to).is_some_and(|(processed, to)| processed < to);
            see.look("processed_before_service", early, || {
                place(format!("processed {}, on {}", text_of(day(processed, row)), text_of(to)))
            });
        }
    }
}

fn count_month(tally: &mut Tally, table: &'static str, day: Option<i32>) {
    if let Some(day) = day {
        *tally.years.rows.entry((table, Date(day).month_index())).or_default() += 1;
    }
}

/// A row under way: its life, its dollars.
struct Seen<'t> {
    tally: &'t mut Tally,
    most: usize,
    life: u64,
    cents: i64,
}

impl Seen<'_> {
    fn look(&mut self, key: &'static str, wrong: bool, example: impl FnOnce() -> String) {
        let found = self.tally.found.get_mut(key).expect("of the list of checks");
        found.looked_at += 1;
        if wrong {
            found.wrong(self.life, self.cents, self.most, example);
        }
    }
}

/// A column of codes, each distinct text judged once.
struct Codes<'b> {
    codes: &'b DictionaryArray<Int32Type>,
    texts: &'b StringArray,
    valid: Vec<bool>,
}

impl<'b> Codes<'b> {
    fn of(batch: &'b RecordBatch, name: &str, valid: impl Fn(&str) -> bool) -> Codes<'b> {
        let codes = column(batch, name).as_dictionary::<Int32Type>();
        let texts = codes.values().as_string::<i32>();
        let valid = (0..texts.len()).map(|at| texts.value(at).trim().is_empty() || valid(texts.value(at))).collect();
        Codes { codes, texts, valid }
    }

    fn is_valid(&self, row: usize) -> bool {
        self.codes.key(row).is_none_or(|at| self.valid[at])
    }

    fn text(&self, row: usize) -> &'b str {
        self.codes.key(row).map_or("", |at| self.texts.value(at))
    }
}

/// Whether a text is codes of one width, each known or blank.
fn known_codes(text: &str, width: usize, known: &[&str]) -> bool {
    text.as_bytes().chunks(width).all(|code| {
        let code = std::str::from_utf8(code).unwrap_or("?").trim();
        code.is_empty() || known.contains(&code)
    })
}

fn form(text: &str, length: usize, byte: impl Fn(u8) -> bool) -> bool {
    text.len() == length && text.bytes().all(byte)
}

fn text_of(day: Option<i32>) -> String {
    day.map_or_else(|| "-".to_owned(), |day| Date(day).to_string())
}

fn day(days: &Date32Array, row: usize) -> Option<i32> {
    days.is_valid(row).then(|| days.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_of_one_width_and_known_or_blank() {
        let (_, width, known) = ENROLLMENT_CODES[5];
        assert!(known_codes("0102NA  99", width, known));
        assert!(!known_codes("0107", width, known));
        assert!(!known_codes("é1", width, known));
        assert!(form("A0425", 5, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        assert!(!form("a0425", 5, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
}
