//! What is fetched, what stays, what goes.

use super::super::inputs::Wanted;
use super::super::{MirrorPlace, fetch};
use super::{Bucket, bucket, lines, wait};
use crate::files::files_below;
use crate::manifest::FetchMetrics;
use crate::trouble::Outcome;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

struct Mirror {
    _folder: TempDir,
    place: MirrorPlace,
}

fn mirror() -> Mirror {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".remote/0123456789abcdef");
    Mirror { _folder: folder, place: MirrorPlace { home, label: "raw".into() } }
}

impl Mirror {
    fn refresh(&self, bucket: &Bucket) -> Outcome<FetchMetrics> {
        wait(fetch::refresh(&bucket.prefix, &Wanted { all: true, ..Wanted::default() }, &self.place))
    }

    /// Objects taken, fetched, removed.
    fn counts(&self, bucket: &Bucket) -> [u64; 3] {
        let metrics = self.refresh(bucket).unwrap();
        [metrics.objects, metrics.fetched, metrics.removed]
    }

    fn content(&self) -> Vec<String> {
        let root = self.place.files();
        let file = |path: std::path::PathBuf| {
            let key = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            (key, fs::read_to_string(&path).unwrap())
        };
        lines(&files_below(&root).unwrap().into_iter().map(file).collect::<BTreeMap<_, _>>())
    }
}

fn three_files() -> Bucket {
    let bucket = bucket("nation/raw");
    bucket.put("a.csv", "1");
    bucket.put("2019/b.csv", "22");
    bucket.put("2019/c.csv", "333");
    bucket
}

#[test]
fn a_mirror_follows_its_store() {
    let (bucket, mirror) = (three_files(), mirror());
    bucket.put(".hidden", "x");
    bucket.put("empty.csv", "");
    assert_eq!(mirror.counts(&bucket), [4, 4, 0]);
    assert_eq!(mirror.content(), ["2019/b.csv=22", "2019/c.csv=333", "a.csv=1", "empty.csv="]);
    bucket.store.log();

    assert_eq!(mirror.counts(&bucket), [4, 0, 0]);
    assert_eq!(bucket.store.log(), Vec::<String>::new(), "nothing is asked but the list");

    bucket.put("2019/b.csv", "23");
    bucket.delete("a.csv");
    bucket.delete("2019/c.csv");
    bucket.put("a.csv/d.csv", "4");
    assert_eq!(mirror.counts(&bucket), [3, 2, 2]);
    assert_eq!(mirror.content(), ["2019/b.csv=23", "a.csv/d.csv=4", "empty.csv="]);

    fs::write(mirror.place.files().join("2019/b.csv"), "99").unwrap();
    fs::write(mirror.place.files().join("stray.csv"), "9").unwrap();
    assert_eq!(mirror.counts(&bucket), [3, 1, 1]);
    assert_eq!(mirror.content(), ["2019/b.csv=23", "a.csv/d.csv=4", "empty.csv="]);
    assert!(!mirror.place.incoming().exists());
}

#[cfg(unix)]
#[test]
fn a_mirror_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let mirror = mirror();
    mirror.refresh(&three_files()).unwrap();
    assert_eq!(fs::metadata(&mirror.place.home).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_fetch_that_breaks_off_leaves_the_mirror_and_goes_on_later() {
    let (bucket, mirror) = (three_files(), mirror());
    mirror.refresh(&bucket).unwrap();
    let before = mirror.content();
    bucket.put("a.csv", "one");
    bucket.put("2019/c.csv", "three");
    bucket.store.cut(Some("a.csv"));
    let error = mirror.refresh(&bucket).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/nation/raw/a.csv: 0 bytes came of 3"), "{error}");
    assert_eq!(mirror.content(), before);

    bucket.store.cut(None);
    bucket.store.fail(Some("get nation/raw/a.csv"));
    let error = mirror.refresh(&bucket).unwrap_err().to_string();
    assert!(error.contains("raw/a.csv: cannot be fetched: no more: get nation"), "{error}");
    assert_eq!(mirror.content(), before);

    bucket.store.fail(None);
    bucket.store.log();
    mirror.refresh(&bucket).unwrap();
    assert_eq!(bucket.store.log(), ["get nation/raw/a.csv"], "c.csv had arrived");
    assert_eq!(mirror.content(), ["2019/b.csv=22", "2019/c.csv=three", "a.csv=one"]);
}

#[test]
fn nothing_to_fetch_is_an_error_that_says_where() {
    let (bucket, mirror) = (three_files(), mirror());
    let wanted = Wanted { globs: ["carrier*.csv".to_owned()].into(), ..Wanted::default() };
    let error = wait(fetch::refresh(&bucket.prefix, &wanted, &mirror.place)).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/nation/raw: no objects here that match carrier*.csv"), "{error}");
    let wanted = Wanted { globs: ["*/b.csv".to_owned()].into(), ..Wanted::default() };
    wait(fetch::refresh(&bucket.prefix, &wanted, &mirror.place)).unwrap();
    assert_eq!(mirror.content(), ["2019/b.csv=22"]);
}

#[test]
fn a_bucket_is_a_prefix_too() {
    let (bucket, mirror) = (bucket(""), mirror());
    bucket.put("a/b.csv", "1");
    assert_eq!(mirror.counts(&bucket), [1, 1, 0]);
    assert_eq!(mirror.content(), ["a/b.csv=1"]);
}
