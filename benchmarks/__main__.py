"""``python -m benchmarks``: measure everything in one run, on an idle machine, and write RESULTS.md and RESULTS.json.

``--only`` and ``--tiny`` just show: a table of results is written from a whole run alone.
"""

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks import imports, notebooks, overhead, quality
from gan_course import provenance

PARTS = {"imports": imports, "notebooks": notebooks, "overhead": overhead, "quality": quality}
TITLES = {
    "imports": "Importing the package",
    "notebooks": "Lessons at the smoke budget",
    "overhead": "What `Run` adds to a training step",
    "quality": "Time to quality, against the articles' recipes",
}
FOLDER = Path(__file__).parent
BUSY = 0.5  # load average before the run, from which on its seconds shouldn't be quoted


def main(arguments=None):
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="the lesson's whole laptop budget, and more rounds")
    size.add_argument("--tiny", action="store_true", help="does it run? (shown, not written)")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="just these (shown, not written)")
    options = parser.parse_args(arguments)
    size = "full" if options.full else "tiny" if options.tiny else "default"
    result = {"facts": facts(size)}
    for name in options.only or PARTS:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        result[name] = {"measured": PARTS[name].measure(**PARTS[name].SIZES[size])}
        result[name]["took_s"] = round(time.perf_counter() - started)
    print(markdown(result))
    if size != "tiny" and not options.only:
        (FOLDER / "RESULTS.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        (FOLDER / "RESULTS.md").write_text(markdown(result) + "\n", encoding="utf-8")
    return 0


def facts(size):
    """Return on what, with what and when a run measures (dict)."""
    libraries = {}
    for name in ("jupyterlab", "ipykernel", *provenance.LIBRARIES):
        try:
            libraries[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    threads = {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")}
    return {
        "size": size,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": provenance.machine(),
        "processor": _processor(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "threads": threads or "as the libraries choose",
        "package_sha256": provenance.package_hash(),
        "versions": {"python": platform.python_version(), **libraries},
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def markdown(result):
    """Return the page of results."""
    about = result["facts"]
    text = ["# Benchmarks", "", "Written by `make bench`, never by hand. Ratios compare within this one run.", ""]
    text += ["| | |", "| --- | --- |"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    threads = about["threads"]
    rows = {
        "measured": f"{about['date']}, size `{about['size']}`",
        "machine": f"{about['machine']}, {about['processor']}",
        "load before": "unknown" if about["load_before"] is None else f"{about['load_before']:.2f}",
        "threads": threads if isinstance(threads, str) else ", ".join(f"{k}={v}" for k, v in threads.items()),
        "versions": versions,
        "package": about["package_sha256"][:12],
    }
    text += [f"| {name} | {value} |" for name, value in rows.items()]
    if (about["load_before"] or 0) > BUSY:
        text += ["", "**The machine was not idle: don't quote these seconds.**"]
    for name, part in PARTS.items():
        if name in result:
            measured = result[name]["measured"]
            text += ["", f"## {TITLES[name]}", "", _about(part), "", part.table(measured)]
            text += ["", f"(Measuring this took {result[name]['took_s']} s.)"]
    return "\n".join(text)


def _about(part):
    return " ".join(line if line else "\n\n" for line in part.__doc__.strip().splitlines()).replace(" \n\n ", "\n\n")


if __name__ == "__main__":
    sys.exit(main())
