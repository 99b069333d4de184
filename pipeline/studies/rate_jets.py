"""The jets of a weighted sample as triggers see them: images as the run makes them, scores as firmware gives them."""

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
from data_prep.readers.collisions import UNCONTAINED, Resonances, has_resonances, read_resonances
from data_prep.streams.cutflow import REASONS, Fate
from data_prep.streams.entry_range import ranges
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network.model_types import PortType
from hls_projects.network.network import Network
from models.rates.inclusive import Generated
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import TriggerJets

BACKGROUND, OTHERS = "background_of_rates", "others_of_rates"
"""The classes of background jets, and of jets of signal events that contain no resonance; what the run calls its own
classes does not matter."""


@dataclass(frozen=True)
class RateSample:
    """The jets of a sample.

    Attributes:
        background: of background events.
        signals: by class, jets that contain their resonance.
        generated: by class, all resonances and all jets of their events, where the files tell of them.
        lacking: a file that does not tell of them; None where all do, or no class names its resonance.
        step: one step of the scores, in units of the logits.
        dropped: jets without an image, by reason.
    """

    background: TriggerJets
    signals: dict[str, TriggerJets]
    generated: dict[str, Generated]
    lacking: Path | None
    step: float
    dropped: dict[str, int]


def images_for_rates(pictures: ImagesSettings, what: RatesSettings, *, others: bool = False) -> ImagesSettings:
    """How images of the sample are made: as the run makes them, but of jets of any pT, with their weight and label.

    The selection in pT belongs to the training; that in |η| stays, for the tagger is only there.

    Args:
        pictures: the run's own.
        what: `rates.yaml`.
        others: whether jets of signal events that contain no resonance are read too.

    Raises:
        ConfigurationError: a class that the run does not have, or pixels that hold no pT.
    """
    known = {each.name: each for each in pictures.classes}
    for name in (*what.against, *what.signals):
        if name not in known:
            raise ConfigurationError(f"the tagger has no class '{name}'", remedy=f"its classes are {', '.join(known)}")
    if pictures.candidates is None:
        if any(step.step == "normalise" for step in pictures.steps):
            raise ConfigurationError(
                "the images are normalised, so firmware has no pT to cut on",
                remedy="leave the step 'normalise' out of images.yaml, or build the images of candidates",
            )
        if "pt" not in pictures.channels:
            raise ConfigurationError("the images have no channel 'pt', on which firmware cuts")
    classes = (ClassSettings(name=BACKGROUND, label=what.background), *(known[name] for name in what.signals))
    if others:
        classes = (*classes, ClassSettings(name=OTHERS, label=UNCONTAINED))
    selection = SelectionSettings(abs_eta_max=pictures.selection.abs_eta_max)
    return pictures.model_copy(update={"classes": classes, "weight": what.weight, "selection": selection})


def read_sample(
    reader: Reader,
    files: Mapping[Path, int],
    pictures: ImagesSettings,
    what: RatesSettings,
    emulator: FastEmulator,
    advance: Callable[[int], None],
) -> RateSample:
    """Read the sample, and give every jet the integers of the firmware.

    Args:
        reader: of the files' layout, with the options of `images_for_rates`; with `others` where `lacking` finds none.
        files: the files, with their entries.
        pictures: the run's own `images.yaml`.
        what: `rates.yaml`.
        emulator: the network.
        advance: called with numbers of entries.

    Raises:
        InputFileError: a file that cannot be read, a weight that is no cross section, jets that are signal and
            background, no background, or a signal class without jets.
    """
    without = lacking(files, what)
    whole = without is None and any(each.resonance for each in what.signals.values())
    settings = images_for_rates(pictures, what, others=whole)
    columns = _Columns(pictures, what, emulator)
    parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]] = []
    dropped = dict.fromkeys(REASONS.values(), 0)
    for part in ranges(files, settings.chunk_jets):
        made = images_of(reader.read(part.file, part.start, part.stop), settings)
        for fate, count in zip(*np.unique(made.fate, return_counts=True), strict=True):
            if fate == Fate.SEVERAL_CLASSES:
                raise InputFileError(
                    f"{count} jets are background and signal, or of two signals",
                    file=part.file,
                    remedy="correct 'background' in rates.yaml, or the labels in images.yaml",
                )
            if fate != Fate.KEPT:
                dropped[REASONS[Fate(fate)]] += int(count)
        if (made.fate == Fate.WEIGHT_NOT_FINITE).any() or (made.batch.weight < 0).any():
            raise InputFileError(
                f"the weight '{what.weight}' of a jet is negative, infinite or no number, so it is not a cross section",
                file=part.file,
                remedy="give 'weight' in rates.yaml as the cross section (pb) that a jet's event stands for",
            )
        try:
            parts.append((made.batch.label, columns.of(made.batch)))
        except ValueError as error:
            raise InputFileError(str(error), file=part.file) from None
        advance(len(part))
    background = _of_class(parts, 0, "background")
    if background.offline_pt.min() > what.online_pt_min:
        raise InputFileError(
            f"the softest background jet of the sample has {background.offline_pt.min():.0f} GeV, so a trigger from "
            f"{what.online_pt_min:g} GeV on would be given too low a rate",
            remedy="raise 'online_pt_min' in rates.yaml, or give a sample with softer jets",
        )
    signals = {name: _of_class(parts, row, f"class '{name}'") for row, name in enumerate(what.signals, start=1)}
    generated: dict[str, Generated] = {}
    if whole:
        others = _jets_of(parts, len(what.signals) + 1)
        resonances = [read_resonances(file) for file in files]
        generated = {
            name: _generated(signals[name], others, resonances, each.resonance, pictures.selection.abs_eta_max)
            for name, each in what.signals.items()
            if each.resonance is not None
        }
    return RateSample(background, signals, generated, without, columns.step, dropped)


def lacking(files: Iterable[Path], what: RatesSettings) -> Path | None:
    """A file that does not tell of all generated resonances, where a signal names its resonance; None if all do.

    Raises:
        InputFileError: a file that cannot be read.
    """
    if not any(each.resonance for each in what.signals.values()):
        return None
    return next((file for file in files if not has_resonances(file)), None)


def _generated(
    contained: TriggerJets,
    others: TriggerJets,
    resonances: Sequence[Resonances],
    pid: int,
    abs_eta_max: float | None,
) -> Generated:
    """The resonances of a signal where the tagger is, and all jets of their events."""
    columns = {
        name: np.concatenate([getattr(each, name) for each in resonances])
        for name in ("event", "weight", "pid", "pt", "eta", "phi")
    }
    chosen = (columns.pop("pid") == pid) & (np.abs(columns["eta"]) < (abs_eta_max or np.inf))
    columns = {name: each[chosen] for name, each in columns.items()}
    jets = TriggerJets.joined([contained, others])
    inside = np.flatnonzero(np.isin(jets.event, columns["event"]))
    contains = np.arange(len(jets)) < len(contained)
    return Generated(**columns, jets=jets.take(inside), contains=contains[inside])


def _jets_of(parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]], row: int) -> TriggerJets:
    """All jets of one class, by its label; of one part at least."""
    return TriggerJets.joined([jets.take(np.flatnonzero(label == row)) for label, jets in parts])


def _of_class(parts: list[tuple[npt.NDArray[np.uint8], TriggerJets]], row: int, text: str) -> TriggerJets:
    """All jets of one class, by its label.

    Raises:
        InputFileError: there is none, or jets of one event have different weights.
    """
    found = _jets_of(parts, row) if parts else None
    if found is None or not found.weight.sum() > 0:
        raise InputFileError(f"the sample has no jet of the {text} with a weight", remedy="add files with such jets")
    if (found.weight != found.weight[found.first][found.index]).any():
        raise InputFileError(
            f"jets of one event have different weights ({text})",
            remedy="give 'weight' in rates.yaml as the cross section (pb) that the whole event stands for",
        )
    return found


def classes_of(network: Network) -> tuple[str, ...]:
    """The classes of a tagger, in the order of the numbers of its first output.

    Raises:
        InputFileError: the network has none.
    """
    meaning = network.meaning
    if meaning is None or meaning.without_scores:
        why = "it is not known what its outputs are" if meaning is None else meaning.without_scores
        raise InputFileError(f"the network is not a tagger: {why}", remedy="give the network of a tagging run")
    return meaning.classes


class _Columns:
    """What triggers know of a batch of images."""

    def __init__(self, pictures: ImagesSettings, what: RatesSettings, emulator: FastEmulator) -> None:
        classes = classes_of(emulator.network)
        for name in (*what.against, *what.signals):
            if name not in classes:
                raise ConfigurationError(
                    f"the network has no class '{name}'", remedy=f"its classes are {', '.join(classes)}"
                )
        inputs, outputs = emulator.network.types.inputs, emulator.network.types.outputs
        if len(inputs) != 1:
            raise InputFileError("the network starts from candidates", remedy="give the folder made by `lower`")
        self.step = outputs[0].type.step
        self._emulator, self._port, self._pictures = emulator, inputs[0], pictures
        self._against = [classes.index(name) for name in what.against]
        self._signals = {name: classes.index(name) for name in what.signals}

    def of(self, batch: ImageBatch) -> TriggerJets:
        """The columns; the score of a signal is its logit minus the largest of the background's, in steps."""
        logits = self._emulator.run(batch)[0].astype(np.int64)
        largest = logits[:, self._against].max(axis=1)
        return TriggerJets(
            event=batch.event,
            weight=batch.weight.astype(np.float64),
            online_pt=online_pt(batch, self._port, self._pictures),
            offline_pt=batch.features["jet_pt"].astype(np.float64),
            mass=batch.features["jet_sdmass"].astype(np.float64),
            score={name: logits[:, index] - largest for name, index in self._signals.items()},
            eta=batch.features["jet_eta"].astype(np.float64),
            phi=batch.features["jet_phi"].astype(np.float64),
        )


def online_pt(batch: ImageBatch, port: PortType, pictures: ImagesSettings) -> npt.NDArray[np.float64]:
    """The pT of each jet as firmware has it (GeV), float64 [jets].

    The sum of the jet's candidates, where there are some: else of its pixels at the input port.

    Args:
        batch: the images.
        port: of the network's input.
        pictures: how the images were made.
    """
    if batch.candidates is not None and pictures.candidates is not None:
        return np.asarray(batch.candidates.pt.sum(axis=1) * pictures.candidates.pt.type.step, dtype=np.float64)
    row = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    channel = batch.pixel % batch.shape[2] == pictures.channels.index("pt")
    raw = port.type.quantize(batch.value[channel])
    sums = np.bincount(row[channel], raw * port.type.step, minlength=len(batch))
    return np.asarray(sums, dtype=np.float64)
