"""The other commands: what the wheel gives is what the program prints or writes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import acoledger
import pandas
import polars
import pyarrow
import pytest
from conftest import LIVES, REFORM, differing, files, program, unequal_to_csv

PEOPLE = [
    {"id": "P1", "age": 76, "sex": "F", "orec": "0", "dual_code": "NA", "dx": "E11.9|I50.9", "lti": 0, "esrd_status": "none"},
    {"id": "P2", "age": 58, "sex": "M", "orec": "1", "dual_code": "02", "dx": "F20.9", "lti": 0, "esrd_status": "none"},
    {"id": "P3", "age": 83, "sex": "F", "orec": "0", "dual_code": "", "dx": "", "lti": 1, "esrd_status": "none"},
    {"id": "P4", "age": 66, "sex": "M", "orec": "2", "dual_code": "08", "dx": "N18.6|nonsense|E11.22", "lti": 0, "esrd_status": "none"},
]


@pytest.mark.parametrize("explain", [False, True])
def test_score(tmp_path: Path, explain: bool) -> None:
    file = tmp_path / "people.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, fieldnames=list(PEOPLE[0]))
        writer.writeheader()
        writer.writerows(PEOPLE)
    for model, year in (("v28", 2026), ("v24", 2022), ("v22", 2017)):
        printed = program("score", file, "--model", model, "--year", str(year), *(["--explain"] if explain else []))
        arrow = pyarrow.Table.from_pylist(PEOPLE)
        for people in (
            arrow,
            arrow.to_reader(),
            polars.DataFrame(PEOPLE),
            pandas.DataFrame(PEOPLE),
            pandas.DataFrame(PEOPLE).set_index(pandas.Index([7, 8, 9, 3])),
            arrow.cast(pyarrow.schema([field.with_type(pyarrow.large_string()) if field.type == pyarrow.string() else field for field in arrow.schema])),
        ):
            scores = acoledger.score(people, model=model, year=year, explain=explain)  # type: ignore[arg-type]
            assert unequal_to_csv(scores.rows(), printed) == [], (type(people), model)
    assert printed.count("\n") == 1 + len(PEOPLE)


def test_score_by_columns_and_options(tmp_path: Path) -> None:
    people = polars.DataFrame([{**one, "model": "v22", "mapping_year": 2022, "age": 64} for one in PEOPLE])
    file = tmp_path / "people.parquet"
    people.write_parquet(file)
    plain = acoledger.score(people)
    assert unequal_to_csv(plain.rows(), program("score", file)) == []
    raised = acoledger.score(people, aged_at_64=True, mce_edits=False)
    assert unequal_to_csv(raised.rows(), program("score", file, "--aged-at-64", "--no-mce-edits")) == []
    assert raised.rows() != plain.rows()
    # Scores are people again: ours go in as well as anybody's.
    assert acoledger.score(plain.to_polars().rename({"segment": "was"}).join(people, on="id"), year=2022).columns[0] == "id"


@pytest.mark.parametrize("track", [None, "EN", "A"])
def test_rules(track: str | None, demo: Path) -> None:
    study = demo / "study.toml"
    study.write_text(study.read_text() + '\n[rules]\n"settle.msr.low_head_count" = 0\n')
    for year in (2019, 2024):
        flags = ["--year", str(year), *(["--track", track] if track else []), "--format", "csv"]
        table = acoledger.rules(year, track)  # type: ignore[arg-type]
        assert len(table) > 50
        assert unequal_to_csv(table.rows(), program("rules", *flags)) == []
        overridden = acoledger.rules(year, track, study=study)  # type: ignore[arg-type]
        assert unequal_to_csv(overridden.rows(), program("rules", *flags, "--study", study)) == []
        assert overridden.rows() != table.rows()
    file = demo / "rules.toml"
    file.write_text(program("rules", "--year", "2024", "--format", "toml"))
    assert acoledger.rules(2024, rules=file).rows() == acoledger.rules(2024).rows()


def test_replay(by_program: Path, demo: Path) -> None:
    results = by_program / "run/savings_losses.csv"
    replayed = acoledger.replay(results)
    assert unequal_to_csv(replayed.table.rows(), program("replay", results, "--format", "csv")) == []
    assert replayed.summary["unexplained"] == 0 and replayed.replays
    assert repr(replayed) == "<acoledger.Replay: 11 rows: 0 matched, 11 explained, 0 unexplained>"
    assert replayed.table.to_arrow()["total_benchmark_difference"].type == pyarrow.float64()
    printed = json.loads(program("replay", results, "--format", "json"))
    assert {name: replayed.summary[name] for name in printed} == printed
    # A settlement that is not what its own benchmark gives.
    rows = list(csv.reader(results.read_text().splitlines()))
    rows[1][rows[0].index("EarnSaveLoss")] = "1"
    wrong = demo / "wrong.csv"
    with wrong.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    replayed = acoledger.replay(str(wrong))
    assert not replayed.replays and replayed.summary["unexplained"] == 1
    assert "1 unexplained" in replayed._repr_html_()


def test_explain(by_program: Path) -> None:
    study = by_program / "study.toml"
    run = acoledger.open_run(by_program / "run", study=study)
    page = acoledger.explain(run, aco="A5003", year=2024)
    assert str(page) == page.text == program("explain", by_program / "run", "--aco", "A5003", "--year", "2024")
    assert repr(page) == page.text.rstrip("\n")
    assert page.steps is not None
    steps = program("explain", by_program / "run", "--aco", "A5003", "--year", "2024", "--format", "csv")
    assert unequal_to_csv(page.steps.rows(), steps) == []
    whole = acoledger.explain(study, aco="A5003", arithmetic=True)
    assert whole.text == program("explain", study, "--aco", "A5003", "--arithmetic")
    life = acoledger.explain(run, bene="9000000002", year=2024)
    assert life.text == program("explain", study, "--bene", "9000000002", "--year", "2024")
    assert life.steps is None and "<pre>" in life._repr_html_()
    alone = acoledger.explain(study, bene="9000000002", year=2023, performance_year=2023)
    assert alone.text == program("explain", study, "--bene", "9000000002", "--year", "2023", "--performance-year", "2023")


def test_scenario(demo: Path, reform: Path) -> None:
    study = demo / "study.toml"
    other = reform.with_name("other.toml")
    other.write_text('title = "No sequestration"\n\n[rules]\n"settle.sequestration" = 0.0\n')
    for reforms in ([reform], [reform, other]):
        ours = acoledger.scenario(study, reforms if len(reforms) > 1 else reform, out=demo / "ours", progress=False)
        arguments = [part for file in reforms for part in ("--reform", file)]
        printed = program("scenario", study, *arguments, "--out", demo / "theirs", "--format", "csv")
        assert differing(files(ours.folder), files(demo / "theirs")) == []
        assert unequal_to_csv(ours.summary.rows(), printed) == []
        assert ours.differences.rows() == ours["difference"].rows()
        assert ours.summary.rows() == ours["summary"].rows()
        assert len(ours["reform/savings_losses"]) == len(ours.differences) == 11
    assert ours.titles == ["National trend alone", "No sequestration"]
    assert ours.first_stage == "benchmark" == ours.manifest["first_stage"]
    changed = [row for row in ours.differences.rows() if row["gross_savings_reform_cents"] != row["gross_savings_baseline_cents"]]
    assert changed
    assert "National trend alone" in ours._repr_html_()
    assert acoledger.explain(ours.reform, aco="A5003", year=2024).text != acoledger.explain(ours.baseline, aco="A5003", year=2024).text


def test_a_scenario_goes_beside_the_run(demo: Path, reform: Path) -> None:
    assert acoledger.scenario(str(demo / "study.toml"), str(reform), progress=False).folder == demo / "run-scenario"
    reform.write_text(REFORM.replace("National trend alone", "<b>"))
    assert "<b><b>" not in acoledger.scenario(demo / "study.toml", reform, progress=False)._repr_html_()


def test_synth(nation: Path, tmp_path: Path) -> None:
    study = acoledger.synth(tmp_path / "demo", lives=LIVES, aco_share=0.95, years=[2023, 2024], progress=False)
    assert study == tmp_path / "demo/study.toml"
    assert differing(files(study.parent), files(nation)) == []
    other = acoledger.synth(tmp_path / "other", lives=600, years=(2024,), raw="csv", seed=2, threads=1, progress=False)
    assert (other.parent / "raw/carrier_2024.csv").is_file()
    with pytest.raises(ValueError, match="one of csv"):
        acoledger.synth(tmp_path / "third", raw="xlsx", progress=False)  # type: ignore[arg-type]
    with pytest.raises(acoledger.Error, match="expected 500 to"):
        acoledger.synth(tmp_path / "third", lives=0, progress=False)


def test_the_version_is_the_program_s() -> None:
    assert program("--version").split()[-1] == acoledger.__version__
