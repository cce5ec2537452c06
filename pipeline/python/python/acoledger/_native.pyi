"""The extension: what the package is made of. Use `acoledger` instead; names here may change."""

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, final

__all__ = [
    "ClusterIngest",
    "Error",
    "Stream",
    "Table",
    "explain_aco",
    "explain_bene",
    "id_column",
    "ingest_begin",
    "ingest_part",
    "lake_shards",
    "life_shards",
    "payment_column",
    "raw_tables",
    "read_sharded",
    "read_table",
    "replay",
    "rules",
    "run",
    "scenario",
    "score",
    "synth",
    "tables",
    "task",
    "version",
]

_Path = str | PathLike[str]
_Listener = Callable[[str, int, int, int], object]

class _Problem(TypedDict):
    file: str
    line: int
    column: str
    what: str
    value: str | None
    hint: str | None

class _Run(TypedDict):
    folder: Path
    already_done: bool
    beyond_limits: bool
    manifest: str
    published: str | None

class _Scenario(TypedDict):
    folder: Path
    titles: list[str]
    findings: list[str]
    first_stage: str | None
    summary: Table
    differences: Table

class Error(Exception):
    problems: list[_Problem]

@final
class Table:
    @property
    def num_rows(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    def __arrow_c_stream__(self, requested_schema: Any | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...

@final
class Stream:
    @property
    def column_names(self) -> list[str]: ...
    def __arrow_c_stream__(self, requested_schema: Any | None = None) -> object: ...

@final
class ClusterIngest:
    @property
    def folder(self) -> Path: ...
    @property
    def shards(self) -> int: ...
    @property
    def lake(self) -> Path: ...
    def finish(self, parts: Sequence[bytes], sources: str) -> str: ...
    def abort(self) -> None: ...

def run(
    study: _Path,
    *,
    out: _Path | None = None,
    threads: int | None = None,
    memory: str | None = None,
    shards: int | None = None,
    rules: _Path | None = None,
    until: str = "settle",
    public: bool = False,
    progress: _Listener | None = None,
    engine: Callable[[bytes, list[int]], Iterable[bytes]] | None = None,
) -> _Run: ...
def task(job: bytes, shard: int) -> bytes: ...
def tables(folder: _Path) -> list[tuple[str, int | None]]: ...
def read_table(folder: _Path, name: str) -> Table: ...
def read_sharded(folder: _Path, name: str) -> Stream: ...
def replay(file: _Path, year: int | None = None) -> tuple[Table, str]: ...
def explain_aco(
    place: _Path, aco: str, year: int | None = None, arithmetic: bool = False
) -> tuple[str, Table]: ...
def explain_bene(study: _Path, bene: str, year: int, performance_year: int | None = None) -> str: ...
def scenario(
    study: _Path,
    reforms: Sequence[_Path],
    *,
    out: _Path | None = None,
    threads: int | None = None,
    memory: str | None = None,
    progress: _Listener | None = None,
) -> _Scenario: ...
def score(
    people: object,
    *,
    model: str | None = None,
    year: int | None = None,
    explain: bool = False,
    mce_edits: bool = True,
    aged_at_64: bool = False,
    map: _Path | None = None,
) -> Table: ...
def rules(
    year: int, *, track: str | None = None, study: _Path | None = None, rules: _Path | None = None
) -> Table: ...
def synth(
    out: _Path,
    *,
    lives: int = 50_000,
    years: Sequence[int] | None = None,
    aco_share: float | None = None,
    raw: str = "parquet",
    seed: int = 1,
    threads: int = 0,
    progress: _Listener | None = None,
) -> Path: ...
def life_shards(ids: object, shards: int) -> Table: ...
def id_column(table: str, columns: Sequence[str]) -> str: ...
def payment_column(table: str, columns: Sequence[str]) -> str | None: ...
def lake_shards(study: _Path) -> int: ...
def raw_tables(study: _Path) -> list[str]: ...
def ingest_begin(study: _Path) -> ClusterIngest: ...
def ingest_part(study: _Path, raw: _Path, folder: _Path, shard: int) -> bytes: ...
def version() -> str: ...
