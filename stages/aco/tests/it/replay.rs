//! Published results files, replayed.

use crate::oracles;
use acoledger_aco::replay::*;
use acoledger_schemas::rules::Rules;

#[test]
fn published() {
    let rules = Rules::built_in().expect("rules");
    for file in [
        "mssp_results_py2023.csv",
        "mssp_results_py2024.csv",
        "mssp_results_py2013.csv",
        "mssp_results_py2014.csv",
        "mssp_results_py2015.csv",
        "mssp_results_py2017.csv",
        "mssp_results_py2018.csv",
        "mssp_results_py2019.csv",
        "mssp_results_py2021.csv",
        "reach_results_py2021.csv",
        "reach_results_py2023.csv",
    ] {
        let Some(text) = oracles::text(&format!("data/published/{file}")) else { return };
        match replay(text.as_bytes(), file, None, &rules) {
            Err(problems) => println!("{file}: {problems}"),
            Ok(replay) => {
                let summary = replay.summary();
                println!(
                    "{file} {:?} rows {} matched {} explained {} unexplained {}",
                    summary.performance_year, summary.rows, summary.matched, summary.explained, summary.unexplained
                );
                for identity in &summary.identities {
                    println!(
                        "   {:30} {:4} {:4} {:4} {:?}",
                        identity.name, identity.matched, identity.explained, identity.unexplained, identity.reasons
                    );
                }
                let mut shown = 0;
                for row in &replay.rows {
                    for c in &row.comparisons {
                        if c.verdict == Verdict::Unexplained && shown < 25 {
                            shown += 1;
                            println!(
                                "      {} {} {:?} {:?} {:?}",
                                row.aco_id, c.identity, c.ours, c.theirs, c.tolerance
                            );
                        }
                    }
                }
            }
        }
    }
}
