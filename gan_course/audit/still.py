"""A probe of what doesn't move: networks, and single tensors. Can the step never move them, and do they matter?"""

import numpy as np

from gan_course.audit.bench import distance, same

SHAKEN = ((1, 0), (1, 1), (3, 2), (30, 3))  # (scale, seed) of the states from which a still tensor is tried
MATTERS = 0.02  # by more than rounding, which a small gradient is full of


def still(case):
    """Which parameters does an update never move, and does the step depend on them?"""
    found = []
    for who, update in case.updates.items():
        first = case.first[who]
        stays = {name: case.bench.trainable[name] - set(first.moved.get(name, ())) for name in case.own[who]}
        if first.error or not any(stays.values()):
            continue
        # D is tried on the fakes of this G: those of a shaken one may be all alike, which is a case of its own
        names = case.own["D"] if who == "D" else case.players
        shaken = [case.bench.trial(update, case.batch, case.shaken(names, *how)) for how in SHAKEN]
        for name, keys in stays.items():
            ever = {key for outcome in shaken if not outcome.error for key in outcome.moved[name]}
            if keys == case.bench.trainable[name]:
                found.append(_network(case, who, name, ever))
            elif keys:
                case.ever[name] = ever | set(first.moved[name])
                found += _tensors(case, who, name, keys - ever)
    return None, found


def _network(case, who, name, ever):
    if ever:
        return case.verdict("saturated", f"{who}'s update doesn't move {name} from this state.", who)
    message = f"{who}'s update doesn't move {name}, whatever state it starts from."
    return case.verdict(f"{who.lower()}-never-moves", message, who)


def _tensors(case, who, name, keys):
    frozen = case.bench.frozen(name) & keys
    rest = keys - frozen
    dead = {key for key in rest if _matters(case, who, name, key)} if case.repeats[who] else set()
    groups = {
        "dead-tensor": (dead, "not moved, whatever state it starts from, and yet the step depends on it"),
        "still-tensor": (rest - dead, "not moved, whatever state it starts from"),
        "frozen-tensor": (frozen, "frozen"),
    }
    return [
        case.verdict(slug, f"{case.keys(name, found)}: {what} (in {who}'s update).", who)
        for slug, (found, what) in groups.items()
        if found
    ]


def _matters(case, who, name, key):
    """Say whether the step is another one with other numbers in this tensor: with zeros, or shifted at random."""
    value = case.bench.start[name][key]
    shift = np.random.default_rng(0).standard_normal(value.shape) * max(1.0, float(np.abs(value).max(initial=0)))
    for other in (np.zeros_like(value), (value + shift).astype(value.dtype)):
        if not same(other, value):
            outcome = case.bench.trial(case.updates[who], case.batch, {name: {key: other}})
            if not outcome.error and distance(outcome.step, case.first[who].step) > MATTERS:
                return True
    return False
