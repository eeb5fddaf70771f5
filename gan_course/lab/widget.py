"""The exhibits with a kernel behind them: anywidgets, both with the one view."""

from pathlib import Path

import anywidget
from traitlets import Dict, Float, Unicode, validate

from gan_course.lab import theory
from gan_course.lab.engine import Engine
from gan_course.lab.show import text_of

VIEW = Path(__file__).parent / "view.js"


class Exhibit(anywidget.AnyWidget):
    """What both have in common: the view, its look, and what it starts from."""

    _esm = VIEW
    css = Unicode().tag(sync=True)
    start = Dict().tag(sync=True)

    def __init__(self, start, **traits):
        super().__init__(css=text_of("view.css"), start=start, **traits)


class ObjectiveWidget(Exhibit):
    """The objective; its two numbers can be read and set from Python.

    Attributes
    ----------
    mean, std : float
        Of p_g, within :data:`gan_course.lab.theory.RANGE`; anything else is a ``ValueError``.
    """

    mean = Float().tag(sync=True)
    std = Float(1.0).tag(sync=True)

    @validate("mean", "std")
    def _in_range(self, proposal):
        return theory.checked(proposal["trait"].name, proposal["value"])


class GameWidget(Exhibit):
    """The game in 2-D, trained by an :class:`gan_course.lab.engine.Engine` as long as somebody watches."""

    def __init__(self, start, settings):
        self.engine = Engine(self.send, **settings)
        super().__init__(start)
        self.on_msg(lambda widget, message, buffers: self.engine.obey(message))

    def close(self):
        """Stop the training and remove the widget from every page."""
        self.engine.interrupt("Closed.")
        super().close()
