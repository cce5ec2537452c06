"""How far a run is: one line in a notebook or on a terminal, or a function of yours."""

from __future__ import annotations

import contextvars
import html
import importlib
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

Listener = Callable[[str, int, int, int], object]
"""``listener(stage, done, total, rows)``: name of a stage; shards, steps or bytes of it that are done, and of how many; rows so far."""


def text(stage: str, done: int, total: int, rows: int) -> str:
    """The line that is shown."""
    share = f"{done / total:4.0%}" if total else "    "
    return f"{stage}  {share}  {rows:,} rows" if rows else f"{stage}  {share}"


class _Notebook:
    """One line of the cell's output, drawn anew."""

    def __init__(self) -> None:
        display: Any = importlib.import_module("IPython.display").display
        # Steps come from threads of the run; what they print belongs to this cell all the same.
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._handle: Any = display(self._bundle("", 0, 0, 0), raw=True, display_id=True)

    @staticmethod
    def _bundle(stage: str, done: int, total: int, rows: int) -> dict[str, str]:
        line = text(stage, done, total, rows) if stage else "begins"
        bar = f'<progress max="{max(total, 1)}" value="{min(done, total)}"></progress>'
        return {"text/plain": line, "text/html": f"{bar} {html.escape(line)}"}

    def __call__(self, stage: str, done: int, total: int, rows: int) -> None:
        with self._lock:
            self._context.run(self._handle.update, self._bundle(stage, done, total, rows), raw=True)

    def end(self, failed: bool) -> None:
        line = "stopped" if failed else "done"
        self._handle.update({"text/plain": line, "text/html": line}, raw=True)


class _Terminal:
    """One line of standard error, written over."""

    def __init__(self) -> None:
        self._width = 0

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def __call__(self, stage: str, done: int, total: int, rows: int) -> None:
        self._write(text(stage, done, total, rows)[:79])

    def end(self, failed: bool) -> None:
        self._write("")
        sys.stderr.write("\r")
        sys.stderr.flush()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class shown:
    """``with shown(progress) as listener``: what the native functions take as ``progress``."""

    def __init__(self, progress: bool | Listener) -> None:
        self._own: _Notebook | _Terminal | None = None
        self._given: Listener | None = None
        if callable(progress):
            self._given = progress
        elif progress and _in_notebook():
            self._own = _Notebook()
        elif progress and sys.stderr is not None and sys.stderr.isatty():
            self._own = _Terminal()

    def __enter__(self) -> Listener | None:
        return self._given or self._own

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own is not None:
            self._own.end(kind is not None)
