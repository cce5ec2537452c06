"""Shard paths: the person grain of a run as Spark jobs of one task for each shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from acoledger import _native

from . import _frames, _tasks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Shards of one Spark job: their answers are all that the driver holds at a time, twice.
_AT_ONCE = 256


def engine(
    spark: SparkSession, task: Callable[[bytes, int], bytes] = _native.task, at_once: int = _AT_ONCE
) -> Callable[[bytes, list[int]], Iterator[bytes]]:
    """What a run asks for the person grain. A task is sent its shard's number, and gives back integers."""

    def answers(job: bytes, shards: list[int]) -> Iterator[bytes]:
        if shards != list(range(len(shards))):
            raise ValueError("shards are asked for from 0 on")

        def part(begin: int) -> list[bytes]:
            # The job is part of the function: Spark broadcasts it to the executors where it is large.
            frame = _frames.each_shard(spark, min(begin + at_once, len(shards)), begin)
            done = frame.mapInArrow(_tasks.answering(job, task), "shard long, answer binary")
            return [row["answer"] for row in _frames.rows_of(done)]

        begins = range(0, len(shards), at_once)
        if len(begins) < 2:
            for begin in begins:
                yield from part(begin)
            return
        # While the answers of one job are taken, the next one runs: executors do not wait for its last task.
        pool = ThreadPoolExecutor(2)
        try:
            waiting = [pool.submit(part, begin) for begin in begins[:2]]
            for at in range(len(begins)):
                yield from waiting.pop(0).result()
                if at + 2 < len(begins):
                    waiting.append(pool.submit(part, begins[at + 2]))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    return answers
