"""The person stage by Polars, its streaming engine: assignment, spending, thresholds and cells from the same lake.

Called by peer-compare.py in a process of its own, with POLARS_MAX_THREADS. A slice is some shards of the lake, read lazily with the columns and days
that a step asks for. Seconds are those of the person stage, without rules and program files.
"""
import argparse
import os

import polars as pl

from polars_assign import assign, cents
from polars_inputs import Inputs
from polars_months import read_years
from polars_spend import spend, sum_nation
from study import LAKE, Clock, lake_files, peer_arguments, read_study, slices, write_summary

LIVES = 40_000


def main():
    arguments = peer_arguments(argparse.ArgumentParser())
    study = read_study(arguments.study)
    inputs = Inputs(arguments.program, study)
    clock, pieces, slice_tables = Clock(), slices(study, arguments.slices, LIVES), []
    for shards in pieces:
        with clock.of("assign"):
            lake = {table: pl.scan_parquet(lake_files(study, table, shards), hive_partitioning=table == "enrollment") for table in LAKE}
            lives = lake["bene"].select("bene_key", "bene_id").collect().with_row_index("life")
            keys, years = by_life(inputs, lives), read_years(inputs, lake, lives)
            assignment, population = assign(inputs, lake, lives, keys, years)
        with clock.of("spend"):
            tables = spend(inputs, lake, lives, keys, years, assignment, population) if arguments.job == "spend" else {}
        slice_tables.append({"assignment": assignment.drop("life")} | tables)
    with clock.of("spend"):
        tables = {name: pl.concat([tables[name] for tables in slice_tables], how="vertical_relaxed") for name in slice_tables[0]}
        results = {"assignment": tables.pop("assignment")} | (sum_nation(inputs, tables) if arguments.job == "spend" else {})
    for name, table in results.items():
        table.write_parquet(os.path.join(arguments.out, f"{name}.parquet"))
    write_summary(arguments.out, "Polars", pl.__version__, pl.thread_pool_size(), len(pieces), clock)


def by_life(inputs, lives):
    """Program files of people, by the number of a life of this slice."""
    own = lambda name: inputs.csv[name].join(lives.select("life", "bene_id"), on="bene_id", maintain_order="left")
    day = lambda name: pl.col(name).str.to_date("%Y-%m-%d")
    year = pl.col("calendar_year").cast(pl.Int16)
    payments = own("non_claims_payment").filter(pl.col("final") == "1").join(lives.select("life", "bene_key"), on="life")
    return {
        "esrd_month": own("esrd_month").select("life", year.alias("year"), pl.col("months_mask").cast(pl.UInt16)),
        "lis_adi": own("lis_adi").select("life", year, subsidised=pl.col("lis_months").cast(pl.Int32) > 0),
        "other_initiative": own("other_initiative").select("life", year, day("decided_on")),
        # The latest designation last; of one day, the one further down.
        "voluntary_alignment": own("voluntary_alignment").select("life", day("designated_on"), day("ended_on"), "designee_tin")
        .sort("designated_on", maintain_order=True),
        "non_claims_payment": payments.select("bene_key", year.alias("year"), month=pl.col("month").cast(pl.UInt8) - 1,
                                              spend_cents=cents("amount"), gross_cents=cents("amount")),
    }


if __name__ == "__main__":
    main()
