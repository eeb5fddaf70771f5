"""Checks of lesson 06's exercises. They play with tables and layers of a few numbers, and with two tiny networks."""

import itertools
import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

from gan_course.checks.core import Wrong, agree, array, call, close, dictionary, exercise, number

SIX = {
    "A": "shuffled apart",
    "B": "collapsed class",
    "C": "label out of range",
    "D": "other label frequencies",
    "E": "not flattened",
    "F": "nothing is wrong",
}
WORDS = {*SIX.values(), "one-hot labels"}
SIX_HINTS = {
    "A": "The digits are learned, the labels are not. What would $D$ have to see for that, and does it in this program?",
    "B": "Which number of a class can be perfect, even better than real, when all its pictures are one?",
    "C": "Where does PyTorch say 'self'? What is indexed with a label, and how many rows has it?",
    "D": "By the formula for the best logit, what can be left of it when the pictures of every class are right?",
    "E": "Which of the tensors that are joined has four dimensions, and which has two?",
    "F": "Through which numbers does a label act in that generator, and what are they before training?",
}
REAL, ASKED = {"cat": 0.8, "dog": 0.2}, 0.5


@exercise
def class_biases(split):
    """``split(layer, table)``: the weights that act on z (outputs, latent), the biases of all classes (classes, outputs)."""
    for latent, label, outputs, classes, seed in ((6, 3, 4, 5, 0), (3, 3, 3, 3, 1)):
        layer, table = (_layer(latent + label, outputs, seed), _table(classes, label, seed + 10))
        answer = call(split, layer, table)
        try:
            weight, biases = (torch.as_tensor(array(part)).float() for part in answer)
        except (TypeError, ValueError):
            raise Wrong("Two arrays are wanted: the weights for z, then the biases of all classes.") from None
        W_z, W_e = layer.weight.detach().split([latent, label], dim=1)
        first = layer.weight.detach()[:, label:]  # as if the label's row came first
        rows, c = table.weight.detach(), layer.bias.detach()
        wanted = rows @ W_e.T + c
        if weight.shape != W_z.shape and weight.shape == W_z.T.shape and torch.equal(weight, W_z.T):
            raise Wrong("The weights for z are transposed: one row for each output, as in the layer itself.")
        if not _same(weight, W_z):
            if _same(weight, first):
                raise Wrong("z comes first in the joined input, the label's row last: take the weights in that order.")
            raise Wrong(
                f"The weights for z are those of the layer's first columns, with the shape {tuple(W_z.shape)}; yours "
                f"have the shape {tuple(weight.shape)}."
            )
        if biases.shape == wanted.T.shape and biases.shape != wanted.shape and _same(biases, wanted.T):
            raise Wrong("The biases are right and transposed: one row for each class.")
        if _same(biases, rows @ W_e.T):
            raise Wrong("The layer's own bias is missing: it belongs to every class.")
        if _same(biases, rows @ layer.weight.detach()[:, :label].T + c):
            raise Wrong("The label's row is multiplied by the wrong columns: in the joined input it comes last.")
        if _same(biases, c.expand(classes, -1)):
            raise Wrong("These biases are the same in all classes: the table has no part in them.")
        if biases.shape == (classes, label) and biases.shape != wanted.shape:
            raise Wrong("A row of the table is no bias yet: the layer multiplies it by its weights for the label.")
        if label == outputs and (_same(biases, rows + c) or _same(biases, rows)):
            raise Wrong("A row of the table is no bias yet: the layer multiplies it by its weights for the label.")
        if label == outputs and _same(biases, rows @ W_e + c):
            raise Wrong("The label's weights act the other way round: a layer computes W e, in rows that is e Wᵀ.")
        if biases.shape != wanted.shape:
            raise Wrong(
                f"With {classes} classes and {outputs} outputs the biases have the shape {tuple(wanted.shape)}, yours "
                f"{tuple(biases.shape)}."
            )
        if not _same(biases, wanted):
            raise Wrong(
                "The biases are not what the layer adds for a label: a row of the table times W_e, plus its bias."
            )
    return "A joined label is a bias for each class, and nothing more."


@exercise
def even_labels(probability, loss, slope):
    """``{"cat": D*, "dog": D*}``, D's loss, and whether its logit has a slope in x."""
    dictionary(probability, REAL)
    best = {name: p / (p + ASKED) for name, p in REAL.items()}
    given = {name: number(value) for name, value in probability.items()}
    if all(abs(value - 0.5) <= 0.01 for value in given.values()):
        raise Wrong(
            "1/2 is right where the labels of the fakes are as frequent as those of real pictures. Here D is shown more "
            "real cats than generated ones."
        )
    if all(abs(given[name] - p) <= 0.01 for name, p in REAL.items()):
        raise Wrong(
            "That is the share of each class among the *real* pictures. D compares them with the generated ones."
        )
    if all(abs(given[name] - (1 - value)) <= 0.01 for name, value in best.items()):
        raise Wrong("That is D's probability of 'generated'. Asked for is that of 'real'.")
    for name, value in best.items():
        if abs(given[name] - value) > 0.01:
            raise Wrong(
                f"{name}: p(y) p(x|y) over p(y) p(x|y) + q(y) p_g(x|y), where p(x|y) and p_g(x|y) cancel, is not "
                f"{given[name]:g}."
            )
    value = number(loss)
    wanted = -sum(p * math.log(best[name]) + ASKED * math.log(1 - best[name]) for name, p in REAL.items())
    if abs(value - 2 * math.log(2)) <= 0.01:
        raise Wrong("2 log 2 is D's loss where it is undecided. Put your two probabilities into the loss.")
    if abs(value - wanted / 2) <= 0.01:
        raise Wrong("Half of it: the loss is the sum of the two means, not their mean.")
    if abs(value + wanted) <= 0.01:
        raise Wrong("That is V. D minimises its negative.")
    even = -sum((math.log(best[name]) + math.log(1 - best[name])) / 2 for name in best)
    if abs(value - even) <= 0.01:
        raise Wrong("In the mean over real pictures, cats count 0.8 and dogs 0.2; only the fakes are half and half.")
    if abs(value - wanted) > 0.01:
        raise Wrong(
            "The probabilities are right. The loss is the mean of -log D over real pictures, four fifths of them cats, plus the "
            f"mean of -log(1 - D) over the fakes, half of them cats. That is not {value:g}."
        )
    if not isinstance(slope, (bool, np.bool_)):
        raise Wrong("For the slope, True or False is wanted.")
    if slope:
        raise Wrong(
            "The logit is log(p(y) / q(y)) here. Does that change if a picture changes a little, and its label doesn't?"
        )
    return "D knows which label is asked for too often. It tells G nothing, because G can do nothing about it."


@exercise
def conditional_losses(losses):
    """``losses(generator, discriminator, real, y, z, y_fake)``: D's loss and G's, as tensors."""
    for n_real, n_fake in ((6, 6), (7, 4)):
        _check_losses(losses, n_real, n_fake)
    return "Each label in its place: what was asked for is what is judged."


def _check_losses(losses, n_real, n_fake):
    generator, discriminator = _Generator(), _Discriminator()
    real, z = _numbers(n_real, 2, seed=1), _numbers(n_fake, 3, seed=2)
    y, y_fake = torch.arange(n_real) % 3, (torch.arange(n_fake) * 2 + 1) % 3
    generator.asked.clear()
    try:
        answer = call(losses, generator, discriminator, real, y, z, y_fake)
    except RuntimeError as error:
        if n_real == n_fake or "size" not in str(error):
            raise
        raise Wrong(
            f"With {n_real} real pictures and {n_fake} fakes it raises: the real pictures have the labels y, the fakes "
            "y_fake, everywhere."
        ) from None
    try:
        d_loss, g_loss = answer
    except (TypeError, ValueError):
        raise Wrong("Two losses are wanted: D's, then G's.") from None
    for name, loss in (("D's", d_loss), ("G's", g_loss)):
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            raise Wrong(f"{name} loss has to be one number, as a tensor.")
    _check_labels(generator, discriminator, real, y, z, y_fake, number(d_loss), number(g_loss))
    _check_ways(generator, discriminator, d_loss, g_loss)


def _check_labels(generator, discriminator, real, y, z, y_fake, d_loss, g_loss):
    """Name the labels that were used, if they are not the right ones."""
    same_size = len(y) == len(y_fake)
    if any(not torch.equal(asked, y_fake) for asked in generator.asked):
        if same_size and any(torch.equal(asked, y) for asked in generator.asked):
            raise Wrong("The generator was asked for y, the labels of the real pictures. It is to be asked for y_fake.")
        raise Wrong("The generator was asked for something else than y_fake.")
    if not generator.asked:
        raise Wrong("The generator was never called: the fakes are generator(z, y_fake).")
    fake = generator.make(z, y_fake)

    def terms(y_real, y_judged):
        real_logits, fake_logits = (discriminator(real, y_real), discriminator(fake, y_judged))
        return {(who, sign): softplus(sign * logits).mean().item()
                for who, logits in (("real", real_logits), ("fake", fake_logits)) for sign in (-1, 1)}  # fmt: skip

    right = terms(y, y_fake)
    wanted_d, wanted_g = (right["real", -1] + right["fake", 1], right["fake", -1])
    if close(d_loss, wanted_g, 1e-4) and close(g_loss, wanted_d, 1e-4):
        raise Wrong("The two losses come back in the wrong order: D's first.")
    if close(d_loss, right["real", 1] + right["fake", -1], 1e-4):
        raise Wrong("D goes the wrong way: softplus(-logit) for real pictures, softplus(logit) for generated ones.")
    if close(d_loss, wanted_d / 2, 1e-4):
        raise Wrong("D's loss is the sum of the two means, not their mean.")
    if close(d_loss, len(y) * right["real", -1] + len(y_fake) * right["fake", 1], 1e-4):
        raise Wrong("D's loss is made of means over the pictures, not of sums.")
    if close(d_loss, right["real", -1], 1e-4) or close(d_loss, right["fake", 1], 1e-4):
        raise Wrong("D's loss has two terms, one for real pictures and one for generated ones. One is missing.")
    if same_size and not close(d_loss, wanted_d, 1e-4):
        for y_real, y_judged in itertools.product((y, y_fake), repeat=2):
            other = terms(y_real, y_judged)
            if close(d_loss, other["real", -1] + other["fake", 1], 1e-4):
                if y_real is y_fake:
                    raise Wrong("In D's loss the real pictures stand beside y_fake. Their own labels are y.")
                raise Wrong(
                    "In D's loss the fakes are judged beside y. They were asked for y_fake, and are judged by it."
                )
    if not close(d_loss, wanted_d, 1e-4):
        raise Wrong(
            f"With {len(y)} real pictures and {len(y_fake)} fakes D's loss is {wanted_d:.4f}, yours {d_loss:.4f}."
        )
    if close(g_loss, -right["fake", 1], 1e-4):
        raise Wrong("That is log(1 - D), the loss that saturates. G's is softplus(-logit) of the fakes.")
    if close(g_loss, right["fake", 1], 1e-4):
        raise Wrong("With this loss G helps D: in G's loss the fakes count as real, softplus(-logit).")
    if same_size and close(g_loss, terms(y, y)["fake", -1], 1e-4):
        raise Wrong("In G's loss the fakes are judged beside y: G would be punished for drawing what it was asked for.")
    if not close(g_loss, wanted_g, 1e-4):
        raise Wrong(
            f"D's loss is right. G's is the mean of softplus(-logit) over the fakes, {wanted_g:.4f}, yours {g_loss:.4f}."
        )


def _check_ways(generator, discriminator, d_loss, g_loss):
    """See where the gradients can go."""

    def reaches(loss, network):
        if not loss.requires_grad:
            return False
        found = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True, allow_unused=True)
        return any(gradient is not None and gradient.any() for gradient in found)

    if not reaches(d_loss, discriminator):
        raise Wrong("The values are right, but D's loss has no way back to D: is it computed without gradients?")
    if not reaches(g_loss, generator):
        raise Wrong("The values are right, but G's loss has no way back to G: no detach() and no no_grad() there.")
    if reaches(d_loss, generator):
        raise Wrong(
            "Each label is in its place. But D's loss has a way into the generator: its backward() would leave gradients "
            "there. detach() closes it."
        )


@exercise
def projection_logits(project):
    """``project(phi, y, linear, table)``: logits (n, 1)."""
    n, d, classes = 4, 3, 5
    phi, y = (_numbers(n, d, seed=3).requires_grad_(), torch.tensor([2, 0, 2, 4]))
    linear, table = _layer(d, 1, seed=4), _table(classes, d, seed=5)
    logits = call(project, phi, y, linear, table)
    if not isinstance(logits, torch.Tensor):
        raise Wrong("A tensor is wanted, so that gradients can flow through it.")
    psi, product = linear(phi).detach(), (table(y) * phi).detach()
    inner = product.sum(dim=1, keepdim=True)
    wanted, value = psi + inner, logits.detach()
    if value.shape == (n, n):
        if _same(value, psi + inner.squeeze(1)):
            raise Wrong(
                "The shape is (n, n): (n, 1) plus (n,) is broadcast to a square, without an error. Keep the dimension: "
                "sum(dim=1, keepdim=True)."
            )
        raise Wrong("The shape is (n, n): that multiplies every picture's features by every label's vector.")
    if value.shape == (n, classes):
        raise Wrong("These are logits for all classes at once. Pick the row of each picture's own label: table(y).")
    if value.shape == (n, d):
        raise Wrong("The product is not summed over the features yet.")
    if value.numel() == 1:
        raise Wrong("One number for the whole batch: sum over the features of each picture, dim=1, not over all.")
    if value.shape == (n,) and _same(value, wanted.squeeze(1)):
        raise Wrong(
            "The values are right, the shape is (n,). (n, 1) is wanted: beside labels (n, 1) it would be broadcast."
        )
    if value.shape != (n, 1):
        raise Wrong(f"The shape (n, 1) is wanted, that is {(n, 1)} here; yours is {tuple(value.shape)}.")
    if _same(value, inner):
        raise Wrong("The projection is right. The part without a label is missing: linear(phi).")
    if _same(value, psi):
        raise Wrong("The part without a label is right. The projection is missing.")
    if _same(value, psi + product.mean(dim=1, keepdim=True)):
        raise Wrong("An inner product is a sum over the features, not their mean.")
    if _same(value, psi + product.sum()):
        raise Wrong("The projection is summed over all pictures: each has its own, sum(dim=1, keepdim=True).")
    if _same(value, psi + table(y).detach().sum(dim=1, keepdim=True)):
        raise Wrong(
            "The label's row is added up and not multiplied by the features: that is only a bias for each class."
        )
    if not _same(value, wanted):
        raise Wrong(f"The first logit is {wanted[0].item():.4f}, yours {value[0].item():.4f}.")
    tensors = [phi, *linear.parameters(), table.weight]
    found = torch.autograd.grad(logits.sum(), tensors, allow_unused=True) if logits.requires_grad else [None]
    if any(gradient is None for gradient in found) or not _same(found[0], linear.weight.detach() + table(y).detach()):
        raise Wrong(
            "The values are right, but a gradient can't reach all that it should: the features, by both ways, the linear "
            "layer and the table."
        )
    return "One inner product a picture, and its logit beside it."


@exercise
def truncated_normal(draw):
    """``draw(n, dim, t, noise)``: z (n, dim) from N(0, 1), every coordinate within [-t, t]."""
    n, dim = 2_000, 50
    before = torch.get_rng_state()
    try:
        _check_what_is_drawn_again(draw)
        for t in (2.0, 0.5):
            z = call(draw, n, dim, t, torch.Generator().manual_seed(0))
            again = call(draw, n, dim, t, torch.Generator().manual_seed(0))
            _check_truncated(z, again, n, dim, t)
        touched = not torch.equal(before, torch.get_rng_state())
    finally:
        torch.set_rng_state(before)
    if touched:
        raise Wrong("The numbers are right, but some of them don't come from the given generator: generator=noise.")
    return "Each coordinate from the middle of the bell, its shape kept."


def _check_what_is_drawn_again(draw, n=3, dim=2, t=0.5):
    """Ask for so few numbers that who draws whole rows again comes to an end."""
    z = call(draw, n, dim, t, torch.Generator().manual_seed(0))
    for what, whole in (("all of z", True), ("whole rows", False)):
        noise = torch.Generator().manual_seed(0)
        other = torch.randn(n, dim, generator=noise)
        while (rows := (other.abs() > t).any(dim=1)).any():
            rows = torch.ones_like(rows) if whole else rows
            other[rows] = torch.randn(int(rows.sum()), dim, generator=noise)
        if isinstance(z, torch.Tensor) and torch.equal(z, other):
            raise Wrong(
                f"That draws {what} again. With many coordinates it would hardly ever end: draw again only what lies "
                "outside, z[mask] = ..."
            )


def _check_truncated(z, again, n, dim, t):
    if not isinstance(z, torch.Tensor):
        raise Wrong("A tensor is wanted.")
    if z.shape != (n, dim):
        if z.ndim == 2 and z.shape[1] == dim:
            raise Wrong(f"{len(z)} rows instead of {n}: draw coordinates again, don't throw rows away.")
        raise Wrong(f"The shape {(n, dim)} is wanted; yours is {tuple(z.shape)}.")
    outside = (z.abs() > t).float().mean().item()
    whole = math.erf(t / math.sqrt(2))  # of N(0, 1), within [-t, t]
    if outside > 0:
        if abs(outside - (1 - whole)) < 0.02:
            raise Wrong(f"{outside:.1%} of the coordinates lie outside [-{t:g}, {t:g}], as without any truncation.")
        raise Wrong(
            f"{outside:.1%} of the coordinates still lie outside [-{t:g}, {t:g}]: what is drawn again may lie outside, too. "
            "Repeat until none does."
        )
    if (z.abs() == t).float().mean() > 0.01:
        raise Wrong("Clipped: many coordinates lie exactly on the border. They are to be drawn again.")
    if (z == 0).float().mean() > 0.01:
        raise Wrong("Many coordinates are exactly 0: what lies outside is to be drawn again, not set to 0.")
    if torch.equal(z[0], z[1]) or torch.equal(z[:, 0], z[:, 1]):
        raise Wrong("Rows or columns repeat each other: every coordinate is drawn by itself.")
    if z.mean().abs() > 0.05 * t:
        raise Wrong(f"The mean is {z.mean().item():.3f} and should be 0: both signs are equally likely.")
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    wanted = math.sqrt(1 - 2 * t * density / whole)
    spread = z.std().item()
    inner = (z.abs() < t / 2).float().mean().item()
    of_normal = math.erf(t / 2 / math.sqrt(2)) / whole
    if abs(spread - wanted) < 0.03 * wanted and abs(inner - of_normal) > 0.006:
        raise Wrong(
            f"{inner:.1%} of the coordinates lie within [-{t / 2:g}, {t / 2:g}]; of a normal distribution without its ends "
            f"it is {of_normal:.1%}. Does what is drawn again come from N(0, 1), too?"
        )
    if abs(spread - wanted) > 0.01 * wanted:
        raise Wrong(
            f"Within [-{t:g}, {t:g}], but of another shape: the standard deviation is {spread:.3f}, that of a normal "
            f"distribution without its ends {wanted:.3f}. Don't squeeze the numbers, draw again what lies outside."
        )
    if not torch.equal(z, again):
        raise Wrong("The same generator in the same state gives other numbers: draw from `noise` alone.")


@exercise
def six_complaints(diagnosis):
    """``{"A": word, ... "F": word}``, no word twice."""
    dictionary(diagnosis, SIX, WORDS)
    if diagnosis["A"] == SIX["B"] and diagnosis["B"] == SIX["A"]:
        raise Wrong("A gets every digit, B gets the right one. In which of them do labels do nothing?")
    if diagnosis["A"] == SIX["D"] and diagnosis["D"] == SIX["A"]:
        raise Wrong("In D every class is as it should be; so its labels are learned. In A none are.")
    agree(diagnosis, SIX, SIX_HINTS)
    return "Two that stop the program, three that don't, and one that is as it should be."


class _Generator(nn.Module):
    """Takes z (n, 3) and labels 0 to 2, and notes which labels it was asked for."""

    def __init__(self):
        super().__init__()
        self.layer, self.table = _layer(3, 2, seed=6), _table(3, 2, seed=7)
        self.asked = []

    def make(self, z, y):
        return torch.tanh(self.layer(z) * self.table(y))

    def forward(self, z, y):
        self.asked.append(y.clone())
        return self.make(z, y)


class _Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.last, self.table = _layer(2, 1, seed=8), _table(3, 2, seed=9)

    def forward(self, x, y):
        return self.last(x) + (2 * self.table(y) * x).sum(dim=1, keepdim=True)


def _numbers(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _layer(inputs, outputs, seed):
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(_numbers(outputs, inputs, seed=seed))
        layer.bias.copy_(_numbers(outputs, seed=seed + 100))
    return layer


def _table(classes, width, seed):
    return nn.Embedding.from_pretrained(_numbers(classes, width, seed=seed + 200), freeze=False)


def _same(value, wanted):
    return value.shape == wanted.shape and bool(torch.allclose(value, wanted, rtol=1e-4, atol=1e-5))
