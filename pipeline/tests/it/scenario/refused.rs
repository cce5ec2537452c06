//! Reforms that are refused before anything runs, and places that a scenario leaves alone.

use super::study;
use std::fs;

/// Every message names the reform file and the key, once; nothing is written.
#[test]
fn what_is_wrong_is_said_of_the_reform_before_anything_runs() {
    let Some(folder) = study() else { return };
    for (text, says) in [
        (
            "[rules]\n'settle.sequestration' = 1.5",
            "error: r.toml, rule `settle.sequestration`: expected a number, 0 to 1 (unit: fraction): 1.5",
        ),
        (
            "[rules]\n'settle.sequestration' = [{ from = 2024, to = 2024, value = 0.0 }]",
            "error: r.toml, rule `settle.sequestration`: unknown field `to`",
        ),
        ("[rules]\n'risk_cap.form' = 'foo'", "error: r.toml, rule `risk_cap.form`: unknown variant `foo`"),
        (
            "[rules]\n'benchmark.year_weights.first' = [0, 0, 0]",
            "error: r.toml, rule `benchmark.year_weights`: has no weight above 0",
        ),
        (
            "[[when]]\naco = ['ZZ']\n[when.rules]\n'risk.cap' = 0",
            "error: r.toml, `when`, column `aco`: no such ACO: `ZZ`",
        ),
        (
            "[[when]]\nyears = [1999]\n[when.rules]\n'risk.cap' = 0",
            "error: r.toml, `when`: no ACO of the study meets the conditions: `years 1999`",
        ),
        ("[[input]]\ndrop = true\nyears = [2024]", "error: r.toml: `input.years`: `drop` has no such condition"),
        (
            "[[input]]\ntable = 'aco'\ncolumn = 'trck'\nvalue = 'A'",
            "error: r.toml, `input`, column `aco.trck`: no such column",
        ),
        (
            "[sweep]\n'risk.cap' = { from = 0, to = 1, step = 1e-9 }",
            "error: r.toml, rule `risk.cap`: has too many points",
        ),
    ] {
        folder.write("r.toml", &format!("title = 'refused'\n{text}\n"));
        let done = folder.run("scenario study.toml --reform r.toml --out out").expect(2);
        assert!(done.stderr.contains(says), "{text}: {}", done.stderr);
        assert_eq!(done.stderr.matches("error:").count(), 1, "{text}: {}", done.stderr);
        assert!(!folder.file("out").exists() && !folder.file(".out.lock").exists(), "{text}");
    }
    // The same of a study's own rules.
    let study = folder.read("study.toml");
    folder.write("study.toml", &format!("{study}\n[rules]\n'settle.sequestration' = nan\n"));
    let done = folder.run("run study.toml").expect(2);
    assert!(
        done.stderr.contains("error: study.toml, rule `settle.sequestration`: expected a number, 0 to 1"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_scenario_does_not_take_the_place_of_a_run() {
    let Some(folder) = study() else { return };
    folder.write("r.toml", "title = 'cap'\n[rules]\n'risk.cap' = 0.0\n");
    folder.run("run study.toml").expect(0);
    let run = folder.bytes("run");
    let done = folder.run("scenario study.toml --reform r.toml --out run").expect(2);
    assert!(done.stderr.contains("error: run: holds a run, and no scenario"), "{}", done.stderr);
    assert_eq!(run, folder.bytes("run"));
    assert!(!folder.file(".run.lock").exists());
    // What is neither: refused too, without a lock left behind.
    folder.write("other/thesis.tex", "");
    let done = folder.run("scenario study.toml --reform r.toml --out other").expect(2);
    assert!(done.stderr.contains("holds something else than a run") && !folder.file(".other.lock").exists());
}

#[test]
fn the_halves_of_a_scenario_are_looked_at_like_runs() {
    let Some(folder) = study() else { return };
    folder.write("r.toml", "title = 'cap'\n[rules]\n'risk.cap' = 0.0\n");
    folder.run("scenario study.toml --reform r.toml --out out").expect(0);
    folder.run("run study.toml").expect(0);
    let of = |place: &str| folder.run(&format!("explain {place} --aco A2303 --format csv")).expect(0).stdout;
    assert_eq!(of("out/baseline"), of("run"));
    assert!(of("out/reform").starts_with("performance_year,"));
    let done = folder.run("explain out --aco A2303").expect(2);
    assert!(done.stderr.contains("name one of its two: out/baseline or out/reform"), "{}", done.stderr);
    let done = folder.run("marginal out/reform").expect(2);
    assert!(done.stderr.contains("marginal effects are those of a study"), "{}", done.stderr);
    for place in ["out", "out/reform", "out/baseline"] {
        folder.run(&format!("check {place}")).expect(0);
    }
    fs::write(folder.file("out/reform/benchmark.csv"), "").unwrap();
    folder.run("check out/baseline").expect(0);
    let done = folder.run("check out/reform --format csv").expect(1);
    assert!(done.stdout.contains("reform/benchmark.csv: content changed"), "{}", done.stdout);
}
