//! Bytes thrown at every parser: seeds as they are, what once went wrong, changes of seeds; and, with `make fuzz`, as many as fit
//! the time. A panic fails, so does a file written outside the door's folder; memory is bounded from outside (`scripts/fuzz.sh`).

mod corpus;
mod mutate;

use acoledger::doors::{Doors, NAMES};
use mutate::{Change, Dice};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The files of a door below a folder, by name.
fn files(folder: &str, door: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder).join(door)).into_iter().flatten() {
        let path = entry.unwrap().path();
        found.push((path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()));
    }
    found.sort();
    found
}

/// A folder that nothing is written to the disk for, where the system has one.
fn scratch() -> tempfile::TempDir {
    if let Some(told) = std::env::var_os("ACOLEDGER_FUZZ_SCRATCH") {
        return tempfile::tempdir_in(told).unwrap();
    }
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Doors behind which stands what a case may not touch.
struct House {
    scratch: tempfile::TempDir,
    doors: Doors,
    before: Vec<(PathBuf, u64)>,
}

impl House {
    fn new() -> House {
        let scratch = scratch();
        let doors = Doors::prepare(scratch.path(), &root().join("corpus")).unwrap_or_else(|error| panic!("{error}"));
        let before = outside(scratch.path());
        House { scratch, doors, before }
    }

    /// Throws bytes; whether they were taken. Fails on a panic and on files outside the case's folder.
    fn knock(&self, door: &str, bytes: &[u8]) -> bool {
        let answer = self.doors.knock(door, bytes);
        if let Err(problems) = &answer {
            let said = problems.to_string();
            let steers = said.chars().find(|c| c.is_control() && *c != '\n');
            assert!(steers.is_none(), "an error that steers the terminal: {said:?}");
        }
        answer.is_ok()
    }

    fn nothing_outside(&self) {
        assert_eq!(outside(self.scratch.path()), self.before, "files outside the folder of the case");
    }
}

/// Files and sizes of everything but the case.
fn outside(scratch: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut open) = (Vec::new(), vec![scratch.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path == scratch.join("case") => {}
                true => open.push(path),
                false => found.push((path.clone(), path.metadata().unwrap().len())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_seed_is_taken_and_what_once_went_wrong_stays_right() {
    let house = House::new();
    for door in NAMES {
        let seeds = files("corpus", door);
        assert!(!seeds.is_empty(), "no seeds for `{door}`: make fuzz-corpus");
        for (name, bytes) in seeds {
            assert!(bytes.len() < 1 << 16, "{door}/{name} is no small file");
            house.doors.knock(door, &bytes).unwrap_or_else(|error| panic!("{door}/{name}: {error}"));
        }
        for (name, bytes) in files("regressions", door) {
            let done = catch_unwind(AssertUnwindSafe(|| house.knock(door, &bytes)));
            assert!(done.is_ok(), "regressions/{door}/{name} panics");
        }
    }
    house.nothing_outside();
}

fn change() -> impl Strategy<Value = Change> {
    any::<u64>().prop_map(|seed| Dice(seed).change())
}

/// Cases of each door: few as a rule, more with `ACOLEDGER_FUZZ_CASES`.
fn cases(few: u32) -> u32 {
    std::env::var("ACOLEDGER_FUZZ_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

macro_rules! properties {
    ($($name:ident: $few:literal),+ $(,)?) => {$(
        #[test]
        fn $name() {
            let door = stringify!($name);
            let house = House::new();
            let seeds: Vec<Vec<u8>> = files("corpus", door).into_iter().map(|(_, bytes)| bytes).collect();
            let changed = (0..seeds.len(), prop::collection::vec(change(), 1..12)).prop_map(|(seed, changes)| {
                let mut bytes = seeds[seed].clone();
                changes.iter().for_each(|change| change.apply(&mut bytes));
                bytes
            });
            let any = prop::collection::vec(any::<u8>(), 0..2048);
            let config = ProptestConfig { cases: cases($few), failure_persistence: None, ..ProptestConfig::default() };
            proptest!(config, |(bytes in prop_oneof![9 => changed, 1 => any])| { house.knock(door, &bytes); });
            house.nothing_outside();
        }
    )+};
}

properties! {
    delimited: 16,
    packed: 16,
    raw_parquet: 16,
    cclf: 16,
    zip: 16,
    months: 16,
    list: 16,
    study: 64,
    rules: 64,
    reform: 64,
    results: 64,
    county: 64,
    program: 32,
    rates: 32,
    tables_parquet: 32,
    lake: 8,
    score: 64,
    score_parquet: 32,
    diagnosis_map: 64,
    manifest: 64,
}

/// A case that takes so long hangs.
const LONGEST_CASE: Duration = Duration::from_secs(20);

/// What the watch looks at: the case at hand, since when.
static AT_HAND: Mutex<Option<(Instant, PathBuf)>> = Mutex::new(None);

/// Runs for `ACOLEDGER_FUZZ_SECONDS` on the door `ACOLEDGER_FUZZ_DOOR`. The case at hand is a file
/// while it runs, which the script keeps when the case hangs or ends the process.
#[test]
#[ignore = "takes as long as it is told to: make fuzz SECONDS=60"]
fn for_so_many_seconds() {
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let seconds: f64 = told("ACOLEDGER_FUZZ_SECONDS").parse().unwrap_or(3.0);
    let door = NAMES.into_iter().find(|name| *name == told("ACOLEDGER_FUZZ_DOOR")).expect("ACOLEDGER_FUZZ_DOOR");
    let mut dice = Dice(told("ACOLEDGER_FUZZ_SEED").parse().unwrap_or(1));
    let house = House::new();
    let seeds: Vec<Vec<u8>> =
        files("corpus", door).into_iter().chain(files("regressions", door)).map(|(_, bytes)| bytes).collect();
    let crashes = root().join("crashes").join(door);
    fs::create_dir_all(&crashes).unwrap();
    let at_hand = match std::env::var_os("ACOLEDGER_FUZZ_SCRATCH") {
        Some(told) => PathBuf::from(told).join("at-hand"),
        None => crashes.join("at-hand"),
    };
    std::thread::spawn(watch);
    std::panic::set_hook(Box::new(|_| {}));
    let (started, mut taken, mut cases) = (Instant::now(), 0u64, 0u64);
    let mut failures: BTreeMap<String, String> = BTreeMap::new();
    while started.elapsed().as_secs_f64() < seconds {
        let bytes = dice.bytes(&seeds);
        fs::write(&at_hand, &bytes).unwrap();
        *AT_HAND.lock().unwrap() = Some((Instant::now(), at_hand.clone()));
        let done = catch_unwind(AssertUnwindSafe(|| {
            let taken = house.knock(door, &bytes);
            if cases.is_multiple_of(64) {
                house.nothing_outside();
            }
            taken
        }));
        *AT_HAND.lock().unwrap() = None;
        cases += 1;
        match done {
            Ok(was_taken) => taken += u64::from(was_taken),
            Err(panic) => {
                let said = panic.downcast_ref::<String>().cloned();
                let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                let name = format!("{cases:08}");
                // One case of each kind is enough.
                let kind: String = said.unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).take(60).collect();
                if let Entry::Vacant(first) = failures.entry(kind) {
                    fs::write(crashes.join(&name), &bytes).unwrap();
                    first.insert(name);
                }
            }
        }
    }
    let _ = fs::remove_file(&at_hand);
    let rate = cases as f64 / started.elapsed().as_secs_f64();
    println!("\n{door:<16} {cases:>9} cases {rate:>9.0}/s {taken:>9} taken {:>3} failures", failures.len());
    for (said, name) in &failures {
        println!("    crashes/{door}/{name}: {said}");
    }
    let _ = std::panic::take_hook();
    assert!(failures.is_empty(), "{} kinds of failures", failures.len());
}

/// Ends the process when a case hangs; its bytes stay where they are.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        if let Some((since, file)) = &*AT_HAND.lock().unwrap()
            && since.elapsed() > LONGEST_CASE
        {
            eprintln!("{} takes more than {} seconds", file.display(), LONGEST_CASE.as_secs());
            std::process::exit(3);
        }
    }
}
