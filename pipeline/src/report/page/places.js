// States as tiles, counties as a table.

const counties = { column: "years", falling: true, words: "" };
const MOST_COUNTIES = 200;

const COUNTIES = [
  { id: "code", head: "County", value: (place) => place.code, show: (place) => place.code },
  { id: "state", head: "State", value: (place) => place.state, show: (place) => place.state, left: true },
  {
    id: "years",
    head: "Assignable person years",
    value: (place) => place.years,
    show: (place) => grouped(place.years, 1),
    falling: true,
  },
  {
    id: "spending",
    head: "Spending per person year, $",
    value: (place) => place.spending,
    show: (place) => (isKnown(place.spending) ? grouped(place.spending) : NONE),
    falling: true,
  },
  {
    id: "heads",
    head: "On ACOs' lists",
    value: (place) => place.heads,
    show: (place) => grouped(place.heads),
    falling: true,
  },
  { id: "acos", head: "ACOs", value: (place) => place.acos, show: (place) => grouped(place.acos), falling: true },
];

// Five shades of equal width between the least and the most.
function shadeOf(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const shade = (value) => (high > low ? Math.min(4, Math.floor(((value - low) / (high - low)) * 5)) : 2);
  return { shade, low, high };
}

function drawTiles() {
  const year = data.years[shown.year];
  const rows = year.states.filter((row) => row[0] >= 0);
  const known = rows.filter((row) => isKnown(row[2]));
  if (known.length === 0) {
    byId("tiles").replaceChildren(missing("No spending of counties in this year."));
    return;
  }
  const { shade, low, high } = shadeOf(known.map((row) => row[2]));
  const tiles = el("ul", { class: "tiles", "aria-label": "States" });
  data.states.forEach((state, number) => {
    const row = rows.find((of) => of[0] === number);
    const value = row && isKnown(row[2]) ? row[2] : null;
    const words = row
      ? `${state.name}: ${value === null ? "spending not known" : dollars(value) + " per person year"}, ${grouped(row[1], 1)} assignable person years, ${grouped(row[3])} on the lists of ${grouped(row[4])} ACOs`
      : `${state.name}: no county in this run`;
    const inside = [
      el("abbr", { title: state.name }, state.code),
      value === null ? null : el("span", null, dollars(value)),
    ];
    const tile = el(
      "li",
      { class: value === null ? "tile empty" : `tile shade-${shade(value)}`, title: words },
      row
        ? el("button", { type: "button", "aria-label": words, onclick: () => findCounties(state.name) }, inside)
        : inside,
    );
    tile.style.gridColumn = String(state.tile[0] + 1);
    tile.style.gridRow = String(state.tile[1] + 1);
    tiles.append(tile);
  });
  const step = (high - low) / 5;
  const key = [0, 1, 2, 3, 4].map((at) =>
    el(
      "li",
      null,
      el("span", { class: `swatch shade-${at}` }),
      `${dollars(low + step * at)} to ${dollars(low + step * (at + 1))}`,
    ),
  );
  const outside = year.counties.filter((row) => row[1][0] < 0).length;
  const notes = [
    "Truncated, completed spending of assignable beneficiaries per person year, not risk-adjusted, all enrollment types. Each state one tile, about where it lies.",
    year.codes_assumed
      ? " County codes are read as FIPS codes; name the study file in place of the run folder where they are SSA codes."
      : ` County codes are ${year.county_codes} codes.`,
    outside === 1
      ? " One county belongs to no state here and stands in the table alone."
      : outside
        ? ` ${grouped(outside)} counties belong to no state here and stand in the table alone.`
        : "",
  ];
  byId("tiles").replaceChildren(
    el(
      "figure",
      null,
      el(
        "figcaption",
        null,
        `Spending by state, ${year.name}`,
        el("span", { class: "unit" }, "dollars per person year"),
      ),
      high > low ? el("ul", { class: "key" }, key) : null,
      el("div", { class: "scroll" }, tiles),
      el("p", { class: "aside" }, notes),
    ),
  );
}

function drawCounties(focus) {
  const place = byId("counties");
  const year = data.years[shown.year];
  const all = year.counties.map(([code, [state, years, spending, heads, acos]]) => ({
    code,
    state: state < 0 ? "" : data.states[state].name,
    years,
    spending,
    heads,
    acos,
  }));
  const words = counties.words.trim();
  const found = all.filter((of) => words === "" || hasWords(`${of.code} ${of.state}`.toLocaleLowerCase("en"), words));
  const rows = sorted(found, COUNTIES, counties);
  place.replaceChildren(sortable(COUNTIES, rows.slice(0, MOST_COUNTIES), counties, drawCounties));
  const more = rows.length > MOST_COUNTIES ? `; the first ${MOST_COUNTIES} are shown` : "";
  byId("county-found").textContent = `${grouped(found.length)} of ${grouped(all.length)} counties${more}`;
  if (focus) place.querySelector(`[data-column="${focus}"]`).focus();
}

function findCounties(words) {
  counties.words = words;
  byId("county-search").value = words;
  drawCounties();
  byId("county-search").focus();
}

function drawPlaces() {
  if (!byId("tiles")) return;
  drawTiles();
  drawCounties();
}
