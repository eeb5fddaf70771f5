"""A probe of parameters that don't move, single ones or all of a network's. Can they ever, and do they matter?"""

import numpy as np

from gan_course.audit.sandbox import distance, same
from gan_course.audit.updates import whose

SHAKEN = ((1, 0), (1, 1), (3, 2), (30, 3))  # (scale, seed) of the states from which an unmoved tensor is tried
MATTERS = 0.02  # by more than rounding, which is a large part of a small gradient


def unmoved(updates):
    """Which parameters does an update never move, and does its step depend on them?"""
    found = []
    for who, first in updates.first.items():
        still = {name: updates.sandbox.trainable[name] - set(first.moved.get(name, ())) for name in updates.own[who]}
        if first.error or not any(still.values()):
            continue
        # D is tried on the fakes of this G: those of a shaken one may be all alike, which is a case of its own
        names = updates.own[who] if updates.roles[who] == "D" else updates.networks
        shaken = [updates.trial(who, updates.shaken(names, *how)) for how in SHAKEN]
        for name, keys in still.items():
            ever = {key for outcome in shaken if not outcome.error for key in outcome.moved[name]}
            if keys == updates.sandbox.trainable[name]:
                found.append(_network(updates, who, name, ever))
            elif keys:
                updates.ever[who, name] = ever | set(first.moved[name])
                mates = [updates.first[mate].moved.get(name, ()) for mate in updates.movers_of([name])]
                found += _tensors(updates, who, name, keys - ever - set().union(*mates))
    return None, found


def _network(updates, who, name, ever):
    if ever:
        return updates.verdict("saturated", f"{whose(who)} doesn't move {name} from this state.", who)
    slug = f"{updates.roles[who].lower()}-never-moves".lstrip("-")
    return updates.verdict(slug, f"{whose(who)} doesn't move {name}, whatever state it starts from.", who)


def _tensors(updates, who, name, keys):
    frozen = updates.sandbox.frozen(name) & keys
    rest = keys - frozen
    dead = {key for key in rest if _matters(updates, who, name, key)} if updates.repeats[who] else set()
    groups = {
        "dead-tensor": (dead, "not moved, whatever state it starts from, and yet the step depends on it"),
        "still-tensor": (rest - dead, "not moved, whatever state it starts from"),
        "frozen-tensor": (frozen, "frozen"),
    }
    return [
        updates.verdict(slug, f"{updates.keys(name, found)}: {what} (in {whose(who)}).", who)
        for slug, (found, what) in groups.items()
        if found
    ]


def _matters(updates, who, name, key):
    """Say whether the step differs with other numbers in this tensor: with zeros, or shifted at random."""
    value = updates.sandbox.start[name][key]
    shift = np.random.default_rng(0).standard_normal(value.shape) * max(1.0, float(np.abs(value).max(initial=0)))
    for other in (np.zeros_like(value), (value + shift).astype(value.dtype)):
        if not same(other, value):
            outcome = updates.trial(who, {name: {key: other}})
            if not outcome.error and distance(outcome.step, updates.first[who].step) > MATTERS:
                return True
    return False
