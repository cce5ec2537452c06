//! What must not get out: identifiers in logs and errors, files for others to read, numbers that tell of a few people.

use crate::command::{Done, Folder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn nation(lives: u32) -> (Folder, BTreeSet<String>) {
    let folder = Folder::new();
    folder.run(&format!("synth --lives {lives} --years 2023 --raw csv --out .")).expect(0);
    let mut lives = BTreeSet::new();
    for year in 2018..=2023 {
        let Ok(text) = fs::read_to_string(folder.file(&format!("raw/beneficiary_{year}.csv"))) else { continue };
        lives.extend(text.lines().skip(1).filter_map(|line| line.split('|').next()).map(str::to_owned));
    }
    (folder, lives)
}

#[track_caller]
fn tells_nobody(text: &str, lives: &BTreeSet<String>, of: &str) {
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| lives.contains(*word));
    assert_eq!(word, None, "{of}");
}

/// Breaks one row in thirteen of every raw file, each in another column.
fn broken(folder: &Folder) {
    for entry in fs::read_dir(folder.file("raw")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let rows = text.lines().enumerate().map(|(row, line)| {
            let mut cells: Vec<&str> = line.split('|').collect();
            let at = row / 13 % cells.len();
            match row % 13 {
                0 if row > 0 => cells[at] = "?!",
                5 if row > 0 => cells[at] = "",
                _ => {}
            }
            cells.join("|") + "\n"
        });
        fs::write(&path, rows.collect::<String>()).unwrap();
    }
}

#[test]
fn no_log_and_no_error_names_a_life() {
    let (folder, lives) = nation(500);
    assert!(lives.len() > 450);
    let said = |done: Done, of: &str| {
        tells_nobody(&done.stderr, &lives, &format!("{of}: {}", done.stderr));
        tells_nobody(&done.stdout, &lives, &format!("{of}: {}", done.stdout));
        done
    };
    broken(&folder);
    let mut study = folder.read("study.toml");
    study.push_str("\n[limits]\nrejected_rows = 1.0\nrejected_cents_share = 1.0\n");
    folder.write("study.toml", &study);
    for command in [
        "run study.toml",
        "check study.toml",
        "--log-format json run study.toml --shards 8",
        "check study.toml --format json",
    ] {
        let done = said(folder.run_logging_all(command), command);
        assert!(matches!(done.exit, 0 | 1), "{command}: {}", done.show());
    }
    for file in [
        "run/manifest.json",
        "run/metrics.json",
        "run/findings.csv",
        "lake/manifest.json",
        "lake/inputs.json",
        "runs.jsonl",
    ] {
        tells_nobody(&folder.read(file), &lives, file);
    }
    // Program files that name lives: one cell wrong, one row twice.
    for table in ["esrd_month", "lis_adi", "risk_score", "voluntary_alignment"] {
        let file = format!("program/{table}.csv");
        let sound = folder.read(&file);
        let Some(row) = sound.lines().nth(1).map(str::to_owned) else { continue };
        for (wrong, exits) in [(row.replacen(',', ",?!", 1), [2, 2]), (format!("{row}\n{row}"), [0, 2])] {
            folder.write(&file, &sound.replacen(&row, &wrong, 1));
            for command in ["run study.toml", "--log-format json run study.toml"] {
                let done = said(folder.run_logging_all(command), &file);
                assert!(exits.contains(&done.exit), "{file}: {}", done.show());
            }
        }
        folder.write(&file, &sound);
    }
    let known = lives.first().unwrap();
    let gone = format!("{known}9");
    let done = folder.run_logging_all(&format!("explain --bene {gone} --year 2023 study.toml")).expect(2);
    assert!(!done.stderr.contains(&gone), "{}", done.stderr);
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_its_owner_unless_the_study_says_the_group() {
    use std::os::unix::fs::PermissionsExt;
    let rights = |folder: &Path, open: u32| {
        let mut left = vec![folder.to_owned()];
        let mut met = 0;
        while let Some(path) = left.pop() {
            let about = fs::metadata(&path).unwrap();
            assert_eq!(
                about.permissions().mode() & 0o777 & !open,
                about.permissions().mode() & 0o700,
                "{}",
                path.display()
            );
            assert_eq!(about.permissions().mode() & 0o007, 0, "{}", path.display());
            met += 1;
            if about.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        met
    };
    let (folder, _) = nation(500);
    folder.run("run study.toml --public").expect(0);
    assert!(["lake", "run", "raw", "program"].iter().map(|name| rights(&folder.file(name), 0)).sum::<usize>() > 100);
    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}readable_by = \"group\"\n"));
    folder.run("run study.toml --out shared --shards 4").expect(0);
    rights(&folder.file("shared"), 0o050);
    let mode = fs::metadata(folder.file("shared/savings_losses.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

/// The rows of a CSV file of a run.
fn rows(folder: &Folder, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.file(file)).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// Whoever has the published tables works out what is hidden wherever one unknown stands in a sum.
#[test]
fn published_tables_tell_of_no_few() {
    let (folder, _) = nation(2_000);
    folder.run("run study.toml --public").expect(0);
    let public = rows(&folder, "run/public/rates/aco_year.csv");
    assert!(public.iter().any(|row| row["person_years"] == "*"), "this nation has small types");
    assert!(public.iter().any(|row| row["person_years"] != "*"), "and others");
    let key = |row: &BTreeMap<String, String>| -> Vec<String> {
        let names =
            ["performance_year", "period", "aco_id", "calendar_year", "cohort", "window", "county", "enrollment_type"];
        let of_row = ["measure", "model", "part", "item"];
        names.iter().chain(&of_row).map(|name| row.get(*name).cloned().unwrap_or_default()).collect()
    };
    for (file, columns) in [
        ("rates/aco_year.csv", &["person_years"][..]),
        ("rates/county.csv", &["person_years"]),
        ("rates/aco_county.csv", &["person_years"]),
        ("rates/aco_county_heads.csv", &["head_count"]),
        ("utilisation.csv", &["count"]),
        ("risk_detail.csv", &["lives", "person_years"]),
    ] {
        let all: BTreeMap<_, _> =
            rows(&folder, &format!("run/{file}")).into_iter().map(|row| (key(&row), row)).collect();
        let (mut shown, mut hidden) = (0, 0);
        for public in rows(&folder, &format!("run/public/{file}")) {
            let all = &all[&key(&public)];
            let value: f64 = columns.iter().find_map(|column| all[*column].parse().ok()).unwrap_or(0.0);
            if columns.iter().any(|column| public[*column] == "*") {
                hidden += 1;
                assert!(public.iter().all(|(name, text)| text == "*" || *text == all[name]), "{public:?}");
            } else {
                assert!(value == 0.0 || value >= 11.0, "{file}: {all:?}");
                assert_eq!(public, *all);
                shown += 1;
            }
        }
        assert!(shown > 0 && hidden > 0, "{file}: {shown} shown, {hidden} hidden");
    }
    // Sums that are published: in none of them is one part alone hidden.
    const TYPES: &[&str] = &["ESRD", "DIS", "AGDU", "AGND"];
    for (file, column, part, total, members) in [
        (
            "utilisation.csv",
            "count",
            "measure",
            "P_EM_Total",
            &["P_EM_PCP_Vis", "P_EM_SP_Vis", "P_Nurse_Vis", "P_FQHC_RHC_Vis"][..],
        ),
        ("utilisation.csv", "count", "measure", "ADM", &["ADM_S_Trm", "ADM_L_Trm", "ADM_Rehab", "ADM_Psych"]),
        ("utilisation.csv", "count", "enrollment_type", "", TYPES),
        ("risk_detail.csv", "person_years", "enrollment_type", "", TYPES),
        ("service_categories.csv", "per_capita", "enrollment_type", "", TYPES),
        ("service_categories.csv", "per_capita", "category", "carrier", &["physician", "ambulance"]),
    ] {
        // What identifies a sum: all keys but the one that its parts differ in.
        let of_sum = |row: &BTreeMap<String, String>| {
            let category = row.get("category").cloned().unwrap_or_default();
            let mut row = row.clone();
            row.insert(part.into(), String::new());
            [key(&row), vec![if part == "category" { String::new() } else { category }]].concat()
        };
        let public = rows(&folder, &format!("run/public/{file}"));
        let mut unknown: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for row in &public {
            if members.contains(&row[part].as_str()) && row[column] == "*" {
                *unknown.entry(of_sum(row)).or_default() += 1;
            } else if row[part] == total && row[column] != "*" {
                told.insert(of_sum(row));
            }
        }
        let alone = unknown.iter().filter(|(sum, count)| **count == 1 && told.contains(*sum)).count();
        assert_eq!(alone, 0, "{file} by {part}");
        assert!(unknown.values().any(|count| *count > 1), "{file} by {part}: some are hidden");
    }
    // A type that is hidden is hidden everywhere.
    let hidden: BTreeSet<_> = public
        .iter()
        .filter(|row| row["person_years"] == "*")
        .map(|row| (row["aco_id"].clone(), row["enrollment_type"].clone()))
        .collect();
    for row in rows(&folder, "run/public/benchmark.csv") {
        let small = hidden.contains(&(row["aco_id"].clone(), row["enrollment_type"].clone()));
        assert!(!small || row["value"] == "*" || row["value"].is_empty(), "{row:?}");
        let any = hidden.iter().any(|(aco, _)| *aco == row["aco_id"]);
        assert!(!any || row["inputs"] == "*" || row["inputs"].is_empty(), "{row:?}");
    }
    for row in rows(&folder, "run/public/savings_losses.csv") {
        let of = |kind: &str| hidden.contains(&(row["ACO_ID"].clone(), kind.to_owned()));
        for (kind, column) in
            [("ESRD", "Per_Capita_Exp_ALL_ESRD_PY"), ("DIS", "N_AB_Year_DIS_PY"), ("AGDU", "N_AB_Year_AGED_Dual_PY")]
        {
            assert!(!of(kind) || matches!(row[column].as_str(), "*" | ""), "{column}: {row:?}");
        }
        let types = ["N_AB_Year_ESRD_PY", "N_AB_Year_DIS_PY", "N_AB_Year_AGED_Dual_PY", "N_AB_Year_AGED_NonDual_PY"];
        assert_ne!(
            types.iter().filter(|column| row[**column] == "*").count(),
            1,
            "one alone is the rest of the sum: {row:?}"
        );
    }
    // The run itself is whole, and takes no notice.
    assert!(!folder.read("run/rates/aco_year.csv").contains('*'));
    assert!(folder.run("run study.toml").expect(0).stdout.contains("nothing to do"));
}
