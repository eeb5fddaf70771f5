"""The checkpoint's file: whole, checked by a checksum, and refused where it doesn't fit."""

import errno
import os
import shutil
import sys

import numpy as np
import pytest
import safetensors.numpy
import torch

import gan_course
from gan_course import checkpoint
from gan_course.errors import CheckpointError


@pytest.fixture
def path(tmp_path):
    """A checkpoint with numbers of several types, and step 1."""
    path = tmp_path / "checkpoint.safetensors"
    state = {"weights": np.arange(6.0).reshape(2, 3), "rng": np.random.default_rng(5), "empty": np.zeros((0, 2))}
    checkpoint.save(
        path, state, {"step": 1}, {"history/d_loss": np.arange(2, dtype=np.float32), "flag": np.array(True)}
    )
    return path


def read_equally(path, expected):
    facts, tables, saved = checkpoint.read(path)
    assert (facts, str(saved), str(tables)) == (expected[0], str(expected[2]), str(expected[1]))


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


def test_other_objects_are_refused_and_named(path):
    _, _, saved = checkpoint.read(path)
    with pytest.raises(CheckpointError, match="of other objects: schedule, empty, rng only on one side"):
        checkpoint.restore(path, {"weights": np.zeros((2, 3)), "schedule": np.zeros(1)}, saved)


def test_an_object_that_does_not_fit_leaves_the_others_as_they_were(path):
    _, _, saved = checkpoint.read(path)
    state = {"weights": np.ones((2, 3)), "rng": np.random.default_rng(1), "empty": np.zeros((9, 2))}
    with pytest.raises(CheckpointError, match=r"does not fit this empty: .*\(0, 2\), here it is \(9, 2\)"):
        checkpoint.restore(path, state, dict(sorted(saved.items(), reverse=True)))
    assert state["weights"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert state["rng"].random() == np.random.default_rng(1).random()


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "missing"])
def test_a_damaged_file_is_a_clear_error(path, damage):
    content = {"truncated": path.read_bytes()[:-10], "empty": b"", "text": b"<html>"}.get(damage)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(CheckpointError, match="can't be read.*Delete it"):
        checkpoint.read(path)


def test_a_single_flipped_bit_anywhere_is_noticed_or_harmless(path):
    """Harmless is one in the blanks that fill up the header."""
    expected, content = checkpoint.read(path), path.read_bytes()
    bits = range(0, 8 * len(content), 61)  # odd, so that every place within a byte has its turn
    noticed = 0
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            read_equally(path, expected)
        except CheckpointError:
            noticed += 1
    assert noticed >= len(bits) - 1


def test_a_flipped_bit_in_a_tensor_says_that_the_file_is_damaged(path):
    content = bytearray(path.read_bytes())
    content[content.index(np.arange(6.0).tobytes()) + 9] ^= 4
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="checksum doesn't fit.*Delete it"):
        checkpoint.read(path)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"format": "1"}, "version unknown in format 1"),
        ({"format": "3", "course": "9.1"}, "version 9.1 in format 3"),
        ({}, "format unknown"),
    ],
)
def test_another_format_is_refused_and_says_who_wrote_it(tmp_path, metadata, said):
    path = tmp_path / "checkpoint.safetensors"
    safetensors.numpy.save_file({"weights/value": np.zeros(3)}, path, metadata)
    with pytest.raises(CheckpointError, match=f"{said}.*this is version {gan_course.__version__}.*delete it"):
        checkpoint.read(path)


def test_an_object_of_no_known_framework_is_refused(tmp_path):
    with pytest.raises(TypeError, match="a list can't be saved"):
        checkpoint.save(tmp_path / "c", {"weights": [1, 2]}, {})
    assert not (tmp_path / "c").exists()


class Full:
    """A file on a disk that is full."""

    def __init__(self, path, mode):
        self.file = open(path, mode)  # noqa: SIM115

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
def test_a_full_disk_keeps_the_old_checkpoint_and_leaves_no_half_one(path, monkeypatch, moment):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    expected = checkpoint.read(path)
    if moment == "write":
        monkeypatch.setattr(checkpoint, "open", Full, raising=False)
    else:
        monkeypatch.setattr(os, moment, full)
    with pytest.raises(
        CheckpointError, match=r"No space left on device.*untouched.*run this cell again.*GAN_COURSE_RUNS"
    ):
        checkpoint.save(path, {"weights": np.zeros(10_000)}, {"step": 2})
    read_equally(path, expected)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_a_disk_that_is_really_full_is_the_same_error(path):
    expected = checkpoint.read(path)
    path.with_name(path.name + ".part").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match="No space left on device"):
        checkpoint.save(path, {"weights": np.zeros(10_000)}, {"step": 2})
    read_equally(path, expected)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def refuse(file, mode="r"):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.mark.parametrize("act", [checkpoint.prepare, lambda path, state: checkpoint.save(path, state, {"step": 2})])
def test_a_folder_that_only_others_may_write_is_a_clear_error(path, monkeypatch, act):
    monkeypatch.setattr(checkpoint, "open", refuse, raising=False)
    with pytest.raises(CheckpointError, match="Permission denied.*GAN_COURSE_RUNS"):
        act(path, {})


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_keeps_its_checkpoint(path):
    expected = checkpoint.read(path)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match="Permission denied"):
            checkpoint.save(path, {}, {"step": 2})
        read_equally(path, expected)
    finally:
        path.parent.chmod(0o700)


def test_preparing_clears_away_what_a_killed_process_left(path):
    expected, part = checkpoint.read(path), path.with_name(path.name + ".part")
    shutil.copy(path, part)
    checkpoint.prepare(path, {"weights": np.zeros(2)})
    assert not part.exists()
    read_equally(path, expected)


def test_preparing_finds_what_cannot_be_saved(path):
    with pytest.raises(TypeError, match="a list can't be saved"):
        checkpoint.prepare(path, {"weights": [1, 2]})
