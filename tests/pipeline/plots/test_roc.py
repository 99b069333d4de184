"""ROC curves in the report."""

from __future__ import annotations

import numpy as np

from models.metrics.taggers import RocCurve, roc_curve
from pipeline.plots.roc import Curve, rejections, roc_panels
from pipeline.plots.style import svg_text


def test_guessing_rejects_what_it_accepts() -> None:
    guess = RocCurve(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    values = rejections(Curve("model", "guess", guess, 1000.0))
    # 197 efficiencies from 0.02 to 1: the first, the one at 0.5 and the last; of 1000 jets at least 20 pass
    assert np.allclose(values[[0, 96, 196]], [50.0, 2.0, 1.0])
    assert np.isfinite(values).all()


def test_what_too_few_jets_say_is_left_out() -> None:
    guess = RocCurve(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    values = rejections(Curve("model", "guess", guess, 100.0))
    # 10 of 100 background jets pass from an efficiency of 0.1 on
    assert np.isnan(values[:16]).all()
    assert np.isfinite(values[16:]).all()


def test_one_panel_a_class_and_all_taggers_in_the_legend() -> None:
    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 400)
    curve = roc_curve(label + rng.normal(size=400), label == 1)
    curves = {name: [Curve(tagger, tagger, curve, 200.0) for tagger in ("model", "own")] for name in "qgt"}
    figure = roc_panels(curves)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.texts[0].get_text() for axes in shown] == [f"{name} against all others" for name in "qgt"]
    assert all(len(axes.lines) == 2 for axes in shown)
    legend = next(axes.get_legend() for axes in figure.axes if axes.get_legend())
    assert [text.get_text() for text in legend.get_texts()] == ["model", "own"]
    assert svg_text(roc_panels(curves)) == svg_text(roc_panels(curves))


def test_a_class_that_cannot_be_measured_leaves_its_panel_empty() -> None:
    assert svg_text(roc_panels({"q": [], "g": []})).startswith("<?xml")
