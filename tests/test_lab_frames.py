"""A moment of a game as bytes, and the moments so far."""

import numpy as np
import pytest

from gan_course.lab import frames
from gan_course.lab.history import History


def frame(low=0.0, high=1.0, reach=1.0):
    rng = np.random.default_rng(0)
    scalars = {name: float(i) for i, name in enumerate(frames.SCALARS)} | {"low": low, "high": high, "d_loss": np.nan}
    return frames.Frame(
        scalars,
        rng.uniform(-reach, reach, (frames.POINTS, 2)),
        rng.uniform(-0.7, 0.7, (frames.POINTS, 2)),
        rng.uniform(-reach, reach, (frames.MESH, frames.MESH, 2)),
        rng.uniform(low, high, (frames.SIDE, frames.SIDE)),
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-2.0, 2.0), (-123.5, -0.25)])
def test_a_frame_comes_back_as_exactly_as_its_bytes_can_say(low, high):
    before = frame(low, high, reach=frames.REACH)
    after = frames.unpack(frames.pack(before))
    assert after.scalars == pytest.approx(before.scalars, nan_ok=True)
    for name, step in [
        ("points", 2 * frames.REACH / 4095),
        ("mesh", 2 * frames.REACH / 4095),
        ("pulls", 1 / 127),
        ("surface", (high - low) / 255),
    ]:
        assert np.abs(getattr(after, name) - getattr(before, name)).max() <= step / 2 * 1.001, name


def test_what_lies_outside_is_moved_to_the_border():
    far = frame()
    far.points[0], far.surface[0, 0] = (1e9, -1e9), 7.0
    back = frames.unpack(frames.pack(far))
    assert back.points[0].tolist() == [frames.REACH, -frames.REACH] and back.surface[0, 0] == 1.0


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="a frame has"):
        frames.unpack(frames.pack(frame())[:-1])


@pytest.mark.parametrize("most", [4, 5, 8])
def test_the_history_stays_small_even_and_ends_with_the_newest(most):
    history = History(most)
    for n in range(1, 200):
        history.add(n)
        assert len(history.frames) <= most and history.frames[0] == 1 and history.frames[-1] == n
        gaps = np.diff(history.frames[:-1])
        assert len(set(gaps.tolist())) <= 1, history.frames  # only the newest may come off the beat
    history.clear()
    history.add("new")
    assert history.frames == ["new"]
