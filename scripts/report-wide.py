#!/usr/bin/env python3
"""A run of many ACOs from a run of few, to look at a report of real size: each ACO of the demo several times, its spending and size
changed a little, settled anew at the rates door; what only claims know (lists, classes of service, utilisation) is repeated as it is.

usage: report-wide.py PROGRAM DEMO FOLDER ACOS"""

import csv
import pathlib
import random
import shutil
import subprocess
import sys

import polars

program, demo, folder, wanted = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
draw = random.Random(1)


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


acos = read(demo / "program/aco.csv")
years = sorted({row["performance_year"] for row in acos})
few = sorted({row["aco_id"] for row in acos})
copies = -(-wanted // len(few))
# Copies of each ACO: its new id, and by what its spending and its size are multiplied.
twins = {aco: [] for aco in few}
for number in range(wanted):
    aco = few[number % len(few)]
    twins[aco].append((f"A{1001 + number}", draw.gauss(1.0, 0.035), draw.choice([1, 1, 2, 3, 5, 9])))

NAMES = ["Harbor", "Summit", "Prairie", "Cedar", "Lakeside", "Granite", "Riverbend", "Coastal", "Valley", "Northern"]
KINDS = ["Health Partners", "Physician Network", "Accountable Care", "Medical Alliance", "Care Collaborative"]


def widened(rows, change=lambda row, spending, size: row):
    out = []
    for row in rows:
        for name, spending, size in twins.get(row["aco_id"], []):
            out.append(change({**row, "aco_id": name}, spending, size))
    return out


def named(row, _spending, _size):
    number = int(row["aco_id"][1:])
    row["aco_name"] = f"{NAMES[number % 10]} {KINDS[number // 10 % 5]} {number % 97}"
    if number == 1003:
        row["aco_name"] = '<img src=x onerror=alert(1)> & "Sons" </script><b>bold</b>'
    if number == 1004:
        row["aco_name"] = '=HYPERLINK("http://example.org")'
    row["participant_revenue"] = ""
    return row


def grown(row, _spending, size):
    for column in ["person_years", "assignable_person_years"]:
        if row.get(column):
            row[column] = repr(float(row[column]) * size)
    return row


def year_rows(row, spending, size):
    row["person_years"] = repr(float(row["person_years"]) * size) if row["person_years"] else ""
    if row["calendar_year"] == row["performance_year"] and row["per_capita"]:
        row["per_capita"] = repr(float(row["per_capita"]) * spending)
    return row


def heads(row, _spending, size):
    for column in ["head_count", "voluntary_only", "claims_only", "both"]:
        if row.get(column):
            row[column] = str(int(row[column]) * size)
    for column in ["dual_person_years", "paid_amounts", "participant_revenue"]:
        if row.get(column):
            row[column] = repr(float(row[column]) * size)
    return row


shutil.rmtree(folder, ignore_errors=True)
rates, run = demo / "run/rates", folder / "run"
write(folder / "program/aco.csv", widened(acos, named))
for table in ["acpt", "disaster"]:
    shutil.copy(demo / f"program/{table}.csv", folder / "program")
history = widened(read(demo / "program/aco_history.csv"))
if history:
    write(folder / "program/aco_history.csv", history)
for table in ["national", "county"]:
    (folder / "rates").mkdir(exist_ok=True)
    shutil.copy(rates / f"{table}.csv", folder / "rates")
write(folder / "rates/aco_year.csv", widened(read(rates / "aco_year.csv"), year_rows))
write(folder / "rates/aco_county.csv", widened(read(rates / "aco_county.csv"), grown))
write(folder / "rates/aco_heads.csv", widened(read(rates / "aco_heads.csv"), heads))
write(folder / "rates/aco_county_heads.csv", widened(read(rates / "aco_county_heads.csv"), heads))
(folder / "study.toml").write_text(
    f'[study]\nname = "{wanted} ACOs"\nperformance_years = [{", ".join(years)}]\nseed = 1\n'
    '[input]\nrates = "rates"\nprogram = "program"\ncounty_codes = "fips"\n[run]\nout = "run"\n'
)
subprocess.run([program, "run", folder / "study.toml"], check=True, stdout=subprocess.DEVNULL)

names = polars.DataFrame(
    {"aco_id": [aco for aco, of in twins.items() for _ in of], "twin": [twin[0] for of in twins.values() for twin in of]}
)
for table in ["service_categories", "utilisation"]:
    rows = polars.read_parquet(demo / f"run/{table}.parquet")
    of_acos = rows.filter(polars.col("aco_id").is_not_null()).join(names, on="aco_id").with_columns(aco_id="twin").drop("twin")
    polars.concat([rows.filter(polars.col("aco_id").is_null()), of_acos.select(rows.columns)]).write_parquet(run / f"{table}.parquet")
(run / "assignment").mkdir()
lives = polars.concat([polars.read_parquet(file) for file in sorted((demo / "run/assignment").glob("*.parquet"))[:4]])
lives.join(names, on="aco_id").with_columns(aco_id="twin").drop("twin").select(lives.columns).write_parquet(run / "assignment/shard=000.parquet")
