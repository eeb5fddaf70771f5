"""Which code, budget, seed, data and machine made the outputs that a lesson is committed with.

The refresh command, and nothing else, writes this into the notebook's metadata. A lesson is

* fresh: its code is the code that made its outputs;
* stale: it was changed since, and has to be refreshed;
* made with an older package: its own code is the same, but a helper that it imported has changed. That is shown, not
  failed.
"""

import ast
import hashlib
import platform
import sys
from importlib import metadata
from pathlib import Path

import gan_course
from gan_course import machine as this_machine

KEY = "gan_course"
NOT_HASHED = {"colab", "exercise", "check", "solution", "parameters", "injected-parameters"}
LIBRARIES = ("numpy", "torch", "tensorflow", "keras", "tf_keras", "sympy")
FRESH, STALE, OLDER = "fresh", "stale", "made with an older package"


def code_hash(sources):
    """Return the SHA-256 (hex) of Python code as parsed: comments and formatting don't count.

    Parameters
    ----------
    sources : iterable of str

    Raises
    ------
    SyntaxError
        If one isn't Python (a shell line, a magic).
    """
    digest = hashlib.sha256()
    for source in sources:
        digest.update(_form(ast.parse(source)).encode() + b"\0")
    return digest.hexdigest()


def _form(node):
    # Not ast.dump: its text differs between Python's versions. Empty fields are left out,
    # because newer versions add fields that older ones don't have.
    if isinstance(node, ast.AST):
        fields = [f"{name}={_form(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_form, node))}]"
    return repr(node)


def lesson_hash(notebook):
    """Return the hash of a notebook's code, over the cells whose code makes the outputs.

    Parameters
    ----------
    notebook : dict-like
        As nbformat reads it. Cells tagged exercise, check, solution, parameters or
        injected-parameters don't count.
    """
    return code_hash(
        cell["source"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and not NOT_HASHED & set(cell["metadata"].get("tags", []))
    )


def package_code():
    """Return the package's code: path within the package ("data/image_sets.py") to source (dict of str)."""
    folder = Path(gan_course.__file__).parent
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}


def package_hash(modules=None, code=None):
    """Return the hash of the package's code, or of some modules of it.

    Parameters
    ----------
    modules : iterable of str, optional
        Keys of :func:`package_code`. One that isn't there any more counts as changed.
    code : dict, optional
        What :func:`package_code` returned earlier.
    """
    code = package_code() if code is None else code
    names = sorted(code if modules is None else modules)
    return code_hash(part for name in names for part in (repr(name), code.get(name, "gone")))


def versions():
    """Return the versions of Python and of the libraries loaded so far (dict of str)."""
    loaded = {name: metadata.version(name) for name in LIBRARIES if name in sys.modules}
    return {"python": platform.python_version(), KEY: gan_course.__version__, **loaded}


def machine():
    """Return a line on this machine: processor, cores, system (str)."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{this_machine.processor()}, {this_machine.cores()} cores, {system}"


def made_on(notebook, again=False):
    """Return where a lesson's times are measured, for what is stored beside them.

    Parameters
    ----------
    notebook : dict-like
        The lesson, whose framework the factor is for.
    again : bool
        Measure the factor now, whatever was measured earlier.

    Returns
    -------
    dict
        ``machine``, a line, and ``factor``: how many times as long as at factor 1 the lesson takes here
        (:mod:`gan_course.machine`; None where it can't be measured).
    """
    kind = this_machine.framework(notebook["metadata"].get("lesson", {}))
    return {"machine": machine(), "factor": this_machine.factor(kind, again=again)}


def status(notebook):
    """Return ``"fresh"``, ``"stale"`` or ``"made with an older package"`` for a notebook."""
    made = notebook["metadata"].get(KEY, {})
    if made.get("code_sha256") != lesson_hash(notebook):
        return STALE
    modules = made.get("modules")  # lessons that were refreshed before there was this list count as older
    return FRESH if modules and made["package_sha256"] == package_hash(modules) else OLDER
