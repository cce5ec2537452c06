// Every ACO as a dot: size and savings rate, and between which rates nothing is paid.

const DOT_SHAPES = {
  savings: (x, y) => svg("circle", { cx: x, cy: y, r: 3.6 }),
  losses: (x, y) => svg("path", { d: `M${x - 4},${y - 3.4}h8l-4,7.4z` }),
  within: (x, y) => svg("rect", { x: x - 3, y: y - 3, width: 6, height: 6 }),
};

function scatter(acos) {
  if (acos.length === 0) return missing("No ACO in this year.");
  const [width, height, left, right, top, bottom] = [760, 420, 56, 744, 34, 376];
  const size = (aco) => Math.log10(Math.max(aco.assigned, 1));
  const rates = acos.map((aco) => savingsRate(aco) * 100);
  const ends = [Math.min(...rates, -4), Math.max(...rates, 4)];
  const [low, high] = [ends[0] - 0.6, ends[1] + 0.6];
  const sizes = acos.map(size);
  const [small, large] = [Math.min(...sizes) - 0.05, Math.max(...sizes) + 0.05];
  const x = (aco) => left + ((size(aco) - small) / (large - small)) * (right - left);
  const y = (rate) => bottom - ((rate - low) / (high - low)) * (bottom - top);
  const drawn = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "scatter",
    role: "group",
    "aria-label": "ACOs by size and savings rate; the table of ACOs holds each figure",
  });
  const step = [1, 2, 5, 10, 20, 50].find((by) => (high - low) / by <= 9) || 100;
  for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) {
    drawn.append(
      svg("line", { x1: left, x2: right, y1: y(mark), y2: y(mark), class: mark === 0 ? "axis-line" : "rule" }),
    );
    drawn.append(
      svg(
        "text",
        { x: left - 8, y: y(mark) + 4, "text-anchor": "end", class: "axis" },
        withSign(grouped(mark) + "%", mark),
      ),
    );
  }
  for (const heads of [500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000]) {
    const at = Math.log10(heads);
    if (at < small || at > large) continue;
    const place = left + ((at - small) / (large - small)) * (right - left);
    drawn.append(svg("text", { x: place, y: bottom + 20, "text-anchor": "middle", class: "axis" }, grouped(heads)));
  }
  drawn.append(
    svg(
      "text",
      { x: (left + right) / 2, y: height - 6, "text-anchor": "middle", class: "axis" },
      "assigned beneficiaries",
    ),
  );
  for (const aco of acos) {
    const ends = [-(isKnown(aco.mlr) ? aco.mlr : aco.msr) * 100, aco.msr * 100];
    drawn.append(svg("line", { x1: x(aco), x2: x(aco), y1: y(ends[0]), y2: y(ends[1]), class: "band" }));
  }
  acos.forEach((aco, at) => {
    const mark = DOT_SHAPES[standing(aco)](+x(aco).toFixed(1), +y(rates[at]).toFixed(1));
    mark.setAttribute("class", `mark ${standing(aco)}`);
    const words = `${nameOf(aco)}: ${withSign(percent(savingsRate(aco)), rates[at])} of the benchmark, ${grouped(aco.assigned)} assigned; minimum savings rate ${percent(aco.msr)}`;
    // The table of ACOs is the way for the keyboard: hundreds of dots would stand in its way.
    drawn.append(
      svg("a", { href: linkTo(aco), tabindex: "-1", "aria-hidden": "true" }, svg("title", null, words), mark),
    );
  });
  const entry = (kind, words, place) => {
    const mark = DOT_SHAPES[kind](place, 12);
    mark.setAttribute("class", `mark ${kind}`);
    return [mark, svg("text", { x: place + 9, y: 16, class: "axis" }, words)];
  };
  drawn.append(
    ...entry("savings", "savings beyond the minimum rate", 62),
    ...entry("within", "within the minimum rates", 296),
    ...entry("losses", "losses beyond the minimum rate", 484),
  );
  return drawn;
}
