"""The first use of a word of the glossary is a link, wherever a link may stand."""

import nbformat
import pytest

from gan_course import glossary

MEANINGS = {"conditional GAN": "A GAN that is told.", "logit": "What D gives.", "bar": "A number."}


@pytest.fixture(autouse=True)
def small_glossary(monkeypatch):
    monkeypatch.setattr(glossary, "words", lambda: MEANINGS)


def linked(*texts, tags=()):
    cells = [nbformat.v4.new_markdown_cell(text, metadata={"tags": list(tags)}) for text in ("# Title", *texts)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    for _ in range(2):  # twice changes nothing
        glossary.link_first_uses(notebook)
    return [cell.source for cell in notebook.cells[1:]]


LOGIT = "[{}](../docs/glossary.md#logit)"


def test_only_the_first_use_is_a_link():
    assert linked("Two logits.", "A logit.") == [f"Two {LOGIT.format('logits')}.", "A logit."]


@pytest.mark.parametrize(
    "closed",
    [
        "## The logit",
        "`logit`",
        "$logit$",
        "[logit](x.md)",
        "| logit | 1 |",
        "![a logit](x.png)",
        "## References\n\n- *The logit*",
        "a logit-like",
    ],
)
def test_no_link_stands_where_none_may(closed):
    assert linked(closed, "The logit.") == [closed, f"The {LOGIT.format('logit')}."]


def test_text_below_a_heading_gets_its_links():
    assert linked("## Losses\n\nThe logit.") == [f"## Losses\n\nThe {LOGIT.format('logit')}."]


def test_hints_and_everyday_words_are_left_alone():
    assert linked("A logit.", tags=["hint"]) == ["A logit."]
    assert linked("A bar.") == ["A bar."]


def test_a_link_that_is_no_longer_the_first_goes():
    assert linked("A logit.", f"A {LOGIT.format('logit')}.") == [f"A {LOGIT.format('logit')}.", "A logit."]


def test_the_site_shows_the_meaning():
    text = f"Two {LOGIT.format('logits')}."
    assert glossary.with_meanings(text) == 'Two [logits](../docs/glossary.md#logit "What D gives.").'


def test_deeper_sections_get_none():
    assert linked("## Deeper: More", "A logit.") == ["## Deeper: More", "A logit."]


def test_the_glossary_itself_has_meanings_without_brackets(monkeypatch):
    monkeypatch.undo()
    words = glossary.words()
    assert len(words) > 50 and not [meaning for meaning in words.values() if set('()"$[') & set(meaning)]
