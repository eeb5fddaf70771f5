"""The one piece of HTML that a replay and a recorded exhibit are: what it holds, and that nothing breaks out of it."""

import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from gan_course.player import Player

STILL = np.zeros((2, 3, 3), np.uint8)
EVIL = 'a "quoted" </script><b> & c'


def player(**changes):
    parts = {"arguments": [1], "still": STILL, "alt": "A black picture.", "caption": "c", **changes}
    return Player("lab", "function revive() {}", **parts)


def test_texts_cannot_break_out_of_their_places():
    html = player(alt=EVIL, caption=EVIL, arguments=[EVIL, {"a": EVIL}]).html()
    escaped = "a &quot;quoted&quot; &lt;/script&gt;&lt;b&gt; &amp; c"
    assert f'alt="{escaped}"' in html and f"<figcaption>{escaped}<" in html
    assert html.count("</script>") == 1 and "<b>" not in html
    assert html.count("\\u003c/script>") == 2


def test_the_id_is_that_of_the_content():
    several = [player(), player(), player(arguments=[2]), player(still=STILL + 255)]
    ids = [re.search(r'id="(gan-lab-\w{12})"', each.html())[1] for each in several]
    assert ids[0] == ids[1] and len(set(ids)) == 3
    assert player().html().count(ids[0]) == 2  # the figure, and its script that looks for it


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_there_must_be_an_alt_text(alt):
    with pytest.raises(ValueError, match="alt text"):
        player(alt=alt)


def test_it_shows_itself_as_html_and_where_there_is_none_in_words():
    shown, _ = DisplayFormatter().format(player())
    assert shown == {"text/html": player().html(), "text/plain": "A black picture."}
