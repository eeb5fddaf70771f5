"""Lesson 04's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import ast
import logging
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
import tf_keras
from exercises import assert_named, results

from gan_course import lessons
from gan_course.checks import lesson_04 as check

LESSON = {
    "np": np,
    "keras": keras,
    "tf_keras": tf_keras,
    "check": check,
    "COMPILE_DM": "compile DM",
    "COMPILE_AM": "compile AM",
}  # what the lesson's cells use


@pytest.fixture(autouse=True)
def _quiet():
    """Keras 3 warns of a frozen model, TensorFlow of each trace: both are what these tests are about."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("04", "check", dict(LESSON))] == [None] * 6


def test_the_solutions_pass():
    for result in results("04", "solution", dict(LESSON)):
        assert result.passed, result


# 1. Four orders

STILL, LEAK = check.STILL, check.LEAK


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"W": (LEAK, STILL)}, "the wrong way round"),
        ({"W": ("right", LEAK)}, "when DM is compiled"),
        ({"X": (f"{STILL}, {LEAK}", STILL)}, "Compiling reads nothing in Keras 3"),
        ({"Y": ("right", "right")}, "into the second round"),
        ({"Z": (LEAK, LEAK)}, "compiled last"),
        ({"Z": ("rihgt", LEAK)}, "none of the words"),
        ({"Z": "right"}, "a pair is wanted"),
        ({"V": ("right", "right")}, "the keys W, X, Y, Z"),
    ],
)
def test_wrong_predictions_are_named(change, hint):
    assert check.four_orders({letter: list(words) for letter, words in check.FOUR.items()})
    assert_named(check.four_orders(check.FOUR | change), hint)


def cell(name):
    notebook = nbformat.read(lessons.find("04"), as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == name)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_the_printed_orders_do_what_the_key_says():
    names = dict(LESSON) | {"legacy": tf_keras.optimizers.legacy, "SimpleNamespace": SimpleNamespace}
    table = ast.parse(cell("table"))
    verdict = next(node for node in table.body if isinstance(node, ast.FunctionDef))
    for source in (cell("play"), cell("play-actions"), cell("play-2"), ast.unparse(verdict), cell("exercise-1")):
        exec(source, names)
    for letter, order in names["FOUR"].items():
        found = []
        for K in (tf_keras, keras):
            try:
                found.append(names["verdict"](names["play"](K, *order).moves))
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
    swap_g=False,
    loss=None,
    loss_g=None,
):
    loss = loss or K.losses.BinaryCrossentropy(from_logits=not probabilities)
    d.trainable = not frozen_dm
    d.compile(optimizer=opt_d, loss=loss)  # without a DM of its own
    d.trainable = not before
    am = K.Sequential([g, d])
    am.compile(optimizer=opt_g, loss=loss_g or loss)
    d.trainable = thaw_first

    def update_d(images, labels):
        if toggle:
            d.trainable = True
        return d.train_on_batch(images, 1 - labels if swap else labels)

    def update_g(z, labels):
        if toggle:
            d.trainable = False
        return am.train_on_batch(z, 1 - labels if swap_g else labels)

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
            opt.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))

        return update

    return step(opt_d, d, d), step(opt_g, g, lambda z: d(g(z)))


def frozen_after_the_first_step(K, g, d, opt_d, opt_g):
    """Right for the first size of a batch in Keras 3: a later one is traced with D frozen."""
    update_d, update_g = updates(K, g, d, opt_d, opt_g, toggle=False, thaw_first=True)

    def once(z, labels):
        d.trainable = False
        return update_g(z, labels)

    return update_d, once


def saturating(labels, logits):
    import tensorflow as tf

    return -tf.math.softplus(logits)


def thawed_too_early(K, g, d, opt_d, opt_g):
    """AM is frozen at its first step only: a batch of another size is traced with D thawed."""
    update_d, _ = updates(K, g, d, opt_d, opt_g)
    d.trainable = False
    am = K.Sequential([g, d])
    am.compile(optimizer=opt_g, loss=K.losses.BinaryCrossentropy(from_logits=True))
    calls = []

    def frozen_once(z, labels):
        d.trainable = bool(calls)
        calls.append(1)
        return am.train_on_batch(z, labels)

    return update_d, frozen_once


PATTERNS = {
    "D is frozen by then. Compile, freeze, compile": changed(toggle=False),
    "stands still when it changes to 20": frozen_after_the_first_step,
    "what is set before a call changes nothing": changed(before=False),
    "False right before each step of G": changed(toggle=False, thaw_first=True),
    "Was D frozen when its model was compiled": changed(frozen_dm=True),
    "D's step has the wrong length or direction: it follows swapped": changed(swap=True),
    "G's step has the wrong length or direction: it follows swapped": changed(swap_g=True),
    "G's step has the wrong length or direction: that is the mean squared": (changed(loss_g="mse")),
    "D's step has the wrong length or direction: that is the mean squared": (changed(loss="mse")),
    "D's step is not along the gradient": changed(probabilities=True),
    "G's step is not along the gradient": changed(loss_g="binary_crossentropy"),
    "the sum over the batch": lambda *arguments: updates(
        *arguments, loss=arguments[0].losses.BinaryCrossentropy(from_logits=True, reduction="sum")
    ),
    "that is the saturating loss": changed(loss_g=saturating),
    "an optimiser meets a variable": thawed_too_early,
    "G's update never moves G": lambda *arguments: (updates(*arguments)[0], lambda z, labels: 0.0),
    "two functions": lambda *arguments: updates(*arguments)[0],
    "It raised TypeError": lambda generator: (generator, generator),
}


@pytest.mark.parametrize("make", [updates, with_tapes])
def test_other_patterns_that_are_right_pass(make):
    assert check.portable(make)


@pytest.mark.parametrize("hint", PATTERNS)
def test_wrong_patterns_are_named(hint):
    assert_named(check.portable(PATTERNS[hint]), hint)


# 3. RMSprop

NUMBERS = (1e-2, -1e-3 / 0.0199**0.5, 1.6667e7)


@pytest.mark.parametrize(
    ("place", "value", "hint"),
    [
        (0, 1e-3, "Adam's"),
        (0, 1.005e-3, "1 - rho"),
        (0, 0.00316, "rho = 0.9"),
        (0, 2e-5, "gradient descent"),
        (0, 0.1, "v starts at 0"),
        (1, 0.01, "v has grown"),
        (1, 1e-3, "0.99 · 0.01"),
        (2, 11_552_453, "exponential"),
        (2, 10_000, "1 + decay · steps = 2"),
        (2, "many", "Numbers are wanted"),
    ],
)
def test_wrong_numbers_are_named(place, value, hint):
    assert check.rmsprop(*NUMBERS) and check.rmsprop(0.01000, 0.00709, 16_666_667)
    answer = list(NUMBERS)
    answer[place] = value
    assert_named(check.rmsprop(*answer), hint)


# 4. Five logs


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"P": "two discriminators", "Q": "D has won"}, "who has won"),
        ({"Q": "can't tell", "R": "two discriminators"}, "Can that be one D"),
        ({"R": "D has won", "P": "can't tell"}, "who has won"),
        ({"S": "wrong threshold", "T": "soft labels"}, "the entropy of (0.9, 0.1)"),
        ({"T": "threshold"}, "none of the words"),
        ({"U": "soft labels"}, "the keys P, Q, R, S, T"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert check.five_logs(dict(check.FIVE))
    assert_named(check.five_logs(check.FIVE | change), hint)


# 5. The port


def discriminator(depth, dropout, slope=0.2, sigmoid=False, K=keras, last=1, rate=None, drops=4):
    L = K.layers
    x = inputs = K.Input((28, 28, 1))
    for i, channels in enumerate((depth, 2 * depth, 4 * depth, 8 * depth)):
        x = L.Conv2D(channels, 5, strides=2 if i < 3 else last, padding="same")(x)
        x = L.LeakyReLU(slope)(x)
        if i < drops:
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
    momentum=0.9,
    rate=None,
    late=False,
):
    L = K.layers
    x = inputs = K.Input((100,))
    x = L.Dense(49 * depth, use_bias=dense_bias)(x)
    x = L.Reshape((7, 7, depth))(L.ReLU()(L.BatchNormalization(momentum=momentum)(x)))
    rate = dropout if rate is None else rate
    x = L.Dropout(rate)(x) if drop and not late else x
    for i in (1, 2, 3):
        x = L.UpSampling2D(interpolation=up)(x) if i < 3 else x
        x = L.Conv2DTranspose(depth // 2**i, 5, padding="same")(x)
        x = L.Activation("relu")(L.BatchNormalization(momentum=momentum)(x))
        x = L.Dropout(rate)(x) if late and i == 1 else x
    return K.Model(inputs, L.Conv2DTranspose(1, 5, padding="same", activation=activation)(x))


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate, decay):
        self.rate, self.decay = rate, decay

    def __call__(self, step):
        return self.rate / (1 + self.decay * keras.ops.cast(step, "float32"))


def optimiser(rate, decay, **options):
    return keras.optimizers.RMSprop(Falling(rate, decay), **{"clipvalue": 1.0, "epsilon": 1e-14, **options})


def part(function, **options):
    return lambda *arguments: function(*arguments, **options)


PORTS = {
    "default, 0.3": (part(discriminator, slope=0.3), generator, optimiser),
    "ends in a sigmoid": (part(discriminator, sigmoid=True), generator, optimiser),
    "one of Keras 2": (part(discriminator, K=tf_keras), generator, optimiser),
    "The discriminator of depth 8 has": (part(discriminator, last=2), generator, optimiser),
    "The discriminator has no dropout": (part(discriminator, rate=0.0), generator, optimiser),
    "has 1 dropout layer(s)": (part(discriminator, drops=1), generator, optimiser),
    "asked for a dropout of 0.25, and has 0.4, 0.4": (part(discriminator, rate=0.4), generator, optimiser),
    "The generator was asked for a dropout of 0.25, and has 0.4": (discriminator, part(generator, rate=0.4), optimiser),
    "batch norm has the momentum 0.99": (discriminator, part(generator, momentum=0.99), optimiser),
    "dropout stands in another place": (discriminator, part(generator, late=True), optimiser),
    "optimiser(0.003, 0.0001): after 0 steps": (discriminator, generator, lambda rate, decay: optimiser(8e-4, decay)),
    "after 1,000,000 steps the rate has to be": (discriminator, generator, lambda rate, decay: optimiser(rate, 6e-8)),
    "small under a root": (discriminator, generator, part(optimiser, epsilon=1e-7)),
    "the first step is": (discriminator, generator, part(optimiser, rho=0.99)),
    "the second step is": (discriminator, generator, part(optimiser, momentum=0.5)),
    "The generator of depth 8 has": (discriminator, part(generator, dense_bias=False), optimiser),
    "the generator gives other outputs": (discriminator, part(generator, activation="tanh"), optimiser),
    "The generator has no dropout": (discriminator, part(generator, drop=False), optimiser),
    "never falls": (discriminator, generator, lambda rate, decay: keras.optimizers.RMSprop(rate, clipvalue=1.0)),
    "pulls the weights": (discriminator, generator, lambda r, d: optimiser(r, d, weight_decay=d)),
    "lacks clipvalue": (discriminator, generator, part(optimiser, clipvalue=None)),
    "optimiser is one of Keras 2": (
        discriminator,
        generator,
        lambda r, d: tf_keras.optimizers.legacy.RMSprop(r, decay=d),
    ),
    "A keras.optimizers.RMSprop is wanted": (discriminator, generator, lambda r, d: keras.optimizers.Adam(r)),
    "'lr'": (discriminator, generator, lambda r, d: keras.optimizers.RMSprop(lr=r)),
}


def test_a_port_written_with_the_functional_api_is_right():
    assert check.keras_3(discriminator, generator, optimiser)


@pytest.mark.parametrize("hint", PORTS)
def test_wrong_ports_are_named(hint):
    assert_named(check.keras_3(*PORTS[hint]), hint)


# 6. A verdict of your own


def comparison(
    without,
    changed,
    log=True,
    paired=True,
    quantile=2.776,
    ddof=1,
    exp=True,
    root=True,
    words=("worse", "better"),
    swap=False,
):
    a, b = np.asarray(without), np.asarray(changed)
    a, b = (b, a) if swap else (a, b)
    values = np.log(b / a) if log else b / a
    error = values.std(ddof=ddof)
    if not paired:
        error = np.hypot(np.log(a).std(ddof=1), np.log(b).std(ddof=1))
    error /= 5**0.5 if root else 1
    ends = values.mean() + quantile * error * np.array([-1, 0, 1])
    low, mean, high = np.exp(ends) if log and exp else ends
    word = words[0] if low > 1 else words[1] if high < 1 else check.SAME
    return mean, low, high, word


COMPARISONS = {
    "Take their logarithms": part(comparison, log=False),
    "The seeds are pairs": part(comparison, paired=False),
    "1.96 is for many seeds": part(comparison, quantile=1.96),
    "ddof=1": part(comparison, ddof=0),
    "These are logarithms": part(comparison, exp=False),
    "the spread of single seeds": part(comparison, root=False),
    "better or worse": part(comparison, words=("better", "worse")),
    "none of the words": part(comparison, words=("bad", "good")),
    "the wrong way round": part(comparison, swap=True),
    "Four things": lambda a, b: (1.0, 0.9),
    "Is 1, which means": lambda a, b: (*comparison(a, b)[:3], "worse" if np.mean(np.log(b / a)) > 0 else "better"),
    "the interval isn't": part(comparison, quantile=3.0),
    "the ratio is 1.050; yours is 2": lambda a, b: (2.0, 1.0, 3.0, "worse"),
}


def test_another_way_to_compare_passes():
    assert check.paired(comparison)
    assert check.paired(lambda a, b: list(comparison(a.tolist(), b.tolist())))


@pytest.mark.parametrize("hint", COMPARISONS)
def test_wrong_comparisons_are_named(hint):
    assert_named(check.paired(COMPARISONS[hint]), hint)
