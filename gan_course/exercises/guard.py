"""Running a reader's code: not for ever, without traces in random states, and with its own line named if it raises."""

import contextlib
import ctypes
import random
import sys
import sysconfig
import threading
import traceback
import warnings
from pathlib import Path

import numpy as np

PACKAGE = str(Path(__file__).parents[1])
LIBRARIES = (PACKAGE, sysconfig.get_path("stdlib"), "<frozen", "<string>", "<__array")
INSTALLED = ("site-packages", "dist-packages", "__autograph_generated")


class TooLong(BaseException):
    """Raised in code that takes too long: no Exception, so that ``except Exception`` doesn't swallow it."""


def limited(function, seconds):
    """Call a function, and stop it after some seconds.

    A thread raises :class:`TooLong` in this one, again and again while it is swallowed, and never after this call.
    (A signal would not do: Windows has no alarm. One long call into a library's compiled code isn't interrupted.)

    Parameters
    ----------
    function : callable
        Takes nothing.
    seconds : float

    Raises
    ------
    TooLong
    """
    me, gate, thrown = threading.get_ident(), threading.Lock(), []
    gate.acquire()  # released when the function has ended

    def throw():
        thrown.append(True)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(me), ctypes.py_object(TooLong))

    def watch():
        ended = gate.acquire(timeout=max(seconds, 0.1))
        while not ended:
            throw()
            ended = gate.acquire(timeout=0.5)

    def end():
        if gate.locked():
            gate.release()
        watcher.join()  # from here on the watcher throws nothing,
        if thrown:  # and what it threw last may still be on its way: replace it, and wait for it.
            try:  # (Taking it back with NULL leaves Python 3.11 checking for it for ever.)
                throw()
                while True:
                    pass
            except TooLong:
                pass

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            return function()
        finally:
            end()
    except TooLong:
        end()  # it may have arrived in the first one
        raise


@contextlib.contextmanager
def apart(seed):
    """Seed all global random states, and put them back afterwards; no warnings meanwhile.

    Known are Python's, NumPy's and, where it is imported already, PyTorch's, with its switch for gradients.
    """
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch_states = (torch.get_rng_state(), torch.is_grad_enabled()) if torch else None
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if torch:
        torch.default_generator.manual_seed(seed)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # an answer that divides by 0 gets a hint instead
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch_states:
            torch.set_rng_state(torch_states[0])
            torch.set_grad_enabled(torch_states[1])


def place(error):
    """Return the reader's own line that an error comes from, as ", in line 3: `x / 0`" (str; "" where none is known)."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.line and not frame.filename.startswith(LIBRARIES)]
    own = [frame for frame in own if not any(part in frame.filename for part in INSTALLED)]
    return f", in line {own[-1].lineno}: `{own[-1].line}`" if own else ""
