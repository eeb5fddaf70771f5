import numpy as np
import pytest

from gan_course import plots


@pytest.mark.parametrize("n", range(1, 31))
def test_a_tile_holds_every_image_in_reading_order(n):
    images = np.arange(1, n + 1, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), np.uint8)
    tile = plots.tile(images)
    columns = tile.shape[1] // 3
    assert columns == min(n, 10) and tile.shape[0] // 2 == -(-n // columns)
    cells = tile[::2, ::3].ravel()
    assert cells[:n].tolist() == list(range(1, n + 1))
    assert not cells[n:].any()


def test_colour_images_that_are_not_square_are_tiled_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    tile = plots.tile(images, columns=3)
    assert tile.shape == (8, 18, 3)
    assert np.array_equal(tile[4:, 6:12], images[4]) and not tile[4:, 12:].any()
    shown = plots.sample_grid(images, alt="noise", columns=3, scale=2).array()
    assert np.array_equal(shown[::2, ::2], tile)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 4, 4)),
        np.zeros((4, 4), np.uint8),
        np.zeros((0, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 1), np.uint8),
        np.zeros((2, 4, 4, 3, 1), np.uint8),
    ],
)
def test_a_tile_refuses_what_it_would_draw_wrongly(images):
    with pytest.raises(ValueError, match="uint8"):
        plots.tile(images)


def test_grey_stays_grey_instead_of_being_stretched_to_full_contrast():
    flat = np.full((4, 20, 20), 77, np.uint8)
    flat[0, 0, 0] = 78
    pixels = plots.sample_grid(flat, alt="four grey squares", scale=1).array()
    assert pixels.shape == (20, 80, 3)
    assert 76 <= pixels.min() and pixels.max() <= 79


def test_pixels_are_shown_one_to_one():
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)
    shown = plots.sample_grid(images, alt="noise", columns=3, scale=2).array()
    assert np.array_equal(shown[::2, ::2, 0], plots.tile(images, columns=3))


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_picture_without_alt_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt text"):
        plots.sample_grid(np.zeros((1, 28, 28), np.uint8), alt=alt)


def test_a_picture_carries_its_alt_text_where_jupyter_stores_it():
    data, metadata = plots.sample_grid(np.zeros((1, 28, 28), np.uint8), alt="a black square")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "a black square"


def test_a_palette_halves_a_figure_and_changes_no_value_much():
    figure = plots.new_figure()
    axes = figure.subplots()
    for phase in range(4):
        axes.plot(np.sin(np.linspace(phase, phase + 9, 500)), alpha=0.5)
    small, exact = (plots.picture(figure, "Four waves.", tolerance) for tolerance in (12, 0))
    assert np.array_equal(exact.array(), plots.pixels_of(figure))
    assert 0 < np.abs(small.array().astype(int) - exact.array()).max() <= 12
    assert len(small.png) < 0.6 * len(exact.png)


def test_what_needs_more_colours_than_a_palette_has_keeps_them():
    figure = plots.new_figure(2, 2)
    figure.figimage(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    assert np.array_equal(plots.picture(figure, "Noise.").array(), plots.pixels_of(figure))


def points(n=50):
    return np.random.default_rng(1).normal(size=(n, 2)).astype(np.float32)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.losses({"step": [1, 2, 3], "d_loss": [1, 2, 1], "g_loss": [3, 2, 1]}, alt="a"),
        lambda: plots.losses({"d_loss": [1.0]}, alt="a", references={"2 log 2": 1.386}),
        lambda: plots.scatter(points(), points(), alt="a"),
        lambda: plots.density(points(), alt="a"),
        lambda: plots.surface(lambda x: np.full(len(x), 0.5), points(), points(), alt="a"),
    ],
)
def test_every_plot_draws_something_and_leaves_no_figure_open(draw):
    import sys

    pixels = draw().array()
    assert pixels.std() > 5
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_the_surface_is_drawn_on_the_fixed_range_of_a_probability():
    nowhere = np.full((1, 2), 9.0)  # outside the picture
    dark = plots.surface(lambda x: np.full(len(x), 0.45), nowhere, nowhere, alt="a").array()
    light = plots.surface(lambda x: np.full(len(x), 0.55), nowhere, nowhere, alt="a").array()
    middle = tuple(side // 2 for side in dark.shape[:2])
    assert 0 < np.abs(dark[middle].astype(int) - light[middle]).max() < 60


def test_one_spike_does_not_flatten_the_rest_of_the_curve():
    calm = plots.losses({"d_loss": [1.0] * 1000}, alt="a").array()
    spiked = plots.losses({"d_loss": [1.0] * 500 + [99.0] + [1.0] * 499}, alt="a").array()
    assert np.abs(calm[-60:].astype(int) - spiked[-60:]).mean() < 1  # the same axes at the bottom


def test_the_loss_curve_of_a_constant_is_drawn_at_that_constant():
    low = plots.losses({"d_loss": [1.0] * 100}, alt="a", references={"two": 2.0}).array()
    high = plots.losses({"d_loss": [3.0] * 100}, alt="a", references={"two": 2.0}).array()

    def row(pixels):  # where the curve's blue is
        blue = (pixels[..., 2].astype(int) - pixels[..., 0] > 80).sum(axis=1)
        return blue[60:].argmax()  # below the legend

    assert row(high) < row(low)


def test_a_loss_of_every_fifth_step_has_its_running_mean_too():
    def strong(history):  # pixels of the line on top
        pixels = plots.losses(history, alt="a").array().astype(int)
        return (pixels[..., 2] - pixels[..., 0] > 80).sum()

    every = np.ones(1000)
    fifth = np.where(np.arange(1000) % 5, np.nan, every)
    assert strong({"d_loss": fifth}) > 0.9 * strong({"d_loss": every}) > 500
    assert strong({"d_loss": fifth, "g_loss": [np.nan]}) > 500
