"""Probes of what a step is made from: the other network, the mode of its fakes, the size of the batch, the dice."""

from gan_course.audit import known_errors
from gan_course.audit.bench import distance
from gan_course.audit.case import OTHER, SAME, listed

STRANGERS = {"G": "other-discriminator", "D": "other-generator"}


def repeats(case):
    """Does an update do the same from the same state?"""
    if {"optimiser-not-in-state", "one-optimiser"} & case.named:
        return None, []  # then moments differ that were not put back, or not there at first
    differ = [
        f"{who}'s"
        for who, outcome in case.first.items()
        if not (case.repeats[who] or outcome.error or outcome.broken)  # NaN never repeats itself
    ]
    message = f"{' and '.join(differ)} update does something else when it is run again."
    return None, [case.verdict("not-repeatable", message)] if differ else []


def opponents(case):
    """Does each update ask the other network as it is now?"""
    found, asked = [], 0
    for who, name in STRANGERS.items():
        first, other = case.first[who], case.own[OTHER[who]]
        if first.error or not first.moves(case.own[who]) or not case.repeats[who]:
            continue
        asked += 1
        outcome = case.bench.trial(case.updates[who], case.batch, case.shaken(other, seed=9))
        if not outcome.error and distance(outcome.step, first.step) < SAME:
            message = f"{who}'s step stays the same when all weights of {listed(other)} are changed."
            found.append(case.verdict(name, message, who))
    return "each update asks the other network as it is now" if asked == 2 and not found else None, found


def modes(case):
    """Are D's fakes drawn in the mode in which G learns? (Statistics and dropout move in training mode only.)"""
    if not case.ran() or "other-generator" in case.named:
        return None, []
    found, training = [], False
    for name in case.own["G"]:
        moved = {who: set(outcome.buffers[name]) for who, outcome in case.first.items()}
        training = training or bool(moved["G"])
        if moved["D"] != moved["G"]:
            more = "G" if moved["G"] - moved["D"] else "D"
            keys = case.keys(name, moved[more] - moved[OTHER[more]])
            message = (
                f"{keys}: changed in {more}'s update only, so fakes are drawn in inference mode in {OTHER[more]}'s."
            )
            found.append(case.verdict("inference-fakes", message))
    return "both updates draw fakes in the same mode" if training and not found else None, found


def sizes(case):
    """Does half a batch train the same networks?"""
    if case.half is None:
        return None, [case.verdict("small-batch", "the batch is too small to try half of it.")]
    raised, found = [], []
    for who, update in case.updates.items():
        if not case.ran(who):
            continue
        # as in the middle of a training, where the last batch of an epoch is met
        left = None if who in case.flagged else case.left.get(who)
        outcome = case.bench.trial(update, case.half, left=left)
        now, then = outcome.moves(case.players), case.first[who].moves(case.players)
        if outcome.error:
            raised.append(f"{who}'s update raises {known_errors.short(outcome.error)}")
        elif now != then:
            changes = [f"{name} no longer moves" for name in sorted(then - now)]
            changes += [f"{name} moves, too" for name in sorted(now - then)]
            message = f"{who}'s update with half a batch: {'; '.join(changes)}."
            found.append(case.verdict("size-dependent-step", message, who))
    if raised:
        found.append(case.verdict("fixed-batch-size", f"with half a batch {'; '.join(raised)}"))
    return "half a batch trains the same networks" if case.ran() and not found else None, found
