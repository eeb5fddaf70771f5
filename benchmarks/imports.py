"""What ``import gan_course`` costs, over a bare ``python -c pass`` and beside NumPy's import."""

import subprocess
import sys
import time
from statistics import median

SIZES = {"tiny": {"rounds": 2}, "default": {"rounds": 15}, "full": {"rounds": 40}}
BARE = "pass"
CODE = {
    "python -c pass": BARE,
    "import gan_course": "import gan_course",
    "import numpy": "import numpy",
    "what a lesson imports of the package": "from gan_course import budget, data, plots, run",
}


def measure(rounds):
    """Start Python once for each line of ``CODE``, in turn, ``rounds`` times.

    Returns
    -------
    dict
        Line to ``{"seconds", "over_bare", "of_numpy"}``: the median, the median of each round's ratio to the bare
        start, and what it adds to the bare start as a fraction of what NumPy adds.
    """
    seconds = {name: [] for name in CODE}
    for number in range(rounds + 1):
        for name, code in CODE.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            if number:  # the first round fills the disk's cache
                seconds[name].append(time.perf_counter() - started)
    bare, *_, numpy = (median(seconds[name]) for name in ("python -c pass", "import numpy"))
    return {
        name: {
            "seconds": round(median(values), 4),
            "over_bare": round(median(a / b for a, b in zip(values, seconds["python -c pass"], strict=True)), 3),
            "of_numpy": round((median(values) - bare) / (numpy - bare), 3),
        }
        for name, values in seconds.items()
    }


def table(measured):
    rows = ["| | seconds | over a bare start | adds, of what NumPy's import adds |", "| --- | --- | --- | --- |"]
    for name, value in measured.items():
        rows.append(f"| `{name}` | {value['seconds']:.3f} | {value['over_bare']:.2f} | {value['of_numpy']:.2f} |")
    return "\n".join(rows)
