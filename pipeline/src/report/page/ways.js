// The two ways of an ACO: from the historical benchmark to spending, and from the difference to the payment.

const TERM_LABELS = {
  historical_benchmark: "Historical benchmark, at the mix of the last base year",
  risk: "Risk: scores from the last base year on",
  national_trend: "National trend, with its weight",
  regional_trend: "Regional trend, with its weight",
  acpt: "Prospective trend (ACPT), with its weight",
  mix: "Mix: enrollment types of the performance year",
  guardrail: "Guardrail: the two-way benchmark",
  expected: "Updated benchmark",
  actual: "Spending of the performance year",
  difference: "Benchmark minus spending",
};

const sectionOf = (title, ...children) => el("section", null, el("h2", null, title), children);

function wayToBenchmark(aco, other) {
  const title = "From the historical benchmark to spending";
  if (aco.terms.length === 0)
    return sectionOf(title, missing("This run has no table expected: the terms are not known."));
  const at = (name) => data.terms.indexOf(name);
  const rows = [];
  let level = 0;
  data.terms.forEach((name, index) => {
    const [perCapita, total] = aco.terms[index];
    const before = other && other.terms[index] ? other.terms[index] : [null, null];
    if (["acpt", "guardrail"].includes(name) && perCapita === 0 && total === 0 && !before[0]) return;
    const isLevel = ["historical_benchmark", "expected", "actual"].includes(name);
    const from = isLevel ? null : name === "difference" ? aco.terms[at("actual")][0] : level;
    const to = isLevel ? perCapita : name === "difference" ? aco.terms[at("expected")][0] : level + perCapita;
    if (name !== "difference") level = to;
    rows.push({ name, perCapita, total, before, from, to, isLevel });
  });
  const axis = closeAxis(rows.flatMap((row) => [row.from, row.to]).filter(isKnown));
  const drawn = rows.map((row) => {
    const kind = row.isLevel ? (row.name === "actual" ? "level spent" : "level") : row.perCapita < 0 ? "fall" : "rise";
    const sign = (text, number) => (row.isLevel ? text : withSign(text, number));
    const difference = row.name === "difference" ? aco.gross / 100 : row.total;
    return {
      kind: row.isLevel || row.name === "difference" ? "sum" : null,
      label: TERM_LABELS[row.name],
      parts: row.isLevel
        ? []
        : [[row.from, row.to, row.name === "difference" ? (row.perCapita < 0 ? "fall strong" : "rise strong") : kind]],
      marks: (isKnown(row.from) ? [[row.from, "thread"]] : []).concat(
        [[row.to, "thread"]],
        row.isLevel ? [[row.to, kind]] : [],
      ),
      figures: [
        beside(row.perCapita, row.before[0], (value) => sign(grouped(value, 2), value)),
        beside(
          difference * 100,
          isKnown(row.before[1]) ? row.before[1] * 100 : null,
          (value) => sign(millions(value), value),
          inFull,
        ),
      ],
    };
  });
  return sectionOf(
    title,
    scrolling(
      title,
      bars(["Term", el("span", { class: "visually-hidden" }, "Bar"), "$ per person year", "$ million"], drawn, axis),
    ),
    el(
      "p",
      { class: "aside" },
      `The bars are in dollars per person year and their axis runs from ${dollars(axis[0])} to ${dollars(axis[1])}, not from zero. Terms add up to the updated benchmark, each within a unit of its rounding (M.D, M.E).`,
    ),
  );
}

function wayToPayment(aco, other) {
  const steps = (of) => {
    const shared = of.outcome === "savings" || of.outcome === "losses" ? Math.round(of.gross * of.final_rate) : 0;
    return { gross: of.gross, kept: shared - of.gross, rest: of.earned - shared, earned: of.earned };
  };
  const [own, before] = [steps(aco), other ? steps(other) : {}];
  const isShared = aco.outcome === "savings" || aco.outcome === "losses";
  const why = isShared
    ? `Medicare's part: the rate shared is ${percent(aco.final_rate)}`
    : `Nothing is shared: ${OUTCOMES[aco.outcome] || aco.outcome}`;
  const rows = [
    ["Benchmark minus spending", "gross", 0, own.gross, true],
    [why, "kept", own.gross, own.gross + own.kept, false],
    ["Sequestration, limits, disasters, terminations", "rest", own.gross + own.kept, own.earned, false],
    [own.earned < 0 ? "Owed" : "Paid, before advances are recouped", "earned", 0, own.earned, true],
  ].filter(([, name]) => name !== "rest" || own.rest !== 0 || before.rest);
  const all = rows.flatMap((row) => [row[2], row[3], 0]);
  const axis = [Math.min(...all), Math.max(...all)];
  if (axis[0] === axis[1]) axis[1] = 1;
  const drawn = rows.map(([label, name, from, to, isSum]) => ({
    kind: isSum ? "sum" : null,
    label,
    marks: [
      [to, "thread"],
      [from, "thread"],
    ],
    parts:
      from === to ? [] : [[from, to, to < from ? (isSum ? "fall strong" : "fall") : isSum ? "rise strong" : "rise"]],
    figures: [beside(own[name], before[name], (value) => (isSum ? inFull(value) : withSign(inFull(value), value)))],
  }));
  const notes = [
    isKnown(aco.disaster) ? `Losses forgiven for disasters: ${dollars(aco.disaster)}.` : null,
    isKnown(aco.recouped) ? `Advances taken out of the payment: ${dollars(aco.recouped)}.` : null,
  ].filter(Boolean);
  const title = "From the difference to the payment";
  return sectionOf(
    title,
    scrolling(title, bars(["Step", el("span", { class: "visually-hidden" }, "Bar"), "Dollars"], drawn, axis)),
    notes.length ? el("p", null, notes.join(" ")) : null,
  );
}
