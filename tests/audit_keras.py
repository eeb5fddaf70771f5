"""Small games in Keras 3 and Keras 2 for the audit: right ones, and each with one thing broken.

`K` is the module, `keras` or `tf_keras`; what is written here is the same code in both, and is right in one and wrong
in the other where they differ. `TapeGame` writes its steps out; `Compiled` is DM and AM with `train_on_batch`.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from audit_game import arguments_of  # noqa: E402

LATENT, PIXELS, BATCH = 4, 12, 16


def prepare(K):
    K.utils.set_random_seed(0)
    if "tf_keras" in K.__name__:  # Keras 2's layers draw from generators that can be saved only if told so
        K.backend.experimental.enable_tf_random_generator()


def generator(K, *extra, end="tanh"):
    layers = [K.layers.Input((LATENT,)), K.layers.Dense(16), *extra, K.layers.ReLU(), K.layers.Dense(PIXELS, end)]
    return K.Sequential(layers)


def discriminator(K, *extra, end=()):
    layers = [K.layers.Input((PIXELS,)), K.layers.Dense(16), *extra, K.layers.ReLU(), K.layers.Dense(1), *end]
    return K.Sequential(layers)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), label), logits))


def bce_d(real, fake):
    return cross_entropy(real, 1.0) + cross_entropy(fake, 0.0)


def bce_g(real, fake):
    return cross_entropy(fake, 1.0)


def adam(K):
    return K.optimizers.Adam(1e-3, beta_1=0.5)


def momentum(K):  # the quickest to trace and to put back
    return K.optimizers.SGD(0.05, momentum=0.9)


def pictures():
    real = np.random.default_rng(2).uniform(-1, 1, (BATCH, PIXELS)).astype("float32")
    real[0, :2] = -1, 1
    return real


class TapeGame:
    """Both steps written out with a tape. `compiled` puts them into `tf.function`."""

    def __init__(
        self, K, g=generator, d=discriminator, d_loss=bce_d, g_loss=bce_g, opt=momentum, compiled=False, hands=()
    ):
        prepare(K)
        self.K, self.g, self.d = K, g(K), d(K)
        self.opt_g, self.opt_d = opt(K), opt(K)
        self.opt_g.build(self.g.trainable_variables)
        self.opt_d.build(self.d.trainable_variables)
        self.hands = hands  # which of "logits" and "fake" it hands over
        self.noise = tf.random.Generator.from_seed(1)
        self.d_loss, self.g_loss, self.real = d_loss, g_loss, pictures()
        if compiled:
            self.update_d, self.update_g = tf.function(self.update_d), tf.function(self.update_g)

    def z(self, n):
        return self.noise.normal((n, LATENT))

    def fakes_of_d(self, n):
        return self.g(self.z(n), training=True)

    def update_d(self, real):
        fake = self.fakes_of_d(len(real))
        with tf.GradientTape() as tape:
            loss = self.d_loss(self.d(real, training=True), self.d(fake, training=True))
        self.step(self.opt_d, tape, loss, self.d.trainable_variables)

    def update_g(self, real):
        with tf.GradientTape() as tape:
            fake = self.g(self.z(len(real)), training=True)
            loss = self.g_loss(self.d(real, training=True), self.d(fake, training=True))
        self.step(self.opt_g, tape, loss, self.g.trainable_variables)

    @staticmethod
    def step(optimiser, tape, loss, variables):
        optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def logits(self, images):
        return self.d(images, training=True)

    def arguments(self, **others):
        hands = {"logits": self.logits, "fake": lambda n: self.g(self.z(n), training=True)}
        return arguments_of(self, **{name: hands[name] for name in self.hands} | others)


# -- right -------------------------------------------------------------------------------------------------------------


def normed(K, **how):
    return TapeGame(
        K,
        lambda K: generator(K, K.layers.BatchNormalization()),
        lambda K: discriminator(K, K.layers.BatchNormalization(), K.layers.Dropout(0.3, seed=5)),
        **how,
    )


def relativistic(K):
    return TapeGame(
        K,
        d_loss=lambda real, fake: tf.reduce_mean(tf.nn.softplus(fake - real)),
        g_loss=lambda real, fake: tf.reduce_mean(tf.nn.softplus(real - fake)),
    )


RIGHT = {
    "BCE": lambda K: TapeGame(K, opt=adam, hands=("logits", "fake")),
    "BCE, tf.function": lambda K: TapeGame(K, opt=adam, compiled=True),
    "BCE, RMSprop with clipvalue": lambda K: TapeGame(K, opt=lambda K: K.optimizers.RMSprop(1e-3, clipvalue=1.0)),
    "relativistic": relativistic,
    "batch norm and dropout": normed,
}

# -- broken, with tapes ------------------------------------------------------------------------------------------------


class NotFrozen(TapeGame):
    """G's gradients are applied to the variables of both."""

    def __init__(self, K):
        super().__init__(K)
        self.both = [*self.g.trainable_variables, *self.d.trainable_variables]
        self.opt_g = adam(K)
        self.opt_g.build(self.both)

    def update_g(self, real):
        with tf.GradientTape() as tape:
            loss = self.g_loss(None, self.d(self.g(self.z(len(real)), training=True), training=True))
        self.step(self.opt_g, tape, loss, self.both)


class FakesOutsideTheTape(TapeGame):
    def update_g(self, real):
        fake = self.g(self.z(len(real)), training=True)
        with tf.GradientTape() as tape:
            loss = self.g_loss(None, self.d(fake, training=True))
        self.step(self.opt_g, tape, loss, self.g.trainable_variables)


class OneTape(TapeGame):
    """One tape for both losses, which can be asked once only."""

    def update_g(self, real):
        with tf.GradientTape() as tape:
            fake = self.d(self.g(self.z(len(real)), training=True), training=True)
            d_loss, g_loss = self.d_loss(self.d(real, training=True), fake), self.g_loss(None, fake)
        tape.gradient(d_loss, self.d.trainable_variables)
        self.step(self.opt_g, tape, g_loss, self.g.trainable_variables)


class HalfOutsideTheTape(TapeGame):
    """D's first layer is called before the tape is open: some gradients are None, and Keras merely warns."""

    def update_d(self, real):
        first, *rest = self.d.layers
        real, fake = first(real), first(self.fakes_of_d(len(real)))
        with tf.GradientTape() as tape:
            for layer in rest:
                real, fake = layer(real), layer(fake)
            loss = self.d_loss(real, fake)
        self.step(self.opt_d, tape, loss, self.d.trainable_variables)


class StoppedInG(TapeGame):
    """The path is cut, and the step is written by hand: nothing raises."""

    def update_g(self, real):
        with tf.GradientTape() as tape:
            fake = tf.stop_gradient(self.g(self.z(len(real)), training=True))
            loss = self.g_loss(None, self.d(fake, training=True))
        variables = self.g.trainable_variables
        gradients = zip(tape.gradient(loss, variables), variables, strict=True)
        gradients = [tf.zeros(v.shape) if g is None else g for g, v in gradients]
        self.opt_g.apply_gradients(zip(gradients, variables, strict=True))


class OneOptimiser(TapeGame):
    """One Adam, built with D's variables: it doesn't know G's."""

    def __init__(self, K):
        super().__init__(K)
        self.opt_g = self.opt_d


class OneOptimiserForAll(TapeGame):
    """One Adam, built with the variables of both: nothing raises."""

    def __init__(self, K):
        super().__init__(K)
        self.opt_g = self.opt_d = adam(K)
        self.opt_d.build([*self.d.trainable_variables, *self.g.trainable_variables])


def squashed(K):
    """Keras repairs a double sigmoid in its own loss, but not if an operation follows the first."""
    return discriminator(K, end=[K.layers.Activation("sigmoid"), K.layers.Reshape((1,))])


class FixedLabels(TapeGame):
    def update_d(self, real):
        fake = self.fakes_of_d(BATCH)
        with tf.GradientTape() as tape:
            entropy = tf.nn.sigmoid_cross_entropy_with_logits
            loss = tf.reduce_mean(entropy(tf.ones((BATCH, 1)), self.d(real, training=True)))
            loss += tf.reduce_mean(entropy(tf.zeros((BATCH, 1)), self.d(fake, training=True)))
        self.step(self.opt_d, tape, loss, self.d.trainable_variables)


class RebuiltD(TapeGame):
    def __init__(self, K):
        super().__init__(K)
        self.other = discriminator(K)

    def update_g(self, real):
        with tf.GradientTape() as tape:
            loss = self.g_loss(None, self.other(self.g(self.z(len(real)), training=True), training=True))
        self.step(self.opt_g, tape, loss, self.g.trainable_variables)


class InferenceFakes(TapeGame):
    def __init__(self, K, extra=lambda K: K.layers.BatchNormalization()):
        super().__init__(K, lambda K: generator(K, extra(K)))

    def fakes_of_d(self, n):
        return self.g(self.z(n), training=False)


def d_stays_frozen(K):
    """G's update freezes D, and nobody thaws it."""
    game = TapeGame(K)
    update_g = game.update_g

    def freezing(real):
        game.d.trainable = False
        update_g(real)

    game.update_g = freezing
    return game


class Autoencoder:
    """One update that moves two networks."""

    def __init__(self, K):
        prepare(K)
        self.encoder, self.opt = discriminator(K), adam(K)
        self.decoder = K.Sequential([K.layers.Input((1,)), K.layers.Dense(PIXELS, "tanh")])
        self.variables = [*self.encoder.trainable_variables, *self.decoder.trainable_variables]

    def update(self, real):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.decoder(self.encoder(real, training=True), training=True) - real))
        TapeGame.step(self.opt, tape, loss, self.variables)

    def arguments(self):
        state = {"encoder": self.encoder, "decoder": self.decoder, "opt": self.opt}
        moves = {"autoencoder": ("encoder", "decoder")}
        return dict(updates={"autoencoder": self.update}, state=state, batch=pictures(), moves=moves)


BROKEN = {  # name to (verdict, function of K)
    "G's gradients for both networks": ("d-not-frozen", NotFrozen),
    "fakes outside the tape": ("no-gradient", FakesOutsideTheTape),
    "half outside the tape": ("dead-tensor", HalfOutsideTheTape),
    "stop_gradient in G": ("g-never-moves", StoppedInG),
    "one optimiser, built for D": ("one-optimiser", OneOptimiser),
    "one optimiser, built for both": ("one-optimiser", OneOptimiserForAll),
    "one tape for both": ("update-raises", OneTape),
    "double sigmoid, reshaped": (
        "double-sigmoid",
        lambda K: TapeGame(K, d=squashed, hands=("logits",)),
    ),
    "pixels in [-1, 1], sigmoid": (
        "pixel-range",
        lambda K: TapeGame(K, lambda K: generator(K, end="sigmoid"), hands=("fake",)),
    ),
    "fixed labels": ("fixed-batch-size", FixedLabels),
    "another D": ("other-discriminator", RebuiltD),
    "fakes with training=False": ("inference-fakes", InferenceFakes),
    "fakes with training=False, dropout": (
        "inference-fakes",
        lambda K: InferenceFakes(K, lambda K: K.layers.Dropout(0.3, seed=4)),
    ),
    "D stays frozen": ("left-over-flags", d_stays_frozen),
}

# -- DM and AM with train_on_batch -------------------------------------------------------------------------------------


class Compiled:
    """D in a model of its own (DM), and G with D behind it (AM), as Keras-2 programs had them."""

    def __init__(self, K, order, legacy=False):
        prepare(K)
        self.K, self.legacy, self.toggling = K, legacy, None
        self.g, self.d = generator(K), discriminator(K)
        self.dm = K.Sequential([K.layers.Input((PIXELS,)), self.d])
        self.am = K.Sequential([K.layers.Input((LATENT,)), self.g, self.d])
        self.noise = np.random.default_rng(1)
        order(self)

    def compile(self, model):
        optimiser = self.K.optimizers.legacy.RMSprop(1e-3, decay=6e-8) if self.legacy else momentum(self.K)
        fast = {} if "tf_keras" in self.K.__name__ else {"jit_compile": False}
        model.compile(optimiser, self.K.losses.BinaryCrossentropy(from_logits=True), **fast)

    def build(self, model):
        make = model.optimizer._create_all_weights if self.legacy else model.optimizer.build
        make(model.trainable_variables)

    def z(self, n):
        return self.noise.standard_normal((n, LATENT), "float32")

    def update_d(self, real):
        if self.toggling:
            self.d.trainable = True
        fake = self.g(self.z(len(real)), training=True).numpy()
        labels = np.repeat([1.0, 0.0], len(real))[:, None]
        self.dm.train_on_batch(np.concatenate([real, fake]), labels)

    def update_g(self, real):
        if self.toggling:
            self.d.trainable = False
        self.am.train_on_batch(self.z(len(real)), np.ones((len(real), 1)))

    def arguments(self, **others):
        self.opt_d, self.opt_g, self.real = self.dm.optimizer, self.am.optimizer, pictures()
        return arguments_of(self, **others)


def never_frozen(game):
    for model in (game.dm, game.am):
        game.compile(model)
        game.build(model)


def keras_2_idiom(game):
    game.compile(game.dm)
    game.build(game.dm)
    game.d.trainable = False
    game.compile(game.am)
    game.build(game.am)


def called_once(game):
    game.compile(game.dm)
    game.build(game.dm)
    game.update_d(pictures())
    game.d.trainable = False
    game.compile(game.am)
    game.build(game.am)


def toggled_late(game):
    """Both compiled unfrozen; `trainable` is set before each call."""
    never_frozen(game)
    game.toggling = True


def unfrozen_again(game):
    game.compile(game.dm)
    game.build(game.dm)
    game.d.trainable = False
    game.compile(game.am)
    game.d.trainable = True
    game.build(game.am)


def unfrozen_after_build(game):
    """The same, but AM's optimiser knows G's variables only."""
    keras_2_idiom(game)
    game.d.trainable = True


def toggled(game):
    """The only pattern that is right in both."""
    keras_2_idiom(game)
    game.toggling = True


ORDERS = {  # function to the verdict in Keras 2 and in Keras 3 (None: right)
    never_frozen: ("d-not-frozen", "d-not-frozen"),
    keras_2_idiom: (None, "d-never-moves"),
    called_once: (None, "size-dependent-step"),
    toggled_late: ("d-not-frozen", None),
    unfrozen_again: (None, "d-not-frozen"),
    unfrozen_after_build: (None, "d-not-frozen"),
    toggled: (None, None),
}
