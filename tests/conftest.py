"""Settings of every test: one math thread each, deterministic fuzzing, nobody's own data."""

import os

for library in ("OMP", "MKL", "OPENBLAS"):  # before NumPy, PyTorch or TensorFlow start theirs
    os.environ[f"{library}_NUM_THREADS"] = "1"
for kind in ("INTRAOP", "INTEROP"):
    os.environ[f"TF_NUM_{kind}_THREADS"] = "1"

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder of the test's own for the artefacts of runs."""
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"
