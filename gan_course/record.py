"""Recorded experiments: every recipe of a lesson over several seeds, judged by the yardstick, kept under results/.

The code that trains is the lesson's own. Its cells tagged ``recipe`` have to define

* ``RECIPES``: name to settings, a dict; with ``"seeds"`` in it, only those of the recording's seeds are taken;
* ``train_recipe(settings, seed, steps)``: trains, and yields ``(step, networks)`` twice or more, the last time at
  the end; ``networks`` is name to anything that ``draw`` takes;
* ``draw(network, z)``: float32 z (n, latent_dim) to samples, uint8 (n, 28, 28);
* ``latent_dim`` (``"latent_dim"`` in a recipe's settings goes before it), and ``STEPS``: budget to a number of steps;
* ``draw_latents(rng, n)``, where z is not N(0, 1);
* ``labels_of(z)``: integers (n,), where z says which digit is asked for; then conditional accuracy is recorded, too.

A recording can be broken off and called again: a recipe and seed that is done is not done anew, as long as the
code of these cells is the same. Steps count, not seconds, so it may run two at a time with one thread each;
seconds per step are measured apart, on a machine that does nothing else.
"""

import csv
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np

from gan_course import lessons, provenance
from gan_course.errors import CourseError
from gan_course.run import SAMPLE_STREAM, latents

RESULTS = lessons.ROOT / "results"
SAMPLES = 10_000
SCORES = (
    "frechet_over_floor",
    "frechet_distance",
    "coverage_of_real",
    "coverage_of_real_worst",
    "class_kl",
    "least_frequent",
    "confidence_mean",
    "classifier_score",
    "share_over_95",
    "conditional_accuracy",  # where labels are asked for
)
TIMED_STEPS, ROUNDS = 60, 5
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def recipe_cells(path):
    """Return the source of a lesson's cells tagged ``recipe``, in order (list of str)."""
    notebook = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if "recipe" in cell.metadata.get("tags", [])]


def load(path, budget):
    """Run a lesson's ``recipe`` cells and return their names (dict).

    Raises
    ------
    CourseError
        If they don't define what a recording needs.
    """
    names = {"budget": budget, "seed": 0}
    for source in recipe_cells(path):
        exec(compile(source, path.name, "exec"), names)
    if missing := {"RECIPES", "train_recipe", "draw", "latent_dim", "STEPS"} - names.keys():
        raise CourseError(f"{path.name} can't be recorded: its recipe cells don't define {', '.join(sorted(missing))}.")
    return names


def record_one(path, budget, recipe, seed):
    """Train one recipe with one seed and judge it; return its rows (list of dict)."""
    from gan_course.yardstick import judge, look

    names = load(path, budget)
    settings = names["RECIPES"][recipe]
    latent_dim = settings.get("latent_dim", names["latent_dim"])
    z = latents(seed, SAMPLES, latent_dim, SAMPLE_STREAM, names.get("draw_latents"))
    asked = names["labels_of"](z) if "labels_of" in names else None
    rows = []
    for step, networks in names["train_recipe"](settings, seed, names["STEPS"][budget]):
        for name, network in networks.items():
            samples = np.concatenate([names["draw"](network, z[i : i + 1000]) for i in range(0, SAMPLES, 1000)])
            report = judge(samples, labels=asked)
            scores = {**report.scores, "least_frequent": min(report["class_histogram"])}
            scores["share_over_95"] = np.mean(look(samples)[1].max(axis=1) > 0.95)
            row = {"recipe": recipe, "network": name, "seed": seed, "step": step}
            rows.append(row | {score: round(float(scores[score]), 5) for score in SCORES if score in scores})
    return rows


def seconds_per_step(path, budget):
    """Return recipe to seconds per step, with all threads (dict): the least of five times, taken in turn.

    The clock runs from the first yield to the last: what a framework compiles in its first steps doesn't count.
    Whatever else the machine does can only add to a time, and may do so for a minute or more: hence in turn.
    """
    names = load(path, budget)
    measured = {}
    for recipe, settings in [*names["RECIPES"].items()] * ROUNDS:
        looks = [(step, time.perf_counter()) for step, _ in names["train_recipe"](settings, 0, TIMED_STEPS)]
        (first, started), (last, ended) = looks[0], looks[-1]
        if last == first:
            raise CourseError(f"train_recipe yields but once in {TIMED_STEPS} steps of {recipe!r}: it can't be timed.")
        seconds = round((ended - started) / (last - first), 5)
        measured[recipe] = min(seconds, measured.get(recipe, seconds))
    return measured


def record(path, budget="laptop", seeds=(0, 1, 2), processes=2):
    """Record every recipe of a lesson over the seeds, and write ``results/LESSON.csv`` and ``.json``.

    Raises
    ------
    CourseError
        If the lesson's recipe cells change meanwhile.
    """
    code = provenance.code_hash(recipe_cells(path))
    folder = Path(os.environ.get("GAN_COURSE_RUNS") or "runs", path.stem, f"record-{budget}-{code[:8]}")
    folder.mkdir(parents=True, exist_ok=True)
    settings = load(path, budget)["RECIPES"]
    recipes = list(settings)
    jobs = [(recipe, seed) for seed in seeds for recipe in recipes if seed in settings[recipe].get("seeds", seeds)]
    files = [folder / f"{recipes.index(recipe)}-{seed}.json" for recipe, seed in jobs]
    one_thread = {**os.environ, "GAN_COURSE_STRICT": "1", **dict.fromkeys(THREADS, "1")}

    def work(job, file):
        if provenance.code_hash(recipe_cells(path)) != code:
            raise CourseError(f"The recipe cells of {path.name} changed while they were recorded. Start it again.")
        if not file.exists():
            command = [sys.executable, "-m", "gan_course", "record", path.stem, "--budget", budget]
            command += ["--only", job[0], str(job[1]), str(file)]
            subprocess.run(command, env=one_thread, check=True)

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(work, jobs, files))
    timing = folder / "seconds_per_step.json"  # last, when nothing else runs
    if not timing.exists():
        timing.write_text(json.dumps(seconds_per_step(path, budget)), encoding="utf-8")
    rows = [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))]
    RESULTS.mkdir(exist_ok=True)
    with open(RESULTS / f"{path.stem}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    facts = {
        "recipe_sha256": code,
        "budget": budget,
        "seeds": list(seeds),
        "samples": SAMPLES,
        "data": "mnist",
        "device": "cpu",
        "machine": provenance.machine(),
        "seconds_per_step": json.loads(timing.read_text(encoding="utf-8")),
        "versions": provenance.versions(),
    }
    (RESULTS / f"{path.stem}.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def recorded(lesson):
    """Return a lesson's recorded rows and facts: ``(list of dict, dict)``, numbers as numbers.

    Raises
    ------
    CourseError
        If nothing was recorded for it.
    """
    table, facts = (RESULTS / f"{lesson}{ending}" for ending in (".csv", ".json"))
    if not table.exists():
        raise CourseError(
            f"Nothing is recorded for {lesson}: `python -m gan_course record {lesson}` makes {table.name}."
        )
    with open(table, encoding="utf-8") as file:
        rows = [{key: _number(value) for key, value in row.items()} for row in csv.DictReader(file)]
    return rows, json.loads(facts.read_text(encoding="utf-8"))


def older_recipe(path):
    """Return a note if a lesson's recorded results come from other recipe cells than it has now, else None."""
    facts = RESULTS / f"{path.stem}.json"
    if facts.exists():
        made = json.loads(facts.read_text(encoding="utf-8"))["recipe_sha256"]
        if made != provenance.code_hash(recipe_cells(path)):
            return (
                f"results/{path.stem}.csv was recorded with other recipe cells: `make record LESSON=...` makes it anew"
            )
    return None


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
