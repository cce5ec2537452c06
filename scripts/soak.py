#!/usr/bin/env python3
"""Kills a run at random moments and lets the next one finish, many times over: the bytes must be those of a run that nobody disturbed.

usage: soak.py PROGRAM FOLDER [CYCLES] [SEED]

Each cycle begins in another way: from nothing, with the lake alone, with a raw file that has changed, with another rule. It kills one to
three runs, each after a random part of the time that a whole one takes, then lets one finish. Prints what the kills hit; exit status 1
when a byte differs or a run that was left alone fails.
"""
import hashlib
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

program, folder = str(pathlib.Path(sys.argv[1]).absolute()), pathlib.Path(sys.argv[2]).absolute()
cycles, seed = int((sys.argv[3:] or ["50"])[0]), int((sys.argv[4:] or ["1"])[0])
chance = random.Random(seed)
RULE = "\n[rules]\n'settle.sequestration' = 0.05\n"
# What tells of time, and what an unfinished run leaves for the next.
OF_TIME = {"metrics.json", "inputs.json", "runs.jsonl", ".lock", ".run.lock"}


def run(wait=None):
    """Seconds that a run took; None when it was killed after `wait` seconds."""
    began = time.monotonic()
    with open(folder / "said.txt", "wb") as said:
        process = subprocess.Popen([program, "run", "study.toml"], cwd=folder, stdout=subprocess.DEVNULL, stderr=said)
        try:
            status = process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None
    if status != 0:
        sys.exit(f"error: the run ended with {status}: {(folder / 'said.txt').read_text()}")
    return time.monotonic() - began


def state():
    """One hash of the lake and the output, names and bytes."""
    total = hashlib.sha256()
    for path in sorted(path for top in ("lake", "run") for path in (folder / top).rglob("*")):
        if path.is_file() and path.name not in OF_TIME:
            total.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def clear(*names):
    for path in (folder / name for name in names):
        shutil.rmtree(path, ignore_errors=True)


def touched():
    """Where a kill hit, by what it left."""
    if (folder / "lake/.tmp/old").exists():
        return "the lake's swap"
    if (folder / "lake/.tmp").exists():
        return "ingest"
    if (folder / ".run.old").exists():
        return "the output's swap"
    if (folder / ".run.new/cells").exists():
        return "benchmark, settlement or writing"
    if (folder / ".run.new").exists():
        return "persons and cells"
    return "before or after any work"


if folder.exists():
    if not (folder / "answer_key.csv").is_file():
        sys.exit(f"error: {folder}: there is something else than a synthetic nation")
    shutil.rmtree(folder)
subprocess.run([program, "synth", "--lives", "1500", "--years", "2023", "--raw", "csv", "--out", folder], check=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
study, raw = folder / "study.toml", folder / "raw/dme_2023.csv"
plain, sound = study.read_text(), raw.read_bytes()
# The same rows with another line end: another file, the same lake but for its hash.
changed = sound.rstrip(b"\n") + b"\r\n"
expected = {}
for rule in (False, True):
    for other in (False, True):
        study.write_text(plain + (RULE if rule else ""))
        raw.write_bytes(changed if other else sound)
        clear("lake", "run", ".run.partial", ".run.new", ".run.old")
        seconds = run()
        expected[rule, other] = state()
print(f"a run of its own takes {seconds:.1f} s; {len(set(expected.values()))} states expected")

hits = {}
killed = finished = wrong = 0
for cycle in range(cycles):
    start = chance.choice(["nothing", "lake", "all"])
    if start == "nothing":
        clear("lake", "run", ".run.partial", ".run.new", ".run.old")
    elif start == "lake":
        clear("run", ".run.partial", ".run.new", ".run.old")
    key = rule, other = chance.random() < 0.5, chance.random() < 0.5
    study.write_text(plain + (RULE if rule else ""))
    raw.write_bytes(changed if other else sound)
    for _ in range(chance.randint(1, 3)):
        if run(chance.uniform(0.0, seconds)) is None:
            killed += 1
            hits[touched()] = hits.get(touched(), 0) + 1
        else:
            finished += 1
    run()
    if state() != expected[key]:
        wrong += 1
        print(f"cycle {cycle}: other bytes (from {start}, rule {rule}, changed file {other})")
for where, count in sorted(hits.items(), key=lambda hit: -hit[1]):
    print(f"  {count:4} killed in {where}")
print(f"{cycles} cycles, {killed} runs killed, {finished} were done before, {wrong} cycles with other bytes")
sys.exit(1 if wrong or killed == 0 else 0)
