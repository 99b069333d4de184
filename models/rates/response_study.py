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
from models.rates.online_response import OnlineResponse
from models.rates.settings import RatesSettings
from models.rates.signal import RateSignal, with_online_pt
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
"""Factors of ten below the rate of all events at which curves begin."""


@dataclass(frozen=True)
class ResponseStudy:
    """All triggers with one response of the online pT.

    Attributes:
        smallest: the smallest threshold on the online pT (GeV).
        total: rate of all events with a jet above it (kHz).
        effective: the effective number of those events.
        offline: rate of the cut on the pT alone against its offline threshold.
        results: by signal and trigger; without masses the trigger on the mass is left out.
    """

    smallest: float
    total: float
    effective: float
    offline: tuple[OfflinePoint, ...]
    results: dict[str, dict[str, TriggerResult]]


def study_response(
    response: OnlineResponse,
    backgrounds: tuple[TriggerJets, TriggerJets],
    signals: Mapping[str, RateSignal],
    settings: RatesSettings,
    softest: float,
    advance: Callable[[int], None],
) -> ResponseStudy:
    """Measure all triggers with one response.

    Args:
        response: of the online pT.
        backgrounds: jets of background events: those on which cuts are chosen, and those that are measured.
        signals: by class.
        settings: the configuration.
        softest: offline pT (GeV) of the softest jet of the sample.
        advance: called with 1 after each signal and trigger.

    Raises:
        ConfigurationError: a rate is larger than that of all events.
    """
    smallest = max(settings.online_pt_min, response.reach(softest))
    offline = offline_points(backgrounds[1], response, settings, smallest)
    choosing, measuring = with_online_pt(backgrounds[0], response), with_online_pt(backgrounds[1], response)
    weight = measuring.weight[measuring.first_jets]
    above = event_maxima(measuring, np.ones(len(measuring), np.bool_)) >= smallest
    total = settings.collider.rate(float(weight[above].sum()))
    if total < settings.rates[-1]:
        raise ConfigurationError(
            f"'rates': {settings.rates[-1]:g} kHz is more than the rate of all events of the sample with a jet above "
            f"{smallest:.4g} GeV ({_reason(smallest, settings, softest)}), {total:.3g} kHz",
            remedy="give lower rates, or a sample down to lower pT",
        )
    curve = total * 10 ** (-np.arange(_DECADES * _PER_DECADE + 1) / _PER_DECADE)
    results: dict[str, dict[str, TriggerResult]] = {}
    for name, rate_signal in signals.items():
        signal = rate_signal.with_response(response)
        measurements = {}
        for trigger in _triggers(choosing, measuring, signal.all_jets):
            conditions = [_conditions(trigger, (choosing, measuring), signal, side, name, settings) for side in (0, 1)]
            measurements[trigger] = Measurement(
                (choosing, measuring),
                signal.parts,
                (conditions[0], conditions[1]),
                settings,
                smallest,
                signal.borders,
                curve,
                _inclusive(trigger, (choosing, measuring), signal, name, settings),
            )
            advance(1)
        results[name] = {trigger: trials.result(measurements[PT]) for trigger, trials in measurements.items()}
    return ResponseStudy(smallest, total, effective_number(weight[above]), offline, results)


def _reason(smallest: float, settings: RatesSettings, softest: float) -> str:
    if smallest == settings.online_pt_min:
        return "'online_pt_min'"
    return f"below it, jets under {softest:.0f} GeV contribute, which the sample does not contain"


def _triggers(*samples: TriggerJets) -> tuple[str, ...]:
    *background, signal = samples
    masses = any(np.isfinite(jets.mass).any() for jets in background) and np.isfinite(signal.mass).any()
    return TRIGGERS if masses else (PT, TAGGER)


def _conditions(
    trigger: str,
    backgrounds: tuple[TriggerJets, TriggerJets],
    signal: RateSignal,
    side: int,
    name: str,
    settings: RatesSettings,
    jets: TriggerJets | None = None,
) -> Conditions:
    """The conditions of a trigger for the jets of one side (0: cuts are chosen on them, 1: they are measured).

    With `jets`, for these in place of those of the signal.
    """
    background = backgrounds[side]
    jets = signal.parts[side] if jets is None else jets
    if trigger == PT:
        return no_condition(background, jets)
    if trigger == MASS:
        return in_window(background, jets, *settings.signals[name].mass)
    whole_events = () if signal.generated is None else (signal.generated.jets,)
    scores = [sample.score[name] for sample in (*backgrounds, *signal.parts, *whole_events) if len(sample)]
    chosen_on = [backgrounds[0].score[name], signal.parts[0].score[name]]
    return on_score(background, jets, name, cuts_on_score(scores, chosen_on, settings.cuts))


def _inclusive(
    trigger: str, backgrounds: tuple[TriggerJets, TriggerJets], signal: RateSignal, name: str, settings: RatesSettings
) -> Inclusive | None:
    """The conditions of a trigger for all jets of whole events."""
    if signal.generated is None or signal.denominators is None:
        return None
    jets = signal.generated.jets
    conditions = _conditions(trigger, backgrounds, signal, 1, name, settings, jets)
    return Inclusive(signal.denominators, conditions.signal, jets.online_pt)
