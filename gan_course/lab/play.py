"""The game in 2-D: two small networks, one step at a time, and ways of looking that change nothing.

It knows nothing of threads, widgets or browsers. Everything random comes from generators of its own, so the same
settings give the same game, however often someone looks.
"""

import numpy as np
import torch

from gan_course.errors import DivergedError
from gan_course.lab import frames, measures
from gan_course.lab.datasets import DATASETS, EXTENT
from gan_course.lab.rules import RULES
from gan_course.lab.settings import checked
from gan_course.lab.updates import adam, draw_z, he_init, make_discriminator, make_generator, update_generator

BATCH = 128
SHOWN = 60  # points of a batch in slow motion


class Game:
    """Two players and their optimisers, at some moment of their game.

    Parameters
    ----------
    **settings
        As in :data:`gan_course.lab.settings.DEFAULTS`.

    Attributes
    ----------
    settings : dict
    generator, discriminator, opt_g, opt_d
        As lesson 02 has them.
    noise : torch.Generator
        Of the training alone.
    d_updates, g_updates : int
        Updates so far.

    Raises
    ------
    ValueError
        If a setting does not exist, or not with this value.
    """

    def __init__(self, **settings):
        self.settings = checked(**settings)
        seed = self.settings["seed"]
        self.label, self.toy = DATASETS[self.settings["data"]]
        self.rules = RULES[self.settings["loss"]]
        weights = torch.Generator().manual_seed(seed)
        self.generator = he_init(_empty(make_generator), weights)
        self.discriminator = he_init(_empty(make_discriminator), weights)
        self.opt_g = adam(self.generator, self.settings["g_rate"])
        self.opt_d = adam(self.discriminator, self.settings["d_rate"])
        self.noise = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)  # of the real points
        self.d_updates = self.g_updates = 0
        self._d_loss = self._g_loss = float("nan")
        self._turn = 0  # of this round: D's updates done
        self._measures = measures.Measures(self.toy, seed)
        eyes = torch.Generator().manual_seed(seed + 1)  # noise to look with, which stays the same
        self._z, self._many_z = draw_z(eyes, frames.POINTS), draw_z(eyes, measures.N)
        quantiles = torch.special.ndtri(torch.linspace(0.03, 0.97, frames.MESH))
        self._mesh_z = torch.cartesian_prod(quantiles, quantiles)
        middles = (np.arange(frames.SIDE) + 0.5) / frames.SIDE * 2 * EXTENT - EXTENT
        self._plane = torch.from_numpy(np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2).astype(np.float32))

    # -- the moves ---------------------------------------------------------------------------------------------------

    def step_d(self, real=None):
        """Make one update of D alone; its batch, float32 (128, 2), is drawn if none is given.

        Raises
        ------
        gan_course.errors.DivergedError
            If its loss is not finite.
        """
        real = self.draw_real() if real is None else real
        loss = self.rules.update_d(
            self.generator, self.discriminator, self.opt_d, real, self.noise, self.rules.d_loss
        ).item()
        self.d_updates += 1
        self._d_loss = self._finite(loss, "D's loss")
        return loss

    def step_g(self):
        """Make one update of G alone. Raises as :meth:`step_d` does."""
        loss = update_generator(
            self.generator, self.discriminator, self.opt_g, BATCH, self.noise, self.rules.g_loss
        ).item()
        self.g_updates += 1
        self._g_loss = self._finite(loss, "G's loss")
        return loss

    def step(self):
        """Make one round: ``d_steps`` updates of D, then one of G."""
        for _ in range(self.settings["d_steps"]):
            self.step_d()
        self.step_g()
        self._turn = 0

    def next_player(self):
        """Return "D" or "G", whose update is next in a round played one update at a time, and note that it is made."""
        self._turn = (self._turn + 1) % (self.settings["d_steps"] + 1)
        return "D" if self._turn else "G"

    def change(self, **settings):
        """Change D's steps or a learning rate in the midst of the game.

        Raises
        ------
        ValueError
            If the value is not on the list.
        """
        self.settings = checked(**{**self.settings, **settings})
        self._turn = min(self._turn, self.settings["d_steps"])
        for opt, rate in [(self.opt_d, "d_rate"), (self.opt_g, "g_rate")]:
            opt.param_groups[0]["lr"] = self.settings[rate]

    def draw_real(self, n=BATCH):
        """Return n real points, float32 tensor (n, 2)."""
        return torch.from_numpy(self.toy.sample(n, self.rng))

    def _finite(self, value, name):
        if not np.isfinite(value).all():
            raise DivergedError(
                f"{name} is no longer a finite number after {self.d_updates:,} updates of D and {self.g_updates:,} of G."
            )
        return value

    # -- the looks ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def look(self):
        """Return what there is to see now (:class:`gan_course.lab.frames.Frame`).

        Raises
        ------
        gan_course.errors.DivergedError
            If a point or D's surface is not finite.
        """
        points, many, mesh = (self._finite(self.generator(z).numpy(), "a generated point") for z in self._noises())
        surface = self._finite(self._seen(self.discriminator(self._plane)), "D's surface")
        low, high = self._scale(surface)
        scalars = {
            "d_updates": self.d_updates, "g_updates": self.g_updates,
            "d_loss": self._d_loss, "g_loss": self._g_loss,
            "low": low, "high": high,
            **self._measures(many),
        }  # fmt: skip
        mesh = mesh.reshape(frames.MESH, frames.MESH, 2)
        surface = surface.reshape(frames.SIDE, frames.SIDE)
        return frames.Frame(scalars, points, self._pulls(torch.from_numpy(points)), mesh, surface)

    def about(self):
        """Return what stays the same during a game, for the view (dict of JSON-able values)."""
        real = self.toy.sample(200, np.random.default_rng([self.settings["seed"], 2]))
        return {
            "settings": self.settings,
            "real": real.round(2).tolist(),
            "modes": len(self.toy.modes),
            "floor": self._measures.floor,
            "probability": self.rules.is_probability,
            "sources": self.rules.sources(),
        }

    def walk(self, player):
        """Make one update of "D" or "G", and return what its phases look like, for slow motion.

        Returns
        -------
        dict
            ``player``, its ``loss``, and for up to 60 points of the batch: ``fake`` (x and y), ``fake_seen`` (what D
            says: a probability or a score) and ``fake_push`` (how strongly the loss pulls that answer up, or down if
            negative); of a D's update the same for ``real``; of a G's update ``pulls`` on the fakes, and ``moved``,
            where the same noise lands after it.
        """
        state = self.noise.get_state()
        z = draw_z(self.noise, BATCH)[:SHOWN]
        self.noise.set_state(state)
        real = self.draw_real() if player == "D" else None
        with torch.no_grad():
            fake = self.generator(z)
        seen = self._look_at_d(real[:SHOWN], fake) if player == "D" else self._look_at_g(fake)
        loss = self.step_d(real) if player == "D" else self.step_g()
        if player == "G":
            with torch.no_grad():
                seen["moved"] = self.generator(z)
        rounded = {name: np.asarray(values).round(2).tolist() for name, values in seen.items()}
        return {"player": player, "loss": round(loss, 4), **rounded}

    def _look_at_d(self, real, fake):
        logits = [self.discriminator(points).detach().requires_grad_() for points in (real, fake)]
        pushes = torch.autograd.grad(self.rules.d_loss(*logits), logits)
        found = {}
        for name, points, logit, push in zip(("real", "fake"), (real, fake), logits, pushes, strict=True):
            found |= {
                name: points,
                f"{name}_seen": self._seen(logit.detach()),
                f"{name}_push": -push[:, 0] * len(points),
            }
        return found

    def _look_at_g(self, fake):
        logits = self.discriminator(fake).detach().requires_grad_()
        (push,) = torch.autograd.grad(self.rules.g_loss(logits), logits)
        return {
            "fake": fake,
            "fake_seen": self._seen(logits.detach()),
            "fake_push": -push[:, 0] * len(fake),
            "pulls": self._pulls(fake),
        }

    def _noises(self):
        return self._z, self._many_z, self._mesh_z

    def _seen(self, logits):  # (n, 1) to what is shown: probabilities, or logits as scores
        return (torch.sigmoid(logits) if self.rules.is_probability else logits).squeeze(1).numpy()

    def _scale(self, surface):
        if self.rules.scale is not None:
            return self.rules.scale
        low, high = float(surface.min()), float(surface.max())
        return low, max(high, low + 1e-6)

    @torch.enable_grad()
    def _pulls(self, points):
        """Return minus the gradient of G's loss at each point; its length l is drawn as l / (l + 1), below 1."""
        x = points.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(self.rules.g_loss(self.discriminator(x)), x)
        pull = -slope.numpy() * len(points)  # the loss is a mean: this is each point's own share
        return pull / (np.linalg.norm(pull, axis=1, keepdims=True) + 1)


def _empty(make):
    """Make a network without drawing its first weights: PyTorch would take them from everybody's generator."""
    with torch.device("meta"):
        network = make()
    return network.to_empty(device="cpu")
