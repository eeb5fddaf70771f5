"""Precision, recall, density, coverage: their definitions by brute force, and the package prdc."""

import tracemalloc

import numpy as np
import pytest
from prdc import compute_prdc

from gan_course.yardstick import coverage_by_class, neighbours, prdc
from gan_course.yardstick.neighbours import K

FOUR = ("precision", "recall", "density", "coverage")


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.normal(0.5, 0.8, size=(130, 6)), rng.normal(size=(170, 6))


def four(found):
    return {name: getattr(found, name) for name in FOUR}


def brute_force(samples, reference, k):
    """As the two papers define them, distance by distance."""

    def radius(point, among):  # the first is the point itself
        return sorted(np.linalg.norm(point - other) for other in among)[k]

    def inside(point, centres, radii):
        return [np.linalg.norm(point - centre) < r for centre, r in zip(centres, radii, strict=True)]

    real_radii = [radius(x, reference) for x in reference]
    sample_radii = [radius(x, samples) for x in samples]
    in_real = np.array([inside(x, reference, real_radii) for x in samples])  # (samples, reference)
    in_samples = np.array([inside(x, samples, sample_radii) for x in reference])
    return {
        "precision": in_real.any(axis=1).mean(),
        "recall": in_samples.any(axis=1).mean(),
        "density": in_real.sum() / (k * len(samples)),
        "coverage": in_real.any(axis=0).mean(),
    }


@pytest.mark.parametrize("k", [1, 3, 5])
def test_they_are_their_definitions(features, k):
    samples, reference = features[0][:40], features[1][:50]
    assert four(prdc(samples, reference, k)) == pytest.approx(brute_force(samples, reference, k), rel=1e-12)


@pytest.mark.parametrize("k", [3, 5])
def test_they_are_what_prdc_computes(features, k):
    samples, reference = features
    expected = compute_prdc(real_features=reference, fake_features=samples, nearest_k=k)
    assert four(prdc(samples, reference, k)) == pytest.approx(expected, rel=1e-12)


def test_k_is_5_unless_said_otherwise(features):
    assert K == 5
    assert four(prdc(*features)) == four(prdc(*features, k=5))


def test_blocks_make_no_difference(features, monkeypatch):
    whole = prdc(*features)
    monkeypatch.setattr(neighbours, "MEBIBYTES", 7 * 170 * 8 / 2**20)  # 7 or 9 rows: 130 and 170 are not multiples
    parts = prdc(*features)
    assert four(parts) == four(whole)
    np.testing.assert_array_equal(parts.covered, whole.covered)


def test_ten_thousand_against_ten_thousand_take_less_than_150_mb():
    features = np.random.default_rng(5).normal(size=(10_000, 3))
    tracemalloc.start()
    prdc(features[::-1], features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6  # one whole matrix of distances would be 800 MB


def test_real_samples_of_the_same_number_cover_1_minus_2_to_the_minus_k():
    # Naeem et al.'s expectation, whatever the distribution: a ball stays empty when its centre's k nearest
    # of 2n - 1 others are all real
    rng = np.random.default_rng(1)
    for k in (1, 3, 5):
        coverage = prdc(rng.normal(size=(3000, 3)), rng.normal(size=(3000, 3)), k).coverage
        assert coverage == pytest.approx(1 - 2.0**-k, abs=0.03)


def test_a_set_against_itself_is_perfect():
    samples = np.random.default_rng(2).normal(size=(100, 4))
    assert four(prdc(samples, samples)) == pytest.approx(dict.fromkeys(FOUR, 1.0))


def test_order_makes_no_difference(features):
    samples, reference = features
    shuffled = np.random.default_rng(3).permutation(samples)
    assert four(prdc(shuffled, reference)) == pytest.approx(four(prdc(samples, reference)), rel=1e-12)


def test_repeated_samples_lose_recall_and_raise_no_coverage(features):
    samples, reference = features
    once, often = prdc(samples, reference), prdc(np.repeat(samples, 8, axis=0), reference)
    assert (often.coverage, often.precision) == (once.coverage, once.precision)
    assert often.density == pytest.approx(once.density)
    assert often.recall == 0  # every sample's nearest neighbours are its own copies


def test_samples_far_away_have_none_of_the_four(features):
    samples, reference = features
    assert four(prdc(samples + 100, reference)) == dict.fromkeys(FOUR, 0.0)


def test_coverage_goes_by_the_class_of_the_real_image():
    centres = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1, 2], 40)
    reference = centres[labels] + rng.normal(size=(120, 2))
    samples = reference[labels != 1]  # the class 1 is missing
    found = prdc(samples, reference)
    assert coverage_by_class(found.covered, labels, classes=3).tolist() == [1, 0, 1]
    assert found.coverage == pytest.approx(2 / 3)


def test_what_does_not_fit_is_an_error(features):
    samples, reference = features
    with pytest.raises(ValueError, match="the samples have 5 features and the reference 6"):
        prdc(samples[:, :5], reference)
    with pytest.raises(ValueError, match=r"the samples' features have the shape \(5, 6\).* n of 6 or more"):
        prdc(samples[:5], reference)
    with pytest.raises(ValueError, match="the reference's features hold NaN or infinity"):
        prdc(samples, reference * np.inf)
    with pytest.raises(ValueError, match="the labels are int64"):
        coverage_by_class(np.ones(4, bool), np.zeros(3, int))
