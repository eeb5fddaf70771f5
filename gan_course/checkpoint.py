"""One safetensors file that a run resumes from exactly, whatever the framework.

Arrays (parameters, buffers, optimiser moments, random states) are its tensors, named
``object/key``; everything else is JSON in its metadata. The file is written beside its
place and renamed into it, so that there is always one whole checkpoint.
"""

import json
import os
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from gan_course import adapters
from gan_course.errors import CheckpointError

FORMAT = 1


def save(path, state, facts, tables=None):
    """Write a checkpoint, or leave the old one as it was.

    Parameters
    ----------
    path : path-like
        The file. Its folder must exist.
    state : dict
        Name to object: modules, optimisers, generators, arrays. What layers draw from
        unasked (:func:`gan_course.adapters.ambient`) is added to it.
    facts : dict
        JSON-able: which run this is, its step, the data order.
    tables : dict, optional
        Name to NumPy array, for what belongs to the run and to no object (its history).

    Raises
    ------
    CheckpointError
        If the file can't be written (a full disk, a read-only folder).
    TypeError
        If an object is of no framework known.
    """
    tensors, values = {f"/{name}": np.array(table, order="C") for name, table in (tables or {}).items()}, {}
    for name, obj in {**state, **adapters.ambient()}.items():
        for key, value in adapters.of(obj).arrays(obj).items():
            if isinstance(value, np.ndarray):
                tensors[f"{name}/{key}"] = np.array(value, order="C")
            else:
                values[f"{name}/{key}"] = value
    metadata = {"format": str(FORMAT), "facts": json.dumps(facts), "values": json.dumps(values)}
    _write(Path(path), safetensors.numpy.save(tensors, metadata))


def _write(path, content):
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(
            f"The checkpoint {path} could not be written: {error.strerror}. An earlier one is untouched, and the "
            "networks are still in memory. Free some space, or set GAN_COURSE_RUNS to a folder that can be written."
        ) from error


def read(path):
    """Return ``(facts, tables, saved)`` of a checkpoint.

    ``facts`` and ``tables`` are what :func:`save` was given; ``saved`` is name to the
    dict of that object's arrays and values.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another format.
    """
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            tensors = {key: np.array(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"The checkpoint {path} can't be read ({error}). Delete it, and start afresh.") from error
    if metadata.get("format") != str(FORMAT):
        raise CheckpointError(f"{path} is not a checkpoint of this version of the course. Delete it, and start afresh.")
    saved, tables = {}, {}
    for key, value in {**tensors, **json.loads(metadata["values"])}.items():
        name, _, key = key.partition("/")
        (saved.setdefault(name, {}) if name else tables)[key] = value
    return json.loads(metadata["facts"]), tables, saved


def restore(path, state, saved):
    """Write what :func:`read` returned as ``saved`` into the objects, in place.

    Raises
    ------
    CheckpointError
        If it holds other objects, or objects of another architecture.
    """
    objects = {**state, **adapters.ambient()}
    if missing := sorted(state.keys() - saved.keys()) + sorted(saved.keys() - objects.keys()):
        raise CheckpointError(f"{path} is of other objects: {', '.join(missing)} only on one side. Start afresh.")
    for name in saved:
        try:
            adapters.of(objects[name]).restore(objects[name], saved[name])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{path} does not fit this {name}: {error} Start afresh.") from error
