"""Where the lessons are, how one is run with papermill, and how its committed outputs are made again."""

import base64
import html
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from gan_course import budget as budgets
from gan_course import provenance
from gan_course.errors import CourseError
from gan_course.machine import in_minutes
from gan_course.run import RUNS, folder_of

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
PICTURES = "pictures"  # beside the lessons: what README's table shows of each
TABLE_START, TABLE_END = "<!-- lessons: written by `python -m gan_course headers` -->", "<!-- end -->"
PLACEHOLDER = "https://github.com/OWNER/"  # how pyproject.toml's URL begins until the course is published
# The last cell of a refresh, which isn't kept: files of the package that the lesson imported.
IMPORTED = """\
import json, sys
modules = [m for name, m in sys.modules.items() if name.partition(".")[0] == "gan_course"]
print(json.dumps([m.__file__ for m in modules]))"""
COLAB = """\
import sys

if "google.colab" in sys.modules:  # elsewhere the package is there already
    import subprocess

    repository = "{repository}"
    clone = ["git", "clone", "-q", "--depth=1", repository, "course"]
    install = [sys.executable, "-m", "pip", "install", "-q", "-e", "./course"]
    subprocess.check_call(clone)
    subprocess.check_call(install)
    sys.path.insert(0, "course")"""
# What frameworks write to stderr at start-up, and a refresh takes out (printing what it took).
START_UP_NOISE = (
    "oneDNN custom operations are on",
    "computation placer already registered",
    "cpu_feature_guard",
    "To enable the following instructions",
    "All log messages before absl",
    "InitializeLog",
    "cudart_stub",
    "Could not find cuda drivers",
    "cuda_platform",
    "failed call to cuInit",
    "mlir_graph_optimization_pass",
    "remapper failed",
)


def all_lessons():
    """Return the lessons' paths, in order: 05, 05b, 06."""
    names = "[0-9][0-9]_*.ipynb", "[0-9][0-9][a-z]_*.ipynb"
    return sorted(path for name in names for path in NOTEBOOKS.glob(name))


def find(number):
    """Return the path of a lesson by its number ("02", "05b") or name.

    Raises
    ------
    CourseError
        If there is none. The message lists those that are.
    """
    for path in all_lessons():
        if path.stem == number or path.stem.partition("_")[0] == str(number).zfill(2):
            return path
    known = ", ".join(path.stem for path in all_lessons())
    raise CourseError(f"There is no lesson {number!r}. There are: {known}.")


def trust():
    """Sign the lessons, so that JupyterLab shows their replays alive: where git knows them, those that it has unchanged."""
    import nbformat
    from nbformat.sign import NotebookNotary

    command = ["git", "ls-files", "-z", "--modified", "--others", "--full-name", str(NOTEBOOKS)]
    try:
        changed = subprocess.run(command, cwd=NOTEBOOKS, capture_output=True, text=True).stdout
    except OSError:  # there is no git
        changed = ""
    names = {Path(name).name for name in changed.split("\0")}
    for path in all_lessons():
        if path.name not in names:
            NotebookNotary().sign(nbformat.read(path, as_version=4))


def prepare(path, output, budget, seed):
    """Write a copy of a lesson with its parameters set (papermill), without running it."""
    import papermill

    Path(output).parent.mkdir(parents=True, exist_ok=True)
    papermill.execute_notebook(
        path, output, parameters={"budget": budget, "seed": seed}, prepare_only=True, progress_bar=False
    )


def run(path, budget, seed, dataset=None):
    """Run a lesson with papermill and return the executed copy's path; it lies with the run's artefacts.

    Raises
    ------
    CourseError
        If a data set is named, and the lesson's isn't a parameter.
    """
    import papermill

    parameters = {"budget": budget, "seed": seed}
    if dataset is not None:
        if "dataset" not in papermill.inspect_notebook(path):
            raise CourseError(f"{path.stem} is about no other data set than its own: run it without DATASET.")
        parameters["dataset"] = dataset

    folder = folder_of(path.stem, budgets.resolve(budget), seed).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / path.name
    with _environment({RUNS: os.environ.get(RUNS) or str(Path("runs").absolute())}):
        papermill.execute_notebook(path, output, parameters=parameters, cwd=folder)
    return output


def refresh(path, seed=0):
    """Make a lesson's committed outputs again: a ``laptop`` run on MNIST, with its provenance.

    Nothing is written unless the whole lesson ran.

    Returns
    -------
    dict
        The provenance that was written into the notebook's metadata.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    notebook["cells"] = [cell for cell in notebook["cells"] if "colab" not in _tags(cell)]
    folder = folder_of(path.stem, "laptop", seed).absolute()
    shutil.rmtree(folder, ignore_errors=True)  # or an older run's facts might be taken for this one's
    folder.mkdir(parents=True)
    setting = {
        budgets.VARIABLE: "laptop",
        "GAN_COURSE_STRICT": "1",
        RUNS: os.environ.get(RUNS) or str(Path("runs").absolute()),
    }
    package = provenance.package_code()  # of the package that runs now, whatever is edited meanwhile
    place = provenance.made_on(notebook, again=True)
    notebook["cells"].append(nbformat.v4.new_code_cell(IMPORTED))
    started = time.perf_counter()
    with _environment(setting):
        client = NotebookClient(
            notebook, timeout=None, kernel_name="python3", record_timing=False, coalesce_streams=True
        )
        client.execute(cwd=str(folder))
    seconds = time.perf_counter() - started
    modules = _modules(notebook["cells"].pop())
    for line in _strip_noise(notebook):
        print(f"removed from stderr: {line}")
    made = {
        "code_sha256": provenance.lesson_hash(notebook),
        "package_sha256": provenance.package_hash(modules, package),
        "modules": modules,
        "budget": "laptop",
        "seed": seed,
        "seconds": round(seconds),
        **place,
        **_facts_of_run(folder),
    }
    notebook["metadata"][provenance.KEY] = made
    if place["factor"]:
        notebook["metadata"]["lesson"]["seconds_at_factor_1"] = round(seconds / place["factor"])
    notebook["metadata"]["language_info"] = {"name": "python"}
    set_header(notebook, path)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    return made


def _modules(cell):
    """Return what :data:`IMPORTED` printed, as paths within the package (list of str)."""
    files = json.loads(cell["outputs"][-1]["text"])
    return sorted(Path(file).relative_to(Path(__file__).parent).as_posix() for file in files)


def _tags(cell):
    return cell["metadata"].get("tags", [])


def _facts_of_run(folder):
    """Return data, device and versions of the lesson's own run, once it and its parts are whole."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in folder.rglob("metrics.json")]
    for run in runs:
        if not run["finished"] or run["budget"] != "laptop":
            raise CourseError(f"The run {run['lesson']} isn't a whole one at the laptop budget: nothing was refreshed.")
    if not runs:
        return {"data": "none", "device": "cpu", "versions": provenance.versions()}
    main = min(runs, key=lambda run: run["lesson"].count("/"))  # the lesson's own run, or else a part's
    return {key: main[key] for key in ("data", "device", "versions", "scores", "reached") if key in main}


def _strip_noise(notebook):
    """Take the frameworks' start-up lines out of stderr outputs, and return them."""
    taken = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                lines = output["text"].splitlines(keepends=True)
                noise = [line for line in lines if any(word in line for word in START_UP_NOISE)]
                taken += [line.strip() for line in noise]
                output["text"] = "".join(line for line in lines if line not in noise)
        if "outputs" in cell:
            cell["outputs"] = [o for o in cell["outputs"] if not (o.get("name") == "stderr" and not o["text"].strip())]
    return taken


@contextmanager
def _environment(setting):
    """Set environment variables for a while; kernels inherit them."""
    old = {name: os.environ.get(name) for name in setting}
    os.environ.update(setting)
    try:
        yield
    finally:
        for name, value in old.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def repository():
    """Return the one repository URL, from pyproject.toml."""
    import tomllib

    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"]


def published():
    """Say whether the repository's URL is set: without it there are neither badges nor cells for Colab."""
    return not repository().startswith(PLACEHOLDER)


def header(notebook, path):
    """Return a lesson's line of facts and its badges, as Markdown.

    The framework and what to have read stand in the notebook's metadata (``lesson``), the
    minutes are those of the run that made its outputs, the links come from the repository's URL.
    """
    about = notebook["metadata"]["lesson"]
    facts = f"**{about['framework']}** · {minutes(notebook)} · Read before: {about['before']}"
    if not published():
        return facts
    place = f"{repository().removeprefix('https://github.com/')}/{{}}main{{}}notebooks/{path.name}"
    binder = "https://mybinder.org/v2/gh/" + place.format("", "?labpath=")
    colab = "https://colab.research.google.com/github/" + place.format("blob/", "/")
    return f"{facts}\n\n[![Open in Binder](badges/binder.svg)]({binder}) [![Open in Colab](badges/colab.svg)]({colab})"


def minutes(notebook):
    """Return how long the run took that made a lesson's outputs, where, and how long at factor 1 (str)."""
    made = notebook["metadata"].get(provenance.KEY)
    if not made:
        return "not run yet"
    at_factor_1 = notebook["metadata"]["lesson"].get("seconds_at_factor_1")  # not in what was made before there was one
    rest = f" ({round(at_factor_1 / 60) or 'under 1'} at factor 1)" if at_factor_1 else ""
    place = ", ".join(made["machine"].split(", ")[:2])
    return f"{in_minutes(made['seconds'] / 60)} on {place}{rest}"


def table():
    """Return README's table of lessons, as Markdown."""
    import nbformat

    rows = ["| lesson | framework | a `laptop` run takes | and reaches | it looks like |"]
    rows += ["| --- | --- | --- | --- | --- |"]
    for path in all_lessons():
        notebook = nbformat.read(path, as_version=4)
        title = notebook["cells"][0]["source"].splitlines()[0].lstrip("# ")
        framework = notebook["metadata"]["lesson"]["framework"]
        made = notebook["metadata"].get(provenance.KEY, {})
        cells = [f"[{title}](notebooks/{path.name})", framework, minutes(notebook), made.get("reached", "")]
        _, alt = picture(notebook) or (None, None)
        source = f"notebooks/{PICTURES}/{path.stem}.png"
        cells.append(f'<img src="{source}" alt="{html.escape(alt)}" width="240">' if alt else "")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def picture(notebook):
    """Return the PNG file (bytes) and the alt text (str) of a lesson's cell tagged ``picture``, or None."""
    for cell in notebook["cells"]:
        if "picture" in _tags(cell):
            for output in cell["outputs"]:
                if "image/png" in output.get("data", {}):
                    png = base64.b64decode(output["data"]["image/png"])
                    return png, output["metadata"]["image/png"]["alt"]
    return None


def write_headers():
    """Write the header of every lesson, README's table and the table's pictures, from what they are made of."""
    import nbformat

    for path in all_lessons():
        notebook = nbformat.read(path, as_version=4)
        set_header(notebook, path)
        nbformat.write(notebook, path)
        if shown := picture(notebook):
            (NOTEBOOKS / PICTURES).mkdir(exist_ok=True)
            (NOTEBOOKS / PICTURES / f"{path.stem}.png").write_bytes(shown[0])
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(TABLE_START)
    after = rest.split(TABLE_END)[1]
    readme.write_text(f"{before}{TABLE_START}\n{table()}\n{TABLE_END}{after}", encoding="utf-8")


def set_header(notebook, path):
    """Set the cell tagged ``header`` to :func:`header`; put a cell for Colab above the set-up, once there is a URL."""
    import nbformat

    cells = [cell for cell in notebook["cells"] if "colab" not in _tags(cell)]
    for cell in cells:
        if "header" in _tags(cell):
            cell["source"] = header(notebook, path)
    if published():
        source = COLAB.format(repository=repository())
        first = next(n for n, cell in enumerate(cells) if cell["cell_type"] == "code")
        cells.insert(first - 1, nbformat.v4.new_code_cell(source, id="colab", metadata={"tags": ["colab"]}))
    notebook["cells"] = cells
