"""Lesson 02's own updates and networks, as they stand in its cells tagged `recipe`, with lines of it replaced."""

import contextlib
import io
import re

import torch

from gan_course import lessons
from gan_course.record import recipe_cells

LESSON = lessons.ROOT / "notebooks" / "02_mlp_gan.ipynb"
PLAYERS = """
generator = he_init(make_generator()).to(device)
discriminator = he_init(make_discriminator()).to(device)
opt_g, opt_d = adam(generator, 5e-4), adam(discriminator, 5e-4)
"""
NARROW = {"1024": "64", "512": "48", "256": "32"}  # the same networks with fewer units: quicker


def arguments(changes=(), narrow=True, **names):
    """Return what `audit` takes, from the lesson's source after `changes`: pairs (old, new), each found once."""
    source = "\n\n".join([*recipe_cells(LESSON), PLAYERS])
    for old, new in changes:
        assert source.count(old) == 1, f"{source.count(old)} times in lesson 02: {old}"
        source = source.replace(old, new)
    if narrow:
        source = re.sub(r"\b(1024|512|256)\b", lambda number: NARROW[number[0]], source)
    cells = {"budget": "smoke", "seed": 0, **names}
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, LESSON.name, "exec"), cells)
    generator, discriminator, opt_g, opt_d = (cells[name] for name in ("generator", "discriminator", "opt_g", "opt_d"))
    noise = torch.Generator().manual_seed(0)

    def z(n):
        return cells["draw_z"](noise, n, cells["latent_dim"])

    return {
        "update_d": lambda real: cells["update_discriminator"](generator, discriminator, opt_d, real, z(len(real))),
        "update_g": lambda real: cells["update_generator"](generator, discriminator, opt_g, z(len(real))),
        "state": {
            "generator": generator,
            "discriminator": discriminator,
            "opt_g": opt_g,
            "opt_d": opt_d,
            "noise": noise,
        },
        "batch": cells["to_real"](cells["mnist"].images[:64]),
        "logits": discriminator,
        "fake": lambda n: generator(z(n)),
    }


D_FAKES = "    fake = generator(z).detach()\n"
D_ZERO = "    opt_d.zero_grad()\n"
G_LOGITS = "    fake_logits = discriminator(generator(z))  # (batch, 1)\n"
G_ZERO = "    opt_g.zero_grad()\n"
G_DEF = "def update_generator(generator, discriminator, opt_g, z):\n"
OPTIMISERS = "opt_g, opt_d = adam(generator, 5e-4), adam(discriminator, 5e-4)\n"
ALL = "torch.optim.Adam([*generator.parameters(), *discriminator.parameters()], lr=5e-4, betas=(0.5, 0.999))\n"

BROKEN = {  # what is broken, to (verdict, changes)
    "no detach and no zero_grad in G": ("stale-gradient", [(D_FAKES, "    fake = generator(z)\n"), (G_ZERO, "")]),
    "no zero_grad in D": ("stale-gradient", [(D_ZERO, "")]),
    "detach in G": ("g-never-moves", [(G_LOGITS, G_LOGITS.replace("generator(z)", "generator(z).detach()"))]),
    "no_grad in G": (
        "g-never-moves",
        [(G_LOGITS, "    with torch.no_grad():\n        fake = generator(z)\n    fake_logits = discriminator(fake)\n")],
    ),
    "all of G's update without grad": ("no-gradient", [(G_DEF, f"@torch.no_grad()\n{G_DEF}")]),
    "one optimiser": ("one-optimiser", [(OPTIMISERS, f"opt_g = opt_d = {ALL}")]),
    "D in opt_g": ("d-not-frozen", [(OPTIMISERS, f"{OPTIMISERS}opt_g = {ALL}")]),
    "a sigmoid at the end of D": ("double-sigmoid", [("nn.Linear(256, 1),", "nn.Linear(256, 1), nn.Sigmoid(),")]),
    "pixels in [0, 1]": (
        "pixel-range",
        [("flat.float() / 127.5 - 1", "flat.float() / 255"), ("((flat + 1) * 127.5)", "(flat * 255)")],
    ),
    "fixed labels": ("fixed-batch-size", [("torch.ones_like(real_logits)", "torch.ones(64, 1)")]),
    "view(batch_size, -1)": ("fixed-batch-size", [("discriminator(real)", "discriminator(real.view(64, -1))")]),
    "D rebuilt in G's update": (
        "other-discriminator",
        [(G_DEF, f"{G_DEF}    discriminator = he_init(make_discriminator())\n")],
    ),
    "fakes in inference mode": (
        "inference-fakes",
        [
            ("nn.Linear(latent_dim, 256), nn.ReLU(),", "nn.Linear(latent_dim, 256), nn.BatchNorm1d(256), nn.ReLU(),"),
            (D_FAKES, f"    generator.eval()\n{D_FAKES}    generator.train()\n"),
        ],
    ),
    "a minibatch layer with a large T": (
        "dead-tensor",
        [("nn.Linear(256, 1),", "Minibatch(256, 2, 120, 1.0), nn.Linear(256 + 2, 1),")],
    ),
}
