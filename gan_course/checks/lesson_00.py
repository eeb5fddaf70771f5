"""The exercises of lesson 00: sample size, ranks, hits, coverage, diagnosis."""

import numpy as np

from gan_course.checks.core import Wrong, call, close, exercise, number

# What was measured on MNIST, N = 10,000, with the seeds 0, 1 and 2. `test_the_recorded_facts_are_measured_again`
# in tests/test_checks_00.py measures seed 0 anew. FLOORS: Fréchet distance in floors of 10,000 samples.
FLOORS = {"itself": 0.0, "1,000": 3.5, "100": 30.0}  # measured 3.2 to 3.6 and 29 to 36
# From what a score calls best to what it calls worst; sets in one group differ by chance only.
RANKS = {
    "confidence": (("noise",), ("real", "memoriser", "sevens")),
    "frechet": (("real",), ("memoriser",), ("sevens",), ("noise",)),
    "coverage": (("real",), ("memoriser",), ("sevens",), ("noise",)),
    "nearest": (("noise",), ("real", "memoriser", "sevens")),
}
SETS = ("noise", "sevens", "memoriser", "real")
# Five "generators": what each is, and what it scored (seed 0). Fréchet distance in floors; coverage, overall and of
# the worst class, as a fraction of real coverage; the nearest training image as a fraction of the test images'.
SCORES = ("Fréchet", "coverage", "worst class", "rarest class", "confidence", "nearest")
PATIENTS = {
    "A": ("memorised", (6.2, 0.218, 0.137, 0.078, 0.9975, 0.0)),
    "B": ("healthy", (12.0, 0.921, 0.760, 0.093, 0.9956, 0.87)),
    "C": ("noise", (3325.1, 0.0, 0.0, 0.0, 1.0, 3.39)),
    "D": ("digit missing", (50.3, 0.848, 0.019, 0.0004, 0.9959, 0.82)),
    "E": ("ten pictures", (105.7, 0.031, 0.008, 0.1, 0.9996, 0.89)),
}


@exercise
def sample_size(prediction):
    """``{"itself": ..., "1,000": ..., "100": ...}``: the Fréchet distance to the test images, in floors of 10,000."""
    values = {name: number(_entry(prediction, name, FLOORS)) for name in FLOORS}
    if not all(np.isfinite(value) and value >= 0 for value in values.values()):
        raise Wrong("A Fréchet distance is a finite number, 0 or more.")
    if close(values["itself"], 1):
        raise Wrong(
            "itself: 1 is what *other* real digits score. Put the same mean and covariance on both sides of the formula."
        )
    if values["itself"] > 0.01:
        raise Wrong("itself: the same images have the same mean and the same covariance. What remains of the formula?")
    if values["1,000"] < 1 or values["100"] < 1:
        raise Wrong(
            "Fewer images don't come nearer. Their mean and covariance are off by chance, and the formula squares that."
        )
    if values["1,000"] < 1.5 and values["100"] < 1.5:
        raise Wrong(
            "You expect the same distance for any number of real images. But the mean of 100 images is off by chance "
            "more than the mean of 10,000, and a covariance of 64 features has 2,080 numbers to get right."
        )
    if values["100"] <= values["1,000"]:
        raise Wrong("100 images estimate a mean and a covariance worse than 1,000 do: the distance must be larger.")
    if not 2 <= values["1,000"] <= 12:
        raise Wrong(
            "1,000: the order of magnitude is off. The squared error of a mean over n images is the variance over n: "
            "with a tenth of the images, about ten times as much, or somewhat less."
        )
    if not 12 <= values["100"] <= 200:
        raise Wrong(
            "100: the order of magnitude is off. From 1,000 to 100 images the squared error grows about tenfold again."
        )
    return "The right orders of magnitude. Now run the cell that measures them."


@exercise
def ranks(ranking):
    """Score to the four sets, from what the score calls best to what it calls worst."""
    orders = {score: _order(_entry(ranking, score, RANKS), score) for score in RANKS}
    if orders["confidence"][0] != "noise":
        raise Wrong(
            "confidence: you expect the classifier to doubt the noise. But it has learned ten answers and no "
            "“none of these”, and it has never seen noise. Try look(sets['noise'])[1].max(axis=1)."
        )
    place = orders["frechet"].index
    if place("memoriser") > place("sevens") or place("memoriser") > place("noise"):
        raise Wrong(
            "frechet: you expect it to punish learning by heart. It sees means and covariances only, and 500 images "
            "of all ten digits have nearly those of 60,000. That they are repeated changes neither."
        )
    if place("memoriser") < place("real"):
        raise Wrong("frechet: the mean and covariance of 500 images are off by chance, more than those of 10,000.")
    if place("noise") < place("sevens") or place("noise") < place("real"):
        raise Wrong("frechet: sevens are digits, a tenth of the real ones; no real digit has features like noise.")
    if orders["frechet"] != ["real", "memoriser", "sevens", "noise"]:
        raise Wrong("frechet: real digits are nearest to real digits, in mean and in covariance.")
    place = orders["coverage"].index
    if place("real") > 0:
        raise Wrong(
            "coverage: nothing reaches into as many balls as 10,000 different real digits. Repeating an image "
            "reaches no further than the image itself."
        )
    if place("noise") < 3:
        raise Wrong("coverage: noise lies far from every real image. How many balls does it reach?")
    if place("sevens") < place("memoriser"):
        raise Wrong(
            "coverage: thousands of different sevens are near real sevens, and near nothing else: a tenth of the "
            "test images at most. 500 images of all ten digits reach further."
        )
    if orders["nearest"][0] != "noise":
        raise Wrong(
            "nearest: here the farthest stands first, because it looks newest. Three of the four sets are made of "
            "training images; which is the one that is not? (Far is no merit by itself.)"
        )
    return "Each single score is fooled by some set, and no set fools all four."


@exercise
def hits(share_of_hits):
    """``share_of_hits(points, modes, sigma)``: the share of points within 3 sigma of their nearest mode."""
    for points, modes, sigma in _targets():
        distance = np.linalg.norm(points[:, None] - modes, axis=2)
        good = distance.min(axis=1) < 3 * sigma
        value = number(call(share_of_hits, points, modes, sigma))
        if close(value, good.mean()):
            continue
        known = {
            good.sum(): "This is the number of hits. The share is that number over the number of points.",
            100 * good.mean(): "This is in percent. A share lies between 0 and 1.",
            np.mean(distance.min(axis=1) < sigma): "You count points within 1 sigma; the bound is 3 sigma.",
            np.mean(distance.max(axis=1) < 3 * sigma): "You ask for all modes to be near. The nearest is enough: min.",
            np.mean(distance < 3 * sigma): "You take the mean over points and modes. Each point counts once: take "
            "the minimum over the modes first.",
            np.mean(np.square(distance.min(axis=1)) < 3 * sigma): "You compare a squared distance with 3 sigma: take "
            "the root, or square the bound.",
            np.mean((abs(points[:, None] - modes) < 3 * sigma).all(axis=2).any(axis=1)): "You compare each "
            "coordinate with 3 sigma, which makes a square of the disc. Take the distance.",
            np.mean(~good): "You count the points that miss.",
        }
        for wrong, hint in known.items():
            if close(value, wrong):
                raise Wrong(hint)
        raise Wrong(
            f"For {len(points)} points and {len(modes)} modes with sigma {sigma} the share is {good.mean():.4f}, "
            f"yours is {value:.4f}. Try it with two points, of which one lies on a mode: the share is a half."
        )
    return "The share of high quality, as judge_toy counts it."


@exercise
def coverage(answer):
    """``answer(samples, reference, k)``: coverage as Naeem et al. define it, from features (n, d) and (m, d)."""
    for samples, reference, k in _clouds():
        across = np.linalg.norm(reference[:, None] - samples, axis=2)  # (m, n)
        within = np.sort(np.linalg.norm(reference[:, None] - reference, axis=2), axis=1)  # (m, m), itself first
        own = np.sort(np.linalg.norm(samples[:, None] - samples, axis=2), axis=1)  # (n, n)
        radii, sample_radii = within[:, k, None], own[:, k]
        expected = (across < radii).any(axis=1).mean()
        value = number(call(answer, samples, reference, k))
        if close(value, expected):
            continue
        covered = (across < radii).any(axis=1)
        known = [
            (
                (across < within[:, k - 1, None]).any(axis=1).mean(),
                "Your balls reach to the neighbour before the k-th. The nearest image to an image is the image "
                "itself, at distance 0: it doesn't count.",
            ),
            (
                (across < within[:, k + 1, None]).any(axis=1).mean(),
                "Your balls reach one neighbour too far. Sorted, an image's distances begin with its own, 0, so the "
                "k-th neighbour stands at index k.",
            ),
            (
                (across < radii).any(axis=0).mean(),
                "This is the share of samples that lie in some ball: precision. Coverage is the share of real images "
                "whose ball holds a sample.",
            ),
            (
                (across < sample_radii).any(axis=1).mean(),
                "You drew the balls around the samples: that is recall. Coverage draws them around the real images.",
            ),
            ((across < radii).mean(), "This is the share of all pairs. A ball counts once, however many are in it."),
            ((across < radii).sum() / (k * len(samples)), "This is density: it counts a sample once for each ball."),
            (covered.sum(), "This is the number of covered images. The share is that number over all of them."),
            (
                (np.square(across) < radii).any(axis=1).mean(),
                "You compare squared distances with radii that are not squared.",
            ),
            ((~covered).mean(), "This is the share that is not covered."),
        ]
        for wrong, hint in known:
            if close(value, wrong):
                raise Wrong(hint)
        raise Wrong(
            f"For {len(samples)} samples and {len(reference)} real points in {reference.shape[1]} dimensions, k = {k}, "
            f"coverage is {expected:.4f}, yours is {value:.4f}. Try it with the reference as the samples: it must be 1."
        )
    return "The share of real images with a sample in their ball."


@exercise
def diagnosis(answer):
    """Letter to one of the five words."""
    words = [word for word, _ in PATIENTS.values()]
    given = {letter: _entry(answer, letter, PATIENTS) for letter in PATIENTS}
    for letter, word in given.items():
        if not isinstance(word, str) or word not in words:
            raise Wrong(f"{letter}: choose one of {', '.join(repr(word) for word in sorted(words))}.")
    for letter, (truth, _) in PATIENTS.items():
        if given[letter] != truth:
            raise Wrong(f"{letter} is not {given[letter]!r}: {_against(letter, given[letter])}")
    return "Four of the five look good to some single score, and none of the four to all."


def patients():
    """Return the table of the five generators, as text."""
    rows = [" " + "".join(f"{name:>13}" for name in SCORES)]
    forms = (".1f", ".3f", ".3f", ".3f", ".4f", ".2f")
    for letter, (_, scores) in PATIENTS.items():
        rows.append(letter + "".join(f"{score:>13{form}}" for score, form in zip(scores, forms, strict=True)))
    return "\n".join(rows)


def _against(letter, word):
    """Say which score speaks against a diagnosis."""
    scores = dict(zip(SCORES, PATIENTS[letter][1], strict=True))
    if word == "noise":
        return "its coverage is not 0, and its nearest training image is not several times as far as a test image's."
    if word == "memorised":
        return f"what is copied lies at distance 0 from a training image, this at {scores['nearest']:.2f} of the usual."
    if word == "healthy":
        return f"look at its coverage, {scores['coverage']:.3f} overall and {scores['worst class']:.3f} in its worst class."
    if scores["coverage"] == 0:
        return "it covers nothing at all, and its nearest training image is 3.4 times as far as a test image's."
    if word == "digit missing":
        return f"its rarest class makes up {scores['rarest class']:.3f} of its samples, so every digit comes up."
    copies = " and they are copies of training images" if scores["nearest"] == 0 else ""
    return f"ten pictures can't cover {scores['coverage']:.3f} of what real digits cover{copies}."


def _entry(answer, name, names):
    if not isinstance(answer, dict):
        raise Wrong(f"A dictionary is wanted; this is a {type(answer).__name__}.")
    if name not in answer:
        raise Wrong(f"There is no entry {name!r}; there should be {', '.join(map(repr, names))}.")
    return answer[name]


def _order(order, score):
    order = list(order) if isinstance(order, list | tuple) else order
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order) or sorted(order) != sorted(SETS):
        raise Wrong(f"{score}: each of {', '.join(map(repr, SETS))} once, in a list.")
    return order


def _targets():
    """Points, modes and sigma: in each the known mistakes give other numbers than the truth."""
    rng = np.random.default_rng(0)
    square = np.array([[x, y] for x in (-1.0, 1.0) for y in (-1.0, 1.0)])
    for modes, sigma in ((square, 0.1), (3 * square[:3], 0.5)):
        centres = modes[rng.integers(len(modes), size=400)]
        yield (centres + 1.7 * sigma * rng.standard_normal((400, 2))).astype(np.float32), modes, sigma


def _clouds():
    rng = np.random.default_rng(0)
    for n, m, d, k in ((150, 211, 2, 5), (190, 170, 3, 3)):
        reference = rng.standard_normal((m, d))
        yield 0.7 * rng.standard_normal((n, d)) + 0.8, reference, k
