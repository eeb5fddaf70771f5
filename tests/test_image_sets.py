"""The files of MNIST and Fashion-MNIST: where they are looked for, and what each kind of bad file, mirror or disk does.

Small fake files with hashes of their own stand in for the real ones; a server on this machine for the mirrors.
Where both data sets go the same way through the code, the test is on MNIST.
"""

import dataclasses
import errno
import gzip
import hashlib
import os
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import platformdirs
import pooch
import pytest

from gan_course.data import fashion, image_sets, mnist
from gan_course.errors import DataError, DownloadError

VARIABLE = "GAN_COURSE_DATA"
REAL_DATA, REAL_SETS = os.environ.get(VARIABLE), dict(image_sets.SETS)  # at the start: the tests change both
NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
NOBODY = "http://127.0.0.1:1/"  # an address where nobody listens
HTML = b"\n<!DOCTYPE html><html><body>Please log in to the guest network.</body></html>"


def unpacked(array):
    return bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def idx(array):
    return gzip.compress(unpacked(array), mtime=0)


def fake(seed):
    """Four arrays by file name. Random bytes don't shrink, so that a download has several pieces."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for prefix, n in (("train", 11), ("t10k", 5)):
        arrays[f"{prefix}-images-idx3-ubyte.gz"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte.gz"] = rng.integers(0, 10, n, dtype=np.uint8)
    return arrays


ARRAYS = fake(seed=0)
CONTENT = {name: idx(array) for name, array in ARRAYS.items()}
FOREIGN = {name: idx(array) for name, array in fake(seed=1).items()}  # valid, of the same shapes, but other values


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def write(folder, images=CONTENT[NAMES[0]]):
    """Write the four files, on request with other bytes for the training images."""
    folder.mkdir(parents=True)
    for name, content in (CONTENT | {NAMES[0]: images}).items():
        (folder / name).write_bytes(content)


def files_in(folder):
    return {path.name for path in folder.rglob("*")} if folder.is_dir() else set()


def check(dataset, prefix="train", name="mnist"):
    np.testing.assert_array_equal(dataset.images, ARRAYS[f"{prefix}-images-idx3-ubyte.gz"])
    np.testing.assert_array_equal(dataset.labels, ARRAYS[f"{prefix}-labels-idx1-ubyte.gz"])
    assert dataset.name == name


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Fake files, an empty cache folder, no data folder and a mirror that doesn't answer: what every test starts from."""
    monkeypatch.delenv(VARIABLE, raising=False)
    hashes = {name: (sha256(CONTENT[name]), sha256(unpacked(array))) for name, array in ARRAYS.items()}
    for name, real in REAL_SETS.items():
        monkeypatch.setitem(image_sets.SETS, name, dataclasses.replace(real, mirrors=(NOBODY,), sha256=hashes))
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda app: str(tmp_path / "caches" / app))
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    return tmp_path / "caches" / "gan_course" / "mnist"


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """The mnist folder in a $GAN_COURSE_DATA, not yet made."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data" / "mnist"


class Handler(BaseHTTPRequestHandler):
    """Answers /KIND/NAME as a mirror of that kind would."""

    def do_GET(self):
        _, kind, name = self.path.split("/")
        self.server.requests.append((kind, name))
        content = {"foreign": FOREIGN, "login": dict.fromkeys(CONTENT, HTML)}.get(kind, CONTENT)[name]
        if kind == "silent":
            self.server.closing.wait(5)
            return
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/login/{name}")
            self.end_headers()
            return
        self.send_response({"missing": 404, "broken": 500}.get(kind, 200))
        if kind != "cut-without-length":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if kind in ("cut", "cut-without-length", "stalls") else content)
        if kind == "stalls":
            self.wfile.flush()
            self.server.closing.wait(5)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.closing = [], threading.Event()
        server.handle_error = lambda *args: None  # clients that hang up are the subject here, not an error
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def mirrors(server, monkeypatch):
    """Call with kinds of mirrors to give them to both data sets; returns the list of requests that they will get."""
    server.requests.clear()

    def arrange(*kinds):
        base = f"http://127.0.0.1:{server.server_port}"
        addresses = tuple(closed if kind == "refused" else f"{base}/{kind}/" for kind in kinds)
        for name, images in list(image_sets.SETS.items()):
            monkeypatch.setitem(image_sets.SETS, name, dataclasses.replace(images, mirrors=addresses))
        if {"silent", "stalls"} & set(kinds):
            monkeypatch.setattr(image_sets, "TIMEOUT_S", 0.5)
        return server.requests

    with socket.socket() as unused:  # bound, so that nobody else gets the port, but not listening
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/refused/"
        yield arrange


# -- where the files are looked for ------------------------------------------------------------------------


def test_the_data_folder_comes_first(folder, cache, mirrors):
    requests = mirrors("good")
    write(folder)
    write(cache, images=HTML)  # would be fetched again, if it were looked at
    check(mnist("train"))
    check(mnist("test"), "t10k")
    assert requests == []
    assert (cache / NAMES[0]).read_bytes() == HTML


def test_then_comes_the_cache(cache, mirrors):
    requests = mirrors("good")
    write(cache)
    check(mnist("train"))
    check(mnist("test"), "t10k")
    assert requests == []


def test_then_the_download_into_the_cache(cache, mirrors, capsys):
    requests = mirrors("good")
    check(mnist("train"))
    assert requests == [("good", name) for name in NAMES]  # the other split is left alone
    assert {name: (cache / name).read_bytes() for name in files_in(cache)} == {name: CONTENT[name] for name in NAMES}
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [f"Downloaded {image_sets.SETS['mnist'].mirrors[0]}{name}" for name in NAMES]
    assert captured.err == ""


def test_fashion_mnist_has_a_folder_of_its_own(folder, cache, mirrors, monkeypatch):
    mirrors("good")
    write(folder)  # MNIST is there, Fashion-MNIST isn't
    with pytest.raises(DataError, match="Put Fashion-MNIST's four .gz files into .*fashion-mnist, or unset"):
        fashion("train")
    write(folder.with_name("fashion-mnist"))
    check(fashion("train"), name="fashion")
    monkeypatch.delenv(VARIABLE)
    check(fashion("test"), "t10k", name="fashion")
    assert files_in(cache) == set() and len(files_in(cache.with_name("fashion-mnist"))) == 2


def test_a_file_that_was_compressed_again_is_the_same_file(folder):
    content = gzip.compress(unpacked(ARRAYS[NAMES[0]]), compresslevel=1)
    assert content != CONTENT[NAMES[0]]
    write(folder, images=content)
    check(mnist())
    assert image_sets.faults("mnist") == {}


def test_poochs_log_is_silent(mirrors, monkeypatch):
    # It goes to stderr, a red box in a notebook; its handler keeps the stderr of its import, which capsys can't see.
    records = []
    pooch.get_logger().setLevel("INFO")  # pooch's default
    monkeypatch.setattr(pooch.get_logger(), "handle", records.append)
    mirrors("good")
    mnist("train")
    assert records == []


def test_what_was_downloaded_is_not_downloaded_again(mirrors):
    requests = mirrors("good")
    mnist("train")
    mnist("train")
    assert len(requests) == 2


def test_train_is_the_default(cache):
    write(cache)
    check(mnist())


def test_an_empty_variable_counts_as_not_set(monkeypatch, cache):
    monkeypatch.setenv(VARIABLE, "")
    write(cache)
    check(mnist())


def test_a_tilde_in_the_variable_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "~/data")
    write(tmp_path / "data" / "mnist")
    check(mnist())


def test_the_cache_is_in_the_users_cache_folder(cache):
    assert image_sets.folder_of("mnist") == cache
    assert not cache.exists()


@pytest.mark.parametrize("split", ["validation", "Train", "", None])
def test_an_unknown_split_is_an_error(split):
    with pytest.raises(ValueError, match="unknown split.*'train' or 'test'"):
        mnist(split)


# -- the data folder: every fault is an error, and nothing is replaced -------------------------------------


def refused(folder, cache, requests):
    """The message of the DataError, once it names file and variable and neither cache nor mirror was tried."""
    with pytest.raises(DataError) as caught:
        mnist("train")
    assert not isinstance(caught.value, DownloadError)  # or `load` would fall back
    message = str(caught.value)
    assert str(folder / NAMES[0]) in message
    assert VARIABLE in message
    assert requests == []
    assert files_in(cache) == set(CONTENT)
    return message


@pytest.fixture
def elsewhere(cache, mirrors):
    """A good cache and a good mirror: no help, once $GAN_COURSE_DATA is set."""
    write(cache)
    return mirrors("good")


def test_a_data_folder_that_is_missing_is_an_error_not_a_fallback(folder, cache, elsewhere):
    assert "there is no" in refused(folder, cache, elsewhere)
    assert not folder.exists()


def test_one_missing_file_is_an_error_not_a_fallback(folder, cache, elsewhere):
    write(folder)
    (folder / NAMES[0]).unlink()
    assert "there is no" in refused(folder, cache, elsewhere)


def test_an_unknown_users_home_is_an_error_not_a_traceback(monkeypatch, cache, elsewhere):
    monkeypatch.setenv(VARIABLE, "~no-such-user-here/data")
    assert "there is no" in refused(Path("~no-such-user-here/data/mnist"), cache, elsewhere)


@pytest.mark.parametrize(
    "content, reason",
    [
        (CONTENT[NAMES[0]][:5000], "not a whole gzip file"),
        (b"", "wrong magic number"),
        (FOREIGN[NAMES[0]], "not MNIST's (its SHA-256 differs)"),
        (CONTENT[NAMES[1]], "not MNIST's (its SHA-256 differs)"),  # the labels under the images' name
        (CONTENT[NAMES[0]] + b"x", "not a whole gzip file"),
        (gzip.decompress(CONTENT[NAMES[0]]), "not a whole gzip file"),  # unpacked, but not renamed
        (gzip.compress(b"\x93NUMPY" + bytes(99)), "wrong magic number"),
        (HTML, "an HTML page"),
    ],
    ids=["cut", "empty", "foreign", "labels", "longer", "unpacked", "another format", "HTML"],
)
def test_a_bad_file_in_the_data_folder_is_an_error_that_says_what_is_wrong(folder, cache, elsewhere, content, reason):
    write(folder, images=content)
    assert reason in refused(folder, cache, elsewhere)
    assert (folder / NAMES[0]).read_bytes() == content  # the reader's folder is not ours to repair


def test_the_same_values_in_another_shape_are_an_error(folder, cache, elsewhere):
    write(folder, images=idx(ARRAYS[NAMES[0]].reshape(11, 14, 56)))
    assert "not MNIST's (its SHA-256 differs)" in refused(folder, cache, elsewhere)


def test_a_link_to_a_device_without_an_end_is_an_error(folder, cache, elsewhere):
    write(folder)
    (folder / NAMES[0]).unlink()
    (folder / NAMES[0]).symlink_to("/dev/zero")
    assert "not a whole gzip file" in refused(folder, cache, elsewhere)


def test_a_folder_in_the_files_place_is_an_error(folder, cache, elsewhere):
    write(folder)
    (folder / NAMES[0]).unlink()
    (folder / NAMES[0]).mkdir()
    assert "can't be read" in refused(folder, cache, elsewhere)


def test_a_file_that_may_not_be_read_is_an_error(monkeypatch, folder, cache, elsewhere):
    write(folder)

    def denied(path, mode):  # stands in for chmod, which doesn't stop root
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    assert "can't be read (Permission denied)" in refused(folder, cache, elsewhere)


def test_a_data_folder_that_is_a_file_is_an_error(folder, cache, elsewhere):
    folder.parent.write_text("a file")
    assert "can't be read (Not a directory)" in refused(folder, cache, elsewhere)


# -- the mirrors ---------------------------------------------------------------------------------------------

BAD_MIRRORS = {  # with what the error says of them
    "missing": "HTTPError",
    "broken": "HTTPError",
    "cut": "ChunkedEncodingError|something else than the file",  # the latter before urllib3 2
    "cut-without-length": "something else than the file",
    "login": "something else than the file",
    "redirect": "something else than the file",
    "foreign": "something else than the file",
    "silent": "ReadTimeout",
    "stalls": "ConnectionError",
    "refused": "ConnectionError",
}


@pytest.mark.parametrize("kind", BAD_MIRRORS)
def test_a_bad_mirror_is_an_error_that_leaves_nothing_behind(cache, mirrors, capsys, kind):
    requests = mirrors(kind)
    with pytest.raises(DownloadError) as caught:
        mnist("train")
    assert (kind, NAMES[0]) in requests or kind == "refused"
    message = str(caught.value)
    assert NAMES[0] in message and VARIABLE in message
    assert re.search(
        f"{re.escape(image_sets.SETS['mnist'].mirrors[0])}: ({BAD_MIRRORS[kind]})", message.replace("sent ", "")
    )
    assert files_in(cache) == set()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", BAD_MIRRORS)
def test_the_second_mirror_helps_where_the_first_is_bad(cache, mirrors, kind):
    requests = mirrors(kind, "good")
    check(mnist("train"))
    assert [name for which, name in requests if which == "good"] == list(NAMES)
    assert files_in(cache) == set(NAMES)


def test_where_the_first_mirror_is_good_the_second_is_not_asked(mirrors):
    requests = mirrors("good", "missing")
    mnist("train")
    assert {kind for kind, _ in requests} == {"good"}


def test_where_all_mirrors_are_bad_the_error_names_each(cache, mirrors):
    requests = mirrors("missing", "login", "refused")
    with pytest.raises(DownloadError) as caught:
        mnist("train")
    lines = [line.strip() for line in str(caught.value).splitlines() if line.startswith("  ")]
    assert [line.split(": ")[0] for line in lines] == list(image_sets.SETS["mnist"].mirrors)
    assert requests == [("missing", NAMES[0]), ("login", NAMES[0])]  # one try each
    assert files_in(cache) == set()


def test_a_file_that_was_downloaded_before_the_mirror_failed_is_kept_whole(cache, mirrors, monkeypatch):
    requests = mirrors("good")
    monkeypatch.setitem(CONTENT, NAMES[1], HTML)  # the mirror's labels only
    with pytest.raises(DownloadError, match=NAMES[1]):
        mnist("train")
    assert len(requests) == 2
    assert files_in(cache) == {NAMES[0]}
    assert (cache / NAMES[0]).read_bytes() == CONTENT[NAMES[0]]


# -- the cache -----------------------------------------------------------------------------------------------

DAMAGED = pytest.mark.parametrize(
    "content", [CONTENT[NAMES[0]][:5000], b"", HTML, FOREIGN[NAMES[0]]], ids=["cut", "empty", "HTML", "foreign"]
)


@DAMAGED
def test_a_damaged_file_in_the_cache_is_fetched_again(cache, mirrors, content):
    requests = mirrors("good")
    write(cache, images=content)
    check(mnist("train"))
    assert requests == [("good", NAMES[0])]  # the intact labels are not
    assert (cache / NAMES[0]).read_bytes() == CONTENT[NAMES[0]]
    assert files_in(cache) == set(CONTENT)


@DAMAGED
def test_a_damaged_file_in_the_cache_is_never_used(cache, mirrors, content):
    mirrors("missing")
    write(cache, images=content)
    with pytest.raises(DownloadError):
        mnist("train")
    assert files_in(cache) == set(CONTENT)  # no half-written one beside it


@pytest.mark.parametrize("level", ["mnist", "gan_course"])
def test_a_file_where_the_cache_folder_should_be_is_an_error(cache, mirrors, level):
    requests = mirrors("good")
    obstacle = cache if level == "mnist" else cache.parent
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file")
    disk_error(cache, "can't be read or saved")
    assert requests == []
    assert obstacle.read_text() == "a file"


def disk_error(cache, reason):
    with pytest.raises(DataError) as caught:
        mnist("train")
    assert not isinstance(caught.value, DownloadError)  # or `load` would fall back, and try in vain every time
    message = str(caught.value)
    assert str(cache) in message and VARIABLE in message and reason in message


def test_a_cache_folder_that_may_not_be_written_is_an_error(monkeypatch, cache, mirrors):
    requests = mirrors("good")
    cache.mkdir(parents=True)

    def denied(**options):  # stands in for chmod, which doesn't stop root
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", denied)
    disk_error(cache, "Permission denied")
    assert requests == []
    assert files_in(cache) == set()


def test_a_cache_folder_that_may_not_be_searched_is_an_error(monkeypatch, cache, mirrors):
    mirrors("good")
    write(cache)

    def denied(path, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with (
        monkeypatch.context() as patch,
        pytest.raises(DataError, match="can't be read or saved: Permission denied.") as caught,
    ):
        patch.setattr(Path, "stat", denied)
        patch.setattr(Path, "read_bytes", denied)
        mnist("train")
    assert str(cache / NAMES[0]) in str(caught.value)
    assert not isinstance(caught.value, DownloadError)


def test_a_folder_in_the_files_place_in_the_cache_is_an_error(cache, mirrors):
    requests = mirrors("good")
    (cache / NAMES[0]).mkdir(parents=True)
    with pytest.raises(DataError, match="can't be read") as caught:
        mnist("train")
    assert str(cache / NAMES[0]) in str(caught.value)
    assert not isinstance(caught.value, DownloadError)
    assert requests == []


@pytest.fixture
def download_raises(monkeypatch):
    """Call with an error to have every download raise it, half of the file being written."""
    written = []

    def arrange(error):
        def download(self, url, output_file, pooch, check_only=False):
            content = CONTENT[url.rsplit("/", 1)[1]]
            Path(output_file).write_bytes(content[: len(content) // 2])
            written.append(Path(output_file))
            raise error

        monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)
        return written

    return arrange


def test_a_full_disk_is_an_error_that_leaves_nothing_behind(cache, mirrors, download_raises):
    mirrors("good", "good")
    written = download_raises(OSError(errno.ENOSPC, "No space left on device"))
    disk_error(cache, "disk is full")
    assert len(written) == 1  # another mirror would not make room
    assert files_in(cache) == set()


def test_any_other_fault_of_the_disk_is_named(cache, mirrors, download_raises):
    mirrors("good")
    download_raises(OSError(errno.EROFS, "Read-only file system"))
    disk_error(cache, "Read-only file system")
    assert files_in(cache) == set()


def test_an_interrupted_download_leaves_nothing_behind(cache, mirrors, download_raises):
    mirrors("good")
    written = download_raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        mnist("train")
    assert [path.parent for path in written] == [cache.resolve()]  # beside its place, so that the rename is atomic
    assert files_in(cache) == set()


# -- the real files ------------------------------------------------------------------------------------------


def test_the_names_and_hashes_are_complete():
    hashes = []
    for images in REAL_SETS.values():
        assert list(images.sha256) == [name for split in image_sets.FILES.values() for name in split] == list(CONTENT)
        assert len(images.mirrors) == 2 and all(address.endswith("/") for address in images.mirrors)
        hashes += [sha256 for pair in images.sha256.values() for sha256 in pair]
    assert len({bytes.fromhex(sha256) for sha256 in hashes}) == 16
    assert all(len(sha256) == 64 and sha256 == sha256.lower() for sha256 in hashes)


@pytest.mark.parametrize(
    "name, split, counts",
    [
        ("mnist", "train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("mnist", "test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
        ("fashion", "train", [6000] * 10),
        ("fashion", "test", [1000] * 10),
    ],
)
def test_the_real_files_are_what_they_should_be(monkeypatch, name, split, counts):
    if not REAL_DATA or not (Path(REAL_DATA) / REAL_SETS[name].folder).is_dir():
        pytest.skip(f"no folder with the real {REAL_SETS[name].title} in {VARIABLE}")
    monkeypatch.setenv(VARIABLE, REAL_DATA)
    monkeypatch.setitem(image_sets.SETS, name, REAL_SETS[name])
    images, labels = image_sets.read(name, split)
    n = {"train": 60000, "test": 10000}[split]
    assert images.shape == (n, 28, 28) and labels.shape == (n,)
    assert images.dtype == labels.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert sum(counts) == n
    assert np.bincount(labels).tolist() == counts
