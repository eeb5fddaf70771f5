"""The doctor knows each ailment, says what to do, raises nothing, and shows no path in a notebook."""

import builtins
import gzip
import hashlib
import html
import os
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from types import SimpleNamespace

import needs
import platformdirs
import pytest
from hygiene import PATH

from gan_course import __main__ as command
from gan_course import doctor, machine
from gan_course.data import image_sets

VARIABLES = (
    "GAN_COURSE_DATA GAN_COURSE_BUDGET GAN_COURSE_RUNS TF_USE_LEGACY_KERAS KERAS_BACKEND TF_NUM_INTRAOP_THREADS "
    "OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS JUPYTER_PATH"
).split()


@pytest.fixture(autouse=True)
def healthy(monkeypatch, tmp_path):
    """A sound machine: nothing set, four intact data files in the cache, folders of the test's own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    names = ("train-images.gz", "train-labels.gz", "t10k-images.gz", "t10k-labels.gz")
    unpacked = {name: bytes([0, 0, 8, 1, 0, 0, 0, 1, value]) for value, name in enumerate(names)}  # one value each
    sha256 = {name: ("", hashlib.sha256(content).hexdigest()) for name, content in unpacked.items()}
    files = {name: gzip.compress(content) for name, content in unpacked.items()}
    monkeypatch.setitem(image_sets.SETS, "mnist", image_sets.ImageSet("MNIST", "mnist", (), sha256))
    monkeypatch.setattr(image_sets, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: tmp_path / "cache")
    monkeypatch.setattr(machine, "_measured", lambda framework: 1.5 * machine.REFERENCE_MS[framework])
    for folder in ("cache", "mine"):
        (tmp_path / folder / "mnist").mkdir(parents=True)
        for name, content in files.items():
            (tmp_path / folder / "mnist" / name).write_bytes(content)
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)


def row(name):
    return next(row for row in doctor.report().rows if row.name == name)


def is_found(name, state, *words):
    """Assert that a line has this state, these words, and an advice, and that the report says so as a whole."""
    found = row(name)
    assert found.state == state, str(found)
    for word in words:
        assert word in f"{found.found} {found.advice}"
    assert found.advice
    report = doctor.report()
    assert report.ok is (state != doctor.MISSING)
    assert ("need is missing" in str(report)) is not report.ok


@needs.tensorflow
def test_a_sound_machine_is_found_sound():
    report = doctor.report()
    assert [str(row) for row in report.rows if row.state != doctor.OK] == []
    assert report.ok and str(report).endswith("Everything that the lessons need is here.")


def test_it_imports_no_tensorflow():
    code = "import sys; from gan_course import doctor; r = doctor.report(); print('tensorflow' in sys.modules, len(r.rows))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", str(len(doctor.report().rows))]


def test_the_table_is_narrow_and_the_same_every_time(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DATA", "/nowhere")
    text = str(doctor.report())
    assert text == str(doctor.report()) == repr(doctor.report())
    assert max(map(len, text.splitlines())) <= doctor.WIDTH
    assert doctor.report()._repr_html_() == f"<pre>{html.escape(text)}</pre>"


def test_paths_are_shown_on_the_command_line_only(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "runs"))
    text = str(doctor.report())
    assert str(tmp_path) not in text and sys.prefix not in text and not PATH.search(text)
    assert command.main(["doctor"]) == 0
    shown = capsys.readouterr().out.replace("\n" + " " * (doctor.NAMES + 10), "")
    assert str(tmp_path / "mine") in shown and str(tmp_path / "runs") in shown and sys.executable in shown


def test_the_command_fails_where_something_is_missing(monkeypatch, capsys):
    monkeypatch.setenv("GAN_COURSE_BUDGET", "tiny")
    assert command.main(["doctor"]) == 1
    assert "see the arrows" in capsys.readouterr().out


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0)])
def test_another_python(monkeypatch, version):
    version = namedtuple("Version", "major minor micro")(*version)
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=version, executable=sys.executable))
    found = doctor._python(paths=False)[0]
    assert found.state == doctor.MISSING and "3.11 to 3.14" in found.advice


def test_a_broken_installation(monkeypatch):
    monkeypatch.setattr(doctor, "_found", lambda module: module not in ("sympy", "onnxruntime"))
    is_found("gan_course", doctor.MISSING, "without onnxruntime, sympy", "make install")


@pytest.fixture
def without(monkeypatch):
    """Return a function that hides a distribution, or gives it another version."""

    def change(name, version=None):
        version_of = metadata.version

        def changed(asked):
            if asked != name:
                return version_of(asked)
            if version is None:
                raise metadata.PackageNotFoundError(name)
            return version

        monkeypatch.setattr(metadata, "version", changed)

    return change


def test_no_pytorch(without):
    without("torch")
    is_found("PyTorch", doctor.MISSING, "not installed", 'pip install -e ".[torch]"')


@needs.tensorflow
@pytest.mark.parametrize(
    ("name", "distribution"), [("TensorFlow", "tensorflow"), ("Keras 3", "keras"), ("Keras 2", "tf_keras")]
)
def test_no_tensorflow_is_a_warning(without, name, distribution):
    without(distribution)
    is_found(name, doctor.WARNING, "not installed", 'pip install -e ".[tensorflow]"')


def test_no_tensorflow_on_a_python_that_it_has_no_build_for(without, monkeypatch):
    without("tensorflow")
    monkeypatch.setattr(machine, "find_spec", lambda name: None if name == "tensorflow" else "there")
    monkeypatch.setattr(machine, "sys", SimpleNamespace(version_info=(3, 14, 0)))
    is_found("TensorFlow", doctor.WARNING, "not installed", "no build for Python 3.14 yet", "PYTHON=python3.13")


@needs.tensorflow
def test_keras_2_in_the_place_of_keras_3(without):
    without("keras", "2.15.0")
    is_found("Keras 3", doctor.WARNING, "2.15.0", ">=3")


def test_versions_that_nobody_can_know_are_not_judged(monkeypatch, without):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    without("torch", "0.1")
    monkeypatch.setattr(metadata, "requires", requires)
    assert row("PyTorch").state == doctor.OK


@pytest.mark.parametrize("error", [OSError, ImportError, AttributeError])
def test_a_pytorch_that_does_not_load(monkeypatch, error):
    real = builtins.__import__

    def broken(name, *rest):
        if name == "torch":
            raise error("a library is not there")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    is_found("PyTorch", doctor.MISSING, error.__name__, "--force-reinstall torch")
    assert row("device").state == doctor.WARNING


def test_keras_2_behind_tf_keras(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    is_found("Keras", doctor.WARNING, "tf.keras is Keras 2", "lesson 03", "lesson 04")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    assert doctor.report().ok and not [row for row in doctor.report().rows if row.name == "Keras"]


def test_another_backend_of_keras(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    is_found("Keras", doctor.WARNING, "KERAS_BACKEND chooses the backend 'torch'")
    monkeypatch.delenv("KERAS_BACKEND")
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "keras.json").write_text('{"backend": "jax"}')
    is_found("Keras", doctor.WARNING, "your keras.json chooses the backend 'jax'")
    for content in ('{"backend": "tensorflow"}', "no JSON", "[]"):
        (tmp_path / "keras" / "keras.json").write_text(content)
        assert not [row for row in doctor.report().rows if row.name == "Keras"]


@pytest.mark.parametrize("value", ["0", "-1", "many", "64", "1"])
def test_a_strange_number_of_threads(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    is_found("threads", doctor.WARNING, f"4 cores, OMP_NUM_THREADS={value}", "nset")


@pytest.mark.parametrize("value", ["2", "4", "4,2", ""])
def test_a_sound_number_of_threads(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert row("threads").state == doctor.OK


def test_the_speed_is_shown_once_it_is_measured(monkeypatch, capsys):
    assert "factor not measured yet; 1 is 11.5 ms" in row("speed").found and row("speed").state == doctor.OK
    assert command.main(["doctor"]) == 0
    assert "factor 1.5 (PyTorch)" in capsys.readouterr().out
    assert "factor 1.5 (PyTorch)" in row("speed").found
    monkeypatch.setattr(machine, "_measured", lambda framework: 3.25 * machine.REFERENCE_MS[framework])
    assert command.main(["doctor"]) == 0  # measured again
    is_found("speed", doctor.WARNING, "factor 3.2 (PyTorch)", "how to cut it short")


def test_the_devices(monkeypatch):
    import torch

    assert row("device").found == "CPU"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert "MPS" in row("device").found and row("device").state == doctor.OK
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name if name == "nvidia-smi" else None)
    is_found("device", doctor.WARNING, "NVIDIA driver", "CUDA build")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "a card")
    assert row("device").found == "CUDA: a card"


def test_data_of_ones_own(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "mine"))
    assert row("data").found == "MNIST in $GAN_COURSE_DATA/mnist, complete"
    (tmp_path / "mine" / "mnist" / "t10k-labels.gz").write_bytes(b"x")
    (tmp_path / "mine" / "mnist" / "t10k-images.gz").unlink()
    is_found("data", doctor.MISSING, "t10k-images.gz is not there, t10k-labels.gz is damaged", "the lessons stop")
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "nowhere"))
    is_found("data", doctor.MISSING, "no MNIST in $GAN_COURSE_DATA/mnist")
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "cache" / "mnist" / "t10k-labels.gz"))  # a file
    is_found("data", doctor.MISSING, "no MNIST in $GAN_COURSE_DATA/mnist")


def test_data_that_is_still_to_be_downloaded(tmp_path):
    assert row("data").found == "MNIST in your cache folder, complete"
    (tmp_path / "cache" / "mnist" / "t10k-images.gz").write_bytes(b"")
    is_found("data", doctor.WARNING, "in your cache folder: t10k-images.gz is damaged", "downloads")
    for file in (tmp_path / "cache" / "mnist").iterdir():
        file.unlink()
    is_found("data", doctor.WARNING, "no MNIST in your cache folder", "scikit-learn's small digits")


def test_a_data_file_that_can_not_be_read(tmp_path):
    file = tmp_path / "cache" / "mnist" / "t10k-images.gz"
    file.unlink()
    file.mkdir()
    is_found("data", doctor.WARNING, "t10k-images.gz is not readable")


def test_a_runs_folder_that_can_not_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "file" / "runs"))
    is_found("runs folder", doctor.MISSING, "can't be written in $GAN_COURSE_RUNS", "Set GAN_COURSE_RUNS")


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=4e8))
    is_found("runs folder", doctor.WARNING, "0.4 GB free in the folder runs/", "Free some space")
    assert not os.path.exists("runs")  # looking changes nothing


def test_a_wrong_budget(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_BUDGET", "tiny")
    is_found("budget", doctor.MISSING, "'tiny'", "smoke, laptop, full")


def test_a_budget_that_shows_noise(monkeypatch):
    monkeypatch.setenv("GAN_COURSE_BUDGET", "smoke")
    is_found("budget", doctor.WARNING, "noise", "Unset GAN_COURSE_BUDGET")
    monkeypatch.setenv("GAN_COURSE_BUDGET", "full")
    assert (row("budget").state, row("budget").found) == (doctor.OK, "full, from GAN_COURSE_BUDGET")


@pytest.fixture
def kernel(monkeypatch):
    """Return a function that makes the kernel python3 start this program; None: there is no such kernel."""
    from jupyter_client import kernelspec

    def change(program):
        def get(manager, name):
            assert name == "python3"
            if program is None:
                raise kernelspec.NoSuchKernel(name)
            return kernelspec.KernelSpec(argv=[program, "-m", "ipykernel_launcher"] if program else [])

        monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", get)

    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    return change


def test_a_kernel_of_this_environment(kernel):
    for program in ("python", "python3", sys.executable, os.path.join(os.path.dirname(sys.executable), "python3")):
        kernel(program)
        assert row("kernel").state == doctor.OK


@pytest.mark.parametrize("inside", [False, True])
def test_a_kernel_of_another_environment(kernel, monkeypatch, inside):
    if inside:  # a notebook that can show this has a right kernel, whatever is called python3
        monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace(__spec__=SimpleNamespace()))
    for program in ("/opt/other/bin/python", "", os.path.realpath("/usr/bin/env")):
        kernel(program)
        state = doctor.WARNING if inside else doctor.MISSING
        is_found("kernel", state, "another environment's Python", "ipykernel install --sys-prefix")


def test_no_kernel(kernel):
    kernel(None)
    is_found("kernel", doctor.MISSING, "no kernel python3", "ipykernel install --sys-prefix")


def test_no_jupyter(kernel, monkeypatch):
    monkeypatch.setattr(doctor, "_found", lambda module: not module.startswith("jupyter"))
    is_found("kernel", doctor.MISSING, "Jupyter isn't here", 'pip install -e ".[lab]"')


def test_a_jupyter_of_another_environment_on_the_path(kernel, tmp_path):
    kernel("python")
    jupyter = tmp_path / "bin" / ("jupyter.exe" if os.name == "nt" else "jupyter")
    jupyter.write_text("#!/bin/sh\n")
    jupyter.chmod(0o755)
    is_found("kernel", doctor.WARNING, "the command jupyter is another environment's", "make lab")


def test_a_check_that_raises_is_a_line_of_its_own(monkeypatch):
    def _moon(paths):
        raise RuntimeError("in /home/me")

    monkeypatch.setattr(doctor, "CHECKS", (_moon, *doctor.CHECKS))
    assert row("moon").found == "could not be looked at (RuntimeError)"
    assert "in /home/me" in str(doctor.report(paths=True))
    assert doctor.report().ok
