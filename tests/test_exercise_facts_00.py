"""What lesson 00's exercises take for granted, measured again; and the lesson's map of the course."""

import os
import re

import impostors
import nbformat
import numpy as np
import pytest

from gan_course import lessons
from gan_course.exercises import lesson_00 as check
from gan_course.yardstick import prdc

needs_mnist = pytest.mark.skipif(
    not os.environ.get("GAN_COURSE_DATA"), reason="GAN_COURSE_DATA is not set: no folder with the real MNIST to read"
)


def turned(images, rng):
    """Real digits, each turned by up to 20 degrees: new ones, about as far from the training images as test images."""
    from scipy import ndimage

    angles = rng.uniform(-20, 20, len(images))
    return np.stack([ndimage.rotate(x, a, reshape=False, order=1) for x, a in zip(images, angles, strict=True)])


def shuffled():
    """MNIST's training images and labels in a random order, and a generator."""
    from gan_course.data import mnist

    rng = np.random.default_rng(0)
    images, labels = mnist("train")
    order = rng.permutation(len(images))
    return images[order], labels[order], rng


def patients(n=10_000):
    """The five generators: what each is, and its samples."""
    images, labels, rng = shuffled()
    first = [np.flatnonzero(labels == digit)[0] for digit in range(10)]
    yield "memorised", impostors.repeated(images, 1_000, n)
    yield "healthy", turned(images[:n], rng)
    yield "noise", 255 * rng.integers(2, size=(n, 28, 28), dtype=np.uint8)  # black and white
    yield "digit missing", turned(images[labels != 8][:n], rng)
    yield "ten pictures", turned(np.resize(images[first], (n, 28, 28)), rng)


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
    )
    from gan_course.yardstick.measure import reference

    features, probabilities = look(images)
    real, floor = reference(), floors.floor(len(images))
    near = prdc(features, real.features)
    by_class = coverage_by_class(near.covered, real.labels) / floor["coverage_by_class"]["mean"]
    distance = nearest_training_distance(images[:: len(images) // 1_000], mnist("train").images)
    return (
        frechet_distance(features, real.features) / floor["frechet_distance"]["mean"],
        near.coverage / floor["coverage"]["mean"],
        by_class.min(),
        class_histogram(probabilities).min(),
        confidence(probabilities).mean(),
        np.median(distance) / floors.of_test_images()["nearest_median"],
    )


@needs_mnist
def test_the_patients_are_measured_again():
    measured = {name: scores(images) for name, images in patients()}
    for truth, values in check.PATIENTS.values():
        frechet, *rest = measured[truth]
        assert frechet == pytest.approx(values[0], rel=0.05), truth
        assert rest == pytest.approx(values[1:], rel=0.05, abs=0.01), truth


@needs_mnist
def test_the_ranks_are_measured_again(n=2_000):
    images, labels, rng = shuffled()
    measured = {
        "real": (1.0, 1.0, None, None, look_at(images[:n]), 0.0),  # the floors' own
        "noise": scores(impostors.noise(n, rng)),
        "sevens": scores(np.resize(images[labels == 7], (n, 28, 28))),
        "memoriser": scores(impostors.repeated(images, 500, n)),
    }
    columns = {"confidence": (4, -1), "frechet": (0, 1), "coverage": (1, -1), "nearest": (5, -1)}
    for score, (column, sign) in columns.items():
        groups = [[sign * measured[name][column] for name in group] for group in check.RANKS[score]]
        assert all(max(a) < min(b) for a, b in zip(groups, groups[1:], strict=False)), (score, groups)


def look_at(images):
    from gan_course.yardstick import confidence, look

    return confidence(look(images)[1]).mean()


@needs_mnist
def test_the_distances_of_fewer_images_are_measured_again():
    from gan_course.yardstick import floors, frechet_distance, look
    from gan_course.yardstick.measure import reference

    real, floor = reference().features, floors.floor(10_000)["frechet_distance"]["mean"]
    features = look(shuffled()[0][:1_000])[0]
    for size, value in check.TIMES_REAL.items():
        some = real if size == "itself" else features[: int(size.replace(",", ""))]
        assert frechet_distance(some, real) / floor == pytest.approx(value, rel=0.3, abs=1e-6), size


def test_a_score_misleads_where_the_healthy_one_is_not_ahead():
    better = {"Fréchet": -1, "coverage": 1, "worst class": 1, "rarest class": 1, "confidence": 1, "nearest": 1}
    table = {letter: dict(zip(better, values, strict=True)) for letter, (_, values) in check.PATIENTS.items()}
    behind = {"rarest class": 0.005, "coverage": 0.1, "nearest": 0.1}  # so much less still looks as good
    for letter, patient in table.items():
        others = table.values() if letter == "B" else [patient]
        ahead = [
            score
            for score, sign in better.items()
            if score != "confidence"
            and any(
                sign * other[score] > sign * table["B"][score] - (behind.get(score, 0) if letter != "B" else 0)
                for other in others
            )
        ]
        assert sorted(ahead) == sorted(check.MISLEADING[letter]), letter


def test_coverage_is_the_yardsticks():
    assert check.coverage(lambda samples, reference, k: prdc(samples, reference, k).coverage)


def test_the_map_lists_every_lesson_that_there_is():
    notebook = nbformat.read(lessons.find("00"), as_version=4)
    course = next(cell.source for cell in notebook.cells if cell.id == "map")
    picture = (lessons.NOTEBOOKS / re.search(r"!\[.+\]\((.+?\.svg)\)", course)[1]).read_text(encoding="utf-8")
    numbers = re.findall(r">(\d\d)<", picture)
    assert numbers == [f"{number:02}" for number in range(17)]
    assert {path.stem[:2] for path in lessons.all_lessons()} <= set(numbers)
    readme = (lessons.ROOT / "README.md").read_text(encoding="utf-8")
    assert "](../README.md" in course
    assert not [path.name for path in lessons.all_lessons() if f"](notebooks/{path.name})" not in readme]
