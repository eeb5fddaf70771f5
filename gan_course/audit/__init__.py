"""What does each update of a training step change, and what should it have left alone?

    report = audit(
        {"discriminator": d_step, "generator": g_step}, state=state, batch=batch, logits=discriminator, fake=fakes
    )
    report          # a line for each thing that was checked
    report.ok       # whether nothing is wrong

Any number of updates go in by name, with the run's ``state``. Each is run some ten times or more, as it is compiled:
from the state as it is, with half a batch, and with the networks' weights changed. Then everything is put back, bit for
bit.

==================  ===================================================================
``protocol``        the arguments of :func:`audit`, and the order of its probes
``updates``         the updates: what each may move, what it did, how to run it again
``moves``           probes: errors, which networks move, optimisers, finite numbers
``unmoved``         probe: parameters that never move, and whether they matter
``leftovers``       probe: gradients, flags and modes left for the next step
``dependencies``    probes: the other networks, modes, batch size, unsaved randomness
``pixels``          probes of what the lesson hands over: logits and pixels
``sandbox``         runs one update from a chosen state, and puts everything back
``side``            what differs between frameworks, and its defaults
``pytorch_side``    PyTorch: gradients that stay, ``requires_grad``, modes
``keras_side``      Keras 3 and 2: ``trainable``, the global seed generator
``known_errors``    common errors, and what they mean
``texts``           every verdict's level and hint
``report``          the result, as it is printed
==================  ===================================================================

No framework is imported here, and none is patched.
"""

from gan_course.audit.protocol import audit
from gan_course.audit.report import Report, Verdict

__all__ = ["Report", "Verdict", "audit"]
