"""An exhibit as one self-contained piece of HTML: no kernel, no file, no network.

It opens on a still picture. Where the notebook is trusted, and on the site and in slides, the view's own script (the
text that the widget uses) turns it into the exhibit; where it is not, JupyterLab strips the script, and the picture
stays.
"""

import hashlib
import html
import json
from importlib import resources

TEMPLATE = """\
<figure class="gan-lab" id="{id}" style="margin:0">
<img src="data:image/webp;base64,{still}" alt="{alt}" style="max-width:100%">
<figcaption>{caption}</figcaption>
</figure>
<script type="module">
{view}
revive({arguments});
</script>
"""


def text_of(name):
    """Return a file of this package, "view.js" or "view.css" (str)."""
    return resources.files("gan_course.lab").joinpath(name).read_text(encoding="utf-8")


def page(start, still, alt, caption, recorded=None):
    """Return an exhibit as an HTML fragment (str).

    Parameters
    ----------
    start : dict
        JSON-able; what the view starts from.
    still : str
        The picture, base64 of WebP.
    alt, caption : str
        What the picture shows, and a line below it.
    recorded : str, optional
        A recording's frames, from :meth:`gan_course.lab.recording.Recording.packed`.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """
    if not alt.strip():
        raise ValueError("an exhibit needs an alt text: say in a sentence what it shows.")
    digest = hashlib.sha256(json.dumps([start, still, recorded]).encode()).hexdigest()[:12]
    identity = f"gan-lab-{digest}"
    arguments = [identity, text_of("view.css"), start, recorded]
    return TEMPLATE.format(
        id=identity,
        still=still,
        alt=html.escape(alt, quote=True),
        caption=html.escape(caption),
        view=text_of("view.js"),
        arguments=", ".join(json.dumps(argument).replace("<", "\\u003c") for argument in arguments),
    )
