"""Lesson 04's exercises, in both Keras, with small networks."""

import contextlib
import functools
import inspect
import itertools
import logging
import re

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from gan_course.exercises import Between, Clue, Exercise, Number, Said, Wrong, among, call, of, several


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@contextlib.contextmanager
def settings(eagerly=False):
    """Silence TensorFlow's log, which warns of each new trace, and let its functions run eagerly, or not."""
    log = logging.getLogger("tensorflow")
    level, before = log.level, tf.config.functions_run_eagerly()
    log.setLevel(logging.ERROR)
    tf.config.run_functions_eagerly(eagerly)
    try:
        yield
    finally:
        log.setLevel(level)
        tf.config.run_functions_eagerly(before)


# 1. One step


class Stub:
    """Whatever else is asked of it gets a hint."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise Wrong(f"`{name}` isn't needed: DM and AM take steps by train_on_batch(x, y), the generator only draws.")

    def __call__(self, *_):
        return self.call


class Taught(Stub):
    """In the place of a compiled model: it notes what it is trained on."""

    def __init__(self, name, loss, log):
        self.name, self.loss, self.log = name, loss, log

    def train_on_batch(self, x, y=None, **options):
        self.log.append((self.name, *(np.asarray(value, np.float32) for value in (x, y))))
        return self.loss


class Drawn(Stub):
    """In the place of a generator: what it draws in training mode differs from what it draws otherwise."""

    def __call__(self, z, training=False):
        z = np.asarray(z, np.float32).reshape(-1, 2, 2, 1)
        return tf.math.sigmoid(z * (1.0 if training else 0.1))

    def predict(self, z, **options):
        return self(z).numpy()


def kind(row, known):
    """Return what a row of a batch is (str): one of those known, or one of them rescaled."""
    pairs = [(what, row.ravel(), one.ravel()) for what, some in known.items() for one in some if one.size == row.size]
    same = [what for what, a, b in pairs if np.allclose(a, b, atol=1e-5)]
    with np.errstate(all="ignore"):
        like = [f"{what}, rescaled" for what, a, b in pairs if abs(np.corrcoef(a, b)[0, 1]) > 0.9999]
    return [*same, *like, f"something else of shape {row.shape}"][0]


def one_batch(dm, am, generator, real, z_d, z_g, *, draw=lambda g, z: g(z, training=True), fakes_first=False,
              labels=(1, 0, 1), axis=0, size=None, calls=("both", "am"), back=(0, 1), join=np.concatenate):  # fmt: skip
    """Take one step of DM and one of AM; ``labels``: of real images, of fakes, and of AM."""
    n, fake = size or len(real), np.asarray(draw(generator, z_d))
    answers = [np.full((n, 1), label, np.float32) for label in labels]
    order = (1, 0) if fakes_first else (0, 1)
    halves = [((real, fake)[i], answers[i]) for i in order]
    losses = [0.0, 0.0]
    for name in calls:
        if name == "both":
            images, wanted = zip(*halves, strict=True)
            losses[0] = dm.train_on_batch(join(images, axis), join(wanted, 0))
        elif name == "am":
            losses[1] = am.train_on_batch(z_g, answers[2])
        else:
            losses[0] = dm.train_on_batch(*halves[int(name)])
    return losses[back[0]], losses[back[1]]


def look_at_step(size, step):
    log, g = [], Drawn()
    real, z_d, z_g = numbers(size, 2, 2, 1, seed=1), numbers(size, 4, seed=2), numbers(size, 4, seed=3)
    both = call(step, Taught("DM", 0.75, log), Taught("AM", 1.5, log), g, real, z_d, z_g)
    losses = several(both, "DM's loss", "AM's loss")
    known = {"real": real, "fake": g(z_d, True).numpy(), "z_g": z_g, "z_d": z_d}
    known |= {"fake from z_g": g(z_g, True).numpy(), "fake of inference mode": g.predict(z_d)}
    yield "the steps that it takes, in order,", ", ".join(name for name, _, _ in log) or "none"
    for name, x, y in log:
        kinds = [kind(row, known) for row in np.atleast_1d(x)]
        yield f"{name}'s batch", ", ".join(f"{len([*some])} {what}" for what, some in itertools.groupby(kinds))
        yield f"{name}'s input", x
        yield f"the shape of {name}'s labels", str(y.shape)
        pairs = sorted({f"{what}: {label:g}" for what, label in zip(kinds, y.ravel(), strict=False)})
        yield f"{name}'s labels", ", ".join(pairs)
    try:
        yield "the two losses", np.array([float(np.asarray(loss, float)) for loss in losses])
    except (TypeError, ValueError):
        raise Wrong("Two numbers are wanted: what DM's train_on_batch returns, and what AM's does.") from None


one_step = Exercise(
    "`step(dm, am, generator, real, z_d, z_g)` takes one step of DM and one of AM, and returns both losses.",
    right=[one_batch, functools.partial(one_batch, fakes_first=True)],
    mistakes={
        "AM's step is missing.": dict(calls=("both",)),
        "DM's step is missing.": dict(calls=("am",)),
        "In this order: first DM's step, then AM's.": dict(calls=("am", "both")),
        "Those are two steps of DM. Put real and generated images into one batch.": [
            dict(calls=("0", "1", "am")), dict(calls=("1", "0", "am"))
        ],
        "These fakes are drawn in inference mode. AM trains G in training mode: generator(z_d, training=True).": [
            dict(draw=lambda g, z: g(z)), dict(draw=lambda g, z: g.predict(z, verbose=0))
        ],
        "DM's labels are the wrong way round: 1 is real.": [dict(labels=(0, 1, 1), fakes_first=f) for f in (0, 1)],
        "np.concatenate takes one list: np.concatenate([real, fake]), and the labels in the same way.": dict(
            join=lambda parts, axis: np.concatenate(*parts)
        ),
        "np.ones and np.zeros take the shape in brackets of its own: np.ones((n, 1)).": lambda *_: np.ones(4, 1),
        "DM gets images, not noise: generator(z_d, training=True).": dict(draw=lambda g, z: z),
        "That is a list of two batches. np.concatenate makes one of them, and one of their labels.": dict(
            join=lambda parts, axis: list(parts)
        ),
        "In DM a generated image has the label 0. (Only AM calls it real.)": dict(labels=(1, 1, 1)),
        "AM's label is 1, real. With 0 G would learn to be found out.": dict(labels=(1, 0, 0)),
        "Images are put together along the first axis: there are more of them.": [dict(axis=i) for i in (-1, 1, 2)],
        "The size of the batch is typed in. Take len(real).": dict(size=4),
        "In this order: DM's loss, then AM's.": dict(back=(1, 0)),
        "DM's loss comes twice.": dict(back=(0, 0)),
    },
    cases={"four real images": 4, "three real images": 3},
    observe=look_at_step,
    hints={
        "the steps that it takes, in order,": "One step of DM, then one of AM.",
        "DM's batch": "DM gets `real`, unchanged, and what the generator draws from z_d in training mode; not shuffled.",
        "DM's input": "These are the right images in another order, or one of them several times.",
        "the shape of DM's labels": "Labels are a column, one for each image: (len(x), 1).",
        "DM's labels": "1 for each real image, 0 for each generated one: not -1, not smoothed, and in the order of the images.",
        "AM's batch": "AM is D behind G: it takes the noise z_g, and nothing else.",
        "the shape of AM's labels": "Labels are a column, one for each z: (len(z_g), 1).",
        "AM's labels": "They are all 1.",
        "the two losses": "Return what train_on_batch returns: DM's, then AM's.",
    },
    praise="Two models, two batches: labels say which player is to be pleased.",
)  # fmt: skip


# 2. Four orders

RIGHT, STILL, LEAK, BOTH, ERROR = (
    "right", "D stands still", "G's step moves D", "D stands still, G's step moves D", "an error"
)  # fmt: skip
FOUR = {"W": (STILL, LEAK), "X": (BOTH, RIGHT), "Y": (RIGHT, ERROR), "Z": (RIGHT, LEAK)}
four_orders = Exercise(
    "What each order does: a dict of W, X, Y, Z to (in Keras 2, in Keras 3).",
    right=[among(FOUR, RIGHT, STILL, LEAK, BOTH, ERROR)],
    mistakes={
        "You have the two Keras the wrong way round.": [{key: pair[::-1]} for key, pair in FOUR.items()],
        "Thawing comes after DM has been compiled: Keras 2 doesn't hear it.": {"W": (RIGHT, ...)},
        "AM was compiled while D was frozen: its step leaves D alone.": [{"W": (LEAK, ...)}, {"W": (BOTH, ...)}],
        "Keras 3 didn't hear that D was frozen: it was thawed before the first step.": [
            {key: (..., word)} for key in "WZ" for word in (STILL, BOTH)
        ],
        "D is thawed when step G is traced, so AM moves what isn't frozen: D, too.": [
            {key: (..., RIGHT)} for key in "WZ"
        ],
        "That is half of it: look at the other model, too.": [{"X": (STILL, ...)}, {"X": (LEAK, ...)}],
        "Toggling before each step is what Keras 3 needs. Keras 2 read the flag long before.": {"X": (RIGHT, ...)},
        "Each step is traced right after the flag was set for it, at each size.": [
            {"X": (..., word)} for word in (STILL, LEAK, BOTH, ERROR)
        ],
        "DM was compiled with D thawed, and AM with D frozen. Later words aren't heard.": [
            {"Y": (word, ...)} for word in (STILL, LEAK, BOTH)
        ],
        "Round 1 is right. But follow the flag into round 2, where another size is traced with D thawed.": {
            "Y": (..., RIGHT)
        },
        "It would; but AM's optimiser was built in round 1, for G's variables only.": {"Y": (..., LEAK)},
        "Thawed is thawed: DM's step is traced after 'thaw' in each round.": [{"Y": (..., STILL)}, {"Y": (..., BOTH)}],
        "Nobody thawed D for AM: it read 'frozen' when it was compiled, once.": {"Z": (LEAK, ...)},
        "Keras 2 raises no error here: each model trains what it read when it was compiled.": [
            {key: (ERROR, ...)} for key in FOUR
        ],
        "An error comes where an optimiser meets variables that it wasn't built for; here it meets the same each time.": [
            {key: (..., ERROR)} for key in "WZ"
        ],
        "DM was compiled again, with D thawed.": [{"Z": (STILL, ...)}, {"Z": (BOTH, ...)}],
    },
    pair=("in Keras 2", "in Keras 3"),
    praise="Keras 2 hears the flag when it compiles, Keras 3 when it traces.",
)


# 3. The portable pattern


FLAGS = {"on": lambda n: True, "off": lambda n: False, "off once": lambda n: n > 0}  # n: number of steps before


def updates(K, g, d, opt_d, opt_g, *, frozen=(0, 1, 0), toggle=("on", "off"), logits=True, loss_d=None, loss_g=None,
            flip=(0, 0), last=(), opts="dg", chain="gd", back=lambda *both: both, g_flag=True, whole=False,
            how=("train_on_batch", "train_on_batch")):  # fmt: skip
    """Make DM and AM; ``frozen``: is D, when DM is compiled, when AM is, and when training begins?"""
    loss, optimisers = K.losses.BinaryCrossentropy(from_logits=logits), {"d": opt_d, "g": opt_g}
    models = [K.Sequential([d, *last]), K.Sequential([*({"g": g, "d": d}[who] for who in chain), *last])]
    for model, opt, other, flag in zip(models, opts, (loss_d, loss_g), frozen, strict=False):
        d.trainable = not flag
        model.compile(optimizer=optimisers[opt], loss=other or loss)
    d.trainable, g.trainable = not frozen[2], g_flag

    def step(model, flag, turn, how):
        done = []

        def update(x, labels):
            if flag:
                (model if whole else d).trainable = FLAGS[flag](len(done))
            done.append(1)
            return getattr(model, how)(x, abs(turn - labels))

        return update

    return back(*map(step, models, toggle, flip, how))


def with_tapes(K, g, d, opt_d, opt_g):
    loss = K.losses.BinaryCrossentropy(from_logits=True)

    def step(opt, network, forward):
        def update(x, labels):
            with tf.GradientTape() as tape:
                value = loss(labels, forward(x))
            variables = network.trainable_variables
            opt.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))

        return update

    return step(opt_d, d, d), step(opt_g, g, lambda z: d(g(z)))


def with_a_copy(K, g, d, opt_d, opt_g, of_d="am"):
    """Make DM or AM of a copy of D."""
    copy = K.models.clone_model(d)
    copy.set_weights(d.get_weights())
    both = [updates(K, g, one, opt_d, opt_g) for one in ((d, copy) if of_d == "am" else (copy, d))]
    return both[0][0], both[1][1]


# Keras, sizes of the batches, and whether steps run without being traced: that is quick, and Keras 2 has read the flag
# before. In Keras 3 each trace counts.
CASES = {
    "one step each": ((3, (3,), True), (2, (3,), True)),
    "three sizes": ((3, (32, 20, 12), False),),
}


INPUT = r"of layer ['\"](\w)1['\"] .*value (\d+), but received .*, (\d+)\)"  # what Keras says of what doesn't fit
TARGET = r"target.shape=\((\d+).*output.shape=\((\d+)"


def look_at_updates(case, make):
    for each in case:
        yield from look_at_keras(*each, make)


def look_at_keras(version, sizes, eagerly, make):
    K = keras if version == 3 else tf_keras
    sgd = keras.optimizers.SGD if version == 3 else tf_keras.optimizers.legacy.SGD
    L = K.layers
    g, d = (
        K.Sequential([L.Input((n,)), L.Dense(m, name=f"{who}1")], name=who) for who, n, m in (("G", 4, 6), ("D", 6, 1))
    )
    for seed, network in enumerate((g, d), 1):
        network.set_weights([0.3 * numbers(*w.shape, seed=seed) for w in network.get_weights()])
    rates = {"D": 1.0, "G": 0.5}
    opts = {who: sgd(rate) for who, rate in rates.items()}
    with settings(eagerly):
        both = several(call(make, K, g, d, opts["D"], opts["G"]), "update_d", "update_g")
        if not all(map(callable, both)):
            raise Wrong("It has to return two functions, update_d and update_g.")
        for update, what in zip(both, ("d(images, labels)", "g(z, labels)"), strict=True):
            try:
                inspect.signature(update).bind(0, 0)
            except TypeError:
                raise Wrong(f"It is to be called as update_{what}.") from None
        for n in sizes:
            labels = np.tile(np.float32([1, 0]), n)[:, None]
            given = (numbers(2 * n, 6, seed=n), labels), (numbers(n, 4, seed=n), np.full((n, 1), 0.9, np.float32))
            for who, moves, stays, update, xy in (("D", d, g, both[0], given[0]), ("G", g, d, both[1], given[1])):
                logits, w = (d(xy[0]), np.ones(1)) if who == "D" else (d(g(xy[0])), d.get_weights()[0].ravel())
                before, still, count = flat(moves), flat(stays), int(opts[who].iterations)
                try:
                    update(*xy)
                except ValueError as error:
                    if found := re.search(INPUT, str(error)):
                        raise Wrong(f"{who}'s update: {found[1]} takes {found[2]} numbers, not {found[3]}.") from None
                    if (found := re.search(TARGET, str(error))) and found[1] != found[2]:
                        raise Wrong(f"{who}'s update: its labels come with it. Pass on as many as there are.") from None
                    raise
                other = not np.array_equal(still, flat(stays))
                step, count = (before - flat(moves)) / rates[who], int(opts[who].iterations) - count
                flags = [name for name in vars(d) if re.match(r"(un|is_)?(fr[eo]+z|requires|tr[ai]+n(?!_))", name)]
                if flags and (other or not step.any()):
                    raise Wrong(f"`{flags[0]}` isn't a name that Keras knows. The flag is called `trainable`.")
                yield f"Keras {version}, {who}'s update moves {stays.name}", other
                way = f"by opt_{who.lower()}{', in several steps' * (count > 1)}" if count else "by another optimiser"
                yield f"Keras {version}, how {who}'s update moves {who}", way if step.any() else "not at all"
                yield "the flags of D and G", Clue(str((d.trainable, g.trainable)))
                look = sizes == (3,) and np.isfinite(step).all()
                told, hint = as_if(step, *xy, logits, w) if look else ("", "")
                yield Said(f"Keras {version}, {who}'s step{told}", hint), step


def as_if(step, inputs, given, logits, w):
    """Return which labels a step goes by, if each input moves the logit by (input, 1) times ``w``, and a hint (str)."""
    slopes, given = np.array([np.kron(np.append(row, 1), w) for row in inputs]), given.ravel()
    errors = np.linalg.lstsq(slopes.T, step, rcond=None)[0]
    if not np.allclose(errors @ slopes, step, atol=1e-4):
        return ", as if the inputs were others,", (
            "Hand on what comes in, as it is, and train `generator` and `discriminator` themselves, not copies of them."
        )
    labels = 1 / (1 + np.exp(-np.ravel(logits))) - len(inputs) * errors
    if np.abs(errors).min() < 1e-6:
        return ", as if some inputs were left out,", "Hand on the whole batch: some of it has no part in this step."
    told, gap = f", as if the labels were {np.round(labels, 2) + 0.0},", 2 * labels - 1
    if np.ptp(labels) < 1e-3:
        return told, "The step goes by labels of its own. Pass on those that come with it."
    if np.ptp(gap / (2 * given - 1)) < 1e-3 and 0 < gap[0] / (2 * given[0] - 1) < 1:
        return told, "Every label is drawn towards 1/2: no label_smoothing."
    return told, "That is another loss. Take BinaryCrossentropy(from_logits=True), a mean, and the labels as they come."


def flat(network):
    return np.concatenate([w.numpy().ravel() for w in network.weights])


portable = Exercise(
    "`make_updates(K, generator, discriminator, opt_d, opt_g)` returns update_d, update_g, right in both Keras.",
    right=[updates, with_tapes],
    mistakes={
        "D stands still in Keras 3: is it frozen when its step is traced? Compile, freeze, compile is Keras 2's way.": [
            dict(frozen=(0, 1, 1), toggle=("", ""))
        ],
        "D stands still in both Keras: it is frozen all the time, or not what update_d trains (with train_on_batch).": [
            dict(back=lambda d, g: (lambda x, labels: 0.0, g)),
            dict(frozen=(1, 1, 1), toggle=("", "")),
            functools.partial(with_a_copy, of_d="dm"),
        ],
        "The flag belongs on `discriminator`: AM's own freezes G, too.": [
            dict(whole=True, frozen=(0, 1, last)) for last in (0, 1)
        ],
        "G is frozen, too. In its own step it has to be thawed.": dict(g_flag=False),
        "K is given: take Sequential and the loss from it.": [
            lambda K, *rest, other=other: updates(other, *rest) for other in (tf_keras, keras)
        ],
        "Neither D nor G moves: does each update take its step, with train_on_batch?": dict(
            back=lambda d, g: 2 * (lambda x, labels: 0.0,)
        ),
        "AM holds a D of its own, a copy, that nobody trains: make it of `discriminator` itself.": with_a_copy,
        "Two functions are wanted; these are the models, which take no step when they are called.": (
            lambda K, g, d, *_: (K.Sequential([d]), K.Sequential([g, d]))
        ),
        "Keras 3: G's update moves D. `trainable` has to be False right before each step of G.": dict(toggle=("", "")),
        "The flag is the wrong way round: thawed for D's step, frozen for G's.": dict(toggle=("off", "on")),
        "Keras 3 traces another size again, and D stays frozen: thaw before each step of D.": dict(toggle=("", "off")),
        "Keras 3 traces another size again: freeze before each step of G.": dict(toggle=("on", "off once")),
        "Keras 2: G's update moves D, which wasn't frozen when AM was compiled.": dict(frozen=(0, 0, 0)),
        "Keras 2: D's update never moves D, which was frozen when DM was compiled.": dict(frozen=(1, 1, 0)),
        "D's labels come as they are to be used: real images have 1.": dict(flip=(1, 0)),
        "D ends in a logit: from_logits=True.": dict(logits=False),
        "Each model has its own optimiser: opt_d for DM, opt_g for AM.": [dict(opts=o) for o in ("dd", "gg", "gd")],
        "AM is D behind G: first the generator, then the discriminator; noise comes in.": dict(chain="dg"),
        "AM begins with G: hand it z, not G(z).": dict(back=lambda d, g: (d, lambda z, y: g(numbers(len(z), 6), y))),
        "G's update moves D, and not G: does it train DM, or is G frozen in D's place?": dict(
            back=lambda d, g: (d, lambda z, y: d(numbers(len(z), 6), y))
        ),
        "A model takes steps when it is compiled: compile(optimizer=..., loss=...), of DM and of AM.": [
            lambda K, g, d, *_: 2 * (K.Sequential([d]).train_on_batch,),
            lambda K, g, d, *opts: (updates(K, g, d, *opts)[0], K.Sequential([g, d]).train_on_batch),
        ],
        "`add` returns nothing: give the model its name first.": lambda K, g, d, *_: K.Sequential([g]).add(d).compile(),
        "AM is D behind G; yours lacks D.": dict(chain="g"),
        "G's update doesn't move G: does it take its step, by train_on_batch, and does AM hold G itself?": [
            dict(back=lambda d, g: (d, lambda z, labels: 0.0)), dict(how=("train_on_batch", "test_on_batch"))
        ],
        "One call is one step: D's update takes more.": dict(back=lambda d, g: (lambda x, y: (d(x, y), d(x, y)), g)),
        "One call is one step: G's update takes more.": dict(back=lambda d, g: (d, lambda z, y: (g(z, y), g(z, y)))),
        "Images went into G; they are D's input. (Or is update_g returned first?)": dict(back=lambda d, g: (g, d)),
    },
    cases=CASES,
    observe=look_at_updates,
    hints={
        "D's step": "It is one step along the gradient of the mean cross-entropy of D's logits, with the labels given.",
        "G's step": "It is one step along the gradient of the mean cross-entropy of D's logits of G(z), with z and labels given.",
        "D's update moves G": "D's update must leave G alone.",
        "G's update moves D": "G's update must leave D alone: what does the flag say when it is read?",
        "how D's update moves D": "DM is to be compiled with the optimiser given for D, opt_d.",
        "how G's update moves G": "AM is to be compiled with the optimiser given for G, opt_g.",
    },
    praise="In both Keras, and in Keras 3 at three sizes of a batch, D's update moves D alone and G's moves G alone.",
    seconds=60.0,
)  # fmt: skip


# 4. RMSprop

STEPS = dict(
    first_step=Number(1e-2, 5), second_step=Number(1e-3 / 0.0199**0.5, 5), steps_until_half=Number(1 / 6e-8, digits=3)
)


def first(*values):
    return [dict(first_step=value) for value in values]


def second(*values):
    return [dict(second_step=value) for value in values]


def half(*values):
    return [dict(steps_until_half=value) for value in values]


def look_at_lengths(case, *answers):
    """Yield the entries; their names say what would follow from them."""
    for name, value in rmsprop.entries(case, *answers):
        with np.errstate(all="ignore"):
            number = np.ravel(np.asarray(value, float))[0]
            told = f"which takes a v of {(1e-3 / number) ** 2:.3g} g²"
            told = f"after which {1 / (1 + 6e-8 * number):.3g} of the rate is left" if "half" in name else told
        yield f"{name}, {told},", value


rmsprop = Exercise(
    "The lengths of the first two steps, and the steps until ``decay`` has halved the rate.",
    parts=tuple(STEPS),
    right=[STEPS],
    mistakes={
        "The length is right; give it without its sign.": first(-1e-2) + second(-1e-3 / 0.0199**0.5),
        "There v is g², or nearly. It has only 1 - rho = 0.01 of it: that step is Adam's, which corrects for the start.": [
            *first(1e-3, 1e-3 / 0.99**0.5)
        ],
        "That is with rho = 0.9. Here rho is 0.99.": first(1e-3 / 0.1**0.5) + second(1e-3 / 0.19**0.5),
        "That is gradient descent. RMSprop divides the gradient by the root of v.": first(2e-5) + second(2e-5, 4e-5),
        "The step is divided by the root of v, not by v.": first(5.0, 0.1)
        + second(1e-3 / 0.0199 / 0.02, 1e-3 / 0.0199),
        "v has grown meanwhile: 0.99 of what it was, and 0.01 g² again.": second(1e-2),
        "The second gradient is missing in v: 0.99 times what it was, and 0.01 g².": second(1e-3 / 0.0099**0.5),
        "That is Adam's step, which corrects for the start.": second(1e-3),
        "That is how far both steps go together.": second(1e-2 + 1e-3 / 0.0199**0.5),
        "Of the old v only 0.99 is left: v = 0.0199 g².": second(1e-3 / 0.02**0.5),
        "That is an exponential decay. This one is rate / (1 + decay · steps).": half(*np.log([2, 2**0.43429]) / 6e-8),
        "The rate is halved where 1 + decay · steps = 2.": half(0.5 / 6e-8, 2 / 6e-8),
        "A power of ten is lost: 1/6e-8 is 1/6 of 10⁸.": half(1 / 6e-7, 1 / 6e-9),
        "Far too few. (Not in millions, and decay isn't taken away from the rate: that is divided by 1 + decay · steps.)": half(
            0.5e-3 / 6e-8, 1e-3 / 6e-8
        ),
        "Too short: v starts at 0, and after one gradient it is only 0.01 g².": first(Between(0, 0.0099)),
        "Too long: after one gradient v is 0.01 g² already.": first(Between(0.0101, 1e9)),
        "Longer than the first step? v grows, so the second one is shorter.": second(Between(0.0101, 1e9)),
        "Too short: v is 0.99 · 0.01 g² and 0.01 g², no more.": second(Between(0, 0.00707)),
        "Too long: v is 0.99 · 0.01 g², and 0.01 g² comes to it.": second(Between(0.00711, 0.00999)),
        "Too few: there 1 + decay · steps is below 2.": half(Between(-1e9, 1.65e7)),
        "Too many: there 1 + decay · steps is above 2.": half(Between(1.68e7, 1e12)),
    },
    observe=look_at_lengths,
    hints={
        "first_step": "v starts at 0, so after one gradient it is 0.01 g². The step is the rate times g/√v.",
        "second_step": "v is 0.99 · 0.01 g² + 0.01 g². The step is the rate times g/√v.",
        "steps_until_half": "The rate is 0.001 / (1 + decay · steps).",
    },
    praise="The first step is the longest, whatever the gradient; and this decay needs more steps than any lesson takes.",
)  # fmt: skip


# 5. The port


@functools.cache
def discriminator(depth, dropout, *, K=keras, slope=0.2, end=None, strides=(2, 2, 2, 1), drops=4, padding="same",
                  flat=True):  # fmt: skip
    L, x = K.layers, K.Input((28, 28, 1))
    parts = []
    for i, stride in enumerate(strides):
        parts += [L.Conv2D(depth * 2**i, 5, strides=stride, padding=padding)]
        parts += [L.LeakyReLU(slope) if slope else L.ReLU()]
        parts += [L.Dropout(dropout)] if i < drops else []
    parts += [L.Flatten()] if flat else []
    return K.Sequential([x, *parts, L.Dense(1, activation=end)])


@functools.cache
def generator(depth, dropout, *, K=keras, end="sigmoid", drops=(0,), up="nearest", relu="relu",
              first="norm relu", by_strides=False, after="", up_first=True, end_norm=False,
              order="norm relu"):  # fmt: skip
    L = K.layers

    def norm():
        return L.BatchNormalization(momentum=0.9)

    words = {"norm": norm, "relu": lambda: L.Activation(relu)}
    parts = [L.Dense(49 * depth), *(words[word]() for word in first.split())]
    parts += [L.Reshape((7, 7, depth)), *(words[word]() for word in after.split())]
    parts += [L.Dropout(dropout)] if 0 in drops else []
    for i in (1, 2, 3):
        enlarge = i < 3
        bigger = [L.UpSampling2D(interpolation=up)] if enlarge and not by_strides else []
        stride = 2 if enlarge and by_strides else 1
        parts += bigger if up_first else []
        parts += [L.Conv2DTranspose(depth // 2**i, 5, stride, padding="same")]
        parts += [words[word]() for word in order.split()]
        parts += [] if up_first else bigger
        parts += [L.Dropout(dropout)] if i in drops else []
    last = [L.Conv2DTranspose(1, 5, padding="same"), *([norm()] if end_norm else []), L.Activation(end)]
    return K.Sequential([K.Input((100,)), *parts, *last])


def functional(depth, dropout):
    """Return the same discriminator by the functional API, with a Sequential for each block."""
    L, x = keras.layers, keras.Input((28, 28, 1))
    inputs = x
    for i, stride in enumerate((2, 2, 2, 1)):
        block = [L.Conv2D(depth * 2**i, 5, stride, "same"), L.LeakyReLU(negative_slope=0.2), L.Dropout(dropout)]
        x = keras.Sequential(block)(x)
    return keras.Model(inputs, L.Dense(1)(L.Flatten()(x)))


def optimiser(rate, decay, make=keras.optimizers.RMSprop, every=1, typed=(None, None), falls=True, **options):
    rate, decay = typed[0] or rate, typed[1] or decay
    rate = keras.optimizers.schedules.InverseTimeDecay(rate, every, decay) if falls else rate
    return make(rate, **{"clipvalue": 1.0, "epsilon": 1e-14, **options})


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate, decay):
        self.rate, self.decay = rate, decay

    def __call__(self, step):
        return self.rate / (1 + self.decay * keras.ops.cast(step, "float32"))


def look_at_port(case, *makes):
    """Look at one part: D or G with two sizes and rates of dropout, or the optimiser with two rates and decays."""
    part, *_ = case
    yield from (seen_of_ours if makes[part] in (discriminator, generator, optimiser) else look_at_part)(
        case, makes[part]
    )


def look_at_part(case, make):
    part, *arguments = case
    return (look_at_optimiser if part == 2 else look_at_network)(call(make, *arguments), *case)


@functools.cache
def seen_of_ours(case, make):
    """Look only once at what is right, as most mistakes are in another part."""
    return tuple(look_at_part(case, make))


def look_at_optimiser(opt, _, rate, decay):
    kind = f"{type(opt).__module__.partition('.')[0]}: {type(opt).__name__}"
    if not isinstance(opt, keras.optimizers.Optimizer):
        raise Wrong(f"An optimiser from keras.optimizers is wanted; this is of {kind}.")
    weights = keras.Variable(np.zeros(3, np.float32))
    opt.build([weights])
    yield "its being an RMSprop", isinstance(opt, keras.optimizers.RMSprop)
    yield "weight decay", bool(opt.weight_decay)
    schedule = type(getattr(opt, "_learning_rate", None))
    if schedule.__module__.startswith("keras.") and schedule.__name__.endswith(("Decay", "Restarts")):
        if schedule is not keras.optimizers.schedules.InverseTimeDecay:
            raise Wrong(
                f"{schedule.__name__} falls in another way; ours, InverseTimeDecay, is rate / (1 + decay · steps)."
            )
    for steps in (0, 1_000_000):
        opt.iterations.assign(steps)
        share = np.float64(np.asarray(opt.learning_rate)) / rate
        hint = f"That is as if the decay were {(1 / share - 1) / (1e6 * decay):.3g} times the one given."
        hint = hint if steps else "`rate` is what the schedule begins with."
        yield Said(f"after {steps:,} steps the rate's share of the one given", hint), share
    opt.iterations.assign(0)
    for name, gradient in {"the first step": [1e-4, 0.5, 0.0], "the second step": [1e-4, 5.0, 0.0]}.items():
        before = weights.numpy()
        opt.apply([keras.ops.convert_to_tensor(np.float32(gradient))], [weights])
        step = (before - weights.numpy()) / rate
        yield f"for a small gradient, {name}", "too short" if step[0] < 0.6 * step[1] else "long enough"
        small = abs(step[0] - (2.294 if "second" in name else step[1])) > 0.02
        yield Said(name, STEP_HINTS[name, small]), step


STEP_HINTS = {  # of a step, and of whether it is wrong for the small gradient
    ("the first step", False): "A first step is 1/√(1 - rho) rates long, 3.16 with the article's rho = 0.9.",
    ("the first step", True): "A small gradient makes 3.16 rates, too, with rho = 0.9 and an epsilon like 1e-14.",
    ("the second step", False): "One gradient is 5 here: it is to be clipped to 1, by clipvalue=1.0.",
    ("the second step", True): "The small gradient is as before, and nothing is clipped: is there momentum in it?",
}


def look_at_network(network, part, depth, dropout):
    if not isinstance(network, keras.Model):
        raise Wrong(f"A keras.Model is wanted; this is a {type(network).__name__} of {type(network).__module__[:8]}.")
    x = numbers(4, *((28, 28, 1), (100,))[part])
    if not network.built:
        network(x)
    if dropout:
        kinds = [layer for layer in leaves(network) if getattr(layer, "rate", 0) or layer.count_params()]
        yield "its dropout", str([layer.rate for layer in kinds if hasattr(layer, "rate")])
        names = [type(layer).__name__ for layer in kinds]
        norms = [(layer.momentum, layer.epsilon) for layer in kinds if hasattr(layer, "momentum")]
        yield "its layers, in order", ", ".join(names if hasattr(network, "inputs") else ORDER[part])
        yield "batch norm's momentum and epsilon", str(norms or [(0.9, 0.001)] * 4 * part)
        return
    if hasattr(network, "inputs"):
        yield "its input's shape", str(network.inputs[0].shape[1:])
        for number, layer in enumerate((layer for layer in leaves(network) if layer.weights), 1):
            sizes = ", ".join(str(tuple(w.shape)) for w in layer.weights)
            yield f"its layers with weights, number {number},", f"{type(layer).__name__} {sizes}"
    yield "its weights, in order", ", ".join(str(w.shape) for w in network.get_weights())
    network.set_weights([filling(i, w.shape) for i, w in enumerate(network.get_weights())])
    drawn = np.asarray(network(x, training=False))
    yield "its output's shape", str(drawn.shape)
    yield Said("what it gives", f"Same weights, other outputs. Its activations are {activations(network)}; or is it "
               "a stride, a padding or an enlarging?"), drawn.ravel()  # fmt: skip
    yield "what it gives in training mode", np.asarray(network(x, training=True)).ravel()
    yield "its moving statistics", flat(network)


def activations(network):
    """Return which activations there are, in order (str)."""
    found = []
    for layer in leaves(network):
        name, kind = getattr(getattr(layer, "activation", None), "__name__", "linear"), type(layer).__name__
        kind += f"({layer.negative_slope:g})" if kind == "LeakyReLU" else ""
        found += [name] if name != "linear" else [kind] if "LU" in kind else []
    return ", ".join(name for name, _ in itertools.groupby(found)) or "none"


def leaves(network):
    for layer in network.layers:
        yield from leaves(layer) if hasattr(layer, "layers") else [layer]


@functools.cache
def filling(index, shape):
    """Return a weight's numbers: kernels of any sign, all others positive (variances are among them)."""
    rng = np.random.default_rng([index, *shape])
    size = np.sqrt(np.prod(shape[:-1]))
    return rng.uniform(0.1, 0.4, shape) if len(shape) == 1 else 1.5 * rng.standard_normal(shape) / size


ORDER = (["Conv2D", "Dropout"] * 4 + ["Dense"],
         ["Dense", "BatchNormalization", "Dropout"] + ["Conv2DTranspose", "BatchNormalization"] * 3 + ["Conv2DTranspose"])  # fmt: skip
OLD_RMSPROP = tf_keras.optimizers.legacy.RMSprop
keras_3 = Exercise(
    "`discriminator(depth, dropout)`, `generator(depth, dropout)` and `optimiser(rate, decay)`, in Keras 3.",
    parts=("discriminator", "generator", "optimiser"),
    right=[
        dict(discriminator=discriminator, generator=generator, optimiser=optimiser),
        dict(
            discriminator=functional,
            generator=generator,
            optimiser=lambda rate, decay: optimiser(Falling(rate, decay), decay, falls=False, epsilon=1e-12),
        ),
    ],
    mistakes={
        **of("optimiser", {
            "That is an optimiser of Keras 2. Make it from keras.optimizers.": lambda r, d: OLD_RMSPROP(r, decay=d),
            "keras.optimizers.legacy is gone in Keras 3: keras.optimizers.RMSprop.": (
                lambda r, d: keras.optimizers.legacy.RMSprop(r)
            ),
            "After the rate come the steps and then the decay: InverseTimeDecay(rate, 1, decay).": (
                lambda r, d: optimiser(keras.optimizers.schedules.InverseTimeDecay(r, d, 1), d, falls=False)
            ),
            "`lr` is called learning_rate now.": lambda r, d: keras.optimizers.RMSprop(lr=r, clipvalue=1.0),
            "`decay` is gone. A schedule in the place of the rate does it: InverseTimeDecay.": [
                lambda r, d: keras.optimizers.RMSprop(r, clipvalue=1.0, decay=d)
            ],
            "weight_decay pulls the weights towards 0. The article's `decay` lowers the rate.": [
                lambda r, d: optimiser(r, d, falls=False, weight_decay=d), lambda r, d: optimiser(r, d, weight_decay=d)
            ],
            "Steps of small gradients are far too short: Keras 3 divides by √(v + epsilon). Give it a smaller one.": [
                dict(epsilon=1e-7), dict(epsilon=1e-8)
            ],
            "With epsilon=0 a gradient of 0 makes 0/0.": dict(epsilon=0.0),
            "The article keeps rho = 0.9, Keras's default.": dict(rho=0.99),
            "It isn't centred.": dict(centered=True),
            "clipvalue cuts each component by itself; clipnorm scales them all.": dict(clipvalue=None, clipnorm=1.0),
            "The rate never falls, or hardly. A schedule does it: InverseTimeDecay(rate, 1, decay).": [
                dict(falls=False), dict(every=1000), dict(every=1_000_000)
            ],
            "The rate or the decay is typed in; they are given.": [dict(typed=(8e-4, None)), dict(typed=(None, 6e-8))],
        }),
        **of("discriminator", {
            "That is a D of Keras 2. Make it from keras.layers.": dict(K=tf_keras),
            "There is no leaky ReLU, or its slope isn't 0.2. (Keras's default is 0.3.)": [
                dict(slope=slope) for slope in (0.3, 0.1, 0.01, 1.0)
            ],
            "D ends in a sigmoid; the lesson's ends in the logit.": dict(end="sigmoid"),
            "D's last convolution has stride 1, and no other.": [dict(strides=(i, 2, 2, 2)) for i in (1, 2)],
            "Before D's dense layer comes Flatten.": dict(flat=False),
            "D's first three convolutions have stride 2.": dict(strides=(1, 1, 1, 1)),
            "D's padding is 'same'.": dict(padding="valid", strides=(2, 2, 1, 1)),
            "D's images have a channel, keras.Input((28, 28, 1)), and Flatten comes after the convolutions.": (
                lambda *_: keras.layers.Conv2D(4, 5)(keras.Input((28, 28)))
            ),
            "D has no dropout: its parameters don't show it, its training does.": dict(drops=0),
        }),
        **of("generator", {
            "That is a G of Keras 2. Make it from keras.layers.": dict(K=tf_keras),
            "G ends in a sigmoid; with a tanh its pixels go from -1 to 1.": dict(end="tanh"),
            "G's sigmoid at the end is missing.": dict(end=None),
            "G's batch norm stands before the ReLU.": [
                dict(first="relu norm"), dict(order="relu norm"), dict(first="relu norm", order="relu norm")
            ],
            "Each transposed convolution but the last has a batch norm.": dict(order="relu"),
            "G's batch norm after the dense layer is missing.": dict(first="relu"),
            "G's first batch norm comes before the reshape: it treats all 49 · depth units, not depth channels.": dict(
                first="", after="norm relu"
            ),
            "G's last layer has no batch norm.": dict(end_norm=True),
            "UpSampling2D stands before the first and the second transposed convolution.": dict(up_first=False),
            "UpSampling2D repeats each pixel; 'bilinear' mixes neighbours.": dict(up="bilinear"),
            "G's transposed convolutions have stride 1; UpSampling2D enlarges.": dict(by_strides=True),
            "G has no dropout: its parameters don't show it, its training does.": dict(drops=()),
            "G's dropout stands right after the reshape.": dict(drops=(1,)),
        }),
    },
    cases={
        "optimiser(8e-4, 6e-8)": (2, 8e-4, 6e-8), "optimiser(3e-3, 1e-4)": (2, 3e-3, 1e-4),
        "discriminator(4, 0.25)": (0, 4, 0.25), "discriminator(4, 0)": (0, 4, 0.0),
        "generator(8, 0.25)": (1, 8, 0.25), "generator(8, 0)": (1, 8, 0.0),
    },
    observe=look_at_port,
    tolerance=5e-3,
    hints={
        "its layers, in order": "Compare them with the lesson's. (Activations aren't listed.)",
        "its being an RMSprop": "The article has RMSprop.",
        "batch norm's momentum and epsilon": "A momentum of 0.9 (Keras's default is 0.99); epsilon stays as it is by default.",
        "its output's shape": "D gives one logit an image; G enlarges 7 pixels to 14 and to 28.",
        "its dropout": "It has the rate that is given, in D after each convolution, in G once.",
        "its input's shape": "D takes images of one channel, G noise of 100 numbers.",
        "its layers with weights": "Compare this layer with the lesson's: its kind, its kernel, how much goes in and out.",
        "its weights, in order": "As many parameters as the lesson's, but in other layers or another order.",
        "what it gives in training mode": "In inference it is right, or nearly. Look at batch norm, at each ReLU and at dropout.",
    },
    praise="The same weights give the same outputs, and the optimiser takes the same steps.",
    seconds=60.0,
)  # fmt: skip


# 6. Five logs

WORDS = "D has won, two discriminators, can't tell, soft labels, wrong threshold".split(", ")
FIVE = dict(zip("PQRST", WORDS, strict=True))
five_logs = Exercise(
    "What is going on: `{'P': word, ... 'T': word}`, each word once.",
    right=[among(FIVE)],
    mistakes={
        "P and Q differ in AM: in which of them do the fakes fool the D that AM holds?": {"P": FIVE["Q"]},
        "S and T: half of DM's answers are right in both. Put 0.9, 0.1 and 0.3 into the losses.": [
            {"S": FIVE["T"]},
            {"T": FIVE["S"]},
        ],
        "A D that can't tell has a loss of log 2, not 0.001 or 0.002.": [{"P": FIVE["R"]}, {"Q": FIVE["R"]}],
        "DM's accuracy is 1: its threshold fits its outputs.": [{"P": FIVE["T"]}, {"Q": FIVE["T"]}],
        "With two Ds AM's would be fooled by fakes that DM's recognises. Here it isn't, or DM's recognises nothing.": [
            {key: FIVE["Q"]} for key in "RST"
        ],
        "With soft labels DM's accuracy can't be 1.": [{"P": FIVE["S"]}, {"Q": FIVE["S"]}],
        "If D has won, AM's fakes fool nobody; here they fool AM's D each time.": {"Q": FIVE["P"]},
        "A D that has won has a loss near 0. What is 0.693?": {"R": FIVE["P"]},
        "An accuracy of a half isn't always a matter of labels: what is 0.693?": [{"R": FIVE["S"]}, {"R": FIVE["T"]}],
        "DM's loss is far below log 2: this D can tell.": [{"S": FIVE["R"]}, {"T": FIVE["R"]}],
        "D may have won here, too; but why is its accuracy a half, and its loss 0.163?": {"S": FIVE["P"]},
        "0.854 is no large loss: logits are small. But why are half of the answers counted wrong?": {"T": FIVE["P"]},
    },
    praise="An accuracy means something only with its labels, its threshold, its loss, and the samples beside it.",
)


# 7. A verdict of your own

SAME = "no difference seen"
LISTS = (105.0, 98.0, 120.0, 88.0, 110.0), (118.0, 112.0, 131.0, 96.0, 92.0)


def comparison(without, changed, *, log=np.log, exp=np.exp, paired=True, quantile=2.776, ddof=1, root=5**0.5, swap=False,
               words=("worse", "better"), one=1.0, mean=np.mean, ends=(0, 1, 2), by_ratio=False, spread=np.std,
               out=tuple, same=SAME):  # fmt: skip
    a, b = (changed, without) if swap else (without, changed)
    values = log(b) - log(a) if log else b / a
    error = spread(values, ddof=ddof) if paired else np.hypot(log(a).std(ddof=1), log(b).std(ddof=1))
    interval = mean(values) + quantile * error / root * np.array([0, -1, 1])
    ratio, low, high = (exp(interval) if log else interval)[list(ends)]
    word = words[0] if low > one else words[1] if high < one else same
    word = words[int(ratio < 1)] if by_ratio else word
    return *out(np.array([ratio, low, high])), word


def in_array(*arguments):
    """Return the same as texts in an array."""
    return np.array(comparison(*arguments))


def look_at_comparison(pair, compare):
    *values, word = several(
        call(compare, *map(np.array, pair)), "the ratio", "the lower end", "the upper end", "the verdict"
    )
    try:
        ratio, low, high = (float(np.asarray(value, dtype=float)) for value in values)
    except (TypeError, ValueError):
        raise Wrong("First three numbers, the ratio, the lower and the upper end; then the verdict.") from None
    if str(word) not in ("worse", "better", SAME):
        raise Wrong(f"{str(word)!r} is none of the words: worse; better; {SAME}.")
    exact = comparison(*map(np.array, pair))[:3]
    if any(np.allclose([ratio, low, high], np.round(exact, n), rtol=0, atol=1e-9) for n in (1, 2)):
        raise Wrong("It is right as far as it goes: return the numbers unrounded.")
    yield "the ratio", ratio
    with np.errstate(all="ignore"):
        below, above = 2.776 * np.log([ratio / low, high / ratio]) / np.log(exact[2] / exact[0])
    yield f"the interval, {below:.3g} standard errors below the ratio and {above:.3g} above it,", np.array([low, high])
    yield f"the verdict, on an interval from {low:.3g} to {high:.3g},", str(word)
    yield "the verdict the other way round", Clue(str(compare(*map(np.array, pair[::-1]))[-1]))


def additive(a, b):
    """Return an interval that was not made on the logarithms' scale."""
    ratio, low, high, _ = comparison(a, b, exp=np.array)
    return np.exp(ratio), np.exp(ratio) - (ratio - low), np.exp(ratio) + high - ratio, SAME


paired = Exercise(
    "`compare(without, with_change)` returns the ratio, the interval's two ends, and the verdict.",
    right=[comparison, in_array, functools.partial(comparison, quantile=2.7764)],
    mistakes={
        "The change the wrong way round: with it over without it.": dict(swap=True),
        "That is the mean of the ratios. Take their logarithms: twice and half weigh the same.": dict(log=None),
        "That compares the means of both lists. Compare seed by seed.": lambda a, b: (
            b.mean() / a.mean(), *comparison(a, b)[1:]
        ),
        "Those are the numbers of the lists in the cell: use the arguments.": lambda *_: comparison(*map(np.array, LISTS)),
        "That is a difference of distances: take their logarithms, and the exponential at the end.": dict(
            log=np.array, exp=np.array
        ),
        "Another base than e: np.exp goes with np.log, 10** with np.log10.": [dict(log=np.log10), dict(log=np.log2)],
        "That is the logarithm of the difference, and NaN where it is negative: take the logarithms first.": (
            lambda a, b: comparison(np.ones(5), b - a)
        ),
        "The i-th numbers of both lists belong together: don't sort them.": lambda a, b: comparison(np.sort(a), np.sort(b)),
        "The interval belongs to the logarithms' mean: first add and subtract, then take the exponential.": additive,
        "That is the median, or another mean; take that of the logarithms.": [
            dict(mean=np.median), *(dict(mean=lambda v, k=k: np.log(np.mean(np.exp(k * v))) / k) for k in (-1, 1))
        ],
        "The five are added up; divide by five.": dict(mean=np.sum),
        "Those are per cent, or the change alone: a ratio is wanted, 1.05 where 5 % are added.": [
            dict(out=lambda v: v - 1), dict(out=lambda v: 100 * v), dict(out=lambda v: 100 * (v - 1))
        ],
        "These are logarithms: take the exponential of the ratio and both ends.": dict(exp=np.array),
        "The seeds are pairs: take the difference seed by seed, then its spread.": [
            dict(paired=False), dict(paired=False, quantile=2.306)
        ],
        "Not that quantile: with five seeds Student's t has 4 degrees of freedom, and 2.5 % at each side: 2.776.": [
            dict(quantile=q) for q in (1.96, 2.0, 2.571, 2.132)
        ],
        "That is the variance; take its root, the standard deviation.": dict(spread=np.var),
        "The standard deviation of a sample divides by n - 1: ddof=1.": dict(ddof=0),
        "That is the spread of single seeds. The mean of five has √5 times less.": dict(root=1),
        "Five seeds: √5. (The 4 degrees of freedom are in the 2.776 and in ddof=1.)": dict(root=2),
        "The ends themselves are wanted, not how far they are from the ratio.": [
            dict(out=lambda v: [v[0], *(v[1:] - v[0])]), dict(out=lambda v: [v[0], *(v[1:] / v[0])])
        ],
        "First the lower end, then the upper one.": dict(ends=(0, 2, 1)),
        "First the ratio, then the two ends.": [dict(ends=(1, 0, 2)), dict(ends=(1, 2, 0))],
        "Above 1 the distance has grown: is that better or worse?": dict(words=("better", "worse")),
        "The interval decides, not the ratio, nor how many seeds are worse: is 1, no change, inside it?": dict(by_ratio=True),
        "Is it 'worse' whatever comes in? Compare the ends with 1: that ratio is no change (0 isn't).": dict(one=0.0),
        "math.log and float() take one number. np.log takes all five.": lambda a, b: float(a),
        "There is a third word, for an interval that holds 1.": [dict(same="better"), dict(same="worse")],
        "Logarithms are compared with 1. No change is a logarithm of 0.": dict(one=np.e),
        "The words are: worse, better, no difference seen.": lambda a, b: (*comparison(a, b)[:3], "same"),
        "In this order: ratio, lower end, upper end, verdict.": lambda a, b: comparison(a, b)[::-1],
        "Four things: ratio, lower end, upper end and verdict.": lambda a, b: comparison(a, b)[::3],
    },
    cases={
        "a change for the worse": ((100.0, 150.0, 80.0, 60.0, 200.0), (113.0, 161.0, 93.0, 66.0, 231.0)),
        "a change for the better": ((100.0, 150.0, 80.0, 60.0, 200.0), (71.0, 128.0, 60.0, 41.0, 162.0)),
        "worse with four seeds of five": LISTS,
    },
    observe=look_at_comparison,
    tolerance=1e-3,
    hints={
        "the ratio": "It is the exponential of a mean: that of the logarithms' differences, seed by seed.",
        "the interval": "The ratio is right. In logarithms an end is 2.776 standard errors of the five differences away.",
        "the verdict": "Is 1, which means no change, inside the interval? And is a ratio above 1 better or worse?",
    },
    praise="Four seeds of five can be worse, and five seeds are still too few to tell.",
)  # fmt: skip
