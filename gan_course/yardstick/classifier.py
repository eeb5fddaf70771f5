"""The frozen MNIST classifier through which every framework's samples are seen.

One ONNX file, run by ONNX Runtime: neither PyTorch nor TensorFlow is needed, and both are measured by the
same numbers. Made by ``gan_course.yardstick.train`` from MNIST's training images; 99.51 % on the test set.
"""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np

from gan_course.errors import DataError
from gan_course.yardstick.checks import check_images

FILE = Path(__file__).with_name("classifier.onnx")
# Never changes without making every recorded result again (floors.json is the first of them).
SHA256 = "ad089da1c2aad938a5c8df638c118f01f72475f87243bd8ad7cced30228d4366"
WIDTH = 64  # features: the penultimate layer, after its ReLU
CLASSES = 10
CHUNK = 500  # images at a time; the activations of 500 take some 100 MB


class Classifier:
    """A classifier in an ONNX file of the form that ``train.to_onnx`` writes.

    Parameters
    ----------
    content : bytes
        The whole file.
    threads : int or None
        ``None`` takes ``OMP_NUM_THREADS``, as NumPy does, and without it every core.
    """

    def __init__(self, content, threads=None):
        import onnxruntime  # costs a fifth of a second, and is needed only here

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _threads_wanted() if threads is None else threads
        # Threads that wait by spinning take the cores from a training run beside.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def look(self, images):
        """See :func:`look`."""
        images = check_images(images)
        features, logits = [], []
        for start in range(0, len(images), CHUNK):
            chunk = np.ascontiguousarray(images[start : start + CHUNK])
            seen = self._session.run(["features", "logits"], {"images": chunk})
            features.append(seen[0])
            logits.append(seen[1])
        return np.concatenate(features).astype(np.float64), _softmax(np.concatenate(logits).astype(np.float64))


def look(images):
    """Return what the frozen classifier sees in images.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28), 0 is black background and 255 white ink.

    Returns
    -------
    features : numpy.ndarray
        float64 (n, 64), the penultimate layer after its ReLU, so nothing is negative.
    probabilities : numpy.ndarray
        float64 (n, 10), of the digits 0 to 9.

    Raises
    ------
    ValueError
        If the images are of another shape or type. The message says how to convert them.
    DataError
        If the classifier's file is missing or isn't the frozen one.
    """
    return frozen().look(images)


@functools.cache
def frozen():
    """Return the package's own :class:`Classifier`, once its SHA-256 is right; else raise :class:`DataError`."""
    return Classifier(_read(FILE))


def _read(path):
    advice = "Install gan_course again, or in a clone `git checkout` the file."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the yardstick's classifier can't be read: {path} ({error.strerror}). {advice}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise DataError(
            f"{path} is not the frozen classifier: its SHA-256 is {found}, expected {SHA256}. "
            f"Scores of another classifier can't be compared with any recorded result. {advice}"
        )
    return content


def _threads_wanted():
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(wanted) if wanted.isdecimal() else 0  # 0: ONNX Runtime takes every core


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
