"""Every lesson as committed, and every lesson run at the smoke budget through papermill and nbval."""

import copy
import html
import os
import re
import subprocess
import sys

import nbformat
import pytest
from hygiene import complaints_about_lesson, complaints_about_run, runs_of
from needs import lesson_params

from gan_course import lessons, machine, provenance, sitting
from gan_course.run import folder_of

LESSONS = lessons.all_lessons()
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
each_lesson_that_runs_here = pytest.mark.parametrize("path", lesson_params(LESSONS))
SEED = 3  # not the seed of the committed outputs: what nbval compares must not depend on it


def load(path):
    return nbformat.read(path, as_version=4)


def test_there_are_lessons():
    assert LESSONS


@each_lesson
def test_a_committed_lesson_is_clean_and_fresh(path):
    assert complaints_about_lesson(load(path), path, path.stat().st_size) == []


@each_lesson_that_runs_here
def test_a_lesson_runs_at_smoke_through_papermill_and_nbval(path, runs):
    copied = runs.parent / path.name
    lessons.prepare(path, copied, "smoke", SEED)
    nbformat.write(sitting.core_first(load(copied)), copied)  # so it shows that the core needs no deeper section
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "-n",
        "0",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
    ]
    done = subprocess.run([*command, copied], cwd=runs.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    cells = sum(cell.cell_type == "code" for cell in load(copied).cells)
    assert re.search(rf"\b{cells} passed\b", done.stdout), done.stdout[-500:]
    names = runs_of(load(path))
    assert names or load(path).metadata.lesson.framework.startswith("NumPy"), "this lesson trains nothing"
    for name in names:
        assert complaints_about_run(folder_of(name, "smoke", SEED), "smoke", SEED) == []


def test_readme_has_the_table_of_the_lessons_as_they_are():
    assert lessons.table() in (lessons.ROOT / "README.md").read_text(encoding="utf-8")


@each_lesson
def test_readme_shows_the_picture_that_the_lesson_made(path):
    png, alt = lessons.picture(load(path))
    assert (lessons.NOTEBOOKS / lessons.PICTURES / f"{path.stem}.png").read_bytes() == png
    assert png.startswith(b"\x89PNG") and html.escape(alt) in lessons.table()


@pytest.fixture
def small_lesson(tmp_path, monkeypatch):
    """A lesson that trains nothing; its path."""
    code = "from gan_course import budget\nprint(budget.resolve())"
    markdown, header, colab = nbformat.v4.new_markdown_cell, {"tags": ["header"]}, {"tags": ["colab"]}
    cells = [markdown("# 98 · Test"), markdown("", metadata=header), nbformat.v4.new_code_cell("", metadata=colab)]
    cells += [markdown("## Set-up"), nbformat.v4.new_code_cell(code)]
    about = {"framework": "PyTorch", "before": "nothing"}
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "lesson": about}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "98_test.ipynb")
    return tmp_path / "98_test.ipynb"


def test_a_lesson_goes_through_papermill_alone(small_lesson, runs):
    notebook = load(small_lesson)
    parameters = "budget = None\nseed = 0\ndataset = 'mnist'"
    cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    show = nbformat.v4.new_code_cell("print(budget, seed, dataset)")
    notebook.cells = [cell, show]
    nbformat.write(notebook, small_lesson)
    for dataset, shown in ((None, "mnist"), ("fashion", "fashion")):
        output = lessons.run(small_lesson, "smoke", SEED, dataset)
        assert output == folder_of("98_test", "smoke", SEED).absolute() / "98_test.ipynb"
        *_, injected, last = load(output).cells
        assert "injected-parameters" in injected.metadata.tags
        assert last.outputs[0].text == f"smoke {SEED} {shown}\n"


@pytest.mark.parametrize("factor", [0.001, None])
def test_a_refresh_stores_where_it_ran_how_long_and_what_was_imported(small_lesson, runs, monkeypatch, factor):
    monkeypatch.setattr(machine, "factor", lambda framework, again: factor)
    monkeypatch.setattr(machine, "processor", lambda: "a processor")
    made, notebook = lessons.refresh(small_lesson), load(small_lesson)
    assert made == notebook.metadata.gan_course and made["factor"] == factor
    assert {"__init__.py", "budget.py", "errors.py"} == set(made["modules"])
    assert provenance.status(notebook) == provenance.FRESH
    assert notebook.cells[-1].outputs[0].text == "laptop\n" and len(notebook.cells) == 4  # no cell for Colab either
    at_factor_1 = notebook.metadata.lesson.get("seconds_at_factor_1")
    assert at_factor_1 is None if factor is None else 0.9 * at_factor_1 < 1000 * made["seconds"] + 500
    header = notebook.cells[1].source
    assert header.startswith(
        "**PyTorch** · reading under a minute, exercises under a minute, machine under a minute on a processor, "
    ) and header == lessons.header(notebook, small_lesson)
    assert ("at factor 1)" in header) is (factor is not None)


def test_minutes_are_given_with_the_processor_and_at_factor_1():
    notebook = nbformat.v4.new_notebook(metadata={"lesson": {}})
    assert lessons.minutes(notebook) == "not run yet"
    notebook.metadata.gan_course = {"seconds": 240, "machine": "Linux x86_64, 2 CPU cores"}  # before there were factors
    assert lessons.minutes(notebook) == "4 minutes on Linux x86_64, 2 CPU cores"
    notebook.metadata.gan_course["machine"] = "Intel Xeon, 2 cores, Linux x86_64"
    notebook.metadata.lesson.seconds_at_factor_1 = 300
    assert lessons.minutes(notebook) == "4 minutes on Intel Xeon, 2 cores (5 at factor 1)"
    notebook.metadata.lesson.seconds_at_factor_1 = 20
    assert lessons.minutes(notebook).endswith("(under 1 at factor 1)")


def test_badges_and_a_cell_for_colab_need_a_repository(small_lesson, monkeypatch):
    notebook = load(small_lesson)
    for url, there in [("https://github.com/OWNER/gan-course", False), ("https://github.com/me/gan-course", True)]:
        monkeypatch.setattr(lessons, "repository", lambda url=url: url)
        for _ in range(2):  # twice does no more than once
            lessons.set_header(notebook, small_lesson)
        sources = [cell.source for cell in notebook.cells]
        assert ("mybinder.org/v2/gh/me/gan-course/main" in sources[1]) is there
        assert [url in source for source in sources].count(True) == int(there)
        assert sources.index("## Set-up") == 2 + there and len(sources) == 4 + there


def test_an_unknown_lesson_lists_the_known_ones():
    with pytest.raises(lessons.CourseError, match=LESSONS[0].stem):
        lessons.find("98")
    assert lessons.find(LESSONS[0].stem[:2]) == lessons.find(LESSONS[0].stem) == LESSONS[0]


# Each complaint is made: a sound lesson is spoilt in one way at a time.


def first_output(notebook, kind):
    return next(o for c in notebook.cells for o in c.get("outputs", []) if kind in o.get("data", {}))


def code_cell(notebook, tag=None):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not cell.metadata.get("tags")]
    tagged = (
        c for c in notebook.cells if tag in c.metadata.get("tags", []) and (tag == "header" or c.cell_type == "code")
    )
    return next(tagged) if tag else cells[1]


def stderr(notebook):
    code_cell(notebook).outputs.append(nbformat.v4.new_output("stream", name="stderr", text="warning"))


def error(notebook):
    code_cell(notebook).outputs.append(nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[]))


def widget(notebook):
    data = {"application/vnd.jupyter.widget-view+json": {}}
    code_cell(notebook).outputs.append(nbformat.v4.new_output("display_data", data=data))


def printed_path(notebook):
    code_cell(notebook).outputs.append(nbformat.v4.new_output("stream", text="saved in /home/me/x"))


def path_in_html(notebook):
    html = '<p class="D:">saved in <b title="x">C:\\runs</b></p>'
    code_cell(notebook).outputs.append(nbformat.v4.new_output("display_data", data={"text/html": html}))


def changed_code(notebook):
    code_cell(notebook).source += "\nprint(1)"


def two_runs(notebook):
    code_cell(notebook).execution_count += 1


def many_code_cells(notebook):
    notebook.cells[:0] = [copy.deepcopy(code_cell(notebook)) for _ in range(3)]


def set_alt(notebook, alt):
    first_output(notebook, "image/png").metadata["image/png"]["alt"] = alt


SPOILT = {
    "without alt text": lambda nb: set_alt(nb, ""),
    "stderr": stderr,
    "an error": error,
    "stored widget": widget,
    "path in its output": printed_path,
    "path in its output: C:": path_in_html,
    "a machine's path": lambda nb: code_cell(nb).update(source="open('/home/me/data')"),
    "code changed": changed_code,
    "shell line": lambda nb: code_cell(nb).update(source="!ls"),
    "lines of code": lambda nb: code_cell(nb).update(source="x = 1\n" * 26),
    "top to bottom": two_runs,
    "code cells without prose": many_code_cells,
    "budget smoke": lambda nb: nb.metadata.gan_course.update(budget="smoke"),
    "data digits": lambda nb: nb.metadata.gan_course.update(data="digits"),
    "parameters": lambda nb: code_cell(nb, "parameters").update(source="budget = 'smoke'\nseed = 0"),
    "badges": lambda nb: code_cell(nb, "header").update(source="1 minute"),
    "kernel": lambda nb: nb.metadata.kernelspec.update(name="other"),
    "not folded": lambda nb: code_cell(nb, "solution").metadata.jupyter.update(source_hidden=False),
    "title": lambda nb: nb.cells[0].update(source="text"),
    "result's picture": lambda nb: nb.cells[0].update(source="# 02 · Title"),
    "3,000 words": lambda nb: nb.cells[0].update(source="word " * 3001),
    "words of the glossary": lambda nb: nb.cells[2].update(source="A sentence about mode collapse."),
    "without a link: arXiv:1406.2661": lambda nb: nb.cells[-1].update(source="- I. Goodfellow, arXiv:1406.2661."),
}


@pytest.mark.parametrize("complaint", SPOILT)
def test_a_spoilt_lesson_is_complained_about(complaint):
    path = lessons.find("02")
    notebook = load(path)
    SPOILT[complaint](notebook)
    try:
        found = complaints_about_lesson(notebook, path, 1000)
    except SyntaxError:  # a shell line can't be hashed either
        assert complaint == "shell line"
        return
    assert [line for line in found if complaint in line]


def test_a_lesson_that_is_too_large_is_complained_about():
    path = lessons.find("02")
    assert "1,000,001 bytes: more than 1,000,000" in complaints_about_lesson(load(path), path, 1_000_001)
