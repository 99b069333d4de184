"""The tasks on events: they learn, their lists of jets are integers, lowered networks are the trained ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.mock import mock_events
from data_prep.errors import ConfigurationError, InputFileError
from data_prep.events.batch import TOWER_CLASSES, UNDECIDED, empty
from data_prep.grids.tower_geometry import Towers
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from models.architectures import unet_network
from models.events import targets
from models.events import training as task
from models.events.jet_lists import found_jets, jet_lists, truth_lists
from models.events.maps import Maps, heads
from models.events.measure import measure
from models.events.mitigation import HARD
from models.events.settings import EventModelSettings
from models.metrics.method_differences import MethodDifferences
from models.metrics.segmentation import confusion
from models.quantization.exact import exact_inference
from models.settings import FloatPhaseSettings, TrainSettings
from models.tasks.panoptic import panoptic
from models.training import network as training
from models.training.pruning_settings import PruningSettings

Make = Callable[..., EventModelSettings]


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


def silent(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda done: None)


def short(settings: TrainSettings, epochs: int) -> TrainSettings:
    phase = FloatPhaseSettings(epochs=epochs, learning_rate=0.02)
    return settings.model_copy(update={"float_training": phase, "quantized_training": phase, "batch": 30})


def test_panoptic_learns_and_is_exact(
    events: Any, event_settings: Make, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """All heads at once, pruned: better than guessing, and the integers of the lowered network give the same jets."""
    settings = event_settings("panoptic")
    how = short(train_settings, 5).model_copy(update={"pruning": PruningSettings(sparsity=0.3)})
    trained = task.train(events, settings, how, tmp_path, silent)
    predictors = {
        each.network.name: task.predictor(each.model, settings, each.network.name == "model") for each in trained
    }
    test = events.batches["test"]
    done: list[int] = []
    found = measure(
        events.split("test").batches(25),
        predictors,
        settings,
        events.towers,
        done.append,
        validation=lambda: events.split("validation").batches(25),
        eta_max=2.0,
    )
    assert sum(done) == found["events"] == 60
    quality = found["segmentation"]["model"]
    assert quality["mean_accuracy"] > 0.3  # one class for all towers would have 0.2
    assert found["detection"]["model"]["efficiency"] > 0.3
    assert set(found["panoptic"]["model"]["classes"]) == set(TOWER_CLASSES)
    perfect = found["mitigation"][HARD]["pt"]["whole"]["resolution"]
    assert perfect <= found["mitigation"]["all towers"]["pt"]["whole"]["resolution"]

    assert 0.28 < trained[-1].history.sparsity[-1] < 0.32
    network = prove_network(lower(trained[-1].model))
    assert sum(each.weights.nonzero for each in trained[-1].arithmetic.layers) == sum(
        np.count_nonzero(each.kernel) for each in network.weights.values()
    )
    port = network.graph.inputs[0].type
    raw = integer_model.outputs(network, [port.quantize(test.dense())])
    types = [each.type for each in network.graph.outputs]
    mine = Maps.of(list(heads("panoptic")), raw, types, test.wrap)
    theirs = predictors["model"](test)
    shift = mine.fraction - theirs.fraction
    for name, values in theirs.raw.items():
        np.testing.assert_array_equal(mine.raw[name], values << shift if shift >= 0 else values >> -shift)
    jets = [found_jets(maps, settings.detection) for maps in (mine, theirs)]
    np.testing.assert_array_equal(jets[0].row, jets[1].row)
    np.testing.assert_array_equal(jets[0].column, jets[1].column)
    classes, instance = panoptic(theirs, settings.detection, events.towers)
    assert ((instance > 0) == (classes > 1)).all()


@pytest.mark.parametrize("up", ["upsampling", "transposed"])
@pytest.mark.parametrize("convolution", ["separable", "full"])
def test_every_form_lowers_to_the_same_integers(event_settings: Make, up: str, convolution: str) -> None:
    settings = event_settings("segmentation", up=up, convolution=convolution, convolutions=2, widths=[3, 4, 5])
    shape = (8, 16, 3)
    outputs = heads("segmentation")
    trained = unet_network.build(settings, shape, outputs, quantized=True)
    training.warm_start(trained, unet_network.build(settings, shape, outputs, quantized=False))
    image = mock_events(np.random.default_rng(2), 20, shape=(8, 12, 3), wrap=2).dense()
    expected = exact_inference(trained)(image).numpy()
    network = prove_network(lower(trained))
    raw = integer_model.outputs(network, [network.graph.inputs[0].type.quantize(image)])[0]
    np.testing.assert_array_equal(network.graph.outputs[0].type.to_float(raw), expected)
    assert len(np.unique(expected)) > 20


def test_targets_of_a_jet_come_back_as_the_jet(event_settings: Make) -> None:
    """A network that gave exactly its targets would find every jet, its pT, axis and box, also across φ = π."""
    batch = mock_events(np.random.default_rng(5), 200, shape=(56, 72, 3), wrap=4, jets=(1, 1))
    towers = Towers(56, 72)
    settings = event_settings("detection").detection
    heat, pt, box = targets.centres(batch, settings, towers)
    scale = 2**20
    maps = {"heat": heat[..., :1] - 0.5, "pt": pt[..., :1], "box": box[..., :6]}
    made = Maps({name: np.rint(values * scale).astype(np.int64) for name, values in maps.items()}, 20)
    lists = jet_lists(found_jets(made, settings), made.fraction, settings, towers)
    for jets, true in zip(lists, (each.targets for each in truth_lists(batch, settings)), strict=True):
        assert len(jets) == len(true) == 1
        np.testing.assert_allclose(jets.pt, true.pt, rtol=1e-5)
        np.testing.assert_allclose(jets.eta, true.eta, atol=1e-5)
        np.testing.assert_allclose(np.exp(1j * jets.phi), np.exp(1j * true.phi), atol=1e-5)
        turns = 2 * np.pi * np.round((jets.box[:, 2:] - true.box[:, 2:]) / (2 * np.pi))
        np.testing.assert_allclose(jets.box[:, 2:] - turns, true.box[:, 2:], atol=1e-5)
        np.testing.assert_allclose(jets.box[:, :2], true.box[:, :2], atol=1e-5)


def test_of_two_jets_in_one_tower_the_harder_is_found(event_settings: Make) -> None:
    settings = event_settings("detection").detection
    batch = mock_events(np.random.default_rng(1), 1, shape=(56, 72, 3), jets=(2, 2))
    for column in (batch.jet_eta, batch.jet_phi):
        column[:] = 0.01
    heat, pt, _ = targets.centres(batch, settings, Towers(56, 72))
    assert (heat[..., 0] == 1).sum() == 1
    assert pt[0, 28, 36].tolist() == [batch.jet_pt.max() / settings.pt_unit, 1]


def test_events_without_jets_and_empty_images_have_a_finite_loss(event_settings: Make) -> None:
    nothing = mock_events(np.random.default_rng(1), 3, shape=(8, 12, 3), wrap=2, pileup=0, jets=(0, 0))
    assert not nothing.dense().any()
    for name in ("segmentation", "detection", "panoptic"):
        settings = event_settings(name)
        objective = task.objective(settings, 2, [1.0, 0, 0, 0, 0], Towers(8, 12))
        model = unet_network.build(settings, nothing.image_shape, heads(name), quantized=False)
        outputs = model(nothing.dense())
        outputs = outputs if isinstance(outputs, list) else [outputs]
        for loss, truth, output in zip(objective.losses, objective.targets(nothing), outputs, strict=True):
            assert np.isfinite(loss(tf.constant(truth), output)).all()
    lists = truth_lists(nothing, event_settings("detection").detection)
    assert [len(each.targets) for each in lists] == [0, 0, 0]


def test_what_is_undecided_is_in_no_loss_and_no_metric(event_settings: Make) -> None:
    """Whatever a network says of undecided towers, or about jets that need not be found, changes nothing."""
    batch = mock_events(np.random.default_rng(9), 12, shape=(8, 12, 3), wrap=2, pileup=3, jets=(2, 3), unlisted=True)
    true, rng = batch.dense_class(), np.random.default_rng(1)
    undecided = true == UNDECIDED
    assert undecided.any()
    assert targets.count_classes(batch).sum() == true.size - undecided.sum()
    segmented = task.objective(event_settings("segmentation"), 0, [0.5, 0.2, 0.1, 0.1, 0.1], Towers(8, 12))
    output = rng.normal(size=(*true.shape, 5)).astype(np.float32)
    other = np.where(undecided[..., np.newaxis], rng.normal(size=output.shape), output).astype(np.float32)
    for function in (segmented.losses[0], segmented.watched()._fn):
        np.testing.assert_array_equal(function(true, output), function(true, other))
    assert np.abs(segmented.losses[0](true, output)).min() > 0
    counts = [confusion(true, each.argmax(axis=-1), 5) for each in (output, other)]
    np.testing.assert_array_equal(counts[0], counts[1])
    assert counts[0].sum() == true.size - undecided.sum()

    found = task.objective(event_settings("detection"), 0, [1.0], Towers(8, 12))
    heat = found.targets(batch)[0]
    masked = heat[..., 1] == 0
    assert masked.any()
    assert not (masked & (heat[..., 0] == 1)).any()
    logit = rng.normal(size=heat[..., :1].shape).astype(np.float32)
    other = np.where(masked[..., np.newaxis], rng.normal(size=logit.shape), logit).astype(np.float32)
    np.testing.assert_array_equal(found.losses[0](heat, logit), found.losses[0](heat, other))
    counted = np.where(masked[..., np.newaxis], [0, 1], heat).astype(np.float32)
    assert (found.losses[0](heat, logit) != found.losses[0](counted, logit)).numpy().any()


def test_heat_is_masked_about_jets_that_need_not_be_found(event_settings: Make) -> None:
    """Within `match` of an unlisted jet, across φ = π, and of a listed one below `pt_min`; not of one to be found."""
    batch = mock_events(np.random.default_rng(1), 1, shape=(56, 72, 3), jets=(4, 4), unlisted=True)
    for column, values in ((batch.jet_eta, [0, 1, -1]), (batch.jet_phi, [0, 1, -1]), (batch.jet_pt, [90, 80, 10])):
        column[:] = values
    batch.unlisted_eta[:], batch.unlisted_phi[:] = 2.5, 3.1
    settings = event_settings("detection").detection.model_copy(update={"pt_min": 20.0, "match": 0.3})
    heat, _, _ = targets.centres(batch, settings, Towers(56, 72))
    towers = Towers(56, 72)
    row, column = np.nonzero(heat[0, ..., 1] == 0)
    eta, phi = towers.eta(row + 0.5), towers.phi(column + 0.5)
    near = [np.hypot(eta - at[0], np.angle(np.exp(1j * (phi - at[1])))) for at in ((2.5, 3.1), (-1, -1))]
    assert (np.minimum(*near) <= 0.3).all()
    assert row.size == pytest.approx(
        np.pi * 0.3**2 / towers.step**2 * 1.35, rel=0.15
    )  # a disc, and what of one is inside
    assert {0, 71} <= set(column.tolist())


def test_the_working_list_is_the_head_of_the_whole_list(event_settings: Make) -> None:
    """What equal efficiency rests on: a threshold cuts the list, and changes none of what is above it."""
    rng = np.random.default_rng(3)
    maps = {"heat": rng.normal(size=(6, 56, 72, 1)), "pt": np.ones((6, 56, 72, 1)), "box": np.ones((6, 56, 72, 6))}
    made = Maps({name: np.rint(64 * values).astype(np.int64) for name, values in maps.items()}, 6)
    settings = event_settings("detection").detection.model_copy(update={"threshold": 2.9})
    short, whole = found_jets(made, settings), found_jets(made, settings, all_heats=True)
    assert 0 < short.row.size < whole.row.size == 6 * settings.jets
    for event in range(6):
        head = slice(whole.offsets[event], whole.offsets[event] + np.diff(short.offsets)[event])
        mine = slice(short.offsets[event], short.offsets[event + 1])
        np.testing.assert_array_equal(short.heat[mine], whole.heat[head])
        np.testing.assert_array_equal(short.column[mine], whole.column[head])


def test_without_tracks_networks_stand_beside_methods_without(event_settings: Make) -> None:
    """The other way round methods with tracks stand beside; of each family one, chosen on validation events."""
    settings = event_settings("panoptic")
    for channels, families in ((2, ["towers above"]), (3, ["towers above", "track kernel", "PUPPI above"])):
        shape = (8, 12, channels)
        batches = {
            name: mock_events(np.random.default_rng(seed), 30, shape=shape, wrap=2, pileup=3, unlisted=True)
            for seed, name in enumerate(("validation", "test"))
        }
        model = unet_network.build(settings, batches["test"].image_shape, heads("panoptic"), quantized=False)
        found = measure(
            [batches["test"]],
            {"net": task.predictor(model, settings, quantized=False)},
            settings,
            Towers(8, 12),
            lambda done: None,
            validation=lambda batch=batches["validation"]: [batch],
            eta_max=1.5,
        )
        plain = [name for name in found["mitigation"] if name.startswith(tuple(families))]
        assert len(plain) == len(families) == len(found["mitigation"]) - 5
        clustered = [name for name in found["detection"] if name.startswith("anti-kT")]
        assert len(clustered) == 1 + len(families)
        # 6 libraries of 5 events in 30 mock events
        assert found["detection"]["anti-kT, all towers"]["fakes_error"] > 0
        assert found["segmentation"]["net"]["errors"]["mean_iou"] > 0
        assert found["panoptic"]["net"]["errors"]["classes"]["pileup"] is not None
        assert found["mitigation"]["all towers"]["resolution_errors"]["pt_calibrated"] > 0
        differences = MethodDifferences.of_json(found["mitigation_differences"])
        assert differences.best in (None, *found["mitigation"])  # few jets of these are heavy
        change = differences.find("net", "all towers", "pt_calibrated")
        widths = [found["mitigation"][name]["pt_calibrated"]["whole"] for name in ("net", "all towers")]
        assert (change is None) == (None in widths)
        differences = MethodDifferences.of_json(found["detection_differences"])
        assert differences.best in clustered
        assert {(each.method, each.reference) for each in differences.pairs} == {("net", name) for name in clustered}
        assert set(differences.pairs[0].figures) == {"efficiency", "fakes"} | {
            f"fakes_at_{e}" for e in (0.8, 0.9, 0.95)
        }
        points = found["detection"]["anti-kT, all towers"]["at_efficiency"]
        assert [point["efficiency"] for point in points if point] == [0.8, 0.9, 0.95][: sum(map(bool, points))]


def test_images_that_are_all_empty_are_refused(
    events: Any, event_settings: Make, train_settings: TrainSettings, tmp_path: Path
) -> None:
    class Nothing:
        folder, shape, towers = tmp_path, events.shape, events.towers

        def split(self, name: str) -> Any:
            return type(events.split(name))(empty((8, 12, 3), 2))

    with pytest.raises(InputFileError, match="images of the 'train' split are empty"):
        task.train(Nothing(), event_settings("segmentation"), train_settings, tmp_path, silent)


def test_a_depth_that_does_not_divide_the_image_is_refused(event_settings: Make) -> None:
    settings = event_settings("segmentation", widths=[2, 2, 2, 2])
    with pytest.raises(ConfigurationError, match="8 x 12 pixels do not allow: both must be multiples of 8"):
        unet_network.build(settings, (8, 12, 3), heads("segmentation"), quantized=False)


def test_a_class_that_never_appears_has_no_weight() -> None:
    counts = targets.count_classes(mock_events(np.random.default_rng(3), 4, jets=(0, 0)))
    weights = targets.class_weights(targets.class_shares(counts), 0.5)
    assert counts.sum() == 4 * 56 * 72
    assert (weights[2:] == 0).all()
    assert float((weights * targets.class_shares(counts)).sum()) == pytest.approx(1)
