"""The decks: what the cells' metadata make of a lesson, and every slide of every deck as a lecture hall sees it."""

import base64
import io
import re
from contextlib import contextmanager

import nbformat
import pytest
from browser import chromium, needs_chromium
from PIL import Image
from playwright.sync_api import expect

from gan_course import __main__ as command
from gan_course import lab, lessons, slides
from gan_course.errors import CourseError
from gan_course.slides import assets
from gan_course.slides.cells import Slide, slides_of
from gan_course.slides.pages import code, markdown, page, printed

LESSONS = lessons.all_lessons()
GAME = {"steps": 24, "pictures": 7, "live": False}
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def of(*cells):
    """Return the slides of a lesson that consists of these cells."""
    return slides_of(nbformat.v4.new_notebook(cells=list(cells)), "98_test")


def text(source, kind=None, /, **options):
    return nbformat.v4.new_markdown_cell(source, metadata=marks(kind, options))


def program(lines, /, *outputs, kind=None, **options):
    return nbformat.v4.new_code_cell(lines, metadata=marks(kind, options), outputs=list(outputs))


def marks(kind, options):
    return {**({"slideshow": {"slide_type": kind}} if kind else {}), **({"slide": options} if options else {})}


def stream(words):
    return nbformat.v4.new_output("stream", text=words)


def figure(alt="A grey square."):
    file = io.BytesIO()
    Image.new("L", (300, 200), 128).save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    return nbformat.v4.new_output("display_data", data, metadata={"image/png": {"alt": alt}} if alt else {})


def words(html):
    return re.sub(r"<[^>]*>", "", html)


def shown(slide):
    """Return the texts of a slide's blocks, without their markup."""
    return [words(block) for _, block in slide.blocks]


TITLE = text("# Title\n\nA promise.", "slide")


# From cells to slides


def test_a_deck_follows_the_metadata():
    found = of(
        text("left out"),
        TITLE,
        text("not in this deck", "skip", text=["x"]),
        text("## Own heading\n\nLong prose about $x$.", "slide", text=["short"]),
        text("For the speaker.", "notes"),
        program("x = 1", kind="subslide"),
        program("left out"),
        text("later", "fragment"),
        program("y = 2", kind="-", source=True),
    )
    assert [(slide.heading, slide.section) for slide in found] == [
        ("# Title", True),
        ("## Own heading", True),
        ("## Own heading", False),
    ]
    assert shown(found[0]) == ["A promise."] and found[0].notes == []  # the cell's own text needs no notes
    assert shown(found[1]) == ["short"]
    assert [words(note) for note in found[1].notes] == [r"Long prose about \(x\).", "For the speaker."]
    assert shown(found[2]) == ["x = 1", "later", "y = 2"]
    assert ["fragment" in block for _, block in found[2].blocks] == [False, True, False]


def test_one_cell_makes_several_slides_and_pauses():
    lines = ["first", "", ". . .", "", "after a key press", "---", "## Another heading", "second", "---", "third"]
    found = of(TITLE, text("## Heading\n\nProse.", "slide", text=lines))[1:]
    assert [(slide.heading, slide.section) for slide in found] == [
        ("## Heading", True),
        ("## Another heading", False),
        ("## Another heading", False),
    ]
    assert [shown(slide) for slide in found] == [["first", "after a key press"], ["second"], ["third"]]
    assert ["fragment" in block for _, block in found[0].blocks] == [False, True]
    assert [slide.notes for slide in found] == [["<p>Prose.</p>"]] * 3


def test_notes_lead_nowhere_that_is_not_on_the_stick():
    notes = of(TITLE, text("See [lesson 01](01_x.ipynb) and [arXiv](https://arxiv.org).", "slide", text=[]))[1].notes
    assert notes == ['<p>See lesson 01 and <a href="https://arxiv.org">arXiv</a>.</p>']


SOURCE = """\
import numpy


@decorated
def first():
    return 1  # fmt: skip


def second(): ...


x = 1
print(x)"""


@pytest.mark.parametrize(
    ("chosen", "lines"),
    [
        (["def first"], "@decorated\ndef first():\n    return 1"),
        (["def second", "print"], "def second(): ...\n\nprint(x)"),
        (["x", "print"], "x = 1\nprint(x)"),
        (True, SOURCE.replace("  # fmt: skip", "")),
        (False, None),
    ],
)
def test_statements_are_chosen_by_their_beginnings(chosen, lines):
    assert shown(of(TITLE, program(SOURCE, source=chosen))[-1])[1:] == ([lines] if lines else [])


REPORT = stream("score  1\nverdict\n  why\n  what to do\nend\n")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (True, ["score  1\nverdict\n  why\n  what to do\nend", "<img>", "report"]),
        (False, []),
        ("picture", ["<img>"]),
        ("text", ["score  1\nverdict\n  why\n  what to do\nend", "report"]),
        (["verdict"], ["verdict\n  why\n  what to do"]),
        (["score", "end"], ["score  1\nend"]),
    ],
)
def test_outputs_are_chosen_by_kind_or_by_their_beginnings(chosen, expected):
    report = nbformat.v4.new_output(
        "execute_result", {"text/html": "<pre>report</pre>", "text/plain": "report"}, execution_count=1
    )
    blocks = of(TITLE, program("x", REPORT, figure(), report, source=False, output=chosen))[-1].blocks[1:]
    assert ["<img>" if "<img" in block else words(block) for _, block in blocks] == expected


def test_alt_texts_and_live_outputs_are_kept():
    replay = nbformat.v4.new_output("display_data", {"text/html": "<figure>…</figure><script>1</script>"})
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="no <x>", traceback=[])
    blocks = of(TITLE, program("x", figure('"a" & b'), replay, error, source=False, beside=True))[-1].blocks[1:]
    assert 'alt="&quot;a&quot; &amp; b"' in blocks[0][1]
    assert "<figure>…</figure><script>1</script>" in blocks[1][1]
    assert "ValueError: no &lt;x&gt;" in blocks[2][1]


LONG = "x = 1\n" * 16


@pytest.mark.parametrize(
    ("complaint", "cells"),
    {
        "no statement begins with 'def f'": [TITLE, program("x = 1", source=["x", "def f"])],
        "no printed line begins with 'score'": [TITLE, program("x", stream("sco\n"), source=False, output=["score"])],
        "no output of the kind 'picture'": [TITLE, program("x", stream("a"), source=False, output="picture")],
        "statements to show must be a list": [TITLE, program("x = 1", source="x")],
        "16 lines of code": [TITLE, program(LONG, source=True)],
        "16 lines of output": [TITLE, program("x", stream(LONG))],
        "no alt text": [TITLE, program("x", figure(alt=""), source=False)],
        "no slide type 'slides'": [text("# Title", "slides")],
        "no other keys than ['text']": [text("# Title", "slide", texts=["x"])],
        "no other keys than []": [TITLE, text("x", "notes", text=["x"])],
        "must be a list of lines": [text("# Title", "slide", text="x")],
        "there is none before it": [text("# Title", text=["x"])],
        "needs a heading": [program("x", kind="slide")],
    }.items(),
)
def test_what_cannot_be_shown_is_an_error_that_names_the_cell(complaint, cells):
    for cell in cells:
        cell.metadata.setdefault("slide", {}) if cell.cell_type == "code" else None
    with pytest.raises(CourseError, match=re.escape(complaint)) as raised:
        of(*cells)
    assert str(raised.value).startswith(f"98_test, cell {cells[-1].id}: ")


def test_math_is_left_to_mathjax_and_dollars_in_code_to_python():
    html = markdown("$a<b$ and\n$$c$$\n\n| $x$ |\n| --- |\n| 1 |\n\n```python\nprint('$x$')\n```")
    assert r"\(a&lt;b\)" in html and r"\[c\]" in html and r"<th><span" in html
    assert "$x$" in words(html) and 'class="code"' in html


# The command


@pytest.fixture
def two_lessons(tmp_path, monkeypatch):
    nbformat.write(nbformat.v4.new_notebook(cells=[TITLE]), tmp_path / "97_shown.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[text("# Title")]), tmp_path / "98_unmarked.ipynb")
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(lessons, "ROOT", tmp_path)
    return tmp_path


def test_a_lesson_without_marks_gets_no_deck_and_a_line(two_lessons, capsys):
    old = two_lessons / slides.FOLDER / "old.html"
    old.parent.mkdir(parents=True)
    old.write_text("")
    assert command.main(["slides"]) == 1
    assert sorted(path.name for path in old.parent.glob("*.html")) == ["97_shown.html", "index.html"]
    index = (old.parent / "index.html").read_text(encoding="utf-8")
    assert "97_shown.html" in index and "98_unmarked" not in index
    said = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert ["97_shown", "1"] in said and ["98_unmarked", "NO"] in said


def test_an_error_stops_before_anything_is_replaced(two_lessons, capsys):
    assert command.main(["slides"]) == 1
    nbformat.write(nbformat.v4.new_notebook(cells=[text("x", "slide", txt=[])]), two_lessons / "97_shown.ipynb")
    assert command.main(["slides"]) == 2
    assert (two_lessons / slides.FOLDER / "97_shown.html").exists()
    assert "97_shown, cell" in capsys.readouterr().err


def test_a_missing_package_is_named():
    with pytest.raises(CourseError, match="nowhere.*make install"):
        assets._file("nowhere", "reveal.js")
    with pytest.raises(CourseError, match=r"gone\.js of the package matplotlib"):
        assets._file("matplotlib", "gone.js")


# In a browser

READY = "window.Reveal && Reveal.isReady()"
# Go to the slide with this number, all its fragments shown, and say what is wrong with it.
COMPLAINTS = r"""async number => {
  const section = Reveal.getSlides()[number], { h, v } = Reveal.getIndices(section), found = [];
  Reveal.slide(h, v, 99);
  const frame = section.querySelector(".frame"), style = getComputedStyle(frame), outer = frame.getBoundingClientRect();
  const side = name => parseFloat(style["padding" + name]);
  const room = {
    left: outer.left + side("Left") - 1, right: outer.right - side("Right") + 1,
    top: outer.top + side("Top") - 1, bottom: outer.bottom - side("Bottom") + 1,
  };
  const name = element => element.tagName.toLowerCase() + " " + JSON.stringify(element.textContent.trim().slice(0, 40));
  const visible = element => element.checkVisibility() && !element.closest("mjx-assistive-mml, option");
  const reach = element => Math.max(...[element, ...element.querySelectorAll("*")].filter(visible).map(inner => {
    const range = document.createRange(), words = [...inner.childNodes].filter(node => node.nodeType === Node.TEXT_NODE);
    return Math.max(inner.getBoundingClientRect().bottom, ...words.map(node => {
      range.selectNodeContents(node);
      return range.getBoundingClientRect().bottom;
    }));
  }));
  const wide = 1280, high = 720;
  if (Math.abs(outer.width - wide) > 1 || Math.abs(outer.height - high) > 1) found.push("the frame isn't the screen's");
  for (const element of frame.querySelectorAll("*")) {
    if (!visible(element) || element.closest("svg *")) continue;
    const box = element.getBoundingClientRect(), inline = getComputedStyle(element).display === "inline";
    const extra = inline ? 8 : 0; // an inline box is as high as its font, and that is more than its line
    if (box.left < room.left || box.right > room.right || box.top < room.top - extra || box.bottom > room.bottom + extra)
      found.push(`sticks out: ${name(element)}`);
    if (element.matches("pre, td, th, p, li") && element.scrollWidth > element.clientWidth + 1)
      found.push(`cut off: ${name(element)}`);
    const own = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const size = parseFloat(getComputedStyle(element).fontSize);
    if ((own || element.matches("mjx-container")) && size < 20) found.push(`${size} px is small: ${name(element)}`);
  }
  for (const column of frame.querySelectorAll(".body:not(.beside .body), .half"))
    for (let above = column.firstElementChild; above?.nextElementSibling; above = above.nextElementSibling)
      if (reach(above) > above.nextElementSibling.getBoundingClientRect().top + 8)
        found.push(`lies over the next: ${name(above)}`);
  for (const math of section.querySelectorAll(".math"))
    if (!math.querySelector("mjx-container svg") || math.querySelector("mjx-merror, [data-mml-node=merror]"))
      found.push(`not typeset: ${name(math)}`);
  for (const pre of frame.querySelectorAll("pre.code"))
    if (pre.textContent.split("\n").length > 15) found.push(`more than 15 lines: ${name(pre)}`);
  for (const image of frame.querySelectorAll("img")) {
    if (!image.alt.trim() || /\.\w+$/.test(image.alt.trim()) && !image.alt.includes(" ")) found.push("no alt text");
    if (await image.decode().then(() => false, () => true)) found.push(`picture not shown: ${image.alt}`);
    else if (image.closest(".alive")) continue; // the replay shows parts of it
    else if (Math.min(image.width / image.naturalWidth, image.height / image.naturalHeight) < 1)
      found.push(`smaller than it was drawn: ${image.alt}`);
  }
  for (const live of frame.querySelectorAll(".alive"))
    if (![live, ...[...live.querySelectorAll("div")].map(each => each.shadowRoot)].some(root => root?.querySelector("input[type=range]")))
      found.push("a replay that isn't alive");
  if (!frame.querySelector("h1, h2").textContent.trim()) found.push("no heading");
  return found;
}"""
FONTS = "() => document.fonts.ready.then(fonts => [...fonts].map(font => [font.family, font.status]))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("slides") / "slides"
    slides.build(made)
    return made


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@contextmanager
def shown_in(browser, path, query=""):
    """Open a deck from the disk at 1280 by 720; yield the page and a list of what went wrong (of str)."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(120_000)
    wrong, home = [], path.parent.as_uri()
    context.on("request", lambda r: r.url.startswith((home, "data:")) or wrong.append(f"outside request: {r.url}"))
    context.on("requestfailed", lambda r: wrong.append(f"failed request: {r.url}"))
    context.on("console", lambda m: m.type in ("error", "warning") and wrong.append(f"{m.type}: {m.text}"))
    context.on("weberror", lambda error: wrong.append(f"page error: {error.error}"))
    try:
        tab = context.new_page()
        tab.goto(path.as_uri() + query)
        tab.wait_for_function(READY)
        yield tab, wrong
    finally:
        context.close()


def complaints(tab):
    total = tab.evaluate("Reveal.getTotalSlides()")
    return [f"slide {n + 1}: {complaint}" for n in range(total) for complaint in tab.evaluate(COMPLAINTS, n)]


@needs_chromium
@each_lesson
def test_every_slide_fits_its_frame(folder, browser, path):
    made = slides_of(nbformat.read(path, as_version=4), path.stem)
    with shown_in(browser, folder / f"{path.stem}.html") as (tab, wrong):
        assert complaints(tab) == []
        assert tab.evaluate("Reveal.getTotalSlides()") == len(made) >= 15
        statuses = dict(map(tuple, tab.evaluate(FONTS)))
        assert statuses.keys() == {"Source Sans Pro", "DejaVu Sans Mono"} and "error" not in statuses.values()
        assert wrong == []
    assert all(slide.notes for slide in made if any(kind == "text" for kind, _ in slide.blocks))


SPOILT = {
    "sticks out: p": Slide("## H", blocks=[("text", markdown("a long line " * 200))]),
    "more than 15 lines": Slide("## H", blocks=[("shown", code(["x"] * 16))]),
    "18 px is small": Slide("## H", blocks=[("text", '<p style="font-size: 18px">x</p>')]),
    "cut off: pre": Slide("## H", blocks=[("shown", printed(["x" * 120]))]),
    "lies over the next: p": Slide("## H", blocks=[("text", '<p style="height: 5px">x</p><p>y</p>')]),
    "not typeset": Slide("## H", blocks=[("text", markdown(r"$\frac{$"))]),
    "no alt text": Slide(
        "## H", blocks=[("shown", of(TITLE, program("x", figure("figure.png"), source=False))[-1].blocks[-1][1])]
    ),
    "picture not shown": Slide("## H", blocks=[("shown", '<img alt="A thing." src="data:image/png;base64,AAAA">')]),
    "smaller than it was drawn": Slide(
        "## H",
        blocks=[
            ("shown", printed([str(n) for n in range(12)])),
            ("shown", of(TITLE, program("x", figure(), source=False))[-1].blocks[-1][1]),
        ],
    ),
    "isn't alive": Slide("## H", blocks=[("shown", '<div class="alive"><figure>x</figure></div>')]),
    "no heading": Slide("## ", blocks=[("text", markdown("x"))]),
}


@pytest.fixture(scope="module")
def spoilt(folder, browser):
    """What is said of a deck in which every slide has its own fault, and what went wrong with the page."""
    bad = folder / "bad.html"
    outside = Slide("## H", blocks=[("text", '<p><img alt="A thing." src="https://example.invalid/a.png"></p>')])
    raises = Slide("## H", blocks=[("text", "<script>setTimeout(() => { throw new Error('script'); })</script>")])
    bad.write_text(page([*SPOILT.values(), outside, raises]), encoding="utf-8")
    with shown_in(browser, bad) as (tab, wrong):
        return complaints(tab), wrong


@needs_chromium
@pytest.mark.parametrize("complaint", SPOILT)
def test_a_spoilt_slide_is_complained_about(spoilt, complaint):
    number = list(SPOILT).index(complaint) + 1
    assert [line for line in spoilt[0] if line.startswith(f"slide {number}: ") and complaint in line]


@needs_chromium
def test_a_deck_that_needs_the_network_or_raises_is_complained_about(spoilt):
    assert {"outside request: https://example.invalid/a.png", "page error: script"} <= set(spoilt[1])


@needs_chromium
def test_a_replay_is_scrubbed_by_keyboard_and_the_slide_stays(folder, browser):
    with shown_in(browser, folder / f"{LESSONS[0].stem}.html") as (tab, wrong):
        where = "Reveal.getSlides().findIndex(slide => slide.querySelector('.gan-replay'))"
        tab.evaluate(
            f"Reveal.getIndices(Reveal.getSlides()[{where}])".join(["(({ h, v }) => Reveal.slide(h, v))(", ")"])
        )
        place, present = tab.evaluate("Reveal.getIndices()"), tab.locator("section.present section.present")
        slider, play, label = present.get_by_role("slider"), present.get_by_role("button"), present.locator("output")
        last = label.inner_text()

        tab.keyboard.press("Tab")
        expect(play).to_be_focused()
        tab.keyboard.press("Space")
        expect(play).to_have_text("Pause")
        tab.keyboard.press("Tab")
        expect(slider).to_be_focused()
        tab.keyboard.press("ArrowLeft")
        expect(play).to_have_text("Play")
        tab.keyboard.press("End")
        expect(label).to_have_text(last)
        tab.keyboard.press("ArrowLeft")
        expect(label).not_to_have_text(last)
        shown_before = label.inner_text()
        tab.keyboard.press("ArrowRight")
        expect(label).to_have_text(last)
        assert shown_before != last and tab.evaluate("Reveal.getIndices()") == place

        box = slider.bounding_box()
        tab.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
        expect(label).to_have_text("step 0")
        tab.keyboard.press("Escape")
        expect(slider).not_to_be_focused()
        assert not tab.evaluate("Reveal.isOverview()") and tab.evaluate("Reveal.getIndices()") == place
        for on, back in [("PageDown", "PageUp"), ("Space", "ArrowLeft")]:
            slider.focus()
            tab.keyboard.press(on)
            assert tab.evaluate("Reveal.getIndices()") != place
            tab.keyboard.press(back)
            assert tab.evaluate("Reveal.getIndices()") == place
            expect(label).to_have_text("step 0")
        assert wrong == []


@needs_chromium
def test_the_lab_fits_a_slide_and_shows_code_while_an_update_goes_slowly(folder, browser):
    alive = [f'<div class="alive">{each.html()}</div>' for each in (lab.objective(live=False), lab.game(**GAME))]
    deck = folder / "lab.html"
    deck.write_text(page([Slide("## H", blocks=[("shown", block)]) for block in alive]), encoding="utf-8")
    with shown_in(browser, deck) as (tab, wrong):
        expect(tab.locator(".alive > figure[data-alive]")).to_have_count(2)
        assert complaints(tab) == []  # ends at the game
        game, place = tab.get_by_role("region", name="The game in 2-D"), tab.evaluate("Reveal.getIndices()")
        for player, line in [("D", "opt_d.step()"), ("G", "opt_g.step()")]:
            expect(game.locator("pre")).to_be_hidden()
            game.get_by_role("button", name=f"{player}, slowly").press("Enter")
            for _ in range(4):
                game.get_by_role("button", name="Next phase").press("Enter")
            expect(game.locator("pre .now").last).to_have_text(re.compile(re.escape(line)))
            assert [c for c in tab.evaluate(COMPLAINTS, 1) if c] == []
            game.get_by_role("button", name="Next phase").press("Enter")
        scrub = game.get_by_label("back through the game")
        scrub.press("Home")
        assert scrub.input_value() == "0" and tab.evaluate("Reveal.getIndices()") == place
        scrub.press("Escape")
        assert tab.evaluate("[Reveal.isOverview(), document.activeElement === document.body]") == [False, True]
        scrub.press("PageUp")
        assert tab.evaluate("Reveal.getIndices()") != place
        assert wrong == []


@needs_chromium
def test_the_right_arrow_goes_through_every_slide(folder, browser):
    with shown_in(browser, folder / f"{LESSONS[0].stem}.html") as (tab, _):
        seen = [tab.evaluate("Reveal.getSlidePastCount()")]
        for _ in range(200):  # more than there are slides and fragments
            tab.keyboard.press("ArrowRight")
            seen.append(tab.evaluate("Reveal.getSlidePastCount()"))
        assert sorted(set(seen)) == list(range(tab.evaluate("Reveal.getTotalSlides()"))) and seen == sorted(seen)


@needs_chromium
def test_the_speakers_window_has_the_notes_with_their_equations(folder, browser):
    with shown_in(browser, folder / "01_minimax_objective.html", "#/4") as (tab, wrong):
        with tab.context.expect_page() as opened:
            tab.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        # In the lesson, and not on the slide; the two windows find each other within a second, on an idle machine.
        expect(notes).to_contain_text("we maximise the integrand", timeout=60_000)
        expect(notes.locator("svg").first).to_be_visible()
        assert r"\(" not in notes.inner_text() and notes.locator("math").count() == 0
        for preview in opened.value.frames[1:]:
            preview.wait_for_function(READY)
        tab.keyboard.press("ArrowRight")
        opened.value.frames[1].wait_for_function("Reveal.getIndices().f === 0")
        assert wrong == []


@needs_chromium
def test_printing_gives_a_page_for_each_slide(folder, browser):
    total = len(slides_of(nbformat.read(lessons.find("02"), as_version=4), "02"))
    with shown_in(browser, folder / "02_mlp_gan.html", "?print-pdf") as (tab, wrong):
        tab.wait_for_function(f"document.querySelectorAll('.pdf-page').length >= {total}")
        pdf = tab.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == total
        assert wrong == []


@needs_chromium
def test_the_page_that_lists_the_decks(folder, browser):
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((folder / "index.html").as_uri())
    links = tab.locator("a")
    assert [links.nth(i).get_attribute("href") for i in range(links.count())] == [
        f"{path.stem}.html" for path in LESSONS
    ]
    links.last.click()
    tab.wait_for_function(READY)
    context.close()
