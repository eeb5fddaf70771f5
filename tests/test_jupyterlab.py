"""What a reader meets in JupyterLab, in a browser: a lesson, a run, a replay, and the exhibits with a kernel."""

import io
import re
import shutil

import nbformat
import numpy as np
import pytest
from browser import lab, needs_chromium
from PIL import Image
from playwright.sync_api import expect

from gan_course import lessons
from gan_course.replay import Replay

LESSON = lessons.find("00")  # it has a run with a replay, and many pictures; test_lessons runs all, without a browser
ALT = 'Ten "random" frames & no more.'
EXHIBITS = ["from gan_course import lab\ngame = lab.game()\ngame", "objective = lab.objective()\nobjective"]

pytestmark = needs_chromium
WAIT = 60_000  # milliseconds, for busy machines

# Runs code in the notebook's kernel and returns what it prints.
IN_KERNEL = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const run = kernel.requestExecute({ code, store_history: false });
  let printed = "";
  run.onIOPub = message => {
    if (message.header.msg_type === "stream") printed += message.content.text;
    if (message.header.msg_type === "error") printed += message.content.evalue;
  };
  await run.done;
  return printed.trim();
}"""
INTERRUPT = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    expect.set_options(timeout=WAIT)
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(LESSON, root)
    for folder in ("badges", "pictures"):
        shutil.copytree(LESSON.parent / folder, root / folder)
    with lab(root, {"GAN_COURSE_BUDGET": "smoke", "GAN_COURSE_RUNS": str(tmp_path_factory.mktemp("runs"))}) as running:
        yield running


def code(source, *outputs):
    return nbformat.v4.new_code_cell(source, execution_count=1, outputs=list(outputs))


def write(path, cells):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def test_lesson_in_jupyterlab(jupyter):
    with jupyter.open(LESSON.name) as notebook:
        assert notebook.complaints() == []  # as committed
        notebook.run_all()
        assert notebook.failures() + notebook.complaints() == []
        shows_its_progress_and_one_preview(notebook)
        expect(notebook.page.locator("figure.gan-replay").get_by_role("slider")).to_be_visible()


def shows_its_progress_and_one_preview(notebook):
    done = re.compile(r"\b(\d+)/\1 \[")
    [outputs] = [cell["outputs"] for cell in notebook.code_cells() if done.search(str(cell["outputs"]))]
    alts = [output["metadata"]["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    steps = done.search(str(outputs))[1]
    assert len(alts) == 1 and f"step {steps} of {steps}." in alts[0]
    expect(notebook.page.locator(".jp-OutputArea-output", has_text=done)).to_be_visible()


def test_what_goes_wrong_is_seen(jupyter):
    cells = [
        code("import sys; print('noise', file=sys.stderr)"),
        code("from IPython.display import HTML; HTML('<img src=\"http://example.invalid/a.png\">')"),
        code("HTML('<script>setTimeout(() => { throw new Error(\"script\"); })</script>')"),
        code("1 / 0"),
        code("'after an error'"),
    ]
    write(jupyter.root_dir / "wrong.ipynb", cells)
    with jupyter.open("wrong.ipynb") as notebook:
        notebook.run_all()
        failures = notebook.failures()
        assert failures[:2] == ["error: ZeroDivisionError: division by zero", "stderr: noise\n"]
        assert failures[-1] == "not run: 'after an error'"
        assert notebook.complaints() == [
            "page error: script",
            "outside request: http://example.invalid/a.png",
            "picture not shown: http://example.invalid/a.png",
        ]


def test_replay_is_a_sheet_until_trusted_and_then_a_player(jupyter):
    rng = np.random.default_rng(0)
    frames = np.kron(rng.integers(0, 256, (10, 4, 8), np.uint8), np.ones((1, 14, 14), np.uint8))  # blocks survive WebP
    data = {"text/html": Replay(frames, range(0, 10_000, 1000), alt=ALT).html()}
    write(jupyter.root_dir / "replay.ipynb", [code("...", nbformat.v4.new_output("display_data", data))])

    with jupyter.open("replay.ipynb") as notebook:
        sheet = notebook.page.get_by_alt_text(ALT)
        expect(sheet).to_be_visible()
        expect(sheet).to_have_js_property("naturalWidth", 4 * 112 + 3 * 6)
        expect(notebook.page.get_by_role("slider")).to_have_count(0)
        assert notebook.complaints() == []

    jupyter.trust("replay.ipynb")
    with jupyter.open("replay.ipynb") as notebook:
        expect(notebook.page.get_by_role("slider")).to_be_visible()
        slider, label = notebook.page.get_by_role("slider"), notebook.page.locator("figure output")
        expect(notebook.page.get_by_alt_text(ALT)).to_be_hidden()
        expect(label).to_have_text("step 9,000")
        for i, frame in enumerate(frames):
            slider.fill(str(i))
            expect(label).to_have_text(f"step {i * 1000:,}")
            shown = notebook.page.locator("figure").get_by_role("img")
            assert np.abs(pixels(shown.screenshot()) - frame).mean() < 10  # random frames differ by 85
        slider.press("ArrowLeft")  # which JupyterLab would like for itself
        expect(label).to_have_text("step 8,000")
        notebook.page.get_by_role("button", name="Play").click()
        expect(label).to_have_text("step 9,000")
        assert notebook.complaints() == []


def pixels(png):
    """Return a player's picture at the size of its frames, float (56, 112)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L").resize((112, 56)), float)


# -- the exhibits with a kernel: every control does what it says, and training ends when nobody looks ------------------


@pytest.fixture(scope="module")
def notebook(jupyter):
    write(jupyter.root_dir / "lab.ipynb", [code(source) for source in EXHIBITS])
    with jupyter.open("lab.ipynb") as opened:
        yield opened


@pytest.fixture
def page(notebook):
    """The notebook just run, nothing played yet; at the end, nothing may have gone wrong on the page."""
    notebook.run_all()
    assert notebook.failures() == []
    yield notebook.page
    assert notebook.failures() + notebook.complaints() == []


@pytest.fixture
def game(page):
    shown = page.get_by_role("region", name="The game in 2-D")
    expect(shown.get_by_role("status")).to_contain_text("0 updates of D")
    return shown


def press(game, name):
    game.get_by_role("button", name=name, exact=True).click()


def expect_status(game, text):
    expect(game.get_by_role("status")).to_contain_text(text)


def play_a_while(game):
    """Press Play and wait for three more pictures."""
    before = int(game.get_attribute("data-drawn"))
    press(game, "Play")
    expect_status(game, "Playing.")
    game.page.wait_for_function(
        "([section, n]) => Number(section.dataset.drawn) > n", arg=[game.element_handle(), before + 3], timeout=WAIT
    )


def threads(page):
    count = "import threading; print(sum(t.name == 'gan_course.lab' for t in threading.enumerate()))"
    return page.evaluate(IN_KERNEL, count)


def test_the_game_reacts_to_step_play_pause_reset_and_changed_data(game):
    press(game, "Step D")
    expect_status(game, "1 update of D, 0 of G.")
    expect(game.locator("pre")).to_contain_text("def update_discriminator(")
    press(game, "Step G")
    expect_status(game, "1 update of D, 1 of G.")
    expect(game.locator("pre")).to_contain_text("def update_generator(")
    play_a_while(game)
    assert threads(game.page) == "1"  # and the kernel answers meanwhile
    press(game, "Pause")
    expect_status(game, "of 8 modes covered")
    assert threads(game.page) == "0"

    scrub = game.get_by_label("back through the game")
    now = scrub.get_attribute("aria-valuetext")
    scrub.press("ArrowLeft")  # which JupyterLab would like for itself
    expect_status(game, "Looking back.")
    assert scrub.get_attribute("aria-valuetext") != now

    game.get_by_role("combobox", name="data").select_option("spiral")
    expect_status(game, "0 updates of D, 0 of G.")
    expect(game.get_by_role("heading", name="Modes covered")).to_be_hidden()
    game.get_by_role("combobox", name="loss").select_option("wasserstein")
    press(game, "D’s update")
    expect(game.locator("pre")).to_contain_text("def update_critic(")
    press(game, "Step both")
    expect_status(game, "1 update of D, 1 of G.")
    press(game, "Reset")
    expect_status(game, "0 updates of D, 0 of G.")
    assert game.get_by_role("combobox", name="data").input_value() == "spiral"


def test_slow_motion_by_keyboard_alone(game):
    game.get_by_role("checkbox", name="slow motion").press("Space")
    game.get_by_role("button", name="Step G").press("Enter")
    expect_status(game, "G’s update, phase 1 of 5: G makes new fakes")
    following = game.get_by_role("button", name="Next phase")
    for phase in range(2, 6):
        following.press("Enter")
        expect_status(game, f"G’s update, phase {phase} of 5")
    following.press("b")  # in JupyterLab's command mode: a new cell below
    following.press("Enter")
    expect_status(game, "0 updates of D, 1 of G.")
    following.press("Enter")  # it kept the focus, and goes on with whose turn it is
    expect_status(game, "D’s update, phase 1 of 5: G makes fakes")
    assert game.page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length") == len(EXHIBITS)


def test_bad_values_cannot_be_set(game):
    seed = game.get_by_label("seed")
    for bad in ("-1", "1.5", "99999999999", ""):
        seed.fill(bad)
        seed.press("Enter")
        seed.blur()
        expect_status(game, "The seed is a whole number from 0 to 2,147,483,647.")
        assert seed.input_value() == "0"
        press(game, "Step D")
        expect_status(game, "of D, 0 of G")
    seed.fill("7")
    seed.press("Enter")
    expect_status(game, "0 updates of D, 0 of G.")
    assert game.page.evaluate(IN_KERNEL, "print(game.engine._game.settings['seed'])") == "7"


def test_a_diverged_game_says_so_and_can_be_reset(game):
    poison = "import torch\nwith torch.no_grad(): game.engine._game.generator[0].bias.fill_(float('nan'))"
    assert game.page.evaluate(IN_KERNEL, poison) == ""
    press(game, "Play")
    expect(game.get_by_role("alert")).to_contain_text("The game has diverged. D's loss is no longer")
    expect(game.get_by_role("button", name="Play")).to_be_disabled()
    press(game, "Start again")
    expect(game.get_by_role("alert")).to_be_hidden()
    press(game, "Step D")
    expect_status(game, "1 update of D, 0 of G.")


def test_an_interrupt_pauses_the_game_between_cells_and_during_one(game):
    play_a_while(game)
    game.page.evaluate(INTERRUPT)
    expect_status(game, "Paused: the kernel was interrupted.")
    assert threads(game.page) == "0"
    play_a_while(game)
    game.page.evaluate(f"code => void ({IN_KERNEL})(code)", "import time; time.sleep(600)")
    game.page.wait_for_timeout(1000)
    game.page.evaluate(INTERRUPT)
    expect_status(game, "Paused: the kernel was interrupted.")
    assert threads(game.page) == "0"


def test_a_view_that_is_gone_stops_the_training(game, notebook):
    play_a_while(game)
    page = game.page
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(game).to_have_count(0)
    assert page.evaluate(IN_KERNEL, "print(game.engine.join(60))") == "True"
    notebook.run_all()  # for the check at the end


def test_the_objective_speaks_with_python_both_ways(page):
    shown = page.get_by_role("region", name="The objective")
    slider = shown.get_by_role("slider", name="mean of p_g")
    slider.press("ArrowRight")
    expect(shown.get_by_role("status")).to_contain_text("Mean 0.05")
    assert page.evaluate(IN_KERNEL, "print(objective.mean)") == "0.05"
    assert page.evaluate(IN_KERNEL, "objective.std = 2") == ""
    expect(shown.get_by_role("slider", name="width of p_g")).to_have_value("2")
    assert "must be a number from 0.2 to 3" in page.evaluate(IN_KERNEL, "objective.std = 9")


def test_it_follows_jupyterlabs_dark_theme(game):
    expect(game).not_to_have_class("lab dark")
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    game.page.evaluate(change, "JupyterLab Dark")
    expect(game).to_have_class("lab dark")
    game.page.evaluate(change, "JupyterLab Light")
    expect(game).to_have_class("lab")
