//! A mirror of objects in a local folder: which keys may be files, which objects must be fetched, which files must go.

use super::location::sound_part;
use acoledger_schemas::table::{Problem, Problems};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An object as its store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Key relative to the location.
    pub(super) key: String,
    /// Size.
    pub(super) bytes: u64,
    /// What the store says changes with the content.
    pub(super) e_tag: Option<String>,
    /// When it was last written, RFC 3339.
    pub(super) modified: String,
}

/// What a mirror was made of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    pub(super) url: String,
    pub(super) objects: BTreeMap<String, Held>,
}

/// An object as it was when it was fetched, and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) bytes: u64,
    pub(super) e_tag: Option<String>,
    pub(super) modified: String,
    /// When the file was written, nanoseconds since 1970: a file that was changed here is fetched again.
    pub(super) file_modified: u128,
}

/// What makes a mirror that of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) fetch: Vec<Listed>,
    pub(super) keep: BTreeMap<String, Held>,
    /// Files that no object stands behind.
    pub(super) remove: Vec<String>,
}

/// The objects of a listing that are files of inputs: without folder markers and hidden names, which no folder of inputs has.
///
/// # Errors
/// Keys that are no file names, or two that would be one file.
pub(super) fn files(url: &str, listed: Vec<Listed>) -> Result<Vec<Listed>, Problems> {
    let mut files: Vec<Listed> = listed.into_iter().filter(|of| !is_hidden(&of.key)).collect();
    let folders: BTreeSet<String> = files.iter().flat_map(|of| folders(&of.key)).map(str::to_owned).collect();
    // Tools that show buckets as folders make empty objects for them.
    files.retain(|of| of.bytes > 0 || !(of.key.is_empty() || of.key.ends_with('/') || folders.contains(&of.key)));
    files.sort_by(|a, b| a.key.cmp(&b.key));
    let mut problems = Problems::default();
    let mut problem = |key: &str, what: String| {
        problems.push(Problem {
            file: format!("{url}/{key}"),
            line: 0,
            column: String::new(),
            what,
            value: None,
            hint: Some("rename the object, or name a prefix without it".into()),
        });
    };
    // Where one machine tells upper from lower case and another does not, the same study would have other inputs.
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let folded: BTreeSet<String> = folders.iter().map(|folder| folder.to_lowercase()).collect();
    for Listed { key, .. } in &files {
        if let Err(what) = key.split('/').try_for_each(sound_part) {
            problem(key, format!("the key is no file name: {what}"));
        }
        if folded.contains(&key.to_lowercase()) {
            problem(key, "the key is that of an object and of a folder of others".into());
        }
        if let Some(other) = seen.insert(key.to_lowercase(), key) {
            problem(key, format!("the key is, but for case, that of another object: {other}"));
        }
    }
    problems.or(files)
}

/// The folders that a key lies in.
fn folders(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').map(|(at, _)| &key[..at])
}

fn is_hidden(key: &str) -> bool {
    // `..` is no hidden name, and is refused.
    key.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
}

/// What to fetch, to keep, to remove. `on_disk` holds size and time of each file of the mirror.
pub(super) fn plan(listed: Vec<Listed>, index: &Index, on_disk: &BTreeMap<String, (u64, u128)>) -> Plan {
    let mut plan = Plan::default();
    for object in listed {
        let held = index.objects.get(&object.key).filter(|held| {
            let same = (held.bytes, &held.e_tag, &held.modified) == (object.bytes, &object.e_tag, &object.modified);
            same && on_disk.get(&object.key) == Some(&(held.bytes, held.file_modified))
        });
        match held {
            Some(held) => drop(plan.keep.insert(object.key, held.clone())),
            None => plan.fetch.push(object),
        }
    }
    let wanted: BTreeSet<&String> = plan.fetch.iter().map(|of| &of.key).chain(plan.keep.keys()).collect();
    plan.remove = on_disk.keys().filter(|key| !wanted.contains(key)).cloned().collect();
    plan
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn object(key: &str, bytes: u64, e_tag: &str) -> Listed {
        Listed { key: key.into(), bytes, e_tag: Some(e_tag.into()), modified: "2024-01-01T00:00:00Z".into() }
    }

    fn keys(keys: &[&str]) -> Result<Vec<String>, String> {
        let listed = keys.iter().map(|key| object(key, 1, "e")).collect();
        let found = files("s3://b/raw", listed).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|of| of.key).collect())
    }

    #[test]
    fn keys_that_would_leave_the_folder_or_meet_are_refused() {
        for (bad, says) in [
            (&["../etc/passwd"][..], "raw/../etc/passwd: the key is no file name: a part that is no name: `..`"),
            (&["a/../../b"], "a part that is no name: `..`"),
            (&["/etc/passwd"], "an empty part"),
            (&["a//b"], "an empty part"),
            (&["a\\..\\b"], "a character that no file name has everywhere"),
            (&["C:/a"], "a character that no file name has everywhere"),
            (&["a\nb"], "a character that no file name has everywhere"),
            (&["a", "a/b"], "that of an object and of a folder of others"),
            (&["A", "a/b"], "that of an object and of a folder of others"),
            (&["Raw.csv", "raw.csv"], "but for case, that of another object: Raw.csv"),
        ] {
            let error = keys(bad).expect_err(says);
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(keys(&["b/c.csv", "a b.csv", ".acoledger/x", "b/.hidden"]).unwrap(), ["a b.csv", "b/c.csv"]);
    }

    #[test]
    fn markers_of_folders_are_no_files() {
        let listed =
            vec![object("", 0, "e"), object("2019", 0, "e"), object("2019/a.csv", 3, "e"), object("empty.csv", 0, "e")];
        let found: Vec<String> = files("s3://b", listed).unwrap().into_iter().map(|of| of.key).collect();
        assert_eq!(found, ["2019/a.csv", "empty.csv"]);
    }

    #[test]
    fn only_what_changed_is_fetched() {
        let held = |of: &Listed| Held {
            bytes: of.bytes,
            e_tag: of.e_tag.clone(),
            modified: of.modified.clone(),
            file_modified: 7,
        };
        let known = ["same", "touched", "lost", "gone", "other"].map(|key| object(key, 1, "e"));
        let objects = known.iter().map(|of| (of.key.clone(), held(of))).collect();
        let index = Index { url: String::new(), objects };
        let disk = |key: &str, time| (key.to_owned(), (1, time));
        let on_disk =
            BTreeMap::from([disk("same", 7), disk("touched", 8), disk("gone", 7), disk("other", 7), disk("stray", 7)]);
        let listed = vec![
            object("same", 1, "e"),
            object("touched", 1, "e"),
            object("lost", 1, "e"),
            object("other", 1, "f"),
            object("new", 1, "e"),
        ];
        let plan = plan(listed, &index, &on_disk);
        let fetched: Vec<&str> = plan.fetch.iter().map(|of| of.key.as_str()).collect();
        assert_eq!(fetched, ["touched", "lost", "other", "new"]);
        assert_eq!(plan.keep.keys().collect::<Vec<_>>(), ["same"]);
        assert_eq!(plan.remove, ["gone", "stray"]);
    }
}
