"""Runs, scenarios and the other commands: their results as objects and tables."""

from __future__ import annotations

import hashlib
import html
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from . import _native
from ._native import Error
from ._progress import Listener, shown
from ._table import Stream, Table

StrPath = str | os.PathLike[str]
Engine = Callable[[bytes, list[int]], Iterable[bytes]]
Until = Literal["ingest", "enroll", "assign", "spend", "risk", "cells", "rates", "benchmark", "settle"]
Model = Literal["v22", "v23", "v24", "v28", "esrd_v21", "esrd_v24"]
Track = Literal["T1", "T1P", "T2", "T3", "A", "B", "C", "D", "E", "EN"]


def trouble(file: StrPath, what: str, hint: str | None = None) -> Error:
    """An error in the form of the program's own."""
    text = f"{os.fspath(file)}: {what}" + (f"\nhint: {hint}" if hint else "")
    error = Error(text)
    error.problems = [
        {"file": os.fspath(file), "line": 0, "column": "", "what": what, "value": None, "hint": hint}
    ]
    return error


class _Folder:
    """A folder of tables."""

    folder: Path
    """Where the files are."""

    def tables(self) -> dict[str, int | None]:
        """Names of the tables and their rows; None where rows are not counted (rejects). Names as in ``cells/risk``; sharded ones are one table.

        :raises Error: the folder cannot be read.
        """
        return dict(_native.tables(self.folder))

    def table(self, name: str) -> Table:
        """A table, in memory: of ``person_year`` and ``assignment`` all shards. :meth:`stream` reads those that memory may not hold.

        :param name: as in :meth:`tables`, e.g. ``savings_losses``, ``rates/national``.
        :raises Error: there is no such table; the hint names those that there are.
        """
        return Table(_native.read_table(self.folder, name))

    def stream(self, name: str) -> Stream:
        """A table that is read while it is taken, shard after shard.

        :param name: ``person_year`` or ``assignment``, or any other of :meth:`tables`.
        :raises Error: there is no such table.
        """
        return Stream(lambda: _native.read_sharded(self.folder, name))

    def __getitem__(self, name: str) -> Table:
        return self.table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables())

    def __contains__(self, name: object) -> bool:
        return name in self.tables()

    def _tables_html(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{'' if rows is None else f'{rows:,}'}</td></tr>"
            for name, rows in self.tables().items()
        )
        head = "<thead><tr><th>table</th><th>rows</th></tr></thead>"
        return f"<details><summary>tables</summary><table>{head}<tbody>{rows}</tbody></table></details>"


class Run(_Folder):
    """What a run left: its manifest, and its tables: ``run["savings_losses"]``."""

    def __init__(
        self,
        folder: Path,
        manifest: dict[str, Any],
        *,
        study: Path | None = None,
        already_done: bool = False,
        published: str | None = None,
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        """What was read, by which rules, every row and cent in and out, findings, outputs with their hashes: ``manifest.json``."""
        self.study = study
        """The study file, where it is known."""
        self.already_done = already_done
        """Whether everything was there already for the same inputs, rules and version."""
        self.published = published
        """The URL that the run went up to, where ``out`` is one (a build with object stores); the folder holds the same."""

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What a reader should know before using the numbers: a dict of ``stage``, ``what``, ``count``, ``beyond_limits`` each.

        Findings by ACO are a table: ``run["findings"]``.
        """
        findings: list[dict[str, Any]] = self.manifest["findings"]
        return findings

    @property
    def beyond_limits(self) -> bool:
        """Whether a finding is beyond the limits of the study. The command ends with exit status 1 then."""
        return any(finding["beyond_limits"] for finding in self.findings)

    @property
    def public(self) -> Path | None:
        """Folder of the tables for publication, where they were asked for: CSV, nothing that tells of fewer than eleven lives."""
        folder = self.folder / "public"
        return folder if folder.is_dir() else None

    @property
    def source(self) -> list[dict[str, Any]]:
        """The lakehouse tables that the raw files were made of, with their versions or snapshots: see ``acoledger.lakehouse``.

        Empty where none is recorded for this very run.
        """
        note = _source_note(self.folder)
        if not note.is_file():
            return []
        recorded = json.loads(note.read_text(encoding="utf-8"))
        if recorded["manifest_sha256"] != self.manifest_sha256:
            return []
        sources: list[dict[str, Any]] = recorded["sources"]
        return sources

    @property
    def manifest_sha256(self) -> str | None:
        """SHA-256 of ``manifest.json``, which names every input and output by its own: two runs with the same hash are the same. None without one."""
        manifest = self.folder / "manifest.json"
        return sha256_of(manifest) if manifest.is_file() else None

    def __repr__(self) -> str:
        return f"<acoledger.Run of {self._title()}: {self.folder}>"

    def _title(self) -> str:
        return f"{self.manifest['study']}, {', '.join(str(year) for year in self.manifest['performance_years'])}"

    def _repr_html_(self) -> str:
        findings = "".join(
            f"<li>{finding['count']:,} {html.escape(finding['what'])}{' <b>(beyond the limits)</b>' if finding['beyond_limits'] else ''}</li>"
            for finding in self.findings
        )
        found = f"<p>Findings</p><ul>{findings}</ul>" if findings else ""
        done = ", already done" if self.already_done else ""
        return f"<p><b>{html.escape(self._title())}</b>{done}<br>{html.escape(str(self.folder))}</p>{found}{self._tables_html()}"


def run(
    study: StrPath,
    *,
    out: StrPath | None = None,
    threads: int | None = None,
    memory: str | None = None,
    shards: int | None = None,
    rules: StrPath | None = None,
    until: Until = "settle",
    public: bool = False,
    progress: bool | Listener = True,
    engine: Engine | None = None,
    source: StrPath | None = None,
) -> Run:
    """Runs a study from its inputs to savings and losses: ``acoledger run``, with the same bytes.

    What is already done for the same inputs, rules and version is skipped. A run that fails leaves the output of an earlier one as it was. Python's
    lock is released; other threads go on. Ctrl-C is heard when the run has come to its end.

    :param study: study file (TOML).
    :param out: output folder, in place of ``[run] out``.
    :param threads: in place of ``[run] threads``; 0: all.
    :param memory: bound on memory, in place of ``[run] memory``: ``"4GiB"``, ``"512MiB"``.
    :param shards: of the lake, in place of ``[lake] shards``; a power of two.
    :param rules: rules to start from, a file of ``acoledger rules --format toml``.
    :param until: the last stage.
    :param public: write the tables for publication too, in the folder ``public``: nothing that tells of fewer than eleven lives.
    :param progress: a line in a notebook or on a terminal; or a function that is called with stage, done, total and rows, from a thread of the run,
        some five times a second. What it raises is raised at the end of the run, whose results stand.
    :param engine: who walks the shards, in place of this process; ``acoledger.spark`` has one.
    :param source: a file ``source.json`` of ``acoledger.lakehouse``; without it the one beside the study, where there is one.
    :raises Error: what stops the run, with file, line and hint.
    """
    with shown(progress) as listener:
        report = _native.run(
            study,
            out=out,
            threads=threads,
            memory=memory,
            shards=shards,
            rules=rules,
            until=until,
            public=public,
            progress=listener,
            engine=engine,
        )
    done = Run(
        Path(report["folder"]),
        json.loads(report["manifest"]),
        study=Path(study),
        already_done=report["already_done"],
        published=report["published"],
    )
    _note_source(done, source)
    return done


def open_run(folder: StrPath, *, study: StrPath | None = None) -> Run:
    """A run that was made before, by the program or from Python. Nothing is computed.

    :param folder: output folder of the run.
    :param study: its study file; only ``explain(run, bene=...)`` needs it.
    :raises Error: there is no run.
    """
    folder = Path(folder)
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise trouble(folder, "no run: manifest.json is not there", "give the output folder of a finished run")
    return Run(
        folder,
        json.loads(manifest.read_text(encoding="utf-8")),
        study=Path(study) if study is not None else None,
        already_done=True,
    )


class Replay:
    """A results file settled again."""

    def __init__(self, table: Table, summary: dict[str, Any]) -> None:
        self.table = table
        """One row for each ACO: verdict, reasons, and for each identity our value, theirs, the difference, the tolerance and why."""
        self.summary = summary
        """Counts of rows ``matched``, ``explained``, ``unexplained``, and the same by identity."""

    @property
    def replays(self) -> bool:
        """Whether every row matches or is explained."""
        unexplained: int = self.summary["unexplained"]
        return unexplained == 0

    def _line(self) -> str:
        counts = ", ".join(f"{self.summary[of]:,} {of}" for of in ("matched", "explained", "unexplained"))
        return f"{self.summary['rows']:,} rows: {counts}"

    def __repr__(self) -> str:
        return f"<acoledger.Replay: {self._line()}>"

    def _repr_html_(self) -> str:
        return f"<p>{self._line()}</p>{self.table._repr_html_()}"


def replay(file: StrPath, year: int | None = None) -> Replay:
    """Derives every settlement of a results file again and compares: ``acoledger replay``.

    :param file: CMS's published results of a performance year, or ``savings_losses.csv`` of a run.
    :param year: performance year, where the file does not say.
    :raises Error: the file cannot be read as what it says it is.
    """
    table, summary = _native.replay(file, year)
    return Replay(Table(table), json.loads(summary))


class Explanation:
    """A page that says why; ``print`` shows it."""

    def __init__(self, text: str, steps: Table | None = None) -> None:
        self.text = text
        """The page."""
        self.steps = steps
        """Of an ACO: each step with value, arithmetic and citation, as a table; of a life None."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


def explain(
    of: Run | StrPath,
    *,
    aco: str | None = None,
    bene: str | None = None,
    year: int | None = None,
    performance_year: int | None = None,
    arithmetic: bool = False,
) -> Explanation:
    """Why this number, or why this life is on the list it is on: ``acoledger explain``.

    :param of: a run, its folder, or a study file; for a life a study file, or a run that knows its own.
    :param aco: the ACO whose benchmark walk is printed, from base years to dollars.
    :param bene: the life, by the identifier of the raw files.
    :param year: with ``aco`` the performance year, all of them without it; with ``bene`` the calendar year of the list, which must be given.
    :param performance_year: with ``bene``: the performance year alone whose rules and participants decide.
    :param arithmetic: with ``aco``: show the arithmetic of each value below it.
    :raises Error: no such run, ACO, life or year.
    :raises TypeError: neither or both of ``aco`` and ``bene``, or ``bene`` without ``year``.
    """
    if (aco is None) == (bene is None):
        raise TypeError("explain: give aco=... or bene=..., one of them")
    if aco is not None:
        place = of.folder if isinstance(of, Run) else of
        text, steps = _native.explain_aco(place, aco, year, arithmetic)
        return Explanation(text, Table(steps))
    assert bene is not None
    if year is None:
        raise TypeError("explain: bene=... needs year=..., the calendar year of the list")
    study = of.study if isinstance(of, Run) else of
    if study is None:
        raise trouble(
            of.folder if isinstance(of, Run) else of,
            "a life is explained from a study, and this run does not know its own",
            "open_run(folder, study=...), or give the study file in place of the run",
        )
    return Explanation(_native.explain_bene(study, bene, year, performance_year))


class Scenario(_Folder):
    """A study under a reform, beside the study as it stands."""

    def __init__(
        self,
        folder: Path,
        titles: list[str],
        findings: list[str],
        first_stage: str | None,
        summary: Table,
        differences: Table,
    ) -> None:
        self.folder = folder
        self.titles = titles
        """Titles of the reforms."""
        self.findings = findings
        """What a reader should know."""
        self.first_stage = first_stage
        """The first stage whose results can differ; None: the reform changes nothing."""
        self.summary = summary
        """Sums under both, of the nation, by track and by size; ``performance_year`` is blank over all years. Dollars; ``_cents``: cents."""
        self.differences = differences
        """One row for each ACO and year: benchmark, gross savings, outcome, what is earned, before and after."""

    @property
    def baseline(self) -> Path:
        """Folder of the tables as the study stands: for ``explain(scenario.baseline, aco=...)``."""
        return self.folder / "baseline"

    @property
    def reform(self) -> Path:
        """Folder of the tables under the reform."""
        return self.folder / "reform"

    @property
    def manifest(self) -> dict[str, Any]:
        """Reforms with their hashes, first stage, inputs, findings, outputs: ``manifest.json``."""
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def __repr__(self) -> str:
        return f"<acoledger.Scenario {', '.join(self.titles)}: {self.folder}>"

    def _repr_html_(self) -> str:
        stage = f"run from stage <code>{html.escape(self.first_stage)}</code> on" if self.first_stage else "nothing changes"
        findings = "".join(f"<li>{html.escape(finding)}</li>" for finding in self.findings)
        found = f"<ul>{findings}</ul>" if findings else ""
        title = html.escape(", ".join(self.titles))
        return f"<p><b>{title}</b><br>{stage}</p>{found}{self.summary._repr_html_()}{self._tables_html()}"


def scenario(
    study: StrPath,
    reform: StrPath | Sequence[StrPath],
    *,
    out: StrPath | None = None,
    threads: int | None = None,
    memory: str | None = None,
    progress: bool | Listener = True,
) -> Scenario:
    """Settles a study under a reform, and says what it changes and for whom: ``acoledger scenario``.

    :param study: study file; it is run first, or its run taken over.
    :param reform: reform file (TOML), or several that compose in their order: the later one counts.
    :param out: output folder; without it ``<run>-scenario`` beside the study's ``[run] out``.
    :param threads: in place of ``[run] threads``; 0: all.
    :param memory: bound on memory, in place of ``[run] memory``.
    :param progress: as in :func:`run`.
    :raises Error: a reform that cannot be, with file and key; what stops the run.
    """
    reforms = [reform] if isinstance(reform, (str, os.PathLike)) else list(reform)
    with shown(progress) as listener:
        report = _native.scenario(study, reforms, out=out, threads=threads, memory=memory, progress=listener)
    return Scenario(
        Path(report["folder"]),
        report["titles"],
        report["findings"],
        report["first_stage"],
        Table(report["summary"]),
        Table(report["differences"]),
    )


def score(
    people: Any,
    *,
    model: Model | None = None,
    year: int | None = None,
    explain: bool = False,
    mce_edits: bool = True,
    aged_at_64: bool = False,
    map: StrPath | None = None,
) -> Table:
    """Risk scores of people from their diagnoses, in any CMS-HCC model since 2017: ``acoledger score``.

    :param people: a table with the Arrow PyCapsule interface: of Polars, pandas (2.2 or later), pyarrow, DuckDB, ours. The first column is the
        identifier, whatever its name; then ``model``, ``mapping_year`` (payment year of the diagnosis map), ``age`` (on 1 February of it), ``sex``
        (F, M), ``orec``, ``dual_code``, ``dx`` (ICD-10 codes separated by ``|``), and, where they are not 0 or none, ``lti``,
        ``new_enrollee``, ``snp``, ``esrd_status``, ``graft_months``; ``segment``, where it is not to be chosen. Others are passed over.
    :param model: for all rows, in place of the column.
    :param year: payment year of the diagnosis map for all rows, in place of the column ``mapping_year``.
    :param explain: add what each diagnosis gave, what a hierarchy dropped, each term of the sum.
    :param mce_edits: apply the ages of the Medicare code editor.
    :param aged_at_64: count 64-year-olds entitled by age as 65 in every model, not only where its macro does.
    :param map: diagnosis maps (CSV), in place of ours for the models and years in it.
    :returns: a row for each row, in their order: the identifier, ``segment``, ``raw_score`` (before normalisation), ``demographic_score``,
        ``hccs``, ``payment_hcc_count``, ``interactions``, ``count_var``.
    :raises Error: a column that is missing, a cell that cannot be read, a model or year without a map.
    :raises TypeError: ``people`` has no Arrow PyCapsule interface.
    """
    if not hasattr(people, "__arrow_c_stream__") and not hasattr(people, "__arrow_c_array__"):
        raise TypeError(
            f"score: {type(people).__name__} is no table with the Arrow PyCapsule interface: give one of Polars, pandas (2.2 or later) or pyarrow"
        )
    return Table(
        _native.score(
            people,
            model=model,
            year=year,
            explain=explain,
            mce_edits=mce_edits,
            aged_at_64=aged_at_64,
            map=map,
        )
    )


def rules(
    year: int, track: Track | None = None, *, study: StrPath | None = None, rules: StrPath | None = None
) -> Table:
    """Every rule in force in a performance year, with value, unit and citation: ``acoledger rules``.

    :param year: performance year. A rule whose value changes within it has a row for each value.
    :param track: only what a track reads, tables by track cut to it.
    :param study: apply the overrides of a study file.
    :param rules: start from a rules file.
    :raises Error: a year or track that there is not, a file that cannot be read.
    """
    return Table(_native.rules(year, track=track, study=study, rules=rules))


def synth(
    out: StrPath,
    *,
    lives: int = 50_000,
    years: Sequence[int] = (2023, 2024),
    aco_share: float | None = None,
    raw: Literal["csv", "parquet", "lake", "cclf"] = "parquet",
    seed: int = 1,
    threads: int = 0,
    progress: bool | Listener = True,
) -> Path:
    """Writes a synthetic nation: raw files, program files, a study file, an answer key: ``acoledger synth``. Nothing of it is real.

    :param out: folder to write.
    :param lives: fee-for-service lives at a time; people in health plans come on top. A life has about 110 claim lines a year.
    :param years: performance years of the study.
    :param aco_share: share of lives whose home practice takes part in an ACO; without it that of 2018.
    :param raw: form of the raw files.
    :param seed: the same seed gives the same bytes.
    :param threads: 0: all.
    :param progress: as in :func:`run`.
    :returns: the study file.
    :raises Error: a folder that is taken, a number out of range.
    """
    with shown(progress) as listener:
        study = _native.synth(
            out,
            lives=lives,
            years=list(years),
            aco_share=aco_share,
            raw=raw,
            seed=seed,
            threads=threads,
            progress=listener,
        )
    return Path(study)


# Where the raw files of a run came from. A run folder is the program's: it is swapped in whole, and what is in it is looked at. The note stands
# beside it, and says of which run it speaks.

SOURCE_FILE = "source.json"


def _source_note(folder: Path) -> Path:
    return folder.with_name(folder.name + "." + SOURCE_FILE)


def read_source(file: Path) -> dict[str, Any]:
    """A file ``source.json``.

    :raises Error: it is none.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        str(found["folder"])
        for of in found["tables"]:
            of["table"], of["file"], of["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise trouble(file, f"not a file of sources: {error}", "acoledger.lakehouse writes it; make it anew") from error
    read: dict[str, Any] = found
    return read


def _note_source(done: Run, given: StrPath | None) -> None:
    """Notes the sources of those raw files that the run read, by their content."""
    note, manifest_sha256 = _source_note(done.folder), done.manifest_sha256
    assert done.study is not None
    file = Path(given) if given is not None else done.study.parent / SOURCE_FILE
    if manifest_sha256 is None or (given is None and not file.is_file()):
        note.unlink(missing_ok=True)
        return
    tables: list[Mapping[str, Any]] = read_source(file)["tables"]
    read = {of["sha256"] for of in done.manifest["inputs"]}
    unread = [of["file"] for of in tables if of["sha256"] not in read]
    if unread:
        warnings.warn(
            f"{file}: files that the run did not read, or not as they were made: {', '.join(unread)}", stacklevel=3
        )
    sources = [of for of in tables if of["sha256"] in read]
    write_json(note, {"manifest_sha256": manifest_sha256, "sources": sources})


def write_json(place: Path, value: object) -> None:
    """Writes a file for its owner alone, under its name when it is whole."""
    handle, new = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        os.replace(new, place)
    except BaseException:
        os.unlink(new)
        raise


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
