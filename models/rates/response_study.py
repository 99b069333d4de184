"""All triggers with one response of the online pT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from data_prep.errors import ConfigurationError
from models.metrics.taggers import effective_number
from models.rates.inclusive import Inclusive
from models.rates.measurement import Measurement, TriggerResult
from models.rates.offline_threshold import OfflinePoint, offline_points
from models.rates.online_response import Response
from models.rates.settings import RatesSettings
from models.rates.signal import RateSignal, drawn
from models.rates.trigger_rate import (
    Conditions,
    TriggerJets,
    cuts_on_score,
    event_maxima,
    in_window,
    no_condition,
    on_score,
)

PT, MASS, TAGGER = "pt", "pt_mass", "tagger"
TRIGGERS = (PT, MASS, TAGGER)
"""The triggers that are compared."""

_PER_DECADE = 8
"""Points of a curve in a factor of ten of the rate."""
_DECADES = 4
"""How far below the rate of all events curves begin."""


@dataclass(frozen=True)
class ResponseStudy:
    """All triggers with one response of the online pT.

    Attributes:
        smallest: the smallest threshold on the online pT (GeV).
        total: rate of all events with a jet above it (kHz).
        effective: the effective number of those events.
        offline: rate of the cut on the pT alone against its offline threshold.
        results: by signal and trigger; a trigger on a mass that no jet has is left out.
    """

    smallest: float
    total: float
    effective: float
    offline: tuple[OfflinePoint, ...]
    results: dict[str, dict[str, TriggerResult]]


def study_response(
    response: Response,
    backgrounds: tuple[TriggerJets, TriggerJets],
    signals: Mapping[str, RateSignal],
    what: RatesSettings,
    softest: float,
    advance: Callable[[int], None],
) -> ResponseStudy:
    """Measure all triggers with one response.

    Args:
        response: of the online pT.
        backgrounds: jets of background events, chosen on and measured.
        signals: by class.
        what: the configuration.
        softest: offline pT (GeV) of the softest jet of the sample.
        advance: called with 1 after each of signals × triggers.

    Raises:
        ConfigurationError: a rate is larger than that of all events.
    """
    smallest = max(what.online_pt_min, response.reach(softest))
    offline = offline_points(backgrounds[1], response, what, smallest)
    choosing, measuring = drawn(backgrounds[0], response), drawn(backgrounds[1], response)
    weight = measuring.weight[measuring.first]
    above = event_maxima(measuring, np.ones(len(measuring), np.bool_)) >= smallest
    total = what.collider.rate(float(weight[above].sum()))
    if total < what.rates[-1]:
        raise ConfigurationError(
            f"'rates': {what.rates[-1]:g} kHz are asked for, all events of the sample with a jet above "
            f"{smallest:.4g} GeV ({_why(smallest, what, softest)}) have {total:.3g} kHz",
            remedy="ask for lower rates, or give a sample down to lower pT",
        )
    curve = total * 10 ** (-np.arange(_DECADES * _PER_DECADE + 1) / _PER_DECADE)
    results: dict[str, dict[str, TriggerResult]] = {}
    for name, each in signals.items():
        signal = each.seen(response)
        measurements = {}
        for trigger in _triggers(choosing, measuring, signal.every):
            made = [_conditions(trigger, (choosing, measuring), signal, side, name, what) for side in (0, 1)]
            measurements[trigger] = Measurement(
                (choosing, measuring),
                signal.parts,
                (made[0], made[1]),
                what,
                smallest,
                signal.borders,
                curve,
                _inclusive(trigger, (choosing, measuring), signal, name, what),
            )
            advance(1)
        results[name] = {trigger: each.result(measurements[PT]) for trigger, each in measurements.items()}
    return ResponseStudy(smallest, total, effective_number(weight[above]), offline, results)


def _why(smallest: float, what: RatesSettings, softest: float) -> str:
    if smallest == what.online_pt_min:
        return "'online_pt_min'"
    return f"softer ones may be of jets below {softest:.0f} GeV, which the sample does not hold"


def _triggers(*samples: TriggerJets) -> tuple[str, ...]:
    *background, signal = samples
    masses = any(np.isfinite(each.mass).any() for each in background) and np.isfinite(signal.mass).any()
    return TRIGGERS if masses else (PT, TAGGER)


def _conditions(
    trigger: str,
    backgrounds: tuple[TriggerJets, TriggerJets],
    signal: RateSignal,
    side: int,
    name: str,
    what: RatesSettings,
    jets: TriggerJets | None = None,
) -> Conditions:
    """The conditions of a trigger for the jets that are chosen on (0) or measured (1), or for others of the signal."""
    background = backgrounds[side]
    jets = signal.parts[side] if jets is None else jets
    if trigger == PT:
        return no_condition(background, jets)
    if trigger == MASS:
        return in_window(background, jets, *what.signals[name].mass)
    others = () if signal.generated is None else (signal.generated.jets,)
    scores = [each.score[name] for each in (*backgrounds, *signal.parts, *others) if len(each)]
    chosen_on = [backgrounds[0].score[name], signal.parts[0].score[name]]
    return on_score(background, jets, name, cuts_on_score(scores, chosen_on, what.cuts))


def _inclusive(
    trigger: str, backgrounds: tuple[TriggerJets, TriggerJets], signal: RateSignal, name: str, what: RatesSettings
) -> Inclusive | None:
    """The same conditions for all jets of whole events."""
    if signal.generated is None or signal.denominators is None:
        return None
    jets = signal.generated.jets
    conditions = _conditions(trigger, backgrounds, signal, 1, name, what, jets)
    return Inclusive(signal.denominators, conditions.signal, jets.online_pt)
