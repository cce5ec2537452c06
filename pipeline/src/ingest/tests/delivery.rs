//! Invented deliveries: every form gives the same lake, every fault has a place in the rejects.

use super::invented::{Delivery, Table, day_month_year, put};
use super::*;
use acoledger_ingest::pack::pack;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A folder with a delivery in it, and lakes beside it.
struct Place(tempfile::TempDir);

impl Place {
    fn with(write: impl FnOnce(&Path)) -> Place {
        let place = Place(tempfile::tempdir().expect("disk"));
        write(&place.raw());
        place
    }
    fn raw(&self) -> PathBuf {
        self.0.path().join("raw")
    }
    fn lake(&self) -> PathBuf {
        self.0.path().join("lake")
    }
    fn plan(&self) -> IngestPlan {
        plan(&self.raw(), &self.lake())
    }
    fn run(&self) -> IngestReport {
        run(&self.plan(), &Quiet).unwrap_or_else(|problems| panic!("{problems}"))
    }
    fn fails(&self) -> String {
        run(&self.plan(), &Quiet).map(|_| ()).expect_err("it should fail").to_string()
    }
    /// Tables of the lake, with their bytes.
    fn tables(&self) -> Vec<(String, Vec<u8>)> {
        bytes_of(&self.lake()).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
    }
    fn rejects(&self) -> Vec<String> {
        let text = fs::read_to_string(self.lake().join("rejects.csv")).unwrap_or_default();
        text.lines().skip(1).map(str::to_owned).collect()
    }
}

fn same_tables(one: &Place, other: &Place, what: &str) {
    let (one, other) = (one.tables(), other.tables());
    let names = |tables: &[(String, Vec<u8>)]| tables.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other), "{what}");
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{what}: {name} differs");
    }
    assert!(one.len() > 20, "there is something to compare");
}

fn plain() -> Place {
    let place = Place::with(|raw| Delivery::invent().write(raw));
    let report = place.run();
    assert_eq!(report.total(|of| of.rejected), Tally::default());
    assert_eq!(report.lives, 60);
    place
}

#[test]
fn split_files_give_the_same_lake() {
    let split = Place::with(|raw| Delivery::invent().write_split(raw));
    let report = split.run();
    assert_eq!(report.total(|of| of.rejected).rows, 0, "{:#?}", split.rejects());
    let shapes: Vec<&str> = report.sources.iter().map(|of| of.shape.as_str()).collect();
    assert_eq!(shapes.iter().filter(|shape| **shape == "base").count(), 7);
    assert_eq!(shapes.iter().filter(|shape| **shape == "line").count(), 7);
    assert_eq!(report.ignored.len(), 7);
    same_tables(&plain(), &split, "split files");
}

#[test]
fn every_form_of_text_gives_the_same_lake() {
    let delivery = Delivery::invent();
    let expected = plain();
    type Change<'a> = &'a dyn Fn(&Table) -> Vec<u8>;
    let write = |raw: &Path, change: Change<'_>, ending: &str| {
        for (name, table) in &delivery.0 {
            put(raw, &format!("{name}{ending}"), &change(table));
        }
    };
    let forms: [(&str, &str, Change<'_>); 6] = [
        ("commas, CRLF, byte-order mark", ".csv", &|table| {
            [b"\xef\xbb\xbf", table.text(",", "\r\n").as_bytes()].concat()
        }),
        ("tabs, blank lines", ".tsv", &|table| table.text("\t", "\n\n").into_bytes()),
        ("quotes", ".txt", &|table| {
            format!("\"{}", table.text("\",\"", "\"\n\"").trim_end_matches("\n\"")).into_bytes()
        }),
        ("zstd, no last newline", ".csv.zst", &|table| {
            pack(table.text("|", "\n").trim_end().as_bytes()).expect("memory")
        }),
        ("Parquet, text", ".parquet", &|table| table.parquet(false)),
        ("Parquet, types", ".parquet", &|table| table.parquet(true)),
    ];
    for (what, ending, change) in forms {
        let place = Place::with(|raw| write(raw, change, ending));
        let report = place.run();
        assert_eq!(report.total(|of| of.rejected).rows, 0, "{what}: {:#?}", place.rejects());
        same_tables(&expected, &place, what);
    }
}

#[test]
fn another_dialect_gives_the_same_lake() {
    let mut delivery = Delivery::invent();
    for table in delivery.0.values_mut() {
        for row in &mut table.rows {
            for (name, cell) in table.header.iter().zip(row.iter_mut()) {
                if name.ends_with("_DT") && cell.len() == 8 {
                    *cell = day_month_year(cell);
                }
                if name.starts_with("PRVDR_SPCLTY") {
                    *cell = cell.trim_start_matches('0').to_owned();
                }
            }
        }
        for name in &mut table.header {
            *name = name
                .replace("BENE_ENROLLMT_REF_YR", "rfrnc_yr")
                .replace("BENE_DEATH_DT", "Death_Dt")
                .replace("HMO_IND_", "HMOIND");
        }
    }
    let place = Place::with(|raw| delivery.write(raw));
    let report = place.run();
    assert!(report.normalised["date_dd_mon_yyyy"] > 1000 && report.normalised["code_zero_padded"] > 0);
    same_tables(&plain(), &place, "another dialect");
}

#[test]
fn bytes_depend_on_neither_threads_nor_files_nor_memory() {
    let expected = plain();
    let mut delivery = Delivery::invent();
    for threads in [1, 3] {
        // Rows in another order, cut into other files, too little memory for any of them.
        let place = Place::with(|raw| {
            for (name, table) in &mut delivery.0 {
                table.rows.reverse();
                let rows = std::mem::take(&mut table.rows);
                for (at, rows) in rows.chunks(rows.len() / threads + 1).enumerate() {
                    table.rows = rows.to_vec();
                    put(raw, &format!("{name}_{}.csv", 9 - at), table.text("|", "\n").as_bytes());
                }
                table.rows = rows;
            }
        });
        let plan = IngestPlan { memory_bytes: 1 << 16, ..place.plan() };
        pool(threads).install(|| run(&plan, &Quiet)).unwrap_or_else(|problems| panic!("{problems}"));
        same_tables(&expected, &place, &format!("{threads} threads"));
    }
}

#[test]
fn shards_in_order_read_the_same() {
    let tables = |shards: u32| {
        let place = Place::with(|raw| Delivery::invent().write(raw));
        let report = run(&IngestPlan { shards, ..place.plan() }, &Quiet).expect("a lake");
        let columns = ["bene_key", "claim_key", "line", "paid_cents", "tin", "diagnoses"];
        let revenue = ["bene_key", "claim_key", "line", "paid_cents", "hcpcs", "service_date"];
        let of = |table: &str, columns: &[&str]| lines(&batches(&place.lake(), &report, table), columns);
        (of("carrier", &columns), of("revenue", &revenue), of("bene", &["bene_key", "bene_id"]))
    };
    let one = tables(1);
    assert!(one.0.len() > 500 && one.1.len() > 300 && one.2.len() == 60);
    assert_eq!(one, tables(16));
}

#[test]
fn years_that_are_not_asked_for_stay_outside() {
    let place = Place::with(|raw| Delivery::invent().write(raw));
    let report = run(&IngestPlan { years: Some(2021..=2022), ..place.plan() }, &Quiet).expect("a lake");
    let whole = plain().run();
    let outside = report.total(|of| of.outside);
    assert!(outside.rows > 0 && report.files.iter().all(|file| file.year != Some(2020)));
    assert_eq!(report.total(|of| of.used).rows + outside.rows, whole.total(|of| of.used).rows);
    assert_eq!(report.total(|of| of.used).cents + outside.cents, whole.total(|of| of.used).cents);
}

#[test]
fn a_later_processing_date_replaces_and_the_same_row_counts_once() {
    let mut delivery = Delivery::invent();
    for name in ["carrier", "outpatient", "inpatient"] {
        let table = delivery.table(name);
        let again = table.rows[0].clone();
        table.rows.push(again);
        let mut late = table.clone();
        late.rows.truncate(1);
        *late.cell(0, "NCH_WKLY_PROC_DT") = "20300101".into();
        let paid = if name == "carrier" { "LINE_NCH_PMT_AMT" } else { "CLM_PMT_AMT" };
        *late.cell(0, paid) = "7.77".into();
        // All rows of a facility claim are delivered anew.
        let claim = late.cell(0, "CLM_ID").clone();
        let at = table.at("CLM_ID");
        let replaced = table.rows.iter().filter(|row| row[at] == claim).count();
        assert!(replaced >= 2);
        table.rows.extend(late.rows);
    }
    let (before, after) = (plain(), Place::with(|raw| delivery.write(raw)));
    let (old, new) = (before.run(), after.run());
    assert_eq!(new.total(|of| of.rejected).rows, 0, "{:#?}", after.rejects());
    for table in ["carrier", "facility"] {
        let (old, new) = (batches(&before.lake(), &old, table), batches(&after.lake(), &new, table));
        assert_eq!(rows(&old), rows(&new), "{table}");
        assert_ne!(sum(&old, "paid_cents"), sum(&new, "paid_cents"), "{table}");
        let paid = lines(&new, &["paid_cents"]);
        assert_eq!(
            paid.iter().filter(|paid| *paid == "777").count(),
            if table == "carrier" { 1 } else { 2 },
            "{table}"
        );
    }
}

/// One payment changed: the files of one year and shard are new, the others are the earlier ones themselves.
#[cfg(unix)]
#[test]
fn files_that_come_out_as_they_were_are_left_as_they_are() {
    use std::os::unix::fs::MetadataExt;
    let mut delivery = Delivery::invent();
    let place = Place::with(|raw| delivery.write(raw));
    let nodes = |report: &IngestReport| -> BTreeMap<String, u64> {
        let node = |of: &LakeFile| place.lake().join(&of.file).metadata().expect("a file").ino();
        report.files.iter().map(|of| (of.file.clone(), node(of))).collect()
    };
    let before = nodes(&place.run());
    *delivery.table("carrier").cell(0, "LINE_NCH_PMT_AMT") = "7.77".into();
    delivery.write(&place.raw());
    let report = place.run();
    let after = nodes(&report);
    let new: Vec<&String> =
        after.iter().filter(|(file, node)| before.get(*file) != Some(*node)).map(|(file, _)| file).collect();
    assert_eq!((new.len(), after.len()), (1, before.len()), "{new:?}");
    assert!(new[0].starts_with("carrier/year="), "{new:?}");
    for file in &report.files {
        assert_eq!(crate::files::hash_file(&place.lake().join(&file.file)).expect("a file"), file.sha256);
    }
}

/// A claim of one table is no later version of another's, whatever their identifiers say.
#[test]
fn one_claim_identifier_in_two_tables_is_refused() {
    let mut delivery = Delivery::invent();
    let life = delivery.table("snf").cell(0, "BENE_ID").clone();
    let tables = ["inpatient", "outpatient", "snf", "hha", "hospice"];
    for (at, name) in tables.iter().enumerate() {
        let table = delivery.table(name);
        let (bene_id, claim_id) = (table.at("BENE_ID"), table.at("CLM_ID"));
        let claim = table.rows[0][claim_id].clone();
        for row in table.rows.iter_mut().filter(|row| row[claim_id] == claim) {
            (row[bene_id], row[claim_id]) = (life.clone(), "one-for-all".into());
        }
        *table.cell(0, "NCH_WKLY_PROC_DT") = format!("2030010{}", 9 - at);
    }
    let place = Place::with(|raw| delivery.write(raw));
    place.run();
    let reason = "one claim identifier stands in two tables";
    let refused = place.rejects().iter().filter(|row| row.contains(reason)).count();
    assert_eq!(refused, place.rejects().len());
    assert!(refused >= tables.len() && place.rejects().iter().all(|row| row.contains(",one-for-all,")));
}

/// Spoils one cell of the first row of a table.
fn spoiled(table: &str, column: &str, value: &str) -> (Place, IngestReport) {
    let mut delivery = Delivery::invent();
    *delivery.table(table).cell(0, column) = value.into();
    let place = Place::with(|raw| delivery.write(raw));
    let report = place.run();
    (place, report)
}

#[test]
fn a_bad_line_is_refused_alone() {
    let (place, report) = spoiled("carrier", "LINE_ALOWD_CHRG_AMT", "12,3O");
    let paid = Delivery::invent().table("carrier").cell(0, "LINE_NCH_PMT_AMT").replace('.', "");
    let expected = format!(
        "carrier,raw/carrier.csv,1,1001,1,LINE_ALOWD_CHRG_AMT,not an amount,{},1",
        paid.trim_start_matches('0')
    );
    assert_eq!(place.rejects(), [expected]);
    let (place, _) = spoiled("carrier", "LINE_NCH_PMT_AMT", "");
    assert_eq!(place.rejects(), ["carrier,raw/carrier.csv,1,1001,1,LINE_NCH_PMT_AMT,blank,0,0"]);
    let (place, _) = spoiled("dme", "LINE_LAST_EXPNS_DT", "20201341");
    assert!(place.rejects()[0].contains(",LINE_LAST_EXPNS_DT,not a date,"));
    let (place, _) = spoiled("carrier", "BENE_ID", "");
    assert!(place.rejects()[0].starts_with("carrier,raw/carrier.csv,1,,,BENE_ID,blank,"));
    assert_eq!(report.total(|of| of.rejected).rows, 1);
}

#[test]
fn a_bad_revenue_line_takes_its_claim_with_it() {
    let mut delivery = Delivery::invent();
    let table = delivery.table("outpatient");
    let claim = table.cell(0, "CLM_ID").clone();
    let at = table.at("CLM_ID");
    let of_claim = table.rows.iter().filter(|row| row[at] == claim).count();
    assert!(of_claim > 1, "the claim has several lines");
    *table.cell(1, "REV_CNTR_PMT_AMT_AMT") = "?".into();
    let paid: i64 = table.cell(0, "CLM_PMT_AMT").replace('.', "").parse().expect("cents");
    let place = Place::with(|raw| delivery.write(raw));
    let report = place.run();
    let rejects = place.rejects();
    assert_eq!(rejects.len(), of_claim);
    assert!(
        rejects[0].ends_with(&format!(",1,REV_CNTR_PMT_AMT_AMT,another row of the claim was refused,{paid},1")),
        "{rejects:#?}"
    );
    assert!(rejects[1].ends_with(",2,REV_CNTR_PMT_AMT_AMT,not an amount,0,1"), "{rejects:#?}");
    let outpatient = report.sources.iter().find(|of| of.table == "outpatient").expect("there");
    assert_eq!(outpatient.rejected, Tally { rows: of_claim as u64, cents: paid });
    assert!(lines(&batches(&place.lake(), &report, "facility"), &["claim_key"]).iter().all(|key| *key != claim));
    assert!(lines(&batches(&place.lake(), &report, "revenue"), &["claim_key"]).iter().all(|key| *key != claim));
}

#[test]
fn rows_of_a_claim_that_disagree_are_refused() {
    let mut delivery = Delivery::invent();
    let table = delivery.table("inpatient");
    let at = table.at("CLM_ID");
    let first = table.rows.iter().zip(table.rows.iter().skip(1)).position(|(a, b)| a[at] == b[at]).expect("two lines");
    *table.cell(first, "CLM_PMT_AMT") = "1.23".into();
    let place = Place::with(|raw| delivery.write(raw));
    place.run();
    assert!(place.rejects().len() >= 2);
    assert!(
        place.rejects().iter().all(|row| row.contains(",paid_cents,rows of the claim disagree,")),
        "{:#?}",
        place.rejects()
    );

    let mut delivery = Delivery::invent();
    let table = delivery.table("carrier");
    let mut again = table.rows[0].clone();
    again[table.at("HCPCS_CD")] = "99999".into();
    table.rows.push(again);
    let place = Place::with(|raw| delivery.write(raw));
    place.run();
    assert_eq!(place.rejects().len(), 2);
    assert!(place.rejects().iter().all(|row| row.contains(",hcpcs,the line is repeated with other values,")));

    let mut delivery = Delivery::invent();
    let table = delivery.table("enrollment");
    let mut again = table.rows[0].clone();
    table.rows.push(again.clone());
    let place = Place::with(|raw| delivery.write(raw));
    assert_eq!(place.run().total(|of| of.repeated).rows - plain().run().total(|of| of.repeated).rows, 1);
    again[delivery.table("enrollment").at("HMO_IND_07")] = "C".into();
    delivery.table("enrollment").rows.push(again);
    let place = Place::with(|raw| delivery.write(raw));
    place.run();
    assert_eq!(place.rejects().len(), 3);
    assert!(place.rejects().iter().all(|row| row.contains(",plan,rows of one life and year disagree,0,1")));
}

#[test]
fn lines_and_claims_of_split_files_need_each_other() {
    let place = Place::with(|raw| {
        let delivery = Delivery::invent();
        delivery.write_split(raw);
        for base in ["carrier_claims_k.csv", "outpatient_base_claims_k.csv"] {
            let text = fs::read_to_string(raw.join(base)).expect("text");
            let kept: Vec<&str> = text.lines().take(1).chain(text.lines().skip(2)).collect();
            put(raw, base, kept.join("\n").as_bytes());
        }
    });
    let report = place.run();
    let reason = "no row of a base file has the claim of this line";
    assert!(
        !place.rejects().is_empty() && place.rejects().iter().all(|row| row.contains(reason)),
        "{:#?}",
        place.rejects()
    );
    assert_eq!(report.total(|of| of.rejected).rows, place.rejects().len() as u64);
    fs::remove_file(place.raw().join("carrier_claims_k.csv")).expect("disk");
    assert!(place.fails().contains("lines of `carrier` without their claims"), "{}", place.fails());
}

#[test]
fn identifiers_that_are_no_numbers_work_too() {
    let mut delivery = Delivery::invent();
    for (name, table) in delivery.0.iter_mut().filter(|(name, _)| *name != "enrollment") {
        let at = table.at("CLM_ID");
        table.rows.iter_mut().for_each(|row| row[at] = format!("0{}-{name}", row[at]));
    }
    *delivery.table("outpatient").cell(0, "CLM_PMT_AMT") = "x".into();
    *delivery.table("carrier").cell(0, "LINE_NCH_PMT_AMT") = "x".into();
    let place = Place::with(|raw| delivery.write(raw));
    let report = place.run();
    let ids = lines(&batches(&place.lake(), &report, "facility"), &["claim_id"]);
    assert!(ids.iter().all(|id| id.starts_with('0')));
    assert!(place.rejects()[0].contains(",01001-carrier,1,"), "{:#?}", place.rejects());
    assert!(place.rejects()[1].contains("-outpatient,"), "{:#?}", place.rejects());
}

#[test]
fn what_stops_an_ingest_before_any_work() {
    let stops = |change: &dyn Fn(&Path)| {
        let place = Place::with(|raw| {
            Delivery::invent().write(raw);
            change(raw);
        });
        place.fails()
    };
    let without = |raw: &Path, table: &str, column: &str| {
        let delivery = Delivery::invent();
        let all = &delivery.0[table];
        put(raw, &format!("{table}.csv"), all.only(|name| name != column).text("|", "\n").as_bytes());
    };
    for (change, says) in [
        (
            &(|raw: &Path| without(raw, "carrier", "LINE_NCH_PMT_AMT")) as &dyn Fn(&Path),
            "raw/carrier.csv, line 1, column `LINE_NCH_PMT_AMT`: column missing, needed by spend",
        ),
        (
            &|raw| without(raw, "enrollment", "HMO_IND_07"),
            "column `HMO_IND_07`: column missing: the other months are there",
        ),
        (&|raw| put(raw, "snf.csv", b"A|B\n1|2\n"), "neither claims nor lines of `snf`"),
        (&|raw| put(raw, "snf.csv", b""), "the file is empty"),
        (&|raw| put(raw, "snf.csv", b"PAR1 but no Parquet"), "not readable as Parquet"),
        (&|raw| put(raw, "carier.csv", b"A|B\n"), "raw/carier.csv: the name begins with no raw table's"),
        (&|raw| fs::remove_file(raw.join("hha.csv")).expect("disk"), "no file of the raw table `hha`"),
        (&|raw| put(raw, "snf.csv", b"BENE_ID|BENE_ID\n"), "column occurs twice"),
    ] {
        let problems = stops(change);
        assert!(problems.contains(says), "{problems}\nshould say: {says}");
    }
}

#[test]
fn a_failed_ingest_leaves_the_lake_as_it_was() {
    let place = plain();
    let before = bytes_of(&place.lake());
    let mut damaged = pack(Delivery::invent().table("carrier").text("|", "\n").as_bytes()).expect("memory");
    damaged.truncate(damaged.len() - 100);
    put(&place.raw(), "carrier_2.csv.zst", &damaged);
    assert!(place.fails().contains("carrier_2.csv.zst: cannot be read"), "{}", place.fails());
    assert_eq!(bytes_of(&place.lake()), before);
    assert!(!place.lake().join(".tmp").exists());
}

#[test]
fn ragged_rows_and_open_quotes() {
    let mut text = Delivery::invent().table("hospice").text("|", "\n");
    text.push_str("1|2|3\n");
    let place = Place::with(|raw| {
        Delivery::invent().write(raw);
        put(raw, "hospice.csv", text.as_bytes());
    });
    let report = place.run();
    let rejects = place.rejects();
    assert!(rejects[0].ends_with(",,,,\"the row has 3 cells, the header 13\",0,0"), "{rejects:#?}");
    assert_eq!(report.sources.iter().map(|of| of.amount_unknown_rows).sum::<u64>(), 1);
}

#[test]
fn globs_name_files_by_table() {
    let place = Place::with(|raw| Delivery::invent().write(raw));
    let glob = |name: &str| (name.to_owned(), acoledger_schemas::study::Globs::One(format!("raw/{name}*.csv")));
    let globs = Raw::Globs(RawLayout::rif().tables.iter().map(|table| glob(&table.name)).collect());
    run(&IngestPlan { raw: globs, ..place.plan() }, &Quiet).unwrap_or_else(|problems| panic!("{problems}"));
    same_tables(&plain(), &place, "globs");
}

#[test]
fn sas_day_numbers_are_read_where_declared() {
    let mut delivery = Delivery::invent();
    let table = delivery.table("hospice");
    for column in ["CLM_FROM_DT", "CLM_THRU_DT", "NCH_WKLY_PROC_DT"] {
        for row in 0..table.rows.len() {
            let cell = table.cell(row, column);
            let text = acoledger_ingest::field::Field::Text(cell.as_bytes());
            let day = acoledger_ingest::normalise::date(text, false, &mut Default::default()).expect("a date");
            *cell = (day.expect("known") + 3653).to_string();
        }
    }
    let place = Place::with(|raw| delivery.write(raw));
    let hospice =
        |report: &IngestReport| report.sources.iter().find(|of| of.table == "hospice").expect("there").clone();
    let undeclared = hospice(&place.run());
    assert_eq!(undeclared.rejected.rows, undeclared.read.rows);
    let report = run(&IngestPlan { sas_day_numbers: true, ..place.plan() }, &Quiet).expect("a lake");
    assert_eq!(hospice(&report).rejected.rows, 0);
    same_tables(&plain(), &place, "SAS day numbers");
}
