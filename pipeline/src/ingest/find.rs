//! Which files hold which raw table: by the beginning of their names below a folder, or by the globs of the study.

use super::IngestPlan;
use super::report::Note;
use crate::files::files_below;
use crate::remote::name_below;
use crate::trouble::{self, Outcome};
use acoledger_schemas::raw::RawLayout;
use acoledger_schemas::study::{Globs, Raw};
use acoledger_schemas::table::{Problem, Problems};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A raw file and its table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Raw table, its position in the layout.
    pub(super) table: usize,
    /// Path relative to the plan's base where it lies below it, with `/`.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
}

/// Endings of files that hold rows; others (a page to read, a hash) are left alone.
const ENDINGS: [&str; 6] = ["csv", "txt", "psv", "tsv", "dat", "parquet"];
/// Endings of compressed files, after the others.
const COMPRESSED: [&str; 4] = [".gz", ".zst", ".zstd", ".gzip"];

/// What a file's name says.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Table(usize),
    Other(String),
    Unknown,
}

/// All raw files, by table and name, and those that are there and not read.
///
/// # Errors
/// A table without a file, a glob without a match, a file of rows whose name begins with no table's.
pub(super) fn files(plan: &IngestPlan, layout: &RawLayout) -> Outcome<(Vec<Found>, Vec<Note>)> {
    let mut problems = Problems::default();
    let (mut found, ignored) = match &plan.raw {
        Raw::Folder(folder) => below_folder(plan, layout, folder, &mut problems)?,
        Raw::Globs(globs) => (by_globs(plan, layout, globs, &mut problems)?, Vec::new()),
    };
    found.sort();
    for (at, table) in layout.tables.iter().enumerate() {
        if problems.count == 0 && !found.iter().any(|file| file.table == at) {
            let where_ = match &plan.raw {
                Raw::Folder(folder) => plan.base.join(folder),
                Raw::Globs(_) => plan.base.clone(),
            };
            let what =
                format!("no file of the raw table `{}`, which enrollment, assignment and spending need", table.name);
            let begin = table.files.join("`, `");
            let hint = format!(
                "file names begin with `{begin}`; where there are no such rows, a file of the header alone will do"
            );
            problems.push(trouble::of_file_with_hint(&where_, what, hint));
        }
    }
    problems.or((found, ignored))
}

fn below_folder(
    plan: &IngestPlan,
    layout: &RawLayout,
    folder: &str,
    problems: &mut Problems,
) -> Outcome<(Vec<Found>, Vec<Note>)> {
    let root = plan.base.join(folder);
    if !root.is_dir() {
        let hint = "`input.raw` of the study names the folder of raw files, or globs by raw table";
        return Err(trouble::of_file_with_hint(&root, "no such folder", hint).into());
    }
    let (mut found, mut ignored) = (Vec::new(), Vec::new());
    for path in files_below(&root)? {
        let name = name(plan, &path);
        match named(layout, &root, &path) {
            _ if !has_rows(&path) => ignored.push(Note { what: format!("{name}: not a file of rows"), count: 1 }),
            Named::Table(table) => found.push(Found { table, name, path }),
            Named::Other(why) => ignored.push(Note { what: format!("{name}: {why}"), count: 1 }),
            Named::Unknown => problems.push(Problem {
                file: name,
                line: 0,
                column: String::new(),
                what: "the name begins with no raw table's".into(),
                value: None,
                hint: Some("rename it, move it away, or name files by raw table under `input.raw`".into()),
            }),
        }
    }
    Ok((found, ignored))
}

/// By the file's own name; failing that, by the folders it lies in.
fn named(layout: &RawLayout, root: &Path, path: &Path) -> Named {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = below.components().map(|part| part.as_os_str().to_string_lossy().to_lowercase()).collect();
    for part in parts.iter().rev() {
        let begins = |word: &String| {
            part.strip_prefix(word.as_str()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        if let Some(other) = layout.others.iter().find(|other| begins(&other.file)) {
            return Named::Other(other.why.clone());
        }
        let Some(table) = layout.tables.iter().position(|table| table.files.iter().any(begins)) else { continue };
        let words = |part: &str| part.split(['_', '-', '.', ' ']).map(str::to_owned).collect::<Vec<_>>();
        let satellite =
            |of: &&acoledger_schemas::raw::Satellite| words(part).iter().any(|word| of.words.contains(word));
        return match layout.satellites.iter().find(satellite) {
            Some(satellite) => Named::Other(satellite.why.clone()),
            None => Named::Table(table),
        };
    }
    Named::Unknown
}

fn has_rows(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    plain.rsplit_once('.').is_none_or(|(_, ending)| ENDINGS.contains(&ending))
}

fn by_globs(
    plan: &IngestPlan,
    layout: &RawLayout,
    globs: &BTreeMap<String, Globs>,
    problems: &mut Problems,
) -> Outcome<Vec<Found>> {
    let mut found = Vec::new();
    let trouble = |file: String, what: &str, hint: String| Problem {
        file,
        line: 0,
        column: String::new(),
        what: what.into(),
        value: None,
        hint: Some(hint),
    };
    for (table_name, globs) in globs {
        let Some(table) = layout.tables.iter().position(|table| table.name == *table_name) else {
            let tables: Vec<&str> = layout.tables.iter().map(|table| table.name.as_str()).collect();
            problems.push(trouble(
                format!("input.raw.{table_name}"),
                "not a raw table",
                format!("one of: {}", tables.join(", ")),
            ));
            continue;
        };
        let patterns = match globs {
            Globs::One(glob) => std::slice::from_ref(glob),
            Globs::Many(globs) => globs,
        };
        for pattern in patterns {
            let before = found.len();
            for path in matching(&plan.base, pattern)? {
                found.push(Found { table, name: name(plan, &path), path });
            }
            if found.len() == before {
                let hint = "`*` and `?` stand for anything inside a name, `**` for any folders".into();
                problems.push(trouble(pattern.clone(), "no file matches", hint));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Files that a glob matches, relative to `base`.
fn matching(base: &Path, pattern: &str) -> Outcome<Vec<PathBuf>> {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let fixed = parts.iter().take_while(|part| !part.contains(['*', '?'])).count().min(parts.len().saturating_sub(1));
    let mut root = if pattern.starts_with('/') { PathBuf::from("/") } else { base.to_owned() };
    root.extend(&parts[..fixed]);
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let fits = |path: &PathBuf| {
        let below = path.strip_prefix(&root).unwrap_or(path);
        let names: Vec<String> =
            below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        path_matches(&parts[fixed..], &names)
    };
    Ok(files_below(&root)?.into_iter().filter(fits).collect())
}

/// Whether a glob matches a path with `/`.
#[cfg(any(feature = "object-store", test))]
pub(crate) fn glob_matches(glob: &str, path: &str) -> bool {
    let parts: Vec<&str> = glob.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    path_matches(&parts, &path.split('/').map(str::to_owned).collect::<Vec<_>>())
}

fn path_matches(pattern: &[&str], names: &[String]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) if path_matches(rest, names) => true,
        (Some((&"**", _)), Some((_, names))) => path_matches(pattern, names),
        (Some((part, rest)), Some((name, names))) => {
            name_matches(part.as_bytes(), name.as_bytes()) && path_matches(rest, names)
        }
        _ => false,
    }
}

fn name_matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if name_matches(rest, name) => true,
        (Some((b'*', _)), Some((_, name))) => name_matches(pattern, name),
        (Some((b'?', rest)), Some((_, name))) => name_matches(rest, name),
        (Some((one, rest)), Some((other, name))) => one == other && name_matches(rest, name),
        _ => false,
    }
}

/// A path as reports say it.
pub(super) fn name(plan: &IngestPlan, path: &Path) -> String {
    name_below(&plan.base, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_table() {
        let layout = RawLayout::rif();
        let root = Path::new("raw");
        let table = |path: &str| match named(&layout, root, &root.join(path)) {
            Named::Table(at) => layout.tables[at].name.clone(),
            Named::Other(_) => "other".into(),
            Named::Unknown => "unknown".into(),
        };
        for (path, expected) in [
            ("beneficiary_2017.csv", "enrollment"),
            ("beneficiary_history.csv", "other"),
            ("enrollment/year=2020/part-0.parquet", "enrollment"),
            ("Carrier_Lines_K.csv.gz", "carrier"),
            ("snf2019.csv", "snf"),
            ("inpatient_value_codes_k.csv", "other"),
            ("inpatient_base_claims_k.csv", "inpatient"),
            ("outpatient_revenue_centers.csv", "outpatient"),
            ("pde.csv", "other"),
            ("carriers.csv", "unknown"),
        ] {
            assert_eq!(table(path), expected, "{path}");
        }
        assert!(has_rows(Path::new("a/carrier.CSV.gz")) && has_rows(Path::new("carrier")));
        assert!(!has_rows(Path::new("carrier.md")) && !has_rows(Path::new("carrier.csv.sha256")));
    }

    #[test]
    fn globs_match_inside_names_and_across_folders() {
        let fits = |pattern: &str, path: &str| {
            let names: Vec<String> = path.split('/').map(str::to_owned).collect();
            path_matches(&pattern.split('/').collect::<Vec<_>>(), &names)
        };
        assert!(fits("*.csv", "carrier.csv") && !fits("*.csv", "a/carrier.csv"));
        assert!(fits("**/*.csv", "carrier.csv") && fits("**/*.csv", "a/b/carrier.csv"));
        assert!(fits("carrier_20??.*", "carrier_2019.csv.gz") && !fits("carrier_20??.*", "carrier_201.csv"));
    }
}
