"""NumPy: arrays, and random generators whose state is integers (PCG64, the default)."""

import numpy as np


def arrays(obj):
    if isinstance(obj, np.random.Generator):
        return {"state": obj.bit_generator.state}
    if isinstance(obj, np.ndarray):
        return {"value": obj.copy()}
    raise TypeError(f"a {type(obj).__name__} can't be saved; pass an array or a Generator.")


def restore(obj, saved):
    if isinstance(obj, np.random.Generator):
        obj.bit_generator.state = saved["state"]
    elif obj.shape != saved["value"].shape:
        raise ValueError(f"saved with the shape {saved['value'].shape}, here it is {obj.shape}.")
    else:
        obj[...] = saved["value"]


def ambient(wanted=()):
    return {}  # lessons never use np.random's global generator
