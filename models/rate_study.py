"""Trigger rate against signal efficiency: a tagger, a cut on the pT, and the pT with a soft-drop mass.

Efficiencies are those of single signal jets; rates those of events (`models/trigger_rate.py`). Cuts on the score are
chosen on one part of the events, nested (`models/nested_cuts.py`), and all numbers are those of the other part, with
errors (`models/rate_measurement.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data_prep.errors import ConfigurationError
from models.metrics import effective_number
from models.rate_measurement import Measurement, TriggerResult
from models.rate_settings import RatesSettings
from models.trigger_rate import (
    Conditions,
    Floats,
    TriggerJets,
    cuts_on_score,
    event_maxima,
    in_window,
    no_condition,
    on_score,
    part_of,
)

PT, MASS, TAGGER = "pt", "pt_mass", "tagger"
TRIGGERS = (PT, MASS, TAGGER)
"""The triggers that are compared."""

_PER_DECADE = 8
"""Points of a curve in a factor of ten of the rate."""
_DECADES = 4
"""How far below the rate of all events curves begin."""


@dataclass(frozen=True)
class RateStudy:
    """All triggers on one sample.

    Attributes:
        total: rate of all events with a jet above the smallest threshold (kHz).
        effective: the effective number of those events.
        events, jets: background events with a jet that are measured on, and their jets.
        chosen_on: background events with a jet on which cuts were chosen.
        signal_jets: jets that efficiencies are taken of, and their effective number, by signal.
        turn_on: borders of the bins of the turn-on by signal, jet pT from all constituents (GeV).
        results: by signal and trigger; a trigger on a mass that no jet has is left out.
    """

    total: float
    effective: float
    events: int
    jets: int
    chosen_on: int
    signal_jets: dict[str, tuple[int, float]]
    turn_on: dict[str, tuple[float, ...]]
    results: dict[str, dict[str, TriggerResult]]

    def as_json(self) -> dict[str, Any]:
        """What `rates.json` holds of it."""
        return asdict(self)


def study(
    background: TriggerJets,
    signals: Mapping[str, TriggerJets],
    what: RatesSettings,
    advance: Callable[[int], None] = lambda _: None,
) -> RateStudy:
    """Measure all triggers.

    Args:
        background: all jets of background events.
        signals: jets by signal class.
        what: the configuration.
        advance: called with 1 after each of signals × triggers.

    Raises:
        ConfigurationError: one of the rates is larger than that of all events, or there are too few events to choose
            on and to measure on.
    """
    choosing, measuring = _parts(background, what, "background events")
    weight = measuring.weight[measuring.first]
    above = event_maxima(measuring, np.ones(len(measuring), np.bool_)) >= what.online_pt_min
    total = what.collider.rate(float(weight[above].sum()))
    if total < what.rates[-1]:
        raise ConfigurationError(
            f"'rates': {what.rates[-1]:g} kHz are asked for, all events of the sample with a jet above "
            f"{what.online_pt_min:g} GeV ('online_pt_min') have {total:.3g} kHz",
            remedy="ask for lower rates, or give a sample down to lower pT",
        )
    curve = total * 10 ** (-np.arange(_DECADES * _PER_DECADE + 1) / _PER_DECADE)
    results: dict[str, dict[str, TriggerResult]] = {}
    counted: dict[str, tuple[int, float]] = {}
    borders: dict[str, tuple[float, ...]] = {}
    for name, all_jets in signals.items():
        offline = all_jets.take(np.flatnonzero(all_jets.offline_pt >= what.offline_pt_min))
        parts = _parts(offline, what, f"jets of the class '{name}' above {what.offline_pt_min:g} GeV")
        jets = parts[1]
        counted[name] = len(jets), effective_number(jets.weight)
        borders[name] = joined_bins(what.turn_on, jets.offline_pt, jets.weight, what.effective_min)
        measurements = {}
        for trigger in _triggers(background, all_jets):
            made = [_conditions(trigger, (choosing, measuring), parts, side, name, what) for side in (0, 1)]
            measurements[trigger] = Measurement(
                (choosing, measuring), parts, (made[0], made[1]), what, borders[name], curve
            )
            advance(1)
        results[name] = {trigger: each.result(measurements[PT]) for trigger, each in measurements.items()}
    return RateStudy(
        total=total,
        effective=effective_number(weight[above]),
        events=weight.size,
        jets=len(measuring),
        chosen_on=choosing.first.size,
        signal_jets=counted,
        turn_on=borders,
        results=results,
    )


def joined_bins(edges: Sequence[float], pt: Floats, weight: Floats, least: float) -> tuple[float, ...]:
    """Borders of which every bin has an effective number of jets of at least `least`, of finer ones; () if none has.

    >>> joined_bins((0, 1, 2, 3, 4), np.array([0.5, 1.5, 1.6, 2.5, 3.5]), np.ones(5), 2)
    (0.0, 2.0, 4.0)
    """
    found = [float(edges[0])]
    for edge in edges[1:]:
        if effective_number(weight[(pt >= found[-1]) & (pt < edge)]) >= least:
            found.append(float(edge))
    if len(found) == 1:
        return ()
    # what is left over goes to the last bin
    return (*found[:-1], float(edges[-1]))


def _parts(jets: TriggerJets, what: RatesSettings, whose: str) -> tuple[TriggerJets, TriggerJets]:
    """The jets on which cuts are chosen and those that are measured, each weighted as if it were all events."""
    first = part_of(jets.event, what.choosing)
    parts = []
    for chosen, share, lacking in (
        (first, what.choosing, "is in the part that cuts are chosen on"),
        (~first, 1 - what.choosing, "is left to measure on"),
    ):
        if not jets.weight[chosen].sum() > 0:
            raise ConfigurationError(f"'choosing': of the {whose} none {lacking}", remedy="give a larger sample")
        parts.append(jets.take(np.flatnonzero(chosen)).weighted(1 / share))
    return parts[0], parts[1]


def _triggers(background: TriggerJets, signal: TriggerJets) -> tuple[str, ...]:
    masses = np.isfinite(background.mass).any() and np.isfinite(signal.mass).any()
    return TRIGGERS if masses else (PT, TAGGER)


def _conditions(
    trigger: str,
    backgrounds: tuple[TriggerJets, TriggerJets],
    signals: tuple[TriggerJets, TriggerJets],
    side: int,
    name: str,
    what: RatesSettings,
) -> Conditions:
    """The conditions of a trigger for the jets that are chosen on (0) or measured (1)."""
    background, signal = backgrounds[side], signals[side]
    if trigger == PT:
        return no_condition(background, signal)
    if trigger == MASS:
        return in_window(background, signal, *what.signals[name].mass)
    scores = [jets.score[name] for jets in (*backgrounds, *signals)]
    return on_score(background, signal, name, cuts_on_score(scores, [scores[0], scores[2]], what.cuts))
