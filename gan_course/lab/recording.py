"""A game that was played beforehand: its frames, and one update of each player phase by phase."""

import base64
import gzip

import numpy as np

from gan_course.errors import DivergedError
from gan_course.lab import frames
from gan_course.lab.play import Game


class Recording:
    """What :func:`record` returns.

    Attributes
    ----------
    about : dict
        What stays the same during the game; see :meth:`gan_course.lab.play.Game.about`.
    frames : list of bytes
        Packed; see :mod:`gan_course.lab.frames`.
    walks : list of dict
        An update of D and one of G, as :meth:`gan_course.lab.play.Game.walk` returns them, with ``at``, the index of
        the frame before.
    """

    def __init__(self, about, packed, walks):
        self.about, self.frames, self.walks = about, packed, walks

    def packed(self):
        """Return all frames, one after the other, compressed, as base64 (str)."""
        return base64.b64encode(gzip.compress(b"".join(self.frames), 9, mtime=0)).decode()


def record(*, steps, pictures=40, **settings):
    """Play a game for so many rounds and keep some moments of it, at first close together.

    Parameters
    ----------
    steps : int
        Rounds, at least 1.
    pictures : int
        Moments, 2 to 100; two more show one update each.
    **settings
        As in :data:`gan_course.lab.settings.DEFAULTS`.

    Raises
    ------
    ValueError
        If a number is out of its range, or a setting is unknown.
    gan_course.errors.DivergedError
        If the game diverges: choose smaller learning rates.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps must be a whole number of rounds, at least 1, not {steps!r}.")
    if isinstance(pictures, bool) or not isinstance(pictures, int) or not 2 <= pictures <= 100:
        raise ValueError(f"pictures must be a whole number from 2 to 100, not {pictures!r}.")
    game = Game(**settings)
    packed, walks = [], []

    def look():
        packed.append(frames.pack(game.look()))

    stops = np.unique(np.rint(steps * np.linspace(0, 1, pictures) ** 2).astype(int))
    done, middle = 0, stops[len(stops) // 2]
    try:
        for stop in stops:
            for _ in range(stop - done):
                game.step()
            done = stop
            look()
            if stop == middle:
                for player in "DG":
                    walks.append({**game.walk(player), "at": len(packed) - 1})
                    look()
    except DivergedError as error:
        raise DivergedError(f"{error} Smaller learning rates may help.") from None
    return Recording(game.about(), packed, walks)
