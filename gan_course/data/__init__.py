"""The only door to data: a lesson downloads nothing itself.

========================  ==================================================
:func:`load`              a data set by name; the digits where MNIST can't be had
:func:`mnist`, :func:`fashion`   from their four canonical files, or an error
:func:`digits`            scikit-learn's digits, brought to MNIST's form
:func:`ring`, :func:`grid`, :func:`spiral`   two-dimensional toys
:class:`Batches`          shuffled mini-batches from a generator of its own
========================  ==================================================
"""

from gan_course.data.batches import Batches
from gan_course.data.dataset import Dataset
from gan_course.data.digits import digits
from gan_course.data.image_sets import fashion, mnist
from gan_course.data.load import load
from gan_course.data.toys import Toy, grid, ring, spiral

__all__ = ["Batches", "Dataset", "Toy", "digits", "fashion", "grid", "load", "mnist", "ring", "spiral"]
