"""A study as the peers read it: its years and folders, the rules of `PROGRAM rules`, and the lake in slices of lives.

Shared by all peers and by the comparison, so that no policy number is typed and no file is looked for twice.
"""
import glob
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from datetime import date

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
# Rules that change the logic rather than its numbers: the peers are written for these values.
FIXED = {
    "assign.window.last_month": 12, "assign.window.months": 12, "assign.steps": "practitioners", "assign.left_out": [], "assign.measure": "charges",
    "assign.winner": "plurality", "assign.voluntary.designees": "any", "assign.clinic.services": "all",
    "assign.clinic.assignable": True, "primary_care.codes.replacing": [], "primary_care.clinic.centers": [],
    "spend.left_out": [], "spend.inpatient.removed": ["ime", "dsh", "uncompensated_care"],
    "spend.demonstration.interim": False, "cells.truncation.population": "assignable",
}


def read_study(path):
    """The study file as a dictionary, with `years`, `seed`, `maturity`, `county_codes` and its folders beside its sections."""
    if not os.path.exists(path):
        fail(f"no study file: `{path}`")
    with open(path, "rb") as file:
        study = tomllib.load(file)
    folder = os.path.dirname(os.path.abspath(path))
    study["path"] = path
    study["years"] = study["study"]["performance_years"]
    study["seed"] = study["study"].get("seed", 1)
    study["maturity"] = study["input"].get("maturity", "3-months")
    study["county_codes"] = study["input"].get("county_codes", "fips")
    for key, (section, name, default) in {"program": ("input", "program", "program"), "lake": ("lake", "path", "lake"),
                                          "run": ("run", "out", "run")}.items():
        study[key + "_dir"] = os.path.join(folder, study.get(section, {}).get(name, default))
    if study["maturity"] not in ("3-months", "mature"):
        fail("the peers know maturity `3-months` and `mature` only")
    if min(study["years"]) < 2019:
        fail("the peers know performance years from 2019 on")
    return study


def read_rules(program, study):
    """(values, codes): every rule with the days of its values as JSON, and each list of codes written out.

    Rows are (key, first day, day after the last or None, value or code).
    """
    text = subprocess.run([program, "rules", "--year", str(max(study["years"])), "--study", study["path"], "--format", "toml"],
                          check=True, capture_output=True, text=True).stdout
    rules, values, codes = tomllib.loads(text)["rules"], [], []
    for key, timeline in rules.items():
        if not isinstance(timeline, list) or not timeline or "from" not in timeline[0]:
            fail(f"rule `{key}` is not a list of dated values")
        for this, following in zip(timeline, timeline[1:] + [{"from": None}]):
            begins, ends = (value and date.fromisoformat(str(value)) for value in (this["from"], following["from"]))
            values.append((key, begins, ends, json.dumps(this["value"])))
            for name, entries in code_lists(key, this["value"]):
                codes += [(name, begins, ends, code) for entry in entries for code in write_out(entry)]
    check_fixed(rules, study)
    return values, codes


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
                fail(f"the peers are written for rule `{key}` = {expected}, which is {value} in {year}")


def program_files(study):
    """(name, path or None, columns) of each program file; None where it is absent and may be."""
    for name, columns in PROGRAM.items():
        path = os.path.join(study["program_dir"], name + ".csv")
        if not os.path.exists(path) and not columns:
            fail(f"no {path}")
        yield name, path if os.path.exists(path) else None, columns.split(",") if columns else []


def slices(study, count, lives):
    """The shards of the lake in `count` pieces; 0: of about `lives` lives each."""
    with open(os.path.join(study["lake_dir"], "manifest.json")) as file:
        manifest = json.load(file)
    shards = manifest["shards"]
    count = min(shards, count or max(1, manifest["lives"] // lives))
    return [range(shards * piece // count, shards * (piece + 1) // count) for piece in range(count)]


def lake_files(study, table, shards):
    """Files of these shards, of all years, in the order of lives."""
    return [path for shard in shards for path in
            sorted(glob.glob(f"{study['lake_dir']}/{table}/**/shard={shard:03}.parquet", recursive=True))]


def peer_arguments(parser):
    """What each peer is called with, by peer-compare.py."""
    parser.add_argument("job", choices=["assign", "spend"])
    parser.add_argument("program")
    parser.add_argument("study")
    parser.add_argument("out", help="folder for the tables and `peer.json`")
    parser.add_argument("--slices", type=int, default=0, help="pieces of the lake, one at a time; 0: as the peer finds best")
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


class Clock:
    """Seconds by part, of the clock and of all processors."""
    def __init__(self):
        self.seconds, self.processor_seconds = {"assign": 0.0, "spend": 0.0}, {"assign": 0.0, "spend": 0.0}

    @contextmanager
    def of(self, part):
        started, used = time.monotonic(), time.process_time()
        yield
        self.seconds[part] += time.monotonic() - started
        self.processor_seconds[part] += time.process_time() - used


def write_summary(out, engine, version, threads, slices, clock):
    with open(os.path.join(out, "peer.json"), "w") as file:
        json.dump({"engine": engine, "version": version, "threads": threads, "slices": slices, "seconds": clock.seconds,
                   "processor_seconds": clock.processor_seconds}, file)


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
