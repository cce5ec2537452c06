//! A thousand reforms of 500 ACOs, on one thread: `make bench-reforms`.
//!
//! Each row is a sweep of one key in a thousand steps. Its peer is the same program without what a sweep keeps: some of the points,
//! settled each as a reform of its own by a run from the same indexed rates, and counted a thousandfold. The peer's time counts only
//! because its answers are equal: every point that it settles is compared. Files are neither read nor written inside the times.
//!
//! The ACOs are the invented ACO-years of 2025 in `../shared/data/rates_cases`, again and again under other names. Without
//! `--bench` (inside `cargo test`) it runs small and says nothing of time.

use acoledger_aco::scenario::{Reform, Scenario, Sweep, Swept, settle};
use acoledger_aco::tables::SavingsLosses;
use acoledger_aco::{Detail, Index};
use acoledger_schemas::program::Program;
use acoledger_schemas::rates::Rates;
use acoledger_schemas::rules::Rules;
use acoledger_schemas::table::{Table, read_csv};
use acoledger_schemas::values::AcoId;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const YEAR: i32 = 2025;

/// Swept key, its least value and its greatest, the share of the peer's time that it may take, and what of the law it reaches.
const SWEEPS: [(&str, f64, f64, f64, &str); 4] = [
    ("risk.cap", 0.0, 0.05, 0.2, "risk adjustment: historical and updated benchmark anew"),
    ("settle.sequestration", 0.0, 0.05, 0.2, "settlement alone"),
    ("benchmark.region.county_share_limit", 0.5, 1.0, 0.5, "regional figures anew, from the counties"),
    ("rates.negative_spending_limit", 0.0, 1.0, 1.0, "inputs anew: nothing is kept"),
];

/// How large the bench is.
struct Size {
    acos: usize,
    points: usize,
    /// Points that the peer settles.
    peer_points: usize,
}

fn main() -> ExitCode {
    let full = std::env::args().any(|argument| argument == "--bench");
    let size = match full {
        true => Size { acos: 500, points: 1000, peer_points: 25 },
        false => Size { acos: 20, points: 5, peer_points: 5 },
    };
    let Some((rates, program)) = many(size.acos) else { return ExitCode::SUCCESS };
    let rules = Rules::built_in().expect("the shipped rules are sound");
    println!("{} reforms of {} ACOs each, one thread", size.points, size.acos);
    let mut within = true;
    for (key, least, most, limit, reaches) in SWEEPS {
        let step = (most - least) / (size.points - 1) as f64;
        let values: Vec<String> = (0..size.points).map(|at| format!("{:?}", least + at as f64 * step)).collect();
        let text = format!("title = 'bench'\n[sweep]\n'{key}' = [{}]", values.join(", "));
        let reform = Reform::parse(&text).expect("a sound reform");
        let scenario = Scenario::new(&[reform], &rules).expect("a sound reform");
        let ran = run(&scenario, &rates, &program, &size);
        println!("{key}: {reaches}\n  {} of {} points equal, hash {:016x}", ran.equal, size.peer_points, ran.hash);
        assert_eq!(ran.equal, size.peer_points, "the peer's answers are others");
        if full {
            within &= say(&ran, &size, limit);
        }
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a sweep and its peer came to.
struct Ran {
    sweep: Duration,
    peer: Duration,
    equal: usize,
    hash: u64,
}

/// Settles all points, and now and then one more by the peer, so that both meet the same load of the machine.
fn run(scenario: &Scenario, rates: &Rates, program: &Program, size: &Size) -> Ran {
    let started = Instant::now();
    let index = Index::new(rates, program);
    let sweep = Sweep::new(scenario, &index, program, &[YEAR]).expect("the cases settle");
    let mut ran = Ran { sweep: started.elapsed(), peer: Duration::ZERO, equal: 0, hash: 0xcbf2_9ce4_8422_2325 };
    let points = scenario.point_count();
    for at in 0..points {
        let started = Instant::now();
        let rows = sweep.at(&scenario.point(at)).expect("the cases settle");
        ran.sweep += started.elapsed();
        for row in &rows {
            for number in [row.updated_benchmark, row.total_benchmark, row.gross_savings.0, row.earned.0] {
                ran.hash = (ran.hash ^ number as u64).wrapping_mul(0x0100_0000_01b3);
            }
        }
        if at % (points / size.peer_points) == 0 {
            let started = Instant::now();
            let groups = scenario.groups_at(&scenario.point(at), program, &[YEAR]).expect("sound");
            let plain = settle(&index, &groups, Detail::Results).expect("the cases settle").savings_losses;
            ran.peer += started.elapsed();
            let equal = plain.len() == rows.len() && plain.iter().zip(&rows).all(|(plain, row)| same(plain, row));
            ran.equal += usize::from(equal);
        }
    }
    ran
}

fn same(plain: &SavingsLosses, row: &Swept<'_>) -> bool {
    let of_plain = (&plain.aco_id, plain.n_ab, plain.updated_bnchmk, plain.ab_tot_bnchmk);
    of_plain == (&row.aco.aco_id, row.assigned, row.updated_benchmark, row.total_benchmark)
        && (plain.gross_savings_cents, plain.earned_cents) == (row.gross_savings, row.earned)
        && plain.outcome == row.outcome
}

/// Says the times, and whether the sweep kept its limit.
fn say(ran: &Ran, size: &Size, limit: f64) -> bool {
    let (sweep, peer) = (ran.sweep.as_secs_f64(), ran.peer.as_secs_f64() / size.peer_points as f64);
    let (all, ratio) = (peer * size.points as f64, sweep / (peer * size.points as f64));
    let each = (size.points * size.acos) as f64 / sweep;
    let verdict = if ratio <= limit { "kept" } else { "NOT KEPT" };
    println!("  sweep {sweep:.2} s, {each:.0} reforms x ACOs per second");
    println!("  peer  {all:.2} s for as many ({} settled, {:.2} ms each)", size.peer_points, peer * 1e3);
    println!("  ratio {ratio:.3}, limit {limit}: {verdict}");
    ratio <= limit
}

/// The ACOs of the cases again and again under other names, until there are as many as asked for, all of one year.
fn many(acos: usize) -> Option<(Rates, Program)> {
    let mut rates = Rates {
        national: table("rates")?,
        county: table("rates")?,
        aco_year: table("rates")?,
        aco_county: table("rates")?,
        aco_heads: table("rates")?,
        aco_county_heads: table("rates")?,
    };
    let mut program = Program {
        aco: table("program")?,
        aco_history: Some(table("program")?),
        acpt: Some(table("program")?),
        disaster: Some(table("program")?),
        ..Program::default()
    };
    program.aco.retain(|aco| aco.performance_year.0 == YEAR);
    let copies = acos.div_ceil(program.aco.len());
    macro_rules! copy {
        ($($rows:expr, $kept:expr);+) => {$(
            let own: Vec<_> = $rows.iter().filter($kept).cloned().collect();
            *$rows = (0..copies).flat_map(|copy| own.iter().cloned().map(move |mut row| {
                row.aco_id = AcoId::new(&format!("{}x{copy}", row.aco_id)).expect("short");
                row
            })).collect();
        )+};
    }
    copy!(
        &mut program.aco, |_| true;
        &mut rates.aco_year, |row| row.performance_year.0 == YEAR;
        &mut rates.aco_county, |row| row.performance_year.0 == YEAR;
        &mut rates.aco_heads, |row| row.performance_year.0 == YEAR;
        &mut rates.aco_county_heads, |row| row.performance_year.0 == YEAR;
        program.aco_history.get_or_insert_default(), |_| true
    );
    program.aco.truncate(acos);
    Some((rates, program))
}

fn table<T: Table>(folder: &str) -> Option<Vec<T>> {
    let oracles = match std::env::var_os("ACOLEDGER_ORACLES") {
        Some(folder) => PathBuf::from(folder),
        None => concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
    };
    let path = oracles.join("data/rates_cases").join(folder).join(format!("{}.csv", T::SPEC.name));
    let Ok(text) = std::fs::read(&path) else {
        println!("oracles absent: {}", path.display());
        return None;
    };
    Some(read_csv(text.as_slice(), &path.to_string_lossy()).unwrap_or_else(|problems| panic!("{problems}")))
}
