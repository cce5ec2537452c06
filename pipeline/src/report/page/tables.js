// The parts of an ACO's page, each from the ACO and, where there is one, the same ACO of the other run.

const yearLabel = (aco, year) => {
  const start = Number(aco.start.split("/").pop());
  const nth = year - start + 4;
  return year === data.years[aco.year].year ? `${year} PY` : nth >= 1 && nth <= 3 ? `${year} BY${nth}` : String(year);
};

// Spending, person years or scores by enrollment type and year: small lines, and the table with all figures.
function byType(aco, other, title, column, show, unit, heading) {
  if (aco.own.length === 0) return sectionOf(title, missing("This run has no table rates/aco_year."));
  const points = (of, type) =>
    aco.own.map(([year]) => {
      const found = of && of.own.find((row) => row[0] === year);
      return { label: String(year), value: found ? found[1][type][column] : null };
    });
  const lines = data.types.map((code, type) =>
    line(TYPES[code], points(aco, type), show, other ? points(other, type) : null),
  );
  const rows = (columnOf, showOf) =>
    data.types.map((code, type) => [
      TYPES[code],
      ...aco.own.map(([year, types]) => {
        const there = other && other.own.find((row) => row[0] === year);
        return beside(types[type][columnOf], there ? there[1][type][columnOf] : null, showOf);
      }),
    ]);
  const heads = ["Enrollment type", ...aco.own.map(([year]) => yearLabel(aco, year))];
  const tables = heading.map(([words, columnOf, showOf]) => table(heads, rows(columnOf, showOf), { caption: words }));
  return sectionOf(
    title,
    el("p", { class: "unit" }, unit),
    el("div", { class: "smalls" }, lines),
    el(
      "div",
      { class: "pair" },
      tables.map((of) => scrolling(title, of)),
    ),
  );
}

const spendingByType = (aco, other) =>
  byType(
    aco,
    other,
    "Spending by enrollment type",
    0,
    (value) => dollars(value),
    "Dollars per person year, truncated and completed, not trended (M.B.3.5)",
    [
      ["Spending per person year, $", 0, (value) => grouped(value, 2)],
      ["Person years", 1, (value) => grouped(value, 2)],
    ],
  );

function riskMovement(aco, other) {
  const drawn = byType(
    aco,
    other,
    "Risk",
    2,
    (value) => grouped(value, 3),
    "HCC scores, renormalised to the nation (M.C.1.3)",
    [
      ["HCC score", 2, (value) => grouped(value, 4)],
      ["Demographic score", 3, (value) => grouped(value, 4)],
    ],
  );
  if (aco.risk_cap) {
    const [binds, benchmark, earned] = aco.risk_cap;
    drawn.append(
      el(
        "p",
        null,
        binds
          ? [
              "The cap on the growth of scores binds: it changes the benchmark by ",
              cash(benchmark),
              " and what is paid or owed by ",
              cash(earned),
              ".",
            ]
          : "The cap on the growth of scores does not bind.",
      ),
    );
  }
  return drawn;
}

const WAYS = ["Step 1", "Step 2", "Step 3", "Voluntary", "Both"];

function assignment(aco, other) {
  const title = "Assignment by step";
  if (!data.has_lists)
    return sectionOf(title, missing("The run starts from rates: who is assigned, and how, is not known to it."));
  if (aco.lists.length === 0) return sectionOf(title, missing("No life is on this ACO's lists."));
  const used = WAYS.map((_, way) => way).filter((way) => aco.lists.some((row) => row[1][way] > 0));
  const most = Math.max(...aco.lists.map(([, ways]) => ways.reduce((sum, lives) => sum + lives, 0)));
  const rows = aco.lists.map(([year, ways]) => {
    let level = 0;
    const there = other && other.lists.find((row) => row[0] === year);
    const parts = used.map((way) => [level, (level += ways[way]), `way-${way}`]).filter(([from, to]) => to > from);
    const sum = (of) => of.reduce((all, lives) => all + lives, 0);
    return {
      label: yearLabel(aco, year),
      parts,
      figures: [
        ...used.map((way) => beside(ways[way], there && there[1][way], grouped)),
        beside(sum(ways), there && sum(there[1]), grouped),
      ],
    };
  });
  const heads = used.map((way) => [el("span", { class: `swatch way-${way}` }), " ", WAYS[way]]);
  return sectionOf(
    title,
    el(
      "p",
      { class: "unit" },
      "Lives on each list. Steps 1 to 3 by claims; voluntary: by designation alone; both: designated where the claims would have led too (M.A).",
    ),
    scrolling(
      title,
      bars(
        [
          "List",
          el("span", { class: "visually-hidden" }, "Bar"),
          ...heads.map((head) => el("span", { class: "nowrap" }, head)),
          "All",
        ],
        rows,
        [0, most],
      ),
    ),
  );
}

const words = (code) => {
  const text = code
    .replace(/_/g, " ")
    .replace(/^snf$/, "skilled nursing facility")
    .replace(/^dme$/, "durable medical equipment");
  return text[0].toUpperCase() + text.slice(1);
};

function services(aco, other) {
  const title = "Spending by class of service";
  const year = data.years[aco.year];
  const of = (rows, when) => (rows.find((row) => row[0] === when) || [0, []])[1];
  const [own, nation] = [of(aco.services, year.year), of(year.services, year.year)];
  if (own.length === 0)
    return sectionOf(
      title,
      missing(
        "This run has no table service_categories for the ACO: classes of service are known only to runs that start from claims.",
      ),
    );
  const base = Math.max(...aco.services.map((row) => row[0]).filter((when) => when < year.year), 0);
  const earlier = of(aco.services, base);
  const there = other ? of(other.services, year.year) : [];
  const axis = [
    0,
    Math.max(...data.services.map((service, at) => (service.additive ? Math.max(own[at] || 0, nation[at] || 0) : 0))),
  ];
  const rows = data.services
    .map((service, at) => ({ service, at }))
    .filter(({ service }) => service.additive || service.name === "total")
    .map(({ service, at }) => ({
      kind: service.additive ? null : "sum",
      label: words(service.name),
      parts: service.additive ? [[0, own[at] || 0, "rise"]] : [],
      marks: service.additive && isKnown(nation[at]) ? [[nation[at], "nation"]] : [],
      figures: [
        beside(own[at], there[at], (value) => grouped(value, 2)),
        isKnown(nation[at]) ? grouped(nation[at], 2) : NONE,
        isKnown(earlier[at]) && earlier[at] > 0
          ? withSign(percent(own[at] / earlier[at] - 1, 1), own[at] - earlier[at])
          : NONE,
      ],
    }));
  return sectionOf(
    title,
    el(
      "p",
      { class: "unit" },
      "Dollars per person year of the performance year, all enrollment types; line: the nation's assignable beneficiaries (M.B.3)",
    ),
    scrolling(
      title,
      bars(
        [
          "Class",
          el("span", { class: "visually-hidden" }, "Bar"),
          "ACO, $",
          "Nation, $",
          base ? `Since ${base}` : "Since base year",
        ],
        rows,
        axis,
      ),
    ),
    utilisation(aco, year),
  );
}

const MEASURES = {
  ADM: "Hospital discharges",
  ADM_S_Trm: "of short-term hospitals",
  ADM_L_Trm: "of long-term hospitals",
  ADM_Rehab: "of rehabilitation hospitals",
  ADM_Psych: "of psychiatric hospitals",
  P_EDV_Vis_outpatient: "Emergency visits",
  P_CT_VIS: "Days with a CT",
  P_MRI_VIS: "Days with an MRI",
  P_EM_Total: "Office visits",
  P_EM_PCP_Vis: "to primary care physicians",
  P_EM_SP_Vis: "to specialists",
  P_Nurse_Vis: "to nurse practitioners and the like",
  P_FQHC_RHC_Vis: "to health centers and rural clinics",
  P_SNF_ADM: "Skilled nursing stays",
  SNF_LOS: "Days of a skilled nursing stay",
  SNF_PayperStay: "Dollars of a skilled nursing stay",
};

function utilisation(aco, year) {
  const rows = data.measures.map((name, at) => [
    [MEASURES[name] ? `${MEASURES[name]} ` : "", el("code", { class: "hash" }, name)],
    isKnown(aco.utilisation[at]) ? grouped(aco.utilisation[at], 1) : NONE,
    isKnown(year.utilisation[at]) ? grouped(year.utilisation[at], 1) : NONE,
  ]);
  if (aco.utilisation.length === 0) return null;
  return el(
    "details",
    null,
    el("summary", null, "Utilisation, per 1,000 person years"),
    scrolling("Utilisation", table(["Measure, and its name in CMS's results file", "ACO", "Nation"], rows)),
  );
}

function growth(aco) {
  if (aco.growth.length === 0) return null;
  const names = {
    from: "Last base year",
    mix: "Mix of enrollment types",
    geography: "Counties of residence",
    risk: "Risk",
    truncation: "Truncation",
    residual: "What is left: prices, use, care",
    to: "Performance year",
  };
  const rows = aco.growth.map(([term, values]) => ({
    kind: term === "from" || term === "to" ? "sum" : null,
    cells: [
      names[term] || term,
      ...values.map((value) =>
        isKnown(value)
          ? term === "from" || term === "to"
            ? grouped(value, 2)
            : withSign(grouped(value, 2), value)
          : NONE,
      ),
    ],
  }));
  return sectionOf(
    "What spending growth is made of",
    el("p", { class: "unit" }, "Dollars per person year, all enrollment types; a dash: not known"),
    scrolling("Growth", table(["Term", "ACO", "Region", "Nation"], rows)),
  );
}

function residences(aco) {
  if (aco.counties.length === 0) return null;
  const all = aco.counties.reduce((sum, row) => sum + row[1], 0);
  const states = new Map(
    data.years[aco.year].counties.map(([code, [state]]) => [code, state >= 0 ? data.states[state].name : ""]),
  );
  const rows = aco.counties.map(([code, heads]) => [
    code || "All other counties",
    states.get(code) || "",
    grouped(heads),
    percent(heads / all, 1),
  ]);
  return sectionOf(
    "Where its people live",
    scrolling("Counties", table(["County", "State", "Assigned", "Share"], rows, { kind: "numbers second-left" })),
  );
}

function findings(aco) {
  const rows = aco.findings.map(([rule, what]) => el("li", null, what, rule ? ` (M.${rule})` : ""));
  if (aco.imputed) rows.push(el("li", null, `Imputed: ${aco.imputed}`));
  return rows.length ? sectionOf("Findings", el("ul", null, rows)) : null;
}
