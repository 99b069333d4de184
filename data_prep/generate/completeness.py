"""Whether a sample holds all jets of its window, or loses those of scatterings that are softer or harder than `pt_hat`.

A pilot draws hard scatterings from far below the window to far above it. Weighted by the sample's own pt_hat_power, its
jets say which share of the window would come from outside of `pt_hat`. It depends on the window and not on `pt_hat`, so
that a range that was found with it passes when it is asked again.
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
"""The share that a range is proposed for, below it and above it."""
_PIECES = 8, 40
"""Files of a class at least and at most, …"""
_JETS = 500
"""… one for so many jets of the sample, …"""
_EVENTS, _BATCH = 100, 50
"""… events of each, and how many are simulated at once."""
_RANGE = 0.5, 2.0
"""The pilot's pT-hat, in units of the window's edges."""
_FLAT, _STEPS = 6.0, 2.0
"""The pilot draws by pT-hat to a power that is larger by two than the sample's, up to one that makes the spectrum flat:
what comes from far below the window is rare there and counts much."""
_ROUND = 10.0
"""Proposed edges are multiples of this (GeV)."""


@dataclass(frozen=True)
class Share:
    """A share with its statistical error (one standard deviation)."""

    value: float
    error: float


@dataclass(frozen=True)
class Completeness:
    """What a class lacks.

    Attributes:
        below, above: shares of the window's jets that would come from below and from above `pt_hat`.
        softest: the share of both together in the lowest tenth of the window in pT.
        needed: a range of pT-hat (GeV) that holds all but half a per cent.
        jets: of the pilot in the window.
    """

    below: Share
    above: Share
    softest: Share
    needed: tuple[float, float]
    jets: int

    @property
    def surely_missing(self) -> float:
        """What is missing at least: the share less one standard deviation."""
        return self.below.value + self.above.value - float(np.hypot(self.below.error, self.above.error))


@dataclass(frozen=True)
class Piece:
    """One file of the pilot: a class, a number within the class, and how many events it simulates."""

    name: str
    index: int
    size: int = _EVENTS

    @property
    def file(self) -> str:
        """The file's name."""
        return f"pilot_{self.name}_{self.index}.json"


def pieces(settings: GenerateSettings) -> list[Piece]:
    """All files of a pilot."""
    number = min(max(settings.jets_per_class // _JETS, _PIECES[0]), _PIECES[1])
    return [Piece(name, index) for index in range(number) for name in settings.classes]


def make_piece(settings: GenerateSettings, piece: Piece, folder: Path, advance: Callable[[int], None]) -> None:
    """Simulate a part of the pilot and write the pT, pT-hat, weight and event of its jets into a folder."""
    process = hard_process(piece.name, settings.dijets)
    low = max(PT_HAT_MIN, _RANGE[0] * settings.jets.pt[0])
    high = min(PT_HAT_MAX, _RANGE[1] * settings.jets.pt[1], 0.45 * settings.collision_energy)
    if low >= high:
        raise ConfigurationError(
            f"jets of {settings.jets.pt[0]:g} GeV are too hard for collisions of {settings.collision_energy:g} GeV",
            remedy="lower jets.pt, or raise collision_energy",
        )
    power = max(settings.pt_hat_power, min(settings.pt_hat_power + _STEPS, _FLAT))
    scale = ScaleSettings(pt_hat=(low, high), pt_hat_power=power)
    place = settings.seed, Purpose.PILOT, process.code, piece.index
    generator, rng = EventGenerator(process, settings, scale, pythia_seed(*place)), detector_random(*place)
    columns: dict[str, list[float]] = {"pt": [], "pt_hat": [], "weight": [], "event": []}
    for start in range(0, piece.size, _BATCH):
        events = generator.batch(min(_BATCH, piece.size - start))
        candidates = respond(events, settings.detector, rng)
        origins = find_origins(events, process)
        jets = find_jets(candidates, events.number, origins, process, settings.jets, settings.soft_drop)
        columns["pt"] += np.hypot(jets.px, jets.py).tolist()
        columns["pt_hat"] += events.pt_hat[jets.event].tolist()
        columns["weight"] += (events.weight * (events.pt_hat / low) ** settings.pt_hat_power)[jets.event].tolist()
        columns["event"] += (jets.event + start).tolist()
        advance(events.number)
    with whole_file(folder / piece.file) as partial:
        partial.write_text(json.dumps(columns), encoding="utf-8")


def measure(
    settings: GenerateSettings, folder: Path, processes: int, advance: Callable[[int], None]
) -> dict[str, Completeness]:
    """Simulate the pilot, or what an interrupted run left to do of it, and take the shares of each class.

    The result depends on the settings only, not on the number of processes.

    Args:
        settings: the run.
        folder: an existing folder, where the pilot is kept.
        processes: worker processes.
        advance: called with numbers of events.

    Raises:
        ConfigurationError: when a class has no jet in its window.
    """
    make_all(make_piece, settings, pieces(settings), folder, processes, advance)
    found: dict[str, Completeness] = {}
    for name in settings.classes:
        parts = [json.loads((folder / each.file).read_text()) for each in pieces(settings) if each.name == name]
        event = np.concatenate([np.asarray(each["event"]) + _EVENTS * index for index, each in enumerate(parts)])
        pt, pt_hat, weight = (np.concatenate([each[key] for each in parts]) for key in ("pt", "pt_hat", "weight"))
        if not pt.size:
            raise ConfigurationError(
                f"class {name}: no jet of {len(parts) * _EVENTS} events, of any hardness, passes the selection",
                remedy="widen jets.pt or jets.eta_max, or leave the class out",
            )
        found[name] = completeness(pt, pt_hat, weight, event, settings)
    return found


def completeness(pt: Floats, pt_hat: Floats, weight: Floats, event: Any, settings: GenerateSettings) -> Completeness:
    """What is missing of a window whose jets these are.

    Args:
        pt: of each jet (GeV), [jets].
        pt_hat: of the hard scattering of its event (GeV), [jets].
        weight: what each jet counts for in a sample without limits in pT-hat, [jets].
        event: numbers of the events, [jets].
        settings: the run.
    """
    (low, high), (first, last) = settings.pt_hat, settings.jets.pt
    below, above = pt_hat < low, pt_hat >= high
    softest = pt < first + 0.1 * (last - first)
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


def share(chosen: Any, weight: Floats, event: Any) -> Share:
    """The weighted share of some jets among all, and its error; jets of one event are counted together.

    The error is at least that of counting, which is not 0 where no jet was found.
    """
    if not weight.size:
        return Share(0.0, 1.0)
    total = weight.sum()
    value = float(weight[chosen].sum() / total)
    _, row = np.unique(event, return_inverse=True)
    spread = np.bincount(row, weight * (chosen - value))
    effective = total**2 / (np.bincount(row, weight) ** 2).sum()
    least = (value * effective + 1) / (effective + 2)
    counted = np.sqrt(least * (1 - least) / effective)
    return Share(value, float(max(np.sqrt((spread**2).sum()) / total, counted)))


def require_complete(found: dict[str, Completeness], settings: GenerateSettings) -> None:
    """Make sure that no class surely lacks more than `MISSING_MAX` of its jets.

    Raises:
        ConfigurationError: one does; the remedy is a range of pT-hat with which all classes are complete.
    """
    worst = max(found, key=lambda name: found[name].surely_missing)
    what = found[worst]
    if what.surely_missing <= MISSING_MAX:
        return
    low = min(settings.pt_hat[0], *(each.needed[0] for each in found.values()))
    high = max(settings.pt_hat[1], *(each.needed[1] for each in found.values()))
    parts = [f"{100 * each.value:.1f} ± {100 * each.error:.1f} % {side}" for side, each in _sides(what)]
    raise ConfigurationError(
        f"jets of class {worst} from {settings.jets.pt[0]:g} to {settings.jets.pt[1]:g} GeV also come from scatterings "
        f"outside of 'pt_hat', and would be missing: {', '.join(parts)}",
        remedy=f"set pt_hat: [{low:g}, {high:g}], or take less than all jets with incomplete: true",
    )


def _sides(what: Completeness) -> tuple[tuple[str, Share], tuple[str, Share]]:
    return ("from below", what.below), ("from above", what.above)


def as_record(found: dict[str, Completeness]) -> dict[str, Any]:
    """What `completeness.json` holds."""
    return {"missing_max": MISSING_MAX, "classes": {name: asdict(each) for name, each in found.items()}}
