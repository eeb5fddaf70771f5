"""Exercises that answer back: one file a lesson, one function an exercise.

A check takes the reader's answer and returns a :class:`Result` that shows itself. It never raises: what is
wrong with this answer is the result's message. How to write one stands in ``core``.

A lesson imports its own file only (``from gan_course.checks import lesson_01 as check``), because the others
may need another framework.
"""

from gan_course.checks.core import Result

__all__ = ["Result"]
