"""Events as they are drawn: what stands in the panels, jets across φ = π, and events of nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from benchmarks.mock import mock_events
from data_prep.events.batch import EventBatch
from data_prep.events.images import EventChunkImages
from data_prep.events.settings import EventDescription
from data_prep.events.summary import EventSummaryBuilder
from data_prep.grids.trigger_towers import EventGrid
from data_prep.store.event_images import EventDatasetWriter, open_event_dataset
from data_prep.store.split import SPLITS
from models.events.maps import Prediction
from models.metrics.jet_matching import JetList
from pipeline.plots.event_display import event_display, first_of_each_kind
from pipeline.plots.events import draw_events
from pipeline.plots.style import svg_text

GRID = EventGrid()
DESCRIPTION = EventDescription(grid=GRID, pixel_min=0, jet_pt_min=0, jet_eta_max=2, box_min=1)


def event(jets: int, seed: int = 3) -> EventBatch:
    return mock_events(np.random.default_rng(seed), 1, shape=(56, 72, 3), jets=(jets, jets))


def test_truth_and_prediction_stand_beside_the_image() -> None:
    batch = event(2)
    said = np.random.default_rng(1).integers(0, 5, (56, 72)).astype(np.uint8)
    figure = event_display(batch, GRID, Prediction(classes=said))
    panels = figure.axes[:3]
    assert [panel.get_title(loc="left") for panel in panels] == ["calorimeters", "truth", "prediction"]
    shown = [np.ma.filled(panel.get_images()[0].get_array().astype(float), 0) for panel in panels]
    energy = batch.dense()[0, :, 4:-4, :2].sum(axis=2)
    np.testing.assert_allclose(shown[0], np.where(energy >= 0.5, energy, 0), rtol=1e-6)
    np.testing.assert_array_equal(shown[1], batch.dense_class()[0])
    np.testing.assert_array_equal(shown[2], said)
    for panel in panels:  # truth jets on all, each at three turns of φ
        boxes = [patch for patch in panel.patches if isinstance(patch, Rectangle)]
        assert len(boxes) == 3 * 2
        low = {round(box.get_y(), 5) for box in boxes}
        assert low == {round(float(side), 5) for side in batch.jet_box[:, 0]}
    assert svg_text(figure).startswith("<?xml")


def test_found_jets_are_drawn_with_their_pt() -> None:
    found = JetList(*(np.array([x]) for x in (123.4, 0.5, 3.1)), np.array([[0.0, 1.0, 2.6, 3.6]]), np.array([1.0]))
    figure = event_display(event(1), GRID, Prediction(jets=found))
    panel = figure.axes[2]
    assert [text.get_text() for text in panel.texts] == ["123"]
    lefts = sorted(patch.get_x() for patch in panel.patches)
    np.testing.assert_allclose(lefts, [2.6 - 2 * np.pi, 2.6, 2.6 + 2 * np.pi])  # the part beyond π shows on the left
    assert "found jet" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("jets", [0, 1])
def test_without_a_network_the_tracks_are_shown(jets: int) -> None:
    figure = event_display(event(jets), GRID)
    assert figure.axes[2].get_title(loc="left") == "tracks"
    assert len(figure.axes[1].patches) == 3 * jets


def test_the_first_event_of_each_kind_is_shown() -> None:
    batch = mock_events(np.random.default_rng(8), 60, shape=(8, 12, 3), wrap=2, jets=(0, 2))
    kinds = [max(batch.slice(i, i + 1).jet_kind.tolist(), default=0) for i in range(60)]
    pieces = [batch.slice(i, min(i + 7, 60)) for i in range(0, 60, 7)]
    found = first_of_each_kind(iter(pieces))
    assert [index for index, _ in found] == [kinds.index(kind) for kind in (4, 3, 2)]
    for index, event in found:
        np.testing.assert_array_equal(event.dense(), batch.slice(index, index + 1).dense())
    without = mock_events(np.random.default_rng(8), 3, shape=(8, 12, 3), wrap=2, jets=(0, 0))
    assert [index for index, _ in first_of_each_kind([without])] == [0]
    assert first_of_each_kind([]) == []


@pytest.mark.parametrize("events", [0, 6])
def test_the_figures_of_the_stage(events: int, tmp_path: Path) -> None:
    batch = mock_events(np.random.default_rng(2), events, shape=(56, 72, 3))
    with EventDatasetWriter(tmp_path, DESCRIPTION) as writer:
        for name in SPLITS:
            writer.append(name, batch)
    summary = EventSummaryBuilder(DESCRIPTION)
    summary.add(EventChunkImages(batch, np.zeros(events, np.uint8), np.zeros(3)))
    made = draw_events(summary.result(), open_event_dataset(tmp_path), tmp_path / "plots")
    shown = len(first_of_each_kind([batch]))
    assert shown == (3 if events else 0)
    assert [path.name for path in made] == ["mean_image.svg", "jets.svg", *(f"event_{n}.svg" for n in range(shown))]
    assert all(path.stat().st_size > 1000 for path in made)
