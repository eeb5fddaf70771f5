"""How long a lesson is: its core is what one person does in one evening, and a limit stops it from growing.

A section whose heading begins with "Deeper:" may be skipped. It lasts until the next heading of its own or a higher
level; all other cells are the lesson's **core**, and only the core is measured. Hints and solutions count nowhere:
they are folded.
"""

import re
from copy import deepcopy
from dataclasses import dataclass

LIMITS = {"words": 3000, "cells": 70, "lines of code": 400, "minutes": 90, "cells before the first exercise": 15}
WORDS_A_MINUTE, LINES_A_MINUTE = 150, 20
HEADING = re.compile(r"(#{1,6}) +(.*)")
EXERCISE = re.compile(r"### Exercise \d+: ")
MINUTES = re.compile(
    r"^\*[^*\d]*(\d+) minutes?\b", re.MULTILINE
)  # "*Code, 15 minutes, easy.*", "*5 minutes, for whoever ...*"
FOLDED = {"hint", "solution"}
DISPLAYED, INLINE = re.compile(r"\$\$.*?\$\$", re.DOTALL), re.compile(r"\$[^$]+\$")


@dataclass(frozen=True)
class Length:
    """How long the core of a lesson is.

    Attributes
    ----------
    words, cells, lines : int
        Of prose, as they stand in the cell's source (a formula in a line of text is one word, a displayed one none; an
        answer that is folded away counts, because it is read); of what is not folded; of code.
    reading, exercises : int
        Minutes: at 150 words or 20 lines of code a minute; the sum of what the exercises state.
    first_exercise : int or None
        How many cells stand before it.
    """

    words: int
    cells: int
    lines: int
    reading: int
    exercises: int
    first_exercise: int | None

    def too_long(self):
        """Return what goes past a limit (list of str)."""
        found = dict(zip(LIMITS, (self.words, self.cells, self.lines, self.reading + self.exercises), strict=False))
        found["cells before the first exercise"] = self.first_exercise
        return [
            f"its core has {'no exercise' if value is None else f'{value:,} {name}'}: at most {LIMITS[name]:,} {name}"
            for name, value in found.items()
            if value is None or value > LIMITS[name]
        ]


def deeper(notebook):
    """Return for each cell whether it belongs to a section that may be skipped (list of bool)."""
    found, level = [], None
    for cell in notebook["cells"]:
        heading = HEADING.match(cell["source"]) if cell["cell_type"] == "markdown" else None
        if heading and level is not None and len(heading[1]) <= level:
            level = None
        if heading and level is None and heading[2].startswith("Deeper:"):
            level = len(heading[1])
        found.append(level is not None)
    return found


def core(notebook):
    """Return the cells that a lesson can't do without (list)."""
    return [cell for cell, skipped in zip(notebook["cells"], deeper(notebook), strict=True) if not skipped]


def core_first(notebook):
    """Return a copy of a notebook with its deeper sections behind the core: if that runs, the core needs none of them."""
    copy = deepcopy(notebook)
    skipped = deeper(copy)
    order = sorted(range(len(skipped)), key=lambda n: skipped[n])  # the rest stays as it is: sorting is stable
    copy["cells"] = [copy["cells"][n] for n in order]
    return copy


def length(notebook):
    """Return how long a lesson's core is (:class:`Length`)."""
    cells = [cell for cell in core(notebook) if not FOLDED & set(cell["metadata"].get("tags", []))]
    prose = [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]
    words = sum(len(INLINE.sub(" x ", DISPLAYED.sub(" ", text)).split()) for text in prose)
    code = [line for cell in cells if cell["cell_type"] == "code" for line in cell["source"].splitlines()]
    lines = sum(bool(line.strip()) for line in code)
    first = [n for n, cell in enumerate(notebook["cells"]) if EXERCISE.match(cell["source"])]
    return Length(
        words,
        len(cells),
        lines,
        round(words / WORDS_A_MINUTE + lines / LINES_A_MINUTE),
        sum(int(MINUTES.search(text)[1]) for text in prose if EXERCISE.match(text) and MINUTES.search(text)),
        first[0] if first else None,
    )


def complaints(notebook):
    """Return what keeps a lesson from being one sitting (list of str): past a limit, or not in the form."""
    found = length(notebook).too_long()
    for cell, skipped in zip(notebook["cells"], deeper(notebook), strict=True):
        text, place = cell["source"], cell.get("id")
        if cell["cell_type"] != "markdown":
            continue
        for heading in re.findall(r"^#+ +((?:Deeper|Exercise \d+):.*)", text, re.MULTILINE):
            if not re.match(rf"#+ +{re.escape(heading)}", text):
                found.append(f"cell {place}: its heading {heading!r} doesn't begin the cell")
            if not MINUTES.search(text):
                found.append(f"cell {place}: {heading!r} doesn't say its minutes")
        if skipped and re.match(r"#+ +Deeper:", text) and not cell["metadata"].get("jp-MarkdownHeadingCollapsed"):
            found.append(f"cell {place}: a deeper section that JupyterLab doesn't fold")
    return found
