#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use std::path::PathBuf;

const HEADER: &str = "Year,State Name,County Name,State ID,County ID,Per capita ESRD expenditures,Average ESRD HCC risk score,\
    ESRD person-years ,Per capita DISABLED expenditures,Average DISABLED HCC risk score,DISABLED person-years ,\
    Per capita AGED/DUAL expenditures,Average AGED/DUAL HCC risk score,AGED/DUAL person-years ,\
    Per capita AGED/NON-DUAL expenditures,Average AGED/NON-DUAL HCC risk score,AGED/NON-DUAL person-years ";
const YEAR: CalendarYear = CalendarYear(2018);

fn county(code: &str) -> County {
    County::new(code).unwrap()
}

fn two_rows() -> CountyFile {
    let text = format!(
        "{HEADER}\n2018,A,North,1,0,60000,0.9,10,9000,1.1,100,.,.,.,8000,1,300\n\
         2018,A,South,1,10,*,*,*,11000,0.9,300,.,.,.,*,*,*\n"
    );
    read(text.as_bytes(), "x.csv").unwrap()
}

#[test]
fn a_star_is_unknown_and_a_point_is_nobody() {
    let file = two_rows();
    assert_eq!((file.rows, file.cells.len()), (2, 8));
    let cell = |code: &str, kind| file.cells[&(YEAR, county(code), kind)];
    assert_eq!(
        cell("01000", EnrollmentType::Dis),
        Published::Known { per_capita: 9000.0, hcc_score: 1.1, person_years: 100.0 }
    );
    assert_eq!(cell("01010", EnrollmentType::Esrd), Published::Suppressed);
    assert_eq!(cell("01010", EnrollmentType::Agdu), Published::Empty);
    assert_eq!(file.count(|cell| *cell == Published::Suppressed), [1, 0, 0, 1]);
    assert_eq!(file.national(YEAR, EnrollmentType::Dis), Some((10_500.0, 400.0)));
    assert_eq!(file.national(YEAR, EnrollmentType::Agdu), None);
}

#[test]
fn counties_that_are_one_in_fips_are_put_together() {
    let row = |ssa: &str, fips: &str, ends_on| CountyCrosswalk {
        ssa: county(ssa),
        fips: county(fips),
        begins_on: None,
        ends_on,
    };
    let crosswalk =
        [row("01000", "01001", None), row("01010", "01009", Date::new(2017, 12, 31)), row("01010", "01001", None)];
    let (file, absent) = two_rows().in_fips(&crosswalk).unwrap();
    assert!(absent.is_empty());
    assert_eq!(
        file.cells[&(YEAR, county("01001"), EnrollmentType::Dis)],
        Published::Known { per_capita: 10_500.0, hcc_score: 0.95, person_years: 400.0 }
    );
    // Half of it is not known: the other half speaks for it.
    assert_eq!(
        file.cells[&(YEAR, county("01001"), EnrollmentType::Agnd)],
        Published::Known { per_capita: 8000.0, hcc_score: 1.0, person_years: 300.0 }
    );
    let (file, absent) = two_rows().in_fips(&crosswalk[..1]).unwrap();
    assert_eq!((file.cells.len(), absent), (4, BTreeSet::from([county("01010")])));
    let twice = [row("01000", "01001", None), row("01000", "01003", None)];
    assert_eq!(two_rows().in_fips(&twice), Err(county("01000")));
}

#[test]
fn what_is_no_county_file_is_said() {
    for (text, says) in [
        (
            format!("{HEADER}\n2018,A,N,1,0,6O000,0.9,10,9,1,1,.,.,.,8,1,3\n"),
            "line 2, column `per capita esrd expenditures`",
        ),
        (format!("{HEADER}\n2018,A,N,1,0,.,0.9,10,9,1,1,.,.,.,8,1,3\n"), "`*` or `.` in all three columns: `.`"),
        (format!("{HEADER}\n2018,A,N,1,1000,6,0.9,10,9,1,1,.,.,.,8,1,3\n"), "from 0 to 999: `1000`"),
        (format!("{HEADER}\n2018,A,N,1,0,6,0.9,-1,9,1,1,.,.,.,8,1,3\n"), "person years, 0 or more: `-1`"),
        (format!("{HEADER}\n2018,A,N,1,0,6,1,1,9,1,1\n"), "expected a value, found a blank"),
        (HEADER.replace("ESRD person-years ", "ESRD months"), "without `esrd person-years`"),
    ] {
        let error = read(text.as_bytes(), "x.csv").unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let row = "2018,A,N,1,0,6,1,1,9,1,1,.,.,.,8,1,3\n";
    let error = read(format!("{HEADER}\n{row}{row}").as_bytes(), "x.csv").unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("second time"), "{error}");
}

/// The file of 2018 as CMS publishes it: counts of what is not known, and scores that weight back to one (M.C.1.3).
#[test]
fn the_file_of_2018_as_published() {
    let shared = std::env::var_os("ACOLEDGER_ORACLES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let path = shared.join("data/published/county_ffs_2018.csv");
    let Ok(from) = File::open(&path) else {
        println!("oracles absent: data/published/county_ffs_2018.csv");
        return;
    };
    assert!(is_county_file(&path).unwrap());
    let file = read(from, "county_ffs_2018.csv").unwrap();
    assert_eq!(file.rows, 3219);
    assert_eq!(file.count(|cell| *cell == Published::Suppressed), [675, 47, 58, 3]);
    assert_eq!(file.count(|cell| *cell == Published::Empty), [69, 3, 6, 0]);
    let means = EnrollmentType::ALL.map(|kind| {
        let (mut scores, mut total) = (0.0, 0.0);
        for ((_, _, of), cell) in &file.cells {
            if let (true, Published::Known { hcc_score, person_years, .. }) = (*of == kind, cell) {
                scores += hcc_score * person_years;
                total += person_years;
            }
        }
        format!("{:.4}", scores / total)
    });
    assert_eq!(means, ["1.0002", "1.0000", "1.0000", "1.0000"]);
    let national = EnrollmentType::ALL.map(|kind| file.national(YEAR, kind).unwrap());
    assert_eq!(national.map(|(per_capita, _)| per_capita.round()), [85_402.0, 11_158.0, 17_244.0, 10_173.0]);
    assert_eq!(national.map(|(_, years)| years.round()), [286_524.0, 3_909_702.0, 2_529_563.0, 20_789_617.0]);
}
