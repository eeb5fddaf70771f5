"""Checks of lesson 04's exercises, in both Keras. Networks of a few numbers; the port is checked at full size."""

import contextlib
import logging

import keras
import numpy as np
import tf_keras

from gan_course.checks.core import Wrong, agree, array, call, close, dictionary, exercise, number

STILL, LEAK, ERROR = "D stands still", "G's step moves D", "an error"
WORDS = ("right", STILL, LEAK, f"{STILL}, {LEAK}", ERROR)
FOUR = {"W": (STILL, LEAK), "X": (f"{STILL}, {LEAK}", "right"), "Y": ("right", ERROR), "Z": ("right", LEAK)}
FOUR_HINTS = {
    ("W", 0): "What does the flag say when DM is compiled, and what when AM is?",
    ("W", 1): "Compiling reads nothing in Keras 3. What does the flag say when step D and step G are traced?",
    ("X", 0): "What does the flag say when AM is compiled, and what when DM is? Toggling it later comes too late.",
    ("X", 1): "Compiling reads nothing in Keras 3. What does the flag say at each of the two steps, in each round?",
    ("Y", 0): "Which model is compiled while D is frozen, and which isn't? Nothing else counts in Keras 2.",
    ("Y", 1): "Follow the flag into the second round: step G is traced anew, with D thawed. "
    "But AM's optimiser was built in the first round, for the variables that it had to move then.",
    ("Z", 0): "Each model keeps what it read when it was compiled last: DM read twice, AM once.",
    ("Z", 1): "Compiling reads nothing in Keras 3, however often. What does the flag say when AM's step is traced?",
}
FIVE = {"P": "D has won", "Q": "two discriminators", "R": "can't tell", "S": "soft labels", "T": "wrong threshold"}
FIVE_HINTS = {
    "P": "DM is right on every image, AM's fakes fool nobody, and its loss is large: who has won?",
    "Q": "DM's D recognises every fake, AM's D takes every fake for real. Can that be one D?",
    "R": "log 2 and one half: a perfect G, an untrained D and two equally bad players all look like this.",
    "S": "0.163 is half of 0.325, the entropy of (0.9, 0.1). Which outputs are equal to a label of 0.9?",
    "T": "0.554 is softplus(-0.3): small logits of the right sign. To what does Keras compare them?",
}
SIZES = (32, 20, 12)
DROPOUT = 0.25  # another rate than the lesson's, so that a typed one shows
_NORM = ("BatchNormalization", 0.9)
WANTED_LAYERS = {
    "discriminator": [("Conv2D", None), ("Dropout", DROPOUT)] * 4 + [("Dense", None)],
    "generator": [("Dense", None), _NORM, ("Dropout", DROPOUT)]
    + [("Conv2DTranspose", None), _NORM] * 3
    + [("Conv2DTranspose", None)],
}
T_QUANTILE = 2.776  # of Student's t with 4 degrees of freedom, 97.5 %
SAME = "no difference seen"
PAIRS = (  # without the change, with it
    ((105.0, 98.0, 120.0, 88.0, 110.0), (118.0, 112.0, 131.0, 96.0, 92.0)),
    ((100.0, 150.0, 80.0, 60.0, 200.0), (113.0, 161.0, 93.0, 66.0, 231.0)),
    ((100.0, 150.0, 80.0, 60.0, 200.0), (71.0, 128.0, 60.0, 41.0, 162.0)),
)


@exercise
def four_orders(answer):
    """``{"W": (in Keras 2, in Keras 3), ... "Z": (...)}``."""
    dictionary(answer, FOUR)
    for letter, wanted in FOUR.items():
        words = answer[letter]
        if not isinstance(words, tuple | list) or len(words) != 2:
            raise Wrong(f"{letter}: a pair is wanted, what happens in Keras 2 and what in Keras 3.")
        for place, (word, right) in enumerate(zip(words, wanted, strict=True)):
            if word not in WORDS:
                raise Wrong(f"{letter}: {word!r} is none of the words: {'; '.join(WORDS)}.")
            if word != right:
                swapped = tuple(words) == wanted[::-1]
                hint = "You have the two Keras the wrong way round." if swapped else FOUR_HINTS[letter, place]
                raise Wrong(f"{letter} in Keras {place + 2} is not {word!r}. {hint}")
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
    # with a rate of 1 a step is the gradient itself
    sgd = K.optimizers.legacy.SGD if K is tf_keras else K.optimizers.SGD
    updates = call(make_updates, K, generator, discriminator, sgd(1.0), sgd(1.0))
    if not isinstance(updates, tuple | list) or len(updates) != 2 or not all(map(callable, updates)):
        raise Wrong("It has to return two functions, update_d and update_g.")
    rng = np.random.default_rng(0)
    for n in SIZES:
        images = rng.standard_normal((2 * n, 6), np.float32)
        z = rng.standard_normal((n, 4), np.float32)
        labels = np.repeat(np.float32([1, 0]), n)[:, None]
        networks = discriminator, generator
        step_d, step_g = _steps(networks, updates[0], images, labels)
        if _moves(step_g):
            raise Wrong(f"{name}: D's update moved G.")
        if not _moves(step_d):
            raise Wrong(_why_d_stands_still(K, n))
        _check_step(f"{name}: D", step_d, images, labels)
        ones = np.ones((n, 1), np.float32)
        step_d, step_g = _steps(networks, updates[1], z, ones)
        if _moves(step_d):
            raise Wrong(_why_g_moves_d(K, n))
        if not _moves(step_g):
            raise Wrong(f"{name}: G's update never moves G.")
        _check_step(f"{name}: G", step_g, z, ones)


def _why_d_stands_still(K, n):
    if K is tf_keras:
        return "Keras 2: D's update never moves D. Was D frozen when its model was compiled?"
    if n != SIZES[0]:
        return (
            f"Keras 3: D trains with the first size of a batch, and stands still when it changes to {n}. Another size "
            "may be traced anew, and the flag is read anew then: set it before each step."
        )
    return (
        "Keras 3: D's update never moves D. Here `trainable` is read when the step is traced, at the first call, and D "
        "is frozen by then. Compile, freeze, compile is the idiom of Keras 2."
    )


def _why_g_moves_d(K, n):
    if K is tf_keras:
        return (
            "Keras 2: G's update moves D. Here `trainable` is read when AM is compiled, and D was not frozen then; what "
            "is set before a call changes nothing."
        )
    return (
        f"Keras 3: G's update moves D (batch of {n}). Here `trainable` is read when the step is traced: it has to be "
        "False right before each step of G."
    )


def _sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


# Derivatives of a loss by the logit, times the size of the batch; the first is the right one.
SLOPES = {
    "": lambda logit, y: _sigmoid(logit) - y,
    "it follows swapped labels.": lambda logit, y: _sigmoid(logit) - (1 - y),
    "it is the sum over the batch; the mean is wanted.": lambda logit, y: len(y) * (_sigmoid(logit) - y),
    "that is the mean squared error; cross-entropy is wanted.": lambda logit, y: 2 * (logit - y),
    "that is the saturating loss; its label is 1 here.": lambda logit, y: -_sigmoid(logit),
}


def _check_step(who, step, x, y):
    """The step must be minus the gradient of the mean cross-entropy on logits; known others have a name."""
    x, y, is_d = x.astype(float), y.astype(float), who.endswith("D")
    (kernel, bias), (mix, shift) = ([array(v) for v in olds] for olds in step.before)
    images = x if is_d else x @ mix + shift
    logits = images @ kernel + bias
    for hint, slope in SLOPES.items():
        back = slope(logits, y) / len(y)  # (n, 1)
        back = back if is_d else back @ kernel.T
        wanted = [-x.T @ back, -back.sum(axis=0)]
        if all(close(s, v, 1e-4) for s, v in zip(step.change, wanted, strict=True)):
            if hint:
                raise Wrong(f"{who}'s step has the wrong length or direction: {hint}")
            return
    raise Wrong(
        f"{who}'s step is not along the gradient of the mean cross-entropy of the logits. Is it from_logits=True?"
    )


class _Step:
    def __init__(self, change, before):
        self.change, self.before = change, before


def _steps(networks, update, *arguments):
    """Run an update and return what it did to each network."""
    before = [[np.array(w.numpy()) for w in network.weights] for network in networks]
    try:
        update(*arguments)
    except ValueError as error:
        if "Unknown variable" not in str(error):
            raise
        raise Wrong(
            "Keras 3: an optimiser meets a variable that it was not built for (“Unknown variable”). The flag said "
            "something else when the step was traced first, so set it before each step, and give each model its own "
            "optimiser."
        ) from None
    return [
        _Step([w.numpy() - old for w, old in zip(network.weights, olds, strict=True)], before)
        for network, olds in zip(networks, before, strict=True)
    ]


def _moves(step):
    return any(np.any(change) for change in step.change)


@exercise
def rmsprop(first_step, second_step, steps_until_half):
    """The first two steps' lengths, and the steps until ``decay`` has halved the rate."""
    first, second, half = map(abs, map(number, (first_step, second_step, steps_until_half)))
    rate, decay = 1e-3, 6e-8
    if _near(first, rate):
        raise Wrong("First step: that is Adam's, which corrects for the start at 0. Here v is only 0.01 g² so far.")
    if _near(first, rate / np.sqrt(0.99)):
        raise Wrong("First step: the new gradient has the weight 1 - rho in v, not rho.")
    if _near(first, rate / np.sqrt(0.1)):
        raise Wrong("First step: that is with rho = 0.9. Here rho is 0.99.")
    if _near(first, rate * 0.02):
        raise Wrong("First step: that is gradient descent. RMSprop divides the gradient by its running size.")
    if not _near(first, rate / np.sqrt(0.01)):
        raise Wrong("First step: v starts at 0, so after one gradient it is 0.01 g². The step is the rate times g/√v.")
    if _near(second, first):
        raise Wrong("Second step: v has grown meanwhile: 0.99 of what it was, and 0.01 g² again.")
    if not _near(second, rate / np.sqrt(0.0199)):
        raise Wrong("Second step: v is 0.99 · 0.01 g² + 0.01 g². The step is the rate times g/√v.")
    if _near(half, np.log(2) / decay):
        raise Wrong("Half the rate: that is an exponential decay. This one is rate / (1 + decay · steps).")
    if not _near(half, 1 / decay):
        raise Wrong("Half the rate: it is reached where 1 + decay · steps = 2.")
    return (
        "The first step is the longest, whatever the gradient; and this decay needs more steps than any lesson takes."
    )


def _near(value, wanted):
    return abs(value / wanted - 1) < 0.0025


@exercise
def five_logs(answer):
    """``{"P": word, ... "T": word}``, each word once."""
    dictionary(answer, FIVE, FIVE.values())
    agree(answer, FIVE, FIVE_HINTS)
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
    return "The same weights give the same outputs, and the optimiser takes the same steps."


def _check_port(role, make, wanted, shape):
    new, old = _network(role, make, 8, DROPOUT), wanted(8)
    x = np.random.default_rng(0).uniform(-1, 1, (4, *shape)).astype(np.float32)
    new(x)  # builds it, where no Input layer did
    here, there = new.count_params(), old.count_params()
    if here != there:
        raise Wrong(f"The {role} of depth 8 has {here:,} parameters, the article's {there:,}.")
    shapes = [[tuple(w.shape) for w in network.get_weights()] for network in (new, old)]
    if shapes[0] != shapes[1]:
        raise Wrong(f"The {role} has as many parameters as the article's, but in other layers or another order.")
    rng = np.random.default_rng(1)
    weights = [rng.uniform(0.05, 0.3, w.shape) * rng.choice([-1, 1], w.shape) for w in old.get_weights()]
    weights = [abs(w) if v.name.startswith("batch") else w for w, v in zip(weights, old.weights, strict=True)]
    for network in (new, old):
        network.set_weights(weights)
    outputs = array(new(x, training=False)), array(old(x, training=False))
    if outputs[0].shape != outputs[1].shape:
        raise Wrong(f"The {role} gives the shape {outputs[0].shape}, the article's {outputs[1].shape}.")
    if not close(*outputs, 1e-3):
        if role == "discriminator":
            if close(outputs[0], 1 / (1 + np.exp(-outputs[1])), 1e-3):
                raise Wrong("The discriminator ends in a sigmoid; the lesson's ends in the logit.")
            if close(outputs[0], _with_slope(old, x, 0.3), 1e-3):
                raise Wrong("The leaky ReLU's slope is Keras' default, 0.3. It wants negative_slope=0.2.")
        raise Wrong(f"With the same weights the {role} gives other outputs: look at activations, strides and padding.")
    _check_layers(role, new)
    full = _network(role, make, 64 if role == "discriminator" else 256, 0.4)
    full(x[:1])
    wanted_full = 4_311_553 if role == "discriminator" else 2_394_241
    if full.count_params() != wanted_full:
        raise Wrong(f"Full size, the {role} has {full.count_params():,} parameters instead of {wanted_full:,}.")


def _network(role, make, depth, dropout):
    network = call(make, depth, dropout)
    if isinstance(network, tf_keras.Model):
        raise Wrong(f"This {role} is one of Keras 2. Make it from keras.layers, not tf_keras.layers.")
    if not isinstance(network, keras.Model):
        raise Wrong(f"A keras model is wanted for the {role}; this is a {type(network).__name__}.")
    return network


def _check_layers(role, network):
    """Dropout and batch norm, which outputs in inference mode don't show: how many, where, and with which number."""
    found = [_kind(layer) for layer in _leaves(network)]
    found = [pair for pair in found if pair]
    wanted = WANTED_LAYERS[role]
    rates = [value for kind, value in found if kind == "Dropout"]
    right = [value for kind, value in wanted if kind == "Dropout"]
    if not any(rates):
        raise Wrong(f"The {role} has no dropout: its parameters don't show it, its training does.")
    if len(rates) != len(right):
        raise Wrong(f"The {role} has {len(rates)} dropout layer(s), the lesson's has {len(right)}.")
    if rates != right:
        raise Wrong(f"The {role} was asked for a dropout of {DROPOUT}, and has {', '.join(f'{r:g}' for r in rates)}.")
    momenta = {value for kind, value in found if kind == "BatchNormalization"} - {0.9}
    if momenta:
        raise Wrong(
            f"The {role}'s batch norm has the momentum {min(momenta):g}; the article's has 0.9. (Keras' default is 0.99.)"
        )
    in_order = type(network).__module__.startswith("keras")  # a subclass lists its layers as its attributes stand
    if in_order and found != wanted:
        raise Wrong(f"The {role} has the right layers, but dropout stands in another place than in the lesson's.")


def _leaves(network):
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def _kind(layer):
    kind = type(layer).__name__
    if kind not in ("Conv2D", "Conv2DTranspose", "Dense", "Dropout", "BatchNormalization"):
        return None
    return kind, getattr(layer, "rate", getattr(layer, "momentum", None))


def _check_optimiser(make):
    for rate, decay in ((8e-4, 6e-8), (3e-3, 1e-4)):
        _check_schedule(make, rate, decay)
    _check_small_steps(make)


def _check_schedule(make, first_rate, decay):
    optimiser = call(make, first_rate, decay)
    if isinstance(optimiser, tf_keras.optimizers.Optimizer | tf_keras.optimizers.legacy.Optimizer):
        raise Wrong("This optimiser is one of Keras 2. Make it from keras.optimizers.")
    if not isinstance(optimiser, keras.optimizers.RMSprop):
        raise Wrong(f"A keras.optimizers.RMSprop is wanted; this is a {type(optimiser).__name__}.")
    if optimiser.clipvalue != 1.0:
        raise Wrong("The optimiser lacks clipvalue=1.0.")
    if optimiser.weight_decay:
        raise Wrong("weight_decay pulls the weights towards 0. The article's `decay` lowers the learning rate.")
    optimiser.build([keras.Variable(np.zeros(1, np.float32))])
    for steps in (0, 1_000_000):
        optimiser.iterations.assign(steps)
        rate = float(np.asarray(optimiser.learning_rate))
        wanted = first_rate / (1 + decay * steps)
        if steps and close(rate / first_rate, 1, 1e-3):
            raise Wrong("The learning rate never falls. Keras 3 ignores `decay`; a schedule does it: InverseTimeDecay.")
        if not close(rate / wanted, 1, 1e-3):
            raise Wrong(
                f"optimiser({first_rate:g}, {decay:g}): after {steps:,} steps the rate has to be {wanted:.3e}, yours is "
                f"{rate:.3e}."
            )


def _check_small_steps(make):
    """Two steps with a gradient of 1e-4, for which it matters where epsilon stands."""
    optimiser, weight = (call(make, 8e-4, 6e-8), keras.Variable(np.zeros(1, np.float32)))
    places = [0.0]
    for _ in range(2):
        optimiser.apply([np.full(1, 1e-4, np.float32)], [weight])
        places.append(float(weight.numpy()[0]))
    for number_of, length, v in zip(("first", "second"), -np.diff(places), (0.1, 0.19), strict=True):
        wanted = 8e-4 / (np.sqrt(v) + 1e-3)  # 1e-7 over a gradient of 1e-4
        if close(length / 8e-4, 1e-4 / np.sqrt(v * 1e-8 + 1e-7), 0.02):
            raise Wrong(
                "With a gradient of 1e-4 the steps are far too short: Keras 3 divides by √(v + epsilon), the legacy class "
                "by √v + epsilon. Give it an epsilon that is small under a root."
            )
        if not close(length / wanted, 1, 0.02):
            raise Wrong(
                f"With a gradient of 1e-4 the {number_of} step is {length:.2e} long; the legacy class makes {wanted:.2e}."
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
    network = tf_keras.Sequential([L.Input((100,)), L.Dense(49 * depth), norm[0], L.ReLU(), L.Reshape((7, 7, depth))])
    for i in (1, 2, 3):
        if i < 3:
            network.add(L.UpSampling2D())
        network.add(L.Conv2DTranspose(depth // 2**i, 5, padding="same"))
        network.add(norm[i])
        network.add(L.ReLU())
    network.add(L.Conv2DTranspose(1, 5, padding="same", activation="sigmoid"))
    return network


@exercise
def paired(compare):
    """``compare(without, with_change)`` returns the ratio, the interval's two ends, and the verdict."""
    for without, changed in PAIRS:
        before, after = np.array(without), np.array(changed)
        answer = call(compare, before, after)
        if not isinstance(answer, tuple | list) or len(answer) != 4:
            raise Wrong("Four things are wanted: the ratio, the lower end, the upper end, and the verdict.")
        numbers, word = [number(value) for value in answer[:3]], answer[3]
        wanted = _interval(np.log(after) - np.log(before))
        if not close(numbers, wanted, 1e-3):
            raise Wrong(_why_not(numbers, wanted, before, after))
        verdict = "worse" if wanted[1] > 1 else "better" if wanted[2] < 1 else SAME
        if word not in ("worse", "better", SAME):
            raise Wrong(f"{word!r} is none of the words: worse; better; {SAME}.")
        if word != verdict:
            raise Wrong(
                f"The interval is {wanted[1]:.2f} to {wanted[2]:.2f}, and your verdict is {word!r}. Is 1, which means no "
                "change, inside it? And is a ratio above 1 better or worse?"
            )
    return "Four seeds of five can be worse, and five seeds are still too few to tell."


def _interval(logs, quantile=T_QUANTILE, ddof=1):
    error = logs.std(ddof=ddof) / np.sqrt(len(logs))
    return np.exp(logs.mean() + quantile * error * np.array([0, -1, 1]))


def _why_not(numbers, wanted, before, after):
    logs, ratios = np.log(after) - np.log(before), after / before
    ends = np.array([0, -1, 1])
    spread = np.sqrt((np.log(before).var(ddof=1) + np.log(after).var(ddof=1)) / 5)
    plain = ratios.mean() + ratios.std(ddof=1) / np.sqrt(5) * T_QUANTILE * ends
    known = [
        (1 / wanted[[0, 2, 1]], "That is the change the wrong way round: with it over without it."),
        (plain, "That is the mean of the ratios. Take their logarithms, so that twice and half weigh the same."),
        (np.log(wanted), "These are logarithms. The ratio is their exponential, and so are the two ends."),
        (_interval(logs, 1.96), "1.96 is for many seeds. With five, Student's t has 4 degrees of freedom: 2.776."),
        (_interval(logs, ddof=0), "The standard deviation of a sample divides by n - 1: ddof=1."),
        (
            _interval(logs, 2.776 * np.sqrt(5)),
            "That is the spread of single seeds. The mean of five has √5 times less.",
        ),
    ]
    known += [
        (
            np.exp(logs.mean() + q * spread * ends),
            "The seeds are pairs: take the difference seed by seed, then its spread.",
        )
        for q in (T_QUANTILE, 2.306)
    ]
    for value, hint in known:
        if close(numbers, value, 1e-3):
            return hint
    if close(numbers[0], wanted[0], 1e-3):
        return f"The ratio is right, the interval isn't: {wanted[1]:.3f} to {wanted[2]:.3f} is wanted for {after}."
    return f"For {before} and, with the change, {after} the ratio is {wanted[0]:.3f}; yours is {numbers[0]:.3f}."


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
