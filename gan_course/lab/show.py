"""Which form of an exhibit a cell shows: the widget where a person sees a live notebook, else the recording."""

import os
from importlib import resources

from gan_course.player import Player

CAPTION = "In a trusted notebook this becomes something to play with."


def live_front_end():
    """Say whether this is a kernel of a notebook in somebody's browser, with anywidget installed.

    Jupyter's server names the notebook in JPY_SESSION_NAME; papermill, nbval and a refresh don't. A widget that they
    stored could not be shown again.
    """
    if not os.environ.get("JPY_SESSION_NAME"):
        return False
    from IPython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:
        return False
    try:
        import anywidget  # noqa: F401
    except ImportError:  # the lab's extra is not installed: the recording needs nothing
        return False
    return True


def text_of(name):
    """Return a file of this package, "view.js" or "view.css" (str)."""
    return resources.files("gan_course.lab").joinpath(name).read_text(encoding="utf-8")


def without_kernel(start, still, alt, recorded=None):
    """Return an exhibit that needs no kernel (:class:`gan_course.player.Player`).

    Parameters
    ----------
    start : dict
        JSON-able; what the view starts from.
    still : numpy.ndarray
        The picture that it opens on, uint8 (height, width, 3).
    alt : str
        What the picture shows.
    recorded : str, optional
        A recording's frames, from :meth:`gan_course.lab.recording.Recording.packed`.
    """
    arguments = [text_of("view.css"), start, recorded]
    return Player("lab", text_of("view.js"), arguments, still=still, alt=alt, caption=CAPTION)
