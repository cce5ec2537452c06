"""Who competes, over which windows, with which code lists, for the Polars peer (M.A.2, M.A.4, M.A.5): what inputs.sql is to DuckDB.

Small tables from the program files and the rules, made in plain Python once. No policy number is typed here.
"""
import calendar
import json
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from study import program_files, read_rules

FIRST_DAY, LAST_DAY = date.min, date.max
LINE, CAH, ETA, CLINIC = range(4)           # providers of services
PRIMARY, LISTED, PRACTITIONER, CLINIC_CLASS = range(1, 5)   # classes of who gave them


class Rules:
    def __init__(self, values, codes):
        self.values, self.lists = {}, {}
        for key, begins, ends, value in values:
            self.values.setdefault(key, []).append((begins, ends, json.loads(value)))
        for key, begins, ends, code in codes:
            self.lists.setdefault(key, []).append((begins, ends, code))

    def value(self, key, day):
        return next((value for begins, ends, value in self.values[key] if begins <= day and (ends is None or day < ends)), None)

    def codes(self, key, day=None):
        """Codes in force on a day; without a day, all there ever were."""
        return sorted({code for begins, ends, code in self.lists.get(key, [])
                       if day is None or begins <= day and (ends is None or day < ends)})

    def dated_codes(self, key):
        """(first day, last day, codes) of each time of a list."""
        times = {}
        for begins, ends, code in self.lists.get(key, []):
            times.setdefault((begins, LAST_DAY if ends is None else ends - timedelta(1)), []).append(code)
        return [(begins, ends, codes) for (begins, ends), codes in times.items()]


@dataclass
class Window:
    """One window of a list; `ok` and `wide_ok` name the column that says whether a code counts in it (M.A.5.6)."""
    number: int
    calendar_year: int
    method: str
    first_day: date
    last_day: date
    wide_first_day: date
    known_by: date
    has_step_3: bool
    ok: str
    wide_ok: str


class Inputs:
    def __init__(self, program, study):
        self.years, self.seed, self.maturity, self.county_codes = (study[key] for key in ("years", "seed", "maturity", "county_codes"))
        self.rules = Rules(*read_rules(program, study))
        self.csv = {name: pl.read_csv(path, infer_schema=False) if path else pl.DataFrame(schema={column: pl.String for column in columns})
                    for name, path, columns in program_files(study)}
        self.periods = [row | {"performance_year": int(row["performance_year"]), "agreement_start": date.fromisoformat(row["agreement_start"])}
                        for row in self.csv["aco"].select("performance_year", "period", "aco_id", "agreement_start", "assignment_method").to_dicts()
                        if int(row["performance_year"]) in self.years]
        self.acos = {(row["performance_year"], row["aco_id"]): row for row in sorted(self.periods, key=lambda row: row["period"])}
        self.own_years = sorted({(row["performance_year"], row["period"], row["aco_id"], year) for row in self.periods
                                 for year in self.years_of(row)})
        self.study_years = sorted({year for _, _, _, year in self.own_years})
        self.cohort_acos = {key for key, row in self.acos.items() if self.rules.value("cells.cohorts", row["agreement_start"]) == "apart"}
        self.kept = {py: sorted({year for p, _, _, year in self.own_years if p == py}) for py in self.years}
        self.emergency = [date.fromisoformat(day) for day in self.rules.value("primary_care.emergency.period", date(min(self.years), 1, 1))]
        self.tin_owner, self.ccn_owner = self.owners()

    def years_of(self, period):
        start = period["agreement_start"]
        return [*range(start.year - self.rules.value("assign.benchmark_years", start), start.year), period["performance_year"]]

    def list_years(self, py):
        """Calendar years of the lists of a performance year; with cohorts also the year before each (M.A.8.1)."""
        before = [year - 1 for year in self.kept[py]] if any(p == py for p, _ in self.cohort_acos) else []
        return sorted({*self.kept[py], *before})

    def known_by(self, year):
        if self.maturity == "mature":
            return LAST_DAY
        return month_end(add_months(date(year, 12, 1), self.rules.value("spend.run_out.months", date(year, 1, 1))))

    def windows(self, py):
        """Windows of both methods (M.A.2), with the expanded one of step 3 (M.A.6.4) and what was known (M.A.2.5)."""
        dated, found = date(py, 1, 1), []
        expanded = self.rules.value("assign.window.expanded", dated)
        for year in self.list_years(py):
            spans = [("retrospective", date(year, 1, 1), date(year, 12, 31), self.known_by(year))]
            if any(p == py and row["assignment_method"] == "prospective" for (p, _), row in self.acos.items()):
                first, last = self.rules.value("assign.window.prospective", dated)
                spans.append(("prospective", add_months(date(year, 1, 1), first), month_end(add_months(date(year, 1, 1), last)),
                              date(year, 1, 1) - timedelta(1)))
            for method, first_day, last_day, known_by in spans:
                wide_first_day = add_months(last_day.replace(day=1), 1 - expanded) if expanded else first_day
                found.append(Window(len(found), year, method, first_day, last_day, wide_first_day, known_by, expanded > 0,
                                    self.counting(first_day, last_day), self.counting(wide_first_day, last_day)))
        return found

    def is_population(self, py, window):
        """Assignable lives are those of the calendar year, and of the prospective window where agreements ask for it (M.A.8.4)."""
        return window.calendar_year in self.kept[py] and (window.method == "retrospective" or any(
            row["performance_year"] == py and row["assignment_method"] == "prospective" and window.calendar_year in self.years_of(row)
            and self.rules.value("cells.population.window", row["agreement_start"]) == "method" for row in self.periods))

    def counting(self, first_day, last_day):
        first, last = self.emergency
        return "ok_in_emergency" if first_day <= month_end(last) and last_day >= first.replace(day=1) else "ok"

    def owners(self):
        """ACOs of practices, and of facilities by the enrollment that counts (M.A.7.3): {(performance year, number): [aco_id]}."""
        tins, ccns = {}, {}
        for row in self.csv["participant"].to_dicts():
            tins.setdefault((int(row["performance_year"]), row["tin"]), set()).add(row["aco_id"])
        for row in self.csv["participant_ccn"].to_dicts():
            py = int(row["performance_year"])
            begins = date.fromisoformat(row["enrolled_on"]) if row["enrolled_on"] else FIRST_DAY
            ends = date.fromisoformat(row["ended_on"]) if row["ended_on"] else LAST_DAY
            starts = date(py, 1, 1)
            if py in self.years and begins.year <= py and (begins >= starts or ends >= starts or self.rules.value("assign.ccn.ended", starts)):
                ccns.setdefault((py, row["ccn"]), []).append((begins < starts, begins, row["aco_id"], row["tin"]))
        chosen = {}
        for (py, ccn), rows in ccns.items():
            before = [row for row in rows if row[0]]
            day = max(row[1] for row in before) if before else min(row[1] for row in rows)
            for _, begins, aco, tin in before or rows:
                if begins == day and (py, aco) in self.acos and (before or self.acos[py, aco]["assignment_method"] == "retrospective"):
                    chosen.setdefault((py, ccn), set()).update(tins.get((py, tin), [aco]))
        return ({key: sorted(acos) for key, acos in tins.items() if key[0] in self.years}, {key: sorted(acos) for key, acos in chosen.items()})

    def owner_table(self, py, owners):
        """biller, aco, shared: one row per biller. A practice in two ACOs is nobody's in assignment (M.A.6.7)."""
        rows = [(biller, acos[0], len(acos) > 1) for (year, biller), acos in owners.items() if year == py]
        return pl.LazyFrame(rows, schema={"biller": pl.Categorical, "aco": pl.Categorical, "shared": pl.Boolean}, orient="row")

    def owner_rows(self, owners):
        """performance_year, biller, aco_id: one row per ACO of a biller."""
        rows = [(py, biller, aco) for (py, biller), acos in owners.items() for aco in acos]
        return pl.DataFrame(rows, schema={"performance_year": pl.Int16, "biller": pl.Categorical, "aco_id": pl.String}, orient="row")

    def codes(self, py):
        """What each code is in a performance year (M.A.5): one list per performance year, used for its benchmark years too."""
        day, rules = date(py, 1, 1), self.rules
        until = lambda key: {code for begins, _, code in rules.lists.get(key, []) if begins <= day}
        listed = until("primary_care.codes.added") - until("primary_care.codes.removed")
        lists = {name: set(rules.codes(f"primary_care.{key}", day)) for name, key in {
            "only_eta": "eta.codes", "nursing": "snf.codes", "home": "home.codes", "not_inpatient": "inpatient.codes",
            "prolonged": "prolonged.codes", "emergency": "emergency.codes", "after": "emergency.after.codes"}.items()}
        every = sorted(listed | lists["emergency"] | lists["after"] | lists["nursing"])
        return pl.DataFrame({"hcpcs": every, "listed": [code in listed for code in every]}
                            | {name: [code in codes for code in every] for name, codes in lists.items()},
                            schema_overrides={"hcpcs": pl.Categorical})

    def specialties(self, py):
        keys = {"primary_care": PRIMARY, "listed": LISTED, "practitioner": PRACTITIONER}
        rows = [(code, number) for key, number in keys.items() for code in self.rules.codes(f"assign.specialty.{key}", date(py, 1, 1))]
        return pl.DataFrame(rows, schema={"specialty": pl.Categorical, "class": pl.UInt8}, orient="row")

    def cutoffs(self, py):
        """(calendar year, ACO, day) by which designations count: the first performance year of some agreements has its own (M.A.3.4)."""
        found = []
        for year in self.list_years(py):
            rule = self.rules.value("assign.voluntary.cutoff", date(year, 1, 1))
            if year < self.rules.value("assign.voluntary.first_year", date(year, 1, 1)):
                continue
            for (p, aco), row in self.acos.items():
                first = self.rules.value("assign.voluntary.cutoff_of_first_year", row["agreement_start"])
                own = year == py == row["agreement_start"].year and first
                if p == py:
                    found.append((year, aco, date.fromisoformat(first) if own else date(year - 1, rule["month"], rule["day"])))
        return found


def add_months(day, months):
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day):
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
