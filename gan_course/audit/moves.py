"""Probes of what an update does: does it raise, which networks does it move, with which optimiser, to what numbers?"""

from gan_course.audit import known_errors
from gan_course.audit.case import OTHER, listed

STRAYS = {"G": "d-not-frozen", "D": "g-not-left-alone"}


def errors(case):
    """Does an update raise?"""
    found, told = [], set()
    for who, outcome in case.first.items():
        if not outcome.error or (text := known_errors.short(outcome.error)) in told:
            continue
        told.add(text)
        name, hint = known_errors.explain(outcome.error)
        message = f"{who}'s update raises {text}"
        if name == known_errors.UNKNOWN_VARIABLE:
            found.append(_unknown_variable(case, who, outcome, message))
        else:
            found.append(case.verdict(name or "update-raises", message, who, hint=hint or None))
    return None, found


def _unknown_variable(case, who, outcome, message):
    """Keras: an optimiser met a variable that it was not built with. Whose is it?"""
    owners = case.bench.owners(str(outcome.error))
    strays = owners & set(case.own[OTHER[who]])
    if owners & set(case.own[who]) or not strays:
        return case.verdict("one-optimiser", f"one optimiser serves both networks: {message}", who)
    return case.verdict(STRAYS[who], f"{who}'s update tries to move {listed(sorted(strays))}, too: {message}", who)


def movers(case):
    """Does each update move its own network alone, with an optimiser of its own?"""
    if not case.ran():
        return None, _strays(case)
    first, own = case.first, case.own
    objects = [{id(case.bench.objects[name]) for name in first[who].stepped} for who in first]
    both = all(first[who].moves(case.players) == set(case.players) for who in first)
    if case.updates["D"] is case.updates["G"] or (both and objects[0] == objects[1] and len(objects[0]) > 1):
        message = "one function trains both networks, so nothing shows which step moves what."
        return None, [case.verdict("joint-step", message)]
    if objects[0] == objects[1] and len(objects[0]) == 1:
        message = f"both updates take their step with the same optimiser, {min(first['D'].stepped)}"
        moved = {who: first[who].moves(own[OTHER[who]]) for who in first}
        consequences = [f"{who}'s update moves {listed(sorted(moved[who]))}, too" for who in "GD" if moved[who]]
        message = f"{message}{', and so ' if consequences else ''}{' and '.join(consequences)}."
        return None, [case.verdict("one-optimiser", message)]
    found = _strays(case) or _optimisers(case)  # a stray explains its optimiser's moments
    if found or not all(outcome.moves(own[who]) == set(own[who]) for who, outcome in first.items()):
        return None, found  # what doesn't move is another probe's subject
    return "each update moves its own network, and leaves the other alone", []


def _strays(case):
    """Does an update move the other's network?"""
    found = []
    for who, name in STRAYS.items():
        stray = case.first[who].moves(case.own[OTHER[who]]) if case.ran(who) else set()
        if stray:
            moved = ", ".join(f"{one} ({case.tensors(one, case.first[who].moved[one])})" for one in sorted(stray))
            held = sorted(case.bench.holders([*case.own[who], *stray]))
            because = f" {held[0]} holds parameters of both networks." if held else ""
            found.append(case.verdict(name, f"{who}'s update also moves {moved}.{because}", who))
    return found


def _optimisers(case):
    """Did something move without an optimiser, or an optimiser's moments without a network?"""
    found, first = [], case.first
    lost = [who for who, outcome in first.items() if outcome.moves(case.own[who]) and not outcome.stepped]
    if lost:
        message = f"{' and '.join(lost)} moved, but no optimiser in `state` took a step."
        found.append(case.verdict("optimiser-not-in-state", message))
    if touched := sorted(first["D"].remembered & first["G"].remembered):
        message = f"both updates change the moments of {listed(touched)}, though each moves its own network alone."
        found.append(case.verdict("moments-changed", message))
    return found


def numbers(case):
    """Is everything finite after an update?"""
    found = [
        case.verdict("not-finite", f"after {who}'s update there is infinity or NaN in {listed(outcome.broken)}.", who)
        for who, outcome in case.first.items()
        if outcome.broken
    ]
    return "all weights stay finite" if case.ran() and not found else None, found


def buffers(case):
    """Which buffers move? That is information, no fault."""
    parts = [
        f"{len(keys)} of {name} in {who}'s update"
        for who, outcome in case.first.items()
        for name, keys in outcome.buffers.items()
        if keys and name in case.players
    ]
    message = f"statistics, vectors and seeds that no gradient moves changed, too: {', '.join(parts)}."
    return None, [case.verdict("buffers", message)] if parts else []
