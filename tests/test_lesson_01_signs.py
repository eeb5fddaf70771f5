"""Lesson 01 checks each formula by number: with any one of its signs turned, the cell that checks it must fail."""

import ast
import copy
import warnings

import nbformat
import numpy as np
import pytest

from gan_course import lessons

SKIPPED = {"colab", "exercise", "check", "solution"}
OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.USub: ast.UAdd}
CELLS = [
    cell
    for cell in nbformat.read(lessons.find("01"), as_version=4).cells
    if cell.cell_type == "code" and not SKIPPED & set(cell.metadata.get("tags", []))
]
FORMULAS = [cell.id for cell in CELLS if "formula" in cell.metadata.get("tags", [])]


def flips(source):
    """Yield the cell once for each plus and minus in it, with that one turned: (where, ast.Module)."""
    places = [node for node in ast.walk(ast.parse(source)) if type(getattr(node, "op", None)) in OTHER]
    for number, place in enumerate(places):
        tree = ast.parse(source)
        node = [node for node in ast.walk(tree) if type(getattr(node, "op", None)) in OTHER][number]
        node.op = OTHER[type(node.op)]()
        yield f"line {place.lineno}, column {place.col_offset}: {ast.unparse(place)}", tree


def passes(tree, names):
    """Run a cell in a copy of the names, and say whether its checks pass."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            exec(compile(tree, "<cell>", "exec"), names | {"rng": copy.deepcopy(names.get("rng"))})
    except AssertionError:
        return False
    return True


@pytest.fixture(scope="module")
def before():
    """The names that each formula's cell finds, by the cell's id: the lesson run from its top (at smoke)."""
    names, found = {}, {}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("GAN_COURSE_BUDGET", "smoke")
        for cell in CELLS:
            if cell.id in FORMULAS:
                found[cell.id] = names | {"rng": copy.deepcopy(names.get("rng"))}
            exec(compile(cell.source, cell.id, "exec"), names)
    return found


def test_there_are_formulas_with_signs():
    assert len(FORMULAS) >= 15
    assert sum(len(list(flips(cell.source))) for cell in CELLS if cell.id in FORMULAS) >= 100


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.id in FORMULAS], ids=lambda cell: cell.id)
def test_a_turned_sign_is_noticed(before, cell, capsys):
    assert passes(ast.parse(cell.source), before[cell.id])
    unnoticed = [where for where, tree in flips(cell.source) if passes(tree, before[cell.id])]
    assert unnoticed == []
