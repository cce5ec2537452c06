#!/usr/bin/env python3
"""Compares a synthetic nation's run with published figures: data/calibration/targets.json.

usage: calibrate.py RUN LAKE TARGETS

RUN is the output folder of a run with --csv of performance year 2018, LAKE its lake. Prints figure, value, target, tolerance,
source; figures of few lives apart, they decide nothing. Exit status 1 when another one is outside.
"""

import csv
import json
import sys
from collections import defaultdict

YEAR = "2018"
TYPES = ("ESRD", "DIS", "AGDU", "AGND")


def rows(path):
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def own_year(path):
    return (row for row in rows(path) if row["performance_year"] == YEAR and row["calendar_year"] == YEAR)


def figures(run, lake):
    found = {}
    national = {row["enrollment_type"]: row for row in own_year(f"{run}/rates/national.csv")}
    years = {kind: float(national[kind]["person_years"]) for kind in TYPES}
    assignable = sum(years.values())
    for kind in TYPES:
        mean = float(national[kind]["per_capita"])
        found[f"type_share {kind}"] = years[kind] / assignable
        found[f"per_capita {kind}"] = mean
        found[f"threshold_to_mean {kind}"] = float(national[kind]["truncation_threshold"]) / mean
    found["dollars_truncated"] = truncated(run)
    months, spend = 0, defaultdict(int)
    for row in rows(f"{run}/person_year.csv"):
        if row["calendar_year"] == YEAR:
            months += int(row["months_mask"]).bit_count()
            if row["enrollment_type"] in ("AGDU", "AGND"):
                spend[row["bene_id"]] += int(row["spend_cents"])
    found["assignable_share"] = assignable / (months / 12)
    ordered = sorted(spend.values(), reverse=True)
    for percent in (1, 5, 10, 20, 50):
        top = ordered[: round(len(ordered) * percent / 100)]
        found[f"concentration top {percent}%"] = sum(top) / sum(ordered)
    assigned = sum(int(row["months"]) for row in own_year(f"{run}/cells/assigned_county.csv")) / 12
    heads = sum(int(row["head_count"]) for row in own_year(f"{run}/cells/aco_heads.csv"))
    found["person_years_per_head"] = assigned / heads
    found["assigned_share"] = assigned / assignable
    found["retention"] = retention(run)
    lines = sum(
        file["rows"]
        for file in json.load(open(f"{lake}/manifest.json"))["files"]
        if file["table"] == "carrier" and file["year"] == int(YEAR)
    )
    found["carrier_lines"] = lines / (months / 12)
    return found


def truncated(run):
    limit = {
        (row["population"], row["enrollment_type"]): int(row["threshold_cents"])
        for row in own_year(f"{run}/cells/threshold.csv")
    }
    spend = kept = 0
    for row in own_year(f"{run}/cells/population_county.csv"):
        key = (row["population"], row["enrollment_type"])
        if row["window"] == "retrospective" and key in limit:
            spend += 12 * int(row["spend_cents"])
            beyond = int(row["months_over"]) - int(row["months_under"])
            kept += 12 * int(row["below_cents"]) + limit[key] * beyond
    return 1 - kept / spend


def retention(run):
    """Of the lives on a list, those on the same ACO's next list, as the source has it: of lives that can be assigned in both
    years. Left out are those who died, left for a plan or another initiative, or saw nobody who makes them assignable."""
    kept = could = 0
    for row in rows(f"{run}/cells/assignment_stability.csv"):
        same = row["performance_year"] == row["from_performance_year"] == YEAR
        if same and row["aco_id"] == "" and int(row["to_year"]) == int(row["from_year"]) + 1:
            lives = int(row["lives"])
            kept += lives if row["destination"] == "retained" else 0
            could += lives if row["destination"] in ("retained", "other_aco", "none") else 0
    return kept / could


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    run, lake, path = sys.argv[1:]
    found = figures(run, lake)
    targets = json.load(open(path))["targets"]
    outside = 0
    for apart in (False, True):
        print("figures of few lives, not judged" if apart else "figures")
        for target in targets:
            if target.get("small_sample", False) != apart:
                continue
            value, wanted = found[target["figure"]], target["value"]
            inside = abs(value / wanted - 1) <= target["tolerance"]
            outside += not inside and not apart
            word = "ok" if inside else "far" if apart else "OUTSIDE"
            numbers = f"{value:>12,.4f} {wanted:>12,.4f} {value / wanted - 1:>+7.1%} within {target['tolerance']:.1%}"
            print(f"  {target['figure']:24} {numbers:52} {word:8} {target['source']}")
    print(f"{len(targets)} figures, {outside} outside")
    return outside > 0


if __name__ == "__main__":
    sys.exit(main())
