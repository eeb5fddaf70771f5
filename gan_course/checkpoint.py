"""One safetensors file that a run resumes from exactly, whatever the framework.

Arrays (parameters, buffers, optimiser moments, random states) are its tensors, named
``object/key``; everything else is JSON in its metadata, beside a checksum over it all. The
file is written beside its place and renamed into it, so that there is always one whole
checkpoint, also when the process is killed while it writes.
"""

import contextlib
import json
import os
import zlib
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

import gan_course
from gan_course import adapters
from gan_course.errors import CheckpointError

FORMAT = 2  # 1 had no checksum
AFRESH = "Make it as it was to go on, or start afresh with Run(..., resume=False)."


def prepare(path, state):
    """Find out before the first step, not after the first thousand, that a checkpoint could not be written.

    What a killed process left half written is removed.

    Raises
    ------
    CheckpointError
        If the folder can't be written, or an object is not built yet.
    TypeError
        If an object is of no framework known.
    """
    for name, obj in state.items():
        _arrays(name, obj)
    part = _part(Path(path))
    try:
        with open(part, "wb"):
            pass
        part.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


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
        If the file can't be written (a full disk, a read-only folder), or an object is not built yet.
    TypeError
        If an object is of no framework known.
    """
    tensors, values = {f"/{name}": np.array(table, order="C") for name, table in (tables or {}).items()}, {}
    for name, obj in {**state, **adapters.ambient()}.items():
        for key, value in _arrays(name, obj).items():
            if isinstance(value, np.ndarray):
                tensors[f"{name}/{key}"] = np.array(value, order="C")
            else:
                values[f"{name}/{key}"] = value
    metadata = {
        "format": str(FORMAT),
        "course": gan_course.__version__,
        "facts": json.dumps(facts),
        "values": json.dumps(values),
    }
    metadata["checksum"] = _checksum(metadata, tensors)
    _write(Path(path), safetensors.numpy.save(tensors, metadata))


def _arrays(name, obj):
    try:
        return adapters.of(obj).arrays(obj)
    except CheckpointError as error:
        raise CheckpointError(f"{name}: {error}") from error


def _checksum(metadata, tensors):
    """Return a CRC-32 (hex) over every name, type, shape and value.

    It is against accidents, not against people: a BLAKE2b takes a quarter of the time of a whole checkpoint, this a
    fifteenth.
    """
    checksum = 0
    for key, text in sorted(metadata.items()):
        checksum = zlib.crc32(json.dumps([key, text]).encode(), checksum)
    for key, array in sorted(tensors.items()):
        checksum = zlib.crc32(json.dumps([key, array.dtype.str, array.shape]).encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).view(np.uint8), checksum)
    return f"{checksum:08x}"


def _part(path):
    return path.with_name(path.name + ".part")


def _write(path, content):
    part = _part(path)
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path, error):
    return CheckpointError(
        f"The checkpoint {path} could not be written: {error.strerror or error}. An earlier one is untouched, and the "
        "networks are still in memory: free some space and run this cell again to go on. Or set GAN_COURSE_RUNS to a "
        "folder that can be written, before the run is made."
    )


def read(path):
    """Return ``(facts, tables, saved)`` of a checkpoint.

    ``facts`` and ``tables`` are what :func:`save` was given; ``saved`` is name to the
    dict of that object's arrays and values.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged (one flipped bit is enough) or of another format.
    """
    try:
        with safetensors.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            _check_format(path, metadata)
            tensors = {key: np.array(file.get_tensor(key)) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, TypeError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"The checkpoint {path} can't be read ({error}). Delete it to start afresh.") from error
    if metadata.pop("checksum", None) != _checksum(metadata, tensors):
        raise CheckpointError(
            f"The checkpoint {path} can't be read (it is damaged: its checksum doesn't fit). Delete it to start afresh."
        )
    saved, tables = {}, {}
    for key, value in {**tensors, **json.loads(metadata["values"])}.items():
        name, _, key = key.partition("/")
        (saved.setdefault(name, {}) if name else tables)[key] = value
    return json.loads(metadata["facts"]), tables, saved


def _check_format(path, metadata):
    if metadata.get("format") != str(FORMAT):
        raise CheckpointError(
            f"{path} is not a checkpoint of this version of the course: it was written by version "
            f"{metadata.get('course', 'unknown')} in format {metadata.get('format', 'unknown')}, this is version "
            f"{gan_course.__version__}, which reads format {FORMAT}. Go on with the version that wrote it, or delete "
            "it to start afresh."
        )


def restore(path, state, saved):
    """Write what :func:`read` returned as ``saved`` into the objects, in place: into all of them, or into none.

    Raises
    ------
    CheckpointError
        If it holds other objects, objects of another architecture, or one here is not built yet.
    """
    objects = {**state, **adapters.ambient(saved)}
    if missing := sorted(state.keys() - saved.keys()) + sorted(saved.keys() - objects.keys()):
        raise CheckpointError(f"{path} is of other objects: {', '.join(missing)} only on one side. {AFRESH}")
    before = {name: _arrays(name, objects[name]) for name in saved}
    for name in saved:
        try:
            adapters.of(objects[name]).restore(objects[name], saved[name])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            for touched in before:  # half restored networks would start the next run unnoticed
                adapters.of(objects[touched]).restore(objects[touched], before[touched])
            raise CheckpointError(f"{path} does not fit this {name}: {error} {AFRESH}") from error
