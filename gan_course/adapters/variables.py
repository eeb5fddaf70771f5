"""What several frameworks share: named tensors compared by shape, and TensorFlow's variables as arrays.

It imports no framework. A variable is anything with ``shape``, ``numpy()`` and ``assign()``.
"""

import re

import numpy as np


def compare(here, there):
    """Raise a ``ValueError`` that names the first tensor that differs; the frameworks' own messages list every one.

    Parameters
    ----------
    here, there : dict
        Name to shape, of the object and of what was saved.
    """
    for name in here | there:
        if here.get(name) != there.get(name):
            raise ValueError(f"{name} was saved as {there.get(name, 'absent')}, here it is {here.get(name, 'absent')}.")


def keyed(named):
    """Return a dict of variables under keys that are unique, and the same whenever the same code made them.

    Keras counts the layers of a process (``dense``, ``dense_1``), so that networks made twice have two sets of names,
    and names that a lesson gives may repeat. A key is the variable's place in the list and its name without counters:
    ``3/generator/dense/kernel``.

    Parameters
    ----------
    named : iterable of (str, variable)
        In an order that depends on nothing but the architecture.
    """
    return {f"{index}/{without_counters(name)}": variable for index, (name, variable) in enumerate(named)}


def without_counters(name):
    return re.sub(r"_\d+(?=[_/]|$)", "", name.partition(":")[0])


def to_arrays(variables):
    """Return a copy of every variable: ``numpy()`` may be a view of the memory that the next step overwrites."""
    return {key: np.array(variable.numpy()) for key, variable in variables.items()}


def assign(variables, saved):
    """Write arrays into the variables of the same keys, after all their shapes have been compared."""
    compare({key: tuple(variable.shape) for key, variable in variables.items()}, shapes(saved))
    for key, variable in variables.items():
        variable.assign(saved[key])


def shapes(arrays):
    return {key: np.shape(array) for key, array in arrays.items()}
