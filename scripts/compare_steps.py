#!/usr/bin/env python3
"""Compares run/benchmark.csv with expected_steps.csv of the rates cases, line by line.

The walk holds steps between those of the file; what is in the file must come in its order, at the decimals that it prints
(four from 100 on, eight below), and no step of the file's kinds may be one too many.
usage: compare_steps.py RUN EXPECTED_STEPS
"""
import csv
import sys
from collections import defaultdict


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def aco(row):
    return row["performance_year"], row["period"], row["aco_id"]


def main(run, expected_steps):
    wanted, walks = defaultdict(list), defaultdict(list)
    for row in read(expected_steps):
        wanted[aco(row)].append((row["enrollment_type"], row["rule"], row["name"], float(row["value"])))
    for row in sorted(read(f"{run}/benchmark.csv"), key=lambda row: int(row["step_no"])):
        walks[aco(row)].append((row["enrollment_type"], row["rule"], row["step"], float(row["value"])))
    kinds = {step[1:3] for steps in wanted.values() for step in steps}
    equal, different = 0, []
    for key in sorted(wanted.keys() | walks.keys()):
        walk, at = walks[key], 0
        for step in wanted[key]:
            place = next((i for i in range(at, len(walk)) if walk[i][:3] == step[:3]), None)
            if place is None:
                different.append(f"{key} {step[:3]}: absent or out of order")
                continue
            at, got, want = place + 1, walk[place][3], step[3]
            digit = 1e-4 if abs(want) >= 100 else 1e-8
            if abs(got - want) <= 0.5 * digit + 1e-9 * max(1.0, abs(want)):
                equal += 1
            else:
                different.append(f"{key} {step[:3]}: {got} against {want}")
        listed = {step[:3] for step in wanted[key]}
        different += [f"{key} {s[:3]}: one too many" for s in walk if s[1:3] in kinds and s[:3] not in listed]
    for line in different[:20]:
        print(line)
    print(f"walk: {equal} lines equal, {len(different)} different, {len(wanted)} ACO-years")
    return 1 if different or not equal else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
