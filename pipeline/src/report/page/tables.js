// The parts of an ACO's page, each from the ACO and, where there is one, the same ACO of the other run.

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
  if (aco.terms.length === 0) return sectionOf(title, missing("This run has no table expected: the terms are not known."));
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
      parts: row.isLevel ? [] : [[row.from, row.to, row.name === "difference" ? (row.perCapita < 0 ? "fall strong" : "rise strong") : kind]],
      marks: (isKnown(row.from) ? [[row.from, "thread"]] : []).concat([[row.to, "thread"]], row.isLevel ? [[row.to, kind]] : []),
      figures: [
        beside(row.perCapita, row.before[0], (value) => sign(grouped(value, 2), value)),
        beside(difference * 100, isKnown(row.before[1]) ? row.before[1] * 100 : null, (value) => sign(millions(value), value), inFull),
      ],
    };
  });
  return sectionOf(title,
    scrolling(title, bars(["Term", el("span", { class: "visually-hidden" }, "Bar"), "$ per person year", "$ million"], drawn, axis)),
    el("p", { class: "aside" }, `The bars are in dollars per person year and their axis runs from ${dollars(axis[0])} to ${dollars(axis[1])}, not from zero. Terms add up to the updated benchmark, each within a unit of its rounding (M.D, M.E).`));
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
    marks: [[to, "thread"], [from, "thread"]],
    parts: from === to ? [] : [[from, to, to < from ? (isSum ? "fall strong" : "fall") : isSum ? "rise strong" : "rise"]],
    figures: [beside(own[name], before[name], (value) => (isSum ? inFull(value) : withSign(inFull(value), value)))],
  }));
  const notes = [
    isKnown(aco.disaster) ? `Losses forgiven for disasters: ${dollars(aco.disaster)}.` : null,
    isKnown(aco.recouped) ? `Advances taken out of the payment: ${dollars(aco.recouped)}.` : null,
  ].filter(Boolean);
  const title = "From the difference to the payment";
  return sectionOf(title, scrolling(title, bars(["Step", el("span", { class: "visually-hidden" }, "Bar"), "Dollars"], drawn, axis)), notes.length ? el("p", null, notes.join(" ")) : null);
}

const yearLabel = (aco, year) => {
  const start = Number(aco.start.split("/").pop());
  const nth = year - start + 4;
  return year === data.years[aco.year].year ? `${year} PY` : nth >= 1 && nth <= 3 ? `${year} BY${nth}` : String(year);
};

// Spending, person years or scores by enrollment type and year: small lines, and the table with all figures.
function byType(aco, other, title, column, show, unit, heading) {
  if (aco.own.length === 0) return sectionOf(title, missing("This run has no table rates/aco_year."));
  const points = (of, type) => aco.own.map(([year]) => {
    const found = of && of.own.find((row) => row[0] === year);
    return { label: String(year), value: found ? found[1][type][column] : null };
  });
  const lines = data.types.map((code, type) => line(TYPES[code], points(aco, type), show, other ? points(other, type) : null));
  const rows = (columnOf, showOf) => data.types.map((code, type) => [TYPES[code], ...aco.own.map(([year, types]) => {
    const there = other && other.own.find((row) => row[0] === year);
    return beside(types[type][columnOf], there ? there[1][type][columnOf] : null, showOf);
  })]);
  const heads = ["Enrollment type", ...aco.own.map(([year]) => yearLabel(aco, year))];
  const tables = heading.map(([words, columnOf, showOf]) => table(heads, rows(columnOf, showOf), { caption: words }));
  return sectionOf(title, el("p", { class: "unit" }, unit), el("div", { class: "smalls" }, lines), el("div", { class: "pair" }, tables.map((of) => scrolling(title, of))));
}

const spendingByType = (aco, other) => byType(aco, other, "Spending by enrollment type", 0, (value) => dollars(value), "Dollars per person year, truncated and completed, not trended (M.B.3.5)", [
  ["Spending per person year, $", 0, (value) => grouped(value, 2)],
  ["Person years", 1, (value) => grouped(value, 2)],
]);

function riskMovement(aco, other) {
  const drawn = byType(aco, other, "Risk", 2, (value) => grouped(value, 3), "HCC scores, renormalised to the nation (M.C.1.3)", [
    ["HCC score", 2, (value) => grouped(value, 4)],
    ["Demographic score", 3, (value) => grouped(value, 4)],
  ]);
  if (aco.risk_cap) {
    const [binds, benchmark, earned] = aco.risk_cap;
    drawn.append(el("p", null, binds
      ? ["The cap on the growth of scores binds: it changes the benchmark by ", cash(benchmark), " and what is paid or owed by ", cash(earned), "."]
      : "The cap on the growth of scores does not bind."));
  }
  return drawn;
}

const WAYS = ["Step 1", "Step 2", "Step 3", "Voluntary", "Both"];

function assignment(aco, other) {
  const title = "Assignment by step";
  if (!data.has_lists) return sectionOf(title, missing("The run starts from rates: who is assigned, and how, is not known to it."));
  if (aco.lists.length === 0) return sectionOf(title, missing("No life is on this ACO's lists."));
  const used = WAYS.map((_, way) => way).filter((way) => aco.lists.some((row) => row[1][way] > 0));
  const most = Math.max(...aco.lists.map(([, ways]) => ways.reduce((sum, lives) => sum + lives, 0)));
  const rows = aco.lists.map(([year, ways]) => {
    let level = 0;
    const there = other && other.lists.find((row) => row[0] === year);
    const parts = used.map((way) => [level, (level += ways[way]), `way-${way}`]).filter(([from, to]) => to > from);
    const sum = (of) => of.reduce((all, lives) => all + lives, 0);
    return { label: yearLabel(aco, year), parts, figures: [...used.map((way) => beside(ways[way], there && there[1][way], grouped)), beside(sum(ways), there && sum(there[1]), grouped)] };
  });
  const heads = used.map((way) => [el("span", { class: `swatch way-${way}` }), " ", WAYS[way]]);
  return sectionOf(title,
    el("p", { class: "unit" }, "Lives on each list. Steps 1 to 3 by claims; voluntary: by designation alone; both: designated where the claims would have led too (M.A)."),
    scrolling(title, bars(["List", el("span", { class: "visually-hidden" }, "Bar"), ...heads.map((head) => el("span", { class: "nowrap" }, head)), "All"], rows, [0, most])));
}

const words = (code) => {
  const text = code.replace(/_/g, " ").replace(/^snf$/, "skilled nursing facility").replace(/^dme$/, "durable medical equipment");
  return text[0].toUpperCase() + text.slice(1);
};

function services(aco, other) {
  const title = "Spending by class of service";
  const year = data.years[aco.year];
  const of = (rows, when) => (rows.find((row) => row[0] === when) || [0, []])[1];
  const [own, nation] = [of(aco.services, year.year), of(year.services, year.year)];
  if (own.length === 0) return sectionOf(title, missing("This run has no table service_categories for the ACO: classes of service are known only to runs that start from claims."));
  const base = Math.max(...aco.services.map((row) => row[0]).filter((when) => when < year.year), 0);
  const earlier = of(aco.services, base);
  const there = other ? of(other.services, year.year) : [];
  const axis = [0, Math.max(...data.services.map((service, at) => (service.additive ? Math.max(own[at] || 0, nation[at] || 0) : 0)))];
  const rows = data.services.map((service, at) => ({ service, at })).filter(({ service }) => service.additive || service.name === "total").map(({ service, at }) => ({
    kind: service.additive ? null : "sum",
    label: words(service.name),
    parts: service.additive ? [[0, own[at] || 0, "rise"]] : [],
    marks: service.additive && isKnown(nation[at]) ? [[nation[at], "nation"]] : [],
    figures: [
      beside(own[at], there[at], (value) => grouped(value, 2)),
      isKnown(nation[at]) ? grouped(nation[at], 2) : NONE,
      isKnown(earlier[at]) && earlier[at] > 0 ? withSign(percent(own[at] / earlier[at] - 1, 1), own[at] - earlier[at]) : NONE,
    ],
  }));
  return sectionOf(title,
    el("p", { class: "unit" }, "Dollars per person year of the performance year, all enrollment types; line: the nation's assignable beneficiaries (M.B.3)"),
    scrolling(title, bars(["Class", el("span", { class: "visually-hidden" }, "Bar"), "ACO, $", "Nation, $", base ? `Since ${base}` : "Since base year"], rows, axis)),
    utilisation(aco, year));
}

const MEASURES = {
  ADM: "Hospital discharges", ADM_S_Trm: "of short-term hospitals", ADM_L_Trm: "of long-term hospitals", ADM_Rehab: "of rehabilitation hospitals", ADM_Psych: "of psychiatric hospitals",
  P_EDV_Vis_outpatient: "Emergency visits", P_CT_VIS: "Days with a CT", P_MRI_VIS: "Days with an MRI", P_EM_Total: "Office visits", P_EM_PCP_Vis: "to primary care physicians",
  P_EM_SP_Vis: "to specialists", P_Nurse_Vis: "to nurse practitioners and the like", P_FQHC_RHC_Vis: "to health centers and rural clinics", P_SNF_ADM: "Skilled nursing stays",
  SNF_LOS: "Days of a skilled nursing stay", SNF_PayperStay: "Dollars of a skilled nursing stay",
};

function utilisation(aco, year) {
  const rows = data.measures.map((name, at) => [[MEASURES[name] ? `${MEASURES[name]} ` : "", el("code", { class: "hash" }, name)], isKnown(aco.utilisation[at]) ? grouped(aco.utilisation[at], 1) : NONE, isKnown(year.utilisation[at]) ? grouped(year.utilisation[at], 1) : NONE]);
  if (aco.utilisation.length === 0) return null;
  return el("details", null, el("summary", null, "Utilisation, per 1,000 person years"), scrolling("Utilisation", table(["Measure, and its name in CMS's results file", "ACO", "Nation"], rows)));
}

function growth(aco) {
  if (aco.growth.length === 0) return null;
  const names = { from: "Last base year", mix: "Mix of enrollment types", geography: "Counties of residence", risk: "Risk", truncation: "Truncation", residual: "What is left: prices, use, care", to: "Performance year" };
  const rows = aco.growth.map(([term, values]) => ({
    kind: term === "from" || term === "to" ? "sum" : null,
    cells: [names[term] || term, ...values.map((value) => (isKnown(value) ? (term === "from" || term === "to" ? grouped(value, 2) : withSign(grouped(value, 2), value)) : NONE))],
  }));
  return sectionOf("What spending growth is made of", el("p", { class: "unit" }, "Dollars per person year, all enrollment types; a dash: not known"), scrolling("Growth", table(["Term", "ACO", "Region", "Nation"], rows)));
}

function residences(aco) {
  if (aco.counties.length === 0) return null;
  const all = aco.counties.reduce((sum, row) => sum + row[1], 0);
  const states = new Map(data.years[aco.year].counties.map(([code, [state]]) => [code, state >= 0 ? data.states[state].name : ""]));
  const rows = aco.counties.map(([code, heads]) => [code || "All other counties", states.get(code) || "", grouped(heads), percent(heads / all, 1)]);
  return sectionOf("Where its people live", scrolling("Counties", table(["County", "State", "Assigned", "Share"], rows, { kind: "numbers second-left" })));
}

function findings(aco) {
  const rows = aco.findings.map(([rule, what]) => el("li", null, what, rule ? ` (M.${rule})` : ""));
  if (aco.imputed) rows.push(el("li", null, `Imputed: ${aco.imputed}`));
  return rows.length ? sectionOf("Findings", el("ul", null, rows)) : null;
}
