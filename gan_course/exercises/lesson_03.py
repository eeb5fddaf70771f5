"""Lesson 03's exercises. They fill Keras models with known numbers, and play with networks of a few numbers."""

import functools
import math
import re

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.exercises import Between, Exercise, Number, Said, Wrong, among, call, several
from gan_course.exercises.compare import plain

LR = 0.1


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# 1. One diagram, two generators


def generator(way, *, bias=True, last_bias=True, order="norm relu reshape", relu=layers.ReLU, last="tanh", up=4,
              kernel=5, interpolation="nearest", late=False, twice="", padding="same", size=100, dense=12_544,
              drop=0.0, channels=1, early=None, hidden=False, norm=(), baked=None, target=(7, 7, -1), before=1, stride=1, second=None):  # fmt: skip
    if second and way == "transposed":
        return generator(way, **second)
    x = z = keras.Input((size,))
    x = layers.Dense(128, "relu")(x) if hidden else x
    x = layers.Dense(dense, early, use_bias=bias)(x)
    for word in order.split():
        if word == "norm":
            x = layers.BatchNormalization(**dict(norm))(x, training=baked)
        else:
            x = {"relu": relu(), "reshape": layers.Reshape(target)}.get(word, layers.LayerNormalization())(x)
    x = layers.Dropout(drop)(x) if drop else x
    options = dict(padding=padding, activation=last, use_bias=last_bias)
    if way == "upsampling":
        x = layers.Conv2D(64, 5, padding="same")(layers.UpSampling2D(2)(x)) if way in twice else x
        enlarge = layers.UpSampling2D(2 if way in twice else up, interpolation=interpolation)
        convolve = layers.Conv2D(channels, kernel, stride, **options)
        return keras.Model(z, enlarge(convolve(x)) if late else convolve(enlarge(x)))
    x = layers.Conv2DTranspose(64, 5, 2, "same")(x) if way in twice else x
    x = layers.UpSampling2D(before)(x) if before > 1 else x
    return keras.Model(z, layers.Conv2DTranspose(channels, kernel, 2 if way in twice else up // before, **options)(x))


def nested(way):
    """Return the same from a list of layers, with a model in it and a function for a layer."""
    first = keras.Sequential([keras.Input((100,)), layers.Dense(12_544), layers.BatchNormalization()])
    first = keras.Model(first.inputs, layers.Reshape((7, 7, 256))(keras.ops.relu(first.outputs[0])))
    end = [layers.UpSampling2D(2), layers.UpSampling2D(2), layers.Conv2D(1, 5, padding="same")]
    end = end if way == "upsampling" else [layers.Conv2DTranspose(1, 5, 4, "same")]
    return keras.Sequential([keras.Input((100,)), first, *end, layers.Activation("tanh")])


@functools.cache
def filling(name, shape):
    """Return a weight's numbers: they depend on its name and shape only, not on its place."""
    size = 0.01 if len(shape) == 4 else 0.1
    values = np.random.default_rng([*name.encode(), *shape]).uniform(-size, size, shape).astype(np.float32)
    return {"moving_variance": 20 + 50 * values, "gamma": 2 + values}.get(name, values)


def look_at_generator(way, make):
    network = call(make, way)
    if not isinstance(network, keras.Model):
        raise Wrong(f"A keras.Model is wanted, not a {type(network).__name__}: keras.Model(first, x).")
    yield "it takes 100 numbers", getattr(network, "input_shape", (None, 100)) == (None, 100)
    z = np.tile(10 * numbers(4, 100), (2, 1))
    if not network.built:
        network(z)
    for weight in network.weights:
        weight.assign(filling(weight.name, tuple(weight.shape)))
    plain, drawn, trained = (np.asarray(network(z, **mode)) for mode in ({}, dict(training=False), dict(training=True)))
    yield "it has 28×28 places", drawn.shape[1:3] == (28, 28)
    yield "it has one channel", drawn.shape[3:] == (1,)
    yield "a picture's shape", str(drawn.shape[1:])
    dense, kernels = ([tuple(w.shape) for w in network.weights if len(w.shape) == rank] for rank in (2, 4))
    norms = [tuple(w.shape) for w in network.weights if "moving_mean" in w.name]
    yield "its layers with weights", f"{len(dense)} dense, {len(norms)} batch norm, {len(kernels)} with a kernel"
    yield "its kinds of weights", ", ".join(sorted(w.name for w in network.weights))
    yield "the dense layer goes from 100 to 12,544", dense == [(100, 12_544)]
    yield "batch norm sees 12,544 numbers", norms == [(12_544,)]
    yield "the kernel is 5×5", [kernel[:2] for kernel in kernels] == [(5, 5)]
    yield "the kernel sees 256 channels", [sorted(kernel[2:]) for kernel in kernels] == [[1, 256]]
    yield "the number of parameters", f"{network.count_params():,}"
    yield "many pixels are exactly 0", np.mean(drawn == 0) > 0.1
    yield "pixels lie beyond -1 or 1", np.abs(drawn).max() > 1
    yield "pixels lie below 0", drawn.min() < 0
    hint = f"It has the right weights, but something else in it is wrong. Its layers: {in_order(network)}."
    yield Said("what it draws", hint), drawn.ravel()
    yield "it draws the same without training=False", np.allclose(plain, drawn, atol=1e-4)
    yield "in training mode it draws the same from the same z", np.allclose(trained[:4], trained[4:], atol=1e-4)
    yield "what it draws in training mode", trained.ravel()
    yield "the number of trained parameters", sum(int(np.prod(w.shape)) for w in network.trainable_weights)


def in_order(network):
    """Return a network's layers, with their activations (str)."""
    found = []
    for layer in network.layers:
        name = getattr(getattr(layer, "activation", None), "__name__", "linear")
        name = type(layer).__name__ + f" ({name})" * (name != "linear")
        found += [in_order(layer)] if hasattr(layer, "layers") else [name]
    return ", ".join(found)


def both_ways(*some):
    return [*some, *(dict(second=options) for options in some)]


OTHER = {"upsampling": "transposed", "transposed": "upsampling"}
functional_generator = Exercise(
    '`make(way)`: the generator of the diagram as a keras.Model, with way "upsampling" or "transposed".',
    right=[generator, nested],
    mistakes={
        "That is the last `x`, not the model: return keras.Model(first, x).": lambda way: generator(way).output,
        "The input is noise of 100 numbers: keras.Input((100,)). (The batch's size isn't said.)": [
            dict(size=784),
            lambda way: keras.Input(100),
            lambda way: keras.Model(np.zeros((1, 100)), 1),
        ],
        "keras.Model(first, x): `first` is the Input itself, and x, another one, comes from it.": [
            lambda way: keras.Model(generator(way).output, keras.Input((100,))),
            lambda way: keras.Model(*2 * [generator(way).output]),
        ],
        "Nothing comes back. (Nor from summary(), build() or compile().)": lambda way: print(end=""),
        "A layer was handed on itself; call it: layers.Dense(...)(x).": lambda way: layers.ReLU()(layers.ReLU()),
        "x goes into a layer's second pair of brackets, as in layers.ReLU()(x), and into no function of tf or np.": [
            lambda way: tf.nn.relu(generator(way).output),
            lambda way: layers.ReLU(generator(way).output),
            lambda way: layers.Dense(5, generator(way).output),
            lambda way: layers.ReLU()(layers.BatchNormalization(generator(way).output)),
        ],
        "First come channels, kernel, strides, padding; whatever else needs its name: activation='tanh'.": [
            lambda way: layers.Conv2D(1, 5, "same"),
            lambda way: layers.Conv2D(1, 5, 1, "same", "tanh"),
            lambda way: generator(way) if way == "upsampling" else layers.Conv2DTranspose(1, 5, 4, "same", "tanh"),
            lambda way: layers.Conv2D(1, 5, 1, "tanh"),
        ],
        "Dense takes one number, how many it makes: 7 * 7 * 256.": lambda way: layers.Dense(7, 7, 256),
        "Reshape takes one tuple, in brackets of its own.": lambda way: layers.Reshape(7, 7, 256),
        "Reshape keeps the number of numbers; 7·7·256 is 12,544. (Input's shape is without the batch's size.)": (
            lambda way: layers.Reshape((7, 7, 256))(keras.Input((64, 12_544)))
        ),
        "Reshape comes before UpSampling2D.": lambda way: layers.UpSampling2D(4)(keras.Input((12_544,))),
        "Nothing is returned for 'transposed'.": lambda way: generator(way) if way == "upsampling" else None,
        "A grey picture has 1 channel.": both_ways(dict(channels=3)),
        "28×28 is wanted, four times 7 in both directions. Which of your layers changes the sides?": both_ways(
            dict(up=2)
        ),
        "A picture is (28, 28, 1), with a channel: no Reshape and no Flatten at the end.": [
            lambda way: keras.Sequential([generator(way), layers.Flatten()]),
            lambda way: keras.Sequential([generator(way), layers.Reshape((28, 28))]),
        ],
        "Channels come last: Reshape((7, 7, 256)).": dict(target=(256, 7, 7)),
        "The order is channels, kernel, strides: 1, 5, 4.": both_ways(dict(channels=5, kernel=1), dict(kernel=4, up=5)),
        "UpSampling2D enlarges; the Conv2D after it has stride 1.": [dict(stride=4), dict(stride=2)],
        "Without padding a picture loses, or gains, a margin: padding='same'.": both_ways(dict(padding="valid")),
        "For 'upsampling' it is UpSampling2D before Conv2D; yours is a Conv2DTranspose.": [
            lambda way: generator("transposed"),
            lambda way: generator(OTHER[way]),
        ],
        "For 'transposed' it is one Conv2DTranspose, and no UpSampling2D.": [
            lambda way: generator("upsampling"),
            *(dict(before=2), dict(before=4)),
        ],
        "The dense layer's bias is missing: 12,544 parameters too few.": dict(bias=False),
        "The dense layer makes 7·7·256 = 12,544 numbers.": dict(dense=6_272),
        "The layer with the kernel sees 256 channels, from Reshape((7, 7, 256)).": dict(target=(14, 14, 64), up=2),
        "Batch norm has a scale and a shift for each input; one of them is switched off.": [
            dict(norm=off) for off in ({"scale": False}, {"center": False}, {"scale": False, "center": False})
        ],
        "The batch normalisation is missing: 50,176 parameters too few.": both_ways(dict(order="relu reshape")),
        "A second batch normalisation isn't in the diagram.": both_ways(dict(order="norm relu norm reshape")),
        "That is another norm (layer, group, ...); the diagram says batch norm.": dict(order="layernorm relu reshape"),
        "One dense layer is in the diagram; yours has two.": dict(hidden=True),
        "The dense layer has no activation: ReLU comes after batch norm.": [dict(early="tanh"), dict(early="relu")],
        "Batch norm is frozen: in training it takes the batch's mean and variance.": dict(norm=dict(trainable=False)),
        "The last layer's bias is missing.": both_ways(dict(last_bias=False)),
        "Batch norm stands between dense layer and reshape, and sees 12,544 numbers.": dict(order="reshape norm relu"),
        "The kernel should be 5×5.": both_ways(dict(kernel=3), dict(kernel=4)),
        "One layer with a kernel is in the diagram; yours has two.": [
            dict(twice=way) for way in ("upsampling", "transposed")
        ],
        "There is no ReLU in it.": both_ways(dict(order="norm reshape")),
        "The ReLU comes after the batch norm, not before it.": dict(order="relu norm reshape"),
        "That is another kind of ReLU (leaky, ELU, ...).": [
            dict(relu=functools.partial(layers.LeakyReLU, slope)) for slope in (0.2, 0.3)
        ],
        "First repeat the values, then convolve; your convolution sees 7×7 places.": dict(late=True),
        "Every value is to be repeated; other interpolations mix neighbours.": [
            dict(interpolation=kind) for kind in ("bilinear", "bicubic")
        ],
        "Pixels leave [-1, 1]: the tanh is missing, or something comes after it.": both_ways(dict(last=None)),
        "Pixels go from -1 to 1: a tanh comes last, neither a sigmoid nor a shift.": both_ways(dict(last="sigmoid")),
        "A softmax over one channel is 1 everywhere; the last activation is a tanh.": dict(last="softmax"),
        "A ReLU near the end cuts off all that is below 0; a tanh alone stands there.": dict(last="relu"),
        "Batch norm's mode is not for the model to fix: no training=True in it.": dict(baked=True),
        "It draws something else each time in training mode: neither dropout nor noise is in the diagram.": dict(
            drop=0.3
        ),
    },
    cases={way: way for way in OTHER},
    observe=look_at_generator,
    tolerance=5e-3,
    hints={
        "its kinds of weights": "Does any layer have fewer weights than the diagram says, or other ones?",
        "its layers with weights": "A dense layer, a batch norm and one layer with a kernel are in the diagram.",
        "the number of parameters": "100·12,544 and a bias each, four numbers for each of the 12,544 that batch norm "
        "sees, 25·256 and a bias in the last layer.",
        "the number of trained parameters": "A layer is frozen. All of them learn.",
        "what it draws in training mode": "In inference it is right. Is there more in it than the diagram has?",
    },
    praise="Two readings, 1,323,521 parameters each. But the first multiplies 28·28 times with its kernels, the second "
    "7·7 times: a sixteenth. In turn, with kernel 5 and stride 4 most pixels of the second see one place of the 7×7 "
    "only, and every fourth row and column sees two: that is where checkerboards come from.",
)


# 2. One forward pass, two tapes


class Noted(layers.Layer):
    """Lets everything through, and notes what it was called with, and in which mode."""

    calls = []

    def call(self, x, training=False):
        self.calls.append((x, bool(training)))
        return x


@functools.cache
def built():
    """Return G (3 numbers to 2) and D (2 numbers to a logit), and their first weights: made once, as it takes a while."""
    networks = []
    for who, n, m in (("G", 3, 2), ("D", 2, 1)):  # with names of their own: an error may say them
        dense = [layers.Dense(4, "tanh", name=f"{who}1"), layers.Dense(m, name=f"{who}2")]
        networks.append(keras.Sequential([keras.Input((n,)), Noted(name=f"{who}0"), *dense], name=who))
    return networks, [[numbers(*w.shape, seed=i + 1) for w in n.weights] for i, n in enumerate(networks)]


def loss(*terms, mean=tf.reduce_mean, to=tf.identity):
    """Return a loss of batches of logits: the sum of ``factor * mean(softplus(sign * logits))``."""

    def of_logits(*batches):
        pairs = zip(terms, batches, strict=True)
        return sum(factor * mean(tf.nn.softplus(sign * to(logits))) for (factor, sign), logits in pairs)

    return of_logits


def of_probabilities(real, fake):
    bce = keras.losses.BinaryCrossentropy()
    return bce(tf.ones_like(real), real) + bce(tf.zeros_like(fake), fake)


def swapped(logits, label):
    return keras.losses.BinaryCrossentropy(from_logits=True)(logits, label + 0 * logits)


def of_both(real, fake):
    return tf.reduce_mean(tf.concat([tf.nn.softplus(-real), tf.nn.softplus(fake)], axis=0))


def of_logarithms(real, fake):
    return -tf.reduce_mean(tf.math.log(real)) - tf.reduce_mean(tf.math.log(1 - fake))


def others(price):
    """Return another GAN's losses, D's and G's, from what it takes for a real sample's logit (or a fake's, negative)."""
    return lambda r, f: tf.reduce_mean(price(r)) + tf.reduce_mean(price(-f)), lambda f: tf.reduce_mean(price(f))


D_LOSS, G_LOSS = loss((1, -1), (1, 1)), loss((1, -1))


def both(g, d, opt_g, opt_d, real, z, *, d_loss=D_LOSS, g_loss=G_LOSS, asks="dg", of="dg", steps="dg", modes=(True, True),
         noise=tf.identity, fakes=tf.identity, inside=True, keep=True, back=lambda d, g: (d, g), own="",
         apply=lambda opt, slopes, variables: opt.apply(slopes, variables)):  # fmt: skip
    fake = None if inside else g(z, training=True)
    with tf.GradientTape(persistent=keep) as tape:
        fake = fakes(g(noise(z), training=modes[0])) if inside else fake
        real_logits, fake_logits = (d(x, training=modes[1]) for x in (real, fake))
        losses = {"d": d_loss(real_logits, fake_logits), "g": g_loss(fake_logits)}
        losses["both"] = losses["d"] + losses["g"]
    variables = {"d": d.trainable_variables, "g": g.trainable_variables}
    slopes = {who: tape.gradient(losses[ask], variables[w]) for who, ask, w in zip("dg", asks, of, strict=True)}
    for who in steps:
        opt = keras.optimizers.Adam(2e-4) if who in own else {"d": opt_d, "g": opt_g}[who]
        apply(opt, slopes[who], variables[who])
    return back(losses["d"], losses["g"])


def in_turn(*order):
    return lambda *arguments: [both(*arguments, steps=who) for who in order][-1]


def joined(g, d, opt_g, opt_d, real, z):
    """Do the same with one call of D, two tapes and the optimisers' other method; return floats."""
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        logits = d(tf.concat([real, g(z, training=True)], axis=0), training=True)
        losses = D_LOSS(logits[: len(real)], logits[len(real) :]), G_LOSS(logits[len(real) :])
    of_d = zip(d_tape.gradient(losses[0], d.trainable_variables), d.trainable_variables, strict=True)
    of_g = zip(g_tape.gradient(losses[1], g.trainable_variables), g.trainable_variables, strict=True)
    opt_d.apply_gradients(of_d), opt_g.apply_gradients(of_g)
    return [float(value) for value in losses]


@functools.cache
def first_pass(n, m):
    """Return D's slopes, and G's, at their first weights (rows for softplus(-logit) and softplus(logit), real ones first),
    and all that D may be shown."""
    (g, d), (real, z) = built()[0], drawn(n, m)
    with tf.GradientTape(persistent=True) as tape:
        terms = [tf.reduce_mean(tf.nn.softplus(sign * d(x))) for x in (real, g(z)) for sign in (-1, 1)]
    parts = ((d, terms), (g, terms[2:]))
    slopes = [np.stack([flat(tape.gradient(term, network.weights)) for term in some]) for network, some in parts]
    return slopes, np.concatenate([real, g(z)])


def in_words(step, slopes):
    """Return what a step goes down (str each): which labels, with which signs, how far. Or it is another kind of step."""
    parts = np.linalg.lstsq(slopes.T, np.nan_to_num(step), rcond=None)[0]
    if not np.allclose(parts @ slopes, step, rtol=0, atol=1e-3 * np.abs(step).max(initial=0.01)):
        return step, "", ""
    labels, signs, sizes = [], [], []
    for one, zero in parts.reshape(-1, 2):
        size, least = abs(one) + abs(zero), min(abs(one), abs(zero))
        label = "smoothed" if least > max(0.05 * size, 0.01) else f"label {int(abs(one) > abs(zero))}"
        labels.append(label if size > 1e-5 else "nothing")
        signs.append("minus" if one + zero < -1e-5 or least > 0.01 > min(one, zero) else "plus")
        sizes.append(size - 1 if size > 1e-5 and abs(size - 1) > 0.01 else 0)
    if "smoothed" in labels and "minus" in signs:
        return step, "", ""
    far = "too far" if max(sizes) > 0 else "not far enough" if min(sizes) < 0 else "a mean"
    return "smoothed" if "smoothed" in labels else "; ".join(labels), "; ".join(signs), far


def look_at_both(sizes, update):
    (g, d), weights = built()
    for network, arrays in zip((g, d), weights, strict=True):
        network.trainable = True
        network.set_weights(arrays)
    opt_g, opt_d = keras.optimizers.SGD(LR), keras.optimizers.SGD(LR)
    slopes, shown = first_pass(*sizes[0])
    opt_g.build(g.trainable_variables), opt_d.build(d.trainable_variables)
    for n, m in sizes:
        first, before, (real, z) = (n, m) == sizes[0], [flat(d.weights), flat(g.weights)], drawn(n, m)
        g.layers[0].calls, d.layers[0].calls = [], []
        calls = int(opt_d.iterations), int(opt_g.iterations)
        try:
            losses = update(g, d, opt_g, opt_d, real, z)
        except AttributeError as error:  # shorter: errors are told apart by how they begin
            error.args = (re.sub(r".*EagerTensor' object", "A tensor", str(error)),)
            raise
        of_g, of_d = g.layers[0].calls, d.layers[0].calls
        yield "other noise than z", any(hasattr(x, "numpy") and not np.array_equal(x, z) for x, _ in of_g)
        yield "a network is left frozen", not all(w.trainable for w in g.weights + d.weights)
        steps = int(opt_d.iterations) - calls[0], int(opt_g.iterations) - calls[1]
        yield "steps of opt_d and of opt_g in this call", steps
        if first:
            seen = [x for some, _ in of_d if hasattr(some, "numpy") for x in some.numpy()]
            yield "D is shown other samples", any(abs(shown - x).max(axis=1).min() > 1e-4 for x in seen)
        for who, network, old, some in zip("DG", (d, g), before, slopes, strict=True):
            step = (old - flat(network.weights)) / LR
            if first:
                yield from ((f"{who}'s step", word) for word in in_words(step, some))
            yield f"{who}'s step", step
        yield "G is called more than once", len(of_g) > 1
        yield "D judges a sample twice", len(of_d) > 2 or sum(x.shape[0] or 0 for x, _ in of_d) > n + m
        yield "G is called without training=True", not all(mode for _, mode in of_g)
        yield "D is called without training=True", not all(mode for _, mode in of_d)
        yield from zip(LOSSES, several(losses, *LOSSES), strict=True)


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def drawn(n, m):
    return tf.constant(numbers(n, 2, seed=n)), tf.constant(numbers(m, 3, seed=m))


LOSSES, SUM, SIGMOID = ("D's loss", "G's loss"), dict(mean=tf.reduce_sum), dict(to=tf.sigmoid)
OTHERS = [*map(others, (tf.negative, lambda x: tf.sigmoid(-x), lambda x: tf.nn.relu(1 - x), lambda x: (x - 1) ** 2))]
MOVE = "Both networks move as they should"
both_updates = Exercise(
    "`update(generator, discriminator, opt_g, opt_d, real, z)`: one forward pass, two gradients, both steps.",
    right=[both, joined, functools.partial(both, steps="gd")],
    mistakes={
        "A tape gives one gradient: take two tapes, or one that is persistent.": dict(keep=False),
        "No gradient arrives: a tape must see the whole way, unbroken, from G's call (for G) through D's to the loss.": [
            dict(inside=False),
            dict(fakes=tf.stop_gradient),
            dict(g_loss=lambda logits: tf.constant(float(G_LOSS(logits)))),
            dict(d_loss=lambda *logits: tf.constant(float(D_LOSS(*logits)))),
        ],
        "opt_d knows D's variables only, and opt_g G's.": [
            lambda g, d, opt_g, opt_d, *a: both(g, d, opt_d, opt_g, *a),
            lambda g, d, opt_g, opt_d, *a: both(g, d, opt_d, opt_d, *a, steps="g"),
        ],
        "The gradient for a network's variables is asked of the same variables.": [dict(of="gg"), dict(of="dd")],
        "The fakes are those that `z` makes.": dict(noise=lambda z: tf.random.normal(z.shape)),
        "apply(gradients, variables) takes two lists, apply_gradients(zip(gradients, variables)) their pairs.": [
            dict(apply=lambda opt, slopes, variables: opt.apply(zip(slopes, variables, strict=True))),
            dict(apply=lambda opt, slopes, variables: opt.apply_gradients(slopes, variables)),
            dict(apply=lambda opt, slopes, variables: opt.apply_gradients((slopes, variables))),
        ],
        "apply(gradients, variables), and apply_gradients' pairs: first gradients, then variables of a network.": [
            dict(apply=lambda opt, slopes, variables: opt.apply(variables, slopes)),
            dict(apply=lambda opt, slopes, variables: opt.apply_gradients(zip(variables, slopes, strict=True))),
        ],
        "tape.gradient(loss, variables): the loss comes first.": dict(apply=lambda opt, _, v: opt.apply(None, v)),
        "That is PyTorch. Here: tape.gradient(loss, variables), opt.apply(gradients, variables), and float(x).": [
            dict(fakes=lambda fake: fake.detach()),
            dict(g_loss=lambda logits: G_LOSS(logits).backward()),
            dict(back=lambda d, g: (d.item(), g.item())),
            dict(apply=lambda opt, slopes, variables: opt.zero_grad()),
            lambda g, *others: g.train(),
        ],
        "A gradient is for a network's trainable_variables, not for the network.": (
            lambda g, d, *others: d._id  # as in tape.gradient(loss, d)
        ),
        "trainable_variables is a list, no method: no brackets after it.": lambda g, *others: g.trainable_variables(),
        "No minimize() in Keras 3: tape.gradient, then apply.": dict(apply=lambda opt, *some: opt.minimize(*some)),
        "The losses stay tensors until the gradients are taken: no float(), no numpy().": [
            dict(d_loss=lambda *logits: float(D_LOSS(*logits))),
            dict(g_loss=lambda logits: float(G_LOSS(logits))),
            dict(d_loss=lambda *logits: D_LOSS(*logits).numpy()),
            dict(g_loss=lambda logits: G_LOSS(logits).numpy()),
        ],
        "The batches may differ in size: take each one's mean, then add.": dict(
            d_loss=loss((1, -1), (1, 1), mean=tf.identity)
        ),
        "A network gets what it can't take: G takes `z` as it is, D takes samples, real or G's.": dict(
            noise=lambda z: tf.random.normal((len(z), 100))
        ),
        "Take the steps with opt_d and opt_g: no optimiser of your own, and no fit().": [
            dict(own=who) for who in ("dg", "d", "g")
        ],
        "D judges the fakes as G drew them, and the real ones as they are.": dict(fakes=tf.tanh),
        "One step each: an optimiser steps twice in a call.": [dict(steps=who) for who in ("dd", "gg", "ddg", "dgg")],
        "Neither optimiser takes a step: opt_d.apply(gradients, variables), and the same for G.": dict(steps=""),
        "D did not move: take D's gradient, and opt_d.apply(gradients, variables).": dict(steps="g"),
        "G did not move: does opt_g apply its gradients to G's variables?": dict(steps="d"),
        "D goes the wrong way: softplus(-logit) for real samples, softplus(logit) for generated ones.": dict(
            d_loss=loss((1, 1), (1, -1))
        ),
        "D climbs its loss: is there a minus too many?": dict(d_loss=loss((-1, -1), (-1, 1))),
        "D is to tell both kinds apart, but yours have the same label.": [
            dict(d_loss=loss((1, sign), (1, sign))) for sign in (1, -1)
        ],
        "D's two terms are added, not subtracted.": [dict(d_loss=loss((sign, -1), (-sign, 1))) for sign in (1, -1)],
        "D's step is too short. Its loss is the sum of two means, each over its own batch (and the rate is opt_d's).": [
            dict(d_loss=of_both),
            dict(d_loss=loss((0.5, -1), (0.5, 1))),
        ],
        "These are logarithms of logits; they are for probabilities. softplus takes logits.": [
            dict(d_loss=of_logarithms),
            dict(g_loss=lambda f: -tf.reduce_mean(tf.math.log(f))),
        ],
        "Keras's cross-entropy takes logits with from_logits=True only.": dict(d_loss=of_probabilities),
        "That is another loss (Wasserstein's, hinge, squares, or of probabilities). Here it is softplus of logits.": [
            dict(d_loss=lambda r, f: tf.reduce_mean((r - 1) ** 2) + tf.reduce_mean(f**2)),
            *(dict(d_loss=of_d) for of_d, _ in OTHERS),
            *(dict(g_loss=of_g) for _, of_g in OTHERS),
        ],
        "Keras's losses take the labels first, then the logits.": [
            dict(d_loss=lambda r, f: swapped(r, 1) + swapped(f, 0)),
            dict(g_loss=lambda f: swapped(f, 1)),
        ],
        "The generated samples have no part in D's loss.": dict(d_loss=loss((1, -1), (0, 1))),
        "The real samples have no part in D's loss.": dict(d_loss=loss((0, -1), (1, 1))),
        "D's step is too long: its loss is made of means, once each.": dict(d_loss=loss((1, -1), (1, 1), **SUM)),
        "D's loss has a sigmoid too many: softplus takes logits.": dict(d_loss=loss((1, -1), (1, 1), **SIGMOID)),
        "D's labels are 1 and 0 here: no smoothing.": [
            dict(d_loss=loss((0.9, -1), (1, 1))),
            dict(d_loss=lambda r, f: D_LOSS(r, f) + 0.1 * tf.reduce_mean(r)),
        ],
        "D also took the step that G's loss asks of it: its gradient is that of D's loss only.": [
            *(dict(asks=("both", who)) for who in ("g", "both")),
            dict(d_loss=lambda r, f: D_LOSS(r, f) - G_LOSS(f)),
        ],
        "D goes along the gradient of G's loss: which tape, and which loss, belong to D?": dict(asks="gg"),
        "D's gradient was taken after G had moved. Take both first, then both steps.": in_turn("g", "d"),
        "G's gradient was taken after D had moved. Take both first, then both steps.": in_turn("d", "g"),
        "That is the slope of log(1 - D), which saturates. G's loss is softplus(-logit).": dict(g_loss=loss((-1, 1))),
        "G goes the wrong way and helps D: G's loss is softplus(-logit).": [dict(g_loss=loss((1, 1))), dict(asks="dd")],
        "G climbs its loss: is there a minus too many?": dict(g_loss=loss((-1, -1))),
        "G's step is too long. Its loss is a mean over the batch, not a sum.": dict(g_loss=loss((1, -1), **SUM)),
        "G's step is too short. Its loss is one mean, not averaged with another.": dict(g_loss=loss((0.5, -1))),
        "G's loss has a sigmoid too many: softplus takes logits.": dict(g_loss=loss((1, -1), **SIGMOID)),
        "G's loss has the label 1 only: no smoothing, no term of D's.": dict(
            g_loss=lambda f: loss((0.9, -1))(f) + loss((0.1, 1))(f)
        ),
        "Right steps, but G is called twice: make fakes once.": lambda *a: (a[0](a[5], training=True), both(*a))[1],
        "Right steps, but D judges some batch twice.": lambda *a: (a[1](a[4], training=True), both(*a))[1],
        "G is called without training=True.": [dict(modes=(False, True)), dict(modes=(False, False))],
        "D is called without training=True.": dict(modes=(True, False)),
        "D is left frozen: nothing to train.": lambda g, d, *a: (both(g, d, *a), setattr(d, "trainable", False)),
        f"{MOVE}. Now return both losses: D's, then G's.": dict(back=lambda d, g: None),
        "Return two losses: neither their sum, nor one alone.": [
            dict(back=back) for back in (lambda d, g: d + g, lambda d, g: (g, g), lambda d, g: (d, d))
        ],
        f"{MOVE}, but the losses come back in the wrong order: D's first.": dict(back=lambda d, g: (g, d)),
    },
    cases=[[(6, 5), (4, 7)]],
    observe=look_at_both,
    hints={
        "steps of opt_d and of opt_g in this call": "Each takes one step.",
        "D's step": "It isn't the gradient of D's loss, the sum of two means.",
        "G's step": "It isn't the gradient of G's loss, softplus(-logit) averaged over the fakes.",
        **dict.fromkeys(LOSSES, f"{MOVE}. Return the losses that they went down: a sum of two means, and a mean."),
    },
    praise="One forward pass, two gradients, two steps.",
)


# 3. Memory

UPDATES = dict(updates_keras=0.99, updates_ours=0.9)


def until(left, to=math.ceil):
    return [{name: to(math.log(left) / math.log(m))} for name, m in UPDATES.items()]


def both_wrong(keras, ours):
    return [dict(updates_keras=keras), dict(updates_ours=ours)]


memory = Exercise(
    "The updates after which a moving mean's start has a weight of at most 5 %: with m = 0.99 and with 0.9.",
    parts=tuple(UPDATES),
    right=[dict(updates_keras=299, updates_ours=29)],
    mistakes={
        "1/(1 - m) updates leave about 1/e, a third of the start. Not yet 5 %.": both_wrong(100, 10),
        "These leave a little more than 5 %: round up.": until(0.05, math.floor) + until(0.05, lambda n: Number(n, 1)),
        "3/(1 - m) is a good rule, and one too many: the first n with at most 5 %?": both_wrong(300, 30),
        "That is its half-life: half of the start is left.": until(0.5),
        "These are steps, with two updates each. How many updates?": both_wrong(150, 15),
        "An update takes 1 - m of what is left, not of the start: m^n.": both_wrong(95, 9.5),
        "The old value keeps m, not 1 - m.": both_wrong(1, 2),
        "Updates are counted: the number is neither negative nor a weight.": both_wrong(*2 * [Between(-1e9, 0.999)]),
        "Too few: put it into m^n, and more than 0.05 is left.": both_wrong(Between(1, 298), Between(1, 28.4)),
        "Too many: put one less into m^n, and it is below 0.05, too.": both_wrong(Between(300, 1e9), Between(30, 1e9)),
        "The other way round: with the larger m it remembers longer.": dict(updates_keras=29, updates_ours=299),
    },
    hints=dict.fromkeys(UPDATES, "After n updates the start has the weight m^n. The first n with at most 0.05?"),
    praise="Three hundred updates, or thirty; with two a step, 150 steps or 15: a grey preview, or a picture.",
)


# 4. Five complaints

WORDS = "partial batch, moving statistics, two sigmoids, outside the tape, statistics not averaged".split(", ")
FIVE = dict(zip("ABCDE", WORDS, strict=True))
five_complaints = Exercise(
    "What it is, each time: `{'A': word, ... 'E': word}`, no word twice.",
    right=[among(FIVE, "nothing is wrong")],
    mistakes={
        "B and E are both about batch norm's statistics. In one something was forgotten for a copy of the network; in the "
        "other there is one network, and too little time.": {"B": FIVE["E"], "E": FIVE["B"]},
        "In the second epoch it didn't happen again: what is made once, and kept?": {"A": "nothing is wrong"},
        "Statistics cost no seconds. What is made once for each shape of a batch?": [{"A": FIVE[key]} for key in "BE"],
        "Two sigmoids bound a loss, no more. Is this complaint about a loss?": [{k: FIVE["C"]} for k in "ABDE"],
        "Fakes outside the tape stop Keras in G's step. Here it goes on.": [{k: FIVE["D"]} for k in "ABCE"],
        "A partial batch costs seconds, once. This complaint isn't about time.": [{k: FIVE["A"]} for k in "BCDE"],
        "Statistics stop no program. Which gradients are missing?": [{"D": FIVE[key]} for key in "BE"],
        "An error is an error: G's step ought to run.": {"D": "nothing is wrong"},
        "The same weights draw well in training mode: where is the difference kept?": {"B": "nothing is wrong"},
        "There is no second copy of this network. How long does a moving mean remember?": {"B": FIVE["E"]},
        "A nearly perfect D has a loss near 0, unless something keeps it away.": {"C": "nothing is wrong"},
        "Statistics don't bound a loss. Which numbers can reach softplus?": [{"C": FIVE[key]} for key in "BE"],
        "It isn't too little time: the generator itself draws good digits.": {"E": FIVE["B"]},
        "What belongs to a network besides trained weights?": {"E": "nothing is wrong"},
    },
    praise="Five faults, and only one of them stopped the program.",
)


# 5. With and without strides

STRIDES = {"A": (1, 1), "B": (2, 2), "C": (2,)}


def width(key, strides=None, padded=True, channels=(64, 128)):
    side = 28
    for stride in strides or STRIDES[key]:
        side = math.ceil((side if padded else side - 4) / stride)
    return side**2 * channels[len(STRIDES[key]) - 1]


def count(key, *, kernel=25, biases=(64, 128, 1), inputs=64, places=(1, 1), dense=None):
    weights = [n * kernel * channels for n, channels in zip(places, (64, 128 * inputs), strict=True)]
    used = len(STRIDES[key])
    return sum(weights[:used]) + (width(key) if dense is None else dense) + sum(biases[:used]) + biases[-1]


def flatten(keys, other="", **options):
    return [{"flatten": {key: width(other or key, **options)}} for key in keys]


def parameters(keys, *options):
    return [{"parameters": {key: count(key, **each)}} for key in keys for each in options]


def ratios(*values):
    return [dict(times_as_many=value) for value in values]


def look_at_counts(case, *answers):
    """Yield the entries; a width's name says what it would come from."""
    for name, value in strides.entries(case, *answers):
        channels = 64 if "C" in name else 128
        side = math.sqrt(max(0, np.ravel(plain(value))[0]) / channels) if "flatten" in name else 0
        yield (f"{name}, {side:.3g}·{side:.3g} places of {channels} channels," if side else name), value


strides = Exercise(
    "Widths and counts, each a dict of A, B and C, and A's multiplications over B's.",
    parts=("flatten", "parameters", "times_as_many"),
    right=[
        dict(
            flatten={key: width(key) for key in STRIDES},
            parameters={key: count(key) for key in STRIDES},
            times_as_many=Between(15.4, 16.1, 16),
        )
    ],
    mistakes={
        "That is the number of places. Each has several channels.": flatten("ABC", channels=(1, 1)),
        "How many channels has its last convolution?": flatten("ABC", channels=(128, 64)),
        "Without padding it would be that; with 'same' only strides shrink it.": flatten("ABC", padded=False),
        "There are two strides of 2, so 28 is halved twice: 14, then 7.": flatten("B", strides=(2,)),
        "One stride of 2 halves 28 once.": flatten("C", strides=(2, 2)),
        "A has no strides: 28 stays 28.": flatten("A", strides=(2,)) + flatten("A", strides=(2, 2)),
        "B has two convolutions, C has one: that is the other's.": flatten("B", other="C") + flatten("C", other="B"),
        "Without strides it would be that.": flatten("BC", strides=(1, 1)),
        "Nearly: each convolution has a bias for each channel that it makes, and Dense has one.": [
            {"parameters": {key: Between(count(key) - 200, count(key) + 200, count(key) - 50)}} for key in STRIDES
        ],
        "Dense's weights are missing: one for each number that Flatten makes.": parameters(
            "ABC", dict(dense=0), dict(dense=0, biases=(64, 128, 0)), dict(dense=0, biases=(0, 0, 0))
        ),
        "The first convolution counts, too.": parameters("AB", dict(places=(0, 1), biases=(0, 128, 1))),
        "The pictures are grey: the first convolution has one input channel.": parameters("ABC", dict(places=(3, 1))),
        "A kernel reaches over all input channels: 25·64 weights for each output.": parameters("AB", dict(inputs=1)),
        "A kernel of 5×5 has 25 places.": parameters("ABC", dict(kernel=5), dict(kernel=10), dict(kernel=9)),
        "That counts multiplications: one kernel serves all places.": [
            *parameters("A", dict(places=(784, 784))),
            *parameters("BC", dict(places=(196, 49))),
        ],
        "Dense has a weight for each number that Flatten makes in this network. Yours counts others.": [
            {"parameters": {key: count(key, dense=n)}}
            for key in STRIDES
            for n in (49, 64, 128, 196, 784, 3_136, 6_272, 12_544, 25_088, 50_176, 100_352)
            if n != width(key)
        ],
        "Dense alone has as many, or more: one weight for each number of Flatten, and a bias.": [
            {"parameters": {key: Between(0, width(key) + 1)}} for key in STRIDES
        ],
        "C has one convolution only.": [{"parameters": {"C": n}} for n in (count("B"), count("C") + 204_928)],
        "That compares the weights. Each weight of a convolution is used at every place of its output.": ratios(
            Number(count("A") / count("B"), 2), 1
        ),
        "The first convolution has four times as many places. The second, which costs most, has more still.": ratios(
            Between(3.5, 4.5), 2
        ),
        "The other way round: how many times as many does A need?": ratios(Between(-1e9, 0.9)),
        "Too many: compare the places of the second convolution's output, in A over B.": ratios(Between(18.1, 1e9)),
        "Too few: in A its second convolution works at all 28·28 places.": ratios(Between(1.1, 13.9)),
        "Nearly. Compare the second convolution's places in A and B.": ratios(Between(14, 15.39), Between(16.11, 18)),
    },
    observe=look_at_counts,
    hints={
        "flatten": "Flatten sees every channel of every place. With padding 'same', a stride of 2 halves a side.",
        "parameters": "Count each layer by itself: places of the kernel × inputs × outputs, and a bias for each output.",
        "times_as_many": "Nearly all are the second convolution's: its whole kernel at each place of its output. How many "
        "places are there in A, and in B?",
    },
    praise="Half as many parameters again, and sixteen times the work: weights are used at every place. (All counted, it "
    "is 15.6: neglecting all but the second convolution changes it by two per cent.)",
)


# 6. Both labels smoothed

POINTS = dict(at_a_draw=(1, 1), three_to_one=(1, 3), only_fakes=(0, 1))
LEAST = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)


def best(real_label, fake_label):
    """Return the best D's answers with these two labels: a dict of the three points."""
    return {key: (real_label * p + fake_label * q) / (p + q) for key, (p, q) in POINTS.items()}


def lowest(*values):
    return [dict(lowest_loss=Number(value, 3)) for value in values]


def each(values, *keys):
    return [{key: Number(values[key], 2)} for key in keys or values]


LOGITS = {key: math.log(value / (1 - value)) for key, value in best(0.9, 0.1).items()}
two_sided = Exercise(
    "The best D's answers at three points, and the least loss where real and generated images are told apart.",
    parts=(*POINTS, "lowest_loss"),
    right=[{key: Number(value, 2) for key, value in best(0.9, 0.1).items()} | {"lowest_loss": Number(2 * LEAST, 3)}],
    mistakes={
        "That is with one label smoothed. Keras moves both.": each(best(0.9, 0)),
        "label_smoothing=0.2 moves each label by 0.1, to 0.9 and 0.1.": [
            *each(best(0.8, 0.2), "three_to_one", "only_fakes"),
            *lowest(-1.6 * math.log(0.8) - 0.4 * math.log(0.2)),
        ],
        "p_data/(p_data + p_g) is a quarter there: three to one are four.": [
            dict(three_to_one=Number(0.1 + 0.8 / 3, 2)),
            dict(three_to_one=Number(1 / 3, 2)),
        ],
        "That is without smoothing.": each(best(1, 0), "three_to_one"),
        "Which density gets which label? There are three times as many fakes.": each(best(0.1, 0.9), "three_to_one"),
        "D answers with a probability, not in per cent.": each({key: 100 * v for key, v in best(0.9, 0.1).items()}),
        "That is a logit. D's answer is its sigmoid.": lowest(math.log(9)) + each(LOGITS),
        "D answers between the labels there.": [{k: v} for k in ("at_a_draw", "three_to_one") for v in (0.9, 0.1)],
        "That is one of the two terms. The fakes' term can't reach 0 any more, either.": lowest(LEAST),
        "That is the loss at a draw. Where the two are told apart, D answers 0.9 to the one and 0.1 to the other.": lowest(
            2 * math.log(2), math.log(2), -0.9 * math.log(0.45) - 1.1 * math.log(0.55)
        ),
        "The logarithms are natural ones.": lowest(2 * LEAST / math.log(2), 2 * LEAST / math.log(10)),
        "A cross-entropy is never negative.": dict(lowest_loss=Between(-1e9, -0.001)),
        "No D gets so low: each of the two terms has a least value above 0.": dict(lowest_loss=Between(0, 0.64, 0.5)),
        "It gets lower, with 0.9 for real images and 0.1 for generated ones.": dict(lowest_loss=Between(0.66, 9, 2)),
        "There are more fakes than real ones: D answers below 1/2.": dict(three_to_one=Between(0.51, 0.99, 0.6)),
    },
    hints={
        "at_a_draw": "Both densities are alike there: put r = 1/2 into D* = 0.1 + 0.8 r.",
        "three_to_one": "With three times as many fakes r is 1/4. Put it into D* = 0.1 + 0.8 r.",
        "only_fakes": "Where there are only fakes, D learns their label.",
    },
    praise="At a draw nothing is changed: D says 1/2, and the loss is 2 log 2, as without smoothing. But no D gets its "
    "loss below 0.650, and where only fakes are, it says 0.1, and is flat.",
)
