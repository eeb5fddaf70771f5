"""Lesson 04's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import ast
import logging
import re

import keras
import nbformat
import numpy as np
import pytest
import tf_keras
from exercises import results

from gan_course import lessons
from gan_course.checks import lesson_04 as check

LESSON = {
    "np": np,
    "keras": keras,
    "tf_keras": tf_keras,
    "check": check,
}  # what the lesson's cells use


@pytest.fixture(autouse=True)
def _quiet():
    """Keras 3 warns of a frozen model, TensorFlow of each trace: both are what these tests are about."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def test_the_stubs_are_not_answered_yet():
    assert [
        result.passed for result in results("04", "check", dict(LESSON))
    ] == [None] * 5


def test_the_solutions_pass():
    for result in results("04", "solution", dict(LESSON)):
        assert result.passed, result


# 1. Four orders

STILL, LEAK = check.STILL, check.LEAK


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"A": (LEAK, STILL)}, "the wrong way round"),
        ({"A": ("right", LEAK)}, "when DM is compiled"),
        (
            {"B": (f"{STILL}, {LEAK}", STILL)},
            "Compiling reads nothing in Keras 3",
        ),
        ({"C": ("right", "right")}, "into the second round"),
        ({"D": (LEAK, LEAK)}, "compiled last"),
        ({"D": ("rihgt", LEAK)}, "none of the words"),
        ({"D": "right"}, "a pair is wanted"),
        ({"E": ("right", "right")}, "the keys A to D"),
    ],
)
def test_wrong_predictions_are_named(change, hint):
    assert check.four_orders(
        {letter: list(words) for letter, words in check.FOUR.items()}
    )
    result = check.four_orders(check.FOUR | change)
    assert result.passed is False and hint in result.message, result


def cell(name):
    notebook = nbformat.read(lessons.find("04"), as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == name)


@pytest.mark.filterwarnings(
    "ignore:The model does not have any trainable weights"
)
def test_the_printed_orders_do_what_the_key_says():
    names = dict(LESSON) | {"legacy": tf_keras.optimizers.legacy}
    table = ast.parse(cell("table"))
    verdict = next(
        node for node in table.body if isinstance(node, ast.FunctionDef)
    )
    for source in (
        cell("play"),
        cell("play-2"),
        cell("orders"),
        ast.unparse(verdict),
    ):
        exec(source, names)
    printed = re.search(r"```python\n(.*?)```", cell("exercises"), re.DOTALL)[
        1
    ]
    exec(printed, names)
    for letter, order in names["FOUR"].items():
        found = []
        for K in (tf_keras, keras):
            try:
                found.append(names["verdict"](names["play"](K, *order)[0]))
            except ValueError as error:
                assert "Unknown variable" in str(error)
                found.append(check.ERROR)
        assert tuple(found) == check.FOUR[letter], letter


# 2. The portable pattern


def updates(
    K,
    g,
    d,
    opt_d,
    opt_g,
    *,
    before=True,
    toggle=True,
    thaw_first=False,
    frozen_dm=False,
    swap=False,
    probabilities=False,
):
    loss = K.losses.BinaryCrossentropy(from_logits=not probabilities)
    d.trainable = not frozen_dm
    d.compile(optimizer=opt_d, loss=loss)  # without a DM of its own
    d.trainable = not before
    am = K.Sequential([g, d])
    am.compile(optimizer=opt_g, loss=loss)
    d.trainable = thaw_first

    def update_d(images, labels):
        if toggle:
            d.trainable = True
        return d.train_on_batch(images, 1 - labels if swap else labels)

    def update_g(z, labels):
        if toggle:
            d.trainable = False
        return am.train_on_batch(z, labels)

    return update_d, update_g


def changed(**options):
    return lambda *arguments: updates(*arguments, **options)


def with_tapes(K, g, d, opt_d, opt_g):
    import tensorflow as tf

    loss = K.losses.BinaryCrossentropy(from_logits=True)

    def step(opt, network, forward):
        def update(x, labels):
            with tf.GradientTape() as tape:
                value = loss(labels, forward(x))
            variables = network.trainable_variables
            opt.apply_gradients(
                zip(tape.gradient(value, variables), variables, strict=True)
            )

        return update

    return step(opt_d, d, d), step(opt_g, g, lambda z: d(g(z)))


def frozen_after_the_first_step(K, g, d, opt_d, opt_g):
    """Right for the first size of a batch in Keras 3: a later one is traced with D frozen."""
    update_d, update_g = updates(
        K, g, d, opt_d, opt_g, toggle=False, thaw_first=True
    )

    def once(z, labels):
        d.trainable = False
        return update_g(z, labels)

    return update_d, once


PATTERNS = {
    "D is frozen by then. Compile, freeze, compile": changed(toggle=False),
    "stands still when it changes to 20": frozen_after_the_first_step,
    "what is set before a call changes nothing": changed(before=False),
    "False right before each step of G": changed(
        toggle=False, thaw_first=True
    ),
    "Was D frozen when its model was compiled": changed(frozen_dm=True),
    "follow the labels": changed(swap=True),
    "G's update never moves G": lambda *arguments: (
        updates(*arguments)[0],
        lambda z, labels: 0.0,
    ),
    "two functions": lambda *arguments: updates(*arguments)[0],
    "It raised TypeError": lambda generator: (generator, generator),
}


@pytest.mark.parametrize("make", [updates, with_tapes])
def test_other_patterns_that_are_right_pass(make):
    assert check.portable(make)


@pytest.mark.parametrize("hint", PATTERNS)
def test_wrong_patterns_are_named(hint):
    result = check.portable(PATTERNS[hint])
    assert result.passed is False and hint in result.message, result


# 3. RMSprop

NUMBERS = (8e-4 * 10**0.5, -8e-4 / 0.19**0.5, 1.6667e7)


@pytest.mark.parametrize(
    ("place", "value", "hint"),
    [
        (0, 8e-4, "Adam's"),
        (0, 8.43e-4, "1 - rho"),
        (0, 1.6e-5, "gradient descent"),
        (0, 0.1, "v starts at 0"),
        (1, 0.00253, "v has grown"),
        (1, 8e-4, "0.9 · 0.1"),
        (2, 11_552_453, "exponential"),
        (2, 10_000, "1 + decay · steps = 2"),
        (2, "many", "Numbers are wanted"),
    ],
)
def test_wrong_numbers_are_named(place, value, hint):
    assert check.rmsprop(*NUMBERS) and check.rmsprop(
        0.00253, 0.001835, 16_666_667
    )
    answer = list(NUMBERS)
    answer[place] = value
    result = check.rmsprop(*answer)
    assert result.passed is False and hint in result.message, result


# 4. Five logs


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"A": "two discriminators", "B": "D has won"}, "who has won"),
        ({"B": "can't tell", "C": "two discriminators"}, "Can that be one D"),
        ({"C": "D has won", "A": "can't tell"}, "who has won"),
        (
            {"D": "wrong threshold", "E": "soft labels"},
            "the entropy of (0.9, 0.1)",
        ),
        ({"E": "threshold"}, "none of the five"),
        ({"F": "soft labels"}, "the keys A to E"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert check.five_logs(dict(check.FIVE))
    result = check.five_logs(check.FIVE | change)
    assert result.passed is False and hint in result.message, result


# 5. The port


def discriminator(
    depth, dropout, slope=0.2, sigmoid=False, K=keras, last=1, rate=None
):
    L = K.layers
    x = inputs = K.Input((28, 28, 1))
    for i, channels in enumerate((depth, 2 * depth, 4 * depth, 8 * depth)):
        x = L.Conv2D(
            channels, 5, strides=2 if i < 3 else last, padding="same"
        )(x)
        x = L.LeakyReLU(slope)(x)
        x = L.Dropout(dropout if rate is None else rate)(x)
    x = L.Dense(1, activation="sigmoid" if sigmoid else None)(L.Flatten()(x))
    return K.Model(inputs, x)


def generator(
    depth,
    dropout,
    K=keras,
    activation="sigmoid",
    dense_bias=True,
    drop=True,
    up="nearest",
):
    L = K.layers
    x = inputs = K.Input((100,))
    x = L.Dense(49 * depth, use_bias=dense_bias)(x)
    x = L.Reshape((7, 7, depth))(
        L.ReLU()(L.BatchNormalization(momentum=0.9)(x))
    )
    x = L.Dropout(dropout)(x) if drop else x
    for i in (1, 2, 3):
        x = L.UpSampling2D(interpolation=up)(x) if i < 3 else x
        x = L.Conv2DTranspose(depth // 2**i, 5, padding="same")(x)
        x = L.Activation("relu")(L.BatchNormalization(momentum=0.9)(x))
    return K.Model(
        inputs,
        L.Conv2DTranspose(1, 5, padding="same", activation=activation)(x),
    )


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate, decay):
        self.rate, self.decay = rate, decay

    def __call__(self, step):
        return self.rate / (1 + self.decay * keras.ops.cast(step, "float32"))


def optimiser(rate, decay, **options):
    return keras.optimizers.RMSprop(
        Falling(rate, decay), **{"clipvalue": 1.0, **options}
    )


def part(function, **options):
    return lambda *arguments: function(*arguments, **options)


PORTS = {
    "default, 0.3": (part(discriminator, slope=0.3), generator, optimiser),
    "ends in a sigmoid": (
        part(discriminator, sigmoid=True),
        generator,
        optimiser,
    ),
    "one of Keras 2": (part(discriminator, K=tf_keras), generator, optimiser),
    "The discriminator of depth 8 has": (
        part(discriminator, last=2),
        generator,
        optimiser,
    ),
    "The discriminator has no dropout": (
        part(discriminator, rate=0.0),
        generator,
        optimiser,
    ),
    "The generator of depth 8 has": (
        discriminator,
        part(generator, dense_bias=False),
        optimiser,
    ),
    "the generator gives other outputs": (
        discriminator,
        part(generator, activation="tanh"),
        optimiser,
    ),
    "The generator has no dropout": (
        discriminator,
        part(generator, drop=False),
        optimiser,
    ),
    "never falls": (
        discriminator,
        generator,
        lambda rate, decay: keras.optimizers.RMSprop(rate, clipvalue=1.0),
    ),
    "pulls the weights": (
        discriminator,
        generator,
        lambda r, d: optimiser(r, d, weight_decay=d),
    ),
    "lacks clipvalue": (
        discriminator,
        generator,
        part(optimiser, clipvalue=None),
    ),
    "optimiser is one of Keras 2": (
        discriminator,
        generator,
        lambda r, d: tf_keras.optimizers.legacy.RMSprop(r, decay=d),
    ),
    "A keras.optimizers.RMSprop is wanted": (
        discriminator,
        generator,
        lambda r, d: keras.optimizers.Adam(r),
    ),
    "'lr'": (
        discriminator,
        generator,
        lambda r, d: keras.optimizers.RMSprop(lr=r),
    ),
}


def test_a_port_written_with_the_functional_api_is_right():
    assert check.keras_3(discriminator, generator, optimiser)


@pytest.mark.parametrize("hint", PORTS)
def test_wrong_ports_are_named(hint):
    result = check.keras_3(*PORTS[hint])
    assert result.passed is False and hint in result.message, result
