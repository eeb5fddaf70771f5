"""Both copies of a release are whole, the student copy gives nothing away, and its lessons run at the smoke budget.

The instructor copy's lessons are, byte for byte, those that test_lessons runs. A student copy's lesson is the same
without its solutions: that no other cell needs them is read from the code, and one quick lesson is run, with the
copy's own package.
"""

import ast
import os
import re
import shutil
import subprocess
import symtable
import sys
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient

from gan_course import __main__ as command
from gan_course import __version__, lessons, provenance, release
from gan_course.errors import CourseError

LESSONS = lessons.all_lessons()
QUICK = lessons.find("01")
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
TAGS = {"exercise": "E", "check": "C", "solution": "S"}
LINK = re.compile(r"\]\(([^)#\s]+)\)")
NO_SOLUTION_HERE = re.compile(r"\bfolded\b|\bunfold it\b|\bour answers?\b|\bour solutions?\b", re.IGNORECASE)


def load(path):
    return nbformat.read(path, as_version=4)


def tags_of(cell):
    return set(cell.metadata.get("tags", []))


def code_of(notebook, tag=None):
    return [c for c in notebook.cells if c.cell_type == "code" and (tag is None or tag in tags_of(c))]


# The lessons, as a release needs them


def complaints_about_exercises(notebook):
    """Return what keeps a lesson's exercises from being handed out without their solutions (a list of str)."""
    letters = "".join(next((TAGS[tag] for tag in TAGS if tag in tags_of(cell)), "x") for cell in code_of(notebook))
    found = []
    if not re.fullmatch("x*(ECS+x*)*", letters):
        found.append(f"not every exercise is followed by its check and its solution: {letters}")
    answers = bound_in(code_of(notebook, "exercise"))
    solutions = bound_in(code_of(notebook, "solution"))
    lesson = [cell for cell in code_of(notebook) if not TAGS.keys() & tags_of(cell)]
    used = {node.id for cell in lesson for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
    if answers & (used | bound_in(lesson)):
        found.append(f"the lesson uses an exercise's names: {sorted(answers & (used | bound_in(lesson)))}")
    if solutions & (bound_in(lesson) | answers):
        found.append(f"a solution's names aren't its own: {sorted(solutions & (bound_in(lesson) | answers))}")
    if missing := missing_without_solutions(code_of(notebook)):
        found.append(f"a cell uses names that only a solution gives: {sorted(missing)}")
    return found


def missing_without_solutions(cells):
    """Return the names that cells of code use, and that only solutions above them bind or import (set of str)."""
    given, ours, missing = set(), set(), set()
    for cell in cells:
        names = bound_in([cell], imports=True)
        if "solution" in tags_of(cell):
            given |= names
        else:
            ours |= names
            used = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
            missing |= used & given - ours
    return missing


def bound_in(cells, imports=False):
    """Return the names that these cells give a value to, with or without imports (set of str)."""
    symbols = [s for cell in cells for s in symtable.symtable(cell.source, "<cell>", "exec").get_symbols()]
    return {
        symbol.get_name()
        for symbol in symbols
        if (symbol.is_imported() and imports) or (symbol.is_assigned() and not symbol.is_imported())
    }


@each_lesson
def test_every_exercise_has_its_check_and_its_solution(path):
    assert complaints_about_exercises(load(path)) == []


def lesson_of(*cells):
    """Return a notebook of cells ``(tag or "", source)``; the tag "text" makes a cell of text."""
    notebook = nbformat.v4.new_notebook()
    for tag, source in cells:
        new = nbformat.v4.new_markdown_cell if tag == "text" else nbformat.v4.new_code_cell
        notebook.cells.append(new(source, metadata={"tags": [tag] if tag in TAGS else []}))
    return notebook


ASKED, CHECKED, SOLVED = ("exercise", "a = ..."), ("check", "check(a)"), ("solution", "solution_a = 1")
LEADING = ("text", "One answer:")
SOUND = (("", "import math\nx = math.pi"), ASKED, CHECKED, LEADING, SOLVED, ("text", "2."), ASKED, CHECKED, SOLVED)


def test_sound_exercises_are_not_complained_about():
    assert complaints_about_exercises(lesson_of(*SOUND)) == []
    with_import = ("solution", "import math\nsolution_b = math.e")
    assert complaints_about_exercises(lesson_of(*SOUND, with_import, ("", "print(x)"))) == []


@pytest.mark.parametrize(
    ("complaint", "cells"),
    {
        "EC": [*SOUND, ASKED, CHECKED],
        "ES": [ASKED, SOLVED],
        "ExCS": [ASKED, ("", "y = 1"), CHECKED, SOLVED],
        "EECS": [ASKED, ASKED, CHECKED, SOLVED],
        "uses an exercise's names: ['a']": [*SOUND, ("", "print(a)")],
        "names aren't its own: ['x']": [*SOUND, ("", "x = 2"), ASKED, CHECKED, ("solution", "x = 1")],
        "only a solution gives: ['solution_a']": [*SOUND, ("", "print(solution_a)")],
        "only a solution gives: ['np']": [ASKED, CHECKED, ("solution", "import numpy as np"), ("check", "np.e")],
        "names aren't its own: ['a']": [ASKED, CHECKED, ("solution", "a = 1")],
    }.items(),
)
def test_unsound_exercises_are_complained_about(complaint, cells):
    assert [line for line in complaints_about_exercises(lesson_of(*cells)) if complaint in line]


# The student copy's lessons


def complaints_about_student_lesson(notebook):
    """Return what a student copy's lesson gives away, or speaks of and hasn't got (a list of str)."""
    found = ["it keeps the provenance of outputs that it hasn't got"] if provenance.KEY in notebook.metadata else []
    for cell in notebook.cells:
        if "solution" in tags_of(cell):
            found.append(f"{cell.id}: a solution")
        if {"slideshow", "slide"} & cell.metadata.keys():
            found.append(f"{cell.id}: what a lecture's slide says")
        if "solution_" in cell.source:
            found.append(f"{cell.id}: a name of a solution's")
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            found.append(f"{cell.id}: an output")
        if cell.cell_type == "markdown" and (word := NO_SOLUTION_HERE.search(cell.source)):
            found.append(
                f"{cell.id}: '{word[0]}', but there is no solution: tag a text cell of its own with `solution`"
            )
    return found


def test_solutions_and_what_leads_to_them_are_left_out():
    notebook = lesson_of(*SOUND, ("text", "Afterwards."), ("", "print(x)"))
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("Our answers are folded.", metadata={"tags": ["solution"]}))
    student = release.for_students(notebook)
    kept = ["import math\nx = math.pi", "a = ...", "check(a)", "2.", "a = ...", "check(a)", "Afterwards.", "print(x)"]
    assert [cell.source for cell in student.cells] == kept
    assert len(notebook.cells) == len(SOUND) + 3  # the lesson itself is as it was
    assert complaints_about_student_lesson(student) == []


def test_text_between_two_solutions_goes_with_them_and_the_next_exercise_stays():
    other = ("solution", "solution_b = 2")
    student = release.for_students(
        lesson_of(ASKED, CHECKED, LEADING, SOLVED, ("text", "Another:"), other, ("text", "2."))
    )
    assert [cell.source for cell in student.cells] == ["a = ...", "check(a)", "2."]


def test_outputs_counts_provenance_and_slides_are_left_out():
    notebook = lesson_of(*SOUND)
    notebook.cells[0].metadata.update(slideshow={"slide_type": "slide"}, slide={"text": ["short"]})
    notebook.metadata[provenance.KEY] = {"seed": 0}
    notebook.metadata["lesson"] = {"framework": "PyTorch"}
    notebook.cells[0].update(outputs=[nbformat.v4.new_output("stream", text="x")], execution_count=1)
    student = release.for_students(notebook)
    assert complaints_about_student_lesson(student) == [] and student.metadata.lesson.framework == "PyTorch"


@pytest.mark.parametrize(
    ("complaint", "spoil"),
    {
        "a solution": lambda nb: nb.cells[1].metadata.update(tags=["solution"]),
        "a lecture's slide": lambda nb: nb.cells[1].metadata.update(slide={"text": ["the answer"]}),
        "a name of a solution's": lambda nb: nb.cells[1].update(source="solution_a"),
        "an output": lambda nb: nb.cells[1].update(execution_count=1),
        "provenance": lambda nb: nb.metadata.update({provenance.KEY: {}}),
        "'Our answer'": lambda nb: nb.cells[3].update(source="Our answer:"),
    }.items(),
)
def test_a_spoilt_student_lesson_is_complained_about(complaint, spoil):
    notebook = release.for_students(lesson_of(*SOUND))
    assert complaints_about_student_lesson(notebook) == []
    spoil(notebook)
    assert [line for line in complaints_about_student_lesson(notebook) if complaint in line]


# Both copies


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    return release.release(tmp_path_factory.mktemp("release"))


@each_lesson
def test_a_student_lesson_gives_nothing_away(copies, path):
    student = load(copies["student"] / "notebooks" / path.name)
    nbformat.validate(student)
    assert complaints_about_student_lesson(student) == []
    for tag in ("exercise", "check", "parameters"):
        assert [c.source for c in code_of(student, tag)] == [c.source for c in code_of(load(path), tag)]


def test_hints_stay_where_solutions_go():
    notebook = lesson_of(ASKED, CHECKED, ("text", "Look at a."), LEADING, SOLVED)
    notebook.cells[2].metadata.tags = ["hint"]
    assert [cell.source for cell in release.for_students(notebook).cells] == ["a = ...", "check(a)", "Look at a."]


def test_no_answer_stands_in_the_student_copy_in_plain_text(copies):
    folder = copies["student"]
    files = sorted((folder / "gan_course" / "exercises").glob("lesson_*.py"))
    assert len(files) == len(list((lessons.ROOT / "gan_course" / "exercises").glob("lesson_*.py")))
    known = {}  # every text in the lists: questions, hints, words, praise
    for path in files:
        nodes = ast.walk(ast.parse((lessons.ROOT / path.relative_to(folder)).read_text(encoding="utf-8")))
        known[path] = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    code = [path.read_text(encoding="utf-8") for path in (folder / "gan_course").rglob("*.py")]
    for path, texts in known.items():
        packed = path.read_text(encoding="utf-8")
        assert len(texts) > 10 and not [text for text in texts if len(text) > 5 and text in packed]
        assert not [text for text in texts if len(text) > 30 and any(text in each for each in code)]
    for path in LESSONS:
        whole = load(path)
        student = "\n".join(cell.source for cell in load(folder / "notebooks" / path.name).cells)
        lesson = "\n".join(cell.source for cell in whole.cells if "solution" not in tags_of(cell))
        lines = {line.strip() for cell in code_of(whole, "solution") for line in cell.source.splitlines()}
        assert not [line for line in lines if len(line) > 12 and line in student and line not in lesson]


def test_a_student_copys_checks_know_right_from_wrong(copies):
    code = "from gan_course.exercises import lesson_02 as check\n"
    code += (
        "for answer in (*check.six_steps.rights, *check.six_steps.mistakes): print(check.six_steps(*answer.answers))\n"
    )
    code += "print(check.__file__)\nprint(check.one_pass(lambda d, real, fake: 1 / 0))"
    done = python(["-c", code], copies["student"])
    right, wrong, file, raised = done.stdout.splitlines()
    assert right.startswith("✓ Right.") and wrong.startswith("✗ Not right yet.")
    assert file.startswith(str(copies["student"])) and "ZeroDivisionError" in raised


def test_the_instructor_lessons_are_the_committed_ones(copies):
    folder = copies["instructor"] / "notebooks"
    assert [path.name for path in LESSONS] == sorted(path.name for path in folder.glob("*.ipynb"))
    for path in LESSONS:
        assert (folder / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["student", "instructor"])
def test_relative_links_resolve(copies, kind):
    pages = {path: path.read_text(encoding="utf-8") for path in copies[kind].glob("*.md")}
    for path in copies[kind].glob("notebooks/*.ipynb"):
        pages[path] = "\n".join(cell.source for cell in load(path).cells if cell.cell_type == "markdown")
    links = [(path, link) for path, text in pages.items() for link in LINK.findall(text) if "://" not in link]
    assert len(links) >= 2 * len(LESSONS)
    assert [(path.name, link) for path, link in links if not (path.parent / link).exists()] == []


def test_the_student_copy_has_no_tests_and_no_maintainers_files(copies):
    there = {path.name for path in copies["student"].iterdir()}
    assert there == {"gan_course", "notebooks", "results", "Makefile", "README.md", "LICENSE", "CITATION.cff"} | {
        "pyproject.toml",
        "constraints.txt",
        "environment.yml",
        "VERSION.txt",
        "docs",
    }
    assert {path.name for path in (copies["student"] / "docs").iterdir()} == {"glossary.md", "articles.md"}
    text = (copies["student"] / "README.md").read_text(encoding="utf-8")
    assert lessons.table() in text and release.version() in text and "{" not in text


@pytest.mark.parametrize("kind", ["student", "instructor"])
def test_a_copy_says_which_version_it_was_made_from(copies, kind):
    line = (copies[kind] / "VERSION.txt").read_text(encoding="utf-8")
    assert line == release.version() + "\n" and line.startswith(f"gan-course {__version__}")
    done = python(["-c", "from gan_course import release; print(release.version())"], copies[kind])
    assert done.stdout == line  # a copy has no history of its own: it keeps what it was given


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git here")


def git(folder, *arguments):
    me = ["-c", "user.name=me", "-c", "user.email=me@example.invalid"]
    subprocess.run(["git", *me, *arguments], cwd=folder, check=True, capture_output=True)


@needs_git
def test_only_files_that_git_tracks_are_packed(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "ROOT", tmp_path)
    for name in ("results/ours.csv", "results/grades.csv", "results/__pycache__/x.pyc", "private/letter", "docs/index"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "results" / "linked").symlink_to(tmp_path / "private", target_is_directory=True)

    def packed():
        return {path.relative_to(tmp_path).as_posix() for path in release._files(["results", "LICENSE"])}

    assert packed() >= {"results/ours.csv", "results/grades.csv"}  # a downloaded archive: who knows?
    assert "results/__pycache__/x.pyc" not in packed()
    git(tmp_path, "init")
    git(tmp_path, "add", "results/ours.csv", "results/linked")
    assert packed() == {"results/ours.csv"}


@needs_git
def test_the_version_names_the_commit_and_whether_files_were_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "ROOT", tmp_path)
    assert release.version() == f"gan-course {__version__}"  # no repository: a downloaded archive
    git(tmp_path, "init")
    assert release.version() == f"gan-course {__version__}"  # a repository without a commit
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "one")
    clean = release.version()
    assert re.fullmatch(rf"gan-course {re.escape(__version__)}, commit [0-9a-f]+ of \d{{4}}-\d\d-\d\d", clean)
    (tmp_path / "file").write_text("2")
    assert release.version() == f"{clean}, with changes"


@pytest.mark.parametrize("kind", ["student", "instructor"])
def test_the_zip_file_holds_the_same_files_in_one_folder(copies, kind):
    copy = copies[kind]
    with zipfile.ZipFile(f"{copy}.zip") as archive:
        zipped = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    files = {path.relative_to(copy.parent).as_posix(): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert zipped == files
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]


@pytest.mark.parametrize("kind", ["student", "instructor"])
def test_a_copy_runs_on_its_own_package(copies, kind):
    code = "import gan_course, sys; from gan_course import doctor, lessons; print(gan_course.__file__); "
    code += "print(lessons.find('02')); report = doctor.report(); print(report); sys.exit(not report.ok)"
    done = python(["-c", code], copies[kind])
    assert done.returncode == 0, done.stdout + done.stderr
    package, lesson = done.stdout.splitlines()[:2]
    assert package.startswith(str(copies[kind])) and lesson.startswith(str(copies[kind]))


def test_a_student_copy_makes_no_release(copies):
    done = python(["-m", "gan_course", "release"], copies["student"])
    assert done.returncode == 2 and "no solutions" in done.stderr


def test_an_instructor_copy_makes_the_same_student_copy(copies, tmp_path):
    code = f"from gan_course import release; release.release({str(tmp_path)!r})"
    assert python(["-c", code], copies["instructor"]).returncode == 0
    ours, theirs = copies["student"], tmp_path / "gan-course-student"
    files = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files == {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()}
    assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in files)


def python(arguments, copy):
    """Run Python with a copy's package instead of the installed one."""
    setting = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("GAN_COURSE_DATA", "GAN_COURSE_BUDGET"):
        setting.pop(name, None)
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=setting, capture_output=True, text=True)


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
@pytest.mark.parametrize("kind", ["student", "instructor"])
def test_what_a_readme_tells_to_make_can_be_made(copies, kind):
    text = (copies[kind] / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(?:export )?make ([a-z]+)|`make ([a-z]+)", text, flags=re.MULTILINE))
    targets = {one or other for one, other in targets}
    assert {"lab", "help", "run"} <= targets
    for target in targets:
        done = subprocess.run(["make", "--dry-run", target], cwd=copies[kind], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    listed = subprocess.run(["make", "help"], cwd=copies[kind], capture_output=True, text=True, check=True).stdout
    assert ("make test:" in listed) is (kind == "instructor")
    makefile = (copies[kind] / "Makefile").read_text(encoding="utf-8")
    assert (f"'.[{release.STUDENT_EXTRAS}]'" in makefile) is (kind == "student")


def test_the_command_says_where_the_copies_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(release, "FOLDER", tmp_path)
    assert command.main(["release"]) == 0
    assert f"{tmp_path / 'gan-course-student'}.zip" in capsys.readouterr().out


def test_a_release_replaces_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "all_lessons", lambda: LESSONS[:1])
    old = tmp_path / "gan-course-student" / "notebooks" / "old.ipynb"
    old.parent.mkdir(parents=True)
    old.write_text("")
    release.release(tmp_path)
    assert not old.exists() and (old.parent / LESSONS[0].name).exists()


def test_lessons_without_solutions_are_no_course(monkeypatch, tmp_path):
    monkeypatch.setattr(lessons, "ROOT", tmp_path)
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path / "notebooks")
    lessons.NOTEBOOKS.mkdir()
    nbformat.write(lesson_of(ASKED, CHECKED), lessons.NOTEBOOKS / "98_test.ipynb")
    with pytest.raises(CourseError, match="whole course"):
        release.release(tmp_path / "release")
    assert not (tmp_path / "release").exists()


def test_a_student_lesson_runs_at_smoke(copies, runs, monkeypatch):
    copied = runs.parent / QUICK.name
    lessons.prepare(copies["student"] / "notebooks" / QUICK.name, copied, "smoke", seed=4)
    notebook = load(copied)
    monkeypatch.setenv("PYTHONPATH", str(copies["student"]))  # the kernel takes the copy's own package
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    probe = nbformat.v4.new_code_cell("import gan_course; print(gan_course.__file__)")
    notebook.cells.append(probe)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(runs.parent))
    assert notebook.cells[-1].outputs[0].text.startswith(str(copies["student"]))
