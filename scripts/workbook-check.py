#!/usr/bin/env python3
"""Recalculates a workbook with LibreOffice and compares every formula cell with the figure that the run computed.

usage: workbook-check.py WORKBOOK.xlsx [RUN] [--spoil]

The results that the workbook's formula cells carry are taken out first, so that what LibreOffice says is its own. Compared are every
formula cell with the result it carried, and, with RUN, every step of RUN/benchmark.csv that stands on a sheet with what LibreOffice
makes of it. Exit status 1 when any differs. With --spoil one input is then changed, and the comparison must see it. Needs `soffice` (Debian: libreoffice-calc).
"""
import csv
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
import zipfile
from collections import Counter
from pathlib import Path

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# Half a cent in dollars; of other numbers a part in a thousand million.
DOLLARS, RATIO = 0.005, 1e-9
# Recalculate whatever is loaded: 0 is "always".
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def sheets(book):
    """Names of the sheets and their parts."""
    relations = {r.get("Id"): r.get("Target") for r in tree.fromstring(book.read("xl/_rels/workbook.xml.rels"))}
    for sheet in tree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
        yield sheet.get("name"), "xl/" + relations[sheet.get(RELATION)].lstrip("/").removeprefix("xl/")


def cells(path, wanted=None):
    """Every cell by sheet and place: its value, a number where it is one, and whether it has a formula."""
    found = {}
    with zipfile.ZipFile(path) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            for item in tree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{MAIN}si"):
                shared.append("".join(text.text or "" for text in item.iter(f"{MAIN}t")))
        for name, part in sheets(book):
            for _, cell in tree.iterparse(book.open(part)):
                if cell.tag == f"{MAIN}c":
                    is_formula = cell.find(f"{MAIN}f") is not None
                    if wanted is None or (name, cell.get("r")) in wanted:
                        found[name, cell.get("r")] = (value_of(cell, shared), is_formula)
                elif cell.tag == f"{MAIN}row":
                    cell.clear()
    return found


def value_of(cell, shared):
    value, kind = cell.find(f"{MAIN}v"), cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    if value is None or value.text is None:
        return None
    if kind == "s":
        return shared[int(value.text)]
    if kind == "e":
        return "error " + value.text
    return value.text if kind == "str" else float(value.text)


def without_results(source, target):
    """A copy whose formula cells carry no result; how many there are."""
    cell = re.compile(rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?)(?: t="[a-z]+")?>(<f>[^<]*</f>)(?:<v>[^<]*</v>)?</c>')
    count = 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/sheet"):
                formulas = data.count(b"<f>") + data.count(b"<f ")
                data, changed = cell.subn(rb"\1>\2</c>", data)
                if changed != formulas:
                    sys.exit(f"error: {item.filename}: {formulas - changed} formula cells of a form that is not known here")
                count += changed
            new.writestr(item, data)
    return count


def spoilt(source, target):
    """A copy with another spending of the first ACO's first benchmark year."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        part = dict(sheets(old))["Benchmark"]
        place = next(place for (sheet, place), (value, _) in cells(source).items() if sheet == "Benchmark" and value == "per_capita_BY1")
        cell = re.compile(rb'(<c r="F' + place[1:].encode() + rb'"[^>]*><v>)[^<]*')
        for item in old.infolist():
            data = old.read(item)
            if item.filename == part:
                data, changed = cell.subn(rb"\g<1>12345", data)
                assert changed == 1, "the input is there"
            new.writestr(item, data)


def recalculated(source, folder):
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(SETTINGS)
    out = folder / "out"
    command = ["soffice", f"-env:UserInstallation=file://{profile.parent}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    done = subprocess.run([*command, "--outdir", str(out), str(source)], capture_output=True, text=True, timeout=3000)
    target = out / source.name
    if not target.exists():
        sys.exit(f"error: LibreOffice made no workbook: {done.stdout}{done.stderr}")
    return target


def differs(ours, theirs, tolerance):
    if isinstance(ours, float) and isinstance(theirs, float):
        # Beyond a double's own digits of a large amount nobody can be held to half a cent.
        return abs(ours - theirs) > max(tolerance, abs(ours) * 1e-12)
    # A blank result is carried as a blank, since readers take an empty one for 0.
    return (ours or "").strip() != (theirs or "").strip() if is_text(ours) and is_text(theirs) else ours != theirs


def is_text(value):
    return value is None or isinstance(value, str)


def steps(run, values):
    """Steps of the walk that stand on a sheet: what LibreOffice makes of each, and what benchmark.csv says."""
    rows = {}
    columns = {"Settlement": {"": "E", "key": "A", "code": "L"}, "Benchmark": dict(zip(("ESRD", "DIS", "AGDU", "AGND", ""), "FGHIJ"), key="A", code="T")}
    for (sheet, place), (value, _) in values.items():
        if sheet in columns and place.startswith(columns[sheet]["code"]) and place[1:].isdigit() and value:
            key = values[sheet, "A" + place[1:]][0]
            rows[key, value, sheet] = place[1:]
    with open(Path(run) / "benchmark.csv", newline="") as file:
        for step in csv.DictReader(file):
            period = "" if step["period"] == "full" else step["period"] + " "
            key = f"{step['performance_year']} {period}{step['aco_id']}"
            places = []
            for sheet, names in columns.items():
                row, column = rows.get((key, step["step"], sheet)), names.get(step["enrollment_type"])
                if row and column and (sheet, f"{column}{row}") in values:
                    places.append((sheet, f"{column}{row}"))
            for sheet, place in places or [(None, None)]:
                yield step, sheet and f"{sheet}!{place}", values.get((sheet, place), (None,))[0]


def compared(ours, theirs):
    """Formula cells by sheet, and those that differ."""
    bad, by_sheet = [], Counter()
    for (sheet, place), (value, is_formula) in ours.items():
        if not is_formula:
            continue
        by_sheet[sheet] += 1
        other = theirs.get((sheet, place), (None, False))[0]
        if differs(value, other, DOLLARS if isinstance(value, float) and abs(value) >= 100 else RATIO):
            bad.append((f"{sheet}!{place}", value, other))
    return by_sheet, bad


def compared_steps(run, values):
    """Steps of the walk that are not what the run has."""
    bad, told = [], Counter()
    for step, place, value in steps(run, values):
        told["all"] += 1
        if place is None:
            told["without a line"] += 1
            bad.append((f"{step['performance_year']} {step['aco_id']} {step['step']}", step["value"], "no line"))
        elif differs(float(step["value"]), value, DOLLARS if step["unit"] == "dollars" else RATIO):
            told["differ"] += 1
            bad.append((place, float(step["value"]), value))
    print(f"{told['all']} cells with steps of benchmark.csv compared, {told['differ']} differ, {told['without a line']} steps without a line")
    return bad


def main():
    words = [word for word in sys.argv[1:] if word != "--spoil"]
    source = Path(words[0])
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        stripped = folder / source.name
        count = without_results(source, stripped)
        ours = cells(source)
        theirs = cells(recalculated(stripped, folder))
        by_sheet, bad = compared(ours, theirs)
        assert sum(by_sheet.values()) == count, "every formula cell is read"
        for sheet, number in by_sheet.items():
            print(f"{sheet}: {number} formula cells")
        print(f"{count} formula cells compared, {len(bad)} differ")
        if len(words) > 1:
            bad += compared_steps(words[1], theirs)
        if "--spoil" in sys.argv:
            other = folder / ("spoilt-" + source.name)
            spoilt(stripped, other)
            theirs = cells(recalculated(other, folder))
            seen, said = len(compared(ours, theirs)[1]), theirs["Contents", "B22"][0]
            print(f"with one input changed {seen} formula cells differ, and the workbook's own checks say {said:.0f} lines do")
            if not seen or not said:
                bad.append(("one input changed", "cells that differ", "none"))
    for place, value, other in bad[:20]:
        print(f"  {place}: the run {value!r}, LibreOffice {other!r}")
    sys.exit(1 if bad else 0)


main()
