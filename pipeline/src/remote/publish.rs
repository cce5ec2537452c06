//! A finished run into a store. Where a `manifest.json` stands, all below the prefix is the run that it describes.
//!
//! A store has no swap. So the new run first arrives beside the earlier one, under a name that begins with a dot; only then the
//! earlier manifest goes, objects are copied to their names inside the store, what the new run does not have is removed, and the
//! new manifest comes last. An upload that breaks off leaves the earlier run whole; a switch that breaks off leaves no manifest.

use super::location::Location;
use super::store::{self, CONCURRENT, Prefix};
use super::upload::{self, Local, MANIFEST, REGISTER, Register, Stored, Uploaded, WAITING};
use crate::files::{files_below, hash_file};
use crate::progress::ByteProgress;
use crate::trouble::{self, Io, Outcome};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{Error, MultipartUpload, ObjectStoreExt, PutPayload};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::path::Path;

/// Sizes that stores set: how much one request may carry and copy. Tests take smaller ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Longest object that goes in one request, and the size of a longer one's parts.
    pub(super) part: u64,
    /// Most parts of an object; with more, parts are longer.
    pub(super) parts: u64,
    /// Longest object that a store copies at once.
    pub(super) copy: u64,
}

const SIZES: Sizes = Sizes { part: 8 << 20, parts: 9_000, copy: 5 << 30 };

/// Asks, before a run, whether its result could go there.
///
/// # Errors
/// The store's; a prefix that holds something else than a run.
pub(super) fn check(location: &Location) -> Outcome<()> {
    let prefix = store::open(location)?;
    store::wait(&prefix.url, async { stored(&prefix).await.map(drop) })
}

/// Uploads a run. What the store has is left; what an earlier upload of ours had and this run has not is removed.
///
/// # Errors
/// The store's, the disk's; the store then holds the earlier run, or one without a manifest.
pub(super) fn publish(location: &Location, run: &Path) -> Outcome<()> {
    let prefix = store::open(location)?;
    let local = local(run)?;
    store::wait(&prefix.url, upload(&prefix, &local, SIZES))
}

/// The files of a run.
pub(super) fn local(run: &Path) -> Outcome<BTreeMap<String, Local>> {
    let mut local = BTreeMap::new();
    for path in files_below(run)? {
        let key = path.strip_prefix(run).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let bytes = path.metadata().doing("cannot be read", &path)?.len();
        local.insert(key, Local { bytes, sha256: hash_file(&path)?, path });
    }
    assert!(local.contains_key(MANIFEST), "a finished run has a manifest");
    Ok(local)
}

/// [`publish`], on an open store.
pub(super) async fn upload(prefix: &Prefix, local: &BTreeMap<String, Local>, sizes: Sizes) -> Outcome<()> {
    let stored = stored(prefix).await?;
    let register = register(prefix, &stored).await?;
    let plan = upload::plan(local, &stored, &register);
    if plan.is_done() {
        tracing::info!(url = prefix.url, objects = local.len(), "the store holds this run already");
        return Ok(());
    }
    let changed: BTreeSet<&String> = plan.upload.iter().collect();
    let stay: BTreeSet<&String> = local.keys().filter(|key| !changed.contains(key) && *key != MANIFEST).collect();
    write_register(prefix, &upload::on_the_way(local, &register, &stay)).await?;
    // Beside the earlier run, but for what a store would not copy.
    let waits = |key: &&String| plan.replaces && local[*key].bytes <= sizes.copy;
    let (waiting, direct): (Vec<&String>, Vec<&String>) = plan.upload.iter().partition(waits);
    let progress = ByteProgress::begin("upload", plan.upload.iter().map(|key| local[key].bytes).sum());
    let send = |key: &String, to: String| put(prefix, to, &local[key], sizes, &progress);
    all(waiting.iter().map(|key| send(key, format!("{WAITING}{key}")))).await?;
    if plan.replaces {
        withdraw(prefix, &stored).await?;
    }
    all(direct.iter().map(|key| send(key, (*key).clone()))).await?;
    all(waiting.iter().map(|key| copy(prefix, key))).await?;
    let arrived = waiting.iter().map(|key| format!("{WAITING}{key}"));
    all(plan.remove.iter().cloned().chain(arrived).map(|key| remove(prefix, key))).await?;
    arrive(prefix, local, false).await?;
    put(prefix, MANIFEST.to_owned(), &local[MANIFEST], sizes, &progress).await?;
    write_register(prefix, &arrive(prefix, local, true).await?).await?;
    let bytes: u64 = plan.upload.iter().map(|key| local[key].bytes).sum();
    let (uploaded, removed) = (plan.upload.len() + 1, plan.remove.len());
    tracing::info!(url = prefix.url, objects = local.len(), uploaded, bytes, removed, "run uploaded");
    Ok(())
}

/// What the prefix holds.
async fn stored(prefix: &Prefix) -> Outcome<BTreeMap<String, Stored>> {
    let found = prefix.list().await?.into_iter();
    let stored = found.map(|(key, of)| (key, Stored { bytes: of.size, e_tag: of.e_tag })).collect();
    if !upload::is_free(&stored) {
        let hint = "choose another prefix with `[run] out` or --out";
        return Err(trouble::of_file_with_hint(Path::new(&prefix.url), "holds something else than a run", hint).into());
    }
    Ok(stored)
}

/// What of it is ours. A register that is not understood is none of ours: nothing is removed by it.
async fn register(prefix: &Prefix, stored: &BTreeMap<String, Stored>) -> Outcome<Register> {
    if !stored.contains_key(REGISTER) {
        return Ok(Register::default());
    }
    let failed = |error| prefix.trouble(REGISTER, "cannot be read", &error);
    let found = prefix.store.get(&prefix.at(REGISTER)?).await.map_err(failed)?;
    let text = found.bytes().await.map_err(failed)?;
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}

async fn write_register(prefix: &Prefix, register: &Register) -> Outcome<()> {
    let text = serde_json::to_vec_pretty(register).doing("cannot be written", Path::new(&prefix.name(REGISTER)))?;
    let put = prefix.store.put(&prefix.at(REGISTER)?, PutPayload::from(text)).await;
    put.map(drop).map_err(|error| prefix.trouble(REGISTER, "cannot be written", &error))
}

/// Does many things, a few at a time, up to the first that fails.
async fn all<W: Future<Output = Outcome<()>>>(work: impl Iterator<Item = W>) -> Outcome<()> {
    futures_util::stream::iter(work).buffer_unordered(CONCURRENT).try_collect().await
}

/// Writes one object; a long one in parts, of which one at a time is in memory.
async fn put(prefix: &Prefix, key: String, of: &Local, sizes: Sizes, progress: &ByteProgress) -> Outcome<()> {
    let failed = |error: Error| prefix.trouble(&key, "cannot be written", &error);
    let at = prefix.at(&key)?;
    let mut file = File::open(&of.path).doing("cannot be read", &of.path)?;
    let part = sizes.part.max(of.bytes.div_ceil(sizes.parts));
    if of.bytes <= part {
        let bytes = next_part(&mut file, of.bytes, &of.path)?;
        prefix.store.put(&at, PutPayload::from(bytes)).await.map_err(failed)?;
        progress.advance(of.bytes);
        return Ok(());
    }
    let mut parts = prefix.store.put_multipart(&at).await.map_err(failed)?;
    let sent = send_parts(&mut *parts, &mut file, of, part, progress).await;
    let done = match sent {
        Ok(()) => parts.complete().await.map(drop).map_err(failed),
        Err(PartError::Disk(problems)) => Err(problems),
        Err(PartError::Store(error)) => Err(failed(error)),
    };
    if done.is_err() {
        // Best effort: a bucket's own rules remove parts that nobody completes.
        let _ = parts.abort().await;
    }
    done
}

enum PartError {
    Disk(acoledger_schemas::table::Problems),
    Store(Error),
}

async fn send_parts(
    parts: &mut dyn MultipartUpload,
    file: &mut File,
    of: &Local,
    part: u64,
    progress: &ByteProgress,
) -> Result<(), PartError> {
    let mut left = of.bytes;
    while left > 0 {
        let length = part.min(left);
        let bytes = next_part(file, length, &of.path).map_err(PartError::Disk)?;
        parts.put_part(PutPayload::from(bytes)).await.map_err(PartError::Store)?;
        progress.advance(length);
        left -= length;
    }
    Ok(())
}

fn next_part(file: &mut File, length: u64, path: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).doing("too long", path)?];
    file.read_exact(&mut bytes).doing("cannot be read", path)?;
    Ok(bytes)
}

/// Takes the earlier manifest away, if it is still that of the run which was there as we began.
async fn withdraw(prefix: &Prefix, stored: &BTreeMap<String, Stored>) -> Outcome<()> {
    let at = prefix.at(MANIFEST)?;
    let now = match prefix.store.head(&at).await {
        Ok(now) => Some(now.e_tag),
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(prefix.trouble(MANIFEST, "cannot be read", &error)),
    };
    if now != stored.get(MANIFEST).map(|before| before.e_tag.clone()) {
        let hint =
            "one run at a time writes to a prefix: wait for the other, then run again, or choose another with --out";
        let what = "another run was uploaded here meanwhile";
        return Err(trouble::of_file_with_hint(Path::new(&prefix.name(MANIFEST)), what, hint).into());
    }
    remove(prefix, MANIFEST.to_owned()).await
}

/// Gives an object that waits its name.
async fn copy(prefix: &Prefix, key: &str) -> Outcome<()> {
    let (from, to) = (prefix.at(&format!("{WAITING}{key}"))?, prefix.at(key)?);
    let copied = prefix.store.copy(&from, &to).await;
    copied.map_err(|error| prefix.trouble(key, "cannot be given its name", &error))
}

async fn remove(prefix: &Prefix, key: String) -> Outcome<()> {
    match prefix.store.delete(&prefix.at(&key)?).await {
        Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(prefix.trouble(&key, "cannot be removed", &error)),
    }
}

/// Asks the store what it holds now: every object of the run, in its whole length.
async fn arrive(prefix: &Prefix, local: &BTreeMap<String, Local>, with_manifest: bool) -> Outcome<Register> {
    let stored = stored(prefix).await?;
    let mut register = Register::default();
    for (key, of) in local.iter().filter(|(key, _)| with_manifest || *key != MANIFEST) {
        let Some(found) = stored.get(key).filter(|found| found.bytes == of.bytes) else {
            let what = format!("did not arrive whole: {} bytes", of.bytes);
            return Err(trouble::of_file_with_hint(Path::new(&prefix.name(key)), what, "run again").into());
        };
        let uploaded = Uploaded { bytes: of.bytes, sha256: of.sha256.clone(), e_tag: found.e_tag.clone() };
        register.objects.insert(key.clone(), uploaded);
    }
    Ok(register)
}
