"""A small Keras 3 training with all that makes resuming hard.

That is: a compiled step of one's own, dropout, batch norm, Adam with a schedule, owned noise.
"""

import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # read when TensorFlow starts
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import keras
import tensorflow as tf
from keras import layers
from training import LATENT_DIM, PIXELS, as_images, main, make_run


def make(seed=0, width=8, **options):
    """Return a run and the networks' update, as a lesson would write them."""
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(width),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(PIXELS),
        ],
        name="generator",
    )
    discriminator = keras.Sequential(
        [keras.Input((PIXELS,)), layers.Dense(8), layers.LeakyReLU(0.2), layers.Dropout(0.3), layers.Dense(1)]
    )
    opt_g = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-2, 1, 0.9), beta_1=0.5)
    opt_d = keras.optimizers.RMSprop(1e-2)
    opt_g.build(generator.trainable_variables)
    opt_d.build(discriminator.trainable_variables)
    noise = tf.random.Generator.from_seed(seed)

    @tf.function
    def update(real):
        z = noise.normal((len(real), LATENT_DIM))
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = generator(z, training=True)
            d_fake = discriminator(fake, training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(real, training=True)) + tf.nn.softplus(d_fake))
            g_loss = tf.reduce_mean(tf.nn.softplus(-d_fake))
        opt_d.apply(d_tape.gradient(d_loss, discriminator.trainable_variables))
        opt_g.apply(g_tape.gradient(g_loss, generator.trainable_variables))
        return d_loss, g_loss

    def sample(z):
        return as_images(tf.sigmoid(generator(z, training=False)))

    state = {"generator": generator, "discriminator": discriminator, "opt_g": opt_g, "opt_d": opt_d, "noise": noise}
    return make_run("99_keras", seed, state, sample, **options), update


if __name__ == "__main__":
    main(make, never=("torch", "tf_keras"))
