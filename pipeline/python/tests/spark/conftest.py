"""What the tests of Spark share: small synthetic nations, what the program makes of them, sessions on one machine and on a small cluster.

Only one session stands at a time; files of tests are ordered so that each is begun once.
"""

from __future__ import annotations

import collections
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Workers take the driver's Python, and find the package where the driver found it.
import acoledger

os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
PACKAGE = Path(acoledger.__file__).parent.parent
os.environ["PYTHONPATH"] = os.pathsep.join([str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])])
PROGRAM = os.environ.get("ACOLEDGER_BIN", "acoledger")
# Two executors of one core each, 2 GiB the machine's worker has for its one.
CLUSTER = "local-cluster[2,1,2048]"

pyspark = pytest.importorskip("pyspark")


def program(*arguments: str | Path) -> None:
    """The program, as on a command line. Exit status 1 tells of findings."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr


@dataclass
class Nation:
    """A synthetic nation, run by the program."""

    folder: Path

    @property
    def study(self) -> Path:
        return self.folder / "study.toml"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    def without_raw(self, folder: Path) -> Nation:
        """The same study beside an empty lake: program files alone."""
        folder.mkdir()
        shutil.copy(self.study, folder)
        shutil.copytree(self.folder / "program", folder / "program")
        return Nation(folder)

    def tables(self, spark: Any) -> dict[str, Any]:
        """A DataFrame of each raw table."""
        files: dict[str, list[str]] = collections.defaultdict(list)
        for file in sorted((self.folder / "raw").glob("*.parquet")):
            name = file.stem.split("_")[0]
            files["enrollment" if name == "beneficiary" else name].append(str(file))
        return {table: spark.read.option("mergeSchema", "true").parquet(*of) for table, of in files.items()}


def _nation(folder: Path, lives: int, years: str, shards: int) -> Nation:
    program("synth", "--lives", str(lives), "--aco-share", "0.95", "--years", years, "--raw", "parquet", "--out", folder)
    study = folder / "study.toml"
    text = study.read_text()
    assert "shards = 64" in text
    study.write_text(text.replace("shards = 64", f"shards = {shards}"))
    program("run", study)
    return Nation(folder)


@pytest.fixture(scope="session")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Nation:
    """Two performance years, from raw files to savings and losses."""
    return _nation(tmp_path_factory.mktemp("nation") / "study", 3000, "2023,2024", 16)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Nation:
    """One performance year of few lives, for rows."""
    return _nation(tmp_path_factory.mktemp("small") / "study", 500, "2023", 4)


def contents(folder: Path, *without: str) -> dict[str, bytes]:
    """Every file below a folder, but for the names given."""
    files = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in named.items() if name not in without and path.name != ".lock"}


def same(folder: Path, other: Path, *without: str) -> None:
    """Both hold the same files, byte for byte."""
    one, two = contents(folder, *without), contents(other, *without)
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []
    assert len(one) > 5


def session(master: str, folder: Path, **settings: str) -> Any:
    """A session of its own, with a log of its events."""
    from pyspark.sql import SparkSession

    events = folder / "events"
    events.mkdir()
    builder = SparkSession.builder.master(master).appName("acoledger tests")
    every = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        "spark.executor.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **settings,
    }
    for name, value in every.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def forget(application: str) -> None:
    """Removes what a cluster on this machine leaves of an application: its executors' folders, with their copies of archives."""
    shutil.rmtree(Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)


def events_of(folder: Path) -> list[dict[str, Any]]:
    """What a session logged, in its order."""
    (log,) = (folder / "events").iterdir()
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One process, two threads."""
    spark = session("local[2]", tmp_path_factory.mktemp("local"))
    yield spark
    spark.stop()
