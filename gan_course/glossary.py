"""Links from a lesson's text to ``docs/glossary.md``: the first use of each of its words is one.

On the site a link shows the meaning, too. In the notebook it would be a second text within the text.
"""

import re
from functools import cache

from gan_course.sitting import core

PAGE = "docs/glossary.md"
ENTRY = re.compile(r"^## (.+)\n\n(.+)\n\n繁體", re.MULTILINE)
BRACKETS = re.compile(r" *\((?:\[[^]]*\]\([^)]*\)|[^()])*\)")  # there may be links in them
OUR_LINK = re.compile(r"\[([^\]]+)\]\(\.\./docs/glossary\.md#([^)]*)\)")
PLAIN = str.maketrans({'"': "”", "$": None})  # a link's title is no Markdown
# Where no link may be put: references, headings, tables, pictures, code, formulas, other links, HTML.
UNTOUCHED = re.compile(
    r"^## References\b.*\Z|^(?:#|\||!\[|<)[^\n]*$|```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!?\[[^\]]*\]\([^)]*\)|<[^>]+>",
    re.MULTILINE | re.DOTALL,
)
TOO_COMMON = {"bar", "feature", "mode", "noise"}  # they have everyday meanings, too
LEFT_OUT = {"header", "hint", "solution", "exercise"}


@cache
def words():
    """Return the glossary's words and their meanings, without what stands in brackets (dict of str to str)."""
    from gan_course.lessons import ROOT

    text = (ROOT / PAGE).read_text(encoding="utf-8")
    return {word: BRACKETS.sub("", meaning).translate(PLAIN) for word, meaning in ENTRY.findall(text)}


def link_first_uses(notebook):
    """Make the first use of each word in a lesson's core a link (changes the notebook); doing it twice changes nothing."""
    cells = [cell for cell in core(notebook)[1:] if cell["cell_type"] == "markdown"]
    cells = [cell for cell in cells if not LEFT_OUT & set(cell["metadata"].get("tags", []))]
    for cell in cells:
        cell["source"] = OUR_LINK.sub(r"\1", cell["source"])
    for word in sorted(words().keys() - TOO_COMMON, key=lambda word: (-len(word), word)):  # the longer one first
        _link(cells, word)


def with_meanings(text):
    """Return a lesson's text with the meaning as each link's title (str), for the site."""
    meanings = {_slug(word): meaning for word, meaning in words().items()}
    return OUR_LINK.sub(lambda link: f'[{link[1]}](../{PAGE}#{link[2]} "{meanings[link[2]]}")', text)


def _link(cells, word):
    plain = BRACKETS.sub("", word)
    pattern = re.compile(rf"(?<![\w-])({re.escape(plain)}s?)(?![\w-])", re.IGNORECASE if plain[1:].islower() else 0)
    for cell in cells:
        text = cell["source"]
        closed = [found.span() for found in UNTOUCHED.finditer(text)]
        for found in pattern.finditer(text):
            if not any(start <= found.start() < end for start, end in closed):
                link = f"[{found[1]}](../{PAGE}#{_slug(word)})"
                cell["source"] = text[: found.start()] + link + text[found.end() :]
                return


def _slug(word):
    """Return a heading's address on GitHub and on the site."""
    return re.sub(r"[^\w -]", "", word.lower()).replace(" ", "-")
