"""What every image loader returns."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels; unpacks as ``images, labels``.

    Attributes
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28), 0 is black background and 255 white ink.
    labels : numpy.ndarray
        uint8 (n,), the digits 0 to 9.
    name : str
        ``"mnist"`` or ``"digits"``.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str

    def __iter__(self):
        return iter((self.images, self.labels))

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        return f"Dataset({self.name!r}, images {self.images.shape} {self.images.dtype}, labels {self.labels.shape})"
