"""MNIST and Fashion-MNIST, each from its four gzip files: always checked, never unpickled.

Sources: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proc. IEEE 86(11), 1998; H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms", 2017, arXiv:1708.07747. The README names their licences.
"""

import errno
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from gan_course.data.dataset import Dataset
from gan_course.data.idx import MAX_VALUES, read_idx, sha256_of
from gan_course.errors import DataError, DownloadError

VARIABLE = "GAN_COURSE_DATA"
TIMEOUT_S = 10  # for a mirror's first answer, and between two pieces of it

FILES = {  # a split's images and labels
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


@dataclass(frozen=True)
class ImageSet:
    """Where a data set comes from, and how its files are recognised.

    Attributes
    ----------
    title : str
    folder : str
        Below ``$GAN_COURSE_DATA``, and below the cache folder.
    mirrors : tuple of str
        Addresses of folders that hold the files.
    sha256 : dict
        File name to two SHA-256: of the ``.gz`` file that the mirrors send, and of its unpacked content.
        A file is known by its content, because others may have compressed it again.
    """

    title: str
    folder: str
    mirrors: tuple
    sha256: dict


SETS = {
    "mnist": ImageSet(
        "MNIST",
        "mnist",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images-idx3-ubyte.gz": (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            "train-labels-idx1-ubyte.gz": (
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            "t10k-images-idx3-ubyte.gz": (
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
    ),
    "fashion": ImageSet(
        "Fashion-MNIST",
        "fashion-mnist",
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        {
            "train-images-idx3-ubyte.gz": (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            "train-labels-idx1-ubyte.gz": (
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            "t10k-images-idx3-ubyte.gz": (
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        },
    ),
}


def mnist(split="train"):
    """Return MNIST's 60,000 training images or its 10,000 test images, as :func:`read` does."""
    return read("mnist", split)


def fashion(split="train"):
    """Return Fashion-MNIST's 60,000 training images or its 10,000 test images, as :func:`read` does."""
    return read("fashion", split)


def read(name, split):
    """Return a split of a data set from its files.

    The files are looked for in ``$GAN_COURSE_DATA/mnist`` (``fashion-mnist``); if that variable is not set,
    in the user's cache folder; if they are not there, they are downloaded into it.

    Parameters
    ----------
    name : str
        ``"mnist"`` or ``"fashion"``.
    split : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    Dataset
        Unpacks as ``images, labels``: uint8 (n, 28, 28) in 0..255, uint8 (n,) in 0..9.

    Raises
    ------
    DataError
        If ``$GAN_COURSE_DATA`` is set but doesn't hold the files intact, or the cache folder can't be used.
    DownloadError
        If no mirror sends the files (no network, a cut connection, wrong contents).
    ValueError
        If ``split`` is not one of the two.
    """
    if split not in FILES:
        raise ValueError(f"unknown split {split!r}; choose 'train' or 'test'.")
    read_file = _read_own if os.environ.get(VARIABLE) else _read_cached
    images, labels = (read_file(name, file) for file in FILES[split])
    return Dataset(images, labels, name)


def cache_folder():
    """Return the folder that downloads are kept in (a ``pathlib.Path``; it need not exist)."""
    import platformdirs  # costs some milliseconds, and is needed only here

    return Path(platformdirs.user_cache_dir("gan_course"))


def folder_of(name):
    """Return the folder in which a data set's files are looked for (a ``pathlib.Path``; it need not exist)."""
    folder = os.environ.get(VARIABLE)
    return (Path(os.path.expanduser(folder)) if folder else cache_folder()) / SETS[name].folder


def faults(name):
    """Return what is wrong with a data set's files: name to "not there", "not readable" or "damaged" (dict)."""
    found = {}
    for file in SETS[name].sha256:
        try:
            parse(_bytes(folder_of(name) / file), name, file)
        except (FileNotFoundError, NotADirectoryError):
            found[file] = "not there"
        except OSError:
            found[file] = "not readable"
        except DataError:
            found[file] = "damaged"
    return found


def parse(content, name, file):
    """Return the array in a ``.gz`` file's bytes, if they hold what this file of the data set holds.

    Raises
    ------
    DataError
        If they don't: cut short, an HTML page, another format, or other values.
    """
    if content.lstrip()[:1] == b"<":
        raise DataError("an HTML page, not the data file.")
    array = read_idx(content)
    if sha256_of(array) != SETS[name].sha256[file][1]:
        raise DataError(f"an IDX file, but not {SETS[name].title}'s (its SHA-256 differs).")
    return array


def _bytes(path):
    with path.open("rb") as file:
        return file.read(MAX_VALUES)  # no file has as many, and an endless device has no end


def _read_own(name, file):
    """Read a file of the folder that the reader named: any fault is an error, nothing is replaced."""
    path = folder_of(name) / file
    advice = f"Put {SETS[name].title}'s four .gz files into {path.parent}, or unset {VARIABLE}: "
    advice += "then they are looked for in the cache, and downloaded."
    try:
        return parse(_bytes(path), name, file)
    except FileNotFoundError as error:
        raise DataError(f"{VARIABLE} is set, but there is no {path}. {advice}") from error
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}). {advice}") from error
    except DataError as error:
        raise DataError(f"{path}: {error} {advice}") from error


def _read_cached(name, file):
    """Read a file of the cache. One that isn't there or is damaged is downloaded: whole, or not at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a kernel without widgets, pooch's tqdm complains on stderr
        import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)  # its log would go to stderr
    images, folder = SETS[name], folder_of(name)
    reasons = []
    for mirror in images.mirrors:  # another mirror is the better second try
        cache = pooch.create(folder, mirror, registry={file: f"sha256:{images.sha256[file][0]}"})
        try:
            path = cache.fetch(file, _say_if_downloaded, pooch.HTTPDownloader(timeout=TIMEOUT_S))
            return parse(_bytes(Path(path)), name, file)
        except ValueError:  # pooch's word for a wrong hash
            reasons.append(f"{mirror}: sent something else than the file (a log-in page? a cut connection?)")
        except requests.RequestException as error:
            reasons.append(f"{mirror}: {type(error).__name__}")
        except OSError as error:
            what = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or error
            raise DataError(
                f"{folder / file} can't be read or saved: {what}. Free some space there, or make the folder readable "
                f"and writable, or set {VARIABLE} to a folder that holds {images.folder}/ already."
            ) from error
    raise DownloadError(
        f"{images.title}'s {file} could not be downloaded:\n  "
        + "\n  ".join(reasons)
        + f"\nConnect to the internet, or put {images.title}'s four .gz files into a folder D/{images.folder} "
        f"and set {VARIABLE}=D."
    )


def _say_if_downloaded(path, action, cache):
    if action != "fetch":  # pooch's word for "it was there"
        print(f"Downloaded {cache.get_url(Path(path).name)}")
    return path
