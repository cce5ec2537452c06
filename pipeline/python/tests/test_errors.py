"""What stops a command is an exception with the program's own message, and its parts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import acoledger
import polars
import pytest
from conftest import PROGRAM


def message_of_program(*arguments: str | Path) -> str:
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    return done.stderr


def same(error: acoledger.Error, printed: str) -> bool:
    """Whether each line of an exception stands in what the program printed."""
    lines = [line.strip() for line in printed.splitlines()]
    return all(any(line.strip() in shown for shown in lines) for line in str(error).splitlines())


def test_a_key_that_is_not_known(demo: Path) -> None:
    study = demo / "study.toml"
    study.write_text(study.read_text().replace("performance_years", "performanceyears"))
    with pytest.raises(acoledger.Error) as stopped:
        acoledger.run(study, progress=False)
    problem = stopped.value.problems[0]
    assert problem["file"] == str(study)
    assert problem["line"] == study.read_text().splitlines().index("performanceyears = [2023, 2024]") + 1
    assert "performanceyears" in problem["what"]
    assert problem["hint"]
    assert problem.keys() == {"file", "line", "column", "what", "value", "hint"}
    assert same(stopped.value, message_of_program("run", study))
    assert isinstance(stopped.value, Exception) and type(stopped.value) is acoledger.Error


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    study = tmp_path / "nothing.toml"
    for ask in (
        lambda: acoledger.run(study, progress=False),
        lambda: acoledger.replay(study),
        lambda: acoledger.scenario(study, study, progress=False),
        lambda: acoledger.explain(study, bene="1", year=2024),
        lambda: acoledger.rules(2024, study=study),
    ):
        with pytest.raises(acoledger.Error) as stopped:
            ask()
        assert str(study) in str(stopped.value)
        assert stopped.value.problems[0]["file"] == str(study)
    with pytest.raises(acoledger.Error) as stopped:
        acoledger.run(study, progress=False)
    assert same(stopped.value, message_of_program("run", study))


def test_several_problems_are_all_there(demo: Path) -> None:
    """Of a program file with two wrong cells both are named, and no run is left."""
    file = demo / "program/aco.csv"
    lines = file.read_text().splitlines()
    column = lines[0].split(",").index("quality_score")
    for at in (1, 2):
        cells = lines[at].split(",")
        cells[column] = "good"
        lines[at] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(acoledger.Error) as stopped:
        acoledger.run(demo / "study.toml", out=demo / "other", progress=False)
    problems = stopped.value.problems
    assert [(of["line"], of["column"], of["value"]) for of in problems] == [(2, "quality_score", "good"), (3, "quality_score", "good")]
    assert not (demo / "other").exists()


def test_a_reform_that_cannot_be(demo: Path, tmp_path: Path) -> None:
    reform = tmp_path / "reform.toml"
    reform.write_text('title = "Nothing"\n\n[rules]\n"settle.nothing" = 1\n')
    with pytest.raises(acoledger.Error, match="settle.nothing") as stopped:
        acoledger.scenario(demo / "study.toml", reform, progress=False)
    assert stopped.value.problems[0]["file"].startswith(str(reform))
    assert same(stopped.value, message_of_program("scenario", demo / "study.toml", "--reform", reform))
    assert not (demo / "run-scenario").exists()


def test_what_cannot_be_asked(demo: Path) -> None:
    run = acoledger.open_run(demo / "run")
    with pytest.raises(acoledger.Error, match="A9999"):
        acoledger.explain(run, aco="A9999")
    with pytest.raises(TypeError, match="one of them"):
        acoledger.explain(run)
    with pytest.raises(TypeError, match="one of them"):
        acoledger.explain(run, aco="A5001", bene="1", year=2024)
    with pytest.raises(TypeError, match="calendar year"):
        acoledger.explain(run, bene="9000000002")
    with pytest.raises(acoledger.Error, match="does not know its own") as stopped:
        acoledger.explain(run, bene="9000000002", year=2024)
    assert stopped.value.problems[0]["hint"]
    with pytest.raises(acoledger.Error):
        acoledger.rules(2024, "Z")  # type: ignore[arg-type]


def test_a_cell_of_people(tmp_path: Path) -> None:
    people = {"id": ["P1", "P2"], "age": [76, 58], "sex": ["F", "X"], "orec": ["0", "1"], "dual_code": ["NA", "02"], "dx": ["E11.9", "F20.9"]}
    with pytest.raises(acoledger.Error) as stopped:
        acoledger.score(polars.DataFrame(people), model="v28", year=2026)
    problem = stopped.value.problems[0]
    assert (problem["column"], problem["value"]) == ("sex", "X")
    with pytest.raises(acoledger.Error, match="`age`|age"):
        acoledger.score(polars.DataFrame({"id": ["P1"]}), model="v28", year=2026)
    with pytest.raises(acoledger.Error, match="v99"):
        acoledger.score(polars.DataFrame(people), model="v99", year=2026)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list is no table with the Arrow PyCapsule interface"):
        acoledger.score([people])


def test_no_life_is_named(demo: Path) -> None:
    """Exceptions end up in logs and tickets."""
    with pytest.raises(acoledger.Error) as stopped:
        acoledger.explain(demo / "study.toml", bene="1234567890", year=2024)
    assert "1234567890" not in str(stopped.value) + repr(stopped.value.problems)


def test_a_broken_file_is_an_error(demo: Path) -> None:
    (demo / "run/savings_losses.parquet").write_bytes(b"PAR1 no Parquet")
    run = acoledger.open_run(demo / "run")
    with pytest.raises(acoledger.Error, match="savings_losses.parquet"):
        run["savings_losses"]
