"""Shard paths and rows in one process: the bytes of the program, and every wrong arrangement of rows refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Nation, contents, same

import acoledger
from acoledger import spark as on_spark
from acoledger.spark import ClusterError, _engine, _frames
from acoledger.spark._tasks import KEY, SHARD

Tables = dict[str, Any]


# ---- shard paths


def test_a_run_has_the_bytes_of_the_program(local: Any, nation: Nation, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int, int]] = []
    run = on_spark.run(local, nation.study, out=tmp_path / "run", progress=lambda *step: heard.append(step))
    same(nation.run, tmp_path / "run", "metrics.json")
    assert not run.already_done
    assert len(run["savings_losses"]) > 0
    assert ("persons", 16, 16) in {step[:3] for step in heard}


def test_many_shards_are_asked_for_in_several_jobs(local: Any, small: Nation, tmp_path: Path) -> None:
    for at_once in (1, 3, 4):
        engine = _engine.engine(local, at_once=at_once)
        acoledger.run(small.study, out=tmp_path / "run", engine=engine, progress=False)
        same(small.run, tmp_path / "run", "metrics.json")
        shutil.rmtree(tmp_path / "run")
    with pytest.raises(ClusterError, match="not a job"):
        list(_engine.engine(local, at_once=1)(b"no job", [0, 1, 2]))


def test_what_is_done_is_not_done_again(local: Any, nation: Nation) -> None:
    def never(job: bytes, shards: list[int]) -> Iterator[bytes]:
        raise AssertionError("asked for shards")

    assert acoledger.run(nation.study, engine=never, progress=False).already_done
    assert on_spark.run(local, nation.study, progress=False).already_done


def test_a_shard_without_an_answer_or_with_two_is_an_error(local: Any, small: Nation, tmp_path: Path) -> None:
    asked = _engine.engine(local)
    missing = lambda job, shards: list(asked(job, shards))[1:]  # noqa: E731
    twice = lambda job, shards: [*(answers := list(asked(job, shards))), answers[2]]  # noqa: E731
    for engine, what in ((missing, "no answer for shard 0"), (twice, "shard 2 was answered twice")):
        with pytest.raises(acoledger.Error, match=what):
            acoledger.run(small.study, out=tmp_path / "run", engine=engine, progress=False)
        assert not (tmp_path / "run").exists()


def test_the_error_of_a_task_is_raised_as_it_was(local: Any) -> None:
    with pytest.raises(ClusterError, match="not a job") as raised:
        list(_engine.engine(local)(b"no job", [0, 1]))
    assert "Traceback" not in str(raised.value)
    assert raised.value.problems[0]["file"] == "task"


def test_a_worker_that_sees_other_program_files_does_not_answer(local: Any, small: Nation, tmp_path: Path) -> None:
    moved = tmp_path / "study"
    shutil.copytree(small.folder, moved)
    asked = _engine.engine(local)

    def changed(job: bytes, shards: list[int]) -> Iterator[bytes]:
        with (moved / "program" / "aco.csv").open("a") as file:
            file.write("\n")
        return asked(job, shards)

    with pytest.raises(acoledger.Error, match="other program files, rates or rules here than for the driver"):
        acoledger.run(moved / "study.toml", out=tmp_path / "run", engine=changed, progress=False)


# ---- rows


SOURCES = {"carrier": {"name": "claims.carrier", "version": 41}}


@pytest.fixture(scope="module")
def tables(local: Any, small: Nation) -> Tables:
    return small.tables(local)


@pytest.fixture(scope="module")
def rows(local: Any, small: Nation, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Nation:
    """The small nation run from DataFrames."""
    nation = small.without_raw(tmp_path_factory.mktemp("rows") / "study")
    on_spark.run_rows(local, nation.study, tables, sources=SOURCES, progress=False)
    return nation


def test_the_lake_of_rows_is_that_of_files(small: Nation, rows: Nation) -> None:
    # What tells of sources: `inputs.json` and `sources.json` are about files; the manifest is compared below.
    same(small.lake, rows.lake, "inputs.json", "sources.json", "manifest.json")
    assert {"inputs.json", "manifest.json"} <= contents(rows.lake).keys()
    of_files, of_rows = (json.loads((lake / "manifest.json").read_text()) for lake in (small.lake, rows.lake))
    assert differing(of_files, of_rows) <= {"sources", "findings"}
    for table in {of["table"] for of in of_files["sources"]}:
        assert totals(of_files, table) == totals(of_rows, table), table
    (carrier,) = (of for of in of_rows["sources"] if of["table"] == "carrier")
    assert carrier["file"] == "claims.carrier@41"


def by_table(stage: dict[str, Any]) -> list[Any]:
    return sorted(stage["accounts"], key=lambda account: str(account["table"]))


def differing(one: dict[str, Any], two: dict[str, Any]) -> set[str]:
    assert list(one) == list(two)
    return {key for key in one if one[key] != two[key]}


def totals(report: dict[str, Any], table: str) -> dict[str, tuple[int, int]]:
    """Rows and cents of each bucket of a table."""
    buckets = ("read", "used", "repeated", "rejected", "outside", "cancelled", "unread")
    of_table = [of for of in report["sources"] if of["table"] == table]
    return {
        bucket: (sum(of[bucket]["rows"] for of in of_table), sum(of[bucket]["cents"] for of in of_table))
        for bucket in buckets
    }


def test_the_run_of_rows_is_that_of_files(small: Nation, rows: Nation) -> None:
    # Inputs stand in the manifest alone: files there, tables with their versions here.
    same(small.run, rows.run, "metrics.json", "manifest.json")
    of_files, of_rows = (json.loads((run / "manifest.json").read_text()) for run in (small.run, rows.run))
    assert differing(of_files, of_rows) == {"inputs", "stages", "findings"}
    # Of stages only the keys, which hash the inputs, and the order of raw tables.
    for one, two in zip(of_files["stages"], of_rows["stages"], strict=True):
        assert {**one, "key": "", "accounts": by_table(one)} == {**two, "key": "", "accounts": by_table(two)}
    assert any(of["file"] == "claims.carrier@41" for of in of_rows["inputs"])
    assert any("made from tables of an engine" in finding["what"] for finding in of_rows["findings"])
    assert of_files["outputs"] == of_rows["outputs"]


def test_a_source_without_a_name_goes_by_its_table(rows: Nation) -> None:
    report = json.loads((rows.lake / "manifest.json").read_text())
    assert {of["file"] for of in report["sources"] if of["table"] != "carrier"} == {
        f"spark/{of['table']}" for of in report["sources"] if of["table"] != "carrier"
    }


def test_cells_mean_the_same_in_any_type(local: Any, small: Nation, tables: Tables, tmp_path: Path) -> None:
    from pyspark.sql import functions as F

    def text(name: str) -> Any:
        return F.format_string("$%.2f", F.col(name)).alias(name)

    carrier, inpatient, enrollment = tables["carrier"], tables["inpatient"], tables["enrollment"]
    others = {
        **tables,
        # Money as text, identifiers and days in other types, names in another case.
        "carrier": carrier.withColumn("LINE_NCH_PMT_AMT", F.col("LINE_NCH_PMT_AMT").cast("decimal(12,2)"))
        .withColumn("LINE_LAST_EXPNS_DT", F.col("LINE_LAST_EXPNS_DT").cast("timestamp"))
        .withColumnRenamed("BENE_ID", "bene_id"),
        "inpatient": inpatient.withColumn("CLM_PMT_AMT", F.format_string("%.2f", F.col("CLM_PMT_AMT"))),
        "enrollment": enrollment.withColumn("BENE_ID", F.concat(F.lit(" "), F.col("BENE_ID"))),
    }
    nation = small.without_raw(tmp_path / "study")
    report = on_spark.ingest(local, nation.study, others, progress=False)
    same(small.lake, nation.lake, "inputs.json", "sources.json", "manifest.json")
    assert sum(of["read"]["cents"] for of in report["sources"]) > 0


def test_rows_that_are_refused_are_counted_and_told(local: Any, small: Nation, tables: Tables, tmp_path: Path) -> None:
    from pyspark.sql import functions as F

    dme = tables["dme"]
    none = dme.limit(3).withColumn("BENE_ID", F.lit(None).cast("string"))
    nation = small.without_raw(tmp_path / "study")
    report = on_spark.ingest(local, nation.study, {**tables, "dme": dme.unionAll(none)}, progress=False)
    (of_dme,) = (of for of in report["sources"] if of["table"] == "dme")
    assert of_dme["rejected"]["rows"] == 3
    refused = (nation.lake / report["rejects"]).read_text().splitlines()
    assert sum("spark/dme" in line for line in refused) == 3


# ---- rows arranged wrongly, or not those of the source


@pytest.fixture(scope="module")
def arranged(small: Nation, tables: Tables) -> Tables:
    return on_spark.prepare(small.study, tables)


@pytest.fixture
def study(small: Nation, rows: Nation, tmp_path: Path) -> Iterator[Path]:
    """A study with a lake, which stands whatever the test tries to put in its place."""
    nation = small.without_raw(tmp_path / "study")
    shutil.copytree(rows.lake, nation.lake)
    before = contents(nation.lake)
    yield nation.study
    assert contents(nation.lake) == before
    left = {path.name for path in tmp_path.joinpath("study").iterdir()}
    assert left <= {"study.toml", "program", "lake", "wrong"}, left


def refused(spark: Any, study: Path, tables: Tables, prepared: Tables, table: str, frame: Any) -> str:
    """What is said of one table that is arranged otherwise; it goes first, since the first error is the last."""
    others = {name: of for name, of in prepared.items() if name != table}
    with pytest.raises(acoledger.Error) as raised:
        on_spark.ingest(spark, study, tables, prepared={table: frame, **others}, progress=False)
    assert raised.value.problems
    # Not a life's identifier, nor its key.
    assert not any(word.strip(",;:`").lstrip("-").isdigit() and len(word) > 8 for word in str(raised.value).split())
    return str(raised.value)


def test_an_arrangement_of_ones_own_is_taken(local: Any, small: Nation, tables: Tables, tmp_path: Path) -> None:
    keyed = on_spark.prepare(small.study, tables)
    # Two partitions with shards in both of them, each whole.
    own = {name: frame.repartition(2, frame[SHARD]).sortWithinPartitions(KEY) for name, frame in keyed.items()}
    nation = small.without_raw(tmp_path / "study")
    on_spark.ingest(local, nation.study, tables, prepared=own, progress=False)
    same(small.lake, nation.lake, "inputs.json", "sources.json", "manifest.json")


def test_rows_out_of_order(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    from pyspark.sql import functions as F

    frame = arranged["carrier"].sortWithinPartitions(F.col(KEY).desc())
    said = refused(local, study, tables, arranged, "carrier", frame)
    assert "carrier: rows are not sorted by life" in said


def test_lives_split_over_partitions(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    frame = arranged["carrier"].repartition(2, "CLM_ID").sortWithinPartitions(KEY)
    said = refused(local, study, tables, arranged, "carrier", frame)
    assert "came from two partitions" in said


def test_a_shard_missing(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    frame = arranged["carrier"].where(f"{SHARD} <> 2")
    said = refused(local, study, tables, arranged, "carrier", frame)
    assert "rows are missing: the source has" in said


def test_a_shard_twice(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    frame = arranged["carrier"]
    said = refused(local, study, tables, arranged, "carrier", frame.unionAll(frame.where(f"{SHARD} = 2")))
    assert "shard 2 came from two partitions" in said


def test_rows_twice_in_their_place(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    frame = arranged["dme"]
    twice = frame.unionAll(frame.where(f"{SHARD} = 2")).repartition(4, SHARD).sortWithinPartitions(KEY)
    assert "rows too many: the source has" in refused(local, study, tables, arranged, "dme", twice)


def test_a_life_in_place_of_another(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    from pyspark.sql import functions as F

    # As many rows, and shards whole; but the first life's rows are said to be another's.
    first = arranged["snf"].agg(F.min("BENE_ID")).first()[0]
    frame = arranged["snf"].withColumn("BENE_ID", F.when(F.col("BENE_ID") == first, "X").otherwise(F.col("BENE_ID")))
    assert "does not agree with the identifiers" in refused(local, study, tables, arranged, "snf", frame)


def test_cents_that_differ(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    from pyspark.sql import functions as F

    frame = arranged["hospice"].withColumn("CLM_PMT_AMT", F.col("CLM_PMT_AMT") + F.lit(0.01))
    assert "cents too many: the source has" in refused(local, study, tables, arranged, "hospice", frame)


def test_shards_of_another_study(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    ids = _frames.judged(str(study), tables)
    eight = _frames.arranged(_frames.keyed("snf", tables["snf"], ids["snf"], 8), 8)
    assert f"`{SHARD}` does not agree" in refused(local, study, tables, arranged, "snf", eight)


def test_wrong_types(local: Any, study: Path, tables: Tables, arranged: Tables) -> None:
    from pyspark.sql import functions as F

    as_text = arranged["snf"].withColumn(KEY, F.col(KEY).cast("string"))
    assert f"`{KEY}` is string" in refused(local, study, tables, arranged, "snf", as_text)
    assert f"no column `{KEY}`" in refused(local, study, tables, arranged, "snf", arranged["snf"].drop(KEY))

    snf = tables["snf"]
    for changed, what in (
        (snf.withColumn("BENE_ID", F.lit(1.5)), "identifiers of type double"),
        (snf.withColumn("CLM_PMT_AMT", F.array("CLM_PMT_AMT")), "cells of type array<double> are not read"),
        (snf.drop("BENE_ID"), "no column of beneficiary identifiers"),
        (snf.drop("CLM_PMT_AMT"), "no column of payments"),
        (snf.withColumn("CLM_PMT_AMT", F.current_date()), "payments of type date"),
        (snf.withColumn("bene_id ", F.col("BENE_ID")).withColumnRenamed("CLM_ID", SHARD), f"a column is called `{SHARD}`"),
    ):
        with pytest.raises(acoledger.Error, match=re.escape(what)):
            on_spark.ingest(local, study, {**tables, "snf": changed}, progress=False)


def test_tables_that_are_not_there(local: Any, study: Path, tables: Tables) -> None:
    few = {name: frame for name, frame in tables.items() if name != "snf"}
    with pytest.raises(ClusterError, match="no DataFrame of snf"):
        on_spark.ingest(local, study, few, progress=False)
    with pytest.raises(ClusterError, match="not a raw table: letters"):
        on_spark.ingest(local, study, {**tables, "letters": tables["snf"]}, progress=False)
    with pytest.raises(ClusterError, match="of which there is no DataFrame"):
        on_spark.ingest(local, study, tables, sources={"letters": {"name": "x"}}, progress=False)
    with pytest.raises(ClusterError, match="it has `name` and `version`"):
        on_spark.ingest(local, study, tables, sources={"snf": {"snapshot": 3}}, progress=False)


def test_one_ingest_at_a_time(local: Any, study: Path, tables: Tables) -> None:
    from acoledger import _native

    making = _native.ingest_begin(str(study))
    try:
        with pytest.raises(acoledger.Error, match="another|at a time|runs"):
            on_spark.ingest(local, study, tables, progress=False)
    finally:
        making.abort()
