"""The four losses that the game in 2-D can be played with, as functions of logits.

=====================  ==========================================================================================
minimax                I. Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661
non-saturating         the same paper; what most programs minimise
hinge                  J. H. Lim and J. C. Ye, "Geometric GAN", 2017, arXiv:1705.02894
Wasserstein, penalty   I. Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028
=====================  ==========================================================================================

The lab shows these functions as they stand here, beside the update that calls them.
"""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import relu


def cross_entropy_d(real_logits, fake_logits):
    # -log D(x) for real points, -log(1 - D(x)) for fakes
    real_loss = bce(real_logits, torch.ones_like(real_logits))
    fake_loss = bce(fake_logits, torch.zeros_like(fake_logits))
    return real_loss + fake_loss


def minimax_g(fake_logits):
    # log(1 - D(x)): flat where D is sure of the fakes
    return -bce(fake_logits, torch.zeros_like(fake_logits))


def non_saturating_g(fake_logits):
    # -log D(x): steep where D is sure of the fakes
    return bce(fake_logits, torch.ones_like(fake_logits))


def hinge_d(real_logits, fake_logits):
    # an answer beyond the margin, +1 or -1, costs nothing
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def hinge_g(fake_logits):
    return -fake_logits.mean()


def wasserstein_d(real_logits, fake_logits):
    # minus the critic's estimate of the distance
    return fake_logits.mean() - real_logits.mean()


def wasserstein_g(fake_logits):
    return -fake_logits.mean()


def gradient_penalty(critic, real, fake, noise, weight=0.1):
    # between a real point and a fake, the slope should be 1
    share = torch.rand(len(real), 1, generator=noise)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return weight * (slope.norm(dim=1) - 1).square().mean()
