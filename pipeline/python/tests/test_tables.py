"""Tables as other libraries take them: values, and where it can be seen, the same memory."""

from __future__ import annotations

import sys
from pathlib import Path

import acoledger
import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest


@pytest.fixture
def run(by_program: Path) -> acoledger.Run:
    return acoledger.open_run(by_program / "run")


def expected(run: acoledger.Run, name: str) -> pyarrow.Table:
    files = sorted((run.folder / name).glob("*.parquet")) or [run.folder / f"{name}.parquet"]
    return pyarrow.concat_tables([pyarrow.parquet.ParquetFile(file).read() for file in files])


NAMES = ["savings_losses", "benchmark", "rates/national", "cells/risk", "person_year", "assignment"]


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_files(run: acoledger.Run, name: str) -> None:
    theirs = expected(run, name)
    assert theirs.num_rows > 0
    table = run[name]
    assert table.columns == theirs.column_names
    assert len(table) == theirs.num_rows
    assert pyarrow.table(table).equals(theirs)
    assert table.to_arrow().equals(theirs)
    assert table.to_polars().equals(polars.from_arrow(theirs))
    assert polars.DataFrame(table).equals(polars.from_arrow(theirs))
    assert pyarrow.Table.from_pandas(table.to_pandas(), preserve_index=False).to_pylist() == theirs.to_pylist()
    pandas.testing.assert_frame_equal(table.to_pandas(numpy=True), theirs.to_pandas())
    pandas.testing.assert_frame_equal(pandas.DataFrame.from_arrow(table), pandas.DataFrame.from_arrow(theirs))
    assert table.to_duckdb().to_arrow_table().to_pylist() == theirs.to_pylist()
    assert table.rows() == theirs.to_pylist()


@pytest.mark.parametrize("name", ["person_year", "assignment", "savings_losses"])
def test_a_stream_is_the_files_one_after_the_other(run: acoledger.Run, name: str) -> None:
    theirs, stream = expected(run, name), run.stream(name)
    batches = list(stream.to_reader())
    assert pyarrow.Table.from_batches(batches).equals(theirs)
    if name == "person_year":
        assert len(batches) >= len(list((run.folder / name).glob("*.parquet")))
    # As often as one likes.
    assert stream.to_arrow().equals(theirs)
    assert stream.to_polars().equals(polars.from_arrow(theirs))
    assert stream.to_duckdb().aggregate("count(*)").fetchall() == [(theirs.num_rows,)]
    assert stream.columns == theirs.column_names


def test_a_stream_reads_no_more_than_it_gives(run: acoledger.Run, tmp_path: Path) -> None:
    """A shard that cannot be read stops the stream where it stands, not before."""
    folder = tmp_path / "run"
    (folder / "person_year").mkdir(parents=True)
    for shard in (0, 1):
        name = f"person_year/shard={shard:03}.parquet"
        (folder / name).write_bytes((run.folder / name).read_bytes())
    (folder / "manifest.json").write_bytes((run.folder / "manifest.json").read_bytes())
    stream = acoledger.open_run(folder).stream("person_year").to_reader()
    assert stream.read_next_batch().num_rows > 0
    (folder / "person_year/shard=001.parquet").write_bytes(b"no Parquet")
    with pytest.raises((OSError, pyarrow.ArrowException), match="shard=001"):
        stream.read_all()


def address(array: pyarrow.Array | pyarrow.ChunkedArray) -> int:
    array = array.chunk(0) if isinstance(array, pyarrow.ChunkedArray) else array
    return int(array.buffers()[1].address)


def test_the_memory_is_the_same(run: acoledger.Run) -> None:
    table = run["person_year"]
    ours = table.to_arrow()
    for column in ("spend_cents", "calendar_year"):
        there = address(ours[column])
        assert address(pyarrow.table(table)[column]) == there
        assert address(table.to_pandas()[column].array.__arrow_array__()) == there
        chunk = table.to_polars()[column].get_chunks()[0]
        assert address(chunk.to_arrow()) == there
    # A second call of the extension reads the files anew: other memory.
    assert address(run["person_year"].to_arrow()["spend_cents"]) != address(ours["spend_cents"])


def test_memory_outlives_the_table(run: acoledger.Run) -> None:
    taken = pyarrow.table(run["savings_losses"])
    frame = run["savings_losses"].to_polars()
    assert taken["ACO_ID"].to_pylist() == frame["ACO_ID"].to_list() == expected(run, "savings_losses")["ACO_ID"].to_pylist()


def test_cents_with_blanks_stay_whole(run: acoledger.Run) -> None:
    table = run["savings_losses"]
    blank = [
        field.name
        for field in table.to_arrow().schema
        if field.type == pyarrow.int64() and 0 < table.to_arrow()[field.name].null_count < len(table)
    ]
    assert blank
    for name in blank:
        assert str(table.to_pandas()[name].dtype) == "int64[pyarrow]"
        assert table.to_pandas()[name].isna().any()
        assert table.to_pandas(numpy=True)[name].dtype == "float64"


def test_a_variable_is_named_in_sql(run: acoledger.Run) -> None:
    losses = run["savings_losses"]
    assert duckdb.sql("select count(*), sum(gross_savings_cents) from losses").fetchall() == [
        (len(losses), sum(row["gross_savings_cents"] for row in losses.rows()))
    ]
    connection = duckdb.connect()
    assert losses.to_duckdb(connection).aggregate("count(*)").fetchall() == [(len(losses),)]


def test_a_requested_schema_is_heard(run: acoledger.Run) -> None:
    table = run["savings_losses"]
    wanted = pyarrow.schema(
        [field.with_type(pyarrow.float64()) if field.name == "N_AB" else field for field in table.to_arrow().schema]
    )
    got = pyarrow.RecordBatchReader.from_stream(table, schema=wanted).read_all()
    assert got["N_AB"].type == pyarrow.float64()
    assert pyarrow.schema(table) == table.to_arrow().schema


def test_the_first_rows_are_shown(run: acoledger.Run) -> None:
    shown = run["benchmark"]._repr_html_()
    assert shown.count("<tr>") == 12 and "…" in shown
    assert f"{len(run['benchmark']):,} rows" in shown
    people = polars.DataFrame(
        {"<b>": ["<script>"], "age": [76], "sex": ["F"], "orec": ["0"], "dual_code": ["NA"], "dx": ["E11.9"]}
    )
    shown = acoledger.score(people, model="v28", year=2026)._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert repr(run["savings_losses"]).startswith("<acoledger.Table: 11 rows, 108 columns: ACO_ID, ")


@pytest.mark.parametrize(
    ("module", "method", "extra"),
    [
        ("polars", "to_polars", "polars"),
        ("pandas", "to_pandas", "pandas"),
        ("pyarrow", "to_arrow", "arrow"),
        ("duckdb", "to_duckdb", "duckdb"),
    ],
)
def test_what_is_not_installed_is_named(
    run: acoledger.Run, monkeypatch: pytest.MonkeyPatch, module: str, method: str, extra: str
) -> None:
    class Gone:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == module:
                raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    table = run["savings_losses"]
    monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [Gone(), *sys.meta_path])
    with pytest.raises(ImportError, match=rf"{module} is not installed\nhint: pip install 'acoledger\[{extra}\]'"):
        getattr(table, method)()
    if module == "pyarrow":
        assert len(table.rows()) == len(table)
