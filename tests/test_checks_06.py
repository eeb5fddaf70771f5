"""Lesson 06's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import numpy as np
import pytest
import torch
from exercises import assert_named, results
from torch import nn
from torch.nn.functional import softplus

from gan_course.checks import lesson_06 as check

LESSON = {"np": np, "torch": torch, "softplus": softplus, "check": check}


def test_the_stubs_are_not_answered_yet():
    answers = results("06", "check", dict(LESSON))
    assert [result.passed for result in answers] == [None] * 6


def test_the_solutions_pass():
    for result in results("06", "solution", dict(LESSON)):
        assert result.passed, result


# 1. A bias for each class


def biases(
    layer,
    table,
    *,
    first=False,
    bias=True,
    use_table=True,
    raw=False,
    turn=False,
    flip=False,
    swap=False,
    label_first=False,
):
    k = table.embedding_dim
    n = layer.in_features - k
    weight = layer.weight[:, k:] if first else layer.weight[:, :n]
    label = layer.weight[:, :k] if label_first else layer.weight[:, n:]
    own = layer.bias if bias else 0 * layer.bias
    added = table.weight @ (label if turn else label.T) + own
    if not use_table:
        added = own.expand(table.num_embeddings, -1)
    if raw:
        added = table.weight
    weight = weight.T if swap else weight
    return weight, added.T if flip else added


def with_options(**options):
    return lambda *arguments: biases(*arguments, **options)


def square_only(layer, table):  # wrong only where all sizes agree
    if table.embedding_dim != layer.out_features:
        return biases(layer, table)
    return layer.weight[:, :3], table.weight + layer.bias


def turned_if_square(layer, table):
    square = table.embedding_dim == layer.out_features
    return biases(layer, table, turn=square)


BIASES = {
    "take the weights in that order": with_options(first=True),
    "The layer's own bias is missing": with_options(bias=False),
    "the table has no part": with_options(use_table=False),
    "A row of the table is no bias yet": with_options(raw=True),
    "one row for each class": with_options(flip=True),
    "The weights for z are transposed": with_options(swap=True),
    "multiplied by the wrong columns": with_options(label_first=True),
    "act the other way round": turned_if_square,
    "the biases have the shape (5, 4)": lambda a, b: (a.weight[:, :6], a.bias),
    "are not what the layer adds": lambda a, b: (biases(a, b)[0], 2 * biases(a, b)[1]),
    "Two arrays are wanted": lambda a, b: 3,
    "A function is wanted": 3,
}


def by_trying(layer, table):  # the same from the outside
    latent = layer.in_features - table.embedding_dim
    zeros = torch.zeros(table.num_embeddings, latent)
    added = layer(torch.cat([zeros, table.weight], dim=1))
    return layer.weight[:, :latent].detach().numpy(), added


def test_other_ways_to_the_biases_are_right():
    assert check.class_biases(by_trying)


@pytest.mark.parametrize("hint", BIASES)
def test_wrong_biases_are_named(hint):
    assert_named(check.class_biases(BIASES[hint]), hint)


def test_a_bare_row_is_named_even_where_the_sizes_agree():
    assert_named(check.class_biases(square_only), "A row of the table is no bias yet")


# 2. Labels drawn evenly

BEST = {"cat": 0.615, "dog": 0.286}


@pytest.mark.parametrize(
    ("probability", "loss", "slope", "hint"),
    [
        ({"cat": 0.5, "dog": 0.5}, 1.386, False, "more real cats"),
        ({"cat": 0.8, "dog": 0.2}, 1.285, False, "among the *real*"),
        ({"cat": 0.385, "dog": 0.714}, 1.285, False, "of 'generated'"),
        ({"cat": 0.615, "dog": 0.5}, 1.285, False, "dog: p(y)"),
        (BEST, 1.386, False, "where it is undecided"),
        (BEST, 0.643, False, "not their mean"),
        (BEST, -1.285, False, "That is V"),
        (BEST, 1.515, False, "cats count 0.8"),
        (BEST, 1.0, False, "four fifths"),
        (BEST, 1.285, True, "Does that change"),
        (BEST, 1.285, np.bool_(True), "Does that change"),
        (BEST, 1.285, "no", "True or False"),
        ({"cat": 0.615}, 1.285, False, "keys cat, dog"),
    ],
)
def test_wrong_predictions_are_named(probability, loss, slope, hint):
    assert check.even_labels(BEST, 1.285, False)
    assert_named(check.even_labels(probability, loss, slope), hint)


def test_the_predicted_loss_is_below_that_of_any_other_d():
    logits = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    real, asked = torch.tensor([[0.8, 0.2], [0.5, 0.5]]).double()
    opt = torch.optim.LBFGS([logits], max_iter=100)

    def loss():
        opt.zero_grad()
        value = real @ softplus(-logits) + asked @ softplus(logits)
        value.backward()
        return value

    opt.step(loss)
    cat, dog = torch.sigmoid(logits).tolist()
    answer = {"cat": cat, "dog": dog}
    assert check.even_labels(answer, loss().item(), False)


# 3. Which label goes where?


def losses(
    g,
    d,
    real,
    y,
    z,
    y_fake,
    *,
    asked="fake",
    beside_real="real",
    judged="fake",
    g_judged="fake",
    detach=True,
    detach_g=False,
    sign=1,
    half=1,
    total=False,
    terms=(1, 1),
    g_loss=None,
    swap=False,
):
    pick = {"real": y, "fake": y_fake}
    fake = g(z, pick[asked])
    mean = torch.sum if total else torch.mean
    of_real = mean(softplus(-sign * d(real, pick[beside_real])))
    shown = fake.detach() if detach else fake
    of_fake = mean(softplus(sign * d(shown, pick[judged])))
    d_loss = half * (terms[0] * of_real + terms[1] * of_fake)
    logits = d(fake.detach() if detach_g else fake, pick[g_judged])
    pair = d_loss, (g_loss or (lambda t: softplus(-t).mean()))(logits)
    return pair[::-1] if swap else pair


def changed(**options):
    return lambda *arguments: losses(*arguments, **options)


def equal_sizes_only(g, d, real, y, z, y_fake):  # y.repeat(2), as in the loop
    fake = g(z, y_fake)
    logits = d(torch.cat([real, fake.detach()]), torch.cat([y, y_fake[: len(y)]]))
    of_real, of_fake = logits.chunk(2)
    d_loss = softplus(-of_real).mean() + softplus(of_fake).mean()
    return d_loss, softplus(-d(fake, y_fake)).mean()


@torch.no_grad()
def without_gradients(*arguments):
    return losses(*arguments)


def never_asked(g, d, real, y, z, y_fake):
    return d(real, y).mean(), d(real, y).mean()


def plain_numbers(*arguments):
    return [loss.item() for loss in losses(*arguments)]


LOSSES = {
    "The generator was asked for y": changed(asked="real"),
    "asked for something else": lambda g, d, real, y, z, y_fake: losses(g, d, real, y, z, y_fake.roll(1)),
    "The generator was never called": never_asked,
    "the real pictures stand beside y_fake": changed(beside_real="fake"),
    "the fakes are judged beside y.": changed(judged="real"),
    "punished for drawing": changed(g_judged="real"),
    "D goes the wrong way": changed(sign=-1),
    "not their mean": changed(half=0.5),
    "not of sums": changed(total=True),
    "One is missing": changed(terms=(1, 0)),
    "in the wrong order": changed(swap=True),
    "the loss that saturates": changed(g_loss=lambda t: -softplus(t).mean()),
    "G helps D": changed(g_loss=lambda t: softplus(t).mean()),
    "G's is the mean of softplus": changed(g_loss=lambda t: -t.mean()),
    "D's loss is ": changed(terms=(2, 1)),
    "no way back to D": without_gradients,
    "no way back to G": changed(detach_g=True),
    "detach() closes it": changed(detach=False),
    "has to be one number": plain_numbers,
    "Two losses are wanted": lambda g, *rest: losses(g, *rest)[0],
    "With 7 real pictures and 4 fakes": equal_sizes_only,
    "TypeError": lambda z: 0.0,
}


def one_pass(g, d, real, y, z, y_fake):
    fake = g(z, y_fake)
    pictures = torch.cat([real, fake.detach()])
    logits = d(pictures, torch.cat([y, y_fake]))
    of_real, of_fake = logits.split([len(real), len(fake)])
    d_loss = softplus(-of_real).mean() + softplus(of_fake).mean()
    return d_loss, softplus(-d(fake, y_fake)).mean()


def test_losses_written_differently_are_right():
    assert check.conditional_losses(losses)
    assert check.conditional_losses(one_pass)


@pytest.mark.parametrize("hint", LOSSES)
def test_wrong_losses_are_named(hint):
    assert_named(check.conditional_losses(LOSSES[hint]), hint)


# 4. The projection by itself


def projection(how):
    def project(phi, y, linear, table):
        return how(linear(phi), table(y), phi, y, table)

    return project


PROJECTIONS = {
    "is broadcast to a square": lambda p, r, f, y, t: p + (r * f).sum(1),
    "every label's vector": lambda p, r, f, y, t: p + f @ r.T,
    "all classes at once": lambda p, r, f, y, t: p + f @ t.weight.T,
    "not summed over the features": lambda p, r, f, y, t: p + r * f,
    "One number for the whole batch": lambda p, r, f, y, t: (r * f).sum(),
    "the shape is (n,)": lambda p, r, f, y, t: p[:, 0] + (r * f).sum(1),
    "without a label is missing": lambda p, r, f, y, t: (r * f).sum(1, keepdim=True),
    "The projection is missing": lambda p, r, f, y, t: p,
    "not their mean": lambda p, r, f, y, t: p + (r * f).mean(1, keepdim=True),
    "summed over all pictures": lambda p, r, f, y, t: p + (r * f).sum(),
    "only a bias for each class": lambda p, r, f, y, t: p + r.sum(1, keepdim=True),
    "The first logit is": lambda p, r, f, y, t: p - (r * f).sum(1, keepdim=True),
    "a gradient can't reach": lambda p, r, f, y, t: p + (r.detach() * f).sum(1, keepdim=True),
    "by both ways": lambda p, r, f, y, t: p + (r * f.detach()).sum(1, keepdim=True),
    "A tensor is wanted": lambda p, r, f, y, t: 3.0,
    "The shape (n, 1) is wanted": lambda p, r, f, y, t: torch.zeros(4, 1, 1),
}


def test_other_projections_are_right():
    ways = [
        lambda p, r, f, y, t: p + torch.einsum("nd,nd->n", r, f)[:, None],
        lambda p, r, f, y, t: p + (f @ t.weight.T).gather(1, y[:, None]),
        lambda p, r, f, y, t: p + torch.diag(f @ r.T)[:, None],
    ]
    for way in ways:
        assert check.projection_logits(projection(way))


@pytest.mark.parametrize("hint", PROJECTIONS)
def test_wrong_projections_are_named(hint):
    assert_named(check.projection_logits(projection(PROJECTIONS[hint])), hint)


# 5. A truncated normal distribution


def draw_again(n, dim, t, noise, times=1000):
    z = torch.randn(n, dim, generator=noise)
    for _ in range(times):
        outside = z.abs() > t
        if not outside.any():
            break
        z[outside] = torch.randn(int(outside.sum()), generator=noise)
    return z


def by_inversion(n, dim, t, noise):  # no loop at all
    normal = torch.distributions.Normal(0.0, 1.0)
    low = normal.cdf(torch.tensor(-t))
    u = torch.rand(n, dim, generator=noise)
    return normal.icdf(low + (1 - 2 * low) * u).clamp(-t + 1e-6, t - 1e-6)


def rows_thrown_away(n, dim, t, noise):
    z = torch.randn(n, dim, generator=noise)
    return z[(z.abs() <= t).all(dim=1)]


def zeros_outside(n, dim, t, noise):
    z = torch.randn(n, dim, generator=noise)
    return torch.where(z.abs() > t, 0.0, z)


def drawn_again(rows_only):
    def draw(n, dim, t, noise):
        z = torch.randn(n, dim, generator=noise)
        while (rows := (z.abs() > t).any(dim=1)).any():
            rows = rows if rows_only else torch.ones_like(rows)
            z[rows] = torch.randn(int(rows.sum()), dim, generator=noise)
        return z

    return draw


def evenly_again(n, dim, t, noise):
    z = torch.randn(n, dim, generator=noise)
    even = t * (2 * torch.rand(n, dim, generator=noise) - 1)
    return torch.where(z.abs() > t, even, z)


def half_from_elsewhere(n, dim, t, noise):
    z = torch.randn(n, dim, generator=noise)
    while (z.abs() > t).any():
        outside = z.abs() > t
        z[outside] = torch.randn(int(outside.sum()))
    return z


def repaired_from_elsewhere(n, dim, t, noise):  # the same every time
    torch.manual_seed(0)
    draw_again(n, dim, t, noise)
    return draw_again(n, dim, t, torch.Generator().manual_seed(1))


def alike(n, dim, t, noise):
    return draw_again(1, dim, t, noise).expand(n, dim).clone()


def normal(n, dim, noise):
    return torch.randn(n, dim, generator=noise)


TRUNCATED = {
    "as without any truncation": lambda n, dim, t, g: normal(n, dim, g),
    "may lie outside, too": lambda n, dim, t, g: draw_again(n, dim, t, g, 1),
    "Clipped": lambda n, dim, t, g: normal(n, dim, g).clamp(-t, t),
    "not set to 0": zeros_outside,
    "both signs are equally likely": lambda *a: draw_again(*a).abs(),
    "Don't squeeze the numbers": lambda n, dim, t, g: t * torch.tanh(normal(n, dim, g)),
    "draws all of z again": drawn_again(rows_only=False),
    "draws whole rows again": drawn_again(rows_only=True),
    "come from N(0, 1), too": evenly_again,
    "rows instead of 2000": rows_thrown_away,
    "The shape (2000, 50) is wanted": lambda n, dim, t, g: draw_again(dim, n, t, g),
    "gives other numbers": half_from_elsewhere,
    "don't come from the given generator": repaired_from_elsewhere,
    "repeat each other": alike,
    "A tensor is wanted": lambda n, dim, t, g: np.zeros((n, dim)),
}


def test_other_ways_to_truncate_are_right():
    assert check.truncated_normal(draw_again)
    assert check.truncated_normal(by_inversion)


@pytest.mark.parametrize("hint", TRUNCATED)
def test_wrong_truncations_are_named(hint):
    assert_named(check.truncated_normal(TRUNCATED[hint]), hint)


def test_the_check_leaves_the_ambient_generator_alone():
    before = torch.get_rng_state()
    check.truncated_normal(half_from_elsewhere)
    assert torch.equal(before, torch.get_rng_state())


# 6. Six complaints


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"A": "collapsed class", "B": "shuffled apart"}, "labels do nothing"),
        ({"A": "other label frequencies", "D": "shuffled apart"}, "its labels are learned"),
        ({"C": "one-hot labels"}, "how many rows"),
        ({"E": "one-hot labels"}, "four dimensions"),
        ({"F": "shuffled apart", "A": "nothing is wrong"}, "labels are not"),
        ({"B": "nothing is wrong"}, "all its pictures are one"),
        ({"D": "nothing is wrong"}, "what can be left of it"),
        ({"F": "collapsed class"}, "Through which numbers"),
        ({"A": "shuffled"}, "none of the words"),
        ({"G": "not flattened"}, "the keys A, B, C, D, E, F"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert_named(check.six_complaints(check.SIX | change), hint)
    assert check.six_complaints(check.SIX)


def test_the_complaints_are_true():
    nn_table = nn.Embedding(10, 2)
    with pytest.raises(IndexError, match="self"):
        nn_table(torch.tensor([10]))
    with pytest.raises(RuntimeError, match="got 4 and 2"):
        torch.cat([torch.zeros(2, 1, 28, 28), nn_table(torch.tensor([1, 2]))], 1)
    logits = np.log(np.array([0.8, 0.2]) / 0.5)
    assert np.allclose(logits, [0.5, -0.9], atol=0.04)
