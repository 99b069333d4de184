"""The jets of a weighted sample for rate studies, with the images of the run and the scores of the firmware."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.images.batch import ImageBatch
from data_prep.images.jets import ImagesSettings, SelectionSettings, images_of
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Reader
from data_prep.readers.collisions import UNCONTAINED, GeneratedResonances, has_resonances, read_resonances
from data_prep.streams.cutflow import REASONS, Fate
from data_prep.streams.entry_range import ranges
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network.network import Network
from hls_projects.network.port import Port
from models.rates.inclusive import Generated
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import TriggerJets

BACKGROUND, WITHOUT_RESONANCE = "background_of_rates", "others_of_rates"
"""The classes of background jets, and of jets of signal events that contain no resonance; independent of the names of
the run's classes."""


@dataclass(frozen=True)
class RateSample:
    """The jets of a sample.

    Attributes:
        background: jets of background events.
        signals: by class, jets that contain their resonance.
        generated: by class, all resonances and all jets of their events, if the files contain them.
        lacking: a file without them; None if all files have them, or no class names its resonance.
        step: one step of the scores, in units of the logits.
        dropped: jets without an image, by reason.
    """

    background: TriggerJets
    signals: dict[str, TriggerJets]
    generated: dict[str, Generated]
    lacking: Path | None
    step: float
    dropped: dict[str, int]


def images_for_rates(
    image_settings: ImagesSettings, rates: RatesSettings, *, uncontained: bool = False
) -> ImagesSettings:
    """The image settings of the run, but for jets of any pT, with their weight and label.

    The selection in pT belongs to the training; that in |η| is kept, as the tagger is only used there.

    Args:
        image_settings: those of the run.
        rates: `rates.yaml`.
        uncontained: whether jets of signal events that contain no resonance are read too.

    Raises:
        ConfigurationError: a class that the run does not have, or pixels without pT.
    """
    classes_by_name = {class_settings.name: class_settings for class_settings in image_settings.classes}
    for name in (*rates.against, *rates.signals):
        if name not in classes_by_name:
            raise ConfigurationError(
                f"the tagger has no class '{name}'", remedy=f"its classes are {', '.join(classes_by_name)}"
            )
    if image_settings.candidates is None:
        if any(step.step == "normalise" for step in image_settings.steps):
            raise ConfigurationError(
                "the images are normalised, so firmware has no pT to cut on",
                remedy="leave the step 'normalise' out of images.yaml, or make images from candidates",
            )
        if "pt" not in image_settings.channels:
            raise ConfigurationError(
                "the images have no channel 'pt', so firmware has no pT to cut on",
                remedy="add 'pt' to 'channels' in images.yaml",
            )
    classes = (
        ClassSettings(name=BACKGROUND, label=rates.background),
        *(classes_by_name[name] for name in rates.signals),
    )
    if uncontained:
        classes = (*classes, ClassSettings(name=WITHOUT_RESONANCE, label=UNCONTAINED))
    selection = SelectionSettings(abs_eta_max=image_settings.selection.abs_eta_max)
    return image_settings.model_copy(update={"classes": classes, "weight": rates.weight, "selection": selection})


def read_sample(
    reader: Reader,
    files: Mapping[Path, int],
    image_settings: ImagesSettings,
    rates: RatesSettings,
    emulator: FastEmulator,
    advance: Callable[[int], None],
) -> RateSample:
    """Read the sample, with the integers of the firmware for every jet.

    Args:
        reader: of the files' layout, with the options of `images_for_rates`; with `uncontained` if `lacking` gives
            None.
        files: the files, with their entries.
        image_settings: the `images.yaml` of the run.
        rates: `rates.yaml`.
        emulator: the network.
        advance: called with the number of entries read.

    Raises:
        InputFileError: a file that cannot be read, a weight that is not a cross section, jets that are both signal and
            background, no background, or a signal class without jets.
    """
    missing = lacking(files, rates)
    whole_events = missing is None and any(signal.resonance for signal in rates.signals.values())
    settings = images_for_rates(image_settings, rates, uncontained=whole_events)
    columns = _Columns(image_settings, rates, emulator)
    parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]] = []
    dropped = dict.fromkeys(REASONS.values(), 0)
    for part in ranges(files, settings.chunk_jets):
        images = images_of(reader.read(part.file, part.start, part.stop), settings)
        for fate, count in zip(*np.unique(images.fate, return_counts=True), strict=True):
            if fate == Fate.SEVERAL_CLASSES:
                raise InputFileError(
                    f"{count} jets are both background and signal, or of two signals",
                    file=part.file,
                    remedy="correct 'background' in rates.yaml, or the labels in images.yaml",
                )
            if fate != Fate.KEPT:
                dropped[REASONS[Fate(fate)]] += int(count)
        if (images.fate == Fate.WEIGHT_NOT_FINITE).any() or (images.batch.weight < 0).any():
            raise InputFileError(
                f"the weight '{rates.weight}' of a jet is negative, infinite or no number, so it is no cross section",
                file=part.file,
                remedy="give 'weight' in rates.yaml as the cross section (pb) that a jet's event stands for",
            )
        try:
            parts.append((images.batch.label, columns.of(images.batch)))
        except ValueError as error:
            raise InputFileError(str(error), file=part.file) from None
        advance(len(part))
    background = _of_class(parts, 0, "background")
    if background.offline_pt.min() > rates.online_pt_min:
        raise InputFileError(
            f"the softest background jet of the sample has {background.offline_pt.min():.0f} GeV, so the rate of a "
            f"trigger from {rates.online_pt_min:g} GeV on would be too low",
            remedy="raise 'online_pt_min' in rates.yaml, or give a sample with softer jets",
        )
    signals = {name: _of_class(parts, row, f"class '{name}'") for row, name in enumerate(rates.signals, start=1)}
    generated: dict[str, Generated] = {}
    if whole_events:
        uncontained = _jets_of(parts, len(rates.signals) + 1)
        resonances = [read_resonances(file) for file in files]
        generated = {
            name: _generated(
                signals[name], uncontained, resonances, signal.resonance, image_settings.selection.abs_eta_max
            )
            for name, signal in rates.signals.items()
            if signal.resonance is not None
        }
    return RateSample(background, signals, generated, missing, columns.step, dropped)


def lacking(files: Iterable[Path], rates: RatesSettings) -> Path | None:
    """A file without all generated resonances, if a signal names its resonance; None if all files have them.

    Raises:
        InputFileError: a file that cannot be read.
    """
    if not any(signal.resonance for signal in rates.signals.values()):
        return None
    return next((file for file in files if not has_resonances(file)), None)


def _generated(
    contained: TriggerJets,
    uncontained: TriggerJets,
    resonances: Sequence[GeneratedResonances],
    pid: int,
    abs_eta_max: float | None,
) -> Generated:
    """The resonances of a signal within the |η| range of the tagger, and all jets of their events."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in resonances])
        for name in ("event", "weight", "pid", "pt", "eta", "phi")
    }
    mask = (columns.pop("pid") == pid) & (np.abs(columns["eta"]) < (abs_eta_max or np.inf))
    columns = {name: part[mask] for name, part in columns.items()}
    jets = TriggerJets.joined([contained, uncontained])
    inside = np.flatnonzero(np.isin(jets.event, columns["event"]))
    contains = np.arange(len(jets)) < len(contained)
    return Generated(**columns, jets=jets.take(inside), contains=contains[inside])


def _jets_of(parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]], row: int) -> TriggerJets:
    """All jets of one class, by its label, of at least one part."""
    return TriggerJets.joined([jets.take(np.flatnonzero(label == row)) for label, jets in parts])


def _of_class(parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]], row: int, text: str) -> TriggerJets:
    """All jets of one class, by its label.

    Raises:
        InputFileError: there is none, or jets of one event have different weights.
    """
    jets = _jets_of(parts, row) if parts else None
    if jets is None or not jets.weight.sum() > 0:
        raise InputFileError(f"the sample has no jet of the {text} with a weight", remedy="add files with such jets")
    if (jets.weight != jets.weight[jets.first_jets][jets.index]).any():
        raise InputFileError(
            f"jets of one event have different weights ({text})",
            remedy="give 'weight' in rates.yaml as the cross section (pb) that the whole event stands for",
        )
    return jets


def classes_of(network: Network) -> tuple[str, ...]:
    """The classes of a tagger, in the order of the numbers of its first output.

    Raises:
        InputFileError: the network has none.
    """
    meaning = network.meaning
    if meaning is None or meaning.without_scores:
        reason = "the meaning of its outputs is not known" if meaning is None else meaning.without_scores
        raise InputFileError(f"the network is not a tagger: {reason}", remedy="give the network of a tagging run")
    return meaning.classes


class _Columns:
    """The quantities of jets on which triggers cut, for a batch of images."""

    def __init__(self, image_settings: ImagesSettings, rates: RatesSettings, emulator: FastEmulator) -> None:
        classes = classes_of(emulator.network)
        for name in (*rates.against, *rates.signals):
            if name not in classes:
                raise ConfigurationError(
                    f"the network has no class '{name}'", remedy=f"its classes are {', '.join(classes)}"
                )
        inputs, outputs = emulator.network.graph.inputs, emulator.network.graph.outputs
        if len(inputs) != 1:
            raise InputFileError("the network starts from candidates", remedy="give the folder made by `lower`")
        self.step = outputs[0].type.step
        self._emulator, self._port, self._image_settings = emulator, inputs[0], image_settings
        self._against = [classes.index(name) for name in rates.against]
        self._signals = {name: classes.index(name) for name in rates.signals}

    def of(self, batch: ImageBatch) -> TriggerJets:
        """The columns; the score of a signal is its logit minus the largest of the background's, in steps."""
        logits = self._emulator.run(batch)[0].astype(np.int64)
        largest = logits[:, self._against].max(axis=1)
        return TriggerJets(
            event=batch.event,
            weight=batch.weight.astype(np.float64),
            online_pt=online_pt(batch, self._port, self._image_settings),
            offline_pt=batch.features["jet_pt"].astype(np.float64),
            mass=batch.features["jet_sdmass"].astype(np.float64),
            score={name: logits[:, index] - largest for name, index in self._signals.items()},
            eta=batch.features["jet_eta"].astype(np.float64),
            phi=batch.features["jet_phi"].astype(np.float64),
        )


def online_pt(batch: ImageBatch, port: Port, image_settings: ImagesSettings) -> npt.NDArray[np.float64]:
    """The pT of each jet in firmware (GeV), float64 [jets].

    The sum over the jet's candidates if there are any, otherwise over its pixels at the input port.

    Args:
        batch: the images.
        port: that of the network's input.
        image_settings: those of the images.
    """
    if batch.candidates is not None and image_settings.candidates is not None:
        return np.asarray(batch.candidates.pt.sum(axis=1) * image_settings.candidates.pt.type.step, dtype=np.float64)
    row = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    channel = batch.pixel % batch.shape[2] == image_settings.channels.index("pt")
    raw = port.type.quantize(batch.value[channel])
    sums = np.bincount(row[channel], raw * port.type.step, minlength=len(batch))
    return np.asarray(sums, dtype=np.float64)
