"""Completeness of a sample: whether jets of its window come from scatterings that are softer or harder than `pt_hat`.

A pilot sample draws hard scatterings from far below the window to far above it. Weighted by the pt_hat_power of the
sample, its jets give the share of the window that comes from outside of `pt_hat`. The pilot depends on the window and
not on `pt_hat`, so that a range that it proposes is complete by the same measurement.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.errors import ConfigurationError
from data_prep.generate.detector import respond
from data_prep.generate.events import EventGenerator, Floats
from data_prep.generate.jets import find_jets
from data_prep.generate.pool import make_all
from data_prep.generate.processes import hard_process
from data_prep.generate.seeds import Purpose, detector_random, pythia_seed
from data_prep.generate.settings import PT_HAT_MAX, PT_HAT_MIN, GenerateSettings, ScaleSettings
from data_prep.generate.truth import find_origins
from data_prep.system.whole import whole_file

MISSING_MAX = 0.01
"""Largest share of a window's jets that may be missing."""
_AIM = 0.002
"""The missing share below and above a proposed range of pT-hat."""
_PILOT_FILES = 8, 40
"""Smallest and largest number of pilot files of a class."""
_JETS = 500
"""Jets of the sample for each pilot file."""
_EVENTS, _BATCH = 100, 50
"""Events of a pilot file, and events that are simulated at once."""
_RANGE = 0.5, 2.0
"""The pilot's range of pT-hat, in units of the window's edges."""
_FLAT, _STEPS = 6.0, 2.0
"""The pilot's power of pT-hat is larger by two than the sample's, up to the power of a flat spectrum: jets from far
below the window are rare and have large weights."""
_ROUND = 10.0
"""Proposed edges are multiples of this (GeV)."""


@dataclass(frozen=True)
class MissingShare:
    """A share with its statistical error (one standard deviation)."""

    value: float
    error: float


@dataclass(frozen=True)
class Completeness:
    """The missing jets of a class.

    Attributes:
        below, above: shares of the window's jets that come from below and from above `pt_hat`.
        softest: the share of both together in the lowest tenth of the window in pT.
        needed: a range of pT-hat (GeV) of which all but half a per cent of the jets come.
        jets: number of jets of the pilot in the window.
    """

    below: MissingShare
    above: MissingShare
    softest: MissingShare
    needed: tuple[float, float]
    jets: int

    @property
    def surely_missing(self) -> float:
        """A lower limit of the missing share: the share less one standard deviation."""
        return self.below.value + self.above.value - float(np.hypot(self.below.error, self.above.error))


@dataclass(frozen=True)
class PilotFile:
    """One file of the pilot: a class, a number within the class, and the number of events."""

    name: str
    index: int
    size: int = _EVENTS

    @property
    def file(self) -> str:
        """The file's name."""
        return f"pilot_{self.name}_{self.index}.json"


def pilot_files(settings: GenerateSettings) -> list[PilotFile]:
    """All files of a pilot."""
    number = min(max(settings.jets_per_class // _JETS, _PILOT_FILES[0]), _PILOT_FILES[1])
    return [PilotFile(name, index) for index in range(number) for name in settings.classes]


def make_pilot_file(
    settings: GenerateSettings, pilot_file: PilotFile, folder: Path, advance: Callable[[int], None]
) -> None:
    """Simulate one file of the pilot: pT, pT-hat, weight and event of its jets."""
    process = hard_process(pilot_file.name, settings.dijets)
    low = max(PT_HAT_MIN, _RANGE[0] * settings.jets.pt[0])
    high = min(PT_HAT_MAX, _RANGE[1] * settings.jets.pt[1], 0.45 * settings.collision_energy)
    if low >= high:
        raise ConfigurationError(
            f"jets of {settings.jets.pt[0]:g} GeV are too hard for collisions of {settings.collision_energy:g} GeV",
            remedy="lower jets.pt, or raise collision_energy",
        )
    power = max(settings.pt_hat_power, min(settings.pt_hat_power + _STEPS, _FLAT))
    scale = ScaleSettings(pt_hat=(low, high), pt_hat_power=power)
    seed_arguments = settings.seed, Purpose.PILOT, process.code, pilot_file.index
    generator, rng = (
        EventGenerator(process, settings, scale, pythia_seed(*seed_arguments)),
        detector_random(*seed_arguments),
    )
    columns: dict[str, list[float]] = {"pt": [], "pt_hat": [], "weight": [], "event": []}
    for start in range(0, pilot_file.size, _BATCH):
        events = generator.batch(min(_BATCH, pilot_file.size - start))
        candidates = respond(events, settings.detector, rng)
        origins = find_origins(events, process)
        jets = find_jets(candidates, events.number, origins, process, settings.jets, settings.soft_drop)
        columns["pt"] += np.hypot(jets.px, jets.py).tolist()
        columns["pt_hat"] += events.pt_hat[jets.event].tolist()
        columns["weight"] += (events.weight * (events.pt_hat / low) ** settings.pt_hat_power)[jets.event].tolist()
        columns["event"] += (jets.event + start).tolist()
        advance(events.number)
    with whole_file(folder / pilot_file.file) as partial:
        partial.write_text(json.dumps(columns), encoding="utf-8")


def measure(
    settings: GenerateSettings, folder: Path, processes: int, advance: Callable[[int], None]
) -> dict[str, Completeness]:
    """Simulate the pilot, or its missing files after an interruption, and measure the shares of each class.

    The result depends on the settings only, not on the number of processes.

    Args:
        settings: the run.
        folder: an existing folder for the files of the pilot.
        processes: worker processes.
        advance: called with numbers of events.

    Raises:
        ConfigurationError: when a class has no jet in its window.
    """
    make_all(make_pilot_file, settings, pilot_files(settings), folder, processes, advance)
    by_class: dict[str, Completeness] = {}
    for name in settings.classes:
        contents = [
            json.loads((folder / pilot_file.file).read_text())
            for pilot_file in pilot_files(settings)
            if pilot_file.name == name
        ]
        event = np.concatenate(
            [np.asarray(content["event"]) + _EVENTS * index for index, content in enumerate(contents)]
        )
        pt, pt_hat, weight = (
            np.concatenate([content[key] for content in contents]) for key in ("pt", "pt_hat", "weight")
        )
        if not pt.size:
            raise ConfigurationError(
                f"class {name}: no jet of {len(contents) * _EVENTS} events, of any hardness, passes the selection",
                remedy="widen jets.pt or jets.eta_max, or leave the class out",
            )
        by_class[name] = completeness(pt, pt_hat, weight, event, settings)
    return by_class


def completeness(pt: Floats, pt_hat: Floats, weight: Floats, event: Any, settings: GenerateSettings) -> Completeness:
    """The missing shares, from the jets of the pilot in the window.

    Args:
        pt: of each jet (GeV), [jets].
        pt_hat: of the hard scattering of its event (GeV), [jets].
        weight: of each jet in a sample without limits in pT-hat, [jets].
        event: numbers of the events, [jets].
        settings: the run.
    """
    (low, high), (pt_low, pt_high) = settings.pt_hat, settings.jets.pt
    below, above = pt_hat < low, pt_hat >= high
    softest = pt < pt_low + 0.1 * (pt_high - pt_low)
    order = np.argsort(pt_hat)
    mass = np.cumsum(weight[order]) / weight.sum()
    needed = (
        float(np.floor(pt_hat[order][np.searchsorted(mass, _AIM)] / _ROUND) * _ROUND),
        float(np.floor(pt_hat[order][np.searchsorted(mass, 1 - _AIM)] / _ROUND + 1) * _ROUND),
    )
    return Completeness(
        below=share(below, weight, event),
        above=share(above, weight, event),
        softest=share((below | above)[softest], weight[softest], event[softest]),
        needed=needed,
        jets=pt.size,
    )


def share(selected: Any, weight: Floats, event: Any) -> MissingShare:
    """The weighted share of some jets among all, and its error; jets of one event are counted together.

    The error is at least the counting error, which is not 0 where no jet is selected.
    """
    if not weight.size:
        return MissingShare(0.0, 1.0)
    total = weight.sum()
    value = float(weight[selected].sum() / total)
    _, row = np.unique(event, return_inverse=True)
    spread = np.bincount(row, weight * (selected - value))
    effective = total**2 / (np.bincount(row, weight) ** 2).sum()
    posterior_mean = (value * effective + 1) / (effective + 2)
    counting_error = np.sqrt(posterior_mean * (1 - posterior_mean) / effective)
    return MissingShare(value, float(max(np.sqrt((spread**2).sum()) / total, counting_error)))


def require_complete(by_class: dict[str, Completeness], settings: GenerateSettings) -> None:
    """Make sure that no class surely lacks more than `MISSING_MAX` of its jets.

    Raises:
        ConfigurationError: a class does; the remedy is a range of pT-hat with which all classes are complete.
    """
    name = max(by_class, key=lambda name: by_class[name].surely_missing)
    worst = by_class[name]
    if worst.surely_missing <= MISSING_MAX:
        return
    low = min(settings.pt_hat[0], *(result.needed[0] for result in by_class.values()))
    high = max(settings.pt_hat[1], *(result.needed[1] for result in by_class.values()))
    sides = ("from below", worst.below), ("from above", worst.above)
    shares = [f"{100 * missing.value:.1f} ± {100 * missing.error:.1f} % {side}" for side, missing in sides]
    raise ConfigurationError(
        f"jets of class {name} from {settings.jets.pt[0]:g} to {settings.jets.pt[1]:g} GeV also come from scatterings "
        f"outside of 'pt_hat', and would be missing: {', '.join(shares)}",
        remedy=f"set pt_hat: [{low:g}, {high:g}], or take less than all jets with incomplete: true",
    )


def as_record(by_class: dict[str, Completeness]) -> dict[str, Any]:
    """The content of `completeness.json`."""
    return {"missing_max": MISSING_MAX, "classes": {name: asdict(result) for name, result in by_class.items()}}
