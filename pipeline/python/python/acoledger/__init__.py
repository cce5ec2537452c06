"""Replays Medicare ACO reconciliations from claims.

Raw claims go in; a table of savings and losses per ACO comes out, with every number on the way kept. The functions are the commands of the program
``acoledger`` and give the same bytes; tables come and go through the Arrow PyCapsule interface, so that Polars, pandas, DuckDB and pyarrow take
them without a copy::

    import acoledger

    run = acoledger.run("study.toml")
    run["savings_losses"].to_polars()
    acoledger.explain(run, aco="A1234", year=2024)

Money in columns that end in ``_cents`` is whole cents. Errors are :class:`Error`, with the program's own messages. ``acoledger.lakehouse`` writes results as
Delta and Iceberg tables and reads claims from them, ``acoledger.spark`` runs on a cluster.
"""

from ._native import Error
from ._native import version as _version
from ._run import (
    Explanation,
    Replay,
    Run,
    Scenario,
    explain,
    open_run,
    replay,
    rules,
    run,
    scenario,
    score,
    synth,
)
from ._table import Stream, Table

__version__ = _version()

__all__ = [
    "Error",
    "Explanation",
    "Replay",
    "Run",
    "Scenario",
    "Stream",
    "Table",
    "explain",
    "open_run",
    "replay",
    "rules",
    "run",
    "scenario",
    "score",
    "synth",
]
