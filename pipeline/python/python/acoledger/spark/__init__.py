"""Studies on Apache Spark: the person grain of a run in Spark's tasks, and our lake from any DataFrames.

``run`` sends a task its shard's number, and the task reads the shard's Parquet itself; ``ingest`` makes the lake out of DataFrames; ``run_rows``
does both. Nothing here asks for RDDs or the Spark context, so that it works over Spark Connect too. Study, lake and run folder lie under the same
paths for the driver and all executors.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from acoledger import _native

from . import _engine, _ingest
from ._errors import ClusterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from acoledger import Run
    from acoledger._progress import Listener
    from acoledger._run import Until

    Path = str | PathLike[str]
    Tables = Mapping[str, DataFrame]

__all__ = ["ClusterError", "ingest", "prepare", "run", "run_rows"]


def run(
    spark: SparkSession,
    study: Path,
    *,
    out: Path | None = None,
    threads: int | None = None,
    memory: str | None = None,
    rules: Path | None = None,
    until: Until = "settle",
    public: bool = False,
    progress: bool | Listener = True,
) -> Run:
    """As `acoledger.run`, with the person grain in Spark's tasks: the same bytes.

    A task reads the files of one shard of the study's lake. Where there is no lake, the driver makes it first, from the raw files, as
    `acoledger.run` does; `ingest` makes it on the cluster. ``threads`` and ``memory`` are the driver's.
    """
    import acoledger

    return acoledger.run(
        _ingest.whole(study), out=out, threads=threads, memory=memory, rules=rules, until=until, public=public,
        progress=progress, engine=_engine.engine(spark),
    )  # fmt: skip


def prepare(study: Path, tables: Tables) -> dict[str, DataFrame]:
    """The tables with key and shard of each row's life beside its columns, a shard in one partition, sorted by life.

    `ingest` does it by itself. Who keeps tables in this order, or has another way to it, gives what this would return as ``prepared``.
    """
    study = _ingest.whole(study)
    return _ingest.prepare(study, tables, _native.lake_shards(study))


def ingest(
    spark: SparkSession,
    study: Path,
    tables: Tables,
    *,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    prepared: Tables | None = None,
    progress: bool | Listener = True,
) -> dict[str, Any]:
    """Makes the study's lake out of DataFrames, a shard to a task; the lake's report, as its ``manifest.json`` has it.

    ``tables`` holds a DataFrame for each raw table (``enrollment``, ``carrier``, ...), columns as in research files, under any of the names that
    an ingest of files knows. ``sources`` says where they come from, for the manifest: ``{"carrier": {"name": "claims.carrier", "version": 41}}``.
    ``prepared`` holds the same rows as `prepare` returns them; how they are arranged is then checked and not made.

    Rows, lives and cents are counted at the source, where they arrive and where Rust reads them. Where they differ, or rows are not sorted or
    partitioned by life, it ends with `ClusterError`, and the earlier lake stands.
    """
    from acoledger._progress import shown

    with shown(progress) as listener:
        return _ingest.ingest(spark, _ingest.whole(study), tables, prepared, sources or {}, listener)


def run_rows(
    spark: SparkSession,
    study: Path,
    tables: Tables,
    *,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    prepared: Tables | None = None,
    progress: bool | Listener = True,
    **options: Any,
) -> Run:
    """`ingest`, then `run`; ``options`` are those of `run`."""
    ingest(spark, study, tables, sources=sources, prepared=prepared, progress=progress)
    return run(spark, study, progress=progress, **options)
