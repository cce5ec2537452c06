use super::*;
use crate::tables::{read_table, write_both};
use acoledger_schemas::keys::bene_key;
use acoledger_schemas::values::BeneId;
use std::fmt::Write;
use std::fs;

/// Scores of lives in no order: `rows` for `lives` lives, a month each, long enough for many blocks.
fn scores(rows: u32, lives: u32) -> String {
    let mut text = "bene_id,calendar_year,month,score_year,enrollment_type,hcc_score,demographic_score\n".to_owned();
    for row in 0..rows {
        let (life, month) = (row % lives * 7919 % lives, row / lives);
        let (year, month) = (2013 + month / 12, month % 12 + 1);
        writeln!(text, "{life},{year},{month},{year},AGND,1.{:03},", row % 1000).expect("memory");
    }
    text
}

fn read(folder: &Path, memory: u64) -> Result<Lives, Problems> {
    let (lives, mut wrong) = Lives::read(folder, Lives::TABLES, memory, &folder.join("no/such/folder"));
    match wrong.pop_first() {
        None => Ok(lives),
        Some((_, problems)) => Err(problems),
    }
}

/// Bytes of memory with room for every row, and for none.
const BOUNDS: [u64; 2] = [1 << 32, 1];

#[test]
fn rows_come_back_by_life_from_memory_and_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("risk_score.csv"), scores(240_000, 2000)).expect("disk");
    let mut expected = read_table::<RiskScore>(folder.path()).expect("sound").expect("there");
    // A stable order: rows of a life stay as they are in the file.
    expected.sort_by_key(|row| bene_key(row.bene_id.as_str()));
    for memory in BOUNDS {
        let lives = read(folder.path(), memory).expect("sound");
        let shelf = lives.risk_score.as_ref().expect("there");
        assert_eq!((shelf.is_on_disk(), shelf.rows), (memory == 1, 240_000));
        for shards in [1, 8, MOST_SHARDS] {
            let shard = |shard| shelf.values::<RiskScore>(ranges(shard, shards)).expect("disk");
            let rows: Vec<RiskScore> = (0..shards).flat_map(shard).collect();
            assert!(rows == expected, "{shards} shards, {memory} bytes");
        }
        let one = lives.of_life(bene_key("7"), "7").expect("disk");
        let own: Vec<RiskScore> = expected.iter().filter(|row| row.bene_id.as_str() == "7").cloned().collect();
        assert_eq!(one.risk_score, Some(own));
        assert_eq!(one.lis_adi, None);
        let names: Vec<_> = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("disk")).collect();
        assert_eq!(names.len(), 1, "what waits has no name: {names:?}");
    }
}

#[test]
fn problems_are_those_of_a_table_that_is_read_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("risk_score.csv");
    let text = scores(240_000, 2000);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    let with = |changes: &[(usize, &str)]| {
        let mut lines = lines.clone();
        for (at, line) in changes {
            lines[*at] = line;
        }
        lines.join("\n") + "\n"
    };
    // The first row again in another block, and once more; keys of other spelling, which are others.
    let other_spelling = lines[1].replacen(",1,", ",01,", 1);
    let again = with(&[(100_000, lines[1]), (last, lines[1])]);
    let bad =
        with(&[(2, "x"), (50_000, "1,2023,13,2023,AGND,1,"), (90_000, lines[1]), (last, "1,2023,1,2023,AGND,one,")]);
    let many = text.clone() + &lines[1..200_000].join("\n");
    let torn = with(&[(70, lines[1]), (200_000, "1,2023")]);
    let cases = [
        (again, 2),
        (with(&[(last, other_spelling.as_str())]), 0),
        (bad.replacen("\nx\n", "\n,2023,1,2023,AGND,1,\n", 1), 3),
        (many, 199_999),
        (torn, 2),
    ];
    for (text, count) in cases {
        fs::write(&path, &text).expect("disk");
        let whole = read_table::<RiskScore>(folder.path()).map(drop);
        assert_eq!(whole.as_ref().map_or_else(|problems| problems.count, |()| 0), count);
        for memory in BOUNDS {
            assert_eq!(read(folder.path(), memory).map(drop), whole, "{memory} bytes");
        }
    }
}

#[test]
fn parquet_is_read_like_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |at: u32| RiskStatus {
        bene_id: BeneId::new(&(at % 50_000).to_string()).expect("an identifier"),
        calendar_year: acoledger_schemas::values::CalendarYear(2020 + (at / 50_000) as i32),
        lti_months: Some(acoledger_schemas::values::MonthsMask(at as u16 % 4096)),
        transplanted_on: None,
    };
    let mut rows: Vec<RiskStatus> = (0..100_000).map(row).collect();
    rows.push(row(5));
    write_both(folder.path(), &rows).expect("disk");
    fs::remove_file(folder.path().join("risk_status.csv")).expect("disk");
    for memory in BOUNDS {
        let error = read(folder.path(), memory).expect_err("a row twice");
        assert_eq!(Err(error), read_table::<RiskStatus>(folder.path()));
    }
    rows.pop();
    write_both(folder.path(), &rows).expect("disk");
    fs::remove_file(folder.path().join("risk_status.csv")).expect("disk");
    for memory in BOUNDS {
        let lives = read(folder.path(), memory).expect("sound");
        let shelf = lives.risk_status.expect("there");
        let mut numbered = shelf.numbered::<RiskStatus>(0..RANGES).expect("disk");
        numbered.sort_by_key(|(number, _)| *number);
        assert!(numbered.iter().map(|(number, _)| *number).eq(1..=100_000));
        assert!(numbered.into_iter().map(|(_, row)| row).eq(rows.iter().cloned()));
    }
}

#[test]
fn pieces_reach_over_all_keys() {
    assert_eq!((last_key(RANGES), last_key(RANGES / 2)), (u64::MAX, u64::MAX / 2));
    assert_eq!((step(0), step(40_000), step(u64::MAX)), (RANGES, RANGES, 1));
    assert_eq!(ranges(3, 4), RANGES / 4 * 3..RANGES);
}
