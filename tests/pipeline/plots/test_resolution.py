"""Resolutions as they are drawn: the numbers of the closure at the middle of their bins."""

from __future__ import annotations

import numpy as np

from models.metrics.response import binned_response
from pipeline.plots.resolution import resolution_curves


def test_the_numbers_are_those_of_the_closure(rng: np.random.Generator) -> None:
    true = rng.uniform(100, 300, 500)
    edges = (100.0, 200.0, 300.0, 400.0)  # nothing in the last bin
    measured = {
        name: binned_response(true * rng.normal(1, width, 500), true, edges) for name, width in (("a", 0.1), ("b", 0.2))
    }
    figure = resolution_curves({name: each.as_json() for name, each in measured.items()}, "jet mass")
    top, bottom = figure.axes
    for panel, key in ((top, "median"), (bottom, "resolution")):
        for container, each in zip(panel.containers, measured.values(), strict=True):
            x, y = container.lines[0].get_data()
            assert list(x) == [150, 250]
            assert list(y) == [getattr(found, key) for found in each.bins if found]
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == ["a", "b"]
    assert bottom.get_xlabel() == "true jet mass (GeV)"
