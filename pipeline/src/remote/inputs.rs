//! The URLs of a study, and the local folders that take their place.

use super::location::{self, Location, Place};
use super::{FOLDER, Freshness, MirrorPlace, Remote, create_private};
use crate::files::hash_texts;
use crate::trouble::{self, Outcome};
use acoledger_schemas::study::{Globs, Raw, Study};
use acoledger_schemas::table::Problems;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which objects below a location are wanted: all, or those that match a glob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) all: bool,
    pub(super) globs: BTreeSet<String>,
    /// Whether they are raw files.
    pub(super) raw: bool,
}

impl Wanted {
    /// Whether a key, relative to the location, is wanted.
    #[cfg(any(feature = "object-store", test))]
    pub(super) fn takes(&self, key: &str) -> bool {
        self.all || self.globs.iter().any(|glob| crate::ingest::glob_matches(glob, key))
    }
}

/// Puts local folders in the place of the study's URLs, their content as fresh as asked.
///
/// # Errors
/// URLs that are not understood, a store that cannot be read, a mirror that is not there.
pub(crate) fn localise(file: &Path, study: &mut Study, freshness: Freshness) -> Outcome<Remote> {
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    let of_key = |(key, what): (String, String)| -> Problems {
        let hint = "docs/src/object-stores.md says what URLs may be";
        trouble::of_file_with_hint(file, format!("`{key}`: {what}"), hint).into()
    };
    let roots = roots(study).map_err(of_key)?;
    let published = location::parse(&study.run.out).map_err(|what| of_key(("run.out".into(), what)))?;
    #[cfg(not(feature = "object-store"))]
    if let Some(location) = roots.keys().next().or(published.location()) {
        return Err(super::without_feature(location));
    }
    let home = Path::new(&study.lake.path).with_file_name(FOLDER);
    let mut remote = Remote::default();
    let mut places = BTreeMap::new();
    let labels = labels(roots.keys(), &local_paths(study));
    if !roots.is_empty() || published.location().is_some() {
        create_private(&folder.join(&home))?;
    }
    for (root, wanted) in &roots {
        let globs = wanted.globs.iter().map(String::as_str);
        let hash = hash_texts([root.to_string().as_str(), labels[root].as_str()].into_iter().chain(globs));
        let place = MirrorPlace { home: home.join(&hash[..16]), label: labels[root].clone() };
        let here = MirrorPlace { home: folder.join(&place.home), label: place.label.clone() };
        obtain(root, wanted, &here, freshness, &mut remote)?;
        places.insert(root.clone(), text(&place.files()));
    }
    rewrite(study, &places);
    match published {
        Place::Local(path) => study.run.out = path,
        Place::Remote(location) => {
            let hash = hash_texts([location.to_string().as_str()]);
            study.run.out = text(&home.join(format!("out-{}", &hash[..16])).join("run"));
            remote.published = Some(location);
        }
    }
    Ok(remote)
}

/// The mirror of one location, as fresh as asked.
#[cfg(feature = "object-store")]
fn obtain(
    root: &Location,
    wanted: &Wanted,
    place: &MirrorPlace,
    freshness: Freshness,
    remote: &mut Remote,
) -> Outcome<()> {
    match freshness {
        Freshness::Standing if place.index().is_file() && place.files().is_dir() => {}
        Freshness::Standing => {
            let hint = "`acoledger run STUDY.toml` fetches it; this command reads what the last run fetched";
            let url = root.to_string();
            return Err(trouble::of_file_with_hint(Path::new(&url), "has not been fetched", hint).into());
        }
        Freshness::List if wanted.raw => {
            let keys = super::fetch::list(root, wanted)?;
            let files = keys.iter().map(|key| place.files().join(key));
            remote.listed_raw.get_or_insert_default().extend(files);
        }
        Freshness::Fetch | Freshness::List => remote.fetched.push(super::fetch::fetch(root, wanted, place)?),
    }
    Ok(())
}

#[cfg(not(feature = "object-store"))]
fn obtain(root: &Location, _: &Wanted, _: &MirrorPlace, _: Freshness, _: &mut Remote) -> Outcome<()> {
    Err(super::without_feature(root))
}

/// Every location that the study reads. The error is a key and what is wrong with it.
fn roots(study: &Study) -> Result<BTreeMap<Location, Wanted>, (String, String)> {
    let mut roots: BTreeMap<Location, Wanted> = BTreeMap::new();
    let mut folder = |key: &str, text: &str, raw: bool| match location::parse(text) {
        Ok(Place::Remote(_)) if text.contains('*') => Err((key.into(), "a folder with a wildcard".into())),
        Ok(Place::Remote(location)) => {
            let wanted = roots.entry(location).or_default();
            wanted.all = true;
            wanted.raw |= raw;
            Ok(())
        }
        Ok(Place::Local(_)) => Ok(()),
        Err(what) => Err((key.to_owned(), what)),
    };
    folder("input.program", &study.input.program, false)?;
    if let Some(rates) = &study.input.rates {
        folder("input.rates", rates, false)?;
    }
    match &study.input.raw {
        None => {}
        Some(Raw::Folder(raw)) => folder("input.raw", raw, true)?,
        Some(Raw::Globs(globs)) => {
            for (table, globs) in globs {
                for glob in patterns(globs).iter().filter(|glob| location::is_url(glob)) {
                    let (root, below) = location::cut_glob(glob);
                    let place = location::parse(&root).map_err(|what| (format!("input.raw.{table}"), what))?;
                    if let Place::Remote(location) = place {
                        let wanted = roots.entry(location).or_default();
                        wanted.raw = true;
                        wanted.globs.insert(below);
                    }
                }
            }
        }
    }
    for wanted in roots.values_mut().filter(|wanted| wanted.all) {
        wanted.globs.clear();
    }
    Ok(roots)
}

fn patterns(globs: &Globs) -> &[String] {
    match globs {
        Globs::One(glob) => std::slice::from_ref(glob),
        Globs::Many(globs) => globs,
    }
}

/// Local folders of the study, whose names no label may take.
fn local_paths(study: &Study) -> BTreeSet<String> {
    let mut paths = vec![study.input.program.clone()];
    paths.extend(study.input.rates.clone());
    match &study.input.raw {
        None => {}
        Some(Raw::Folder(folder)) => paths.push(folder.clone()),
        Some(Raw::Globs(globs)) => {
            paths.extend(globs.values().flat_map(patterns).map(|glob| location::cut_glob(glob).0));
        }
    }
    paths.into_iter().filter(|path| !location::is_url(path)).collect()
}

/// How files of each location begin in manifests: with the last part of its URL, as a study beside those files would have them, so
/// that equal files give equal results wherever they are. With more parts where two locations would have the same name.
fn labels<'a>(roots: impl Iterator<Item = &'a Location>, taken: &BTreeSet<String>) -> BTreeMap<Location, String> {
    let parts = |root: &Location| -> Vec<String> {
        let path = root.path.split('/').filter(|part| !part.is_empty());
        [root.scheme, &root.bucket].into_iter().chain(path).map(str::to_owned).collect()
    };
    let roots: BTreeMap<&Location, Vec<String>> = roots.map(|root| (root, parts(root))).collect();
    let label = |parts: &[String], length: usize| parts[parts.len() - length.min(parts.len())..].join("/");
    let mut labels = BTreeMap::new();
    for (root, of_root) in &roots {
        let is_free = |length: &usize| {
            let text = label(of_root, *length);
            // A hidden name would not be read.
            !text.starts_with('.')
                && !taken.contains(&text)
                && roots.iter().all(|(other, parts)| other == root || label(parts, *length) != text)
        };
        let length = (1..of_root.len()).find(is_free).unwrap_or(of_root.len());
        labels.insert((*root).clone(), label(of_root, length));
    }
    labels
}

/// Puts the mirrors' folders, and the paths of `file://`, in the place of URLs.
fn rewrite(study: &mut Study, places: &BTreeMap<Location, String>) {
    let folder = |text: &mut String| match location::parse(text) {
        Ok(Place::Remote(location)) => text.clone_from(&places[&location]),
        Ok(Place::Local(path)) => *text = path,
        Err(_) => {}
    };
    let glob = |text: &mut String| {
        let (mut root, below) = location::cut_glob(text);
        if location::is_url(text) {
            folder(&mut root);
            *text = format!("{root}/{below}");
        }
    };
    folder(&mut study.input.program);
    study.input.rates.as_mut().map(folder);
    match &mut study.input.raw {
        None => {}
        Some(Raw::Folder(raw)) => folder(raw),
        Some(Raw::Globs(globs)) => globs.values_mut().for_each(|globs| match globs {
            Globs::One(one) => glob(one),
            Globs::Many(many) => many.iter_mut().for_each(glob),
        }),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path as manifests and reports say it: relative to `base` where it lies below it, with `/`; a mirrored object from the
/// last part of its URL on.
pub(crate) fn name_below(base: &Path, path: &Path) -> String {
    let below = path.strip_prefix(base).unwrap_or(path);
    let mut parts = below.iter();
    let mirrored = parts.any(|part| part == FOLDER)
        && parts
            .next()
            .is_some_and(|hash| hash.len() == 16 && hash.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit));
    let named: PathBuf = if mirrored { parts.collect() } else { below.to_owned() };
    named.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn study(input: &str) -> Study {
        Study::parse(&format!("[study]\nname='x'\nperformance_years=[2023]\n[input]\n{input}")).unwrap()
    }

    fn labels_of(input: &str) -> Vec<(String, String)> {
        let study = study(input);
        let labels = labels(roots(&study).unwrap().keys(), &local_paths(&study));
        labels.into_iter().map(|(root, label)| (root.to_string(), label)).collect()
    }

    #[test]
    fn files_are_named_as_if_they_lay_beside_the_study() {
        let pair = |root: &str, label: &str| (root.to_owned(), label.to_owned());
        assert_eq!(
            labels_of("raw='s3://b/nation/raw'\nprogram='s3://b/nation/program'"),
            [pair("s3://b/nation/program", "program"), pair("s3://b/nation/raw", "raw")]
        );
        assert_eq!(
            labels_of("raw='s3://b/1/data'\nprogram='s3://b/2/data'"),
            [pair("s3://b/1/data", "1/data"), pair("s3://b/2/data", "2/data")]
        );
        assert_eq!(labels_of("raw='s3://b/x/data'\nprogram='data'"), [pair("s3://b/x/data", "x/data")]);
        assert_eq!(labels_of("raw='s3://b'\nprogram='gs://b'"), [pair("gs://b", "gs/b"), pair("s3://b", "s3/b")]);
    }

    #[test]
    fn globs_share_the_folder_before_their_wildcards() {
        let mut study = study(
            "program='program'\n[input.raw]\ncarrier=['s3://b/raw/carrier_*.csv', 'more/carrier*.csv']\ndme='s3://b/raw/dme.csv'\n",
        );
        let found = roots(&study).unwrap();
        let (root, wanted) = found.first_key_value().unwrap();
        assert_eq!((found.len(), root.to_string().as_str()), (1, "s3://b/raw"));
        assert!(wanted.takes("carrier_2019.csv") && wanted.takes("dme.csv"));
        assert!(!wanted.takes("snf.csv") && !wanted.takes("old/dme.csv"));
        rewrite(&mut study, &BTreeMap::from([(root.clone(), ".remote/0123456789abcdef/raw".to_owned())]));
        let Some(Raw::Globs(globs)) = study.input.raw else { panic!("globs stay globs") };
        assert_eq!(patterns(&globs["carrier"]), [".remote/0123456789abcdef/raw/carrier_*.csv", "more/carrier*.csv"]);
        assert_eq!(patterns(&globs["dme"]), [".remote/0123456789abcdef/raw/dme.csv"]);
    }

    #[test]
    fn names_begin_with_the_last_part_of_the_url() {
        let name = |path: &str| name_below(Path::new("study"), Path::new(path));
        assert_eq!(name("study/.remote/0123456789abcdef/raw/2019/dme.csv"), "raw/2019/dme.csv");
        assert_eq!(name("/elsewhere/.remote/0123456789abcdef/raw/dme.csv"), "raw/dme.csv");
        assert_eq!(name("study/raw/dme.csv"), "raw/dme.csv");
        assert_eq!(name("study/.remote/out-0123456789abcdef/run"), ".remote/out-0123456789abcdef/run");
        assert_eq!(name("/data/raw/dme.csv"), "/data/raw/dme.csv");
    }

    #[test]
    fn a_file_url_is_a_path() {
        let mut study = study("program='file:///data/a%20b'\nraw='raw'");
        let folder = tempfile::tempdir().unwrap();
        let remote = localise(&folder.path().join("study.toml"), &mut study, Freshness::Fetch).unwrap();
        assert_eq!((study.input.program.as_str(), study.run.out.as_str()), ("/data/a b", "run"));
        assert!(remote.published.is_none() && !folder.path().join(FOLDER).exists());
    }

    #[test]
    fn a_url_that_is_none_names_its_key() {
        let mut study = study("program='program'\nraw='ftp://host/raw'");
        let error = localise(Path::new("study.toml"), &mut study, Freshness::Standing).unwrap_err().to_string();
        assert!(error.contains("study.toml: `input.raw`: none of s3://"), "{error}");
    }

    #[cfg(not(feature = "object-store"))]
    #[test]
    fn without_the_feature_a_url_says_how_to_build() {
        let folder = tempfile::tempdir().unwrap();
        let mut study = study("program='program'\nraw='s3://b/raw'");
        let error = localise(&folder.path().join("study.toml"), &mut study, Freshness::Fetch).unwrap_err().to_string();
        assert!(error.contains("s3://b/raw: this program was built without object stores"), "{error}");
        assert!(error.contains("--features object-store"), "{error}");
    }
}
