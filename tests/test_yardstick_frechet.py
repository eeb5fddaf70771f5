"""Fréchet distance: closed forms, scipy's matrix root, and torchmetrics."""

import numpy as np
import pytest
import torch
from scipy import linalg
from torchmetrics.image.fid import FrechetInceptionDistance

from gan_course.yardstick import frechet_distance
from gan_course.yardstick.frechet import frechet_of_gaussians, moments


class Flat(torch.nn.Module):
    """A feature module that hands its input on: features (n, d) come in as images (n, d, 1, 1)."""

    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features

    def forward(self, x):
        return x.flatten(1)


def as_images(features):
    return torch.from_numpy(features)[:, :, None, None]


@pytest.fixture
def features():
    """Two sets of correlated features, of different size, mean and covariance."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(2, 8, 8))
    return rng.normal(size=(300, 8)) @ mixing[0], 1 + rng.normal(size=(200, 8)) @ mixing[1]


def random_covariance(rng, d, rank=None):
    factor = rng.normal(size=(d, rank or d))
    return factor @ factor.T


def test_in_one_dimension_it_is_the_difference_of_means_and_of_standard_deviations():
    assert frechet_of_gaussians([1.0], [[4.0]], [3.5], [[9.0]]) == pytest.approx(2.5**2 + (3 - 2) ** 2, rel=1e-14)


def test_of_covariances_that_commute_it_is_the_closed_form():
    # with common eigenvectors: the squared difference of the roots of the eigenvalues
    rng = np.random.default_rng(1)
    vectors, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    first, second = rng.random((2, 6)) * 5
    mean = rng.normal(size=6)
    expected = np.sum(mean**2) + np.sum((np.sqrt(first) - np.sqrt(second)) ** 2)
    distance = frechet_of_gaussians(mean, vectors * first @ vectors.T, np.zeros(6), vectors * second @ vectors.T)
    assert distance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_of_any_covariances_it_is_what_scipys_matrix_root_gives(seed):
    rng = np.random.default_rng(seed)
    first, second = random_covariance(rng, 20), random_covariance(rng, 20)
    mean1, mean2 = rng.normal(size=(2, 20))
    root = linalg.sqrtm(first @ second).real
    expected = np.sum((mean1 - mean2) ** 2) + np.trace(first + second - 2 * root)
    assert frechet_of_gaussians(mean1, first, mean2, second) == pytest.approx(expected, rel=1e-10)


def test_of_features_it_is_what_torchmetrics_computes(features):
    samples, reference = features
    metric = FrechetInceptionDistance(feature=Flat(8)).set_dtype(torch.float64)
    metric.update(as_images(reference), real=True)
    metric.update(as_images(samples), real=False)
    assert frechet_distance(samples, reference) == pytest.approx(metric.compute().item(), rel=1e-9)


def test_large_samples_of_known_gaussians_come_near_to_their_distance():
    rng = np.random.default_rng(2)
    factors = rng.normal(size=(2, 4, 4))
    samples, reference = (rng.normal(size=(200_000, 4)) @ factor.T + i for i, factor in enumerate(factors))
    expected = frechet_of_gaussians(np.zeros(4), factors[0] @ factors[0].T, np.ones(4), factors[1] @ factors[1].T)
    assert frechet_distance(samples, reference) == pytest.approx(expected, rel=0.02)


def test_a_set_against_itself_is_at_0_in_any_order_and_never_below():
    for seed in range(20):  # about half of them would come out as -1e-13
        rng = np.random.default_rng(seed)
        samples = rng.normal(size=(300, 8)) @ rng.normal(size=(8, 8))
        assert 0 <= frechet_distance(samples, rng.permutation(samples)) < 1e-10


def test_it_is_symmetric_and_grows_with_the_square_of_the_unit(features):
    distance = frechet_distance(*features)
    assert frechet_distance(*features[::-1]) == pytest.approx(distance, rel=1e-12)
    assert frechet_distance(*(10 * f for f in features)) == pytest.approx(100 * distance, rel=1e-12)


def test_a_shift_of_everything_adds_its_square(features):
    samples, _ = features
    assert frechet_distance(samples + 3, samples) == pytest.approx(8 * 3**2, rel=1e-12)


def test_constant_and_repeated_features_are_no_problem(features):
    # a ReLU that never fires, and a copy: singular covariances, where a matrix root turns complex or fails
    samples, reference = (np.column_stack([f, np.zeros(len(f)), f[:, 0]]) for f in features)
    expected = frechet_of_gaussians(*moments(samples), *moments(reference))
    assert frechet_distance(samples, reference) == expected
    assert frechet_distance(samples, samples) < 1e-6
    rank_2 = [random_covariance(np.random.default_rng(seed), 10, rank=2) for seed in range(2)]
    overlap = np.sqrt(np.linalg.eigvals(rank_2[0] @ rank_2[1]).real.clip(0)).sum()
    expected = np.trace(rank_2[0] + rank_2[1]) - 2 * overlap
    assert frechet_of_gaussians(np.zeros(10), rank_2[0], np.zeros(10), rank_2[1]) == pytest.approx(expected, rel=1e-6)


def test_all_samples_alike_is_the_spread_of_the_real_ones_and_the_way_to_their_mean(features):
    _, reference = features
    mean, covariance = moments(reference)
    collapsed = np.zeros((50, 8))
    assert frechet_distance(collapsed, reference) == pytest.approx(mean @ mean + np.trace(covariance), rel=1e-12)


def test_one_feature_is_enough():
    assert frechet_distance(np.array([[0.0], [2.0]]), np.array([[1.0], [3.0]])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((5, 3)), r"the samples have 3 features and the reference 8"),
        (np.zeros((1, 8)), r"\(1, 8\), expected \(n, d\) with n of 2 or more"),
        (np.zeros(8), r"\(8,\), expected \(n, d\)"),
        (np.full((5, 8), np.nan), "NaN or infinity"),
    ],
)
def test_what_does_not_fit_is_an_error(features, samples, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(samples, features[1])
