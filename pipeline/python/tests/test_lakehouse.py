"""Results as Delta and Iceberg tables, claims from them, and what is recorded of both."""

from __future__ import annotations

import json
import shutil
import stat
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import acoledger
import deltalake
import pyarrow
import pyarrow.parquet
import pytest
from acoledger import lakehouse
from conftest import differing, files
from pyiceberg.catalog import Catalog, load_catalog

WIDER = {
    pyarrow.uint8(): pyarrow.int16(),
    pyarrow.uint32(): pyarrow.int64(),
    pyarrow.uint64(): pyarrow.decimal128(20, 0),
}


@pytest.fixture
def run(by_program: Path) -> acoledger.Run:
    return acoledger.open_run(by_program / "run")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "warehouse").mkdir()
    properties = {"type": "sql", "uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/warehouse"}
    return load_catalog("test", **properties)


@pytest.fixture(scope="module")
def raw(nation: Path) -> dict[str, pyarrow.Table]:
    """The raw tables of the nation, as a lakehouse would hold them: one table each, without dictionaries."""
    parts = defaultdict(list)
    for file in sorted((nation / "raw").glob("*.parquet")):
        part = pyarrow.parquet.read_table(file)
        plain = [field.with_type(getattr(field.type, "value_type", field.type)) for field in part.schema]
        parts[file.name.rpartition("_")[0]].append(part.cast(pyarrow.schema(plain)))
    return {name: pyarrow.concat_tables(tables, promote_options="default") for name, tables in parts.items()}


def rows(table: pyarrow.Table) -> list[tuple[Any, ...]]:
    """Rows in an order of their own: neither format keeps one."""
    return sorted(zip(*(column.to_pylist() for column in table.columns), strict=True), key=repr)


def delta(place: Path | str, version: int | None = None) -> pyarrow.Table:
    return pyarrow.table(deltalake.DeltaTable(str(place), version=version).scan())


def study_without_raw(nation: Path, folder: Path) -> Path:
    """The nation's study and program files, beside no raw files."""
    folder.mkdir(parents=True)
    shutil.copytree(nation / "program", folder / "program")
    shutil.copy(nation / "study.toml", folder)
    return folder / "study.toml"


def test_a_run_as_delta_tables(run: acoledger.Run, tmp_path: Path) -> None:
    versions = lakehouse.write_delta(run, tmp_path / "out")
    assert versions == dict.fromkeys(run.tables(), 0)
    assert (tmp_path / "out").stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) == 0
    for name in run.tables():
        ours, written = run[name].to_arrow(), delta(tmp_path / "out" / name)
        assert written.column_names == ours.column_names
        for ours_is, written_is in zip(ours.schema, written.schema, strict=True):
            assert written_is.type in (WIDER.get(ours_is.type, ours_is.type), pyarrow.string_view()), (name, ours_is)
        assert rows(written) == rows(ours), name
        commit = deltalake.DeltaTable(str(tmp_path / "out" / name)).history()[0]
        assert commit["acoledger.manifest_sha256"] == run.manifest_sha256
        assert commit["acoledger.study"] == "synthetic nation"


def test_earlier_versions_stay(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = acoledger.open_run(demo / "run")
    study = demo / "other.toml"
    study.write_text((demo / "study.toml").read_text() + '\n[rules]\n"settle.msr.low_head_count" = 0\n')
    second = acoledger.run(study, out=demo / "second", progress=False)
    before, after = first["savings_losses"].to_arrow(), second["savings_losses"].to_arrow()
    assert rows(before) != rows(after)
    names = ["savings_losses", "rates/national"]
    assert lakehouse.write_delta(first, out, names=names) == {"savings_losses": 0, "rates/national": 0}
    with pytest.raises(acoledger.Error, match="there is a table already") as stopped:
        lakehouse.write_delta(second, out, names=["rates/county", "savings_losses"])
    assert "overwrite" in str(stopped.value.problems[0]["hint"])
    assert not (out / "rates/county").exists()
    assert lakehouse.write_delta(second, out, names=names, mode="overwrite") == {"savings_losses": 1, "rates/national": 1}
    assert rows(delta(out / "savings_losses")) == rows(after)
    assert rows(delta(out / "savings_losses", 0)) == rows(before)
    lakehouse.write_delta(first, out, names=["savings_losses"], mode="append")
    assert rows(delta(out / "savings_losses", 2)) == sorted(rows(before) + rows(after), key=repr)
    commits = deltalake.DeltaTable(str(out / "savings_losses")).history()
    assert [commit["acoledger.manifest_sha256"] for commit in commits] == [
        first.manifest_sha256,
        second.manifest_sha256,
        first.manifest_sha256,
    ]
    assert first.manifest_sha256 != second.manifest_sha256


def test_other_columns_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    tables = {"some": pyarrow.table({"a": [1], "b": ["x"]})}
    others = {"some": pyarrow.table({"a": [2], "c": [0.5]})}
    lakehouse.write_delta(tables, tmp_path / "out")
    lakehouse.write_delta(others, tmp_path / "out", mode="overwrite")
    assert delta(tmp_path / "out/some").to_pylist() == [{"a": 2, "c": 0.5}]
    assert delta(tmp_path / "out/some", 0).to_pylist() == [{"a": 1, "b": "x"}]
    with pytest.raises(acoledger.Error, match="no such table"):
        lakehouse.write_delta(tables, tmp_path / "out", names=["others"])


def test_numbers_without_a_sign_are_whole(tmp_path: Path, catalog: Catalog) -> None:
    numbers = {"key": pyarrow.array([0, 2**63 + 5, 2**64 - 1, None], pyarrow.uint64()), "small": pyarrow.array([255, 0, None, 1], pyarrow.uint8())}
    lakehouse.write_delta({"some": pyarrow.table(numbers)}, tmp_path / "out")
    lakehouse.write_iceberg({"some": pyarrow.table(numbers)}, catalog, "test")
    for written in (delta(tmp_path / "out/some"), catalog.load_table("test.some").scan().to_arrow()):
        assert [None if key is None else int(key) for key in written["key"].to_pylist()] == [0, 2**63 + 5, 2**64 - 1, None]
        assert written["small"].to_pylist() == [255, 0, None, 1]


def test_a_run_as_iceberg_tables(run: acoledger.Run, catalog: Catalog) -> None:
    snapshots = lakehouse.write_iceberg(run, catalog, "aco")
    assert set(snapshots) == set(run.tables())
    for name, snapshot_id in snapshots.items():
        table = catalog.load_table(f"aco.{name.replace('/', '_')}")
        assert rows(table.scan(snapshot_id=snapshot_id).to_arrow()) == rows(run[name].to_arrow()), name
        summary = table.snapshot_by_id(snapshot_id).summary.additional_properties
        assert summary["acoledger.manifest_sha256"] == run.manifest_sha256


def test_earlier_snapshots_stay(demo: Path, catalog: Catalog) -> None:
    first = acoledger.open_run(demo / "run")
    study = demo / "other.toml"
    study.write_text((demo / "study.toml").read_text() + '\n[rules]\n"settle.msr.low_head_count" = 0\n')
    second = acoledger.run(study, out=demo / "second", progress=False)
    before, after = first["savings_losses"].to_arrow(), second["savings_losses"].to_arrow()
    one = lakehouse.write_iceberg(first, catalog, "aco", names=["savings_losses"])["savings_losses"]
    with pytest.raises(acoledger.Error, match="there is a table already"):
        lakehouse.write_iceberg(second, catalog, "aco", names=["savings_losses"])
    two = lakehouse.write_iceberg(second, catalog, "aco", names=["savings_losses"], mode="overwrite")["savings_losses"]
    table = catalog.load_table("aco.savings_losses")
    assert one != two
    assert rows(table.scan().to_arrow()) == rows(table.scan(snapshot_id=two).to_arrow()) == rows(after)
    assert rows(table.scan(snapshot_id=one).to_arrow()) == rows(before)
    lakehouse.write_iceberg(first, catalog, "aco", names=["savings_losses"], mode="append")
    assert rows(catalog.load_table("aco.savings_losses").scan().to_arrow()) == sorted(rows(before) + rows(after), key=repr)
    # New columns are added, those that are gone are blank.
    lakehouse.write_iceberg({"some": pyarrow.table({"a": [1], "b": ["x"]})}, catalog, "aco")
    lakehouse.write_iceberg({"some": pyarrow.table({"a": [2], "c": [0.5]})}, catalog, "aco", mode="overwrite")
    assert catalog.load_table("aco.some").scan().to_arrow().to_pylist() == [{"a": 2, "b": None, "c": 0.5}]


def test_claims_from_delta(raw: dict[str, pyarrow.Table], nation: Path, by_program: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for name, table in raw.items():
        deltalake.write_deltalake(lake / name, table)
    # A later version, which is not what is asked for: lines of the last year are missing.
    fewer = raw["carrier"].slice(0, raw["carrier"].num_rows - 2000)
    deltalake.write_deltalake(lake / "carrier", fewer, mode="overwrite")
    study = study_without_raw(nation, tmp_path / "study")
    tables: dict[str, Any] = {name: str(lake / name) for name in raw}
    tables["carrier"] = (lake / "carrier", 0)
    note = lakehouse.delta_to_raw(tables, study.parent / "raw")
    assert note == study.parent / "source.json"
    written = sorted((study.parent / "raw").iterdir())
    assert [file.name for file in written] == sorted(f"{name}.parquet" for name in raw)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in [*written, note])
    assert stat.S_IMODE((study.parent / "raw").stat().st_mode) == 0o700
    run = acoledger.run(study, progress=False)
    for name in ("savings_losses.csv", "benchmark.csv", "cells/risk.csv", "rates/national.csv"):
        assert (run.folder / name).read_bytes() == (by_program / "run" / name).read_bytes(), name
    # What was read is recorded, beside the run and in what is made of it.
    recorded = {of["table"]: of for of in run.source}
    assert set(recorded) == set(raw)
    for name, of in recorded.items():
        assert (of["format"], of["version"], of["rows"]) == ("delta", 0, raw[name].num_rows)
        assert of["name"].rstrip("/").endswith(str(lake / name))
        assert of["id"] == str(deltalake.DeltaTable(lake / name).metadata().id)
    assert acoledger.open_run(run.folder).source == run.source
    assert not (run.folder / "source.json").exists()
    lakehouse.write_delta(run, tmp_path / "out", names=["savings_losses"])
    commit = deltalake.DeltaTable(tmp_path / "out/savings_losses").history()[0]
    assert json.loads(commit["acoledger.source"])["carrier"].endswith("carrier/@0")
    # The same versions once more: no file changes, nothing is done again, the record is the same.
    before, told = {file: file.stat().st_mtime_ns for file in written}, run.source
    lakehouse.delta_to_raw(tables, study.parent / "raw")
    assert {file: file.stat().st_mtime_ns for file in written} == before
    again = acoledger.run(study, progress=False)
    assert again.already_done and again.source == told
    # Another version is another file, and another run.
    tables["carrier"] = str(lake / "carrier")
    lakehouse.delta_to_raw(tables, study.parent / "raw")
    other = acoledger.run(study, progress=False)
    assert {of["table"]: of for of in other.source}["carrier"]["version"] == 1
    assert {of["table"]: of for of in other.source}["carrier"]["rows"] == fewer.num_rows
    assert (other.folder / "savings_losses.csv").read_bytes() != (by_program / "run/savings_losses.csv").read_bytes()


def test_claims_from_iceberg(raw: dict[str, pyarrow.Table], nation: Path, by_program: Path, tmp_path: Path, catalog: Catalog) -> None:
    catalog.create_namespace("claims")
    for name, table in raw.items():
        catalog.create_table(f"claims.{name}", schema=table.schema).append(table)
    carrier = catalog.load_table("claims.carrier")
    snapshot = carrier.current_snapshot()
    assert snapshot is not None
    carrier.append(raw["carrier"].slice(0, 1))
    study = study_without_raw(nation, tmp_path / "study")
    tables: dict[str, Any] = {name: f"claims.{name}" for name in raw}
    tables["carrier"] = ("claims.carrier", snapshot.snapshot_id)
    lakehouse.iceberg_to_raw(tables, study.parent / "raw", catalog=catalog)
    run = acoledger.run(study, progress=False)
    assert (run.folder / "savings_losses.csv").read_bytes() == (by_program / "run/savings_losses.csv").read_bytes()
    recorded = {of["table"]: of for of in run.source}
    assert set(recorded) == set(raw)
    assert recorded["carrier"]["version"] == snapshot.snapshot_id
    assert recorded["carrier"]["format"] == "iceberg" and recorded["carrier"]["name"] == "claims.carrier"
    assert recorded["dme"]["rows"] == raw["dme"].num_rows
    with pytest.raises(acoledger.Error, match="no snapshot 5"):
        lakehouse.iceberg_to_raw({"carrier": ("claims.carrier", 5)}, study.parent / "raw", catalog=catalog)


def noted(demo: Path, *changed: str) -> Path:
    """A file of sources for raw files of the nation, some of which are not what it says."""
    tables = [
        {
            "table": name,
            "format": "delta",
            "name": f"/lake/{name}",
            "version": 3,
            "file": f"raw/{name}_2024.parquet",
            "sha256": "0" * 64 if name in changed else lakehouse.sha256_of(demo / f"raw/{name}_2024.parquet"),
        }
        for name in ("dme", "hha")
    ]
    note = demo / "source.json"
    note.write_text(json.dumps({"folder": "raw", "tables": tables}))
    return note


def test_what_was_not_read_is_not_recorded(demo: Path, by_program: Path) -> None:
    noted(demo)
    run = acoledger.run(demo / "study.toml", progress=False)
    assert [of["table"] for of in run.source] == ["dme", "hha"]
    # The note is no part of the run: the folder's bytes are the same, and so is its manifest.
    assert differing(files(run.folder), files(by_program / "run")) == []
    noted(demo, "hha")
    with pytest.warns(UserWarning, match=r"did not read.*hha_2024\.parquet"):
        run = acoledger.run(demo / "study.toml", progress=False)
    assert [of["table"] for of in run.source] == ["dme"]
    # A note elsewhere, given.
    elsewhere = (demo / "source.json").rename(demo / "program.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert acoledger.run(demo / "study.toml", progress=False).source == []
    assert not (demo / "run.source.json").exists()
    with pytest.warns(UserWarning):
        assert [of["table"] for of in acoledger.run(demo / "study.toml", source=elsewhere, progress=False).source] == ["dme"]


def test_a_note_of_another_run_is_none(demo: Path) -> None:
    noted(demo)
    run = acoledger.run(demo / "study.toml", progress=False)
    assert run.source
    manifest = run.folder / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    assert run.source == [] == acoledger.open_run(run.folder).source


def test_a_file_of_sources_that_is_none(demo: Path) -> None:
    for text in ("nothing", "{}", '{"folder": "raw", "tables": [{}]}', "[]"):
        (demo / "source.json").write_text(text)
        with pytest.raises(acoledger.Error, match="not a file of sources"):
            acoledger.run(demo / "study.toml", progress=False)


def test_other_files_of_a_table_are_not_read_twice(demo: Path, tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path / "dme", pyarrow.table({"BENE_ID": ["1"]}))
    with pytest.raises(acoledger.Error, match="both would be read"):
        lakehouse.delta_to_raw({"dme": tmp_path / "dme"}, demo / "raw")
    assert not (demo / "raw/dme.parquet").exists() and not (demo / "source.json").exists()
    lakehouse.delta_to_raw({"dme": tmp_path / "dme"}, demo / "one")
    with pytest.raises(acoledger.Error, match="speaks of the folder one, not of other"):
        lakehouse.delta_to_raw({"dme": tmp_path / "dme"}, demo / "other")


def test_credentials_are_written_nowhere() -> None:
    assert lakehouse._without_secrets("s3://key:secret@bucket/claims/carrier/?token=x#y") == "s3://bucket/claims/carrier/"
    assert lakehouse._without_secrets("file:///lake/carrier/") == "file:///lake/carrier/"
