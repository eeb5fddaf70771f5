"""The first interrupt asks a loop to end after its step; the second one raises as usual.

An iterator never sees an exception raised in the loop's body, so a signal handler is needed.
"""

import signal
import threading

from gan_course.progress import say


class FirstInterrupt:
    """Context manager that is true once an interrupt has come; the old handler returns at its end.

    Only the main thread can set handlers (a kernel runs its cells there); elsewhere this does nothing.
    """

    def __init__(self):
        self._came = False

    def __bool__(self):
        return self._came

    def __enter__(self):
        self._handles = threading.current_thread() is threading.main_thread()
        if self._handles:
            self._old = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error):
        if self._handles:
            signal.signal(signal.SIGINT, self._old)

    def _handle(self, signum, frame):
        if self._came:
            raise KeyboardInterrupt
        self._came = True
        say("Interrupt: ending after this step and saving everything: some seconds. Interrupt again to stop at once.")
