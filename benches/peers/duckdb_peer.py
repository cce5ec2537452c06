"""The person stage in SQL, by DuckDB: inputs.sql once, then assign.sql and spend.sql in slices of lives.

Called by peer-compare.py in a process of its own. Seconds are those of assign.sql and spend.sql, without rules and program files.
"""
import argparse
import csv
import os
import re

import duckdb

from study import LAKE, Clock, lake_files, peer_arguments, program_files, read_rules, read_study, slices, write_summary

RESULTS = ["person_year", "threshold", "population_county", "assigned_county", "aco_heads", "aco_county_heads", "revenue"]


def main():
    arguments = peer_arguments(argparse.ArgumentParser())
    study = read_study(arguments.study)
    db = duckdb.connect()
    spend_too = arguments.job == "spend"
    db.execute(f"SET memory_limit = '{arguments.memory}'; SET threads = {arguments.threads}")
    db.execute(f"SET temp_directory = '{arguments.out}/spill'; SET preserve_insertion_order = false")
    load_settings(db, study)
    load_rules(db, arguments, study)
    load_program(db, study)
    db.execute(read_sql("inputs.sql"))
    db.execute("""CREATE TABLE assignment (performance_year INT, calendar_year INT, bene_id VARCHAR, aco_id VARCHAR, basis VARCHAR,
        "window" VARCHAR, step INT, county VARCHAR, winner_cents BIGINT, runner_up VARCHAR, runner_up_cents BIGINT, tie VARCHAR,
        cohort VARCHAR)""")
    if spend_too:
        db.execute(section("spend.sql", "before"))
    clock, pieces = Clock(), slices(study, arguments.slices, 80_000)
    for shards in pieces:
        for table in LAKE:
            files = lake_files(study, table, shards)
            db.execute(f"CREATE OR REPLACE TEMP VIEW lake_{table} AS SELECT * FROM read_parquet({files}, hive_partitioning = true)")
        with clock.of("assign"):
            db.execute(read_sql("assign.sql"))
        if spend_too:
            with clock.of("spend"):
                db.execute(section("spend.sql", "slice"))
    if spend_too:
        with clock.of("spend"):
            db.execute(section("spend.sql", "nation"))
    for table in ["assignment"] + (RESULTS if spend_too else []):
        db.execute(f"COPY {table} TO '{arguments.out}/{table}.parquet' (FORMAT parquet)")
    write_summary(arguments.out, "DuckDB", duckdb.__version__, arguments.threads, len(pieces), clock)


def load_settings(db, study):
    db.execute("CREATE TABLE setting (key VARCHAR, value VARCHAR)")
    db.executemany("INSERT INTO setting VALUES (?, ?)", [(key, str(study[key])) for key in ("seed", "maturity", "county_codes")])
    db.execute(f"SET VARIABLE performance_years = {study['years']}::INT[]")


def load_rules(db, arguments, study):
    values, codes = read_rules(arguments.program, study)
    db.execute("CREATE TABLE rule_raw (key VARCHAR, begins DATE, ends DATE, value JSON)")
    db.execute("CREATE TABLE code_raw (key VARCHAR, begins DATE, ends DATE, code VARCHAR)")
    bulk_insert(db, arguments, "rule_raw", values)
    bulk_insert(db, arguments, "code_raw", codes)
    for table, raw in (("rule", "rule_raw"), ("rule_code", "code_raw")):
        db.execute(f"CREATE TABLE {table} AS SELECT * REPLACE (coalesce(ends - 1, DATE '9999-12-31') AS ends) FROM {raw}")


def bulk_insert(db, arguments, table, rows):
    path = os.path.join(arguments.out, f"{table}.csv")
    with open(path, "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_MINIMAL).writerows([["" if cell is None else cell for cell in row] for row in rows])
    db.execute(f"COPY {table} FROM '{path}' (HEADER false, NULLSTR '')")


def load_program(db, study):
    for name, path, columns in program_files(study):
        if path:
            db.execute(f"CREATE TABLE csv_{name} AS SELECT * FROM read_csv('{path}', all_varchar = true, header = true, delim = ',')")
        else:
            db.execute(f"CREATE TABLE csv_{name} (" + ", ".join(f"{column} VARCHAR" for column in columns) + ")")


def section(name, wanted):
    """The part of a file between `--! wanted` and the next `--!`."""
    return re.search(rf"^--! {wanted}\b[^\n]*\n(.*?)(?=^--! |\Z)", read_sql(name), re.M | re.S).group(1)


def read_sql(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name)) as file:
        return file.read()


if __name__ == "__main__":
    main()
