// Typeset everything first, the notes too (the speaker's window has no MathJax), then start the show.
window.MathJax = {
  tex: { inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]] },
  svg: { fontCache: "local" }, // each formula is whole by itself, so a copy of it in the speaker's window is, too
  options: { enableMenu: false }, // whose tab stops would stand between the keyboard and a replay
  startup: { pageReady: () => MathJax.startup.defaultPageReady().then(start) },
};

function start() {
  for (const twice of document.querySelectorAll(".notes mjx-assistive-mml")) twice.remove(); // hidden here, not there
  for (const formula of document.querySelectorAll(".notes svg")) formula.style.cssText += "max-width: 100%; height: auto";
  for (const alive of document.querySelectorAll(".alive")) alive.addEventListener("keydown", leaveToIt);
  return Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    hash: true,
    navigationMode: "linear", // the right arrow goes through every slide, and skips none below
    slideNumber: "c/t",
    transition: "none",
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
  });
}

// Keys pressed within a replay are the replay's own. Page Up and Page Down, a presenter's two buttons, still turn the
// page, and so does Space on a slider, which has no use for it. Escape gives the keyboard back to the slides.
function leaveToIt(event) {
  const turns = event.key.startsWith("Page") || (event.key === " " && event.target.type === "range");
  if (turns || event.key === "Escape") document.activeElement.blur();
  if (!turns) event.stopPropagation();
}
