"""A probe of what an update leaves behind for the next one: gradients, flags, modes."""

from gan_course.audit.sandbox import distance
from gan_course.audit.updates import SAME, listed, whose


def leftovers(updates):
    """Does a step depend on gradients, flags or modes that an earlier one left?"""
    found = []
    # an update that moves another's network may use that one's gradients, too: a consequence
    tried = [who for who in updates.left if updates.ran(who) and not updates.first[who].moves(updates.others(who))]
    for who in tried:
        found += _after_a_round(updates, who, updates.left[who])
    complete = len(tried) == len(updates.functions) and not found
    if not {"stale-gradient", "g-not-left-alone", "one-optimiser", "joint-step"} & updates.named:
        for who, graded in updates.graded.items():
            if updates.roles[who] == "D" and (others := sorted(graded & updates.others(who))):
                message = f"{whose(who)} leaves a gradient in {listed(others)}."
                found.append(updates.verdict("undetached-fake", message, who))
    return "no step uses what an earlier one left behind" if complete else None, found


def _after_a_round(updates, who, left):
    """Try an update with what it finds in the middle of a training. Which part of that makes a difference?"""
    sandbox = updates.sandbox
    if sandbox.nothing(left) or _alike(updates, who, outcome := updates.trial(who, left=left)):
        return []
    if sandbox.same_flags(left) or not _alike(updates, who, updates.trial(who, left=sandbox.flags_as_found(left))):
        own = set(updates.own[who])
        message = (
            f"{whose(who, what='step')} depends on gradients that earlier steps left in {listed(updates.own[who])}"
        )
        sources = [other for other, graded in updates.graded.items() if other != who and graded & own]
        because = f" ({whose(*sources)} put some there)" if sources else ""
        return [updates.verdict("stale-gradient", f"{message}{because}.", who)]
    updates.flagged.add(who)
    otherwise = outcome.error or outcome.moves(updates.networks) != updates.first[who].moves(updates.networks)
    message = (
        f"after a round of all updates, {whose(who, what='step')} {'moves other networks' if otherwise else 'differs'}: "
        "a network was left frozen, or in another mode."
    )
    return [updates.verdict("left-over-flags", message, who, level="fault" if otherwise else "warning")]


def _alike(updates, who, outcome):
    first = updates.first[who]
    if outcome.error or outcome.moves(updates.networks) != first.moves(updates.networks):
        return False
    return not updates.repeats[who] or not distance(outcome.step, first.step) > SAME
