"""A score: the one place that knows its name, its format, its direction and the real data's value."""

from dataclasses import dataclass

DIRECTIONS = ("higher", "lower", "")


@dataclass(frozen=True)
class Score:
    """What one number is called, how it is written, and what it is read against.

    Attributes
    ----------
    key : str
        Its name in code and in files: ``"coverage_of_real"``.
    label : str
        Its name for readers. After a comma may stand what it is measured in: ``"coverage, of real data's"``.
    form : str
        A format specification: ``".1%"``.
    better : str
        ``"higher"`` or ``"lower"``; ``""`` where neither is a merit, and the number is read beside the real data's.
    real : float or None
        What real data scores.
    headline : bool
        Whether it stands in README's table of lessons.

    Raises
    ------
    ValueError
        If ``better`` is another word.
    """

    key: str
    label: str
    form: str = ".2f"
    better: str = ""
    real: float | None = None
    headline: bool = False

    def __post_init__(self):
        if self.better not in DIRECTIONS:
            raise ValueError(f"{self.key}: `better` is {self.better!r}; choose 'higher', 'lower' or ''.")

    def write(self, value):
        """Return a value as text (str): ``"88.3%"``."""
        return f"{value:{self.form}}"

    def say(self, value):
        """Return a value with the score's name (str): ``"coverage 88.3% of real data's"``."""
        name, _, unit = self.label.partition(", ")
        return f"{name} {self.write(value)} {unit}".strip()

    def span(self, values, form=None):
        """Return several values, of several seeds say, as text (str): from the best to the worst."""
        ordered = sorted(values, reverse=self.better == "higher")
        return " to ".join(dict.fromkeys(f"{value:{form or self.form}}" for value in (ordered[0], ordered[-1])))
