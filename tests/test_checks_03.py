"""Lesson 03's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # read when TensorFlow starts
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import keras
import numpy as np
import pytest
import tensorflow as tf
from exercises import assert_named, results
from keras import layers

from gan_course.checks import lesson_03 as check

LESSON = {"keras": keras, "layers": layers, "np": np, "tf": tf, "check": check}  # what the lesson's cells use
softplus, mean = tf.nn.softplus, tf.reduce_mean


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("03", "check", dict(LESSON))] == [None] * 5


def test_the_solutions_pass():
    for result in results("03", "solution", dict(LESSON)):
        assert result.passed, result


# 1. One diagram, two generators


def generator(
    way,
    *,
    bias=True,
    norm=True,
    norm_after=False,
    relu=True,
    relu_first=False,
    last="tanh",
    kernel=5,
    twice=False,
    last_bias=True,
    late=False,
    interpolation="nearest",
):
    z = keras.Input((100,))
    x = layers.Dense(12_544, use_bias=bias)(z)
    x = layers.BatchNormalization()(layers.ReLU()(x)) if relu_first else x
    x = layers.BatchNormalization()(x) if norm and not norm_after else x
    x = layers.Reshape((7, 7, 256))(x)
    x = layers.BatchNormalization()(x) if norm_after else x
    x = layers.ReLU()(x) if relu else x
    options = {"padding": "same", "activation": last, "use_bias": last_bias}
    if way == "upsampling":
        enlarge = layers.UpSampling2D(4, interpolation=interpolation)
        convolve = layers.Conv2D(1, kernel, **options)
        x = enlarge(convolve(x)) if late else convolve(enlarge(x))
    elif twice:
        x = layers.Conv2DTranspose(64, 5, 2, "same")(x)
        x = layers.Conv2DTranspose(1, 5, 2, **options)(x)
    else:
        x = layers.Conv2DTranspose(1, kernel, 4, **options)(x)
    return keras.Model(z, x)


def sequential(way):
    last = (
        [layers.UpSampling2D(4), layers.Conv2D(1, 5, padding="same", activation="tanh")]
        if way == "upsampling"
        else [layers.Conv2DTranspose(1, 5, 4, "same"), layers.Activation("tanh")]
    )
    first = [keras.Input((100,)), layers.Dense(12_544), layers.BatchNormalization(), layers.Activation("relu")]
    return keras.Sequential([*first, layers.Reshape((7, 7, 256)), *last])


def with_option(**options):
    return lambda way: generator(way, **options)


GENERATORS = {
    "the dense layer's bias is missing": with_option(bias=False),
    "the batch normalisation is missing": with_option(norm=False),
    "the last layer's bias is missing": with_option(last_bias=False),
    "Does batch norm stand before the reshape": with_option(norm_after=True),
    "there is no ReLU": with_option(relu=False),
    "the ReLU comes after the batch norm": with_option(relu=False, norm=False, relu_first=True),
    "first repeat the values": with_option(late=True),
    "mixes neighbours": with_option(interpolation="bilinear"),
    "the tanh at the end is missing": with_option(last=None),
    "not a sigmoid": with_option(last="sigmoid"),
    "the kernel should be 5×5": with_option(kernel=3),
    "one layer with a kernel is in the diagram": with_option(twice=True),
    "there is no UpSampling2D": lambda way: generator("transposed"),
    "there is no Conv2DTranspose": lambda way: generator("upsampling"),
    "a keras.Model is wanted": lambda way: layers.Dense(3),
    "it should take noise": lambda way: keras.Sequential([keras.Input((10,)), layers.Dense(784)]),
    "it should draw (None, 28, 28, 1)": lambda way: keras.Sequential([keras.Input((100,)), layers.Dense(784)]),
    "A function is wanted": 3,
    "NameError": lambda way: undefined,  # noqa: F821
}


def test_generators_written_differently_are_right():
    assert check.functional_generator(sequential)
    assert check.functional_generator(generator)


@pytest.mark.parametrize("hint", GENERATORS)
def test_wrong_generators_are_named(hint):
    assert_named(check.functional_generator(GENERATORS[hint]), hint)


# 2. With and without strides


@pytest.mark.parametrize(
    ("flatten", "parameters", "times", "hint"),
    [
        ({"A": 784}, {}, 16, "Each has several channels"),
        ({"A": 50_176}, {}, 16, "how many channels"),
        ({"C": 25_088}, {}, 16, "how many channels"),
        ({"B": 25_088}, {}, 16, "halved twice"),
        ({"B": 3}, {}, 16, "every channel of every place"),
        ({}, {"C": 14_144}, 16, "Each convolution has a bias"),
        ({}, {"C": 1}, 16, "Count each layer by itself"),
        ({}, {"A": 306_752}, 16, "Each convolution has a bias"),
        ({}, {"B": 206_593}, 16, "Dense's weights"),
        ({}, {"A": 212_865}, 16, "Strides change no kernel"),
        ({}, {}, 1.44, "compares the weights"),
        ({}, {}, 4, "The second, which costs most"),
        ({}, {}, 10, "That makes no 10 times"),
    ],
)
def test_wrong_counts_are_named(flatten, parameters, times, hint):
    assert_named(check.strides(check.FLATTEN | flatten, check.PARAMETERS | parameters, times), hint)
    assert check.strides(check.FLATTEN, check.PARAMETERS, 15.63)
    assert check.strides([1, 2], check.PARAMETERS, 16).passed is False


def test_the_counts_are_those_of_keras():
    for key, stride, channels in (("A", 1, (64, 128)), ("B", 2, (64, 128)), ("C", 2, (64,))):
        convolutions = [layers.Conv2D(filters, 5, stride, "same") for filters in channels]
        network = keras.Sequential([keras.Input((28, 28, 1)), *convolutions, layers.Flatten(), layers.Dense(1)])
        assert network.count_params() == check.PARAMETERS[key]
        assert network.layers[-2].output.shape == (None, check.FLATTEN[key])


# 3. Memory


@pytest.mark.parametrize(
    ("answer", "hint"),
    [((100, 29), "about 1/e"), ((299, 10), "about 1/e"), ((298, 29), "round up"), ((299, 200), "The first n")],
)
def test_wrong_memories_are_named(answer, hint):
    assert_named(check.memory(*answer), hint)


def test_a_batch_norm_layer_forgets_as_the_check_says():
    layer = layers.BatchNormalization(momentum=0.9)
    for step in range(1, 30):
        layer(np.ones((4, 1), np.float32), training=True)
        left = 1 - float(layer.moving_mean[0])
        assert (left <= 0.05) == (step >= 29)
    assert check.memory(299, 29)


# 4. One forward pass, two tapes


def both(
    g,
    d,
    opt_g,
    opt_d,
    real,
    z,
    *,
    sign=1,
    half=1.0,
    terms=(1, 1),
    g_loss=None,
    order="both",
    swap=False,
    total=False,
    mode=True,
):
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        real_logits, fake_logits = (d(real, training=mode), d(g(z, training=mode), training=mode))
        losses = [
            half * (terms[0] * mean(softplus(-sign * real_logits)) + terms[1] * mean(softplus(sign * fake_logits))),
            (g_loss or (lambda f: mean(softplus(-f))))(fake_logits),
        ]
        d_target = losses[0] + losses[1] if total else losses[0]
    d_slopes = d_tape.gradient(d_target, d.trainable_variables)
    if order == "D first":
        opt_d.apply(d_slopes, d.trainable_variables)
        with tf.GradientTape() as g_tape:
            losses[1] = mean(softplus(-d(g(z))))
    opt_g.apply(g_tape.gradient(losses[1], g.trainable_variables), g.trainable_variables)
    if order == "G first":
        with tf.GradientTape() as d_tape:
            losses[0] = mean(softplus(-d(real))) + mean(softplus(d(g(z))))
        d_slopes = d_tape.gradient(losses[0], d.trainable_variables)
    if order != "D first":
        opt_d.apply(d_slopes, d.trainable_variables)
    return losses[::-1] if swap else losses


def changed(**options):
    return lambda *arguments: both(*arguments, **options)


def one_tape(g, d, opt_g, opt_d, real, z):
    with tf.GradientTape() as tape:
        real_logits, fake_logits = d(real), d(g(z))
        d_loss = mean(softplus(-real_logits)) + mean(softplus(fake_logits))
        g_loss = mean(softplus(-fake_logits))
    opt_d.apply(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables)
    opt_g.apply(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables)
    return d_loss, g_loss


def fakes_outside(g, d, opt_g, opt_d, real, z):
    fake = g(z)
    with tf.GradientTape() as tape:
        g_loss = mean(softplus(-d(fake)))
    opt_g.apply(tape.gradient(g_loss, g.trainable_variables), g.trainable_variables)


def no_step_of_g(g, d, opt_g, opt_d, real, z):
    with tf.GradientTape() as tape:
        d_loss = mean(softplus(-d(real))) + mean(softplus(d(g(z))))
    opt_d.apply(tape.gradient(d_loss, d.trainable_variables), d.trainable_variables)
    return d_loss, d_loss


def wasteful(g, d, opt_g, opt_d, real, z, *, fakes):
    """Right steps from too many calls: everything twice, or with the same fakes judged twice."""
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        fake = g(z, training=True)
        d_loss = mean(softplus(-d(real, training=True))) + mean(softplus(d(fake, training=True)))
        fake = g(z, training=True) if fakes == "twice" else fake
        g_loss = mean(softplus(-d(fake, training=True)))
    d_slopes = d_tape.gradient(d_loss, d.trainable_variables)
    g_slopes = g_tape.gradient(g_loss, g.trainable_variables)
    opt_d.apply(d_slopes, d.trainable_variables)
    opt_g.apply(g_slopes, g.trainable_variables)
    return d_loss, g_loss


def without_losses(*arguments):
    both(*arguments)


def other_losses(*arguments):
    return [loss * 2 for loss in both(*arguments)]


BOTH = {
    "A tape gives one gradient": one_tape,
    "All gradients are None": fakes_outside,
    "G did not move": no_step_of_g,
    "D did not move": lambda *arguments: (0.0, 0.0),
    "D goes the wrong way": changed(sign=-1),
    "the generated samples have no part": changed(terms=(1, 0)),
    "the real samples have no part": changed(terms=(0, 1)),
    "not their mean": changed(half=0.5),
    "3 times as long": changed(half=3.0),
    "the step that G's loss asks of it": changed(total=True),
    "G's gradient was taken after D had moved": changed(order="D first"),
    "D's gradient was taken after G had moved": changed(order="G first"),
    "the loss that saturates": changed(g_loss=lambda f: -mean(softplus(f))),
    "helps D": changed(g_loss=lambda f: mean(softplus(f))),
    "G's step is not the gradient": changed(g_loss=lambda f: 5 * mean(softplus(-f))),
    "G was called 2 times": lambda *a: wasteful(*a, fakes="twice"),
    "D was called 3 times": lambda *a: wasteful(*a, fakes="once"),
    "not all calls say training=True": changed(mode=False),
    "Now return both losses": without_losses,
    "D's first": changed(swap=True),
    "the losses returned are": other_losses,
    "A function is wanted": "text",
    "TypeError": lambda z: 0.0,
}


def persistent(g, d, opt_g, opt_d, real, z):
    with tf.GradientTape(persistent=True) as tape:
        logits = d(tf.concat([real, g(z, training=True)], axis=0), training=True)
        d_loss = mean(softplus(-logits[: len(real)])) + mean(softplus(logits[len(real) :]))
        g_loss = mean(softplus(-logits[len(real) :]))
    d_slopes = tape.gradient(d_loss, d.trainable_variables)
    g_slopes = tape.gradient(g_loss, g.trainable_variables)
    opt_d.apply_gradients(zip(d_slopes, d.trainable_variables, strict=True))
    opt_g.apply_gradients(zip(g_slopes, g.trainable_variables, strict=True))
    return float(d_loss), float(g_loss)


def test_other_ways_to_take_both_steps_are_right():
    assert check.both_updates(both)
    assert check.both_updates(persistent)
    assert check.both_updates(tf.function(both))


@pytest.mark.parametrize("hint", BOTH)
def test_wrong_steps_are_named(hint):
    assert_named(check.both_updates(BOTH[hint]), hint)


# 5. Five complaints


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"B": "statistics not averaged", "E": "moving statistics"}, "too little time"),
        ({"A": "outside the tape", "D": "partial batch"}, "once for each shape"),
        ({"C": "moving statistics", "B": "two sigmoids"}, "differs between the modes"),
        ({"C": "two sigmoid"}, "none of the words"),
        ({"C": "nothing is wrong"}, "between which bounds"),
        ({"D": "two sigmoids", "C": "outside the tape"}, "between which bounds"),
        ({"F": "two sigmoids"}, "the keys A, B, C, D, E"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert_named(check.five_complaints(check.FIVE | change), hint)
