"""The known impostors: for each, which score it fools, and which one it does not.

They are made of a data set's training images and judged as samples of a generator, 10,000 of each. When a
score counts as fooled or not has a reason outside these numbers:

* a score that is as real data's lies within 4 standard deviations of the floor, and one that has found
  the impostor out lies beyond 40;
* a Fréchet distance under ``PASSES`` floors would be an excellent generator's: the MLP GAN of lesson 02,
  screened over a dozen settings on MNIST, ended at 45 floors or more, so every bar that honest work can pass
  lets the impostor pass;
* what a few images score is that of real data, off by the chance of so few draws;
* how much a few images cover follows from their number (Naeem et al., 2020).
"""

import impostors
import numpy as np
import pytest
from needs import with_data

from gan_course.data import load
from gan_course.yardstick import floors, judge, look, nearest_training_distance

N = 10_000
PASSES = 30
AS_REAL, FOUND_OUT = 4, 40
each_data = with_data(scope="module")


@pytest.fixture(scope="module")
def training(data):
    """All training images and labels, in the order of the floors: the first 10,000 are one of the six sets."""
    images, labels = load(data, "train", strict=True)
    order = np.random.default_rng(floors.SEED).permutation(len(images))
    return images[order], labels[order]


def sds(report, score):
    """How far a score lies above the floor's mean, in the floor's standard deviations."""
    return (report[score] - report.floor[score]["mean"]) / report.floor[score]["sd"]


def as_real(report, *scores):
    for score in scores:
        assert abs(sds(report, score)) <= AS_REAL, (score, report[score], sds(report, score))


def as_good_as_real(report, *scores):
    """As real data, or better: of these scores, more is thought to be better."""
    for score in scores:
        assert sds(report, score) >= -AS_REAL, (score, report[score], sds(report, score))


def memorised(report):
    """The score that no set of training images fools."""
    assert report["nearest_median"] < 0.1 * report.test["nearest_median"]


def expected_coverage(different):
    """Coverage of M real images by so many samples of their own distribution: the rest of the ball is empty."""
    return 1 - (N / (N + different)) ** 5


@pytest.mark.parametrize("different", [200, 500])
@each_data
def test_some_training_images_repeated(training, data, different):
    report = judge(impostors.repeated(training[0], different, N), data)
    # fooled: Fréchet distance, confidence, precision and the class histogram
    assert (report["frechet_over_floor"] < PASSES) is ((data, different) != ("fashion", 200))
    assert report["confidence_mean"] > report.test["confidence_mean"] - 0.015
    real = report.floor["precision"]["mean"]
    assert abs(report["precision"] - real) < 4 * np.sqrt(real * (1 - real) / different)
    # 2 n KL follows chi squared with 9 degrees of freedom: mean 9, variance 18
    assert report["class_kl"] < (9 + 4 * np.sqrt(18)) / (2 * different)
    # not fooled: coverage, overall and of every class, is what so few images can cover; recall; the nearest image
    assert report["coverage"] == pytest.approx(expected_coverage(different), abs=0.03)
    assert report["coverage_of_real"] < 0.25
    assert max(report["coverage_of_real_by_class"]) < 0.35
    assert report["recall"] == 0
    memorised(report)


@each_data
def test_every_8_is_the_same_picture(training, data):
    images, labels = (part[:N] for part in training)
    report = judge(impostors.one_picture_for(8, images, labels), data, labels)
    # fooled: Fréchet distance, all that the classifier says, precision; and overall coverage loses but a tenth
    assert report["frechet_over_floor"] < PASSES
    as_real(report, "classifier_score", "confidence_mean", "class_kl", "conditional_accuracy")
    as_good_as_real(report, "precision")
    assert report["coverage_of_real"] > 0.88
    # not fooled: coverage by class, which names the class and clears the others
    by_class = report["coverage_of_real_by_class"]
    assert by_class[8] == report["coverage_of_real_worst"] < 0.1
    assert min(by_class[:8] + by_class[9:]) > 0.95
    assert {"mnist": "the digit 8", "fashion": "class 8: bag"}[data] in str(report)


@each_data
def test_real_images_shifted_by_a_pixel(training, data):
    images = training[0]
    moved = impostors.shifted(images[:N])
    report = judge(moved, data)
    # fooled: what compares features. Precision and coverage lose some hundredths, less than generators differ by. And
    # the plain distance between pixels finds them new.
    assert report["frechet_over_floor"] < PASSES
    if data == "mnist":  # whose classifier was trained to overlook a shift
        assert report["frechet_over_floor"] < 2
        as_real(report, "kid", "classifier_score", "confidence_mean", "class_kl")
        as_good_as_real(report, "recall")
    assert report["coverage_of_real"] > 0.9
    assert report["precision"] > 0.9 * report.floor["precision"]["mean"]
    plain = nearest_training_distance(moved[:: N // 200], images, centre=False)
    assert np.median(plain) > report.test["nearest_median"]
    # not fooled: the distance to the nearest training image, because it centres the images first
    memorised(report)


@each_data
def test_the_training_set_itself(training, data):
    images, labels = (part[:N] for part in training)
    report = judge(images, data, labels)
    # fooled: every score that has a floor, since this is one of the sets that the floor is made of
    scores = [name for name, real in report.floor.items() if isinstance(real["mean"], float)]
    as_real(report, *scores)
    # not fooled: the nearest training image, at distance 0
    assert report["nearest_median"] == 0


@each_data
def test_uniform_noise(data):
    report = judge(impostors.noise(N, np.random.default_rng(2)), data)
    if data == "mnist":
        # fooled: confidence. The classifier has never seen noise, and is surer of it than of any digit.
        assert report["confidence_share"] == 1
        assert report["confidence_mean"] > report.floor["confidence_mean"]["mean"]
        assert str(report).count("above real data: no merit") == 2  # so the report does not praise it
        assert (report["precision"], report["density"], report["coverage"]) == (0, 0, 0)
    else:
        # fooled: precision. A few clothes are so far from all others that the noise is in their balls; density isn't.
        assert report["precision"] > 0.7
        assert report["density"] < 0.4
        assert str(report).count("below real data") == 3
    # not fooled: all the others; it takes most noise for one class
    assert report["classifier_score"] < 1.2
    assert report["class_kl"] > 1.8
    assert report["frechet_over_floor"] > 1000
    assert report["recall"] == 0
    assert report["coverage_of_real"] < 0.01
    assert report["nearest_median"] > 2 * report.test["nearest_median"]


@each_data
def test_only_the_images_that_the_classifier_is_surest_of(training, data):
    images, labels = training
    report = judge(impostors.most_confident(images, labels, look(images, data)[1], of_each=N // 10), data)
    # fooled: classifier score and confidence are better than real, precision and the histogram as good
    assert sds(report, "classifier_score") > AS_REAL
    assert report["confidence_share"] == 1
    as_good_as_real(report, "precision", "density")
    assert report["class_kl"] < 0.03
    assert "above real data: no merit" in str(report)
    # not fooled: Fréchet distance, KID, and what asks for diversity
    assert report["frechet_over_floor"] > PASSES
    assert sds(report, "kid") > FOUND_OUT
    assert sds(report, "recall") < -FOUND_OUT
    assert report["coverage_of_real"] < 0.6
