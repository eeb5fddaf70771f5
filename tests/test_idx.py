"""The IDX reader: whatever the bytes, an array or a DataError, and no memory on a header's word."""

import gzip
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gan_course.data.idx import MAX_VALUES, read_idx
from gan_course.errors import DataError

# derandomize: the same examples in every run; database=None: nothing is kept between runs
quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def header(*shape, kind=0x08):
    return bytes([0, 0, kind, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)


def pack(content):
    return gzip.compress(content, mtime=0)


def pack_array(array):
    return pack(header(*array.shape) + array.tobytes())


EXAMPLE = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)


def test_an_array_comes_back():
    array = read_idx(pack_array(EXAMPLE))
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, EXAMPLE)


@quick
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=6)))
def test_any_array_of_one_to_four_dimensions_comes_back(array):
    np.testing.assert_array_equal(read_idx(pack_array(array)), array)


def test_an_array_of_several_chunks_comes_back():
    array = np.arange(3 * 2**20 + 7).astype(np.uint8)  # neither less than a chunk nor a multiple of it
    np.testing.assert_array_equal(read_idx(pack_array(array)), array)


def test_a_gzip_file_of_several_members_is_read_as_one():
    content = pack(header(*EXAMPLE.shape)) + pack(EXAMPLE.tobytes())
    np.testing.assert_array_equal(read_idx(content), EXAMPLE)


def test_the_array_is_writable_as_pytorch_wants_it():
    assert read_idx(pack_array(EXAMPLE)).flags.writeable


@pytest.mark.parametrize("length", range(len(pack_array(EXAMPLE))))
def test_a_file_cut_anywhere_is_an_error(length):
    with pytest.raises(DataError):
        read_idx(pack_array(EXAMPLE)[:length])


def test_a_cut_file_is_called_so():
    content = pack_array(EXAMPLE)
    with pytest.raises(DataError, match="not a whole gzip file"):
        read_idx(content[: len(content) // 2])


def test_no_flipped_bit_changes_a_value_unnoticed():
    content = pack_array(EXAMPLE)
    errors = 0
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            np.testing.assert_array_equal(read_idx(bytes(flipped)), EXAMPLE)  # a bit of the time stamp, say
        except DataError:
            errors += 1
    assert errors >= 8 * (len(content) - 10)  # all bits behind the ten bytes of gzip's own header


def test_an_uncompressed_file_is_an_error():
    with pytest.raises(DataError, match="not a whole gzip file"):
        read_idx(header(*EXAMPLE.shape) + EXAMPLE.tobytes())


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x08\0",  # no dimension
        b"\0\0\x08\5",  # five dimensions
        b"\0\0\x0d\1",  # float32
        b"\0\1\x08\1",
        b"\1\0\x08\1",
        b"<html>",
        b"\x93NUMPY",
    ],
)
def test_a_wrong_magic_number_is_an_error_that_shows_it(start):
    with pytest.raises(DataError, match="wrong magic number") as caught:
        read_idx(pack(start + bytes(20) if len(start) >= 4 else start))
    assert (start[:4].hex(" ") or "nothing") in str(caught.value)


@pytest.mark.parametrize("length", range(4, 16))
def test_a_header_cut_short_is_an_error(length):
    with pytest.raises(DataError, match="cut short within its header"):
        read_idx(pack(header(3, 4, 5)[:length]))


@pytest.mark.parametrize("shape", [(0,), (0, 28, 28), (3, 0), (MAX_VALUES + 1,), (2**13, 2**13 + 1), (2**32 - 1,) * 4])
def test_a_shape_of_no_or_too_many_values_is_an_error(shape):
    with pytest.raises(DataError, match="promises the shape"):
        read_idx(pack(header(*shape) + bytes(10)))


@pytest.mark.parametrize("shape", [(61,), (3, 4, 6), (1, 61), (60, 60)])
def test_fewer_values_than_promised_is_an_error_that_counts_them(shape):
    with pytest.raises(DataError, match="wrong length: 60 values"):
        read_idx(pack(header(*shape) + EXAMPLE.tobytes()))


@pytest.mark.parametrize("shape", [(59,), (3, 4, 4), (1,)])
def test_more_values_than_promised_is_an_error(shape):
    with pytest.raises(DataError, match=f"wrong length: more than {math.prod(shape)} values"):
        read_idx(pack(header(*shape) + EXAMPLE.tobytes()))


@pytest.mark.parametrize("tail", [b"x", b"\x1f\x8b", b"<html></html>"])
def test_bytes_behind_the_gzip_file_are_an_error(tail):
    with pytest.raises(DataError, match="not a whole gzip file"):
        read_idx(pack_array(EXAMPLE) + tail)


def peak_of_a_refusal(content):
    """Bytes of memory taken on the way to a DataError."""
    with pytest.raises(DataError):
        read_idx(pack(b""))  # what the first call of all imports or caches is not counted
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_idx(content)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "shape", [(2**26,), (2**13, 2**13), (64, 2**10, 2**10), (1, 1, 1, 2**26), (2**26 + 1,), (2**32 - 1,) * 4]
)
def test_a_header_that_promises_much_takes_no_memory(shape):
    assert peak_of_a_refusal(pack(header(*shape) + bytes(10))) < 4 * 2**20


def test_a_file_that_expands_beyond_its_promise_takes_no_memory():
    bomb = pack(header(10) + bytes(2**25))
    assert len(bomb) < 2**16
    assert peak_of_a_refusal(bomb) < 4 * 2**20


@quick
@given(st.binary(max_size=200))
def test_bytes_that_are_not_gzip_are_an_error(content):
    # None of 200 bytes that were not made to be one is a whole gzip file with its checksum.
    with pytest.raises(DataError):
        read_idx(content)


@quick
@given(
    flags=st.integers(0, 255),
    rest=st.binary(max_size=60),
    cut=st.integers(0, 100),
    tail=st.binary(max_size=10),
)
def test_bytes_that_start_like_gzip_are_an_error_or_the_array(flags, rest, cut, tail):
    # Behind gzip's magic number the parsing goes deeper: optional fields, deflate blocks, checksum.
    content = pack_array(EXAMPLE)
    for damaged in (
        b"\x1f\x8b\x08" + bytes([flags]) + rest,
        content[:3] + bytes([flags]) + content[4:],
        content[:cut] + rest + content[cut + len(rest) :],
        content[:cut] + tail,
        content + tail,
    ):
        try:
            array = read_idx(damaged)
        except DataError:
            continue
        np.testing.assert_array_equal(array, EXAMPLE)


sizes = st.one_of(st.integers(0, 6), st.sampled_from([28, 2**16, 2**26, 2**31, 2**32 - 1]))


@quick
@given(
    magic=st.one_of(st.integers(1, 4).map(lambda n: bytes([0, 0, 8, n])), st.binary(max_size=5)),
    shape=st.lists(sizes, max_size=4),
    payload=st.binary(max_size=80),
)
def test_any_gzipped_header_and_payload_is_what_it_promises_or_an_error(magic, shape, payload):
    content = magic + b"".join(size.to_bytes(4, "big") for size in shape) + payload
    expected = promised(content)
    if expected is None:
        with pytest.raises(DataError):
            read_idx(pack(content))
    else:
        np.testing.assert_array_equal(read_idx(pack(content)), expected)


@quick
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(-1, 1), st.data())
def test_only_the_promised_number_of_values_is_accepted(shape, excess, data):
    # The test above seldom meets the right length; this one meets it and its two neighbours.
    length = math.prod(shape) + excess
    content = header(*shape) + data.draw(st.binary(min_size=length, max_size=length))
    if excess:
        with pytest.raises(DataError, match="wrong length"):
            read_idx(pack(content))
    else:
        np.testing.assert_array_equal(read_idx(pack(content)), promised(content))


def promised(content):
    """What the format says of some bytes, written independently of the reader; None if they break it."""
    if len(content) < 4 or content[:3] != b"\0\0\x08" or content[3] not in (1, 2, 3, 4):
        return None
    start = 4 + 4 * content[3]
    if len(content) < start:
        return None
    shape = np.frombuffer(content[4:start], ">u4").astype(object)  # object: products do not overflow
    values = np.frombuffer(content[start:], np.uint8)
    if len(values) == 0 or shape.prod() != len(values):
        return None
    return values.reshape(shape.astype(int))
