"""Shard paths: the person grain of a run as Spark jobs of one task for each shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from acoledger import _native

from . import _frames, _tasks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def engine(
    spark: SparkSession, task: Callable[[bytes, int], bytes] = _native.task
) -> Callable[[bytes, list[int]], Iterator[bytes]]:
    """What a run asks for the person grain. A task is sent its shard's number, and gives back integers."""

    def answers(job: bytes, shards: list[int]) -> Iterator[bytes]:
        if shards != list(range(len(shards))):
            raise ValueError("shards are asked for from 0 on")
        # The job is part of the function: Spark broadcasts it to the executors where it is large.
        frame = _frames.each_shard(spark, len(shards))
        done = frame.mapInArrow(_tasks.answering(job, task), "shard long, answer binary")
        return (row["answer"] for row in _frames.rows_of(done))

    return answers
