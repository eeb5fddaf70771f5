"""Lesson 00's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import os

import impostors
import nbformat
import numpy as np
import pytest
from exercises import assert_named, results

from gan_course import lessons
from gan_course.checks import lesson_00 as check

LESSON = {"np": np, "check": check}  # what the cells of the exercises use


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("00", "check", dict(LESSON))] == [None] * 5


def test_the_solutions_pass():
    for result in results("00", "solution", dict(LESSON)):
        assert result.passed, result


@pytest.mark.parametrize("answer", [7, "noise", {}, {"A": 1}, [1, 2], lambda: 1 / 0, float("nan"), np.zeros(3)])
@pytest.mark.parametrize("exercise", [check.sample_size, check.ranks, check.hits, check.coverage, check.diagnosis])
def test_any_answer_gets_a_hint(exercise, answer):
    result = exercise(answer)
    assert result.passed is False and result.message


# 1. Sample size


@pytest.mark.parametrize("guess", [(0, 3, 30), (0.0, "4", "40"), (np.float32(0), 10, 100), (0, 3.3, 50)])
def test_good_guesses_are_right(guess):
    assert check.sample_size(dict(zip(check.FLOORS, guess, strict=True)))


@pytest.mark.parametrize(
    ("guess", "hint"),
    [
        ((1, 3, 30), "1 is what *other* real digits score"),
        ((0.5, 3, 30), "What remains of the formula?"),
        ((0, 1, 1), "the same distance for any number"),
        ((0, 0.1, 0.01), "Fewer images don't come nearer"),
        ((0, 30, 3), "worse than 1,000 do"),
        ((0, 100, 1000), "1,000: the order of magnitude"),
        ((0, 3, 6), "100: the order of magnitude"),
        ((0, 3, 1e6), "100: the order of magnitude"),
        ((0, -3, 30), "0 or more"),
        ((0, "many", 30), "Numbers are wanted"),
    ],
)
def test_a_wrong_guess_is_named(guess, hint):
    assert_named(check.sample_size(dict(zip(check.FLOORS, guess, strict=True))), hint)


# 2. Ranks

RANKING = {
    "confidence": ["noise", "memoriser", "real", "sevens"],
    "frechet": ["real", "memoriser", "sevens", "noise"],
    "coverage": ["real", "memoriser", "sevens", "noise"],
    "nearest": ["noise", "sevens", "real", "memoriser"],
}


def test_ties_may_stand_in_any_order():
    assert check.ranks(RANKING)
    other = {
        "confidence": ("noise", "sevens", "real", "memoriser"),
        "nearest": ["noise", "real", "memoriser", "sevens"],
    }
    assert check.ranks(RANKING | other)


@pytest.mark.parametrize(
    ("score", "order", "hint"),
    [
        ("confidence", "real memoriser sevens noise", "you expect the classifier to doubt the noise"),
        ("frechet", "real sevens memoriser noise", "you expect it to punish learning by heart"),
        ("frechet", "real sevens noise memoriser", "you expect it to punish learning by heart"),
        ("frechet", "memoriser real sevens noise", "off by chance"),
        ("frechet", "real memoriser noise sevens", "no real digit has features like noise"),
        ("coverage", "memoriser real sevens noise", "Repeating an image"),
        ("coverage", "real sevens memoriser noise", "a tenth of the test images"),
        ("coverage", "real memoriser noise sevens", "How many balls does it reach?"),
        ("nearest", "real sevens memoriser noise", "made of training images"),
        ("nearest", "real real memoriser noise", "each of"),
        ("nearest", "real memoriser noise", "each of"),
    ],
)
def test_a_wrong_rank_is_named(score, order, hint):
    result = check.ranks(RANKING | {score: order.split()})
    assert_named(result, hint)
    assert result.message.startswith(score)


# 3. Hits


def hits_by_loops(points, modes, sigma):
    count = 0
    for x, y in points:
        count += any(np.hypot(x - a, y - b) <= 3 * sigma for a, b in modes)
    return count / len(points)


def distances(points, modes):
    return np.sqrt(np.square(points[:, None] - modes).sum(axis=2))


HITS = {
    "the number of hits": lambda p, m, s: (distances(p, m).min(axis=1) < 3 * s).sum(),
    "in percent": lambda p, m, s: 100 * (distances(p, m).min(axis=1) < 3 * s).mean(),
    "within 1 sigma": lambda p, m, s: (distances(p, m).min(axis=1) < s).mean(),
    "all modes to be near": lambda p, m, s: (distances(p, m) < 3 * s).all(axis=1).mean(),
    "over points and modes": lambda p, m, s: (distances(p, m) < 3 * s).mean(),
    "a squared distance": lambda p, m, s: (np.square(distances(p, m)).min(axis=1) < 3 * s).mean(),
    "a square of the disc": lambda p, m, s: (abs(p[:, None] - m) < 3 * s).all(axis=2).any(axis=1).mean(),
    "points that miss": lambda p, m, s: (distances(p, m).min(axis=1) > 3 * s).mean(),
    "yours is 0.1234": lambda p, m, s: 0.1234,
    "One number is wanted": lambda p, m, s: distances(p, m).min(axis=1) < 3 * s,
    "ValueError": lambda p, m, s: np.linalg.norm(p - m),
}


def test_hits_written_differently_are_right():
    assert check.hits(hits_by_loops)
    assert check.hits(lambda p, m, s: (np.square(p[:, None] - m).sum(axis=-1) < 9 * s * s).any(axis=1).mean())


@pytest.mark.parametrize("hint", HITS)
def test_a_wrong_count_is_named(hint):
    assert_named(check.hits(HITS[hint]), hint)


# 4. Coverage


def balls(x, k):
    return np.sort(distances(x, x), axis=1)[:, k]


def coverage_by_loops(samples, reference, k):
    covered = []
    for i, real in enumerate(reference):
        others = np.delete(reference, i, axis=0)
        radius = np.partition(np.sqrt(((others - real) ** 2).sum(axis=1)), k - 1)[k - 1]
        covered.append(min(np.sqrt(((samples - real) ** 2).sum(axis=1))) <= radius)
    return sum(covered) / len(covered)


COVERAGE = {
    "before the k-th": lambda s, r, k: (distances(r, s).min(axis=1) < balls(r, k - 1)).mean(),
    "one neighbour too far": lambda s, r, k: (distances(r, s).min(axis=1) < balls(r, k + 1)).mean(),
    "precision": lambda s, r, k: (distances(s, r) < balls(r, k)).any(axis=1).mean(),
    "that is recall": lambda s, r, k: (distances(r, s) < balls(s, k)).any(axis=1).mean(),
    "of all pairs": lambda s, r, k: (distances(s, r) < balls(r, k)).mean(),
    "This is density": lambda s, r, k: (distances(s, r) < balls(r, k)).sum() / (k * len(s)),
    "the number of covered": lambda s, r, k: (distances(r, s).min(axis=1) < balls(r, k)).sum(),
    "not squared": lambda s, r, k: (np.square(distances(r, s)).min(axis=1) < balls(r, k)).mean(),
    "not covered": lambda s, r, k: (distances(r, s).min(axis=1) > balls(r, k)).mean(),
    "yours is 0.1234": lambda s, r, k: 0.1234,
    "IndexError": lambda s, r, k: balls(r, 1000),
}


def test_coverage_written_differently_is_right():
    assert check.coverage(coverage_by_loops)
    from gan_course.yardstick import prdc

    assert check.coverage(lambda samples, reference, k: prdc(samples, reference, k).coverage)


@pytest.mark.parametrize("hint", COVERAGE)
def test_a_wrong_coverage_is_named(hint):
    assert_named(check.coverage(COVERAGE[hint]), hint)


# 5. Diagnosis

TRUTH = {letter: word for letter, (word, _) in check.PATIENTS.items()}


@pytest.mark.parametrize(
    ("letter", "word", "hint"),
    [
        ("A", "healthy", "look at its coverage, 0.2"),
        ("A", "ten pictures", "they are copies"),
        ("A", "digit missing", "every digit comes up"),
        ("B", "memorised", "at distance 0"),
        ("B", "noise", "its coverage is not 0"),
        ("C", "healthy", "look at its coverage, 0.000"),
        ("C", "ten pictures", "it covers nothing at all"),
        ("C", "digit missing", "it covers nothing at all"),
        ("D", "ten pictures", "can't cover 0.8"),
        ("D", "healthy", "in its worst class"),
        ("E", "digit missing", "every digit comes up"),
        ("E", "healthy", "look at its coverage, 0.03"),
        ("E", "sick", "choose one of"),
        ("E", 7, "choose one of"),
    ],
)
def test_a_wrong_diagnosis_is_named(letter, word, hint):
    assert check.diagnosis(TRUTH)
    result = check.diagnosis(TRUTH | {letter: word})
    assert_named(result, hint)
    assert result.message.startswith(letter)


def test_every_wrong_diagnosis_is_refuted_by_a_score():
    for letter, truth in TRUTH.items():
        for word in set(TRUTH.values()) - {truth}:
            assert_named(check.diagnosis(TRUTH | {letter: word}), f"{letter} is not {word!r}: ")


# What the checks take for granted, measured again


def turned(images, rng):
    """Real digits, each turned by up to 20 degrees: new ones, about as far from the training images as test images."""
    from scipy import ndimage

    angles = rng.uniform(-20, 20, len(images))
    return np.stack([ndimage.rotate(x, a, reshape=False, order=1) for x, a in zip(images, angles, strict=True)])


def sets(seed, n=10_000):
    """The sets of exercises 2 and 5: name to images."""
    from gan_course.data import mnist

    rng = np.random.default_rng(seed)
    images, labels = mnist("train")
    order = rng.permutation(len(images))
    images, labels = images[order], labels[order]
    first = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    yield "real", images[:n]
    yield "noise", impostors.noise(n, rng)
    yield "sevens", np.resize(images[labels == 7], (n, 28, 28))
    yield "memorised", impostors.repeated(images, 500, n)
    yield "digit missing", turned(images[labels != 8][:n], rng)
    yield "ten pictures", turned(np.resize(images[first], (n, 28, 28)), rng)
    yield "healthy", turned(images[:n], rng)


def scores(images):
    """Return what ``PATIENTS`` holds, from the yardstick's parts: the whole report takes twice as long."""
    from gan_course.data import mnist
    from gan_course.yardstick import (
        class_histogram,
        confidence,
        coverage_by_class,
        floors,
        frechet_distance,
        look,
        nearest_training_distance,
        prdc,
    )
    from gan_course.yardstick.measure import reference

    features, probabilities = look(images)
    real, floor = reference(), floors.floor(len(images))
    near = prdc(features, real.features)
    by_class = coverage_by_class(near.covered, real.labels) / floor["coverage_by_class"]["mean"]
    distance = nearest_training_distance(images[:: len(images) // 200], mnist("train").images)
    return (
        frechet_distance(features, real.features) / floor["frechet_distance"]["mean"],
        near.coverage / floor["coverage"]["mean"],
        by_class.min(),
        class_histogram(probabilities).min(),
        confidence(probabilities).mean(),
        np.median(distance) / floors.of_test_images()["nearest_median"],
    )


def in_groups(values, groups, *, best):
    """Say whether the sets' values stand in the order of the groups, best first."""
    ends = [[best(values[name] for name in group), -best(-values[name] for name in group)] for group in groups]
    sign = 1 if best is min else -1
    return all(sign * a[1] < sign * b[0] for a, b in zip(ends, ends[1:], strict=False))


@pytest.mark.skipif(
    not os.environ.get("GAN_COURSE_DATA"), reason="GAN_COURSE_DATA is not set: no folder with the real MNIST to read"
)
def test_the_recorded_facts_are_measured_again():
    from gan_course.yardstick import floors, frechet_distance, look
    from gan_course.yardstick.measure import reference

    measured = {}
    for name, images in sets(0):
        if name == "real":  # this one is the floor: its distance for fewer images is exercise 1
            features, floor = look(images)[0], floors.floor(10_000)["frechet_distance"]["mean"]
            for size, value in check.FLOORS.items():
                some = reference().features if size == "itself" else features[: int(size.replace(",", ""))]
                distance = frechet_distance(some, reference().features) / floor
                assert distance == pytest.approx(value, rel=0.3, abs=1e-6), size
            measured["real"] = (1.0, 1.0, 1.0, 0.089, floors.floor(10_000)["confidence_mean"]["mean"], 0.0)
            continue
        measured[name] = scores(images)
    for truth, values in check.PATIENTS.values():
        frechet, *rest = measured[truth]
        assert frechet == pytest.approx(values[0], rel=0.05), truth
        assert rest == pytest.approx(values[1:], rel=0.05, abs=0.02), truth
    measured["memoriser"] = measured["memorised"]
    columns = {"confidence": (4, max), "frechet": (0, min), "coverage": (1, max), "nearest": (5, max)}
    for score, (column, best) in columns.items():
        values = {name: measured[name][column] for name in check.SETS}
        assert in_groups(values, check.RANKS[score], best=best), (score, values)


# The lesson's own map


def test_the_map_lists_every_lesson_that_there_is():
    notebook = nbformat.read(lessons.find("00"), as_version=4)
    course = next(cell.source for cell in notebook.cells if cell.id == "map")
    for path in lessons.all_lessons():
        assert f"{path.stem[:2]} ·" in course, path.stem
        assert path.stem[:2] == "00" or f"]({path.name})" in course, f"{path.stem} is there, and the map has no link"
    linked = [part.split(")")[0] for part in course.split("](")[1:]]
    assert all((lessons.NOTEBOOKS / name).exists() for name in linked), linked
