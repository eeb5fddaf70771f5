"""scikit-learn's handwritten digits, brought to MNIST's form: real data that needs no network.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository, 1998, doi:10.24432/C50P49 (8x8 images, 17 grey levels).
"""

import numpy as np

from gan_course.data.dataset import Dataset

TRAIN_SIZE = 1500
BOX = 20  # MNIST: a digit fills a 20x20 box, placed in 28x28 so that its centre of mass is the pixel (14, 14)
SIDE, MIDDLE = 28, 14


def digits(split="train"):
    """Return 1,500 training or 297 test images of handwritten digits in MNIST's form.

    Each 8x8 image is enlarged to 20x20 by cubic splines and placed in 28x28 so that its
    centre of mass is the pixel (14, 14), as MNIST's were.

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
    ValueError
        If ``split`` is not one of the two.
    """
    if split not in ("train", "test"):
        raise ValueError(f"unknown split {split!r}; choose 'train' or 'test'.")
    from scipy import ndimage  # a second to import, and needed only here
    from sklearn.datasets import load_digits

    bunch = load_digits()
    part = slice(None, TRAIN_SIZE) if split == "train" else slice(TRAIN_SIZE, None)
    small = bunch.images[part] / 16
    large = ndimage.zoom(small, (1, BOX / 8, BOX / 8), order=3, mode="grid-constant", grid_mode=True).clip(0, 1)
    images = np.stack([_centred(image) for image in np.rint(large * 255).astype(np.uint8)])
    return Dataset(images, bunch.target[part].astype(np.uint8), "digits")


def _centred(image):
    """Place a (20, 20) image in (28, 28) with its centre of mass at the pixel (14, 14), as far as it fits."""
    rows, columns = np.indices(image.shape)
    ink = image.sum()
    top, left = (int(np.clip(round(MIDDLE - (axis * image).sum() / ink), 0, SIDE - BOX)) for axis in (rows, columns))
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    canvas[top : top + BOX, left : left + BOX] = image
    return canvas
