"""Probes of what an update does: does it raise, which networks does it move, with which optimiser, to what numbers?"""

from itertools import combinations

from gan_course.audit import known_errors
from gan_course.audit.updates import listed, whose

STRAYS = {("G", "D"): "d-not-frozen", ("D", "G"): "g-not-left-alone"}  # (update's role, that of the network's update)


def errors(updates):
    """Does an update raise?"""
    found, seen = [], set()
    for who, outcome in updates.first.items():
        if not outcome.error or (text := known_errors.short(outcome.error)) in seen:
            continue
        seen.add(text)
        message = f"{whose(who)} raises {text}"
        if known_errors.matches(known_errors.UNKNOWN_VARIABLE, outcome.error):
            found.append(_unknown_variable(updates, who, message))
        else:
            slug = "no-gradient" if known_errors.matches(known_errors.NO_GRADIENT, outcome.error) else "update-raises"
            found.append(updates.verdict(slug, message, who, hint=known_errors.hint(outcome.error)))
    return None, found


def _unknown_variable(updates, who, message):
    """Keras: an optimiser met a variable that it was not built with. Whose variable is it?"""
    owners = updates.sandbox.owners(str(updates.first[who].error))
    strays = owners & updates.others(who)
    if strays and not owners & set(updates.own[who]):
        slug = _stray(updates, who, min(strays))
        return updates.verdict(slug, f"{whose(who)} tries to move {listed(sorted(strays))}, too: {message}", who)
    objects = updates.sandbox.objects
    elsewhere = {id(objects[name]) for other in updates.first.values() for name in other.stepped}
    if len(updates.functions) > 1 and elsewhere >= {id(objects[name]) for name in updates.sandbox.optimisers}:
        return updates.verdict("one-optimiser", f"one optimiser serves several updates: {message}", who)
    return updates.verdict("update-raises", message, who, hint=known_errors.BUILD)


def movers(updates):
    """Does each update move its own networks alone, with an optimiser of its own?"""
    found, explained = [], {}  # explained: update to the networks that it moves for a reason already given
    objects, first = updates.sandbox.objects, updates.first
    groups = {}  # the updates that take their step with the same optimisers
    for who, outcome in first.items():
        if not outcome.error:
            groups.setdefault(frozenset(id(objects[name]) for name in outcome.stepped), []).append(who)
    for optimisers, group in groups.items():
        own = {name for who in group for name in updates.own[who]}
        functions = {updates.functions[who] for who in group}
        if all(set(updates.own[a]) & set(updates.own[b]) for a, b in combinations(group, 2)):
            continue  # parts of one network may share an optimiser
        if len(functions) < len(group) or (len(optimisers) > 1 and all(first[who].moves(own) == own for who in group)):
            message = f"one function trains {listed(sorted(own))}, so nothing shows which step moves what."
            found.append(updates.verdict("joint-step", message, group[0]))
            explained |= dict.fromkeys(group, own)
        elif len(optimisers) == 1:
            message = f"{whose(*group)} share one optimiser, {min(first[group[0]].stepped)}"
            also = {who: first[who].moves(own & updates.others(who)) for who in group}
            also = [f"{whose(who)} moves {listed(sorted(also[who]))}, too" for who in group if also[who]]
            message = f"{message}{', and so ' if also else ''}{' and '.join(also)}."
            found.append(updates.verdict("one-optimiser", message, group[0]))
            explained |= dict.fromkeys(group, own)
    found += [wrong for who in first if updates.ran(who) for wrong in _strays(updates, who, explained.get(who, set()))]
    if not updates.ran():
        return None, found
    found = found or _optimisers(updates)  # a network that moves explains its optimiser's moments
    if found or not all(outcome.moves(updates.own[who]) == set(updates.own[who]) for who, outcome in first.items()):
        return None, found  # networks that don't move are another probe's subject
    if len(first) == 1:
        return "the update moves all of its networks", []
    return "each update moves its own networks, and no other update's", []


def _stray(updates, who, name):
    """Return the verdict on an update that moves a network of another."""
    roles = {STRAYS.get((updates.roles[who], updates.roles[other])) for other in updates.movers_of([name])}
    return next(filter(None, roles), "moves-another")


def _strays(updates, who, explained):
    """Does an update move the network of another?"""
    strays = {}
    for name in sorted(updates.first[who].moves(updates.others(who) - explained)):
        strays.setdefault(_stray(updates, who, name), []).append(name)
    for slug, names in strays.items():
        moved = ", ".join(f"{name} ({updates.tensors(name, updates.first[who].moved[name])})" for name in names)
        held = sorted(updates.sandbox.holders(updates.own[who], names))
        because = f" {held[0]} holds parameters of both." if held else ""
        yield updates.verdict(slug, f"{whose(who)} also moves {moved}.{because}", who)


def _optimisers(updates):
    """Did something move without an optimiser, or an optimiser's moments without a network?"""
    found, first = [], updates.first
    lost = [who for who, outcome in first.items() if outcome.moves(updates.own[who]) and not outcome.stepped]
    if lost:
        message = f"weights moved in {whose(*lost)}, but no optimiser in `state` took a step."
        found.append(updates.verdict("optimiser-not-in-state", message))
    for one, other in combinations(first, 2):
        touched = sorted(first[one].remembered & first[other].remembered)
        if touched and not set(updates.own[one]) & set(updates.own[other]):
            message = f"{whose(one, other)} change the moments of {listed(touched)}, but no common network."
            found.append(updates.verdict("moments-changed", message))
    return found


def numbers(updates):
    """Is everything finite after an update?"""
    found = [
        updates.verdict("not-finite", f"after {whose(who)} there is NaN or infinity in {listed(outcome.broken)}.", who)
        for who, outcome in updates.first.items()
        if outcome.broken
    ]
    return "all weights stay finite" if updates.ran() and not found else None, found


def buffers(updates):
    """Which buffers change? That is information, no fault."""
    parts = [
        f"{len(keys)} of {name} in {whose(who)}"
        for who, outcome in updates.first.items()
        for name, keys in outcome.buffers.items()
        if keys and name in updates.networks
    ]
    message = f"statistics, vectors and seeds that no gradient moves changed, too: {', '.join(parts)}."
    return None, [updates.verdict("buffers", message)] if parts else []
