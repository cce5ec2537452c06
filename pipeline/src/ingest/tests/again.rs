//! Raw files that come, change and go: the lake is always that of the files as they are, byte by byte.

use super::changing::World;
use super::invented::{Delivery, Table, put};
use super::*;
use crate::lake;

fn any_sequence_of_changes(seeds: std::ops::Range<u64>, steps: usize) {
    let (mut kept, mut all) = (0, 0);
    for seed in seeds {
        let mut world = World::new(seed, seed % 3 == 0);
        let mut story = vec![format!("world {seed}")];
        world.check(&story[0]);
        for _ in 0..steps {
            for _ in 0..1 + world.dice.roll(2) {
                let what = world.step();
                story.push(what);
            }
            let made = world.check(&format!("{story:#?}"));
            all += 1;
            kept += usize::from(made.reread.is_some());
        }
    }
    assert!(kept * 2 > all, "of {all} changes only {kept} left anything alone");
}

#[test]
fn after_any_sequence_of_changes_the_lake_is_that_of_the_files() {
    any_sequence_of_changes(0..6, 6);
}

/// Hours of it: `cargo test --release -- --ignored changes`.
#[test]
#[ignore = "long"]
fn after_many_sequences_of_changes_the_lake_is_that_of_the_files() {
    any_sequence_of_changes(100..140, 10);
}

fn modified(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).and_then(|about| about.modified()).expect("a time")
}

/// Spoils the content of a file without a trace in its size and time.
fn spoil(path: &Path) {
    let (time, length) = (modified(path), fs::metadata(path).expect("a file").len());
    fs::write(path, vec![b'?'; length as usize]).expect("disk");
    File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
}

#[test]
fn files_of_clean_years_are_not_opened() {
    let mut world = World::new(1, false);
    world.drop_file("carrier_2022.csv");
    assert_eq!(world.check("without a file").reread, None);
    let lines = world.away.remove("carrier_2022.csv").expect("there");
    world.files.insert("carrier_2022.csv".into(), lines);
    world.put("carrier_2022.csv");
    let kept: Vec<String> = world.files.keys().filter(|name| *name != "carrier_2022.csv").cloned().collect();
    let stands = world.lake().join("facility/year=2022/shard=001.parquet");
    let before = modified(&stands);
    kept.iter().for_each(|name| spoil(&world.raw().join(name)));
    let made = world.make();
    assert_eq!(made.reread.as_deref(), Some("1 of 24 files re-read: year 2022"));
    assert_eq!(made.rows_read, world.files["carrier_2022.csv"].rows.len() as u64);
    assert_eq!(modified(&stands), before, "the same file, not one written again");
    kept.iter().for_each(|name| world.put(name));
    world.check("the spoiled files are as they were");
}

#[test]
fn a_year_is_read_again_with_the_files_that_share_it() {
    let mut world = World::new(2, true);
    world.check("first");
    // Another amount in the lines of 2021: their claims are in the base file of that year.
    *world.files.get_mut("carrier_line_2021.csv").expect("there").cell(0, "LINE_NCH_PMT_AMT") = "77.77".into();
    world.put("carrier_line_2021.csv");
    assert_eq!(world.check("changed").reread.as_deref(), Some("2 of 45 files re-read: year 2021"));
    // A line of 2020 in a file of 2021: both years are dirty, and 2022 is not.
    let line = world.files["carrier_line_2021.csv"].at("LINE_LAST_EXPNS_DT");
    world.files.get_mut("carrier_line_2021.csv").expect("there").rows[0][line] = "20201230".into();
    world.put("carrier_line_2021.csv");
    assert_eq!(world.check("over two years").reread.as_deref(), Some("4 of 45 files re-read: years 2020, 2021"));
    // Nothing to do with rows.
    put(&world.raw(), "notes.md", b"of no interest");
    assert_eq!(world.check("a note").reread.as_deref(), Some("0 of 45 files re-read: no year"));
    assert!(lake::open(&world.plan()).expect("a lake").is_some_and(|of| of.rows_read == 0));
}

#[test]
fn what_reaches_all_years_reads_everything() {
    let mut world = World::new(3, false);
    world.check("first");
    // A claim of 2020 comes again in a file of 2022, processed later and in another year: the year 2020 loses it.
    let mut row = world.files["hha_2020.csv"].rows[0].clone();
    let table = world.files.get_mut("hha_2022.csv").expect("there");
    row[table.at("CLM_THRU_DT")] = "20221231".into();
    row[table.at("NCH_WKLY_PROC_DT")] = "20300101".into();
    table.rows.push(row);
    world.put("hha_2022.csv");
    assert_eq!(world.check("moved").reread, None);
    // From now on the two files belong together.
    *world.files.get_mut("hha_2022.csv").expect("there").cell(0, "CLM_PMT_AMT") = "1.11".into();
    world.put("hha_2022.csv");
    let all = world.check("linked").reread.expect("some of it stands");
    assert!(all.ends_with("years 2020, 2022"), "{all}");
    // Cancels among carrier claims may mean a claim of any year.
    *world.files.get_mut("carrier_2021.csv").expect("there").cell(0, "CLM_DISP_CD") = "03".into();
    world.put("carrier_2021.csv");
    let all = world.check("a cancel").reread.expect("other units stand");
    assert_eq!(all, "3 of 24 files re-read: every year");
    let shards = IngestPlan { shards: 8, ..world.plan() };
    assert_eq!(lake::make(&shards, &Quiet).expect("a lake").reread, None, "other settings, another lake");
}

#[test]
fn a_life_goes_with_its_last_row() {
    let mut world = World::new(7, false);
    let lives = world.check("first").report.lives;
    let was = std::mem::replace(world.table("hha_2021.csv").cell(0, "BENE_ID"), "00000099".into());
    world.put("hha_2021.csv");
    assert_eq!(world.check("another life").report.lives, lives + 1);
    *world.table("hha_2021.csv").cell(0, "BENE_ID") = was;
    world.put("hha_2021.csv");
    let made = world.check("a life less");
    assert_eq!((made.report.lives, made.reread.as_deref()), (lives, Some("5 of 24 files re-read: year 2021")));
}

#[test]
fn claims_of_lines_that_waited_for_them() {
    let mut world = World::new(8, true);
    let base = world.table("carrier_base_2021.csv").rows.remove(0);
    world.put("carrier_base_2021.csv");
    world.check("lines without their claim");
    // The base file of one claim says no year: only its lines do, which are in a file that was left alone.
    let header = world.files["carrier_base_2021.csv"].header.clone();
    world.files.insert("carrier_base_late.csv".into(), Table { header, rows: vec![base.clone()] });
    world.put("carrier_base_late.csv");
    assert_eq!(world.check("the claim").reread, None);

    // The same, where the lines' file is read for another year than that of the lines.
    world.drop_file("carrier_base_late.csv");
    let lines = world.table("carrier_line_2021.csv");
    let (claim, day) = (lines.at("CLM_ID"), lines.at("LINE_LAST_EXPNS_DT"));
    lines.rows.iter_mut().filter(|row| row[claim] == base[1]).for_each(|row| row[day] = "20201230".into());
    world.put("carrier_line_2021.csv");
    world.check("lines of the year before without their claim");
    let late = world.away.remove("carrier_base_late.csv").expect("there");
    world.files.insert("carrier_base_late.csv".into(), late);
    world.put("carrier_base_late.csv");
    let mut whole = Delivery::invent().table("carrier").clone();
    let thru = whole.at("CLM_THRU_DT");
    whole.rows.retain(|row| row[0].parse::<u64>().is_ok_and(|life| life % 2 == 1) && row[thru].starts_with("2021"));
    world.files.insert("carrier_2021_whole.csv".into(), whole);
    world.put("carrier_2021_whole.csv");
    assert_eq!(world.check("the claim and others").reread, None);
}

#[test]
fn a_cancel_and_its_claim_are_read_together() {
    let mut world = World::new(9, false);
    let claims = world.table("snf_2021.csv");
    let (claim, action) = (claims.at("CLM_ID"), claims.at("CLM_FREQ_CD"));
    let first = claims.rows[0].clone();
    let mut cancels: Vec<Vec<String>> = claims.rows.iter().filter(|row| row[claim] == first[claim]).cloned().collect();
    for row in &mut cancels {
        row[claim].insert(0, '9');
        row[action] = "8".into();
    }
    world.table("snf_2022.csv").rows.extend(cancels);
    world.put("snf_2022.csv");
    let made = world.check("a cancel in a file of the next year");
    assert!(made.report.total(|of| of.cancelled).rows > 1, "{:#?}", made.report.findings);
    // 2022 is dirty, 2021 is not: two of its files are read for the cancel, as there is an inpatient claim of the same days.
    *world.table("hospice_2022.csv").cell(0, "CLM_PMT_AMT") = "5.55".into();
    world.put("hospice_2022.csv");
    assert_eq!(world.check("the next year").reread.as_deref(), Some("7 of 24 files re-read: year 2022"));
}

#[test]
fn damaged_and_missing_files_of_the_lake_are_made_again() {
    let world = World::new(4, false);
    world.check("first");
    for (file, says) in [
        ("dme/year=2021/shard=002.parquet", Some("1 of 24 files re-read: year 2021")),
        ("revenue/year=2020/shard=000.parquet", Some("5 of 24 files re-read: year 2020")),
        ("bene/shard=003.parquet", None),
        ("sources.json", None),
    ] {
        fs::remove_file(world.lake().join(file)).expect("disk");
        // A raw file is touched, so that the lake is looked at whatever is missing.
        put(&world.raw(), "notes.md", file.as_bytes());
        assert_eq!(world.check(file).reread.as_deref(), says, "{file}");
        fs::write(world.lake().join(file), b"PAR1").expect("disk");
        put(&world.raw(), "notes.md", format!("{file} again").as_bytes());
        assert_eq!(world.check(file).reread.as_deref(), says, "{file}");
    }
}

#[test]
fn a_file_with_many_rows_outside_the_lake_is_always_read() {
    let mut world = World::new(5, false);
    let table = world.files.get_mut("hospice_2020.csv").expect("there");
    let (mut row, at) = (table.rows[0].clone(), table.at("CLM_PMT_AMT"));
    row[at] = "?".into();
    for claim in 0..10_001 {
        row[table.at("CLM_ID")] = format!("{}", 500_000 + claim);
        table.rows.push(row.clone());
    }
    world.put("hospice_2020.csv");
    world.check("first");
    world.drop_file("snf_2022.csv");
    let all = world.check("without a file").reread.expect("some of it stands");
    assert!(all.ends_with("of 23 files re-read: year 2022"), "{all}");
    spoil(&world.raw().join("hospice_2020.csv"));
    world.drop_file("dme_2022.csv");
    assert!(lake::make(&world.plan(), &Quiet).is_err(), "it was read");
}

/// A lake as it stands when a run died in the swap after so many steps.
fn die_in_swap(lake: &Path, new: &Path, steps: usize) {
    let (tmp, old) = (lake.join(".tmp"), lake.join(".tmp/old"));
    fs::create_dir_all(&old).expect("disk");
    fs::rename(new, tmp.join("new")).expect("disk");
    let names = [
        "manifest.json",
        "inputs.json",
        "sources.json",
        "rejects.csv",
        "bene",
        "enrollment",
        "carrier",
        "dme",
        "facility",
        "revenue",
    ];
    let out = names.iter().map(|name| (lake.join(name), old.join(name)));
    let back = names.iter().rev().map(|name| (tmp.join("new").join(name), lake.join(name)));
    let mark = std::iter::once((tmp.join("no such file"), tmp.join("moved")));
    for (from, to) in out.chain(mark).chain(back).take(steps) {
        match from.exists() {
            true => fs::rename(&from, &to).expect("disk"),
            false if to.ends_with("moved") => fs::write(&to, b"").expect("disk"),
            false => {}
        }
    }
}

#[test]
fn a_run_that_dies_at_any_step_of_the_swap_is_finished_by_the_next() {
    for steps in 0..=21 {
        let mut world = World::new(6, false);
        world.check("first");
        let before = world.place.path().join("before");
        fs::rename(world.lake(), &before).expect("disk");
        // The lake after the change, made elsewhere.
        world.drop_file("outpatient_2021.csv");
        *world.files.get_mut("dme_2021.csv").expect("there").cell(0, "LINE_NCH_PMT_AMT") = "?".into();
        world.put("dme_2021.csv");
        world.make();
        let new = world.place.path().join("new");
        fs::rename(world.lake(), &new).expect("disk");
        fs::rename(&before, world.lake()).expect("disk");
        die_in_swap(&world.lake(), &new, steps);
        let done = steps == 21;
        assert_eq!(lake::open(&world.plan()).expect("a lake").is_some(), done, "{steps} steps");
        let made = world.make();
        assert!(made.reread.is_some(), "{steps} steps: what stood before was kept");
        world.check(&format!("{steps} steps"));
        assert!(!world.lake().join(".tmp").exists());
    }
}
