"""What runs in Spark's tasks. A task may be done twice, even at once: what it leaves has a name of its own or the same bytes.

Nothing here keeps more than a batch of rows, and no message names a life.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from acoledger import _native

from ._errors import ClusterError

KEY = "_acoledger_key"
"""Column of a life's key, shifted so that signed order is the lake's unsigned order."""
SHARD = "_acoledger_shard"
"""Column of a life's shard."""

_SIGN = pa.scalar(1 << 63, pa.uint64())
# Rows of a row group of a spooled file: what a writer holds.
_GROUP = 65_536

Batches = Iterable[pa.RecordBatch]


def sortable_keys(ids: pa.Array) -> pa.Array:
    """Keys of lives as signed numbers whose order is that of the lake."""
    keys = pa.table(_native.life_shards(_text(ids), 1)).column("bene_key").combine_chunks()
    return pc.bit_wise_xor(keys, _SIGN).view(pa.int64())


def _text(ids: Any) -> pa.Array:
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    return ids if pa.types.is_string(ids.type) else ids.cast(pa.string())


def alone() -> None:
    """Spark decides how many tasks run at once on a machine: each has one thread."""
    os.environ.setdefault("RAYON_NUM_THREADS", "1")


def answering(job: bytes, task: Callable[[bytes, int], bytes] = _native.task) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """For ``mapInArrow``: shards in, what ``task`` returned for each out."""

    def answers(batches: Batches) -> Iterator[pa.RecordBatch]:
        alone()
        for batch in batches:
            for shard in batch.column(0).to_pylist():
                answer = task(job, shard)
                yield pa.RecordBatch.from_arrays(
                    [pa.array([shard], pa.int64()), pa.array([answer], pa.binary())], names=["shard", "answer"]
                )

    return answers


ARRIVED = "shard int, file string, rows long, lives long"
"""What a task that received rows returns for each shard."""


def receiving(
    table: str, id_name: str, shards: int, folder: str
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """For ``mapInArrow``: rows of one raw table in, sorted by life; into ``folder`` a Parquet file of each shard."""

    def receive(batches: Batches) -> Iterator[pa.RecordBatch]:
        arriving = _Arriving(table, id_name, shards, Path(folder))
        try:
            for batch in batches:
                yield from arriving.take(batch)
            yield from arriving.end()
        finally:
            arriving.close()

    return receive


class _Arriving:
    """Rows of one partition, as they come."""

    def __init__(self, table: str, id_name: str, shards: int, folder: Path) -> None:
        self._table, self._id, self._shards, self._folder = table, id_name, shards, folder
        self._last: int | None = None  # key of the row before
        self._shard = -1  # the open one
        self._file: Any = None
        self._writer: pq.ParquetWriter | None = None
        self._name = ""
        self._rows = self._lives = 0

    def take(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        if not batch.num_rows:
            return
        keys, shards = self._judged(batch)
        begins = _changes(shards)
        rows = batch.select([name for name in batch.schema.names if name not in (KEY, SHARD)])
        for begin, end in zip(begins, [*begins[1:], batch.num_rows], strict=True):
            shard = shards[begin].as_py()
            if shard != self._shard:
                yield from self.end()
                self._open(shard, rows.schema)
            assert self._writer is not None
            self._writer.write_batch(rows.slice(begin, end - begin), row_group_size=_GROUP)
            self._rows += end - begin
            part = keys.slice(begin, end - begin)
            self._lives += len(_changes(part)) - int(part[0].as_py() == self._last)
            self._last = part[-1].as_py()

    def _judged(self, batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array]:
        """Keys and shards, made anew from the identifiers: what the columns beside say must agree with them."""
        made = pa.table(_native.life_shards(_text(batch.column(self._id)), self._shards)).combine_chunks()
        keys, shards = (made.column(name).combine_chunks() for name in ("bene_key", "shard"))
        keys = pc.bit_wise_xor(keys, _SIGN).view(pa.int64())
        for name, made_of_ids in ((KEY, keys), (SHARD, shards)):
            given = batch.column(name)
            if given.type != made_of_ids.type:
                raise self._wrong(f"`{name}` is {given.type}", f"it is {made_of_ids.type}, as `prepare` makes it")
            if given.null_count or not pc.all(pc.equal(given, made_of_ids)).as_py():
                raise self._wrong(
                    f"`{name}` does not agree with the identifiers in `{self._id}`",
                    "`prepare` makes it, for the shards of this study; identifiers must not change afterwards",
                )
        falls = len(keys) > 1 and not pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py()
        if falls or (self._last is not None and keys[0].as_py() < self._last):
            raise self._wrong("rows are not sorted by life", f"sortWithinPartitions(`{KEY}`), and nothing after it")
        return keys, shards

    def _open(self, shard: int, schema: pa.Schema) -> None:
        self._shard, self._rows, self._lives = shard, 0, 0
        self._name = f"shard={shard:05}-{uuid.uuid4().hex}.parquet"
        private = os.open(self._folder / self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(private, "wb")
        self._writer = pq.ParquetWriter(self._file, schema.remove_metadata(), compression="zstd", compression_level=1)

    def end(self) -> Iterator[pa.RecordBatch]:
        """The open shard is at its end."""
        if self._writer is None:
            return
        self.close()
        values = [[self._shard], [self._name], [self._rows], [self._lives]]
        types = [pa.int32(), pa.string(), pa.int64(), pa.int64()]
        arrays = [pa.array(value, kind) for value, kind in zip(values, types, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names=["shard", "file", "rows", "lives"])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._file.close()
            self._writer = self._file = None

    def _wrong(self, what: str, hint: str) -> ClusterError:
        return ClusterError(what, hint, file=self._table)


def _changes(values: pa.Array) -> list[int]:
    """Where a value differs from the one before; the first always does."""
    if len(values) < 2:
        return [0]
    at = pc.indices_nonzero(pc.not_equal(values[1:], values[:-1]))
    return [0, *(place + 1 for place in at.to_pylist())]


MADE = "shard int, part binary"
"""What a task that ingested a shard returns."""


def ingesting(
    study: str, folder: str, files: dict[int, dict[str, str]], empty: dict[str, bytes]
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """For ``mapInArrow``: shards in; their lake files into ``folder``, from the files that tasks have received.

    ``empty`` holds the schema of each raw table, for shards without rows of it.
    """

    def ingest(batches: Batches) -> Iterator[pa.RecordBatch]:
        alone()
        for batch in batches:
            for shard in batch.column(0).to_pylist():
                with _private_folder() as raw:
                    of_shard = files.get(shard, {})
                    for table, schema in empty.items():
                        place = raw / f"{table}.parquet"
                        if table in of_shard:
                            place.symlink_to(of_shard[table])
                        else:
                            pq.write_table(pa.ipc.read_schema(pa.py_buffer(schema)).empty_table(), place)
                    part = _native.ingest_part(study, str(raw), folder, shard)
                yield pa.RecordBatch.from_arrays(
                    [pa.array([shard], pa.int32()), pa.array([part], pa.binary())], names=["shard", "part"]
                )

    return ingest


@contextlib.contextmanager
def _private_folder() -> Iterator[Path]:
    """On a disk that Spark uses for such things, if it says which."""
    disks = (os.environ.get("SPARK_LOCAL_DIRS") or os.environ.get("LOCAL_DIRS") or "").split(",")
    disk = next((disk for disk in disks if disk and os.access(disk, os.W_OK)), None)
    folder = tempfile.mkdtemp(prefix="acoledger-", dir=disk)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
