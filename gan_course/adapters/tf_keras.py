"""tf_keras (Keras 2): models and layers, optimisers, and legacy optimisers with ``decay``."""

import tensorflow as tf
import tf_keras

from gan_course.adapters import variables
from gan_course.errors import CheckpointError

AMOUNTS = "rate", "stddev", "dropout", "recurrent_dropout"  # a layer that has one, and has it at 0, draws nothing


def arrays(obj):
    return variables.to_arrays(_variables(obj))


def restore(obj, saved):
    variables.assign(_variables(obj), saved)


def trainable(obj):
    if not isinstance(obj, tf_keras.layers.Layer):
        return set()
    # `trainable = False` empties the public lists; a layer's own ones it leaves alone.
    parameters = {id(variable) for layer in obj._flatten_layers() for variable in layer._trainable_weights}
    return {key for key, variable in _variables(obj).items() if id(variable) in parameters}


def ambient(wanted=()):
    return {}  # each layer that draws has a generator of its own, see _generators


def _variables(obj):
    if isinstance(obj, tf_keras.layers.Layer):  # a model is a layer, too
        _require(obj.built, f"the network {obj.name}", "give it an Input layer, or call it once")
        return variables.keyed([*_weights(obj), *_generators(obj)])
    if isinstance(obj, tf_keras.optimizers.legacy.Optimizer):
        # a legacy optimiser has no public build(); Keras 2 itself calls this one when it loads a model
        _require(
            obj._hypers_created,
            f"the legacy optimiser {obj._name}",
            "make them with opt._create_all_weights(model.trainable_variables)",
        )
        rates = [(f"hyper/{name}", value) for name, value in obj._hyper.items() if isinstance(value, tf.Variable)]
        return variables.keyed([*_without_scope(obj._name, obj.weights), *rates])
    if isinstance(obj, tf_keras.optimizers.Optimizer):
        _require(
            getattr(obj, "_built", False),
            f"the optimiser {obj.name}",
            "build it with opt.build(model.trainable_variables)",
        )
        rates = [(f"hyper{name}", getattr(obj, name, None)) for name in ("_learning_rate", "_current_learning_rate")]
        rates = [(name, value) for name, value in rates if isinstance(value, tf.Variable)]
        return variables.keyed([*_without_scope(obj.name, obj.variables), *rates])
    raise TypeError(f"a {type(obj).__name__} can't be saved; pass a model, layer or optimiser.")


def _weights(network):
    """Return (name, variable) of each weight once; `network.weights` would change its order when a part is frozen."""
    found = {}
    for layer in network._flatten_layers():
        for variable in layer._trainable_weights + layer._non_trainable_weights:
            found.setdefault(id(variable), (variable.name, variable))
    return found.values()


def _generators(network):
    """Return (name, state) of each random layer's generator, which `network.variables` leaves out."""
    found = []
    for layer in network._flatten_layers():
        generator = getattr(layer, "_random_generator", None)
        amounts = [getattr(layer, amount) for amount in AMOUNTS if hasattr(layer, amount)]
        if generator is None or (amounts and not any(amounts)):
            continue
        if generator._rng_type == generator.RNG_LEGACY_STATEFUL:
            raise CheckpointError(
                f"the layer {layer.name} draws from a generator that can't be saved. Call "
                "tf_keras.backend.experimental.enable_tf_random_generator() before the network is made."
            )
        if generator._rng_type == generator.RNG_STATEFUL:  # a stateless one draws the same at each call
            generator._maybe_init()
            found.append((f"{layer.name}/generator", generator._generator.state))
    return found


def _without_scope(name, weights):
    """Return (name, variable): the optimiser's own name leads only where the first step made them, not its build()."""
    prefix = variables.without_counters(name) + "/"
    return [(variables.without_counters(weight.name).removeprefix(prefix), weight) for weight in weights]


def _require(built, what, how):
    if not built:
        raise CheckpointError(f"{what} has no variables yet: {how} before the run.")
