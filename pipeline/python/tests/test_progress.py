"""Progress, Python's lock, and interruptions."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import acoledger
import nbclient
import nbformat
import pytest
from conftest import differing, files


def test_a_function_hears_rising_numbers(fresh: Path) -> None:
    heard: list[tuple[str, int, int, int]] = []
    acoledger.run(fresh / "study.toml", progress=lambda *step: heard.append(step))
    stages = list(dict.fromkeys(step[0] for step in heard))
    assert {"read", "write", "persons"} <= set(stages)
    for stage in stages:
        steps = [step for step in heard if step[0] == stage]
        assert steps[0][1] == 0
        assert steps[-1][1] == steps[-1][2]
        assert all(0 <= done <= total and rows >= 0 for _, done, total, rows in steps)
        assert all(before[1] <= after[1] and before[3] <= after[3] for before, after in zip(steps, steps[1:]))
    assert max(rows for *_, rows in heard) > 100_000
    assert all(isinstance(part, kind) for step in heard for part, kind in zip(step, (str, int, int, int)))


def test_an_exception_in_it_is_raised_and_the_run_stands(fresh: Path, by_program: Path) -> None:
    calls = []

    def stops(*step: object) -> None:
        calls.append(step)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        acoledger.run(fresh / "study.toml", progress=stops)
    assert len(calls) == 1
    assert differing(files(fresh / "run"), files(by_program / "run")) == []
    assert acoledger.run(fresh / "study.toml", progress=False).already_done


def test_scenario_and_synth_tell_too(demo: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int, int]] = []
    reform = tmp_path / "hospice.toml"
    reform.write_text('title = "Hospice out"\n\n[rules]\n"spend.left_out" = ["hospice"]\n')
    acoledger.scenario(demo / "study.toml", reform, progress=lambda *step: heard.append(step))
    assert "persons" in {step[0] for step in heard}
    heard.clear()
    acoledger.synth(tmp_path / "nation", lives=600, years=[2024], progress=lambda *step: heard.append(step))
    assert {step[0] for step in heard} == {"synth"} and heard[-1][1] == heard[-1][2]


def ticking(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the work, and the longest that another thread of Python had to wait meanwhile."""
    longest, stop = 0.0, threading.Event()

    def ticks() -> None:
        nonlocal longest
        before = time.monotonic()
        while not stop.wait(0.001):
            now = time.monotonic()
            longest, before = max(longest, now - before), now
        longest = max(longest, time.monotonic() - before)

    thread = threading.Thread(target=ticks)
    thread.start()
    began = time.monotonic()
    try:
        work()
    finally:
        seconds = time.monotonic() - began
        stop.set()
        thread.join()
    return seconds, longest


def test_other_threads_go_on(fresh: Path) -> None:
    """A thread of Python never waits for more than a part of a run; if the lock were held it would wait for all of it."""
    seconds, longest = ticking(lambda: acoledger.run(fresh / "study.toml", progress=False))
    assert seconds > 0.5
    assert longest < seconds / 2, f"waited {longest:.2f} s of {seconds:.2f} s"


def test_two_runs_at_once(demo: Path) -> None:
    results: dict[int, acoledger.Run] = {}
    threads = [
        threading.Thread(
            target=lambda at=at: results.update({at: acoledger.run(demo / "study.toml", out=demo / f"run{at}", progress=False)})
        )
        for at in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert differing(files(results[1].folder), files(results[2].folder)) == []


def test_ctrl_c_is_heard_when_the_run_has_ended(fresh: Path, by_program: Path) -> None:
    script = (
        "import sys, acoledger\n"
        "acoledger.run(sys.argv[1], progress=lambda *step: print(*step, flush=True))\n"
        "print('went on', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, fresh / "study.toml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("read 0 ")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=300)
    assert "KeyboardInterrupt" in errors
    assert "went on" not in out
    assert process.returncode != 0
    assert differing(files(fresh / "run"), files(by_program / "run")) == []


def test_nothing_is_written_where_nobody_looks(fresh: Path, capfd: pytest.CaptureFixture[str]) -> None:
    acoledger.run(fresh / "study.toml", progress=True)
    assert capfd.readouterr() == ("", "")


def on_a_terminal(*arguments: str | Path) -> str:
    """What a script writes to a standard error that is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    process.communicate()
    assert process.returncode == 0, text
    return text.decode()


SCRIPT = "import sys, acoledger\nacoledger.run(sys.argv[1], progress=sys.argv[2] == 'yes')\n"


def test_a_terminal_has_one_line(fresh: Path) -> None:
    shown = on_a_terminal("-c", SCRIPT, fresh / "study.toml", "yes")
    assert "\rread " in shown and "rows" in shown
    assert "\n" not in shown and "\x1b" not in shown
    # Nothing is left of it.
    assert shown.endswith("\r") and shown.rstrip("\r").rpartition("\r")[2].strip() == ""


def test_a_terminal_stays_quiet_when_told(fresh: Path) -> None:
    assert on_a_terminal("-c", SCRIPT, fresh / "study.toml", "no") == ""


def outputs(*cells: str, folder: Path) -> list[list[str]]:
    """Texts of the outputs of a notebook's cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [
        [output["data"]["text/plain"] if "data" in output else output.get("text", "") for output in cell["outputs"]]
        for cell in notebook["cells"]
    ]


def test_a_notebook_has_one_line_that_is_drawn_anew(fresh: Path) -> None:
    begun, from_a_thread, whole, quiet = outputs(
        "import acoledger, threading\nfrom acoledger._progress import shown\nline = shown(True).__enter__()",
        "line = shown(True).__enter__()\n"
        "thread = threading.Thread(target=line, args=('ingest', 1, 2, 1000)); thread.start(); thread.join()",
        "run = acoledger.run('study.toml')",
        "run = acoledger.run('study.toml', progress=False)",
        folder=fresh,
    )
    assert begun == ["begins"]
    assert from_a_thread == ["ingest   50%  1,000 rows"]
    assert whole == ["done"]
    assert quiet == []
