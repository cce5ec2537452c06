// What the other parts use: elements without markup in texts, numbers for readers, the rows of the year that is shown.

const data = JSON.parse(document.getElementById("document").textContent);
const byId = (id) => document.getElementById(id);

// Makes an element; children are elements or texts, never markup. What is null or false is left out.
function made(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
  return node;
}
const el = (name, attributes, ...children) => made(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  made(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const isKnown = (value) => value !== null && value !== undefined;

// Numbers.
const MINUS = "\u2212";
const NONE = "\u2013";
function grouped(number, digits = 0) {
  const [whole, rest] = Math.abs(number).toFixed(digits).split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? "." + rest : "");
  return (number < 0 && /[1-9]/.test(groups) ? MINUS : "") + groups;
}
const inFull = (cents) => (cents < 0 ? MINUS : "") + "$" + grouped(Math.abs(cents) / 100, 2);
const dollars = (amount, digits = 0) =>
  isKnown(amount) ? (amount < 0 ? MINUS : "") + "$" + grouped(Math.abs(amount), digits) : NONE;
const percent = (fraction, digits = 2) => (isKnown(fraction) ? grouped(fraction * 100, digits) + "%" : NONE);
function money(cents) {
  const size = Math.abs(cents) / 100;
  const sign = cents < 0 ? MINUS : "";
  if (size >= 999500000) return sign + "$" + grouped(size / 1e9, 2) + " billion";
  if (size >= 999500) return sign + "$" + grouped(size / 1e6, 1) + " million";
  return sign + "$" + grouped(size);
}
const millions = (cents) => grouped(cents / 1e8, 2);
const withSign = (text, number) => (number > 0 && /[1-9]/.test(text) && text[0] !== "+" ? "+" + text : text);

// A figure: short, in full to those who point at it, marked when below zero.
const figure = (text, full, number) =>
  el("span", { title: full && full !== text ? full : null, class: number < 0 ? "below" : null }, text);
const cash = (cents) => figure(money(cents), inFull(cents), cents);

// A figure and, below it, how far it is from the other run's; nothing where they show the same.
function beside(value, other, show, full) {
  const own = isKnown(value) ? figure(show(value), full ? full(value) : null, value) : NONE;
  const by = difference(value, other, show);
  return by ? [own, el("span", { class: "change", title: `${data.other.label}: ${show(other)}` }, by)] : own;
}

// How far a value is from the other run's, as text; blank where they show the same.
function difference(value, other, show) {
  if (!data.other || !isKnown(value) || !isKnown(other)) return "";
  const text = withSign(show(value - other), value - other);
  return /[1-9]/.test(text) ? text : "";
}

const OUTCOMES = {
  savings: "shares savings",
  losses: "owes losses",
  one_sided_losses: "losses, not charged",
  inside: "within minimum rates",
  neither: "neither savings nor losses",
};
const TRACKS = {
  T1: "Track 1",
  T1P: "Track 1+",
  T2: "Track 2",
  T3: "Track 3",
  A: "BASIC A",
  B: "BASIC B",
  C: "BASIC C",
  D: "BASIC D",
  E: "BASIC E",
  EN: "ENHANCED",
};
const TYPES = { ESRD: "End-stage renal disease", DIS: "Disabled", AGDU: "Aged, dual", AGND: "Aged, non-dual" };
const standing = (aco) =>
  aco.outcome === "savings" ? "savings" : aco.outcome.endsWith("losses") ? "losses" : "within";
const savingsRate = (aco) => (aco.benchmark ? aco.gross / 100 / aco.benchmark : 0);
const nameOf = (aco) => aco.name || aco.id;

// The year that is shown, its ACOs, and the other run's by id.
const shown = { year: data.years.length - 1, acos: [], others: new Map() };
function chooseYear(index) {
  shown.year = index;
  shown.acos = data.acos.filter((aco) => aco.year === index);
  const others = data.other ? data.other.acos.filter((aco) => aco.year === index) : [];
  shown.others = new Map(others.map((aco) => [aco.id, aco]));
}
const otherOf = (aco) => shown.others.get(aco.id) || null;
const linkTo = (aco) => `#aco/${encodeURIComponent(aco.id)}/${data.years[aco.year].key}`;

// A table: heads are texts or elements, rows are lists of cells; the first of a row is its heading.
function table(heads, rows, options = {}) {
  const head = heads.map((text) => el("th", { scope: "col" }, text));
  const body = rows.map((row) => {
    const cells = row.cells || row;
    return el(
      "tr",
      { class: row.kind },
      cells.map((cell, at) => (at === 0 ? el("th", { scope: "row" }, cell) : el("td", null, cell))),
    );
  });
  const caption = options.caption ? el("caption", null, options.caption) : null;
  return el(
    "table",
    { class: options.kind || "numbers" },
    caption,
    el("thead", null, el("tr", null, head)),
    el("tbody", null, body),
  );
}
const scrolling = (label, ...children) =>
  el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, children);
const missing = (text) => el("p", { class: "missing" }, text);
