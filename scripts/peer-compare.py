#!/usr/bin/env python3
"""The person stage again, by another engine, compared row by row with a run of the program.

usage: peer-compare.py assign|spend PROGRAM STUDY.toml [--engine duckdb|polars] [--slices N] [--threads N] [--memory SIZE]
                       [--temp DIR] [--out DIR] [--keep] [--json FILE]

Runs PROGRAM on the study up to its cells, then benches/peers/<engine>_peer.py on the same lake in slices of lives, each in a process
of its own, and counts what differs. The rules come from `PROGRAM rules`, so that no policy number is typed twice; the logic is the
peer's own. Exit status 0: nothing differs, 1: something does, 2: could not run.
"""
import argparse
import json
import os
import shutil
import sys

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "benches", "peers")
sys.path.insert(0, PEERS)
from measured import measured  # noqa: E402
from study import fail, read_study  # noqa: E402

try:
    import duckdb
except ImportError:
    fail("no module `duckdb`\nhint: `make peer-assign` installs it and calls this")

# Tables that `spend` compares, with their keys; percentiles stand in `threshold`.
CELLS = {
    "person_year": "bene_id,calendar_year,enrollment_type",
    "threshold": "performance_year,calendar_year,population,enrollment_type",
    "population_county": "performance_year,calendar_year,population,window,county,enrollment_type",
    "assigned_county": "performance_year,period,aco_id,calendar_year,cohort,county,enrollment_type",
    "aco_heads": "performance_year,period,aco_id,calendar_year",
    "aco_county_heads": "performance_year,period,aco_id,calendar_year,county",
    "revenue": "performance_year,aco_id,calendar_year",
}


def main():
    arguments = parse_arguments()
    study = read_study(arguments.study)
    ours = run_program(arguments, study)
    peer = run_peer(arguments)
    db = duckdb.connect()
    db.execute(f"SET memory_limit = '{arguments.memory}'; SET temp_directory = '{arguments.temp}/spill'")
    compared = {"assignment": compare_assignment(db, arguments, study)}
    if arguments.job == "spend":
        compared |= compare_cells(db, arguments)
    report(arguments, ours, peer, compared)
    sys.exit(1 if any(table["differ"] for table in compared.values()) else 0)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["assign", "spend"])
    parser.add_argument("program")
    parser.add_argument("study")
    parser.add_argument("--engine", choices=["duckdb", "polars"], default="duckdb")
    parser.add_argument("--slices", type=int, default=0, help="pieces of the lake, one at a time; 0: as the peer finds best")
    parser.add_argument("--memory", default="4GB", help="limit of DuckDB")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--temp", default="target/peer/temp")
    parser.add_argument("--out", help="folder of the program's run, else the study's own")
    parser.add_argument("--keep", action="store_true", help="compare with the run that is there")
    parser.add_argument("--json", help="file for what was measured, in one line")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.temp, ignore_errors=True)
    os.makedirs(arguments.temp)
    return arguments


def run_program(arguments, study):
    """Runs the program up to the cells; what its person stage took."""
    used = None
    study["run_dir"] = arguments.out = arguments.out or study["run_dir"]
    if not arguments.keep:
        shutil.rmtree(study["run_dir"], ignore_errors=True)
        ran = measured([arguments.program, "cells", study["path"], "--threads", str(arguments.threads), "--out", study["run_dir"]])
        used = ran["cpu"]
        if ran["status"] == 2:
            fail(f"`{arguments.program} cells` failed: {ran['errors']}")
    with open(os.path.join(study["run_dir"], "metrics.json")) as file:
        metrics = json.load(file)
    stages = {stage["stage"]: stage["seconds"] for stage in metrics["stages"] if not stage["skipped"]}
    person = sum(seconds for stage, seconds in stages.items() if "assign" in stage)
    rows = sum(stage["rows"] for stage in metrics["stages"] if "assign" in stage["stage"])
    return {"stages": stages, "seconds": person + (stages.get("cells", 0) if arguments.job == "spend" else 0), "rows": rows,
            "processor_seconds": used, "peak_bytes": metrics["peak_memory_bytes"]}


def run_peer(arguments):
    """Runs the peer; what it says of itself, and the most memory that its process held."""
    ran = measured([sys.executable, os.path.join(PEERS, arguments.engine + "_peer.py"), arguments.job, arguments.program,
                    arguments.study, arguments.temp, "--slices", str(arguments.slices), "--memory", arguments.memory,
                    "--threads", str(arguments.threads)], POLARS_MAX_THREADS=str(arguments.threads))
    if ran["status"]:
        fail(f"`{arguments.engine}_peer.py` failed: {ran['errors']}")
    with open(os.path.join(arguments.temp, "peer.json")) as file:
        return json.load(file) | {"peak_bytes": ran["peak"]}


def compare_assignment(db, arguments, study):
    db.execute(f"CREATE TEMP VIEW ours AS SELECT * FROM read_parquet('{arguments.out}/assignment/*.parquet')")
    db.execute(f"CREATE TEMP VIEW theirs AS SELECT * FROM read_parquet('{arguments.temp}/assignment.parquet')")
    rows, lives = db.execute("SELECT count(*), count(DISTINCT bene_id) FROM ours").fetchone()
    columns = [row[0] for row in db.execute("DESCRIBE theirs").fetchall()]
    same = " AND ".join(f't."{column}" IS NOT DISTINCT FROM o."{column}"' for column in columns)
    db.execute(f"""CREATE TEMP TABLE differing AS
        SELECT coalesce(o.bene_id, t.bene_id) AS bene_id, o, t FROM ours AS o FULL JOIN theirs AS t
        USING (performance_year, calendar_year, bene_id) WHERE NOT ({same})""")
    differ = db.execute("SELECT count(DISTINCT bene_id) FROM differing").fetchone()[0]
    enrolled = db.execute(f"SELECT count(*) FROM read_parquet('{study['lake_dir']}/bene/*.parquet')").fetchone()[0]
    hashed = db.execute(f"SELECT coalesce(sum(hash(o)) % 1000000007, 0) FROM ours AS o").fetchone()[0]
    print(f"lives compared: {enrolled}, of which assigned somewhere: {lives}, in rows: {rows}, hash {hashed}")
    print(f"lives that differ: {differ}")
    show(db, "differing")
    return {"rows": rows, "cells": rows * (len(columns) - 3), "differ": differ, "hash": int(hashed)}


def compare_cells(db, arguments):
    """Every value of every table, by key; a row that one side lacks counts with all its values."""
    run, compared = arguments.out, {}
    for table, keys in CELLS.items():
        files = f"{run}/cells/{table}.parquet" if table != "person_year" else f"{run}/person_year/*.parquet"
        db.execute(f"CREATE OR REPLACE TEMP VIEW ours AS SELECT * FROM read_parquet('{files}')")
        db.execute(f"CREATE OR REPLACE TEMP VIEW theirs AS SELECT * FROM read_parquet('{arguments.temp}/{table}.parquet')")
        keys = keys.split(",")
        theirs = {row[0] for row in db.execute("DESCRIBE theirs").fetchall()}
        values = [row[0] for row in db.execute("DESCRIBE ours").fetchall() if row[0] not in keys and row[0] in theirs]
        on = " AND ".join(f't."{key}" IS NOT DISTINCT FROM o."{key}"' for key in keys)
        unequal = " + ".join(f'(t."{value}" IS DISTINCT FROM o."{value}" OR t.here IS NULL OR o.here IS NULL)::INT' for value in values)
        db.execute(f"""CREATE OR REPLACE TEMP TABLE differing AS SELECT o, t, {unequal} AS unequal
            FROM (SELECT *, 1 AS here FROM ours) AS o FULL JOIN (SELECT *, 1 AS here FROM theirs) AS t ON {on} WHERE unequal > 0""")
        rows = db.execute("SELECT count(*) FROM ours").fetchone()[0]
        differ = db.execute("SELECT coalesce(sum(unequal), 0) FROM differing").fetchone()[0]
        print(f"{table + ':':<18} {rows:>9} rows, {rows * len(values):>10} cells compared, {differ} differ")
        show(db, "differing")
        compared[table] = {"rows": rows, "cells": rows * len(values), "differ": int(differ)}
    print(f"cells that differ: {sum(table['differ'] for table in compared.values())}")
    return compared


def show(db, table):
    for row in db.execute(f"SELECT o, t FROM {table} LIMIT {int(os.environ.get('PEER_SHOW', 0))}").fetchall():
        print("  ours", row[0] and list(row[0].values()), "\n  peer", row[1] and list(row[1].values()))


def report(arguments, ours, peer, compared):
    both, assign, spend = arguments.job == "spend", peer["seconds"]["assign"], peer["seconds"]["spend"]
    print(f"seconds, acoledger: {ours['seconds']:.1f} (enroll, assign, spend and risk in one pass{', and cells' if both else ''})")
    print(f"seconds, {peer['engine']} {peer['version']}: {assign + spend:.1f} (assign {assign:.1f}{f', spend and cells {spend:.1f}' if both else ''})")
    print(f"ratio: {(assign + spend) / ours['seconds']:.1f}, both on {arguments.threads} threads")
    print(f"peak memory, MB: acoledger {ours['peak_bytes'] / 1e6:.0f}, {peer['engine']} {peer['peak_bytes'] / 1e6:.0f}")
    if arguments.json:
        line = {"job": arguments.job, "study": arguments.study, "threads": arguments.threads, "rows": ours["rows"],
                "differ": sum(table["differ"] for table in compared.values()),
                "cells": sum(table["cells"] for table in compared.values()), "hash": compared["assignment"]["hash"],
                "ratio": (assign + spend) / ours["seconds"], "ours": ours, "peer": peer, "compared": compared}
        with open(arguments.json, "w") as file:
            print(json.dumps(line), file=file)


if __name__ == "__main__":
    main()
