"""A training run to scrub through, as one self-contained HTML output: no kernel, no file, no network.

It opens on a still sheet of all frames. Where the notebook is trusted (and on the rendered
site) a script turns the sheet into a player with a slider and a play button; where it is not,
JupyterLab strips the script, and the sheet stays. Every frame is stored once: the player
shows a window of the same sheet.
"""

import base64
import html
import io
import json

import numpy as np

from gan_course.plots import rgb

# JupyterLab takes the arrow keys for its cells, unless the very element with the focus asks it not to.
# Positions and sizes in percent: the player shrinks with a narrow page, as the sheet does.
TEMPLATE = """\
<figure class="gan-replay" id="{id}" style="margin:0">
<img src="data:image/webp;base64,{sheet}" alt="{alt}" width="{sheet_width}" height="{sheet_height}">
<figcaption>{caption}</figcaption>
</figure>
<script>
(function () {{
  const figure = document.querySelector("#{id}:not([data-alive])"), steps = {steps};
  if (!figure) return;
  figure.dataset.alive = "yes";
  const sheet = figure.querySelector("img"), caption = figure.querySelector("figcaption");
  const frame = document.createElement("div"), bar = document.createElement("div");
  frame.style.cssText = "width:{width}px;max-width:100%;aspect-ratio:{frame_width}/{frame_height};" +
    "background-size:{zoom_x}% {zoom_y}%;image-rendering:pixelated";
  frame.style.backgroundImage = "url(" + sheet.src + ")";
  frame.setAttribute("role", "img");
  bar.style.cssText = "display:flex;align-items:center;gap:0.6em;margin-top:0.4em;max-width:32em";
  bar.innerHTML = '<button type="button" style="min-width:4.5em">Play</button>' +
    '<input type="range" aria-label="training step" min="0" max="{last}" style="flex:1">' +
    '<output style="min-width:7em"></output>';
  const [play, slider, label] = bar.children;
  slider.dataset.lmSuppressShortcuts = "true";
  let timer = null;
  function show() {{
    const i = Number(slider.value), column = i % {columns}, row = Math.floor(i / {columns});
    frame.style.backgroundPosition = {percent_x} * column + "% " + {percent_y} * row + "%";
    label.textContent = "step " + steps[i].toLocaleString("en");
    slider.setAttribute("aria-valuetext", label.textContent);
    frame.setAttribute("aria-label", sheet.alt + " Shown: " + label.textContent);
  }}
  function stop() {{ clearInterval(timer); timer = null; play.textContent = "Play"; }}
  play.onclick = function () {{
    if (timer) return stop();
    if (Number(slider.value) === {last}) slider.value = 0;
    show();
    play.textContent = "Pause";
    timer = setInterval(function () {{
      slider.value = Number(slider.value) + 1; show();
      if (Number(slider.value) === {last}) stop();
    }}, 250);
  }};
  slider.oninput = function () {{ stop(); show(); }};
  slider.value = {last};
  sheet.style.display = "none";
  figure.insertBefore(frame, caption); figure.insertBefore(bar, caption);
  caption.textContent = "";
  show();
}})();
</script>
"""
GAP = 6  # pixels between the frames of the sheet


class Replay:
    """A replay that shows itself as the last line of a cell.

    Parameters
    ----------
    frames : sequence of numpy.ndarray
        uint8 (height, width) or (height, width, 3), all of one shape.
    steps : sequence of int
        The training step of each frame.
    alt : str
        What the frames show.
    columns : int
        Of the still sheet.
    most : int
        More frames than this are thinned out evenly; the first and the last stay.
    scale : float
        The player's size relative to a frame's.
    quality : int
        Of the WebP picture, 1 to 100.

    Raises
    ------
    ValueError
        If there are no frames, not one step for each, or no alt text.
    """

    def __init__(self, frames, steps, *, alt, columns=4, most=16, scale=2.0, quality=60):
        if len(frames) == 0 or len(frames) != len(steps):
            raise ValueError(f"{len(frames)} frames and {len(steps)} steps: give as many, and at least one.")
        if not alt or not alt.strip():
            raise ValueError("a replay needs an alt text: say in a sentence what it shows.")
        chosen = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
        self.steps = [int(steps[i]) for i in chosen]
        self.alt = alt
        self._frames = [rgb(frames[i]) for i in chosen]
        self._columns = min(columns, len(chosen))
        self._scale = scale
        self._quality = quality

    def html(self):
        """Return the replay as one HTML fragment (str)."""
        sheet = self._sheet()
        sheet_height, sheet_width = sheet.shape[:2]
        height, width = self._frames[0].shape[:2]
        rows = -(-len(self._frames) // self._columns)
        encoded = self._encode(sheet)
        steps = ", ".join(f"{step:,}" for step in self.steps)
        return TEMPLATE.format(
            id=f"gan-replay-{_digest(encoded)}",
            sheet=encoded,
            sheet_width=sheet_width,
            sheet_height=sheet_height,
            alt=html.escape(self.alt, quote=True),
            caption=f"Row by row, after the steps {steps}. In a trusted notebook this becomes a player.",
            steps=json.dumps(self.steps),
            last=len(self.steps) - 1,
            width=round(width * self._scale),
            frame_width=width,
            frame_height=height,
            zoom_x=100 * sheet_width / width,
            zoom_y=100 * sheet_height / height,
            columns=self._columns,
            percent_x=100 / max(1, self._columns - 1),
            percent_y=100 / max(1, rows - 1),
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "text/plain": self.alt}

    def _sheet(self):
        height, width = self._frames[0].shape[:2]
        rows = -(-len(self._frames) // self._columns)
        shape = (rows * (height + GAP) - GAP, self._columns * (width + GAP) - GAP, 3)
        sheet = np.full(shape, 255, np.uint8)
        for i, frame in enumerate(self._frames):
            top, left = i // self._columns * (height + GAP), i % self._columns * (width + GAP)
            sheet[top : top + height, left : left + width] = frame
        return sheet

    def _encode(self, sheet):
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(sheet).save(file, "WEBP", quality=self._quality, method=6)
        return base64.b64encode(file.getvalue()).decode()


def _digest(text):
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12]
