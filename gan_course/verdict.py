"""What a lesson promises, judged on the run just done, beside what the recorded seeds reached."""

import html
import json
import operator

import numpy as np

from gan_course.errors import CourseError

COMPARE = {">=": operator.ge, "<=": operator.le}
NAMES = {
    "least_frequent": "rarest class",
    "class_kl": "KL divergence (nats)",
    "frechet_over_floor": "Fréchet dist., in floors",
    "coverage_of_real": "coverage, of real",
    "coverage_of_real_worst": "the same, worst class",
    "confidence_mean": "confidence",
    "nearest_of_test": "nearest training image",
}
REAL = {
    "least_frequent": "0.089",
    "class_kl": "0.00",
    "frechet_over_floor": "1",
    "coverage_of_real": "1",
    "nearest_of_test": "1",
}


class Verdict:
    """A table that shows itself, in a notebook or in print.

    Attributes
    ----------
    rows : list of tuple
        ``(score, value, bar or "", True, False or None, recorded)``; empty where nothing is judged.
    note : str
        On what it was judged, or why not.
    """

    def __init__(self, rows, note):
        self.rows, self.note = rows, note

    @property
    def passed(self):
        """Whether every bar is met (None where nothing is judged)."""
        return all(row[3] is not False for row in self.rows) if self.rows else None

    def __str__(self):
        lines = [f"{'':<25}{'this run':>9} {'bar':>8}  {'':<7} {'recorded seeds':>17} {'real':>6}"]
        for score, value, bar, met, recorded in self.rows:
            word = {True: "met", False: "NOT MET", None: ""}[met]
            lines.append(f"{NAMES[score]:<25}{value:>9.3g} {bar:>8}  {word:<7} {recorded:>17} {REAL.get(score, ''):>6}")
        return "\n".join([*(lines if self.rows else []), self.note])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        text = str(self)
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}


def judge_run(run, bars, recorded=()):
    """Judge a finished run against a lesson's bars.

    Below ``laptop``, and on other data than MNIST, nothing is judged: there the samples' form, their
    finiteness and the number of steps are checked instead.

    Parameters
    ----------
    run : gan_course.run.Run
    bars : dict
        Score to ``(">=" or "<=", number)``, or to None for a score that is shown without a bar.
    recorded : iterable of dict
        Rows of :func:`gan_course.record.recorded`, one a seed, of the recipe that the run follows.

    Returns
    -------
    Verdict

    Raises
    ------
    CourseError
        If the run is not finished, or its samples are no uint8 images.
    """
    if not run.finished:
        raise CourseError(f"The run took {run.step:,} of {run.steps:,} steps. Let it end, then judge it.")
    samples = np.load(run.folder / "samples.npz")["samples"]
    if samples.dtype != np.uint8 or samples.ndim != 3:
        raise CourseError(f"Expected samples as uint8 (n, height, width), got {samples.dtype} {samples.shape}.")
    if not all(np.isfinite(values).all() and len(values) == run.steps for values in run.history.values()):
        raise CourseError("The history has not one finite loss for each step.")
    if run.budget == "smoke" or run.data != "mnist":
        why = "at this budget" if run.budget == "smoke" else f"on {run.data}: the bars are MNIST's"
        return Verdict([], f"Not judged {why}. Checked: {run.steps:,} steps, finite losses, samples {samples.shape}.")
    from gan_course.yardstick import judge
    from gan_course.yardstick.floors import of_test_images

    report = judge(samples)
    scores = {**report.scores, "least_frequent": min(report["class_histogram"])}
    if "nearest_of_test" in bars:  # how near test images come to the training images is 1
        scores["nearest_of_test"] = scores["nearest_median"] / of_test_images()["nearest_median"]
    _keep(run.folder / "metrics.json", {score: float(scores[score]) for score in bars})
    rows = [
        _row(score, scores[score], bar, [row[score] for row in recorded if score in row]) for score, bar in bars.items()
    ]
    seeds = f"; {len(recorded)} recorded seeds" if recorded else ""
    return Verdict(rows, f"N = {report.n:,} samples, 1 seed{seeds}, against MNIST's {report.reference:,} test images")


def _keep(path, scores):
    """Add the scores to the run's metrics, from where a refresh takes them."""
    metrics = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(metrics | {"scores": scores}, indent=2) + "\n", encoding="utf-8")


def _row(score, value, bar, others):
    met = None if bar is None else bool(COMPARE[bar[0]](value, bar[1]))
    spread = f"{min(others):.3g} to {max(others):.3g}" if others else "none"
    return score, float(value), "" if bar is None else f"{bar[0]} {bar[1]}", met, spread
