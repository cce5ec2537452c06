"""Spending, populations, thresholds and cells for the Polars peer: METHODOLOGY sections B.1 to B.3, B.4.1, B.4.2, B.5 and D.1.2.

A payment is joined with its life and year, whose `types` say the enrollment type of each month; sums are then by life-year and type.
"""
from datetime import date

import polars as pl

from polars_assign import cents, streamed
from polars_inputs import LAST_DAY
from polars_months import TYPES, month_types, year_counties

KINDS = ["inpatient", "snf", "outpatient", "home_health", "hospice"]
CLASSES = ["inpatient_long_term", "inpatient_rehabilitation", "inpatient_psychiatric", "inpatient_other"]
OF_FACILITIES = [kind for kind in KINDS if kind != "inpatient"] + CLASSES   # what a facility's payment is


def payment_days(inputs, years):
    """Each day of these years: its month, what sequestration took off (M.B.1.3), by when a payment must have been processed (M.B.5.1)."""
    days = pl.DataFrame({"day": pl.date_range(date(min(years), 1, 1), date(max(years), 12, 31), eager=True)})
    rates = inputs.rules.values["spend.sequestration.rate"]
    withheld = pl.coalesce(pl.when(pl.col("day").is_between(begins, ends or LAST_DAY, closed="left")).then(round(rate * 10_000))
                           for begins, ends, rate in rates)
    known_by = pl.coalesce(pl.when(pl.col("day").dt.year() == year).then(pl.lit(inputs.known_by(year))) for year in years)
    return days.filter(pl.col("day").dt.year().is_in(years)).with_columns(
        year=pl.col("day").dt.year().cast(pl.Int16), month=pl.col("day").dt.month().cast(pl.UInt8) - 1, known_by=known_by,
        withheld=2 * withheld.cast(pl.Int64), left=10_000 - withheld.cast(pl.Int64)).with_columns(
        twice=2 * pl.col("left"), sixteen=pl.lit(16, dtype=pl.UInt64).pow(pl.col("month")))


def spent():
    """What was paid and, half away from zero, what sequestration took off it."""
    paid = pl.col("paid_cents")
    return paid + paid.sign() * ((paid.abs() * pl.col("withheld") + pl.col("left")) // pl.col("twice"))


def claim_types(inputs, kinds):
    return [int(code) for kind in kinds for code in inputs.rules.codes(f"spend.claim_types.{kind}")]


def line_payments(inputs, lake, days, more=()):
    """Lines of carriers and DME that are not denied, known in time, and not of the suspect services (M.B.1, M.B.4.2)."""
    rules, lines = inputs.rules, []
    first, last = days["day"].min(), days["day"].max()
    types = {begins: [int(code) for code in codes] for begins, _, codes in rules.dated_codes("spend.suspect.claim_types")}
    suspect = [pl.col("hcpcs").is_in(codes) & pl.col("last_date").is_between(begins, ends) & pl.col("claim_type").is_in(types.get(begins, []))
               for begins, ends, codes in rules.dated_codes("spend.suspect.codes") if codes and begins <= last and first <= ends]
    ambulance = pl.col("hcpcs").is_in(rules.codes("spend.category.ambulance")) & pl.col("claim_type").is_in(claim_types(inputs, ["carrier"]))
    for table in ("carrier", "dme"):
        lines.append(
            lake[table]
            .filter(pl.col("last_date").is_between(first, last), pl.col("claim_type").is_in(claim_types(inputs, ["carrier", "dme"])),
                    ~pl.col("denial").is_in(rules.codes("spend.denied.carrier")),
                    pl.col("processing").is_in(rules.codes("spend.accepted.processing")), ~pl.any_horizontal(suspect + [pl.lit(False)]), *more)
            .join(days.lazy(), left_on="last_date", right_on="day").filter((pl.col("proc_date") <= pl.col("known_by")).fill_null(True))
            .with_columns(gross_cents="paid_cents", spend_cents=spent(), ambulance=ambulance,
                          is_dme=pl.col("claim_type").is_in(claim_types(inputs, ["dme"]))))
    return lines


def facility_payments(inputs, lake, days, more=()):
    """Claims of facilities that are not denied and known in time, without education and uncompensated care (M.B.1)."""
    rules = inputs.rules
    number = OF_FACILITIES.index
    kind = pl.coalesce(pl.when(pl.col("claim_type").is_in(claim_types(inputs, [name]))).then(number(name)) for name in KINDS if name != "inpatient")
    hospital = lambda entry, part: part.is_in(rules.codes(f"spend.category.hospitals.{entry}"))
    last_four, third = pl.col("ccn").cast(pl.String).str.slice(-4), pl.col("ccn").cast(pl.String).str.slice(2, 1)
    hospital_class = (pl.when(hospital("rehabilitation_units", third) | hospital("rehabilitation", last_four)).then(number("inpatient_rehabilitation"))
                      .when(hospital("psychiatric_units", third) | hospital("psychiatric", last_four)).then(number("inpatient_psychiatric"))
                      .when(hospital("long_term", last_four)).then(number("inpatient_long_term"))
                      .otherwise(number("inpatient_other")))
    inpatient = pl.col("claim_type").is_in(claim_types(inputs, ["inpatient"]))
    removed = pl.sum_horizontal("ime_operating_cents", "ime_capital_cents", "dsh_operating_cents", "dsh_capital_cents", "uncompensated_cents")
    whole = pl.col("ccn").cast(pl.String).str.slice(0, 2).is_in(rules.codes("spend.inpatient.whole"))
    return (lake["facility"]
            .filter(pl.col("thru_date").is_between(days["day"].min(), days["day"].max()), pl.col("nonpayment") == "",
                    pl.col("claim_type").is_in(claim_types(inputs, KINDS)), *more,
                    ~(pl.col("claim_type").is_in(claim_types(inputs, ["outpatient", "home_health"]))
                      & pl.col("facility_type").is_in(rules.codes("spend.denied.facility_types"))))
            .join(days.lazy(), left_on="thru_date", right_on="day").filter((pl.col("proc_date") <= pl.col("known_by")).fill_null(True))
            .with_columns(
                what=pl.when(inpatient).then(hospital_class).otherwise(kind).cast(pl.UInt8), gross_cents="paid_cents",
                spend_cents=spent() - pl.when(inpatient & ~whole).then(removed).otherwise(0)))


def read_reductions(inputs, lake):
    """Population-based-payment reductions, by the claim's number in the lake: claim_key, reduced_line, cents."""
    csv = inputs.csv["claim_reduction"]
    if csv.is_empty():
        return None
    named = [lake[table].filter(pl.col("claim_id").is_in(csv["claim_id"].to_list())).select("claim_id", "claim_key").unique()
             for table in ("carrier", "dme", "facility")]
    named = streamed(pl.concat(named).unique())
    reductions = (csv.join(named, on="claim_id", how="left")
                  .select(pl.coalesce("claim_key", pl.col("claim_id").cast(pl.Int64, strict=False)).alias("claim_key"),
                          reduced_line=pl.col("line").cast(pl.Int32), cents=cents("amount")).drop_nulls("claim_key"))
    return reductions.group_by("claim_key", "reduced_line").agg(pl.col("cents").sum())


def reduced_payments(inputs, lake, days, reductions):
    """What was reduced, as payments of their own; a claim's own reduction goes to its first line that counts (M.B.1.2)."""
    own = pl.col("claim_key").is_in(reductions["claim_key"].unique().to_list())
    facility = (facility_payments(inputs, lake, days, [own])
                .join(reductions.group_by("claim_key").agg(pl.col("cents").sum()).lazy(), on="claim_key")
                .with_columns(gross_cents="cents", spend_cents="cents"))
    lines = []
    for payments in line_payments(inputs, lake, days, [own]):
        lines.append(payments.with_columns(first=pl.col("line") == pl.col("line").min().over("bene_key", "claim_key"))
                     .join(reductions.lazy(), on="claim_key")
                     .filter((pl.col("reduced_line") == pl.col("line")) | pl.col("reduced_line").is_null() & pl.col("first"))
                     .with_columns(gross_cents="cents", spend_cents="cents"))
    return lines, facility


def episodes(inputs, lake, lives):
    """Months that acute stays for COVID-19 take out (M.B.4.1): life, year, bit of the month, bene_key."""
    rules = inputs.rules
    days = payment_days(inputs, sorted({*inputs.study_years, *(year - 1 for year in inputs.study_years)}))
    first, last = (date.fromisoformat(day) for day in rules.value("spend.covid.emergency", days["day"].min()))
    admitted, discharged = pl.coalesce("admission_date", "from_date", "thru_date"), pl.coalesce("discharge_date", "thru_date")
    whole = pl.col("ccn").cast(pl.String).str.slice(0, 2).is_in(rules.codes("spend.inpatient.whole"))
    numbered = lambda key: pl.col("ccn").cast(pl.String).str.slice(-4).is_in(rules.codes(f"spend.covid.{key}"))
    prospective, other = numbered("prospective_payment"), numbered("other_acute")
    diagnosed = pl.any_horizontal([discharged.is_between(begins, ends) & pl.any_horizontal(
        (pl.lit(" ") + pl.col("diagnoses").cast(pl.String) + pl.lit(" ")).str.contains(f" {code} ", literal=True) for code in codes)
        for begins, ends, codes in rules.dated_codes("spend.covid.diagnoses")] + [pl.lit(False)])
    stays = (lake["facility"]
             .filter(pl.col("claim_type").is_in(claim_types(inputs, ["inpatient"])), pl.col("nonpayment") == "",
                     pl.col("thru_date").is_between(days["day"].min(), days["day"].max()), discharged >= first)
             .filter(prospective | other, pl.when(prospective & ~whole).then(discharged).otherwise(admitted).is_between(first, last), diagnosed)
             .join(days.lazy(), left_on="thru_date", right_on="day").filter((pl.col("proc_date") <= pl.col("known_by")).fill_null(True))
             .select("bene_key", admitted=admitted, discharged=discharged)).collect(engine="streaming")
    after = pl.coalesce(pl.when(pl.col("discharged").is_between(begins, ends or LAST_DAY, closed="left")).then(months)
                        for begins, ends, months in rules.values["spend.covid.months_after"])
    index = lambda name: pl.col(name).dt.year() * 12 + pl.col(name).dt.month().cast(pl.Int32) - 1
    months = stays.select("bene_key", month=pl.int_ranges(index("admitted"), index("discharged") + 1 + after)).explode("month").unique()
    return months.join(lives.select("life", "bene_key"), on="bene_key").select(
        "life", "bene_key", year=(pl.col("month") // 12).cast(pl.Int16), month=(pl.col("month") % 12).cast(pl.UInt8)).with_columns(
        bit=pl.lit(2, dtype=pl.UInt16).pow(pl.col("month")))


def person_years(inputs, lake, keys, lives, typed, county, days, reductions):
    """One row per life, year and enrollment type: months, and cents by kind."""
    life_years = typed.join(lives.select("life", "bene_key"), on="life").select("bene_key", "year", "number", "types").lazy()

    month_type, packed = pl.col("types") // pl.col("sixteen") % 16, pl.col("packed")

    def by_type(payments, *sums, what=pl.lit(0, dtype=pl.UInt8)):
        """Sums by life-year, type and `what`, which are one number while they are counted."""
        key = pl.col("number").cast(pl.UInt64) * 64 + month_type * 8 + what
        return (payments.join(life_years, on=["bene_key", "year"]).select(key.alias("packed"), "spend_cents", "gross_cents", *sums)
                .group_by("packed").agg(pl.exclude("packed").sum())
                .select((packed // 64).cast(pl.UInt32).alias("number"), (packed // 8 % 8).cast(pl.UInt8).alias("type"), (packed % 8).alias("what"),
                        pl.exclude("packed")))

    spend = pl.col("spend_cents")
    of_lines = [pl.when("is_dme").then(spend).otherwise(0).alias("dme_cents"), pl.when("ambulance").then(spend).otherwise(0).alias("ambulance_cents")]
    lines, facility = line_payments(inputs, lake, days), [facility_payments(inputs, lake, days)]
    if reductions is not None:
        more_lines, more_facility = reduced_payments(inputs, lake, days, reductions)
        lines, facility = lines + more_lines, facility + [more_facility]
    frames = [by_type(payments, *of_lines).with_columns(carrier_cents=spend - pl.col("dme_cents")) for payments in lines]
    frames += [by_type(payments, what=pl.col("what")).with_columns(
        pl.when(pl.col("what") == number).then(spend).alias(f"{name}_cents") for number, name in enumerate(OF_FACILITIES)) for payments in facility]
    months = payment_days(inputs, inputs.study_years).unique(["year", "month"]).select("year", "month", "sixteen").lazy()
    frames.append(by_type(keys["non_claims_payment"].lazy().join(months, on=["year", "month"]), spend.alias("non_claims_cents")))
    sums = pl.concat(pl.collect_all(frames, engine="streaming"), how="diagonal_relaxed").filter(pl.col("type") > 0)
    sums = sums.group_by("number", "type").agg(pl.exclude("what").sum())
    sums = sums.with_columns(inpatient_cents=pl.sum_horizontal(f"{name}_cents" for name in CLASSES))
    enrolled = pl.concat(
        typed.filter(pl.col(name) > 0).select("number", "life", "year", type=pl.lit(number, dtype=pl.UInt8), enrollment_type=pl.lit(name),
                                              months_mask=name, months=pl.col(name).bitwise_count_ones().cast(pl.Int64),
                                              dual_months=(pl.col(name) & pl.col("dual")).bitwise_count_ones().cast(pl.Int64))
        for number, name in TYPES.items())
    cents_of = [f"{name}_cents" for name in ["spend", "gross", *KINDS, "carrier", "dme", "non_claims", *CLASSES, "ambulance"]]
    return (enrolled.join(sums, on=["number", "type"], how="left").rename({"year": "calendar_year"})
            .join(county, on=["life", "calendar_year"], how="left").join(lives.select("life", "bene_id"), on="life")
            .select("life", "bene_id", "calendar_year", "enrollment_type", "months_mask", "months", "dual_months", "county",
                    pl.col(cents_of).fill_null(0)))


def revenues(inputs, lake, days, episode, reductions):
    """What participants were paid for any life in the performance year, outside episodes (M.B.5)."""
    days = days.filter(pl.col("year").is_in(inputs.years))
    tins, ccns = (inputs.owner_rows(owners).rename({"performance_year": "year"}) for owners in (inputs.tin_owner, inputs.ccn_owner))
    lines, facility = line_payments(inputs, lake, days, [pl.col("tin").is_in(tins["biller"].unique().to_list())]), [
        facility_payments(inputs, lake, days, [pl.col("ccn").is_in(ccns["biller"].unique().to_list())])]
    if reductions is not None:
        more_lines, more_facility = reduced_payments(inputs, lake, days, reductions)
        lines, facility = lines + more_lines, facility + [more_facility]
    paid = lambda payments, biller, owners: (
        payments.select("bene_key", "year", "month", "gross_cents", biller=biller).join(owners.lazy(), on=["biller", "year"])
        .join(episode.lazy().select("bene_key", "year", "month"), on=["bene_key", "year", "month"], how="anti")
        .group_by("aco_id", performance_year="year").agg(paid_cents=pl.col("gross_cents").sum()))
    return pl.concat(pl.collect_all([paid(payments, "tin", tins) for payments in lines] + [paid(payments, "ccn", ccns) for payments in facility],
                                    engine="streaming"))


def spend(inputs, lake, lives, keys, years, assignment, population):
    """What the nation is summed from, of one slice: its tables by name."""
    days, reductions = payment_days(inputs, inputs.study_years), read_reductions(inputs, lake)
    episode = episodes(inputs, lake, lives)
    typed = month_types(inputs, years, keys, episode)
    person_year = person_years(inputs, lake, keys, lives, typed, year_counties(years), days, reductions)
    dual = typed.select("life", calendar_year="year", dual=(pl.col("eligible") & pl.col("dual")) > 0)
    heads = (assignment.select("performance_year", "calendar_year", "life", "aco_id", "basis", "cohort", "county")
             .join(dual, on=["life", "calendar_year"], how="left").join(keys["lis_adi"], on=["life", "calendar_year"], how="left")
             .with_columns(pl.col("dual", "subsidised").fill_null(False)))
    own = pl.DataFrame(inputs.own_years, orient="row", schema={
        "performance_year": pl.Int16, "period": pl.String, "aco_id": pl.String, "calendar_year": pl.Int16})
    heads = heads.join(own, on=["performance_year", "aco_id", "calendar_year"])
    of_year = person_year.select("life", "calendar_year", "enrollment_type", "months", "dual_months", "spend_cents", "gross_cents", "county")
    return {"person_year": person_year.drop("life"), "heads": heads.drop("life"), "earned": revenues(inputs, lake, days, episode, reductions),
            "populated": population.join(of_year, on=["life", "calendar_year"]).drop("life", "dual_months", "gross_cents"),
            "assigned": heads.drop("county").join(of_year, on=["life", "calendar_year"]).drop("life", "basis", "dual", "subsidised")}


def sum_nation(inputs, tables):
    """Thresholds and cells of all slices."""
    populated, heads, year_type = tables.pop("populated"), tables["heads"], ["performance_year", "calendar_year", "enrollment_type"]
    threshold = thresholds(inputs, populated)
    cut = threshold.drop("population").lazy()
    over = (12 * pl.col("spend_cents") > pl.col("threshold_cents") * pl.col("months")).fill_null(False)
    under = (12 * pl.col("spend_cents") < -pl.col("threshold_cents") * pl.col("months")).fill_null(False)
    common = [pl.len().alias("lives"), pl.col("months").sum(), pl.col("spend_cents").filter(~over & ~under).sum().alias("below_cents"),
              pl.col("months").filter(over).sum().alias("months_over"),
              pl.col("months").filter(under).sum().alias("months_under"), pl.col("spend_cents").sum()]
    population_county = (populated.lazy().join(cut, on=year_type, how="left").group_by(*year_type, "county", window="method").agg(common)
                         .with_columns(population=pl.lit("assignable")))
    period = ["performance_year", "period", "aco_id", "calendar_year"]
    assigned_county = (tables["assigned"].lazy().join(cut, on=year_type, how="left").group_by(*period, "cohort", "county", "enrollment_type")
                       .agg(*common, pl.col("dual_months", "gross_cents").sum()))
    basis = lambda name: (pl.col("basis") == name).sum()
    aco_heads = heads.lazy().group_by(period).agg(
        head_count=pl.len(), dual_heads=pl.col("dual").sum(), lis_or_dual_heads=(pl.col("dual") | pl.col("subsidised")).sum(),
        voluntary_only=basis("voluntary"), claims_only=basis("claims"), both=basis("both"))
    county_heads = heads.lazy().group_by(*period, "county").agg(head_count=pl.len())
    revenue = (tables["earned"].lazy().group_by("performance_year", "aco_id").agg(pl.col("paid_cents").sum())
               .with_columns(calendar_year="performance_year"))
    names = ["population_county", "assigned_county", "aco_heads", "aco_county_heads", "revenue"]
    return {"person_year": tables["person_year"], "threshold": threshold} | dict(
        zip(names, pl.collect_all([population_county, assigned_county, aco_heads, county_heads, revenue])))


def thresholds(inputs, populated):
    """Nearest rank: the first life with the percentile of all lives at or below it, half-up to the cent (M.B.3.3)."""
    keys = ["performance_year", "calendar_year", "enrollment_type"]
    percentile = lambda py: round(inputs.rules.value("cells.truncation.percentile", date(py, 1, 1)) * 10_000)
    share = pl.coalesce(pl.when(pl.col("performance_year") == py).then(percentile(py)) for py in inputs.years)
    # Exact: 27720 is a multiple of every number of months.
    ranked = populated.lazy().filter(pl.col("method") == "retrospective").with_columns(
        yearly=pl.col("spend_cents") * (27_720 // pl.col("months")), share=share)
    place = (pl.len().cast(pl.Int64) * pl.col("share").first() + 9_999) // 10_000 - 1
    at = lambda name: pl.col(name).sort_by("yearly").get(place)
    return (ranked.group_by(keys).agg(months=at("months"), spend_cents=at("spend_cents"))
            .select(*keys, population=pl.lit("assignable"),
                    threshold_cents=(24 * pl.col("spend_cents") + pl.col("months")) // (2 * pl.col("months"))).collect())
