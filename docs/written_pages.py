"""The parts of the pages that are written from the lessons and their results at each build: a Sphinx extension.

A comment such as `<!-- leaderboard -->` in a page of this folder is where its part goes.
"""

from pathlib import Path

import leaderboard
import references

from gan_course import lessons


def setup(app):
    app.connect("source-read", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill_in(app, docname, source):
    """Replace each comment that names a part by the part."""
    for name, (write, reads) in PARTS.items():
        comment = f"<!-- {name} -->"
        if docname.startswith("docs/") and comment in source[0]:
            source[0] = source[0].replace(comment, write())
            for path in reads():
                app.env.note_dependency(str(path))


def lesson_table():
    """Return README's table of lessons for a page in this folder."""
    return lessons.table().replace("(notebooks/", "(../notebooks/").replace('"notebooks/', '"../notebooks/')


def recorded_files():
    """Return the files that the leaderboard is written from."""
    return [*lessons.all_lessons(), *Path(lessons.ROOT, "results").iterdir()]


PARTS = {
    "lessons": (lesson_table, lessons.all_lessons),
    "references": (references.entries, lessons.all_lessons),
    "leaderboard": (leaderboard.tables, recorded_files),
}
