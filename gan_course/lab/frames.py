"""One moment of a game as a few kilobytes: what goes to the browser while it trains, and into a recording.

A packed frame is, one after the other and little-endian:

* ``SCALARS``, float32;
* the generated points and the mesh (G's image of a grid of noise), uint16: 0 to 4,095 is -2 to 2 windows;
* the pulls, int8: -127 to 127 is -1 to 1;
* D's surface, uint8, row by row from the lowest: 0 to 255 is ``low`` to ``high``; of a smooth surface the differences
  along both axes (modulo 256) compress far better than the values, so those are stored.
"""

from dataclasses import dataclass

import numpy as np

from gan_course.lab.datasets import EXTENT

SIDE, POINTS, MESH = 32, 120, 9
SCALARS = ("d_updates", "g_updates", "d_loss", "g_loss", "kl", "js", "modes", "quality", "low", "high")
REACH = 2 * EXTENT
LAYOUT = {"side": SIDE, "points": POINTS, "mesh": MESH, "scalars": SCALARS, "reach": REACH, "extent": EXTENT}


@dataclass
class Frame:
    """What there is to see.

    Attributes
    ----------
    scalars : dict
        A float for each of ``SCALARS``; NaN is "none yet" (a loss) or "does not apply" (modes).
    points : numpy.ndarray
        Generated from noise that stays the same, float (POINTS, 2).
    pulls : numpy.ndarray
        For each point, which way and how strongly its gradient pulls it, float (POINTS, 2), no longer than 1.
    mesh : numpy.ndarray
        float (MESH, MESH, 2).
    surface : numpy.ndarray
        D at the middles of SIDE by SIDE cells, float (SIDE, SIDE), the first row lowest.
    """

    scalars: dict
    points: np.ndarray
    pulls: np.ndarray
    mesh: np.ndarray
    surface: np.ndarray


def pack(frame):
    """Return a :class:`Frame` as bytes; what lies outside a range is moved to its border."""
    low, high = frame.scalars["low"], frame.scalars["high"]
    places = np.concatenate([frame.points.reshape(-1), frame.mesh.reshape(-1)])
    return b"".join(
        [
            np.array([frame.scalars[name] for name in SCALARS], "<f4").tobytes(),
            _steps(places, -REACH, REACH, 4_095).astype("<u2").tobytes(),
            (_steps(frame.pulls, -1, 1, 254) - 127).astype(np.int8).tobytes(),
            _differences(_steps(frame.surface, low, high, 255)).astype(np.uint8).tobytes(),
        ]
    )


def unpack(data):
    """Return the :class:`Frame` in these bytes, as exactly as they hold it."""
    ends = np.cumsum([4 * len(SCALARS), 4 * POINTS, 4 * MESH**2, 2 * POINTS, SIDE**2])
    if len(data) != ends[-1]:
        raise ValueError(f"a frame has {ends[-1]} bytes, these are {len(data)}.")
    numbers, points, mesh, pulls, surface = np.split(np.frombuffer(data, np.uint8), ends[:-1])
    scalars = dict(zip(SCALARS, numbers.view("<f4").tolist(), strict=True))
    low, high = scalars["low"], scalars["high"]
    surface = surface.reshape(SIDE, SIDE).cumsum(0, np.uint8).cumsum(1, np.uint8)
    return Frame(
        scalars,
        (points.view("<u2") / 4_095 * 2 - 1).reshape(POINTS, 2) * REACH,
        (pulls.view(np.int8) / 127).reshape(POINTS, 2),
        (mesh.view("<u2") / 4_095 * 2 - 1).reshape(MESH, MESH, 2) * REACH,
        low + surface / 255 * (high - low),
    )


def _steps(values, low, high, steps):
    return np.rint(np.clip((values - low) / (high - low), 0, 1) * steps)


def _differences(values):
    return np.diff(np.diff(values, axis=0, prepend=0), axis=1, prepend=0) % 256
