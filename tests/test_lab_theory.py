"""The numbers of the objective, against closed forms, another quadrature and finite differences."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from gan_course.lab import theory

PLACES = [(0.0, 1.5), (1.0, 0.5), (-4.0, 0.5), (2.5, 0.2), (4.0, 3.0), (0.3, 0.9)]


def density(x, mean, std):
    return math.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


def integral(f):
    edges = np.linspace(-32, 32, 129)
    return sum(quad(f, a, b, epsabs=1e-13)[0] for a, b in zip(edges, edges[1:], strict=False))


def kl_to_mixture(p, q):
    def inside(x):
        a, m = p(x), (p(x) + q(x)) / 2
        return a * math.log(a / m) if a > 0 else 0.0

    return integral(inside)


@pytest.mark.parametrize(("mean", "std"), PLACES)
def test_the_divergence_is_that_of_the_densities(mean, std):
    def p(x):
        return density(x, **theory.DATA)

    def q(x):
        return density(x, mean, std)

    jsd = (kl_to_mixture(p, q) + kl_to_mixture(q, p)) / 2
    found = theory.numbers(mean, std)
    assert found["JSD"] == pytest.approx(jsd, abs=1e-9)
    assert found["V"] == pytest.approx(-math.log(4) + 2 * jsd, abs=1e-9)


@pytest.mark.parametrize(("mean", "std"), PLACES)
@pytest.mark.parametrize("name", ["minimax", "non-saturating"])
def test_the_slopes_are_those_of_the_losses_with_d_held_fixed(name, mean, std):
    def loss(moved_mean, moved_std):
        def inside(z):
            logit = theory.logit_of_best_d(moved_mean + moved_std * z, mean, std)  # D* of the place before the move
            term = -np.logaddexp(0, logit) if name == "minimax" else np.logaddexp(0, -logit)
            return density(z, 0, 1) * term

        return integral(inside)

    found, h = theory.numbers(mean, std), 1e-4
    assert found[name] == pytest.approx(loss(mean, std), rel=1e-7, abs=1e-9)
    by_mean = (loss(mean + h, std) - loss(mean - h, std)) / (2 * h)
    by_std = (loss(mean, std + h) - loss(mean, std - h)) / (2 * h)
    assert found[f"{name}-mean"] == pytest.approx(by_mean, rel=1e-4, abs=1e-6)
    assert found[f"{name}-std"] == pytest.approx(by_std, rel=1e-4, abs=1e-6)


def test_on_the_data_nothing_pulls_and_far_away_only_one_loss_does():
    equal = theory.numbers(**theory.DATA)
    assert equal["JSD"] == pytest.approx(0, abs=1e-12) and equal["V"] == pytest.approx(-math.log(4))
    assert equal["non-saturating"] == pytest.approx(math.log(2)) and equal["minimax"] == pytest.approx(-math.log(2))
    assert [equal[name] for name in equal if name.endswith(("mean", "std"))] == pytest.approx([0] * 4, abs=1e-12)
    far = theory.numbers(-4.0, 0.5)
    assert far["JSD"] == pytest.approx(math.log(2), abs=1e-5)
    assert abs(far["minimax-mean"]) < 1e-4 and far["non-saturating-mean"] == pytest.approx(-20, abs=1e-3)


@pytest.mark.parametrize("bad", [4.01, -5, math.nan, math.inf, "0", None, True])
def test_a_bad_mean_is_refused(bad):
    with pytest.raises(ValueError, match="mean of p_g must be a number from -4 to 4"):
        theory.numbers(bad, 1.0)


def test_a_width_of_nothing_is_refused():
    with pytest.raises(ValueError, match="std of p_g must be a number from 0.2 to 3"):
        theory.numbers(0.0, 0.0)
