"""The interactive lab: two exhibits to play with.

    from gan_course import lab
    lab.objective()                      # lesson 01: drag p_g, and see what the objective says
    lab.game(data="ring", loss="hinge")  # lesson 02: the game in 2-D

In a live notebook each is a widget; the game then trains in the kernel. Everywhere else (stored outputs, the site,
slides) it is one piece of HTML that opens on a still picture and needs no kernel and no network; the game is then
a recording.

=====================  ====================================================================
``updates``            networks and updates of the game, as lesson 02 writes them
``losses``, ``rules``  the four losses, and which update goes with which
``datasets``           what G is to learn
``settings``           what can be set, and to what
``play``               the two players, one step at a time
``measures``           KL, Jensen-Shannon, modes covered
``frames``             a moment of the game, as bytes
``history``            the moments so far
``engine``             the thread that plays for someone who watches
``one_thread``         one math thread while it does
``interrupts``         the kernel's interrupt button
``recording``          a game played beforehand
``theory``             the numbers of the other exhibit
``widget``             an exhibit with a kernel behind it
``show``, ``still``    an exhibit without one, the picture that it opens on, and which of the two is shown
``view.js``            the one view of all this
=====================  ====================================================================

The design of the game in 2-D follows M. Kahng, N. Thorat, D. H. Chau, F. Viégas and M. Wattenberg, "GAN Lab", IEEE
Transactions on Visualization and Computer Graphics 25(1), 2019, arXiv:1809.01587. Importing this package loads no
framework; making a game loads PyTorch.
"""

from gan_course.lab.show import live_front_end, without_kernel


def objective(mean=None, std=None, *, live=None):
    """Show the objective: p_data and p_g in one dimension, the best D, and what follows from them.

    Parameters
    ----------
    mean, std : float, optional
        Of p_g at first: -4 to 4 and 0.2 to 3; by default lesson 01's start, 0 and 1.5.
    live : bool, optional
        Widget or HTML; by default what fits the place.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """
    from gan_course.lab import theory

    given = {"mean": mean, "std": std}
    at = {name: theory.checked(name, theory.START[name] if given[name] is None else given[name]) for name in given}
    start = {"exhibit": "objective", "title": "The objective", "data": theory.DATA, "range": theory.RANGE, **at}
    if live_front_end() if live is None else live:
        from gan_course.lab.widget import ObjectiveWidget

        return ObjectiveWidget(start, **at)
    from gan_course.lab import still

    alt = (
        "Three pairs of densities with the best discriminator. Far apart, the Jensen-Shannon divergence is 0.693; "
        "half-way it is smaller; where the two are equal it is 0 and D is one half everywhere."
    )
    return without_kernel(start, still.of_objective(), alt)


def game(*, steps=1_500, pictures=40, live=None, **settings):
    """Show the game in 2-D.

    Parameters
    ----------
    steps, pictures : int
        Of the recording, where there is no live notebook: rounds, and moments kept of them.
    live : bool, optional
        Widget or recording; by default what fits the place.
    **settings
        ``data``, ``loss``, ``d_steps``, ``d_rate``, ``g_rate`` and ``seed``, as in
        :data:`gan_course.lab.settings.DEFAULTS`.

    Raises
    ------
    ValueError
        If a setting is unknown or has no such value; the message lists what there is.
    gan_course.errors.DivergedError
        If the game to be recorded diverges.
    """
    from gan_course.lab import frames
    from gan_course.lab.settings import CHOICES, MAX_SEED, WHILE_PLAYING, checked

    settings = checked(**settings)
    choices = {name: {str(value): label for value, label in of.items()} for name, of in CHOICES.items()}
    start = {
        "exhibit": "game", "title": "The game in 2-D",
        "layout": frames.LAYOUT, "choices": choices, "max_seed": MAX_SEED, "while_playing": sorted(WHILE_PLAYING),
    }  # fmt: skip
    if live_front_end() if live is None else live:
        from gan_course.lab.widget import GameWidget

        return GameWidget(start, settings)
    return _recorded(start, steps, pictures, settings)


def _recorded(start, steps, pictures, settings):
    import numpy as np

    from gan_course.lab import frames, still
    from gan_course.lab.recording import record

    game = record(steps=steps, pictures=pictures, **settings)
    chosen = np.unique(np.linspace(0, len(game.frames) - 1, 8).round().astype(int))
    shown = [frames.unpack(game.frames[i]) for i in chosen]
    last = shown[-1].scalars
    alt = (
        f"{len(shown)} moments of a game: D's surface in the plane, real and generated points. "
        f"After {last['g_updates']:,.0f} updates of G the Jensen-Shannon divergence is {last['js']:.2f} nats"
        + (f", and {last['modes']:.0f} of {game.about['modes']} modes are covered." if game.about["modes"] else ".")
    )
    picture = still.of_game(shown, np.array(game.about["real"]), game.about["probability"])
    start |= {"about": game.about, "frames": len(game.frames), "walks": game.walks}
    return without_kernel(start, picture, alt, game.packed())
