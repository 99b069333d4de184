"""Efficiencies of whole events: of every generated resonance, whether or not a jet contains it.

Efficiencies of jets that contain their resonance show how well a tagger works, but not how many tops a trigger accepts:
at low pT few of them are contained in one jet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.rates.nested_cuts import Points
from models.rates.trigger_rate import Bools, Floats, Ints, TriggerJets


@dataclass(frozen=True)
class Generated:
    """All generated resonances of a signal class, and all jets of their events.

    Attributes:
        event: identifier of each resonance's event, uint64 [resonances].
        weight: cross section that the event stands for (pb), [resonances].
        pt, eta, phi: GeV and radians, [resonances].
        jets: all jets of these events, with or without a resonance.
        contains: which of them contain a resonance, [jets].
    """

    event: npt.NDArray[np.uint64]
    weight: Floats
    pt: Floats
    eta: Floats
    phi: Floats
    jets: TriggerJets
    contains: Bools

    def take(self, mask: Bools) -> Generated:
        """Some of the resonances, and the jets of their events."""
        rows = np.flatnonzero(np.isin(self.jets.event, self.event[mask]))
        return Generated(
            event=self.event[mask],
            weight=self.weight[mask],
            pt=self.pt[mask],
            eta=self.eta[mask],
            phi=self.phi[mask],
            jets=self.jets.take(rows),
            contains=self.contains[rows],
        )


@dataclass(frozen=True)
class Trials:
    """Jets, resonances or events, and which of them pass.

    Attributes:
        accepted: which pass, [rates, trials].
        weight: [trials].
        group: event of each, from 0 on, [trials].
    """

    accepted: Bools
    weight: Floats
    group: Ints

    @property
    def shares(self) -> Floats:
        """The weighted share that passes, NaN without trials, [rates]."""
        total = float(self.weight.sum())
        if not total > 0:
            return np.full(len(self.accepted), np.nan)
        # exactly 1 where all pass, without rounding of sums
        return np.where(self.accepted.all(axis=1), 1.0, self.accepted @ self.weight / total)


class Denominators:
    """The denominators of efficiencies of whole events: resonances and events, whatever their jets are.

    Args:
        generated: the resonances, with all jets of their events.
        radius: a jet within this distance ΔR of a resonance is one of its jets.
    """

    def __init__(self, generated: Generated, radius: float) -> None:
        jets = generated.jets
        events, first_rows, group = np.unique(generated.event, return_index=True, return_inverse=True)
        self._weight, self._group = generated.weight, group.astype(np.int64)
        self._event_weight = generated.weight[first_rows]
        self._event_of_jet = np.searchsorted(events, jets.event).astype(np.int64)
        self._contains = generated.contains
        # all pairs of a jet and a resonance of its event
        order = np.argsort(self._group, kind="stable")
        counts = np.bincount(self._group, minlength=events.size)
        sizes = counts[self._event_of_jet]
        jet = np.repeat(np.arange(len(jets)), sizes)
        within = np.arange(jet.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        resonance = order[(np.cumsum(counts) - counts)[self._event_of_jet[jet]] + within]
        turn = np.pi - np.abs(np.abs(jets.phi[jet] - generated.phi[resonance]) % (2 * np.pi) - np.pi)
        near = np.hypot(jets.eta[jet] - generated.eta[resonance], turn) < radius
        self._jet, self._resonance = jet[near], resonance[near]

    def trials(self, passing: Bools) -> tuple[Trials, Trials]:
        """Resonances, which pass by a jet near them, and events, which pass by any of their jets.

        Args:
            passing: which of the jets pass, [rates, jets].
        """
        resonances = np.zeros((len(passing), self._weight.size), np.bool_)
        events = np.zeros((len(passing), self._event_weight.size), np.bool_)
        for row, jets in enumerate(passing):
            resonances[row, self._resonance[jets[self._jet]]] = True
            events[row, self._event_of_jet[jets]] = True
        event_rows = np.arange(self._event_weight.size)
        return Trials(resonances, self._weight, self._group), Trials(events, self._event_weight, event_rows)

    @property
    def contained(self) -> float:
        """The share of the resonances that a jet of the sample contains."""
        return float(self.trials(self._contains[None])[0].shares[0])

    @property
    def weights(self) -> tuple[Floats, Floats]:
        """Weights of the resonances and of the events (pb)."""
        return self._weight, self._event_weight


@dataclass(frozen=True)
class Inclusive:
    """One trigger on the jets of whole signal events.

    Attributes:
        of: the resonances and events.
        fulfilling: which jets fulfil the trigger's conditions besides the pT, [conditions, jets].
        online_pt: of the jets (GeV), [jets].
    """

    of: Denominators
    fulfilling: Bools
    online_pt: Floats

    def trials(self, points: Points) -> tuple[Trials, Trials]:
        """Resonances and events that pass at each rate; none pass where there is no trigger."""
        passing = self.fulfilling[points.cut] & (self.online_pt >= points.threshold[:, None])
        return self.of.trials(passing & (points.cut >= 0)[:, None])
