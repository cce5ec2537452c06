"""What the tests share: a small synthetic nation, and what the program makes of it."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.path.abspath(os.environ.get("ACOLEDGER_BIN", ROOT / "target/release/acoledger"))

# As few as have every ACO in both years: what is compared does not ask for more.
LIVES = 1000

REFORM = """title = "National trend alone"

[rules]
"benchmark.trend" = "national"
"update.trend" = "national"
"""


def program(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Standard output of the program. Exit status 1 tells of findings."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name, but for what tells of seconds and of the machine."""
    found = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    return {name: file.read_bytes() for name, file in sorted(found.items()) if name != "metrics.json"}


def differing(ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> list[str]:
    """Names of files that are not the same."""
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))


def unequal_to_csv(rows: list[dict[str, Any]], text: str) -> list[tuple[object, ...]]:
    """Cells of a table that are not what the program printed."""
    printed = list(csv.DictReader(io.StringIO(text)))
    wrong: list[tuple[object, ...]] = []
    if len(rows) != len(printed):
        wrong.append(("rows", len(rows), len(printed)))
    for at, (ours, theirs) in enumerate(zip(rows, printed, strict=False)):
        if list(ours) != list(theirs):
            wrong.append(("columns", list(ours), list(theirs)))
        for name, cell in theirs.items():
            value = ours.get(name)
            same = (
                cell == ""
                if value is None
                else float(cell or "nan") == value
                if isinstance(value, (int, float))
                # Text that a spreadsheet could take for a formula has a quote before it in CSV.
                else cell in (value, f"'{value}" if value[:1] in tuple("=+-@") else value)
            )
            if not same:
                wrong.append((at, name, value, cell))
    return wrong


@pytest.fixture(scope="session")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `study.toml`, `raw` and `program`: nothing has run. Not to be changed."""
    folder = tmp_path_factory.mktemp("nation") / "demo"
    program("synth", "--lives", str(LIVES), "--aco-share", "0.95", "--years", "2023,2024", "--raw", "parquet", "--out", folder)
    return folder


@pytest.fixture(scope="session")
def by_program(nation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nation, run by the program. Not to be changed."""
    folder = tmp_path_factory.mktemp("by_program") / "demo"
    shutil.copytree(nation, folder)
    program("run", "study.toml", cwd=folder)
    return folder


@pytest.fixture
def demo(by_program: Path, tmp_path: Path) -> Iterator[Path]:
    """The nation with its lake and run, to be changed by a test."""
    folder = tmp_path / "demo"
    shutil.copytree(by_program, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh(nation: Path, tmp_path: Path) -> Iterator[Path]:
    """The nation without lake and run, to be changed by a test."""
    folder = tmp_path / "demo"
    shutil.copytree(nation, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def reform(tmp_path: Path) -> Path:
    """A reform file that changes gross savings."""
    file = tmp_path / "reform.toml"
    file.write_text(REFORM)
    return file
