"""The numbers of "the objective": what lesson 01 derives, for a normal p_data and a normal p_g, by quadrature.

The view computes them in JavaScript, so that they need no kernel; the tests compare it with these functions.
"""

import math

import numpy as np

DATA = {"mean": 1.0, "std": 0.5}  # p_data, as in lesson 01
START = {"mean": 0.0, "std": 1.5}  # p_g at first
RANGE = {"mean": {"min": -4.0, "max": 4.0, "step": 0.05}, "std": {"min": 0.2, "max": 3.0, "step": 0.05}}

_z = np.linspace(-8, 8, 3201)
_weights = np.exp(-_z * _z / 2) / np.sqrt(2 * np.pi) * (_z[1] - _z[0])


def checked(name, value):
    """Return a mean or a width of p_g as a float.

    Raises
    ------
    ValueError
        If it is not a number within :data:`RANGE`.
    """
    low, high = RANGE[name]["min"], RANGE[name]["max"]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"the {name} of p_g must be a number from {low:g} to {high:g}, not {value!r}.")
    return float(value)


def logit_of_best_d(x, mean, std):
    """Return log p_data(x) - log p_g(x), float (n,), for x of that shape."""
    return ((x - mean) / std) ** 2 / 2 - ((x - DATA["mean"]) / DATA["std"]) ** 2 / 2 + math.log(std / DATA["std"])


def numbers(mean, std):
    """Return what the exhibit shows (dict of float).

    ``V`` of the best D, ``JSD`` in nats, and for both losses of G, ``minimax`` and ``non-saturating``, the value and,
    with D* held fixed, the slopes for the mean and for the width (``"minimax-mean"``, ``"minimax-std"`` ...).

    Parameters
    ----------
    mean, std : float
        Of p_g, within :data:`RANGE`.

    Raises
    ------
    ValueError
        If one is out of its range.
    """
    mean, std = checked("mean", mean), checked("std", std)
    x = mean + std * _z
    logit = logit_of_best_d(x, mean, std)
    slope = (x - mean) / std**2 - (x - DATA["mean"]) / DATA["std"] ** 2  # of the logit in x
    real = -_expected(np.logaddexp(0, -logit_of_best_d(DATA["mean"] + DATA["std"] * _z, mean, std)))
    minimax, non_saturating = -_expected(np.logaddexp(0, logit)), _expected(np.logaddexp(0, -logit))
    found = {"V": real + minimax, "JSD": (real + minimax + math.log(4)) / 2}
    for name, value, down in [
        ("minimax", minimax, -np.exp(-np.logaddexp(0, -logit)) * slope),  # -D times the slope
        ("non-saturating", non_saturating, -np.exp(-np.logaddexp(0, logit)) * slope),  # -(1 - D) times the slope
    ]:
        found |= {name: value, f"{name}-mean": _expected(down), f"{name}-std": _expected(down * _z)}
    return found


def _expected(values):
    return float(np.sum(_weights * values))
