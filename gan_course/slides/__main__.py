"""``python -m gan_course.slides``: write every lesson's deck to build/slides/."""

import sys

import nbformat

from gan_course import lessons, provenance
from gan_course.errors import CourseError
from gan_course.slides import FOLDER, build


def main():
    """Write the decks; return the exit status, 1 if a lesson got none."""
    try:
        decks = build()
    except CourseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: {error}: `make install` brings what the slides need.", file=sys.stderr)
        return 2
    for path, slides in decks.items():
        print(f"{path.stem:<24} {slides or 'NO'} slides{'' if slides else ': none of its cells says what to show'}")
        if provenance.status(nbformat.read(path, as_version=4)) == provenance.STALE:
            print(f"{'':<24} shows outputs of older code: make refresh LESSON={path.stem[:2]}")
    print(f"open {lessons.ROOT / FOLDER / 'index.html'}")
    return 0 if all(decks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
