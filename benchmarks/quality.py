"""Time to quality: seconds of training until samples come as near as that, ours against the article's recipe.

Live: both recipes are trained here, from the lesson's own cells and with one seed. A recipe hands its networks out
only a few times in a run; so it is trained several times, each time from the start and for a third of the steps of
the time before, which gives more looks for half as much work again. Judging doesn't count as training. A target is
reached at the first look from which on no look is worse: an untrained generator passes the easiest targets by chance,
and then moves away from them.

Recorded: what the same comparison gives for the seeds in ``results/``, whose looks are few; its seconds are steps
times the recorded seconds per step.

Which recipe and network stand for the article and for the lesson, and the targets, say the lessons themselves
(``lesson.benchmark`` in their notebooks' metadata). The distance is the task's first score.
"""

import contextlib
import io
import json
import time
from functools import partial
from statistics import median

from gan_course import lessons, record
from gan_course.tasks.task import SAMPLE_STREAM, generate

WHICH = ("article", "lesson")
SHORTEST = 300  # steps of a run that is worth its looks
SIZES = {
    "tiny": {"steps": {"02_mlp_gan": 6}, "samples": 1000},
    "default": {"steps": {"02_mlp_gan": 5_000}, "samples": 10_000},
    "full": {  # the first one's whole laptop budget, a part of the others'
        "steps": {"02_mlp_gan": 15_000, "03_dcgan_tensorflow": 1_500},
        "samples": 10_000,
    },
}


def plans():
    """Return lesson to its ``benchmark``: ``{"article": [slug, network], "lesson": [slug, network], "targets"}``."""
    found = {}
    for path in lessons.all_lessons():
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("lesson", {})
        if "benchmark" in about:
            found[path.stem] = about["benchmark"]
    return found


def measure(steps, samples, seed=0):
    """Train and judge both recipes of the lessons in ``steps`` live, and read what is recorded of every lesson.

    Returns
    -------
    dict
        Lesson to ``{"live", "recorded"}``, each with ``"reached"``, a list of dict; or ``"skipped"``: why, where there
        is no MNIST.
    """
    measured = {}
    for lesson, plan in plans().items():
        results = record.recorded(lesson)
        runs = recorded_looks(results, plan)
        measured[lesson] = {
            "recorded": {
                "seeds": len(runs),
                "seconds": round(max(look["seconds"] for run in runs for look in run["lesson"])),
                "machine": results.facts["machine"],
                "reached": [reached(target, runs) for target in plan["targets"]],
            }
        }
        if lesson not in steps:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            names = record.load(lessons.find(lesson), "laptop")
        if names["train"].name != "mnist":
            return {"skipped": "There is no MNIST here: set GAN_COURSE_DATA, or let a lesson download it."}
        looks = {which: train(names, *plan[which], steps[lesson], samples, seed) for which in WHICH}
        reached_now = [reached(target, [looks]) for target in plan["targets"]]
        live = {"steps": steps[lesson], "seed": seed, "samples": samples, "looks": looks, "reached": reached_now}
        measured[lesson] |= {"live": live}
    return measured


def train(names, recipe, network, steps, samples, seed):
    """Return the looks of one recipe, in the order of their steps: a list of dict."""
    task = record.task_of(names, recipe)
    inputs = task.draw_inputs(seed, samples, SAMPLE_STREAM)
    looks = {}
    for length in lengths(steps):
        seconds, run = 0.0, names["train_recipe"](names["RECIPES"][recipe], seed, length)
        while True:
            started = time.perf_counter()
            step, networks = next(run, (None, None))
            seconds += time.perf_counter() - started
            if step is None:
                break
            if step not in looks:  # the end of a short run is a look of the longer one, too
                scores = task.evaluate(generate(partial(names["draw"], networks[network]), inputs), inputs)
                looks[step] = {
                    "step": step,
                    "seconds": round(seconds, 2),
                    "distance": round(scores[task.scores[0].key], 1),
                    "scores": ", ".join(score.say(scores[score.key]) for score in task.scores if score.headline),
                }
    return [looks[step] for step in sorted(looks)]


def lengths(steps):
    """Return the steps of each run, the longest first."""
    found = [steps]
    while found[-1] // 3 >= SHORTEST:
        found.append(found[-1] // 3)
    return found


def recorded_looks(results, plan):
    """Return the recorded looks in the form of the live ones: for each seed that both have, which to list of dict."""
    curves = {which: results.curve(*plan[which]).sort_values("step") for which in WHICH}
    distance = next(iter(results.scores))
    runs = [
        {
            which: [
                {"step": step, "seconds": step * results.seconds(plan[which][0]), "distance": value}
                for step, value in curve[curve["seed"] == seed][["step", distance]].itertuples(index=False)
            ]
            for which, curve in curves.items()
        }
        for seed in results.facts["seeds"]
    ]
    return [run for run in runs if all(run.values())]


def reached(target, runs):
    """Return when a target was reached: median seconds over those runs that reached it, and their number.

    ``"ratio"`` is the article's seconds over the lesson's; where the article never got there, it is a lower bound,
    from all the seconds that it was given, and ``"bound"`` is true.
    """
    times = {which: [_from(run[which], target) for run in runs] for which in WHICH}
    row = {"target": target}
    for which, values in times.items():
        got = [value for value in values if value is not None]
        row[which] = round(median(got), 1) if got else None
        row[f"{which}_runs"] = f"{len(got)} of {len(values)}"
    given = median(run["article"][-1]["seconds"] for run in runs)
    row["bound"] = row["article"] is None
    row["ratio"] = round((given if row["bound"] else row["article"]) / row["lesson"], 2) if row["lesson"] else None
    return row


def _from(looks, target):
    """Return the seconds of the first look from which on all are at or below the target, or None."""
    worse = [n for n, look in enumerate(looks) if look["distance"] > target]
    first = worse[-1] + 1 if worse else 0
    return looks[first]["seconds"] if first < len(looks) else None


def table(measured):
    if "skipped" in measured:
        return measured["skipped"]
    parts = []
    for lesson, found in measured.items():
        parts.append(f"### {lesson}")
        parts += _live(found["live"]) if "live" in found else []
        recorded = found["recorded"]
        parts.append(
            f"Recorded, not measured now: {recorded['seeds']} seeds, the lesson's recipe for "
            f"{recorded['seconds']} s, a few looks each, {recorded['machine']}. The seconds are the median of the seeds "
            "that got there."
        )
        parts.append(_reached_table(recorded["reached"]))
    return "\n\n".join(parts)


def _live(live):
    lines = ["| recipe | step | seconds | scores |", "| --- | --- | --- | --- |"]
    for which, looks in live["looks"].items():
        for look in looks:
            lines.append(f"| {which} | {look['step']:,} | {look['seconds']:.1f} | {look['scores']} |")
    return [
        f"Live: seed {live['seed']}, up to {live['steps']:,} steps, {live['samples']:,} samples a look.",
        _reached_table(live["reached"]),
        "Each look (seconds of training):",
        "\n".join(lines),
    ]


def _reached_table(rows):
    head = ["Fréchet distance, × real data's", "article's recipe", "lesson's recipe", "ratio"]
    lines = [f"| {' | '.join(head)} |", "| --- | --- | --- | --- |"]
    for row in rows:
        cells = [
            f"{row[which]:.0f} s ({row[f'{which}_runs']})" if row[which] else f"not reached ({row[f'{which}_runs']})"
            for which in WHICH
        ]
        ratio = "" if row["ratio"] is None else f"{'more than ' if row['bound'] else ''}{row['ratio']:.1f}"
        lines.append(f"| {row['target']} | {cells[0]} | {cells[1]} | {ratio} |")
    return "\n".join(lines)
