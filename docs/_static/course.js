// What can be moved must be reached by the Tab key: the theme sees to code and tables, this to wide equations.
function reachWideEquations() {
  for (const place of document.querySelectorAll("span.math, div.math mjx-container")) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  // Not the window's resize event: the sidebar slides in or out after it, and only then is the text as wide as it stays.
  new ResizeObserver(reachWideEquations).observe(document.querySelector("article") ?? document.body);
});
