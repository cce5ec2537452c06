//! A small invented delivery, in memory, to be written in many forms.

use acoledger_schemas::values::{Cents, Date};
use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// One table: names and rows of cells.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    fn new(header: &str) -> Table {
        Table { header: header.split(' ').map(str::to_owned).collect(), rows: Vec::new() }
    }

    fn add(&mut self, row: &str) {
        let row: Vec<String> = row.split('|').map(str::to_owned).collect();
        assert_eq!(row.len(), self.header.len(), "a cell per column: {row:?}");
        self.rows.push(row);
    }

    /// Position of a column, where there is one.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Position of a column.
    pub(super) fn at(&self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// The cell of a row.
    pub(super) fn cell(&mut self, row: usize, name: &str) -> &mut String {
        let at = self.at(name);
        &mut self.rows[row][at]
    }

    /// These columns only, equal rows once.
    pub(super) fn only(&self, keep: impl Fn(&str) -> bool) -> Table {
        let columns: Vec<usize> = (0..self.header.len()).filter(|at| keep(&self.header[*at])).collect();
        let pick = |row: &Vec<String>| columns.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
        let rows: BTreeSet<Vec<String>> = self.rows.iter().map(pick).collect();
        Table { header: pick(&self.header), rows: rows.into_iter().collect() }
    }

    /// The columns of a base file, and those of a file of lines.
    pub(super) fn split(&self) -> (Table, Table) {
        let is_key = |column: &str| matches!(column, "BENE_ID" | "CLM_ID");
        let is_line = |column: &str| {
            column.starts_with("LINE_")
                || column.starts_with("REV_")
                || ["TAX_NUM", "PRVDR_SPCLTY", "HCPCS_CD", "CLM_LINE_NUM"].contains(&column)
        };
        let thru =
            |column: &str| is_key(column) || is_line(column) || ["CLM_THRU_DT", "NCH_CLM_TYPE_CD"].contains(&column);
        (self.only(|column| !is_line(column)), self.only(thru))
    }

    /// Delimited text.
    pub(super) fn text(&self, delimiter: &str, end: &str) -> String {
        let line = |row: &Vec<String>| row.join(delimiter) + end;
        line(&self.header) + &self.rows.iter().map(line).collect::<String>()
    }

    /// Parquet with every cell as text, or each column in the type that suits it.
    pub(super) fn parquet(&self, typed: bool) -> Vec<u8> {
        let column = |at: usize| -> ArrayRef {
            let cells = || self.rows.iter().map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty()));
            let name = self.header[at].as_str();
            match name {
                _ if !typed => Arc::new(cells().collect::<StringArray>()),
                _ if name.ends_with("_DT") => {
                    let day = |cell: &str| {
                        acoledger_ingest::normalise::date(
                            acoledger_ingest::field::Field::Text(cell.as_bytes()),
                            false,
                            &mut Default::default(),
                        )
                    };
                    Arc::new(
                        cells().map(|cell| cell.and_then(|cell| day(cell).expect("a date"))).collect::<Date32Array>(),
                    )
                }
                "CLM_PMT_AMT" => {
                    let cents = |cell: &str| i128::from(Cents::parse(cell).expect("an amount").0.0);
                    let decimals: Decimal128Array = cells().map(|cell| cell.map(cents)).collect();
                    Arc::new(decimals.with_precision_and_scale(12, 2).expect("fits"))
                }
                _ if name.ends_with("_AMT") => {
                    Arc::new(cells().map(|c| c.map(|c| c.parse::<f64>().expect("an amount"))).collect::<Float64Array>())
                }
                "CLM_ID"
                | "LINE_NUM"
                | "CLM_LINE_NUM"
                | "TAX_NUM"
                | "PRVDR_SPCLTY"
                | "BENE_ENROLLMT_REF_YR"
                | "NCH_CLM_TYPE_CD" => {
                    Arc::new(cells().map(|c| c.map(|c| c.parse::<i64>().expect("a number"))).collect::<Int64Array>())
                }
                _ => Arc::new(cells().collect::<StringArray>()),
            }
        };
        let columns: Vec<ArrayRef> = (0..self.header.len()).map(column).collect();
        let fields: Vec<Field> = columns
            .iter()
            .zip(&self.header)
            .map(|(column, name)| Field::new(name, column.data_type().clone(), true))
            .collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch");
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("Parquet");
        for at in (0..batch.num_rows()).step_by(100) {
            writer.write(&batch.slice(at, 100.min(batch.num_rows() - at))).expect("memory");
            writer.flush().expect("memory");
        }
        writer.close().expect("memory");
        bytes
    }
}

/// All tables of a delivery.
#[derive(Clone, Debug)]
pub(super) struct Delivery(pub(super) BTreeMap<String, Table>);

const MONTHLY: [(&str, &str); 5] = [
    ("STATE_CNTY_FIPS_CD", "01001"),
    ("MDCR_STATUS_CODE", "10"),
    ("MDCR_ENTLMT_BUYIN_IND", "3"),
    ("HMO_IND", "0"),
    ("DUAL_STUS_CD", "NA"),
];

impl Delivery {
    /// Some lives over three years, each with some claims of every kind. Always the same.
    pub(super) fn invent() -> Delivery {
        let mut seed = 7u64;
        let mut dice = move |sides: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % sides
        };
        let months: Vec<String> =
            MONTHLY.iter().flat_map(|(name, _)| (1..=12).map(move |m| format!("{name}_{m:02}"))).collect();
        let codes: Vec<&str> = MONTHLY.iter().flat_map(|(_, code)| [*code; 12]).collect();
        let mut enrollment = Table::new("BENE_ID BENE_BIRTH_DT BENE_DEATH_DT BENE_ENROLLMT_REF_YR");
        enrollment.header.extend(months);
        let lines = "BENE_ID CLM_ID NCH_CLM_TYPE_CD CLM_FROM_DT CLM_THRU_DT NCH_WKLY_PROC_DT CARR_CLM_PMT_DNL_CD CLM_PMT_AMT \
                     PRNCPAL_DGNS_CD LINE_NUM TAX_NUM PRVDR_SPCLTY LINE_PLACE_OF_SRVC_CD LINE_1ST_EXPNS_DT LINE_LAST_EXPNS_DT HCPCS_CD \
                     LINE_NCH_PMT_AMT LINE_ALOWD_CHRG_AMT LINE_PRCSG_IND_CD";
        let facility = "BENE_ID CLM_ID NCH_CLM_TYPE_CD CLM_FROM_DT CLM_THRU_DT NCH_WKLY_PROC_DT PRVDR_NUM CLM_FAC_TYPE_CD \
                        CLM_SRVC_CLSFCTN_TYPE_CD CLM_MDCR_NON_PMT_RSN_CD CLM_PMT_AMT PRNCPAL_DGNS_CD CLM_LINE_NUM";
        let outpatient = format!(
            "{facility} REV_CNTR REV_CNTR_DT HCPCS_CD REV_CNTR_UNIT_CNT REV_CNTR_PMT_AMT_AMT REV_CNTR_CASH_DDCTBL_AMT REV_CNTR_COINSRNC_WGE_ADJSTD_C"
        );
        let mut tables: BTreeMap<String, Table> = [("carrier", lines), ("dme", lines), ("outpatient", &outpatient)]
            .into_iter()
            .chain(["inpatient", "snf", "hha", "hospice"].map(|name| (name, facility)))
            .map(|(name, header)| (name.to_owned(), Table::new(header)))
            .collect();
        let mut claim = 1000;
        for life in 0..60 {
            let bene = format!("{:08}", 7919 * (life + 1));
            for year in 2020..=2022 {
                let birth = 1930 + life;
                enrollment.add(&format!("{bene}|17-Jan-{birth}||{year}|{}", codes.join("|")));
                for name in [
                    "carrier",
                    "carrier",
                    "carrier",
                    "dme",
                    "outpatient",
                    "outpatient",
                    "inpatient",
                    "snf",
                    "hha",
                    "hospice",
                ] {
                    claim += 1;
                    let (month, day) = (1 + dice(12), 1 + dice(27));
                    let date = format!("{year}{month:02}{day:02}");
                    let processed = format!("{}{month:02}{day:02}", year + 1);
                    let paid = format!("{}.{:02}", dice(2000), dice(100));
                    let kind = match name {
                        "carrier" => 71,
                        "dme" => 82,
                        "outpatient" => 40,
                        "inpatient" => 60,
                        "snf" => 20,
                        "hha" => 10,
                        _ => 50,
                    };
                    for line in 1..=1 + dice(3) {
                        let money = format!("{}.{:02}", dice(300), dice(100));
                        let table = tables.get_mut(name).expect("there");
                        match name {
                            "carrier" | "dme" => table.add(&format!(
                                "{bene}|{claim}|{kind}|{date}|{date}|{processed}|1|{paid}|I10|{line}|30110{:04}|{:02}|11|{date}|{date}|9921{}|{money}|{}.50|A",
                                dice(50), 1 + dice(97), dice(6), 300 + dice(90)
                            )),
                            "outpatient" => table.add(&format!(
                                "{bene}|{claim}|{kind}|{date}|{date}|{processed}|050108|1|3||{paid}|I509|{line}|0510|{date}|G0463|1|{money}|0.00|12.34"
                            )),
                            _ => table.add(&format!("{bene}|{claim}|{kind}|{date}|{date}|{processed}|050108|1|1||{paid}|I509|{line}")),
                        }
                    }
                }
            }
        }
        tables.insert("enrollment".into(), enrollment);
        Delivery(tables)
    }

    pub(super) fn table(&mut self, name: &str) -> &mut Table {
        self.0.get_mut(name).expect("a table of the delivery")
    }

    /// One `|`-delimited file per table.
    pub(super) fn write(&self, folder: &Path) {
        for (name, table) in &self.0 {
            put(folder, &format!("{name}.csv"), table.text("|", "\n").as_bytes());
        }
    }

    /// Base and line files, as research files come.
    pub(super) fn write_split(&self, folder: &Path) {
        for (name, table) in &self.0 {
            if name == "enrollment" {
                put(folder, "mbsf_abcd_2020.csv", table.text(",", "\n").as_bytes());
                continue;
            }
            let (base, lines) = match name.as_str() {
                "carrier" | "dme" => ("claims_k", "lines_k"),
                _ => ("base_claims_k", "revenue_centers_k"),
            };
            let (of_base, of_lines) = table.split();
            put(folder, &format!("{name}_{base}.csv"), of_base.text(",", "\n").as_bytes());
            put(folder, &format!("{name}_{lines}.csv"), of_lines.text(",", "\n").as_bytes());
            put(folder, &format!("{name}_value_codes.csv"), b"BENE_ID,CLM_ID,CLM_VAL_CD\n");
        }
    }
}

/// Writes a file.
pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder).expect("disk");
    let mut file = fs::File::create(folder.join(name)).expect("disk");
    file.write_all(bytes).expect("disk");
}

/// A date as `17-Jan-2020`.
pub(super) fn day_month_year(text: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().expect("digits");
    let date = Date::new(number(0..4) as i32, number(4..6), number(6..8)).expect("a date");
    let (year, month, day) = date.ymd();
    format!("{day:02}-{}-{year}", MONTHS[month as usize - 1])
}
