"""The audit on Keras 3, which reads `trainable` when a function is traced."""

import random

import pytest

pytest.register_assert_rewrite("audit_keras_tests")

import audit_keras as cases  # noqa: E402
import keras  # noqa: E402
from audit_game import named  # noqa: E402
from audit_keras_tests import *  # noqa: E402, F403

from gan_course.adapters import keras as adapters  # noqa: E402
from gan_course.audit import audit  # noqa: E402


@pytest.fixture
def K():
    return keras


def frozen_in_g_only(game):
    """G's update freezes D, and D's counts on having been traced before."""
    cases.keras_2_idiom(game)
    game.d.trainable = True
    update_g = game.update_g

    def freezing(real):
        game.d.trainable = False
        update_g(real)

    game.update_g = freezing


def test_a_last_batch_that_finds_d_frozen_is_found_out():
    report = audit(**cases.Compiled(keras, frozen_in_g_only).arguments())
    assert named(report) == ["size-dependent-step"], report
    assert "discriminator no longer moves" in report.faults[0].message


def test_numbers_from_the_global_seed_generator_are_put_back():
    class Global(cases.TapeGame):
        def z(self, n):
            return keras.random.normal((n, cases.LATENT))

    def train(audited):
        keras.utils.clear_session()  # so that the generator is made at its first use
        game = Global(keras)
        if audited:
            assert named(audit(**game.arguments())) == []
        for _ in range(3):
            game.update_d(game.real)
            game.update_g(game.real)
        return [variable.numpy() for variable in game.g.variables]

    for one, other in zip(train(False), train(True), strict=True):
        assert (one == other).all()


def test_no_global_seed_generator_is_left_where_there_was_none():
    keras.utils.clear_session()
    game = cases.TapeGame(keras)
    assert adapters.ambient() == {}
    before = random.getstate()
    audit(**game.arguments())
    assert adapters.ambient() == {} and random.getstate() == before
