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

// A table of results is sorted by the column whose heading is pressed: by the number that a cell begins with, or its text.
function makeSortable(table) {
  table.classList.add("sortable");
  const body = table.tBodies[0];
  const named = [...table.tHead.rows[0].cells].find(head => head.textContent.trim() === "recipe").cellIndex;
  for (const row of table.rows) row.cells[named].classList.add("named");
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.ariaSort = down ? "descending" : "ascending";
      const key = row => row.cells[head.cellIndex].textContent.trim();
      const number = text => parseFloat(text.replace(/,/g, ""));
      const order = (a, b) => isNaN(number(a) - number(b)) ? a.localeCompare(b) : number(a) - number(b);
      body.append(...[...body.rows].sort((a, b) => order(key(a), key(b)) * (down ? -1 : 1)));
    });
  }
}
addEventListener("DOMContentLoaded", () => {
  const heads = [...document.querySelectorAll("article thead th:last-child")];
  heads.filter(head => head.textContent.trim() === "seeds").forEach(head => makeSortable(head.closest("table")));
});
