#!/usr/bin/env python3
"""Each stage of the program in a process of its own, beside limits and peers, in one run on one machine.

usage: bench.py run PROGRAM FOLDER [--lives N] [--repeats N] [--threads N] [--peers FOLDER] [--runs FOLDER]
       bench.py scale PROGRAM FOLDER [--lives N[,N]] [--memory LIVES:YEAR:FIRST_YEAR,…] [--keep] [--runs FOLDER]
       bench.py check [RUN.json …] [--limits benches/limits.toml]
       bench.py table [RUN.json …]
       bench.py plot FILE.svg [RUN.json …]

`run` makes a nation of N lives under FOLDER, measures, writes RUNS/DATE/bench.json and prints it as a table; `scale` likewise
scale.json (--keep: the nations stay under FOLDER, and the next run takes them). `plot` draws each ratio beside its limit. `check` holds the latest runs against the limits: exit status 1 when one is missed. A peer's time is printed and kept only
when its answer equals ours. Times are medians of REPEATS; processor seconds stand beside the clock's.
"""
import argparse
import datetime
import glob
import hashlib
import html
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tomllib

from measured import measured

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = os.path.join(HERE, "..", "benches", "runs")
# Lives whose claims are written as raw files and ingested: text takes 120 KB of disk a life.
MOST_RAW_LIVES = 100_000
LIMITS = os.path.join(HERE, "..", "benches", "limits.toml")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("job", choices=["run", "scale", "check", "table", "plot"])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--lives", default="")
    parser.add_argument("--memory", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--peers", help="folder of the peers' virtual environment; left out: no peers")
    parser.add_argument("--runs", default=RUNS)
    parser.add_argument("--limits", default=LIMITS)
    arguments = parser.parse_args()
    if arguments.job in ("run", "scale"):
        if len(arguments.paths) != 2:
            parser.error("PROGRAM and FOLDER")
        arguments.program, arguments.folder = map(os.path.abspath, arguments.paths)
        os.makedirs(arguments.folder, exist_ok=True)
        {"run": bench, "scale": scale}[arguments.job](arguments)
    elif arguments.job == "check":
        check(arguments)
    elif arguments.job == "plot":
        if not arguments.paths:
            parser.error("FILE.svg")
        plot(arguments.paths[0], arguments.paths[1:] or latest(arguments.runs))
    else:
        print_table([json.load(open(path)) for path in arguments.paths or latest(arguments.runs)])


# One process, measured from outside.


def measure(command):
    """As `measured`; a command that could not run ends the bench. What the one before left to the disk is written first: who syncs
    would wait for it."""
    os.sync()
    ran = measured(command)
    if ran["status"] not in (0, 1):
        fail(f"`{' '.join(command)}` ended with {ran['status']}: {ran['errors']}")
    return ran


def median(runs, key="wall"):
    return statistics.median(run[key] for run in runs)


def fail(what):
    print(f"error: {what}", file=sys.stderr)
    sys.exit(2)


# The program's stages.


def synth(arguments, lives, years, raw, folder, threads=None):
    """A nation; its measures with the claim lines it has."""
    shutil.rmtree(folder, ignore_errors=True)
    command = [arguments.program, "synth", "--lives", str(lives), "--years", years, "--raw", raw, "--out", folder]
    made = measure(command + ["--threads", str(threads or arguments.threads)])
    numbers = {line.split()[0]: int(line.split()[1].replace(",", "")) for line in made["out"].splitlines()[1:] if len(line.split()) == 2 and line.split()[1].replace(",", "").isdigit()}
    made["lines"] = sum(rows for table, rows in numbers.items() if table != "enrollment")
    return made


def lake_of(study):
    with open(os.path.join(os.path.dirname(study), "lake", "manifest.json")) as file:
        manifest = json.load(file)
    lines = sum(file["rows"] for file in manifest["files"] if file["table"] not in ("bene", "enrollment"))
    return {"lines": lines, "lives": manifest["lives"], "bytes": sum(file["bytes"] for file in manifest["files"])}


def cells(arguments, study, threads, out, *more):
    """Enroll to cells, from nothing; seconds of the person stages as the program itself counts them."""
    shutil.rmtree(out, ignore_errors=True)
    ran = measure([arguments.program, "cells", study, "--threads", str(threads), "--out", out, *more])
    with open(os.path.join(out, "metrics.json")) as file:
        stages = json.load(file)["stages"]
    person = [stage for stage in stages if "assign" in stage["stage"] or stage["stage"] == "cells"]
    ran["seconds"] = sum(stage["seconds"] for stage in person)
    ran["rows"] = max(stage["rows"] for stage in person)
    ran["hash"] = hash_of(os.path.join(out, "cells"))
    del ran["out"]
    return ran


def decode(arguments, study, threads):
    ran = measure([arguments.program, "measure", "decode", study, "--threads", str(threads), "--format", "json"])
    told = json.loads(ran.pop("out"))[0]
    return ran | {"seconds": float(told["seconds"]), "rows": told["rows"], "bytes": told["bytes"]}


def hash_of(folder):
    """Of the content of all files below."""
    digest = hashlib.sha256()
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.parquet"), recursive=True)):
        with open(path, "rb") as file:
            digest.update(os.path.relpath(path, folder).encode() + file.read())
    return digest.hexdigest()[:16]


def study_of(study, years, name):
    """The same study of other performance years, beside it."""
    with open(study) as file:
        text = file.read()
    first = next(line for line in text.splitlines() if line.startswith("performance_years"))
    path = os.path.join(os.path.dirname(study), name + ".toml")
    with open(path, "w") as file:
        file.write(text.replace(first, f"performance_years = [{', '.join(map(str, years))}]"))
    return path


# bench.py run


def bench(arguments):
    lives, threads, folder = int(arguments.lives or 200_000), arguments.threads, arguments.folder
    run = {"kind": "bench", "lives": lives, "threads": threads, "repeats": arguments.repeats, "stages": [], "ratios": {}}
    run |= facts(arguments)
    note(f"one performance year: {lives} lives")
    one = os.path.join(folder, "one")
    made = synth(arguments, lives, "2024", "lake", one)
    study = os.path.join(one, "study.toml")
    lake = lake_of(study)
    add(run, "synth, lake", threads, made, made["lines"], lake["bytes"])
    run["lake"] = lake
    run["ratios"]["lake.bytes_per_line"] = lake["bytes"] / lake["lines"]

    out = os.path.join(folder, "out")
    by = {}
    for count in sorted({1, threads}):
        pairs = []
        for _ in range(arguments.repeats):
            pairs.append((decode(arguments, study, count), cells(arguments, study, count, out)))
        bare, ours = zip(*pairs)
        by[count] = (median(bare, "seconds"), median(ours, "seconds"))
        add(run, "decode alone", count, best(bare), bare[0]["rows"], bare[0]["bytes"])
        add(run, "enroll to cells", count, best(ours), ours[0]["rows"], bare[0]["bytes"])
        if len({one["hash"] for one in ours}) > 1:
            fail("cells differ from run to run")
    run["ratios"]["decode.cells"] = by[threads][1] / by[threads][0]
    if threads > 1:
        run["ratios"]["threads.gain"] = (by[1][1] / by[threads][1]) / (by[1][0] / by[threads][0])
    peers(arguments, run, "one_year", study)

    note("three performance years")
    three = os.path.join(folder, "three")
    made = synth(arguments, lives, "2022,2023,2024", "lake", three)
    study = os.path.join(three, "study.toml")
    timed = {}
    alternatives = {"2023": study_of(study, [2023], "middle"), "2022, 2024": study_of(study, [2022, 2024], "ends"), "2022, 2023, 2024": study}
    for _ in range(arguments.repeats):
        for name, path in alternatives.items():
            timed.setdefault(name, []).append(cells(arguments, path, threads, out))
    for name, runs in timed.items():
        add(run, f"enroll to cells, {name}", threads, best(runs), runs[0]["rows"], None)
    # Processor seconds: the difference of two clocks drowns in the noise of a shared machine.
    added = median(timed["2022, 2023, 2024"], "cpu") - median(timed["2022, 2024"], "cpu")
    run["ratios"]["year.further"] = added / median(timed["2023"], "cpu")
    peers(arguments, run, "three_years", study)
    shutil.rmtree(three)
    shutil.rmtree(one)

    note("text and ingest")
    ingest(arguments, run)
    memory(arguments, run, [(min(lives, 50_000), 2024, 2020)])
    ours = [stage for stage in run["stages"] if not any(peer in stage["stage"] for peer in ("DuckDB", "Polars"))]
    run["ratios"]["memory.peak_gib"] = max(stage["peak"] for stage in ours) / 2**30
    shutil.rmtree(out, ignore_errors=True)
    save(arguments, run, "bench.json")


def best(runs):
    """The run of the median seconds, with the greatest memory of all."""
    key = "seconds" if "seconds" in runs[0] else "wall"
    middle = sorted(runs, key=lambda run: run[key])[len(runs) // 2]
    return middle | {"peak": max(run["peak"] for run in runs)}


def add(run, stage, threads, ran, rows, size):
    seconds = ran.get("seconds", ran["wall"])
    row = {"stage": stage, "threads": threads, "seconds": round(seconds, 3), "cpu": round(ran["cpu"], 3), "rows": rows,
           "rows_per_second": round(rows / seconds), "peak": ran["peak"]}
    if size:
        row |= {"bytes": size, "bytes_per_second": round(size / seconds)}
    if "hash" in ran:
        row["hash"] = ran["hash"]
    run["stages"].append(row)
    note(f"  {stage}, {threads} threads: {seconds:.2f} s, {rows / seconds / 1e6:.2f} million rows/s, peak {ran['peak'] / 2**20:.0f} MiB")


def python(arguments):
    return os.path.join(arguments.peers, "venv", "bin", "python")


def peers(arguments, run, name, study):
    """Both peers on the same lake; ratios only where the answer is equal."""
    if not arguments.peers:
        return
    for engine in ("duckdb", "polars"):
        told = os.path.join(arguments.folder, f"{engine}.json")
        command = [python(arguments), os.path.join(HERE, "peer-compare.py"), "spend", arguments.program, study, "--engine", engine,
                   "--threads", str(arguments.threads), "--temp", os.path.join(arguments.folder, "temp"),
                   "--out", os.path.join(arguments.folder, "peer-run"), "--json", told]
        measure(command)
        with open(told) as file:
            line = json.load(file)
        peer, seconds = line["peer"], sum(line["peer"]["seconds"].values())
        about = f"{peer['engine']} {peer['version']}"
        if line["differ"]:
            note(f"  {about}: {line['differ']} cells differ: no time is given")
            run.setdefault("unequal", []).append(f"{about}, {name}: {line['differ']} cells")
            continue
        run["ratios"][f"lake_to_cells.{engine}_{name}"] = line["ratio"]
        ran = {"wall": seconds, "cpu": sum(peer["processor_seconds"].values()), "peak": peer["peak_bytes"]}
        add(run, f"{about}, {name.replace('_', ' ')}: {line['cells']} cells equal", arguments.threads, ran, line["rows"], None)
        add(run, f"acoledger beside it", arguments.threads, {"wall": line["ours"]["seconds"], "cpu": line["ours"]["processor_seconds"] or 0,
                                                               "peak": line["ours"]["peak_bytes"]}, line["rows"], None)
    shutil.rmtree(os.path.join(arguments.folder, "peer-run"), ignore_errors=True)


def ingest(arguments, run):
    """Text and Parquet of a nation of at most 100,000 lives, into a lake; the peer does the same."""
    lives = min(run["lives"], MOST_RAW_LIVES)
    for raw in ("csv", "parquet"):
        folder = os.path.join(arguments.folder, raw)
        made = synth(arguments, lives, "2024", raw, folder)
        size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(folder, "raw", "**", "*"), recursive=True) if os.path.isfile(path))
        add(run, f"synth, {raw}", arguments.threads, made, made["lines"], size)
        if raw == "csv":
            run["ratios"]["synth.text"] = made["lines"] / made["cpu"] / 1e6
        study = os.path.join(folder, "study.toml")
        if not arguments.peers:
            ran = measure([arguments.program, "ingest", study, "--threads", str(arguments.threads)])
            add(run, f"ingest, {raw}", arguments.threads, ran, made["lines"], size)
        else:
            told = os.path.join(arguments.folder, "ingest.json")
            measure([python(arguments), os.path.join(HERE, "ingest-compare.py"), arguments.program, study,
                     "--temp", os.path.join(arguments.folder, "temp"), "--threads", str(arguments.threads), "--json", told])
            with open(told) as file:
                line = json.load(file)
            sides = [("acoledger", ""), (f"DuckDB {line['duckdb']}", "peer_")]
            for name, of in sides if not line["columns_that_differ"] else sides[:1]:
                ran = {"wall": line[of + "seconds"], "cpu": line.get(of + "cpu_seconds", 0), "peak": line[of + "peak_bytes"]}
                add(run, f"ingest, {raw}: {name}", arguments.threads, ran, line["claim_lines"], line["raw_bytes"])
            if line["columns_that_differ"]:
                run.setdefault("unequal", []).append(f"ingest, {raw}: {line['columns_that_differ']} columns")
            else:
                run["ratios"][f"ingest.duckdb_{raw}"] = line["ratio"]
                run["ratios"]["lake.duckdb"] = line["bytes_ratio"]
        shutil.rmtree(folder)


def memory(arguments, run, sizes):
    """Shards made in memory and put through the same kernels; (lives, performance year, first year of claims). What making takes alone
    is told of the first."""
    peaks = []
    for at, (lives, year, first) in enumerate(sizes):
        out = os.path.join(arguments.folder, "memory")
        shutil.rmtree(out, ignore_errors=True)
        command = [arguments.program, "measure", "memory", "--lives", str(lives), "--years", str(year), "--from", str(first),
                   "--threads", str(arguments.threads), "--format", "json", "--out", out]
        command += ["--generate"] if at == 0 else []
        ran = measure(command)
        for told in json.loads(ran.pop("out")):
            one = {"wall": float(told["seconds"]), "cpu": float(told["seconds"]) * arguments.threads, "peak": ran["peak"]}
            add(run, f"{told['measure']} in memory, {lives:,} lives, claims of {first} to {year}", arguments.threads, one, told["claim_rows"], None)
            if told["measure"] == "generate":
                run["ratios"]["synth.memory"] = told["claim_rows"] / one["cpu"] / 1e6
        peaks.append(ran["peak"])
    if len(peaks) > 1:
        run["ratios"]["memory.flat"] = peaks[-1] / peaks[0]


# bench.py scale


def scale(arguments):
    run = {"kind": "scale", "threads": arguments.threads, "stages": [], "ratios": {}} | facts(arguments)
    on_disk = []
    for lives in [int(lives) for lives in arguments.lives.split(",") if lives]:
        folder = os.path.join(arguments.folder, f"nation-{lives}")
        study = os.path.join(folder, "study.toml")
        note(f"{lives} lives on disk")
        # A nation that is there is taken: making it is the longest part.
        made = None if os.path.exists(os.path.join(folder, "lake", "manifest.json")) else synth(arguments, lives, "2024", "lake", folder)
        lake = lake_of(study)
        if made:
            add(run, f"synth, lake, {lives:,} lives", arguments.threads, made, made["lines"], lake["bytes"])
        bare = decode(arguments, study, arguments.threads)
        add(run, f"decode alone, {lives:,} lives", arguments.threads, bare, bare["rows"], bare["bytes"])
        ran = cells(arguments, study, arguments.threads, os.path.join(arguments.folder, "out"))
        add(run, f"enroll to cells, {lives:,} lives", arguments.threads, ran, ran["rows"], bare["bytes"])
        on_disk.append((lives, ran["rows"] / ran["seconds"], ran["peak"]))
        run.setdefault("lakes", []).append(lake)
        if not arguments.keep:
            shutil.rmtree(folder)
        shutil.rmtree(os.path.join(arguments.folder, "out"))
    if len(on_disk) > 1:
        run["ratios"]["scale.rows"] = on_disk[-1][1] / on_disk[0][1]
        run["ratios"]["memory.flat"] = on_disk[-1][2] / on_disk[0][2]
    memory(arguments, run, [tuple(map(int, of.split(":"))) for of in arguments.memory.split(",") if of])
    run["ratios"]["memory.peak_gib"] = max(stage["peak"] for stage in run["stages"]) / 2**30
    save(arguments, run, "scale.json")


# What a run is, kept and shown.


def facts(arguments):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "") if os.path.exists("/proc/cpuinfo") else platform.processor()
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    def told(*command):
        return subprocess.run(command, capture_output=True, text=True, cwd=HERE).stdout.strip()
    return {"date": datetime.date.today().isoformat(), "commit": told("git", "rev-parse", "--short", "HEAD"),
            "program": told(arguments.program, "--version"), "rustc": told("rustc", "--version"), "system": f"{platform.system()} {platform.machine()}",
            "machine": f"{model}, {os.cpu_count()} cores, {size / 2**30:.0f} GiB", "load": os.getloadavg()[0]}


def save(arguments, run, name):
    folder = os.path.join(arguments.runs, run["date"])
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        json.dump(run, file, indent=1)
        file.write("\n")
    print_table([run])
    note(f"kept in {os.path.relpath(path)}")


def latest(runs):
    """The last run of each kind."""
    found = [sorted(glob.glob(os.path.join(runs, "*", name)))[-1:] for name in ("bench.json", "scale.json")]
    return [path for paths in found for path in paths]


def print_table(runs):
    limits = tomllib.load(open(LIMITS, "rb"))
    for run in runs:
        print(f"{run['kind']}: {run['date']}, {run['machine']}, {run['program']} {run['commit']}, {run['rustc']}, load at start {run['load']:.1f}\n")
        print("| stage | threads | seconds | processor s | million rows/s | MB/s | peak MiB | hash |\n|---|--:|--:|--:|--:|--:|--:|---|")
        for row in run["stages"]:
            rate = f"{row['bytes_per_second'] / 1e6:.0f}" if "bytes" in row else ""
            print(f"| {row['stage']} | {row['threads']} | {row['seconds']:.2f} | {row['cpu']:.1f} | {row['rows_per_second'] / 1e6:.2f} | {rate} | {row['peak'] / 2**20:.0f} | {row.get('hash', '')} |")
        print("\n| ratio | measured | limit | |\n|---|--:|--:|---|")
        for name, value in run["ratios"].items():
            limit, word = limit_of(limits, name), ""
            if limit:
                word = f"{'≥' if 'at_least' in limit else '≤'} {limit.get('at_least', limit.get('at_most'))}"
            print(f"| {name} | {value:.2f} | {word} | {verdict(limit, value)} |")
        for what in run.get("unequal", []):
            print(f"\nunequal: {what}")
        print()


def limit_of(limits, name):
    group, key = name.split(".", 1)
    return limits.get(group, {}).get(key)


def verdict(limit, value):
    if not limit:
        return ""
    kept = value >= limit["at_least"] if "at_least" in limit else value <= limit["at_most"]
    return "kept" if kept else "missed"


# bench.py check


def check(arguments):
    paths = arguments.paths or latest(arguments.runs)
    if not paths:
        fail(f"no runs below {arguments.runs}: `make bench` makes one")
    found = {}
    for path in paths:
        with open(path) as file:
            for name, value in json.load(file)["ratios"].items():
                found.setdefault(name, []).append((value, os.path.relpath(path)))
    with open(arguments.limits, "rb") as file:
        limits = tomllib.load(file)
    missed = 0
    for group, keys in limits.items():
        for key, limit in keys.items():
            name = f"{group}.{key}"
            worst = min if "at_least" in limit else max
            bound = f"at least {limit['at_least']}" if "at_least" in limit else f"at most {limit['at_most']}"
            if name not in found:
                missed += 1
                print(f"missed  {name}: not measured; {bound}: {limit['of']}")
                continue
            value, path = worst(found[name])
            word = verdict(limit, value)
            missed += word == "missed"
            print(f"{word:<7} {name}: {value:.2f}, {bound} ({limit['of']}; {path})")
    sys.exit(1 if missed else 0)


# bench.py plot


def plot(file, paths):
    """How far each ratio is on the good side of its limit: measured / limit where more is better, limit / measured where less is."""
    limits, bars = tomllib.load(open(LIMITS, "rb")), []
    for path in paths:
        run = json.load(open(path))
        for name, value in run["ratios"].items():
            limit = limit_of(limits, name)
            if limit:
                margin = value / limit["at_least"] if "at_least" in limit else limit["at_most"] / value
                bound = f"≥ {limit['at_least']:g}" if "at_least" in limit else f"≤ {limit['at_most']:g}"
                bars.append((name, f"{value:.2f} ({bound})", margin))
    left, wide, high = 250, 330, 22
    def x(margin):
        return left + wide * (math.log2(min(max(margin, 1 / 8), 8)) + 3) / 6
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + wide + 150} {high * len(bars) + 50}" font-family="sans-serif" font-size="13" role="img">',
             "<title>Ratios of the last runs beside their limits</title>",
             "<style>text{fill:#222}.kept{fill:#2b7a4b}.missed{fill:#b5482e}.limit{stroke:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}.limit{stroke:#ddd}}</style>"]
    for at, (name, label, margin) in enumerate(bars):
        y = at * high + 8
        start, end = sorted((x(1), x(margin)))
        lines.append(f'<text x="{left - 10}" y="{y + 13}" text-anchor="end">{html.escape(name)}</text>')
        lines.append(f'<rect class="{"kept" if margin >= 1 else "missed"}" x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{high - 6}"/>')
        lines.append(f'<text x="{left + wide + 10}" y="{y + 13}">{html.escape(label)}</text>')
    bottom = len(bars) * high + 12
    lines.append(f'<line class="limit" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="4" y2="{bottom}"/>')
    for margin, label in ((1 / 8, "8 times short"), (1, "limit"), (8, "8 times better")):
        lines.append(f'<text x="{x(margin):.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>')
    with open(file, "w") as out:
        out.write("\n".join(lines + ["</svg>", ""]))


def note(what):
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
