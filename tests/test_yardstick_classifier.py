"""The frozen classifiers: their files, what they see, and what they refuse."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from gan_course.data import digits, mnist
from gan_course.errors import DataError
from gan_course.yardstick import classifier, look
from gan_course.yardstick.classifier import FOLDER, SHA256, WIDTH, Classifier

needs_mnist = pytest.mark.skipif(
    not os.environ.get("GAN_COURSE_DATA"), reason="GAN_COURSE_DATA is not set: no folder with the real MNIST to read"
)


@pytest.fixture(scope="module")
def images():
    return digits("test").images


@pytest.fixture
def no_session():
    """Let the next look load the file again, and the test after this one, too."""
    classifier.frozen.cache_clear()
    yield
    classifier.frozen.cache_clear()


def file_of(data):
    return FOLDER / f"classifier_{data}.onnx"


@pytest.mark.parametrize("data", SHA256)
def test_the_file_is_the_frozen_one_and_below_500_kb(data):
    content = file_of(data).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256[data]
    assert len(content) < 500_000


@needs_mnist
def test_at_least_99_4_percent_of_the_real_test_set():
    images, labels = mnist("test")
    assert np.mean(look(images)[1].argmax(axis=1) == labels) >= 0.994


def test_other_handwriting_is_read_too():
    # 8x8 pixels enlarged, never seen in training: 95 %
    images, labels = digits("train")
    assert np.mean(look(images)[1].argmax(axis=1) == labels) > 0.9


def test_features_and_probabilities_have_the_promised_form(images):
    features, probabilities = look(images)
    assert (features.shape, features.dtype) == ((297, WIDTH), np.float64)
    assert WIDTH == 64
    assert features.min() == 0  # after the ReLU
    assert (probabilities.shape, probabilities.dtype) == ((297, 10), np.float64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)


def test_it_is_deterministic_whatever_the_threads_and_the_chunks(images, monkeypatch):
    features, probabilities = look(images)
    content = file_of("mnist").read_bytes()
    for threads in (1, 2):
        again = Classifier(content, threads=threads).look(images)
        np.testing.assert_array_equal(again[0], features)
        np.testing.assert_array_equal(again[1], probabilities)
    monkeypatch.setattr(classifier, "CHUNK", 100)  # 297 is no multiple of it
    again = look(images)
    # another number of rows may take another path through the matrix product: the last bits of float32
    np.testing.assert_allclose(again[0], features, atol=1e-4)
    np.testing.assert_allclose(again[1], probabilities, atol=1e-5)


def test_every_image_is_seen_by_itself(images):
    order = np.random.default_rng(0).permutation(len(images))
    np.testing.assert_allclose(look(images[order])[0], look(images)[0][order], atol=1e-4)


def test_a_view_of_other_strides_is_seen_as_its_copy(images):
    view = images[:, ::-1].transpose(0, 2, 1)
    np.testing.assert_array_equal(look(view)[0], look(view.copy())[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x / 255, r"the images are float64, expected uint8 in 0..255. From \[-1, 1\]: np.rint"),
        (lambda x: x.astype(np.int64), "the images are int64"),
        (lambda x: x[:, None], r"the shape \(297, 1, 28, 28\).*\.reshape\(-1, 28, 28\)"),
        (lambda x: x.reshape(297, 784), r"the shape \(297, 784\)"),
        (lambda x: x[0], r"the shape \(28, 28\)"),
        (lambda x: x[:, :8, :8], r"the shape \(297, 8, 8\)"),
        (lambda x: x[:0], r"the shape \(0, 28, 28\).*n of 1 or more"),
    ],
)
def test_other_images_are_an_error_that_says_how_to_convert_them(images, wrong, message):
    with pytest.raises(ValueError, match=message):
        look(wrong(images))


def test_the_conversion_in_the_error_is_right(images):
    x = images / 127.5 - 1  # what a generator with tanh gives
    np.testing.assert_array_equal(np.rint((x + 1) * 127.5).clip(0, 255).astype(np.uint8), images)


def test_another_file_is_refused(images, no_session, tmp_path, monkeypatch):
    other = bytearray(file_of("mnist").read_bytes())
    other[len(other) // 2] ^= 1  # one bit of one weight
    (tmp_path / "classifier_mnist.onnx").write_bytes(other)
    monkeypatch.setattr(classifier, "FOLDER", tmp_path)
    with pytest.raises(DataError, match="is not the frozen classifier: its SHA-256 is .* Install gan_course again"):
        look(images)


def test_a_missing_file_is_an_error_that_names_it(images, no_session, tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "FOLDER", tmp_path)
    with pytest.raises(DataError, match="classifier_mnist.onnx .*Install gan_course again"):
        look(images)


@pytest.mark.parametrize(("setting", "threads"), [("1", 1), ("4", 4), ("2,1", 2), ("", 0), ("many", 0)])
def test_the_threads_are_those_of_numpy(monkeypatch, setting, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    assert classifier._threads_wanted() == threads


def test_importing_the_yardstick_loads_no_framework_and_no_session():
    code = "import sys, gan_course.yardstick; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "tensorflow", "onnx", "onnxruntime", "sklearn", "scipy", "matplotlib"}


def test_judging_needs_neither_pytorch_nor_onnx():
    code = "import sys, numpy; from gan_course.yardstick import look; look(numpy.zeros((1, 28, 28), 'uint8')); "
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "tensorflow", "onnx"}
