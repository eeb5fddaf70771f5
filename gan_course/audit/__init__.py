"""What does each update of a GAN change, and what should it have left alone?

    report = audit(update_d, update_g, state=state, batch=batch, logits=discriminator, fake=fakes)
    report          # a line for each thing that was checked
    report.ok       # whether nothing is wrong

Two functions and the run's ``state`` go in; each update is run five times or more, from states that the audit chooses
(as it is, half a batch, the networks shaken), as it is compiled; and everything is put back, bit for bit.

=================  ==========================================================
``protocol``       the arguments of :func:`audit`, and the order of its probes
``case``           the two updates in the hands of the probes
``moves``          probes: errors, who moves whom, optimisers, finite numbers
``still``          probe: what can never move, and whether it matters
``leftovers``      probe: gradients, flags and modes left for the next step
``sources``        probes: the other network, modes, batch size, the dice
``pixels``         probes of what the lesson hands over: logits and pixels
``bench``          runs one update from a chosen state, and puts all back
``pytorch_side``   what only PyTorch has: gradients left over, modes, flags
``keras_side``     what only Keras has: ``trainable``, read when it is read
``known_errors``   errors that are met often, and what they mean
``texts``          every verdict's words and hints
``report``         the answer, which shows itself
=================  ==========================================================

No framework is loaded here, and none is patched.
"""

from gan_course.audit.protocol import audit
from gan_course.audit.report import Report, Verdict

__all__ = ["Report", "Verdict", "audit"]
