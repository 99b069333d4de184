"""Lists of jets in physical units: what networks and anti-kT find, and what events hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import EventBatch
from data_prep.events.tower_jets import anti_kt
from data_prep.grids.tower_geometry import Towers
from models.events.jet_finder import FoundJets, find_jets
from models.events.maps import Maps
from models.events.settings import DetectionSettings
from models.events.targets import BOX_UNIT
from models.metrics.jet_matching import JetList, Truth

Floats = npt.NDArray[np.float64]


def found_jets(maps: Maps, settings: DetectionSettings, *, all_heats: bool = False) -> FoundJets:
    """The list of jets, in integers; the threshold is rounded up to the next raw heat.

    Args:
        maps: the outputs of a network.
        settings: threshold, window, and how many jets an event has at most.
        all_heats: whether there is no threshold. The list with one is this one as far as its heats reach it.
    """
    values = np.concatenate([maps.raw["pt"], maps.raw["box"]], axis=-1)
    heat = maps.raw["heat"][..., 0]
    threshold = int(heat.min(initial=0)) if all_heats else int(np.ceil(np.ldexp(settings.threshold, maps.fraction)))
    return find_jets(heat, values, threshold=threshold, window=settings.window, jets=settings.jets)


def jet_lists(jets: FoundJets, fraction: int, settings: DetectionSettings, towers: Towers) -> list[JetList]:
    """The jets of each event in physical units; the score is the heat, a logit."""
    values = np.ldexp(jets.values.astype(np.float64), -fraction)
    pt = np.maximum(values[:, 0], 0) * settings.pt_unit
    down, right = jets.row + 0.5, jets.column + 0.5
    eta, phi = towers.eta(down + values[:, 1]), towers.phi(right + values[:, 2])
    sides = np.maximum(values[:, 3:7], 0) * BOX_UNIT
    middle = np.asarray(right * towers.step - np.pi)
    box = np.stack(
        [
            towers.eta(down - sides[:, 0]),
            towers.eta(down + sides[:, 1]),
            middle - sides[:, 2] * towers.step,
            middle + sides[:, 3] * towers.step,
        ],
        axis=1,
    )
    heat = np.ldexp(jets.heat.astype(np.float64), -fraction)
    return [
        JetList(pt[i:j], eta[i:j], phi[i:j], box[i:j], heat[i:j])
        for i, j in zip(jets.offsets[:-1], jets.offsets[1:], strict=True)
    ]


def truth_lists(batch: EventBatch, settings: DetectionSettings) -> list[Truth]:
    """The truth jets of each event: those to be found, and the others, which are too soft or not listed."""
    lists = []
    for event in range(len(batch)):
        i, j = batch.jet_offsets[event : event + 2]
        k, m = batch.unlisted_offsets[event : event + 2]
        jets = _jets(batch.jet_pt[i:j], batch.jet_eta[i:j], batch.jet_phi[i:j], batch.jet_box[i:j])
        unlisted = _jets(batch.unlisted_pt[k:m], batch.unlisted_eta[k:m], batch.unlisted_phi[k:m])
        hard = jets.pt >= settings.pt_min
        lists.append(Truth(jets.select(hard), _joined(jets.select(~hard), unlisted), int(batch.library[event])))
    return lists


def clustered(kept: Floats, settings: DetectionSettings, towers: Towers, pt_min: float) -> list[JetList]:
    """The anti-kT jets of what is kept of the towers of each event, float64 [events, rows, columns] (GeV)."""
    eta, phi = towers.eta(np.arange(towers.rows) + 0.5), towers.phi(np.arange(towers.columns) + 0.5)
    jets = anti_kt(kept, eta, phi, settings.radius, pt_min)
    return [
        _jets(jets.pt[i:j], jets.eta[i:j], jets.phi[i:j])
        for i, j in zip(jets.offsets[:-1], jets.offsets[1:], strict=True)
    ]


def _jets(
    pt: npt.ArrayLike, eta: npt.ArrayLike, phi: npt.ArrayLike, box: npt.NDArray[np.float32] | None = None
) -> JetList:
    """Jets whose score is their pT."""
    values, at_eta, at_phi = (np.asarray(column, np.float64) for column in (pt, eta, phi))
    none = np.full((values.size, 4), np.nan)
    return JetList(values, at_eta, at_phi, none if box is None else np.asarray(box, np.float64), values)


def _joined(first: JetList, second: JetList) -> JetList:
    names = ("pt", "eta", "phi", "box", "score")
    return JetList(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))
