"""The audit on Keras 2 (tf_keras), which reads `trainable` when a model is compiled."""

import pytest

pytest.register_assert_rewrite("audit_keras_tests")

import audit_keras as cases  # noqa: E402
import tf_keras  # noqa: E402
from audit_game import named  # noqa: E402
from audit_keras_tests import *  # noqa: E402, F403

from gan_course.audit import audit  # noqa: E402


@pytest.fixture
def K():
    return tf_keras


def test_legacy_rmsprop_with_decay():
    report = audit(**cases.Compiled(tf_keras, cases.keras_2_idiom, legacy=True).arguments())
    assert named(report) == [], report


def test_a_legacy_optimiser_that_makes_moments_for_whatever_it_meets():
    game = cases.TapeGame(tf_keras)
    optimiser = game.opt_d = game.opt_g = tf_keras.optimizers.legacy.Adam(1e-3)
    optimiser._create_all_weights(game.d.trainable_variables)
    game.update_d(game.real)
    before = [weight.numpy() for weight in optimiser.weights]
    assert named(audit(**game.arguments())) == ["one-optimiser"]
    after = [weight.numpy() for weight in optimiser.weights]
    assert len(after) > len(before)  # those of G
    for one, other in zip(before, after[: len(before)], strict=True):
        assert (one == other).all()
    assert not any(weight.any() for weight in after[len(before) :])
