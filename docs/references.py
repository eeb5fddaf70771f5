"""The works that the lessons cite, in one list, in Markdown: each lesson's own list stands under its heading "References"."""

import json
import re

from gan_course import lessons

HEADING = "## References"


def entries():
    """Return the lessons' references as one list (str), each once, with the lessons that cite it."""
    cited = {}
    for path in lessons.all_lessons():
        link = f"[{lessons.number_of(path)}](../notebooks/{path.name})"
        for entry in _of_lesson(path):
            cited.setdefault(_key(entry), (entry, []))[1].append(link)
    ordered = sorted(cited.values(), key=lambda pair: _first_author(pair[0]))
    return "\n".join(f"- {entry} Lesson{'s' if len(links) > 1 else ''} {', '.join(links)}." for entry, links in ordered)


def _of_lesson(path):
    """Return a lesson's references, without what stands in brackets behind them (list of str)."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    text = next((text.split(HEADING)[1] for text in texts if HEADING in text), "")
    entries = [line[2:].strip() for line in text.splitlines() if line.startswith("- ")]
    return [re.sub(r"(?<=\S) \([^()]*\)\.?$", "", entry).rstrip(".") + "." for entry in entries]


def _key(entry):
    """Return what makes a work the same in two lessons: its title."""
    title = re.search(r"\*(.+?)\*", entry)
    return re.sub(r"\W", "", title[1]).lower() if title else entry


def _first_author(entry):
    """Return the family name that a list is sorted by."""
    first = re.split(r"[,:]", entry)[0]
    return first.split()[-1].lower()
