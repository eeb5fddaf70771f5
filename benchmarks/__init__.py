"""What measures speed and time to quality: ``make bench``, or ``python -m benchmarks``, on an idle machine.

Each file measures one thing. It has ``SIZES``, a function ``measure(**size)`` that returns plain numbers, and a
function ``table(measured)`` that shows them as Markdown:

=============  ==============================================================================
``imports``    what ``import gan_course`` costs, over a bare Python and beside NumPy's import
``notebooks``  each lesson at the smoke budget, over what its imports alone take
``quality``    seconds of training until samples are as good as that, against the article's recipe
``overhead``   what ``Run`` adds to a training step
=============  ==============================================================================

Whatever is compared is measured in turn, in one run on one machine, and given as a ratio: seconds alone mean little
elsewhere. No test asserts a timing.
"""
