"""A training that is killed twenty times, in writes too, ends as if nothing had happened."""

import multiprocessing
import signal
import sys
import time
from pathlib import Path

import killed_training
import numpy as np
import pytest

from gan_course import checkpoint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

FILES = {"checkpoint.safetensors", "history.csv", "samples.npz", "replay.html", "metrics.json"}


@pytest.fixture
def processes(monkeypatch):
    """Processes that start in milliseconds: forked from one that has imported everything, and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_training"])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # that process doesn't know this one's sys.path
    return context


def begin(processes, folder, *how):
    process = processes.Process(target=killed_training.live, args=(str(folder), *how))
    process.start()
    return process


def deaths(rng):
    """Return (way, its details) of twenty kills, in any order: nine in writes, eight anywhere, three from outside."""
    ways = [("write", phase, int(rng.integers(1, 4))) for phase in 3 * ["writing", "written", "renamed"]]
    ways += [("call", int(rng.integers(1, 6000))) for _ in range(8)]
    # so short that a machine many times faster would not get to the end
    ways += [("outside", float(rng.uniform(0, 0.04))) for _ in range(3)]
    return [ways[i] for i in rng.permutation(len(ways))]


def test_a_training_killed_twenty_times_equals_one_left_alone(processes, tmp_path):
    alone = begin(processes, tmp_path / "alone")
    killed = tmp_path / "killed"
    folder = killed / "99_killed" / "smoke-seed0"
    path, part = folder / "checkpoint.safetensors", folder / "checkpoint.safetensors.part"
    half_written = steps = 0
    for way, *details in deaths(np.random.default_rng(11)):
        if way == "outside":
            process = begin(processes, killed)
            time.sleep(details[0])
            process.kill()
        else:
            process = begin(processes, killed, way, *details)
        process.join()
        assert process.exitcode == -signal.SIGKILL, (way, details)
        before, steps = steps, checkpoint.read(path)[0]["step"] if path.exists() else 0  # read: it is whole
        assert before <= steps < killed_training.STEPS
        half_written += part.exists()
        if way == "write":
            assert part.exists() == (details[0] != "renamed")
            assert steps - before == details[-1] - (details[0] != "renamed")
        assert not folder.exists() or {file.name for file in folder.iterdir()} <= {path.name, part.name}
    assert half_written >= 6
    assert steps > 0  # lives did go on where others had ended

    last = begin(processes, killed)
    last.join()
    alone.join()
    assert (last.exitcode, alone.exitcode) == (0, 0)
    whole = tmp_path / "alone" / "99_killed" / "smoke-seed0"
    assert {file.name for file in folder.iterdir()} == {file.name for file in whole.iterdir()} == FILES
    (facts, tables, saved), (others, other_tables, other_saved) = (
        checkpoint.read(place / path.name) for place in (folder, whole)
    )
    assert facts["batches"] == others["batches"]
    assert saved.keys() == other_saved.keys() == {"weights", "noise"}
    assert np.array_equal(saved["weights"]["value"], other_saved["weights"]["value"])
    assert saved["noise"] == other_saved["noise"]
    assert all(np.array_equal(table, other_tables[name]) for name, table in tables.items())
    for name in ("history.csv", "samples.npz"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
