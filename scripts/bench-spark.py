#!/usr/bin/env python3
"""The same claims by the program (rayon), by Spark over shard paths and by Spark from rows: rows a second, memory of each worker.

usage: bench-spark.py PROGRAM FOLDER LIVES [--repeats N] [--cores N]

Python is one that has the package, PySpark and psutil. A nation of LIVES is made under FOLDER, its lake by the program. Shard paths: lake to cells. Rows:
raw files, read by Spark as DataFrames, to a lake. A session's start is not counted, that of Python workers is, in the first repetition. Seconds are
medians of REPEATS, rows once. A result whose bytes are not the program's ends the bench. Memory is the largest resident set of a process of each kind,
seen every 50 ms. Prints a table, writes FOLDER/bench-spark.json.
"""
import argparse
import collections
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measured import measured

GIB = 1 << 30


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("lives", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    if len(sys.argv) > 1 and sys.argv[1] == "--session":
        return session(json.loads(sys.argv[2]))
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    program, cores = str(arguments.program.resolve()), arguments.cores
    study = nation(program, folder, arguments.lives)
    masters = {f"local[{cores}]": f"local[{cores}]", "local-cluster": f"local-cluster[{cores},1,3072]"}

    found = []
    ingested = by_program([program, "ingest", study, "--threads", cores], 1)
    lake = digest(study.parent / "lake")
    manifest = json.loads((study.parent / "lake" / "manifest.json").read_text())
    raw_rows = sum(of["read"]["rows"] for of in manifest["sources"])
    lake_rows = sum(of["rows"] for of in manifest["files"] if of["table"] != "bene")
    out = folder / "out"
    celled = by_program([program, "cells", study, "--threads", cores, "--out", out], arguments.repeats, out)
    cells = digest(out)
    found.append({"what": "lake to cells", "by": f"rayon, {cores} threads", "rows": lake_rows, **celled})
    for name, master in masters.items():
        shutil.rmtree(out, ignore_errors=True)
        job = {"master": master, "study": str(study), "out": str(out), "repeats": arguments.repeats, "job": "paths"}
        found.append({"what": "lake to cells", "by": f"Spark {name}, shard paths", "rows": lake_rows, **by_spark(job)})
        same(cells, digest(out), name)
    found.append({"what": "rows to lake", "by": f"rayon, {cores} threads", "rows": raw_rows, **ingested})
    for name, master in masters.items():
        beside = folder / "rows"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        shutil.copy(study, beside)
        shutil.copytree(study.parent / "program", beside / "program")
        job = {"master": master, "study": str(beside / "study.toml"), "raw": str(study.parent / "raw"), "job": "rows"}
        found.append({"what": "rows to lake", "by": f"Spark {name}, rows", "rows": raw_rows, **by_spark(job)})
        same(lake, digest(beside / "lake"), name)
    (folder / "bench-spark.json").write_text(json.dumps({"lives": arguments.lives, "cores": cores, "found": found}, indent=2))
    table(found)


def nation(program, folder, lives):
    study = folder / "nation" / "study.toml"
    made = folder / "lives"
    if not study.is_file() or not made.is_file() or made.read_text() != str(lives):
        shutil.rmtree(study.parent, ignore_errors=True)
        command = [program, "synth", "--lives", lives, "--aco-share", "0.95", "--years", "2023", "--raw", "parquet"]
        done = measured([*map(str, command), "--out", str(study.parent)])
        assert done["status"] == 0, done["errors"]
        made.write_text(str(lives))
    return study


def by_program(command, repeats, out=None):
    """The program, each time anew."""
    walls, peak = [], 0
    for _ in range(repeats):
        if out is None:
            shutil.rmtree(Path(command[2]).parent / "lake", ignore_errors=True)
        else:
            shutil.rmtree(out, ignore_errors=True)
        done = measured([*map(str, command)])
        assert done["status"] in (0, 1), done["errors"]
        walls.append(done["wall"])
        peak = max(peak, done["peak"])
    return {"seconds": walls, "peak": {"program": peak}, "processes": {"program": 1}}


def by_spark(job):
    """A session in a process of its own, watched."""
    with tempfile.TemporaryDirectory(dir=Path(job["study"]).parent) as scratch:
        job = {**job, "scratch": scratch}
        child = subprocess.Popen([sys.executable, __file__, "--session", json.dumps(job)], stdout=subprocess.PIPE, text=True)
        watch = Watch(child.pid)
        watch.start()
        told = child.communicate()[0]
        watch.over.set()
        watch.join()
        assert child.returncode == 0, "the session failed"
    return {"seconds": json.loads(told.splitlines()[-1]), "peak": dict(watch.peak), "processes": {kind: len(of) for kind, of in watch.seen.items()}}


class Watch(threading.Thread):
    """The largest resident set of the processes of each kind below a session."""

    def __init__(self, pid):
        super().__init__()
        import psutil

        self.root, self.over = psutil.Process(pid), threading.Event()
        self.peak, self.seen = collections.defaultdict(int), collections.defaultdict(set)

    def run(self):
        import psutil

        while not self.over.wait(0.05):
            try:
                processes = [self.root, *self.root.children(recursive=True)]
            except psutil.NoSuchProcess:
                break
            for process in processes:
                try:
                    words, resident = process.cmdline(), process.memory_info().rss
                except psutil.Error:
                    continue
                kind = self.kind(process.pid, words)
                if kind:
                    self.peak[kind] = max(self.peak[kind], resident)
                    self.seen[kind].add(process.pid)

    def kind(self, pid, words):
        text = " ".join(words)
        if pid == self.root.pid:
            return "driver, Python"
        if "CoarseGrainedExecutorBackend" in text:
            return "executor, Java"
        if "pyspark.daemon" in text:
            return "worker, Python"
        return "driver, Java" if "java" in text and "SparkSubmit" in text else None


def session(job):
    """What a session's process does: prints the seconds of each repetition as its last line."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    import acoledger.spark
    import pyspark
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.executor.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": job["scratch"],
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.warehouse.dir": job["scratch"],
    }
    builder = SparkSession.builder.master(job["master"])
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    # Executors of their own take seconds to come.
    spark.range(0, 8, 1, 8).selectExpr("max(id)").collect()
    walls = []
    for _ in range(job.get("repeats", 1)):
        if job["job"] == "paths":
            shutil.rmtree(job["out"], ignore_errors=True)
        started = time.monotonic()
        if job["job"] == "paths":
            acoledger.spark.run(spark, job["study"], out=job["out"], until="cells", progress=False)
        else:
            acoledger.spark.ingest(spark, job["study"], frames(spark, Path(job["raw"])), progress=False)
        walls.append(time.monotonic() - started)
    application = spark.sparkContext.applicationId
    spark.stop()
    # What executors on this machine leave.
    shutil.rmtree(Path(pyspark.__file__).parent / "work" / application, ignore_errors=True)
    print(json.dumps(walls))


def frames(spark, raw):
    files = collections.defaultdict(list)
    for file in sorted(raw.glob("*.parquet")):
        name = file.stem.split("_")[0]
        files["enrollment" if name == "beneficiary" else name].append(str(file))
    return {table: spark.read.option("mergeSchema", "true").parquet(*of) for table, of in files.items()}


def digest(folder):
    """Names and hashes of Parquet files: other files tell of inputs and times."""
    files = sorted(folder.rglob("*.parquet"))
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def same(one, two, name):
    if one != two or not one:
        sys.exit(f"error: {name}: not the bytes of the program")


def table(found):
    kinds = ["program", "driver, Python", "driver, Java", "executor, Java", "worker, Python"]
    print("| | by | rows | seconds | rows a second | " + " | ".join(f"{kind}, GiB" for kind in kinds) + " |")
    print("|---|---|--:|--:|--:|" + "--:|" * len(kinds))
    for row in found:
        seconds = statistics.median(row["seconds"])
        peaks = [f"{row['peak'][kind] / GIB:.2f}" if kind in row["peak"] else "" for kind in kinds]
        print(f"| {row['what']} | {row['by']} | {row['rows']:,} | {seconds:.1f} | {row['rows'] / seconds:,.0f} | {' | '.join(peaks)} |")


if __name__ == "__main__":
    main()
