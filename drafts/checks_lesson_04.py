"""Checks of lesson 04's exercises, in both Keras. Networks of a few numbers; the port is checked at full size."""

import contextlib
import logging

import keras
import numpy as np
import tf_keras

from gan_course.checks.core import Wrong, array, call, close, exercise, number

STILL, LEAK, ERROR = "D stands still", "G's step moves D", "an error"
WORDS = ("right", STILL, LEAK, f"{STILL}, {LEAK}", ERROR)
FOUR = {
    "A": (STILL, LEAK),
    "B": (f"{STILL}, {LEAK}", "right"),
    "C": ("right", ERROR),
    "D": ("right", LEAK),
}
FOUR_HINTS = {
    (
        "A",
        0,
    ): "What does the flag say when DM is compiled, and what when AM is?",
    (
        "A",
        1,
    ): "Compiling reads nothing in Keras 3. What does the flag say when step D and step G are traced?",
    (
        "B",
        0,
    ): "What does the flag say when AM is compiled, and what when DM is? Toggling it later comes too late.",
    (
        "B",
        1,
    ): "Compiling reads nothing in Keras 3. What does the flag say at each of the two steps, in each round?",
    (
        "C",
        0,
    ): "Which model is compiled while D is frozen, and which isn't? Nothing else counts in Keras 2.",
    (
        "C",
        1,
    ): "Follow the flag into the second round: step G is traced anew, with D thawed. "
    "But AM's optimiser was built in the first round, for the variables that it had to move then.",
    (
        "D",
        0,
    ): "Each model keeps what it read when it was compiled last: DM read twice, AM once.",
    (
        "D",
        1,
    ): "Compiling reads nothing in Keras 3, however often. What does the flag say when AM's step is traced?",
}
FIVE = {
    "A": "D has won",
    "B": "two discriminators",
    "C": "can't tell",
    "D": "soft labels",
    "E": "wrong threshold",
}
FIVE_HINTS = {
    "A": "DM is right on every image, AM's fakes fool nobody, and its loss is large: who has won?",
    "B": "DM's D recognises every fake, AM's D takes every fake for real. Can that be one D?",
    "C": "log 2 and one half: a perfect G, an untrained D and two equally bad players all look like this.",
    "D": "0.163 is half of 0.325, the entropy of (0.9, 0.1). Which outputs are equal to a label of 0.9?",
    "E": "0.554 is softplus(-0.3): small logits of the right sign. To what does Keras compare them?",
}
SIZES = (32, 20, 12)
RATE = 1e-2


@exercise
def four_orders(answer):
    """``{"A": (in Keras 2, in Keras 3), ... "D": (...)}``."""
    if not isinstance(answer, dict) or set(answer) != set(FOUR):
        raise Wrong("A dict with the keys A to D is wanted.")
    for letter, wanted in FOUR.items():
        words = answer[letter]
        if not isinstance(words, tuple | list) or len(words) != 2:
            raise Wrong(
                f"{letter}: a pair is wanted, what happens in Keras 2 and what in Keras 3."
            )
        for place, (word, right) in enumerate(zip(words, wanted, strict=True)):
            if word not in WORDS:
                raise Wrong(
                    f"{letter}: {word!r} is none of the words: {'; '.join(WORDS)}."
                )
            if word != right:
                swapped = tuple(words) == wanted[::-1]
                hint = (
                    "You have the two Keras the wrong way round."
                    if swapped
                    else FOUR_HINTS[letter, place]
                )
                raise Wrong(
                    f"{letter} in Keras {place + 2} is not {word!r}. {hint}"
                )
    return "Keras 2 hears the flag when it compiles, Keras 3 when it traces."


@exercise
def portable(make_updates):
    """``make_updates(K, generator, discriminator, opt_d, opt_g)`` returns ``update_d, update_g``, right in both Keras."""
    with _silent():
        for K in (tf_keras, keras):
            _check_updates(K, make_updates)
    return "In both Keras, and for each size of a batch, D's update moves D and G's update moves G alone."


def _check_updates(K, make_updates):
    name = "Keras 2" if K is tf_keras else "Keras 3"
    K.utils.set_random_seed(0)
    generator = K.Sequential([K.layers.Input((4,)), K.layers.Dense(6)])
    discriminator = K.Sequential([K.layers.Input((6,)), K.layers.Dense(1)])
    rmsprop = (
        K.optimizers.legacy.RMSprop if K is tf_keras else K.optimizers.RMSprop
    )
    updates = call(
        make_updates, K, generator, discriminator, rmsprop(RATE), rmsprop(RATE)
    )
    if (
        not isinstance(updates, tuple | list)
        or len(updates) != 2
        or not all(map(callable, updates))
    ):
        raise Wrong("It has to return two functions, update_d and update_g.")
    update_d, update_g = updates
    rng = np.random.default_rng(0)
    first = SIZES[0]
    for n in SIZES:
        images, z = (
            rng.standard_normal((2 * n, 6), np.float32),
            rng.standard_normal((n, 4), np.float32),
        )
        labels = np.repeat(np.float32([1, 0]), n)[:, None]
        d_moves, g_moves = _moved(
            (discriminator, generator), update_d, images, labels
        )
        if g_moves:
            raise Wrong(f"{name}: D's update moved G.")
        if not d_moves and n != first and K is keras:
            raise Wrong(
                f"Keras 3: D trains with the first size of a batch, and stands still when it changes to {n}. A new size "
                "is traced anew, and reads the flag anew: set it before each step."
            )
        if not d_moves and K is keras:
            raise Wrong(
                "Keras 3: D's update never moves D. Here `trainable` is read when the step is traced, at the first call, "
                "and D is frozen by then. Compile, freeze, compile is the idiom of Keras 2."
            )
        if not d_moves:
            raise Wrong(
                "Keras 2: D's update never moves D. Was D frozen when its model was compiled?"
            )
        d_moves, g_moves = _moved(
            (discriminator, generator),
            update_g,
            z,
            np.ones((n, 1), np.float32),
        )
        if d_moves and K is tf_keras:
            raise Wrong(
                "Keras 2: G's update moves D. Here `trainable` is read when AM is compiled, and D was not frozen then; "
                "what is set before a call changes nothing."
            )
        if d_moves:
            raise Wrong(
                f"Keras 3: G's update moves D (batch of {n}). Here `trainable` is read when the step is traced: it has "
                "to be False right before each step of G."
            )
        if not g_moves:
            raise Wrong(f"{name}: G's update never moves G.")
    _check_direction(name, discriminator, update_d)


def _check_direction(name, discriminator, update_d):
    """D must come to say what the labels say: a loss without logits, or swapped labels, would show here."""
    x = np.concatenate(
        [np.ones((16, 6), np.float32), -np.ones((16, 6), np.float32)]
    )
    labels = np.repeat(np.float32([1, 0]), 16)[:, None]
    for _ in range(60):
        update_d(x, labels)
    logits = np.asarray(discriminator(x))
    if not (np.mean(logits[:16]) > 0 > np.mean(logits[16:])):
        raise Wrong(
            f"{name}: after 60 steps on two points D's logits don't follow the labels. Which loss is it?"
        )


def _moved(networks, update, *arguments):
    before = [
        [np.array(w.numpy()) for w in network.weights] for network in networks
    ]
    update(*arguments)
    return [
        any(
            not np.array_equal(w.numpy(), old)
            for w, old in zip(network.weights, olds, strict=True)
        )
        for network, olds in zip(networks, before, strict=True)
    ]


@exercise
def rmsprop(first_step, second_step, steps_until_half):
    """The first two steps' lengths, and the steps until ``decay`` has halved the rate."""
    first, second, half = map(
        abs, map(number, (first_step, second_step, steps_until_half))
    )
    rate, decay = 8e-4, 6e-8
    if _near(first, rate):
        raise Wrong(
            "First step: that is Adam's, which corrects for the start at 0. Here v is only 0.1 g² so far."
        )
    if _near(first, rate / np.sqrt(0.9)):
        raise Wrong(
            "First step: the new gradient has the weight 1 - rho in v, not rho."
        )
    if _near(first, rate * 0.02):
        raise Wrong(
            "First step: that is gradient descent. RMSprop divides the gradient by its running size."
        )
    if not _near(first, rate / np.sqrt(0.1)):
        raise Wrong(
            "First step: v starts at 0, so after one gradient it is 0.1 g². The step is the rate times g/√v."
        )
    if _near(second, first):
        raise Wrong(
            "Second step: v has grown meanwhile: 0.9 of what it was, and 0.1 g² again."
        )
    if not _near(second, rate / np.sqrt(0.19)):
        raise Wrong(
            "Second step: v is 0.9 · 0.1 g² + 0.1 g². The step is the rate times g/√v."
        )
    if _near(half, np.log(2) / decay):
        raise Wrong(
            "Half the rate: that is an exponential decay. This one is rate / (1 + decay · steps)."
        )
    if not _near(half, 1 / decay):
        raise Wrong(
            "Half the rate: it is reached where 1 + decay · steps = 2."
        )
    return "The first step is the longest, whatever the gradient; and this decay needs more steps than any lesson takes."


def _near(value, wanted):
    return abs(value / wanted - 1) < 0.01


@exercise
def five_logs(answer):
    """``{"A": word, ... "E": word}``, each word once."""
    if not isinstance(answer, dict) or set(answer) != set(FIVE):
        raise Wrong("A dict with the keys A to E is wanted.")
    for letter, word in answer.items():
        if word not in FIVE.values():
            raise Wrong(
                f"{letter}: {word!r} is none of the five: {', '.join(sorted(FIVE.values()))}."
            )
    for letter, word in FIVE.items():
        if answer[letter] != word:
            raise Wrong(
                f"{letter} is not {answer[letter]!r}. {FIVE_HINTS[letter]}"
            )
    return "An accuracy means something only with its labels, its threshold, its loss, and the samples beside it."


@exercise
def keras_3(discriminator, generator, optimiser):
    """``discriminator(depth, dropout)``, ``generator(depth, dropout)`` and ``optimiser(rate, decay)``, in Keras 3."""
    with _silent():
        for role, make, wanted, shape in (
            ("discriminator", discriminator, _old_discriminator, (28, 28, 1)),
            ("generator", generator, _old_generator, (100,)),
        ):
            _check_port(role, make, wanted, shape)
        _check_optimiser(optimiser)
    return "The same weights give the same outputs, and the learning rate falls as it did."


def _check_port(role, make, wanted, shape):
    new, old = _network(role, make, 8, 0.4), wanted(8)
    x = np.random.default_rng(0).uniform(-1, 1, (4, *shape)).astype(np.float32)
    new(x)  # builds it, where no Input layer did
    here, there = new.count_params(), old.count_params()
    if here != there:
        raise Wrong(
            f"The {role} of depth 8 has {here:,} parameters, the article's {there:,}."
        )
    shapes = [
        [tuple(w.shape) for w in network.get_weights()]
        for network in (new, old)
    ]
    if shapes[0] != shapes[1]:
        raise Wrong(
            f"The {role} has as many parameters as the article's, but in other layers or another order."
        )
    rng = np.random.default_rng(1)
    weights = [
        rng.uniform(0.05, 0.3, w.shape) * rng.choice([-1, 1], w.shape)
        for w in old.get_weights()
    ]
    weights = [
        abs(w) if v.name.startswith("batch") else w
        for w, v in zip(weights, old.weights, strict=True)
    ]
    for network in (new, old):
        network.set_weights(weights)
    outputs = array(new(x, training=False)), array(old(x, training=False))
    if outputs[0].shape != outputs[1].shape:
        raise Wrong(
            f"The {role} gives the shape {outputs[0].shape}, the article's {outputs[1].shape}."
        )
    if not close(*outputs, 1e-3):
        if role == "discriminator":
            if close(outputs[0], 1 / (1 + np.exp(-outputs[1])), 1e-3):
                raise Wrong(
                    "The discriminator ends in a sigmoid; the lesson's ends in the logit."
                )
            if close(outputs[0], _with_slope(old, x, 0.3), 1e-3):
                raise Wrong(
                    "The leaky ReLU's slope is Keras' default, 0.3. It wants negative_slope=0.2."
                )
        raise Wrong(
            f"With the same weights the {role} gives other outputs: look at activations, strides and padding."
        )
    if not _dropout(new):
        raise Wrong(
            f"The {role} has no dropout: its parameters don't show it, its training does."
        )
    full = _network(role, make, 64 if role == "discriminator" else 256, 0.4)
    full(x[:1])
    wanted_full = 4_311_553 if role == "discriminator" else 2_394_241
    if full.count_params() != wanted_full:
        raise Wrong(
            f"Full size, the {role} has {full.count_params():,} parameters instead of {wanted_full:,}."
        )


def _network(role, make, depth, dropout):
    network = call(make, depth, dropout)
    if isinstance(network, tf_keras.Model):
        raise Wrong(
            f"This {role} is one of Keras 2. Make it from keras.layers, not tf_keras.layers."
        )
    if not isinstance(network, keras.Model):
        raise Wrong(
            f"A keras model is wanted for the {role}; this is a {type(network).__name__}."
        )
    return network


def _dropout(network):
    return [
        x.rate
        for x in network._flatten_layers()
        if isinstance(x, keras.layers.Dropout) and close(x.rate, 0.4)
    ]


def _check_optimiser(make):
    optimiser = call(make, 8e-4, 6e-8)
    if isinstance(
        optimiser,
        tf_keras.optimizers.Optimizer | tf_keras.optimizers.legacy.Optimizer,
    ):
        raise Wrong(
            "This optimiser is one of Keras 2. Make it from keras.optimizers."
        )
    if not isinstance(optimiser, keras.optimizers.RMSprop):
        raise Wrong(
            f"A keras.optimizers.RMSprop is wanted; this is a {type(optimiser).__name__}."
        )
    if optimiser.clipvalue != 1.0:
        raise Wrong("The optimiser lacks clipvalue=1.0.")
    if optimiser.weight_decay:
        raise Wrong(
            "weight_decay pulls the weights towards 0. The article's `decay` lowers the learning rate."
        )
    optimiser.build([keras.Variable(np.zeros(1, np.float32))])
    for steps in (0, 1_000_000):
        optimiser.iterations.assign(steps)
        rate, wanted = (
            float(np.asarray(optimiser.learning_rate)),
            8e-4 / (1 + 6e-8 * steps),
        )
        if steps and close(rate * 1e4, 8, 1e-3):
            raise Wrong(
                "The learning rate never falls. Keras 3 ignores `decay`; a schedule does it: InverseTimeDecay."
            )
        if not close(rate * 1e4, wanted * 1e4, 1e-3):
            raise Wrong(
                f"After {steps:,} steps the rate has to be {wanted:.3e}, yours is {rate:.3e}."
            )


def _old_discriminator(depth, slope=0.2):
    L = tf_keras.layers
    network = tf_keras.Sequential([L.Input((28, 28, 1))])
    for channels, strides in ((1, 2), (2, 2), (4, 2), (8, 1)):
        network.add(L.Conv2D(channels * depth, 5, strides, padding="same"))
        network.add(L.LeakyReLU(slope))
    network.add(L.Flatten())
    network.add(L.Dense(1))
    return network


def _with_slope(network, x, slope):
    other = _old_discriminator(8, slope)
    other.set_weights(network.get_weights())
    return array(other(x, training=False))


def _old_generator(depth):
    L = tf_keras.layers
    norm = [L.BatchNormalization(momentum=0.9) for _ in range(4)]
    network = tf_keras.Sequential(
        [
            L.Input((100,)),
            L.Dense(49 * depth),
            norm[0],
            L.ReLU(),
            L.Reshape((7, 7, depth)),
        ]
    )
    for i in (1, 2, 3):
        if i < 3:
            network.add(L.UpSampling2D())
        network.add(L.Conv2DTranspose(depth // 2**i, 5, padding="same"))
        network.add(norm[i])
        network.add(L.ReLU())
    network.add(L.Conv2DTranspose(1, 5, padding="same", activation="sigmoid"))
    return network


@contextlib.contextmanager
def _silent():
    """TensorFlow's log warns of each new trace; a check makes many on purpose."""
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
