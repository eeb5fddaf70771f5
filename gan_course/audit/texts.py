"""Every verdict's level and hint: what to do, in the words of the reader's framework where they differ.

Where an update is a discriminator's or a generator's, some verdicts have names of their own; ``moves-another``,
``never-moves`` and ``one-sided`` say the same of other updates.
"""

from gan_course.audit.report import Verdict

# Name to hint, or to {framework: hint}; Keras 2 has Keras 3's hint unless it has one of its own.
FAULTS = {
    # which network an update moves
    "joint-step": """Such a step may be right: two tapes, both gradients taken before either is applied. The audit can't
        tell. Write the step as several functions, one for each update, and audit these; the loop calls one after the
        other.""",
    "one-optimiser": {
        "torch": """Make one for each update: opt_d over discriminator.parameters(), opt_g over generator.parameters().
            With one for all, each backward() fills the gradients of several networks, and each step() moves whatever
            has one.""",
        "keras": """Make one for each update, built with the variables of its own network:
            opt_d.build(discriminator.trainable_variables), opt_g.build(generator.trainable_variables). An optimiser
            keeps its moments for the variables that it was built with, and counts every step as its own.""",
    },
    "d-not-frozen": {
        "torch": """Give opt_g the parameters of the generator alone, and call no other optimiser's step() in the
            generator's update. (That backward() fills D's gradients does no harm if D's update begins by zeroing
            them.)""",
        "keras": """Keras 3 reads `trainable` when a function is traced: at its first call, and again at the first call
            with another shape. Set discriminator.trainable to False right before each step of G, and to True before
            each step of D, from the first call on; or use a tape and apply G's gradients to
            generator.trainable_variables alone.""",
        "tf_keras": """Keras 2 reads `trainable` when a model is compiled; setting it before a call changes nothing.
            Compile D's model, set discriminator.trainable = False, then compile the model that trains G.""",
    },
    "g-not-left-alone": {
        "torch": """detach() the fakes in the discriminator's update, and call opt_d.step() alone, with opt_d over the
            parameters of the discriminator alone.""",
        "keras": """Apply D's gradients to discriminator.trainable_variables alone, and keep G out of D's model.""",
    },
    "moves-another": """Give its optimiser the parameters of its own networks alone (in Keras: apply its gradients to
        their trainable_variables alone), and let no other optimiser take a step. If it should move this network, too,
        say so: audit(..., moves={...}).""",
    "d-never-moves": {
        "torch": """Does opt_d hold the parameters of this very discriminator, with a learning rate above 0? Do they
            require a gradient? Does backward() come between zero_grad() and step()?""",
        "keras": """Keras 3 reads `trainable` when a function is traced, at its first call, and not when a model is
            compiled: a D that is frozen by then never trains, with nothing but a UserWarning. (The Keras-2 idiom
            compile D, freeze, compile G does just that.) Set discriminator.trainable to True right before each step of
            D, and to False before each step of G, from the first call on; or use a tape for each.""",
        "tf_keras": "Keras 2 reads `trainable` when a model is compiled: compile D's model before D is frozen.",
    },
    "g-never-moves": {
        "torch": """The path from the generator's loss to the generator is cut, or opt_g is another network's: look for
            detach(), no_grad() or .data between generator(z) and the loss (detach() belongs in D's update only), for
            the generator's parameters in opt_g, and for a learning rate of 0.""",
        "keras": """The path from the generator's loss to the generator is cut: the fakes are made outside the tape, or
            pass through predict(), numpy() or stop_gradient(); or G is frozen; or the learning rate is 0.""",
    },
    "never-moves": """Does its optimiser hold the weights of this network, with a learning rate above 0? Is the path
        from the loss to the network cut, by detach() or no_grad(), by stop_gradient(), or outside the tape? Is it
        frozen? If the update shouldn't move it, leave it out of audit(..., moves={...}).""",
    # single tensors
    "dead-tensor": """Does the optimiser hold it? Does the path from the loss to it go through detach() or an operation
        without a gradient? In Keras: is its layer called inside the tape? (Keras only warns if some gradients are
        None.) In minibatch discrimination, exp(-distance) underflows to 0 if T starts with a standard deviation of 1:
        start with 0.01.""",
    # what one update leaves behind for the next
    "stale-gradient": """Call the optimiser's zero_grad() before backward(), in every update, and detach() the fakes in
        a discriminator's: otherwise the gradients of several losses are added up, and a generator's two nearly
        cancel.""",
    "left-over-flags": """Put back in each update what it changes (requires_grad, trainable, train() and eval()), or set
        what it needs at its beginning.""",
    # what a step depends on
    "other-discriminator": """The generator learns from another discriminator, or from none. Is one built inside the
        update, or by a second call of the function that makes it? Build it once, and hand the same object to both
        updates and to `state`.""",
    "other-generator": """The fakes that the discriminator learns from come from another generator, or were made once
        and kept. Build the generator once, and make new fakes in each of the discriminator's updates.""",
    "inference-fakes": {
        "torch": """Every update must draw fakes in the same mode: leave out eval() where fakes are made for a step (it
            is for looking at samples), or D learns from other images than those that G is judged by.""",
        "keras": """Every update must draw fakes in the same mode: generator(z, training=True). predict() and
            training=False are for looking at samples; with them D learns from other images than those that G is judged
            by.""",
    },
    "fixed-batch-size": """A batch size is written down twice. Take it from the batch: labels from ones_like(logits),
        noise for len(real), flatten(1) instead of view(batch_size, -1), in Keras a reshape to (-1, n). The last batch
        of an epoch is a smaller one.""",
    "size-dependent-step": {
        "torch": "What is trained must not depend on how many examples a batch has.",
        "keras": """For a batch of another size Keras 3 traces the function again, and reads `trainable` again. Set it
            right before each step, from the first call on, and not once.""",
    },
    # errors and numbers
    "no-gradient": "",  # the error's own hint
    "update-raises": "Call the update by itself, with the same batch, to see where.",
    "hand-over-raises": "Call it by itself to see where. `logits` takes images; `fake` takes a number or nothing.",
    "not-finite": """Look for a learning rate that is too high, a logarithm or a division of 0, a square root, whose
        slope at 0 is infinite (add a small number inside).""",
    # what the lesson hands over
    "double-sigmoid": {
        "torch": """The loss applies a second sigmoid: D's loss can't go below 1.006. Remove the sigmoid from the end of
            D. (Or, with BCELoss, which wants probabilities, hand over what goes into the sigmoid.)""",
        "keras": """Remove the sigmoid from the end of D. With from_logits=True, Keras warns and repairs it when the
            tensor comes straight from a sigmoid, and does neither if any operation follows (a reshape, a slice). (Or,
            with from_logits=False, which wants probabilities, hand over what goes into the sigmoid.)""",
    },
    "pixel-range": """Scale the real images to the range of the generator's last activation: with tanh,
        images / 127.5 - 1; with a sigmoid, images / 255. Otherwise D tells them apart by their range alone.""",
}
WARNINGS = {
    "saturated": """It does from others, so the update is sound; but from here it learns nothing until another network
        changes. A hinge loss does that when D is past both margins; a sigmoid before a loss when it is 0 or 1.""",
    "optimiser-not-in-state": """Put the optimiser into `state`: otherwise neither the audit nor a checkpoint can put
        its moments back.""",
    "moments-changed": """A step that is only tried out (unrolling, say) must put back the optimiser's state as well as
        the weights.""",
    "not-repeatable": """It draws from a source that isn't in `state`, so a resumed run wouldn't be exact either. Draw
        from generators that you own (torch.Generator, tf.random.Generator, NumPy's) and put them into `state`. Whatever
        compares two steps was skipped here.""",
    "whole-number-pixels": "If the update scales them, hand over what it makes of them: audit(..., real=...).",
}
NOTES = {
    "still-tensor": """No fault: the step doesn't depend on it either. Examples are the last bias under a Wasserstein or
        relativistic loss, a bias before batch normalisation, and a layer that isn't used.""",
    "frozen-tensor": "No fault if it is meant: a part that was trained elsewhere, for example.",
    "undetached-fake": """Harmless, because it is zeroed before it is used: it only costs a needless backward pass
        through the generator. generator(z).detach() saves that.""",
    "one-sided": """The other update does depend on this one's networks. No fault if this one is meant to be trained
        without the other; if it should learn from it, does it use the same object as `state`?""",
    "small-batch": "Hand over at least 4 examples.",
    "buffers": "",
}
TEXTS = {
    name: (level, hint)
    for level, hints in {"fault": FAULTS, "warning": WARNINGS, "note": NOTES}.items()
    for name, hint in hints.items()
}


def verdict(name, message, kind="torch", hint=None, level=None):
    """Return the :class:`Verdict` of this name, with the hint for the framework ``kind``.

    Parameters
    ----------
    name : str
        A key of :data:`TEXTS`.
    message : str
        What was observed.
    kind : str
        ``"torch"``, ``"keras"`` or ``"tf_keras"``.
    hint, level : str, optional
        Instead of the usual ones.
    """
    usual_level, text = TEXTS[name]
    if isinstance(text, dict):
        text = text.get(kind) or text["torch" if kind == "torch" else "keras"]
    return Verdict(name, level or usual_level, message, " ".join(text.split()) if hint is None else hint)
