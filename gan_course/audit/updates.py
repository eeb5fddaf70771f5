"""The updates under audit: what each may move, what it did when it was run, and how to run it again.

A probe is a function that takes :class:`Updates` and returns ``(passed, verdicts)``: what to say if all is right (str
or None), and what isn't.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from gan_course.audit.sandbox import distance
from gan_course.audit.texts import verdict

SAME = 1e-3  # closer steps count as equal: on a GPU, sums may be taken in another order
ROLES = {  # words in an update's name, with no letter before or after them
    "D": r"(?<![a-z])(d|discriminators?|critics?)(?![a-z])",
    "G": r"(?<![a-z])(g|generators?)(?![a-z])",
}


@dataclass
class Updates:
    """The updates, what they did from the start, and what they leave behind.

    Attributes
    ----------
    functions : dict
        Name to update, in the order of a training step.
    own : dict
        Update to the names of the networks that it may move (list of str).
    roles : dict
        Update to "D" for a discriminator's, "G" for a generator's, or "". Beside a single discriminator's update, a
        second one is its opponent, whatever its name is: "G".
    first : dict
        Update to the :class:`gan_course.audit.sandbox.Outcome` of its run from the start.
    graded : dict
        Update to the networks in which it leaves a gradient.
    left : dict
        Update to the gradients and flags that it finds in the middle of a training.
    repeats : dict
        Update to whether it does the same from the same state.
    uses : dict
        Update to the others' networks on which its step depends, or None if that can't be told.
    ever : dict
        (update, network) to those parameters of the network that the update can move (set of str), where they aren't
        all. The set doesn't depend on the weights of the moment: under a hinge loss, the last bias rests in some states.
    flagged : set
        The updates whose step differs with the flags and modes in the middle of a training.
    named : set
        The verdicts so far: the consequences of an earlier one aren't reported again.
    """

    sandbox: object
    functions: dict
    own: dict
    batch: object
    half: object
    roles: dict = field(init=False)
    first: dict = field(default_factory=dict)
    graded: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)
    repeats: dict = field(default_factory=dict)
    uses: dict = field(default_factory=dict)
    ever: dict = field(default_factory=dict)
    flagged: set = field(default_factory=set)
    named: set = field(default_factory=set)

    def __post_init__(self):
        found = {who: [role for role in ROLES if re.search(ROLES[role], who, re.IGNORECASE)] for who in self.functions}
        pair = len(found) == 2 and ["D"] in found.values()
        self.roles = {who: roles[0] if roles else "G" * pair for who, roles in found.items()}

    def observe(self):
        """Run each update twice from the start, and all of them for two rounds, as a training does."""
        for who in self.functions:
            self.first[who] = self.trial(who)
            self.graded[who] = self.sandbox.graded()
        self.sandbox.reset()
        for place, who in enumerate([*self.functions] * 2, start=1):
            if place > len(self.functions):
                self.left[who] = self.sandbox.left()
            if place == 2 * len(self.functions) or self.sandbox.run(self.functions[who], self.batch).error:
                break
        for who in self.functions:
            self.repeats[who] = distance(self.trial(who).step, self.first[who].step) < SAME

    def trial(self, who, changes=None, left=None, batch=None):
        """Run one update from the start, or from a changed state, and return its outcome."""
        return self.sandbox.trial(self.functions[who], self.batch if batch is None else batch, changes, left)

    @property
    def networks(self):
        """All networks that any update may move (list of str)."""
        return list(dict.fromkeys(name for names in self.own.values() for name in names))

    def others(self, who):
        """Return the networks that only other updates may move (set of str)."""
        return set(self.networks) - set(self.own[who])

    def movers_of(self, names):
        """Return the updates that may move any of these networks (list of str)."""
        return [who for who, own in self.own.items() if set(own) & set(names)]

    def ran(self, *names):
        """Say whether these updates raised nothing (all, if none is named)."""
        return not any(self.first[who].error for who in names or self.first)

    def verdict(self, name, message, who=None, **options):
        self.named.add(name)
        network = self.own[who][0] if who else self.networks[0]
        return verdict(name, message, self.sandbox.kind(network), **options)

    def tensors(self, name, moved):
        return f"{len(moved)} of {len(self.sandbox.trainable[name])} tensors"

    def keys(self, name, keys):
        """Name some of a network's tensors, in its own order."""
        order = list(self.sandbox.start[name])
        keys = sorted(keys, key=lambda key: (order.index(key) if key in order else len(order), key))
        return f"{name} {listed(keys)}"

    def shaken(self, names, scale=1, seed=0):
        """Return other values for all parameters of these networks: random signs, plus noise of the same size.

        Returns
        -------
        dict
            Name to a dict of key to array, as :meth:`gan_course.audit.sandbox.Sandbox.trial` takes it.
        """
        rng, changes = np.random.default_rng(seed), {}
        for name in names:
            for key, array in self.sandbox.start[name].items():
                if key in self.sandbox.trainable[name] and array.dtype.kind == "f" and array.size:
                    size = float(np.sqrt(np.mean(np.square(array)))) or 0.5
                    signs = rng.integers(0, 2, array.shape, np.int8) * 2 - 1
                    noise = rng.standard_normal(array.shape, np.float32) * size
                    changes.setdefault(name, {})[key] = (scale * (signs * array + noise)).astype(array.dtype)
        return changes

    def facts(self):
        """Say what each update moved (list of str)."""
        lines = []
        for who, first in self.first.items():
            moved = {name: self.ever.get((who, name), keys) for name, keys in first.moved.items() if keys}
            names = sorted(moved, key=lambda name: name not in self.own[who])  # its own come first
            parts = [f"{name} ({self.tensors(name, moved[name])})" for name in names]
            what = "stops with an error" if first.error else f"moves {', '.join(parts) or 'nothing'}"
            lines.append(f"{whose(who)} {what}")
        return lines


def whose(*names, what="update"):
    """Return "the encoder's update", or "the encoder's and the decoder's updates"."""
    owners = [f"the {name}'" if name.endswith("s") else f"the {name}'s" for name in names]
    return f"{' and '.join(owners)} {what}{'s' * (len(names) > 1)}"


def listed(names, most=4):
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
