"""What stops work on a cluster: one exception for the driver's checks and for what tasks raise."""

from __future__ import annotations

import re
from typing import Any

from acoledger import _native

_OF_TASK = re.compile(r"^acoledger[\w.]*\.(?:Cluster)?Error: (.+?)(?=\n\s*\n|\n\s*at |\n SQLSTATE|\Z)", re.MULTILINE | re.DOTALL)


class ClusterError(_native.Error):
    """Work on a cluster stopped; ``problems`` has its parts, as those of `acoledger.Error`."""

    def __init__(self, what: str, hint: str | None = None, *, file: str = "spark") -> None:
        super().__init__(f"{file}: {what}; {hint}" if hint else f"{file}: {what}")
        self.problems: list[dict[str, Any]] = [
            {"file": file, "line": 0, "column": "", "what": what, "value": None, "hint": hint}
        ]

    def __reduce__(self) -> Any:
        part = self.problems[0]
        return _again, (part["what"], part["hint"], part["file"])


def _again(what: str, hint: str | None, file: str) -> ClusterError:
    return ClusterError(what, hint, file=file)


def of_task(error: BaseException) -> ClusterError | None:
    """The error that a task raised, out of what Spark made of it. None where it was no error of ours."""
    # A failed stage is told with the trace of each cause; the first is that of the task.
    found = _OF_TASK.search(str(error))
    return ClusterError(found.group(1).strip(), file="task") if found else None
