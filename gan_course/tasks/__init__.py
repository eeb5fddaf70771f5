"""What is generated, and how it is judged: one object, which everything else reads.

=========================  ================================================================
:class:`Task`              inputs, preview picture, evaluation and scores of one kind of work
:class:`Score`             one number: its name, format, direction and the real data's value
:func:`digits`             handwritten digits, from noise
:func:`labelled_digits`    the same, of the classes that are asked for
:func:`stacked`            two digits as one picture of two channels, from noise
:func:`ring`               points in the plane, from noise
=========================  ================================================================

A lesson of another kind brings a task of its own: a file here, or a few lines of the lesson. No list elsewhere
has to know of it.
"""

from gan_course.tasks.digits import digits, labelled_digits
from gan_course.tasks.ring import ring
from gan_course.tasks.score import Score
from gan_course.tasks.stacked import stacked
from gan_course.tasks.task import Task

__all__ = ["Score", "Task", "digits", "labelled_digits", "ring", "stacked"]
