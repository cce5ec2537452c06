"""Assignment of the lives of one slice of the lake, for the Polars peer: METHODOLOGY section A (42 CFR 425.400 to 425.404).

What can be primary care is read once, with `life` (the life's number in the slice) for its key. Each performance year then looks up
its own lists and sums over its windows by life and entity. Only lives that some ACO served can be assigned by claims; of the others nothing
but whether a physician served them is asked.
"""
import hashlib
from datetime import date

import polars as pl

from polars_inputs import CAH, CLINIC, CLINIC_CLASS, ETA, FIRST_DAY, LINE, LISTED, PRACTITIONER
from polars_months import eligible_lives, year_counties


def streamed(frame):
    return frame.collect(engine="streaming")


def read_services(inputs, lake, lives):
    """Every service that can be primary care in some performance year (M.A.4, M.A.7), with what its conditions ask for."""
    rules, csv = inputs.rules, inputs.csv
    lists = pl.concat([inputs.codes(py) for py in inputs.years])
    codes = lists["hcpcs"].unique().to_list()
    windows = [window for py in inputs.years for window in inputs.windows(py)]
    first, last = min(window.wide_first_day for window in windows), max(window.last_day for window in windows)
    life = lives.lazy().select("life", "bene_key")
    lines = streamed(
        lake["carrier"]
        .filter(pl.col("last_date").is_between(first, last), pl.col("hcpcs").is_in(codes),
                pl.col("claim_type").is_in([int(code) for code in rules.codes("spend.claim_types.carrier")]),
                pl.col("processing").is_in(rules.codes("spend.accepted.processing")), ~pl.col("denial").is_in(rules.codes("spend.denied.carrier")))
        .join(life, on="bene_key")
        .select("life", "claim_key", "line", "hcpcs", "specialty", "place", provider=pl.lit(LINE, dtype=pl.UInt8), biller="tin",
                from_day=pl.coalesce("first_date", "last_date"), day="last_date", known_on=pl.col("proc_date").fill_null(FIRST_DAY),
                cents="allowed_cents"))
    claims, stays = read_facility(inputs, lake, life)
    revenue = streamed(
        lake["revenue"].filter(pl.col("hcpcs").is_in(codes))
        .join(claims.lazy(), on=["bene_key", "claim_key"])
        .select("life", "claim_key", "line", "hcpcs", "center", "provider", "known_on", "cents", "claim_day", biller="ccn",
                day=pl.coalesce("service_date", "claim_day"), charges=pl.sum_horizontal("paid_cents", "deductible_cents", "coinsurance_cents"),
                npi=pl.coalesce(pl.when(pl.col("provider") == CAH).then(filled("rendering_npi")), pl.when(pl.col("provider") == CAH)
                                .then(filled("claim_npi")), filled("other_npi"), filled("attending_npi"))))
    clinicians = sorted({code for py in inputs.years for code in inputs.specialties(py)["specialty"]})
    counted = lines if inputs.cohort_acos else lines.filter(pl.col("specialty").is_in(clinicians))   # cohorts ask for anybody's services
    services = pl.concat([counted, facility_services(inputs, claims, revenue)], how="diagonal").with_row_index("row")
    services = services.join(during_stay(lists, services, revenue, stays), on="row", how="left")
    return services, beside(lists, services, lines, revenue)


def text(name):
    """As the lake's columns of text are: numbers of one dictionary."""
    return (pl.col(name) if isinstance(name, str) else name).cast(pl.Categorical)


def filled(name):
    return pl.when(pl.col(name) != "").then(pl.col(name))


def read_facility(inputs, lake, life):
    """Claims of clinics, Method II hospitals and teaching-amendment hospitals (M.A.7); stays, for M.A.5.1 and 5.2."""
    rules = inputs.rules
    bill_type = pl.col("facility_type").cast(pl.String) + pl.col("service_class").cast(pl.String)
    clinic = pl.any_horizontal(bill_type.is_in(codes) & pl.col("thru_date").is_between(begins, ends)
                               for begins, ends, codes in rules.dated_codes("assign.clinic.bill_types"))
    provider = (pl.when(bill_type.is_in(rules.codes("assign.cah.bill_types"))).then(CAH)
                .when(bill_type.is_in(rules.codes("assign.eta.bill_types"))).then(ETA).when(clinic).then(CLINIC))
    nursing = [int(code) for code in rules.codes("primary_care.snf.claim_types")]
    inpatient = [int(code) for code in rules.codes("primary_care.inpatient.claim_types")]
    paid = lake["facility"].filter(pl.col("nonpayment") == "")
    claims = (paid.filter(pl.col("claim_type").is_in([int(code) for code in rules.codes("spend.claim_types.outpatient")]),
                          ~pl.col("facility_type").is_in(rules.codes("spend.denied.facility_types")))
              .with_columns(provider=provider.cast(pl.UInt8))
              .filter((pl.col("provider") != ETA) | pl.col("ccn").is_in(inputs.csv["eta_hospital"]["ccn"].to_list()))
              .join(life, on="bene_key")
              .select("life", "bene_key", "claim_key", "provider", "ccn", "other_npi", "attending_npi", claim_npi="rendering_npi",
                      claim_from=pl.coalesce("from_date", "thru_date"), claim_day="thru_date", known_on=pl.col("proc_date").fill_null(FIRST_DAY),
                      cents=pl.sum_horizontal("paid_cents", "deductible_cents", "coinsurance_cents")))
    stays = (paid.filter(pl.col("claim_type").is_in(nursing + inpatient)).join(life, on="bene_key")
             .select("life", nursing_stay=pl.col("claim_type").is_in(nursing), first_day=pl.coalesce("from_date", "thru_date"),
                     last_day="thru_date", stay_known_on=pl.col("proc_date").fill_null(FIRST_DAY)))
    return pl.collect_all([claims, stays], engine="streaming")


def facility_services(inputs, claims, revenue):
    """Lines of hospitals' professionals, priced by fee schedule where the hospital gave up its fees, and whole claims of clinics."""
    rules, csv = inputs.rules, inputs.csv
    date_of = lambda name, default: pl.col(name).str.to_date("%Y-%m-%d").fill_null(default)
    not_listed = [pl.col("hcpcs").is_in(codes) & pl.col("day").is_between(begins, ends)
                  for begins, ends, codes in rules.dated_codes("primary_care.eta.not_listed")]
    lines = revenue.filter(
        (pl.col("provider") == CAH) & pl.col("center").cast(pl.String).str.slice(0, 3).is_in(rules.codes("assign.cah.centers"))
        | (pl.col("provider") == ETA) & ~pl.any_horizontal(not_listed + [pl.lit(False)])).with_row_index("row")
    specialty = (lines.select("row", "npi", "day").join(csv["provider_specialty"].with_columns(text("npi"), text("specialty")), on="npi")
                 .filter(pl.col("day").is_between(date_of("begins_on", FIRST_DAY), date_of("ends_on", date.max)))
                 .group_by("row").agg(pl.col("specialty").sort_by(date_of("begins_on", FIRST_DAY)).last()))
    fees = csv["eta_fee"].select(text("hcpcs"), fee=cents("amount"), year=pl.col("calendar_year").cast(pl.Int32))
    lines = (lines.with_columns(year=pl.col("day").dt.year()).join(specialty, on="row", how="left").join(fees, on=["hcpcs", "year"], how="left")
             .select("life", "claim_key", "line", "hcpcs", "specialty", "provider", "biller", "known_on", "day", from_day="day",
                     place=text(pl.lit("")), cents=pl.when(pl.col("provider") == CAH).then("charges").otherwise(pl.col("fee").fill_null(0))))
    clinics = (claims.filter(pl.col("provider") == CLINIC)
               .select("life", "claim_key", "provider", "known_on", "cents", biller="ccn", day="claim_day", from_day="claim_from",
                       line=pl.lit(0, dtype=pl.Int32), hcpcs=text(pl.lit("")), specialty=text(pl.lit("")), place=text(pl.lit(""))))
    return pl.concat([lines, clinics], how="diagonal")


def cents(name):
    """Dollars of a program file, half away from zero."""
    parts = (pl.col(name).cast(pl.Decimal(18, 4)) * 10_000).cast(pl.Int64)
    return parts.sign() * ((parts.abs() + 50) // 100)


def during_stay(lists, services, revenue, stays):
    """The days on which overlapping stays became known, for the services that a stay can exclude (M.A.5.1, 5.2)."""
    nursing = lists.filter("nursing")["hcpcs"].unique().to_list()
    excludable = lists.filter(pl.col("nursing") | pl.col("not_inpatient"))["hcpcs"].unique().to_list()
    known = lambda nursing: pl.col("stay_known_on").filter(pl.col("nursing_stay") if nursing else ~pl.col("nursing_stay")).min()
    visits = (services.lazy().filter(pl.col("hcpcs").is_in(excludable)).select("row", "life", "from_day", "day").join(stays.lazy(), on="life")
              .filter(pl.col("first_day") <= pl.col("day"), pl.col("last_day") >= pl.col("from_day"))
              .group_by("row").agg(nursing_known_on=known(True), inpatient_known_on=known(False)))
    clinics = (services.lazy().filter(pl.col("provider") == CLINIC).select("row", "life", "claim_key", "day")
               .join(revenue.lazy().filter(pl.col("hcpcs").is_in(nursing)).select("life", "claim_key").unique(), on=["life", "claim_key"])
               .join(stays.lazy().filter("nursing_stay"), on="life").filter(pl.col("day").is_between("first_day", "last_day"))
               .group_by("row").agg(nursing_known_on=pl.col("stay_known_on").min(), inpatient_known_on=pl.lit(None, dtype=pl.Date)))
    return pl.concat([visits, clinics]).collect()


def beside(lists, services, lines, revenue):
    """Other codes beside an add-on on the same claim and day (M.A.5.3): row, hcpcs."""
    prolonged = lists.filter("prolonged")["hcpcs"].unique().to_list()
    addons = services.filter(pl.col("hcpcs").is_in(prolonged)).select("row", "life", "claim_key", "day", "provider")
    keys = ["life", "claim_key", "day"]
    return pl.concat([addons.filter(pl.col("provider") == LINE).join(lines, on=keys).select("row", "hcpcs"),
                      addons.filter(pl.col("provider").is_in([CAH, ETA])).join(revenue, on=keys).select("row", "hcpcs")]).unique()


def dated_services(inputs, py, services, besides):
    """Services of a performance year: whose they are, whether they count (`ok`) or do in windows that touch the emergency."""
    rules, day = inputs.rules, date(py, 1, 1)
    by_stay = rules.value("primary_care.snf.found_by", day) == "stay"
    places, homes = rules.codes("primary_care.snf.places", day), rules.codes("primary_care.home.places", day)
    codes = inputs.codes(py)
    bases = (besides.join(codes.filter(~pl.col("prolonged"), pl.col("listed") | pl.col("emergency") | pl.col("after")), on="hcpcs")
             .group_by("row").agg(base_listed=pl.col("listed").any(), base_emergency=pl.col("emergency").any(), base_after=pl.col("after").any()))
    payable = date.fromisoformat(rules.value("primary_care.emergency.after", day)["through"])
    is_after = pl.col("day").is_between(inputs.emergency[1], payable, closed="right")
    clinic = pl.col("provider") == CLINIC
    hospitals = inputs.csv["eta_hospital"].filter(pl.col("performance_year") == str(py))["ccn"].to_list()
    excluded = pl.col("nursing") if by_stay else pl.lit(False)
    if rules.value("primary_care.snf.clinics", day):
        excluded = excluded | clinic
    kept = [pl.col("only_eta").not_() | (pl.col("provider") == ETA), (pl.col("provider") != ETA) | pl.col("biller").is_in(hospitals)]
    if not by_stay:
        kept.append(~(pl.col("nursing") & pl.col("place").is_in(places)))
    if homes:
        kept.append(~pl.col("home") | pl.col("place").is_in(homes))
    # The claim of a clinic, which has no code.
    claim = pl.DataFrame([{name: "" if name == "hcpcs" else name == "listed" for name in codes.columns}], schema=codes.schema)
    frame = (services.lazy().join(pl.concat([codes, claim]).lazy(), on="hcpcs").filter(kept)
             .join(inputs.specialties(py).lazy(), on="specialty", how="left").join(bases.lazy(), on="row", how="left")
             .with_columns(has_base=~pl.col("prolonged") | (pl.col("base_listed") | pl.col("base_after") & is_after).fill_null(False),
                           counts=pl.col("listed") | pl.col("after") & is_after)
             .with_columns(pl.when(clinic).then(pl.lit(CLINIC_CLASS, dtype=pl.UInt8)).otherwise("class").alias("class"),
                           ok=pl.col("has_base") & pl.col("counts"),
                           ok_in_emergency=((pl.col("has_base") | pl.col("base_emergency").fill_null(False))
                                            & (pl.col("counts") | pl.col("emergency"))),
                           out_from=pl.min_horizontal(pl.when(excluded).then("nursing_known_on"),
                                                      pl.when("not_inpatient").then("inpatient_known_on")))
             .filter("ok_in_emergency"))
    columns = ["life", "day", "known_on", "out_from", "cents", "class", "biller", "aco", "shared", "ok", "ok_in_emergency", "provider"]
    return pl.concat(frame.filter(test).join(inputs.owner_table(py, owners), on="biller", how="left").select(columns) for test, owners in
                     ((pl.col("provider") == LINE, inputs.tin_owner), (pl.col("provider") != LINE, inputs.ccn_owner))).collect()


def in_window(window, wide=False):
    """Whether a service lies in a window, counts there, and was known, with no stay known that excludes it."""
    return (pl.col("day").is_between(window.wide_first_day if wide else window.first_day, window.last_day) & (pl.col("known_on") <= window.known_by)
            & ~(pl.col("out_from") <= window.known_by).fill_null(False) & pl.col(window.wide_ok if wide else window.ok))


def standings(inputs, py, windows, dated):
    """Sums by window, life and entity (M.A.6), practices of two ACOs left out; of lives that an ACO of the window's method served."""
    physician, listed = pl.col("class") != PRACTITIONER, pl.col("class") == LISTED
    counted = dated.lazy().filter(pl.col("class").is_not_null(), ~pl.col("shared").fill_null(False))
    of_method, frames = {}, []
    for method in {window.method for window in windows}:
        acos = [aco for (p, aco), row in inputs.acos.items() if p == py and row["assignment_method"] == method]
        served = counted.filter(pl.col("aco").is_in(acos), physician).select("life").unique()
        of_method[method] = counted.join(served, on="life", how="semi").with_columns(
            entity=pl.coalesce("aco", "biller"), is_aco=pl.col("aco").is_not_null())
    for window in windows:
        own = in_window(window)
        frame = of_method[window.method].filter(in_window(window, wide=True) if window.has_step_3 else own)
        inside = own if window.has_step_3 else pl.lit(True)
        wide = lambda expression: expression if window.has_step_3 else pl.lit(None)
        frames.append(frame.select(
            "life", "entity", "is_aco", window=pl.lit(window.number, dtype=pl.UInt8),
            primary_cents=pl.when(inside & ~listed).then("cents"), primary_on=pl.when(inside & ~listed).then("day"),
            listed_cents=pl.when(inside & listed).then("cents"), listed_on=pl.when(inside & listed).then("day"),
            practitioner=inside & ~physician, physician=inside & physician,
            wide_cents=wide(pl.col("cents")).cast(pl.Int64), wide_physician=wide(physician).cast(pl.Boolean),
            wide_primary_on=wide(pl.when(~listed).then("day")).cast(pl.Date), wide_listed_on=wide(pl.when(listed).then("day")).cast(pl.Date)))
    wide = any(window.has_step_3 for window in windows)
    columns = ["primary_cents", "listed_cents"] + ["wide_cents"] * wide
    days = ["primary_on", "listed_on"] + ["wide_primary_on", "wide_listed_on"] * wide
    flags = ["practitioner", "physician"] + ["wide_physician"] * wide
    frame = streamed(pl.concat(frames).group_by("window", "life", "entity").agg(
        pl.col("is_aco").first(), pl.col(columns).sum(), pl.col(days).max(), pl.col(flags).any()))
    frame = frame.with_columns(pl.col("entity").cast(pl.String))
    return frame if wide else frame.with_columns(wide_cents=pl.lit(0, dtype=pl.Int64), wide_physician=pl.lit(False),
                                                 wide_primary_on=pl.lit(None, dtype=pl.Date), wide_listed_on=pl.lit(None, dtype=pl.Date))


def assignable(windows, dated):
    """Lives served by a physician in a window, at any provider, shared practices included (M.A.8.2): window, life."""
    frames, physician = [], pl.col("class") != PRACTITIONER
    counted = dated.lazy().filter(pl.col("class").is_not_null())
    for window in windows:
        number = pl.lit(window.number, dtype=pl.UInt8).alias("window")
        frames.append(counted.filter(in_window(window), physician).select(number, "life").unique())
        if window.has_step_3:
            wide = counted.filter(in_window(window, wide=True), physician).select("life").unique()
            frames.append(counted.filter(in_window(window), ~physician).select(number, "life").unique().join(wide, on="life", how="semi"))
    return streamed(pl.concat(frames).unique())


def contenders(windows, standing):
    """The step that a life is in, and who takes part in it (M.A.6.1 to 6.4, 6.8)."""
    life = ["window", "life"]
    third = [window.number for window in windows if window.has_step_3]
    primary, listed = pl.col("primary_on").is_not_null(), pl.col("listed_on").is_not_null()
    step = standing.group_by(life).agg((pl.col("is_aco") & pl.col("physician")).any().alias("first"), primary.any().alias("primary"))
    step = step.with_columns(step=pl.when(pl.col("first") & pl.col("primary")).then(1).when("first").then(2)
                             .when(pl.col("window").is_in(third)).then(3)).filter(pl.col("step").is_not_null()).select(*life, "step")
    third = pl.col("step") == 3
    return (standing.join(step, on=life)
            .filter(third | (pl.col("step") == 1) & primary | (pl.col("step") == 2) & listed)
            .select(*life, "entity", "step",
                    cents=pl.when(third).then("wide_cents").when(pl.col("step") == 1).then("primary_cents").otherwise("listed_cents"),
                    primary_on=pl.when(third).then("wide_primary_on").otherwise("primary_on").fill_null(FIRST_DAY),
                    listed_on=pl.when(third).then("wide_listed_on").otherwise("listed_on").fill_null(FIRST_DAY),
                    may_win=pl.col("is_aco") & pl.when(third).then(pl.col("practitioner") & pl.col("wide_physician")).otherwise("physician")))


def winners(inputs, py, windows, contender, lives):
    """The winner among those with the greatest sum: latest primary care, then latest specialist, then the draw (M.A.6.6)."""
    life = ["window", "life"]
    top = contender.join(contender.group_by(life).agg(top_cents=pl.col("cents").max()), on=life).filter(
        pl.col("cents") == pl.col("top_cents"), pl.col("cents") > 0)
    count = top.group_by(life).len()
    single = top.join(count.filter(pl.col("len") == 1), on=life, how="semi").with_columns(tie=pl.lit(None, dtype=pl.String))
    tied = top.join(count.filter(pl.col("len") > 1), on=life, how="semi")
    tied = tied.filter(pl.col("primary_on") == pl.col("primary_on").max().over(life)).with_columns(by_primary=pl.len().over(life))
    tied = tied.filter(pl.col("listed_on") == pl.col("listed_on").max().over(life)).with_columns(by_listed=pl.len().over(life))
    years = {window.number: window.calendar_year for window in windows}
    draw = lambda row: hashlib.sha256(f"{inputs.seed}|{py}|{years[row['window']]}|{row['bene_id']}|{row['entity']}".encode()).hexdigest()[:16]
    rows = tied.join(lives.select("life", "bene_id"), on="life")
    rows = rows.with_columns(lot=pl.Series([draw(row) for row in rows.iter_rows(named=True)], dtype=pl.String))
    rows = rows.sort("lot").unique(life, keep="first", maintain_order=True).with_columns(
        tie=pl.when(pl.col("by_primary") == 1).then(pl.lit("primary")).when(pl.col("by_listed") == 1).then(pl.lit("specialist"))
        .otherwise(pl.lit("random")))
    winner = pl.concat([single, rows.select(single.columns)]).filter("may_win")
    others = contender.join(winner, on=life, how="semi").join(winner, on=[*life, "entity"], how="anti")
    runner_up = (others.sort("cents", "entity", descending=[True, False]).unique(life, keep="first", maintain_order=True)
                 .select(*life, runner_up="entity", runner_up_cents="cents"))
    named = pl.DataFrame([(window.number, window.calendar_year, window.method) for window in windows],
                         schema={"window": pl.UInt8, "calendar_year": pl.Int16, "method": pl.String}, orient="row")
    return (winner.join(runner_up, on=life, how="left").join(named, on="window")
            .select("calendar_year", "method", "life", "step", "runner_up", "runner_up_cents", "tie", aco_id="entity", winner_cents="cents"))


def designations(inputs, py, keys):
    """Designations in force on the cut-off day (M.A.3): the latest made by then, unless it has ended."""
    frames = [pl.DataFrame(schema={"calendar_year": pl.Int16, "aco_id": pl.String, "life": pl.UInt32, "aligned": pl.Boolean, "blocked": pl.Boolean})]
    tins = pl.DataFrame([(biller, acos) for (year, biller), acos in inputs.tin_owner.items() if year == py],
                        schema={"designee_tin": pl.String, "acos": pl.List(pl.String)}, orient="row")
    for year, aco, cutoff in inputs.cutoffs(py):
        latest = (keys["voluntary_alignment"].filter(pl.col("designated_on") <= cutoff).unique("life", keep="last", maintain_order=True)
                  .filter(pl.col("ended_on").is_null() | (pl.col("ended_on") >= cutoff)).join(tins, on="designee_tin", how="left"))
        mine = pl.col("acos").list.contains(aco).fill_null(False)
        frames.append(latest.select(pl.lit(year, dtype=pl.Int16).alias("calendar_year"), pl.lit(aco).alias("aco_id"), "life",
                                    aligned=mine & (pl.col("acos").list.len() == 1), blocked=~mine))
    return pl.concat(frames)


def aligned_elsewhere(inputs, py, keys):
    """Who is out for which ACO: other initiatives (M.A.1.3)."""
    acos = pl.DataFrame([(aco, row["agreement_start"]) for (p, aco), row in inputs.acos.items() if p == py],
                        schema={"aco_id": pl.String, "agreement_start": pl.Date}, orient="row")
    return keys["other_initiative"].join(acos, how="cross").filter(
        (pl.col("calendar_year") == py) | pl.col("decided_on").is_null() | (pl.col("decided_on") < pl.col("agreement_start"))
    ).select("calendar_year", "aco_id", "life").unique()


def listed_lives(inputs, py, windows, winner, keys, years):
    """Lists in their order of precedence (M.A.2.4): voluntary, prospective, retrospective; one row per life and year."""
    own = pl.DataFrame([(aco, row["assignment_method"]) for (p, aco), row in inputs.acos.items() if p == py],
                       schema={"aco_id": pl.String, "method": pl.String}, orient="row")
    designation, elsewhere = designations(inputs, py, keys), aligned_elsewhere(inputs, py, keys)
    keyed = ["calendar_year", "aco_id", "life"]
    claims = (winner.join(own, on=["aco_id", "method"]).join(designation, on=keyed, how="left").filter(~pl.col("blocked").fill_null(False))
              .drop("aligned", "blocked"))
    voluntary = designation.filter("aligned").join(own, on="aco_id").select(*keyed, "method")
    candidates = pl.concat([claims.select("life", "calendar_year", "method"), voluntary.select("life", "calendar_year", "method")])
    candidates = pl.concat([candidates, candidates.with_columns(method=pl.lit("retrospective"))])
    eligible = eligible_lives(years, windows, candidates)
    at_year_end = eligible.filter(pl.col("method") == "retrospective").select("life", "calendar_year")
    fit = lambda frame: (frame.join(eligible, on=["life", "calendar_year", "method"], how="semi")
                         .join(at_year_end, on=["life", "calendar_year"], how="semi").join(elsewhere, on=keyed, how="anti"))
    claims, voluntary = fit(claims), fit(voluntary)
    both = (voluntary.join(claims.drop("method"), on=keyed, how="left")
            .with_columns(basis=pl.when(pl.col("step").is_null()).then(pl.lit("voluntary")).otherwise(pl.lit("both")), precedence=pl.lit(1)))
    claims = claims.with_columns(basis=pl.lit("claims"), precedence=pl.when(pl.col("method") == "prospective").then(2).otherwise(3))
    return (pl.concat([both, claims], how="diagonal_relaxed").sort("precedence").unique(["calendar_year", "life"], keep="first", maintain_order=True))


def continuing(inputs, py, windows, dated, placed):
    """Continuously assigned: there the year before, or served by any participant in the window of the year before (M.A.8.1)."""
    before = placed.select("life", "aco_id", calendar_year=pl.col("calendar_year") + 1)
    frames = [placed.join(before, on=["calendar_year", "life", "aco_id"], how="semi").select("calendar_year", "life")]
    for kind, owners in ((pl.col("provider") == LINE, inputs.tin_owner), (pl.col("provider") != LINE, inputs.ccn_owner)):
        acos = inputs.owner_rows(owners).filter(pl.col("performance_year") == py).select("biller", "aco_id")
        acos = acos.filter(pl.col("aco_id").is_in([aco for p, aco in inputs.cohort_acos if p == py]))
        served = dated.filter(kind).join(acos, on="biller")
        for window in windows:
            mine = [aco for p, aco in inputs.cohort_acos if p == py and inputs.acos[p, aco]["assignment_method"] == window.method]
            seen = served.filter(in_window(window), pl.col("aco_id").is_in(mine)).select("life", "aco_id").unique()
            frames.append(placed.filter(pl.col("calendar_year") == window.calendar_year + 1).join(seen, on=["life", "aco_id"], how="semi")
                          .select("calendar_year", "life"))
    return pl.concat(frames).unique()


def assign(inputs, lake, lives, keys, years):
    """(assignment, population) of one slice: rows of `run/assignment`, with `life`, and assignable lives (M.A.8.2, 8.4)."""
    services, besides = read_services(inputs, lake, lives)
    county, assigned, population = year_counties(years), [], []
    for py in inputs.years:
        windows = inputs.windows(py)
        dated = dated_services(inputs, py, services, besides)
        winner = winners(inputs, py, windows, contenders(windows, standings(inputs, py, windows, dated)), lives)
        placed = listed_lives(inputs, py, windows, winner, keys, years)
        cohorts = [aco for p, aco in inputs.cohort_acos if p == py]
        cohort = pl.lit("all")
        if cohorts:
            stays = continuing(inputs, py, windows, dated, placed).with_columns(stays=pl.lit(True))
            placed = placed.join(stays, on=["calendar_year", "life"], how="left")
            cohort = (pl.when(~pl.col("aco_id").is_in(cohorts)).then(pl.lit("all"))
                      .when("stays").then(pl.lit("continuously")).otherwise(pl.lit("newly")))
        assigned.append(placed.filter(pl.col("calendar_year").is_in(inputs.kept[py])).join(county, on=["life", "calendar_year"], how="left")
                        .join(lives.select("life", "bene_id"), on="life")
                        .select("life", "calendar_year", "bene_id", "aco_id", "basis", "step", "county", "winner_cents", "runner_up",
                                "runner_up_cents", "tie", performance_year=pl.lit(py, dtype=pl.Int16), window="method", cohort=cohort))
        asked = [window for window in windows if inputs.is_population(py, window)]
        population.append(assignable(asked, dated).join(
            pl.DataFrame([(w.number, w.calendar_year, w.method) for w in asked],
                         schema={"window": pl.UInt8, "calendar_year": pl.Int16, "method": pl.String}, orient="row"), on="window")
            .select("life", "calendar_year", "method", performance_year=pl.lit(py, dtype=pl.Int16)))
    return pl.concat(assigned, how="vertical_relaxed"), pl.concat(population)
