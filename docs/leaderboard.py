"""The leaderboard of all recorded experiments, and a figure and a table for each lesson, in Markdown."""

import base64

import nbformat
import numpy as np

from gan_course import lessons, plots
from gan_course.record import RESULTS, SAMPLES, older_recipe, recorded
from gan_course.yardstick import floors

FRECHET = "frechet_over_floor"
# (score, its heading, how a number is written)
SCORES = (
    (FRECHET, "Fréchet distance, floors", ",.0f"),
    ("coverage_of_real", "coverage of real", ".0%"),
    ("coverage_of_real_worst", "worst class", ".0%"),
    ("class_kl", "class KL", ".3f"),
    ("least_frequent", "rarest digit", ".1%"),
    ("conditional_accuracy", "digit as asked", ".1%"),  # where labels are asked for
)
# Eight colours of Okabe and Ito (2008). Lines differ in their markers and dashes, too, for grey print.
COLOURS = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.GREY, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = [
    {"color": colour, "linestyle": dashes, "marker": marker}
    for colour, dashes, marker in zip(COLOURS, 2 * plots.DASHES, "os^vDPX*", strict=True)
]


class Network:
    """What one network of one recipe scored, at every step that was looked at, with every seed."""

    def __init__(self, lesson, recipe, name, rows, seconds_per_step):
        self.lesson, self.recipe, self.name, self.rows = lesson, recipe, name, rows
        self.steps = sorted({row["step"] for row in rows})
        self.seeds = sorted({row["seed"] for row in rows})
        self.seconds_per_step = seconds_per_step

    @property
    def label(self):
        return f"{self.recipe} ({self.name})"

    def values(self, score, step=None):
        """Return a score of each seed (list) at a step, the last one by default; empty if it wasn't recorded."""
        step = step or self.steps[-1]
        return [row[score] for row in self.rows if row["step"] == step and row.get(score, "") != ""]

    def mean(self, score, step=None):
        return np.mean(self.values(score, step))

    def minutes(self, step=None):
        return (step or self.steps[-1]) * self.seconds_per_step / 60


def tables():
    """Return all that the page shows below its introduction (str)."""
    recordings = {path.stem: networks_of(path.stem) for path in sorted(RESULTS.glob("[0-9][0-9]_*.csv"))}
    best = sorted(
        (network for networks in recordings.values() for network in best_of(networks)),
        key=lambda network: network.mean(FRECHET),
    )
    scores = _recorded_scores(best)
    head = ["place", "lesson", "recipe", *(title for _, title, _ in scores), "minutes", "seeds"]
    rows = [["", "", "real digits", *(_real(*score) for score in scores), "", ""]]
    rows += [
        [place, f"[{network.lesson[:2]}](#lesson-{network.lesson[:2]})", network.label]
        + [*_words(network, scores), f"{network.minutes():.1f}", len(network.seeds)]
        for place, network in enumerate(best, 1)
    ]
    return "\n\n".join([_table(head, rows), *(_section(*recording) for recording in recordings.items())])


def networks_of(lesson):
    """Return a lesson's recorded networks (list of :class:`Network`), the one with the least distance first."""
    rows, facts = recorded(lesson)
    groups = {}
    for row in rows:
        groups.setdefault((row["recipe"], row["network"]), []).append(row)
    seconds = facts["seconds_per_step"]
    networks = [Network(lesson, recipe, name, group, seconds[recipe]) for (recipe, name), group in groups.items()]
    return sorted(networks, key=lambda network: network.mean(FRECHET))


def best_of(networks):
    """Return the first network of each recipe: a generator, or the average of its weights, whichever is better."""
    best = {}
    for network in networks:
        best.setdefault(network.recipe, network)
    return list(best.values())


def _section(lesson, networks):
    """Return a lesson's heading, the facts of its recording, its figure, and the table of all its networks."""
    _, facts = recorded(lesson)
    path = lessons.NOTEBOOKS / f"{lesson}.ipynb"
    title, recipes, note = lesson, "The recipes", None
    if path.exists():  # results may be there before the lesson is
        title = nbformat.read(path, as_version=4)["cells"][0]["source"].splitlines()[0].lstrip("# ")
        recipes, note = f"The recipes of [the lesson](../notebooks/{path.name})", older_recipe(path)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    parts = [
        f"(lesson-{lesson[:2]})=\n## {title}",
        f"{recipes}, recorded on {facts['machine']}, device {facts['device']}, at the budget `{facts['budget']}`, with "
        f"the data `{facts['data']}` and {facts['samples']:,} samples of each network. Versions: {versions}.",
        f"*The lesson's code has changed since then: {note}.*" if note else "",
        _figure(best_of(networks)),
    ]
    scores = _recorded_scores(networks)
    head = ["recipe", "network", *(title for _, title, _ in scores), "steps", "seconds a step", "seeds"]
    rows = [
        [network.recipe, network.name, *_words(network, scores), f"{network.steps[-1]:,}"]
        + [f"{network.seconds_per_step:.4f}", ", ".join(map(str, network.seeds))]
        for network in networks
    ]
    return "\n\n".join([*filter(None, parts), _table(head, rows)])


def _figure(networks):
    """Return a picture of the Fréchet distance over the minutes of training, from the best seed to the worst."""
    figure = plots.new_figure(6.5, 4.8)  # as wide as the text
    axes, ends = figure.subplots(), []
    for i, network in reversed(list(enumerate(networks))):  # the legend in the order of the lines
        minutes = [network.minutes(step) for step in network.steps]
        values = [network.values(FRECHET, step) for step in network.steps]
        style = STYLES[i % len(STYLES)]
        axes.plot(minutes, [np.mean(of_seeds) for of_seeds in values], label=network.label, **style)
        axes.fill_between(minutes, *zip(*map(_range, values), strict=True), color=style["color"], alpha=0.15)
        ends.insert(0, f"{network.label} ends at {network.mean(FRECHET):,.0f} after {minutes[-1]:.1f} minutes")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.annotate("real digits", (0.01, 1.1), xycoords=("axes fraction", "data"), fontsize=9)
    axes.set(yscale="log", xlabel="minutes of training", ylabel="Fréchet distance in floors (log)")
    axes.set_xlim(left=0)
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
    shown = plots.picture(figure, f"Fréchet distance in floors over the minutes of training: {'; '.join(ends)}.")
    return f"![{shown.alt}](data:image/png;base64,{base64.b64encode(shown.png).decode()})"


def _range(values):
    return min(values), max(values)


def _recorded_scores(networks):
    """Return those of SCORES that at least one of the networks has."""
    return [score for score in SCORES if any(network.values(score[0]) for network in networks)]


def _words(network, scores):
    """Return a network's scores at its last step in words: the mean, and of the Fréchet distance the range, too."""
    words = []
    for score, _, form in scores:
        values = network.values(score)
        words.append(f"{np.mean(values):{form}}" if values else "–")
        if score == FRECHET and len(values) > 1:
            low, high = _range(values)
            words[-1] += f" ({low:{form}}–{high:{form}})"
    return words


def _real(score, title, form):
    """Return what as many real digits score, in words."""
    floor = floors.floor(SAMPLES)
    return f"{min(floor['class_histogram']['mean']) if score == 'least_frequent' else floor[score]['mean']:{form}}"


def _table(head, rows):
    """Return a Markdown table; its texts and numbers hold no vertical bar."""
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ["---"] * len(head), *rows])
