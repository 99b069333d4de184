"""Jets of a batch of events: clustering, selection and substructure.

The one door to FastJet, besides that of readers whose files have no jets (`data_prep/readers/clustering.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.generate.detector import Candidates
from data_prep.generate.events import Floats, Ints
from data_prep.generate.processes import Process
from data_prep.generate.settings import JetSettings, SoftDropSettings
from data_prep.generate.truth import Origins, match
from data_prep.observables.soft_drop import soft_drop_mass

LEADING = 2
"""Jets of an event that are considered where nothing else is said: the two hardest."""
_WHOLE_JET = 1000.0
"""A Cambridge/Aachen radius that never splits a jet's constituents (FastJet's largest)."""


@dataclass(frozen=True)
class Jets:
    """Selected jets with their constituents, which are ordered by falling pT.

    Attributes:
        event: index of the event in the batch.
        pid: |PDG id| of the parton or resonance the jet comes from.
        px, py, pz, energy: momentum, the sum of all constituents (GeV).
        soft_drop_mass: GeV.
        tau: N-subjettiness τ1 … τ4, [jets, 4].
        offsets: where each jet's constituents start, [jets + 1].
        constituents: the constituents of all jets, one after the other.
    """

    event: Ints
    pid: Ints
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    soft_drop_mass: Floats
    tau: Floats
    offsets: Ints
    constituents: Candidates


def find_jets(
    candidates: Candidates,
    number_of_events: int,
    origins: Origins,
    process: Process,
    settings: JetSettings,
    soft_drop: SoftDropSettings,
    *,
    most: int = LEADING,
    every: bool = False,
) -> Jets:
    """Cluster each event with anti-kT and keep the leading jets in the window that match the process.

    Args:
        candidates: of a batch of events.
        number_of_events: in the batch.
        origins: what the jets may come from.
        process: the class.
        settings: which jets are kept.
        soft_drop: grooming for the mass.
        most: so many jets of an event are looked at, the hardest.
        every: whether a jet that comes from nothing the process names is kept too.
    """
    import fastjet

    counts = np.bincount(candidates.event, minlength=number_of_events)
    starts = np.cumsum(counts) - counts
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, settings.radius)
    cluster = fastjet.ClusterSequence(_vectors(candidates, np.arange(len(candidates.event)), counts), definition)
    found = cluster.inclusive_jets(min_pt=settings.pt[0])
    members = cluster.constituent_index(min_pt=settings.pt[0])

    order = ak.argsort(found.px**2 + found.py**2, axis=1, ascending=False, stable=True)[:, :most]
    found, members = found[order], members[order]
    px, py, pz, energy = (_padded(found[name], most) for name in ("px", "py", "pz", "E"))
    pt = np.hypot(px, py)
    eta, phi = np.arcsinh(pz / pt), np.arctan2(py, px)
    pid = match(eta, phi, origins, process, settings.radius)
    keep = (every | (pid != 0)) & (pt >= settings.pt[0]) & (pt < settings.pt[1]) & (np.abs(eta) < settings.eta_max)
    event, slot = np.nonzero(keep)

    chosen = members[event, slot]
    sizes = ak.to_numpy(ak.num(chosen)).astype(np.int64)
    rows = ak.to_numpy(ak.flatten(chosen)).astype(np.int64) + np.repeat(starts[event], sizes)
    jet = np.repeat(np.arange(len(sizes)), sizes)
    constituent_pt2 = candidates.px[rows] ** 2 + candidates.py[rows] ** 2
    rows = rows[np.lexsort((rows, -constituent_pt2, jet))]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    constituents = Candidates(**{name: getattr(candidates, name)[rows] for name in Candidates.__dataclass_fields__})
    return Jets(
        event=event,
        pid=pid[keep],
        px=px[keep],
        py=py[keep],
        pz=pz[keep],
        energy=energy[keep],
        soft_drop_mass=soft_drop_mass(
            constituents.px,
            constituents.py,
            constituents.pz,
            constituents.energy,
            offsets,
            soft_drop.beta,
            soft_drop.z_cut,
            settings.radius,
        ),
        tau=n_subjettiness(constituents, sizes, settings.radius),
        offsets=offsets,
        constituents=constituents,
    )


def concatenate(parts: Sequence[Jets], most: int | None = None) -> Jets:
    """Batches of jets, one after the other, all or up to a number of jets."""
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])[:most]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])[:most]
        for field in fields(Jets)
        if field.name not in ("offsets", "constituents")
    }
    constituents = {
        field.name: np.concatenate([getattr(part.constituents, field.name) for part in parts])[: offsets[-1]]
        for field in fields(Candidates)
    }
    return Jets(**columns, offsets=offsets, constituents=Candidates(**constituents))


def n_subjettiness(constituents: Candidates, sizes: Ints, radius: float) -> Floats:
    """N-subjettiness τ1 … τ4, β = 1, normalised by Σ pT R, axes by one minimisation pass from exclusive kT.

    The choice of CMS and of JetClass; source: arXiv:1011.2268, arXiv:1108.2701. A jet of N constituents or fewer has
    τ_N = 0.

    Args:
        constituents: of all jets, one after the other.
        sizes: constituents of each jet, [jets].
        radius: the jet radius R.

    Returns:
        [jets, 4].
    """
    import fastjet

    if len(sizes) == 0:
        return np.zeros((0, 4))
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, _WHOLE_JET)
    cluster = fastjet.ClusterSequence(_vectors(constituents, np.arange(len(constituents.px)), sizes), definition)
    axes = [1, 2, 3, 4]
    tau = cluster.njettiness("NormalizedMeasure", "OnePass_KT_Axes", njets=axes, beta=1.0, R0=radius)
    return np.asarray(ak.to_numpy(tau))


def _vectors(candidates: Candidates, rows: Ints, counts: npt.NDArray[np.int64]) -> Any:
    columns = {"px": candidates.px, "py": candidates.py, "pz": candidates.pz, "E": candidates.energy}
    return ak.unflatten(ak.zip({name: np.ascontiguousarray(values[rows]) for name, values in columns.items()}), counts)


def _padded(values: Any, most: int) -> Floats:
    """[events, most] with NaN where an event has fewer jets."""
    return np.asarray(ak.to_numpy(ak.fill_none(ak.pad_none(values, most, axis=1, clip=True), np.nan)))
