"""Redraws a second in the lab: what a picture costs the kernel, in CPU time, and what it costs the browser.

    python -m benchmarks.lab

The kernel's and the browser's work run side by side, so the slower of the two sets the pace. CPU seconds are given,
because they mean the same on a busy machine; the lab itself shows at most 25 pictures a second.
"""

import shutil
import tempfile
import time
from pathlib import Path

import torch

from gan_course import lab
from gan_course.lab import frames
from gan_course.lab.play import Game

PICTURES = 60
DRAW = """() => {
  const shadow = document.querySelector(".gan-lab div").firstChild.shadowRoot;
  const scrub = shadow.querySelector("[aria-label='back through the game']"), start = performance.now();
  for (let i = 0; i < 100; i++) { scrub.value = i % Number(scrub.max); scrub.dispatchEvent(new Event("input")); }
  shadow.querySelector("canvas").getContext("2d").getImageData(0, 0, 1, 1);  // wait for the drawing
  return (performance.now() - start) / 100;
}"""


def kernel(rounds, **settings):
    """Return the CPU milliseconds of one picture: so many rounds of training, a look, and packing it."""
    game = Game(**settings)
    game.step()
    start = time.process_time()
    for _ in range(PICTURES):
        for _ in range(rounds):
            game.step()
        frames.pack(game.look())
    return 1000 * (time.process_time() - start) / PICTURES


def browser():
    """Return the milliseconds of one drawing in Chromium without a graphics card, or None without Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        return None
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "game.html"
        file.write_text(
            f"<!doctype html><meta charset=utf-8>{lab.game(steps=200, live=False).html()}", encoding="utf-8"
        )
        window = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = window.new_page(viewport={"width": 1200, "height": 800})
        page.goto(file.as_uri())
        page.get_by_role("region").wait_for()
        milliseconds = min(page.evaluate(DRAW) for _ in range(5))
        window.close()
    return milliseconds


def main():
    torch.set_num_threads(1)
    for rounds, settings in [(1, {}), (5, {}), (1, {"loss": "wasserstein", "d_steps": 5})]:
        cost = kernel(rounds, **settings)
        name = ", ".join(f"{key} {value}" for key, value in settings.items()) or "defaults"
        print(
            f"kernel: {rounds} rounds a picture ({name}): {cost:5.1f} ms of CPU, {1000 / cost:4.0f} pictures a second"
        )
    drawing = browser()
    if drawing is not None:
        print(f"browser: {drawing:.1f} ms a drawing, {1000 / drawing:.0f} a second")


if __name__ == "__main__":
    main()
