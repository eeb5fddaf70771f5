"""What importing the package costs (its seconds are measured in benchmarks/, not here)."""

import socket
import subprocess
import sys

import pytest

HEAVY = {"torch", "tensorflow", "keras", "matplotlib", "sklearn", "scipy", "numpy", "IPython"}


def test_importing_the_package_loads_no_framework_and_no_plotting():
    code = "import sys, gan_course; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "gan_course" in loaded
    assert not loaded & HEAVY


def test_what_a_lesson_imports_loads_no_framework():
    code = "import sys; from gan_course import audit, budget, data, plots, run; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "tensorflow", "keras", "tf_keras", "matplotlib", "sklearn"}


@pytest.mark.skipif("os.environ.get('GAN_COURSE_OFFLINE') != '1'", reason="only where CI blocks the network")
def test_the_network_is_blocked():
    with pytest.raises(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=3)  # an address reserved for documentation (RFC 5737)
    assert socket.if_nameindex() == [(1, "lo")]
