"""The exercises of a lesson, taken out of its notebook: stubs, checks and solutions."""

import ast

import nbformat

from gan_course import lessons


def cells(number, tag):
    """Return the sources of a lesson's code cells with this tag, in order (list of str)."""
    notebook = nbformat.read(lessons.find(number), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell.source for cell in code if tag in cell.metadata.get("tags", [])]


def last_value(source, names):
    """Run a cell in ``names`` (dict), as a kernel would, and return the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def results(number, tag, names):
    """Run each exercise's stub and its check (``tag="check"``) or its solution, and return the results in order."""
    stubs = cells(number, "exercise")
    for stub, source in zip(stubs, cells(number, tag), strict=True):
        last_value(stub, names)
        yield last_value(source, names)


def assert_named(result, hint):
    """Assert that a check rejected an answer and that its message holds ``hint``."""
    assert result.passed is False and hint in result.message, result
