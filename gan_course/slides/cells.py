"""From the cells of a lesson to the slides of its deck, as their metadata say."""

import ast
import html
import re
from dataclasses import dataclass, field

from gan_course import sitting
from gan_course.errors import CourseError
from gan_course.slides.pages import code, markdown, printed

MAX_LINES = 15
BEGINS, GOES_ON = ("slide", "subslide"), ("-", "fragment")
OPTIONS = {"markdown": {"text"}, "code": {"source", "output", "beside"}, "notes": set()}
PAUSE, NEXT = ". . .", "---"
HEADING = re.compile(r"\s*(#+ .+)\n*")
# Neither leads anywhere from a deck, which is a folder of its own.
LOCAL_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\s*")
LOCAL_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")


@dataclass
class Slide:
    """One slide.

    Attributes
    ----------
    heading : str
        As Markdown, with its number signs; one sign makes a title slide.
    section : bool
        Whether it begins a section.
    blocks : list of tuple of str
        ``("text" or "shown", HTML)``, from above.
    notes : list of str
        For the speaker, HTML.
    beside : bool
        Whether what is shown stands to the right of the text.
    """

    heading: str
    section: bool = False
    blocks: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    beside: bool = False


def slides_of(notebook, name):
    """Return the slides of a lesson's core (list of :class:`Slide`); ``name`` is what errors call the lesson."""
    slides = []
    for cell in sitting.core(notebook):
        kind = cell["metadata"].get("slideshow", {}).get("slide_type", "-")
        options = cell["metadata"].get("slide")
        if kind == "skip" or (kind == "-" and options is None):
            continue
        try:
            _add(slides, cell, kind, options or {})
        except CourseError as error:
            raise CourseError(f"{name}, cell {cell['id']}: {error}") from None
    return slides


def _add(slides, cell, kind, options):
    """Add one cell to the slides: to the last one, or as new ones."""
    known = OPTIONS.get("notes" if kind == "notes" else cell["cell_type"], set())
    if kind not in (*BEGINS, *GOES_ON, "notes"):
        raise CourseError(f"there is no slide type {kind!r}.")
    if not isinstance(options, dict) or options.keys() - known:
        raise CourseError(f"`slide` must be a dict, here with no other keys than {sorted(known)}: {options}")
    if not slides and kind not in BEGINS:
        raise CourseError("it goes on with a slide, and there is none before it: give it the slide type `slide`.")
    if kind == "notes":
        slides[-1].notes.append(markdown(cell["source"]))
    elif cell["cell_type"] == "markdown":
        _add_text(slides, cell["source"], kind, options)
    elif cell["cell_type"] == "code":
        if kind in BEGINS:
            slides.append(Slide(_heading(slides), section=kind == "slide"))
        shown = [*_source(cell, options.get("source", True)), *_outputs(cell, options.get("output", True))]
        slides[-1].blocks += [("shown", block) for block in _fragments(shown, kind == "fragment")]
        slides[-1].beside = slides[-1].beside or options.get("beside", False)


def _add_text(slides, own, kind, options):
    own = LOCAL_LINK.sub(r"\1", LOCAL_PICTURE.sub("", own))
    own_heading, own_text = _split_heading(own)
    lines = options.get("text", own.splitlines())
    if not isinstance(lines, list):
        raise CourseError("`text` must be a list of lines.")
    for i, part in enumerate(_split(lines, NEXT)):
        heading, text = _split_heading(part)
        if kind in BEGINS or i > 0:
            heading = heading or (i == 0 and own_heading) or _heading(slides)
            slides.append(Slide(heading, section=kind == "slide" and i == 0))
        elif heading:
            text = part  # a heading within a slide stays where it is
        if "text" in options:
            slides[-1].notes.append(markdown(own_text))
        blocks = [markdown(block) for block in _split(text.splitlines(), PAUSE)]
        blocks = _fragments(blocks[:1], kind == "fragment") + _fragments(blocks[1:], True)
        slides[-1].blocks += [("text", block) for block in blocks if block]


def _heading(slides):
    if not slides:
        raise CourseError("the first slide needs a heading.")
    return slides[-1].heading


def _split_heading(text):
    """Return the heading that a text begins with ("" if none), and the rest."""
    match = HEADING.match(text)
    return (match[1].strip(), text[match.end() :]) if match else ("", text)


def _split(lines, mark):
    """Return the texts between the lines that are just this mark (list of str)."""
    parts = [[]]
    for line in lines:
        if line.strip() == mark:
            parts.append([])
        else:
            parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def _fragments(blocks, wait):
    return [f'<div class="fragment">{block}</div>' if wait and block else block for block in blocks]


def _source(cell, chosen):
    """Return a cell's code, or the chosen statements of it, as no or one block of HTML (list of str)."""
    if chosen is False:
        return []
    lines = cell["source"].splitlines()
    if chosen is not True:
        body = ast.parse(cell["source"]).body
        statements = _picked([(lines[node.lineno - 1], node) for node in body], chosen, "statement")
        lines = _lines_of(statements, lines)
    lines = [line.removesuffix("  # fmt: skip") for line in lines]
    return [code(_at_most(lines, "code"))]


def _lines_of(statements, lines):
    """Return the lines of these statements, decorators included, an empty line wherever some were left out."""
    shown, end = [], None
    for node in statements:
        start = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]) - 1
        shown += [""] if end is not None and start > end else []
        shown += lines[start : node.end_lineno]
        end = node.end_lineno
    return shown


def _outputs(cell, chosen):
    """Return a cell's outputs, or the chosen ones, as blocks of HTML (list of str)."""
    if chosen is False:
        return []
    outputs = [_output(output) for output in cell["outputs"]]
    if isinstance(chosen, str):
        outputs = [(kind, block) for kind, block in outputs if kind == chosen]
        if not outputs:
            raise CourseError(f"it has no output of the kind {chosen!r} (text, table or picture).")
    if chosen is True or isinstance(chosen, str):
        return [printed(_at_most(block.splitlines(), "output")) if kind == "text" else block for kind, block in outputs]
    parts = []
    texts = [
        output["data"]["text/plain"] if kind == "table" else block
        for output, (kind, block) in zip(cell["outputs"], outputs, strict=True)
        if kind != "picture"
    ]
    for line in (line for text in texts for line in text.splitlines()):
        if parts and line.startswith(" "):
            parts[-1].append(line)
        else:
            parts.append([line])
    parts = _picked([(part[0], part) for part in parts], chosen, "printed line")
    return [printed(_at_most([line for part in parts for line in part], "output"))]


def _output(output):
    """Return an output's kind, "text", "table" or "picture", and its text or its HTML."""
    data = output.get("data", {})
    if "image/png" in data:
        alt = output["metadata"].get("image/png", {}).get("alt")
        if not alt:
            raise CourseError("its picture has no alt text.")
        png = data["image/png"].replace("\n", "")
        return "picture", f'<img src="data:image/png;base64,{png}" alt="{html.escape(alt)}">'
    page = data.get("text/html", "")
    if page.startswith("<table"):
        return "table", page
    if page and not page.startswith("<pre>"):  # a replay, say; a report is better as text
        return "picture", f'<div class="alive" data-prevent-swipe>{page}</div>'
    if output["output_type"] == "error":
        return "text", f"{output['ename']}: {output['evalue']}"
    return "text", output.get("text") or data.get("text/plain", "")


def _picked(pairs, chosen, what):
    """Return the second of each pair whose first, a line, begins in a chosen way; each way must occur."""
    if not isinstance(chosen, list):
        raise CourseError(f"which {what}s to show must be a list of beginnings.")
    for beginning in chosen:
        if not any(line.startswith(beginning) for line, _ in pairs):
            raise CourseError(f"no {what} begins with {beginning!r} any more.")
    return [thing for line, thing in pairs if line.startswith(tuple(chosen))]


def _at_most(lines, what):
    if len(lines) > MAX_LINES:
        raise CourseError(f"{len(lines)} lines of {what}, and a slide has room for {MAX_LINES}: choose some.")
    return lines
