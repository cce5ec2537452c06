#!/usr/bin/env python3
"""The ingest again in SQL, by DuckDB, from the same raw files: what differs, seconds, bytes and memory of both.

usage: ingest-compare.py PROGRAM STUDY.toml [--memory SIZE] [--threads N] [--temp DIR] [--json FILE]

Runs `PROGRAM ingest` on the study, then benches/peers/ingest.sql on the same files, each in a process of its own with the same
memory and threads, and compares every column of every table. A peer's seconds are printed only when its answer is equal. Exit
status 0: nothing differs, 1: something does, 2: could not run. For the files of `synth --raw csv` and `--raw parquet`.
"""
import argparse
import glob
import json
import os
import re
import shutil
import sys
import time
import tomllib

from measured import measured

try:
    import duckdb
except ImportError:
    print("error: no module `duckdb`\nhint: `make peer-ingest` installs it and calls this", file=sys.stderr)
    sys.exit(2)

SQL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "benches", "peers", "ingest.sql")
TABLES = ["bene", "enrollment", "carrier", "dme", "facility", "revenue"]
CLAIM_LINES = ["carrier", "dme", "facility", "revenue"]
RAW = ["beneficiary", "carrier", "dme", "inpatient", "outpatient", "snf", "hha", "hospice"]
FACILITY = ["inpatient", "outpatient", "snf", "hha", "hospice"]
KEYS = {"bene": ["bene_id"], "enrollment": ["bene_id", "year"], "facility": ["bene_id", "claim_key"]}
WHOLE = {"CLM_ID", "LINE_NUM", "CLM_LINE_NUM", "REV_CNTR_UNIT_CNT", "BENE_ENROLLMT_REF_YR"}


def main():
    arguments = parse_arguments()
    if arguments.peer:
        return peer(arguments)
    with open(arguments.study, "rb") as file:
        study = tomllib.load(file)
    folder = os.path.dirname(os.path.abspath(arguments.study))
    raw, lake = os.path.join(folder, study["input"]["raw"]), os.path.join(folder, study["lake"]["path"])
    shutil.rmtree(lake, ignore_errors=True)
    shutil.rmtree(arguments.temp, ignore_errors=True)
    os.makedirs(arguments.temp)
    warm(raw)
    ours = run([arguments.program, "ingest", arguments.study, "--threads", str(arguments.threads), "--memory", arguments.memory])
    theirs_lake = os.path.join(arguments.temp, "lake")
    theirs = run([sys.executable, os.path.abspath(__file__), arguments.program, raw, "--peer", "--temp", arguments.temp,
                       "--memory", arguments.memory, "--threads", str(arguments.threads)])
    seconds = json.loads(theirs["out"].splitlines()[-1])
    theirs["seconds"] = sum(seconds.values())
    differ, rows = compare(lake, theirs_lake, arguments)
    lines = sum(rows[table] for table in CLAIM_LINES)
    result = {
        "duckdb": duckdb.__version__, "threads": arguments.threads, "memory": arguments.memory, "rows": rows, "claim_lines": lines,
        "raw_bytes": bytes_below(raw, ""), "columns_that_differ": differ, "seconds": round(ours["wall"], 2), "cpu_seconds": round(ours["cpu"], 2),
        "peak_bytes": ours["peak"], "lake_bytes": bytes_below(lake, ".parquet"), "peer_peak_bytes": theirs["peak"],
        "peer_lake_bytes": bytes_below(theirs_lake, ".parquet"),
    }
    if not differ:
        result |= {"peer_seconds": round(theirs["seconds"], 2), "peer_cpu_seconds": round(theirs["cpu"], 2),
                   "peer_seconds_by_table": {k: round(v, 2) for k, v in seconds.items()},
                   "ratio": round(theirs["seconds"] / ours["wall"], 2)}
    result["bytes_ratio"] = round(result["lake_bytes"] / result["peer_lake_bytes"], 3)
    result["bytes_per_claim_line"] = round(result["lake_bytes"] / lines, 2)
    say(result)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(result, file, indent=2)
    shutil.rmtree(arguments.temp, ignore_errors=True)
    sys.exit(1 if differ else 0)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("study")
    parser.add_argument("--memory", default="4GiB")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--temp", default="target/peer/temp")
    parser.add_argument("--json")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def warm(raw):
    """Reads the raw files once, so that neither side waits for the disk."""
    for path in glob.glob(f"{raw}/*"):
        with open(path, "rb") as file:
            while file.read(1 << 22):
                pass


def run(command):
    """As `measured`; a command that could not run ends the comparison."""
    ran = measured(command)
    if ran["status"] not in (0, 1) or (ran["status"] and not ran["out"]):
        print(f"error: `{' '.join(command[:3])}` failed: {ran['errors']}", file=sys.stderr)
        sys.exit(2)
    return ran


def peer(arguments):
    """The process of the peer: every table of the lake, and the seconds of each on the last line."""
    db = connect(arguments)
    raw_views(db, arguments.study)
    parts, seconds = read_parts(), {}
    db.execute(parts[""])
    for table in TABLES:
        target = os.path.join(arguments.temp, "lake", table)
        os.makedirs(target)
        start = time.monotonic()
        by_year = ", PARTITION_BY (year)" if table != "bene" else ""
        target = target if by_year else target + "/all.parquet"
        db.execute(f"COPY ({parts[table].rstrip().rstrip(';')}) TO '{target}' "
                   f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3{by_year})")
        seconds[table] = time.monotonic() - start
    print(json.dumps(seconds))


def connect(arguments):
    db = duckdb.connect()
    db.execute(f"SET memory_limit = '{arguments.memory}'; SET threads = {arguments.threads}; SET temp_directory = '{arguments.temp}/spill'")
    return db


def raw_views(db, raw):
    """`raw_<table>`, and `raw_facility` over the claims of all five tables with every column that any of them has."""
    columns = {}
    for table in RAW:
        text = sorted(glob.glob(f"{raw}/{table}_*.csv"))
        if text:
            with open(text[0]) as file:
                names = file.readline().rstrip("\n").split("|")
            kinds = ", ".join(f"'{name}': '{kind(name)}'" for name in names)
            source = (f"read_csv('{raw}/{table}_*.csv', delim = '|', header = true, auto_detect = false, quote = '', escape = '', "
                      f"dateformat = '%d-%b-%Y', columns = {{{kinds}}})")
        else:
            source = f"read_parquet('{raw}/{table}_*.parquet')"
        db.execute(f"CREATE VIEW raw_{table} AS SELECT * FROM {source}")
        columns[table] = [row[0] for row in db.execute(f"DESCRIBE raw_{table}").fetchall()]
    wanted = set(re.findall(r"\b[A-Z][A-Z0-9_]{4,}\b", read_parts()["facility"]))
    header = [name for name in dict.fromkeys(sum((columns[table] for table in FACILITY), [])) if name in wanted]
    selects = []
    for table in FACILITY:
        names = [name if name in columns[table] else f"NULL::{kind(name)} AS {name}" for name in header]
        selects.append(f"SELECT {', '.join(names)} FROM raw_{table}")
    db.execute("CREATE VIEW raw_facility AS " + " UNION ALL ".join(selects))


def kind(name):
    if name in WHOLE:
        return "BIGINT"
    return "DATE" if name.endswith("_DT") else "DECIMAL(18, 2)" if "_AMT" in name or name.endswith("_C") else "VARCHAR"


def read_parts():
    """The statements by table; the one without a name comes before all."""
    with open(SQL) as file:
        pieces = re.split(r"^--! (\w+)[^\n]*\n", file.read(), flags=re.M)
    parts = {"": pieces[0]} | dict(zip(pieces[1::2], pieces[2::2]))
    months = lambda found: ", ".join(f"{found.group(1)}{month:02}" for month in range(1, 13))
    parts["enrollment"] = re.sub(r"\{(\w+_)\}", months, parts["enrollment"])
    for table in ("carrier", "dme"):
        given = dict(re.findall(r"(\w+): ([^,\n]+)", parts[table]))
        text = parts["lines"].replace("{table}", table)
        for name, value in given.items():
            text = text.replace("{" + name + "}", value)
        parts[table] = text
    return parts


def compare(lake, theirs, arguments):
    """Columns whose content differs, by rows and by a sum of hashes of each value with its keys; rows by table."""
    db, differ, rows = connect(arguments), 0, {}
    for side, folder in (("ours", lake), ("theirs", theirs)):
        db.execute(f"CREATE TEMP TABLE {side}_bene AS SELECT * FROM read_parquet('{folder}/bene/*.parquet')")
    for table in TABLES:
        sums = {}
        for side, folder in (("ours", lake), ("theirs", theirs)):
            source = f"read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = {table != 'bene'})"
            columns = [row[0] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall() if row[0] not in ("bene_key", "bene_id")]
            keys = KEYS.get(table, ["bene_id", "claim_key", "line"])
            kinds = dict(row[:2] for row in db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall())
            text = lambda name: f'"{name}"::BIGINT' if "INT" in kinds.get(name, "") else f'"{name}"'
            key = ", ".join(text(name) for name in keys)
            hashes = ", ".join(f'sum(hash({key}, {text(name)})::HUGEINT) AS "{name}"' for name in sorted(columns))
            lives = "" if table == "bene" else f"JOIN {side}_bene USING (bene_key)"
            row = db.execute(f"SELECT count(*) AS rows, sum(hash({key})::HUGEINT) AS keys{', ' if hashes else ''}{hashes} FROM {source} {lives}")
            sums[side] = dict(zip([item[0] for item in row.description], row.fetchone()))
        rows[table] = sums["ours"]["rows"]
        unequal = [name for name in sums["ours"].keys() | sums["theirs"].keys() if sums["ours"].get(name) != sums["theirs"].get(name)]
        print(f"{table + ':':<12} {rows[table]:>12} rows, {len(sums['ours']) - 2} columns, {len(unequal)} differ{': ' if unequal else ''}{', '.join(unequal)}")
        differ += len(unequal)
    return differ, rows


def bytes_below(folder, ending):
    return sum(os.path.getsize(path) for path in glob.glob(f"{folder}/**/*{ending}", recursive=True) if os.path.isfile(path))


def say(of):
    print(f"claim lines: {of['claim_lines']}, raw bytes: {of['raw_bytes']}, both on {of['threads']} threads and {of['memory']}")
    print(f"seconds, acoledger: {of['seconds']}, of processors {of['cpu_seconds']}, peak {of['peak_bytes'] >> 20} MiB")
    print(f"lake, acoledger: {of['lake_bytes']} bytes, {of['bytes_per_claim_line']} a claim line; {of['bytes_ratio']} of DuckDB's {of['peer_lake_bytes']}")
    if "ratio" in of:
        print(f"seconds, DuckDB {of['duckdb']}: {of['peer_seconds']}, of processors {of['peer_cpu_seconds']}, peak {of['peer_peak_bytes'] >> 20} MiB")
        print(f"ratio: {of['ratio']}")
    else:
        print("the answers differ: the peer's seconds say nothing")


if __name__ == "__main__":
    main()
