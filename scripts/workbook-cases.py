#!/usr/bin/env python3
"""Copies the study of the rates cases, each ACO several times with other spending in the performance year: hundreds of ACO-years, every
rulebook, track and outcome. The copies come from a seed.

usage: workbook-cases.py CASES TARGET TIMES
"""
import csv
import random
import shutil
import sys
from pathlib import Path

source, target, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
dice, factors = random.Random(7), {}
for folder in ("program", "rates"):
    (target / folder).mkdir(parents=True)
    for path in sorted((source / folder).glob("*.csv")):
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            rows, heads = list(reader), reader.fieldnames
        with (target / folder / path.name).open("w", newline="") as file:
            writer = csv.DictWriter(file, heads, lineterminator="\n")
            writer.writeheader()
            for copy in range(times):
                for row in map(dict, rows):
                    if not row.get("aco_id"):
                        # Rows of the nation, of counties, of all ACOs: once.
                        if copy == 0:
                            writer.writerow(row)
                        continue
                    row["aco_id"] = "ABCDEFGHIJ"[copy] + row["aco_id"][1:]
                    if path.stem == "aco_year" and copy and row["calendar_year"] == row["performance_year"] and row["per_capita"]:
                        key = row["aco_id"], row["performance_year"]
                        spread = dice.choice([(1, 1), (0.8, 1), (0.95, 1.05), (1, 1.3)])
                        factor = factors.setdefault(key, dice.uniform(*spread))
                        row["per_capita"] = f"{float(row['per_capita']) * factor:.4f}"
                    writer.writerow(row)
shutil.copy(source / "study.toml", target)
