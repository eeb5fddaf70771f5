"""What a game of any framework hands to the audit: two networks, their optimisers, its noise, real samples."""


def arguments_of(game, **others):
    state = {
        "generator": game.g,
        "discriminator": game.d,
        "noise": game.noise,
        "opt_g": game.opt_g,
        "opt_d": game.opt_d,
    }
    return {"update_d": game.update_d, "update_g": game.update_g, "state": state, "batch": game.real} | others
