"""Training data and quality of a design from the manifests of its lineage, for the bundle's card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError
from data_prep.store.event_images import holds_events
from data_prep.store.jet_images import open_dataset
from hls_projects.export.origin import Quality, TrainingData
from models import registries
from models.events.data import open_events
from pipeline.artefacts.door import check
from pipeline.artefacts.lineage import upstream
from pipeline.artefacts.manifest import Manifest
from pipeline.report.grid_words import grid_words, step_words
from pipeline.report.results import EMULATED, QUANTIZED, display_order, titles_of
from pipeline.report.section import CHANNEL_NAMES, CLASS_NAMES

Metrics = Mapping[str, Any]


def origin_of(artefacts: Sequence[Path], deployed: Metrics | None) -> tuple[TrainingData | None, tuple[Quality, ...]]:
    """Training data and quality of the network of a design; nothing for a model file of the user.

    Args:
        artefacts: those that the design was made from.
        deployed: for a tagger, metrics of the emulated outputs.

    Raises:
        InputFileError: when the results of the training cannot be read.
    """
    manifests = upstream(artefacts)
    model = next((place for place, manifest in manifests.items() if manifest.stage == "train"), None)
    if model is None:
        return None, ()
    check(model)
    path = model / "metrics.json"
    try:
        trained = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFileError(f"not a metrics file: {error}", file=path, remedy="run `train` again") from None
    numbers = tuple(quality_measures(trained, deployed, titles_of(manifests[model].configuration.get("model", {}))))
    inputs = manifests[model].inputs.values()
    images = next(
        (place for place, manifest in manifests.items() if manifest.stage == "images" and manifest.content in inputs),
        None,
    )
    if images is None:
        return None, numbers
    check(images)
    return training_data(manifests[model], images, manifests[images]), numbers


def training_data(model: Manifest, images: Path, dataset: Manifest) -> TrainingData:
    """The training data of a network.

    Args:
        model: the manifest of `30_model`.
        images: the folder of the images.
        dataset: its manifest.

    Raises:
        InputFileError: when the images cannot be read.
    """
    path = images / "cutflow.json"
    try:
        samples = json.loads(path.read_text(encoding="utf-8"))["kept_by_class"]
    except (OSError, ValueError, KeyError) as error:
        raise InputFileError(
            f"not a cutflow with the kept jets: {error}", file=path, remedy="run `images` again"
        ) from None
    events = holds_events(images)
    described: Any = (open_events(images).dataset if events else open_dataset(images)).metadata
    classes: tuple[str, ...] = () if events else described.classes
    steps = [] if events else [step_words(step.model_dump(mode="json", exclude_none=True)) for step in described.steps]
    return TrainingData(
        task=str(model.configuration.get("model", {}).get("task", "classification")),
        origin=_origin(images, dataset),
        files=dict(sorted((Path(name).name, digest) for name, digest in dataset.inputs.items())),
        images=grid_words(described.grid),
        channels=tuple(CHANNEL_NAMES.get(name, name) for name in described.channels),
        steps=tuple(steps),
        selection=_selection(dataset.configuration.get("images", {}).get("selection") or {}),
        classes={name: CLASS_NAMES.get(name, name) for name in classes},
        samples={name: samples[name] for name in [*classes, *sorted(samples.keys() - set(classes))]},
    )


def quality_measures(trained: Metrics, deployed: Metrics | None, titles: Mapping[str, str]) -> Iterator[Quality]:
    """The figures of merit of all networks, one by one.

    Args:
        trained: the content of `metrics.json`.
        deployed: for a tagger, the metrics of the emulated outputs.
        titles: the names of networks in tables and figures.
    """
    task = str(trained.get("task", "classification"))
    taggers = trained.get("tagger", {}) if task == "regression" else trained if task == "classification" else {}
    errors = trained.get("uncertainty", {}).get("taggers", {})
    for name, metrics in _in_order(taggers, deployed):
        for measure, key in (("macro-AUC", "macro_auc"), ("accuracy", "accuracy")):
            error = errors.get(QUANTIZED if name == EMULATED else name, {}).get(key)  # the same test jets
            yield Quality(network=titles.get(name, name), measure=measure, value=metrics.get(key), error=error)
    for name, targets in trained.get("closure", {}).items():
        for target, closure in targets.items():
            whole = closure.get("whole") or {}
            for measure, key in (("median response", "median"), ("resolution", "resolution")):
                yield Quality(network=titles.get(name, name), measure=f"{target}, {measure}", value=whole.get(key))
    for part in (*registries.task(task).also({}), task):
        measures = registries.task(part).measures
        for name, metrics in trained.get(part, {}).items() if measures else ():
            for measure, key in measures.items():
                yield Quality(network=titles.get(name, name), measure=measure, value=metrics.get(key))


def _in_order(taggers: Metrics, deployed: Metrics | None) -> Iterator[tuple[str, Metrics]]:
    """The taggers and the emulated design."""
    networks = {
        name: metrics for name, metrics in taggers.items() if isinstance(metrics, Mapping) and "macro_auc" in metrics
    }
    if deployed is not None:
        networks[EMULATED] = deployed
    for name in display_order(networks):
        yield name, networks[name]


def simulation_of(images: Path) -> dict[str, Any] | None:
    """The configuration of the simulation that images were made from; None if there is none."""
    configurations = (
        manifest.configuration.get("generate")
        for manifest in upstream([images]).values()
        if manifest.stage == "generate"
    )
    return next(configurations, None)


def _origin(images: Path, dataset: Manifest) -> str:
    simulated = simulation_of(images)
    if simulated is None:
        files = len(dataset.inputs)
        return f"read from {files} file{'s' if files != 1 else ''} of constituents that were given"
    energy = simulated.get("collision_energy", 0) / 1000
    text = f"simulated {simulated.get('kind', 'jets')}, Pythia 8 at {energy:g} TeV with a parametrised detector"
    pileup = simulated.get("pileup")
    if pileup:
        text += f", {pileup['mean']:g} collisions besides the hard one on average"
    jets = simulated.get("jets")
    if jets:
        # A sample of jets has a window of pT; whole events contain all jets above a threshold.
        low, high = jets.get("pt") or (jets["pt_min"], None)
        window = f"pT > {low:g} GeV" if high is None else f"{low:g} < pT < {high:g} GeV"
        text += f"; anti-kT jets of R = {jets['radius']:g}, {window}, |η| < {jets['eta_max']:g}"
    return text


def _selection(settings: Mapping[str, Any]) -> str:
    """The selection of jets in words; empty where all are taken."""
    parts = []
    low, high, eta = (settings.get(name) for name in ("pt_min", "pt_max", "abs_eta_max"))
    if low is not None or high is not None:
        parts.append(f"pT > {low:g} GeV" if high is None else f"{low or 0:g} < pT < {high:g} GeV")
    if eta is not None:
        parts.append(f"|η| < {eta:g}")
    return f"of these the jets with {' and '.join(parts)}" if parts else ""
