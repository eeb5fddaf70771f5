"""What the yardstick refuses to measure, with a word on how to put it right."""

import numpy as np

SIDE = 28


def check_images(images, name="images"):
    """Return images as an array, if they are uint8 (n, 28, 28) with n of 1 or more; else raise ValueError."""
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(
            f"the {name} are {images.dtype}, expected uint8 in 0..255. From [-1, 1]: "
            "np.rint((x + 1) * 127.5).clip(0, 255).astype(np.uint8); from [0, 1]: the same with x * 255."
        )
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise ValueError(
            f"the {name} have the shape {images.shape}, expected (n, {SIDE}, {SIDE}) with n of 1 or more. "
            f"A channel or flat pixels go away by .reshape(-1, {SIDE}, {SIDE})."
        )
    return images


def check_features(features, name="features", at_least=2):
    """Return features as float64 (n, d), if they are finite and n is ``at_least``; else raise ValueError."""
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < at_least or not features.shape[1]:
        raise ValueError(f"the {name} have the shape {features.shape}, expected (n, d) with n of {at_least} or more.")
    if not np.isfinite(features).all():
        raise ValueError(f"the {name} hold NaN or infinity: look at the samples, the network may have diverged.")
    return features


def check_pair(samples, reference, at_least=2):
    """Return both as :func:`check_features` does, if they are of one width; else raise ValueError."""
    samples = check_features(samples, "samples' features", at_least)
    reference = check_features(reference, "reference's features", at_least)
    if samples.shape[1] != reference.shape[1]:
        raise ValueError(
            f"the samples have {samples.shape[1]} features and the reference {reference.shape[1]}: "
            "take both from the same layer of the same network."
        )
    return samples, reference


def check_probabilities(probabilities):
    """Return class probabilities as float64 (n, k), if every row sums to 1; else raise ValueError."""
    probabilities = check_features(probabilities, "probabilities", at_least=1)
    if probabilities.min() < 0 or not np.allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-5):
        raise ValueError("the rows aren't probabilities: each must be 0 or more and sum to 1. Are they logits?")
    return probabilities


def check_labels(labels, n, classes):
    """Return labels as an integer array (n,), if they are 0 to ``classes - 1``; else raise ValueError."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(f"the labels are {labels.dtype} {labels.shape}, expected one integer for each of {n}.")
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"the labels go from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}.")
    return labels
