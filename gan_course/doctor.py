"""What a machine has of what the lessons need: ``doctor.report()``, ``python -m gan_course doctor``, ``make doctor``.

A check is a function that returns or yields rows. It changes nothing, asks no server, and imports no TensorFlow;
what it raises becomes a row, too. Nothing heavy is imported at the top: this also runs where the installation broke.
"""

import html
import json
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import textwrap
from importlib import metadata
from pathlib import Path

OK, WARNING, MISSING = "ok", "warning", "missing"
PYTHONS = ((3, 11), (3, 14))
WIDTH, NAMES = 79, 13  # columns of the table, and of its names
FREE_GB = 1
SLOW = 3  # a factor from which on the report says so
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
HELPERS = ("numpy", "matplotlib", "IPython", "onnxruntime", "platformdirs", "pooch", "safetensors", "sklearn", "sympy")


class Row:
    """One finding: a name, a state (ok, warning, missing), what was found, and what to do about it."""

    def __init__(self, name, state, found, advice=""):
        self.name, self.state, self.found, self.advice = name, state, found, advice

    def __str__(self):
        whole = {"width": WIDTH - NAMES - 10, "break_long_words": False, "break_on_hyphens": False}
        lines = textwrap.wrap(self.found, **whole)
        if self.state != OK:
            lines += textwrap.wrap(self.advice, initial_indent="-> ", subsequent_indent="   ", **whole)
        first = f"{self.state:<9} {self.name:<{NAMES}}"
        return "\n".join((first if n == 0 else " " * len(first)) + line for n, line in enumerate(lines))


class Report:
    """All findings, as a table that shows itself in a notebook or in print.

    Attributes
    ----------
    rows : list of Row
    """

    def __init__(self, rows):
        self.rows = rows

    @property
    def ok(self):
        """False only if something is missing that the lessons need."""
        return all(row.state != MISSING for row in self.rows)

    def __str__(self):
        states = [row.state for row in self.rows]
        end = "Something that the lessons need is missing: see the arrows."
        if self.ok:
            end = "Everything that the lessons need is here."
            warnings = states.count(WARNING)
            end += f" Warnings: {warnings}, see the arrows." if warnings else ""
        return "\n".join([*map(str, self.rows), "", end])

    __repr__ = __str__

    def _repr_html_(self):
        return f"<pre>{html.escape(str(self))}</pre>"


def report(paths=False):
    """Look at everything; return a :class:`Report`.

    Parameters
    ----------
    paths : bool
        Name folders by their full paths. Without, no path of this machine is shown, so that the
        output of a notebook can be handed on.
    """
    rows = []
    for check in CHECKS:
        try:
            rows += check(paths)
        except Exception as error:  # a check that fails is a finding, too
            what = f"{type(error).__name__}: {error}" if paths else type(error).__name__
            name = check.__name__.strip("_")
            rows.append(Row(name, WARNING, f"could not be looked at ({what})", "See whether the other lines tell why."))
    return Report(rows)


def _python(paths):
    version, (lowest, highest) = sys.version_info[:2], PYTHONS
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    found += f" ({sys.executable})" if paths else ""
    if lowest <= version <= highest:
        return [Row("Python", OK, found)]
    span = "{}.{} to {}.{}".format(*lowest, *highest)
    advice = f"Make the environment with Python {span}, for instance: make lab PYTHON=python3.12"
    return [Row("Python", MISSING, found, advice)]


def _package(paths):
    """The package's own dependencies: what an installation that broke off leaves out."""
    import gan_course

    absent = [name for name in HELPERS if not _found(name)]
    found = f"{gan_course.__version__}" + (f" in {Path(gan_course.__file__).parent}" if paths else "")
    if absent:
        advice = 'Install the course into this environment: make install, or pip install -e ".[all]"'
        return [Row("gan_course", MISSING, f"{found}, without {', '.join(absent)}", advice)]
    return [Row("gan_course", OK, found)]


def _found(module):
    from importlib.util import find_spec

    return find_spec(module) is not None


def _torch(paths):
    row = _version("PyTorch", "torch", MISSING, "Most lessons need it")
    if row.state == MISSING:
        return [row]
    try:
        import torch  # noqa: F401
    except Exception as error:  # a broken build: OSError, ImportError, ...
        advice = "Install it again: pip install --force-reinstall torch"
        return [Row("PyTorch", MISSING, f"{row.found}, but importing it raises {type(error).__name__}", advice)]
    return [row]


def _tensorflow(paths):
    """TensorFlow and both Keras, by their metadata: importing them takes too long."""
    from gan_course.machine import missing

    rows = [
        _version("TensorFlow", "tensorflow", WARNING, "The lessons with TensorFlow need it"),
        _version("Keras 3", "keras", WARNING, "The lessons with TensorFlow need it"),
        _version("Keras 2", "tf_keras", WARNING, "Lesson 04 needs it"),
    ]
    if rows[0].found == "not installed" and (line := missing("tensorflow")):
        rows[0].advice = f"The lessons with TensorFlow need {line}"
    return rows


def _version(name, distribution, absent, why):
    extra = "torch" if distribution == "torch" else "tensorflow"
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return Row(name, absent, "not installed", f'{why}: pip install -e ".[{extra}]"')
    wanted = _wanted(distribution)
    if wanted is None or wanted.contains(version, prereleases=True):
        return Row(name, OK, version)
    return Row(name, WARNING, f"{version}, tested is {wanted}", f'Bring it up to date: pip install -e ".[{extra}]"')


def _wanted(distribution):
    """Return the versions that pyproject.toml asks for, or None where they can't be known."""
    try:
        from packaging.requirements import Requirement

        asked = map(Requirement, metadata.requires("gan-course") or [])
        return next(r.specifier for r in asked if r.name.replace("-", "_") == distribution)
    except (ImportError, metadata.PackageNotFoundError, StopIteration):
        return None  # called from a folder of sources, say


def _keras(paths):
    """Two settings that put another Keras than the lessons' behind the same name."""
    if os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"):
        advice = "Unset it and restart Jupyter: lesson 03 wants Keras 3, and lesson 04 asks for Keras 2 by its name."
        yield Row("Keras", WARNING, "TF_USE_LEGACY_KERAS is set, so tf.keras is Keras 2", advice)
    backend, where = _keras_backend()
    if backend not in (None, "tensorflow"):
        advice = "Set the environment variable KERAS_BACKEND=tensorflow and restart Jupyter."
        yield Row("Keras", WARNING, f"{where} chooses the backend {backend!r}; the lessons use TensorFlow's", advice)


def _keras_backend():
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"], "KERAS_BACKEND"
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return json.loads((folder / "keras.json").read_text(encoding="utf-8")).get("backend"), "your keras.json"
    except (OSError, ValueError, AttributeError):
        return None, ""


def _threads(paths):
    from gan_course.machine import cores as cores_here

    cores = cores_here()
    set_ = {name: os.environ[name] for name in THREADS if os.environ.get(name)}
    found = ", ".join([f"{cores} cores", *(f"{name}={value}" for name, value in set_.items())])
    strange = [name for name, value in set_.items() if not _is_thread_count(value, cores)]
    if strange:
        advice = f"Unset {strange[0]}, or set it to a number from 1 to {cores}; then restart Jupyter."
        return [Row("threads", WARNING, found, advice)]
    if cores > 1 and "1" in set_.values():
        advice = "Unless you run several lessons at once, unset it and restart Jupyter: one thread is slower."
        return [Row("threads", WARNING, found, advice)]
    return [Row("threads", OK, found)]


def _is_thread_count(value, cores):
    first = value.partition(",")[0].strip()  # OpenMP takes a list: one number a level
    return first.isdecimal() and 1 <= int(first) <= cores


def _speed(paths):
    """How fast the processor is, as measured earlier (``python -m gan_course doctor`` measures)."""
    from gan_course import machine

    kept = {name: machine.factor(kind, measure=False) for kind, name in machine.FRAMEWORKS.items()}
    known = [f"{factor:.1f} ({name})" for name, factor in kept.items() if factor]
    found = f"{machine.processor()}, factor {', '.join(known) or 'not measured yet'}"
    found += f"; 1 is {machine.STEP_MS} ms for a step of lesson 06 on two threads"
    if any(factor and factor > SLOW for factor in kept.values()):
        advice = "Lessons take that many times as long as at factor 1. Each says how long, and how to cut it short."
        return [Row("speed", WARNING, found, advice)]
    return [Row("speed", OK, found)]


def _device(paths):
    try:
        import torch

        cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    except Exception:
        return [Row("device", WARNING, "unknown without PyTorch", "See the line on PyTorch.")]
    if cuda:
        return [Row("device", OK, f"CUDA: {torch.cuda.get_device_name(0)}")]
    if shutil.which("nvidia-smi"):
        advice = "If you want the GPU, install a CUDA build of PyTorch (README, 'Other ways to install')."
        return [Row("device", WARNING, "CPU, though there is an NVIDIA driver", advice)]
    return [Row("device", OK, "CPU" + (" (there is MPS, too, which the lessons don't use)" if mps else ""))]


def _data(paths):
    from gan_course.data.image_sets import VARIABLE, faults, folder_of

    asked = os.environ.get(VARIABLE)
    place = str(folder_of("mnist")) if paths else f"${VARIABLE}/mnist" if asked else "your cache folder"
    wrong = faults("mnist")
    bad = [f"{name} is {word}" for name, word in wrong.items()]
    found = f"in {place}: {', '.join(bad)}"
    if list(wrong.values()) == ["not there"] * 4:
        found = f"no MNIST in {place}"
    if asked and bad:
        advice = f"Put MNIST's four .gz files into that folder, or unset {VARIABLE}: the lessons stop at this."
        return [Row("data", MISSING, found, advice)]
    if bad:
        advice = "The first lesson downloads it (11 MB). Without a network the lessons use scikit-learn's small digits."
        return [Row("data", WARNING, found, advice)]
    return [Row("data", OK, f"MNIST in {place}, complete")]


def _runs(paths):
    """Free space and the right to write, where runs leave their samples and checkpoints."""
    asked = os.environ.get("GAN_COURSE_RUNS")
    folder = Path(asked or "runs").absolute()
    place = str(folder) if paths else "in $GAN_COURSE_RUNS" if asked else "in the folder runs/"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        advice = "Set GAN_COURSE_RUNS to a folder that can be written."
        return [Row("runs folder", MISSING, f"can't be written {place} ({error.strerror})", advice)]
    free = shutil.disk_usage(there).free / 1e9
    if free < FREE_GB:
        advice = f"Free some space, or set GAN_COURSE_RUNS to another disk: {FREE_GB} GB is enough for a few lessons."
        return [Row("runs folder", WARNING, f"{free:.1f} GB free {place}", advice)]
    return [Row("runs folder", OK, f"can be written, {free:.0f} GB free {place}")]


def _budget(paths):
    from gan_course import budget
    from gan_course.errors import CourseError

    try:
        word = budget.resolve()
    except CourseError as error:
        return [Row("budget", MISSING, str(error), f"Unset {budget.VARIABLE}, or correct it, and restart Jupyter.")]
    if word == "smoke":
        advice = f"Unset {budget.VARIABLE} and restart Jupyter, if you want to learn something from the pictures."
        return [Row("budget", WARNING, f"smoke, from {budget.VARIABLE}: a few steps, samples are noise", advice)]
    return [Row("budget", OK, word + (f", from {budget.VARIABLE}" if os.environ.get(budget.VARIABLE) else ""))]


def _kernel(paths):
    """Whether the kernel that notebooks ask for, python3, is one of this environment."""
    inside = "ipykernel" in sys.modules  # the kernel that runs this can't be another environment's
    if not (_found("ipykernel") and _found("jupyter_client")):
        return [Row("kernel", WARNING if inside else MISSING, "Jupyter isn't here", 'pip install -e ".[lab]"')]
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    advice = "python -m ipykernel install --sys-prefix, with this environment's Python, makes one."
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return [Row("kernel", WARNING if inside else MISSING, "there is no kernel python3", advice)]
    program = spec.argv[0] if spec.argv else ""
    # Jupyter replaces a bare "python" by the interpreter that it runs in itself.
    ours = os.path.basename(program) == program and program.startswith("python")
    if not ours and not _same(os.path.dirname(program), os.path.dirname(sys.executable)):
        found = "the kernel python3 starts another environment's Python" + (f", {program}" if paths else "")
        return [Row("kernel", WARNING if inside else MISSING, found, advice)]
    command = None if inside else shutil.which("jupyter")
    if command and not _same(os.path.dirname(command), sysconfig.get_path("scripts")):
        found = "the command jupyter is another environment's" + (f", {command}" if paths else "")
        advice = "Start with make lab, or with python -m jupyter lab in this environment."
        return [Row("kernel", WARNING, found, advice)]
    return [Row("kernel", OK, "python3 is this environment's Python")]


def _same(folder, other):
    # The folders, not the programs: a virtual environment's python is a link to another's.
    return os.path.normcase(os.path.realpath(folder)) == os.path.normcase(os.path.realpath(other))


CHECKS = (_python, _package, _torch, _tensorflow, _keras, _threads, _speed, _device, _data, _runs, _budget, _kernel)
