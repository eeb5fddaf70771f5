"""Which form of an exhibit a cell shows: the widget where a person sees a live notebook, else the recording."""

import os


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


class Still:
    """An exhibit as HTML, which shows itself as the last line of a cell.

    Attributes
    ----------
    html : str
    alt : str
    """

    def __init__(self, html, alt):
        self.html, self.alt = html, alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.alt}
