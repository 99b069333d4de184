"""Pileup mitigation: pT and mass of the towers about the truth jets, by what is kept of each tower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import EMPTY, PILEUP, EventBatch
from data_prep.events.tower_density import eta_profile, median_density
from data_prep.grids.tower_geometry import Towers, turned
from models.events.maps import Maps
from models.events.plain_methods import ALL, tower_energy
from models.events.settings import EventModelSettings
from models.metrics.library_bootstrap import samples, spread
from models.metrics.method_differences import MethodDifferences
from models.metrics.response import ONE_SIGMA, binned_response, calibrated, quantiles

Floats = npt.NDArray[np.float64]

AREA, HARD = "area subtraction", "energy of the hard collision alone"
"""Methods without parameters: each tower minus the median density of its event, which depends on η as in the mean of
the events that are measured together; of the energy measured in each tower the share that is not pileup, which no
method knows."""

_MASS_EDGES = (20.0, 60.0, 100.0, 150.0, 250.0)
"""Borders of the bins of true jet mass (GeV); lighter jets are left out."""


def plain(batch: EventBatch) -> dict[str, Floats]:
    """What methods without parameters keep: float64 [events, rows, columns] (GeV) by method."""
    energy = tower_energy(batch)
    profile = eta_profile(energy)
    density = median_density(energy, profile)[:, np.newaxis, np.newaxis] * profile[:, np.newaxis]
    return {ALL: energy, HARD: batch.dense_pt_true().astype(np.float64), AREA: energy - density}


def by_network(name: str, batch: EventBatch, maps: Maps) -> dict[str, Floats]:
    """What a network keeps: towers of a jet class, or each by its probability to be of one; as `plain`."""
    energy, predicted = tower_energy(batch), maps.classes()
    chance = maps.chances()[..., PILEUP + 1 :].sum(axis=-1)
    dropped, weighted = names_of(name)
    return {dropped: np.where((predicted != EMPTY) & (predicted != PILEUP), energy, 0), weighted: energy * chance}


def names_of(network: str) -> tuple[str, str]:
    """The names of what a network keeps: with pileup towers dropped, and with all towers weighted."""
    return network, f"{network}, weights"


class Mitigation:
    """pT and mass of the towers about each truth jet's axis, by which towers are kept."""

    def __init__(self, settings: EventModelSettings, towers: Towers) -> None:
        self.settings = settings.segmentation
        self.pt_min = max(settings.detection.pt_min, self.settings.pt_edges[0])
        self.towers = towers
        self.true: list[tuple[float, float]] = []
        self.library: list[int] = []
        self.measured: dict[str, list[tuple[float, float]]] = {}

    def add(self, batch: EventBatch, kept: Mapping[str, Floats]) -> None:
        """Add the jets of some events, each with its cone inside the image."""
        towers = self.towers
        eta, phi = towers.eta(np.arange(towers.rows) + 0.5), towers.phi(np.arange(towers.columns) + 0.5)
        limit = towers.rows * towers.tall / 2 - self.settings.cone
        event = np.repeat(np.arange(len(batch)), np.diff(batch.jet_offsets))
        for jet in np.flatnonzero((batch.jet_pt >= self.pt_min) & (np.abs(batch.jet_eta) < limit)):
            away = np.hypot(eta[:, np.newaxis] - batch.jet_eta[jet], turned(phi - batch.jet_phi[jet]))
            row, column = np.nonzero(away < self.settings.cone)
            self.library.append(int(batch.library[event[jet]]))
            self.true.append((float(batch.jet_pt[jet]), float(batch.jet_mass[jet])))
            for name, images in kept.items():
                jet_sum = summed(images[event[jet], row, column], eta[row], phi[column])
                self.measured.setdefault(name, []).append(jet_sum)

    def cost(self) -> dict[str, float]:
        """By method the resolutions of pT and mass, calibrated, multiplied: what parameters are chosen by."""
        true = np.array(self.true).reshape(-1, 2)
        heavy = true[:, 1] > _MASS_EDGES[0]
        return {
            name: _width(jets[:, 0], true[:, 0]) * _width(jets[heavy, 1], true[heavy, 1])
            for name, jets in ((name, np.array(rows).reshape(-1, 2)) for name, rows in self.measured.items())
        }

    def result(self, networks: Sequence[str] = (), best: str | None = None) -> dict[str, Any]:
        """Its part of `metrics.json`.

        Closure of pT and mass by method, as they are and calibrated; errors from the bootstrap over libraries; the
        differences of the calibrated resolutions.

        Args:
            networks: whose differences to one another and to all other methods are taken.
            best: the best method without training.
        """
        true = np.array(self.true).reshape(-1, 2)
        heavy = true[:, 1] > _MASS_EDGES[0]
        widths = self.widths()
        result: dict[str, dict[str, Any]] = {}
        for name, rows in self.measured.items():
            jets = np.array(rows)
            pt, mass = jets[:, 0], jets[heavy, 1]
            closures = {
                "pt": binned_response(pt, true[:, 0], self.settings.pt_edges),
                "mass": binned_response(mass, true[heavy, 1], _MASS_EDGES),
                "pt_calibrated": binned_response(calibrated(pt, true[:, 0]), true[:, 0], self.settings.pt_edges),
                "mass_calibrated": binned_response(calibrated(mass, true[heavy, 1]), true[heavy, 1], _MASS_EDGES),
            }
            errors = {key: spread(values[1:]) for key, values in widths[name].items()}
            result[name] = {key: part.as_json() for key, part in closures.items()} | {"resolution_errors": errors}
        differences = MethodDifferences.of(widths, networks, best)
        return {"mitigation": result, "mitigation_differences": differences.as_json()}

    def widths(self) -> dict[str, dict[str, Floats]]:
        """By method the resolutions of pT and mass, calibrated, of the events and of every replica of them.

        The calibration is that of all jets in every replica.

        Returns:
            float64 [1 + replicas] by method and `pt_calibrated`, `mass_calibrated`; the same replicas for all methods,
            not finite where there is no resolution.
        """
        true = np.array(self.true).reshape(-1, 2)
        heavy = true[:, 1] > _MASS_EDGES[0]
        libraries, which = np.unique(np.array(self.library, np.uint64), return_inverse=True)
        drawn = samples(libraries.size)[:, which]
        return {
            name: {
                "pt_calibrated": _widths(jets[:, 0], true[:, 0], drawn),
                "mass_calibrated": _widths(jets[heavy, 1], true[heavy, 1], drawn[:, heavy]),
            }
            for name, jets in ((name, np.array(rows)) for name, rows in self.measured.items())
        }


def _width(measured: Floats, true: Floats, weight: Floats | None = None) -> float:
    """Half the distance of the quantiles of the calibrated response over its median; infinite where there is none."""
    if true.size < 2 or (weight is not None and np.count_nonzero(weight) < 2):
        return float("inf")
    low, median, high = quantiles(calibrated(measured, true) / true, [ONE_SIGMA[0], 0.5, ONE_SIGMA[1]], weight)
    return float(high - low) / 2 / float(median) if median > 0 else float("inf")


def _widths(measured: Floats, true: Floats, drawn: Floats) -> Floats:
    """The resolution of each sample, float64 [samples].

    Args:
        measured: [jets].
        true: [jets].
        drawn: [samples, jets], how often each jet is in each sample.
    """
    return np.array([_width(measured, true, weight) for weight in drawn])


def summed(pt: Floats, eta: Floats, phi: Floats) -> tuple[float, float]:
    """Transverse momentum and mass (GeV) of massless particles; some of them may be subtracted, with a pT below 0.

    A mass whose square is below 0 is 0.
    """
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = float((pt * np.cosh(eta)).sum())
    transverse = float(np.hypot(px.sum(), py.sum()))
    return transverse, float(np.sqrt(max(energy**2 - transverse**2 - float(pz.sum()) ** 2, 0.0)))
