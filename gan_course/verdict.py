"""What a lesson promises, judged on the run just done, beside what the recorded seeds reached."""

import json
import operator
from dataclasses import dataclass

import numpy as np

from gan_course.errors import CourseError
from gan_course.table import Table
from gan_course.tasks.score import Score
from gan_course.tasks.task import SAMPLE_STREAM

COMPARE = {">=": operator.ge, "<=": operator.le}
SIGNS = {">=": "≥", "<=": "≤"}
MET = {True: "met", False: "NOT MET", None: "–"}


@dataclass(frozen=True)
class Row:
    """One line of a verdict.

    Attributes
    ----------
    score : gan_course.tasks.Score
    value : float or None
        Of this run; None where the seeds alone are judged.
    bar : tuple or None
        ``(">=" or "<=", number)``, or ``("in", lowest, highest)``.
    recorded : tuple of float
        Of the recorded seeds.
    met : bool or None
        None without a bar.
    """

    score: Score
    value: float | None
    bar: tuple | None
    recorded: tuple = ()

    @property
    def met(self):
        values = self.recorded if self.value is None else (self.value,)
        return None if self.bar is None else all(_meets(value, self.bar) for value in values)

    def texts(self):
        write, bar = self.score.write, self.bar
        if bar is None:
            bar = "–"
        elif bar[0] == "in":
            bar = f"{write(bar[1])} to {write(bar[2])}"
        else:
            bar = f"{SIGNS[bar[0]]} {write(bar[1])}"
        return [
            self.score.label,
            "–" if self.value is None else write(self.value),
            bar,
            MET[self.met],
            self.score.span(self.recorded) if len(self.recorded) else "–",
            "–" if self.score.real is None else write(self.score.real),
        ]


class Verdict(Table):
    """A table of scores and bars that shows itself, in a notebook or in print.

    Attributes
    ----------
    rows : list of Row
        Empty where nothing is judged.
    note : str
        On what it was judged, or why not.
    """

    def __init__(self, rows, note):
        self.rows = list(rows)
        columns = ["", "this run", "bar", "bar met", "recorded seeds", "real data"]
        super().__init__(columns, [row.texts() for row in self.rows], note)

    @property
    def passed(self):
        """Whether every bar is met (None where nothing is judged)."""
        judged = [row.met for row in self.rows if row.met is not None]
        return all(judged) if judged else None


def judge_run(run, bars, recorded=None, more=()):
    """Judge a finished run against a lesson's bars.

    Below ``laptop``, on other data than the task's, and before its last step, nothing is judged. The number of its
    steps, and whether its samples are finite, is checked all the same.

    Parameters
    ----------
    run : gan_course.run.Run
    bars : dict
        Key of a score of the task to ``(">=" or "<=", number)``, to ``("in", lowest, highest)``, or to None for a
        score that is shown without a bar. Empty, the samples are not scored, and what ``more`` holds is judged alone.
    recorded : pandas.DataFrame, optional
        Of :meth:`gan_course.record.Recorded.runs`: the recorded seeds of the recipe that the run follows.
    more : iterable of tuple
        What the lesson measured itself: ``(score, value, bar)``, with a :class:`gan_course.tasks.Score`. A value may
        be several, of recorded seeds, and is judged by all of them.

    Returns
    -------
    Verdict

    Raises
    ------
    CourseError
        If the task has no such score, a bar isn't of this form, or the run's files aren't whole.
    """
    task, more = run.task, list(more)
    for key, bar in [*bars.items(), *((score.key, bar) for score, _, bar in more)]:
        _check_bar(key, bar)
    try:
        scores = [task.score(key) for key in bars]
    except KeyError as error:
        raise CourseError(error.args[0]) from None
    if not run.finished:
        return Verdict([], f"Not judged: {run.step:,} of {run.steps:,} steps. Run the training's cell again to go on.")
    samples = np.load(run.folder / "samples.npz")["samples"]
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        raise CourseError("The samples hold NaN or infinity: the generator has diverged.")
    if not all(len(values) == run.steps for values in run.history.values()):
        raise CourseError(f"The history has not {run.steps:,} steps. Run the lesson again from its start.")
    checked = f"Checked: {run.steps:,} steps, finite losses, samples {samples.shape}."
    if run.budget == "smoke":
        return Verdict([], f"Not judged at this budget. {checked}")
    if run.data != task.data:
        return Verdict([], f"Not judged on {run.data}: the scores are for {task.data}. {checked}")
    values = task.evaluate(samples, run.inputs(len(samples), SAMPLE_STREAM)) if bars else {}
    _keep(run.folder / "metrics.json", task, values, more)
    n = f"N = {len(samples):,} samples, 1 seed" if bars else "Measured by the lesson"
    if not task.judged:
        rows = [Row(score, values[score.key], None) for score in scores]
        return Verdict(rows, f"{n}, against {task.data}. The lesson's bars are of other data: nothing is judged.")
    rows = [Row(score, values[score.key], bars[score.key], _column(recorded, score.key)) for score in scores]
    rows += [_row_of_lesson(*measured) for measured in more]
    seeds = 0 if recorded is None else len(recorded)
    return Verdict(rows, f"{n}{f'; {seeds} recorded seeds, from best to worst' if seeds else ''}; against {task.data}.")


def _check_bar(key, bar):
    match bar:
        case None | (">=" | "<=", _) | ("in", _, _):
            return
    raise CourseError(f"The bar of {key} is {bar!r}. Give ('>=' or '<=', number), ('in', lowest, highest) or None.")


def _meets(value, bar):
    return bool(bar[1] <= value <= bar[2] if bar[0] == "in" else COMPARE[bar[0]](value, bar[1]))


def _row_of_lesson(score, value, bar):
    if np.ndim(value):
        if not len(value):
            raise CourseError(f"There is no value of {score.key} to judge.")
        return Row(score, None, bar, tuple(map(float, value)))
    return Row(score, float(value), bar)


def _column(recorded, key):
    return () if recorded is None or key not in recorded else tuple(recorded[key].dropna())


def _keep(path, task, values, more):
    """Add the scores to the run's metrics, from where a refresh takes them, and a line of them for README."""
    kept = values | {score.key: float(value) for score, value, _ in more if not np.ndim(value)}
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["scores"] = metrics.get("scores", {}) | kept
    if values:
        metrics["reached"] = ", ".join(score.say(values[score.key]) for score in task.scores if score.headline)
    path.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
