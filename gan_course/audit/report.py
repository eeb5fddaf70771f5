"""The result of an audit, printed as a list."""

import textwrap
from dataclasses import dataclass

WIDTH = 79  # longer lines are cut off in a printed handout
MARKS = {"fault": "✗", "warning": "warning,", "note": "note,"}
ORDER = list(MARKS)


@dataclass(frozen=True)
class Verdict:
    """One finding.

    Attributes
    ----------
    name : str
        Which finding: a key of :data:`gan_course.audit.texts.TEXTS`.
    level : str
        ``"fault"``: the update is wrong. ``"warning"``: it may well be. ``"note"``: information.
    message : str
        What was observed.
    hint : str
        What to do; a fault always has one.
    """

    name: str
    level: str
    message: str
    hint: str = ""

    def lines(self):
        yield from _wrap(f"{MARKS[self.level]} {self.name}: {self.message}")
        if self.hint:
            yield from _wrap(self.hint, first="    ")


class Report:
    """What an audit found.

    Attributes
    ----------
    facts : list of str
        What each update moved.
    passed : list of str
        What was checked and is right.
    verdicts : list of Verdict
        Everything else, faults first.
    unchecked : list of str
        What wasn't checked, because the caller would have to hand over more.
    """

    def __init__(self, facts, passed, verdicts, unchecked=()):
        self.facts, self.passed, self.unchecked = list(facts), list(passed), list(unchecked)
        self.verdicts = sorted(verdicts, key=lambda verdict: ORDER.index(verdict.level))

    @property
    def ok(self):
        """Whether no verdict is a fault."""
        return not self.faults

    @property
    def faults(self):
        return [verdict for verdict in self.verdicts if verdict.level == "fault"]

    def __repr__(self):
        lines = [line for fact in self.facts for line in _wrap(fact)]
        lines += [line for text in self.passed for line in _wrap(f"✓ {text}")]
        lines += [line for verdict in self.verdicts for line in verdict.lines()]
        if self.unchecked:
            lines += _wrap(f"not checked: {'; '.join(self.unchecked)}")
        return "\n".join(lines)


def _wrap(text, first=""):
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
