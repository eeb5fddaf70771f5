"""The yardstick: a frozen classifier for each data set and one set of scores, the same for every framework.

==================================  =========================================================================
:func:`judge`                       samples against the test images: a :class:`Report` to print
:func:`average`                     one report out of those of several seeds
:func:`judge_toy`                   points against a ring or a grid: a :class:`ToyReport`
:func:`look`                        what the classifier finds: features (n, 64) and probabilities (n, 10)
:func:`frechet_distance`            features against features, as two Gaussians
:func:`kid`                         the same, by a kernel
:func:`prdc`                        precision, recall, density and coverage; :func:`coverage_by_class`
:func:`classifier_score`            of probabilities; so are :func:`confidence`, :func:`class_histogram`,
                                    :func:`class_kl` (of a histogram) and :func:`conditional_accuracy`
:func:`nearest_training_distance`   pixels against the training images
==================================  =========================================================================

Read no score by itself. Repeated training images pass on Fréchet distance, noise passes on confidence, and
the training set itself passes on everything but the distance to the nearest training image; the tests
(``tests/test_yardstick_impostors.py``) say which impostor fools which score.

All arithmetic is in float64; only the classifier computes in float32, through ONNX Runtime.
"""

from gan_course.yardstick.classes import (
    class_histogram,
    class_kl,
    classifier_score,
    conditional_accuracy,
    confidence,
)
from gan_course.yardstick.classifier import look
from gan_course.yardstick.frechet import frechet_distance
from gan_course.yardstick.kernel import kid
from gan_course.yardstick.nearest import nearest_training_distance
from gan_course.yardstick.neighbours import coverage_by_class, prdc
from gan_course.yardstick.report import Report, average, judge
from gan_course.yardstick.toys import ToyReport, judge_toy

__all__ = [
    "Report",
    "ToyReport",
    "average",
    "class_histogram",
    "class_kl",
    "classifier_score",
    "conditional_accuracy",
    "confidence",
    "coverage_by_class",
    "frechet_distance",
    "judge",
    "judge_toy",
    "kid",
    "look",
    "nearest_training_distance",
    "prdc",
]
