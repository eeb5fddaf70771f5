"""TensorFlow: variables, and random generators (``tf.random.Generator``)."""

import tensorflow as tf

from gan_course.adapters import variables


def arrays(obj):
    return variables.to_arrays(_variables(obj))


def restore(obj, saved):
    variables.assign(_variables(obj), saved)


def trainable(obj):
    return set()  # the networks are Keras's


def ambient(wanted=()):
    return {}  # tf.random.normal() and its like keep their state in the kernel, where nothing can save it


def _variables(obj):
    if isinstance(obj, tf.random.Generator):
        return {"state": obj.state}
    if isinstance(obj, tf.Variable):
        return {"value": obj}
    raise TypeError(f"a {type(obj).__name__} can't be saved; pass a tf.Variable or a tf.random.Generator.")
