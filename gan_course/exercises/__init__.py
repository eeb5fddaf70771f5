"""Exercises that answer back: one file a lesson, one :class:`~gan_course.exercises.engine.Exercise` each.

A lesson imports its own file only (``from gan_course.exercises import lesson_02 as check``), because the others may
need another framework. ``engine`` says how an exercise is written.
"""

from gan_course.exercises.compare import Between, Clue, Number, Said, among
from gan_course.exercises.engine import Exercise, NotAnswered, Wrong, call, of, several

__all__ = ["Between", "Clue", "Exercise", "NotAnswered", "Number", "Said", "Wrong", "among", "call", "of", "several"]
