"""A small PyTorch training with all that makes resuming hard: dropout, batch norm, Adam, a schedule, owned noise.

``python torch_training.py KILL_AT`` trains, and is killed in the middle of that step (never, if 0).
"""

import os
import signal
import sys

import numpy as np
import torch
from torch import nn

from gan_course.data import Batches
from gan_course.run import Run

STEPS, CHECKPOINT_EVERY = 12, 6


def make(seed=0, width=8, **options):
    """Return a run and the networks' update, as a lesson would write them."""
    torch.manual_seed(seed)
    generator = nn.Sequential(
        nn.Linear(4, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, 16)
    )
    discriminator = nn.Sequential(nn.Linear(16, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1))
    opt_g = torch.optim.Adam(generator.parameters(), 1e-2, betas=(0.5, 0.999))
    opt_d = torch.optim.RMSprop(discriminator.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(opt_g, 0.9)
    noise = torch.Generator().manual_seed(seed)
    softplus = nn.functional.softplus

    def update(real):
        real = torch.from_numpy(real)
        fake = generator(torch.randn(len(real), 4, generator=noise))
        d_loss = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
        g_loss = softplus(-discriminator(fake)).mean()
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
        schedule.step()
        return d_loss, g_loss

    def sample(z):
        generator.eval()
        with torch.no_grad():
            images = generator(torch.from_numpy(z)).sigmoid().reshape(-1, 4, 4)
        generator.train()
        return (images * 255).to(torch.uint8).numpy()

    data = np.random.default_rng(7).standard_normal((50, 16)).astype(np.float32)
    run = Run(
        "99_torch",
        budget="smoke",
        seed=seed,
        steps=STEPS,
        checkpoint_every=CHECKPOINT_EVERY,
        latent_dim=4,
        data="random",
        batches=Batches(data, 8, np.random.default_rng(seed)),
        state={
            "generator": generator,
            "discriminator": discriminator,
            "opt_g": opt_g,
            "opt_d": opt_d,
            "schedule": schedule,
            "noise": noise,
        },
        sample=sample,
        **options,
    )
    return run, update


def train(run, update, kill_at=0):
    for real in run:
        d_loss, g_loss = update(real)
        if run.step + 1 == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        run.log(d_loss=d_loss, g_loss=g_loss)


if __name__ == "__main__":
    train(*make(), kill_at=int(sys.argv[1]))
