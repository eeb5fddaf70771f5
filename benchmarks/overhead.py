"""What ``Run`` adds to a training step, in a kernel, as a lesson has it: lesson 02's MNIST step.

Blocks of steps take turns: the bare loop; the loop in a ``Run`` that shows and saves nothing; one that redraws its
preview once a block; one that writes a checkpoint once a block. All of them train the same networks. What a step, a
preview and a checkpoint cost are medians of differences within a round; what a lesson pays is put together from them,
for its own number of previews and checkpoints. An empty loop measures the bookkeeping alone, more finely.

The end of a run (10,000 samples, the replay and the other files) is measured once, and stands apart.
"""

import contextlib
import io
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np

from gan_course import data, lessons, record
from gan_course.run import RESUME, RUNS, Run

SIZES = {
    "tiny": {"rounds": 2, "block": 3, "empty": 20},
    "default": {"rounds": 40, "block": 25, "empty": 5_000},
    "full": {"rounds": 160, "block": 25, "empty": 20_000},
}
LESSON, LAPTOP_STEPS, PREVIEWS, CHECKPOINT_EVERY = "02_mlp_gan", 15_000, 30, 1000  # as lesson 02 has them
NEVER = 10**9
MARK = "measured: "


def measure(rounds, block, empty):
    """Return :func:`in_this_process`'s numbers, measured in a kernel: there a preview has to be sent somewhere."""
    import nbformat
    from nbclient import NotebookClient

    code = f"from benchmarks import overhead\noverhead.say({rounds}, {block}, {empty})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=None, kernel_name="python3").execute(cwd=str(Path(__file__).parents[1]))
    text = "".join(output.get("text", "") for output in notebook.cells[0].outputs)
    return json.loads(text.split(MARK)[1].splitlines()[0])


def say(rounds, block, empty):
    """Print what :func:`in_this_process` returns, on a line of its own."""
    print("\n" + MARK + json.dumps(in_this_process(rounds, block, empty)))


def in_this_process(rounds, block, empty):
    """Measure, with artefacts in a temporary folder.

    Returns
    -------
    dict
        Milliseconds a bare step, and what ``Run`` adds to one (``"added_ms"``, with the middle half of the rounds);
        seconds of a preview, a checkpoint and a run's end; ``"empty_us"``, the bookkeeping of an empty step in
        microseconds; and fractions of the bare loop: ``"step"``, and ``"laptop"`` with previews and checkpoints.
    """
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {RUNS: folder, RESUME: "0"}):
        with contextlib.redirect_stdout(io.StringIO()):  # what the recipe cells say
            player = _Player()
        blocks, end = _blocks(player, rounds, block)
        empty_s = _empty(player, empty)
    bare = median(blocks["bare"]) / block
    added = [(a - b) / block for a, b in zip(blocks["plain"], blocks["bare"], strict=True)]
    preview, checkpoint = (
        median(a - b for a, b in zip(blocks[kind], blocks["plain"], strict=True)) for kind in ("preview", "checkpoint")
    )
    shows = (PREVIEWS * preview + LAPTOP_STEPS // CHECKPOINT_EVERY * checkpoint) / LAPTOP_STEPS
    low, high = np.quantile(added, [0.25, 0.75])
    return {
        "rounds": rounds,
        "block": block,
        "bare_ms": round(1e3 * bare, 3),
        "added_ms": [round(1e3 * value, 4) for value in (median(added), low, high)],
        "empty_us": round(1e6 * empty_s, 1),
        "preview_s": round(preview, 4),
        "checkpoint_s": round(checkpoint, 4),
        "end_s": round(end, 2),
        "step": round(median(added) / bare, 5),
        "laptop": round((median(added) + shows) / bare, 5),
    }


class _Player:
    """Lesson 02's players and its step, from its own recipe cells."""

    def __init__(self):
        self._names = names = record.load(lessons.find(LESSON), "laptop")
        networks = names["make_generator"](), names["make_discriminator"]()
        self._players = names["make_players"](*networks, seed=0, lr=5e-4)
        self.batches = lambda: data.Batches(names["train"].images, 64, np.random.default_rng(0))

    def step(self, images):
        return self._names["train_step"](self._players, self._names["to_real"](images))

    def run(self, name, steps, **options):
        return Run(
            f"benchmark/{name}",
            budget="laptop",
            seed=0,
            steps=steps,
            batches=self.batches(),
            state=vars(self._players),
            sample=lambda z: self._names["draw"](self._players.averaged, z),
            task=self._names["task"],
            data=self._names["train"].name,
            **options,
        )


def _blocks(player, rounds, block):
    """Return kind to seconds of each round's block (dict of list), and the seconds of a run's end."""
    steps = (rounds + 1) * block  # a round to warm up
    runs = {
        "plain": player.run("plain", steps, previews=1, checkpoint_every=NEVER),
        "preview": player.run("preview", steps, previews=rounds + 1, checkpoint_every=NEVER),
        "checkpoint": player.run("checkpoint", steps, previews=1, checkpoint_every=block),
    }
    loops = {kind: iter(run) for kind, run in runs.items()}
    bare, seconds = player.batches(), {kind: [] for kind in ("bare", *runs)}

    def one_block(kind):
        for _ in range(block):
            if kind == "bare":
                player.step(next(bare))
            else:
                runs[kind].log(**player.step(next(loops[kind])))

    order = np.random.default_rng(0)
    for number in range(rounds + 1):
        for kind in order.permutation(list(seconds)) if number else seconds:
            started = time.perf_counter()
            one_block(str(kind))
            if number:
                seconds[str(kind)].append(time.perf_counter() - started)
    ends = {}
    for kind in reversed(loops):  # each put an interrupt's handler on top of the one before
        started = time.perf_counter()
        next(loops[kind], None)
        ends[kind] = time.perf_counter() - started
    return seconds, ends["preview"]


def _empty(player, steps):
    """Return the seconds that a step's bookkeeping takes where the loop's body is empty."""
    run = player.run("empty", steps, previews=1, checkpoint_every=NEVER)
    loop, bare = iter(run), player.batches()
    next(loop)
    started = time.perf_counter()
    for _ in range(steps - 1):
        run.log(d_loss=1.0, g_loss=1.0)
        next(loop)
    with_run = time.perf_counter() - started
    started = time.perf_counter()
    for _ in range(steps - 1):
        next(bare)
    loop.close()
    return (with_run - (time.perf_counter() - started)) / (steps - 1)


def table(measured):
    m = measured
    added, low, high = m["added_ms"]
    rows = [
        "| | |",
        "| --- | --- |",
        f"| a bare step | {m['bare_ms']:.2f} ms |",
        f"| `Run` adds to it | {1e3 * added:.0f} µs (middle half of {m['rounds']} rounds: {1e3 * low:.0f} to {1e3 * high:.0f}) |",
        f"| **the same, of a bare step** | **{m['step']:.2%}** |",
        f"| its bookkeeping in an empty loop | {m['empty_us']:.0f} µs, {m['empty_us'] / 1e3 / m['bare_ms']:.2%} of a bare step |",
        f"| a preview of 50 digits | {m['preview_s'] * 1e3:.0f} ms |",
        f"| a checkpoint | {m['checkpoint_s'] * 1e3:.0f} ms |",
        f"| **with {PREVIEWS} previews and {LAPTOP_STEPS // CHECKPOINT_EVERY} checkpoints in {LAPTOP_STEPS:,} steps** "
        f"| **{m['laptop']:.2%}** |",
        f"| the run's end, once (10,000 samples, replay, files) | {m['end_s']:.1f} s |",
    ]
    return "\n".join(rows)
