"""A training run to scrub through: see :mod:`gan_course.player`.

The still picture is a sheet of all frames. Every frame is stored once: the player shows a window of the same sheet.
"""

from importlib import resources

import numpy as np

from gan_course.player import Player
from gan_course.plots import rgb

GAP = 6  # pixels between the frames of the sheet


class Replay(Player):
    """A replay that shows itself as the last line of a cell.

    Parameters
    ----------
    frames : sequence of numpy.ndarray
        uint8 (height, width) or (height, width, 3), all of one shape.
    steps : sequence of int
        The training step of each frame.
    alt : str
        What the frames show.
    columns : int
        Of the still sheet.
    most : int
        More frames than this are thinned out evenly; the first and the last stay.
    scale : float
        The player's size relative to a frame's.
    quality : int
        Of the WebP picture, 1 to 100.

    Raises
    ------
    ValueError
        If there are no frames, not one step for each, or no alt text.
    """

    def __init__(self, frames, steps, *, alt, columns=4, most=16, scale=2.0, quality=60):
        if len(frames) == 0 or len(frames) != len(steps):
            raise ValueError(f"{len(frames)} frames and {len(steps)} steps: give as many, and at least one.")
        chosen = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
        self.steps = [int(steps[i]) for i in chosen]
        sheet = _sheet([rgb(frames[i]) for i in chosen], min(columns, len(chosen)))
        height, width = frames[0].shape[:2]
        super().__init__(
            "replay",
            resources.files("gan_course").joinpath("replay.js").read_text(encoding="utf-8"),
            [{"steps": self.steps, "width": width, "height": height, "gap": GAP, "scale": scale}],
            still=sheet,
            alt=alt,
            caption=f"Row by row, after the steps {', '.join(f'{step:,}' for step in self.steps)}. "
            "In a trusted notebook this becomes a player.",
            quality=quality,
        )


def _sheet(frames, columns):
    height, width = frames[0].shape[:2]
    rows = -(-len(frames) // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for i, frame in enumerate(frames):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = frame
    return sheet
