//! A study file as text: what it includes, and environment variables in its paths.
//!
//! `include = "common.toml"` (or a list) takes another file first: what the including file says goes before it, table by table, a rule's
//! value whole. A path is relative to the file in which it stands. `${NAME}` in a path is an environment variable, `${NAME:-text}` one
//! with something to fall back on.

use crate::files::read_text;
use crate::remote;
use crate::study::of_toml;
use crate::trouble::{self, Io, Outcome};
use acoledger_schemas::limits::SETTINGS_BYTES;
use acoledger_schemas::study::Study;
use acoledger_schemas::table::Problems;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Files that include each other so deep are a ring with many names.
const DEEPEST: usize = 16;

/// Paths of a study file: table and key.
const PATHS: [(&str, &str); 5] =
    [("input", "raw"), ("input", "program"), ("input", "rates"), ("lake", "path"), ("run", "out")];

/// Reads a study file with all that it includes. Paths are relative to the file's folder.
///
/// # Errors
/// A file that cannot be read or has an unknown key, files that include each other, a variable that is not set.
pub(crate) fn read(file: &Path) -> Outcome<Study> {
    let text = read_text(file, SETTINGS_BYTES)?;
    let table = parse(file, &text)?;
    let includes = table.contains_key("include");
    if !includes {
        // Said with line and column, which the merged text no longer has.
        let study = Study::parse(&text).map_err(|message| of_toml(file, &message))?;
        if !text.contains("${") {
            return Ok(study);
        }
    }
    let merged = merged(file, table, &mut vec![file.to_owned()])?;
    let text = toml::to_string(&merged).doing("cannot be put together", file)?;
    Study::parse(&text).map_err(|message| {
        let mut problems = of_toml(file, &message);
        if includes {
            problems.first.iter_mut().for_each(|problem| {
                problem.line = 0;
                problem.what = format!("with the files that it includes: {}", problem.what);
            });
        }
        problems
    })
}

fn parse(file: &Path, text: &str) -> Outcome<Table> {
    toml::from_str(text).map_err(|error: toml::de::Error| of_toml(file, error.to_string().trim_end()))
}

/// A file's table over those that it includes, variables replaced; `open` holds the files on the way to it.
fn merged(file: &Path, mut table: Table, open: &mut Vec<PathBuf>) -> Outcome<Table> {
    for (within, key) in PATHS {
        if let Some(value) = table.get_mut(within).and_then(|within| within.get_mut(key)) {
            each_text(value, &mut |text| substitute(file, text))?;
        }
    }
    let Some(named) = table.remove("include") else { return Ok(table) };
    let names: Vec<String> = match named {
        Value::String(one) => vec![one],
        Value::Array(several) if several.iter().all(Value::is_str) => {
            several.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        }
        _ => return Err(of_toml(file, "`include` is neither a file name nor a list of them")),
    };
    let mut all = Table::new();
    for name in names {
        let name = substitute(file, &name)?;
        let folder = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
        let path = file.parent().unwrap_or(Path::new("")).join(&name);
        if open.len() >= DEEPEST || open.iter().any(|file| same_file(file, &path)) {
            let hint = "a file can be included by several others, but not by itself";
            let what = format!("`include` of {name} goes in a ring, or deeper than {DEEPEST} files");
            return Err(trouble::of_file_with_hint(file, what, hint).into());
        }
        if fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
            return Err(trouble::of_file_with_hint(&path, "is included and is no file", "name a file").into());
        }
        let text = read_text(&path, SETTINGS_BYTES)?;
        let included = parse(&path, &text)?;
        open.push(path.clone());
        let mut included = merged(&path, included, open)?;
        open.pop();
        for (within, key) in PATHS {
            if let Some(value) = included.get_mut(within).and_then(|within| within.get_mut(key)) {
                let from_here = |text: &str| match remote::is_url(text) {
                    true => text.to_owned(),
                    false => folder.join(text).to_string_lossy().into_owned(),
                };
                each_text(value, &mut |text| Ok(from_here(text)))?;
            }
        }
        overlay(&mut all, included);
    }
    overlay(&mut all, table);
    Ok(all)
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Puts `over` in place of what `under` says. Tables of a study are joined, key by key; what stands in them is replaced whole.
fn overlay(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(old)), Value::Table(new)) => old.extend(new),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}

/// Every text of a path: one, a list, or globs by raw table.
fn each_text(value: &mut Value, change: &mut dyn FnMut(&str) -> Outcome<String>) -> Outcome<()> {
    match value {
        Value::String(text) => *text = change(text)?,
        Value::Array(values) => values.iter_mut().try_for_each(|value| each_text(value, change))?,
        Value::Table(table) => table.iter_mut().try_for_each(|(_, value)| each_text(value, change))?,
        _ => {}
    }
    Ok(())
}

/// A text with its variables replaced.
fn substitute(file: &Path, text: &str) -> Outcome<String> {
    let wrong = |what: String, hint: &str| -> Problems { trouble::of_file_with_hint(file, what, hint).into() };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let end = inside.find('}').ok_or_else(|| wrong(format!("`{text}`: `${{` without `}}`"), "write `${NAME}`"))?;
        let (name, fall_back) = match inside[..end].split_once(":-") {
            Some((name, fall_back)) => (name, Some(fall_back)),
            None => (&inside[..end], None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(wrong(format!("`{text}`: `{name}` is no name of a variable"), "letters, digits and _"));
        }
        match (env::var(name), fall_back) {
            (Ok(value), _) if !value.is_empty() => out.push_str(&value),
            (_, Some(fall_back)) => out.push_str(fall_back),
            (Err(env::VarError::NotUnicode(_)), None) => {
                return Err(wrong(format!("`{text}`: variable {name} is not readable text"), "set it to a plain path"));
            }
            (_, None) => {
                let hint = "set it, or write `${NAME:-text}` to fall back on a text";
                return Err(wrong(format!("`{text}`: variable {name} is not set, or empty"), hint));
            }
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use acoledger_schemas::study::Raw;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const COMMON: &str = "[study]\nname = 'common'\nperformance_years = [2023]\n[input]\nraw = 'raw'\nprogram = 'program'\n\
                          [lake]\npath = '/lakes/one'\n[rules]\n'risk.cap' = { a = 1 }\n'x.y' = 2\n";

    #[test]
    fn what_a_file_says_goes_before_what_it_includes() {
        let study = "include = '../shared/common.toml'\n[study]\nname = 'own'\n[run]\nout = 'run'\n[rules]\n'risk.cap' = { b = 2 }\n";
        let folder = folder(&[("shared/common.toml", COMMON), ("mine/study.toml", study)]);
        let study = read(&folder.path().join("mine/study.toml")).unwrap();
        assert_eq!((study.study.name.as_str(), study.study.performance_years.as_slice()), ("own", [2023].as_slice()));
        assert!(matches!(&study.input.raw, Some(Raw::Folder(path)) if path == "../shared/raw"));
        assert_eq!(study.input.program, "../shared/program");
        assert_eq!((study.lake.path.as_str(), study.run.out.as_str()), ("/lakes/one", "run"));
        let shown = toml::to_string(&study.rules).unwrap();
        assert!(shown.contains("b = 2") && !shown.contains("a = 1") && shown.contains("\"x.y\" = 2"), "{shown}");
    }

    #[test]
    fn globs_of_an_included_file_are_relative_to_it_as_well() {
        let common = COMMON
            .replace("raw = 'raw'", "raw = { carrier = ['c1*.csv', '/abs/c2*.csv', 's3://b/c3.csv'], bene = 'b.csv' }");
        let folder = folder(&[("a/common.toml", &common), ("study.toml", "include = ['a/common.toml']\n")]);
        let study = read(&folder.path().join("study.toml")).unwrap();
        let shown = format!("{:?}", study.input.raw);
        assert!(
            ["\"a/c1*.csv\"", "\"/abs/c2*.csv\"", "\"s3://b/c3.csv\"", "\"a/b.csv\""]
                .iter()
                .all(|path| shown.contains(path)),
            "{shown}"
        );
    }

    #[test]
    fn variables_stand_in_paths_alone() {
        let text = COMMON.replace("'raw'", "'${CARGO_MANIFEST_DIR}/${ACOLEDGER_NO_SUCH:-raw}'");
        let folder = folder(&[
            ("study.toml", &text),
            ("unset.toml", &COMMON.replace("'raw'", "'${ACOLEDGER_NO_SUCH}'")),
            ("open.toml", &COMMON.replace("'raw'", "'${HOME'")),
            ("name.toml", &COMMON.replace("'raw'", "'${a b}'")),
            ("elsewhere.toml", &COMMON.replace("'common'", "'${ACOLEDGER_NO_SUCH}'")),
        ]);
        let of = |name: &str| read(&folder.path().join(name));
        let expected = format!("{}/raw", env!("CARGO_MANIFEST_DIR"));
        assert!(matches!(of("study.toml").unwrap().input.raw, Some(Raw::Folder(path)) if path == expected));
        for (name, said) in [("unset.toml", "is not set"), ("open.toml", "without `}`"), ("name.toml", "is no name")] {
            let error = of(name).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains(name), "{error}");
        }
        assert_eq!(of("elsewhere.toml").unwrap().study.name, "${ACOLEDGER_NO_SUCH}");
    }

    #[test]
    fn rings_and_unknown_keys_are_errors() {
        let folder = folder(&[
            ("a.toml", "include = 'b.toml'\n"),
            ("b.toml", "include = './a.toml'\n"),
            ("wrong.toml", "include = 'common.toml'\n[lakes]\npath = 'x'\n"),
            ("common.toml", COMMON),
            ("plain.toml", &COMMON.replace("[lake]", "[lakes]")),
            ("broken.toml", "include = 'half.toml'\n"),
            ("half.toml", "[study\n"),
            ("number.toml", "include = 3\n"),
        ]);
        for (name, said) in [
            ("a.toml", "ring"),
            ("wrong.toml", "lakes"),
            ("plain.toml", "plain.toml, line 7: unknown field `lakes`"),
            ("broken.toml", "half.toml, line 1"),
            ("number.toml", "neither"),
        ] {
            let error = read(&folder.path().join(name)).unwrap_err().to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
    }
}
