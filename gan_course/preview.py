"""The samples of fixed inputs, redrawn in place while a run goes on, and kept for its replay."""

import numpy as np

from gan_course import plots
from gan_course.replay import Replay

SHOWN_SIDE = 560  # screen pixels, of the longer side


class Preview:
    """One picture in the notebook that follows a run.

    Parameters
    ----------
    frame : callable
        Turns samples into pixels, uint8 (height, width) or (height, width, 3).
    alt : str
        What it shows, for those who can't see it.

    Attributes
    ----------
    frames : list of numpy.ndarray
        The pixels of each picture so far.
    steps : list of int
        After how many steps each was drawn.
    """

    def __init__(self, frame, alt):
        self._frame, self._alt = frame, alt
        self.begin(0)

    def begin(self, total, frames=(), steps=()):
        """Begin a new output in the cell that runs now, of a run of ``total`` steps, with these pictures so far."""
        self.frames, self.steps, self._total, self._handle = list(frames), list(steps), total, None
        if self.frames:
            self._draw()

    def show(self, samples, step):
        """Draw the samples as they are after ``step`` steps.

        Raises
        ------
        ValueError
            If their frame isn't uint8 (height, width) or (height, width, 3): it would be drawn and stored wrongly.
        """
        pixels = np.asarray(self._frame(samples))
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
            raise ValueError(
                f"the frame is {pixels.dtype} {pixels.shape}, expected uint8 (height, width) or (height, width, 3)."
            )
        self.frames.append(pixels)
        self.steps.append(step)
        self._draw()

    def _draw(self):
        pixels = self.frames[-1]
        title = f"step {self.steps[-1]:,} of {self._total:,}"
        scale = max(1, SHOWN_SIDE // max(pixels.shape[:2]))
        shown = plots.show_array(pixels, title=title, alt=f"{self._alt} Shown: {title}.", scale=scale)
        if self._handle is None:
            from IPython.display import display

            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def replay(self):
        """Return the pictures so far as a :class:`gan_course.replay.Replay`."""
        return Replay(self.frames, self.steps, alt=self._alt, scale=SHOWN_SIDE / max(self.frames[0].shape[:2]))
