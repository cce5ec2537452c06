"""What is asked of Spark's DataFrames, in calls that classic Spark and Spark Connect both know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from acoledger import _native

from . import _tasks
from ._errors import ClusterError, of_task

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# Spark's names of types whose cells the ingest reads.
_READ = {
    "string", "byte", "short", "integer", "long", "float", "double", "decimal", "boolean",
    "date", "timestamp", "timestamp_ntz", "binary", "void", "char", "varchar",
}  # fmt: skip
_OF_IDS = {"string", "char", "varchar", "byte", "short", "integer", "long"}
_OF_AMOUNTS = {"string", "char", "varchar", "byte", "short", "integer", "long", "float", "double", "decimal", "void"}
_CLAIM = ("clm_id", "claimno")
_LINE = ("line_num", "linenum", "clm_line_num")


def rows_of(frame: DataFrame) -> list[dict[str, Any]]:
    """A small result, by the columns' names. What a task of ours raised is raised as it was."""
    try:
        if hasattr(frame, "toArrow"):
            return frame.toArrow().to_pylist()
        # Before Spark 4.0, where bytes come as something that can be changed.
        rows = [row.asDict() for row in frame.collect()]
        return [{name: bytes(of) if isinstance(of, bytearray) else of for name, of in row.items()} for row in rows]
    except Exception as error:
        ours = of_task(error)
        if ours is not None:
            raise ours from error
        raise


def each_shard(spark: SparkSession, end: int, begin: int = 0) -> DataFrame:
    """One row and one partition for each shard."""
    return spark.range(begin, end, 1, end - begin)


def column(name: str) -> Column:
    """By its exact name, whatever characters it has."""
    from pyspark.sql import functions as F

    return F.col("`" + name.replace("`", "``") + "`")


def first_of(names: tuple[str, ...], columns: list[str]) -> str | None:
    """The first column that goes by one of these names."""
    return next((name for name in columns if name.strip().lower() in names), None)


def judged(study: str, tables: Mapping[str, DataFrame]) -> dict[str, str]:
    """The column of identifiers of each raw table. Whatever can be seen from names and types is an error here, before any work."""
    wanted = _native.raw_tables(study)
    missing = [name for name in wanted if name not in tables]
    if missing:
        hint = "each raw table is given; where there are no such rows, a DataFrame without rows"
        raise ClusterError(f"no DataFrame of {', '.join(missing)}", hint)
    unknown = [name for name in tables if name not in wanted]
    if unknown:
        raise ClusterError(f"not a raw table: {', '.join(unknown)}", f"one of: {', '.join(wanted)}")
    ids = {}
    for table, frame in tables.items():
        fields = [field for field in frame.schema.fields if field.name not in (_tasks.KEY, _tasks.SHARD)]
        names = [field.name.lower() for field in fields]
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ClusterError(f"several columns `{double[0]}`", "names of columns differ, in any case", file=table)
        for field in fields:
            kind = field.dataType.typeName()
            if kind not in _READ:
                raise ClusterError(
                    f"column `{field.name}`: cells of type {field.dataType.simpleString()} are not read",
                    "select the columns of research files: texts, numbers, dates",
                    file=table,
                )
        ids[table] = _native.id_column(table, [field.name for field in fields])
        of_ids = next(field.dataType for field in fields if field.name == ids[table])
        whole = of_ids.typeName() == "decimal" and getattr(of_ids, "scale", 1) == 0
        if of_ids.typeName() not in _OF_IDS and not whole:
            raise ClusterError(
                f"column `{ids[table]}`: identifiers of type {of_ids.simpleString()}",
                "they are texts or whole numbers: others have no one way to be written, by which lives are told apart",
                file=table,
            )
        paid = _native.payment_column(table, [field.name for field in fields])
        of_paid = next((field.dataType for field in fields if field.name == paid), None)
        if of_paid is not None and of_paid.typeName() not in _OF_AMOUNTS:
            hint = "they are numbers, or texts of such"
            raise ClusterError(f"column `{paid}`: payments of type {of_paid.simpleString()}", hint, file=table)
    return ids


def keyed(table: str, frame: DataFrame, id_name: str, shards: int) -> DataFrame:
    """All columns, and beside them key and shard of the row's life."""
    from pyspark.sql import functions as F

    def as_read(name: str, kind: str) -> Column:
        # The time of day is never read; which day it is, the session's time zone says.
        return column(name).cast("date").alias(name) if kind.startswith("timestamp") else column(name)

    taken = [field.name for field in frame.schema.fields if field.name in (_tasks.KEY, _tasks.SHARD)]
    if taken:
        raise ClusterError(f"a column is called `{taken[0]}`", "rename it: rows get one of this name", file=table)
    columns = [as_read(field.name, field.dataType.typeName()) for field in frame.schema.fields]
    with_key = frame.select(*columns, _key()(column(id_name).cast("string")).alias(_tasks.KEY))
    top = shards.bit_length() - 1
    unsigned = column(_tasks.KEY).bitwiseXOR(F.lit(-(1 << 63)))
    shard = F.shiftrightunsigned(unsigned, 64 - top).cast("int") if top else F.lit(0)
    return with_key.withColumn(_tasks.SHARD, shard)


def _key() -> Callable[[Column], Column]:
    """Only identifiers go to Python for it, not rows."""
    import pyarrow as pa

    try:
        from pyspark.sql.functions import arrow_udf
    except ImportError:  # before Spark 4.1
        import pandas as pd
        from pyspark.sql.functions import pandas_udf

        def of_series(ids):  # type: ignore[no-untyped-def]
            return pd.Series(_tasks.sortable_keys(pa.Array.from_pandas(ids, type=pa.string())).to_numpy())

        of_series.__annotations__ = {"ids": pd.Series, "return": pd.Series}
        return pandas_udf(of_series, "long")

    def of_array(ids):  # type: ignore[no-untyped-def]
        return _tasks.sortable_keys(ids)

    of_array.__annotations__ = {"ids": pa.Array, "return": pa.Array}
    return arrow_udf(of_array, "long")


def arranged(frame: DataFrame, shards: int) -> DataFrame:
    """A shard in one partition, sorted by life, claim and line."""
    if hasattr(frame, "repartitionById"):  # since Spark 4.1: a partition for each shard
        parted = frame.repartitionById(shards, column(_tasks.SHARD))
    else:
        parted = frame.repartition(shards, column(_tasks.SHARD))
    order = [first_of(names, frame.columns) for names in (_CLAIM, _LINE)]
    return parted.sortWithinPartitions(column(_tasks.KEY), *(column(name) for name in order if name))


def counted(tables: Mapping[str, DataFrame], ids: Mapping[str, str]) -> tuple[dict[str, dict[str, int]], int]:
    """Rows, cents and lives of each table at its source, and lives of all: what Spark counts itself, without Rust."""
    from pyspark.sql import functions as F

    whole = None
    for table, frame in tables.items():
        life = F.btrim(F.coalesce(column(ids[table]).cast("string"), F.lit("")), F.lit(" \t\r\n"))
        row = frame.select(F.lit(table).alias("of"), life.alias("life"), _cents(table, frame).alias("cents"))
        whole = row if whole is None else whole.unionAll(row)
    assert whole is not None
    by_life = whole.groupBy("of", "life").agg(F.count(F.lit(1)).alias("rows"), F.sum("cents").alias("cents"))
    known = F.when(F.col("life") != "", 1).otherwise(0)
    sums = by_life.groupBy("of").agg(F.sum("rows").alias("rows"), F.sum("cents").alias("cents"), F.count(F.lit(1)).alias("lives"))
    lives = by_life.groupBy("life").agg(F.max(known).alias("known")).agg(
        F.lit("").alias("of"), F.count(F.lit(1)).alias("rows"), F.lit(0).cast("long").alias("cents"), F.sum("known").alias("lives")
    )
    found = {row["of"]: row for row in rows_of(sums.unionAll(lives))}
    of_all = found.pop("")
    none = {"rows": 0, "cents": 0, "lives": 0}
    return {table: {name: int(found.get(table, none)[name] or 0) for name in none} for table in tables}, int(of_all["lives"] or 0)


def _cents(table: str, frame: DataFrame) -> Column:
    """The row's payment in cents; 0 where there is none or it cannot be read, as an ingest counts it."""
    from pyspark.sql import functions as F

    name = _native.payment_column(table, frame.columns)
    if name is None:
        return F.lit(0).cast("long")
    quoted = "`" + name.replace("`", "``") + "`"
    kind = next(field.dataType.typeName() for field in frame.schema.fields if field.name == name)
    if kind in ("byte", "short", "integer", "long"):
        cents = f"cast({quoted} as bigint) * 100"
    elif kind in ("float", "double"):
        cents = f"try_cast(round(cast({quoted} as double) * 100) as bigint)"
    elif kind == "decimal":
        cents = f"try_cast(round({quoted} * 100) as bigint)"
    else:
        cents = f"try_cast(round(try_cast(translate(trim(cast({quoted} as string)), '$,', '') as decimal(28, 6)) * 100) as bigint)"
    return F.expr(f"coalesce({cents}, cast(0 as bigint))")
