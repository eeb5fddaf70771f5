"""How a framework's objects become arrays, and arrays those objects again.

One file a framework, each with the same functions:

* ``arrays(obj)`` returns a flat dict of copies: NumPy arrays, and JSON-able values for what is no array. Everything
  that the object's next step depends on is in it.
* ``restore(obj, arrays)`` writes such a dict back into an object of the same kind, in place. An object of another
  architecture is a ``ValueError`` that names the first tensor that differs.
* ``trainable(obj)`` returns which keys of ``arrays(obj)`` are a network's parameters, whatever is frozen at present.
  Its other keys are buffers: batch norm's statistics, seed states, spectral norm's vectors. It is the empty set for
  anything that is no network. (NumPy has no networks, and lacks it.)
* ``ambient(wanted)`` returns the random generators that the framework's layers draw from unasked (dropout), by name.
  Those named in ``wanted`` are made where the framework would only make them at their first use.

A file is imported only when an object of its framework turns up. ``variables`` holds what several of them share.
"""

import importlib
import sys

MODULES = {
    "torch": "gan_course.adapters.pytorch",
    "tensorflow": "gan_course.adapters.tensorflow",
    "keras": "gan_course.adapters.keras",
    "tf_keras": "gan_course.adapters.tf_keras",
    "numpy": "gan_course.adapters.numpy",
}


def of(obj):
    """Return the adapter module of an object.

    Raises
    ------
    TypeError
        If no framework known here made it.
    """
    for kind in type(obj).__mro__:  # a lesson's own nn.Module is torch's only by its base class
        module = MODULES.get(kind.__module__.partition(".")[0])
        if module:
            return importlib.import_module(module)
    known = ", ".join(MODULES)
    raise TypeError(f"a {type(obj).__name__} can't be saved in a checkpoint; known are the objects of: {known}.")


def ambient(wanted=()):
    """Return the ambient generators of the frameworks that have been imported so far, by name."""
    loaded = [importlib.import_module(module) for name, module in MODULES.items() if name in sys.modules]
    return {name: generator for module in loaded for name, generator in module.ambient(wanted).items()}
