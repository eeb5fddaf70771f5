"""Reader for IDX, the format of MNIST's files (LeCun, Cortes and Burges, 1998).

An IDX file is a magic number (two zero bytes, a type code, the number of
dimensions), each dimension as a big-endian 32-bit integer, then the values.
MNIST uses one type only, unsigned bytes (code 0x08).
"""

import gzip
import hashlib
import io
import math
import zlib

import numpy as np

from gan_course.errors import DataError

UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 4
MAX_VALUES = 2**26  # MNIST's largest file has 47 million
CHUNK = 2**20


def read_idx(content):
    """Return the array in a gzipped IDX file of unsigned bytes.

    The sizes that the header claims are never trusted: memory is taken only for
    bytes that are really there.

    Parameters
    ----------
    content : bytes
        The whole ``.gz`` file.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape in the header.

    Raises
    ------
    DataError
        If the bytes are not such a file: not gzip, cut short, another magic
        number, or another length than the header promises.
    """
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return _parse(file)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"not a whole gzip file ({error}).") from error


def sha256_of(array):
    """Return the SHA-256 (hexadecimal digits) of the unpacked IDX file that an array of :func:`read_idx` came from."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    digest = hashlib.sha256(bytes([0, 0, UNSIGNED_BYTE, array.ndim]) + sizes)
    digest.update(array)
    return digest.hexdigest()


def _parse(file):
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != bytes([0, 0, UNSIGNED_BYTE]) or not 1 <= magic[3] <= MAX_DIMENSIONS:
        found = magic.hex(" ") or "nothing"
        raise DataError(f"wrong magic number: starts with {found}, expected 00 00 08 and 1 to {MAX_DIMENSIONS}.")
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise DataError("cut short within its header.")
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(0, len(header), 4))
    promised = math.prod(shape)
    if not 0 < promised <= MAX_VALUES:
        raise DataError(f"its header promises the shape {shape}; expected 1 to {MAX_VALUES} values.")
    values = _read_at_most(file, promised + 1)
    if len(values) != promised:
        found = f"more than {promised}" if len(values) > promised else len(values)
        raise DataError(f"wrong length: {found} values, but its header promises {shape}.")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_at_most(file, size):
    # In chunks: one read(size) would reserve `size` bytes before seeing any.
    content = bytearray()  # writable, as PyTorch wants an array to be
    while len(content) < size and (chunk := file.read(min(CHUNK, size - len(content)))):
        content += chunk
    return content
