use super::*;
use proptest::prelude::*;

fn text(text: &str) -> Field<'_> {
    Field::Text(text.as_bytes())
}
fn used(uses: &Uses) -> Vec<(&'static str, u64)> {
    uses.counts().map(|(used, count)| (used.name(), count)).collect()
}
fn iso(day: i32) -> String {
    Date(day).to_string()
}

#[test]
fn dates_of_every_dialect() {
    for (found, is, by) in [
        ("17-Jan-1942", "1942-01-17", "date_dd_mon_yyyy"),
        ("17-SEP-2020", "2020-09-17", "date_dd_mon_yyyy"),
        ("31JAN2024", "2024-01-31", "date_ddmonyyyy"),
        ("20240229", "2024-02-29", "date_yyyymmdd"),
        (" 2024-01-31 ", "2024-01-31", "date_iso"),
        ("2024-01-31 00:00:00", "2024-01-31", "date_iso"),
        ("2024-01-31T00:00:00.000Z", "2024-01-31", "date_iso"),
    ] {
        let mut uses = Uses::default();
        assert_eq!(date(text(found), false, &mut uses).expect(found).map(iso).as_deref(), Some(is));
        assert_eq!(used(&uses), [(by, 1)], "{found}");
    }
    let mut uses = Uses::default();
    assert_eq!(date(Field::Integer(20240131), false, &mut uses).map(|day| day.map(iso)), Ok(Some("2024-01-31".into())));
    assert_eq!(date(Field::Day(0), false, &mut uses), Ok(Some(0)));
    assert_eq!(date(Field::Float(f64::NAN), false, &mut uses), Ok(None));
    assert_eq!(date(text(" "), false, &mut uses), Ok(None));
    assert_eq!(date(text("."), false, &mut uses), Ok(None));
}

#[test]
fn sas_day_numbers_only_where_declared() {
    let mut uses = Uses::default();
    for field in [text("23406"), Field::Integer(23406), Field::Float(23406.0)] {
        assert_eq!(date(field, true, &mut uses).expect("declared").map(iso).as_deref(), Some("2024-01-31"));
        assert_eq!(date(field, false, &mut uses), Err("not a date"));
    }
    assert_eq!(used(&uses), [("date_sas_day_number", 3)]);
    assert_eq!(date(text("20240131"), true, &mut uses).map(|day| day.map(iso)), Ok(Some("2024-01-31".into())));
}

#[test]
fn what_is_no_date() {
    for bad in [
        "31-Feb-2020",
        "17-Jax-1942",
        "2023-02-29",
        "20231301",
        "00000000",
        "1/31/2024",
        "2024-01-31 07:00:00",
        "31JAN24",
        "0017-01-01",
        "17-Jan-19é",
    ] {
        assert_eq!(date(text(bad), false, &mut Uses::default()), Err("not a date"), "{bad}");
    }
}

#[test]
fn amounts_are_exact() {
    for (found, cents, by) in [
        ("12", 1200, vec![("amount_text", 1)]),
        ("-3.5", -350, vec![("amount_text", 1)]),
        (" 1234.56 ", 123456, vec![("amount_text", 1)]),
        (".07", 7, vec![("amount_text", 1)]),
        ("+1.00", 100, vec![("amount_text", 1)]),
        ("73.950000000001", 7395, vec![("amount_text", 1)]),
        ("1.005", 101, vec![("amount_text", 1), ("amount_rounded_to_cent", 1)]),
        ("1.5e3", 150000, vec![("amount_float", 1)]),
    ] {
        let mut uses = Uses::default();
        assert_eq!(amount(text(found), &mut uses), Ok(Some(cents)), "{found}");
        assert_eq!(used(&uses), by, "{found}");
    }
    let mut uses = Uses::default();
    assert_eq!(amount(Field::Float(73.95), &mut uses), Ok(Some(7395)));
    assert_eq!(amount(Field::Float(f64::from(73.95f32)), &mut uses), Ok(Some(7395)));
    assert_eq!(amount(Field::Decimal { unscaled: -7395, scale: 2 }, &mut uses), Ok(Some(-7395)));
    assert_eq!(amount(Field::Decimal { unscaled: 73951, scale: 3 }, &mut uses), Ok(Some(7395)));
    assert_eq!(amount(Field::Integer(7), &mut uses), Ok(Some(700)));
    let expected = [("amount_float", 2), ("amount_native", 3), ("amount_rounded_to_cent", 2)];
    assert_eq!(used(&uses), expected);
    for blank in ["", "  ", "."] {
        assert_eq!(amount(text(blank), &mut uses), Ok(None));
    }
    for bad in ["12,30", "12,3O", "$5", "NA", "1.2.3", "-", "e5", "inf", "9e99", "99999999999999999"] {
        assert_eq!(amount(text(bad), &mut uses), Err("not an amount"), "{bad}");
    }
}

#[test]
fn counts() {
    let mut uses = Uses::default();
    assert_eq!(count(text("12"), &mut uses), Ok(12));
    assert_eq!(count(text("12.0"), &mut uses), Ok(12));
    assert_eq!(count(text("-1"), &mut uses), Ok(-1));
    assert_eq!(count(text("1.5"), &mut uses), Ok(2));
    assert_eq!(count(text(""), &mut uses), Ok(0));
    assert_eq!(count(Field::Integer(3), &mut uses), Ok(3));
    assert_eq!(count(text("x"), &mut uses), Err("not a count"));
    assert_eq!(used(&uses), [("count_blank_is_none", 1), ("count_rounded", 1)]);
}

fn coded(field: Field<'_>, padding: Padding) -> (Result<(), &'static str>, String, Vec<(&'static str, u64)>) {
    let (mut out, mut uses) = (Vec::new(), Uses::default());
    let done = code(field, padding, &mut out, &mut uses);
    (done, String::from_utf8(out).expect("ascii"), used(&uses))
}

#[test]
fn codes_keep_or_regain_their_zeros() {
    let two = Padding { width: 2, numbers: 0 };
    let nine = Padding { width: 0, numbers: 9 };
    assert_eq!(coded(text(" 01 "), two), (Ok(()), "01".into(), vec![]));
    assert_eq!(coded(text("1"), two), (Ok(()), "01".into(), vec![("code_zero_padded", 1)]));
    assert_eq!(coded(text("B"), two), (Ok(()), "B".into(), vec![]));
    assert_eq!(coded(text(" "), two), (Ok(()), String::new(), vec![]));
    assert_eq!(coded(text("1234"), nine), (Ok(()), "1234".into(), vec![]));
    let counted = vec![("code_zero_padded", 1), ("code_from_number", 1)];
    assert_eq!(coded(Field::Integer(12345678), nine), (Ok(()), "012345678".into(), counted));
    assert_eq!(coded(Field::Float(1417.0), Padding::default()).1, "1417");
    assert!(coded(Field::Float(14.5), nine).0.is_err());
    assert!(coded(text("caf\u{e9}"), two).0.is_err());
}

fn months(found: &[&str], width: usize) -> (Result<(), &'static str>, String, Vec<(&'static str, u64)>) {
    let (mut out, mut uses) = (Vec::new(), Uses::default());
    let done = found.iter().try_for_each(|found| month_code(text(found), width, &mut out, &mut uses));
    (done, String::from_utf8(out).expect("ascii"), used(&uses))
}

#[test]
fn monthly_codes_have_one_width() {
    let counted = vec![("code_zero_padded", 1), ("month_na_is_blank", 1)];
    assert_eq!(months(&["4", "NA", "", "08"], 2), (Ok(()), "04    08".into(), counted));
    assert_eq!(months(&["", "0", "C"], 1), (Ok(()), " 0C".into(), vec![]));
    assert_eq!(months(&["1001", "06059"], 5).1, "0100106059");
    assert!(months(&["123"], 2).0.is_err());
    assert!(months(&["B"], 2).0.is_err());
}

#[test]
fn diagnoses_stand_once_principal_first() {
    let (mut out, mut uses) = (b"x".to_vec(), Uses::default());
    for found in ["I50.9", "E1122", "", "i509", "N181"] {
        diagnosis(text(found), 1, &mut out, &mut uses).expect(found);
    }
    assert_eq!(out, b"xI509 E1122 N181");
    assert_eq!(used(&uses), [("diagnosis_point_removed", 1)]);
    assert!(diagnosis(text("I50-9"), 1, &mut out, &mut uses).is_err());
    assert!(diagnosis(text("I50912345"), 1, &mut out, &mut uses).is_err());
}

#[test]
fn counties_said_once_a_year() {
    let county = |state: &str, county: &str| {
        let (mut out, mut uses) = (Vec::new(), Uses::default());
        county_year(text(state), text(county), &mut out, &mut uses);
        (out, used(&uses).last().map(|(name, _)| *name))
    };
    assert_eq!(county("22", "22090").0, b"22090".repeat(12));
    assert_eq!(county("5", "200").0, b"05200".repeat(12));
    assert_eq!(county("05", "1").0, b"05001".repeat(12));
    assert_eq!(county("1", "1001").0, b"01001".repeat(12));
    assert_eq!(county("22", ""), (b" ".repeat(60), None));
    let unknown = (b" ".repeat(60), Some("county_state_and_county_not_understood"));
    assert_eq!(county("", "200"), unknown);
    assert_eq!(county("MA", "017"), unknown);
}

#[test]
fn numbers_at_the_edge_are_refused() {
    let uses = &mut Uses::default();
    for day in [i32::MIN, i32::MAX, -100_001, 1 << 20] {
        assert_eq!(date(Field::Day(day), true, uses), Err("not a date"));
    }
    for number in [i64::MIN, i64::MAX, i64::from(i32::MAX), -99_999_999_999] {
        assert_eq!(date(Field::Integer(number), true, uses), Err("not a date"));
        assert_eq!(date(text(&number.to_string()), true, uses), Err("not a date"));
    }
    assert_eq!(amount(text("100000000.00"), uses), Ok(Some(10_000_000_000)));
    for beyond in ["100000000.01", "-100000000.01", "999999999999999", "1e15"] {
        assert_eq!(amount(text(beyond), uses), Err("an amount beyond a hundred million dollars"));
    }
    // 2^32 + 2023 was the year 2023 once.
    assert_eq!(count(text("4294969319"), uses), Err("not a count"));
    assert_eq!(count(Field::Integer(i64::MIN), uses), Err("not a count"));
}

fn any_field() -> impl Strategy<Value = (Vec<u8>, i64, i128, u8)> {
    let text =
        prop_oneof!["[-0-9.eE+ /:T]{0,24}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..40)];
    (text, any::<i64>(), any::<i128>(), any::<u8>())
}

proptest! {
    #[test]
    fn any_cell_is_a_value_or_refused((text, number, unscaled, scale) in any_field()) {
        let uses = &mut Uses::default();
        let float = f64::from_bits(number as u64);
        for field in [
            Field::Null,
            Field::Text(&text),
            Field::Integer(number),
            Field::Float(float),
            Field::Day(number as i32),
            Field::Decimal { unscaled, scale },
        ] {
            for sas in [false, true] {
                let _ = date(field, sas, uses);
            }
            if let Ok(Some(cents)) = amount(field, uses) {
                prop_assert!(cents.abs() <= AMOUNT_CENTS);
            }
            let _ = (count(field, uses), field.is_blank());
            let mut out = Vec::new();
            let _ = code(field, Padding { width: 5, numbers: 7 }, &mut out, uses);
            let _ = diagnosis(field, out.len(), &mut out, uses);
            let start = out.len();
            if month_code(field, 2, &mut out, uses).is_ok() {
                prop_assert_eq!(out.len() - start, 2);
            }
            county_year(field, field, &mut out, uses);
        }
    }
}

#[test]
fn plausible_days_are_those_of_whole_years() {
    let first = Date::new(*DATE_YEARS.start(), 1, 1).expect("a date");
    let last = Date::new(*DATE_YEARS.end(), 12, 31).expect("a date");
    assert_eq!(DATE_DAYS, first.0..=last.0);
}

proptest! {
    #[test]
    fn plain_text_is_what_a_look_at_each_byte_says(mut text in prop::collection::vec(b' '..=b'~', 0..40), at in 0usize..40, byte: u8) {
        prop_assert!(is_plain(&text));
        if at < text.len() {
            text[at] = byte;
            prop_assert_eq!(is_plain(&text), (b' '..=b'~').contains(&byte));
        }
    }
}
