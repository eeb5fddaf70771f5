"""The thread that plays: what it answers, that it stops, and that two games don't meet."""

import threading
import time

import pytest
import torch

from gan_course.lab import engine as engines
from gan_course.lab import frames, interrupts
from gan_course.lab.engine import Engine

DEADLINE = 120  # seconds, for busy machines: nothing here is judged by the clock


class Page:
    """What a browser would receive."""

    def __init__(self, **settings):
        self.messages, self._changed = [], threading.Condition()
        self.engine = Engine(self._receive, **settings)

    def _receive(self, content, buffers):
        with self._changed:
            self.messages.append((content, buffers))
            self._changed.notify_all()

    def of(self, kind):
        return [content for content, _ in self.messages if content["type"] == kind]

    def pictures(self):
        return [frames.unpack(b[0]).scalars for content, b in self.messages if content["type"] == "frame"]

    def wait(self, condition):
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE), self.messages[-3:]

    def say(self, kind, **more):
        """Send a message, and wait until the engine has nothing left to do."""
        self.engine.obey({"type": kind, **more})
        assert self.engine.join(DEADLINE)
        return self.of("state")[-1]


@pytest.fixture
def page():
    opened = Page()
    yield opened
    opened.engine.interrupt("The test is over.")
    opened.engine.join(DEADLINE)


def playing():
    return [thread for thread in threading.enumerate() if thread.name == "gan_course.lab"]


def test_hello_is_answered_with_the_game_and_its_history(page):
    page.say("step", player="round")
    state = page.say("hello")
    content, buffers = next(message for message in page.messages if message[0]["type"] == "game")
    assert [frames.unpack(b).scalars["g_updates"] for b in buffers] == [0, 1]
    assert content["settings"]["data"] == "ring" and len(content["real"]) == 200
    assert (state["playing"], state["diverged"]) == (False, False)


@pytest.mark.parametrize(("player", "d", "g"), [("D", 1, 0), ("G", 0, 1), ("round", 1, 1)])
def test_a_step_moves_whom_it_names(page, player, d, g):
    page.say("step", player=player)
    (picture,) = page.pictures()
    assert (picture["d_updates"], picture["g_updates"]) == (d, g)
    assert page.of("frame")[0]["player"] == player
    assert not playing()  # no thread where there is nothing to do


def test_slow_motion_takes_turns(page):
    for _ in range(4):
        page.say("walk", player=None)
    assert [walk["player"] for walk in page.of("walk")] == list("DGDG")
    before, after = (frames.unpack(b).scalars["d_updates"] for b in page.messages[0][1])
    assert (before, after) == (0, 1)


def test_it_plays_until_told_to_pause(page):
    page.engine.obey({"type": "play", "rounds": 2})
    page.wait(lambda: len(page.pictures()) >= 3)
    state = page.say("pause")
    assert not state["playing"] and not playing()
    done = [picture["g_updates"] for picture in page.pictures()]
    assert done == sorted(set(done))
    assert page.of("state")[0]["playing"]
    count = len(page.messages)
    time.sleep(0.1)
    assert len(page.messages) == count


def test_it_holds_pictures_back_from_a_slow_browser_and_then_pauses(page, monkeypatch):
    monkeypatch.setattr(engines, "AHEAD", 3)
    monkeypatch.setattr(engines, "PATIENCE", 1.0)
    page.engine.obey({"type": "play", "rounds": 1})
    page.wait(lambda: "did not answer" in page.of("state")[-1]["note"] if page.of("state") else False)
    assert page.engine.join(DEADLINE) and len(page.pictures()) <= 3


def test_a_browser_that_keeps_up_gets_more(page, monkeypatch):
    monkeypatch.setattr(engines, "AHEAD", 3)
    page.engine.obey({"type": "play", "rounds": 1})
    for n in range(1, 8):
        page.wait(lambda n=n: len(page.pictures()) >= n)
        page.engine.obey({"type": "seen", "n": n})
    page.say("pause")
    assert [message["n"] for message in page.of("frame")][:7] == list(range(1, 8))


def test_an_interrupt_pauses_every_game_and_the_next_play_goes_on(page):
    other = Page()
    for each in (page, other):
        each.engine.obey({"type": "play", "rounds": 1})
        each.wait(lambda each=each: each.pictures())
    interrupts._pause_all()
    for each in (page, other):
        assert each.engine.join(DEADLINE)
        assert each.of("state")[-1]["note"] == interrupts.NOTE
    interrupts._pause_all()  # with nothing to interrupt, nothing is remembered
    before = len(page.pictures())
    page.engine.obey({"type": "play", "rounds": 1})
    page.wait(lambda: len(page.pictures()) > before)
    page.say("pause")


def test_a_diverged_game_says_so_until_it_is_reset(page):
    with torch.no_grad():
        page.engine._game.generator[0].bias.fill_(float("nan"))
    state = page.say("step", player="round")
    assert state["diverged"] and "no longer a finite number" in state["note"]
    for message in [("step", {"player": "G"}), ("walk", {"player": "D"}), ("play", {"rounds": 1})]:
        state = page.say(message[0], **message[1])
        assert state["diverged"] and not state["playing"]
    assert page.pictures() == page.of("walk") == []
    state = page.say("reset")
    assert not state["diverged"] and page.of("game")
    page.say("step", player="D")
    assert len(page.pictures()) == 1


def test_a_new_setting_starts_a_new_game_and_a_new_rate_does_not(page):
    page.say("step", player="D")
    state = page.say("set", settings={"d_rate": 1e-4, "d_steps": 2})
    assert state["settings"]["d_rate"] == 1e-4 and not page.of("game")
    page.say("step", player="round")
    assert page.pictures()[-1]["d_updates"] == 3
    page.say("set", settings={"data": "spiral"})
    (game,) = page.of("game")
    assert game["settings"] == {**state["settings"], "data": "spiral"} and game["modes"] == 0
    page.say("step", player="D")
    assert page.pictures()[-1]["d_updates"] == 1


@pytest.mark.parametrize(
    ("kind", "more", "note"),
    [
        ("set", {"settings": {"d_steps": 7}}, "d_steps can't be 7"),
        ("set", {"settings": {"data": "photos"}}, "data can't be 'photos'"),
        ("set", {"settings": {"seed": "x"}}, "seed must be"),
        ("set", {"settings": {"speed": 1}}, "there is no setting 'speed'"),
        ("play", {"rounds": 0}, "not every 0"),
        ("step", {"player": "E"}, "there is no step 'E'"),
        ("jump", {}, "does not understand the message 'jump'"),
    ],
)
def test_what_it_cant_obey_it_answers_with_a_note_and_stays_as_it_is(page, kind, more, note):
    before = dict(page.engine._game.settings)
    state = page.say(kind, **more)
    assert note in state["note"] and not state["playing"] and state["settings"] == before
    page.say("step", player="D")
    assert len(page.pictures()) == 1


def test_two_games_at_once_are_each_the_game_that_they_are_alone():
    def last(pages, rounds=15):
        for page in pages:
            for _ in range(rounds):
                page.engine.obey({"type": "step", "player": "round"})
        for page in pages:
            assert page.engine.join(DEADLINE)
        return [page.messages[-2][1][0] for page in pages]

    threads = torch.get_num_threads()
    alone = last([Page(seed=1)])
    together = last([Page(seed=1), Page(seed=1), Page(seed=2)])
    assert together[0] == together[1] == alone[0] != together[2]
    assert torch.get_num_threads() == threads
