"""The toys: their published constants, and samples that follow them."""

import numpy as np
import pytest

from gan_course.data import grid, ring, spiral

N = 20_000
MIXTURES = pytest.mark.parametrize("toy", [ring(), grid()], ids=lambda toy: toy.name)
TOYS = pytest.mark.parametrize("toy", [ring(), grid(), spiral()], ids=lambda toy: toy.name)


def nearest(toy, points):
    """Index of each point's nearest mode, and the vector from there to the point."""
    offsets = points[:, None, :].astype(np.float64) - toy.modes
    index = np.linalg.norm(offsets, axis=2).argmin(axis=1)
    return index, offsets[np.arange(len(points)), index]


def distances(modes):
    """The distance of each mode to its nearest other one."""
    between = np.linalg.norm(modes[:, None] - modes, axis=2)
    np.fill_diagonal(between, np.inf)
    return between.min(axis=1)


def test_the_ring_has_eight_different_modes_not_seven():
    toy = ring()
    assert toy.modes.shape == (8, 2)
    # linspace(0, 2 pi, 8) would repeat one, at distance 0, and space the others by 2 sin(pi/7)
    np.testing.assert_allclose(distances(toy.modes), 2 * np.sin(np.pi / 8))


def test_the_ring_has_radius_1_and_sigma_0_01():
    np.testing.assert_allclose(np.linalg.norm(ring().modes, axis=1), 1)
    assert ring().sigma == 0.01


def test_the_grid_has_25_modes_spaced_by_2_around_the_origin():
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert len(grid().modes) == 25
    assert {tuple(mode) for mode in grid().modes.tolist()} == expected
    assert grid().sigma == 0.05


def test_the_constants_can_be_chosen():
    toy = ring(modes=5, radius=3, sigma=0.2)
    assert (toy.modes.shape, toy.sigma) == ((5, 2), 0.2)
    np.testing.assert_allclose(distances(toy.modes), 2 * 3 * np.sin(np.pi / 5))
    toy = grid(side=2, spacing=3, sigma=0.1)
    assert toy.sigma == 0.1
    assert sorted(toy.modes.tolist()) == [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]


@MIXTURES
def test_the_share_of_points_within_3_sigma_is_that_of_a_gaussian_in_the_plane(toy):
    _, offset = nearest(toy, toy.sample(N, np.random.default_rng(0)))
    share = np.mean(np.linalg.norm(offset, axis=1) < 3 * toy.sigma)
    expected = 1 - np.exp(-4.5)  # 0.989: the distance follows a Rayleigh distribution
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / N)  # 4 standard errors, 0.003


@MIXTURES
def test_the_points_scatter_by_sigma_around_their_mode_in_both_directions(toy):
    _, offset = nearest(toy, toy.sample(N, np.random.default_rng(1)))
    assert np.abs(offset.mean(axis=0)).max() < 4 * toy.sigma / np.sqrt(N)
    # the standard error of a standard deviation is sigma / sqrt(2 N), of a correlation 1 / sqrt(N)
    np.testing.assert_allclose(offset.std(axis=0), toy.sigma, rtol=4 / np.sqrt(2 * N))
    assert abs(np.corrcoef(offset.T)[0, 1]) < 4 / np.sqrt(N)


@MIXTURES
def test_all_modes_are_equally_likely(toy):
    index, _ = nearest(toy, toy.sample(N, np.random.default_rng(2)))
    counts = np.bincount(index, minlength=len(toy.modes))
    expected, freedom = N / len(toy.modes), len(toy.modes) - 1
    chi2 = np.sum((counts - expected) ** 2) / expected
    # Mean `freedom`, variance 2 * `freedom`. One mode twice as likely as the others gives over 500;
    # modes taken in turn, not by chance, give 0.
    assert 0.1 < chi2 < freedom + 4 * np.sqrt(2 * freedom)


@TOYS
@pytest.mark.parametrize("n", [0, 1, 7])
def test_a_sample_is_float32_of_the_shape_asked_for(toy, n):
    points = toy.sample(n, np.random.default_rng(0))
    assert points.shape == (n, 2)
    assert points.dtype == np.float32


@TOYS
def test_the_generator_alone_decides_the_points(toy):
    first = toy.sample(100, np.random.default_rng(5))
    np.random.seed(0)  # noqa: NPY002 - the global generator must not matter
    np.testing.assert_array_equal(toy.sample(100, np.random.default_rng(5)), first)
    assert not np.array_equal(toy.sample(100, np.random.default_rng(6)), first)


@TOYS
def test_two_samples_from_one_generator_differ(toy):
    rng = np.random.default_rng(5)
    assert not np.array_equal(toy.sample(100, rng), toy.sample(100, rng))


def test_the_spiral_has_no_modes_and_the_published_noise():
    toy = spiral()
    assert toy.modes.shape == (0, 2)
    assert toy.sigma == pytest.approx(0.25 / 7.5)


def test_the_spiral_without_noise_is_the_swiss_rolls_curve():
    # scikit-learn's make_swiss_roll: (t cos t, t sin t) for t uniform in 1.5 pi ... 4.5 pi
    x, y = spiral(noise=0).sample(N, np.random.default_rng(0)).T.astype(np.float64)
    turn = 7.5 * np.hypot(x, y)
    np.testing.assert_allclose(7.5 * x, turn * np.cos(turn), atol=1e-4)
    np.testing.assert_allclose(7.5 * y, turn * np.sin(turn), atol=1e-4)
    low, high = 1.5 * np.pi, 4.5 * np.pi
    assert low - 1e-5 < turn.min() < low + 0.01
    assert high - 0.01 < turn.max() < high + 1e-5
    edges = np.linspace(low, high, 11)  # ten equal parts hold a tenth each, within 4 standard errors
    shares = np.histogram(turn, edges)[0] / N
    np.testing.assert_allclose(shares, 0.1, atol=4 * np.sqrt(0.1 * 0.9 / N))


def test_the_spirals_radius_stays_in_its_range():
    toy = spiral()
    radius = np.linalg.norm(toy.sample(N, np.random.default_rng(0)), axis=1)
    low, high = 1.5 * np.pi / 7.5, 4.5 * np.pi / 7.5
    # five sigma beyond both ends, in 20,000 draws, is less than 1 in 100 likely; noise does leave the curve
    assert low - 5 * toy.sigma < radius.min() < low - toy.sigma
    assert high + toy.sigma < radius.max() < high + 5 * toy.sigma


def test_the_spirals_noise_is_divided_by_the_scale_too():
    quiet, noisy = (spiral(noise=noise).sample(N, np.random.default_rng(3)) for noise in (0, 0.25))
    np.testing.assert_allclose((noisy - quiet).std(axis=0), 0.25 / 7.5, rtol=4 / np.sqrt(2 * N))
