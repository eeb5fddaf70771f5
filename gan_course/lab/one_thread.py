"""One math thread while any game plays: networks this small gain nothing from more."""

import threading
from contextlib import contextmanager

import torch

_lock = threading.Lock()
_players, _before = 0, None


@contextmanager
def one_math_thread():
    """Set PyTorch's threads to one; whoever leaves last puts the number back that the first one found."""
    global _players, _before
    with _lock:
        if _players == 0:
            _before = torch.get_num_threads()
        _players += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _players -= 1
            if _players == 0:
                torch.set_num_threads(_before)
