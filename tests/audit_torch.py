"""Small PyTorch games for the audit: right ones, and each with one thing broken.

A game is what `audit` takes, as a dict. `RIGHT` and `BROKEN` are name to a function that makes one.
"""

import copy

import torch
from audit_game import arguments_of
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import relu, softplus
from torch.nn.utils.parametrizations import spectral_norm

LATENT, PIXELS, BATCH = 4, 12, 16


def generator(*extra, end=nn.Tanh):
    return nn.Sequential(nn.Linear(LATENT, 16), *extra, nn.ReLU(), nn.Linear(16, PIXELS), end())


def discriminator(*extra, width=PIXELS):
    return nn.Sequential(nn.Linear(width, 16), *extra, nn.LeakyReLU(0.2), nn.Linear(16, 1))


def bce_d(real, fake):
    return bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))


def bce_g(real, fake):
    return bce(fake, torch.ones_like(fake))


def hinge_d(real, fake):
    return relu(1 - real).mean() + relu(1 + fake).mean()


def wasserstein_d(real, fake):
    return fake.mean() - real.mean()


def wasserstein_g(real, fake):
    return -fake.mean()


def adam(*networks, lr=1e-3):
    return torch.optim.Adam([p for network in networks for p in network.parameters()], lr=lr, betas=(0.5, 0.999))


class Game:
    """Two networks and their updates; what is to be broken is replaced by the caller."""

    seed = 0

    def __init__(self, g=None, d=None, d_loss=bce_d, g_loss=bce_g, opt=adam):
        torch.manual_seed(self.seed)
        self.g, self.d = g() if g else generator(), d() if d else discriminator()
        self.opt_g, self.opt_d = opt(self.g), opt(self.d)
        self.noise = torch.Generator().manual_seed(self.seed)
        self.d_loss, self.g_loss = d_loss, g_loss
        self.real = torch.rand(BATCH, PIXELS, generator=torch.Generator().manual_seed(2)) * 2 - 1
        self.real[0, 0], self.real[0, 1] = -1, 1

    def z(self, n):
        return torch.randn(n, LATENT, generator=self.noise)

    def penalty(self, real, fake):
        return 0

    def update_d(self, real):
        fake = self.g(self.z(len(real))).detach()
        loss = self.d_loss(self.d(real), self.d(fake)) + self.penalty(real, fake)
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()

    def update_g(self, real):
        loss = self.g_loss(self.d(real), self.d(self.g(self.z(len(real)))))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()

    def arguments(self, **others):
        hands = {"logits": self.d, "fake": lambda n: self.g(self.z(n))}
        return arguments_of(self, **hands | others)


# -- right -------------------------------------------------------------------------------------------------------------


class Clipped(Game):
    def update_d(self, real):
        super().update_d(real)
        with torch.no_grad():
            for p in self.d.parameters():
                p.clamp_(-0.05, 0.05)


class GradientPenalty(Game):
    def penalty(self, real, fake):
        mix = torch.rand(len(real), 1, generator=self.noise)
        x = (mix * real + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(self.d(x).sum(), x, create_graph=True)
        return 10 * (slope.norm(dim=1) - 1).square().mean()


class R1(Game):
    def penalty(self, real, fake):
        x = real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(self.d(x).sum(), x, create_graph=True)
        return slope.square().sum(1).mean()


class Undetached(Game):
    def update_d(self, real):
        loss = self.d_loss(self.d(real), self.d(self.g(self.z(len(real)))))
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()


class FrozenByFlag(Game):
    """Each update sets the flags that it needs."""

    def update_d(self, real):
        self.d.requires_grad_(True)
        super().update_d(real)

    def update_g(self, real):
        self.d.requires_grad_(False)
        super().update_g(real)


class ZeroedAfterwards(Game):
    """zero_grad() at the end of G's update, of both networks: unusual, and right."""

    def update_g(self, real):
        super().update_g(real)
        self.opt_g.zero_grad()
        self.opt_d.zero_grad()

    def update_d(self, real):
        loss = self.d_loss(self.d(real), self.d(self.g(self.z(len(real))).detach()))
        loss.backward()
        self.opt_d.step()
        self.opt_d.zero_grad()


class Several(Game):
    """Five steps of D in one update."""

    def update_d(self, real):
        for _ in range(5):
            super().update_d(real)


class Unrolled(Game):
    """G learns from a copy of D that is two steps ahead."""

    def update_g(self, real):
        ahead = Game()
        ahead.d, ahead.opt_d = copy.deepcopy(self.d), None
        ahead.g, ahead.noise, ahead.opt_d = self.g, self.noise, no_momentum(ahead.d)
        for _ in range(2):
            ahead.update_d(real)
        loss = self.g_loss(None, ahead.d(self.g(self.z(len(real)))))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()


class Averaged(Game):
    """G's update also moves an average of G, which is in the state."""

    def __init__(self):
        super().__init__()
        self.averaged = copy.deepcopy(self.g)

    def update_g(self, real):
        super().update_g(real)
        with torch.no_grad():
            for mean, weight in zip(self.averaged.parameters(), self.g.parameters(), strict=True):
                mean.lerp_(weight, 0.1)

    def arguments(self, **others):
        arguments = super().arguments(**others)
        arguments["state"]["averaged"] = self.averaged
        return arguments


def batch_normed():
    return Game(lambda: generator(nn.BatchNorm1d(16)), lambda: discriminator(nn.BatchNorm1d(16), nn.Dropout(0.3)))


def spectral():
    def d():
        return nn.Sequential(spectral_norm(nn.Linear(PIXELS, 16)), nn.LeakyReLU(0.2), spectral_norm(nn.Linear(16, 1)))

    return Game(d=d, d_loss=hinge_d, g_loss=wasserstein_g)


class Minibatch(nn.Module):
    """Salimans et al. (2016): each example is told how close it is to the others."""

    def __init__(self, n, kernels, dims, std):
        super().__init__()
        self.T = nn.Parameter(torch.randn(n, kernels * dims) * std)
        self.shape = kernels, dims

    def forward(self, x):
        m = (x @ self.T).view(len(x), *self.shape)
        closeness = torch.exp(-(m[None] - m[:, None]).abs().sum(3)).sum(1) - 1  # without oneself
        return torch.cat([x, closeness], dim=1)


def minibatch(std, contrast=8):
    def d():
        return nn.Sequential(nn.Linear(PIXELS, 64), nn.LeakyReLU(0.2), Minibatch(64, 4, 200, std), nn.Linear(68, 1))

    return Game(lambda: scaled(generator(), contrast), d)


def scaled(network, factor):
    """A generator whose pictures differ from the start."""
    with torch.no_grad():
        network[0].weight.mul_(factor)
    return network


def no_momentum(network):
    return torch.optim.SGD(network.parameters(), lr=0.05)


RIGHT = {
    "BCE": Game,
    "BCE, SGD": lambda: Game(opt=no_momentum),
    "BCE, RMSprop": lambda: Game(opt=lambda network: torch.optim.RMSprop(network.parameters(), 1e-3)),
    "Wasserstein, clipped": lambda: Clipped(d_loss=wasserstein_d, g_loss=wasserstein_g),
    "Wasserstein, clipped, RMSprop": lambda: Clipped(
        d_loss=wasserstein_d, g_loss=wasserstein_g, opt=lambda n: torch.optim.RMSprop(n.parameters(), 5e-5)
    ),
    "Wasserstein, gradient penalty": lambda: GradientPenalty(d_loss=wasserstein_d, g_loss=wasserstein_g),
    "hinge": lambda: Game(d_loss=hinge_d, g_loss=wasserstein_g),
    "relativistic": lambda: R1(
        d_loss=lambda real, fake: softplus(fake - real).mean(), g_loss=lambda real, fake: softplus(real - fake).mean()
    ),
    "R1": R1,
    "batch norm and dropout": batch_normed,
    "spectral norm": spectral,
    "no detach, but zeroed": Undetached,
    "frozen by flag": FrozenByFlag,
    "zeroed afterwards": ZeroedAfterwards,
    "five steps of D": Several,
    "unrolled": Unrolled,
    "an average of G": Averaged,
    "minibatch discrimination": lambda: minibatch(0.002),
}


def past_both_margins():
    """A hinge loss whose D is sure: real pictures are white in the first pixel, fakes black."""
    game = Game(d_loss=hinge_d, g_loss=wasserstein_g)
    game.real[:, 0] = 1
    with torch.no_grad():
        game.g[-2].bias[0] = -50
        game.d[0].weight[:2] = 0
        game.d[0].weight[0, 0], game.d[0].weight[1, 0] = 50, -50
        game.d[2].weight[0, :2] = torch.tensor([1.0, -1.0])
    return game


# -- broken ------------------------------------------------------------------------------------------------------------


def not_frozen():
    game = Game()
    game.opt_g = adam(game.g, game.d)
    return game


class NotFrozenTwoSteps(Game):
    def update_g(self, real):
        super().update_g(real)
        self.opt_d.step()


class MovesG(Game):
    def update_d(self, real):
        loss = self.d_loss(self.d(real), self.d(self.g(self.z(len(real)))))
        self.opt_d.zero_grad()
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_d.step()
        self.opt_g.step()


class NoDetachNoZero(Undetached):
    def update_g(self, real):
        loss = self.g_loss(self.d(real), self.d(self.g(self.z(len(real)))))
        loss.backward()
        self.opt_g.step()


class NoZeroInD(Game):
    """Its own zero_grad() is missing: D's step uses what G's update left in D."""

    def update_d(self, real):
        loss = self.d_loss(self.d(real), self.d(self.g(self.z(len(real))).detach()))
        loss.backward()
        self.opt_d.step()


class NoZeroInDFrozenInG(NoZeroInD):
    """G's update leaves nothing in D, but D's own gradients pile up."""

    def update_g(self, real):
        self.d.requires_grad_(False)
        super().update_g(real)
        self.d.requires_grad_(True)


class DetachInG(Game):
    def update_g(self, real):
        loss = self.g_loss(self.d(real), self.d(self.g(self.z(len(real))).detach()))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()


class AllOfGWithoutGrad(Game):
    def update_g(self, real):
        with torch.no_grad():
            loss = self.g_loss(self.d(real), self.d(self.g(self.z(len(real)))))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()


def one_optimiser(kind=adam):
    game = Game()
    game.opt_g = game.opt_d = kind(game.g, game.d)
    return game


def sgd(*networks):
    return torch.optim.SGD([p for network in networks for p in network.parameters()], lr=0.05)


def double_sigmoid():
    return Game(d=lambda: nn.Sequential(*discriminator(), nn.Sigmoid(), nn.Flatten(0)))


def pixels(low, high, **how):
    def make():
        game = Game(**how)
        game.real = low + (game.real + 1) / 2 * (high - low)
        return game

    return make


class FixedLabels(Game):
    ONES, ZEROS = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def update_d(self, real):
        fake = self.g(self.z(BATCH)).detach()
        loss = bce(self.d(real), self.ONES) + bce(self.d(fake), self.ZEROS)
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()


class RebuiltD(Game):
    """G's update makes a discriminator of its own."""

    def update_g(self, real):
        d = discriminator()
        loss = bce_g(None, d(self.g(self.z(len(real)))))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()


class OtherG(Game):
    """D's fakes were made once, before the training."""

    def __init__(self):
        super().__init__()
        self.kept = self.g(self.z(BATCH)).detach()

    def update_d(self, real):
        loss = bce_d(self.d(real), self.d(self.kept))
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()


class InferenceFakes(Game):
    def __init__(self):
        super().__init__(lambda: generator(nn.BatchNorm1d(16)))

    def update_d(self, real):
        self.g.eval()
        super().update_d(real)
        self.g.train()


class LearnsInInference(InferenceFakes):
    def update_d(self, real):
        Game.update_d(self, real)

    def update_g(self, real):
        self.g.eval()
        super().update_g(real)
        self.g.train()


def forgotten():
    """D's first bias isn't in its optimiser."""
    game = Game()
    game.opt_d = torch.optim.Adam([p for p in game.d.parameters() if p is not game.d[0].bias], 1e-3)
    nn.init.zeros_(game.d[0].bias)  # zeros in the place of zeros change nothing
    return game


def other_opt():
    game = Game()
    game.opt_d = adam(discriminator())
    return game


class StaysFrozen(Game):
    """G's update freezes D, and nobody thaws it."""

    def update_g(self, real):
        self.d.requires_grad_(False)
        super().update_g(real)


class Overflows(Game):
    def update_d(self, real):
        loss = (self.d(real) - self.d(real)).mean().sqrt() + self.d(self.g(self.z(len(real))).detach()).mean()
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()


class Joint(Game):
    def step(self, real):
        self.update_g(real)
        self.update_d(real)

    def arguments(self, **others):
        return super().arguments(updates={"discriminator": self.step, "generator": self.step})


class SharedGraph(Game):
    """One forward pass for two backward passes. That D moved before is a consequence of the same mistake."""

    def update_g(self, real):
        fake = self.d(self.g(self.z(len(real))))
        self.opt_g.zero_grad()
        bce_g(None, fake).backward()
        self.opt_d.step()
        bce_g(None, fake).backward()
        self.opt_g.step()


class Loose(Game):
    """The noise comes from a source that is nowhere in the state."""

    source = torch.Generator().manual_seed(3)

    def z(self, n):
        return torch.randn(n, LATENT, generator=self.source)


BROKEN = {  # name to (verdict, game)
    "D in opt_g": ("d-not-frozen", not_frozen),
    "opt_d steps in G's update": ("d-not-frozen", NotFrozenTwoSteps),
    "opt_g steps in D's update": ("g-not-left-alone", MovesG),
    "no detach, no zero_grad in G": ("stale-gradient", NoDetachNoZero),
    "no zero_grad in D": ("stale-gradient", NoZeroInD),
    "no zero_grad in D, frozen in G": ("stale-gradient", NoZeroInDFrozenInG),
    "detach in G": ("g-never-moves", DetachInG),
    "all of G's update without grad": ("no-gradient", AllOfGWithoutGrad),
    "one optimiser": ("one-optimiser", one_optimiser),
    "one optimiser, SGD": ("one-optimiser", lambda: one_optimiser(sgd)),
    "double sigmoid, reshaped": ("double-sigmoid", double_sigmoid),
    "pixels in [0, 1], tanh": ("pixel-range", pixels(0, 1)),
    "pixels to 255, tanh": ("pixel-range", pixels(0, 255)),
    "pixels standardised, tanh": ("pixel-range", pixels(-0.42, 2.82)),
    "pixels in [-1, 1], sigmoid": ("pixel-range", pixels(-1, 1, g=lambda: generator(end=nn.Sigmoid))),
    "fixed labels": ("fixed-batch-size", FixedLabels),
    "D rebuilt in G's update": ("other-discriminator", RebuiltD),
    "fakes made once": ("other-generator", OtherG),
    "minibatch layer with a large T": ("dead-tensor", lambda: minibatch(1.0)),
    "minibatch layer with a large T, saturated pictures": ("dead-tensor", lambda: minibatch(1.0, contrast=30)),
    "a bias that no optimiser holds": ("dead-tensor", forgotten),
    "opt_d holds another D": ("d-never-moves", other_opt),
    "fakes in inference mode": ("inference-fakes", InferenceFakes),
    "G learns in inference mode": ("inference-fakes", LearnsInInference),
    "D stays frozen": ("left-over-flags", StaysFrozen),
    "square root of 0": ("not-finite", Overflows),
    "one function for both": ("joint-step", Joint),
    "one graph, two backward passes": ("update-raises", SharedGraph),
}
