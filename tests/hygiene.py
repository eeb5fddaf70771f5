"""What must be true of a committed lesson, and of the folder that a run of it leaves behind.

Both functions return a list of complaints, so that a test can show that each complaint is really made.
"""

import ast
import copy
import csv
import json
import re

from gan_course import glossary, lessons, provenance, sitting
from gan_course.checkpoint import read

MAX_LINES, MAX_BYTES = 25, 1_000_000
PATH = re.compile(r"(?<![\w/.:])(?:/(?:home|Users|root|tmp|work|mnt|opt|var|content|private)/|~/|[A-Z]:\\)")
UNLINKED = re.compile(r"(?<![\[/])(?:arXiv:\d{4}\.\d{4,5}|doi:10\.\S+)")
SHELL = re.compile(r"^\s*[!%]", re.MULTILINE)


def complaints_about_lesson(notebook, path, size):
    """Return what is wrong with a committed lesson (a list of str).

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    path : pathlib.Path
    size : int
        Bytes of its file.
    """
    found = [f"{size:,} bytes: more than {MAX_BYTES:,}"] if size > MAX_BYTES else []
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("its kernel is not python3")
    found += _order(notebook) + _provenance(notebook, path) + sitting.complaints(notebook) + _text(notebook)
    for number, cell in enumerate(notebook.cells):
        cell_found = _source(cell) + [c for output in cell.get("outputs", []) for c in _output(cell, output)]
        found += [f"cell {number} ({cell.id}): {complaint}" for complaint in cell_found]
    return found


def _order(notebook):
    found, row = [], 0
    for cell in notebook.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        if row > 2:
            found.append(f"cell {cell.id}: more than two code cells without prose between")
    code = [
        cell for cell in notebook.cells if cell.cell_type == "code" and "colab" not in cell.metadata.get("tags", [])
    ]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(counts) + 1)):
        found.append(f"executed in the order {counts}, not once from top to bottom")
    if not notebook.cells[0].source.startswith("# "):
        found.append("does not start with a title")
    return found


def _provenance(notebook, path):
    found = []
    made = notebook.metadata.get(provenance.KEY, {})
    if provenance.status(notebook) == provenance.STALE:
        found.append("its code changed after its outputs were made: run `make refresh`")
    if made.get("budget") != "laptop" or made.get("data") in (None, "digits"):
        found.append(
            f"its outputs come from budget {made.get('budget')}, data {made.get('data')}: laptop wanted, and no stand-in for MNIST"
        )
    headers = [cell.source for cell in notebook.cells if "header" in cell.metadata.get("tags", [])]
    if headers != [lessons.header(notebook, path)]:
        found.append("its badges or minutes are not those that `python -m gan_course headers` writes")
    parameters = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    wanted = "budget = None\nseed = 0"
    if [ast.unparse(ast.parse(source)).removesuffix("\ndataset = 'mnist'") for source in parameters] != [wanted]:
        found.append('its parameters are not just `budget = None`, `seed = 0` and perhaps `dataset = "mnist"`')
    return found


def _text(notebook):
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = [f"a source without a link: {name}" for text in texts for name in UNLINKED.findall(text)]
    linked = copy.deepcopy(notebook)
    glossary.link_first_uses(linked)
    if linked.cells != notebook.cells:
        found.append("words of the glossary without a link: run `python -m gan_course headers`")
    if notebook.cells[0].cell_type == "markdown" and "](pictures/" not in notebook.cells[0].source:
        found.append("its result's picture doesn't stand at its top")
    return found


def _source(cell):
    found = [f"a machine's path: {match[0]}" for match in PATH.finditer(cell.source)]
    if cell.cell_type == "code":
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if lines > MAX_LINES:
            found.append(f"{lines} lines of code: more than {MAX_LINES}")
        if SHELL.search(cell.source):
            found.append("a shell line or a magic")
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        if "solution" in cell.metadata.get("tags", []) and not folded:
            found.append("a solution that is not folded")
    return found


def _output(cell, output):
    tags = cell.metadata.get("tags", [])
    if output.output_type == "error" and "raises-exception" not in tags:
        yield f"an error: {output.ename}"
    if output.get("name") == "stderr":
        yield "output on stderr"
    for kind in output.get("data", {}):
        if kind.startswith("image/") and not output.metadata.get(kind, {}).get("alt", "").strip():
            yield f"an {kind} without alt text"
        if "widget" in kind:
            yield "a stored widget"
    values = [value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")]
    # As they are: json.dumps would make `D:"` look like the beginning of a Windows path.
    text = "\n".join([output.get("text", ""), *(v if isinstance(v, str) else json.dumps(v) for v in values)])
    text = re.sub(r"base64,[\w+/=]+", "", text)
    yield from (f"a machine's path in its output: {match[0]}" for match in PATH.finditer(text))


def runs_of(notebook):
    """Return the names of the runs in a lesson's code: the first argument of each ``Run(...)``."""
    trees = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.args[0].value for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Run"]


def complaints_about_run(folder, budget, seed):
    """Return what is wrong with the artefacts of a finished run (a list of str): nothing may skip training."""
    if not (folder / "metrics.json").exists():
        return [f"no run at the budget {budget} with the seed {seed}"]
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    found = []
    if (metrics["budget"], metrics["seed"]) != (budget, seed):
        found.append(f"ran with budget {metrics['budget']} and seed {metrics['seed']}")
    steps = metrics["steps"]
    if metrics["steps_done"] != steps or not metrics["finished"]:
        found.append(f"{metrics['steps_done']} of {steps} steps done")
    with open(folder / "history.csv", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    if len(rows) != steps:
        found.append(f"{len(rows)} losses for {steps} steps")
    for name, values in read(folder / "checkpoint.safetensors")[2].items():
        counters = [int(value) for key, value in values.items() if key.startswith("state/") and key.endswith("/step")]
        if "param_groups" in values and (not counters or min(counters) < steps):
            found.append(f"the optimiser {name} took {min(counters, default=0)} steps of {steps}")
    return found
