//! Inputs of a store into their mirror: what changed is fetched beside it, whole, before anything of the mirror changes.

use super::inputs::Wanted;
use super::location::Location;
use super::mirror::{self, Held, Index, Listed};
use super::store::{self, CONCURRENT, GET_BYTES, Prefix};
use super::{MirrorPlace, create_private};
use crate::files::{files_below, hash_texts};
use crate::manifest::{FetchMetrics, write_json};
use crate::progress::ByteProgress;
use crate::trouble::{self, Io, Outcome};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{GetOptions, GetRange};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Instant, UNIX_EPOCH};

/// Brings the mirror of a location to what the store holds now.
///
/// # Errors
/// The store's, keys that are no file names, the disk. Until all objects are here the mirror stays as it was; those that did
/// arrive wait for the next attempt.
pub(super) fn fetch(root: &Location, wanted: &Wanted, place: &MirrorPlace) -> Outcome<FetchMetrics> {
    let _lock = crate::output::lock(&place.lock())?;
    let prefix = store::open(root)?;
    store::wait(&prefix.url, refresh(&prefix, wanted, place))
}

/// The keys that a fetch would mirror.
///
/// # Errors
/// The store's, keys that are no file names.
pub(super) fn list(root: &Location, wanted: &Wanted) -> Outcome<Vec<String>> {
    let prefix = store::open(root)?;
    let listed = store::wait(&prefix.url, listed(&prefix, wanted))?;
    Ok(listed.into_iter().map(|of| of.key).collect())
}

/// [`fetch`], on an open store.
pub(super) async fn refresh(prefix: &Prefix, wanted: &Wanted, place: &MirrorPlace) -> Outcome<FetchMetrics> {
    let started = Instant::now();
    let listed = listed(prefix, wanted).await?;
    let objects = listed.len() as u64;
    let on_disk = on_disk(&place.files())?;
    let index = fs::read(place.index()).ok().and_then(|text| serde_json::from_slice::<Index>(&text).ok());
    let plan = mirror::plan(listed, &index.unwrap_or_default(), &on_disk);
    let bytes = plan.fetch.iter().map(|of| of.bytes).sum();
    if !plan.fetch.is_empty() {
        download(prefix, &plan.fetch, place).await?;
    }
    let metrics = FetchMetrics {
        url: prefix.url.clone(),
        objects,
        fetched: plan.fetch.len() as u64,
        fetched_bytes: bytes,
        removed: plan.remove.len() as u64,
        seconds: started.elapsed().as_secs_f64(),
    };
    settle(prefix, plan, place)?;
    let FetchMetrics { fetched, removed, .. } = metrics;
    tracing::info!(url = prefix.url, objects, fetched, bytes, removed, "inputs mirrored");
    Ok(metrics)
}

async fn listed(prefix: &Prefix, wanted: &Wanted) -> Outcome<Vec<Listed>> {
    let found = prefix.list().await?.into_iter().filter(|(key, _)| wanted.takes(key));
    let listed =
        found.map(|(key, of)| Listed { key, bytes: of.size, e_tag: of.e_tag, modified: of.last_modified.to_rfc3339() });
    let files = mirror::files(&prefix.url, listed.collect())?;
    if files.is_empty() {
        let globs: Vec<&str> = wanted.globs.iter().map(String::as_str).collect();
        let what = if wanted.all { String::new() } else { format!(" that match {}", globs.join(", ")) };
        let hint = "the study names a bucket and the prefix of its files";
        return Err(trouble::of_file_with_hint(Path::new(&prefix.url), format!("no objects here{what}"), hint).into());
    }
    Ok(files)
}

/// Size and time of each file of a mirror.
fn on_disk(folder: &Path) -> Outcome<BTreeMap<String, (u64, u128)>> {
    let mut found = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for path in files_below(folder)? {
        let key = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        found.insert(key, size_and_time(&path)?);
    }
    Ok(found)
}

fn size_and_time(path: &Path) -> Outcome<(u64, u128)> {
    let about = fs::metadata(path).doing("cannot be read", path)?;
    let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok((about.len(), modified.map_or(0, |since| since.as_nanos())))
}

/// The name of an object on its way: another content, another name.
fn name_on_the_way(of: &Listed) -> String {
    let size = of.bytes.to_string();
    hash_texts([of.key.as_str(), size.as_str(), of.e_tag.as_deref().unwrap_or(""), of.modified.as_str()])[..32]
        .to_owned()
}

/// Fetches objects into the folder of those on their way. What an earlier attempt brought is not fetched again.
async fn download(prefix: &Prefix, objects: &[Listed], place: &MirrorPlace) -> Outcome<()> {
    let folder = place.incoming();
    create_private(&folder)?;
    let names: BTreeSet<String> = objects.iter().map(name_on_the_way).collect();
    for entry in fs::read_dir(&folder).doing("cannot be read", &folder)? {
        let path = entry.doing("cannot be read", &folder)?.path();
        if !path.file_name().is_some_and(|name| names.contains(&*name.to_string_lossy())) {
            fs::remove_file(&path).doing("cannot be removed", &path)?;
        }
    }
    let progress = ByteProgress::begin("fetch", objects.iter().map(|of| of.bytes).sum());
    let (folder, progress) = (&folder, &progress);
    let one = |of: &Listed| {
        let of = of.clone();
        async move {
            let path = folder.join(name_on_the_way(&of));
            if path.metadata().is_ok_and(|about| about.len() == of.bytes) {
                progress.advance(of.bytes);
                return Ok(());
            }
            get(prefix, &of, &path, progress).await
        }
    };
    futures_util::stream::iter(objects.iter().map(one)).buffer_unordered(CONCURRENT).try_collect().await
}

/// Fetches one object under a temporary name, a range at a time.
async fn get(prefix: &Prefix, of: &Listed, path: &Path, progress: &ByteProgress) -> Outcome<()> {
    let temporary = path.with_extension("partial");
    let mut file = File::create(&temporary).doing("cannot be written", &temporary)?;
    let mut done = 0;
    while done < of.bytes {
        let end = (done + GET_BYTES).min(of.bytes);
        let options = GetOptions {
            range: Some(GetRange::Bounded(done..end)),
            // The object as it was listed, or none.
            if_match: of.e_tag.clone(),
            ..GetOptions::default()
        };
        let failed = |error| prefix.trouble(&of.key, "cannot be fetched", &error);
        let found = prefix.store.get_opts(&prefix.at(&of.key)?, options).await.map_err(failed)?;
        let mut chunks = found.into_stream();
        let mut of_range = 0;
        while let Some(chunk) = chunks.try_next().await.map_err(failed)? {
            file.write_all(&chunk).doing("cannot be written", &temporary)?;
            of_range += chunk.len() as u64;
            progress.advance(chunk.len() as u64);
        }
        if of_range != end - done {
            let what = format!("{of_range} bytes came of {} from byte {done} on", end - done);
            let hint = "run again: what did arrive is kept";
            return Err(trouble::of_file_with_hint(Path::new(&prefix.name(&of.key)), what, hint).into());
        }
        done = end;
    }
    file.sync_all().doing("cannot be written", &temporary)?;
    fs::rename(&temporary, path).doing("cannot be given its name", &temporary)
}

/// Everything is here: moves it into the mirror, removes what is gone, notes what stands.
fn settle(prefix: &Prefix, plan: mirror::Plan, place: &MirrorPlace) -> Outcome<()> {
    if plan.fetch.is_empty() && plan.remove.is_empty() && place.index().is_file() {
        return Ok(());
    }
    let files = place.files();
    create_private(&place.home)?;
    fs::create_dir_all(&files).doing("cannot be created", &files)?;
    // Before what comes: a folder may take the place of a file, or a file that of a folder.
    for key in &plan.remove {
        let path = files.join(key);
        fs::remove_file(&path).doing("cannot be removed", &path)?;
        let inside = path.ancestors().skip(1).take_while(|folder| *folder != files);
        // Folders that hold something stay: then this fails, as it should.
        inside.take_while(|folder| fs::remove_dir(folder).is_ok()).for_each(drop);
    }
    let mut index = Index { url: prefix.url.clone(), objects: plan.keep };
    for of in plan.fetch {
        let path = files.join(&of.key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).doing("cannot be created", folder)?;
        }
        fs::rename(place.incoming().join(name_on_the_way(&of)), &path).doing("cannot be given its name", &path)?;
        let (bytes, file_modified) = size_and_time(&path)?;
        index.objects.insert(of.key, Held { bytes, e_tag: of.e_tag, modified: of.modified, file_modified });
    }
    write_json(&place.index(), &index)?;
    // Best effort: it is empty.
    let _ = fs::remove_dir(place.incoming());
    Ok(())
}
