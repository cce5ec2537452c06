//! Object stores: inputs that a study names by URL are mirrored beside the lake, a run whose `out` is a URL is uploaded.
//!
//! Between the two a study is a local one: everything else reads and writes files. Beside the lake stands `.remote/`, for its
//! owner alone: a folder for each URL, named by a hash, and what is known of its objects in a file of that name.

#[cfg(feature = "object-store")]
mod fetch;
mod inputs;
mod location;
#[cfg(any(feature = "object-store", test))]
mod mirror;
#[cfg(feature = "object-store")]
mod publish;
#[cfg(feature = "object-store")]
mod store;
#[cfg(all(feature = "object-store", test))]
mod tests;
#[cfg(any(feature = "object-store", test))]
mod upload;

pub(crate) use inputs::{localise, name_below};
pub(crate) use location::{Location, is_url};

use crate::trouble::Outcome;
use std::path::{Path, PathBuf};

/// The folder beside the lake that holds what is mirrored.
pub(crate) const FOLDER: &str = ".remote";

/// How fresh the inputs of a command must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// As the last run fetched them: no store is asked.
    #[default]
    Standing,
    /// As they are in the store now: what changed is fetched.
    Fetch,
    /// Program files and rates as they are in the store now; raw files are only listed.
    List,
}

/// What a study has elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Remote {
    /// Where the run goes when it is done; `[run] out` is then a local folder.
    pub(crate) published: Option<Location>,
    /// Raw files that are in the store and were not fetched, by the path that they would have here.
    pub(crate) listed_raw: Option<Vec<PathBuf>>,
    /// What was fetched.
    pub(crate) fetched: Vec<crate::manifest::FetchMetrics>,
}

/// Where the objects of one URL are mirrored.
#[derive(Clone, Debug)]
pub(crate) struct MirrorPlace {
    /// `.remote/<hash>`.
    home: PathBuf,
    /// What stands before the objects' keys in names of files.
    label: String,
}

impl MirrorPlace {
    /// The folder that stands for the URL.
    fn files(&self) -> PathBuf {
        self.home.join(&self.label)
    }

    /// What is known of the objects in it.
    #[cfg(feature = "object-store")]
    fn index(&self) -> PathBuf {
        self.home.with_extension("json")
    }

    /// Objects on their way.
    #[cfg(feature = "object-store")]
    fn incoming(&self) -> PathBuf {
        self.home.with_extension("new")
    }

    #[cfg(feature = "object-store")]
    fn lock(&self) -> PathBuf {
        self.home.with_extension("lock")
    }
}

/// Holds the local copy of a run that goes to a store, from before the run to after its upload, and asks whether the store
/// would take it.
///
/// # Errors
/// Another run at work, a prefix that holds something else than a run, a store that cannot be asked.
#[cfg(feature = "object-store")]
pub(crate) fn reserve(location: &Location, out: &Path) -> Outcome<std::fs::File> {
    let lock = crate::output::lock(&out.with_file_name("upload.lock"))?;
    publish::check(location)?;
    Ok(lock)
}

/// Uploads a finished run.
///
/// # Errors
/// The store's; it then holds the run that it held before, or one without a manifest.
#[cfg(feature = "object-store")]
pub(crate) fn publish(location: &Location, out: &Path) -> Outcome<()> {
    publish::publish(location, out)
}

#[cfg(not(feature = "object-store"))]
pub(crate) fn reserve(location: &Location, _out: &Path) -> Outcome<std::fs::File> {
    Err(without_feature(location))
}

#[cfg(not(feature = "object-store"))]
pub(crate) fn publish(location: &Location, _out: &Path) -> Outcome<()> {
    Err(without_feature(location))
}

/// What a program says that was built without object stores.
#[cfg(not(feature = "object-store"))]
fn without_feature(location: &Location) -> acoledger_schemas::table::Problems {
    let hint = "build it with them: `cargo build --release -p acoledger --features object-store`";
    crate::trouble::of_file_with_hint(
        Path::new(&location.to_string()),
        "this program was built without object stores",
        hint,
    )
    .into()
}

/// Creates a folder that only its owner may look into; parents as usual.
fn create_private(folder: &Path) -> Outcome<()> {
    use crate::trouble::Io;
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).doing("cannot be created", parent)?;
    }
    match builder.create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).doing("cannot be created", folder)
        }
        _ => Ok(()),
    }
}
