"""Checks of lesson 03's exercises. They look at Keras models, and play with networks of a few numbers."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.checks.core import Wrong, agree, call, close, dictionary, exercise, number

LR = 0.1
WAYS = {"upsampling": (layers.UpSampling2D, layers.Conv2D), "transposed": (layers.Conv2DTranspose,)}
COUNT = 1_323_521  # 1,266,944 of the dense layer, 50,176 of batch norm, 6,401 of the last layer
MISSING = {
    12_544: "the dense layer's bias is missing",
    50_176: "the batch normalisation is missing",
    1: "the last layer's bias is missing",
}
FLATTEN = {"A": 28 * 28 * 128, "B": 7 * 7 * 128, "C": 14 * 14 * 64}
PARAMETERS = {"A": 306_945, "B": 212_865, "C": 14_209}
FIVE = {
    "A": "partial batch",
    "B": "moving statistics",
    "C": "two sigmoids",
    "D": "outside the tape",
    "E": "statistics not averaged",
}
WORDS = {*FIVE.values(), "nothing is wrong"}
FIVE_HINTS = {
    "A": "Something is done anew, once, and then never again. What is made once for each shape of a batch?",
    "B": "The same weights draw well in one mode and grey in the other. What differs between the modes?",
    "C": "What would D's 'logits' have to be for that loss to be 0, and between which bounds must they lie?",
    "D": "D's step needs no gradient in G, G's step does: what did its tape see of the fakes?",
    "E": "All trained weights are right. What else belongs to a network with batch normalisation?",
}


@exercise
def functional_generator(make):
    """``make(way)``: the article's generator as a ``keras.Model``, with way ``"upsampling"`` or ``"transposed"``."""
    for way, kinds in WAYS.items():
        network = call(make, way)
        if not isinstance(network, keras.Model):
            raise Wrong(f"{way}: a keras.Model is wanted, not a {type(network).__name__}. keras.Model(inputs, outputs)")
        if network.input_shape != (None, 100):
            raise Wrong(f"{way}: it should take noise, (None, 100); yours takes {network.input_shape}.")
        if network.output_shape != (None, 28, 28, 1):
            raise Wrong(f"{way}: it should draw (None, 28, 28, 1); yours draws {network.output_shape}.")
        _layers_of(way, kinds, network)
        _count_of(way, network)
        _range_of(way, network)
    return (
        f"Two readings, {COUNT:,} parameters each. But the first multiplies 28·28 times with its kernels, the second "
        "7·7 times: a sixteenth. In turn, with kernel 5 and stride 4 most pixels of the second see one place of the "
        "7×7 only, and every fourth row and column sees two: that is where checkerboards come from."
    )


def _layers_of(way, kinds, network):
    have = {type(layer) for layer in network.layers}
    for kind in kinds:
        if kind not in have:
            raise Wrong(f"{way}: there is no {kind.__name__} in it.")
    if way == "upsampling" and layers.Conv2DTranspose in have:
        raise Wrong("upsampling: no Conv2DTranspose is wanted here; repeat the values, then convolve.")
    if way == "transposed" and layers.UpSampling2D in have:
        raise Wrong("transposed: a Conv2DTranspose with stride 4 goes from 7×7 to 28×28 by itself.")
    convolutions = [layer for layer in network.layers if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose)]
    if len(convolutions) != 1:
        raise Wrong(f"{way}: one layer with a kernel is in the diagram; yours has {len(convolutions)}.")
    if convolutions[0].kernel_size != (5, 5):
        raise Wrong(f"{way}: the kernel should be 5×5; yours is {convolutions[0].kernel_size}.")
    if way == "upsampling" and convolutions[0].input.shape[1:3] != (28, 28):
        raise Wrong("upsampling: first repeat the values, then convolve; your convolution sees 7×7 places.")
    for layer in network.layers:
        if isinstance(layer, layers.UpSampling2D) and layer.interpolation != "nearest":
            raise Wrong(f"upsampling: every value is to be repeated; {layer.interpolation!r} mixes neighbours.")
    _order_of(way, network)


def _order_of(way, network):
    kinds = ["other"] * len(network.layers)
    for place, layer in enumerate(network.layers):
        if isinstance(layer, layers.BatchNormalization):
            kinds[place] = "norm"
        elif isinstance(layer, layers.ReLU) or getattr(layer, "activation", None) is keras.activations.relu:
            kinds[place] = "relu"
    if "relu" not in kinds:
        raise Wrong(f"{way}: there is no ReLU in it.")
    if "norm" in kinds and kinds.index("relu") < kinds.index("norm"):
        raise Wrong(f"{way}: the ReLU comes after the batch norm, not before it.")


def _count_of(way, network):
    count = network.count_params()
    for some, what in MISSING.items():
        if count == COUNT - some:
            raise Wrong(f"{way}: {count:,} parameters, {some:,} too few: {what}.")
    if count != COUNT:
        raise Wrong(
            f"{way}: {count:,} parameters instead of {COUNT:,}: 100·12,544 and a bias each, four numbers for each of "
            "the 12,544 that batch norm sees, 25·256 and a bias in the last layer. Does batch norm stand before the "
            "reshape? After it, it has 256 channels only."
        )


def _range_of(way, network):
    z = 1000 * np.random.default_rng(0).standard_normal((8, 100), np.float32)
    images = np.asarray(network(z, training=False))
    if np.abs(images).max() > 1:
        raise Wrong(f"{way}: its pixels leave [-1, 1]: the tanh at the end is missing.")
    if images.min() >= 0:
        raise Wrong(f"{way}: its pixels are never negative: the last activation should be a tanh, not a sigmoid.")


@exercise
def strides(flatten, parameters, times_as_many):
    """Widths and counts, each ``{"A": ..., "B": ..., "C": ...}``, and A's multiplications over B's."""
    for given in (flatten, parameters):
        dictionary(given, FLATTEN)
    for key, wanted in FLATTEN.items():
        value, channels = number(flatten[key]), 64 if key == "C" else 128
        if value == wanted // channels:
            raise Wrong(f"{key}: that is the number of places. Each has several channels.")
        if value == wanted // channels * (192 - channels):
            raise Wrong(f"{key}: how many channels has its last convolution?")
        if key == "B" and value == 14 * 14 * 128:
            raise Wrong("B: there are two strides of 2, so 28 is halved twice.")
        if value != wanted:
            raise Wrong(
                f"{key}: Flatten sees every channel of every place. With padding same, a stride of 2 halves a side."
            )
    for key, wanted in PARAMETERS.items():
        value = number(parameters[key])
        if value in (wanted - 64 - 128 - 1, wanted - 64 - 1 if key == "C" else None):
            raise Wrong(f"{key}: nearly. Each convolution has a bias for each channel it makes, and Dense has one.")
        if value == 26 * 64 + 26 * 64 * 128 + FLATTEN[key] + 1 or value == wanted - FLATTEN[key]:
            raise Wrong(
                f"{key}: check the second convolution's biases (one for each of 128 channels) and Dense's weights."
            )
        if value != wanted:
            raise Wrong(
                f"{key}: it is not {value:,.0f}. Count each layer by itself: places of the kernel × inputs × outputs, and "
                "a bias for each output. (Strides change no kernel.)"
            )
    ratio = number(times_as_many)
    if close(ratio, 1) or abs(ratio - PARAMETERS["A"] / PARAMETERS["B"]) < 0.1:
        raise Wrong("That compares the weights. Each weight of a convolution is used at every place of its output.")
    if abs(ratio - 4) < 0.5:
        raise Wrong(
            "The first convolution has four times as many places. The second, which costs most, has more still."
        )
    if not 15.4 <= ratio <= 16.1:
        raise Wrong(
            "Nearly all multiplications are the second convolution's: its whole kernel at each place of its output. "
            f"How many places are there in A, and in B? That makes no {ratio:g} times."
        )
    return (
        "Half as many parameters again, and sixteen times the work: weights are used at every place. (All "
        "counted, it is 15.6: neglecting all but the second convolution changes it by two per cent.)"
    )


@exercise
def memory(updates_keras, updates_ours):
    """The updates after which 5 % of a moving mean's start are left, at momentum 0.99 and at 0.9."""
    for m, value in ((0.99, number(updates_keras)), (0.9, number(updates_ours))):
        wanted = math.ceil(math.log(0.05) / math.log(m))
        if abs(value - 1 / (1 - m)) < 0.5:
            raise Wrong(
                f"With m = {m}, 1/(1 - m) updates leave {m ** round(value):.0%} of the start, about 1/e. Not yet 5 %."
            )
        if value == wanted - 1:
            raise Wrong(f"With m = {m}, {value:g} updates leave {100 * m**value:.3f} %, a little too much: round up.")
        if value != wanted:
            raise Wrong(
                f"With m = {m}, {value:g} updates leave m^n = {100 * m**value:.3g} %. The first n with at most 5 %?"
            )
    return "Three hundred updates, or thirty; with two a step, 150 steps or 15: a grey preview, or a picture."


@exercise
def both_updates(update):
    """``update(generator, discriminator, opt_g, opt_d, real, z)``: one forward pass, two gradients, both steps."""
    generator, discriminator = _players()
    real, z = _numbers(6, 2, seed=3), _numbers(5, 3, seed=4)
    wanted = _wanted(generator, discriminator, real, z)
    opt_g, opt_d = (keras.optimizers.SGD(LR) for _ in range(2))
    opt_g.build(generator.trainable_variables)
    opt_d.build(discriminator.trainable_variables)
    before = {"D": _flat(discriminator), "G": _flat(generator)}
    calls = {"G": generator.layers[0].calls, "D": discriminator.layers[0].calls}
    for modes in calls.values():
        modes.clear()
    losses = _run(update, generator, discriminator, opt_g, opt_d, real, z)
    steps = {"D": (before["D"] - _flat(discriminator)) / LR, "G": (before["G"] - _flat(generator)) / LR}
    _check_d(steps["D"], wanted)
    _check_g(steps["G"], wanted)
    if len(calls["G"]) > 1:
        raise Wrong(f"Both networks move as they should, but G was called {len(calls['G'])} times: once is enough.")
    if len(calls["D"]) > 2:
        raise Wrong(
            f"Both networks move as they should, but D was called {len(calls['D'])} times: judge the fakes once."
        )
    if not all(calls["G"] + calls["D"]):
        raise Wrong("Both networks move as they should, but not all calls say training=True: batch norm would need it.")
    try:
        d_loss, g_loss = (number(loss) for loss in losses)
    except TypeError:
        raise Wrong("Both networks move as they should. Now return both losses: D's, then G's.") from None
    if close(d_loss, wanted["g_loss"], 1e-4) and close(g_loss, wanted["d_loss"], 1e-4):
        raise Wrong("Both networks move as they should, but the losses come back in the wrong order: D's first.")
    if not (close(d_loss, wanted["d_loss"], 1e-4) and close(g_loss, wanted["g_loss"], 1e-4)):
        raise Wrong(
            f"Both networks move as they should, but the losses returned are {d_loss:.4f} and {g_loss:.4f}; those that "
            f"the gradients belong to are {wanted['d_loss']:.4f} and {wanted['g_loss']:.4f}."
        )
    return "One forward pass, two gradients, two steps."


def _check_d(step, wanted):
    if not step.any():
        raise Wrong("D did not move: take D's gradient from its own tape, and opt_d.apply(gradients, variables).")
    if _same(step, -wanted["d"]) or _same(step, wanted["d_swapped"]):
        raise Wrong("D goes the wrong way: softplus(-logit) for real samples, softplus(logit) for generated ones.")
    for half, missing in (("d_real", "generated"), ("d_fake", "real")):
        if _same(step, wanted[half]):
            raise Wrong(f"D learns from half of what it should see: the {missing} samples have no part in its loss.")
    if _same(step, wanted["d"] + wanted["d_of_g"]):
        raise Wrong(
            "D also took the step that G's loss asks of it: apply each gradient to its own network's variables."
        )
    if _same(step, wanted["d_after"]):
        raise Wrong("D's gradient was taken after G had moved. Take both gradients first, then both steps.")
    if _same(step, wanted["d"] / 2):
        raise Wrong("D's step is half as long: its loss is the sum of the two means, not their mean.")
    if not _same(step, wanted["d"]):
        raise Wrong(f"D's step is not the gradient of its loss, the sum of two means.{_length(step, wanted['d'])}")


def _check_g(step, wanted):
    if not step.any():
        raise Wrong("G did not move: are the fakes made inside G's tape, and does opt_g apply the gradients to G?")
    if _same(step, wanted["g_after"]):
        raise Wrong("G's gradient was taken after D had moved. Take both gradients first, then both steps.")
    if _same(step, wanted["g_saturating"]):
        raise Wrong(
            "That is the gradient of log(1 - D), the loss that saturates. G's is softplus(-logit) of the fakes."
        )
    if _same(step, -wanted["g_saturating"]) or _same(step, -wanted["g"]):
        raise Wrong("G goes the wrong way and helps D: G's loss is softplus(-logit) of the fakes.")
    if not _same(step, wanted["g"]):
        raise Wrong(f"G's step is not the gradient of its loss, softplus(-logit) averaged.{_length(step, wanted['g'])}")


def _wanted(generator, discriminator, real, z):
    """Every gradient that a right or a well-known wrong answer steps along, and both losses."""
    g_start, d_start = generator.get_weights(), discriminator.get_weights()

    def gradient(loss, network):
        with tf.GradientTape() as tape:
            value = loss(discriminator(real), discriminator(generator(z)))
        return _join(tape.gradient(value, network.trainable_variables)), float(value)

    def mean(sign):
        return lambda logits: tf.reduce_mean(tf.nn.softplus(sign * logits))

    def d_loss(real_logits, fake_logits):
        return mean(-1)(real_logits) + mean(1)(fake_logits)

    def g_loss(_, fake_logits):
        return mean(-1)(fake_logits)

    wanted = {}
    wanted["d"], wanted["d_loss"] = gradient(d_loss, discriminator)
    wanted["g"], wanted["g_loss"] = gradient(g_loss, generator)
    wanted["d_swapped"], _ = gradient(lambda r, f: mean(1)(r) + mean(-1)(f), discriminator)
    wanted["d_real"], _ = gradient(lambda r, f: mean(-1)(r), discriminator)
    wanted["d_fake"], _ = gradient(lambda r, f: mean(1)(f), discriminator)
    wanted["d_of_g"], _ = gradient(g_loss, discriminator)
    wanted["g_saturating"], _ = gradient(lambda r, f: -mean(1)(f), generator)
    _move(discriminator, wanted["d"])
    wanted["g_after"], _ = gradient(g_loss, generator)
    discriminator.set_weights(d_start)
    _move(generator, wanted["g"])
    wanted["d_after"], _ = gradient(d_loss, discriminator)
    generator.set_weights(g_start)
    return wanted


@exercise
def five_complaints(diagnosis):
    """``{"A": word, ... "E": word}``, no word twice."""
    dictionary(diagnosis, FIVE, WORDS)
    if diagnosis["B"] == FIVE["E"] and diagnosis["E"] == FIVE["B"]:
        raise Wrong(
            "B and E are both about batch norm's statistics. In one of them there is a copy of the network that "
            "something was forgotten for; in the other there is one network, and too little time."
        )
    agree(diagnosis, FIVE, FIVE_HINTS)
    return "Five faults, and only one of them stopped the program."


class _Modes(layers.Layer):
    """Lets everything through, and notes in which mode it was called."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def call(self, x, training=False):
        self.calls.append(bool(training))
        return x


def _players():
    generator = keras.Sequential([keras.Input((3,)), _Modes(), layers.Dense(4, "tanh"), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), _Modes(), layers.Dense(4, "tanh"), layers.Dense(1)])
    for seed, network in enumerate((generator, discriminator)):
        rng = np.random.default_rng(seed)
        network.set_weights([rng.standard_normal(w.shape).astype(np.float32) for w in network.get_weights()])
    return generator, discriminator


def _numbers(n, width, seed):
    return tf.constant(np.random.default_rng(seed).standard_normal((n, width)), tf.float32)


def _join(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def _flat(network):
    return _join(network.get_weights())


def _move(network, gradient):
    """Take one step of gradient descent."""
    place, weights = 0, network.get_weights()
    for index, weight in enumerate(weights):
        weights[index] = weight - LR * gradient[place : place + weight.size].reshape(weight.shape)
        place += weight.size
    network.set_weights(weights)


def _run(update, *arguments):
    if not callable(update):
        raise Wrong(f"A function is wanted; this is a {type(update).__name__}.")
    try:
        return update(*arguments)
    except RuntimeError as error:
        if "non-persistent GradientTape" in str(error):
            raise Wrong(
                "A tape gives one gradient, then it is used up. Two gradients need two tapes, or one that is persistent."
            ) from None
        raise
    except ValueError as error:
        if "No gradients provided" in str(error):
            raise Wrong(
                "All gradients are None: fakes, logits and losses must be computed inside both tapes, and each "
                "gradient be asked for its own network's variables."
            ) from None
        raise


def _same(step, gradient):
    return bool(np.allclose(step, gradient, rtol=1e-3, atol=1e-4))


def _length(step, wanted):
    """A word on a step that points the right way."""
    cosine = step @ wanted / (np.linalg.norm(step) * np.linalg.norm(wanted))
    if cosine < 0.9999:
        return ""
    return f" It points the right way and is {np.linalg.norm(step) / np.linalg.norm(wanted):.3g} times as long."
