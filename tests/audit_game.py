"""What the tests of the audit share, whatever the framework is."""


def arguments_of(game, **others):
    """Return what a game hands to the audit: two updates, their networks, optimisers and noise, and real samples."""
    state = {
        "generator": game.g,
        "discriminator": game.d,
        "noise": game.noise,
        "opt_g": game.opt_g,
        "opt_d": game.opt_d,
    }
    updates = {"discriminator": game.update_d, "generator": game.update_g}
    return {"updates": updates, "state": state, "batch": game.real} | others


def named(report, *levels):
    return [verdict.name for verdict in report.verdicts if verdict.level in (levels or ("fault", "warning"))]
