"""The tests of the audit that Keras 3 and Keras 2 share; a test file names the module in a fixture `K`."""

import random

import audit_keras as cases
import numpy as np
import pytest
from audit_game import named

from gan_course.audit import audit
from gan_course.errors import CourseError


@pytest.mark.parametrize("name", cases.RIGHT)
def test_a_right_step_gets_no_verdict(K, name):
    report = audit(**cases.RIGHT[name](K).arguments())
    assert report.ok and named(report) == [], report


@pytest.mark.parametrize("name", cases.BROKEN)
def test_a_broken_step_gets_its_own_verdict(K, name):
    wanted, make = cases.BROKEN[name]
    report = audit(**make(K).arguments())
    assert named(report) == [wanted], report
    (fault,) = report.faults
    assert fault.message and len(fault.hint) > 40


@pytest.mark.parametrize("order", cases.ORDERS, ids=lambda order: order.__name__)
def test_the_order_of_compiling_and_freezing(K, order):
    """The same code, right in one Keras and wrong in the other: /trainable/ is read at another moment."""
    keras_3 = K.__name__ == "keras"
    wanted = cases.ORDERS[order][keras_3]
    report = audit(**cases.Compiled(K, order).arguments())
    assert named(report) == ([wanted] if wanted else []), report
    for fault in report.faults:
        assert ("traced" in fault.hint or "traces the function" in fault.hint) == keras_3


def test_an_autoencoder(K):
    game = cases.Autoencoder(K)
    game.opt.build(game.variables)
    assert named(audit(**game.arguments()), "fault", "warning", "note") == []
    game.opt = cases.adam(K)
    game.opt.build(game.encoder.trainable_variables)
    report = audit(**game.arguments())
    assert named(report) == ["update-raises"] and "Build it with those of all networks" in report.faults[0].hint


def test_momentum_from_earlier_steps_does_not_pass_for_a_gradient(K):
    game = cases.StoppedInG(K)
    for _ in range(2):
        cases.TapeGame.update_g(game, game.real)
    assert named(audit(**game.arguments())) == ["g-never-moves"]


def test_a_network_without_variables_is_an_error(K):
    arguments = cases.TapeGame(K).arguments()
    arguments["state"]["opt_d"] = K.optimizers.Adam()
    with pytest.raises(CourseError, match="opt.build"):
        audit(**arguments)
    arguments["state"]["discriminator"] = K.Sequential([K.layers.Dense(1)])
    with pytest.raises(CourseError, match="has no variables yet"):
        audit(**arguments)


def everything(K):
    """Batch norm in both, dropout in D, Adam, a schedule by hand, random numbers of NumPy and Python."""
    game = cases.normed(K, opt=cases.adam)
    game.rng = np.random.default_rng(3)
    plain = game.update_d

    def update_d(real):
        game.rng.random(), random.random()
        game.opt_d.learning_rate.assign(game.opt_d.learning_rate * 0.9)
        return plain(real)

    game.update_d = update_d
    arguments = game.arguments()
    arguments["state"]["rng"] = game.rng
    return game, arguments


def seen(game):
    """Everything about a game, not read through the adapters."""
    variables = [*game.g.variables, *game.d.variables, *game.opt_g.variables, *game.opt_d.variables]
    numbers = [np.array(variable.numpy()) for variable in [*variables, game.noise.state, game.opt_d.learning_rate]]
    for layer in game.d.layers:
        if hasattr(layer, "_random_generator") and layer._random_generator._generator is not None:  # Keras 2
            numbers.append(layer._random_generator._generator.state.numpy())
    return {
        "numbers": numbers,
        "flags": [layer.trainable for network in (game.g, game.d) for layer in network._flatten_layers()],
        "rng": [random.getstate(), str(game.rng.bit_generator.state)],
    }


def assert_same(a, b):
    for one, other in zip(a["numbers"], b["numbers"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert a["flags"] == b["flags"] and a["rng"] == b["rng"]


@pytest.mark.parametrize("raises", [False, True])
def test_everything_is_put_back(K, raises):
    game, arguments = everything(K)
    for update in arguments["updates"].values():
        update(game.real)
    game.d.layers[0].trainable = False
    if raises:
        update_g = arguments["updates"]["generator"]

        def broken(real):
            update_g(real)
            game.d.trainable = game.g.trainable = False
            raise RuntimeError("broken on purpose")

        arguments["updates"]["generator"] = broken
    before = seen(game)
    assert ("update-raises" in named(audit(**arguments))) == raises
    assert_same(before, seen(game))


def test_training_goes_on_as_if_there_had_been_no_audit(K):
    def train(audited):
        game, arguments = everything(K)
        random.seed(5)
        for step in range(2):
            if audited and step == 1:
                assert audit(**arguments).ok
            for update in arguments["updates"].values():
                update(game.real)
        return seen(game)

    assert_same(train(False), train(True))


def test_a_compiled_training_goes_on_as_if_there_had_been_no_audit(K):
    def train(audited):
        game = cases.Compiled(K, cases.toggled)
        if audited:
            assert audit(**game.arguments()).ok
        for n in (16, 8, 16):  # the audit has traced the function for half a batch
            game.update_d(cases.pictures()[:n])
            game.update_g(cases.pictures()[:n])
        return [variable.numpy() for network in (game.g, game.d) for variable in network.variables]

    for one, other in zip(train(False), train(True), strict=True):
        np.testing.assert_array_equal(one, other)
