"""Pictures for the lessons: fixed value ranges, labelled axes, and always an alt text.

Every function returns a :class:`Picture`. As the last line of a cell it shows itself;
elsewhere use IPython's ``display``. Drawing never touches pyplot's global state, so no
figure stays open. Colours are Okabe and Ito's (2008), told apart with any colour vision;
lines differ in their dashes too, for grey print.
"""

import io
import math

import numpy as np

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"
DASHES = ("-", "--", ":", "-.")
DPI = 100


class Picture:
    """A PNG with an alternative text for those who can't see it.

    Parameters
    ----------
    png : bytes
    alt : str
        What the picture shows, in a sentence.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """

    def __init__(self, png, alt):
        self.png, self.alt = png, checked_alt(alt)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}

    def array(self):
        """Return the pixels, uint8 (height, width, 3)."""
        from PIL import Image

        return np.asarray(Image.open(io.BytesIO(self.png)).convert("RGB"))


def checked_alt(alt):
    """Return an alternative text; raise a ``ValueError`` if it is empty."""
    if not alt or not alt.strip():
        raise ValueError("a picture needs an alt text: say in a sentence what it shows.")
    return alt


def new_figure(width=6.0, height=3.5):
    """Return a matplotlib figure of this size in inches, unknown to pyplot."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def pixels_of(figure):
    """Draw a matplotlib figure; return its pixels, uint8 (height, width, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def picture(figure, alt, tolerance=12):
    """Turn a matplotlib figure into a :class:`Picture`.

    All grey, or with a palette of 256 colours, a PNG takes a third or half of the bytes. It gets the palette only if no
    value, 0 to 255, changes by more than the tolerance.
    """
    from PIL import Image

    def error(image):
        return np.abs(np.asarray(image.convert("RGB"), int) - pixels).max()

    pixels, file = pixels_of(figure), io.BytesIO()
    image = Image.fromarray(pixels)
    if error(grey := image.convert("L")) == 0:
        image = grey
    elif error(few := image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)) <= tolerance:
        image = few
    image.save(file, "PNG", optimize=True)
    return Picture(file.getvalue(), alt)


def tile(images, columns=10):
    """Lay images out on a grid, row by row; places left over are black.

    Parameters
    ----------
    images : numpy.ndarray
        uint8, grey (n, height, width) or colour (n, height, width, 3), any n of at least 1.
    columns : int
        At most; fewer images make fewer columns.

    Returns
    -------
    numpy.ndarray
        uint8 (rows * height, columns * width[, 3]).

    Raises
    ------
    ValueError
        If the array is not of this shape and type: values of another range would be drawn wrongly.
    """
    images = np.asarray(images)
    colours = images.shape[3:]
    if images.ndim < 3 or colours not in ((), (3,)) or images.dtype != np.uint8 or len(images) == 0:
        raise ValueError(
            f"expected uint8 images (n, height, width) or (n, height, width, 3), got {images.dtype} {images.shape}."
        )
    n, height, width = images.shape[:3]
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    cells = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    cells[:n] = images
    grid = cells.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, *colours)


def rgb(pixels):
    """Return grey or coloured pixels, uint8 (height, width[, 3]), as coloured ones."""
    pixels = np.asarray(pixels, np.uint8)
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def show_array(pixels, *, alt, title=None, scale=2):
    """Show pixels as they are: 0 is black, 255 is white, never stretched to what happens to be there.

    Parameters
    ----------
    pixels : numpy.ndarray
        uint8 (height, width) or (height, width, 3).
    alt : str
    title : str, optional
    scale : int
        Screen pixels per pixel.
    """
    height, width = pixels.shape[:2]
    title_inches = 0.35 if title else 0
    total = height * scale / DPI + title_inches
    figure = new_figure(width * scale / DPI, total)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1 - title_inches / total))
    axes.imshow(rgb(pixels), interpolation="nearest")  # RGB bytes are drawn as they are; grey would be scaled
    axes.set_axis_off()
    if title:
        axes.set_title(title, fontsize=10)
    return picture(figure, alt, tolerance=0)


def sample_grid(images, *, alt, title=None, columns=10, scale=2):
    """Show any number of images, grey or colour, on a grid; see :func:`tile` for their form."""
    return show_array(tile(images, columns), alt=alt, title=title, scale=scale)


def losses(history, *, alt, title=None, references=None):
    """Draw each loss over the steps: every step pale, a running mean of a fiftieth of the run on top.

    Parameters
    ----------
    history : dict
        Name to a sequence of floats, one a step, NaN where there is none; a key ``step`` is left out.
    alt : str
    title : str, optional
    references : dict, optional
        Label to a value that is drawn as a horizontal line (a loss at equilibrium, say).
    """
    figure = new_figure(7, 3.2)
    axes = figure.subplots()
    for (name, values), colour, dash in zip(_without_step(history), (BLUE, ORANGE, GREEN, GREY), DASHES, strict=False):
        values = np.asarray(values, float)
        steps = 1 + np.flatnonzero(np.isfinite(values))  # a player updated every fifth step has as many losses
        values = values[steps - 1]
        if not len(values):
            continue
        window = max(1, len(values) // 50)
        axes.plot(steps, values, color=colour, alpha=0.2, linewidth=0.5)
        mean = np.convolve(values, np.full(window, 1 / window), "valid")
        axes.plot(steps[window - 1 :], mean, color=colour, linestyle=dash, label=name)
    for label, value in (references or {}).items():
        axes.axhline(value, color=GREY, linewidth=1, linestyle=":")
        beside = (1.01, value)  # off the curves
        axes.annotate(label, beside, xycoords=("axes fraction", "data"), va="center", fontsize=8)
    values = np.concatenate([np.asarray(values, float) for _, values in _without_step(history)])
    values = values[np.isfinite(values)]
    top = max([np.quantile(values, 0.99), *(references or {}).values()])  # a spike would flatten all the rest
    axes.set(xlabel="step", ylabel="loss", ylim=(min(0, values.min()), 1.25 * top))
    axes.set_title(title or "", fontsize=10)
    axes.legend(loc="upper center", ncols=4, frameon=False)
    return picture(figure, alt)


def _without_step(history):
    return [(name, values) for name, values in history.items() if name != "step"]


def scatter(real, fake, *, alt, title=None, extent=1.5):
    """Draw real points and generated ones in the plane.

    Parameters
    ----------
    real, fake : numpy.ndarray
        float (n, 2).
    alt : str
    title : str, optional
    extent : float
        Both axes run from minus to plus this.
    """
    figure = new_figure(4, 4)
    _points(figure.subplots(), real, fake, title, extent)
    return picture(figure, alt)


def density(points, *, alt, title=None, extent=1.5, bins=60):
    """Draw the density of points in the plane as a histogram; darker blue is denser.

    Parameters
    ----------
    points : numpy.ndarray
        float (n, 2).
    alt : str
    title : str, optional
    extent : float
    bins : int
        Along each axis.
    """
    figure = new_figure(4.6, 4)
    axes = figure.subplots()
    edges = np.linspace(-extent, extent, bins + 1)
    *_, image = axes.hist2d(points[:, 0], points[:, 1], bins=(edges, edges), cmap="Blues", density=True)
    figure.colorbar(image, ax=axes, label="density")
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.set_title(title or "", fontsize=10)
    return picture(figure, alt)


def surface(probability, real, fake, *, alt, title=None, extent=1.5, size=4.0):
    """Draw D's surface over the plane, with the points that it judges.

    Parameters
    ----------
    probability : callable
        Takes float32 (n, 2) and returns D's probability of "real", (n,), in 0..1.
    real, fake : numpy.ndarray
        float (n, 2).
    alt : str
    title : str, optional
    extent : float
    size : float
        Inches.
    """
    figure = new_figure(size * 1.22, size)
    figure.set_layout_engine("compressed")  # knows of the square axes; else it cuts off their label
    axes = figure.subplots()
    side = np.linspace(-extent, extent, 81, dtype=np.float32)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    values = np.asarray(probability(plane)).reshape(81, 81)
    image = axes.imshow(
        values, origin="lower", extent=(-extent, extent) * 2, vmin=0, vmax=1, cmap="cividis", interpolation="bilinear"
    )
    figure.colorbar(image, ax=axes, label="$D(x)$: probability of “real”", shrink=0.85)
    _points(axes, real, fake, title, extent)
    return picture(figure, alt)


def _points(axes, real, fake, title, extent):
    axes.scatter(
        *np.asarray(real).T, s=10, marker="o", facecolors="none", edgecolors="black", linewidths=0.6, label="real"
    )
    axes.scatter(*np.asarray(fake).T, s=9, marker="x", color=ORANGE, linewidths=0.8, label="generated")
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_title(title or "", fontsize=10)
    axes.legend(loc="upper right", fontsize=8)
