//! A run goes up whole, or the earlier one stays.

use super::super::publish::{Sizes, local, upload};
use super::super::upload::REGISTER;
use super::{Bucket, bucket, lines, wait};
use crate::trouble::Outcome;
use std::fs;
use tempfile::TempDir;

const SIZES: Sizes = Sizes { part: 8, parts: 100, copy: 100 };

fn run(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn first() -> TempDir {
    run(&[
        ("a.csv", "1"),
        ("shards/0", "zero"),
        ("shards/1", "one"),
        ("long", "longer than eight"),
        ("manifest.json", "M1"),
    ])
}

fn second() -> TempDir {
    run(&[
        ("a.csv", "2"),
        ("shards/0", "zero"),
        ("shards/2", "two"),
        ("long", "longer than eight"),
        ("manifest.json", "M2"),
    ])
}

const FIRST: [&str; 5] = ["a.csv=1", "long=longer than eight", "manifest.json=M1", "shards/0=zero", "shards/1=one"];
const SECOND: [&str; 5] = ["a.csv=2", "long=longer than eight", "manifest.json=M2", "shards/0=zero", "shards/2=two"];

fn publish(bucket: &Bucket, run: &TempDir) -> Outcome<()> {
    let local = local(run.path())?;
    wait(upload(&bucket.prefix, &local, SIZES))
}

fn content(bucket: &Bucket) -> Vec<String> {
    lines(&bucket.content())
}

#[test]
fn the_manifest_comes_last_and_what_is_there_stays() {
    let bucket = bucket("out");
    publish(&bucket, &first()).unwrap();
    assert_eq!(content(&bucket), FIRST);
    let log = bucket.store.log();
    let at = |line: &str| log.iter().position(|of| of == line).unwrap();
    assert!(at("parts out/long") < at("put out/manifest.json") && at("put out/a.csv") < at("put out/manifest.json"));

    publish(&bucket, &first()).unwrap();
    let asked = bucket.store.log();
    assert_eq!(asked, [format!("get out/{REGISTER}")], "an equal run writes nothing");

    bucket.put("notes.txt", "mine");
    publish(&bucket, &second()).unwrap();
    let mut expected = SECOND.to_vec();
    expected.insert(3, "notes.txt=mine");
    assert_eq!(content(&bucket), expected, "what the second run does not have is gone, what is not ours stays");
    let puts: Vec<String> = bucket.store.log().into_iter().filter(|line| line.starts_with("put ")).collect();
    let register = format!("put out/{REGISTER}");
    let expected = ["put out/.acoledger-new/a.csv", "put out/.acoledger-new/shards/2", "put out/manifest.json"];
    assert_eq!(puts, [&[register.as_str()], &expected[..], &[register.as_str()]].concat());
}

#[test]
fn an_upload_that_breaks_off_leaves_the_earlier_run_whole() {
    let bucket = bucket("out");
    publish(&bucket, &first()).unwrap();
    bucket.store.fail(Some("put out/.acoledger-new/shards"));
    let error = publish(&bucket, &second()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/out/.acoledger-new/shards/2: cannot be written"), "{error}");
    let stands = |content: Vec<String>| -> Vec<String> {
        content.into_iter().filter(|line| !line.starts_with(".acoledger-new/")).collect()
    };
    assert_eq!(stands(content(&bucket)), FIRST);
    bucket.store.fail(None);
    publish(&bucket, &second()).unwrap();
    assert_eq!(content(&bucket), SECOND, "nothing of the first attempt is left");
}

#[test]
fn a_switch_that_breaks_off_leaves_no_manifest() {
    for step in ["copy out/", "delete out/shards/1", "put out/manifest.json"] {
        let bucket = bucket("out");
        publish(&bucket, &first()).unwrap();
        bucket.store.fail(Some(step));
        publish(&bucket, &second()).unwrap_err();
        assert!(!content(&bucket).iter().any(|line| line.starts_with("manifest.json")), "{step}");
        bucket.store.fail(None);
        publish(&bucket, &second()).unwrap();
        assert_eq!(content(&bucket), SECOND, "{step}");
    }
}

#[test]
fn a_first_upload_that_breaks_off_is_made_good() {
    let bucket = bucket("");
    bucket.store.fail(Some("parts long"));
    let error = publish(&bucket, &first()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/long: cannot be written"), "{error}");
    assert!(!bucket.content().contains_key("manifest.json"));
    bucket.store.fail(None);
    // Another run meanwhile: what the first attempt left of its own is known as ours.
    publish(&bucket, &second()).unwrap();
    assert_eq!(content(&bucket), SECOND);
}

#[test]
fn an_object_too_long_to_copy_goes_up_in_the_switch() {
    let bucket = bucket("out");
    publish(&bucket, &first()).unwrap();
    let long = "x".repeat(101);
    let third = run(&[("long", &long), ("manifest.json", "M3")]);
    publish(&bucket, &third).unwrap();
    assert_eq!(content(&bucket), [format!("long={long}"), "manifest.json=M3".into()]);
}

#[test]
fn a_prefix_of_something_else_is_left_alone() {
    let bucket = bucket("out");
    bucket.put("thesis.tex", "mine");
    let error = publish(&bucket, &first()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/out: holds something else than a run"), "{error}");
    assert_eq!(content(&bucket), ["thesis.tex=mine"]);
}

#[test]
fn an_object_that_another_wrote_over_goes_up_again() {
    let bucket = bucket("out");
    publish(&bucket, &first()).unwrap();
    bucket.put("a.csv", "9");
    publish(&bucket, &first()).unwrap();
    assert_eq!(content(&bucket), FIRST);
}
