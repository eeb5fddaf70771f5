"""A small Keras 2 training as its time wrote them: DM and AM compiled, train_on_batch, RMSprop with clipping and decay.

Dropout and batch norm are in both networks, and NumPy draws the noise.
"""

import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # read when TensorFlow starts
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np
import tf_keras
from tf_keras import layers
from training import LATENT_DIM, PIXELS, as_images, main, make_run


def make(seed=0, width=8, **options):
    """Return a run and the networks' update, as a lesson would write them."""
    tf_keras.backend.experimental.enable_tf_random_generator()
    tf_keras.utils.set_random_seed(seed)
    generator = tf_keras.Sequential(
        [
            layers.Input((LATENT_DIM,)),
            layers.Dense(width),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(PIXELS, "sigmoid"),
        ]
    )
    discriminator = tf_keras.Sequential(
        [
            layers.Input((PIXELS,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Dense(1, "sigmoid"),
        ]
    )
    opt_d = tf_keras.optimizers.legacy.RMSprop(1e-2, clipvalue=1.0, decay=1e-2)
    opt_g = tf_keras.optimizers.legacy.RMSprop(5e-3, clipvalue=1.0, decay=1e-2)
    opt_d._create_all_weights(discriminator.trainable_variables)
    opt_g._create_all_weights(generator.trainable_variables)

    dm = tf_keras.Sequential([discriminator])
    dm.compile(loss="binary_crossentropy", optimizer=opt_d)
    discriminator.trainable = False
    am = tf_keras.Sequential([generator, discriminator])
    am.compile(loss="binary_crossentropy", optimizer=opt_g)
    noise = np.random.default_rng(seed)

    def draw(n):
        return noise.standard_normal((n, LATENT_DIM), np.float32)

    def update(real):
        images = np.concatenate([real, generator(draw(len(real)), training=False)])
        d_loss = dm.train_on_batch(images, np.repeat([1.0, 0.0], len(real)))
        return d_loss, am.train_on_batch(draw(len(real)), np.ones(len(real)))

    def sample(z):
        return as_images(generator(z, training=False))

    state = {"generator": generator, "discriminator": discriminator, "opt_g": opt_g, "opt_d": opt_d, "noise": noise}
    return make_run("99_tf_keras", seed, state, sample, **options), update


if __name__ == "__main__":
    main(make, never=("torch",))
