//! What makes the objects below a prefix those of a run: which to upload, to leave, to remove, and whether a run may go there.

use super::location::sound_part;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The object that says that a run is whole.
pub(super) const MANIFEST: &str = "manifest.json";
/// The object that says which objects are ours.
pub(super) const REGISTER: &str = ".acoledger-objects.json";
/// Where a new run waits while the earlier one stands.
pub(super) const WAITING: &str = ".acoledger-new/";

/// A file of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// An object as the store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) bytes: u64,
    pub(super) e_tag: Option<String>,
}

/// What was uploaded: one for each of our objects below the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Register {
    pub(super) objects: BTreeMap<String, Uploaded>,
}

/// An object of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Uploaded {
    pub(super) bytes: u64,
    /// SHA-256 of the content; blank while it is on its way.
    pub(super) sha256: String,
    pub(super) e_tag: Option<String>,
}

/// What an upload does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Keys whose content the store lacks, the manifest not among them.
    pub(super) upload: Vec<String>,
    /// Whether the manifest must be written: where anything changes, it does.
    pub(super) manifest: bool,
    /// Our keys that the run does not have, leftovers of an upload that failed among them.
    pub(super) remove: Vec<String>,
    /// Whether a whole run stands there, which must not be disturbed before all of the new one has arrived.
    pub(super) replaces: bool,
}

impl Plan {
    /// Whether the store holds the run as it is.
    pub(super) fn is_done(&self) -> bool {
        self.upload.is_empty() && !self.manifest && self.remove.is_empty()
    }
}

/// Whether a prefix is free for a run: empty, or one of ours.
pub(super) fn is_free(stored: &BTreeMap<String, Stored>) -> bool {
    // An object of no name or size marks the prefix as a folder.
    let is_marker = |(key, of): (&String, &Stored)| of.bytes == 0 && key.is_empty();
    stored.contains_key(MANIFEST) || stored.contains_key(REGISTER) || stored.iter().all(is_marker)
}

/// What to do, from the run, what the prefix holds, and what of it is ours.
pub(super) fn plan(local: &BTreeMap<String, Local>, stored: &BTreeMap<String, Stored>, register: &Register) -> Plan {
    let is_there = |key: &String, of: &Local| {
        register.objects.get(key).is_some_and(|known| {
            let same = (known.bytes, known.sha256.as_str()) == (of.bytes, of.sha256.as_str());
            // Without an e-tag nothing says that nobody else wrote there since.
            let found = stored.get(key).is_some_and(|found| found.bytes == of.bytes && found.e_tag == known.e_tag);
            same && found && known.e_tag.is_some()
        })
    };
    let changed: Vec<&String> = local.iter().filter(|(key, of)| !is_there(key, of)).map(|(key, _)| key).collect();
    let of_ours = |key: &&String| {
        let sound = key.split('/').all(|part| sound_part(part).is_ok());
        // Only an upload of ours writes below that name.
        sound && (register.objects.contains_key(*key) && !local.contains_key(*key) || key.starts_with(WAITING))
    };
    let remove: Vec<String> = stored.keys().filter(of_ours).cloned().collect();
    Plan {
        manifest: !changed.is_empty() || !remove.is_empty(),
        upload: changed.into_iter().filter(|key| *key != MANIFEST).cloned().collect(),
        remove,
        replaces: stored.contains_key(MANIFEST),
    }
}

/// What is ours while an upload is on its way: what was, and what will be. Nothing of it counts as there.
pub(super) fn on_the_way(local: &BTreeMap<String, Local>, register: &Register, stay: &BTreeSet<&String>) -> Register {
    let mut objects = register.objects.clone();
    for key in local.keys().filter(|key| !stay.contains(key)) {
        objects.insert(key.clone(), Uploaded::default());
    }
    Register { objects }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(files: &[(&str, &str)]) -> BTreeMap<String, Local> {
        let file = |(key, hash): &(&str, &str)| {
            ((*key).to_owned(), Local { path: PathBuf::new(), bytes: 3, sha256: (*hash).to_owned() })
        };
        files.iter().map(file).collect()
    }

    fn stored(objects: &[(&str, &str)]) -> BTreeMap<String, Stored> {
        let object =
            |(key, tag): &(&str, &str)| ((*key).to_owned(), Stored { bytes: 3, e_tag: Some((*tag).to_owned()) });
        objects.iter().map(object).collect()
    }

    fn register(objects: &[(&str, &str, &str)]) -> Register {
        let object = |(key, hash, tag): &(&str, &str, &str)| {
            ((*key).to_owned(), Uploaded { bytes: 3, sha256: (*hash).to_owned(), e_tag: Some((*tag).to_owned()) })
        };
        Register { objects: objects.iter().map(object).collect() }
    }

    #[test]
    fn what_is_there_stays_and_only_what_is_ours_goes() {
        let run = local(&[("a", "A"), ("b", "B2"), ("c", "C"), ("d", "D"), (MANIFEST, "M2")]);
        let there = stored(&[
            ("a", "1"),
            ("b", "1"),
            ("c", "2"),
            ("old", "1"),
            ("notes.txt", "1"),
            (".acoledger-new/x", "1"),
            (MANIFEST, "1"),
        ]);
        let ours = register(&[
            ("a", "A", "1"),
            ("b", "B", "1"),
            ("c", "C", "1"),
            ("old", "O", "1"),
            ("gone", "G", "1"),
            ("../elsewhere", "E", "1"),
            (MANIFEST, "M", "1"),
        ]);
        let plan = plan(&run, &there, &ours);
        assert_eq!(plan.upload, ["b", "c", "d"]);
        assert_eq!(plan.remove, [".acoledger-new/x", "old"]);
        assert!(plan.manifest && plan.replaces);
    }

    #[test]
    fn an_equal_run_changes_nothing() {
        let run = local(&[("a", "A"), (MANIFEST, "M")]);
        let there = stored(&[("a", "1"), (MANIFEST, "2"), ("notes.txt", "3")]);
        let ours = register(&[("a", "A", "1"), (MANIFEST, "M", "2")]);
        assert!(plan(&run, &there, &ours).is_done());
        let on_the_way = on_the_way(&run, &ours, &BTreeSet::new());
        let again = plan(&run, &there, &on_the_way);
        assert_eq!((again.upload, again.manifest), (vec!["a".to_owned()], true));
    }

    #[test]
    fn a_prefix_of_something_else_is_not_free() {
        assert!(is_free(&stored(&[])));
        assert!(is_free(&stored(&[("a", "1"), (MANIFEST, "1")])) && is_free(&stored(&[("a", "1"), (REGISTER, "1")])));
        assert!(!is_free(&stored(&[("thesis.tex", "1")])));
    }
}
