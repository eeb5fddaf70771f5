"""Recorded experiments: every recipe of a lesson over several seeds, judged by its task, kept under results/.

The code that trains is the lesson's own. Its cells tagged ``recipe`` have to define

* ``RECIPES``: slug to settings. A slug is lower-case words with hyphens, ``"lr-0.0005"``; the settings are a dict
  with a ``"label"`` for readers. With ``"seeds"`` in it, only those of the recording's seeds are taken; a ``"task"``
  goes before the lesson's;
* ``train_recipe(settings, seed, steps)``: trains, and yields ``(step, networks)`` twice or more, the last time at
  the end; ``networks`` is name to anything that ``draw`` takes. A third entry, name to float, is noted beside the
  scores: a loss, say;
* ``draw(network, *inputs)``: the task's inputs to samples;
* ``task``, a :class:`gan_course.tasks.Task`, and ``STEPS``: budget to a number of steps.

A recording can be broken off and called again: a recipe and seed that is done is not done again, as long as the
code of these cells is the same. Steps count, not seconds, so it may run two at a time with one thread each;
seconds per step are measured apart, on a machine that does nothing else.
"""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import nbformat
import pandas
from filelock import FileLock, Timeout

from gan_course import lessons, provenance
from gan_course.errors import CourseError
from gan_course.table import Table
from gan_course.tasks.score import Score
from gan_course.tasks.task import SAMPLE_STREAM, generate

RESULTS = lessons.ROOT / "results"
SLUG = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
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
        If they don't define what a recording needs, or a recipe has no slug or no label.
    """
    names = {"budget": budget, "seed": 0, "dataset": "mnist"}
    for source in recipe_cells(path):
        exec(compile(source, path.name, "exec"), names)
    if missing := {"RECIPES", "train_recipe", "draw", "task", "STEPS"} - names.keys():
        raise CourseError(f"{path.name} can't be recorded: its recipe cells don't define {', '.join(sorted(missing))}.")
    for slug, settings in names["RECIPES"].items():
        if not SLUG.fullmatch(slug):
            raise CourseError(
                f"The recipe {slug!r} needs a slug for a key: lower-case words with hyphens, `lr-0.0005`."
            )
        if "label" not in settings:
            raise CourseError(f"The recipe {slug!r} needs a name for readers: add a `label` to its settings.")
    return names


def task_of(names, slug):
    """Return the :class:`gan_course.tasks.Task` of a recipe: its own, or the lesson's."""
    return names["RECIPES"][slug].get("task", names["task"])


def record_one(path, budget, slug, seed):
    """Train one recipe with one seed and judge it; return its rows (list of dict)."""
    names = load(path, budget)
    task = task_of(names, slug)
    inputs = task.draw_inputs(seed, task.samples, SAMPLE_STREAM)
    rows = []
    for step, networks, *noted in names["train_recipe"](names["RECIPES"][slug], seed, names["STEPS"][budget]):
        for name, network in networks.items():
            values = task.evaluate(generate(partial(names["draw"], network), inputs), inputs)
            row = {"recipe": slug, "network": name, "seed": seed, "step": step}
            values = {score.key: values[score.key] for score in task.scores} | dict(*noted)
            rows.append(row | {key: round(float(value), 5) for key, value in values.items()})
    return rows


def seconds_per_step(path, budget):
    """Return recipe to seconds per step, with all threads (dict): the least of five times, taken in turn.

    The clock runs from the first yield to the last: what a framework compiles in its first steps doesn't count.
    Whatever else the machine does can only add to a time, and may do so for a minute or more: hence in turn.
    """
    names = load(path, budget)
    measured = {}
    for recipe, settings in [*names["RECIPES"].items()] * ROUNDS:
        looks = [(step, time.perf_counter()) for step, *_ in names["train_recipe"](settings, 0, TIMED_STEPS)]
        (first, started), (last, ended) = looks[0], looks[-1]
        if last == first:
            raise CourseError(f"train_recipe yields only once in {TIMED_STEPS} steps of {recipe!r}: it can't be timed.")
        seconds = round((ended - started) / (last - first), 5)
        measured[recipe] = min(seconds, measured.get(recipe, seconds))
    return measured


def record(path, budget="laptop", seeds=(0, 1, 2), processes=2):
    """Record every recipe of a lesson over the seeds, and write ``results/LESSON.csv`` and ``.json``.

    Raises
    ------
    CourseError
        If the lesson's recipe cells change meanwhile, or another process records it.
    """
    code = provenance.code_hash(recipe_cells(path))
    folder = Path(os.environ.get("GAN_COURSE_RUNS") or "runs", path.stem, f"record-{budget}-{code[:8]}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            _record(path, budget, seeds, processes, code, folder)
    except Timeout:
        raise CourseError(f"Another process is recording {path.stem} already, in {folder}. Let it end.") from None


def _record(path, budget, seeds, processes, code, folder):
    names = load(path, budget)
    settings, task = names["RECIPES"], names["task"]
    jobs = [(slug, seed) for seed in seeds for slug in settings if seed in settings[slug].get("seeds", seeds)]
    files = [folder / f"{slug}-seed{seed}.json" for slug, seed in jobs]
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
    rows = pandas.DataFrame([row for file in files for row in json.loads(file.read_text(encoding="utf-8"))])
    facts = {
        "recipe_sha256": code,
        "budget": budget,
        "seeds": list(seeds),
        "task": task.name,
        **_judging(task),
        "others": {slug: how for slug in settings if (how := _judging(task_of(names, slug))) != _judging(task)},
        "device": "cpu",
        **provenance.made_on(nbformat.read(path, as_version=4)),
        "labels": {slug: recipe["label"] for slug, recipe in settings.items()},
        "seconds_per_step": json.loads(timing.read_text(encoding="utf-8")),
        "versions": provenance.versions(),
    }
    RESULTS.mkdir(exist_ok=True)
    rows.to_csv(RESULTS / f"{path.stem}.csv", index=False)
    (RESULTS / f"{path.stem}.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _judging(task):
    return {"data": task.data, "samples": task.samples, "scores": [asdict(score) for score in task.scores]}


class Recorded:
    """A lesson's recorded results.

    Attributes
    ----------
    rows : pandas.DataFrame
        One row for each recipe (its slug), network, seed and step, with a column for each score.
    facts : dict
        Budget, seeds, samples, data, machine, versions ... of the recording.
    labels : dict
        Slug to the recipe's name for readers.
    scores : dict
        Key to :class:`gan_course.tasks.Score`, of the lesson's task.
    """

    def __init__(self, lesson, rows, facts):
        self.lesson, self.rows, self.facts, self.labels = lesson, rows, facts, facts["labels"]
        self.scores = _scores(facts)

    def judging(self, slug):
        """Return how a recipe was judged, by its own task or the lesson's.

        Returns
        -------
        data : str
            What it was compared with.
        samples : int
        scores : dict
            Key to :class:`gan_course.tasks.Score`.
        """
        how = self.facts.get("others", {}).get(slug, self.facts)
        return how["data"], how["samples"], _scores(how)

    def curve(self, slug, network=None):
        """Return the rows of one network of one recipe, at every step that was looked at (pandas.DataFrame).

        Raises
        ------
        CourseError
            If it wasn't recorded, or the recipe has several networks and none is named.
        """
        mine = self.rows[self.rows["recipe"] == slug]
        if mine.empty:
            raise CourseError(f"{self.lesson} has no recorded recipe {slug!r}, but: {', '.join(self.labels)}.")
        found = mine if network is None else mine[mine["network"] == network]
        if found["network"].nunique() != 1:
            raise CourseError(f"Say which network of {slug!r}: {', '.join(mine['network'].unique())}.")
        return found

    def runs(self, slug, network=None, step=None):
        """Return one row a seed, after ``step`` steps or else after the last (pandas.DataFrame)."""
        mine = self.curve(slug, network)
        step = mine["step"].max() if step is None else step
        found = mine[mine["step"] == step].reset_index(drop=True)
        if found.empty:
            raise CourseError(
                f"{slug!r} wasn't looked at after {step} steps, but: {sorted(mine['step'].unique().tolist())}."
            )
        return found

    def range(self, slug, network, score, step=None, form=None):
        """Return a score of all seeds as text: ``"2.9 to 3.5"``, from the best to the worst."""
        return self.scores[score].span(self.runs(slug, network, step)[score], form)

    def seconds(self, slug):
        """Return the seconds that a step of a recipe took (float)."""
        return self.facts["seconds_per_step"][slug]

    def plot(self, axes, slug, network, score, style, label=None, **how):
        """Draw a score over the seconds of training into matplotlib's axes: a line a seed, one entry in the legend.

        The entry is the recipe's name for readers, or ``label``.
        """
        label = label or self.labels[slug]
        for _, one in self.curve(slug, network).groupby("seed"):
            axes.plot(one["step"] * self.seconds(slug), one[score], style, label=label, **how)
            label = None

    def table(self, runs, scores, name="recipe"):
        """Return a :class:`gan_course.table.Table` of recipes and scores, each from the best seed to the worst.

        Parameters
        ----------
        runs : iterable or dict
            Of ``(slug, network)`` or ``(slug, network, step)``; in a dict, with the names that they are to have.
        scores : iterable of str
            Keys.
        name : str
            The first column's heading.
        """
        if not isinstance(runs, dict):
            runs = {f"{self.labels[slug]} ({network})": (slug, network, *step) for slug, network, *step in runs}
        rows = []
        for label, run in runs.items():
            found = self.runs(*run)
            step = int(found["step"].iloc[0])
            texts = [self.scores[score].span(found[score]) for score in scores]
            rows.append([label, f"{step:,}", f"{step * self.seconds(run[0]):,.0f}", *texts])
        heads = [name, "steps", "seconds", *(self.scores[score].label for score in scores)]
        return Table(heads, rows, self.about)

    @property
    def about(self):
        """How it was recorded, in a line (str)."""
        facts = self.facts
        seeds = ", ".join(map(str, facts["seeds"]))
        where = facts["machine"] + (f", factor {facts['factor']:.1f}" if facts.get("factor") else "")
        return f"Recorded: seeds {seeds}; {facts['samples']:,} samples each, from the best seed to the worst; {where}."


def _scores(how):
    return {score["key"]: Score(**score) for score in how["scores"]}


def recorded(lesson):
    """Return a lesson's :class:`Recorded` results.

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
    rows = pandas.read_csv(table, dtype={"recipe": str, "network": str})
    return Recorded(lesson, rows, json.loads(facts.read_text(encoding="utf-8")))


def older_recipe(path):
    """Return a note if a lesson's recorded results come from other recipe cells than it has now, else None."""
    facts = RESULTS / f"{path.stem}.json"
    if facts.exists():
        made = json.loads(facts.read_text(encoding="utf-8"))["recipe_sha256"]
        if made != provenance.code_hash(recipe_cells(path)):
            return (
                f"results/{path.stem}.csv was recorded with other recipe cells: `make record LESSON=...` makes it again"
            )
    return None
