// Which year, which view, which colours.

const MOST_MOVERS = 12;

// The ACOs whose payment differs most from the other run's.
function drawMovers() {
  if (!byId("movers")) return;
  const change = (aco) => aco.earned - otherOf(aco).earned;
  const moved = shown.acos.filter((aco) => otherOf(aco) && change(aco) !== 0);
  if (moved.length === 0) {
    byId("movers").replaceChildren(missing("What is paid and owed is the same for every ACO that both have."));
    return;
  }
  const rows = moved.slice().sort((a, b) => change(b) - change(a));
  const more = rows.filter((aco) => change(aco) > 0).slice(0, MOST_MOVERS);
  const less = rows.filter((aco) => change(aco) < 0).slice(-MOST_MOVERS);
  const chosen = more.concat(less);
  const changes = chosen.map(change);
  const axis = [Math.min(0, ...changes), Math.max(0, ...changes)];
  const drawn = chosen.map((aco) => ({
    label: [
      el("a", { href: linkTo(aco) }, nameOf(aco)),
      el("span", { class: "aside" }, `${TRACKS[aco.track] || aco.track}, ${grouped(aco.assigned)} assigned`),
    ],
    parts: [[0, change(aco), change(aco) < 0 ? "fall strong" : "rise strong"]],
    figures: [inFull(otherOf(aco).earned), inFull(aco.earned), withSign(inFull(change(aco)), change(aco))],
  }));
  const left = rows.length - chosen.length;
  byId("movers").replaceChildren(
    scrolling(
      "ACOs whose payment differs most",
      bars(
        ["ACO", el("span", { class: "visually-hidden" }, "Bar"), data.other.label, "Here", "Difference"],
        drawn,
        axis,
      ),
    ),
    left > 0
      ? el("p", { class: "aside" }, `${grouped(left)} more differ by less; the table of ACOs sorts by the difference.`)
      : "",
  );
}

function drawFindings() {
  const rows = shown.acos.flatMap((aco) =>
    aco.findings.map(([rule, what]) => [el("a", { href: linkTo(aco) }, aco.id), what, rule ? `M.${rule}` : ""]),
  );
  const imputed = shown.acos
    .filter((aco) => aco.imputed)
    .map((aco) => [el("a", { href: linkTo(aco) }, aco.id), `Imputed: ${aco.imputed}`, ""]);
  const all = rows.concat(imputed);
  const title = el("h3", null, `Findings of single ACOs, ${data.years[shown.year].name}`);
  const drawn =
    all.length === 0
      ? missing("None.")
      : el(
          "div",
          { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Findings of single ACOs" },
          table(["ACO", "What was found", "Rule"], all, { kind: "plain" }),
        );
  byId("aco-findings").replaceChildren(
    title,
    all.length > 20 ? el("details", null, el("summary", null, `${grouped(all.length)} findings`), drawn) : drawn,
  );
}

function showYear(index) {
  chooseYear(index);
  byId("year").value = data.years[index].key;
  for (const part of document.querySelectorAll(".of-year")) part.hidden = part.dataset.year !== data.years[index].key;
  byId("scatter").replaceChildren(scatter(shown.acos));
  drawMovers();
  drawList();
  drawPlaces();
  drawFindings();
}

// `#aco/ID/YEAR` is an ACO; anything else a part of the overview. An address without a year means the one that is shown.
function acoOf(hash) {
  const [kind, id, key] = hash
    .slice(1)
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  if (kind !== "aco" || !id) return null;
  const named = data.years.findIndex((year) => year.key === key);
  const years = named >= 0 ? [named] : [shown.year, ...data.years.keys()];
  for (const year of years) {
    const found = data.acos.find((aco) => aco.year === year && aco.id === id);
    if (found) return found;
  }
  return { unknown: id, key };
}

const title = document.title;

function go() {
  const aco = acoOf(location.hash);
  byId("overview").hidden = Boolean(aco);
  byId("aco").hidden = !aco;
  if (!aco) {
    document.title = title;
    const part = location.hash.length > 1 && byId(location.hash.slice(1));
    if (part && byId("overview").contains(part)) part.scrollIntoView();
    return;
  }
  if (aco.unknown) {
    const words = `No ${aco.unknown}${aco.key ? ` in ${aco.key}` : ""} in this run.`;
    byId("aco").replaceChildren(
      el("nav", { class: "path" }, el("a", { href: "#acos" }, "\u2190 All ACOs")),
      el("h1", { tabindex: "-1", id: "aco-title" }, "No such ACO"),
      missing(words),
    );
  } else {
    if (aco.year !== shown.year) showYear(aco.year);
    drawAco(aco);
  }
  document.title = `${aco.unknown || nameOf(aco)}: ${title}`;
  scrollTo(0, 0);
  byId("aco-title").focus({ preventScroll: true });
}

// Light and dark follow the system until the button is pressed.
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
}
const wantsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () =>
  document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : wantsDark.matches;
byId("theme").setAttribute("aria-pressed", String(isDark()));
byId("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
wantsDark.addEventListener("change", () => byId("theme").setAttribute("aria-pressed", String(isDark())));

byId("year").addEventListener("change", () => {
  const index = byId("year").selectedIndex;
  const aco = acoOf(location.hash);
  showYear(index);
  const same = aco && shown.acos.find((of) => of.id === aco.id);
  if (same) location.hash = linkTo(same);
  else if (aco) location.hash = "#acos";
});
byId("search").addEventListener("input", () => {
  list.words = byId("search").value;
  drawList();
});
if (byId("county-search")) {
  byId("county-search").addEventListener("input", () => {
    counties.words = byId("county-search").value;
    drawCounties();
  });
}
// What is folded on the screen is printed unfolded where it is the ACO's walk.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("#aco details")) part.open = true;
});
addEventListener("hashchange", go);

showYear(shown.year);
go();
