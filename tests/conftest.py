"""Settings of every test: one math thread each, deterministic fuzzing, nobody's own data, TensorFlow only where it is."""

import os

for library in ("OMP", "MKL", "OPENBLAS"):  # before NumPy, PyTorch or TensorFlow start theirs
    os.environ[f"{library}_NUM_THREADS"] = "1"
for kind in ("INTRAOP", "INTEROP"):
    os.environ[f"TF_NUM_{kind}_THREADS"] = "1"

import pytest
from hypothesis import settings
from needs import LINE, only_tensorflow_is_missing

settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder of the test's own for the artefacts of runs."""
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


LONG = ("test_lessons.py", "test_lesson_resume.py", "test_jupyterlab.py", "test_benchmarks.py", "test_telemetry.py")
FIRST = "test_checkpoint_resume.py"  # bit for bit against a fresh process: before a worker has loaded much else


def pytest_collection_modifyitems(items):
    """Put the long tests first, so that none of them is left over when the other worker has nothing to do any more."""
    # Sorting is stable: the rest stays as it is.
    items.sort(key=lambda item: (item.path.name != FIRST, item.path.name not in LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _skipped_without_tensorflow())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _skipped_without_tensorflow())


def _skipped_without_tensorflow():
    try:
        return (yield)
    except ModuleNotFoundError as error:
        if only_tensorflow_is_missing(error):
            pytest.skip(f"needs {LINE}")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.failed and only_tensorflow_is_missing(report.call.excinfo.value.__cause__):
        report.outcome, report.longrepr = "skipped", (str(collector.path), 0, f"Skipped: needs {LINE}")
    return report
