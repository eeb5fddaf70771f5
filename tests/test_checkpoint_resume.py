"""N steps, a kill and N more give what 2N steps give, bit for bit, in every framework."""

import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from training import CHECKPOINT_EVERY, STEPS, train

from gan_course import adapters, checkpoint
from gan_course.errors import CheckpointError

FRAMEWORKS = ["torch", "keras", "tf_keras"]


@pytest.fixture(scope="module", params=FRAMEWORKS)
def make(request):
    return import_module(f"{request.param}_training").make


@pytest.fixture(scope="module")
def whole(make, tmp_path_factory):
    """A run in one go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAN_COURSE_RUNS", str(tmp_path_factory.mktemp("whole")))
        run, update = make()
        train(run, update)
    return run


def read(run):
    return checkpoint.read(run.folder / "checkpoint.safetensors")


def assert_same(saved, other):
    """Two checkpoints' objects must be the same, bit for bit."""
    assert saved.keys() == other.keys()
    for name, values in saved.items():
        assert values.keys() == other[name].keys()
        for key, value in values.items():
            assert type(value) is type(other[name][key])
            assert np.array_equal(value, other[name][key]), f"{name}/{key}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_and_the_rest_equal_one_run(make, whole, runs):
    script = Path(sys.modules[make.__module__].__file__)
    killed = subprocess.run([sys.executable, script, str(CHECKPOINT_EVERY + 3)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    run, update = make(resume=True)
    assert read(run)[0]["step"] == CHECKPOINT_EVERY
    train(run, update)

    (facts, _, saved), (resumed_facts, _, resumed) = read(whole), read(run)
    assert resumed_facts["step"] == facts["step"] == STEPS
    assert_same(saved, resumed)
    assert resumed_facts["batches"] == facts["batches"]
    assert np.array_equal(next(run.batches), next(whole.batches))
    assert run.history == whole.history
    samples = [np.load(r.folder / "samples.npz")["samples"] for r in (whole, run)]
    assert np.array_equal(*samples)


def test_the_same_seed_gives_the_same_history_however_often_it_is_saved(make, whole, runs):
    run, update = make(previews=STEPS, checkpoint_every=1)
    train(run, update)
    assert run.history == whole.history
    assert_same(read(whole)[2], read(run)[2])


def test_the_training_moves_the_weights_and_another_seed_moves_them_elsewhere(make, whole, runs):
    """Else the other tests would compare two runs that stand still."""
    start, other = make()[0], make(seed=1)[0]
    for name in ("generator", "discriminator"):
        adapter, (_, _, saved) = adapters.of(start.state[name]), read(whole)
        before, elsewhere = adapter.arrays(start.state[name]), adapter.arrays(other.state[name])
        # a bias before batch norm has no gradient but rounding
        parameters = [key for key in adapter.trainable(start.state[name]) if "bias" not in key]
        assert parameters
        assert [key for key in parameters if np.array_equal(before[key], saved[name][key])] == []
        assert not all(np.array_equal(before[key], elsewhere[key]) for key in parameters)


def test_another_architecture_is_refused_and_named_and_nothing_is_half_restored(make, whole):
    path = whole.folder / "checkpoint.safetensors"
    wider, _ = make(width=9)
    before = {name: adapters.of(obj).arrays(obj) for name, obj in wider.state.items()}
    with pytest.raises(CheckpointError, match=r"(kernel|0\.weight) was saved as \(.*8.*\), here it is \(.*9.*\)"):
        checkpoint.restore(path, wider.state, read(whole)[2])
    assert_same(before, {name: adapters.of(obj).arrays(obj) for name, obj in wider.state.items()})
