"""A signal of a rate study: the jets that are counted, chosen on and measured, and its whole events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data_prep.errors import ConfigurationError
from models.metrics.taggers import effective_number
from models.rates.inclusive import Denominators, Generated
from models.rates.online_response import Response
from models.rates.settings import RatesSettings
from models.rates.trigger_rate import Floats, TriggerJets, part_of


@dataclass(frozen=True)
class RateSignal:
    """A signal.

    Attributes:
        every: all its jets.
        parts: of those that are counted, the ones that cuts are chosen on and those that are measured.
        borders: of the bins of the turn-on, jet pT from all constituents (GeV).
        generated: resonances that are measured, with all jets of their events; None where they are not known.
        denominators: these resonances, and their events.
    """

    every: TriggerJets
    parts: tuple[TriggerJets, TriggerJets]
    borders: tuple[float, ...]
    generated: Generated | None
    denominators: Denominators | None

    def seen(self, response: Response) -> RateSignal:
        """The same with the online pT of a response."""
        whole = self.generated
        return replace(
            self,
            every=drawn(self.every, response),
            parts=(drawn(self.parts[0], response), drawn(self.parts[1], response)),
            generated=None if whole is None else replace(whole, jets=drawn(whole.jets, response)),
        )


def prepared(name: str, every: TriggerJets, generated: Generated | None, what: RatesSettings) -> RateSignal:
    """A signal, before any response.

    Raises:
        ConfigurationError: there are no jets to choose on, or to measure.
    """
    offline = every.take(np.flatnonzero(every.offline_pt >= what.offline_pt_min))
    parts = parts_of(offline, what, f"jets of the class '{name}' above {what.offline_pt_min:g} GeV")
    jets = parts[1]
    borders = joined_bins(what.turn_on, jets.offline_pt, jets.weight, what.effective_min)
    if generated is not None:
        measured = ~part_of(generated.event, what.choosing) & (generated.pt >= what.offline_pt_min)
        generated = generated.take(measured) if measured.any() else None
    return RateSignal(
        every, parts, borders, generated, None if generated is None else Denominators(generated, what.radius)
    )


def drawn(jets: TriggerJets, response: Response) -> TriggerJets:
    """The jets with the online pT of a response."""
    return jets.seen_at(response.drawn(jets))


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


def parts_of(jets: TriggerJets, what: RatesSettings, whose: str) -> tuple[TriggerJets, TriggerJets]:
    """The jets on which cuts are chosen and those that are measured, each weighted as if it were all events.

    Raises:
        ConfigurationError: one of them is empty.
    """
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


def number(weight: Floats) -> tuple[int, float]:
    """How many there are, and their effective number."""
    return weight.size, effective_number(weight)
