"""Months of enrollment of one slice of lives as bit masks, bit 0 for January (M.A.1.1, M.B.2, M.D.1.2), for the Polars peer.

Codes of a year are a string of twelve, and nearly all lives share a handful of such strings: each is decoded once.
"""
from datetime import date

import polars as pl

ALL = (1 << 12) - 1
ESRD, DIS, AGDU, AGND = range(1, 5)
TYPES = {ESRD: "ESRD", DIS: "DIS", AGDU: "AGDU", AGND: "AGND"}


def read_years(inputs, lake, lives):
    """One row per life and year: masks of months that do not begin after death."""
    rules, county = inputs.rules, f"county_{inputs.county_codes}"
    years = (lake["enrollment"].rename({county: "counties"})
             .select("bene_key", pl.col("year").cast(pl.Int16), "birth_date", "death_date", "buyin", "plan", "dual", "status", "counties")
             .join(lives.lazy().select("life", "bene_key"), on="bene_key").drop("bene_key").sort("life", "year").collect(engine="streaming"))
    years = decode(years, "buyin", 1, {"both": rules.codes("enroll.parts.both"), "one": rules.codes("enroll.parts.one")})
    years = decode(years, "plan", 1, {"in_plan": rules.codes("enroll.plan.codes")})
    years = decode(years, "dual", 2, {"dual": rules.codes("enroll.dual.codes")})
    years = decode(years, "status", 2, {"esrd": rules.codes("enroll.esrd.status"), "disabled": rules.codes("enroll.disabled.status")})
    years = years.join(residence(inputs, years), on="counties", how="left", nulls_equal=True)
    life = years.group_by("life").agg(pl.col("birth_date").sort_by("year").drop_nulls().last(), pl.col("death_date").max())
    death, year = pl.col("death_date"), pl.col("year")
    alive = (pl.when(death.is_null() | (death.dt.year() > year)).then(ALL).when(death.dt.year() < year).then(0)
             .otherwise(pl.lit(2, dtype=pl.UInt16).pow(death.dt.month()) - 1).cast(pl.UInt16))
    masks = ["both", "one", "in_plan", "dual", "esrd", "disabled", "present", "inside"]
    years = years.drop("birth_date", "death_date").join(life, on="life").with_columns(alive=alive)
    years = years.with_columns(pl.col(masks) & pl.col("alive")).drop("alive")
    return years.with_columns(eligible=pl.col("both") & ~pl.col("in_plan"))


def decode(years, column, width, tests):
    """Adds for each named list of codes the mask of months whose code is on it."""
    cell = lambda month: pl.col(column).cast(pl.String).str.slice(month * width, width)
    patterns = years.select(column).unique().select(pl.col(column).alias("pattern"), *(
        mask([cell(month).is_in(codes) for month in range(12)]).alias(name) for name, codes in tests.items()))
    return years.rename({column: "pattern"}).join(patterns, on="pattern", how="left", nulls_equal=True).drop("pattern")


def residence(inputs, years):
    """Masks of months whose county is known, and lies inside the country, for each string of counties."""
    codes = inputs.rules.codes(f"enroll.residence.{inputs.county_codes}")
    lengths = {len(code) for code in codes}
    cell = lambda month: pl.col("counties").cast(pl.String).str.slice(month * 5, 5).str.strip_chars(" ")
    inside = lambda month: pl.any_horizontal(cell(month).str.slice(0, length).is_in([code for code in codes if len(code) == length])
                                             for length in lengths)
    return years.select("counties").unique().with_columns(
        present=mask([cell(month) != "" for month in range(12)]), inside=mask([inside(month) for month in range(12)]))


def mask(tests):
    return pl.sum_horizontal(test.fill_null(False).cast(pl.UInt16) * (1 << month) for month, test in enumerate(tests)).cast(pl.UInt16)


def top(name):
    """The last month of a mask; of an empty one, the first."""
    return (15 - pl.col(name).bitwise_leading_zeros().cast(pl.Int16)).clip(0)


def year_counties(years):
    """The county of the last eligible month of each year."""
    county = pl.col("counties").cast(pl.String).str.slice(top("eligible").cast(pl.UInt32) * 5, 5).str.strip_chars(" ")
    return years.filter(pl.col("eligible") > 0).select("life", calendar_year="year", county=pl.when(county == "").then(None).otherwise(county)
                                                       .fill_null("unknown"))


def eligible_lives(years, windows, candidates):
    """Those of `candidates` (life, calendar_year, method) who pass M.A.1.1, 1.2 and 1.4 over the twelve months of a window."""
    spans = []
    for window in windows:
        for year in range(window.first_day.year, window.last_day.year + 1):
            first = window.first_day.month - 1 if year == window.first_day.year else 0
            last = window.last_day.month - 1 if year == window.last_day.year else 11
            spans.append((window.calendar_year, window.method, year, (1 << last + 1) - (1 << first)))
    spans = pl.DataFrame(spans, schema={"calendar_year": pl.Int16, "method": pl.String, "year": pl.Int16, "span": pl.UInt16}, orient="row")
    within = lambda name: (pl.col(name) & pl.col("span")) > 0
    keys = ["life", "calendar_year", "method"]
    return (candidates.select(keys).unique().lazy().join(spans.unique().lazy(), on=["calendar_year", "method"])
            .join(years.lazy(), on=["life", "year"]).with_columns(present=pl.col("present") & pl.col("span"))
            .with_columns(ends_inside=((pl.col("inside").cast(pl.Int32) // pl.lit(2, dtype=pl.Int32).pow(top("present"))) % 2 > 0))
            .group_by(keys).agg(within("both").any(), within("one").any(), within("in_plan").any(), pl.col("death_date").first(),
                                pl.col("ends_inside").filter(pl.col("present") > 0).sort_by(pl.col("year").filter(pl.col("present") > 0)).last())
            .filter(pl.col("both") & ~pl.col("one") & ~pl.col("in_plan") & pl.col("ends_inside").fill_null(False)
                    & (pl.col("death_date").is_null() | (pl.col("death_date").dt.year() >= pl.col("calendar_year"))))
            .select(keys).collect())


def month_types(inputs, years, keys, episodes):
    """Masks of eligible months by enrollment type, the first that fits, for the years of the study, without months in episodes.

    Adds `number`, the row's own, and `types`: the enrollment type of each month in four bits, 0 where none counts.
    """
    years = years.filter(pl.col("year").is_in(inputs.study_years)).join(keys["esrd_month"], on=["life", "year"], how="left")
    years = years.join(episodes.group_by("life", "year").agg(pl.col("bit").bitwise_or().alias("episode")), on=["life", "year"], how="left")
    since = pl.coalesce(pl.when(pl.col("year") == year).then(aged_from(inputs, year)) for year in inputs.study_years)
    young = pl.lit(2, dtype=pl.Int32).pow((since - pl.col("year").cast(pl.Int32) * 12).clip(0, 12)) - 1
    esrd = pl.coalesce("months_mask", "esrd").cast(pl.UInt16)
    disabled = pl.when(pl.col("birth_date").is_null()).then(pl.col("disabled")).otherwise(young).cast(pl.UInt16)
    counted = pl.col("eligible") & ~pl.col("episode").fill_null(0)
    years = years.with_columns(esrd=esrd, disabled=disabled, counted=counted)
    years = years.with_columns(
        pl.col("counted").and_(pl.col("esrd")).alias("ESRD"),
        pl.col("counted").and_(~pl.col("esrd")).and_(pl.col("disabled")).alias("DIS"),
        pl.col("counted").and_(~pl.col("esrd")).and_(~pl.col("disabled")).and_(pl.col("dual")).alias("AGDU"),
        pl.col("counted").and_(~pl.col("esrd")).and_(~pl.col("disabled")).and_(~pl.col("dual")).alias("AGND"))
    spread = pl.sum_horizontal((pl.col(name) // (1 << month) % 2).cast(pl.UInt64) * (number << 4 * month)
                               for number, name in TYPES.items() for month in range(12))
    return years.filter(pl.col("eligible") > 0).with_columns(types=spread).with_row_index("number")


def aged_from(inputs, year):
    """The month, counted from year 0, from which a life is aged: that of the day before the birthday (M.B.2.1)."""
    ages = {inputs.rules.value("enroll.aged.years", date(year, month, 1)) for month in range(1, 13)}
    assert len(ages) == 1, f"one age for all months of {year}"
    born = pl.col("birth_date")
    return born.dt.year() * 12 + born.dt.month().cast(pl.Int32) - 1 + 12 * ages.pop() - (born.dt.day() == 1).cast(pl.Int32)
