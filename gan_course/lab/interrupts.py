"""The kernel's interrupt button pauses every game.

Between cells a kernel ignores interrupts, and a game trains between cells. So, once a game is shown, a handler of ours
listens there. While a cell runs, the interrupt is the cell's; a game that trains meanwhile pauses as well.
"""

import atexit
import signal
import weakref

NOTE = "Paused: the kernel was interrupted."
_engines = weakref.WeakSet()
_watching = False


def watch(engine):
    """Pause this engine when the kernel is interrupted, and when Python ends."""
    global _watching
    _engines.add(engine)
    if not _watching:
        _watching = True
        atexit.register(_end_all)
        _listen_in_kernel()


def _pause_all(*_):
    for engine in list(_engines):
        engine.interrupt(NOTE)


def _end_all():
    _pause_all()
    for engine in list(_engines):
        engine.join(2)


def _listen_in_kernel():
    from IPython import get_ipython

    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return
    shell.events.register("post_run_cell", _after_cell)
    # The kernel puts its own handler back after this cell, so ours is set once the cell is over.
    kernel.io_loop.add_callback(_listen_between_cells, kernel.io_loop)


def _listen_between_cells(loop):
    current = signal.getsignal(signal.SIGINT)
    if current == signal.SIG_IGN:
        signal.signal(signal.SIGINT, _pause_all)
    elif current == signal.default_int_handler:  # a cell still runs
        loop.call_later(1, _listen_between_cells, loop)


def _after_cell(result):
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        _pause_all()
