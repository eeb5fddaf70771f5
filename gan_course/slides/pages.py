"""From the slides of a deck to one HTML page."""

import html
import re
from functools import cache

from gan_course.slides.assets import HERE

PRE = re.compile("<pre.*?</pre>", re.DOTALL)


def page(slides):
    """Return a deck as one HTML page (str)."""
    body = "\n".join(
        ("</section>\n<section>\n" if slide.section and i > 0 else "") + _section(slide)
        for i, slide in enumerate(slides)
    )
    form = (HERE / "deck.html").read_text(encoding="utf-8")
    title = html.escape(slides[0].heading.lstrip("# "))
    return form.replace("{{title}}", title).replace("{{slides}}", f"<section>\n{body}\n</section>")


def _section(slide):
    blocks = [block for _, block in slide.blocks]
    if slide.beside:
        halves = ["\n".join(block for kind, block in slide.blocks if kind == half) for half in ("text", "shown")]
        blocks = [f'<div class="half">{half}</div>' for half in halves]
    signs, _, words = slide.heading.partition(" ")
    look = " title" if signs == "#" else " beside" if slide.beside else ""
    heading = markdown(f"{'#' if signs == '#' else '##'} {words}")
    notes = [f'<aside class="notes">{note}</aside>' for note in slide.notes]
    lines = sum(pre.count("\n") + 1 for block in blocks for pre in PRE.findall(block))  # they share the height
    frame = [
        f'<div class="frame{look}" style="--lines: {lines}">',
        heading,
        '<div class="body">',
        *blocks,
        "</div></div>",
    ]
    return "\n".join(["<section>", *frame, *notes, "</section>"])


def markdown(text):
    """Return Markdown as HTML, its math in the delimiters that MathJax looks for."""
    return _parser().render(text).strip()


@cache
def _parser():
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def math(tex, options):
        return html.escape(rf"\[{tex}\]" if options["display_mode"] else rf"\({tex}\)")

    parser = MarkdownIt("commonmark", {"highlight": lambda text, *_: code(text.splitlines())}).enable("table")
    return parser.use(dollarmath_plugin, allow_labels=False, double_inline=True, renderer=math)


def code(lines):
    """Return lines of Python as HTML, coloured."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    coloured = highlight("\n".join(lines), PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return _pre("code", lines, f"<code>{coloured}</code>")


def printed(lines):
    """Return lines of printed text as HTML."""
    return _pre("printed", lines, html.escape("\n".join(lines)))


def _pre(look, lines, inside):
    return f'<pre class="{look}" style="--columns: {max(map(len, lines), default=1)}">{inside}</pre>'
