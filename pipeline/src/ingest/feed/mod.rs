//! The Claim and Claim Line Feed: deliveries as folders of files and zip archives, what they say of themselves, and what must
//! be known before their rows are read.

mod archive;
mod names;

pub(super) use archive::Member;

use super::IngestPlan;
use super::find::{Found, name};
use super::look::{self, Form, Source};
use super::read::FileFacts;
use super::report::Note;
use crate::files::files_below;
use crate::trouble::{Io, Outcome, of_file_with_hint};
use acoledger_ingest::dialect::FileLayout;
use acoledger_ingest::extract::{self, Cells};
use acoledger_ingest::fixed::{Records, Spans, WrongLength};
use acoledger_ingest::identity::{Identities, Link};
use acoledger_ingest::normalise::{self, Uses};
use acoledger_schemas::cclf::{self, Record, SUMMARY};
use acoledger_schemas::raw::{RawLayout, RowsOf};
use acoledger_schemas::study::Raw;
use acoledger_schemas::table::{Problem, Problems};
use names::{Delivery, Enrollment, Named, enrollment, named};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest record of any version, with room: a first line beyond it is none.
const LONGEST_RECORD: u64 = 1 << 14;
/// The file of identifiers over time.
const IDENTITIES: char = '9';
/// Files without which a feed says nothing of spending or of lives.
const WANTED: [char; 3] = ['1', '5', '8'];

/// A feed, ready to be read.
#[derive(Debug)]
pub(super) struct Feed {
    /// Which identifier each life goes by.
    pub(super) identities: Identities,
    /// Records that the summary of a delivery promises, by position among the sources.
    promised: BTreeMap<usize, u64>,
    /// What a reader should know of the deliveries.
    pub(super) notes: Vec<Note>,
}

/// What a source says beside its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Day of the delivery.
    pub(super) day: i32,
    /// Calendar year of enrollment flags.
    pub(super) year: Option<i32>,
}

/// A file that may be one of an archive.
struct Candidate {
    found: Found,
    member: Option<Member>,
    bytes: u64,
    named: Named,
}

/// Looks at all files of a feed.
///
/// # Errors
/// Every file that is none of a feed, twice in one delivery, or of an unknown record length; a summary that promises a file
/// which is not there; no claims, no lives, no enrollment months.
pub(super) fn look(plan: &IngestPlan, layout: &RawLayout) -> Outcome<(Vec<Source>, Vec<Note>, Feed)> {
    let Raw::Folder(folder) = &plan.raw else {
        let what = "`input.raw` names files by raw table, and a feed's files say themselves what they are";
        return Err(of_file_with_hint(&plan.base, what, "name the folder of the deliveries").into());
    };
    let root = plan.base.join(folder);
    if !root.is_dir() {
        let hint = "`input.raw` of the study names the folder of the feed's deliveries";
        return Err(of_file_with_hint(&root, "no such folder", hint).into());
    }
    let mut problems = Problems::default();
    let (mut candidates, mut sources, mut ignored) = (Vec::new(), Vec::new(), Vec::new());
    for path in files_below(&root)? {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let said = name(plan, &path);
        if archive::is_archive(&path)? {
            match archive::members(&path) {
                Ok(members) => in_archive(&path, &said, members, &mut candidates, &mut problems),
                Err(error) => problems.extend(error),
            }
        } else if let Some(kind) = enrollment(&file_name) {
            let found = Found { table: 0, name: said.clone(), path };
            match months(found, kind, layout) {
                Ok(Some(source)) => sources.push(source),
                Ok(None) => ignored.push(Note {
                    what: format!("{said}: its flags are of other twelve months than a calendar year"),
                    count: 1,
                }),
                Err(error) => problems.extend(error),
            }
        } else if let Some(named) = named(&file_name).filter(|named| named.file.is_some()) {
            let bytes = path.metadata().doing("cannot be read", &path)?.len();
            candidates.push(Candidate { found: Found { table: 0, name: said, path }, member: None, bytes, named });
        } else {
            problems.push(unknown(said));
        }
    }
    candidates.sort_by(|a, b| (&a.named, &a.found.name).cmp(&(&b.named, &b.found.name)));
    twice(&candidates, &mut problems);
    let acos: BTreeSet<&str> = candidates.iter().map(|of| of.named.delivery.aco.as_str()).collect();
    if acos.len() > 1 {
        let what = format!("files of {} ACOs: {}", acos.len(), acos.into_iter().collect::<Vec<_>>().join(", "));
        let hint = "a feed is one ACO's, and what its lives cost is not known from another's: give each its own study";
        problems.push(of_file_with_hint(&root, what, hint));
    }
    if problems.count > 0 {
        return Err(problems);
    }
    let months = sources.len();
    let mut promises: BTreeMap<&Delivery, BTreeMap<char, Promise>> = BTreeMap::new();
    let records = cclf::records();
    for candidate in &candidates {
        let done = if candidate.named.file == Some(SUMMARY) {
            summary(candidate).map(|promise| drop(promises.insert(&candidate.named.delivery, promise)))
        } else {
            source(candidate, layout, &records).map(|source| sources.push(source))
        };
        done.unwrap_or_else(|error| problems.extend(error));
    }
    complete(&root, &candidates, months, &mut problems);
    if problems.count > 0 {
        return Err(problems);
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources.iter_mut().zip(0..).for_each(|(source, number)| source.number = number);
    let mut feed =
        Feed { identities: Identities::of(&links(&sources, layout)?), promised: BTreeMap::new(), notes: Vec::new() };
    feed.promise(&candidates, &sources, &promises, &mut problems);
    feed.note(&candidates, &promises);
    problems.or((sources, ignored, feed))
}

fn unknown(file: String) -> Problem {
    Problem {
        file,
        line: 0,
        column: String::new(),
        what: "the name is none of a feed's".into(),
        value: None,
        hint: Some("files are called like P.A1234.ACO.ZC1Y25.D251110.T1200000, enrollment_*.csv, assignment_list_2025.csv; move others away".into()),
    }
}

fn in_archive(path: &Path, said: &str, members: Vec<Member>, candidates: &mut Vec<Candidate>, problems: &mut Problems) {
    for member in members {
        let name = format!("{said}/{}", member.name);
        match named(&member.name).filter(|named| named.file.is_some()) {
            Some(named) => candidates.push(Candidate {
                found: Found { table: 0, name, path: path.to_owned() },
                bytes: member.bytes,
                member: Some(member),
                named,
            }),
            None => problems.push(unknown(name)),
        }
    }
}

/// One file of a delivery may be there once.
fn twice(candidates: &[Candidate], problems: &mut Problems) {
    let key = |of: &Candidate| (of.named.delivery.clone(), of.named.file);
    for pair in candidates.windows(2).filter(|pair| key(&pair[0]) == key(&pair[1])) {
        problems.push(Problem {
            file: pair[1].found.name.clone(),
            line: 0,
            column: String::new(),
            what: format!("a second file of the {}", pair[1].named.delivery),
            value: Some(pair[0].found.name.clone()),
            hint: Some("keep one of the two: rows of one delivery count once".into()),
        });
    }
}

/// Without claims, lives and months there is no study.
fn complete(root: &Path, candidates: &[Candidate], months: usize, problems: &mut Problems) {
    for file in WANTED {
        if !candidates.iter().any(|of| of.named.file == Some(file)) {
            let what = format!("no CCLF{file} in any delivery, which enrollment, assignment and spending need");
            problems.push(of_file_with_hint(root, what, "a delivery without such rows has a file without records"));
        }
    }
    if months == 0 {
        let what = "no enrollment months: CCLF8 says who a life is on the day of a delivery, not in which months it was enrolled";
        let hint = "add the Assignment List Report of each calendar year (table 1-1, columns EnrollFlag1 to EnrollFlag12) as \
                    assignment_list_YYYY.csv, or months one by one as enrollment_*.csv";
        problems.push(of_file_with_hint(root, what, hint));
    }
}

/// A file of enrollment months; `None` when it is not read.
fn months(found: Found, kind: Enrollment, layout: &RawLayout) -> Outcome<Option<Source>> {
    let (table, said) = match kind {
        Enrollment::Months => ("member_months", Said { day: 0, year: None }),
        Enrollment::Flags { year, day } => {
            ("enrollment_flags", Said { day: day.map_or(0, |day| day.0), year: Some(year) })
        }
        Enrollment::Quarterly => return Ok(None),
        Enrollment::WithoutYear => {
            let hint = "call it assignment_list_YYYY.csv: the report does not say its year, and months belong to one";
            return Err(of_file_with_hint(&found.path, "an assignment list without a year in its name", hint).into());
        }
    };
    let table = layout.tables.iter().position(|of| of.name == table).expect("a table of the layout");
    let source = look::at(Found { table, ..found }, layout)?;
    Ok(Some(Source { said: Some(said), ..source }))
}

/// A file of fixed width: its version by the length of its first record.
fn source(candidate: &Candidate, layout: &RawLayout, records: &[Record]) -> Outcome<Source> {
    let Candidate { found, member, bytes, named } = candidate;
    let file = named.file.expect("candidates have one");
    let text = open(found, member.as_ref())?;
    let mut line = Vec::new();
    let read = BufReader::new(text.take(LONGEST_RECORD)).read_until(b'\n', &mut line);
    read.doing("cannot be read", Path::new(&found.name))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let length = line.strip_suffix(b"\r").unwrap_or(line).len();
    let known = || records.iter().filter(|record| record.file == file);
    let record = known().find(|record| record.length() == length || length == 0).ok_or_else(|| {
        let lengths: Vec<String> = known().map(|record| record.length().to_string()).collect();
        wrong_length(&found.name, 1, length, &format!("a record of CCLF{file} has {}", lengths.join(" or ")))
    })?;
    let table = layout.tables.iter().position(|table| table.files.contains(&file.to_string()));
    let table = table.expect("a test finds a table for each file");
    let fields: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
    let found = Found { table, ..found.clone() };
    let layout = FileLayout::of(layout, &layout.tables[table].name, &fields)
        .map_err(|problems| look::header_problems(&found, problems))?;
    let span = |at: &usize| (record.fields[*at].start, record.fields[*at].start + record.fields[*at].length);
    let spans = layout.needed.iter().map(span).collect();
    let form = Form::Fixed { length: record.length(), spans, member: member.clone() };
    let said = Some(Said { day: named.delivery.day.0, year: None });
    Ok(Source { number: 0, file: found, bytes: *bytes, form, layout, said })
}

/// A record of another length than its layout's.
pub(super) fn wrong_length(file: &str, record: u64, bytes: usize, wanted: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: record,
        column: String::new(),
        what: format!("a record of {bytes} bytes, where {wanted}"),
        value: None,
        hint: Some("the file was cut or changed on its way: get it again; nothing of it was taken".into()),
    }
}

fn open(found: &Found, member: Option<&Member>) -> Outcome<Box<dyn Read + Send>> {
    match member {
        Some(member) => member.open(&found.path).doing("cannot be read", &found.path),
        None => Ok(Box::new(File::open(&found.path).doing("cannot be read", &found.path)?)),
    }
}

/// What a summary says of a file: records, bytes of each.
type Promise = (u64, Option<usize>);

/// Reads CCLF0: a header, then file, description, number of records and length of each, between bars.
fn summary(candidate: &Candidate) -> Outcome<BTreeMap<char, Promise>> {
    let path = Path::new(&candidate.found.name);
    let mut text = String::new();
    let file = open(&candidate.found, candidate.member.as_ref())?;
    file.take(1 << 20).read_to_string(&mut text).doing("cannot be read", path)?;
    let mut promises = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let file = cells[0].strip_prefix("CCLF").filter(|file| file.len() == 1).and_then(|file| file.chars().next());
        let wrong = |column: &str, what: &str, value: Option<&&str>| {
            let hint = "the lines of CCLF0 are: file | description | records | record length";
            Problems::from(Problem {
                file: candidate.found.name.clone(),
                line: at as u64 + 1,
                column: column.into(),
                what: what.into(),
                value: value.map(|value| (*value).to_owned()),
                hint: Some(hint.into()),
            })
        };
        let Some(file) = file else {
            // A header may stand first, lines without anything anywhere.
            if at == 0 || line.trim().is_empty() {
                continue;
            }
            return Err(wrong("File Number", "not a file of a delivery", cells.first()));
        };
        let count = cells.get(2).and_then(|count| count.parse::<u64>().ok());
        let count = count.ok_or_else(|| wrong("Total Records Count", "not a number of records", cells.get(2)))?;
        let length = cells.get(3).and_then(|length| length.parse().ok());
        let length = length.ok_or_else(|| wrong("Record Length", "not a length of records", cells.get(3)))?;
        if promises.insert(file, (count, Some(length))).is_some() {
            return Err(wrong("File Number", "the file is named twice", cells.first()));
        }
    }
    if promises.is_empty() {
        let hint = "its lines are: file | description | records | record length";
        return Err(of_file_with_hint(path, "a summary that names no file", hint).into());
    }
    Ok(promises)
}

/// All links of all files of identifiers.
fn links(sources: &[Source], layout: &RawLayout) -> Outcome<Vec<Link>> {
    let mut links = Vec::new();
    let record = cclf::records().into_iter().find(|record| record.file == IDENTITIES).expect("a known file");
    let spans = Spans::new(record.fields.iter().map(|field| (field.start, field.start + field.length)).collect());
    for source in sources.iter().filter(|source| layout.tables[source.file.table].rows == RowsOf::Identities) {
        let Form::Fixed { length, member, .. } = &source.form else { continue };
        let path = Path::new(&source.file.name);
        let wanted = format!("a record of CCLF9 has {length}");
        let mut text = BufReader::new(open(&source.file, member.as_ref())?);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = text.by_ref().take(LONGEST_RECORD).read_until(b'\n', &mut line).doing("cannot be read", path)?;
            if read == 0 {
                break;
            }
            for record in Records::new(&line, *length, number) {
                let wrong = |of: WrongLength| wrong_length(&source.file.name, of.record, of.bytes, &wanted);
                let (_, record) = record.map_err(wrong)?;
                links.extend(link(&spans.of(record), source.said.map_or(0, |said| said.day)));
            }
        }
    }
    Ok(links)
}

/// Positions of the fields of CCLF9 that a link is made of.
const INDICATOR: usize = 0;
const CURRENT: usize = 1;
const PREVIOUS: usize = 2;
const EFFECTIVE: usize = 3;
const OBSOLETE: usize = 4;

/// A record of CCLF9, where it links two identifiers of today's kind.
fn link(cells: &impl Cells, delivered: i32) -> Option<Link> {
    let text = |at: usize| String::from_utf8_lossy(cells.cell(at).text(&mut Vec::new())).into_owned();
    let day = |at: usize| normalise::date(cells.cell(at), false, &mut Uses::default()).ok().flatten();
    let (current, previous) = (text(CURRENT), text(PREVIOUS));
    let of_today = text(INDICATOR) == "M" && !current.is_empty() && !previous.is_empty();
    let (effective, obsolete) = (day(EFFECTIVE).unwrap_or(0), day(OBSOLETE).unwrap_or(i32::MAX));
    of_today.then_some(Link { delivered, obsolete, effective, current, previous })
}

impl Feed {
    /// Which source is promised how many records; a file that is promised and not there is a problem.
    fn promise(
        &mut self,
        candidates: &[Candidate],
        sources: &[Source],
        promises: &BTreeMap<&Delivery, BTreeMap<char, Promise>>,
        problems: &mut Problems,
    ) {
        for candidate in candidates {
            let Some(files) = promises.get(&candidate.named.delivery) else { continue };
            if candidate.named.file.is_some_and(|file| file != SUMMARY && !files.contains_key(&file)) {
                let hint = "the two belong to different deliveries: get the delivery again";
                let what = "CCLF0 of its delivery does not name this file";
                problems.push(of_file_with_hint(Path::new(&candidate.found.name), what, hint));
            }
        }
        for (delivery, files) in promises {
            for (&file, &(records, length)) in files.iter().filter(|(file, _)| **file != SUMMARY) {
                let is = |of: &&Candidate| of.named.delivery == **delivery && of.named.file == Some(file);
                let Some(candidate) = candidates.iter().find(is) else {
                    if records > 0 {
                        let what = format!("CCLF{file} is missing, of which CCLF0 says {records} records");
                        let hint = "add the file: what it holds would be lost";
                        problems.push(of_file_with_hint(Path::new(&delivery.to_string()), what, hint));
                    }
                    continue;
                };
                let at = sources.iter().position(|source| source.file.name == candidate.found.name);
                let at = at.expect("every file but the summary is a source");
                let Form::Fixed { length: read_as, .. } = &sources[at].form else { continue };
                if records > 0 && length.is_some_and(|length| length != *read_as && length != read_as + 1) {
                    let what = format!("its records have {read_as} bytes, where CCLF0 says {}", length.unwrap_or(0));
                    let hint = "the two belong to different deliveries or versions: get the delivery again";
                    problems.push(of_file_with_hint(Path::new(&candidate.found.name), what, hint));
                }
                self.promised.insert(at, records);
            }
        }
    }

    /// Compares what was read with what was promised.
    ///
    /// # Errors
    /// Every file with another number of records.
    pub(super) fn check(&self, sources: &[Source], facts: &[&FileFacts]) -> Outcome<()> {
        let mut problems = Problems::default();
        for (&at, &records) in &self.promised {
            if facts[at].rows != records {
                let what = format!("{} records, where CCLF0 of its delivery says {records}", facts[at].rows);
                let hint = "the file is not whole, or not of this delivery: get the delivery again";
                problems.push(of_file_with_hint(Path::new(&sources[at].file.name), what, hint));
            }
        }
        problems.or(())
    }

    fn note(&mut self, candidates: &[Candidate], promises: &BTreeMap<&Delivery, BTreeMap<char, Promise>>) {
        let mut files: BTreeMap<&Delivery, Vec<char>> = BTreeMap::new();
        for candidate in candidates {
            files.entry(&candidate.named.delivery).or_default().extend(candidate.named.file);
        }
        let mut note = |what: String, count: u64| {
            if count > 0 {
                self.notes.push(Note { what, count });
            }
        };
        note("deliveries read".into(), files.len() as u64);
        note("summaries (CCLF0) that were compared with their deliveries".into(), promises.len() as u64);
        let unchecked = files.keys().filter(|delivery| !promises.contains_key(**delivery)).count() as u64;
        note("deliveries without CCLF0: their numbers of records were compared with nothing".into(), unchecked);
        for file in "123456789AB".chars() {
            let lacking = files.values().filter(|files| !files.contains(&file)).count() as u64;
            note(format!("deliveries without CCLF{file}"), lacking);
        }
        note("identifiers of lives that later ones replaced (CCLF9)".into(), self.identities.replaced() as u64);
        note("identifiers that lead to themselves (CCLF9)".into(), self.identities.self_references);
        note("rings of identifiers (CCLF9): the one that was current last counts".into(), self.identities.rings);
        note(
            "identifiers that lead to different ones (CCLF9): the latest delivery counts".into(),
            self.identities.forks,
        );
    }
}

impl Source {
    /// What the extractor must know of the file's delivery.
    pub(super) fn delivery<'f>(&self, feed: Option<&'f Feed>) -> Option<extract::Delivery<'f>> {
        let (said, feed) = (self.said?, feed?);
        Some(extract::Delivery { day: said.day, year: said.year, identities: &feed.identities })
    }
}
