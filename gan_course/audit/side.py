"""What differs between frameworks: which traces an update can leave besides numbers, and how they are read."""

import importlib

from gan_course import adapters

MODULES = {
    "gan_course.adapters.pytorch": "gan_course.audit.pytorch_side",
    "gan_course.adapters.keras": "gan_course.audit.keras_side",
    "gan_course.adapters.tf_keras": "gan_course.audit.keras_side",
    "gan_course.adapters.tensorflow": "gan_course.audit.keras_side",
}


def sides(objects):
    """Return a :class:`Side` for each framework among these objects (dict of name to object)."""
    grouped = {}
    for name, obj in objects.items():
        if module := MODULES.get(adapters.of(obj).__name__):
            grouped.setdefault(module, {})[name] = obj
    return [importlib.import_module(module).Side(mine) for module, mine in grouped.items()]


class Side:
    """One framework's networks and optimisers. What is written here is for frameworks that have nothing of the kind.

    Each also has ``kind`` (``"torch"``, ``"keras"`` or ``"tf_keras"``), ``flags`` (flags and modes as they were found)
    and these methods:

    * ``read_flags()``: flags and modes as they are now.
    * ``reset(gradients, flags)``: write both. Gradients are as :meth:`gradients` returns them, or None: there are none.
    * ``restore()``: put everything back exactly as it was found; called once, at the end.
    * ``frozen(name)``: keys of those of a network's parameters that are frozen now (set of str).
    * ``fresh(arrays)``: an optimiser's arrays without the memory of earlier steps.
    """

    def __init__(self):
        self.networks, self.optimisers = {}, {}  # name to object
        self.stepped = set()  # the optimisers that took a step since the last reset, if no counter shows it
        self.drawn = (
            set()
        )  # (network, key) of the dropout layers that drew a mask since then, if no seed state shows it

    def gradients(self):
        """Return the gradients that parameters have now (list of arrays or None)."""
        return []

    def graded(self):
        """Return the networks in which a gradient is left that isn't zero (set of str)."""
        return set()

    def owners(self, text):
        """Return the networks whose variables an error message names (set of str)."""
        return set()

    def holders(self, names, others):
        """Return the optimisers that hold parameters of both groups of networks (set of str)."""
        return set()

    def grown(self, kept, now):
        """Return an optimiser's earlier arrays, with what has been added since."""
        return kept
