"""Every verdict's level and hint: what to do, in the words of the reader's framework where they differ."""

from gan_course.audit.report import Verdict

# Name to (level, hint) or (level, {framework: hint}); Keras 2 has Keras 3's hint where it has none of its own.
TEXTS = {
    # which network an update moves
    "joint-step": (
        "fault",
        """Such a step may be right: two tapes, both gradients taken before either is applied. The audit can't
        tell. Write the step as two functions, one for each network, and audit these; the loop calls one after
        the other.""",
    ),
    "one-optimiser": (
        "fault",
        {
            "torch": """Make two: opt_d over discriminator.parameters(), opt_g over generator.parameters(). With one,
            each backward() fills the gradients of both networks, and each step() moves whatever has one.""",
            "keras": """Make two, each built with the variables of its own network:
            opt_d.build(discriminator.trainable_variables), opt_g.build(generator.trainable_variables). An
            optimiser keeps its moments for the variables that it was built with, and counts every step as
            its own.""",
        },
    ),
    "d-not-frozen": (
        "fault",
        {
            "torch": """Give opt_g the parameters of the generator alone, and call no other optimiser's step() in G's
            update. (That backward() fills D's gradients does no harm, as long as D's update begins by
            zeroing them.)""",
            "keras": """Keras 3 reads `trainable` when a function is traced: at its first call, and again at the first
            call with another shape. Set discriminator.trainable to False right before each step of G, and
            to True before each step of D, from the first call on; or use a tape and apply G's gradients
            to generator.trainable_variables alone.""",
            "tf_keras": """Keras 2 reads `trainable` when a model is compiled; setting it before a call changes nothing.
            Compile D's model, set discriminator.trainable = False, then compile the model that trains G.""",
        },
    ),
    "g-not-left-alone": (
        "fault",
        {
            "torch": """detach() the fakes in D's update, and call opt_d.step() alone, with opt_d over the parameters
            of the discriminator alone.""",
            "keras": """Apply D's gradients to discriminator.trainable_variables alone, and let D's model not contain
            G.""",
        },
    ),
    "d-never-moves": (
        "fault",
        {
            "torch": """Does opt_d hold the parameters of this very discriminator, with a learning rate above 0? Do
            they require a gradient? Does backward() come between zero_grad() and step()?""",
            "keras": """Keras 3 reads `trainable` when a function is traced, at its first call, and not when a model
            is compiled: a D that is frozen by then never trains, and all that is said is a UserWarning.
            (The Keras-2 idiom compile D, freeze, compile G does just that.) Set discriminator.trainable
            to True right before each step of D, and to False before each step of G, from the first call
            on; or use a tape for each.""",
            "tf_keras": "Keras 2 reads `trainable` when a model is compiled: compile D's model before D is frozen.",
        },
    ),
    "g-never-moves": (
        "fault",
        {
            "torch": """The path from G's loss to G is cut, or opt_g is another network's: look for detach(),
            no_grad() or .data between generator(z) and the loss (detach() belongs in D's update only),
            for G's parameters in opt_g, and for a learning rate of 0.""",
            "keras": """The path from G's loss to G is cut: the fakes are made outside the tape, or pass through
            predict(), numpy() or stop_gradient(); or G is frozen; or the learning rate is 0.""",
        },
    ),
    "no-gradient": ("fault", ""),
    "saturated": (
        "warning",
        """It does from others, so the update is sound; but from here it learns nothing until the other network
        changes. A hinge loss does that when D is past both margins; a sigmoid in front of a loss when it is 0
        or 1.""",
    ),
    "optimiser-not-in-state": (
        "warning",
        """Put the optimiser into `state`: else neither the audit nor a checkpoint can put its moments back.""",
    ),
    "moments-changed": (
        "warning",
        """A step that is only tried out (unrolling, say) must put back the optimiser's state as well as the
        weights.""",
    ),
    # single tensors
    "dead-tensor": (
        "fault",
        {
            "torch": """Does the optimiser hold it? Does the path from the loss to it go through detach() or an
            operation without a gradient? In minibatch discrimination, exp(-distance) underflows to 0
            where T starts with a standard deviation of 1: start with 0.01.""",
            "keras": """Is its layer called inside the tape? (Keras only warns where some gradients are None.) In
            minibatch discrimination, exp(-distance) underflows to 0 where T starts with a standard
            deviation of 1: start with 0.01.""",
        },
    ),
    "still-tensor": (
        "note",
        """No fault: the step doesn't depend on it either. So it is with the last bias under a Wasserstein or
        relativistic loss, with a bias before batch normalisation, and with a layer that is not used.""",
    ),
    "frozen-tensor": (
        "note",
        "No fault if it is meant: a part that was trained elsewhere, for example.",
    ),
    # what one update leaves behind for the next
    "stale-gradient": (
        "fault",
        """Call the optimiser's zero_grad() before backward(), in both updates, and detach() the fakes in D's: else
        the gradients of two losses are added up, and G's two nearly cancel.""",
    ),
    "undetached-fake": (
        "note",
        """Harmless, because it is zeroed before it is used: it only costs a needless backward pass through G.
        generator(z).detach() saves that.""",
    ),
    "left-over-flags": (
        "fault",
        """Put back in each update what it changes (requires_grad, trainable, train() and eval()), or set what it
        needs at its beginning.""",
    ),
    # from where a step's numbers come
    "other-discriminator": (
        "fault",
        """The discriminator that G learns from is another one, or none. Is it built anew, inside the update or by
        a second call of the function that makes it? Build it once, and hand the same object to both updates and
        to `state`.""",
    ),
    "other-generator": (
        "fault",
        """The fakes that D learns from come from another generator, or were made once and kept. Build G once, and
        make the fakes in each of D's updates.""",
    ),
    "inference-fakes": (
        "fault",
        {
            "torch": """Both updates must draw fakes in the same mode: leave out eval() where fakes are made for a
            step (it is for looking at samples), or D learns from other images than those that G is judged
            by.""",
            "keras": """Both updates must draw fakes in the same mode: generator(z, training=True). predict() and
            training=False are for looking at samples; with them D learns from other images than those
            that G is judged by.""",
        },
    ),
    "not-repeatable": (
        "warning",
        """It draws from a source that is not in `state`, so a resumed run would not be exact either. Draw from
        generators that you own (torch.Generator, tf.random.Generator, NumPy's) and put them into `state`. What
        compares two steps was left out here.""",
    ),
    # the batch
    "fixed-batch-size": (
        "fault",
        {
            "torch": """A batch size is written down twice. Take it from the batch: labels from
            torch.ones_like(logits), noise for len(real), flatten(1) instead of view(batch_size, -1). The
            last batch of an epoch is a smaller one.""",
            "keras": """A batch size is written down twice. Take it from the batch: labels from tf.ones_like(logits),
            noise for len(real), reshape to (-1, n). The last batch of an epoch is a smaller one.""",
        },
    ),
    "size-dependent-step": (
        "fault",
        {
            "torch": "What is trained must not depend on how many examples a batch has.",
            "keras": """A batch of another size makes Keras 3 trace the function anew, and read `trainable` anew. Set
            it right before each step, from the first call on, and not once.""",
        },
    ),
    "small-batch": (
        "note",
        "Hand over at least 4 examples.",
    ),
    # errors and numbers
    "update-raises": (
        "fault",
        "Call the update by itself, with the same batch, to see where.",
    ),
    "hand-over-raises": (
        "fault",
        "Call it by itself to see where. `logits` takes images; `fake` takes a number or nothing.",
    ),
    "not-finite": (
        "fault",
        """A learning rate that is too high, a logarithm or a division of 0, a square root whose slope at 0 is
        infinite (add a small number inside).""",
    ),
    # what the lesson hands over
    "double-sigmoid": (
        "fault",
        {
            "torch": """The loss puts a sigmoid behind them once more: D's loss can't go below 1.006. Take the sigmoid
            away from the end of D. (Or, with BCELoss, which wants probabilities, hand over what goes into
            the sigmoid.)""",
            "keras": """Take the sigmoid away from the end of D. With from_logits=True, Keras warns and
            repairs it when the tensor comes straight from a sigmoid, and does neither as soon as any operation
            follows (a reshape, a slice). (Or, with from_logits=False, which wants probabilities, hand over what goes
            into the sigmoid.)""",
        },
    ),
    "pixel-range": (
        "fault",
        """Scale the real images to the range of G's last activation: with tanh, images / 127.5 - 1; with a
        sigmoid, images / 255. Otherwise D tells them apart by their range alone.""",
    ),
    "whole-number-pixels": (
        "warning",
        "If the update scales them, hand over what it makes of them: audit(..., real=...).",
    ),
    "buffers": ("note", ""),
}


def verdict(name, message, kind="torch", hint=None, level=None):
    """Return the :class:`Verdict` of this name, its hint in the words of the framework ``kind``.

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
    text = " ".join(text.split()) if hint is None else hint
    return Verdict(name, level or usual_level, message, text)
