"""Runs one update from a chosen state, sees what it changed, and puts everything back at the end.

All that an update may change is saved first: the objects in ``state`` and the frameworks' ambient generators through
:mod:`gan_course.adapters`, Python's and NumPy's global generators, and gradients, flags and modes through each
framework's :class:`gan_course.audit.side.Side`. Each trial starts from there, with the optimisers' moments set to zero:
otherwise they would move weights that get no gradient.
"""

import contextlib
import copy
import io
import logging
import random
import warnings
from dataclasses import dataclass, field

import numpy as np

from gan_course import adapters
from gan_course.audit.side import sides


@dataclass
class Outcome:
    """What one update did.

    Attributes
    ----------
    error : Exception or None
    moved, buffers : dict
        Name of a network to the keys of its parameters, and of its buffers, that changed (list of str). A dropout
        layer that drew a mask counts as a buffer that changed: in Keras its seed state is one.
    stepped, remembered : set of str
        The optimisers that took a step, and those that have other moments now.
    broken : list of str
        ``network/key`` of what is not finite.
    step : list of numpy.ndarray
        What the step was made of: the optimisers' moments, which are linear or quadratic in the gradients, or where
        there are none the changes of the parameters.
    """

    error: Exception | None = None
    moved: dict = field(default_factory=dict)
    buffers: dict = field(default_factory=dict)
    stepped: set = field(default_factory=set)
    remembered: set = field(default_factory=set)
    broken: list = field(default_factory=list)
    step: list = field(default_factory=list)

    def moves(self, names):
        """Return which of these networks moved (set of str)."""
        return {name for name in names if self.moved.get(name)}


class Sandbox:
    """A run's state, to be changed at will and put back: ``with Sandbox(state) as sandbox: ...``.

    Parameters
    ----------
    state : dict
        Name to object, as :class:`gan_course.run.Run` takes it.

    Raises
    ------
    TypeError
        If an object is of an unknown framework.
    CheckpointError
        If a Keras network or optimiser has no variables yet.
    """

    def __init__(self, state):
        self.objects = dict(state)
        self.start, self.trainable = {}, {}
        for name, obj in self.objects.items():
            try:
                adapter = adapters.of(obj)
                self.start[name] = copy.deepcopy(adapter.arrays(obj))
            except TypeError as error:
                raise TypeError(f"state[{name!r}] can't be put back after the audit: {error}") from error
            self.trainable[name] = getattr(adapter, "trainable", lambda obj: set())(obj)
        self.networks = [name for name in self.objects if self.trainable[name]]
        for name, generator in adapters.ambient().items():
            self.objects[name], self.trainable[name] = generator, set()
            self.start[name] = copy.deepcopy(adapters.of(generator).arrays(generator))
        self.sides = sides(self.objects)
        self.optimisers = [name for side in self.sides for name in side.optimisers]
        self.fresh = {**self.start, **{n: side.fresh(self.start[n]) for side in self.sides for n in side.optimisers}}
        self._global = random.getstate(), np.random.get_state()  # noqa: NPY002  (an update may draw from them)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Put everything back as it was found.

        ``start`` can't be used afterwards: PyTorch's optimisers go on writing into the moments that they are given.
        (``fresh`` has no moments.)
        """
        try:
            self._write(self.start)
        finally:
            for side in self.sides:
                side.restore()

    def _write(self, arrays):
        for name, kept in arrays.items():
            obj, adapter = self.objects[name], adapters.of(self.objects[name])
            now = adapter.arrays(obj)
            if not _unchanged(now, kept):  # looking is quicker than writing
                for side in self.sides:
                    kept = side.grown(kept, now) if name in side.optimisers else kept
                adapter.restore(obj, kept)
        random.setstate(self._global[0])
        np.random.set_state(self._global[1])  # noqa: NPY002

    def reset(self, changes=None, left=None):
        """Go to a state to start from.

        Parameters
        ----------
        changes : dict, optional
            Name of a network to a dict of key to array, instead of the start's.
        left : list, optional
            What :meth:`left` returned.
        """
        self._write(self.fresh)
        # last, and apart: a model that contains the changed network may be in the state as well
        self._write({name: self.fresh[name] | arrays for name, arrays in (changes or {}).items()})
        for index, side in enumerate(self.sides):
            side.reset(*(left[index] if left else (None, side.flags)))

    def trial(self, update, batch, changes=None, left=None):
        """Run an update from the start, or from a changed one, and return its :class:`Outcome`."""
        self.reset(changes, left)
        return self.run(update, batch)

    def run(self, update, batch):
        """Run an update from here, and return its :class:`Outcome`."""
        before, outcome = self._read(), Outcome()
        _, outcome.error = quietly(update, copied(batch))
        self._compare(before, self._read(), outcome)
        return outcome

    def left(self):
        """Return what the updates so far have left besides numbers: (gradients, flags) of each side."""
        return [(side.gradients(), side.read_flags()) for side in self.sides]

    def flags_as_found(self, left):
        """Return ``left`` with the flags and modes of the start, so that its gradients alone are tried."""
        return [(gradients, side.flags) for side, (gradients, _) in zip(self.sides, left, strict=True)]

    def same_flags(self, left):
        return [flags for _, flags in left] == [side.flags for side in self.sides]

    def nothing(self, left):
        """Say whether nothing was left: no gradient, and all flags and modes as found."""
        return self.same_flags(left) and all(gradient is None for gradients, _ in left for gradient in gradients)

    def graded(self):
        return set().union(*(side.graded() for side in self.sides))

    def frozen(self, name):
        return set().union(*(side.frozen(name) for side in self.sides if name in side.networks))

    def owners(self, text):
        return set().union(*(side.owners(text) for side in self.sides))

    def holders(self, names, others):
        return set().union(*(side.holders(names, others) for side in self.sides))

    def kind(self, name):
        """Return a network's framework, as its side names it."""
        return next(side.kind for side in self.sides if name in side.networks)

    def _read(self):
        names = [*self.networks, *self.optimisers]
        return {name: adapters.of(self.objects[name]).arrays(self.objects[name]) for name in names}

    def _compare(self, before, after, outcome):
        outcome.stepped = set().union(*(side.stepped for side in self.sides))
        deltas, moments = [], []  # of unmoved tensors, too, so that two steps can be compared
        for name in self.networks:
            changed = [key for key in after[name] if not same(before[name][key], after[name][key])]
            outcome.moved[name] = [key for key in changed if key in self.trainable[name]]
            outcome.buffers[name] = [key for key in changed if key not in self.trainable[name]]
            outcome.buffers[name] += [key for side in self.sides for owner, key in sorted(side.drawn) if owner == name]
            outcome.broken += [f"{name}/{key}" for key in after[name] if not finite(after[name][key])]
            deltas += [after[name][key] - before[name][key] for key in after[name] if key in self.trainable[name]]
        for name in self.optimisers:
            arrays = {key: value for key, value in after[name].items() if isinstance(value, np.ndarray)}
            changed = [
                array for key, array in arrays.items() if key not in before[name] or not same(before[name][key], array)
            ]
            if changed:
                outcome.stepped.add(name)
            if any(array.ndim for array in changed):  # not a counter or a rate alone
                outcome.remembered.add(name)
            if name in outcome.stepped:
                moments += [value for value in arrays.values() if value.ndim and value.dtype.kind == "f"]
        outcome.step = moments or deltas


def quietly(function, *arguments):
    """Call a function of the reader's; return its value and None, or None and what it raised.

    What it prints and its warnings are dropped: they don't belong in a lesson's outputs.
    """
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # TensorFlow complains of being traced for several batch sizes
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return function(*arguments), None
    except Exception as error:
        return None, error
    finally:
        logging.disable(disabled)


def copied(batch):
    """Return a copy of a batch, so that an update may write into it."""
    if isinstance(batch, list | tuple):
        return [copied(part) for part in batch] if isinstance(batch, list) else tuple(map(copied, batch))
    if hasattr(batch, "clone"):
        return batch.clone()
    return batch.copy() if isinstance(batch, np.ndarray) else batch


def same(a, b):
    """Say whether two arrays agree in every bit that counts (NaN agrees with itself)."""
    return np.array_equal(a, b) or (not finite(a) and a.tobytes() == b.tobytes())


def _unchanged(arrays, others):
    """Say whether two dicts, as an adapter makes them, are equal."""
    return arrays.keys() == others.keys() and all(
        same(value, others[key]) if isinstance(value, np.ndarray) else repr(value) == repr(others[key])
        for key, value in arrays.items()
    )


def finite(array):
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def distance(step, other):
    """Return how much two steps differ, relative to their size: 0 for equal ones, about 1 for unrelated ones.

    Steps that are made of different tensors have an infinite distance. NaN if one isn't finite.
    """
    if [a.shape for a in step] != [b.shape for b in other]:
        return np.inf
    a, b = (np.concatenate([np.zeros(0), *(array.ravel() for array in arrays)]) for arrays in (step, other))
    with np.errstate(all="ignore"):
        size = a @ a + b @ b
        return float(np.sqrt(2 * (a - b) @ (a - b) / size)) if size else 0.0
