"""Checks of lesson 02's exercises. They play with networks of a few numbers, and plain gradient descent."""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from gan_course.checks.core import Wrong, agree, call, close, dictionary, exercise, number

LR = 0.1
SIX = {
    1: "G never moves",
    2: "left-over gradients",
    3: "one optimiser for both",
    4: "only slower",
    5: "wrong label",
    6: "two sigmoids",
}
SIX_HINTS = {
    1: "Follow the gradient of its g_loss backwards: does it ever get to G?",
    2: "Which gradients lie in G when its g_loss.backward() adds to them? Nobody zeroed them.",
    3: "Its G part asks D to say 'real', and takes the step with an optimiser that holds D's weights as well.",
    4: "Something needless lands in G's gradients. But read on: what does opt_g.zero_grad() do, and when?",
    5: "What does its g_loss ask D to say about the fakes, and who wants that?",
    6: "What range can the numbers have that its loss takes for logits?",
}


@exercise
def one_pass(d_loss):
    """``d_loss(discriminator, real, fake)``: D's loss with one pass, as the sum of the two means."""
    _, discriminator = _players()
    for n_real, n_fake in ((6, 6), (8, 4)):
        real, fake = _numbers(n_real, 2), _numbers(n_fake, 2, seed=1)
        expected = softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()
        loss = call(d_loss, discriminator, real, fake)
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            raise Wrong("The loss has to be a tensor that backward() can start from, not a plain number.")
        value, wanted = number(loss), number(expected)
        swapped = number(softplus(discriminator(real)).mean() + softplus(-discriminator(fake)).mean())
        if close(2 * value, wanted, 1e-4):
            raise Wrong("Half of the right value: one mean over both batches divides by twice as many logits.")
        if close(value, swapped, 1e-4) or close(2 * value, swapped, 1e-4):
            raise Wrong("These are the labels the other way round: real samples have the label 1, fakes 0.")
        if not close(value, wanted, 1e-4) and n_real != n_fake:
            raise Wrong(
                f"Right for batches of equal size; with {n_real} real and {n_fake} generated samples it has to be "
                f"{wanted:.4f}, yours is {value:.4f}. Each mean is taken over its own batch."
            )
        if not close(value, wanted, 1e-4):
            raise Wrong(f"The two passes give {wanted:.4f}, yours gives {value:.4f}.")
        gradients = [torch.autograd.grad(each, list(discriminator.parameters())) for each in (loss, expected)]
        if not all(close(a.numpy(), b.numpy(), 1e-4) for a, b in zip(*gradients, strict=True)):
            raise Wrong("The value is right, its gradient is not: is a part of it computed without gradients?")
    return "The same loss and the same gradients, with one pass."


@exercise
def loss_values(prediction):
    """``{"undecided": (d, g), "D right": (d, g), "D fooled": (d, g)}``, to two places."""
    logits = {"undecided": (0.0, 0.0), "D right": (6.0, -6.0), "D fooled": (6.0, 6.0)}
    dictionary(prediction, logits)
    for case, (real, fake) in logits.items():
        try:
            d_loss, g_loss = (number(value) for value in prediction[case])
        except TypeError:
            raise Wrong(f"{case}: a pair (D's loss, G's loss) is wanted.") from None
        wanted_d, wanted_g = _softplus(-real) + _softplus(fake), _softplus(-fake)
        if abs(d_loss - wanted_d) > 0.02 and abs(d_loss - wanted_d / 2) <= 0.02 and wanted_d > 0.1:
            raise Wrong(
                f"{case}: D's loss is a sum of two terms, one for real samples and one for fakes, not their mean."
            )
        if abs(d_loss - wanted_d) > 0.02:
            raise Wrong(f"{case}: D's loss is softplus({-real:g}) + softplus({fake:g}), which is not {d_loss:g}.")
        if abs(g_loss - wanted_g) > 0.02 and g_loss < 0 and abs(g_loss + _softplus(fake)) <= 0.02:
            raise Wrong(f"{case}: that is log(1 - D), the loss that saturates. Ours is -log D of the fakes.")
        if abs(g_loss - wanted_g) > 0.02:
            raise Wrong(f"{case}: G's loss is softplus({-fake:g}), which is not {g_loss:g}.")
    return (
        "A good end is near the first: D's loss close to 1.386. (A D that has learned nothing is there, too: look at "
        "the samples.) The third is no victory of G: a D that is always fooled is a bad D."
    )


@exercise
def updates(update_d, update_g):
    """``update_d(generator, discriminator, opt_d, real, z)`` and ``update_g(generator, discriminator, opt_g, z)``."""
    wasteful = _check_d(update_d)
    _check_g(update_g)
    _check_g_after_d(update_d, update_g)
    if wasteful:
        return (
            "D moves alone, then G moves alone, each downhill. D's update leaves gradients in G; yours are zeroed "
            "before use, so this costs time only. detach() saves it."
        )
    return "D moves alone, then G moves alone, each downhill."


def _check_d(update_d):
    generator, discriminator = _players()
    opt_d = torch.optim.SGD(discriminator.parameters(), LR)
    real, z = _numbers(6, 2), _numbers(6, 3)
    fake = generator(z).detach()
    of_real = _flat_gradient(softplus(-discriminator(real)).mean(), discriminator)
    of_fake = _flat_gradient(softplus(discriminator(fake)).mean(), discriminator)
    swapped = _flat_gradient(
        softplus(discriminator(real)).mean() + softplus(-discriminator(fake)).mean(), discriminator
    )
    wanted = of_real + of_fake
    for parameter in discriminator.parameters():
        parameter.grad = torch.ones_like(parameter)  # left over from G's update, say
    left_over = torch.ones_like(wanted)
    g_before, d_before = _flat(generator), _flat(discriminator)
    _run(update_d, "D's update", generator, discriminator, opt_d, real, z)
    step = (d_before - _flat(discriminator)) / LR
    if not torch.equal(g_before, _flat(generator)):
        raise Wrong("D's update moved G: the optimiser that takes the step has to hold D's weights only.")
    if not step.any():
        raise Wrong("D's update did not move D: after zero_grad() it needs backward() and opt_d.step().")
    if _same(step, left_over):
        raise Wrong(
            "D's step uses only old gradients: zero_grad() comes before backward(), and backward() before step()."
        )
    if _same(step, wanted + left_over) or _same(step, wanted / 2 + left_over):
        raise Wrong("D's step uses gradients left over from before: opt_d.zero_grad() is missing.")
    if any(_same(step, factor * gradient) for gradient in (-wanted, swapped) for factor in (1, 0.5)):
        raise Wrong("D goes the wrong way: real samples have the label 1, generated ones 0.")
    for half, missing in ((of_real, "generated"), (of_fake, "real")):
        if _same(step, half) or _same(step, half / 2):
            raise Wrong(f"D learns from half of what it should see: the {missing} samples have no part in its step.")
    if not _same(step, wanted) and not _same(step, wanted / 2):
        raise Wrong(
            "D's step is not the gradient of its loss, softplus(-logit) averaged over real samples plus softplus(logit) "
            "averaged over the fakes that this z makes." + _length(step, wanted)
        )
    return any(p.grad is not None and p.grad.any() for p in generator.parameters())


def _check_g(update_g):
    generator, discriminator = _players()
    opt_g = torch.optim.SGD(generator.parameters(), LR)
    z = _numbers(6, 3)
    wanted = _flat_gradient(softplus(-discriminator(generator(z))).mean(), generator)
    saturating = _flat_gradient(-softplus(discriminator(generator(z))).mean(), generator)
    g_before, d_before = _flat(generator), _flat(discriminator)
    _run(update_g, "G's update", generator, discriminator, opt_g, z)
    step = (g_before - _flat(generator)) / LR
    if not torch.equal(d_before, _flat(discriminator)):
        raise Wrong("G's update moved D, towards saying 'real' to everything. Is it one optimiser for both networks?")
    if not step.any():
        raise Wrong("G's update did not move G: the way from its loss through D to G must be open. No detach() here.")
    if _same(step, saturating):
        raise Wrong("That is the gradient of log(1 - D), the loss that saturates: label the fakes 'real' instead.")
    if _same(step, -saturating):
        raise Wrong("G goes the wrong way and helps D: in G's loss the fakes have the label 'real', 1.")
    if not _same(step, wanted):
        raise Wrong(
            "G's step is not the gradient of its loss, softplus(-logit) averaged over the fakes that this z makes."
            + _length(step, wanted)
        )


def _check_g_after_d(update_d, update_g):
    generator, discriminator = _players()
    opt_g = torch.optim.SGD(generator.parameters(), LR)
    opt_d = torch.optim.SGD(discriminator.parameters(), LR)
    z = _numbers(6, 3)
    update_d(generator, discriminator, opt_d, _numbers(6, 2), z)
    wanted = _flat_gradient(softplus(-discriminator(generator(z))).mean(), generator)
    for parameter in generator.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        parameter.grad += 1
    before = _flat(generator)
    update_g(generator, discriminator, opt_g, z)
    if not _same((before - _flat(generator)) / LR, wanted):
        raise Wrong("G's step uses gradients left over from before: opt_g.zero_grad() is missing, or comes too late.")


@exercise
def six_steps(diagnosis):
    """``{1: word, ... 6: word}``, each word once."""
    dictionary(diagnosis, SIX, SIX.values())
    if diagnosis[4] == "left-over gradients" and diagnosis[2] == "only slower":
        raise Wrong(
            "Steps 2 and 4 both leave gradients in G. In one they are zeroed before G's step: that one is harmless."
        )
    agree(diagnosis, SIX, SIX_HINTS)
    return "Five faults, and one that costs time only."


@exercise
def loss_at_rest(diagnosis, d_loss, g_loss):
    """The cause in a word, and where the two losses must come to rest."""
    if diagnosis == "no detach":
        raise Wrong(
            "Without detach() D's step costs more time; where gradients are zeroed before use, the losses are the same."
        )
    if diagnosis == "pixel range":
        raise Wrong("With wrong pixels D wins easily: its loss goes to 0, and G's grows.")
    if diagnosis != "two sigmoids":
        raise Wrong('One of "no detach", "two sigmoids", "pixel range" is wanted.')
    d_loss, g_loss = number(d_loss), number(g_loss)
    best_d = (_softplus(-1) + _softplus(0)) / 2
    if abs(d_loss - 2 * best_d) <= 1e-3:
        raise Wrong("The cause is right, and so are both terms of D's loss. But this program averages them.")
    if abs(d_loss - best_d) > 1e-3:
        raise Wrong(
            "The cause is right. Which numbers can reach the loss now? Which of them is best on real samples, and which "
            "on fakes? Put these two into D's loss."
        )
    if abs(g_loss - _softplus(0)) > 1e-3:
        raise Wrong("Cause and D's loss are right. G's is softplus(-l) at the 'logit' l that D gives its fakes.")
    return "The 'logit' can't leave [0, 1], and at its end the first sigmoid is flat: G gets no slope."


def _players():
    generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    discriminator = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    for seed, network in enumerate((generator, discriminator)):
        weights = torch.randn(_flat(network).shape, generator=torch.Generator().manual_seed(seed))
        _load(network, weights)
    return generator, discriminator


def _numbers(n, width, seed=0):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def _flat(network):
    return nn.utils.parameters_to_vector(network.parameters()).detach().clone()


def _load(network, weights):
    with torch.no_grad():
        nn.utils.vector_to_parameters(weights.clone(), network.parameters())


def _flat_gradient(loss, network):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])


def _run(update, name, *arguments):
    if not callable(update):
        raise Wrong(f"{name} has to be a function; this is a {type(update).__name__}.")
    try:
        update(*arguments)
    except RuntimeError as error:
        if "does not require grad" in str(error):
            raise Wrong(f"{name}: its loss has no way back to any weight. Is it computed under no_grad()?") from None
        raise


def _same(step, gradient):
    return bool(torch.allclose(step, gradient, rtol=1e-3, atol=1e-5))


def _length(step, wanted):
    """A word on a step that points the right way."""
    if nn.functional.cosine_similarity(step, wanted, dim=0) < 0.9999:
        return ""
    return f" It points the right way and is {step.norm() / wanted.norm():.3g} times as long: means, not sums."


def _softplus(x):
    return math.log1p(math.exp(x))
