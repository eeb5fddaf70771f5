"""Shuffled mini-batches, drawn without end from a generator of their own."""

import operator


class Batches:
    """Iterate for ever over mini-batches, shuffled again in every epoch.

    The last, partial batch of an epoch is dropped, so that every batch has the same size.

    Parameters
    ----------
    arrays : numpy.ndarray or tuple of numpy.ndarray
        One array (n, ...), or several of the same n (images and labels, say).
    batch_size : int
    rng : numpy.random.Generator
        Decides the order, and nothing else should draw from it.

    Raises
    ------
    ValueError
        If the arrays differ in length, or hold less than one batch.

    Examples
    --------
    >>> import numpy as np
    >>> batches = Batches(np.arange(10), batch_size=4, rng=np.random.default_rng(0))
    >>> next(batches).shape, batches.per_epoch
    ((4,), 2)
    """

    def __init__(self, arrays, batch_size, rng):
        self._single = not isinstance(arrays, tuple)
        self._arrays = (arrays,) if self._single else arrays
        self.batch_size = operator.index(batch_size)
        self.rng = rng
        lengths = {len(array) for array in self._arrays}
        if len(lengths) != 1:
            raise ValueError(f"the arrays have different lengths: {sorted(lengths)}.")
        self.size = lengths.pop()
        if not 1 <= self.batch_size <= self.size:
            raise ValueError(f"batch_size is {batch_size}; choose 1 to {self.size}, the number of examples.")
        self.per_epoch = self.size // self.batch_size
        self._shuffle()

    def __iter__(self):
        return self

    def __next__(self):
        if self._done == self.per_epoch:
            self._shuffle()
        start = self._done * self.batch_size
        chosen = self._order[start : start + self.batch_size]
        self._done += 1
        batch = tuple(array[chosen] for array in self._arrays)
        return batch[0] if self._single else batch

    def _shuffle(self):
        self._before = self.rng.bit_generator.state
        self._order = self.rng.permutation(self.size)
        self._done = 0

    def state(self):
        """Return where the order stands, as JSON-able values: restored, the next batch is the same."""
        return {
            "size": self.size,
            "batch_size": self.batch_size,
            "done": self._done,
            "before": self._before,
            "now": self.rng.bit_generator.state,
        }

    def restore(self, state):
        """Continue from a :meth:`state`.

        Raises
        ------
        ValueError
            If the state is of other data or of another batch size.
        """
        if (state["size"], state["batch_size"]) != (self.size, self.batch_size):
            raise ValueError(
                f"the saved order is of {state['size']} examples in batches of {state['batch_size']}, "
                f"these are {self.size} in batches of {self.batch_size}."
            )
        self.rng.bit_generator.state = state["before"]
        self._shuffle()
        self._done = state["done"]
        self.rng.bit_generator.state = state["now"]
