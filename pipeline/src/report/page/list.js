// The table of all ACOs: found by words, sorted by a column.

const LIST = [
  { id: "id", head: "ACO", value: (aco) => aco.id, show: (aco) => el("a", { href: linkTo(aco) }, aco.id) },
  { id: "name", head: "Name", value: (aco) => aco.name.toLocaleLowerCase("en"), show: (aco) => aco.name, left: true },
  {
    id: "track",
    head: "Track",
    value: (aco) => Object.keys(TRACKS).indexOf(aco.track),
    show: (aco) => TRACKS[aco.track] || aco.track,
    left: true,
  },
  {
    id: "assigned",
    head: "Assigned",
    value: (aco) => aco.assigned,
    show: (aco, other) => beside(aco.assigned, other && other.assigned, grouped),
    falling: true,
  },
  {
    id: "benchmark",
    head: "Benchmark, $ million",
    value: (aco) => aco.benchmark,
    show: (aco, other) => beside(aco.benchmark * 100, other && other.benchmark * 100, millions, inFull),
    falling: true,
  },
  {
    id: "spending",
    head: "Spending, $ million",
    value: (aco) => aco.spending,
    show: (aco, other) => beside(aco.spending * 100, other && other.spending * 100, millions, inFull),
    falling: true,
  },
  {
    id: "rate",
    head: "Savings rate",
    value: savingsRate,
    show: (aco, other) => beside(savingsRate(aco), other && savingsRate(other), percent),
    falling: true,
  },
  { id: "msr", head: "Minimum rate", value: (aco) => aco.msr, show: (aco) => percent(aco.msr), falling: true },
  {
    id: "outcome",
    head: "Outcome",
    value: (aco) => OUTCOMES[aco.outcome] || aco.outcome,
    show: (aco) => outcome(aco),
    left: true,
  },
  {
    id: "earned",
    head: "Paid or owed, $ million",
    value: (aco) => aco.earned,
    show: (aco, other) => beside(aco.earned, other && other.earned, millions, inFull),
    falling: true,
  },
];
if (data.other) {
  const change = (aco) => (otherOf(aco) ? aco.earned - otherOf(aco).earned : null);
  LIST.push({
    id: "change",
    head: `Against ${data.other.label}, $`,
    value: change,
    show: (aco) => (change(aco) === null ? "only here" : withSign(inFull(change(aco)), change(aco))),
    falling: true,
  });
}

const outcome = (aco) => el("span", { class: `outcome ${standing(aco)}` }, OUTCOMES[aco.outcome] || aco.outcome);

const list = { column: "earned", falling: true, words: "" };

function compare(a, b) {
  if (!isKnown(a) || !isKnown(b)) return isKnown(a) ? -1 : isKnown(b) ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function sorted(rows, columns, state) {
  const column = columns.find((of) => of.id === state.column) || columns[0];
  const sign = state.falling ? -1 : 1;
  const known = (row) => isKnown(column.value(row));
  return rows.slice().sort((a, b) => {
    if (known(a) !== known(b)) return known(a) ? -1 : 1;
    return sign * compare(column.value(a), column.value(b)) || compare(columns[0].value(a), columns[0].value(b));
  });
}

const hasWords = (text, words) =>
  words
    .toLocaleLowerCase("en")
    .split(/\s+/)
    .every((word) => text.includes(word));
const wordsOf = (aco) =>
  [
    aco.id,
    aco.name,
    TRACKS[aco.track],
    aco.track,
    OUTCOMES[aco.outcome],
    aco.method,
    aco.two_sided ? "two-sided" : "one-sided",
  ]
    .join(" ")
    .toLocaleLowerCase("en");

// A table whose columns sort: `state` remembers by which, `again` draws anew.
function sortable(columns, rows, state, again, kind) {
  const heads = columns.map((column) => {
    const isIt = column.id === state.column;
    const press = () => {
      Object.assign(
        state,
        isIt ? { falling: !state.falling } : { column: column.id, falling: Boolean(column.falling) },
      );
      again(column.id);
    };
    const button = el(
      "button",
      { type: "button", "data-column": column.id, onclick: press },
      column.head,
      el("span", { class: "arrow", "aria-hidden": "true" }, isIt ? (state.falling ? "\u25be" : "\u25b4") : "\u25b8"),
    );
    return el(
      "th",
      {
        scope: "col",
        class: column.left || column === columns[0] ? "left" : null,
        "aria-sort": isIt ? (state.falling ? "descending" : "ascending") : "none",
      },
      button,
    );
  });
  const body = rows.map((row) => {
    const other = row.id !== undefined && shown.others.get(row.id);
    return el(
      "tr",
      null,
      columns.map((column, at) => {
        const cell = column.show(row, other || null);
        return at === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: column.left ? "left" : null }, cell);
      }),
    );
  });
  return el(
    "table",
    { class: `numbers sortable ${kind || ""}` },
    el("thead", null, el("tr", null, heads)),
    el("tbody", null, body),
  );
}

// Draws the list; the button that was pressed keeps the focus.
function drawList(focus) {
  const found = shown.acos.filter((aco) => list.words.trim() === "" || hasWords(wordsOf(aco), list.words.trim()));
  byId("list").replaceChildren(sortable(LIST, sorted(found, LIST, list), list, drawList));
  byId("found").textContent =
    found.length === shown.acos.length
      ? `${grouped(found.length)} ACOs`
      : `${grouped(found.length)} of ${grouped(shown.acos.length)} ACOs`;
  if (focus) byId("list").querySelector(`[data-column="${focus}"]`).focus();
}
