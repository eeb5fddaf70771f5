"""Every lesson as a deck of slides for a lecture: ``make slides`` writes them to build/slides/.

What stands on the slides is said in the metadata of a lesson's cells; a cell without any of it is left out.
``slideshow.slide_type`` is Jupyter's own: ``slide`` begins a section of the deck, ``subslide`` a slide, ``fragment``
goes on with the slide and appears at the next key press, ``notes`` is for the speaker, ``skip`` leaves out. A cell
that has only the next entry (or the type ``-``) goes on with the slide. That entry, ``slide``, is a dict:

``text`` (cell of text)
    What the slide says instead of the cell's text, as a list of lines of Markdown with ``$math$``. The cell's own text
    becomes the speaker's notes. A line ``---`` begins another slide, a line ``. . .`` waits for a key press.
``source`` (cell of code)
    ``false``, or a list of beginnings: only the statements that begin so are shown. All of them by default.
``output`` (cell of code)
    ``false``, ``"text"``, ``"table"``, ``"picture"``, or a list of beginnings: only the printed lines that begin so, each with
    those that are indented below it, and no picture.
``beside`` (cell of code)
    ``true`` shows code and output to the right of the slide's text, and not below it.

A slide's heading is the one that its text begins with, else the cell's own, else that of the slide before. A beginning
that nothing begins with is an error, and so are more than 15 lines of code or of output: what a slide shows can't
drift away from the lesson unseen. A picture fills the room that is left, so it can't push anything off the slide.

The folder needs no network, no server and no fonts of the machine: it can be shown from a USB stick.
"""

import html
import shutil
from pathlib import Path

from gan_course import lessons
from gan_course.slides.assets import HERE, write_assets
from gan_course.slides.cells import slides_of
from gan_course.slides.pages import page

FOLDER = Path("build", "slides")


def build(folder=None):
    """Write the deck of every lesson, a page that lists them, and what they share.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where, replaced as a whole; ``build/slides`` in the course's folder by default.

    Returns
    -------
    dict
        Each lesson's path to its number of slides (int). A lesson with 0 slides got no deck.

    Raises
    ------
    CourseError
        If a cell's metadata ask for what isn't there, or a package is missing.
    """
    import nbformat

    folder = Path(folder) if folder else lessons.ROOT / FOLDER
    notebooks = {path: nbformat.read(path, as_version=4) for path in lessons.all_lessons()}
    decks = {path: slides_of(notebook, path.stem) for path, notebook in notebooks.items()}
    shutil.rmtree(folder, ignore_errors=True)
    write_assets(folder / "assets")
    entries = []
    for path, slides in decks.items():
        if slides:
            title = slides[0].heading.lstrip("# ")
            (folder / f"{path.stem}.html").write_text(page(slides), encoding="utf-8")
            entries.append(f'<li><a href="{path.stem}.html">{html.escape(title)}</a> · {len(slides)} slides</li>')
    index = (HERE / "index.html").read_text(encoding="utf-8").replace("{{decks}}", "\n".join(entries))
    (folder / "index.html").write_text(index, encoding="utf-8")
    return {path: len(slides) for path, slides in decks.items()}
