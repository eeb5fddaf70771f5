"""The two updates in the hands of the probes: what they did at first, and how to try them from other states.

A probe is a function that takes a :class:`Case` and returns ``(passed, verdicts)``: what to say where all is right (str
or None), and what is not. Players are called D and G, whatever the networks' names are, and however many there are.
"""

from dataclasses import dataclass, field

import numpy as np

from gan_course.audit.bench import distance
from gan_course.audit.texts import verdict

SAME = 1e-3  # two steps that are closer are one step; on a GPU sums may come in another order
OTHER = {"D": "G", "G": "D"}


@dataclass
class Case:
    """The two updates, what they did from the start, and what they leave behind.

    Attributes
    ----------
    updates : dict
        ``{"D": update_d, "G": update_g}``.
    own : dict
        A player to the names of its networks (list of str).
    first : dict
        A player to the :class:`gan_course.audit.bench.Outcome` of its update from the start.
    left : dict
        A player to what its update finds in the middle of a training.
    graded : set
        The networks in which D's update leaves a gradient.
    repeats : dict
        A player to whether its update does the same from the same state.
    ever : dict
        A network that moved to those of its parameters that its player's update can move (set of str). It is the same
        set whatever the weights are now: under a hinge loss, the last bias happens to rest in some states.
    flagged : set
        The players whose step is another one with the flags and modes in the middle of a training.
    named : set
        The verdicts so far: a consequence of an earlier one is not told again.
    """

    bench: object
    updates: dict
    own: dict
    batch: object
    half: object
    first: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)
    graded: set = field(default_factory=set)
    repeats: dict = field(default_factory=dict)
    ever: dict = field(default_factory=dict)
    flagged: set = field(default_factory=set)
    named: set = field(default_factory=set)

    def begin(self):
        """Run D, G, D as a training does, then G from the start, then each once more."""
        bench, batch, (update_d, update_g) = self.bench, self.batch, self.updates.values()
        self.first["D"] = bench.trial(update_d, batch)
        self.graded = bench.graded()
        if not bench.run(update_g, batch).error:
            self.left["D"] = bench.left(but=self.own["G"])
            if not bench.run(update_d, batch).error:
                self.left["G"] = bench.left(but=self.own["D"])
        self.first["G"] = bench.trial(update_g, batch)
        for who, update in self.updates.items():
            again = bench.trial(update, batch)
            self.repeats[who] = distance(again.step, self.first[who].step) < SAME

    @property
    def players(self):
        return [*self.own["D"], *self.own["G"]]

    def ran(self, *players):
        """Say whether these players' updates raised nothing (both, if none is named)."""
        return not any(self.first[who].error for who in players or self.first)

    def verdict(self, name, message, who="G", **options):
        self.named.add(name)
        return verdict(name, message, self.bench.kind(self.own[who][0]), **options)

    def tensors(self, name, moved):
        return f"{len(moved)} of {len(self.bench.trainable[name])} tensors"

    def keys(self, name, keys):
        """Name some of a network's tensors, in its own order."""
        order = list(self.bench.start[name])
        keys = sorted(keys, key=lambda key: (order.index(key) if key in order else len(order), key))
        return f"{name} {listed(keys)}"

    def shaken(self, names, scale=1, seed=0):
        """Return other values for all parameters of these networks: signs flipped at random, noise as large as they.

        Returns
        -------
        dict
            Name to a dict of key to array, as :meth:`gan_course.audit.bench.Bench.trial` takes it.
        """
        rng, changes = np.random.default_rng(seed), {}
        for name in names:
            for key, array in self.bench.start[name].items():
                if key in self.bench.trainable[name] and array.dtype.kind == "f" and array.size:
                    size = float(np.sqrt(np.mean(np.square(array)))) or 0.5
                    signs = rng.integers(0, 2, array.shape, np.int8) * 2 - 1
                    noise = rng.standard_normal(array.shape, np.float32) * size
                    changes.setdefault(name, {})[key] = (scale * (signs * array + noise)).astype(array.dtype)
        return changes


def facts(case):
    """Say what each update moved (list of str)."""
    lines = []
    for who, first in case.first.items():
        if first.error:
            lines.append(f"{who}'s update: stopped by an error")
            continue
        moved = first.moved | {name: case.ever[name] for name in case.own[who] if name in case.ever}
        others = [name for name in moved if name not in case.players and moved[name]]
        lines.append(
            f"{who}'s update: "
            + ", ".join(
                f"{name} moved ({case.tensors(name, moved[name])})" if moved[name] else f"{name} unchanged"
                for name in [*case.own[who], *case.own[OTHER[who]], *others]
            )
        )
    return lines


def listed(names, most=4):
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
