"""Trigger rate against signal efficiency: a tagger, a cut on the pT, and the pT with a soft-drop mass.

Efficiencies are those of single signal jets, and of all generated resonances and their events (`inclusive.py`); rates
those of events (`trigger_rate.py`). All is measured with the online pT as the sum in firmware over the offline jet, and
with the resolution of level 1 (`online_response.py`). Nested cuts on the score are chosen on one part of the events
(`nested_cuts.py`), and all numbers are those of the other part, with errors (`measurement.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from models.rates.inclusive import Generated
from models.rates.online_response import responses
from models.rates.response_study import ResponseStudy, study_response
from models.rates.settings import RatesSettings
from models.rates.signal import count_and_effective, parts_of, prepare_signal
from models.rates.trigger_rate import TriggerJets


@dataclass(frozen=True)
class GeneratedCounts:
    """Numbers of generated resonances and events of a signal, whether or not a jet contains them.

    Attributes:
        resonances, events: number, and effective number.
        contained: share of the resonances that a jet contains.
    """

    resonances: tuple[int, float]
    events: tuple[int, float]
    contained: float


@dataclass(frozen=True)
class RateStudy:
    """All triggers on one sample.

    Attributes:
        events, jets: background events with a jet that are measured, and their jets.
        chosen_on: background events with a jet on which cuts were chosen.
        signal_jets: number and effective number of the jets that are measured, by signal.
        generated: numbers of resonances and events, for signals of which they are known.
        turn_on: borders of the bins of the turn-on by signal, jet pT from all constituents (GeV).
        responses: by the name of the response.
    """

    events: int
    jets: int
    chosen_on: int
    signal_jets: dict[str, tuple[int, float]]
    generated: dict[str, GeneratedCounts]
    turn_on: dict[str, tuple[float, ...]]
    responses: dict[str, ResponseStudy]

    def as_json(self) -> dict[str, Any]:
        """Its content of `rates.json`."""
        return asdict(self)


def study(
    background: TriggerJets,
    signals: Mapping[str, TriggerJets],
    settings: RatesSettings,
    generated: Mapping[str, Generated] = MappingProxyType({}),
    advance: Callable[[int], None] = lambda _: None,
) -> RateStudy:
    """Measure all triggers.

    Args:
        background: all jets of background events.
        signals: jets by signal class.
        settings: the configuration.
        generated: all resonances and whole events of signal classes, where they are known.
        advance: called with 1 after each response, signal and trigger.

    Raises:
        ConfigurationError: one of the rates is larger than that of all events, or there are too few events to choose
            cuts on and to measure.
    """
    backgrounds = parts_of(background, settings, "background events")
    prepared = {name: prepare_signal(name, jets, generated.get(name), settings) for name, jets in signals.items()}
    softest = float(background.offline_pt.min())
    return RateStudy(
        events=backgrounds[1].first_jets.size,
        jets=len(backgrounds[1]),
        chosen_on=backgrounds[0].first_jets.size,
        signal_jets={name: count_and_effective(signal.parts[1].weight) for name, signal in prepared.items()},
        generated={
            name: GeneratedCounts(
                resonances=count_and_effective(signal.denominators.weights[0]),
                events=count_and_effective(signal.denominators.weights[1]),
                contained=signal.denominators.contained,
            )
            for name, signal in prepared.items()
            if signal.denominators is not None
        },
        turn_on={name: signal.borders for name, signal in prepared.items()},
        responses={
            name: study_response(response, backgrounds, prepared, settings, softest, advance)
            for name, response in responses(settings.online).items()
        },
    )
