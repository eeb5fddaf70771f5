"""The exhibits without a kernel in a real browser: from a file, with nothing to fetch, by mouse, keyboard and script."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium, needs_chromium
from matplotlib import colormaps
from PIL import Image
from playwright.sync_api import expect

from gan_course import lab
from gan_course.lab import frames, recording, theory
from gan_course.lab.show import text_of

pytestmark = needs_chromium
WAIT = 60_000  # milliseconds, for busy machines
GAME = {"steps": 24, "pictures": 7, "d_steps": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages")
    for name, exhibit in [("objective", lab.objective(live=False)), ("game", lab.game(**GAME, live=False))]:
        text = (
            f'<!doctype html><html lang="en"><title>{name}</title><main><h1>{name}</h1>{exhibit.html()}</main></html>'
        )
        (root / f"{name}.html").write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def show_page(browser, folder):
    """Open one of the two pages; at the end, there must have been no complaint and no request."""
    complaints, contexts = [], []

    def asked(url):
        if not url.startswith(("file:", "data:")):
            complaints.append(url)

    def opened(name, **options):
        contexts.append(browser.new_context(**options))
        new = contexts[-1].new_page()
        new.set_default_timeout(WAIT)
        new.on("pageerror", lambda error: complaints.append(str(error)))
        new.on("console", lambda message: complaints.append(message.text))
        new.on("request", lambda request: asked(request.url))
        new.goto((folder / f"{name}.html").as_uri())
        return new

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def objective(show_page):
    return show_page("objective").get_by_role("region", name="The objective")


@pytest.fixture
def game(show_page):
    return show_page("game", viewport={"width": 1200, "height": 800}).get_by_role("region", name="The game in 2-D")


def updates(game):
    return game.get_by_label("back through the game").get_attribute("aria-valuetext")


# -- the objective -----------------------------------------------------------------------------------------------------


def test_the_browser_computes_what_the_reference_does(objective):
    for mean, std in [(0.0, 1.5), (-4.0, 0.2), (1.0, 0.5), (4.0, 3.0), (1.35, 0.65)]:
        objective.get_by_role("slider", name="mean of p_g").fill(str(mean))
        objective.get_by_role("slider", name="width of p_g").fill(str(std))
        for name, value in theory.numbers(mean, std).items():
            found = float(objective.locator(f"[data-name='{name}']").get_attribute("data-value"))
            assert found == pytest.approx(value, rel=1e-9, abs=1e-12), (name, mean, std)


def test_the_keyboard_moves_the_sliders_and_says_where_they_are(objective):
    slider = objective.get_by_role("slider", name="mean of p_g")
    slider.press("ArrowRight")
    expect(objective.get_by_role("status")).to_contain_text("Mean 0.05, width 1.50", timeout=WAIT)
    objective.get_by_role("button", name="On the data").press("Enter")
    expect(objective.get_by_role("status")).to_have_text(
        "Mean 1.00, width 0.50: Jensen-Shannon divergence 0.000.", timeout=WAIT
    )


def test_the_handles_in_the_plot_can_be_dragged(objective):
    mouse = objective.page.mouse
    middle, side = (handle.bounding_box() for handle in objective.locator(".handle").all())
    width = objective.locator("svg").first.bounding_box()["width"]
    unit = (480 - 74 - 8) / 12 * width / 480  # pixels for a distance of 1
    drag(mouse, side, unit)
    assert float(objective.get_by_role("slider", name="width of p_g").input_value()) == pytest.approx(2.5, abs=0.1)
    drag(mouse, objective.locator(".handle").first.bounding_box(), -2 * unit)
    assert float(objective.get_by_role("slider", name="mean of p_g").input_value()) == pytest.approx(-2, abs=0.1)
    drag(mouse, objective.locator(".handle").first.bounding_box(), -500)  # no further than it goes
    assert objective.get_by_role("slider", name="mean of p_g").input_value() == "-4"


def drag(mouse, box, by):
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + by, y, steps=4)
    mouse.up()


# -- the recorded game -------------------------------------------------------------------------------------------------


def test_the_recording_plays_to_its_end_and_can_be_scrubbed(game):
    scrub = game.get_by_label("back through the game")
    expect(scrub).to_have_attribute("max", "8", timeout=WAIT)
    assert updates(game) == "49 updates of D, 25 of G"  # 24 rounds, and the updates in slow motion
    game.get_by_label("pictures").select_option("20 a second")
    game.get_by_role("button", name="Play").press("Enter")
    expect(game.get_by_role("button", name="Pause")).to_be_visible(timeout=WAIT)
    expect(game.get_by_role("button", name="Play")).to_be_visible(timeout=WAIT)
    assert scrub.input_value() == "8"
    scrub.press("Home")
    assert updates(game) == "0 updates of D, 0 of G"
    scrub.press("ArrowRight")
    assert updates(game) == "2 updates of D, 1 of G"


def test_slow_motion_goes_through_the_phases_that_the_code_names(game):
    wanted = {"D": ["cut off from G", "D judges", "what these answers cost D", "a gradient for each weight of D", "one step of D alone"],
              "G": ["still tied to G", "D judges them", "what D's answers cost G", "through D and each fake", "one step of G alone"]}  # fmt: skip
    status, before = game.get_by_role("status"), updates(game)
    for player, phases in wanted.items():
        game.get_by_role("button", name=f"{player}, slowly").click()
        for i, phase in enumerate(phases):
            expect(status).to_contain_text(f"{player}’s update, phase {i + 1} of 5", timeout=WAIT)
            expect(status).to_contain_text(phase)
            marked = game.locator("pre .now").all_inner_texts()
            assert f"# {i + 1}: " in marked[0] and not any(
                f"# {k}: " in line for line in marked for k in range(1, 6) if k != i + 1
            )
            game.get_by_role("button", name="Next phase").click()
        expect(status).to_contain_text("updates of D", timeout=WAIT)
    assert game.locator("pre").inner_text().startswith("def update_generator(") and updates(game) != before
    assert "def non_saturating_g(" in game.locator("pre").inner_text()


def test_the_picture_is_the_surface_that_was_recorded(game, tmp_path):
    for layer in ("real", "generated", "gradient"):
        game.get_by_role("checkbox", name=layer).uncheck()
    wanted = frames.unpack(recording.record(**GAME).frames[-1]).surface
    game.locator("canvas.plane").screenshot(path=tmp_path / "plane.png")
    shown = np.asarray(Image.open(tmp_path / "plane.png").convert("RGB").resize((32 * 16, 32 * 16)), float)[
        8::16, 8::16
    ]
    colours = np.asarray(colormaps["cividis"](wanted[::-1]))[..., :3] * 255
    assert np.abs(shown - colours)[2:-2, 2:-2].max() < 25 and np.ptp(colours) > 60


def test_all_controls_can_be_reached_and_used_by_keyboard(game):
    page, seen = game.page, []
    focused = "() => { let e = document.activeElement; while (e.shadowRoot) e = e.shadowRoot.activeElement; return e && (e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText) }"
    page.locator("body").press("Tab")
    for _ in range(14):
        seen.append(page.evaluate(focused).split("\n")[0])
        page.keyboard.press("Tab")
    assert seen[:6] == ["Play", "D, slowly", "G, slowly", "Next phase", "pictures", "D’s surface"]
    assert {"back through the game", "D’s update", "G’s update", "code of the update"} <= set(seen)
    game.get_by_role("button", name="G’s update").press("Space")
    expect(game.get_by_role("heading", name="The code of G’s update")).to_be_visible()


# -- the game with a kernel that does not answer -----------------------------------------------------------------------

RENDER = """async ([view, start]) => {
  const { default: exhibit } = await import("data:text/javascript," + encodeURIComponent(view));
  Object.assign(window, { sent: [], gone: false, heard: {} });
  const send = message => { if (gone) throw new Error("Cannot send"); sent.push(message.type); };
  const model = { get: name => ({ css: "", start })[name], send, on: (event, call) => heard[event] = call, off() {} };
  document.body.innerHTML = "<main></main>";
  window.close_view = exhibit.render({ model, el: document.querySelector("main") });
}"""


def test_a_view_without_an_answer_asks_again_and_one_without_a_kernel_says_so(show_page):
    page = show_page("objective")
    page.clock.install()
    page.evaluate(RENDER, [text_of("view.js"), lab.game(live=True).start])
    assert page.evaluate("sent") == ["hello"]
    page.clock.fast_forward(6_000)
    assert page.evaluate("sent") == ["hello", "hello"]
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate("heard.comm_live_update()")  # what a restart of the kernel comes to
    expect(page.get_by_role("status")).to_have_text("This game’s kernel is gone: run the cell again.")
    page.evaluate(
        "gone = true; document.querySelector('main div').shadowRoot.querySelector('.status').textContent = ''"
    )
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("status")).to_have_text("This game’s kernel is gone: run the cell again.")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.evaluate("close_view()")
    assert page.evaluate("sent") == ["hello", "hello", "play"]


# -- both --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["objective", "game"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show_page, name, scheme):
    shown = show_page(name, color_scheme=scheme)
    expect(shown.get_by_role("region")).to_have_class(re.compile("dark" if scheme == "dark" else "^lab$"), timeout=WAIT)
    found = Axe().run(shown)
    serious = [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", ["objective", "game"])
def test_nothing_sticks_out_of_a_narrow_page(show_page, name):
    shown = show_page(name, viewport={"width": 340, "height": 800})
    expect(shown.get_by_role("region")).to_be_visible(timeout=WAIT)
    assert shown.evaluate("document.documentElement.scrollWidth") <= 340
    sticking = """() => [...document.querySelector('.gan-lab div').firstChild.shadowRoot.querySelectorAll('button, select, input, canvas, svg, table, p')]
      .filter(e => e.getBoundingClientRect().right > 341).map(e => e.outerHTML.slice(0, 80))"""
    assert shown.evaluate(sticking) == []


@pytest.mark.parametrize("name", ["objective", "game"])
def test_without_scripts_there_is_a_picture_with_words(show_page, name):
    shown = show_page(name, java_script_enabled=False)
    picture = shown.get_by_role("img")
    expect(picture).to_have_count(1)
    expect(picture).to_be_visible()
    assert len(picture.get_attribute("alt")) > 80
    expect(shown.get_by_role("button")).to_have_count(0)
