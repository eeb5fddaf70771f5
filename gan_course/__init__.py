"""Helpers for the GAN course: everything that is *not* the subject of a lesson.

Each file is one idea, and its name says which:

=================  ==========================================================
``budget``         how long a run may be: ``smoke``, ``laptop`` or ``full``
``data``           MNIST, the embedded digits, the two-dimensional toys, batches
``tasks``          what is generated, and how it is judged: inputs, preview, scores
``run``            the training loop's bookkeeping, as an iterator
``preview``        the picture that follows a run
``checkpoint``     one safetensors file that a run resumes from exactly
``yardstick``      the frozen classifier, and every score
``verdict``        a lesson's bars, judged on a run
``table``          a table that shows itself, in print and in a notebook
``record``         a lesson's recipes over many seeds, kept in results/
``audit``          what each update of a GAN changes, and what it should not
``exercises``      what the lessons' exercises ask, and what they answer
``doctor``         what this machine has of what the lessons need
``machine``        how fast this machine is, and how long a lesson takes on it
``plots``          pictures with fixed ranges and an alt text
``replay``         a training run to scrub through, without a kernel
``sitting``        how long a lesson is, and which sections may be skipped
``glossary``       links from a lesson's words to their meanings
``lessons``        where the lessons are, how to run and to refresh one
``lab``            two exhibits to play with, in a notebook and on a page
``slides``         every lesson as a deck for a lecture
``release``        the copies for students and for instructors
``provenance``     which code, data and machine made a lesson's outputs
=================  ==========================================================

Networks, losses and updates are not here: they stand in the lessons.
Importing this package loads neither a framework nor matplotlib.
"""

import os

# ONNX Runtime reports to its maker from its first import on, and hears no call that comes later. The course asks
# nobody's network (tests/test_telemetry.py watches).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# Kernels run in folders of their own, so these must not depend on where the course was started.
for _name in ("GAN_COURSE_DATA", "GAN_COURSE_RUNS"):
    if os.environ.get(_name):
        os.environ[_name] = os.path.abspath(os.path.expanduser(os.environ[_name]))

__version__ = "0.1.0"
