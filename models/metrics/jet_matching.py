"""Which found jet is which truth jet, and which found jets count as neither right nor fake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.grids.tower_geometry import turned

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JetList:
    """The jets of one event, found or true.

    Attributes:
        pt: float64 [jets] (GeV).
        eta, phi: float64 [jets].
        box: float64 [jets, 4], η min, η max, φ min, φ max; NaN where there is none.
        score: float64 [jets], larger is surer; the pT of jets that have none.
    """

    pt: Floats
    eta: Floats
    phi: Floats
    box: Floats
    score: Floats

    def __len__(self) -> int:
        return self.pt.size

    def where(self, chosen: npt.NDArray[np.bool_]) -> JetList:
        """Some of them."""
        return JetList(*(getattr(self, name)[chosen] for name in ("pt", "eta", "phi", "box", "score")))


@dataclass(frozen=True)
class Truth:
    """What an event holds.

    Attributes:
        wanted: the truth jets that are to be found.
        others: truth jets that need not be found: too soft, or too far forward.
        library: of its pileup.
    """

    wanted: JetList
    others: JetList
    library: int = 0


@dataclass(frozen=True)
class Assignment:
    """What the found jets of an event are.

    Attributes:
        jet: int64 [found], index of the truth jet among those that are to be found, −1 for none.
        ignored: bool [found], neither right nor fake.
        true: truth jets that are to be found.
    """

    jet: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.bool_]
    true: int


def match(found: JetList, true: JetList, distance: float) -> npt.NDArray[np.int64]:
    """The truth jet of every found one, −1 for none: in the order of falling score, the nearest that is left.

    Args:
        found: jets.
        true: truth jets.
        distance: largest distance in η–φ.
    """
    apart = np.hypot(found.eta[:, np.newaxis] - true.eta, turned(found.phi[:, np.newaxis] - true.phi))
    chosen = np.full(len(found), -1, np.int64)
    for jet in np.argsort(-found.score, kind="stable"):
        if len(true) and apart[jet].min() <= distance:
            chosen[jet] = int(apart[jet].argmin())
            apart[:, chosen[jet]] = np.inf
    return chosen


def assign(found: JetList, truth: Truth, distance: float, eta_max: float) -> Assignment:
    """Match with the jets that are to be found first, what is left with the others.

    Neither right nor fake are the found jets that are one of the others, and those that are no truth jet and lie
    beyond `eta_max`, where none is to be found: the rule of the COCO benchmark for objects and detections outside a
    range (arXiv:1405.0312; `cocoeval.py` of its API). All methods are thus compared in the same range.

    Args:
        found: jets.
        truth: of the same event.
        distance: largest distance in η–φ.
        eta_max: |η| up to which jets are to be found.
    """
    jet = match(found, truth.wanted, distance)
    left = jet < 0
    ignored = np.zeros(len(found), bool)
    ignored[left] = match(found.where(left), truth.others, distance) >= 0
    return Assignment(jet, ignored | (left & (np.abs(found.eta) >= eta_max)), len(truth.wanted))
