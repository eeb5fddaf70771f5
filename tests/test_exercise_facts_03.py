"""What lesson 03's exercises take for granted, measured: counts, a moving mean's memory, a complaint,
and both labels smoothed."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_course.exercises import lesson_03 as check


@pytest.mark.parametrize("key", check.STRIDES)
def test_widths_and_counts_are_those_of_keras(key):
    pairs = zip((64, 128), check.STRIDES[key], strict=False)
    convolutions = [layers.Conv2D(channels, 5, stride, "same") for channels, stride in pairs]
    network = keras.Sequential([keras.Input((28, 28, 1)), *convolutions, layers.Flatten(), layers.Dense(1)])
    assert network.count_params() == check.count(key)
    assert network.layers[-2].output.shape == (None, check.width(key))


def test_a_moving_mean_forgets_when_the_key_says():
    for updates, momentum in zip((299, 29), check.UPDATES.values(), strict=True):
        assert check.memory.reference[list(check.UPDATES.values()).index(momentum)] == updates
        norm = layers.BatchNormalization(momentum=momentum)
        left = []
        for _ in range(updates):
            norm(np.ones((4, 1), np.float32), training=True)
            left.append(1 - float(norm.moving_mean[0]))
        assert left[-1] <= 0.05 < left[-2]


def test_complaint_c_is_two_sigmoids():
    best = (math.log1p(math.exp(-1)) + math.log(2)) / 2  # with 1 and 0 for logits
    assert f"{best:.4f}" == "0.5032"


def test_compiled_updates_are_right_too():
    assert check.both_updates(tf.function(check.both))


def test_keras_smooths_both_labels_as_the_exercise_says():
    bce = keras.losses.BinaryCrossentropy(label_smoothing=0.2, reduction=None)
    answers = np.linspace(0.001, 0.999, 999)[:, None]
    of_real, of_fake = (np.asarray(bce(np.full_like(answers, label), answers)) for label in (1, 0))
    *points, lowest_loss = check.two_sided.rights[0].answers
    for (p_data, p_g), best in zip(check.POINTS.values(), points, strict=True):
        assert abs(answers[np.argmin(p_data * of_real + p_g * of_fake), 0] - best) < 2e-3
    assert abs(of_real.min() + of_fake.min() - lowest_loss) < 1e-3


@pytest.mark.parametrize(
    ("options", "words"),
    [(dict(relu=lambda: layers.Activation("silu")), "Activation (silu)"), (dict(last="softsign"), "Conv2D (softsign)")],
)
def test_a_generator_of_another_kind_is_told_its_layers(options, words):
    result = check.functional_generator(lambda way: check.generator(way, **options))
    assert result.passed is False and words in result.message


def test_a_frozen_layer_does_not_pass():
    def make(way):
        network = check.generator(way)
        network.layers[1].trainable = False
        return network

    assert "A layer is frozen" in check.functional_generator(make).message


def test_real_samples_are_judged_once():
    def twice(g, d, *others):
        d(others[2], training=True)
        return check.joined(g, d, *others)

    assert "judges some batch twice" in check.both_updates(twice).message
