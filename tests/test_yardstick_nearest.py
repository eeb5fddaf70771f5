"""The distance to the nearest training image, on the embedded digits."""

import numpy as np
import pytest
from impostors import shifted

from gan_course.data import digits
from gan_course.yardstick import nearest, nearest_training_distance


@pytest.fixture(scope="module")
def images():
    # The embedded digits are centred around 13.5, MNIST's around 14.
    return nearest.centred(digits("train").images[:200])


def test_it_is_the_smallest_pixel_distance_of_all(images):
    samples, training = images[:30], images[30:]
    scaled = training / 255
    expected = [min(np.linalg.norm(scaled - sample / 255, axis=(1, 2))) for sample in samples]
    np.testing.assert_allclose(nearest_training_distance(samples, training, centre=False), expected, rtol=1e-12)


def test_blocks_make_no_difference(images, monkeypatch):
    whole = nearest_training_distance(images[:30], images[30:])
    monkeypatch.setattr(nearest, "BLOCK", 7)  # 170 is no multiple of it
    np.testing.assert_array_equal(nearest_training_distance(images[:30], images[30:]), whole)


def test_a_copy_is_at_0_exactly_and_one_grey_level_off_is_not(images):
    assert not nearest_training_distance(images, images).any()
    changed = images.copy()
    changed[:, 14, 14] ^= 1
    np.testing.assert_allclose(nearest_training_distance(changed, images, centre=False), 1 / 255, rtol=1e-12)


def test_a_copy_shifted_by_a_pixel_is_found_only_if_it_is_centred(images):
    moved = shifted(images)
    assert not nearest_training_distance(moved, images).any()
    assert not nearest_training_distance(images, moved).any()  # training images needn't be centred, as MNIST's are
    assert nearest_training_distance(moved, images, centre=False).min() > 1


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (0, -2), (-2, 1)])
def test_centring_undoes_a_shift(images, down, right):
    inner = np.zeros((28, 28), bool)
    inner[2:-2, 2:-2] = True
    inside = images[images[:, ~inner].max(axis=1) == 0]  # no ink goes over the edge
    assert len(inside) > 100
    np.testing.assert_array_equal(nearest.centred(np.roll(inside, (down, right), axis=(1, 2))), inside)


def test_an_image_without_ink_is_not_moved():
    blank = np.zeros((1, 28, 28), np.uint8)
    assert not nearest.centred(blank).any()
    ink = np.full((1, 28, 28), 255, np.uint8)
    assert nearest_training_distance(blank, ink)[0] == pytest.approx(28)


def test_ink_shifted_over_the_edge_is_lost_not_wrapped():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 14], image[0, 27] = 1, 255  # the line at the bottom is brought to the middle
    expected = np.zeros((1, 28, 28), np.uint8)
    expected[0, 14] = 255
    np.testing.assert_array_equal(nearest.centred(image), expected)


def test_centring_leaves_its_argument_alone(images):
    moved = shifted(images)
    before = moved.copy()
    nearest.centred(moved)
    np.testing.assert_array_equal(moved, before)


def test_what_does_not_fit_is_an_error(images):
    with pytest.raises(ValueError, match="the samples are float32, expected uint8"):
        nearest_training_distance(images.astype(np.float32), images)
    with pytest.raises(ValueError, match=r"the training images have the shape \(200, 784\)"):
        nearest_training_distance(images, images.reshape(200, -1))
