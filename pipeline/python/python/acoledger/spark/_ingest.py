"""Rows: from the DataFrames of an engine to our lake, with every row, cent and life counted on both sides."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acoledger import _native

from . import _frames, _tasks
from ._errors import ClusterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Tables = Mapping[str, DataFrame]
    Listener = Callable[[str, int, int, int], object]

# Folder of the new lake in which tasks leave rows until they are ingested.
_ROWS = ".rows"


def prepare(study: str, tables: Tables, shards: int) -> dict[str, DataFrame]:
    return _arranged(tables, _frames.judged(study, tables), shards)


def _arranged(tables: Tables, ids: Mapping[str, str], shards: int) -> dict[str, DataFrame]:
    return {
        table: _frames.arranged(_frames.keyed(table, frame, ids[table], shards), shards)
        for table, frame in tables.items()
    }


def ingest(
    spark: SparkSession,
    study: str,
    tables: Tables,
    prepared: Tables | None,
    sources: Mapping[str, Mapping[str, Any]],
    progress: Listener | None,
) -> dict[str, Any]:
    ids = _frames.judged(study, tables)
    unknown = [table for table in sources if table not in tables]
    if unknown:
        raise ClusterError(f"a source of {', '.join(unknown)}, of which there is no DataFrame")
    named = json.dumps([_source(table, sources.get(table, {})) for table in tables])
    said = progress or (lambda *_: None)
    making = _native.ingest_begin(study)
    try:
        shards, folder = making.shards, Path(making.folder)
        if prepared is None:
            prepared = _arranged(tables, ids, shards)
        else:
            _judge_prepared(study, prepared)
        said("count", 0, 1, 0)
        counted, lives = _frames.counted(tables, ids)
        rows = sum(of["rows"] for of in counted.values())
        said("count", 1, 1, rows)

        spool = folder / _ROWS
        spool.mkdir(mode=0o700)
        files: dict[int, dict[str, str]] = {}
        done = 0
        for at, table in enumerate(prepared):
            said("rows", at, len(prepared), done)
            for shard, file in _receive(table, prepared[table], ids[table], shards, spool, counted[table]).items():
                files.setdefault(shard, {})[table] = file
            done += counted[table]["rows"]
        said("rows", len(prepared), len(prepared), done)

        said("ingest", 0, shards, 0)
        empty = {table: _schema(frame) for table, frame in prepared.items()}
        task = _tasks.ingesting(study, str(folder), files, empty)
        made = _frames.rows_of(_frames.each_shard(spark, shards).mapInArrow(task, _tasks.MADE))
        parts = _once([(row["shard"], row["part"]) for row in made], shards)
        _compare(parts, counted, lives)
        shutil.rmtree(spool)
        report: dict[str, Any] = json.loads(making.finish(parts, named))
        said("ingest", shards, shards, rows)
        return report
    finally:
        # After `finish` there is nothing left to remove.
        making.abort()


def _judge_prepared(study: str, prepared: Tables) -> None:
    _frames.judged(study, prepared)
    for table, frame in prepared.items():
        missing = [name for name in (_tasks.KEY, _tasks.SHARD) if name not in frame.columns]
        if missing:
            raise ClusterError(f"no column `{missing[0]}`", "`prepare` makes it", file=table)


def _receive(
    table: str, frame: DataFrame, id_name: str, shards: int, spool: Path, source: dict[str, int]
) -> dict[int, str]:
    """Rows of a table into a file for each shard that has any; as many as the source has."""
    place = spool / table
    place.mkdir(mode=0o700)
    task = _tasks.receiving(table, id_name, shards, str(place))
    files: dict[int, str] = {}
    rows = lives = 0
    for of in _frames.rows_of(frame.mapInArrow(task, _tasks.ARRIVED)):
        if of["shard"] in files:
            hint = f"repartition by `{_tasks.SHARD}`, and nothing after it but the sort; no row given twice"
            raise ClusterError(f"shard {of['shard']} came from two partitions", hint, file=table)
        files[of["shard"]] = str(place / of["file"])
        rows += of["rows"]
        lives += of["lives"]
    _agree(table, "rows", source["rows"], rows, "arrived")
    _agree(table, "lives", source["lives"], lives, "arrived")
    return files


def _agree(table: str, what: str, source: int, here: int, how: str, hint: str | None = None) -> None:
    if source != here:
        missing, double = f"{source - here:,} {what} are missing", f"{here - source:,} {what} too many"
        said = f"{missing if source > here else double}: the source has {source:,}, {here:,} {how}"
        hint = hint or "the tables must not change while they are read: name a version or a snapshot"
        raise ClusterError(said, hint, file=table)


def _once(parts: list[tuple[int, bytes]], shards: int) -> list[bytes]:
    seen = [shard for shard, _ in parts]
    if sorted(seen) != list(range(shards)):
        missing = sorted(set(range(shards)) - set(seen))
        double = sorted({shard for shard in seen if seen.count(shard) > 1})
        raise ClusterError(f"shards without a part: {missing}; with several: {double}")
    return [part for _, part in parts]


def _compare(parts: list[bytes], counted: dict[str, dict[str, int]], lives: int) -> None:
    """What Rust has read against what Spark has counted: every row, every cent, every life."""
    read: dict[str, dict[str, int]] = {table: {"rows": 0, "cents": 0, "unknown": 0} for table in counted}
    made, refused = 0, 0
    for part in parts:
        report = json.loads(part)["report"]
        made += report["lives"]
        for of in report["sources"]:
            sums = read[of["table"]]
            sums["rows"] += of["read"]["rows"]
            sums["cents"] += of["read"]["cents"]
            sums["unknown"] += of["amount_unknown_rows"]
            refused += of["rejected"]["rows"]
    for table, source in counted.items():
        _agree(table, "rows", source["rows"], read[table]["rows"], "were read")
        unknown = read[table]["unknown"]
        hint = f"the amounts of {unknown:,} rows could not be read" if unknown else None
        _agree(table, "cents", source["cents"], read[table]["cents"], "were read", hint)
    # A life whose every row was refused is none of the lake's; then there are rejects to tell.
    if made > lives or (made < lives and not refused):
        _agree("lake", "lives", lives, made, "are in it")


def _schema(frame: DataFrame) -> bytes:
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    fields = [field for field in frame.schema.fields if field.name not in (_tasks.KEY, _tasks.SHARD)]
    return to_arrow_schema(StructType(fields)).serialize().to_pybytes()


def _source(table: str, given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(given) - {"name", "version"}
    if unknown:
        raise ClusterError(f"the source has `{sorted(unknown)[0]}`", "it has `name` and `version`", file=table)
    version = given.get("version")
    return {
        "table": table,
        "name": str(given.get("name") or f"spark/{table}"),
        "version": None if version is None else str(version),
    }


def whole(path: str | os.PathLike[str]) -> str:
    """A path as tasks elsewhere need it."""
    return os.path.abspath(os.fspath(path))
