"""What every image loader returns."""

from dataclasses import dataclass

import numpy as np

# what each label stands for
CLASS_NAMES = dict.fromkeys(("mnist", "digits"), tuple("0123456789"))
CLASS_NAMES["fashion"] = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels; unpacks as ``images, labels``.

    Attributes
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28), 0 is black background and 255 white ink.
    labels : numpy.ndarray
        uint8 (n,), 0 to 9: the digits, or Fashion-MNIST's ten kinds of clothes.
    name : str
        ``"mnist"``, ``"fashion"`` or ``"digits"``.
    class_names : tuple of str
        What each of the ten labels stands for.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str

    @property
    def class_names(self):
        return CLASS_NAMES[self.name]

    def __iter__(self):
        return iter((self.images, self.labels))

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        return f"Dataset({self.name!r}, images {self.images.shape} {self.images.dtype}, labels {self.labels.shape})"
