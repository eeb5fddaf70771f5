"""The site as a reader meets it: built as `make site` builds it, and opened in a browser from a sub-path."""

import csv
import functools
import json
import math
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium, needs_chromium
from filelock import FileLock
from playwright.sync_api import expect

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
SOURCES = [*LESSONS, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SOURCES += [path for folder in ("docs", "results", "benchmarks") for path in sorted((ROOT / folder).glob("*.md"))]
PAGES = [path.relative_to(ROOT).with_suffix(".html").as_posix() for path in SOURCES] + ["search.html"]
AXE_LOOKS_AT = {"notebooks/01_minimax_objective.html", "notebooks/02_mlp_gan.html"}  # the labs, a replay, tables
NAME = "gan-course"  # of the folder that the site is served in, as GitHub Pages does
SECONDS = 120  # to wait for a page; an idle machine needs 2

TYPESET = """async () => {
  await window.MathJax?.startup?.promise;
  const count = selector => document.querySelectorAll(selector).length;
  const text = document.body.cloneNode(true);
  text.querySelectorAll("pre, code, script, mjx-container").forEach(element => element.remove());
  return {
    math: count(".math"), typeset: count("mjx-container"), raw: text.textContent.match(/\\$|\\\\[(a-zA-Z]+/g) || [],
    loose: [...document.querySelectorAll("span.math")].filter(math => /^[.,;:!?)]/.test(math.nextSibling?.data ?? "")
      && getComputedStyle(math.parentElement).whiteSpace !== "nowrap").map(math => math.parentElement.textContent),
    errors: count("merror, mtext[mathcolor=red]"),  // the second is how MathJax writes a macro that it doesn't know
  };
}"""
IMAGES = """() => [...document.images].map(image => image.alt.trim())
  .filter(alt => !alt || /\\.\\w{3,4}$/.test(alt) || !/\\s/.test(alt) && alt.length > 30)"""
# Axe takes its time over every element: a few equations, without their drawing, and for contrast the first piece of code
# and the first text of each kind say all there is to say.
THIN = """() => {
  document.querySelectorAll("mjx-container > svg").forEach(drawing => drawing.replaceChildren());
  [...document.querySelectorAll("mjx-assistive-mml")].slice(9).forEach(words => words.replaceChildren());
  const first = new Map();
  const colours = piece => getComputedStyle(piece).color + getComputedStyle(piece.closest("pre")).backgroundColor;
  const pieces = [...document.querySelectorAll("pre span[class]:not(:has(*))")];
  const kinds = pieces.map(piece => piece.className + colours(piece));  // all before the first change, which is quicker
  pieces.forEach((piece, i) => first.has(kinds[i]) ? piece.replaceWith(piece.textContent) : first.set(kinds[i], piece));
}"""
MARK_KINDS = """() => {
  const seen = new Set();
  const style = element => getComputedStyle(element);
  const behind = element => !element ? "" : style(element).backgroundImage !== "none" ? Math.random() :
    /, 0\\)$/.test(style(element).backgroundColor) ? behind(element.parentElement) : style(element).backgroundColor;
  const first = [...document.body.querySelectorAll("*")].filter(element => {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) return false;
    if (!element.checkVisibility()) return false;
    const { color, fontSize, fontWeight, opacity } = style(element);
    const kind = [element.tagName, color, fontSize, fontWeight, opacity, behind(element)].join();
    return !seen.has(kind) && seen.add(kind);
  });
  first.forEach(element => element.setAttribute("data-kind", ""));  // only now: each change costs a new layout
}"""
KEEP_KINDS = """() => {
  const kept = new Set();
  for (let element of document.querySelectorAll("[data-kind]"))
    for (; element; element = element.parentElement) kept.add(element);
  [...document.body.querySelectorAll("*")].filter(element => !kept.has(element)).forEach(element => element.remove());
}"""
CUT_ANSWERS = """() => [...document.querySelectorAll(":is(.tag_check, .tag_solution) .cell_output pre")]
  .filter(output => output.scrollWidth > output.clientWidth + 1).map(output => output.textContent)"""
FITS_A_PHONE = """() => document.documentElement.scrollWidth <= innerWidth &&
  [...document.querySelectorAll("span.math, div.math mjx-container")]
    .every(equation => equation.scrollWidth <= equation.clientWidth + 1 || equation.tabIndex === 0)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site's folder, built once for all of pytest's workers."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, log = base / "served" / NAME, base / "site.log"
    with FileLock(base / "site.lock"):
        if not log.exists():
            done = subprocess.run(make_site(folder), cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
            log.write_text(f"{done.stdout}{done.stderr}exit code {done.returncode}", encoding="utf-8")
    assert log.read_text(encoding="utf-8") == "exit code 0"  # it is quiet, and stops at warnings
    return folder


def make_site(folder):
    """Return the command of `make site`, with another folder to write to."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^site:.*\n\t(.*)", makefile, re.MULTILINE)[1]
    return [sys.executable if word == "$(PY)" else word.replace("build/site", str(folder)) for word in recipe.split()]


@pytest.fixture(scope="module")
def browser(site):
    with served(site.parent) as url, chromium() as running:
        yield Browser(running, url)


@contextmanager
def served(folder):
    """Serve a folder on this machine; yield its address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Browser:
    def __init__(self, running, url):
        self.url, self._window = url, running.new_context(viewport={"width": 1280, "height": 900})
        self._window.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)

    @contextmanager
    def open(self, address):
        """Open a page of the site by its path, or any by its whole address, in a new tab; yield a :class:`Page`."""
        tab = self._window.new_page()
        page = Page(tab, f"{self.url}{NAME}/")
        page.goto(address if "://" in address else f"{self.url}{NAME}/{address}")
        yield page
        tab.close()


class Page:
    """A page on the screen, and what went wrong with it."""

    def __init__(self, page, home):
        self.page, self.home, self.wrong = page, home, []
        page.on("request", lambda request: self._note_request(request.url))
        page.on("requestfailed", self._note_failure)
        page.on("response", lambda response: response.status >= 400 and self.wrong.append(f"missing: {response.url}"))
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("console", lambda line: line.type == "error" and self.wrong.append(f"console: {line.text}"))

    def __getattr__(self, name):
        return getattr(self.page, name)

    def _note_request(self, url):
        if not url.startswith((self.home, "data:", "blob:", "file:")):
            self.wrong.append(f"outside request: {url}")

    def _note_failure(self, request):
        if request.failure != "net::ERR_ABORTED":  # given up because the next page was asked for
            self.wrong.append(f"request failed: {request.url}")

    def complaints(self):
        """Return what is wrong with the page as it is now, in words (list of str)."""
        found = self.page.evaluate(TYPESET)
        return [
            *self.wrong,
            *([f"{found['typeset']} of {found['math']} equations are typeset"] * (found["typeset"] != found["math"])),
            *([f"{found['errors']} equations with errors"] * bool(found["errors"])),
            *(f"raw TeX: {piece}" for piece in found["raw"]),
            *(f"a new line may begin with the comma: {text}" for text in found["loose"]),
            *(f"no alt text: {alt!r}" for alt in self.page.evaluate(IMAGES)),
        ]

    def barriers(self):
        """Return the violations that axe calls serious or critical, each with its first place (list of str).

        Ask for all else first: this takes most of the page away.
        """
        self.page.evaluate(THIN)
        self.page.add_style_tag(content="* { transition: none !important; }")  # or axe sees colours on their way
        for scheme in ("dark", "light"):
            self._wear(scheme)
            self.page.evaluate(MARK_KINDS)
        # The first two only look at text of each kind, below; the third is never serious.
        other = {rule: {"enabled": False} for rule in ("color-contrast", "link-in-text-block", "region")}
        found = self._violations(rules=other)
        self.page.evaluate(KEEP_KINDS)
        return found + self._pale() + self._wear("dark")._pale()

    def _pale(self):
        return self._violations(
            context={"include": [["[data-kind]"]]}, runOnly=["color-contrast", "link-in-text-block"]
        )

    def _wear(self, scheme):
        self.page.emulate_media(color_scheme=scheme)
        expect(self.page.locator(f"html:is([data-theme={scheme}], :not([data-theme]))")).to_be_attached()
        return self

    def _violations(self, context=None, **options):
        # Preloading would ask for style sheets a second time, and for imported ones at a wrong address.
        options |= {"resultTypes": ["violations"], "preload": False}
        found = Axe().run(self.page, context=context, options=options)
        return [
            f"{violation['id']}: {violation['nodes'][0]['html']}"
            for violation in found.response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]


class Links(HTMLParser):
    """The links of a page and the places that a link to it may name."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.ids = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif address := attributes.get("src") or (tag == "link" and attributes.get("href")):
            self.loaded.append(address)


def test_these_are_all_pages(site):
    assert {path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts} == {
        *PAGES,
        "index.html",
    }


def test_the_theme_offers_each_lesson_as_it_is(site):
    for lesson in LESSONS:
        assert (site / "_sources/notebooks" / lesson.name).read_bytes() == lesson.read_bytes()


def test_every_link_leads_somewhere(site):
    pages = {site / name: Links(site / name) for name in [*PAGES, "index.html"]}
    wrong = []
    for path, page in pages.items():
        for address in page.links + page.loaded:
            url = urlsplit(address)
            if url.scheme in ("data", "mailto") or (url.scheme and address in page.links):
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            known = pages[target].ids if target in pages else set()
            if url.scheme or url.netloc or not target.is_file() or (url.fragment and url.fragment not in known):
                wrong.append(f"{path.relative_to(site)}: {address[:100]}")
    assert wrong == []
    assert sum(len(page.links) for page in pages.values()) > 100  # links are seen at all


@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_page(browser, name):
    with browser.open(name) as page:
        assert page.complaints() == []
        if name.startswith("notebooks/"):
            lesson_can_be_used(page, ROOT / Path(name).with_suffix(".ipynb"))
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function(FITS_A_PHONE, timeout=10_000)  # what is wider can be scrolled with the keyboard
        page.set_viewport_size({"width": 1280, "height": 900})
        # All lessons are made of the same parts: axe, which is slow, looks at two of them, and at every other page.
        looked_at = not name.startswith("notebooks/") or name in AXE_LOOKS_AT
        assert page.wrong + (page.barriers() if looked_at else []) == []


def lesson_can_be_used(page, lesson):
    page.evaluate("document.querySelectorAll('details.deeper').forEach(section => section.open = true)")
    solutions_are_folded_and_open_by_keyboard(page, lesson)
    replays_can_be_scrubbed(page, lesson)
    assert page.evaluate(CUT_ANSWERS) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="download the notebook").press("Enter")  # a mouse would stay over it
    assert download.value.suggested_filename == lesson.name
    assert Path(download.value.path()).read_bytes() == lesson.read_bytes()


def solutions_are_folded_and_open_by_keyboard(page, lesson):
    solutions, folded = tagged(lesson, "solution"), page.locator(".tag_solution")
    assert [code.strip() for code in folded.locator(".cell_input pre").all_text_contents()] == solutions
    expect(page.locator(":is(.tag_solution, .tag_colab) .cell_input:visible")).to_have_count(0)
    expect(page.locator(".tag_exercise .cell_input:visible")).to_have_count(len(tagged(lesson, "exercise")))
    if solutions:
        folded.first.locator("summary", has_text="Show the solution").press("Enter")
        expect(folded.first.locator(".cell_input")).to_be_visible()


def replays_can_be_scrubbed(page, lesson):
    players = page.locator("figure.gan-replay")
    expect(players).to_have_count(lesson.read_text(encoding="utf-8").count('<figure class=\\"gan-replay\\"'))
    for player in players.all():
        slider, where = player.get_by_role("slider"), "e => getComputedStyle(e).backgroundPosition"
        at_the_end = player.get_by_role("img").evaluate(where)
        slider.fill("0")
        expect(player.locator("output")).to_have_text("step 0")
        assert player.get_by_role("img").evaluate(where) == "0% 0%" != at_the_end
        slider.press("End")
        assert player.get_by_role("img").evaluate(where) == at_the_end


@needs_chromium
def test_what_goes_wrong_is_seen(browser, site):
    (site.parent / "wrong.html").write_text(
        rf"""<!DOCTYPE html><html lang="en"><title>Wrong</title><main><h1>Wrong</h1>
        <p class="math">\(\frac\)</p> <p class="math">\(\nosuchmacro\)</p> <p class="math">nothing</p>
        <p>one <span class="math">\(x\)</span>, two</p>
        <p>$x$ <b style="color: #ccc">pale</b> <input> <img src="../missing.png" alt="missing.png"></p></main>
        <script src="{NAME}/_static/tex-svg-full.js"></script><script src="http://example.invalid/a.js"></script>
        <script>console.error("loud"); setTimeout(() => {{ throw new Error("thrown"); }})</script>"""
    )
    with browser.open(f"{browser.url}wrong.html") as page:
        found = "\n".join(page.complaints() + page.barriers())
    for complaint in (
        f"outside request: {browser.url}missing.png",
        "outside request: http://example.invalid/a.js",
        "request failed: http://example.invalid/a.js",
        f"missing: {browser.url}missing.png",
        "page error: thrown",
        "console: loud",
        "3 of 4 equations are typeset",
        "a new line may begin with the comma: one",
        "2 equations with errors",
        "raw TeX: $",
        "no alt text: 'missing.png'",
        "color-contrast: <b",
        "label: <input>",
    ):
        assert complaint in found


@needs_chromium
def test_first_address_leads_to_the_first_page(browser):
    with browser.open("") as page:
        page.wait_for_url(f"{page.home}docs/index.html")
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("generative adversarial networks"))
        for place in ("article table", "nav.bd-docs-nav"):
            links = [link.get_attribute("href") for link in page.locator(f"{place} a[href*=notebooks]").all()]
            assert links == [f"../notebooks/{path.stem}.html" for path in LESSONS]


@needs_chromium
def test_search_finds_a_word(browser):
    with browser.open("docs/index.html") as page:
        for word, place in {"pathwise": "notebooks/01_minimax_objective", "判別器": "docs/glossary"}.items():
            page.keyboard.press("Control+k")
            page.keyboard.type(word)
            page.keyboard.press("Enter")
            page.wait_for_url("**/search.html?q=*")
            found = page.locator(f"#search-results a[href^='{place}.html']").first
            expect(found).to_be_visible()
        found.click()
        page.wait_for_url(f"**/{place}.html*")
        expect(page.locator("article", has_text=word)).to_be_visible()
        assert page.complaints() == []


@needs_chromium
def test_site_works_from_files(browser, site):
    with browser.open((site / "index.html").as_uri()) as page:
        page.wait_for_url("**/docs/index.html")
        page.locator("article").get_by_role("link", name="00 · ").click()
        page.wait_for_url("**/00_start_here.html")
        assert page.complaints() == []
        page.locator("figure.gan-replay").first.get_by_role("slider").fill("0")
        expect(page.locator("figure.gan-replay output").first).to_have_text("step 0")
    with browser.open(f"{(site / 'search.html').as_uri()}?q=pathwise") as page:
        expect(page.locator("#search-results a[href*='01_minimax_objective']").first).to_be_visible()


@needs_chromium
def test_leaderboard_shows_what_is_recorded(browser):
    best = {}  # lesson and recipe to the Fréchet distance at the end, the mean over the seeds, of the better network
    for path in (ROOT / "results").glob("*.csv"):
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if facts["scores"][0]["key"] != "frechet_over_floor":
            continue
        labels = facts["labels"]
        networks = defaultdict(lambda: defaultdict(list))  # recipe and network to step to the seeds' distances
        with open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["recipe"] in facts.get("others", {}):
                    continue
                at_step = networks[row["recipe"], row["network"]][int(row["step"])]
                at_step.append(float(row["frechet_over_floor"]))
        for (recipe, _), steps in networks.items():
            name, last = (path.stem[:2], labels[recipe]), steps[max(steps)]
            best[name] = min(sum(last) / len(last), best.get(name, math.inf))
    with browser.open("docs/results.html") as page:
        rows = [
            row.locator("td").all_inner_texts()
            for row in page.locator("#leaderboard table").first.locator("tbody tr").all()
        ]
    real, *recipes = rows
    assert real[2:4] == ["real data (mnist)", "1.0"]
    shown = [
        ((lesson, recipe.rpartition(" (")[0].replace("’", "'").replace("…", "...")), distance.split()[0])
        for _, lesson, recipe, distance, *_ in recipes
    ]
    assert shown == [(name, f"{mean:,.1f}") for name, mean in sorted(best.items(), key=lambda item: item[1])]


@needs_chromium
def test_a_word_leads_to_its_meaning(browser):
    with browser.open("notebooks/02_mlp_gan.html") as page:
        link = page.locator("article a[href*='glossary.html#']").first
        word, address = link.inner_text(), link.get_attribute("href").partition("#")[2]
        assert len(link.get_attribute("title")) > 15
        link.click()
        page.wait_for_url("**/docs/glossary.html#*")
        expect(page.locator(f"section#{address} > h2")).to_contain_text(
            word.lower().removesuffix("s"), ignore_case=True
        )
        expect(page.locator("[lang=zh-Hant-TW]").first).to_be_visible()


@needs_chromium
def test_a_deeper_section_is_folded_and_opens(browser):
    with browser.open("notebooks/02_mlp_gan.html") as page:
        section = page.locator("details.deeper").first
        text = section.locator("p").first
        expect(text).to_be_hidden()
        section.locator("summary").first.click()
        expect(text).to_be_visible()
        assert page.locator("section:has(> details.deeper) > :is(h2, h3)").first.inner_text().startswith("Deeper:")


@needs_chromium
def test_a_table_of_results_is_sorted_by_a_column(browser):
    with browser.open("docs/results.html") as page:
        table = page.locator("#leaderboard table").first

        def minutes():
            return [float(text) for text in table.locator("tbody td:nth-last-child(2)").all_inner_texts() if text]

        before = minutes()
        button = table.get_by_role("button", name="minutes")
        button.click()
        assert minutes() == sorted(before) != before
        button.click()
        assert minutes() == sorted(before, reverse=True)


def tagged(lesson, tag):
    """Return the sources of a lesson's cells of code with a tag (list of str)."""
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code if tag in cell["metadata"].get("tags", [])]
