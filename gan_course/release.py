"""The copies that a lecturer hands out: ``make release`` writes them, and a zip file of each, to build/release/.

* ``gan-course-student``: lessons without solutions and outputs, and what it takes to open and run them. The answers
  that its checks know are packed, so that no search or preview shows them by chance.
* ``gan-course-instructor``: the lessons as committed, and everything else that a lecturer needs to change them,
  to test them, and to make a student copy of their own.

Solutions stay folded in the instructor copy, as they are in the lesson: it is the copy that is projected in class,
and its notebooks are, byte for byte, the ones that the tests ran.

Each copy has a line in VERSION.txt that says which state of the course it was made from.
"""

import base64
import re
import shutil
import subprocess
import zlib
from pathlib import Path

from gan_course import __version__, lessons, provenance
from gan_course.errors import CourseError

FOLDER = Path("build", "release")
SOLUTION, HINT, LEADS_IN = "solution", "hint", {"check", "solution"}
BOTH = ("gan_course", "results", "notebooks/badges", "notebooks/pictures", "pyproject.toml", "constraints.txt")
BOTH += ("environment.yml", "LICENSE", "CITATION.cff", "docs/glossary.md", "docs/articles.md")
INSTRUCTOR = ("tests", "benchmarks", "docs", ".ci", "Makefile", "README.md", "CONTRIBUTING.md", ".gitignore")
INSTRUCTOR += ("notebooks/ruff.toml",)
LITTER = {"__pycache__", ".ipynb_checkpoints", ".DS_Store", "_build"}
STUDENT_README = "student_readme.md"  # beside this file
STUDENT_TARGETS = ("help", "lab", "doctor", "run", "install")  # of the Makefile: the others need the tests
STUDENT_EXTRAS = "torch,tensorflow,lab"
SLIDES = ("slideshow", "slide")  # a cell's metadata for the lecture
VERSION = "VERSION.txt"


def release(folder=None):
    """Make both copies, each as a folder and as a zip file, in place of older ones.

    Where git knows the course's files, only those are packed that it tracks.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where; ``build/release`` in the course's folder by default.

    Returns
    -------
    dict
        ``"student"`` and ``"instructor"`` to their folders; each zip file lies beside its folder.

    Raises
    ------
    CourseError
        If the lessons have exercises but no solutions: then this is a student copy itself.
    """
    folder = Path(folder) if folder else lessons.ROOT / FOLDER
    notebooks = _read_lessons()
    copies = {kind: folder / f"gan-course-{kind}" for kind in ("student", "instructor")}
    for copy in copies.values():
        shutil.rmtree(copy, ignore_errors=True)
    _write_student(copies["student"], notebooks)
    _copy_parts(copies["instructor"], (*BOTH, *INSTRUCTOR))
    for path in notebooks:
        shutil.copy2(path, copies["instructor"] / "notebooks")
    for copy in copies.values():
        (copy / VERSION).write_text(version() + "\n", encoding="utf-8")
        shutil.make_archive(str(copy), "zip", folder, copy.name)
    return copies


def version():
    """Return the course's version, with the commit and its date where git knows them (str).

    A released copy has it in a file. "with changes" means that tracked files differ from the commit.
    """
    noted = lessons.ROOT / VERSION
    if noted.exists():
        return noted.read_text(encoding="utf-8").strip()
    line = f"gan-course {__version__}"
    if commit := _git("log", "-1", "--format=%h of %cs"):
        changed = _git("--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
        line += f", commit {commit}{', with changes' if changed else ''}"
    return line


def _git(*arguments):
    """Return what git says about the course's folder, "" where it refuses (another user's folder, say) or isn't there."""
    if not (lessons.ROOT / ".git").exists() or not shutil.which("git"):
        return ""
    return subprocess.run(["git", *arguments], cwd=lessons.ROOT, capture_output=True, text=True).stdout.strip()


def _read_lessons():
    """Return path to notebook (dict), once it is certain that there are solutions to leave out."""
    import nbformat

    ours = set(_files([lessons.NOTEBOOKS.name]))
    notebooks = {path: nbformat.read(path, as_version=4) for path in lessons.all_lessons() if path in ours}
    tags = {tag for notebook in notebooks.values() for cell in notebook["cells"] for tag in _tags(cell)}
    if "exercise" in tags and SOLUTION not in tags:
        raise CourseError("These lessons have exercises and no solutions: a release is made from the whole course.")
    return notebooks


def _write_student(copy, notebooks):
    import nbformat

    _copy_parts(copy, BOTH)
    for path, notebook in notebooks.items():
        nbformat.write(for_students(notebook), copy / "notebooks" / path.name)
    pack_exercises(copy / "gan_course" / "exercises")
    (copy / "gan_course" / STUDENT_README).unlink()
    readme = (Path(__file__).parent / STUDENT_README).read_text(encoding="utf-8")
    readme = readme.replace("{lessons}", lessons.table()).replace("{version}", version())
    (copy / "README.md").write_text(readme, encoding="utf-8")
    makefile = (lessons.ROOT / "Makefile").read_text(encoding="utf-8")
    (copy / "Makefile").write_text(student_makefile(makefile), encoding="utf-8", newline="\n")


def _copy_parts(copy, parts):
    for path in _files(parts):
        target = copy / path.relative_to(lessons.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _files(parts):
    """Return the files in some folders of the course (list of pathlib.Path): those that git tracks, if it can say."""
    root = lessons.ROOT
    if tracked := _git("ls-files", "-z", "--", *parts):
        paths = [root / name for name in tracked.rstrip("\0").split("\0")]
    else:
        paths = [path for part in parts for path in (root / part, *sorted((root / part).rglob("*")))]
    return [path for path in paths if path.is_file() and not LITTER & set(path.relative_to(root).parts)]


def pack_exercises(folder):
    """Replace the lessons' lists of answers in a folder (pathlib.Path) by modules that hold them compressed."""
    for path in folder.glob("lesson_*.py"):
        data = base64.b85encode(zlib.compress(path.read_bytes(), 9))
        path.write_text(PACKED.format(data), encoding="utf-8")


PACKED = '''"""A lesson's exercises, with right and wrong answers: packed, so that nobody reads them by chance."""

import base64
import zlib

exec(compile(zlib.decompress(base64.b85decode({!r})), __file__, "exec"))
'''


def for_students(notebook):
    """Return a copy of a lesson without solutions, outputs, provenance and slides (a notebook).

    A solution is every cell tagged ``solution``, of text or code, and the text that leads from a check,
    or from another solution, to a cell of code tagged so ("One answer:"), but for hints.
    """
    from copy import deepcopy

    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

    student = deepcopy(notebook)
    for cell in _leading_to_solutions(student["cells"]):
        cell["metadata"]["tags"] = [SOLUTION]
    student, _ = TagRemovePreprocessor(remove_cell_tags={SOLUTION}).preprocess(student, {})
    student, _ = ClearOutputPreprocessor().preprocess(student, {})
    for cell in student["cells"]:
        for key in SLIDES:
            cell["metadata"].pop(key, None)
    student["metadata"].pop(provenance.KEY, None)
    return student


def _leading_to_solutions(cells):
    """Return the cells of text between a check or a solution and the next cell of code, if that is a solution."""
    codes = [n for n, cell in enumerate(cells) if cell["cell_type"] == "code"]
    return [
        cell
        for before, after in zip(codes, codes[1:], strict=False)
        if SOLUTION in _tags(cells[after]) and LEADS_IN & _tags(cells[before])
        for cell in cells[before + 1 : after]
        if HINT not in _tags(cell)
    ]


def _tags(cell):
    return set(cell["metadata"].get("tags", []))


def student_makefile(text):
    """Return the Makefile with the students' targets only, and an environment without the tests' tools."""
    blocks = text.strip().split("\n\n")
    kept = [block for block in blocks if _targets(block) <= set(STUDENT_TARGETS)]
    text = "\n\n".join(kept).replace("[all]", f"[{STUDENT_EXTRAS}]") + "\n"
    return re.sub(r"^\.PHONY:.*", f".PHONY: {' '.join(STUDENT_TARGETS)}", text, flags=re.MULTILINE)


def _targets(block):
    return set(re.findall(r"^([a-z-]+):(?!=)", block, flags=re.MULTILINE))
