//! Raw files by table and year that change at random, and the lake that follows them.

use super::invented::{Delivery, Table, put};
use super::*;
use crate::lake;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A source of chance; always the same.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// Raw files by name, each the rows of one table.
pub(super) type Files = BTreeMap<String, Table>;

/// The invented delivery of every second life, a file for each table and year; cancels can be said.
fn by_year(split: bool) -> Files {
    let mut files = Files::new();
    for (name, table) in Delivery::invent().0 {
        let mut table = table;
        let more: &[&str] = match name.as_str() {
            "enrollment" => &[],
            "carrier" | "dme" => &["CLM_DISP_CD", "CARR_CLM_CNTL_NUM"],
            _ => &["CLM_FREQ_CD", "FI_DOC_CLM_CNTL_NUM"],
        };
        table.header.extend(more.iter().map(|column| (*column).to_owned()));
        table.rows.iter_mut().for_each(|row| row.extend(more.iter().map(|_| String::new())));
        table.rows.retain(|row| row[0].parse::<u64>().expect("a number") % 2 == 0);
        for year in 2020..=2022 {
            let of_year = year.to_string();
            let at = table.at(if name == "enrollment" { "BENE_ENROLLMT_REF_YR" } else { "CLM_THRU_DT" });
            let rows = table.rows.iter().filter(|row| row[at].starts_with(&of_year)).cloned().collect();
            let of_year = Table { header: table.header.clone(), rows };
            if split && name != "enrollment" {
                let (base, lines) = of_year.split();
                files.insert(format!("{name}_base_{year}.csv"), base);
                files.insert(format!("{name}_line_{year}.csv"), lines);
            } else {
                files.insert(format!("{name}_{year}.csv"), of_year);
            }
        }
    }
    files
}

/// A folder of raw files, the lake that follows them, and one that is made anew.
pub(super) struct World {
    pub(super) place: tempfile::TempDir,
    pub(super) files: Files,
    pub(super) away: Files,
    pub(super) dice: Dice,
}

impl World {
    pub(super) fn new(seed: u64, split: bool) -> World {
        let place = tempfile::tempdir().expect("disk");
        let world = World { place, files: by_year(split), away: Files::new(), dice: Dice(seed) };
        world.files.keys().for_each(|name| world.put(name));
        world
    }
    pub(super) fn raw(&self) -> PathBuf {
        self.place.path().join("raw")
    }
    pub(super) fn lake(&self) -> PathBuf {
        self.place.path().join("lake")
    }
    pub(super) fn plan(&self) -> IngestPlan {
        plan(&self.raw(), &self.lake())
    }
    pub(super) fn put(&self, name: &str) {
        put(&self.raw(), name, self.files[name].text("|", "\n").as_bytes());
    }
    pub(super) fn table(&mut self, name: &str) -> &mut Table {
        self.files.get_mut(name).expect("there")
    }
    pub(super) fn make(&self) -> lake::Lake {
        lake::make(&self.plan(), &Quiet).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// The lake, which must be that of the files as they are now.
    pub(super) fn check(&self, what: &str) -> lake::Lake {
        let made = self.make();
        let anew = self.place.path().join("anew");
        let _ = fs::remove_dir_all(&anew);
        lake::make(&plan(&self.raw(), &anew), &Quiet).unwrap_or_else(|problems| panic!("{what}: {problems}"));
        same(&self.lake(), &anew, what);
        made
    }

    pub(super) fn drop_file(&mut self, name: &str) {
        fs::remove_file(self.raw().join(name)).expect("disk");
        let file = self.files.remove(name).expect("there");
        self.away.insert(name.to_owned(), file);
    }

    /// Changes one file at random; what was done.
    pub(super) fn step(&mut self) -> String {
        let names: Vec<String> = self.files.keys().cloned().collect();
        let name = self.dice.one(&names).clone();
        let kind = self.dice.roll(12);
        match kind {
            0 | 1 => {
                let Some(back) = self.away.keys().next().cloned() else { return "nothing".into() };
                let file = self.away.remove(&back).expect("there");
                self.files.insert(back.clone(), file);
                self.put(&back);
                return format!("{back} is back");
            }
            2 | 3 => {
                let stem = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic() || "csv".contains(c));
                if self.files.keys().filter(|of| of.starts_with(stem)).count() < 2 {
                    return "nothing".into();
                }
                self.drop_file(&name);
                return format!("{name} goes");
            }
            4 => {
                let other = format!("{}_more.csv", name.trim_end_matches(".csv"));
                let mut part = self.files[&name].clone();
                let half = part.rows.len() / 2;
                part.rows.truncate(half);
                self.files.get_mut(&name).expect("there").rows.drain(..half);
                self.put(&name);
                self.files.insert(other.clone(), part);
                self.put(&other);
                return format!("{name} in two files");
            }
            5 => {
                let other = self.dice.one(&names).clone();
                let mut rows = self.some_rows(&name);
                if let (Some(action), true) = (self.files[&name].find("CLM_FREQ_CD"), self.dice.roll(2) == 0) {
                    // The same claims again, as cancels with numbers of their own.
                    let claim = self.files[&name].at("CLM_ID");
                    rows.iter_mut().for_each(|row| row[claim].insert(0, '9'));
                    rows.iter_mut().for_each(|row| row[action] = "8".into());
                }
                if self.files[&other].header != self.files[&name].header {
                    return "nothing".into();
                }
                self.files.get_mut(&other).expect("there").rows.extend(rows);
                self.put(&other);
                return format!("rows of {name} also in {other}");
            }
            _ => {}
        }
        let what = self.change_cells(&name, kind);
        self.put(&name);
        format!("{name}: {what}")
    }

    fn some_rows(&mut self, name: &str) -> Vec<Vec<String>> {
        let rows = &self.files[name].rows;
        match rows.len() {
            0 => Vec::new(),
            length => rows[self.dice.roll(length)..].iter().take(3).cloned().collect(),
        }
    }

    fn change_cells(&mut self, name: &str, kind: usize) -> &'static str {
        let table = self.files.get_mut(name).expect("there");
        if table.rows.is_empty() {
            return "empty";
        }
        let row = self.dice.roll(table.rows.len());
        let mut set = |columns: &[&str], value: &str| {
            let at = columns.iter().find_map(|column| table.header.iter().position(|name| name == column));
            at.into_iter().for_each(|at| table.rows[row][at] = value.to_owned());
        };
        match kind {
            6 => {
                set(&["LINE_NCH_PMT_AMT", "CLM_PMT_AMT", "HMO_IND_05"], "12.34");
                "another amount"
            }
            7 => {
                let year = ["20191231", "20210615", "20230105"][self.dice.roll(3)];
                set(&["LINE_LAST_EXPNS_DT", "CLM_THRU_DT"], year);
                "another year"
            }
            8 => {
                set(&["LINE_ALOWD_CHRG_AMT", "REV_CNTR_PMT_AMT_AMT", "CLM_PMT_AMT", "BENE_ENROLLMT_REF_YR"], "12,3O");
                "a bad cell"
            }
            9 => {
                set(&["BENE_ID"], ["00000099", "", "00015838"][self.dice.roll(3)]);
                "another life"
            }
            10 if self.dice.roll(3) == 0 => {
                set(&["CLM_DISP_CD", "CLM_FREQ_CD"], ["03", "8"][usize::from(!name.starts_with("carrier"))]);
                set(&["CARR_CLM_CNTL_NUM"], "C1");
                "a cancel"
            }
            10 => {
                set(&["NCH_WKLY_PROC_DT"], "20300101");
                "processed late"
            }
            _ => {
                let life = table.at("BENE_ID");
                let new = table.rows.iter().position(|row| row[life] == "00000099");
                table.rows.remove(new.unwrap_or(row));
                "a row less"
            }
        }
    }
}

/// Everything but the time stamps is the same.
fn same(one: &Path, other: &Path, what: &str) {
    let of = |lake: &Path| {
        let mut files = bytes_of(lake);
        files.retain(|(name, _)| name != "inputs.json");
        files
    };
    let (one, other) = (of(one), of(other));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other), "{what}");
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if name.ends_with("json") || name.ends_with("csv") {
            assert_eq!(text(one), text(other), "{what}: {name}");
        }
        assert!(one == other, "{what}: {name} differs");
    }
}
