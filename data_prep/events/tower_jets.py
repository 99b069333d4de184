"""Anti-kT jets on the towers of event images, with FastJet (arXiv:0802.1189, arXiv:1111.6097)."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TowerJets:
    """Jets of many events by falling pT: `offsets` int64 [events + 1], the others float64 [jets] (GeV, radians)."""

    offsets: npt.NDArray[np.int64]
    pt: Floats
    eta: Floats
    phi: Floats


def anti_kt(images: Floats, eta: Floats, phi: Floats, radius: float, pt_min: float) -> TowerJets:
    """Cluster the towers of each event, as massless particles at the towers' centres.

    Args:
        images: float64 [events, rows, columns], transverse energy (GeV).
        eta: float64 [rows], of the towers.
        phi: float64 [columns].
        radius: of the jets.
        pt_min: smallest pT of a jet (GeV).
    """
    import fastjet

    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)
    event, row, column = np.nonzero(images > 0)
    counts = np.bincount(event, minlength=len(images))
    if not event.size:
        none = np.zeros(0)
        return TowerJets(np.zeros(len(images) + 1, np.int64), none, none, none)
    pt = images[event, row, column]
    columns = {
        "px": pt * np.cos(phi[column]),
        "py": pt * np.sin(phi[column]),
        "pz": pt * np.sinh(eta[row]),
        "E": pt * np.cosh(eta[row]),
    }
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    jets = fastjet.ClusterSequence(ak.unflatten(ak.zip(columns), counts), definition).inclusive_jets(min_pt=pt_min)
    sizes = ak.to_numpy(ak.num(jets, axis=1))
    jet_event = np.repeat(np.arange(len(images)), sizes)
    px, py, pz = (ak.to_numpy(ak.flatten(jets[name])).astype(np.float64) for name in ("px", "py", "pz"))
    transverse = np.hypot(px, py)
    order = np.lexsort((-transverse, jet_event))
    px, py, pz, transverse = px[order], py[order], pz[order], transverse[order]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return TowerJets(offsets, transverse, np.arcsinh(pz / transverse), np.arctan2(py, px))
