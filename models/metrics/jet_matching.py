"""Matching of found jets with truth jets, and which found jets count neither as correct nor as fake."""

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
        score: float64 [jets], larger is more certain; the pT where there is no score.
    """

    pt: Floats
    eta: Floats
    phi: Floats
    box: Floats
    score: Floats

    def __len__(self) -> int:
        return self.pt.size

    def select(self, mask: npt.NDArray[np.bool_]) -> JetList:
        """The jets of a mask, bool [jets]."""
        return JetList(*(getattr(self, name)[mask] for name in ("pt", "eta", "phi", "box", "score")))


@dataclass(frozen=True)
class Truth:
    """The truth jets of an event.

    Attributes:
        targets: the truth jets that should be found.
        optional: truth jets that need not be found: too soft, or too far forward.
        library: that of its pileup.
    """

    targets: JetList
    optional: JetList
    library: int = 0


@dataclass(frozen=True)
class Assignment:
    """Which truth jets the found jets of an event are.

    Attributes:
        jet: int64 [found jets], index of the truth jet among the targets, −1 for none.
        ignored: bool [found jets], neither correct nor fake.
        true: number of targets.
    """

    jet: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.bool_]
    true: int


def match(jets: JetList, targets: JetList, distance: float) -> npt.NDArray[np.int64]:
    """The truth jet of every found one, −1 for none: in the order of falling score, the nearest one not yet matched.

    Args:
        jets: the found jets.
        targets: truth jets.
        distance: largest distance in η–φ.
    """
    separation = np.hypot(jets.eta[:, np.newaxis] - targets.eta, turned(jets.phi[:, np.newaxis] - targets.phi))
    index = np.full(len(jets), -1, np.int64)
    for jet in np.argsort(-jets.score, kind="stable"):
        if len(targets) and separation[jet].min() <= distance:
            index[jet] = int(separation[jet].argmin())
            separation[:, index[jet]] = np.inf
    return index


def assign(jets: JetList, truth: Truth, distance: float, eta_max: float) -> Assignment:
    """Match the found jets with the targets first, the remaining ones with the optional truth jets.

    Found jets that are optional truth jets count neither as correct nor as fake, and neither do those that are no truth
    jet and lie beyond `eta_max`, where there are no targets: the rule of the COCO benchmark for objects and detections
    outside a range (arXiv:1405.0312; `cocoeval.py` of its API). So all methods are compared in the same range.

    Args:
        jets: the found jets.
        truth: of the same event.
        distance: largest distance in η–φ.
        eta_max: |η| up to which jets should be found.
    """
    index = match(jets, truth.targets, distance)
    unmatched = index < 0
    ignored = np.zeros(len(jets), bool)
    ignored[unmatched] = match(jets.select(unmatched), truth.optional, distance) >= 0
    return Assignment(index, ignored | (unmatched & (np.abs(jets.eta) >= eta_max)), len(truth.targets))
