// Bars in table rows, and small lines: texts stay texts of the page, so that they can be read, copied, printed and made larger.

// A bar from one value to another on an axis that all rows share, of one height in every row; marks are further values,
// drawn as lines: thin ones as high as the row, so that they meet those of its neighbours.
function bar(parts, axis, marks = []) {
  const along = (value) => ((value - axis[0]) / (axis[1] - axis[0] || 1)) * 996 + 2;
  const rects = parts.map(([from, to, kind]) => {
    const [left, right] = [along(Math.min(from, to)), along(Math.max(from, to))];
    return svg("rect", {
      x: left.toFixed(1),
      width: Math.max(right - left, 1.5).toFixed(1),
      y: 2,
      height: 16,
      class: kind,
    });
  });
  const drawn = marks.map(([value, kind]) => {
    const at = along(value).toFixed(1);
    return svg("line", { x1: at, x2: at, y1: 0, y2: 20, class: kind, "vector-effect": "non-scaling-stroke" });
  });
  const isThin = (of) => ["zero", "thread"].includes(of.getAttribute("class"));
  const frame = (kind, ...children) =>
    svg(
      "svg",
      { class: kind, viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
      children,
    );
  const thick = drawn.filter((of) => !isThin(of));
  return [frame("bar whole", drawn.filter(isThin)), frame("bar", rects, thick)];
}

// Rows of label, bar, and figures; `row.parts` as for `bar`.
function bars(heads, rows, axis, label) {
  const zero = axis[0] <= 0 && axis[1] >= 0 ? [[0, "zero"]] : [];
  return table(
    heads,
    rows.map((row) => ({
      kind: row.kind,
      cells: [row.label, bar(row.parts, axis, zero.concat(row.marks || [])), ...row.figures],
    })),
    { kind: "numbers bars", caption: label },
  );
}

// An axis for values that are compared by their differences: it need not begin at zero, and the caller says so.
function closeAxis(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - room, high + room];
}

// A line through a few years: each point with its figure.
function line(title, points, show, others) {
  const known = points.filter((point) => isKnown(point.value));
  const head = el("figcaption", null, title);
  if (known.length === 0) return el("figure", { class: "small" }, head, missing("no person years"));
  const [width, height, top, bottom] = [230, 116, 24, 76];
  const all = known.concat((others || []).filter((point) => isKnown(point.value))).map((point) => point.value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (at) => 26 + (at / Math.max(points.length - 1, 1)) * (width - 52);
  const y = (value) => (high > low ? bottom - ((value - low) / (high - low)) * (bottom - top) : (top + bottom) / 2);
  const path = (of) =>
    of
      .map((point, at) => (isKnown(point.value) ? `${x(at).toFixed(1)},${y(point.value).toFixed(1)}` : null))
      .filter(Boolean)
      .join(" ");
  const drawn = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${title}: ${known.map((point) => `${point.label} ${show(point.value)}`).join(", ")}`,
  });
  if (others) drawn.append(svg("polyline", { points: path(others), class: "line other" }));
  drawn.append(svg("polyline", { points: path(points), class: "line" }));
  points.forEach((point, at) => {
    const words = { "text-anchor": at === 0 ? "start" : at === points.length - 1 ? "end" : "middle" };
    const edge = at === 0 ? x(at) - 22 : at === points.length - 1 ? x(at) + 22 : x(at);
    drawn.append(svg("text", { x: edge, y: height - 6, class: "axis", ...words }, point.label));
    if (!isKnown(point.value)) return;
    const [before, after] = [points[at - 1], points[at + 1]].map((of) => (of && isKnown(of.value) ? of.value : null));
    const isLow =
      [before, after].every((of) => of === null || of > point.value) && !(before === null && after === null);
    drawn.append(svg("circle", { cx: x(at).toFixed(1), cy: y(point.value).toFixed(1), r: 3, class: "dot" }));
    drawn.append(
      svg(
        "text",
        { x: edge, y: (y(point.value) + (isLow ? 16 : -8)).toFixed(1), class: "value", ...words },
        show(point.value),
      ),
    );
  });
  return el("figure", { class: "small" }, head, drawn);
}
