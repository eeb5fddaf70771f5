"""A lesson is one sitting: what is counted, what a deeper section is, and that each limit is one."""

import nbformat
import pytest

from gan_course import lessons, sitting

LESSONS = lessons.all_lessons()


def text(source, **metadata):
    return nbformat.v4.new_markdown_cell(source, metadata=metadata)


def code(source, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


FOLD = {"jp-MarkdownHeadingCollapsed": True}
EXERCISE = "### Exercise 1: Write it\n\n*Code, 15 minutes, easy.* Five words of text here."
SMALL = notebook(
    text("# 99 · A title"),
    text("Three plain words, $x$ is none, and $$a\n+ b$$ [a link](https://example.org/one/two)."),
    text(EXERCISE),
    code("x = 1\n\ny = 2"),
    text("<details><summary>Hint 1</summary>\n\nfolded\n\n</details>", tags=["hint"]),
    code("solution_x = 1", tags=["solution"]),
    text("## Deeper: More\n\n*10 minutes, for whoever asks.* Many words.", **FOLD),
    code("z = 3"),
    text("### Exercise 2: And more\n\n*Code, 20 minutes, hard.*"),
    text("## Summary"),
)


def test_the_core_is_measured_and_nothing_that_is_folded_or_deeper():
    assert sitting.length(SMALL) == sitting.Length(
        words=5 + 9 + 14 + 2, cells=5, lines=2, reading=0, exercises=15, first_exercise=2
    )
    assert sitting.complaints(SMALL) == []


def test_a_deeper_section_ends_at_the_next_heading_of_its_level():
    assert sitting.deeper(SMALL) == [False] * 6 + [True] * 3 + [False]
    inside = notebook(text("## A"), text("### Deeper: B"), text("#### C"), code("1"), text("### D"), text("## E"))
    assert sitting.deeper(inside) == [False, True, True, True, False, False]
    assert [cell.source for cell in sitting.core_first(inside).cells][-3:] == ["### Deeper: B", "#### C", "1"]
    assert len(inside.cells) == 6 and inside.cells[1].source == "### Deeper: B"  # as it was


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (text("word " * 3000), "3,030 words"),
        (code("x = 1\n" * 401), "403 lines of code"),
        (text("### Exercise 3: Long\n\n*Code, 80 minutes, hard.*"), "95 minutes"),
        (text("### Exercise 3: Long\n\n*Code, hard.*"), "'Exercise 3: Long' doesn't say its minutes"),
        (text("## Deeper: B\n\n*5 minutes, for whoever.*"), "JupyterLab doesn't fold"),
        (text("## Deeper: B\n\nFor whoever.", **FOLD), "'Deeper: B' doesn't say its minutes"),
        (text("Text\n\n## Deeper: B\n\n*5 minutes, for you.*", **FOLD), "'Deeper: B' doesn't begin the cell"),
    ],
)
def test_each_complaint_is_made(cell, complaint):
    spoilt = notebook(*SMALL.cells, cell)
    assert [line for line in sitting.complaints(spoilt) if complaint in line]


def test_many_cells_and_a_late_or_missing_exercise_are_complained_about():
    late = notebook(*[text("") for _ in range(66)], *SMALL.cells)
    assert [line.split(":")[0] for line in sitting.complaints(late)] == [
        "its core has 71 cells",
        "its core has 68 cells before the first exercise",
    ]
    assert sitting.complaints(notebook(text("# A"))) == [
        "its core has no exercise: at most 15 cells before the first exercise"
    ]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_one_sitting(path):
    assert sitting.complaints(nbformat.read(path, as_version=4)) == []
