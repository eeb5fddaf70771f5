"""Checkpoints of PyTorch's objects: exact, whole, and refused where they don't fit."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_training import CHECKPOINT_EVERY, STEPS, make, train

from gan_course import checkpoint
from gan_course.errors import CheckpointError


def same(saved, other):
    """Say whether two checkpoints' objects are the same, bit for bit."""
    assert saved.keys() == other.keys()
    for name, values in saved.items():
        assert values.keys() == other[name].keys()
        for key, value in values.items():
            assert type(value) is type(other[name][key])
            assert np.array_equal(value, other[name][key]), f"{name}/{key}"
    return True


def whole_run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "whole"))
    run, update = make()
    train(run, update)
    return run, checkpoint.read(run.folder / "checkpoint.safetensors")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_and_the_rest_equal_one_run_bit_for_bit(tmp_path, monkeypatch):
    whole, (facts, _, saved) = whole_run(tmp_path, monkeypatch)

    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "killed"))
    script = Path(__file__).with_name("torch_training.py")
    killed = subprocess.run([sys.executable, script, str(CHECKPOINT_EVERY + 3)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    run, update = make(resume=True)
    assert checkpoint.read(run.folder / "checkpoint.safetensors")[0]["step"] == CHECKPOINT_EVERY
    train(run, update)

    resumed_facts, _, resumed = checkpoint.read(run.folder / "checkpoint.safetensors")
    assert resumed_facts["step"] == facts["step"] == STEPS
    assert same(saved, resumed)
    assert resumed_facts["batches"] == facts["batches"]
    assert run.history == whole.history
    samples = [np.load(r.folder / "samples.npz")["samples"] for r in (whole, run)]
    assert np.array_equal(*samples)


def test_previews_and_checkpoints_do_not_change_the_training(tmp_path, monkeypatch):
    _, (_, _, saved) = whole_run(tmp_path, monkeypatch)
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "often"))
    run, update = make(previews=STEPS)
    run.checkpoint_every = 1
    train(run, update)
    assert same(saved, checkpoint.read(run.folder / "checkpoint.safetensors")[2])


def test_another_seed_gives_other_weights(tmp_path, monkeypatch):
    _, (_, _, saved) = whole_run(tmp_path, monkeypatch)
    run, update = make(seed=1)
    train(run, update)
    other = checkpoint.read(run.folder / "checkpoint.safetensors")[2]
    assert not np.array_equal(saved["generator"]["0.weight"], other["generator"]["0.weight"])


def test_every_kind_of_object_comes_back(tmp_path):
    state = {
        "tensor": torch.arange(6.0).reshape(2, 3),
        "array": np.arange(3),
        "rng": np.random.default_rng(5),
        "noise": torch.Generator().manual_seed(5),
    }
    checkpoint.save(tmp_path / "c", state, {"step": 1}, {"history/d_loss": np.arange(2.0)})
    expected = state["rng"].random(3), torch.rand(3, generator=state["noise"])
    state["tensor"].zero_()
    state["array"][:] = 0
    facts, tables, saved = checkpoint.read(tmp_path / "c")
    checkpoint.restore(tmp_path / "c", state, saved)
    assert facts == {"step": 1}
    assert tables["history/d_loss"].tolist() == [0, 1]
    assert state["tensor"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert state["array"].tolist() == [0, 1, 2]
    assert np.array_equal(state["rng"].random(3), expected[0])
    assert torch.equal(torch.rand(3, generator=state["noise"]), expected[1])


def test_another_architecture_is_refused_and_named(tmp_path, monkeypatch):
    run, _ = whole_run(tmp_path, monkeypatch)
    path = run.folder / "checkpoint.safetensors"
    wider, _ = make(width=9)
    with pytest.raises(CheckpointError, match=r"generator: 0\.weight was saved as \(8, 4\), here it is \(9, 4\)"):
        checkpoint.restore(path, wider.state, checkpoint.read(path)[2])


def test_other_objects_are_refused_and_named(tmp_path, monkeypatch):
    run, _ = whole_run(tmp_path, monkeypatch)
    path = run.folder / "checkpoint.safetensors"
    del run.state["schedule"]
    with pytest.raises(CheckpointError, match="schedule"):
        checkpoint.restore(path, run.state, checkpoint.read(path)[2])


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "missing"])
def test_a_damaged_file_is_a_clear_error(tmp_path, damage):
    path = tmp_path / "checkpoint.safetensors"
    checkpoint.save(path, {"array": np.arange(1000)}, {})
    content = {"truncated": path.read_bytes()[:-10], "empty": b"", "text": b"<html>"}.get(damage)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(CheckpointError, match="can't be read"):
        checkpoint.read(path)


def test_an_object_of_no_known_framework_is_refused(tmp_path):
    with pytest.raises(TypeError, match="a list can't be saved"):
        checkpoint.save(tmp_path / "c", {"weights": [1, 2]}, {})
    assert not (tmp_path / "c").exists()
