"""Probes of what a step depends on: the other networks, their modes, the size of the batch, unsaved randomness."""

from gan_course.audit import known_errors
from gan_course.audit.sandbox import distance
from gan_course.audit.updates import SAME, listed, whose

IGNORED = {"G": "other-discriminator", "D": "other-generator"}


def repeats(updates):
    """Does an update do the same from the same state?"""
    if {"optimiser-not-in-state", "one-optimiser"} & updates.named:
        return None, []  # moments that weren't put back, or weren't there at first, make a difference
    differ = [
        who
        for who, outcome in updates.first.items()
        if not (updates.repeats[who] or outcome.error or outcome.broken)  # NaN never equals itself
    ]
    message = f"run again from the same state, {whose(*differ)} did something else."
    return None, [updates.verdict("not-repeatable", message)] if differ else []


def opponents(updates):
    """Does each update learn from the others' networks as they are now?

    Which ones it should learn from shows in the others' steps: where one of these depends on a network, the updates
    that move this network should depend on the other in turn. If they don't, that is a fault between a discriminator
    and a generator, and a note between other updates. A discriminator without any generator is a fault, too.
    """
    updates.uses = {who: _used(updates, who) for who in updates.functions}
    found, uses, own = [], updates.uses, updates.own
    for who in updates.functions:
        team = [uses[mate] for mate in updates.movers_of(own[who])]
        if None in team:
            continue
        used, ignored = set().union(*team), {}
        rivals = [other for other in updates.functions if {updates.roles[who], updates.roles[other]} == {"D", "G"}]
        alone = not any(used & set(own[rival]) for rival in rivals)
        for other in updates.functions:
            theirs = set(own[other]) - set(own[who])
            used_by = bool(uses[other] and uses[other] & set(own[who]))
            if theirs and not used & theirs and (used_by or (alone and other in rivals)):
                slug = IGNORED[updates.roles[who]] if other in rivals else "one-sided"
                ignored.setdefault(slug, []).extend(sorted(theirs))
        for slug, names in ignored.items():
            message = f"{whose(who, what='step')} stays the same when all weights of {listed(names)} are changed."
            found.append(updates.verdict(slug, message, who))
    complete = all(uses.values()) and not found
    return "each update learns from the others' networks as they are now" if complete else None, found


def _used(updates, who):
    """Return those of the others' networks on which a step depends, or None if that can't be told."""
    first = updates.first[who]
    if first.error or not first.moves(updates.own[who]) or not updates.repeats[who]:
        return None
    outcomes = {name: updates.trial(who, updates.shaken([name], seed=9)) for name in sorted(updates.others(who))}
    return {name for name, run in outcomes.items() if run.error or not distance(run.step, first.step) < SAME}


def modes(updates):
    """Are a discriminator's fakes drawn in the mode in which their generator learns?

    Statistics and dropout's seeds change in training mode only.
    """
    found, training = [], False
    for who, first in updates.first.items():
        used = updates.uses[who]
        if used is None:
            used = updates.others(who) if len(updates.functions) == 2 else ()  # of two, it must be the other
        for name in sorted(used):
            changed = {maker: set(updates.first[maker].buffers.get(name, ())) for maker in updates.movers_of([name])}
            if updates.roles[who] != "D" or not updates.ran(who, *changed):
                continue
            training = training or any(changed.values())
            if (mine := set(first.buffers[name])) not in changed.values():
                maker, theirs = next(iter(changed.items()))
                more, less = (maker, who) if theirs - mine else (who, maker)
                message = (
                    f"{updates.keys(name, theirs - mine or mine - theirs)}: changed in {whose(more)} only, so in "
                    f"{whose(less)} fakes are drawn in inference mode."
                )
                found.append(updates.verdict("inference-fakes", message, who))
    return "fakes are drawn in the same mode in every update" if training and not found else None, found


def batch_sizes(updates):
    """Does half a batch train the same networks?"""
    if updates.half is None:
        return None, [updates.verdict("small-batch", "the batch is too small to try half of it.")]
    raised, found = [], []
    for who in updates.functions:
        if not updates.ran(who):
            continue
        # as in the middle of a training, where the last batch of an epoch comes
        left = None if who in updates.flagged else updates.left.get(who)
        outcome = updates.trial(who, left=left, batch=updates.half)
        now, then = outcome.moves(updates.networks), updates.first[who].moves(updates.networks)
        if outcome.error:
            raised.append(f"{whose(who)} raises {known_errors.short(outcome.error)}")
        elif now != then:
            changes = [f"{name} no longer moves" for name in sorted(then - now)]
            changes += [f"{name} moves, too" for name in sorted(now - then)]
            message = f"{whose(who)} with half a batch: {'; '.join(changes)}."
            found.append(updates.verdict("size-dependent-step", message, who))
    if raised:
        found.append(updates.verdict("fixed-batch-size", f"with half a batch {'; '.join(raised)}"))
    return "half a batch trains the same networks" if updates.ran() and not found else None, found
