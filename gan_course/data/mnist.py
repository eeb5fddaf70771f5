"""MNIST from its four canonical gzip files, always checked, never unpickled.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
to document recognition", Proc. IEEE 86(11), 1998. The files' licence is named in the README.
"""

import errno
import hashlib
import logging
import os
import warnings
from pathlib import Path

from gan_course.data.dataset import Dataset
from gan_course.data.idx import read_idx
from gan_course.errors import DataError, DownloadError

VARIABLE = "GAN_COURSE_DATA"

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

# (file, SHA-256, shape) of a split's images and labels
FILES = {
    "train": (
        (
            "train-images-idx3-ubyte.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            (60000, 28, 28),
        ),
        ("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", (60000,)),
    ),
    "test": (
        (
            "t10k-images-idx3-ubyte.gz",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            (10000, 28, 28),
        ),
        ("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", (10000,)),
    ),
}

TIMEOUT_S = 10  # for a mirror's first answer, and between two pieces of it


def mnist(split="train"):
    """Return MNIST's 60,000 training images or its 10,000 test images.

    The files are looked for in ``$GAN_COURSE_DATA/mnist``; if that variable is not
    set, in the user's cache folder; if they are not there, they are downloaded into it.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    Dataset
        Unpacks as ``images, labels``: uint8 (n, 28, 28) in 0..255, uint8 (n,) in 0..9.

    Raises
    ------
    DataError
        If ``$GAN_COURSE_DATA`` is set but holds no intact MNIST, or the cache folder can't be used.
    DownloadError
        If no mirror sends the files (no network, a cut connection, wrong contents).
    ValueError
        If ``split`` is not one of the two.
    """
    if split not in FILES:
        raise ValueError(f"unknown split {split!r}; choose 'train' or 'test'.")
    folder = os.environ.get(VARIABLE)
    images, labels = (
        _read_file(Path(os.path.expanduser(folder)) / "mnist" / file[0], file) if folder else _read_cached(file)
        for file in FILES[split]
    )
    return Dataset(images, labels, "mnist")


def cache_folder():
    """Return the folder that downloads are kept in (a ``pathlib.Path``; it need not exist)."""
    import platformdirs  # costs some milliseconds, and is needed only here

    return Path(platformdirs.user_cache_dir("gan_course")) / "mnist"


def _read_file(path, file):
    """Read a file of the folder that the reader named: any fault is an error, nothing is replaced."""
    name, sha256, shape = file
    advice = f"Put MNIST's four .gz files into {path.parent}, or unset {VARIABLE} to use the cache or a download."
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{VARIABLE} is set, but there is no {path}. {advice}") from error
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}). {advice}") from error
    try:
        return parse(content, sha256, shape)
    except DataError as error:
        raise DataError(f"{path}: {error} {advice}") from error


def parse(content, sha256, shape):
    """Return the array in a file's bytes, once its hash and its shape are right; else raise :class:`DataError`."""
    if hashlib.sha256(content).hexdigest() != sha256:
        if content.lstrip()[:1] == b"<":
            raise DataError("an HTML page, not the data file.")
        read_idx(content)  # says what is wrong with a truncated or foreign file
        raise DataError("an IDX file, but not MNIST's (its SHA-256 differs).")
    array = read_idx(content)
    if array.shape != shape:
        raise DataError(f"has the shape {array.shape} instead of {shape}.")
    return array


def _read_cached(file):
    name, sha256, shape = file
    path = cache_folder() / name
    if _sha256(path) != sha256:  # a damaged file in the cache is fetched again
        _download(path, sha256)
    return parse(path.read_bytes(), sha256, shape)


def _sha256(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None  # no file
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}). Make it readable, or delete it.") from error


def _download(path, sha256):
    """Fetch one file into the cache. pooch writes beside it, checks the hash, and only then renames."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a kernel without widgets, pooch's tqdm complains on stderr
        import pooch
    import requests
    import urllib3

    _check_writable(path.parent)
    pooch.get_logger().setLevel(logging.WARNING)  # its log would go to stderr
    reasons = []
    for mirror in MIRRORS:
        try:
            pooch.retrieve(
                mirror + path.name,
                known_hash=f"sha256:{sha256}",
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
            )
            print(f"Downloaded {mirror}{path.name}")
            return
        except ValueError:  # pooch's word for a wrong hash
            reasons.append(f"{mirror}: sent something else than the file (a log-in page? a cut connection?)")
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reasons.append(f"{mirror}: {type(error).__name__}")
        except OSError as error:
            raise _disk_error(path.parent, error) from error
    raise DownloadError(
        f"{path.name} could not be downloaded:\n  "
        + "\n  ".join(reasons)
        + f"\nConnect to the internet, or put MNIST's four .gz files into a folder D/mnist and set {VARIABLE}=D."
    )


def _check_writable(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _disk_error(folder, error) from error


def _disk_error(folder, error):
    what = "The disk is full" if error.errno == errno.ENOSPC else f"{error.strerror or error}"
    return DataError(
        f"MNIST can't be saved in {folder}: {what}. Free some space there or make the folder writable, "
        f"or set {VARIABLE} to a folder that holds mnist/ already."
    )
