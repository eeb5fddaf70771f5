"""The frozen classifiers through which every framework's samples are seen, one for each data set.

Each is an ONNX file, run by ONNX Runtime: neither PyTorch nor TensorFlow is needed, and both are measured by the
same numbers. Made by ``gan_course.yardstick.train`` from the training images; MNIST's is right
for 99.51 % of the test images.
"""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np

from gan_course.errors import DataError
from gan_course.yardstick.checks import check_images

FOLDER = Path(__file__).parent
# Never change without making every recorded result again (the floors are the first of them).
SHA256 = {
    "mnist": "ad089da1c2aad938a5c8df638c118f01f72475f87243bd8ad7cced30228d4366",
}
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
        from scipy.special import softmax

        logits = np.concatenate(logits).astype(np.float64)
        return np.concatenate(features).astype(np.float64), softmax(logits, axis=1)


def look(images, data="mnist"):
    """Return the features and class probabilities that the frozen classifier finds in images.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28), 0 is black background and 255 white ink.
    data : str
        ``"mnist"`` or ``"fashion"``: whose classifier looks.

    Returns
    -------
    features : numpy.ndarray
        float64 (n, 64), the penultimate layer after its ReLU, so nothing is negative.
    probabilities : numpy.ndarray
        float64 (n, 10), of the classes 0 to 9.

    Raises
    ------
    ValueError
        If the images are of another shape or type (the message says how to convert them), or there is no
        classifier for the data.
    DataError
        If the classifier's file is missing or isn't the frozen one.
    """
    return frozen(check_data(data)).look(images)


def check_data(data):
    """Return the name of a data set, if there is a classifier for it; else raise ValueError."""
    if data not in SHA256:
        known = " and ".join(map(repr, SHA256))
        raise ValueError(
            f"samples of {data!r} can't be judged: there are classifiers for {known} only. Train on one of them, "
            "or skip the judgement where dataset.name is neither."
        )
    return data


@functools.cache
def frozen(data):
    """Return a data set's :class:`Classifier`, once its file's SHA-256 is right; else raise :class:`DataError`."""
    return Classifier(_read(FOLDER / f"classifier_{data}.onnx", SHA256[data]))


def _read(path, sha256):
    advice = "Install gan_course again, or in a clone `git checkout` the file."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the yardstick's classifier can't be read: {path} ({error.strerror}). {advice}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path} is not the frozen classifier: its SHA-256 is {found}, expected {sha256}. "
            f"Scores of another classifier can't be compared with any recorded result. {advice}"
        )
    return content


def _threads_wanted():
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(wanted) if wanted.isdecimal() else 0  # 0: ONNX Runtime takes every core
