#!/usr/bin/env python3
"""The person stage again in SQL, by DuckDB, compared row by row with a run of the program.

usage: peer-compare.py assign|spend PROGRAM STUDY.toml [--slices N] [--memory SIZE] [--temp DIR] [--keep]

Runs PROGRAM on the study up to its cells, then benches/peers/*.sql on the same lake in slices of
lives, and counts what differs. The rules come from `PROGRAM rules`, so that no policy number is typed twice; the logic is
the SQL's own. Exit status 0: nothing differs, 1: something does, 2: could not run.
"""
import argparse
import csv
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib

try:
    import duckdb
except ImportError:
    print("error: no module `duckdb`\nhint: `make peer-assign` installs it and calls this", file=sys.stderr)
    sys.exit(2)

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "benches", "peers")
LAKE = ["bene", "enrollment", "carrier", "dme", "facility", "revenue"]
# Columns of program files that may be absent, when the file is.
PROGRAM = {
    "aco": [],
    "participant": [],
    "participant_ccn": "performance_year,aco_id,tin,ccn,ccn_type,enrolled_on,ended_on",
    "provider_specialty": "npi,specialty,begins_on,ends_on",
    "voluntary_alignment": "bene_id,designated_on,ended_on,designee_npi,designee_tin,designee_specialty",
    "other_initiative": "bene_id,calendar_year,initiative,begins_on,ends_on,decided_on",
    "esrd_month": "bene_id,calendar_year,months_mask",
    "lis_adi": "bene_id,calendar_year,lis_months,adi_rank",
    "non_claims_payment": "bene_id,calendar_year,month,program,part,final,amount",
    "claim_reduction": "claim_id,line,amount",
    "eta_hospital": "performance_year,ccn",
    "eta_fee": "calendar_year,hcpcs,amount",
}
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
# Rules that change the logic rather than its numbers: the SQL is written for these values.
FIXED = {
    "assign.window.last_month": 12, "assign.window.months": 12, "assign.steps": "practitioners", "assign.left_out": [], "assign.measure": "charges",
    "assign.winner": "plurality", "assign.voluntary.designees": "any", "assign.clinic.services": "all",
    "assign.clinic.assignable": True, "primary_care.codes.replacing": [], "primary_care.clinic.centers": [],
    "spend.left_out": [], "spend.inpatient.removed": ["ime", "dsh", "uncompensated_care"],
    "spend.demonstration.interim": False, "cells.truncation.population": "assignable",
}


def main():
    arguments = parse_arguments()
    study = read_study(arguments.study)
    ran = run_program(arguments, study)
    db = duckdb.connect(os.path.join(arguments.temp, "peer.duckdb"))
    try:
        assign, spend = compute(db, arguments, study)
        differ = compare_assignment(db, study)
        if arguments.job == "spend":
            differ += compare_cells(db, study)
    finally:
        db.close()
    both = arguments.job == "spend"
    theirs = assign + spend
    print(f"seconds, acoledger: {ran:.1f} (enroll, assign, spend and risk in one pass{', and cells' if both else ''})")
    print(f"seconds, DuckDB {duckdb.__version__}: {theirs:.1f} (assign {assign:.1f}{f', spend and cells {spend:.1f}' if both else ''})")
    print(f"ratio: {theirs / ran:.1f}, both on {arguments.threads} threads")
    sys.exit(1 if differ else 0)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["assign", "spend"])
    parser.add_argument("program")
    parser.add_argument("study")
    parser.add_argument("--slices", type=int, default=0, help="pieces of the lake, one at a time; 0: about 50,000 lives each")
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--temp", default="target/peer/temp")
    parser.add_argument("--keep", action="store_true", help="compare with the run that is there")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.temp, ignore_errors=True)
    os.makedirs(arguments.temp)
    return arguments


def read_study(path):
    if not os.path.exists(path):
        fail(f"no study file: `{path}`")
    with open(path, "rb") as file:
        study = tomllib.load(file)
    folder = os.path.dirname(os.path.abspath(path))
    study["path"] = path
    study["years"] = study["study"]["performance_years"]
    for key, (section, name, default) in {"program": ("input", "program", "program"), "lake": ("lake", "path", "lake"),
                                          "run": ("run", "out", "run")}.items():
        study[key + "_dir"] = os.path.join(folder, study.get(section, {}).get(name, default))
    if study["input"].get("maturity", "3-months") not in ("3-months", "mature"):
        fail("the SQL knows maturity `3-months` and `mature` only")
    if min(study["years"]) < 2019:
        fail("the SQL knows performance years from 2019 on")
    return study


def run_program(arguments, study):
    """Runs the program up to the cells; seconds of its person stage."""
    if not arguments.keep:
        shutil.rmtree(study["run_dir"], ignore_errors=True)
        done = subprocess.run([arguments.program, "cells", study["path"], "--threads", str(arguments.threads)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode == 2:
            fail(f"`{arguments.program} cells` failed: {done.stderr[-2000:]}")
    with open(os.path.join(study["run_dir"], "metrics.json")) as file:
        stages = {stage["stage"]: stage["seconds"] for stage in json.load(file)["stages"]}
    person = sum(seconds for stage, seconds in stages.items() if "assign" in stage)
    return person + (stages.get("cells", 0) if arguments.job == "spend" else 0)


def compute(db, arguments, study):
    """Runs the SQL, slice by slice; seconds of assignment and of the rest, without the reading of rules and program files."""
    db.execute(f"SET memory_limit = '{arguments.memory}'; SET threads = {arguments.threads}")
    db.execute(f"SET temp_directory = '{arguments.temp}/spill'; SET preserve_insertion_order = false")
    load_settings(db, study)
    load_rules(db, arguments, study)
    load_program(db, study)
    db.execute(read_sql("inputs.sql"))
    db.execute("""CREATE TABLE assignment (performance_year INT, calendar_year INT, bene_id VARCHAR, aco_id VARCHAR, basis VARCHAR,
        "window" VARCHAR, step INT, county VARCHAR, winner_cents BIGINT, runner_up VARCHAR, runner_up_cents BIGINT, tie VARCHAR,
        cohort VARCHAR)""")
    if arguments.job == "spend":
        db.execute(section("spend.sql", "before"))
    assign = spend = 0.0
    for shards in slices(study, arguments.slices):
        for table in LAKE:
            view_lake(db, study, table, shards)
        assign += timed(db, read_sql("assign.sql"))
        if arguments.job == "spend":
            spend += timed(db, section("spend.sql", "slice"))
    if arguments.job == "spend":
        spend += timed(db, section("spend.sql", "nation"))
    return assign, spend


def timed(db, sql):
    started = time.monotonic()
    db.execute(sql)
    return time.monotonic() - started


def load_settings(db, study):
    db.execute("CREATE TABLE setting (key VARCHAR, value VARCHAR)")
    values = {"seed": study["study"].get("seed", 1), "maturity": study["input"].get("maturity", "3-months"),
              "county_codes": study["input"].get("county_codes", "fips")}
    db.executemany("INSERT INTO setting VALUES (?, ?)", [(key, str(value)) for key, value in values.items()])
    db.execute(f"SET VARIABLE performance_years = {study['years']}::INT[]")


def load_rules(db, arguments, study):
    """Every rule with the days of its values, and each list of codes written out."""
    text = subprocess.run([arguments.program, "rules", "--year", str(max(study["years"])), "--study", study["path"], "--format", "toml"],
                          check=True, capture_output=True, text=True).stdout
    rules, values, codes = tomllib.loads(text)["rules"], [], []
    for key, timeline in rules.items():
        if not isinstance(timeline, list) or not timeline or "from" not in timeline[0]:
            fail(f"rule `{key}` is not a list of dated values")
        for this, following in zip(timeline, timeline[1:] + [{"from": None}]):
            begins, ends = this["from"], following["from"]
            values.append((key, begins, ends, json.dumps(this["value"])))
            for name, entries in code_lists(key, this["value"]):
                codes += [(name, begins, ends, code) for entry in entries for code in write_out(entry)]
    check_fixed(rules, study)
    db.execute("CREATE TABLE rule_raw (key VARCHAR, begins DATE, ends DATE, value JSON)")
    db.execute("CREATE TABLE code_raw (key VARCHAR, begins DATE, ends DATE, code VARCHAR)")
    bulk_insert(db, arguments, "rule_raw", values)
    bulk_insert(db, arguments, "code_raw", codes)
    for table, raw in (("rule", "rule_raw"), ("rule_code", "code_raw")):
        db.execute(f"CREATE TABLE {table} AS SELECT * REPLACE (coalesce(ends - 1, DATE '9999-12-31') AS ends) FROM {raw}")


def bulk_insert(db, arguments, table, rows):
    path = os.path.join(arguments.temp, f"{table}.csv")
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_MINIMAL).writerows([["" if cell is None else cell for cell in row] for row in rows])
    db.execute(f"COPY {table} FROM '{path}' (HEADER false, NULLSTR '')")


def code_lists(key, value):
    if isinstance(value, list):
        return [(key, value)]
    if isinstance(value, dict):
        return [(f"{key}.{name}", entry) for name, entry in value.items() if isinstance(entry, list)]
    return []


def write_out(entry):
    """`G0541-G0543` as its codes; anything else as it is."""
    ends = re.fullmatch(r"([A-Z]?)(\d{4,5})-\1(\d{4,5})", str(entry))
    if not ends:
        return [str(entry)]
    letter, low, high = ends.groups()
    return [f"{letter}{number:0{len(low)}}" for number in range(int(low), int(high) + 1)]


def check_fixed(rules, study):
    for key, expected in FIXED.items():
        for year in study["years"]:
            value = [entry["value"] for entry in rules[key] if str(entry["from"]) <= f"{year}-01-01"][-1]
            if value != expected:
                fail(f"the SQL is written for rule `{key}` = {expected}, which is {value} in {year}")


def load_program(db, study):
    for name, columns in PROGRAM.items():
        path = os.path.join(study["program_dir"], name + ".csv")
        if os.path.exists(path):
            db.execute(f"CREATE TABLE csv_{name} AS SELECT * FROM read_csv('{path}', all_varchar = true, header = true, delim = ',')")
        elif columns:
            db.execute(f"CREATE TABLE csv_{name} (" + ", ".join(f"{column} VARCHAR" for column in columns.split(",")) + ")")
        else:
            fail(f"no {path}")


def slices(study, count):
    with open(os.path.join(study["lake_dir"], "manifest.json")) as file:
        manifest = json.load(file)
    shards = manifest["shards"]
    count = min(shards, count or max(1, manifest["lives"] // 80_000))
    return [range(shards * piece // count, shards * (piece + 1) // count) for piece in range(count)]


def view_lake(db, study, table, shards):
    """The view `lake_<table>` over these shards of all years."""
    files = [path for shard in shards for path in
             sorted(glob.glob(f"{study['lake_dir']}/{table}/**/shard={shard:03}.parquet", recursive=True))]
    db.execute(f"CREATE OR REPLACE TEMP VIEW lake_{table} AS SELECT * FROM read_parquet({files}, hive_partitioning = true)")


def compare_assignment(db, study):
    db.execute(f"CREATE TEMP VIEW ours AS SELECT * FROM read_parquet('{study['run_dir']}/assignment/*.parquet')")
    rows, lives = db.execute("SELECT count(*), count(DISTINCT bene_id) FROM ours").fetchone()
    columns = [row[0] for row in db.execute("DESCRIBE assignment").fetchall()]
    same = " AND ".join(f't."{column}" IS NOT DISTINCT FROM o."{column}"' for column in columns)
    db.execute(f"""CREATE TEMP TABLE differing AS
        SELECT coalesce(o.bene_id, t.bene_id) AS bene_id, o, t FROM ours AS o FULL JOIN assignment AS t
        USING (performance_year, calendar_year, bene_id) WHERE NOT ({same})""")
    differ = db.execute("SELECT count(DISTINCT bene_id) FROM differing").fetchone()[0]
    enrolled = db.execute(f"SELECT count(*) FROM read_parquet('{study['lake_dir']}/bene/*.parquet')").fetchone()[0]
    hashed = db.execute(f"SELECT sum(hash(o)) % 1000000007 FROM ours AS o").fetchone()[0]
    print(f"lives compared: {enrolled}, of which assigned somewhere: {lives}, in rows: {rows}, hash {hashed}")
    print(f"lives that differ: {differ}")
    show(db, "differing")
    return differ


def compare_cells(db, study):
    """Every value of every table, by key; a row that one side lacks counts with all its values."""
    run, total = study["run_dir"], 0
    for table, keys in CELLS.items():
        files = f"{run}/cells/{table}.parquet" if table != "person_year" else f"{run}/person_year/*.parquet"
        db.execute(f"CREATE OR REPLACE TEMP VIEW ours AS SELECT * FROM read_parquet('{files}')")
        keys = keys.split(",")
        theirs = {row[0] for row in db.execute(f"DESCRIBE {table}").fetchall()}
        values = [row[0] for row in db.execute("DESCRIBE ours").fetchall() if row[0] not in keys and row[0] in theirs]
        on = " AND ".join(f't."{key}" IS NOT DISTINCT FROM o."{key}"' for key in keys)
        unequal = " + ".join(f'(t."{value}" IS DISTINCT FROM o."{value}" OR t.here IS NULL OR o.here IS NULL)::INT' for value in values)
        db.execute(f"""CREATE OR REPLACE TEMP TABLE differing AS SELECT o, t, {unequal} AS unequal
            FROM (SELECT *, 1 AS here FROM ours) AS o FULL JOIN (SELECT *, 1 AS here FROM {table}) AS t ON {on} WHERE unequal > 0""")
        rows = db.execute("SELECT count(*) FROM ours").fetchone()[0]
        differ = db.execute("SELECT coalesce(sum(unequal), 0) FROM differing").fetchone()[0]
        print(f"{table + ':':<18} {rows:>9} rows, {rows * len(values):>10} cells compared, {differ} differ")
        show(db, "differing")
        total += differ
    print(f"cells that differ: {total}")
    return total


def show(db, table):
    for row in db.execute(f"SELECT o, t FROM {table} LIMIT {int(os.environ.get('PEER_SHOW', 0))}").fetchall():
        print("  ours", row[0] and list(row[0].values()), "\n  SQL ", row[1] and list(row[1].values()))


def section(name, wanted):
    """The part of a file between `--! wanted` and the next `--!`."""
    return re.search(rf"^--! {wanted}\b[^\n]*\n(.*?)(?=^--! |\Z)", read_sql(name), re.M | re.S).group(1)


def read_sql(name):
    with open(os.path.join(PEERS, name)) as file:
        return file.read()


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
