"""How a framework's objects become arrays, and arrays those objects again.

One file a framework, each with the same functions:

* ``arrays(obj)`` returns a flat dict of copies: NumPy arrays, and JSON-able values for what is no array.
* ``restore(obj, arrays)`` writes such a dict back into an object of the same kind, in place.
* ``ambient()`` returns the random generators that the framework's layers draw from unasked (dropout), by name.

A file is imported only when an object of its framework turns up.
"""

import importlib
import sys

MODULES = {
    "torch": "gan_course.adapters.pytorch",
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


def ambient():
    """Return the ambient generators of the frameworks that have been imported so far, by name."""
    loaded = [importlib.import_module(module) for name, module in MODULES.items() if name in sys.modules]
    return {name: generator for module in loaded for name, generator in module.ambient().items()}
