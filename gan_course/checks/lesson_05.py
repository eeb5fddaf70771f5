"""Checks of lesson 05's exercises. They play with a small kernel, and with discriminators of a few numbers."""

import math

import torch
from torch import nn

from gan_course.checks.core import Wrong, agree, array, call, close, dictionary, exercise, number

KERNEL = (6, 3, 3, 3)
BOUNDS = {(3, 1): 3, (4, 2): 2, (5, 2): 3, (7, 4): 2, (2, 2): 1}
WAYS = ("circles", "spirals in", "comes straight in", "runs away")
LEASHES = {
    0.0: ("circles", 0.0),
    0.6: ("spirals in", -0.3),
    1.0: ("comes straight in", -0.5),
    2.6: ("comes straight in", -0.1),
}
TORN = (
    "The reshape is wrong: `reshape(-1, outputs)` tears kernels apart, it is no transpose. One row for each output: "
    "weight.flatten(1)."
)
P, Q = (0.5, 0.5, 0.0), (0.0, 0.25, 0.75)
SIX = {
    "A": "reading the weight",
    "B": "no create_graph",
    "C": "operator norm",
    "D": "the other function's names",
    "E": "batch norm in D",
    "F": "past both margins",
}
SIX_WORDS = {*SIX.values(), "no warm start"}
SIX_HINTS = {
    "A": "Looking must not change anything. What does a parametrised layer in training mode do when somebody looks?",
    "B": "Is there a way from the penalty back to any weight? A number that is a constant for autograd moves nothing.",
    "C": "What was normalised, the reshaped kernel or the map from picture to picture? How far apart can they be?",
    "D": "Two functions of the same name keep their tensors under different names. Which of them writes `weight_orig`?",
    "E": "What in D makes the logit of one image depend on the other images of its batch?",
    "F": "Where is the hinge flat? What would all the logits have to be for the loss to be exactly 0?",
}


@exercise
def normalised_kernel(normalise):
    """``normalise(weight, u)``: one iteration, u renewed in place, the kernel over sigma; u and v are constants."""
    for seed in (0, 1):
        weight, u = _kernel(seed), _unit(_numbers(KERNEL[0], seed=seed + 10))
        _value_of(normalise, weight, u.clone())
        _memory_of(normalise, weight, u)
        _gradient_of(normalise, weight, u)
    weight, u = _kernel(2), _unit(_numbers(KERNEL[0], seed=12))
    for _ in range(300):
        value = call(normalise, weight, u)
    if not close(_largest(value), 1, 1e-3):
        raise Wrong(f"After 300 calls the largest singular value should be 1; yours is {_largest(value):.4f}.")
    return "One iteration a call, from a vector that is kept. After 300 calls the reshaped kernel has the norm 1."


def _value_of(normalise, weight, u):
    kept, start = weight.detach().clone(), u.clone()
    value = _run(normalise, weight, u)
    if not isinstance(value, torch.Tensor):
        raise Wrong(f"The kernel over sigma is wanted, a tensor; this is a {type(value).__name__}.")
    if not torch.equal(weight.detach(), kept):
        raise Wrong(
            "The kernel itself was changed. The next call would divide what has been divided already, and the training "
            "would lose its weight: return weight / sigma, and leave weight as it is."
        )
    if tuple(value.shape) != KERNEL:
        raise Wrong(f"The kernel's own shape {KERNEL} is wanted; yours has {tuple(value.shape)}.")
    v, renewed, sigma = _iteration(kept, start)
    factor = _factor(value, kept)
    if factor is None:
        raise Wrong("The result is not the kernel divided by one number.")
    K = kept.flatten(1)
    guesses = {
        "That divides by the Frobenius norm, the root of the sum of all squares. It is never below sigma, and usually "
        "far above: D would be bounded by much less than 1.": K.norm(),
        "That divides by sigma squared. With u of length 1, u^T K v is sigma itself.": sigma**2,
        "That is |K^T K v|, an eigenvalue of K^T K: sigma squared. Take u^T K v.": (K.T @ (K @ v)).norm(),
        "That multiplies by sigma. Divide.": 1 / sigma,
        "Sigma is computed with the old u: that is half an iteration behind. Take u^T K v with the new u.": start
        @ K
        @ v,
        "That is the SVD's largest singular value: right, and what power iteration is there to avoid. Use u.": torch.linalg.matrix_norm(
            K, 2
        ),
        TORN: _torn(kept, start)[0],
        TORN + " ": _torn(kept, start)[1],
    }
    if not close(factor, 1 / sigma, 1e-4):
        for hint, other in guesses.items():
            if close(factor, 1 / float(other), 1e-4):
                raise Wrong(hint.strip())
        again = _run(normalise, weight.detach().clone().requires_grad_(), start.clone())
        if not close(_factor(again, kept) or 0, factor, 1e-6):
            raise Wrong(
                "Two calls with the same kernel and the same u give different results: a vector is drawn anew. A cold "
                "vector needs dozens of iterations; start from the u that is handed over."
            )
        two = _iteration(kept, renewed)[2]
        if close(factor, 1 / two, 1e-4):
            raise Wrong("That is two iterations. One a call is enough, because u is kept.")
        raise Wrong(f"One iteration gives sigma = {sigma:.4f}; you divide by {1 / factor:.4f}.")


def _memory_of(normalise, weight, u):
    u, start = u.clone(), u.clone()
    _run(normalise, weight, u)
    _, renewed, _ = _iteration(weight.detach(), start)
    if u.requires_grad:
        raise Wrong("u has become part of the graph: do the iteration under torch.no_grad().")
    if torch.equal(u, start):
        raise Wrong(
            "The kernel is right, but u is as it was: the next call starts cold again. `u = ...` binds a new name; "
            "u.copy_(...) writes into the tensor that was given."
        )
    if close(u.norm(), 1, 1e-4) and close(abs(u @ renewed), 1, 1e-4):
        return
    if close(abs(_unit(u) @ renewed), 1, 1e-4):
        raise Wrong(f"The u that you leave has the length {u.norm():.3f}; it should be 1.")
    raise Wrong("The u that is left behind is not the one of this iteration: v = unit(K^T u), then u = unit(K v).")


def _gradient_of(normalise, weight, u):
    v, renewed, sigma = _iteration(weight.detach(), u)
    g = _numbers(*KERNEL, seed=20)
    value = _run(normalise, weight, u.clone())
    if not value.requires_grad:
        raise Wrong(
            "The value is right, but no gradient goes back to the kernel: only the iteration belongs under no_grad, not "
            "sigma and not the division."
        )
    (found,) = torch.autograd.grad(value, weight, g)
    bar = weight.detach() / sigma
    outer = torch.outer(renewed, v).reshape(KERNEL)
    wanted = (g - (g * bar).sum() * outer) / sigma
    if torch.allclose(found, g / sigma, atol=1e-4, rtol=1e-3):
        raise Wrong(
            "The value is right, its gradient isn't: sigma was detached. It depends on the kernel; u and v are the "
            "constants."
        )
    if not torch.allclose(found, wanted, atol=1e-4, rtol=1e-3):
        raise Wrong(
            "The value is right, its gradient isn't: it goes through the iteration as well. u and v are made under "
            "torch.no_grad() (or detached), and sigma = u^T K v outside of it."
        )
    # Two passes, then one backward, as D's update has it
    both = u.clone()
    first, _ = _run(normalise, weight, both), _run(normalise, weight, both)
    try:
        (again,) = torch.autograd.grad(first, weight, g)
    except RuntimeError as error:
        if "inplace" in str(error):
            raise Wrong(
                "Two calls, then backward for the first: the second has overwritten the u that autograd needs. Use a "
                "copy, u.clone(), in sigma."
            ) from None
        raise
    if not torch.allclose(again, wanted, atol=1e-4, rtol=1e-3):
        raise Wrong(
            "Two calls, then backward for the first: its gradient is made with the u of the second. `.data` hides from "
            "autograd that u was overwritten. Use a copy, u.clone(), in sigma."
        )


def _run(normalise, weight, u):
    try:
        return call(normalise, weight, u)
    except RuntimeError as error:
        text = str(error)
        if "in-place operation" in text and "leaf" in text:
            raise Wrong(
                "An in-place operation on the kernel. Even under no_grad it would compound, call after call: return "
                "weight / sigma instead."
            ) from None
        if "size mismatch" in text or "mat1 and mat2" in text or "shape" in text:
            raise Wrong(
                f"The reshape is wrong: u has one number for each of the {KERNEL[0]} outputs, so K must be "
                f"({KERNEL[0]}, {math.prod(KERNEL[1:])}): weight.flatten(1). ({text})"
            ) from None
        raise


@exercise
def kernel_bounds(bounds):
    """``{(kernel, stride): bound}``: the smallest whole number that bounds the operator norm, at norm 1."""
    dictionary(bounds, BOUNDS)
    for (k, s), wanted in BOUNDS.items():
        value = number(bounds[k, s])
        if value == wanted:
            continue
        case = f"{k}×{k}, stride {s}"
        if value == wanted**2:
            raise Wrong(
                f"{case}: a pixel lies in {wanted**2} windows. That many squares add up; the norm is their root."
            )
        if value == k**2:
            raise Wrong(f"{case}: that is the number of pixels in a window. Count the windows that a pixel lies in.")
        if value == k and s > 1:
            raise Wrong(f"{case}: so it would be with stride 1. A larger stride makes fewer windows.")
        if value == k / s and value != round(value):
            raise Wrong(f"{case}: some pixels lie in more windows than others. The bound needs the largest number.")
        if value == k // s:
            raise Wrong(
                f"{case}: rounded the wrong way. Some pixels lie in one window more; the bound has to hold for them."
            )
        if value < wanted:
            raise Wrong(
                f"{case}: {value:g} is too small for some kernels. Along one direction, in how many windows lies a pixel?"
            )
        raise Wrong(
            f"{case}: {value:g} is a bound, but there is a smaller one. Along one direction, in how many windows lies a pixel?"
        )
    return "ceil(k / s). Where the windows don't overlap, the reshaped kernel's norm is the convolution's own."


@exercise
def leashes(answer):
    """``{gamma: (what a path does, the slower eigenvalue's real part)}`` for the Dirac-GAN."""
    dictionary(answer, LEASHES)
    for gamma, (way, slow) in LEASHES.items():
        try:
            said, value = answer[gamma]
        except (TypeError, ValueError):
            raise Wrong(f"gamma = {gamma:g}: a pair (what a path does, a number) is wanted.") from None
        if said not in WAYS:
            raise Wrong(f"gamma = {gamma:g}: {said!r} is none of the words: {', '.join(WAYS)}.")
        value = number(value)
        _leash(gamma, way, slow, said, value)
    return (
        "γ = 1 is the fastest. Below it, less penalty damps less; above, D is so weak that G hardly learns where to go: "
        "at 2.6 it takes five times as long."
    )


def _leash(gamma, way, slow, said, value):
    if said == "runs away":
        raise Wrong(
            f"gamma = {gamma:g}: in continuous time nothing runs away here; that is what steps of finite size do."
        )
    if gamma == 0 and said != way:
        raise Wrong(
            "gamma = 0: the eigenvalues are ±i/2. With the real part 0, does the distance from the goal change?"
        )
    if gamma == 0.6 and said == "comes straight in":
        raise Wrong("gamma = 0.6: γ² - 1 is negative, so the eigenvalues are complex. What does an imaginary part do?")
    if gamma >= 1 and said == "spirals in":
        raise Wrong(f"gamma = {gamma:g}: γ² - 1 is not negative, so both eigenvalues are real. Nothing turns.")
    if said != way:
        raise Wrong(f"gamma = {gamma:g}: its eigenvalues' real parts are not 0. So the distance changes.")
    if close(value, slow, 0.01):
        return
    if slow and close(value, -slow, 0.01):
        raise Wrong(f"gamma = {gamma:g}: the right size, with the wrong sign. Which sign of the real part decays?")
    if close(value, -gamma, 0.01):
        raise Wrong(f"gamma = {gamma:g}: λ is (-γ ± √(γ² - 1)) / 2. The 2 in the denominator?")
    fast = (-gamma - math.sqrt(max(0.0, gamma**2 - 1))) / 2
    if gamma > 1 and close(value, fast, 0.01):
        raise Wrong(f"gamma = {gamma:g}: that is the faster one. The slower decides how long it takes.")
    if gamma > 1 and close(value, -gamma / 2, 0.01):
        raise Wrong(f"gamma = {gamma:g}: the root is real here, and belongs to the real part.")
    raise Wrong(f"gamma = {gamma:g}: put it into λ = (-γ ± √(γ² - 1)) / 2; {value:g} is not the larger real part.")


@exercise
def lazy_r1(penalty):
    """``penalty(discriminator, real, gamma, every, step)``: what is added to D's loss in this step."""
    gamma, every = 3.0, 5
    for n in (6, 10):
        discriminator, real = _discriminator(), _numbers(n, 1, 4, 4, seed=n)
        wanted = every * gamma / 2 * _squares(discriminator, real).mean()
        for step in (0, 10):
            found = call(penalty, discriminator, real.clone(), gamma, every, step)
            value = number(found)
            if not close(value, number(wanted), 1e-4):
                raise Wrong(_why(discriminator, real, gamma, every, step, value, number(wanted)))
            _graph(found, wanted, discriminator)
        for step in (1, 3, 6):
            value = number(call(penalty, discriminator, real.clone(), gamma, every, step))
            if value != 0:
                raise Wrong(f"In step {step} no penalty is due (every = {every}), and yours is {value:.4f}.")
    return "k times γ/2 in every k-th step, and a mean over samples of squared slopes."


def _why(discriminator, real, gamma, every, step, value, wanted):
    """Name what was computed instead of the penalty (str)."""
    squares = _squares(discriminator, real).detach()
    n, pixels = len(real), real[0].numel()
    right, full = gamma / 2 * squares.mean(), every * gamma / 2
    cases = {
        "There is a penalty in step 0, and in every `every`-th step after it; yours is 0.": 0.0,
        "Twice what is wanted: the strength is γ/2, not γ.": 2 * wanted,
        "The interval is missing: taken in every k-th step only, the penalty has to be k times as large.": right,
        "The interval is missing, and the strength is γ/2, not γ.": 2 * right,
        "It is divided by the interval; it has to be multiplied: the penalty is taken more rarely.": right / every,
        "The interval counts once, not squared.": every * wanted,
        "γ is not squared.": gamma * wanted,
        "That is the mean of the slopes' lengths. The penalty has their squares.": full * squares.sqrt().mean(),
        "That squares the mean length; the penalty is the mean of the squared lengths.": full
        * squares.sqrt().mean() ** 2,
        "That sums over the batch. A mean over samples is wanted, or the penalty depends on the batch size.": n
        * wanted,
        "That is the root of the sum over the whole batch: one norm for all samples. Each sample has its own.": full
        * squares.sum().sqrt(),
        "The mean was taken over the pixels, too. A squared length is a sum over pixels.": wanted / pixels,
        "The logits were averaged before the gradient: that makes each slope n times too small. Take the sum.": wanted
        / n**2,
        "One norm for the whole batch, of the averaged logits: n times too small, and depending on the batch size.": wanted
        / n,
        "That is a penalty on how far slopes are from 1. R1 pulls them towards 0.": full
        * (squares.sqrt() - 1).square().mean(),
    }
    for hint, other in cases.items():
        if close(value, float(other), 1e-4):
            return hint
    return f"In step {step} it should be {wanted:.4f}; yours is {value:.4f}."


def _graph(found, wanted, discriminator):
    weights = list(discriminator.parameters())
    if not isinstance(found, torch.Tensor) or not found.requires_grad:
        raise Wrong(
            "The value is right, and no weight of D can feel it: without create_graph=True the slope is a constant for "
            "autograd. (And return the tensor, not a number.)"
        )
    pair = [torch.autograd.grad(each, weights, retain_graph=True, allow_unused=True) for each in (found, wanted)]
    for mine, theirs in zip(*pair, strict=True):
        mine, theirs = (torch.zeros(1) if g is None else g for g in (mine, theirs))
        if mine.shape != theirs.shape or not torch.allclose(mine, theirs, atol=1e-4, rtol=1e-3):
            raise Wrong("The value is right, its gradient isn't: is a part of it detached, or computed under no_grad?")


@exercise
def best_hinge(logits, loss, tv):
    """The best logits ``{"A": ..., "B": ..., "C": ...}``, D's loss with them, and the total variation."""
    dictionary(logits, "ABC")
    for name, p, q in zip("ABC", P, Q, strict=True):
        value = number(logits[name])
        if p and q and close(value, math.log(p / q), 1e-3):
            raise Wrong(
                f"{name}: log(p/q) is the best logit for cross-entropy. The hinge's price is made of straight pieces."
            )
        if math.isnan(value) or (p and not q and value < 1) or (q and not p and value > -1):
            raise Wrong(f"{name}: only one kind of sample occurs here. From which logit on does it cost nothing?")
        if p and q and value != 1:
            raise Wrong(
                f"{name}: put ℓ = -1, 0 and 1 into {p:g} (1 - ℓ)₊ + {q:g} (1 + ℓ)₊. Where is it smallest? Beyond 1?"
            )
    loss, tv = number(loss), number(tv)
    price, distance = (2 * sum(map(min, P, Q)), sum(abs(p - q) for p, q in zip(P, Q, strict=True)) / 2)
    if close(loss, price / 2, 1e-3):
        raise Wrong("The logits are right; the loss is twice that. What does B cost, with (1 + 1)?")
    if not close(loss, price, 1e-3):
        raise Wrong(
            "The logits are right. Now add up p (1 - ℓ)₊ + q (1 + ℓ)₊ over A, B and C: two of them cost nothing."
        )
    if close(tv, 2 * distance, 1e-3):
        raise Wrong("Logits and loss are right. The total variation is half of the sum of |p - q|.")
    if not close(tv, distance, 1e-3):
        raise Wrong("Logits and loss are right. The total variation is ½ Σ|p - q|; check it by loss = 2 (1 - TV).")
    return "0.5 = 2 (1 - 0.75). And between two samples of the same sign this D has no slope."


@exercise
def six_complaints(diagnosis):
    """``{"A": word, ... "F": word}``."""
    dictionary(diagnosis, SIX, SIX_WORDS)
    for person, word in diagnosis.items():
        if word == "no warm start":
            raise Wrong(
                f"{person}: a cold vector makes sigma too small and the weight too large, a little, in every step. That "
                f"is not what {person} sees. {SIX_HINTS[person]}"
            )
    agree(diagnosis, SIX, SIX_HINTS)
    return "Six faults, of which only D's raises an error."


def _numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _kernel(seed):
    return _numbers(*KERNEL, seed=seed).requires_grad_()


def _unit(vector):
    return vector / vector.norm()


def _iteration(weight, u):  # v, the new u, and sigma
    K = weight.flatten(1)
    v = _unit(K.T @ u)
    return v, _unit(K @ v), (K @ v).norm()


def _torn(weight, u):
    """Two ways to estimate sigma from a matrix that has its entries in the wrong places."""
    K = weight.reshape(-1, KERNEL[0])
    v = _unit(K @ u)
    return (K.T @ v).norm(), (K @ _unit(K.T @ v)).norm()


def _factor(value, weight):
    """The one number that ``value`` is ``weight`` times of, or None."""
    ratio = array(value) / array(weight)
    return float(ratio.mean()) if close(ratio / ratio.mean(), ratio * 0 + 1, 1e-3) else None


def _largest(value):
    return float(torch.linalg.matrix_norm(value.detach().flatten(1), 2))


def _discriminator():
    torch_state = torch.get_rng_state()
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(48, 1))
    torch.set_rng_state(torch_state)
    return network


def _squares(discriminator, real):
    real = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return slope.square().flatten(1).sum(dim=1)
