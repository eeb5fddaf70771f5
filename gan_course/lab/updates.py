"""The networks of the game in 2-D and its updates, as lesson 02 writes them.

The numbered comments are the phases that the lab's slow motion stops at: it reads them from this source.
"""

import torch
from torch import nn

from gan_course.lab.losses import gradient_penalty


def make_generator():
    return nn.Sequential(
        nn.Linear(2, 128), nn.ReLU(),
        nn.Linear(128, 128), nn.ReLU(),
        nn.Linear(128, 2),
    )  # fmt: skip


def make_discriminator():
    return nn.Sequential(
        nn.Linear(2, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 1),
    )  # fmt: skip


def he_init(network, generator):
    for layer in network:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
    return network


def adam(network, lr):
    return torch.optim.Adam(network.parameters(), lr=lr, betas=(0.5, 0.999), fused=True)


def draw_z(noise, n):  # float32 (n, 2)
    return torch.randn(n, 2, generator=noise)


def update_discriminator(generator, discriminator, opt_d, real, noise, loss):
    # 1: G makes fakes, and they are cut off from G
    fake = generator(draw_z(noise, len(real))).detach()
    # 2: D judges real points and fakes
    real_logits = discriminator(real)  # (batch, 1)
    fake_logits = discriminator(fake)  # (batch, 1)
    # 3: what these answers cost D
    d_loss = loss(real_logits, fake_logits)
    # 4: backwards, to a gradient for each weight of D
    opt_d.zero_grad()
    d_loss.backward()
    # 5: one step of D alone
    opt_d.step()
    return d_loss


def update_critic(generator, critic, opt_d, real, noise, loss):
    # 1: G makes fakes, and they are cut off from G
    fake = generator(draw_z(noise, len(real))).detach()
    # 2: the critic gives real points and fakes a score
    real_logits = critic(real)  # (batch, 1)
    fake_logits = critic(fake)  # (batch, 1)
    # 3: what these scores and too steep or flat a slope cost it
    d_loss = loss(real_logits, fake_logits)
    d_loss = d_loss + gradient_penalty(critic, real, fake, noise)
    # 4: backwards, to a gradient for each weight of the critic
    opt_d.zero_grad()
    d_loss.backward()
    # 5: one step of the critic alone
    opt_d.step()
    return d_loss


def update_generator(generator, discriminator, opt_g, n, noise, loss):
    # 1: G makes new fakes, still tied to G
    fake = generator(draw_z(noise, n))
    # 2: D judges them, as it is now
    fake_logits = discriminator(fake)  # (batch, 1)
    # 3: what D's answers cost G
    g_loss = loss(fake_logits)
    # 4: backwards, through D and each fake, to G's weights
    opt_g.zero_grad()
    g_loss.backward()
    # 5: one step of G alone
    opt_g.step()
    return g_loss
