"""What a lesson needs on the site, and not in JupyterLab: a Sphinx extension."""

import binascii
import hashlib
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from gan_course import glossary, lessons

RUN_IT = """

What you see below was stored when the lesson was last run, so it can be read as it is. To run it and do its
exercises, {cloud}{{download}}`download the notebook <{name}>` and
[install the course](../README.md).
"""
CLOUD = "open it in the cloud by one of these links, or " if lessons.published() else ""
# What stands on the bar over a folded cell, by the cell's tag.
FOLDED = {
    "colab": ("Show the cell for Colab", "Hide the cell for Colab"),
    "solution": ("Show the solution", "Hide the solution"),
}


def setup(app):
    app.connect("source-read", prepare)
    app.connect("doctree-read", describe_pictures)
    app.connect("doctree-read", keep_punctuation)
    app.connect("doctree-read", fold_deeper)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def prepare(app, docname, source):
    """Change a lesson's text before it is read: say how to run it, and fold what is to be folded."""
    path = Path(app.env.doc2path(docname))
    if path.suffix == ".ipynb":
        notebook = json.loads(source[0])
        for cell in notebook["cells"]:
            tags = cell["metadata"].setdefault("tags", [])
            if cell["cell_type"] == "markdown":
                cell["source"] = glossary.with_meanings("".join(cell["source"]))
            if "header" in tags:
                cell["source"] += RUN_IT.format(name=path.name, cloud=CLOUD)
            for tag in FOLDED.keys() & set(tags):
                tags.append("hide-input")
                show, hide = FOLDED[tag]
                cell["metadata"]["mystnb"] = {"code_prompt_show": show, "code_prompt_hide": hide}
        source[0] = json.dumps(notebook)


def describe_pictures(app, doctree):
    """Give each picture of a lesson's outputs the alt text that is stored with it; MyST-NB would give a file name."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix == ".ipynb":
        alts = stored_alts(json.loads(path.read_text(encoding="utf-8")))
        for image in doctree.findall(nodes.image):
            image["alt"] = alts.get(Path(image["uri"]).stem, image.get("alt", ""))
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            logging.getLogger(__name__).warning("a picture without alt text: %s", image["uri"], location=image)


def keep_punctuation(app, doctree):
    """Put an equation in the text and the comma after it in a span of their own: browsers would break between them."""
    for math in list(doctree.findall(nodes.math)):
        after = math.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text) and (found := re.match(r"[.,;:!?)”’]+", after)):
            math.parent.replace(after, nodes.Text(after[found.end() :]))
            math.parent.replace(math, unbroken := nodes.inline(classes=["unbroken"]))
            unbroken += [math, nodes.Text(found[0])]


def fold_deeper(app, doctree):
    """Fold each section that may be skipped; its heading stays, so that the list of contents leads to it."""
    for section in list(doctree.findall(nodes.section)):
        title = section.next_node(nodes.title)
        if title is not None and title.parent is section and title.astext().startswith("Deeper:"):
            start = '<details class="deeper"><summary>Show this section</summary>'
            after = section.index(title) + 1
            section.insert(after, nodes.raw("", start, format="html"))
            section += nodes.raw("", "</details>", format="html")


def stored_alts(notebook):
    """Return the alt text of each PNG output of a notebook (dict) by the PNG's SHA-256, which MyST-NB names it by."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    pictures = [(output["data"]["image/png"], output) for output in outputs if "image/png" in output.get("data", {})]
    return {
        hashlib.sha256(binascii.a2b_base64("".join(png))).hexdigest(): output["metadata"]
        .get("image/png", {})
        .get("alt", "")
        for png, output in pictures
    }
