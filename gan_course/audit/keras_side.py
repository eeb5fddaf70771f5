"""Keras 3 and Keras 2: ``trainable``, which Keras 3 reads when it traces a function and Keras 2 when it compiles a model.

No gradients stay: an optimiser is handed them. Its counter shows that it took a step, a seed state that a mask was drawn.
"""

import importlib
import random

import numpy as np

from gan_course import adapters
from gan_course.audit.side import Side as Base


class Side(Base):
    def __init__(self, objects):
        super().__init__()
        for name, obj in objects.items():
            root = adapters.of(obj).__name__.rpartition(".")[2]  # keras, tf_keras or tensorflow
            if root == "tensorflow":
                continue
            kinds = importlib.import_module(root)
            legacy = getattr(kinds.optimizers.legacy, "Optimizer", ()) if root == "tf_keras" else ()
            if isinstance(obj, kinds.layers.Layer):
                self.networks[name] = obj
            elif isinstance(obj, kinds.optimizers.Optimizer) or isinstance(obj, legacy):
                self.optimisers[name] = obj
        roots = {adapters.of(network).__name__.rpartition(".")[2] for network in self.networks.values()}
        self.kind = "tf_keras" if roots == {"tf_keras"} else "keras"
        # parents come before their parts, whose flags a parent's setter overwrites
        self._layers = [layer for network in self.networks.values() for layer in network._flatten_layers()]
        self.flags = self.read_flags()
        self._seed = GlobalSeed(wanted="keras" in roots)

    def reset(self, gradients, flags):
        if flags != self.read_flags():
            for layer, flag in zip(self._layers, flags, strict=True):
                layer.trainable = flag
        self._seed.reset()

    def restore(self):
        self.reset(None, self.flags)
        self._seed.restore()

    def read_flags(self):
        return [layer.trainable for layer in self._layers]

    def frozen(self, name):
        network = self.networks[name]
        unfrozen = {id(variable) for variable in network.trainable_variables}
        variables = adapters.of(network)._variables(network)
        return {key for key in adapters.of(network).trainable(network) if id(variables[key]) not in unfrozen}

    def owners(self, text):
        return {
            name
            for name, network in self.networks.items()
            if any(getattr(variable, "path", variable.name) in text for variable in network.variables)
        }

    def fresh(self, arrays):
        """Moments become zero. Counters and rates are scalars, and stay: a schedule may begin with a rate of 0."""
        return {key: np.zeros_like(value) if np.ndim(value) else value for key, value in arrays.items()}

    def grown(self, kept, now):
        """Keras 2's legacy optimisers add moments for each new variable: at zero, after those that are there."""
        earlier = {}
        for key, value in kept.items():  # a key is a position, which may have shifted, and a name
            earlier.setdefault(key.partition("/")[2], []).append(value)
        return {
            key: earlier[name].pop(0) if earlier.get(name := key.partition("/")[2]) else np.zeros_like(value)
            for key, value in now.items()
        }


class GlobalSeed:
    """Keras 3's global seed generator, which is made at its first use, from Python's generator.

    That may happen in an update that is audited. So it is made before, and removed afterwards if nothing used it.
    """

    def __init__(self, wanted):
        self.generator, self.used, self._python = None, False, random.getstate()
        if wanted:
            from gan_course.adapters import keras as adapter

            if adapter.GLOBAL_SEED not in adapter.ambient():
                self.generator = adapter.ambient({adapter.GLOBAL_SEED})[adapter.GLOBAL_SEED]
                self._start = self.generator.state.numpy()

    def reset(self):
        if self.generator is not None and (self.generator.state.numpy() != self._start).any():
            self.used = True
            self.generator.state.assign(self._start)

    def restore(self):
        self.reset()
        if self.generator is not None and not self.used:
            from keras.src.random import seed_generator

            seed_generator.global_state.set_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR, None)
            random.setstate(self._python)
