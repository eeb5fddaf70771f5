"""What the package and the lessons import is declared in pyproject.toml, by its own name."""

import ast
import json
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gan_course import lessons

PROJECT = tomllib.loads((lessons.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OWN = {"gan_course", "benchmarks"}
DISTRIBUTIONS = packages_distributions()


def names(requirements):
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def imported(code):
    """Return the distributions that code imports, or the import's own name where there is none (set of str)."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module.partition(".")[0])
    modules -= set(sys.stdlib_module_names) | OWN
    return {canonicalize_name(DISTRIBUTIONS.get(module, [module])[0]) for module in modules}


def cells_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_every_import_of_the_package_is_declared():
    declared = names(PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra])
    files = sorted((lessons.ROOT / "gan_course").rglob("*.py"))
    found = {path.name: imported(path.read_text(encoding="utf-8")) - declared for path in files}
    assert {name: missing for name, missing in found.items() if missing} == {}


@pytest.mark.parametrize("path", lessons.all_lessons(), ids=lambda path: path.stem)
def test_a_lesson_needs_no_tool_of_the_tests_or_of_the_site(path):
    for_lessons = PROJECT["dependencies"] + EXTRAS["torch"] + EXTRAS["tensorflow"] + EXTRAS["lab"]
    assert imported(cells_of(path)) - names(for_lessons) == set()


def test_an_import_that_is_not_declared_is_seen():
    assert imported("import os\nfrom gan_course import run\nimport PIL.Image, nowhere") == {"pillow", "nowhere"}
    assert imported("def f():\n    from sklearn.metrics import pairwise_distances") == {"scikit-learn"}
