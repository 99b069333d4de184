"""One trial: what it measures against an independent count, where it starts from, and why it may end early."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.errors import TrainingSettingsError
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from models.files.load import load_model
from models.layers.kernels import kernels
from models.metrics.taggers import softmax
from models.quantization.channel_bits import undecided
from models.quantization.exact import exact_inference
from models.training import short_training
from pipeline.studies.search.files import files_of
from pipeline.studies.search.front import front_of
from pipeline.studies.search.networks import RefusedError, model_file, weights_file
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import ConstraintSettings, SearchSettings
from pipeline.studies.search.space import Space
from pipeline.studies.search.study import Study
from pipeline.studies.search.trial import Bench, HopelessError
from tests.pipeline.studies.search.designs import design

WIDTH = {"bits": 5, "integer": 1}
PHASE = {"epochs": 1, "learning_rate": 0.02}
BLOCK = {"filters": 2, "convolution": "full", "kernel": 3, "pooling": 2, "bias": WIDTH, "activation": WIDTH}
BASE: dict[str, Any] = {
    "images": {
        "classes": [{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}],
        "grid": {"kind": "square", "pixels": 4, "half_width": 0.8},
        "steps": [{"step": "centre"}],
        "split": {"train": 0.5, "validation": 0.2, "test": 0.3},
    },
    "model": {
        "input": {"bits": 6, "integer": 3},
        "pixel_scale": 1,
        "blocks": [BLOCK | {"pointwise": {"bits": 6, "integer": 0}}],
        "output": {"weights": WIDTH, "bias": WIDTH},
    },
    "train": {"seed": 1, "float_training": PHASE, "quantized_training": PHASE},
    "hardware": {"name": "found", "rtl": {"variants": [{"ternary": False}]}},
}
SEARCH: dict[str, Any] = {
    "budget": {"trials": 9},
    "training": {
        **{"jets": 300, "validation_jets": 150, "batch": 15},
        **{"float_epochs": 3, "float_learning_rate": 0.05, "epochs": 2, "learning_rate": 0.02},
    },
    "space": {
        "model.blocks.0.filters": [1, 2, 3],
        "model.blocks.0.pooling": [1, 2, 8],
        "model.blocks.0.pointwise.bits": [4, 5, 6],
        "channels": {name: {"model.blocks.0.pointwise.mean_bits": mean} for name, mean in (("as one", None), ("4", 4))},
        "model.output.weights.bits": [4, 5],
    },
}


def _jets(jets: int, seed: int) -> ImageBatch:
    """One lit pixel a jet: of class q mostly in the left half, of class t in the right one."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, jets).astype(np.uint8)
    half = np.where(rng.random(jets) < 0.8, label, 1 - label)
    return ImageBatch(
        (4, 4, 1),
        np.arange(jets + 1, dtype=np.int64),
        (4 * rng.integers(0, 4, jets) + rng.integers(0, 2, jets) + 2 * half).astype(np.uint16),
        rng.uniform(0.5, 2, jets).astype(np.float32),
        label,
        rng.uniform(0.5, 1.5, jets).astype(np.float32),
        rng.integers(0, 2**63, jets).astype(np.uint64),
        {name: np.ones(jets, np.float32) for name in FEATURES},
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search with its one set of images."""
    folder = tmp_path_factory.mktemp("search")
    (folder / files_of(BASE).image_set).mkdir()
    given = {"classes": ("q", "t"), "grid": BASE["images"]["grid"], "steps": [{"step": "centre"}]}
    with DatasetWriter(folder / files_of(BASE).image_set, ImageDescription.model_validate(given)) as writer:
        for split, jets, seed in (("train", 300, 1), ("validation", 150, 2), ("test", 10, 3)):
            writer.append(split, _jets(jets, seed))
    return folder


def bench(work: Path, alive: Callable[[], None] = lambda: None, **change: Any) -> Bench:
    """A worker's; `change` of search.yaml, or of `train.yaml` by its name."""
    base = copy.deepcopy(BASE)
    base["train"] |= change.pop("train", {})
    settings = SearchSettings.model_validate(SEARCH | change)
    return Bench(settings, Space.of(settings.space, files_of(base).content), work, alive)


class Notes(dict[str, Any]):
    """What a trial said of itself."""

    def __call__(self, **facts: Any) -> None:
        self.update(facts)


def run(bench: Bench, point: dict[str, Any] | None = None, others: Any = (), number: int = 7) -> tuple[Any, Notes]:
    notes = Notes()
    return bench.run(number, bench.space.origin | (point or {}), others, notes), notes


@pytest.fixture(scope="module")
def first(work: Path) -> Record:
    """A trial of the files, but with bits by channel that the float network chooses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_training, "choose_bits", _noted(short_training.choose_bits))
        found, notes = run(bench(work), {"channels": "4"}, number=0)
    return Record(0, "finished", measured=found, **notes)


CHOICES: list[tuple[bool, int, int, int]] = []
"""Of every choice: whether the network had the weights of the float one; the number of jets, those a step, the seed."""


def _noted(choose: Callable[..., None]) -> Callable[..., None]:
    def choose_bits(model: Any, source: Any, jets: Any, batch: int, seed: int) -> None:
        pairs = zip(model.get_weights(), source.get_weights(), strict=True)
        CHOICES.append((all((one == other).all() for one, other in pairs), len(jets), batch, seed))
        choose(model, source, jets, batch, seed)

    return choose_bits


def test_it_measures_what_its_network_reaches(first: Record, work: Path) -> None:
    """The AUC is the weighted share of pairs in the right order, of the network in its file; ties count half."""
    assert first.measured is not None
    model = exact_inference(load_model(model_file(work, 0)))
    jets = open_dataset(work / first.images).split("validation").whole
    scores, weight = softmax(np.asarray(model(jets.dense()))), jets.weight.astype(np.float64)
    areas = []
    for kind in (0, 1):
        s, is_kind = scores[:, kind], jets.label == kind
        pairs = np.outer(weight[is_kind], weight[~is_kind])
        right = np.sign(s[is_kind][:, None] - s[~is_kind]) / 2 + 0.5
        areas.append(float((pairs * right).sum() / pairs.sum()))
    assert first.measured.auc == pytest.approx(np.mean(areas), rel=1e-6)  # weights are scaled in float32
    assert first.measured.objective == first.measured.auc > 0.6
    hit = scores.argmax(axis=1) == jets.label
    assert first.measured.accuracy == pytest.approx(float(weight[hit].sum() / weight.sum()), rel=1e-6)
    assert first.measured.parameters == (3 * 3 * 2 + 2) + (2 * 2 * 2 * 2 + 2)
    assert (len(first.measured.curve), first.measured.interval, first.inherited) == (2, 1, None)
    assert set(first.seconds) == {"images", "build", "estimate", "float", "quantized", "measure", "logic"}


def test_the_float_network_chose_the_bits_by_channel(first: Record, work: Path) -> None:
    assert CHOICES == [(True, 300, 15, 1)], "after the float training"
    model = load_model(model_file(work, 0))
    assert not undecided(model)
    (kernel,) = kernels(model.get_layer("block1"))
    assert sum(kernel.quantizer.by_channel) == 2 * 4
    assert max(kernel.quantizer.by_channel) <= 6


class _Reached(Exception):
    """The training would begin."""


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The float trainings that are begun, fresh or not; the quantized one is not run."""
    begun: list[Any] = []

    def reached(*_: Any) -> None:
        raise _Reached

    monkeypatch.setattr(Bench, "_train_float", lambda *_, fresh: begun.append(fresh))
    monkeypatch.setattr(Bench, "_train", reached)
    return begun


@pytest.mark.parametrize(
    ("point", "source", "begun"),
    [
        ({"model.output.weights.bits": 4}, 0, []),  # all weights are those of the first: nothing to train in float
        ({"model.output.weights.bits": 4, "channels": "4"}, 0, [False]),  # but the float network has to choose
        ({"model.blocks.0.filters": 1}, 0, []),  # nor of a part of it
        ({"model.blocks.0.filters": 3}, 0, [False]),
    ],
)
def test_it_starts_from_what_was_trained(
    first: Record, work: Path, trainings: list[Any], point: dict[str, Any], source: int, begun: list[bool]
) -> None:
    notes = Notes()
    worker = bench(work)
    with pytest.raises(_Reached):
        worker.run(7, worker.space.origin | point, [first], notes)
    assert (notes["inherited"], trainings) == (source, begun)
    assert notes["estimate"] > 0


def test_the_best_of_several_first_networks_is_trained(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is trained for an epoch."""
    begun: list[tuple[Any, int, list[Any]]] = []
    reached: list[float] = []
    fit = short_training.fit

    def noted(model: Any, jets: Any, *, epochs: int, **how: Any) -> None:
        begun.append((model, epochs, model.get_weights()))
        fit(model, jets, epochs=epochs, **how)
        if epochs == 1:
            dataset = open_dataset(work / files_of(BASE).image_set)
            judge = short_training.read_jets(dataset, "validation", 150, 1)
            reached.append(short_training.Judge(model, judge).quality().macro_auc)

    monkeypatch.setattr(short_training, "fit", noted)
    several = {"training": SEARCH["training"] | {"float_starts": 4}}
    run(bench(work, **several), number=11)
    assert [epochs for _, epochs, _ in begun] == [1, 1, 1, 1, 3, 2]
    assert len({weights[0].tobytes() for _, _, weights in begun[:4]}) == 4, "they are different networks"
    assert len(set(reached)) > 1, "so there is something to choose"
    assert begun[4][0] is begun[int(np.argmax(reached))][0]


def test_without_weights_at_hand_it_starts_afresh(first: Record, work: Path, trainings: list[Any]) -> None:
    """Trials of other machines, and networks of another kind."""
    elsewhere = replace(first, number=55)
    assert not weights_file(work, 55).exists()
    for others in ([elsewhere], [replace(first, kin="another"), replace(first, measured=None)]):
        with pytest.raises(_Reached):
            run(bench(work), {"model.output.weights.bits": 4}, others)
    assert trainings == [True] * 2


def test_fewer_bits_by_channel_are_fewer_luts_before_training(first: Record, work: Path, trainings: list[Any]) -> None:
    worker, found = bench(work), []
    for channels in ("as one", "4"):
        notes = Notes()
        with pytest.raises(_Reached):
            worker.run(7, worker.space.origin | {"channels": channels, "model.output.weights.bits": 4}, [first], notes)
        found.append(notes["estimate"])
    assert found[1] < found[0]


@pytest.mark.parametrize(
    ("point", "change", "reason"),
    [
        ({"channels": "4"}, {}, "is the design of trial 0"),
        ({"channels": "4", "model.blocks.0.pointwise.bits": 4, "model.blocks.0.pooling": 8}, {}, "does not fit images"),
        ({}, {"constraints": {"lut": 10}}, r"takes about [\d,]+ LUT by the estimate before training"),
    ],
)
def test_what_is_refused_before_it_is_trained(
    first: Record, work: Path, trainings: list[Any], point: dict[str, Any], change: Any, reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        run(bench(work, **change), point, [first])
    assert trainings == []


def test_a_point_that_is_no_configuration_is_refused(work: Path) -> None:
    space = SEARCH["space"] | {"model.blocks.0.pointwise.bits": [3, 6]}
    with pytest.raises(RefusedError, match="not a valid configuration: 'mean_bits' is at most 'bits', 4.0 is above 3"):
        run(bench(work, space=space), {"channels": "4", "model.blocks.0.pointwise.bits": 3})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"training": SEARCH["training"] | {"float_epochs": 0}}, "search.yaml: 'training.float_epochs' is 0, but 'mea"),
        ({"train": {"warm_start": False}}, "train.yaml: 'warm_start' is false, but 'mean_bits'"),
    ],
)
def test_bits_by_channel_that_nothing_chooses(work: Path, change: Any, reason: str) -> None:
    with pytest.raises(TrainingSettingsError, match=reason):
        run(bench(work, **change), {"channels": "4"})


def _to_nothing(model: Any, *_: Any, epochs: int, after_epoch: Callable[[int], None], **__: Any) -> None:
    """A training that makes all weights 0."""
    model.set_weights([np.zeros_like(each) for each in model.get_weights()])
    for epoch in range(epochs):
        after_epoch(epoch + 1)


def test_a_training_far_behind_is_given_up(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_training, "fit", _to_nothing)
    perfect = design(3, 1.0, 10, estimate=10)
    assert perfect.measured is not None
    perfect = replace(perfect, measured=perfect.measured.model_copy(update={"curve": (1.0, 1.0)}))
    with pytest.raises(HopelessError, match="0.5000 behind trial 3, which is not larger, after 1 epochs"):
        run(bench(work), others=[perfect])


@pytest.mark.parametrize(("rival", "epochs"), [(None, 6), (0.7, 6), (1.0, 2)])
def test_what_looks_good_is_trained_longer(
    work: Path, monkeypatch: pytest.MonkeyPatch, rival: float | None, epochs: int
) -> None:
    """Where no finished design that is not larger was clearly better after as many epochs."""
    done: list[tuple[int, float]] = []
    fit = short_training.fit

    def noted(model: Any, jets: Any, *, epochs: int, learning_rate: float, **how: Any) -> None:
        done.append((epochs, learning_rate))
        fit(model, jets, epochs=epochs, learning_rate=learning_rate, **how)

    monkeypatch.setattr(short_training, "fit", noted)
    others = []
    if rival is not None:
        known = design(3, rival, 10, estimate=10)
        assert known.measured is not None
        others = [replace(known, measured=known.measured.model_copy(update={"curve": (rival, rival)}))]
    how = SEARCH["training"] | {"hopeless": None, "further": {"epochs": 4, "learning_rate": 0.01, "margin": 0.1}}
    found, _ = run(bench(work, training=how), others=others, number=12)
    assert done == [(3, 0.05), (2, 0.02), (4, 0.01)][: 3 if epochs == 6 else 2]
    assert (found.epochs, len(found.curve)) == (epochs, 2)


def test_a_constant_is_no_tagger(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cheaper, so that it would be a point of every front."""
    monkeypatch.setattr(short_training, "fit", _to_nothing)
    images = files_of(BASE).image_set
    (tmp_path / images).symlink_to(work / images)
    worker = bench(tmp_path)
    study = Study(f"sqlite:///{tmp_path}/study.db", worker.settings, worker.space, "")
    study.step(worker.run, 0)
    (found,) = study.records()
    assert found.state == "hopeless"
    assert found.reason == "its scores are the same for all jets"
    assert front_of([found], ConstraintSettings()) == []


def test_it_ends_when_the_worker_shall(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short_training, "fit", _to_nothing)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(bench(work, stop))
    assert not model_file(work, 7).exists()
