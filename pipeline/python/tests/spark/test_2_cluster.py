"""Executors as processes of their own: the bytes of the program, also when one of them is killed in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import CLUSTER, PACKAGE, Nation, events_of, forget, same, session

import acoledger
from acoledger import _native
from acoledger import spark as on_spark
from acoledger.spark import _engine

Event = dict[str, Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def cluster(place: Path) -> Iterator[Any]:
    spark = session(CLUSTER, place)
    application = spark.sparkContext.applicationId
    yield spark
    spark.stop()
    forget(application)


def of_kind(events: list[Event], kind: str) -> list[tuple[int, Event]]:
    """Events of a kind, with their places in the log."""
    return [(at, event) for at, event in enumerate(events) if event["Event"] == f"SparkListener{kind}"]


def test_a_run_has_the_bytes_of_the_program(cluster: Any, place: Path, nation: Nation, tmp_path: Path) -> None:
    on_spark.run(cluster, nation.study, out=tmp_path / "run", progress=False)
    same(nation.run, tmp_path / "run", "metrics.json")
    ended = [event["Task Info"] for _, event in of_kind(events_of(place), "TaskEnd")]
    assert {task["Executor ID"] for task in ended} == {"0", "1"}
    # Three jobs: lives, values near thresholds, sums; a task for each shard.
    assert len(ended) == 3 * 16
    assert not any(task["Failed"] for task in ended)


def test_rows_have_the_bytes_of_the_program(cluster: Any, small: Nation, tmp_path: Path) -> None:
    nation = small.without_raw(tmp_path / "study")
    on_spark.ingest(cluster, nation.study, small.tables(cluster), progress=False)
    same(small.lake, nation.lake, "inputs.json", "sources.json", "manifest.json")


class Killer(threading.Thread):
    """Kills the executor of a task that has begun and not ended, as soon as some have ended."""

    def __init__(self, marks: Path) -> None:
        super().__init__(daemon=True)
        self.marks = marks
        self.shard = -1
        self.at = 0.0
        self.executor: psutil.Process | None = None

    def run(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            begun, ended = ({int(mark.suffix[1:]) for mark in self.marks.glob(f"{name}.*")} for name in ("begun", "ended"))
            if len(ended) >= 3 and begun - ended:
                self.shard = min(begun - ended)
                worker = psutil.Process(int((self.marks / f"begun.{self.shard}").read_text()))
                if self.kill(worker):
                    return
            time.sleep(0.02)

    def kill(self, worker: psutil.Process) -> bool:
        for process in worker.parents():
            if any("CoarseGrainedExecutorBackend" in word for word in process.cmdline()):
                if (self.marks / f"ended.{self.shard}").exists():
                    return False
                self.at = time.time() * 1000
                os.kill(process.pid, signal.SIGKILL)
                self.executor = process
                return True
        return False


def slow_engine(spark: Any, marks: Path) -> Any:
    """Shard paths whose tasks say when they begin and end, and take a second."""

    def slow(job: bytes, shard: int) -> bytes:
        import os
        import time
        from pathlib import Path

        from acoledger import _native

        mark = Path(marks_at) / f"begun.{shard}"
        new = mark.with_name(f"new{os.getpid()}")
        new.write_text(str(os.getpid()))
        new.rename(mark)
        time.sleep(0.5)
        answer = _native.task(job, shard)
        # In the middle: what the task wrote is there, and it has not answered.
        time.sleep(0.5)
        (Path(marks_at) / f"ended.{shard}").touch()
        return answer

    marks_at = str(marks)
    return _engine.engine(spark, slow)


def test_a_killed_executor_changes_nothing(cluster: Any, place: Path, nation: Nation, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    killer = Killer(marks)
    slow, usual = slow_engine(cluster, marks), _engine.engine(cluster)
    asked: list[int] = []

    def engine(job: bytes, shards: list[int]) -> Any:
        asked.append(len(shards))
        if len(asked) > 1:
            return usual(job, shards)
        killer.start()
        answers = list(slow(job, shards))
        return answers

    before = len(events_of(place))
    acoledger.run(nation.study, out=tmp_path / "run", engine=engine, progress=False)
    killer.join(10)
    assert killer.executor is not None, "nothing was killed"
    same(nation.run, tmp_path / "run", "metrics.json")
    assert asked == [16, 16, 16]

    # What the log says: the job of pass A ran when its executor went, and came to a good end all the same.
    events = events_of(place)[before:]
    (begin, start), *_ = of_kind(events, "JobStart")
    end, ended = next((at, event) for at, event in of_kind(events, "JobEnd") if event["Job ID"] == start["Job ID"])
    assert ended["Job Result"]["Result"] == "JobSucceeded"
    assert start["Submission Time"] < killer.at < ended["Completion Time"]
    removed = [(at, event) for at, event in of_kind(events, "ExecutorRemoved") if begin < at < end]
    assert len(removed) == 1
    lost = removed[0][1]["Executor ID"]
    stages = set(start["Stage IDs"])
    tasks = [event for at, event in of_kind(events, "TaskEnd") if begin < at < end and event["Stage ID"] in stages]
    failed = [task for task in tasks if task["Task Info"]["Failed"]]
    assert {task["Task End Reason"]["Reason"] for task in failed} == {"ExecutorLostFailure"}
    assert {task["Task Info"]["Executor ID"] for task in failed} == {lost}
    again = {task["Task Info"]["Index"] for task in failed}
    assert killer.shard in again
    good = {task["Task Info"]["Index"]: task["Task Info"] for task in tasks if not task["Task Info"]["Failed"]}
    assert sorted(good) == list(range(16))
    assert all(good[index]["Attempt"] > 0 for index in again)


SUBMITTED = """
import sys

from pyspark.sql import SparkSession

import acoledger.spark

study, out, found = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()


def where(batches):
    import acoledger
    import pyarrow

    for batch in batches:
        yield pyarrow.RecordBatch.from_arrays([pyarrow.array([acoledger.__file__] * batch.num_rows)], names=["file"])


files = {row.file for row in spark.range(0, 4, 1, 4).mapInArrow(where, "file string").collect()}
with open(found, "w") as file:
    file.write("\\n".join([spark.sparkContext.applicationId, *sorted(files)]))
acoledger.spark.run(spark, study, out=out, progress=False)
spark.stop()
"""


def test_spark_submit_ships_the_wheel(nation: Nation, tmp_path: Path) -> None:
    """As docs/src/spark.md has it: what executors import comes out of the archive and from nowhere else."""
    archive = tmp_path / "acoledger.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in (PACKAGE / "acoledger").rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                zipped.write(file, file.relative_to(PACKAGE))
    script = tmp_path / "submitted.py"
    script.write_text(SUBMITTED)
    # The driver finds the package here; executors do not get this folder.
    driver = tmp_path / "driver"
    shutil.copytree(PACKAGE / "acoledger", driver / "acoledger", ignore=shutil.ignore_patterns("__pycache__"))
    import pyspark

    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    settings = {
        "spark.executorEnv.PYTHONPATH": "acoledger.zip.d",
        "spark.pyspark.python": sys.executable,
        "spark.executor.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    confs = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    done = subprocess.run(
        [
            str(submit), "--master", CLUSTER, *confs, "--archives", f"{archive}#acoledger.zip.d",
            str(script), str(nation.study), str(tmp_path / "run"), str(tmp_path / "found"),
        ],
        env={**os.environ, "PYTHONPATH": str(driver), "SPARK_LOCAL_DIRS": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    application, *found = (tmp_path / "found").read_text().splitlines()
    forget(application)
    assert found and all("/acoledger.zip.d/acoledger/" in file for file in found), found
    same(nation.run, tmp_path / "run", "metrics.json")
