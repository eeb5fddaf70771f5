"""One call for a lesson's images, with or without a network."""

import os

from gan_course.data.digits import digits
from gan_course.data.image_sets import fashion, mnist
from gan_course.errors import DownloadError


def load(name="mnist", split="train", strict=False):
    """Return a data set; in place of MNIST the embedded digits, where there is no network to fetch it from.

    Parameters
    ----------
    name : str
        ``"mnist"``, ``"fashion"`` (Fashion-MNIST) or ``"digits"``.
    split : str
        ``"train"`` or ``"test"``.
    strict : bool
        Raise instead of falling back. The environment variable
        ``GAN_COURSE_STRICT=1`` does the same (a refresh of committed outputs sets it).

    Returns
    -------
    Dataset
        Its ``name`` says which one it is; a fallback prints one line.

    Raises
    ------
    DownloadError
        If Fashion-MNIST can't be fetched, or MNIST can't and ``strict`` is set.
    DataError
        If a data file or folder is at fault: that is for the reader to put right,
        and no reason to continue on other data.
    ValueError
        If the name or the split is unknown.
    """
    loaders = {"mnist": mnist, "fashion": fashion, "digits": digits}
    if name not in loaders:
        raise ValueError(f"unknown data {name!r}; choose 'mnist', 'fashion' or 'digits'.")
    try:
        return loaders[name](split)
    except DownloadError:
        if name != "mnist" or strict or os.environ.get("GAN_COURSE_STRICT") == "1":
            raise
        print(f"No network, so no MNIST: continuing on scikit-learn's embedded digits ({split}).")
        return digits(split)
