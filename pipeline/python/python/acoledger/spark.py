"""Apache Spark: the shards of a study walked on a cluster, and lakes made from DataFrames.

Spark schedules, shuffles and retries; the kernels are those of the program, and so are the bytes.

``run``
    Shard paths: a task gets a shard's number, reads the lake's files itself, writes the shard's tables into the run that is in the making
    and gives back integers. No row passes through Spark.
``ingest``
    Rows: any DataFrames with the columns of the raw tables (Delta, Iceberg, views) become the study's lake. Spark sorts by life.
``run_rows``
    Both, one after the other.

Study file, program files, lake and run folder must lie under the same paths on the driver and on all workers: a shared file system, or a
mount of an object store. The package must be installed on all of them in the same version.

Only the DataFrame API is used (``mapInArrow``), no RDDs: Spark Connect and shared clusters allow it. Needs Spark 4.0 or later.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _native
from ._native import Error

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame, SparkSession

    from ._run import Run

__all__ = ["ClusterError", "ingest", "prepare", "run", "run_rows"]

_SIGN = 1 << 63
"""Spark has no unsigned numbers: keys of lives are moved so that signed order is theirs."""


class ClusterError(Error):
    """Rows are missing, double, out of order or in the wrong place. Nothing was put in the place of the earlier lake or run."""


def run(
    spark: SparkSession,
    study: str | Path,
    *,
    out: str | Path | None = None,
    rules: str | Path | None = None,
    memory: str | None = None,
    until: str = "settle",
    public: bool = False,
    progress: bool | Callable[[str, int, int, int], None] = True,
) -> Run:
    """Runs a study, its shards walked by Spark; the bytes are those of :func:`acoledger.run`.

    An ingest that is needed first is done by the driver; :func:`ingest` does it on the cluster.

    :param out: output folder in place of the study's.
    :param rules: rules file to start from; it must lie under the same path on the workers.
    :param until: last stage.
    :raises acoledger.Error: what stops the run on the driver; an earlier run is then as it was.
    :raises pyspark.errors.PySparkException: a task that failed for good, with our message in it.
    """
    from . import _progress, open_run

    with _progress.shown(progress) as told:
        report = _native.run(
            str(study),
            out=None if out is None else str(out),
            rules=None if rules is None else str(rules),
            memory=memory,
            until=until,
            public=public,
            progress=told,
            engine=_engine(spark),
        )
    return open_run(report["folder"])


def _engine(
    spark: SparkSession, task: Callable[[bytes, int], bytes] | None = None
) -> Callable[[bytes, list[int]], Iterator[bytes]]:
    """The engine of a run: one task for each shard, answers back on the driver one by one.

    :param task: in place of the extension's own; tests look at it.
    """
    from pyspark import StorageLevel

    do = task or _task

    def ask(job: bytes, shards: list[int]) -> Iterator[bytes]:
        def answers(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            import pyarrow as pa

            for batch in batches:
                for place in batch.column(0).to_pylist():
                    answer = pa.array([do(job, shards[place])], pa.binary())
                    yield pa.RecordBatch.from_arrays([answer], names=["answer"])

        frame = spark.range(0, len(shards), 1, len(shards)).mapInArrow(answers, "answer binary")
        # All tasks run in one job; their answers wait on the workers' disks, and the driver holds one at a time.
        frame = frame.persist(StorageLevel.DISK_ONLY)
        try:
            frame.count()
            for row in frame.toLocalIterator():
                yield bytes(row["answer"])
        finally:
            frame.unpersist()

    return ask


def _task(job: bytes, shard: int) -> bytes:
    return _native.task(job, shard)


def prepare(spark: SparkSession, study: str | Path, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Rows of raw tables, those of a shard in one partition and there by life, as :func:`ingest` takes them.

    :param tables: by raw table (``enrollment``, ``carrier``, ``dme``, ``outpatient``, ``inpatient``, ``snf``, ``hha``, ``hospice``): one
        row for each line, columns under any of the names that the program reads from files.
    :returns: columns ``shard`` (int), ``life`` (long: the key of the life, its sign bit turned), ``table`` (string), and one struct for each
        raw table, null but for the row's own.
    :raises acoledger.Error: a table that is missing or unknown, a table without identifiers of lives.
    """
    study = str(study)
    _check_tables(study, tables)
    shards = _shards(study)
    keyed = [_keyed(frame, table, shards) for table, frame in tables.items()]
    rows = keyed[0]
    for frame in keyed[1:]:
        rows = rows.unionByName(frame, allowMissingColumns=True)
    return rows.repartition(shards, "shard").sortWithinPartitions("life", "table")


def ingest(
    spark: SparkSession,
    study: str | Path,
    tables: Mapping[str, DataFrame],
    *,
    sources: Mapping[str, Mapping[str, str]] | None = None,
    prepared: DataFrame | None = None,
    check_lives: bool = True,
) -> dict[str, Any]:
    """Makes the lake of a study from DataFrames. Its files are those of an ingest of the same rows from files.

    :param tables: as for :func:`prepare`.
    :param sources: by raw table, ``{"name": …, "version": …}``: what manifests call the source, and which version or snapshot of it was
        read. Without, the table's name.
    :param prepared: rows that the caller has partitioned and sorted, in the form of :func:`prepare`; rows out of order or in the wrong
        partition are an error.
    :param check_lives: whether the lives of the source are counted too, which takes a shuffle of their keys.
    :returns: the lake's report: rows and cents of each source (read, used, repeated, rejected), files, findings.
    :raises ClusterError: lives, rows or cents are not those of the source; rows out of order; a shard in several partitions.
    :raises acoledger.Error: what the extension refuses: a column that is missing, another ingest into the lake.

    The source is read once for its counts and once for its rows.
    """
    study = str(study)
    _check_tables(study, tables)
    begun = _native.ingest_begin(study)
    try:
        shards, folder = begun.shards, str(begun.folder)
        rows = prepare(spark, study, tables) if prepared is None else prepared
        counted = {table: _counted(frame, table) for table, frame in tables.items()}
        lives = _lives(tables, shards) if check_lives else None
        parts = _parts(rows, study, folder, shards, list(tables))
        parts = _all_shards(tables, parts, study, folder, shards)
        report: dict[str, Any] = json.loads(begun.finish(parts, _told(sources, counted), lives))
    except BaseException:
        begun.abort()
        raise
    return report


def run_rows(
    spark: SparkSession,
    study: str | Path,
    tables: Mapping[str, DataFrame],
    *,
    sources: Mapping[str, Mapping[str, str]] | None = None,
    **how: Any,
) -> Run:
    """Runs a study on the rows of DataFrames: :func:`ingest`, then :func:`run` with ``how``."""
    ingest(spark, study, tables, sources=sources)
    return run(spark, study, **how)


def _check_tables(study: str, tables: Mapping[str, DataFrame]) -> None:
    wanted = _native.raw_tables(study)
    missing = [table for table in wanted if table not in tables]
    unknown = [table for table in tables if table not in wanted]
    if missing or unknown:
        what = "; ".join(
            [f"no DataFrame of the raw table `{table}`" for table in missing]
            + [f"not a raw table: `{table}`" for table in unknown]
        )
        hint = f"one each of {', '.join(wanted)}; a DataFrame without rows will do where there are none"
        raise ClusterError(f"{study}: {what}\nhint: {hint}")


def _shards(study: str) -> int:
    return _native.lake_shards(study)


def _keyed(frame: DataFrame, table: str, shards: int) -> DataFrame:
    """Rows of a table with the key and the shard of their lives."""
    from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

    column = _native.id_column(table, frame.columns)
    schema = StructType(
        [
            StructField("shard", IntegerType()),
            StructField("life", LongType()),
            StructField("table", StringType()),
            StructField(table, frame.schema),
        ]
    )

    def keys(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            keyed = pa.table(_native.life_shards(batch.column(column), shards)).combine_chunks()
            life = _turned(keyed["bene_key"].combine_chunks())
            names = pa.array([table], pa.string()).take(pa.array([0] * batch.num_rows, pa.int32()))
            rows = pa.StructArray.from_arrays(batch.columns, fields=list(batch.schema))
            shard = keyed["shard"].combine_chunks()
            yield pa.RecordBatch.from_arrays([shard, life, names, rows], names=["shard", "life", "table", table])

    return frame.mapInArrow(keys, schema)


def _turned(keys: pyarrow.Array) -> pyarrow.Array:
    """Unsigned keys as signed numbers of the same order; and back."""
    import pyarrow as pa
    import pyarrow.compute as pc

    turned = pc.bit_wise_xor(keys.view(pa.uint64()), pa.scalar(_SIGN, pa.uint64()))
    return turned.view(pa.int64())


def _parts(rows: DataFrame, study: str, folder: str, shards: int, tables: list[str]) -> list[tuple[int, bytes]]:
    """Ingests the shards of a prepared DataFrame where they lie."""
    wanted = ["shard", "life", "table", *tables]
    lacking = [name for name in wanted if name not in rows.columns]
    if lacking:
        raise ClusterError(f"prepared rows lack the column {', '.join(lacking)}\nhint: `prepare` makes them")

    def parts(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        import pyarrow as pa

        for shard, part in _Spool(study, folder, shards, tables).run(batches):
            yield pa.RecordBatch.from_arrays(
                [pa.array([shard], pa.int32()), pa.array([part], pa.binary())], names=["shard", "part"]
            )

    return [(row["shard"], bytes(row["part"])) for row in rows.select(*wanted).mapInArrow(parts, "shard int, part binary").collect()]


class _Spool:
    """The rows of one partition on their way into the lake, shard by shard; what is held in memory is a batch."""

    def __init__(self, study: str, folder: str, shards: int, tables: list[str]) -> None:
        self._study, self._folder, self._tables = study, folder, tables
        self._bits = 64 - (shards - 1).bit_length() if shards > 1 else 64
        self._shard: int | None = None
        self._last: int | None = None
        self._place: str | None = None
        self._writers: dict[str, Any] = {}

    def run(self, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[tuple[int, bytes]]:
        try:
            for batch in batches:
                yield from self._take(batch)
            if self._shard is not None:
                yield self._end()
        finally:
            self._drop()

    def _take(self, batch: pyarrow.RecordBatch) -> Iterator[tuple[int, bytes]]:
        import pyarrow.compute as pc

        if batch.num_rows == 0:
            return
        lives = batch.column("life")
        if lives.null_count or batch.column("shard").null_count:
            raise ClusterError("prepared rows without a life or a shard")
        if (self._last is not None and lives[0].as_py() < self._last) or not pc.all(
            pc.less_equal(lives.slice(0, len(lives) - 1), lives.slice(1))
        ).as_py():
            raise ClusterError(
                "rows out of order: a life comes after one of a higher key\nhint: sortWithinPartitions(\"life\", \"table\")"
            )
        self._last = lives[len(lives) - 1].as_py()
        own = batch.column("shard").to_numpy()
        starts = [0, *((own[1:] != own[:-1]).nonzero()[0] + 1).tolist(), batch.num_rows]
        for start, end in zip(starts, starts[1:]):
            shard = int(own[start])
            piece = batch.slice(start, end - start)
            for at in (0, end - start - 1):
                key = (piece.column("life")[at].as_py() & 0xFFFF_FFFF_FFFF_FFFF) ^ _SIGN
                if (key >> self._bits if self._bits < 64 else 0) != shard:
                    raise ClusterError(f"a life of another shard among those of shard {shard}")
            if shard != self._shard:
                if self._shard is not None:
                    yield self._end()
                self._begin(shard, batch.schema)
            self._write(piece)

    def _begin(self, shard: int, schema: pyarrow.Schema) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._shard = shard
        self._place = tempfile.mkdtemp(prefix="acoledger-shard-")
        for table in self._tables:
            kind = schema.field(table).type
            if not pa.types.is_struct(kind):
                raise ClusterError(f"column `{table}` of prepared rows is {kind}, not the columns of a raw table")
            own = pa.schema(list(kind))
            self._writers[table] = pq.ParquetWriter(f"{self._place}/{table}.parquet", own, compression="snappy")

    def _write(self, piece: pyarrow.RecordBatch) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        rest = piece.num_rows
        names = piece.column("table")
        for table in self._tables:
            here = pc.equal(names, table)
            count = pc.sum(here).as_py() or 0
            if count:
                rows = piece.column(table).filter(here)
                if rows.null_count:
                    raise ClusterError(f"rows of `{table}` without their columns")
                self._writers[table].write_batch(
                    pa.RecordBatch.from_arrays(rows.flatten(), schema=pa.schema(list(rows.type)))
                )
                rest -= count
        if rest:
            raise ClusterError(f"{rest} rows of no raw table")

    def _end(self) -> tuple[int, bytes]:
        assert self._shard is not None and self._place is not None
        shard, place = self._shard, self._place
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
        part = _native.ingest_part(self._study, place, self._folder, shard)
        self._drop()
        return shard, part

    def _drop(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)
        self._shard = self._place = None


def _all_shards(
    tables: Mapping[str, DataFrame], parts: list[tuple[int, bytes]], study: str, folder: str, shards: int
) -> list[bytes]:
    """The parts, and those of shards without any row: small nations have such."""
    found = {shard for shard, _ in parts}
    empty = [shard for shard in range(shards) if shard not in found]
    made = [part for _, part in parts]
    if empty:
        import pyarrow.parquet as pq

        place = tempfile.mkdtemp(prefix="acoledger-shard-")
        try:
            for table, frame in tables.items():
                pq.write_table(frame.limit(0).toArrow(), f"{place}/{table}.parquet")
            made += [_native.ingest_part(study, place, folder, shard) for shard in empty]
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return made


def _counted(frame: DataFrame, table: str) -> dict[str, int | None]:
    """Rows and cents of a source, as Spark counts them."""
    from pyspark.sql import functions as of

    column = _native.payment_column(table, frame.columns)
    # A payment is rounded half away from zero to the cent, as it is where files are read; what is no number counts nothing.
    paid = of.lit(None).cast("decimal(38,0)")
    if column is not None:
        amount = of.expr(f"try_cast(trim(cast(`{column}` as string)) as decimal(30, 8))")
        paid = (of.round(amount, 2) * 100).cast("decimal(38,0)")
    row = frame.agg(of.count(of.lit(1)).alias("rows"), of.sum(paid).alias("cents")).first()
    assert row is not None
    return {"rows": int(row["rows"]), "cents": None if column is None else int(row["cents"] or 0)}


def _lives(tables: Mapping[str, DataFrame], shards: int) -> int:
    """Lives of all tables, as Spark counts them."""
    keyed = [_keyed(frame, table, shards).select("life") for table, frame in tables.items()]
    lives = keyed[0]
    for frame in keyed[1:]:
        lives = lives.union(frame)
    return lives.distinct().count()


def _told(sources: Mapping[str, Mapping[str, str]] | None, counted: Mapping[str, Mapping[str, int | None]]) -> str:
    told = []
    for table, counts in counted.items():
        source = (sources or {}).get(table, {})
        name, version = source.get("name", table), source.get("version")
        told.append({"table": table, "name": name, "version": None if version is None else str(version), **counts})
    return json.dumps(told)
