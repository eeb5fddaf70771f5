"""The leaderboard of all recorded experiments, and a figure and a table for each lesson, in Markdown.

Which scores there are, and what real data reaches, stands in the results' own files.
"""

import base64

import nbformat
import numpy as np

from gan_course import lessons, plots
from gan_course.record import RESULTS, older_recipe, recorded

# Eight colours of Okabe and Ito (2008). Lines differ in their markers and dashes, too, for grey print.
COLOURS = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.GREY, "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = [
    {"color": colour, "linestyle": dashes, "marker": marker}
    for colour, dashes, marker in zip(COLOURS, 2 * plots.DASHES, "os^vDPX*", strict=True)
]


class Network:
    """What one network of one recipe scored, at every step that was looked at, with every seed."""

    def __init__(self, results, slug, name):
        self.results, self.slug, self.name = results, slug, name
        self.rows = results.curve(slug, name)
        self.steps = sorted(self.rows["step"].unique().tolist())
        self.seeds = sorted(self.rows["seed"].unique().tolist())
        self.data, self.samples, self.scores = results.judging(slug)
        self.ranks_by = next(iter(self.scores))  # a task's first score

    @property
    def label(self):
        return f"{self.results.labels[self.slug]} ({self.name})"

    def values(self, score, step=None):
        """Return a score of each seed (list) at a step, the last one by default; empty if it wasn't recorded."""
        rows = self.rows[self.rows["step"] == (step or self.steps[-1])]
        return rows[score].dropna().tolist() if score in rows else []

    def mean(self, score, step=None):
        return np.mean(self.values(score, step))

    def minutes(self, step=None):
        return (step or self.steps[-1]) * self.results.seconds(self.slug) / 60


def tables():
    """Return all that the page shows below its introduction (str): a leaderboard for each data set, and its lessons."""
    boards, sections = {}, []
    for path in sorted(RESULTS.glob("[0-9][0-9]*_*.csv")):
        kinds = {}
        for network in networks_of(recorded(path.stem)):
            kinds.setdefault((network.data, network.ranks_by), []).append(network)
        sections.append(_section(list(kinds.values())))
        for kind, networks in kinds.items():
            boards.setdefault(kind, []).extend(best_of(networks))
    parts = []
    for (data, _), best in boards.items():
        parts.append(_board(data, sorted(best, key=_rank)))
    return "\n\n".join([*parts, *sections])


def networks_of(results):
    """Return a lesson's recorded networks (list of :class:`Network`), the best one first."""
    pairs = results.rows[["recipe", "network"]].drop_duplicates().itertuples(index=False)
    networks = [Network(results, *pair) for pair in pairs]
    return sorted(networks, key=_rank)


def _rank(network):
    """Return what networks are sorted by: the task's first score, and among equals, all eight modes say, the second."""
    first_two = list(network.scores.values())[:2]
    return [network.mean(score.key) * (-1 if score.better == "higher" else 1) for score in first_two]


def best_of(networks):
    """Return the first network of each recipe: a generator, or the average of its weights, whichever is better."""
    best = {}
    for network in networks:
        best.setdefault(network.slug, network)
    return list(best.values())


def _board(data, best):
    scores = _shown(best)
    head = ["place", "lesson", "recipe", *(score.label for score in scores), "minutes", "seeds"]
    real = ["–" if score.real is None else score.write(score.real) for score in scores]
    rows = [["", "", f"real data ({data})", *real, "", ""]]
    rows += [
        [place, "[{0}](#lesson-{0})".format(network.results.lesson.partition("_")[0]), network.label]
        + [*_words(network, scores), f"{network.minutes():.1f}", len(network.seeds)]
        for place, network in enumerate(best, 1)
    ]
    return _table(head, rows)


def _section(kinds):
    """Return a lesson's heading, the facts of its recording, and for each kind of recipe a figure and a table.

    A kind is a list of :class:`Network` that are judged alike.
    """
    lesson, facts = kinds[0][0].results.lesson, kinds[0][0].results.facts
    path = lessons.NOTEBOOKS / f"{lesson}.ipynb"
    title, recipes, note = lesson, "The recipes", None
    if path.exists():  # results may be there before the lesson is
        title = nbformat.read(path, as_version=4)["cells"][0]["source"].splitlines()[0].lstrip("# ")
        recipes, note = f"The recipes of [the lesson](../notebooks/{path.name})", older_recipe(path)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    parts = [
        f"(lesson-{lesson.partition('_')[0]})=\n## {title}",
        f"{recipes}, recorded on {facts['machine']}, device {facts['device']}, at the budget `{facts['budget']}`. "
        f"Versions: {versions}.",
        f"*The lesson's code has changed since then: {note}.*" if note else "",
    ]
    for networks in kinds:
        parts.append(f"Data `{networks[0].data}`, {networks[0].samples:,} samples of each network:")
        parts += [_figure(best_of(networks)), _all(networks)]
    return "\n\n".join(filter(None, parts))


def _all(networks):
    """Return the table of all networks of a kind."""
    scores = _shown(networks)
    head = ["recipe", "network", *(score.label for score in scores), "steps", "seconds a step", "seeds"]
    rows = [
        [network.results.labels[network.slug], network.name, *_words(network, scores), f"{network.steps[-1]:,}"]
        + [f"{network.results.seconds(network.slug):.4f}", ", ".join(map(str, network.seeds))]
        for network in networks
    ]
    return _table(head, rows)


def _figure(networks):
    """Return a picture of the first score over the minutes of training, from the best seed to the worst."""
    figure = plots.new_figure(6.5, 4.8)  # as wide as the text
    axes, ends, score = figure.subplots(), [], networks[0].scores[networks[0].ranks_by]
    for i, network in reversed(list(enumerate(networks))):  # the legend in the order of the lines
        minutes = [network.minutes(step) for step in network.steps]
        values = [network.values(score.key, step) for step in network.steps]
        style = STYLES[i % len(STYLES)]
        axes.plot(minutes, [np.mean(of_seeds) for of_seeds in values], label=network.label, **style)
        axes.fill_between(minutes, [min(v) for v in values], [max(v) for v in values], color=style["color"], alpha=0.15)
        ends.insert(
            0, f"{network.label} ends at {score.write(network.mean(score.key))} after {minutes[-1]:.1f} minutes"
        )
    if score.real is not None:
        axes.axhline(score.real, color="black", linewidth=0.8)
        axes.annotate("real data", (0.01, 1.1 * score.real), xycoords=("axes fraction", "data"), fontsize=9)
    log = score.better == "lower"  # a distance; a count or a share may be 0
    axes.set(yscale="log" if log else "linear", xlabel="minutes of training")
    axes.set_ylabel(f"{score.label} (log)" if log else score.label)
    axes.set_xlim(left=0)
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
    shown = plots.picture(figure, f"{score.label}, over the minutes of training: {'; '.join(ends)}.")
    return f"![{shown.alt}](data:image/png;base64,{base64.b64encode(shown.png).decode()})"


def _shown(networks):
    """Return the scores that say which network is better, and that at least one of these has (list of Score)."""
    scores = {key: score for network in networks for key, score in network.scores.items()}
    return [score for key, score in scores.items() if score.better and any(n.values(key) for n in networks)]


def _words(network, scores):
    """Return a network's scores at its last step in words: the mean, and of the first one the range, too."""
    words = []
    for score in scores:
        values = network.values(score.key)
        words.append(score.write(np.mean(values)) if values else "–")
        if score.key == network.ranks_by and len(values) > 1:
            words[-1] += f" ({score.write(min(values))}–{score.write(max(values))})"
    return words


def _table(head, rows):
    """Return a Markdown table; its texts and numbers hold no vertical bar."""
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ["---"] * len(head), *rows])
