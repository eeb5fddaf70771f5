"""Time to quality: seconds of training until samples come as near as that, ours against the article's recipe.

Live: both recipes are trained here, from the lesson's own cells and with one seed. A recipe hands its networks out
only a few times in a run; so it is trained several times, each time from the start and for a third of the steps of
the time before, which gives more looks for half as much work again. Judging doesn't count as training. A target is
reached at the first look from which on no look is worse: an untrained generator passes the easiest targets by chance,
and then moves away from them.

Recorded: what the same comparison gives for the seeds in ``results/``, whose looks are few; its seconds are steps
times the recorded seconds per step.
"""

import contextlib
import io
import time
from statistics import median

import numpy as np

from gan_course import lessons, record
from gan_course.run import SAMPLE_STREAM, latents

WHICH = ("article", "lesson")
RECIPES = {  # lesson: the recipe and the network that stand for the article, and those that stand for the lesson
    "02_mlp_gan": (("the article's", "generator"), ("+ lr 0.0005", "average")),
    "03_dcgan_tensorflow": (("the article's", "generator"), ("our recipe", "average")),
    "04_dcgan_keras2_rmsprop": (("the article's, full size", "generator"), ("ours", "average")),
    "05_spectral_norm": (("article", "generator"), ("SN", "average")),
    "06_conditional_gan": (("concatenation", "generator"), ("projection + CBN", "average")),
}
TARGETS = (400, 200, 100, 60, 40, 20, 10, 6)  # Fréchet distance, in floors
SHORTEST = 300  # steps of a run that is worth its looks
SIZES = {
    "tiny": {"steps": {"02_mlp_gan": 6}, "samples": 1000},
    "default": {"steps": {"02_mlp_gan": 5_000}, "samples": 10_000},
    "full": {  # the first one's whole laptop budget, a part of the others'
        "steps": {"02_mlp_gan": 15_000, "03_dcgan_tensorflow": 1_500},
        "samples": 10_000,
    },
}


def measure(steps, samples, seed=0):
    """Train and judge both recipes of the lessons in ``steps`` live, and read what is recorded of every lesson.

    Returns
    -------
    dict
        Lesson to ``{"live", "recorded"}``, each with ``"reached"``, a list of dict; or ``"skipped"``: why, where there
        is no MNIST.
    """
    measured = {}
    for lesson, length in steps.items():
        with contextlib.redirect_stdout(io.StringIO()):
            names = record.load(lessons.find(lesson), "laptop")
        if names["mnist"].name != "mnist":
            return {"skipped": "There is no MNIST here: set GAN_COURSE_DATA, or let a lesson download it."}
        chosen = zip(WHICH, RECIPES[lesson], strict=True)
        looks = {which: train(names, *recipe, length, samples, seed) for which, recipe in chosen}
        reached_now = [reached(target, [looks]) for target in TARGETS]
        live = {"steps": length, "seed": seed, "samples": samples, "looks": looks, "reached": reached_now}
        measured[lesson] = {"live": live}
    for lesson in RECIPES:
        rows, facts = record.recorded(lesson)
        runs = recorded_looks(lesson, rows, facts)
        measured[lesson] = measured.get(lesson, {}) | {
            "recorded": {
                "seeds": len(runs),
                "seconds": round(max(look["seconds"] for run in runs for look in run["lesson"])),
                "machine": facts["machine"],
                "reached": [reached(target, runs) for target in TARGETS],
            }
        }
    return measured


def train(names, recipe, network, steps, samples, seed):
    """Return the looks of one recipe, in the order of their steps: a list of dict."""
    from gan_course.yardstick import judge

    z = latents(seed, samples, names["latent_dim"], SAMPLE_STREAM, names.get("draw_latents"))
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
                drawn = [names["draw"](networks[network], z[i : i + 1000]) for i in range(0, samples, 1000)]
                scores = judge(np.concatenate(drawn)).scores
                looks[step] = {
                    "step": step,
                    "seconds": round(seconds, 2),
                    "floors": round(float(scores["frechet_over_floor"]), 1),
                    "coverage": round(float(scores["coverage_of_real"]), 3),
                }
    return [looks[step] for step in sorted(looks)]


def lengths(steps):
    """Return the steps of each run, the longest first."""
    found = [steps]
    while found[-1] // 3 >= SHORTEST:
        found.append(found[-1] // 3)
    return found


def recorded_looks(lesson, rows, facts):
    """Return the recorded looks in the form of the live ones: for each seed that both have, which to list of dict."""
    runs = [
        {
            which: [
                {
                    "step": row["step"],
                    "seconds": row["step"] * facts["seconds_per_step"][recipe],
                    "floors": row["frechet_over_floor"],
                }
                for row in rows
                if (row["recipe"], row["network"], row["seed"]) == (recipe, network, seed)
            ]
            for which, (recipe, network) in zip(WHICH, RECIPES[lesson], strict=True)
        }
        for seed in facts["seeds"]
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
    worse = [n for n, look in enumerate(looks) if look["floors"] > target]
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
    lines = ["| recipe | step | seconds | Fréchet distance | coverage |", "| --- | --- | --- | --- | --- |"]
    for which, looks in live["looks"].items():
        for look in looks:
            scores = f"{look['floors']:.0f} | {look['coverage']:.2f}"
            lines.append(f"| {which} | {look['step']:,} | {look['seconds']:.1f} | {scores} |")
    return [
        f"Live: seed {live['seed']}, up to {live['steps']:,} steps, {live['samples']:,} samples a look.",
        _reached_table(live["reached"]),
        "Each look (seconds of training, Fréchet distance in floors, coverage of real digits'):",
        "\n".join(lines),
    ]


def _reached_table(rows):
    lines = ["| Fréchet distance, floors | article's recipe | lesson's recipe | ratio |", "| --- | --- | --- | --- |"]
    for row in rows:
        cells = [
            f"{row[which]:.0f} s ({row[f'{which}_runs']})" if row[which] else f"not reached ({row[f'{which}_runs']})"
            for which in WHICH
        ]
        ratio = "" if row["ratio"] is None else f"{'more than ' if row['bound'] else ''}{row['ratio']:.1f}"
        lines.append(f"| {row['target']} | {cells[0]} | {cells[1]} | {ratio} |")
    return "\n".join(lines)
