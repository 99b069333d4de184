"""The figures: all drawn, the same bytes twice, also where a class is empty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.images.summary import MASS_EDGES, Summary
from data_prep.steps.centre import Centre
from data_prep.store.jet_images import ImageDescription
from pipeline.plots.images import draw_images, masses, mean_images, occupancy


@pytest.fixture
def description() -> ImageDescription:
    return ImageDescription(classes=("q", "g", "w", "t"), grid=SquareGrid(pixels=4, half_width=0.8), steps=(Centre(),))


@pytest.fixture
def summary(rng: np.random.Generator) -> Summary:
    mass = rng.poisson(20, (2, 4, MASS_EDGES.size - 1)).astype(float)
    counts = np.zeros((4, 17))
    counts[:, 2:5] = [[1, 2, 1]] * 4
    squares = (4 * counts, 4 * mass[0], 4 * mass[1])
    return Summary(np.full(4, 4.0), rng.random((4, 4, 4, 1)), counts, mass[0], mass[1], MASS_EDGES, *squares)


def test_bars_are_the_roots_of_the_sums_of_squares(summary: Summary, description: ImageDescription) -> None:
    """Here every jet has the weight 4; of lit pixels there are 1, 2 and 1 in units of 4 jets."""
    drawn = occupancy(summary, description).axes[0].collections[0].get_segments()
    np.testing.assert_allclose([bar[:, 0] for bar in drawn], [[2, 2], [3, 3], [4, 4]])
    middle, size = np.array([0.25, 0.5, 0.25]), 2 * np.sqrt([1, 2, 1]) / 4
    np.testing.assert_allclose([bar[:, 1] for bar in drawn], np.stack([middle - size, middle + size], axis=1))
    assert sum(len(axes.collections) for axes in masses(summary, description.classes).axes) == 2 * 4


def test_the_same_numbers_give_the_same_bytes(summary: Summary, description: ImageDescription, tmp_path: Path) -> None:
    one = draw_images(summary, description, tmp_path / "one")
    two = draw_images(summary, description, tmp_path / "two")
    assert [path.name for path in one] == ["mean_image.svg", "occupancy.svg", "mass.svg"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert b"<dc:date>" not in one[0].read_bytes()


def test_mean_images_show_each_class_in_the_right_orientation(summary: Summary, description: ImageDescription) -> None:
    panels = mean_images(summary, description).axes[:4]
    assert [panel.get_title(loc="left") for panel in panels] == ["q", "g", "w", "t"]
    for panel, image in zip(panels, summary.mean_image, strict=True):
        drawn = panel.get_images()[0]
        np.testing.assert_array_equal(drawn.get_array(), image[..., 0])
        # row 0 is the lowest η, so it is drawn at the bottom
        assert drawn.origin == "lower"
        assert tuple(drawn.get_extent()) == (-0.8, 0.8, -0.8, 0.8)


def test_every_channel_is_shown(rng: np.random.Generator) -> None:
    """A row a channel; channels of pT share a colour scale, the number of constituents has its own."""
    description = ImageDescription(
        classes=("q", "t"),
        grid=HexagonalGrid(kind="hexagonal", rings=1, pitch=0.2),
        channels=("charged", "multiplicity", "photon"),
        steps=(Centre(),),
    )
    image = rng.random((2, 3, 3, 3)) * description.grid.mask()[..., np.newaxis] * (1, 9, 0.1)
    mass = np.ones((2, 2, MASS_EDGES.size - 1))
    lit = np.eye(2, 28, 3)
    summary = Summary(np.ones(2), image, lit, mass[0], mass[1], MASS_EDGES, lit, mass[0], mass[1])
    panels = np.reshape(mean_images(summary, description).axes[:6], (3, 2))
    assert [panel.get_ylabel().split(":")[0] for panel in panels[:, 0]] == ["charged", "multiplicity", "photon"]
    assert [panel.get_title(loc="left") for panel in panels[0]] == ["q", "t"]
    for channel, label in np.ndindex(3, 2):
        (drawn,) = panels[channel, label].collections
        np.testing.assert_array_equal(drawn.get_array(), image[label, ..., channel][description.grid.mask()])
    brightest = [panel.collections[0].norm.vmax for panel in panels[:, 0]]
    assert brightest == [image[..., [0, 2]].max(), image[..., 1].max(), image[..., [0, 2]].max()]


def test_the_mean_occupancy_is_stated(summary: Summary, description: ImageDescription) -> None:
    labels = [text.get_text() for text in occupancy(summary, description).axes[0].get_legend().get_texts()]
    assert labels[0] == "q: mean 3.0 (18.8%)"
