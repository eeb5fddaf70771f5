"""Classifier score, class histogram and its KL divergence, conditional accuracy."""

import numpy as np
import pytest
import torch
from scipy import stats
from test_yardstick_frechet import Flat, as_images
from torchmetrics.image.inception import InceptionScore

from gan_course.yardstick import class_histogram, class_kl, classifier_score, conditional_accuracy, confidence

ONE_OF_EACH = np.eye(10)


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(0, 3, size=(80, 10))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore` will save:UserWarning", "ignore:std():UserWarning")
def test_the_score_is_what_torchmetrics_computes_on_one_split(logits):
    metric = InceptionScore(feature=Flat(10), splits=1).set_dtype(torch.float64)
    metric.update(as_images(logits))
    assert classifier_score(softmax(logits)) == pytest.approx(metric.compute()[0].item(), rel=1e-9)


def test_the_score_is_its_definition(logits):
    p = softmax(logits)
    expected = np.exp(np.mean([stats.entropy(row, p.mean(axis=0)) for row in p]))  # of two arguments: KL
    assert classifier_score(p) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (np.repeat(ONE_OF_EACH, 7, axis=0), 10),  # sure and balanced
        (ONE_OF_EACH[[3] * 50], 1),  # sure, but of one class
        (np.full((50, 10), 0.1), 1),  # balanced, but never sure
        (ONE_OF_EACH[[0, 1] * 20], 2),
    ],
)
def test_the_score_counts_the_classes_that_come_up_clearly(probabilities, expected):
    assert classifier_score(probabilities) == pytest.approx(expected, rel=1e-12)


def test_the_scores_bias_is_what_the_docstring_says():
    rng = np.random.default_rng(1)
    n = 200
    scores = [classifier_score(ONE_OF_EACH[rng.integers(10, size=n)]) for _ in range(300)]
    assert np.mean(scores) == pytest.approx(10 * np.exp(-9 / (2 * n)), abs=0.02)


def test_the_histogram_is_of_the_largest_probability():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.35, 0.25], [0.9, 0.1, 0.0]])
    assert class_histogram(p).tolist() == [0.75, 0.25, 0]


def test_the_kl_divergence_is_scipys_and_goes_from_the_histogram_to_the_frequencies():
    histogram, frequencies = np.array([0.7, 0.2, 0.1, 0]), np.array([0.1, 0.2, 0.3, 0.4])
    assert class_kl(histogram, frequencies) == pytest.approx(stats.entropy(histogram, frequencies), rel=1e-12)
    assert class_kl(frequencies, frequencies) == 0
    assert class_kl([0, 0, 1, 0], frequencies) == pytest.approx(-np.log(0.3))


def test_confidence_is_the_largest_probability(logits):
    p = softmax(logits)
    assert confidence(p).shape == (80,)
    assert confidence(p)[5] == max(p[5])


def test_conditional_accuracy_is_the_share_of_digits_that_were_asked_for():
    assert conditional_accuracy(ONE_OF_EACH, np.arange(10)) == 1
    assert conditional_accuracy(ONE_OF_EACH, np.array([0, 1, 2, 3, 4, 0, 0, 0, 0, 0])) == 0.5


@pytest.mark.parametrize("score", [classifier_score, class_histogram, confidence])
def test_logits_are_taken_for_what_they_are(score, logits):
    with pytest.raises(ValueError, match="Are they logits?"):
        score(logits)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(9), r"the labels are int64 \(9,\), expected one integer for each of 10"),
        (np.eye(10, dtype=int), "expected one integer for each of 10"),  # one-hot
        (np.arange(10.0), "the labels are float64"),
        (np.arange(1, 11), "the labels go from 1 to 10, expected 0 to 9"),
    ],
)
def test_labels_that_do_not_fit_are_an_error(labels, message):
    with pytest.raises(ValueError, match=message):
        conditional_accuracy(ONE_OF_EACH, labels)
