import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from gan_course.replay import Replay


def frames(n):
    return [np.full((20, 30), 10 * i, np.uint8) for i in range(n)]


def sheet_of(html):
    encoded = re.search(r'src="data:image/webp;base64,([^"]+)"', html)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("L"))


def test_every_frame_is_on_the_still_sheet_in_order():
    html = Replay(frames(10), range(0, 1000, 100), alt="squares", columns=4, quality=100).html()
    sheet = sheet_of(html)
    assert sheet.shape == (3 * 26 - 6, 4 * 36 - 6)
    middles = [sheet[10 + 26 * (i // 4), 15 + 36 * (i % 4)] for i in range(10)]
    assert np.abs(np.array(middles) - 10.0 * np.arange(10)).max() <= 4


def test_it_is_one_self_contained_piece():
    html = Replay(frames(3), [0, 5, 9], alt="squares").html()
    assert "http" not in html
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert '"steps": [0, 5, 9]' in html


def test_many_frames_are_thinned_out_but_the_first_and_the_last_stay():
    replay = Replay(frames(25), range(25), alt="squares", most=8)
    assert len(replay.steps) == 8
    assert (replay.steps[0], replay.steps[-1]) == (0, 24)


def test_a_run_of_digits_is_small_enough_to_commit():
    noise = np.random.default_rng(0).integers(0, 256, (30, 140, 280), dtype=np.uint8)  # the worst case for a codec
    assert len(Replay(list(noise), range(30), alt="noise").html()) < 1_000_000


@pytest.mark.parametrize(("n", "steps", "alt"), [(0, [], "a"), (2, [1], "a"), (1, [1], " ")])
def test_bad_input_is_refused(n, steps, alt):
    with pytest.raises(ValueError):
        Replay(frames(n), steps, alt=alt)
