// The page of one ACO.

function facts(aco, other) {
  const fact = (label, ...value) => el("div", null, el("dt", null, label), el("dd", null, value));
  const compared = (name, show, full, scale = 1) =>
    beside(aco[name] * scale, other && isKnown(other[name]) ? other[name] * scale : null, show, full);
  const by = other ? difference(savingsRate(aco), savingsRate(other), percent) : "";
  const rate = percent(savingsRate(aco)) + (by ? ` (${by})` : "");
  const loss = isKnown(aco.mlr) ? `, minimum loss rate ${percent(aco.mlr)}` : "";
  return el(
    "dl",
    { class: "cards" },
    fact(
      aco.earned < 0 ? "Payment, owed to Medicare" : "Payment",
      el("span", { class: `figure ${standing(aco)}` }, compared("earned", money, inFull)),
      el("span", { class: "aside" }, outcome(aco)),
    ),
    fact(
      "Benchmark minus spending",
      el("span", { class: "figure" }, compared("gross", money, inFull)),
      el("span", { class: "aside" }, rate, ` of the benchmark; minimum savings rate ${percent(aco.msr)}${loss}`),
    ),
    fact(
      "Benchmark",
      el("span", { class: "figure" }, compared("benchmark", money, inFull, 100)),
      el("span", { class: "aside" }, `${dollars(aco.updated)} per person year; historical ${dollars(aco.historical)}`),
    ),
    fact(
      "Spending",
      el("span", { class: "figure" }, compared("spending", money, inFull, 100)),
      el("span", { class: "aside" }, `${grouped(aco.person_years, 2)} person years`),
    ),
    fact(
      "Assigned",
      el("span", { class: "figure" }, compared("assigned", grouped)),
      el("span", { class: "aside" }, `${aco.method.toLowerCase()} assignment`),
    ),
    fact(
      "Adjustment",
      el(
        "span",
        { class: "figure" },
        aco.adjustment === "No Adjustment" ? "None" : aco.adjustment.replace(/ Adjustment$/, ""),
      ),
      el(
        "span",
        { class: "aside" },
        [
          isKnown(aco.regional) ? `regional adjustment ${dollars(aco.regional)}` : null,
          isKnown(aco.prior) ? `prior savings ${dollars(aco.prior)}` : null,
        ]
          .filter(Boolean)
          .join(", ") + " per person year",
      ),
    ),
  );
}

const UNIT_DIGITS = { dollars: 2, "person-years": 2, flag: 0, lives: 0, count: 0, months: 0 };
const inUnit = (unit) => (value) => grouped(value, unit in UNIT_DIGITS ? UNIT_DIGITS[unit] : 6);

// The walk, section by section, enrollment types side by side, with the section of the methodology and its place in the law.
function walk(aco, other) {
  const title = "The walk, step by step";
  const command = el(
    "code",
    null,
    `acoledger explain --aco ${aco.id} --year ${data.years[aco.year].year} --arithmetic RUN`,
  );
  if (aco.walk.length === 0)
    return sectionOf(title, missing("This run has no table benchmark: the steps are not known."));
  const there = new Map(other ? other.walk.map(([kind, year, values]) => [`${kind} ${year}`, values]) : []);
  const parts = data.sections.map((section, number) => {
    const lines = aco.walk.filter(([kind]) => data.kinds[kind].section === number);
    if (lines.length === 0) return null;
    const rows = lines.map(([kind, year, values]) => {
      const of = data.kinds[kind];
      const others = there.get(`${kind} ${year}`) || [];
      const cells = [0, 1, 2, 3, 4].map((at) =>
        isKnown(values[at]) ? beside(values[at], others[at], inUnit(of.unit)) : "",
      );
      return [
        [of.label, year ? ` ${yearLabel(aco, year)}` : "", el("span", { class: "aside" }, of.unit)],
        ...cells,
        el("span", { title: of.citation }, `M.${of.rule}`),
      ];
    });
    const cited = new Map();
    for (const [kind] of lines) {
      const { rule, citation } = data.kinds[kind];
      cited.set(citation, (cited.get(citation) || new Set()).add(`M.${rule}`));
    }
    const citations = [...cited].map(([citation, rules]) => el("li", null, `${[...rules].join(", ")}: ${citation}`));
    return el(
      "details",
      { open: number === data.sections.length - 1 },
      el("summary", null, section),
      scrolling(
        section,
        table(["Value", ...data.types.map((code) => el("abbr", { title: TYPES[code] }, code)), "ACO", "Rule"], rows, {
          kind: "numbers walk",
        }),
      ),
      el("ul", { class: "citations" }, citations),
    );
  });
  return sectionOf(
    title,
    el("p", null, "Every value between the rates and the payment. The arithmetic of each: ", command),
    parts,
  );
}

function otherYears(aco) {
  const rows = data.acos.filter((of) => of.id === aco.id && of.year !== aco.year);
  if (rows.length === 0) return null;
  return el(
    "p",
    null,
    "Also in ",
    rows.map((of, at) => [at ? ", " : "", el("a", { href: linkTo(of) }, data.years[of.year].name)]),
    ".",
  );
}

function neighbours(aco) {
  const rows = sorted(
    shown.acos.filter((of) => list.words.trim() === "" || hasWords(wordsOf(of), list.words.trim())),
    LIST,
    list,
  );
  const at = rows.indexOf(aco);
  const link = (of, words, rel) => (of ? el("a", { href: linkTo(of), rel, title: nameOf(of) }, words) : null);
  return el(
    "nav",
    { class: "path", "aria-label": "ACOs" },
    el("a", { href: "#acos" }, "\u2190 All ACOs"),
    at >= 0 ? el("span", null, link(rows[at - 1], "Previous", "prev"), " ", link(rows[at + 1], "Next", "next")) : null,
  );
}

function drawAco(aco) {
  const other = otherOf(aco);
  const year = data.years[aco.year];
  const about = [
    `${aco.id}, performance year ${year.name}. ${TRACKS[aco.track] || aco.track}`,
    aco.two_sided ? ", two-sided" : ", one-sided",
    `; ${aco.agreement.toLowerCase()} agreement from ${aco.start}, agreement period ${aco.period_number}`,
    `, rulebook 42 CFR ${aco.rulebook}`,
    aco.revenue ? `, ${aco.revenue.toLowerCase()}` : "",
    isKnown(aco.quality) ? `, quality score ${aco.quality}` : "",
    ".",
  ].join("");
  const compared = other
    ? el(
        "p",
        { class: "aside" },
        `Small figures: difference from ${data.other.label}. Where there is none, there is no difference.`,
      )
    : null;
  const absent =
    data.other && !other
      ? missing(`${data.other.label} does not have this ACO in this year: there is nothing to compare with.`)
      : null;
  byId("aco").replaceChildren(
    ...[
      neighbours(aco),
      el("h1", { tabindex: "-1", id: "aco-title" }, nameOf(aco)),
      el("p", { class: "lead" }, about),
      otherYears(aco),
      absent,
      compared,
      facts(aco, other),
      findings(aco),
      wayToBenchmark(aco, other),
      wayToPayment(aco, other),
      spendingByType(aco, other),
      riskMovement(aco, other),
      assignment(aco, other),
      services(aco, other),
      growth(aco),
      residences(aco),
      walk(aco, other),
    ].filter(Boolean),
  );
}
