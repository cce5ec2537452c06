//! The program folder: every table that is there, checked against itself and against the study.

use crate::lives::Lives;
use crate::study::Finding;
use crate::tables::{read_table, unknown_tables};
use crate::trouble::{self, Outcome};
use acoledger_schemas::program::VoluntaryAlignment;
use acoledger_schemas::program::{
    Aco, AcoHistory, AcoProvider, Acpt, AssignmentGiven, ClaimReduction, CompletionFactor,
};
use acoledger_schemas::program::{
    CountyCrosswalk, Disaster, EsrdMonth, EtaFee, EtaHospital, ImproperPayment, RiskStatus,
};
use acoledger_schemas::program::{LisAdi, NonClaimsPayment};
use acoledger_schemas::program::{OtherInitiative, Participant, ParticipantCcn, Program, ProviderSpecialty, RiskScore};
use acoledger_schemas::study::Study;
use acoledger_schemas::table::{Problems, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Names of all program tables.
const TABLES: &[&str] = &[
    Aco::SPEC.name,
    AcoHistory::SPEC.name,
    Participant::SPEC.name,
    ParticipantCcn::SPEC.name,
    AcoProvider::SPEC.name,
    ProviderSpecialty::SPEC.name,
    VoluntaryAlignment::SPEC.name,
    OtherInitiative::SPEC.name,
    AssignmentGiven::SPEC.name,
    RiskScore::SPEC.name,
    EsrdMonth::SPEC.name,
    RiskStatus::SPEC.name,
    LisAdi::SPEC.name,
    NonClaimsPayment::SPEC.name,
    ClaimReduction::SPEC.name,
    ImproperPayment::SPEC.name,
    EtaHospital::SPEC.name,
    EtaFee::SPEC.name,
    Acpt::SPEC.name,
    CompletionFactor::SPEC.name,
    Disaster::SPEC.name,
    CountyCrosswalk::SPEC.name,
];

/// Reads the program folder and checks it against the study. Rows of lives that memory has no room for wait in the folder `waiting`.
///
/// # Errors
/// All problems of all files: unreadable, bad header or cell, repeated key, misspelt name, years without ACOs, lists without
/// participants, shared TINs beyond the study's limit.
pub(crate) fn read_program(folder: &Path, study: &Study, waiting: &Path) -> Outcome<(Program, Lives, Vec<Finding>)> {
    if !folder.is_dir() {
        let hint = "`input.program` of the study names the folder of program files";
        return Err(trouble::of_file_with_hint(folder, "no such folder", hint).into());
    }
    let memory = study.memory_bytes().map_err(|what| trouble::of_study(folder, &what))?;
    let mut problems = unknown_tables(folder, TABLES)?;
    let ((program, mut wrong), (lives, of_lives)) =
        rayon::join(|| read_tables(folder), || Lives::read(folder, Lives::TABLES, memory, waiting));
    wrong.extend(of_lives);
    for table in TABLES {
        if let Some(wrong) = wrong.remove(table) {
            problems.extend(wrong);
        }
    }
    if problems.count > 0 {
        return Err(problems);
    }
    let findings = check(&program, folder, study)?;
    Ok((program, lives, findings))
}

/// The tables that are not about single lives; what is wrong, by table.
fn read_tables(folder: &Path) -> (Program, BTreeMap<&'static str, Problems>) {
    let mut program = Program::default();
    let mut wrong = BTreeMap::new();
    macro_rules! read {
        ($($field:ident: $row:ident),+ $(,)?) => {$(
            match read_table::<$row>(folder) {
                Ok(rows) => program.$field = rows,
                Err(error) => _ = wrong.insert($row::SPEC.name, error),
            }
        )+};
    }
    match read_table::<Aco>(folder) {
        Ok(Some(rows)) => program.aco = rows,
        Ok(None) => {
            let hint = "the program folder needs a table `aco`, as CSV or Parquet";
            let problem = trouble::of_file_with_hint(&folder.join("aco.csv"), "no such file", hint);
            wrong.insert(Aco::SPEC.name, problem.into());
        }
        Err(error) => _ = wrong.insert(Aco::SPEC.name, error),
    }
    read! {
        aco_history: AcoHistory,
        participant: Participant,
        participant_ccn: ParticipantCcn,
        aco_provider: AcoProvider,
        provider_specialty: ProviderSpecialty,
        claim_reduction: ClaimReduction,
        improper_payment: ImproperPayment,
        eta_hospital: EtaHospital,
        eta_fee: EtaFee,
        acpt: Acpt,
        completion_factor: CompletionFactor,
        disaster: Disaster,
        county_crosswalk: CountyCrosswalk,
    }
    (program, wrong)
}

/// Checks across tables, in the order in which a reader would ask.
fn check(program: &Program, folder: &Path, study: &Study) -> Outcome<Vec<Finding>> {
    let mut problems = Problems::default();
    years_have_acos(program, folder, study, &mut problems);
    let mut findings = Vec::new();
    if study.input.raw.is_some() {
        lists_have_participants(program, folder, study, &mut problems);
        findings.extend(shared_tins(program, folder, study, &mut problems));
    }
    problems.or(findings)
}

fn years_have_acos(program: &Program, folder: &Path, study: &Study, problems: &mut Problems) {
    for year in &study.study.performance_years {
        if !program.aco.iter().any(|aco| aco.performance_year.0 == *year) {
            problems.push(trouble::of_file_with_hint(
                &folder.join("aco"),
                format!("no row of performance year {year}, which the study asks for"),
                "add the ACOs of that year, or take the year out of `study.performance_years`",
            ));
        }
    }
}

fn lists_have_participants(program: &Program, folder: &Path, study: &Study, problems: &mut Problems) {
    let asked = |year: i32| study.study.performance_years.contains(&year);
    let file = folder.join("participant");
    let Some(participants) = &program.participant else {
        let hint = "assignment needs the participants of every ACO (M.J), as CSV or Parquet";
        problems.push(trouble::of_file_with_hint(&file, "no such table", hint));
        return;
    };
    let listed: BTreeSet<_> = participants.iter().map(|row| (row.performance_year, &row.aco_id)).collect();
    let acos: BTreeSet<_> = program.aco.iter().map(|row| (row.performance_year, &row.aco_id)).collect();
    for (year, aco) in acos.difference(&listed).filter(|(year, _)| asked(year.0)) {
        let what = format!("no participant of {aco} in performance year {year}");
        problems.push(trouble::of_file_with_hint(&file, what, "list its TINs, or take the ACO out of `aco`"));
    }
    for (year, aco) in listed.difference(&acos).filter(|(year, _)| asked(year.0)) {
        let what = format!("participants of {aco} in performance year {year}, which has no row in `aco`");
        problems.push(trouble::of_file_with_hint(
            &file,
            what,
            "every ACO that competes needs its row: method, track, start",
        ));
    }
}

/// TINs in two ACOs of a year: a finding, or an error beyond `limits.shared_tins` (M.A.6.7).
fn shared_tins(program: &Program, folder: &Path, study: &Study, problems: &mut Problems) -> Option<Finding> {
    let mut acos: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in program.participant.iter().flatten() {
        if study.study.performance_years.contains(&row.performance_year.0) {
            acos.entry((row.performance_year, &row.tin)).or_default().insert(&row.aco_id);
        }
    }
    let shared: Vec<_> = acos.iter().filter(|(_, acos)| acos.len() > 1).collect();
    let count = shared.len() as u64;
    if study.limits.shared_tins.is_some_and(|limit| count > limit) {
        for ((year, tin), acos) in shared {
            let acos: Vec<String> = acos.iter().map(ToString::to_string).collect();
            problems.push(trouble::of_file_with_hint(
                &folder.join("participant"),
                format!("TIN {tin} is in {} ACOs of performance year {year}: {}", acos.len(), acos.join(", ")),
                "keep it in one, or raise `limits.shared_tins`",
            ));
        }
        return None;
    }
    (count > 0).then(|| Finding {
        stage: "study".into(),
        what: "TINs in more than one ACO of a performance year: their services are left out of assignment (M.A.6.7)"
            .into(),
        count,
        beyond_limits: false,
    })
}
