use super::*;
use crate::limits::MOST_COLUMNS;
use crate::program::{Aco, OtherInitiative};
use proptest::prelude::*;
use std::io::{self, Read};

const HEADER: &str = "bene_id,calendar_year,initiative,begins_on,ends_on,decided_on\n";

fn row(initiative: &str) -> OtherInitiative {
    OtherInitiative {
        bene_id: BeneId::new("1").expect("an identifier"),
        calendar_year: CalendarYear(2023),
        initiative: Some(initiative.to_owned()),
        begins_on: None,
        ends_on: None,
        decided_on: None,
    }
}

fn written(rows: &[OtherInitiative]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_csv(rows, &mut bytes).expect("memory takes every row");
    bytes
}

#[test]
fn formulas_in_columns_of_text_are_text_and_come_back() {
    let bytes = written(&[row("=HYPERLINK(\"http://x\")"), row("-12.5")]);
    let text = String::from_utf8(bytes.clone()).expect("text");
    assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{text}");
    assert!(text.contains(",-12.5,"), "{text}");
    let read = read_csv::<OtherInitiative>(&bytes[..], "x").expect("our own");
    assert_eq!(read, [row("=HYPERLINK(\"http://x\")"), row("-12.5")]);
}

#[test]
fn negative_numbers_stay_numbers() {
    assert_eq!(Cell::Decimal(-12.5).for_csv(), "-12.5");
    assert_eq!(Cell::Integer(-3).for_csv(), "-3");
    assert_eq!(Cell::Text("-A1".into()).for_csv(), "'-A1");
}

#[test]
fn problems_do_not_steer_a_terminal() {
    let problem = Problem {
        file: "\u{1b}[2J.csv".into(),
        line: 2,
        column: "a\u{7}\n".into(),
        what: "bad\rthing".into(),
        value: Some("\u{202e}x".into()),
        hint: Some("do\u{9b}it".into()),
    };
    let shown = problem.to_string();
    assert_eq!(shown, "\\u{1b}[2J.csv, line 2, column `a\\u{7}\\n`: bad\\rthing: `\\u{202e}x`\nhint: do\\u{9b}it");
}

#[test]
fn records_and_columns_are_bounded() {
    let endless = HEADER.as_bytes().chain(io::repeat(b'x'));
    let error = read_csv::<OtherInitiative>(endless, "x.csv").expect_err("it has no end");
    assert!(error.to_string().contains("a record of more than 1048576 bytes"), "{error}");
    let error = read_csv::<OtherInitiative>(&*",".repeat(MOST_COLUMNS).into_bytes(), "x.csv").expect_err("too many");
    assert!(error.to_string().contains("4097 columns: more than the 4096 that are read"), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(text in "[-'=+@0-9a-z,\"\n\r$.é]{1,12}") {
        let text = text.trim();
        prop_assume!(!text.is_empty());
        let read = read_csv::<OtherInitiative>(&written(&[row(text)])[..], "x").expect("our own");
        prop_assert_eq!(read, [row(text)]);
    }

    #[test]
    fn any_bytes_are_a_table_or_refused(
        bytes in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), any::<u8>()], 0..200),
    ) {
        let _ = read_csv::<OtherInitiative>(&[HEADER.as_bytes(), &bytes].concat()[..], "x");
        let _ = read_csv::<Aco>(&bytes[..], "x");
    }
}
