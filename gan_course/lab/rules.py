"""Which loss and which update make a game, by name, and their source as it runs."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from gan_course.lab import losses, updates


@dataclass(frozen=True)
class Rules:
    """What the two players minimise.

    Attributes
    ----------
    label : str
        For people.
    d_loss : callable
        Takes two tensors of logits, real and fake, each (batch, 1); returns a scalar.
    g_loss : callable
        Takes the logits of fakes, (batch, 1); returns a scalar.
    update_d : callable
        The update of D that goes with it; that of G is the same for all.
    scale : tuple of float or None
        The range of D's surface: (0, 1) for a probability, (-2, 2) for hinge's logits, None for scores without a scale.
    """

    label: str
    d_loss: Callable
    g_loss: Callable
    update_d: Callable
    scale: tuple | None

    @property
    def is_probability(self):
        return self.scale == (0, 1)

    def sources(self):
        """Return the code of D's update and of G's, with the losses that they call (dict of two str)."""
        d_parts = [self.update_d, self.d_loss]
        if self.update_d is updates.update_critic:
            d_parts.append(losses.gradient_penalty)
        g_parts = [updates.update_generator, self.g_loss]
        return {
            player: "\n\n".join(inspect.getsource(part).rstrip() for part in parts)
            for player, parts in {"D": d_parts, "G": g_parts}.items()
        }


_D, _CRITIC = updates.update_discriminator, updates.update_critic
RULES = {
    "non-saturating": Rules("non-saturating, −log D", losses.cross_entropy_d, losses.non_saturating_g, _D, (0, 1)),
    "minimax": Rules("minimax, log(1 − D)", losses.cross_entropy_d, losses.minimax_g, _D, (0, 1)),
    "hinge": Rules("hinge", losses.hinge_d, losses.hinge_g, _D, (-2, 2)),
    "wasserstein": Rules("Wasserstein with penalty", losses.wasserstein_d, losses.wasserstein_g, _CRITIC, None),
}
