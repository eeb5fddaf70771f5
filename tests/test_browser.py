"""The lessons and the replay as a reader meets them: in JupyterLab, in a browser, at first untrusted."""

import io
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from browser import lab, needs_chromium
from PIL import Image
from playwright.sync_api import expect

from gan_course import lessons
from gan_course.replay import Replay

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
RUN_HERE = [lessons.find(number) for number in ("00", "02")]  # test_lessons runs them all, without a browser
ALT = 'Ten "random" frames & no more.'

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    root = tmp_path_factory.mktemp("lessons")
    shutil.copytree(NOTEBOOKS, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    runs = tmp_path_factory.mktemp("runs")
    with lab(root, env={"GAN_COURSE_BUDGET": "smoke", "GAN_COURSE_RUNS": str(runs), "OMP_NUM_THREADS": "1"}) as running:
        yield running


@pytest.mark.parametrize("lesson", RUN_HERE, ids=lambda path: path.stem)
def test_lesson_in_jupyterlab(jupyter, lesson):
    with jupyter.open(lesson.name) as notebook:
        assert notebook.complaints() == []  # as committed
        notebook.run_all()
        assert notebook.failures() + notebook.complaints() == []


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
        notebook.page.reload()
        expect(notebook.page.get_by_role("slider")).to_be_visible(timeout=60_000)
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


def code(source, *outputs):
    return nbformat.v4.new_code_cell(source, execution_count=1, outputs=list(outputs))


def write(path, cells):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def pixels(png):
    """Return a player's picture at the size of its frames, float (56, 112)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L").resize((112, 56)), float)
