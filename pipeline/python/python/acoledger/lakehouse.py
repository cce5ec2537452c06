"""Results as Delta and Iceberg tables, and claims from them, through ``deltalake`` and ``pyiceberg``.

Out: :func:`write_delta` and :func:`write_iceberg` write the tables of a run, one table each. Every commit carries the SHA-256 of the run's
``manifest.json``: tables with the same one belong together. Tables are committed one by one, so a reader in between can meet two runs.

In: :func:`delta_to_raw` and :func:`iceberg_to_raw` write raw tables as Parquet files into the raw folder of a study, and beside that folder
``source.json``: for each table its place, its version or snapshot, its rows and the file's SHA-256. :func:`acoledger.run` finds it beside the study file
(or is told where it is), and notes beside the run folder, as ``<run>.source.json``, those files that the run read with just this content; ``Run.source``
gives them. Clusters read such tables without files in between: ``acoledger.spark``.

Numbers without a sign have no place in either format: they become wider ones with a sign, those of 64 bits decimals of 20 digits. All columns may be
blank.

Needs ``acoledger[delta]`` or ``acoledger[iceberg]``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from ._run import SOURCE_FILE, Run, Scenario, StrPath, read_source, sha256_of, trouble, write_json
from ._table import needed

if TYPE_CHECKING:
    import pyarrow
    from pyiceberg.catalog import Catalog

__all__ = ["delta_to_raw", "iceberg_to_raw", "write_delta", "write_iceberg"]

Mode = Literal["error", "append", "overwrite"]
Tables = Run | Scenario | Mapping[str, Any]


def write_delta(
    tables: Tables,
    uri: StrPath,
    *,
    names: Iterable[str] | None = None,
    mode: Mode = "error",
    storage_options: dict[str, str] | None = None,
) -> dict[str, int]:
    """Writes tables as Delta tables, one in each folder below ``uri``: ``uri/savings_losses``, ``uri/rates/national``.

    Sharded tables go shard after shard; memory holds a few batches of them.

    :param tables: a run or a scenario; or a mapping of names to tables with the Arrow PyCapsule interface.
    :param uri: a folder, or a URL that ``deltalake`` knows. A new local folder is for its owner alone.
    :param names: only these; without it all that the run holds.
    :param mode: where a table is there already: ``error`` (before anything is written), ``append``, or ``overwrite``, which leaves earlier
        versions to be read as such (time travel) and takes other columns.
    :param storage_options: of ``deltalake``: regions, credentials. They are written nowhere.
    :returns: the version of each table that was written.
    :raises Error: a table that is there already, a name that is not.
    :raises ImportError: ``deltalake`` or pyarrow is not installed.
    """
    deltalake = needed("deltalake")
    readers, properties = _readers(tables, names), _properties(tables)
    root = os.fspath(uri).rstrip("/")
    places = {name: f"{root}/{name}" for name in readers}
    if mode == "error":
        _refuse(
            place for place in places.values() if deltalake.DeltaTable.is_deltatable(place, storage_options)
        )
    if "://" not in root:
        Path(root).mkdir(mode=0o700, parents=True, exist_ok=True)
    versions = {}
    for name, reader in readers.items():
        deltalake.write_deltalake(
            places[name],
            reader(),
            mode=mode,
            schema_mode="overwrite" if mode == "overwrite" else None,
            storage_options=storage_options,
            commit_properties=deltalake.CommitProperties(custom_metadata=properties),
        )
        versions[name] = int(deltalake.DeltaTable(places[name], storage_options=storage_options).version())
    return versions


def write_iceberg(
    tables: Tables,
    catalog: Catalog | str,
    namespace: str,
    *,
    names: Iterable[str] | None = None,
    mode: Mode = "error",
) -> dict[str, int | None]:
    """Writes tables as Iceberg tables of a namespace, which is made where it is not there: ``namespace.savings_losses``, ``namespace.rates_national``.

    Sharded tables go shard after shard; memory holds a few batches of them.

    :param tables: a run or a scenario; or a mapping of names to tables with the Arrow PyCapsule interface.
    :param catalog: a catalog of ``pyiceberg``, or the name of one that is configured.
    :param namespace: e.g. ``"aco"`` or ``"finance.aco"``.
    :param names: only these; without it all that the run holds.
    :param mode: where a table is there already: ``error`` (before anything is written), ``append``, or ``overwrite``, which leaves earlier
        snapshots to be read as such (time travel); columns that are new are added, those that are gone stay and are blank.
    :returns: the snapshot of each table that was written.
    :raises Error: a table that is there already, a name that is not.
    :raises ImportError: ``pyiceberg`` or pyarrow is not installed.
    """
    place = _catalog(catalog)
    readers, properties = _readers(tables, names), _properties(tables)
    identifiers = {name: f"{namespace}.{name.replace('/', '_')}" for name in readers}
    if mode == "error":
        _refuse(identifier for identifier in identifiers.values() if place.table_exists(identifier))
    place.create_namespace_if_not_exists(namespace)
    snapshots = {}
    for name, reader in readers.items():
        rows = reader()
        table = place.create_table_if_not_exists(identifiers[name], schema=rows.schema)
        if mode == "overwrite":
            with table.update_schema() as update:
                update.union_by_name(rows.schema)
            # Pyiceberg leaves no row of the earlier run and adds the new ones, in one commit.
            table.overwrite(rows, snapshot_properties=properties)
        else:
            table.append(rows, snapshot_properties=properties)
        snapshot = table.current_snapshot()
        snapshots[name] = None if snapshot is None else int(snapshot.snapshot_id)
    return snapshots


def delta_to_raw(
    tables: Mapping[str, StrPath | tuple[StrPath, int]],
    folder: StrPath,
    *,
    storage_options: dict[str, str] | None = None,
) -> Path:
    """Writes Delta tables as raw files of a study, ``folder/carrier.parquet``, and ``source.json`` beside the folder.

    A table that is there already in the same version is left as it is, so that a run finds nothing changed.

    :param tables: by the name of the raw table (``enrollment``, ``carrier``, …; of a feed ``cclf1``, …) the place of a Delta table, or its place and
        version; without a version the latest. Columns are those of the raw files, under any of the names that are read.
    :param folder: the raw folder of the study. It is made for its owner alone: it holds claims.
    :param storage_options: of ``deltalake``. They are written nowhere, nor are credentials of a URL.
    :returns: the file ``source.json``.
    :raises Error: other files of such a table in the folder; a ``source.json`` that speaks of another folder.
    :raises ImportError: ``deltalake`` or pyarrow is not installed.
    """
    deltalake = needed("deltalake")

    def read(source: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
        uri, version = source if isinstance(source, tuple) else (source, None)
        table = deltalake.DeltaTable(uri, version=version, storage_options=storage_options)
        return (
            {"format": "delta", "name": _without_secrets(table.table_uri), "id": str(table.metadata().id), "version": int(table.version())},
            table.scan,
        )

    return _to_raw(tables, folder, read)


def iceberg_to_raw(
    tables: Mapping[str, str | tuple[str, int]], folder: StrPath, *, catalog: Catalog | str
) -> Path:
    """Writes Iceberg tables as raw files of a study, ``folder/carrier.parquet``, and ``source.json`` beside the folder.

    A table that is there already in the same snapshot is left as it is, so that a run finds nothing changed.

    :param tables: by the name of the raw table an identifier (``"claims.carrier"``), or an identifier and a snapshot; without one the current.
    :param folder: the raw folder of the study. It is made for its owner alone: it holds claims.
    :param catalog: a catalog of ``pyiceberg``, or the name of one that is configured.
    :returns: the file ``source.json``.
    :raises Error: as :func:`delta_to_raw`; a table without any snapshot, a snapshot that there is not.
    :raises ImportError: ``pyiceberg`` or pyarrow is not installed.
    """
    place = _catalog(catalog)

    def read(source: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
        identifier, snapshot_id = source if isinstance(source, tuple) else (source, None)
        table = place.load_table(identifier)
        snapshot = table.current_snapshot() if snapshot_id is None else table.snapshot_by_id(snapshot_id)
        if snapshot is None:
            raise trouble(identifier, "no snapshot" if snapshot_id is None else f"no snapshot {snapshot_id}")
        scan = table.scan(snapshot_id=snapshot.snapshot_id)
        return (
            {"format": "iceberg", "name": identifier, "id": str(table.metadata.table_uuid), "version": int(snapshot.snapshot_id)},
            scan.to_arrow_batch_reader,
        )

    return _to_raw(tables, folder, read)


def _to_raw(
    tables: Mapping[str, Any], folder: StrPath, read: Callable[[Any], tuple[dict[str, Any], Callable[[], Any]]]
) -> Path:
    """Writes what is not there already, then says so: a file without a word of its source is only a file."""
    parquet, arrow = needed("pyarrow.parquet"), needed("pyarrow")
    raw = Path(folder)
    note = raw.absolute().parent / SOURCE_FILE
    before: dict[str, Any] = read_source(note) if note.is_file() else {"folder": raw.name, "tables": []}
    if before["folder"] != raw.name:
        raise trouble(note, f"speaks of the folder {before['folder']}, not of {raw.name}", "a raw folder for each parent folder")
    known: dict[str, dict[str, Any]] = {of["table"]: of for of in before["tables"]}
    raw.mkdir(mode=0o700, parents=True, exist_ok=True)
    for table in tables:
        others = sorted(
            file.name for file in raw.iterdir() if file.name.lower().startswith(table) and file.name != f"{table}.parquet"
        )
        if others:
            raise trouble(raw / others[0], f"a file of {table} beside the one that is to be written", "both would be read: move it away")
    for table, source in tables.items():
        place = raw / f"{table}.parquet"
        found, rows = read(source)
        found = {"table": table, **found}
        entry = known.get(table, {})
        same = all(entry.get(key) == value for key, value in found.items())
        if same and place.is_file() and sha256_of(place) == entry["sha256"]:
            continue
        reader = _plain(arrow.RecordBatchReader.from_stream(rows()))
        new, count = raw / f".{table}.parquet.new", 0
        try:
            # `store_schema=False`: readers go by the types of Parquet itself.
            with (
                open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
                parquet.ParquetWriter(file, reader.schema, compression="zstd", store_schema=False) as writer,
            ):
                for batch in reader:
                    writer.write_batch(batch)
                    count += batch.num_rows
            os.replace(new, place)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        known[table] = {**found, "rows": count, "file": f"{raw.name}/{place.name}", "sha256": sha256_of(place)}
        write_json(note, {"folder": raw.name, "tables": [known[name] for name in sorted(known)]})
    return note


def _catalog(catalog: Catalog | str) -> Any:
    return needed("pyiceberg.catalog").load_catalog(catalog) if isinstance(catalog, str) else catalog


def _refuse(there: Iterable[str]) -> None:
    for place in there:
        raise trouble(place, "there is a table already", 'mode="append" adds to it, mode="overwrite" takes its place')


def _readers(tables: Tables, names: Iterable[str] | None) -> dict[str, Callable[[], pyarrow.RecordBatchReader]]:
    """By name, who opens the rows of a table."""
    from_stream = needed("pyarrow").RecordBatchReader.from_stream
    there = list(tables)
    wanted = there if names is None else list(names)
    for name in wanted:
        if name not in there:
            raise trouble(name, "no such table", f"there are: {', '.join(there)}")

    def opened(name: str) -> Callable[[], pyarrow.RecordBatchReader]:
        if isinstance(tables, (Run, Scenario)):
            return lambda: _plain(from_stream(tables.stream(name)))
        return lambda: _plain(from_stream(tables[name]))

    return {name: opened(name) for name in wanted}


def _properties(tables: Tables) -> dict[str, str]:
    """What a commit says of where its rows come from."""
    if not isinstance(tables, (Run, Scenario)):
        return {}
    manifest = tables.manifest
    properties = {"acoledger.version": str(manifest["version"]), "acoledger.study": str(manifest["study"])}
    file = tables.folder / "manifest.json"
    if file.is_file():
        properties["acoledger.manifest_sha256"] = sha256_of(file)
    if isinstance(tables, Run) and tables.source:
        sources = {of["table"]: f"{of['name']}@{of['version']}" for of in tables.source}
        properties["acoledger.source"] = json.dumps(sources, sort_keys=True)
    return properties


def _plain(reader: pyarrow.RecordBatchReader) -> pyarrow.RecordBatchReader:
    """The rows in types that Delta, Iceberg and readers of raw files have."""
    arrow = needed("pyarrow")
    wider = {
        arrow.uint8(): arrow.int16(),
        arrow.uint16(): arrow.int32(),
        arrow.uint32(): arrow.int64(),
        arrow.uint64(): arrow.decimal128(20, 0),
        arrow.string_view(): arrow.string(),
        arrow.binary_view(): arrow.binary(),
    }

    def plain(kind: Any) -> Any:
        kind = kind.value_type if arrow.types.is_dictionary(kind) else kind
        return wider.get(kind, kind)

    schema = arrow.schema([arrow.field(field.name, plain(field.type)) for field in reader.schema])

    def batches() -> Iterator[Any]:
        for batch in reader:
            columns = [
                column if column.type == field.type else column.cast(field.type)
                for column, field in zip(batch.columns, schema, strict=True)
            ]
            yield arrow.RecordBatch.from_arrays(columns, schema=schema)

    return arrow.RecordBatchReader.from_batches(schema, batches())


def _without_secrets(uri: str) -> str:
    """A URL without credentials, as it may be written down."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
