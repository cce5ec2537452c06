#!/usr/bin/env python3
"""hccinfhir on the people of a file of vectors, one process, and the same people in our kernel: people per second, ratio, equal scores.

  hcc.py OURS.jsonl VECTORS.csv...        OURS.jsonl: what `cargo bench -p acoledger-hcc --bench score VECTORS.csv...` printed
"""

import csv
import json
import statistics
import sys
import time

from hccinfhir import Demographics, HCCInFHIR

MODELS = {"v22": "CMS-HCC Model V22", "v24": "CMS-HCC Model V24", "v28": "CMS-HCC Model V28", "esrd_v21": "CMS-HCC ESRD Model V21",
          "esrd_v24": "CMS-HCC ESRD Model V24"}
INPUTS = {"as they are": None, "first 5 codes": 5, "no codes": 0}


def people(path, limit):
    """Rows whose map the peer has: payment years from 2025 on."""
    for row in csv.DictReader(open(path)):
        if int(row["mapping_year"]) < 2025:
            continue
        codes = [code.strip().replace(".", "").upper() for code in row["dx"].split("|")]
        codes = [code for code in codes if code][:limit]
        demographics = dict(age=int(row["age"]), sex=row["sex"], dual_elgbl_cd=row["dual_code"], orec=row["orec"], crec="0",
                            new_enrollee=row["new_enrollee"] == "1", snp=row["snp"] == "1", low_income=False,
                            lti=row["lti"] == "1")
        yield row, Demographics(**demographics), codes


def main(ours, paths):
    found = {(line["file"], line["input"]): line for line in map(json.loads, open(ours))}
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        model = name.removeprefix("vectors_").removesuffix(".csv")
        if model not in MODELS:
            continue
        scorers = {year: HCCInFHIR(model_name=MODELS[model], dx_cc_mapping_filename=f"ra_dx_to_cc_{year}.csv",
                                   hierarchies_filename="ra_hierarchies_2026.csv", coefficients_filename="ra_coefficients_2026.csv")
                   for year in (("2025", "2026") if model == "v24" else ("2025", "2026", "2027"))}
        for label, limit in INPUTS.items():
            rows = list(people(path, limit))
            passes = []
            for _ in range(5):
                start = time.process_time()
                results = [scorers[row["mapping_year"]].calculate_from_diagnosis(codes, who) for row, who, codes in rows]
                passes.append(len(rows) / (time.process_time() - start))
            theirs, mine = statistics.median(passes), found[(name, label)]["people_per_second"]
            equal = ""
            if limit is None:
                same = sum(abs(result.risk_score - float(row["raw_score"])) < 5e-4 for result, (row, *_) in zip(results, rows))
                equal = f"; {same} of {len(rows)} of the peer's scores equal"
            print(f"{model:9} {label:14} ours {mine:>11,.0f}/s  hccinfhir {theirs:>7,.0f}/s  ratio {mine / theirs:>6,.0f}{equal}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
