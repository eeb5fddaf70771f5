"""No library that a lesson imports sends anything, or leaves files of its own.

A blocked network would hide an attempt, so what counts is whom a process tries to call (a name server, say), and what
it leaves in a home folder that was empty.
"""

import ast
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from needs import LINE, lesson_params

from gan_course import lessons

# What libraries keep for themselves, with nothing in it about the person or the machine.
HARMLESS = {
    ".keras/keras.json",  # Keras: its default settings
    ".cache/matplotlib",  # the list of fonts
    ".config/matplotlib",
}
PACKAGE = "import numpy as np; from gan_course import data, plots, yardstick; "
LOOK = PACKAGE + "yardstick.look(np.zeros((10, 28, 28), np.uint8)); plots.tile(np.zeros((10, 28, 28), np.uint8)); "
WAIT = "import time; time.sleep(4)"  # senders work in a thread of their own


def imports_of_all_lessons():
    """Return every import of every lesson that runs here, as lines of code."""
    found = {}
    for path in (param.values[0] for param in lesson_params(lessons.all_lessons()) if not (param.marks and LINE)):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and "colab" not in cell.metadata.get("tags", []):
                nodes = ast.walk(ast.parse(cell.source))
                found |= dict.fromkeys(ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom))
    return "\n".join(found)


def watched(code, home):
    """Run code with an empty home folder; return whom it called (list of str) and the files it left (set of str)."""
    home.mkdir()
    calls = home.parent / "calls"
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", calls]
    # Nothing else of ours: ONNX Runtime sends nothing where it finds CI=true, and then there is nothing to see.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home.parent)}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([*strace, sys.executable, "-c", code], env=environment, cwd=home, check=True, capture_output=True)
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    return [line for line in calls.read_text(errors="replace").splitlines() if "_port=" in line], left


needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace shows whom a process calls")


@needs_strace
def test_what_lessons_import_calls_nobody_and_leaves_no_file(tmp_path):
    called, left = watched(f"{imports_of_all_lessons()}\n{LOOK}{WAIT}", tmp_path / "home")
    assert called == []
    assert {file for file in left if not file.startswith(tuple(HARMLESS))} == set()


@needs_strace
def test_a_call_is_seen(tmp_path):
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 53))"
    called, _ = watched(code, tmp_path / "home")
    assert [line for line in called if "htons(53)" in line]


@needs_strace
def test_the_telemetry_that_the_package_switches_off_is_seen(tmp_path):
    _, left = watched(f"import onnxruntime; {WAIT}", tmp_path / "home")
    assert [file for file in left if "onnxruntime" in file]
