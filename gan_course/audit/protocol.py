"""The audit: its arguments, and the order of its probes."""

from gan_course.audit import pixels
from gan_course.audit.dependencies import batch_sizes, modes, opponents, repeats
from gan_course.audit.leftovers import leftovers
from gan_course.audit.moves import buffers, errors, movers, numbers
from gan_course.audit.report import Report
from gan_course.audit.sandbox import Sandbox
from gan_course.audit.unmoved import unmoved
from gan_course.audit.updates import Updates, listed
from gan_course.errors import CourseError

# Causes come before their consequences. Another batch size comes last: Keras traces its functions again for it.
PROBES = (errors, movers, unmoved, leftovers, opponents, modes, repeats, batch_sizes, numbers, buffers)


def audit(updates, *, state, batch, moves=None, logits=None, fake=None, real=None):
    """Say what each update of a training step changes, and what it should have left alone.

    Each update is run some ten times or more, as it is compiled: from the state as it is, after the others, with half a
    batch, and with the networks' weights changed. Everything in ``state``, gradients, flags, modes and the frameworks'
    ambient random generators are put back, also when an update raises.

    Parameters
    ----------
    updates : dict
        Name to a function that takes the batch alone, in the order of a training step. By its name, an update is a
        discriminator's (``discriminator``, ``critic`` or ``d``, also as a part: ``d_a``), a generator's (``generator``
        or ``g``), or another one. Discriminators and generators are opponents: each must learn from the other. So is
        one discriminator's update and any second one.
    state : dict
        Name to everything that a step depends on, as :class:`gan_course.run.Run` takes it: networks, optimisers (built,
        in Keras) and random generators.
    batch : array, tensor, or tuple of them
        Real examples, in the form in which the updates take them. Half of it is tried as well.
    moves : dict, optional
        Name of an update to the networks in ``state`` that it moves (a name, or a tuple of names). An update that isn't
        listed moves the network of its own name. Several may move the same network, each a part of it.
    logits : callable, optional
        ``logits(images)``: what the loss takes for logits.
    fake : callable, optional
        ``fake()`` or ``fake(n)``: generated pixels, in the form in which a discriminator gets them.
    real : array or tensor, optional
        Real pixels in that form, if they aren't the batch (or the first part of a tuple).

    Returns
    -------
    Report
        An update that raises is a verdict in it, and no exception.

    Raises
    ------
    CourseError
        If ``state`` lacks a network, ``moves`` names an unknown update, or a Keras network or optimiser has no
        variables yet.
    TypeError, ValueError
        If an argument can't be audited: an update that can't be called, a batch without length.

    Examples
    --------
    >>> audit(
    ...     {"discriminator": d_step, "generator": g_step},
    ...     state=run.state,
    ...     batch=real,
    ...     logits=discriminator,
    ...     fake=lambda n: generator(draw_z(noise, n, 100)),
    ... )  # doctest: +SKIP
    >>> audit(
    ...     {"autoencoder": step},
    ...     moves={"autoencoder": ("encoder", "decoder")},
    ...     state={"encoder": encoder, "decoder": decoder, "opt": opt},
    ...     batch=images,
    ... )  # doctest: +SKIP
    """
    if not (isinstance(updates, dict) and updates):
        raise TypeError(
            'updates must be a dict of name to function, {"discriminator": d_step, "generator": g_step}, '
            f"not {updates if updates == {} else 'a ' + type(updates).__name__}."
        )
    handed = {name: function for name, function in {"logits": logits, "fake": fake}.items() if function is not None}
    for name, function in ({f"updates[{name!r}]": function for name, function in updates.items()} | handed).items():
        if not callable(function):
            raise TypeError(f"{name} must be a function, not a {type(function).__name__}.")
    if not isinstance(state, dict):
        raise TypeError(f"state must be a dict of name to object, as Run takes it, not a {type(state).__name__}.")
    own = _networks(updates, moves or {}, state)
    n, half = _halved(batch)
    with Sandbox(state) as sandbox:
        for names in own.values():
            for name in names:
                if name not in sandbox.networks:
                    raise CourseError(f"state[{name!r}] has nothing to train: it is a {type(state[name]).__name__}.")
        audited = Updates(sandbox, dict(updates), own, batch, half)
        audited.observe()
        images = real if real is not None else batch[0] if isinstance(batch, list | tuple) else batch
        passed, verdicts, unchecked = [], [], []
        results = [probe(audited) for probe in PROBES]
        if logits is not None:
            results.append(pixels.sigmoid(audited, logits, images))
        else:
            unchecked.append("a sigmoid before the loss (logits=...)")
        if fake is not None:
            results.append(pixels.pixel_range(audited, fake, images, n))
        else:
            unchecked.append("the range of the pixels (fake=...)")
        for right, wrong in results:
            passed += [right] if right else []
            verdicts += wrong
        return Report(audited.facts(), passed, verdicts, unchecked)


def _networks(updates, moves, state):
    """Return the networks that each update moves: its name to a list of names in ``state``."""
    if unknown := [name for name in moves if name not in updates]:
        raise CourseError(f"moves names {unknown[0]!r}, but updates has {listed(map(repr, updates))}.")
    own = {}
    for who in updates:
        names = moves.get(who, who)
        own[who] = [names] if isinstance(names, str) else list(names)
        missing = [name for name in own[who] if name not in state]
        if missing or not own[who]:
            what = f"state has no {missing[0]!r}" if missing else f"moves[{who!r}] is empty"
            raise CourseError(
                f"{what}; state has {', '.join(map(repr, state)) or 'nothing'}. "
                f"Say which of these this update moves: audit(..., moves={{{who!r}: 'name'}})."
            )
    return own


def _halved(batch):
    """Return how many examples a batch has, and half of it (None if it is too small)."""
    parts = batch if isinstance(batch, list | tuple) else [batch]
    if not parts:
        raise ValueError("the batch is empty.")
    try:
        (n, *others) = {len(part) for part in parts}
        if others:
            raise ValueError(f"the parts of the batch have different lengths: {sorted([n, *others])}.")
        size = n // 2 - (n % 2 == 0 and n // 2 % 2 and n > 2)  # even if possible: some networks take pairs
        halves = [part[:size] for part in parts]
    except TypeError as error:
        raise TypeError(f"the batch must have a length, and give its first half as batch[:n]: {error}") from None
    if n < 4:
        return n, None
    return n, tuple(halves) if isinstance(batch, tuple) else halves if isinstance(batch, list) else halves[0]
