"""A report: the scores of samples, each with N, the data and what real data scores beside it."""

from dataclasses import dataclass, replace

import numpy as np

from gan_course.data.dataset import CLASS_NAMES
from gan_course.data.image_sets import SETS
from gan_course.yardstick import floors
from gan_course.yardstick.checks import check_images, check_labels
from gan_course.yardstick.classifier import CLASSES, SHA256, WIDTH, check_data
from gan_course.yardstick.measure import measure, measure_nearest
from gan_course.yardstick.neighbours import K

REFERENCE = 10_000
MIN_SAMPLES = min(floors.SIZES)

# (score, its name in the table, digits after the point). No score stands alone: coverage is next to the
# Fréchet distance, because repeated images pass on the latter.
ROWS = (
    ("frechet_distance", "Fréchet distance", 2),
    ("coverage", "coverage", 3),
    ("coverage_of_real_worst", "worst class, of real coverage", 3),
    ("kid", "KID", 2),
    ("precision", "precision", 3),
    ("recall", "recall", 3),
    ("density", "density", 3),
    ("classifier_score", "classifier score", 3),
    ("confidence_mean", "confidence, mean", 4),
    ("confidence_median", "confidence, median", 4),
    ("confidence_share", "share with confidence over 0.9", 4),
    ("class_kl", "KL of classes from the test set's", 4),
    ("conditional_accuracy", "conditional accuracy", 4),
    ("nearest_median", "nearest training image, median", 2),
    ("nearest_5_percent", "nearest training image, 5 % quantile", 2),
)
BANDS = ("classifier_score", "confidence_mean", "confidence_share")  # the median of real data is 1 already


@dataclass(frozen=True, eq=False)
class Report:
    """What :func:`judge` returns; ``print`` shows it as a table.

    Attributes
    ----------
    scores : dict
        Name to float, or to a list of ten (``coverage_by_class``, ``class_histogram``). ``report["coverage"]``
        is short for ``report.scores["coverage"]``. Where there is a floor for ``n``, it also holds
        ``frechet_over_floor``, ``coverage_of_real``, ``coverage_of_real_by_class`` and ``coverage_of_real_worst``
        (:func:`gan_course.yardstick.floors.relative`).
    n : int
        Samples, of each seed.
    seeds : int
        Trained networks that the scores are the mean over.
    spread : dict or None
        The standard deviations over the seeds, where there are several.
    floor : dict or None
        Score to ``{"mean", "sd"}`` over six sets of ``n`` training images.
    test : dict
        What the test images score in themselves.
    data : str
        ``"mnist"`` or ``"fashion"``: whose test images, classifier and floors.
    reference, feature_width, k, classifier_sha256
        How many test images, and how they were compared.
    """

    scores: dict
    n: int
    floor: dict | None
    test: dict
    seeds: int = 1
    spread: dict | None = None
    data: str = "mnist"
    reference: int = REFERENCE
    feature_width: int = WIDTH
    k: int = K

    @property
    def classifier_sha256(self):
        return SHA256[self.data]

    def __getitem__(self, name):
        try:
            return self.scores[name]
        except KeyError:
            missing = "" if self.floor else f" {_no_floor(self.n)}"
            raise KeyError(f"there is no score {name!r}, but: {', '.join(self.scores)}.{missing}") from None

    def as_dict(self):
        """Return everything as JSON-able values."""
        return {**vars(self), "classifier_sha256": self.classifier_sha256}

    def __str__(self):
        by_class = "coverage_of_real_by_class" if self.floor else "coverage_by_class"
        lines = [
            f"N = {self.n:,} samples, {_count(self.seeds, 'seed')}, against {SETS[self.data].title}'s "
            f"{self.reference:,} test images",
            f"({self.feature_width} features of the classifier {self.classifier_sha256[:8]}, k = {self.k})",
            "",
            _line("", "samples", f"real, N = {self.n:,}", "test images", ""),
            *(self._row(*row) for row in ROWS if row[0] in self.scores),
            "",
            "class             " + "".join(f"{label:>7}" for label in range(CLASSES)),
            "share of samples  " + "".join(f"{share:7.3f}" for share in self["class_histogram"]),
            f"{'coverage of real' if self.floor else 'coverage':<18}"
            + "".join(f"{part:7.3f}" for part in self[by_class]),
        ]
        return "\n".join(lines if self.floor else [*lines, "", _no_floor(self.n)])

    def _row(self, score, name, digits):
        value, spread, real = self[score], (self.spread or {}).get(score), (self.floor or {}).get(score)
        return _line(
            name,
            f"{value:.{digits}f}" + (f" ± {spread:.{digits}f}" if spread is not None else ""),
            f"{real['mean']:.{digits}f} ± {real['sd']:.{digits}f}" if real else "-",
            f"{self.test[score]:.{digits}f}" if score in self.test else "-",
            self._reading(score),
        )

    def _reading(self, score):
        """What to make of a number beside the real data's, in words."""
        if score.startswith("nearest"):
            return f"{self[score] / self.test[score]:.2f} of the test images'"
        if not self.floor:
            return ""
        if score == "frechet_distance":
            return f"{self['frechet_over_floor']:.1f} times the floor"
        if score == "coverage":
            return f"{self['coverage_of_real']:.3f} of real coverage"
        if score == "coverage_of_real_worst" and self.seeds == 1:  # several seeds may each lose another class
            worst = np.argmin(self["coverage_of_real_by_class"])
            return f"the digit {worst}" if self.data == "mnist" else f"class {worst}: {CLASS_NAMES[self.data][worst]}"
        return self._band(score) if score in BANDS else ""

    def _band(self, score):
        """Below, within or above real data: from the test images to three standard deviations of training images."""
        real, test = self.floor[score], self.test[score]
        low, high = min(test, real["mean"] - 3 * real["sd"]), max(test, real["mean"] + 3 * real["sd"])
        if self[score] > high:
            return "above real data: no merit"
        return "below real data" if self[score] < low else "as real data"


def judge(samples, data="mnist", labels=None):
    """Return the :class:`Report` on generated images.

    Parameters
    ----------
    samples : numpy.ndarray
        uint8 (n, 28, 28), white ink (255) on black (0), n of 1,000 or more. There are floors for n of
        1,000, 2,000, 5,000 and 10,000; for another n the report has none, and says so.
    data : str
        What the generator was trained on, the ``name`` of a :class:`gan_course.data.Dataset`:
        ``"mnist"`` or ``"fashion"``.
    labels : numpy.ndarray, optional
        Integers (n,): the classes that a conditional generator was asked for.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If the samples or labels have another shape or type, there are too few, or the data is neither of the two.
    DataError, DownloadError
        If the data can't be had, or a file of the yardstick is damaged.
    """
    check_data(data)
    samples = check_images(samples, "samples")
    n = len(samples)
    if n < MIN_SAMPLES:
        raise ValueError(f"{n} samples are too few for any of the scores: draw {MIN_SAMPLES:,} or more, best 10,000.")
    if labels is not None:
        labels = check_labels(labels, n, CLASSES)
    floor = floors.floor(n, data)
    scores = measure(samples, labels, data) | measure_nearest(samples, data)
    if floor:
        scores |= floors.relative(scores, floor)
    return Report(scores, n, floor, floors.of_test_images(data), data=data)


def average(reports):
    """Return one :class:`Report` with the mean over several seeds, and the standard deviation as its spread.

    Parameters
    ----------
    reports : list of Report
        One for each seed, all of one N and one data set.

    Raises
    ------
    ValueError
        If there is none, or they differ in N, data or scores.
    """
    if not reports:
        raise ValueError("there is no report to average.")
    first = reports[0]
    for other in reports:
        if (other.n, other.data, other.scores.keys(), other.seeds) != (first.n, first.data, first.scores.keys(), 1):
            raise ValueError("the reports differ in N, data or scores, or are averages: give one for each seed.")
    values = {name: np.array([report.scores[name] for report in reports]) for name in first.scores}
    mean = {name: value.mean(axis=0).tolist() for name, value in values.items()}
    spread = {name: value.std(axis=0, ddof=1).tolist() for name, value in values.items()} if len(reports) > 1 else None
    return replace(first, scores=mean, seeds=len(reports), spread=spread)


def _no_floor(n):
    known = ", ".join(f"{size:,}" for size in floors.SIZES)
    return f"There is no floor for N = {n:,}, so nothing says what real data would score; draw N of {known}."


def _count(n, noun):
    return f"{n} {noun}{'s' if n != 1 else ''}"


def _line(name, value, real, test, reading):
    return f"{name:<37}{value:>19}  {real:>17}  {test:>11}  {reading}".rstrip()
