"""The audit: its arguments, and the order of its probes."""

from gan_course.audit import pixels
from gan_course.audit.bench import Bench
from gan_course.audit.case import Case, facts
from gan_course.audit.leftovers import left_over
from gan_course.audit.moves import buffers, errors, movers, numbers
from gan_course.audit.report import Report
from gan_course.audit.sources import modes, opponents, repeats, sizes
from gan_course.audit.still import still
from gan_course.errors import CourseError

# Causes come before their consequences; another batch size comes last, because Keras traces its functions anew for it.
PROBES = (errors, movers, still, left_over, opponents, modes, repeats, sizes, numbers, buffers)


def audit(
    update_d,
    update_g,
    *,
    state,
    batch,
    generator="generator",
    discriminator="discriminator",
    logits=None,
    fake=None,
    real=None,
):
    """Say what each update of a GAN changes, and what it should have left alone.

    Both updates are run five times or more, as they are compiled: from the state as it is, with half a batch, and with
    the networks' weights changed. Everything in ``state``, gradients, flags, modes and the frameworks' ambient random
    generators are put back, also when an update raises.

    Parameters
    ----------
    update_d, update_g : callable
        One update of the discriminator, and one of the generator. Each takes the batch alone.
    state : dict
        Name to everything that a step depends on, as :class:`gan_course.run.Run` takes it: networks, optimisers (built,
        in Keras) and random generators.
    batch : array, tensor, or tuple of them
        Real examples, in the form in which the updates take them. Half of it is tried as well.
    generator, discriminator : str or list of str
        The names of the two players' networks in ``state``.
    logits : callable, optional
        ``logits(images)``: what the loss takes for logits.
    fake : callable, optional
        ``fake()`` or ``fake(n)``: generated pixels, in the form in which D gets them.
    real : array or tensor, optional
        Real pixels in that form, where that is not the batch (or, if it is a tuple, its first part).

    Returns
    -------
    Report
        An update that raises is a verdict in it, and no exception.

    Raises
    ------
    CourseError
        If ``state`` lacks a network, or a Keras network or optimiser has no variables yet.
    TypeError, ValueError
        If an argument is none that can be audited: an update that can't be called, a batch without length.

    Examples
    --------
    >>> audit(
    ...     lambda real: update_discriminator(generator, discriminator, opt_d, real, draw_z(noise, len(real), 100)),
    ...     lambda real: update_generator(generator, discriminator, opt_g, draw_z(noise, len(real), 100)),
    ...     state=run.state,
    ...     batch=real,
    ...     logits=discriminator,
    ...     fake=lambda n: generator(draw_z(noise, n, 100)),
    ... )  # doctest: +SKIP
    """
    for name, function in {"update_d": update_d, "update_g": update_g, "logits": logits, "fake": fake}.items():
        if not callable(function) and (function is not None or name.startswith("update")):
            raise TypeError(f"{name} must be a function, not a {type(function).__name__}.")
    if not isinstance(state, dict):
        raise TypeError(f"state must be a dict of name to object, as Run takes it, not a {type(state).__name__}.")
    own = {
        "D": _names(state, discriminator, "discriminator"),
        "G": _names(state, generator, "generator"),
    }
    n, half = _halved(batch)
    with Bench(state) as bench:
        for name in own["D"] + own["G"]:
            if name not in bench.networks:
                raise CourseError(f"state[{name!r}] has nothing to train: it is a {type(state[name]).__name__}.")
        case = Case(bench, {"D": update_d, "G": update_g}, own, batch, half)
        case.begin()
        images = real if real is not None else batch[0] if isinstance(batch, list | tuple) else batch
        passed, verdicts, unchecked = [], [], []
        results = [probe(case) for probe in PROBES]
        if logits is not None:
            results.append(pixels.sigmoid(case, logits, images))
        else:
            unchecked.append("a sigmoid before the loss (logits=...)")
        if fake is not None:
            results.append(pixels.pixel_range(case, fake, images, n))
        else:
            unchecked.append("the range of the pixels (fake=...)")
        for right, wrong in results:
            passed += [right] if right else []
            verdicts += wrong
        return Report(facts(case), passed, verdicts, unchecked)


def _names(state, names, role):
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in state:
            raise CourseError(
                f"state has no {name!r}; it has {', '.join(map(repr, state)) or 'nothing'}. "
                f"If yours has another name: audit(..., {role}='its name')."
            )
    return names


def _halved(batch):
    """Return how many examples a batch has, and half of it (None where it is too small)."""
    parts = batch if isinstance(batch, list | tuple) else [batch]
    if not parts:
        raise ValueError("the batch is empty.")
    try:
        (n, *others) = {len(part) for part in parts}
        if others:
            raise ValueError(f"the parts of the batch have different lengths: {sorted([n, *others])}.")
        size = n // 2 - (n % 2 == 0 and n // 2 % 2 and n > 2)  # even where it can be: some networks take pairs
        halves = [part[:size] for part in parts]
    except TypeError as error:
        raise TypeError(f"the batch must have a length, and give its first half as batch[:n]: {error}") from None
    if n < 4:
        return n, None
    return n, tuple(halves) if isinstance(batch, tuple) else halves if isinstance(batch, list) else halves[0]
