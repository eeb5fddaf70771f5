"""The exhibits without a kernel: what is recorded, and the one piece of HTML that holds it."""

import base64
import gzip
import json
import re
import subprocess
import sys
from html import escape

import numpy as np
import pytest

from gan_course import lab
from gan_course.errors import DivergedError
from gan_course.lab import frames, recording, show
from gan_course.lab.play import Game


@pytest.fixture(scope="module")
def game():
    return lab.game(steps=30, pictures=8, loss="wasserstein", live=False)


def arguments(html):
    """Return what the page hands to the view: CSS, start and the packed frames."""
    call = re.search(r"^  await revive\(figure, (.*)\);$", html, re.MULTILINE)[1]
    return json.loads(f"[{call}]")


def test_the_page_holds_the_game_that_was_recorded(game):
    wanted = recording.record(steps=30, pictures=8, loss="wasserstein")
    css, start, packed = arguments(game.html())
    raw = gzip.decompress(base64.b64decode(packed))
    size = len(raw) // start["frames"]
    assert [raw[i : i + size] for i in range(0, len(raw), size)] == wanted.frames
    assert start["about"] == json.loads(json.dumps(wanted.about)) and start["walks"] == json.loads(
        json.dumps(wanted.walks)
    )
    assert css == show.text_of("view.css")


def test_a_recording_goes_from_the_first_step_to_the_last_with_an_update_of_each_player():
    found = recording.record(steps=20, pictures=6, d_steps=2)
    updates = [(f.scalars["d_updates"], f.scalars["g_updates"]) for f in map(frames.unpack, found.frames)]
    assert updates[0] == (0, 0) and updates[-1] == (41, 21) and updates == sorted(updates) and len(updates) == 8
    for walk, (d, g) in zip(found.walks, [(1, 0), (0, 1)], strict=True):
        before, after = updates[walk["at"]], updates[walk["at"] + 1]
        assert (after[0] - before[0], after[1] - before[1]) == (d, g)


def test_a_recording_of_one_step_is_one():
    found = recording.record(steps=1, pictures=40)
    assert frames.unpack(found.frames[-1]).scalars["d_updates"] == 2  # the round, and the one in slow motion


@pytest.mark.parametrize("make", [lambda: lab.objective(live=False), lambda: lab.game(steps=3, pictures=3, live=False)])
def test_it_asks_nobody_for_anything_and_says_what_it_shows(make):
    shown = make()
    html = shown.html()
    assert set(re.findall(r"https?://[^\s\"'`)]+", html)) <= {"http://www.w3.org/2000/svg"}  # a name, no address
    assert not re.search(r'(?:src|href)="(?!data:)', html) and "import(" not in html and "fetch(" not in html
    assert html.count("</script>") == 1  # nothing in it ends the script early
    assert escape(shown.alt) in html and len(shown.alt) > 80
    assert repr(shown) == shown.alt


def test_a_recording_is_small_enough_for_a_notebook():
    assert len(lab.game(steps=60, live=False).html()) < 190_000
    assert len(lab.objective(live=False).html()) < 80_000


def test_the_still_picture_shows_the_moments(game):
    from io import BytesIO

    from PIL import Image

    encoded = re.search(r'src="data:image/webp;base64,([^"]+)"', game.html())[1]
    picture = np.asarray(Image.open(BytesIO(base64.b64decode(encoded))).convert("RGB"), float)
    assert picture.shape[1] == 800
    left, right = picture[60:180, 20:180], picture[300:420, 620:780]
    assert np.abs(left - right).mean() > 5 and left.std() > 10  # D's surface has changed, and is no blank


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"steps": 0}, "steps must be a whole number of rounds"),
        ({"steps": 2.5}, "steps must be a whole number of rounds"),
        ({"pictures": 1}, "pictures must be a whole number from 2 to 100"),
        ({"data": "rnig"}, "It can be: 'ring'"),
    ],
)
def test_bad_requests_are_refused_live_or_not(bad, message):
    with pytest.raises(ValueError, match=message):
        lab.game(**{"steps": 2, "live": False, **bad})


def test_a_recording_that_diverges_says_what_to_do(monkeypatch):
    def explode(self):
        raise DivergedError("It is gone.")

    monkeypatch.setattr(Game, "step", explode)
    with pytest.raises(DivergedError, match="It is gone. Smaller learning rates may help."):
        recording.record(steps=3)


# -- which form a cell shows -------------------------------------------------------------------------------------------


class Shell:
    kernel = object()


@pytest.mark.parametrize(
    ("session", "shell", "live"),
    [("a.ipynb", Shell(), True), ("a.ipynb", None, False), ("", Shell(), False), ("a.ipynb", object(), False)],
)
def test_a_widget_is_only_for_a_notebook_in_a_browser(monkeypatch, session, shell, live):
    monkeypatch.setenv("JPY_SESSION_NAME", session)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert show.live_front_end() == live


def test_without_anywidget_there_is_the_recording(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    monkeypatch.setattr("IPython.get_ipython", Shell)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert not show.live_front_end()


def test_the_widgets_refuse_what_they_must():
    shown = lab.objective(0.5, 1.0, live=True)
    assert (shown.mean, shown.std) == (0.5, 1.0)
    shown.mean = -4
    for name, bad in [("mean", 5.0), ("std", 0.0), ("mean", float("nan"))]:
        with pytest.raises(ValueError, match="must be a number from"):
            setattr(shown, name, bad)
    assert (shown.mean, shown.std) == (-4.0, 1.0)
    with pytest.raises(ValueError, match="mean of p_g"):
        lab.objective(9)
    with pytest.raises(ValueError, match="loss can't be"):
        lab.game(loss="least squares", live=True)


def test_only_a_game_loads_pytorch():
    code = "import sys; from gan_course import lab; lab.objective(live=False); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "gan_course.lab.theory" in found and not {"torch", "anywidget", "tensorflow"} & set(found)
