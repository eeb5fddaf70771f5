"""Batches: whole epochs, equal sizes, and an order that continues exactly."""

import itertools
import json

import numpy as np
import pytest

from gan_course.data import Batches


def make(size=10, batch_size=3, seed=0):
    return Batches(np.arange(size), batch_size, np.random.default_rng(seed))


def take(batches, count):
    return [batch.tolist() for batch in itertools.islice(batches, count)]


def epoch(batches):
    """The examples of one epoch, in order."""
    return sum(take(batches, batches.per_epoch), [])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 9, 10])
def test_an_epoch_shows_no_example_twice_and_drops_the_partial_batch(batch_size):
    batches = make(10, batch_size)
    assert batches.per_epoch == 10 // batch_size
    for _ in range(4):
        shown = epoch(batches)
        assert len(shown) == len(set(shown)) == 10 - 10 % batch_size
        assert set(shown) <= set(range(10))


def test_every_batch_has_the_same_size():
    assert {len(batch) for batch in itertools.islice(make(10, 4), 50)} == {4}


def test_every_epoch_has_an_order_of_its_own():
    batches = make(50, 10)
    orders = {tuple(epoch(batches)) for _ in range(5)}
    assert len(orders) == 5
    assert tuple(range(50)) not in orders


def test_no_example_is_dropped_in_every_epoch():
    batches = make(10, 4)  # drops 2 of 10: for ever the same ones, if it did not reshuffle
    assert set(sum((epoch(batches) for _ in range(20)), [])) == set(range(10))


def test_the_seed_decides_the_order():
    assert take(make(seed=1), 12) == take(make(seed=1), 12)
    assert take(make(seed=1), 12) != take(make(seed=2), 12)


def test_images_stay_with_their_labels():
    labels = np.arange(20, dtype=np.uint8)
    images = np.broadcast_to(labels[:, None, None], (20, 3, 2))
    order = []
    for batch in itertools.islice(Batches((images, labels), 6, np.random.default_rng(0)), 9):
        chosen_images, chosen_labels = batch
        assert chosen_images.shape == (6, 3, 2)
        assert chosen_images.dtype == chosen_labels.dtype == np.uint8
        np.testing.assert_array_equal(chosen_images, np.broadcast_to(chosen_labels[:, None, None], (6, 3, 2)))
        order += chosen_labels.tolist()
    assert order[:18] != sorted(order[:18])


def test_a_single_array_gives_arrays_and_a_tuple_gives_tuples():
    assert isinstance(next(make()), np.ndarray)
    batch = next(Batches((np.arange(5),), 2, np.random.default_rng(0)))
    assert isinstance(batch, tuple) and len(batch) == 1


def test_writing_to_a_batch_leaves_the_data_alone():
    data = np.arange(6)
    next(Batches(data, 6, np.random.default_rng(0)))[:] = -1
    np.testing.assert_array_equal(data, np.arange(6))


# 10 examples in batches of 3: an epoch is 3 batches; 0, 3 and 6 are the ends of one
@pytest.mark.parametrize("done", range(8))
def test_a_restored_order_continues_exactly_on_a_new_object_with_another_seed(done):
    original = make(seed=1)
    take(original, done)
    saved = json.loads(json.dumps(original.state()))
    expected = take(original, 10)

    new = make(seed=99)
    take(new, 5)  # whatever it has done before
    new.restore(saved)
    assert take(new, 10) == expected


@pytest.mark.parametrize("done", range(5))
def test_taking_a_state_changes_nothing(done):
    watched, unwatched = make(), make()
    assert take(watched, done) == take(unwatched, done)
    watched.state()
    assert take(watched, 10) == take(unwatched, 10)


def test_a_state_stays_as_it_was_while_the_batches_go_on():
    batches = make()
    take(batches, 2)
    saved = batches.state()
    first = take(batches, 10)
    batches.restore(saved)
    assert take(batches, 10) == first
    batches.restore(saved)
    assert take(batches, 10) == first


def test_the_state_of_a_restored_order_is_the_same_state():
    batches, new = make(seed=1), make(seed=2)
    take(batches, 4)
    saved = batches.state()
    new.restore(saved)
    assert new.state() == saved


def test_a_restored_order_counts_what_else_was_drawn_from_the_generator():
    batches = make()
    take(batches, 2)
    batches.rng.random(5)  # nothing should, but a state that forgot it would silently change later epochs
    saved = batches.state()
    expected = take(batches, 10)
    new = make(seed=3)
    new.restore(saved)
    assert take(new, 10) == expected


@pytest.mark.parametrize("size, batch_size", [(11, 3), (9, 3), (10, 4)])
def test_the_state_of_other_data_or_another_batch_size_is_refused_and_changes_nothing(size, batch_size):
    batches, twin = make(10, 3), make(10, 3)
    with pytest.raises(ValueError, match=f"{size} examples in batches of {batch_size}.* 10 in batches of 3"):
        batches.restore(make(size, batch_size, seed=5).state())
    assert take(batches, 10) == take(twin, 10)


def test_arrays_of_different_lengths_are_an_error():
    with pytest.raises(ValueError, match=r"different lengths: \[4, 5\]"):
        Batches((np.zeros((5, 2)), np.zeros(4)), 2, np.random.default_rng(0))


@pytest.mark.parametrize("batch_size", [0, -1, 11])
def test_a_batch_size_of_none_or_of_more_than_there_are_is_an_error(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; choose 1 to 10"):
        make(10, batch_size)


@pytest.mark.parametrize("batch_size", [2.5, 2.0, "2"])
def test_a_batch_size_that_is_no_integer_is_an_error(batch_size):
    with pytest.raises(TypeError):
        make(10, batch_size)
