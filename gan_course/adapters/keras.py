"""Keras 3: models and layers, optimisers, seed generators, variables.

A learning-rate schedule has no state of its own: it reads the optimiser's iterations, which are saved.
"""

import keras
from keras.src.random import seed_generator  # Keras offers no public way to its global one

from gan_course.adapters import variables
from gan_course.errors import CheckpointError

GLOBAL_SEED = "keras.global_seed_generator"


def arrays(obj):
    return variables.to_arrays(_variables(obj))


def restore(obj, saved):
    variables.assign(_variables(obj), saved)


def trainable(obj):
    if not isinstance(obj, keras.layers.Layer):
        return set()
    # `trainable = False` empties the public lists; a layer's own ones it leaves alone.
    parameters = {id(variable) for layer in obj._flatten_layers() for variable in layer._trainable_variables}
    return {key for key, variable in _variables(obj).items() if id(variable) in parameters}


def ambient(wanted=()):
    """``keras.random`` draws from a generator that appears at the first call without a seed; layers have their own."""
    made = seed_generator.global_state.get_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR)
    if made is None and GLOBAL_SEED in wanted:
        made = seed_generator.global_seed_generator()
    return {} if made is None else {GLOBAL_SEED: made}


def _variables(obj):
    if isinstance(obj, keras.layers.Layer):  # a model is a layer, too
        _require(obj.built, f"the network {obj.name}", "give it an Input layer, or call it once")
        # unlike `weights`, these hold the states of the seed generators; their order doesn't depend on what is frozen
        return variables.keyed((variable.path, variable) for variable in obj.variables)
    if isinstance(obj, keras.optimizers.Optimizer):
        _require(obj.built, f"the optimiser {obj.name}", "build it with opt.build(model.trainable_variables)")
        prefix = variables.without_counters(obj.name) + "/"
        return variables.keyed(
            (variables.without_counters(variable.path).removeprefix(prefix), variable) for variable in obj.variables
        )
    if isinstance(obj, keras.random.SeedGenerator):
        return {"state": obj.state}
    if isinstance(obj, keras.Variable):
        return {"value": obj}
    raise TypeError(f"a {type(obj).__name__} can't be saved; pass a model, layer, optimiser, generator or variable.")


def _require(built, what, how):
    if not built:
        raise CheckpointError(f"{what} has no variables yet: {how} before the run.")
