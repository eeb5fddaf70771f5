"""A probe of what an update leaves behind for the next: gradients, flags, modes."""

from gan_course.audit.bench import distance
from gan_course.audit.case import SAME, listed


def left_over(case):
    """Does a step depend on gradients, flags or modes that an earlier one left?"""
    found = []
    for who, left in case.left.items():
        if case.ran(who) and not case.bench.nothing(left):
            found += _after_a_round(case, who, left)
    g = set(case.own["G"])
    told = {"stale-gradient", "g-not-left-alone", "one-optimiser", "joint-step"} & case.named
    if case.graded & g and not told:
        message = f"D's update leaves a gradient in {listed(case.own['G'])}."
        found.append(case.verdict("undetached-fake", message))
    wrong = [one for one in found if one.level != "note"]
    return "no step uses what an earlier one left behind" if len(case.left) == 2 and not wrong else None, found


def _after_a_round(case, who, left):
    """Try an update with what it finds in the middle of a training, and ask which part of that makes a difference."""
    bench, update = case.bench, case.updates[who]
    outcome = bench.trial(update, case.batch, left=left)
    if _alike(case, who, outcome):
        return []
    gradients_alone = bench.trial(update, case.batch, left=bench.flags_as_found(left))
    if bench.same_flags(left) or not _alike(case, who, gradients_alone):
        message = f"{who}'s step depends on the gradients that earlier steps left in {listed(case.own[who])}"
        source = ": D's update doesn't detach its fakes" if who == "G" and case.graded & set(case.own["G"]) else ""
        return [case.verdict("stale-gradient", f"{message}{source}.", who)]
    case.flagged.add(who)
    otherwise = outcome.error or outcome.moves(case.players) != case.first[who].moves(case.players)
    how = "moves other networks than" if otherwise else "is another one than"
    message = (
        f"after a round of both, {who}'s step {how} the first time: a network was left frozen, or in another mode."
    )
    return [case.verdict("left-over-flags", message, who, level="fault" if otherwise else "warning")]


def _alike(case, who, outcome):
    first = case.first[who]
    if outcome.error or outcome.moves(case.players) != first.moves(case.players):
        return False
    return not case.repeats[who] or not distance(outcome.step, first.step) > SAME
