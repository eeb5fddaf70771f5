"""The glossary of lesson 00 as a page of its own, with an address for each word, in Markdown."""

import json
import re

from gan_course import lessons

HEADING = "## Glossary"
TAUGHT_IN = re.compile(r"\(((?:\d\d, )*\d\d)\)$")


def entries():
    """Return the glossary's entries, and what stands around them in the lesson (str)."""
    before, rows, after = _table()
    return "\n".join([before, "", "```{glossary}", *(_entry(*row) for row in rows), "```", "", after])


def _table():
    """Return what lesson 00 says before its table, the table's rows (list of list of str), and what it says after."""
    notebook = json.loads(lessons.find("00").read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    text = next(text for text in texts if text.startswith(HEADING))
    before, table, after = text.removeprefix(HEADING).strip().split("\n\n")
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]]
    return before, rows, after


def _entry(english, traditional, simplified, sentence):
    """Return one entry. The languages are marked: some characters are drawn differently in each."""
    traditional, simplified = (words.replace("<br>", "、") for words in (traditional, simplified))
    sentence = TAUGHT_IN.sub(lambda match: f"({_links(match[1])})", sentence)
    return (
        f"{english}\n  {sentence}\n\n"
        f'  繁體 <span lang="zh-Hant-TW">{traditional}</span> · 简体 <span lang="zh-Hans-CN">{simplified}</span>\n'
    )


def _links(numbers):
    """Return "00, 07" with a link to each lesson that is there."""
    paths = {path.name[:2]: f"../notebooks/{path.name}" for path in lessons.all_lessons()}
    return ", ".join(f"[{n}]({paths[n]})" if n in paths else n for n in numbers.split(", "))
