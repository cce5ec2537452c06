"""A run through the wheel is the program's, byte for byte."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import acoledger
import pyarrow
import pyarrow.parquet
import pytest
from conftest import differing, files, program


def test_the_bytes_are_those_of_the_program(fresh: Path, by_program: Path) -> None:
    run = acoledger.run(fresh / "study.toml", progress=False)
    ours, theirs = files(run.folder), files(by_program / "run")
    assert len(theirs) > 100
    assert differing(ours, theirs) == []
    lake = {name: data for name, data in files(fresh / "lake").items() if not name.endswith("ingest.json")}
    assert set(lake) == {name for name in files(by_program / "lake") if not name.endswith("ingest.json")}
    parquet = {name: data for name, data in lake.items() if name.endswith(".parquet")}
    assert len(parquet) > 100
    assert [name for name, data in parquet.items() if data != (by_program / "lake" / name).read_bytes()] == []
    assert (run.already_done, run.study, run.public, run.published) == (False, fresh / "study.toml", None, None)
    assert run.manifest == json.loads((by_program / "run/manifest.json").read_text())


def test_what_is_done_is_not_done_again(demo: Path) -> None:
    before = (demo / "run/savings_losses.parquet").stat().st_mtime_ns
    run = acoledger.run(demo / "study.toml", progress=False)
    assert run.already_done
    assert (demo / "run/savings_losses.parquet").stat().st_mtime_ns == before


def test_options_are_those_of_the_program(demo: Path, tmp_path: Path) -> None:
    options = {"threads": 1, "memory": "512MiB", "shards": 8}
    run = acoledger.run(str(demo / "study.toml"), out=tmp_path / "ours", public=True, progress=False, **options)
    # The lake has 64 shards: 8 make another.
    assert len(list((run.folder / "person_year").glob("*.parquet"))) == 8
    assert run.public == run.folder / "public"
    program("run", demo / "study.toml", "--out", tmp_path / "theirs", "--public", "--threads", "1", "--memory", "512MiB", "--shards", "8")
    assert differing(files(run.folder), files(tmp_path / "theirs")) == []


def test_rules_and_the_last_stage(demo: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    text = program("rules", "--year", "2024", "--format", "toml")
    rules.write_text(text)
    run = acoledger.run(demo / "study.toml", out=tmp_path / "rates", rules=rules, until="rates", progress=False)
    assert "rates/national" in run and "savings_losses" not in run
    with pytest.raises(acoledger.Error, match="no such stage|stage"):
        acoledger.run(demo / "study.toml", until="lunch", progress=False)  # type: ignore[arg-type]


def test_a_run_is_opened(demo: Path) -> None:
    run = acoledger.open_run(demo / "run")
    assert run.manifest["performance_years"] == [2023, 2024]
    assert run.already_done and not run.beyond_limits and run.study is None
    assert run.findings[0].keys() == {"stage", "what", "count", "beyond_limits"}
    with pytest.raises(acoledger.Error, match="no run") as stopped:
        acoledger.open_run(demo / "raw")
    assert stopped.value.problems[0]["file"] == str(demo / "raw")
    assert stopped.value.problems[0]["hint"]


def test_findings_beyond_the_limits(fresh: Path) -> None:
    """A line without its last day is rejected; the study allows none."""
    claims = pyarrow.parquet.read_table(fresh / "raw/dme_2024.parquet").slice(0, 1).to_pylist()
    claims[0].update(CLM_ID=987654321, LINE_LAST_EXPNS_DT=None)
    schema = pyarrow.parquet.read_schema(fresh / "raw/dme_2024.parquet")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(claims, schema), fresh / "raw/dme_late.parquet")
    study = fresh / "study.toml"
    study.write_text(study.read_text() + "\n[limits]\nrejected_rows = 0\n")
    run = acoledger.run(study, progress=False)
    assert run.beyond_limits
    assert "(beyond the limits)" in run._repr_html_()
    rejected = run["rejects/rejects"].rows()
    assert [(row["table"], row["column"]) for row in rejected] == [("dme", "LINE_LAST_EXPNS_DT")]


def test_every_table_of_the_folder_is_there(demo: Path) -> None:
    run = acoledger.open_run(demo / "run")
    tables = run.tables()
    on_disk = {str(file.relative_to(run.folder))[: -len(".parquet")] for file in run.folder.rglob("*.parquet")}
    assert {name.split("/shard=")[0] for name in on_disk} | {"rejects/rejects"} == set(tables) == set(run)
    for name, rows in tables.items():
        table = run[name]
        assert rows in (None, len(table)), name
        assert run.stream(name).columns == table.columns, name
    assert tables["person_year"] == run.manifest["outputs"][[of["file"] for of in run.manifest["outputs"]].index("person_year")]["rows"]


def test_a_table_that_is_not_there(demo: Path) -> None:
    run = acoledger.open_run(demo / "run")
    for name in ("nothing", "../program/aco", "/etc/passwd", ""):
        assert name not in run
        with pytest.raises(acoledger.Error, match="no such table"):
            run[name]
        with pytest.raises(acoledger.Error, match="no such table"):
            run.stream(name)


def test_html_is_escaped(demo: Path) -> None:
    study = demo / "study.toml"
    study.write_text(study.read_text().replace("synthetic nation", "<script>alert(1)</script>"))
    run = acoledger.run(study, out=demo / "other", progress=False)
    assert "<script>" not in run._repr_html_() and "&lt;script&gt;" in run._repr_html_()
    assert "savings_losses" in run._repr_html_()


def test_files_are_for_their_owner(fresh: Path) -> None:
    run = acoledger.run(fresh / "study.toml", progress=False)
    open_to_others = [file for file in run.folder.rglob("*") if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    assert open_to_others == []
    shutil.rmtree(run.folder)
