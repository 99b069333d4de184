"""A signal of a rate study: the jets on which cuts are chosen, those that are measured, and its whole events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data_prep.errors import ConfigurationError
from models.metrics.taggers import effective_number
from models.rates.inclusive import Denominators, Generated
from models.rates.online_response import OnlineResponse
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Floats, TriggerJets, part_of


@dataclass(frozen=True)
class RateSignal:
    """A signal.

    Attributes:
        all_jets: all its jets.
        parts: of the jets above the lowest offline pT, those on which cuts are chosen and those that are measured.
        borders: of the bins of the turn-on, jet pT from all constituents (GeV).
        generated: resonances that are measured, with all jets of their events; None where they are not known.
        denominators: these resonances, and their events.
    """

    all_jets: TriggerJets
    parts: tuple[TriggerJets, TriggerJets]
    borders: tuple[float, ...]
    generated: Generated | None
    denominators: Denominators | None

    def with_response(self, response: OnlineResponse) -> RateSignal:
        """The signal with the online pT of a response."""
        generated = self.generated
        return replace(
            self,
            all_jets=with_online_pt(self.all_jets, response),
            parts=(with_online_pt(self.parts[0], response), with_online_pt(self.parts[1], response)),
            generated=None if generated is None else replace(generated, jets=with_online_pt(generated.jets, response)),
        )


def prepare_signal(
    name: str, all_jets: TriggerJets, generated: Generated | None, settings: RatesSettings
) -> RateSignal:
    """A signal, before any response.

    Raises:
        ConfigurationError: there are no jets to choose cuts on, or to measure.
    """
    offline = all_jets.take(np.flatnonzero(all_jets.offline_pt >= settings.offline_pt_min))
    parts = parts_of(offline, settings, f"jets of the class '{name}' above {settings.offline_pt_min:g} GeV")
    jets = parts[1]
    borders = joined_bins(settings.turn_on, jets.offline_pt, jets.weight, settings.effective_min)
    if generated is not None:
        measured = ~part_of(generated.event, settings.choosing) & (generated.pt >= settings.offline_pt_min)
        generated = generated.take(measured) if measured.any() else None
    return RateSignal(
        all_jets, parts, borders, generated, None if generated is None else Denominators(generated, settings.radius)
    )


def with_online_pt(jets: TriggerJets, response: OnlineResponse) -> TriggerJets:
    """The jets with the online pT of a response."""
    return jets.with_online_pt(response.drawn(jets))


def joined_bins(edges: Sequence[float], pt: Floats, weight: Floats, least: float) -> tuple[float, ...]:
    """Borders of bins, joined until each has an effective number of jets of at least `least`; () if none has.

    >>> joined_bins((0, 1, 2, 3, 4), np.array([0.5, 1.5, 1.6, 2.5, 3.5]), np.ones(5), 2)
    (0.0, 2.0, 4.0)
    """
    borders = [float(edges[0])]
    for edge in edges[1:]:
        if effective_number(weight[(pt >= borders[-1]) & (pt < edge)]) >= least:
            borders.append(float(edge))
    if len(borders) == 1:
        return ()
    # the remaining jets go to the last bin
    return (*borders[:-1], float(edges[-1]))


def parts_of(jets: TriggerJets, settings: RatesSettings, description: str) -> tuple[TriggerJets, TriggerJets]:
    """The jets on which cuts are chosen and those that are measured, both weighted to the cross section of all events.

    Raises:
        ConfigurationError: one of them is empty.
    """
    choosing = part_of(jets.event, settings.choosing)
    parts = []
    for mask, share, reason in (
        (choosing, settings.choosing, "are in the part on which cuts are chosen"),
        (~choosing, 1 - settings.choosing, "are in the part that is measured"),
    ):
        if not jets.weight[mask].sum() > 0:
            raise ConfigurationError(f"'choosing': no {description} {reason}", remedy="give a larger sample")
        parts.append(jets.take(np.flatnonzero(mask)).weighted(1 / share))
    return parts[0], parts[1]


def count_and_effective(weight: Floats) -> tuple[int, float]:
    """The number of weights, and the effective number."""
    return weight.size, effective_number(weight)
