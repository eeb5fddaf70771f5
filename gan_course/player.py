"""Something to play with, as one self-contained HTML output: no kernel, no file, no network.

It opens on a still picture. Where the notebook is trusted, and on the site and in slides, a script turns the picture
into the player. Where it is not, JupyterLab strips the script, and the picture stays.
"""

import base64
import hashlib
import html
import io
import json

from gan_course.plots import checked_alt

TEMPLATE = """\
<figure class="gan-{kind}" id="{id}" style="margin:0">
<img src="data:image/webp;base64,{still}" alt="{alt}" width="{width}" height="{height}" style="max-width:100%;height:auto">
<figcaption>{caption}</figcaption>
</figure>
<script type="module">
{script}
const figure = document.querySelector("#{id}:not([data-alive])");
if (figure) {{
  figure.dataset.alive = "yes";
  await revive(figure, {arguments});
  for (const still of figure.querySelectorAll(":scope > img, :scope > figcaption")) still.style.display = "none";
}}
</script>
"""


class Player:
    """A player that shows itself as the last line of a cell.

    Parameters
    ----------
    kind : str
        "replay" or "lab": the figure's class is "gan-replay" or "gan-lab".
    script : str
        JavaScript with a function ``revive(figure, ...)`` that adds the controls to the figure, an HTML element.
    arguments : list
        JSON-able; what ``revive`` takes after the figure.
    still : numpy.ndarray
        The picture that it opens on, uint8 (height, width, 3).
    alt, caption : str
        What the picture shows, and a line below it.
    quality : int
        Of the picture as WebP, 1 to 100.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """

    def __init__(self, kind, script, arguments, *, still, alt, caption, quality=60):
        self.alt = checked_alt(alt)
        self._kind, self._script, self._caption = kind, script, caption
        # In a script "<" could begin the tag that ends it.
        self._arguments = ", ".join(json.dumps(argument).replace("<", "\\u003c") for argument in arguments)
        self._still, self._quality = still, quality

    def html(self):
        """Return the player as one HTML fragment (str)."""
        still = _webp(self._still, self._quality)
        digest = hashlib.sha256((still + self._arguments).encode()).hexdigest()[:12]
        height, width = self._still.shape[:2]
        return TEMPLATE.format(
            kind=self._kind,
            id=f"gan-{self._kind}-{digest}",
            still=still,
            alt=html.escape(self.alt),
            width=width,
            height=height,
            caption=html.escape(self._caption),
            script=self._script,
            arguments=self._arguments,
        )

    _repr_html_ = html

    def __repr__(self):
        return self.alt


def _webp(pixels, quality):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality, method=6)
    return base64.b64encode(file.getvalue()).decode()
