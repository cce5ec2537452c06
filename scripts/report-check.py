#!/usr/bin/env python3
"""The report in a browser: a page of 500 ACOs, one of a run from claims, one of a scenario. Opens them from the disk, sorts, searches,
follows links, prints, looks at both colour schemes and at a phone, and counts what the browser says and asks for.

usage: report-check.py PROGRAM CHROMIUM DEMO FOLDER"""

import pathlib
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

PROGRAM, CHROMIUM, DEMO, FOLDER = sys.argv[1], sys.argv[2], *(pathlib.Path(path).resolve() for path in sys.argv[3:5])
MOST_SECONDS, MOST_BYTES, ACOS = 2.0, 8_000_000, 500
MARKUP = '<img src=x onerror=alert(1)> & "Sons" </script><b>bold</b>'
wrong = []


def check(what, holds, seen=""):
    print(f"{'ok   ' if holds else 'WRONG'} {what}{f': {seen}' if seen != '' else ''}")
    if not holds:
        wrong.append(what)


def report(place, out, *options):
    subprocess.run([PROGRAM, "report", place, "--out", out, *options], check=True, stdout=subprocess.DEVNULL)
    return out


class Tab:
    """A page in a window of its own, with what the browser says and asks for."""

    def __init__(self, browser, file, hash="", **options):
        self.context = browser.new_context(viewport={"width": 1180, "height": 900}, **options)
        self.page = self.context.new_page()
        self.said, self.asked, self.dialogs = [], [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        started = time.perf_counter()
        self.page.goto(f"{file.as_uri()}{hash}")
        # Two frames: what the script drew is on the screen.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.seconds = time.perf_counter() - started

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()

    def texts(self, selector):
        return self.page.locator(selector).all_inner_texts()

    def close(self, name):
        asked = [url for url in self.asked if not url.startswith(("file:", "data:"))]
        check(f"{name}: nothing is asked of a network", not asked and len(self.asked) == 1, asked or "")
        check(f"{name}: the browser has nothing to say", not self.said and not self.dialogs, self.said or self.dialogs or "")
        self.context.close()


def opening(browser, file):
    size = file.stat().st_size
    check(f"{ACOS} ACOs: bytes at most {MOST_BYTES:,}", size <= MOST_BYTES, f"{size:,}")
    seconds = []
    for _ in range(3):
        tab = Tab(browser, file)
        seconds.append(tab.seconds)
        tab.context.close()
    check(f"{ACOS} ACOs: open within {MOST_SECONDS} s", max(seconds) <= MOST_SECONDS, " ".join(f"{of:.2f}" for of in seconds))


def table(browser, file):
    tab = Tab(browser, file)
    rows = "#list tbody tr"
    check("every ACO has a row", tab.page.locator(rows).count() == ACOS, tab.page.locator(rows).count())
    paid = '#list th:has(button[data-column="earned"])'
    check("sorted by what is paid, most first", tab.page.get_attribute(paid, "aria-sort") == "descending")
    number = lambda text: float(text.replace(",", "").replace("\u2212", "-").splitlines()[0])
    for column, at in [("assigned", 4), ("benchmark", 5), ("earned", 10)]:
        for _ in range(2):
            tab.page.click(f'#list button[data-column="{column}"]')
            head = f'#list th:has(button[data-column="{column}"])'
            falling = tab.page.get_attribute(head, "aria-sort") == "descending"
            values = [number(text) for text in tab.texts(f"{rows} > :nth-child({at})")]
            check(f"sorted by {column}", values == sorted(values, reverse=falling), "falling" if falling else "rising")
            focused = tab.page.evaluate("document.activeElement.dataset.column")
            check("the button that was pressed keeps the focus", focused == column)
    tab.page.focus('#list button[data-column="id"]')
    tab.page.keyboard.press("Enter")
    ids = tab.texts(f"{rows} > :nth-child(1)")
    check("sorted by id, by keyboard", ids == sorted(ids))
    tab.page.fill("#search", "enhanced losses")
    found = tab.texts(rows)
    check("found by words", 0 < len(found) < ACOS and all("ENHANCED" in text and "losses" in text for text in found), tab.text("#found"))
    tab.page.fill("#search", "<img src=x")
    check("markup in a name is text", tab.texts(f"{rows} > :nth-child(2)") == [MARKUP], tab.texts(f"{rows} > :nth-child(2)"))
    check("and makes no element", tab.page.locator("#list img, #list b").count() == 0)
    tab.page.fill("#search", "hyperlink")
    check("a formula in a name is text", tab.texts(f"{rows} > :nth-child(2)") == ['=HYPERLINK("http://example.org")'])
    tab.page.fill("#search", "no such thing")
    check("nothing found is said", tab.text("#found") == f"0 of {ACOS} ACOs", tab.text("#found"))
    tab.page.fill("#county-search", "indiana")
    check("counties are found by state", all("Indiana" in text for text in tab.texts("#counties tbody tr")), tab.text("#county-found"))
    tab.close("table")


def links(browser, file):
    tab = Tab(browser, file, "#aco/A1003/2024")
    check("an ACO opens from its address", tab.text("#aco-title") == MARKUP, tab.text("#aco-title"))
    check("and has the focus", tab.page.evaluate("document.activeElement.id") == "aco-title")
    check("and names the window", tab.page.title().startswith(MARKUP))
    check("its name makes no element", tab.page.locator("#aco img, #aco h1 b").count() == 0)
    titles = tab.texts("#aco h2")
    for title in ["From the historical benchmark to spending", "From the difference to the payment", "Spending by enrollment type", "Risk",
                  "Assignment by step", "Spending by class of service", "The walk, step by step"]:
        check(f"section: {title}", title in titles)
    tab.page.click("#aco summary >> nth=1")
    check("the walk unfolds, with citations", "42 CFR" in tab.text("#aco details[open] .citations"))
    tab.page.click("#aco .path a[rel=next]")
    tab.page.wait_for_timeout(50)
    check("the next ACO", tab.text("#aco-title") != MARKUP)
    tab.page.go_back()
    tab.page.wait_for_timeout(50)
    check("and back", tab.text("#aco-title") == MARKUP)
    tab.page.click("#aco .path a >> nth=0")
    tab.page.wait_for_timeout(50)
    check("back to all ACOs", tab.page.locator("#overview").is_visible() and tab.page.locator("#aco").is_hidden())
    tab.page.click("#list tbody a >> nth=0")
    tab.page.wait_for_timeout(50)
    check("from the table to an ACO", tab.page.locator("#aco").is_visible())
    tab.page.select_option("#year", index=0)
    tab.page.wait_for_timeout(50)
    check("another year", tab.page.locator("#aco").is_visible() or tab.page.locator("#list tbody tr").count() < ACOS)
    tab.page.evaluate("location.hash = '#aco/NOBODY'")
    tab.page.wait_for_timeout(50)
    check("an ACO that is not there", "No such ACO" in tab.text("#aco"))
    tab.close("links")


def looks(browser, file):
    for scheme in ["light", "dark"]:
        tab = Tab(browser, file, "#aco/A1010/2024", color_scheme=scheme)
        ground = lambda: sum(int(part) for part in tab.page.evaluate("getComputedStyle(document.body).backgroundColor").strip("rgb()").split(","))
        check(f"{scheme}: the ground", (ground() < 200) == (scheme == "dark"), ground())
        before = ground()
        tab.page.click("#theme")
        check(f"{scheme}: the button turns it round", (ground() < 200) != (before < 200), ground())
        tab.close(scheme)
    tab = Tab(browser, file, "#aco/A1010/2024")
    pdf = tab.page.pdf(prefer_css_page_size=True)
    check("prints", pdf.startswith(b"%PDF") and len(pdf) > 20_000, f"{len(pdf):,} bytes")
    tab.close("print")
    for hash in ["", "#aco/A1010/2024"]:
        tab = Tab(browser, file, hash, is_mobile=True, has_touch=True)
        tab.page.set_viewport_size({"width": 390, "height": 844})
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        check(f"phone {hash or 'overview'}: nothing wider than the screen", width <= 390, width)
        tab.close("phone")
    tab = Tab(browser, file)
    tab.page.keyboard.press("Tab")
    check("the first key leads past the menu", tab.page.evaluate("document.activeElement.className") == "skip")
    unnamed = tab.page.evaluate("""() => [...document.querySelectorAll("input, select, button, [role=region], svg[role]")].filter((of) =>
        !(of.innerText || of.getAttribute("aria-label") || of.getAttribute("aria-labelledby") || (of.labels && of.labels.length))).length""")
    check("every control has a name", unnamed == 0, unnamed)
    tab.close("keyboard")


def others(browser, demo, compared, scenario):
    tab = Tab(browser, demo)
    first = tab.page.get_attribute("#list tbody a", "href")
    tab.page.evaluate(f"location.hash = '{first}'")
    tab.page.wait_for_timeout(50)
    check("a run from claims: lists and classes of service", tab.page.locator("#aco .way-0").count() > 0 and "Physician" in tab.text("#aco"))
    tab.close("a run from claims")
    tab = Tab(browser, compared)
    check("a run beside itself: no difference", "is the same for every ACO" in tab.text("#movers"), tab.text("#movers"))
    tab.close("a run beside itself")
    tab = Tab(browser, scenario)
    check("a scenario: winners and losers", "Winners and losers" in tab.text("#effects") and tab.page.locator("#movers tbody tr").count() > 0)
    tab.page.click("#movers a >> nth=0")
    tab.page.wait_for_timeout(50)
    check("a scenario: differences of an ACO", tab.page.locator("#aco .change").count() > 0)
    tab.close("a scenario")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    wide = report(FOLDER / "wide/study.toml", FOLDER / "wide.html")
    demo = report(DEMO / "study.toml", FOLDER / "demo.html")
    compared = report(DEMO / "run", FOLDER / "compared.html", "--compare", DEMO / "run")
    (FOLDER / "reform.toml").write_text("title = 'half the payment <b>'\n[rules]\n'settle.sequestration' = 0.5\n")
    options = ["--reform", FOLDER / "reform.toml", "--out", FOLDER / "scenario"]
    subprocess.run([PROGRAM, "scenario", FOLDER / "wide/study.toml", *options], check=True, stdout=subprocess.DEVNULL)
    scenario = report(FOLDER / "scenario", FOLDER / "scenario.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opening(browser, wide)
        table(browser, wide)
        links(browser, wide)
        looks(browser, wide)
        others(browser, demo, compared, scenario)
        browser.close()
    print(f"{len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


main()
