//! The columns of published results files that replay reads, and the names that they have had over the years (M.G).

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// A number, or words that stand for none: pay-for-reporting quality scores.
    NumberOrWord,
    Text,
    Date,
}

/// One column of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Name of 2024, or the last one it had.
    pub(super) name: &'static str,
    /// Earlier names.
    pub(super) aliases: &'static [&'static str],
    pub(super) kind: Kind,
    /// Performance years whose files must have it, first and last.
    pub(super) required: &'static [(i32, i32)],
}

const fn column(
    name: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    required: &'static [(i32, i32)],
) -> Column {
    Column { name, aliases, kind, required }
}

const ALWAYS: &[(i32, i32)] = &[(2013, 9999)];
const NEVER: &[(i32, i32)] = &[];

/// Columns of the Shared Savings Program.
pub(super) const MSSP: &[Column] = &[
    column("ACO_ID", &["ACO_Num", "ACO Identifier"], Kind::Text, ALWAYS),
    column("performance_year", &["year"], Kind::Number, NEVER),
    column("period", &[], Kind::Text, NEVER),
    column("rulebook", &[], Kind::Text, NEVER),
    column("Current_Start_Date", &["Start_Date"], Kind::Date, ALWAYS),
    column("Current_Track", &[], Kind::Text, &[(2022, 9999)]),
    column("Current_Track_1", &["Track1", "Track_1"], Kind::Number, &[(2014, 2021)]),
    column("Current_Track_2", &["Track2", "Track_2", "Track 2 ACO"], Kind::Number, &[(2013, 2021)]),
    column("Current_Track_3", &["Track3", "Track_3"], Kind::Number, &[(2017, 2021)]),
    column("Current_Track_1_Plus", &["Track1_Plus", "Track_1_Plus"], Kind::Number, &[(2018, 2021)]),
    column("Current_BASIC_A", &[], Kind::Number, &[(2019, 2021)]),
    column("Current_BASIC_B", &[], Kind::Number, &[(2019, 2021)]),
    column("Current_BASIC_C", &[], Kind::Number, &[(2019, 2021)]),
    column("Current_BASIC_D", &[], Kind::Number, &[(2019, 2021)]),
    column("Current_BASIC_E", &[], Kind::Number, &[(2019, 2021)]),
    column("Current_ENHANCED", &[], Kind::Number, &[(2019, 2021)]),
    column("N_AB", &["Total number of assigned beneficiaries"], Kind::Number, ALWAYS),
    column("Sav_rate", &[], Kind::Number, &[(2014, 9999)]),
    column("MinSavPerc", &["Minimum Savings Rate (%)"], Kind::Number, ALWAYS),
    column("MinLossPerc", &["Minimum Loss Rate (%)"], Kind::Number, &[(2013, 2013)]),
    column("BnchmkMinExp", &["Total savings/losses ($)"], Kind::Number, ALWAYS),
    column("GenSaveLoss", &[], Kind::Number, &[(2014, 9999)]),
    column("DisAdj", &[], Kind::Number, &[(2017, 9999)]),
    column("Impact_Mid_Year_Termination", &["Prorate_Shared_Losses"], Kind::Number, &[(2023, 9999)]),
    column("EarnSaveLoss", &[], Kind::Number, &[(2014, 9999)]),
    column("Shared_Savings", &["Shared Savings ($)"], Kind::Number, &[(2013, 2013)]),
    column("Shared_Losses", &["Shared Losses ($)"], Kind::Number, &[(2013, 2013)]),
    column("Met_QPS", &[], Kind::Number, &[(2017, 9999)]),
    column("Met_AltQPS", &[], Kind::Number, &[(2023, 9999)]),
    column("Met_FirstYear", &[], Kind::Number, NEVER),
    column("Met_30pctl", &[], Kind::Number, NEVER),
    column("Met_40pctl", &[], Kind::Number, NEVER),
    column("Report_WI", &[], Kind::Number, NEVER),
    column("QualScore", &["Quality Score"], Kind::NumberOrWord, ALWAYS),
    column(
        "MaxShareRate",
        &["QualPerfShare", "Quality Performance Sharing Rate"],
        Kind::Number,
        &[(2013, 2018), (2021, 2021)],
    ),
    column("FinalShareRate", &["Final sharing rate"], Kind::Number, ALWAYS),
    column("FinalLossRate", &[], Kind::Number, &[(2023, 9999)]),
    column("ReducedSS", &[], Kind::Number, &[(2024, 9999)]),
    column("Guardrail", &[], Kind::Number, &[(2024, 9999)]),
    column("RegAdj", &[], Kind::Number, &[(2024, 9999)]),
    column("RR_weight_ESRD_PY", &[], Kind::Number, &[(2024, 9999)]),
    column("RR_weight_DIS_PY", &[], Kind::Number, &[(2024, 9999)]),
    column("RR_weight_AGDU_PY", &[], Kind::Number, &[(2024, 9999)]),
    column("RR_weight_AGND_PY", &[], Kind::Number, &[(2024, 9999)]),
    column("PriorSavAdj", &[], Kind::Number, &[(2024, 9999)]),
    column("population_adjustment", &["PopAdj", "HEBA"], Kind::Number, NEVER),
    column("FinalAdjCat", &[], Kind::Text, &[(2024, 9999)]),
    // Nothing in the file says what it should be; that it is a number is looked at all the same.
    column("HistBnchmk", &[], Kind::Number, NEVER),
    column("UpdatedBnchmk", &[], Kind::Number, &[(2014, 9999)]),
    column("ABtotBnchmk", &["Total benchmark expenditures ($)"], Kind::Number, ALWAYS),
    column("ABtotExp", &["Total expenditures ($)"], Kind::Number, ALWAYS),
    column("RevLossLimit", &[], Kind::Number, &[(2018, 2021)]),
    column("Rev_Exp_Cat", &[], Kind::Text, &[(2018, 9999)]),
    column("Adv_Pay_Amt", &["Advanced payment amount"], Kind::Number, &[(2014, 2021)]),
    column("Adv_Pay_Recoup", &[], Kind::Number, &[(2014, 2021)]),
    column("AIPBalance", &[], Kind::Number, &[(2024, 9999)]),
    column("AIPRecoup", &[], Kind::Number, &[(2024, 9999)]),
    column("AIPOwe", &[], Kind::Number, &[(2024, 9999)]),
    column("Per_Capita_Exp_TOTAL_PY", &[], Kind::Number, &[(2014, 9999)]),
    column(PER_CAPITA[0], &["Total expenditures per assigned ESRD beneficiary"], Kind::Number, ALWAYS),
    column(PER_CAPITA[1], &["Total expenditures per assigned DISABLED beneficiary"], Kind::Number, ALWAYS),
    column(PER_CAPITA[2], &["Total expenditures per assigned AGED/DUAL beneficiary"], Kind::Number, ALWAYS),
    column(PER_CAPITA[3], &["Total expenditures per assigned AGED/NON-DUAL beneficiary"], Kind::Number, ALWAYS),
    column("N_AB_Year_PY", &["N_AB_Year", "Total assigned beneficiary person years"], Kind::Number, ALWAYS),
    column(
        PERSON_YEARS[0],
        &["N_AB_Year_ESRD", "Total number of ESRD assigned beneficiary person years"],
        Kind::Number,
        ALWAYS,
    ),
    column(
        PERSON_YEARS[1],
        &["N_AB_Year_DIS", "Total number of DISABLED assigned beneficiary person years"],
        Kind::Number,
        ALWAYS,
    ),
    column(
        PERSON_YEARS[2],
        &["N_AB_Year_AGED_Dual", "Total number of AGED/DUAL assigned beneficiary person years"],
        Kind::Number,
        ALWAYS,
    ),
    column(
        PERSON_YEARS[3],
        &["N_AB_Year_AGED_NonDual", "Total number of AGED/NON-DUAL assigned beneficiary person years"],
        Kind::Number,
        ALWAYS,
    ),
    column("msr", &[], Kind::Number, NEVER),
    column("mlr", &[], Kind::Number, NEVER),
    column("gross_savings_cents", &[], Kind::Number, NEVER),
    column("earned_cents", &[], Kind::Number, NEVER),
];

/// Spending per person year by enrollment type, in the program's order.
pub(super) const PER_CAPITA: [&str; 4] = [
    "Per_Capita_Exp_ALL_ESRD_PY",
    "Per_Capita_Exp_ALL_DIS_PY",
    "Per_Capita_Exp_ALL_AGDU_PY",
    "Per_Capita_Exp_ALL_AGND_PY",
];

/// Person years by enrollment type.
pub(super) const PERSON_YEARS: [&str; 4] =
    ["N_AB_Year_ESRD_PY", "N_AB_Year_DIS_PY", "N_AB_Year_AGED_Dual_PY", "N_AB_Year_AGED_NonDual_PY"];

/// Columns that came into the files with a performance year: a file that has one is of that year or later.
pub(super) const SINCE: &[(&str, i32)] = &[
    ("Shared_Savings", 2013),
    ("GenSaveLoss", 2014),
    ("Met_QPS", 2016),
    ("DisAdj", 2017),
    ("RevLossLimit", 2018),
    ("Current_BASIC_A", 2019),
    ("Report_WI", 2021),
    ("Current_Track", 2022),
    ("Met_AltQPS", 2023),
    ("FinalLossRate", 2023),
    ("Met_40pctl", 2024),
    ("Guardrail", 2024),
    ("AIPBalance", 2024),
];

/// Columns of ACO REACH and its forerunner.
pub(super) const REACH: &[Column] = &[
    column("aco_id", &["dce_id", "entity_id"], Kind::Text, ALWAYS),
    column("perf_year", &["performance_year", "py"], Kind::Number, NEVER),
    column("first_part_year", &["first_participation_year"], Kind::Number, NEVER),
    column("risk_arrangement", &[], Kind::Text, ALWAYS),
    column("stop_loss", &[], Kind::Text, ALWAYS),
    column("discount", &[], Kind::Number, ALWAYS),
    column("retention_withhold", &[], Kind::Number, ALWAYS),
    column("sav_rate", &[], Kind::Number, ALWAYS),
    column("final_benchmark", &[], Kind::Number, ALWAYS),
    column("unadj_benchmark", &[], Kind::Number, ALWAYS),
    column("tot_cost_care", &[], Kind::Number, ALWAYS),
    column("tot_cost_care_net", &[], Kind::Number, ALWAYS),
    column("gross_savings", &[], Kind::Number, ALWAYS),
    column("shared_savings", &[], Kind::Number, ALWAYS),
    column("shared_savings_seq", &[], Kind::Number, ALWAYS),
    column("cap_pmt", &[], Kind::Number, ALWAYS),
    column("clm_pmt", &[], Kind::Number, ALWAYS),
    column("bene_cnt", &[], Kind::Number, NEVER),
    column("hdr_adjust", &[], Kind::Number, NEVER),
    column("heba_up_amt", &[], Kind::Number, &[(2023, 9999)]),
    column("heba_down_amt", &["heba_dn_amt"], Kind::Number, &[(2023, 9999)]),
    column("heba_up_mnths", &["heba_up_months"], Kind::Number, &[(2023, 9999)]),
    column("heba_dn_mnths", &["heba_down_mnths", "heba_dn_months"], Kind::Number, &[(2023, 9999)]),
    column("qual_scr", &["quality_score"], Kind::Number, ALWAYS),
];

/// A header as it is compared: letters and digits in lower case; remarks in brackets do not count.
pub(super) fn plain(header: &str) -> String {
    let header = header.split('[').next().unwrap_or(header);
    header.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Puts back the name that the circulating file of 2013 lacks: that of total expenditures (M.G.3). The 22 names behind it
/// stand one column off there; `width` is the number of cells of a row.
pub(super) fn repair_header(header: &mut Vec<String>, width: usize) {
    let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
    let Some(benchmark) = names.iter().position(|name| name == "totalbenchmarkexpenditures") else { return };
    if names.get(benchmark + 1).is_none_or(|next| next != "totalsavingslosses") {
        return;
    }
    header.insert(benchmark + 1, "Total expenditures ($)".into());
    if header.len() > width {
        header.remove((benchmark + 2 + 22).min(header.len() - 1));
    }
}
