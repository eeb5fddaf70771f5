"""Each lesson at the smoke budget, over what its imports alone take: both in a kernel of their own."""

import ast
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

import nbformat
from nbclient import NotebookClient

from gan_course import lessons

SIZES = {"tiny": {"rounds": 1}, "default": {"rounds": 1}, "full": {"rounds": 3}}
SKIPPED = {"colab"}


def measure(rounds, paths=None):
    """Run each lesson's imports, and then the lesson, ``rounds`` times; before that the imports once, to warm up.

    Returns
    -------
    dict
        Lesson to ``{"seconds", "imports", "over_imports"}``, medians; the start of the kernel is in both.
    """
    measured = {}
    for path in paths or lessons.all_lessons():
        with tempfile.TemporaryDirectory() as folder:
            copied = Path(folder, path.name)
            lessons.prepare(path, copied, "smoke", 0)
            whole = nbformat.read(copied, as_version=4)
            alone = imports_of(whole)
            with patch.dict(os.environ, {"GAN_COURSE_RUNS": str(Path(folder, "runs"))}):
                _run(alone, folder)
                times = [(_run(alone, folder), _run(whole, folder)) for _ in range(rounds)]
        imports, seconds = (median(values) for values in zip(*times, strict=True))
        ratio = median(b / a for a, b in times)
        measured[path.stem] = {"seconds": seconds, "imports": imports, "over_imports": ratio}
    return {path: {key: round(value, 2) for key, value in row.items()} for path, row in measured.items()}


def imports_of(notebook):
    """Return a notebook of one cell: the imports at the top level of a lesson's cells, each once, in order."""
    lines = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not SKIPPED & set(cell.metadata.get("tags", [])):
            nodes = [node for node in ast.parse(cell.source).body if isinstance(node, ast.Import | ast.ImportFrom)]
            lines |= dict.fromkeys(ast.unparse(node) for node in nodes)
    alone = nbformat.v4.new_notebook(metadata=notebook.metadata)
    alone.cells = [nbformat.v4.new_code_cell("\n".join(lines))]
    return alone


def _run(notebook, folder):
    started = time.perf_counter()
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute(cwd=folder)
    return time.perf_counter() - started


def table(measured):
    rows = ["| lesson at `smoke` | seconds | its imports alone | ratio |", "| --- | --- | --- | --- |"]
    for name, value in measured.items():
        rows.append(f"| {name} | {value['seconds']:.1f} | {value['imports']:.1f} | {value['over_imports']:.1f} |")
    return "\n".join(rows)
