"""What this machine is, how its speed is measured and kept, and what a lesson says about its time here."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import needs
import platformdirs
import pytest
from IPython.core.interactiveshell import InteractiveShell

from gan_course import lessons, machine
from gan_course.errors import MissingError


@pytest.fixture(autouse=True)
def measured(monkeypatch, tmp_path):
    """A cache of the test's own; return what was measured so far (list of str), always at twice the reference."""
    calls = []

    def measure(framework):
        calls.append(framework)
        return 2 * machine.REFERENCE_MS[framework]

    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache"))
    monkeypatch.setattr(machine, "_measured", measure)
    for name in sum(machine.THREADS.values(), ()):
        monkeypatch.delenv(name, raising=False)
    return calls


def test_the_processor_of_this_machine():
    assert machine.processor() and not re.search(r"\(R\)|@|  ", machine.processor()) and machine.cores() >= 1


@pytest.mark.parametrize(
    ("system", "told", "name"),
    [
        ("Linux", "Intel(R) Xeon(R) CPU @ 2.20GHz", "Intel Xeon"),
        ("Darwin", "Apple M2\n", "Apple M2"),
        ("Windows", "AMD Ryzen 7 5800X 8-Core Processor   ", "AMD Ryzen 7 5800X 8-Core Processor"),
        ("Plan 9", "", "an 8086"),
    ],
)
def test_processors_of_every_system(monkeypatch, system, told, name):
    monkeypatch.setattr(machine.platform, "system", lambda: system)
    monkeypatch.setattr(machine.platform, "processor", lambda: "an 8086")
    for function in ("_linux", "_macos", "_windows"):
        monkeypatch.setattr(machine, function, lambda: told)
    assert machine.processor() == name


def test_a_system_that_refuses_to_tell(monkeypatch):
    def refuse():
        raise OSError

    for function in ("_linux", "_macos", "_windows"):
        monkeypatch.setattr(machine, function, refuse)
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    assert machine.processor() == machine.platform.machine()


def test_a_factor_is_measured_once_and_kept(measured):
    assert machine.factor("torch", measure=False) is None and measured == []
    assert machine.factor("torch") == machine.factor("torch") == machine.factor("torch", measure=False) == 2
    assert measured == ["torch"]
    assert machine.factor("torch", again=True) == 2 and measured == ["torch", "torch"]


@pytest.mark.parametrize("change", ["threads", "processor", "version"])
def test_another_machine_is_measured_again(measured, monkeypatch, change):
    machine.factor("torch")
    if change == "threads":
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
    elif change == "processor":
        monkeypatch.setattr(machine, "processor", lambda: "another")
    else:
        monkeypatch.setattr(machine.metadata, "version", lambda name: "99")
    machine.factor("torch")
    assert measured == ["torch", "torch"]


def test_a_damaged_or_read_only_cache_costs_a_measurement_only(measured, tmp_path):
    (tmp_path / "cache").mkdir()
    for content in ("{", "[1]", "3"):
        (tmp_path / "cache" / "speed.json").write_text(content)
        assert machine.factor("torch", measure=False) is None
    assert machine.factor("torch") == machine.factor("torch") == 2 and measured == ["torch"]
    (tmp_path / "cache" / "speed.json").unlink()
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("a file in its place")
    assert machine.factor("torch") == 2


def test_a_framework_that_is_not_there_or_does_not_run_has_no_factor(monkeypatch):
    monkeypatch.setattr(machine, "_measured", lambda framework: None)
    assert machine.factor("torch") is None
    assert machine.factor("no-such-framework") is None


def test_the_measurement_itself(monkeypatch):
    monkeypatch.undo()
    assert machine._measured("torch") > 0  # a process of its own: it must end, and print one number
    assert machine._measured("nonsense") is None


@pytest.mark.parametrize("step", [machine.torch_step, pytest.param(machine.tensorflow_step, marks=needs.tensorflow)])
def test_the_arithmetic_is_a_whole_training_step(monkeypatch, step):
    for name in ("WARM_UP", "BLOCKS", "STEPS"):
        monkeypatch.setattr(machine, name, 1)
    assert machine.milliseconds(step()) > 0


# A lesson's set-up line

FACTS = {"device": "cpu", "data": "mnist", "seed": 0}


@pytest.fixture
def lesson(monkeypatch, tmp_path):
    """Return a function that writes a lesson with this much time at factor 1."""
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(machine, "processor", lambda: "a processor")

    def write(seconds, framework="PyTorch"):
        about = {"framework": framework} | ({} if seconds is None else {"seconds_at_factor_1": seconds})
        (tmp_path / "05_test.ipynb").write_text(json.dumps({"metadata": {"lesson": about}}))

    return write


def line(budget="laptop", **changed):
    return machine.setup_line("05_test", budget=budget, **{**FACTS, **changed})


def test_the_minutes_that_a_lesson_takes_here(lesson, measured, capsys):
    lesson(330)
    assert line() == (
        "device cpu · data mnist · budget laptop · seed 0\n"
        "Expect about 11 minutes on this machine (a processor, factor 2.0)."
    )
    assert "once" in capsys.readouterr().out
    assert "11 minutes" in line() and capsys.readouterr().out == "" and measured == ["torch"]
    lesson(10)
    assert "Expect under a minute on" in line()
    lesson(330, "TensorFlow 2 / Keras 3")
    assert "11 minutes" in line() and measured == ["torch", "tensorflow"]


def test_a_long_lesson_says_how_to_cut_it_short(lesson):
    lesson(60 * machine.LONG_MINUTES / 2 - 60)
    assert "resume=True" not in line()
    lesson(60 * machine.LONG_MINUTES / 2 + 60)
    assert "■" in line() and "resume=True" in line()


@pytest.mark.parametrize("changed", [{"budget": "smoke"}, {"budget": "full"}, {"device": "cuda"}])
def test_one_short_line_and_no_measurement_where_minutes_make_no_sense(lesson, measured, changed):
    lesson(330)
    assert line(**changed).count("\n") == 0 and measured == []


def test_a_lesson_whose_time_is_not_known(lesson, measured, tmp_path):
    assert line().count("\n") == 0  # no notebook
    lesson(None)
    assert line().count("\n") == 0 and measured == []
    (tmp_path / "05_test.ipynb").write_text("{")
    assert line().count("\n") == 0


# What isn't installed


def test_what_is_there_is_not_missing():
    assert machine.missing("numpy", "torch") == ""
    machine.require("numpy", "torch")


def test_what_is_missing_is_said_in_one_line(monkeypatch):
    with pytest.raises(MissingError, match=r"needs no_such_module: make install, or pip install"):
        machine.require("numpy", "no_such_module")
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    monkeypatch.setattr(machine, "sys", SimpleNamespace(version_info=(3, 14, 2)))
    with pytest.raises(MissingError) as raised:
        machine.require("tensorflow", "keras", "tf_keras")
    expected = "This lesson needs TensorFlow, which has no build for Python 3.14 yet: make lab PYTHON=python3.13"
    assert str(raised.value) == expected


def test_a_notebook_shows_that_line_alone():
    shell, shown = InteractiveShell(), []
    shell._showtraceback = lambda kind, error, lines: shown.extend(lines)
    shell.run_cell("from gan_course.machine import require\nrequire('no_such_module')")
    (text,) = shown
    assert text.startswith("This lesson needs no_such_module") and "\n" not in text


def test_importing_it_loads_no_framework():
    code = "import sys; from gan_course import machine; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"torch", "tensorflow", "numpy"}
