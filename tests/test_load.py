"""`load`: a data set by name; instead of MNIST the digits with one visible line, and for no other reason."""

import dataclasses
import importlib

import numpy as np
import pytest

from gan_course.data import Dataset, digits, image_sets, load
from gan_course.errors import DataError, DownloadError

# `gan_course.data.load` is the function; the module of this name is reached by import_module only
load_module = importlib.import_module("gan_course.data.load")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    monkeypatch.delenv("GAN_COURSE_STRICT", raising=False)
    monkeypatch.delenv("GAN_COURSE_DATA", raising=False)


@pytest.fixture
def mnist_raises(monkeypatch):
    def arrange(error):
        def mnist(split):
            raise error

        monkeypatch.setattr(load_module, "mnist", mnist)

    return arrange


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """The real thing: an empty cache, and a mirror at a port where nobody listens."""
    monkeypatch.setattr(image_sets, "cache_folder", lambda: tmp_path / "cache")
    for name, images in list(image_sets.SETS.items()):
        monkeypatch.setitem(image_sets.SETS, name, dataclasses.replace(images, mirrors=("http://127.0.0.1:1/",)))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("split", ["train", "test"])
def test_mnist_is_given_where_it_can_be_had_without_a_word(monkeypatch, capsys, split):
    blank = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)
    given = {name: Dataset(*blank, "mnist") for name in ("train", "test")}
    monkeypatch.setattr(load_module, "mnist", given.get)
    assert load("mnist", split) is given[split]
    assert capsys.readouterr() == ("", "")


def test_the_defaults_are_mnist_and_train(monkeypatch):
    monkeypatch.setattr(load_module, "mnist", lambda split: f"mnist {split}")
    assert load() == "mnist train"


@pytest.mark.parametrize("split, size", [("train", 1500), ("test", 297)])
def test_without_a_network_it_gives_the_digits_with_exactly_one_line(mnist_raises, capsys, split, size):
    mnist_raises(DownloadError("no mirror"))
    dataset = load("mnist", split)
    assert (dataset.name, len(dataset)) == ("digits", size)
    np.testing.assert_array_equal(dataset.labels, digits(split).labels)
    captured = capsys.readouterr()
    assert captured.err == ""  # notebooks show it as a red box
    (line,) = captured.out.splitlines()
    assert "No network" in line and "MNIST" in line and "digits" in line and split in line


def test_a_download_that_fails_for_real_says_so_once(offline, capsys):
    assert load("mnist", "test").name == "digits"
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines() == [
        "No network, so no MNIST: continuing on scikit-learn's embedded digits (test)."
    ]


def test_fashion_mnist_has_no_stand_in(offline, capsys):
    with pytest.raises(DownloadError, match="Fashion-MNIST's .* could not be downloaded"):
        load("fashion", "test")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("value", ["", "0"])
def test_a_strict_variable_of_another_value_is_not_strict(mnist_raises, monkeypatch, value):
    monkeypatch.setenv("GAN_COURSE_STRICT", value)
    mnist_raises(DownloadError("no mirror"))
    assert load("mnist", "test").name == "digits"


def test_strict_raises_instead_of_falling_back(mnist_raises, capsys):
    error = DownloadError("no mirror")
    mnist_raises(error)
    with pytest.raises(DownloadError) as caught:
        load("mnist", strict=True)
    assert caught.value is error
    assert capsys.readouterr() == ("", "")


def test_the_strict_variable_raises_instead_of_falling_back(mnist_raises, monkeypatch, capsys):
    monkeypatch.setenv("GAN_COURSE_STRICT", "1")
    error = DownloadError("no mirror")
    mnist_raises(error)
    with pytest.raises(DownloadError) as caught:
        load("mnist")
    assert caught.value is error
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [DataError("damaged"), OSError("disk"), ValueError("bug"), KeyboardInterrupt()])
def test_no_other_error_makes_it_fall_back(mnist_raises, capsys, error):
    mnist_raises(error)
    with pytest.raises(type(error)) as caught:
        load("mnist")
    assert caught.value is error
    assert capsys.readouterr() == ("", "")


def test_a_data_folder_without_mnist_does_not_make_it_fall_back(offline, monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="GAN_COURSE_DATA") as caught:
        load("mnist")
    assert not isinstance(caught.value, DownloadError)


def test_the_digits_can_be_asked_for_without_a_word_even_strictly(mnist_raises, capsys):
    mnist_raises(AssertionError("the digits don't need MNIST"))
    dataset = load("digits", "test", strict=True)
    assert (dataset.name, len(dataset)) == ("digits", 297)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["MNIST", "fashion-mnist", "", None])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(mnist_raises, name):
    mnist_raises(DownloadError("no mirror"))  # must not be taken for a name that can't be downloaded
    with pytest.raises(ValueError, match=f"unknown data {name!r}; choose 'mnist', 'fashion' or 'digits'"):
        load(name)


@pytest.mark.parametrize("name", ["mnist", "fashion", "digits"])
def test_an_unknown_split_is_an_error_for_each(offline, name):
    with pytest.raises(ValueError, match="unknown split 'validation'; choose 'train' or 'test'"):
        load(name, "validation")
