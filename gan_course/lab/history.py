"""The frames of a game so far, thinned evenly so that an hour of play fits; what the scrub bar goes back through."""

MOST = 400


class History:
    """A list of packed frames. The newest is always there; of the others every ``stride``-th is kept.

    Parameters
    ----------
    most : int
        When it holds more than this, it drops every second one.
    """

    def __init__(self, most=MOST):
        self._most = most
        self.clear()

    def clear(self):
        self.frames, self._count, self._stride = [], 0, 1

    def add(self, frame):
        """Append a frame (bytes)."""
        last_one_stays = (self._count - 1) % self._stride == 0
        if self.frames and not last_one_stays:
            self.frames.pop()
        self.frames.append(frame)
        self._count += 1
        if len(self.frames) > self._most:
            self.frames = self.frames[::2] if len(self.frames) % 2 else [*self.frames[::2], self.frames[-1]]
            self._stride *= 2
