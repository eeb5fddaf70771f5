"""``python -m gan_course``: doctor, lab, status, run, refresh, recordings, slides and releases of the lessons."""

import argparse
import sys

from gan_course import __version__
from gan_course.errors import CourseError


def main(arguments=None):
    """Run one command; return the exit status."""
    for stream in (sys.stdout, sys.stderr):  # a console that can't show a character gets a "?"
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="python -m gan_course", description=__doc__)
    parser.add_argument("--version", action="version", version=f"gan-course {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="whether this machine has what the lessons need, and what to do where not")
    lab = commands.add_parser("lab", help="JupyterLab on a lesson; the lessons' outputs, as committed, are trusted")
    lab.add_argument("lesson", help="its number or name, 02 say")
    lab.add_argument("options", nargs=argparse.REMAINDER, help="JupyterLab's own options")
    commands.add_parser("status", help="table of the lessons: fresh, stale, or made with an older package")
    run = commands.add_parser("run", help="run a lesson with papermill; the copy and its artefacts go under runs/")
    run.add_argument("lesson", help="its number or name, 02 say")
    run.add_argument("--budget", default=None, help="smoke, laptop or full")
    run.add_argument("--seed", type=_seed, default=0)
    run.add_argument("--dataset", choices=["mnist", "fashion"], help="mnist, or fashion for Fashion-MNIST")
    refresh = commands.add_parser("refresh", help="make a lesson's committed outputs again: a laptop run on MNIST")
    refresh.add_argument("lesson", help="its number or name, 02 say")
    record = commands.add_parser(
        "record", help="train a lesson's recipes over several seeds, and keep the scores in results/"
    )
    record.add_argument("lesson", help="its number or name, 02 say")
    record.add_argument("--budget", default="laptop", help="smoke, laptop or full")
    record.add_argument("--seeds", type=_seed, nargs="+", default=[0, 1, 2])
    record.add_argument("--only", nargs=3, metavar=("RECIPE", "SEED", "FILE"), help="just this one, into this file")
    commands.add_parser("headers", help="write every lesson's header and README's table of lessons")
    commands.add_parser("slides", help="every lesson as a deck for the lecture hall, in build/slides/")
    commands.add_parser("release", help="student and instructor copies, and their zip files, in build/release/")
    options = parser.parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except CourseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _seed(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number, 0 or more, not {text!r}")
    return int(text)


def _doctor(options):
    from gan_course import doctor, machine

    print("Measuring how fast this machine is: some seconds.", file=sys.stderr)
    for framework in machine.FRAMEWORKS:
        machine.factor(framework, again=True)
    report = doctor.report(paths=True)
    print(report)
    return int(not report.ok)


def _lab(options):
    from gan_course import lessons

    path = lessons.find(options.lesson)
    try:
        from jupyterlab.labapp import LabApp
    except ModuleNotFoundError as error:
        raise CourseError(f"{error}: `make install` brings JupyterLab.") from error
    lessons.trust()
    root = f"--ServerApp.root_dir={lessons.ROOT}"  # not the lessons' folder: they link to docs/ and README
    return LabApp.launch_instance([str(path), root, *options.options])


def _status(options):
    import nbformat

    from gan_course import lessons, provenance, record, sitting

    stale = False
    for path in lessons.all_lessons():
        notebook = nbformat.read(path, as_version=4)
        made = notebook["metadata"].get(provenance.KEY, {})
        word = provenance.status(notebook)
        stale |= word == provenance.STALE
        run = " · ".join(str(made[key]) for key in ("budget", "data", "device", "machine") if key in made)
        times = f" · seed {made['seed']} · {made['seconds']} s" if made else ""
        times += f" at factor {made['factor']}" if made.get("factor") else ""
        print(f"{path.stem:<24} {word:<28} {run}{times}")
        long = sitting.length(notebook)
        print(
            f"{'':<24} {long.words:,} words · {long.cells} cells · {long.lines} lines of code · reading {long.reading} "
            f"and exercises {long.exercises} minutes · first exercise after {long.first_exercise} cells"
        )
        for complaint in sitting.complaints(notebook):
            print(f"{'':<24} {complaint}")
        if note := record.older_recipe(path):
            print(f"{'':<24} {note}")
    if stale:
        print("A stale lesson needs `make refresh LESSON=NN`.")
    return int(stale)


def _run(options):
    from gan_course import lessons

    print(lessons.run(lessons.find(options.lesson), options.budget, options.seed, options.dataset))
    return 0


def _refresh(options):
    from gan_course import lessons

    made = lessons.refresh(lessons.find(options.lesson))
    lessons.write_headers()
    print(f"refreshed: {made}")
    return 0


def _record(options):
    import json
    from pathlib import Path

    from gan_course import lessons, record

    path = lessons.find(options.lesson)
    if options.only is None:
        record.record(path, options.budget, options.seeds)
        return 0
    recipe, seed, file = options.only
    part = Path(file + ".part")
    part.write_text(json.dumps(record.record_one(path, options.budget, recipe, int(seed))), encoding="utf-8")
    part.replace(file)
    return 0


def _headers(options):
    from gan_course import lessons

    lessons.write_headers()
    return 0


def _slides(options):
    try:
        import nbformat

        from gan_course import lessons, provenance, slides

        decks = slides.build()
    except ModuleNotFoundError as error:
        raise CourseError(f"{error}: `make install` brings what the slides need.") from error
    for path, count in decks.items():
        print(f"{path.stem:<24} {count or 'NO'} slides{'' if count else ': none of its cells says what to show'}")
        if provenance.status(nbformat.read(path, as_version=4)) == provenance.STALE:
            print(f"{'':<24} shows outputs of older code: make refresh LESSON={lessons.number_of(path)}")
    print(f"open {lessons.ROOT / slides.FOLDER / 'index.html'}")
    return 0 if all(decks.values()) else 1


def _release(options):
    import nbformat

    from gan_course import lessons, provenance, release

    for kind, folder in release.release().items():
        print(f"{kind:<11} {folder}, {folder}.zip")
    for path in lessons.all_lessons():
        if provenance.status(nbformat.read(path, as_version=4)) == provenance.STALE:
            print(f"{path.stem} is stale: the instructor copy shows outputs of older code")
    return 0


COMMANDS = {
    "doctor": _doctor,
    "lab": _lab,
    "status": _status,
    "run": _run,
    "refresh": _refresh,
    "record": _record,
    "headers": _headers,
    "slides": _slides,
    "release": _release,
}

if __name__ == "__main__":
    sys.exit(main())
