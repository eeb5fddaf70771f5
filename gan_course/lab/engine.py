"""Plays a game for someone who watches: in a thread of its own, which lives only while there is something to do.

Messages come in through :meth:`Engine.obey`, from any thread; the thread alone touches the game. What there is to see
goes out through ``send``. It trains several rounds for each picture, at most 25 pictures a second, and at least 20
as long as one round takes less than a twentieth of a second; it holds pictures back while the browser is behind, and
pauses when nobody has looked for a while.

=========  ==========================================  ==================================================
message    with                                        does
=========  ==========================================  ==================================================
hello                                                  sends the game and its history
play       ``rounds``: for each picture                trains until told otherwise
pause                                                  stops
step       ``player``: "D", "G" or "round"             one update of D or G alone, or one round
walk       ``player``: "D", "G" or None (whose turn)   one update in slow motion
set        ``settings``: names and values              changes a rate or D's steps, or starts a new game
reset                                                  starts a new game with the same settings
seen       ``n``: pictures so far                      tells how far the browser is
=========  ==========================================  ==================================================
"""

import threading
import time

from gan_course.errors import DivergedError
from gan_course.lab import frames, interrupts
from gan_course.lab.history import History
from gan_course.lab.one_thread import one_math_thread
from gan_course.lab.play import Game
from gan_course.lab.settings import WHILE_PLAYING, checked

FASTEST, SLOWEST = 1 / 25, 1 / 20  # seconds from picture to picture
AHEAD = 25  # pictures that the browser may not have seen yet
PATIENCE = 5.0  # seconds without a word from the browser
MOST_ROUNDS = 100  # for each picture


class Engine:
    """The thread that plays.

    Parameters
    ----------
    send : callable
        ``send(content, buffers)`` takes a JSON-able dict and a list of bytes. Called from the engine's thread.
    **settings
        As in :data:`gan_course.lab.settings.DEFAULTS`.
    """

    def __init__(self, send, **settings):
        self._send = send
        self._lock = threading.Lock()
        self._inbox, self._thread = [], None
        self._playing, self._rounds = False, 1
        self._interrupted = None
        self._history = History()
        self._new_game(settings)
        interrupts.watch(self)

    def obey(self, message):
        """Take a message (dict) and return at once. What can't be obeyed is answered with a note."""
        with self._lock:
            self._inbox.append(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="gan_course.lab", daemon=True)
                self._thread.start()

    def interrupt(self, note):
        """Stop training after this picture, with a note to the reader (str). Takes no lock: a signal may call it."""
        if self._playing:
            self._interrupted = note

    def join(self, timeout=None):
        """Wait until everything is done, at most for so many seconds; return whether it is (bool)."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self._thread is None

    # -- in the thread -----------------------------------------------------------------------------------------------

    def _work(self):
        with one_math_thread():
            while True:
                with self._lock:
                    if not self._inbox and not self._playing:
                        self._thread = None
                        return
                    messages, self._inbox = self._inbox, []
                try:
                    for message in messages:
                        self._do(message)
                    if self._interrupted is not None:
                        note, self._interrupted = self._interrupted, None
                        self._stop(note)
                    elif self._playing:
                        self._train()
                except DivergedError as error:
                    self._diverged = True
                    self._stop(str(error))
                except Exception as error:  # for the reader: nobody sees a thread's traceback
                    self._stop(f"{type(error).__name__}: {error}")

    def _do(self, message):
        kind = message.get("type")
        self._heard = time.monotonic()
        if kind == "hello":
            self._introduce()
        elif kind == "play":
            self._rounds = _rounds(message.get("rounds", 1))
            self._sent = self._seen = 0
            self._playing = not self._diverged
            self._state()
        elif kind == "pause":
            self._stop(message.get("note", ""))
        elif kind in ("step", "walk"):
            if self._diverged:
                return self._state()
            self._playing = False
            self._step(message.get("player")) if kind == "step" else self._walk(message.get("player"))
            self._state()
        elif kind == "set":
            self._set(message.get("settings", {}))
        elif kind == "reset":
            self._new_game(self._game.settings)
            self._introduce()
        elif kind == "seen":
            self._seen = int(message.get("n", 0))
        else:
            raise ValueError(f"the lab does not understand the message {kind!r}.")

    def _train(self):
        start = time.monotonic()
        if start - self._heard > PATIENCE:
            return self._stop("Paused: the page did not answer for some seconds. Press Play to go on.")
        for _ in range(self._rounds):
            self._game.step()
            if time.monotonic() - start > SLOWEST - self._look_seconds:
                break
        if self._sent - self._seen < AHEAD:
            looked = time.monotonic()
            self._sent += 1
            self._show(n=self._sent)
            self._look_seconds = min(time.monotonic() - looked, SLOWEST / 2)
        time.sleep(max(0.001, start + FASTEST - time.monotonic()))

    def _step(self, player):
        moves = {"D": self._game.step_d, "G": self._game.step_g, "round": self._game.step}
        if player not in moves:
            raise ValueError(f"there is no step {player!r}. There are: D, G, round.")
        moves[player]()
        self._show(player=player)

    def _walk(self, player):
        before = self._history.frames[-1]
        walk = self._game.walk(player if player in ("D", "G") else self._game.next_player())
        self._history.add(frames.pack(self._game.look()))
        self._send({"type": "walk", **walk}, [before, self._history.frames[-1]])

    def _set(self, settings):
        if set(settings) <= WHILE_PLAYING:
            self._game.change(**settings)
            return self._state()
        self._new_game(checked(**{**self._game.settings, **settings}))
        self._introduce()

    def _show(self, **more):
        self._history.add(frames.pack(self._game.look()))
        self._send({"type": "frame", **more}, [self._history.frames[-1]])

    def _new_game(self, settings):
        self._game = Game(**settings)
        self._playing = self._diverged = False
        self._sent = self._seen = 0
        self._heard = time.monotonic()
        self._look_seconds = 0.01
        self._history.clear()
        self._history.add(frames.pack(self._game.look()))

    def _introduce(self):
        self._send({"type": "game", **self._game.about()}, list(self._history.frames))
        self._state()

    def _stop(self, note):
        self._playing = False
        self._state(note)

    def _state(self, note=""):
        content = {"type": "state", "playing": self._playing, "diverged": self._diverged, "note": note}
        self._send({**content, "settings": self._game.settings}, [])


def _rounds(value):
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_ROUNDS:
        raise ValueError(f"a picture can be made every 1 to {MOST_ROUNDS} rounds, not every {value!r}.")
    return value
