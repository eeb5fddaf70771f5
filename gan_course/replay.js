// Puts a window in the place of the sheet of frames, with a slider and a play button that move it from frame to frame.
function revive(figure, { steps, width, height, gap, scale }) {
  const sheet = figure.querySelector("img"), caption = figure.querySelector("figcaption"), last = steps.length - 1;
  const [wide, high] = [sheet.getAttribute("width"), sheet.getAttribute("height")].map(Number);
  const columns = Math.round((wide + gap) / (width + gap));
  const frame = document.createElement("div"), bar = document.createElement("div");
  frame.setAttribute("role", "img");
  // Positions and sizes in percent: the player shrinks with a narrow page, as the sheet does.
  frame.style.cssText = `width:${width * scale}px;max-width:100%;aspect-ratio:${width}/${height};image-rendering:pixelated;` +
    `background:url(${sheet.src}) 0 0/${100 * wide / width}% ${100 * high / height}%`;
  bar.style.cssText = "display:flex;align-items:center;gap:0.6em;margin-top:0.4em;max-width:32em";
  bar.innerHTML = '<button type="button" style="min-width:4.5em">Play</button>' +
    `<input type="range" aria-label="training step" min="0" max="${last}" style="flex:1">` +
    '<output style="min-width:7em"></output>';
  const [play, slider, label] = bar.children;
  // JupyterLab takes the arrow keys for its cells, unless the very element with the focus asks it not to.
  slider.dataset.lmSuppressShortcuts = "true";
  let timer = null;
  function show() {
    const i = Number(slider.value), x = (i % columns) * (width + gap), y = Math.floor(i / columns) * (height + gap);
    frame.style.backgroundPosition = `${100 * x / (wide - width || 1)}% ${100 * y / (high - height || 1)}%`;
    label.textContent = `step ${steps[i].toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", label.textContent);
    frame.setAttribute("aria-label", `${sheet.alt} Shown: ${label.textContent}`);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }
  play.onclick = () => {
    if (timer) return stop();
    if (Number(slider.value) === last) slider.value = 0;
    show();
    play.textContent = "Pause";
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (Number(slider.value) === last) stop();
    }, 250);
  };
  slider.oninput = () => {
    stop();
    show();
  };
  slider.value = last;
  figure.insertBefore(frame, caption);
  figure.insertBefore(bar, caption);
  show();
}
