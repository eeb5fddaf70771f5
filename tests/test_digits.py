"""The embedded digits: the form of MNIST, and still the digits of scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gan_course.data import digits

SIDE, BOX = 28, 20


@pytest.fixture(scope="module")
def train():
    return digits("train")


@pytest.fixture(scope="module")
def test():
    return digits("test")


@pytest.fixture(scope="module")
def images(train, test):
    return np.concatenate([train.images, test.images])


def test_train_is_the_default(train):
    np.testing.assert_array_equal(digits().images, train.images)


def test_1500_training_and_297_test_images(train, test):
    assert (len(train), len(test)) == (1500, 297)
    assert train.images.shape == (1500, SIDE, SIDE) and train.labels.shape == (1500,)
    assert test.images.shape == (297, SIDE, SIDE) and test.labels.shape == (297,)
    assert train.name == test.name == "digits"


def test_images_and_labels_are_bytes(train, test):
    assert {array.dtype for dataset in (train, test) for array in dataset} == {np.dtype(np.uint8)}


def test_a_dataset_unpacks_as_images_and_labels(test):
    images, labels = test
    assert images is test.images and labels is test.labels


def test_white_ink_on_a_black_background_over_the_whole_range(images):
    assert (images.min(), images.max()) == (0, 255)
    assert (images.max(axis=(1, 2)) > 200).all()  # every image has bright ink
    border = np.ones((SIDE, SIDE), bool)
    border[2:-2, 2:-2] = False
    assert images[:, border].mean() < 1
    # MNIST's mean is 33; inverted images would have one over 200
    assert 20 < images.mean() < 60


def test_the_labels_are_those_of_scikit_learn_in_its_order(train, test):
    labels = np.concatenate([train.labels, test.labels])
    np.testing.assert_array_equal(labels, load_digits().target)


def test_every_digit_is_about_equally_frequent(train, test):
    for dataset in (train, test):
        counts = np.bincount(dataset.labels, minlength=10)
        assert len(counts) == 10 and counts.sum() == len(dataset)
        np.testing.assert_allclose(counts / len(dataset), 0.1, atol=0.02)


def test_train_and_test_share_no_image_and_together_are_all_1797(train, test):
    seen, unseen = ({image.tobytes() for image in dataset.images} for dataset in (train, test))
    assert not seen & unseen
    assert len(seen | unseen) == 1797


def test_the_centre_of_mass_lies_where_mnists_does(images):
    row, column = np.indices((SIDE, SIDE))
    ink = images.sum(axis=(1, 2))
    centre = np.stack([(images * axis).sum(axis=(1, 2)) / ink for axis in (row, column)])
    # placed by whole pixels, so half a pixel off at most; no image of these is so lopsided that it would be clipped
    assert np.abs(centre - 14).max() < 0.51  # where MNIST's lie


def test_no_digit_is_larger_than_mnists_box(images):
    assert images.any(axis=2).sum(axis=1).max() <= BOX
    assert images.any(axis=1).sum(axis=1).max() <= BOX
    # and it is enlarged, not just padded: the 8x8 images' digits are 8 high
    assert np.median(images.any(axis=2).sum(axis=1)) > BOX - 3


def test_the_images_are_the_originals_neither_turned_nor_mirrored(train):
    # Both averaged to 4x4 look alike at one of the 9x9 places of the box, which the originals' mirror images do not.
    def blocks(image, size):
        return image.reshape(4, size, 4, size).mean(axis=(1, 3)).ravel()

    for image, original in zip(train.images[:30], load_digits().images, strict=False):
        windows = [blocks(image[r : r + BOX, c : c + BOX], 5) for r in range(9) for c in range(9)]
        assert max(np.corrcoef(window, blocks(original, 2))[0, 1] for window in windows) > 0.98


def test_two_calls_give_equal_arrays_of_their_own(test):
    again = digits("test")
    np.testing.assert_array_equal(again.images, test.images)
    np.testing.assert_array_equal(again.labels, test.labels)
    assert not np.shares_memory(again.images, test.images)


@pytest.mark.parametrize("split", ["validation", "Train", "", None])
def test_an_unknown_split_is_an_error(split):
    with pytest.raises(ValueError, match="unknown split.*'train' or 'test'"):
        digits(split)
