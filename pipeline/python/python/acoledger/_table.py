"""Tables: memory of Arrow that other libraries take as it is."""

from __future__ import annotations

import html
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _native

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

_EXTRAS = {"pyarrow": "arrow", "deltalake": "delta", "pyiceberg": "iceberg"}
"""Extras that are not called as their module."""


def needed(module: str) -> Any:
    """A module that only some of us need.

    :raises ImportError: it is not installed; the message names the extra that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if error.name != package:
            raise
        extra = _EXTRAS.get(package, package)
        raise ImportError(
            f"{package} is not installed\nhint: pip install 'acoledger[{extra}]'", name=package
        ) from error


class _Columns:
    """What tables and streams have in common: whoever takes the Arrow PyCapsule interface takes them."""

    _inner: _native.Table | _native.Stream

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in their order."""
        return self._inner.column_names

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: the rows as a stream of batches."""
        return self._inner.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> polars.DataFrame:
        """As a ``polars.DataFrame``, on the same memory but for text, which Polars keeps in its own form.

        :raises ImportError: Polars is not installed.
        """
        frame: polars.DataFrame = needed("polars").DataFrame(self)
        return frame

    def to_arrow(self) -> pyarrow.Table:
        """As a ``pyarrow.Table``, on the same memory.

        :raises ImportError: pyarrow is not installed.
        """
        table: pyarrow.Table = needed("pyarrow").table(self)
        return table

    def to_pandas(self, *, numpy: bool = False) -> pandas.DataFrame:
        """As a ``pandas.DataFrame``.

        Columns are of pandas' Arrow types, on the same memory: cents stay whole numbers where some are blank.

        :param numpy: columns of NumPy's types in their place. These are copies, and whole numbers with blanks become floating point.
        :raises ImportError: pandas or pyarrow is not installed.
        """
        arrow_types = needed("pandas").ArrowDtype
        frame: pandas.DataFrame = self.to_arrow().to_pandas(types_mapper=None if numpy else arrow_types)
        return frame

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """As a relation of DuckDB, which reads the same memory. A variable that holds a table can be named in SQL as well.

        :param connection: the connection that it belongs to; without it DuckDB's own.
        :raises ImportError: DuckDB or pyarrow is not installed.
        """
        place = connection if connection is not None else needed("duckdb")
        relation: duckdb.DuckDBPyRelation = place.from_arrow(self._for_duckdb())
        return relation

    def _for_duckdb(self) -> Any:
        return self.to_arrow()


class Table(_Columns):
    """A table in memory.

    Polars, pandas, DuckDB, pyarrow and whatever else knows the Arrow PyCapsule interface take it without a copy: ``polars.DataFrame(table)``,
    ``pyarrow.table(table)``, ``pandas.DataFrame.from_arrow(table)``; the methods ``to_...`` do that and import what they need.
    ``len(table)`` is its number of rows. Blank cells are null.

    What columns mean, and their units, stands with the table of the same name in the documentation (reference: results of a run). Columns that
    end in ``_cents`` are whole cents.
    """

    def __init__(self, native: _native.Table) -> None:
        self._inner: _native.Table = native

    def __len__(self) -> int:
        return self._inner.num_rows

    def __bool__(self) -> bool:
        return True

    def __arrow_c_schema__(self) -> object:
        """The Arrow PyCapsule interface: names and types of the columns."""
        return self._inner.__arrow_c_schema__()

    def rows(self) -> list[dict[str, Any]]:
        """All rows, a dict of column and value each; blank cells are None.

        :raises ImportError: neither pyarrow nor Polars is installed.
        """
        return self._first(len(self))

    def _first(self, count: int) -> list[dict[str, Any]]:
        try:
            arrow = needed("pyarrow")
        except ImportError as missing:
            try:
                polars = needed("polars")
            except ImportError:
                raise missing from None
            rows: list[dict[str, Any]] = polars.DataFrame(self).head(count).to_dicts()
            return rows
        rows = arrow.table(self).slice(0, count).to_pylist()
        return rows

    def __repr__(self) -> str:
        return f"<acoledger.Table: {_counted(self)}: {', '.join(_some(self.columns, 8))}>"

    def _repr_html_(self) -> str:
        count = _counted(self)
        try:
            rows = self._first(_SHOWN_ROWS)
        except ImportError:
            return f"<p>{html.escape(repr(self))}</p>"
        columns = _some(self.columns, _SHOWN_COLUMNS)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{_cell(row.get(name, '…'))}</td>" for name in columns) + "</tr>" for row in rows
        )
        more = f"<tr><td colspan={len(columns)}>…</td></tr>" if len(self) > _SHOWN_ROWS else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}{more}</tbody></table><p>{count}</p>"


class Stream(_Columns):
    """A table that is read while it is taken, shard after shard: for tables that memory may not hold.

    It can be taken as often as you like; each time the files are read anew. ``polars.scan_parquet`` and DuckDB's ``read_parquet`` on the run
    folder read only the columns that a question needs, where those are few.
    """

    def __init__(self, open: Callable[[], _native.Stream]) -> None:
        self._open = open
        self._inner: _native.Stream = open()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: the rows as a stream of batches."""
        return self._open().__arrow_c_stream__(requested_schema)

    def to_reader(self) -> pyarrow.RecordBatchReader:
        """As a ``pyarrow.RecordBatchReader``: batch by batch.

        :raises ImportError: pyarrow is not installed.
        """
        reader: pyarrow.RecordBatchReader = needed("pyarrow").RecordBatchReader.from_stream(self)
        return reader

    def _for_duckdb(self) -> Any:
        return self.to_reader()

    def __repr__(self) -> str:
        return f"<acoledger.Stream: {', '.join(_some(self.columns, 8))}>"


_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 20


def _counted(table: Table) -> str:
    return f"{len(table):,} rows, {len(table.columns)} columns"


def _some(names: list[str], count: int) -> list[str]:
    return names if len(names) <= count else [*names[:count], "…"]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return html.escape(f"{value:,}" if isinstance(value, float) else str(value))
