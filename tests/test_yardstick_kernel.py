"""KID: the double sum of its definition, and torchmetrics."""

import numpy as np
import pytest
import torch
from test_yardstick_frechet import Flat, as_images
from torchmetrics.image.kid import KernelInceptionDistance

from gan_course.yardstick import kernel, kid


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.normal(0.3, 1.2, size=(60, 5)), rng.normal(size=(45, 5))


def naive(x, y):
    """The unbiased estimate as it is defined, pair by pair."""

    def k(a, b):
        return (a @ b / len(a) + 1) ** 3

    def among(z):
        return np.mean([k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])

    return among(x) + among(y) - 2 * np.mean([k(a, b) for a in x for b in y])


def test_it_is_the_double_sum_of_its_definition(features):
    assert kid(*features) == pytest.approx(naive(*features), rel=1e-10)


def test_blocks_make_no_difference(features, monkeypatch):
    whole = kid(*features)
    monkeypatch.setattr(kernel, "ROWS", 7)  # 60 and 45 are no multiples of it
    assert kid(*features) == pytest.approx(whole, rel=1e-12)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save:UserWarning")
def test_it_is_what_torchmetrics_computes_on_one_subset_of_all(features):
    samples, reference = features[0][:45], features[1]
    metric = KernelInceptionDistance(feature=Flat(5), subsets=1, subset_size=45).set_dtype(torch.float64)
    metric.update(as_images(reference), real=True)
    metric.update(as_images(samples), real=False)
    assert kid(samples, reference) == pytest.approx(metric.compute()[0].item(), rel=1e-9)


def test_two_samples_of_one_distribution_score_0_on_average_whatever_their_number():
    # a biased estimate (V-statistic) is above 0.1 here, always
    for n in (20, 80):
        rng = np.random.default_rng(1)
        values = [kid(rng.normal(size=(n, 5)), rng.normal(size=(n, 5))) for _ in range(300)]
        assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)  # 4 standard errors
        assert min(values) < 0 < max(values)


def test_it_sees_what_mean_and_covariance_do_not():
    rng = np.random.default_rng(2)
    skewed = rng.exponential(size=(2000, 1)) - 1  # mean 0 and variance 1, as the normal distribution
    normal = rng.normal(size=(2000, 1))
    # for d = 1 the difference is (E x^3)^2 of the cubic term, 2^2; its standard error is about 0.5
    assert 2 < kid(skewed, normal) < 6


def test_order_and_roles_make_no_difference(features):
    samples, reference = features
    assert kid(samples[::-1], reference) == pytest.approx(kid(samples, reference), rel=1e-10)
    assert kid(reference, samples) == pytest.approx(kid(samples, reference), rel=1e-10)


def test_what_does_not_fit_is_an_error(features):
    with pytest.raises(ValueError, match="the samples have 4 features and the reference 5"):
        kid(np.zeros((10, 4)), features[1])
    with pytest.raises(ValueError, match="n of 2 or more"):
        kid(features[0][:1], features[1])
