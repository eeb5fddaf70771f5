"""A small PyTorch training with all that makes resuming hard: dropout, batch norm, Adam, a schedule, owned noise."""

import torch
from torch import nn
from training import LATENT_DIM, PIXELS, as_images, main, make_run
from training import train as train  # others take both from here


def make(seed=0, width=8, **options):
    """Return a run and the networks' update, as a lesson would write them."""
    torch.manual_seed(seed)
    generator = nn.Sequential(
        nn.Linear(LATENT_DIM, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(width, PIXELS)
    )
    discriminator = nn.Sequential(nn.Linear(PIXELS, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1))
    opt_g = torch.optim.Adam(generator.parameters(), 1e-2, betas=(0.5, 0.999))
    opt_d = torch.optim.RMSprop(discriminator.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(opt_g, 0.9)
    noise = torch.Generator().manual_seed(seed)
    softplus = nn.functional.softplus

    def update(real):
        real = torch.from_numpy(real)
        fake = generator(torch.randn(len(real), LATENT_DIM, generator=noise))
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
            images = generator(torch.from_numpy(z)).sigmoid()
        generator.train()
        return as_images(images)

    state = {
        "generator": generator,
        "discriminator": discriminator,
        "opt_g": opt_g,
        "opt_d": opt_d,
        "schedule": schedule,
        "noise": noise,
    }
    return make_run("99_torch", seed, state, sample, **options), update


if __name__ == "__main__":
    main(make, never=("tensorflow", "keras", "tf_keras"))
