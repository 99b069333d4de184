"""Jets of a batch of events: clustering, selection and substructure.

Readers of files without jets cluster in `data_prep/readers/clustering.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.generate.detector import ParticleFlowCandidates
from data_prep.generate.events import Floats, Ints
from data_prep.generate.processes import Process
from data_prep.generate.settings import JetSettings, SoftDropSettings
from data_prep.generate.truth import Origins, match
from data_prep.observables.soft_drop import soft_drop_mass

LEADING = 2
"""Default number of jets of an event that are selected from: the two hardest."""
_WHOLE_JET = 1000.0
"""A Cambridge/Aachen radius that never splits a jet's constituents (FastJet's largest)."""


@dataclass(frozen=True)
class SimulatedJets:
    """Selected jets with their constituents, which are ordered by falling pT.

    Attributes:
        event: index of the event in the batch.
        pid: |PDG id| of the parton or resonance the jet comes from.
        px, py, pz, energy: momentum, the sum of all constituents (GeV).
        soft_drop_mass: GeV.
        tau: N-subjettiness τ1 … τ4, [jets, 4].
        offsets: where each jet's constituents start, [jets + 1].
        constituents: the constituents of all jets, jet after jet.
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
    constituents: ParticleFlowCandidates


def find_jets(
    candidates: ParticleFlowCandidates,
    number_of_events: int,
    origins: Origins,
    process: Process,
    settings: JetSettings,
    soft_drop: SoftDropSettings,
    *,
    jets_max: int = LEADING,
    keep_unmatched: bool = False,
) -> SimulatedJets:
    """Cluster each event with anti-kT and keep the leading jets in the window that match the process.

    Args:
        candidates: of a batch of events.
        number_of_events: in the batch.
        origins: what the jets may come from.
        process: the class.
        settings: the selection of jets.
        soft_drop: grooming for the mass.
        jets_max: number of jets of an event that are selected from, the hardest.
        keep_unmatched: whether jets without an origin of the process are kept too.
    """
    import fastjet

    counts = np.bincount(candidates.event, minlength=number_of_events)
    starts = np.cumsum(counts) - counts
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, settings.radius)
    cluster = fastjet.ClusterSequence(_vectors(candidates, np.arange(len(candidates.event)), counts), definition)
    inclusive = cluster.inclusive_jets(min_pt=settings.pt[0])
    members = cluster.constituent_index(min_pt=settings.pt[0])

    order = ak.argsort(inclusive.px**2 + inclusive.py**2, axis=1, ascending=False, stable=True)[:, :jets_max]
    inclusive, members = inclusive[order], members[order]
    px, py, pz, energy = (_padded(inclusive[name], jets_max) for name in ("px", "py", "pz", "E"))
    pt = np.hypot(px, py)
    eta, phi = np.arcsinh(pz / pt), np.arctan2(py, px)
    pid = match(eta, phi, origins, process, settings.radius)
    keep = (
        (keep_unmatched | (pid != 0))
        & (pt >= settings.pt[0])
        & (pt < settings.pt[1])
        & (np.abs(eta) < settings.eta_max)
    )
    event, slot = np.nonzero(keep)

    selected_members = members[event, slot]
    sizes = ak.to_numpy(ak.num(selected_members)).astype(np.int64)
    rows = ak.to_numpy(ak.flatten(selected_members)).astype(np.int64) + np.repeat(starts[event], sizes)
    jet = np.repeat(np.arange(len(sizes)), sizes)
    constituent_pt2 = candidates.px[rows] ** 2 + candidates.py[rows] ** 2
    rows = rows[np.lexsort((rows, -constituent_pt2, jet))]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    constituents = ParticleFlowCandidates(
        **{name: getattr(candidates, name)[rows] for name in ParticleFlowCandidates.__dataclass_fields__}
    )
    return SimulatedJets(
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


def concatenate(batches: Sequence[SimulatedJets], jets_max: int | None = None) -> SimulatedJets:
    """Concatenated batches of jets, at most `jets_max` of them."""
    sizes = np.concatenate([np.diff(batch.offsets) for batch in batches])[:jets_max]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    columns = {
        field.name: np.concatenate([getattr(batch, field.name) for batch in batches])[:jets_max]
        for field in fields(SimulatedJets)
        if field.name not in ("offsets", "constituents")
    }
    constituents = {
        field.name: np.concatenate([getattr(batch.constituents, field.name) for batch in batches])[: offsets[-1]]
        for field in fields(ParticleFlowCandidates)
    }
    return SimulatedJets(**columns, offsets=offsets, constituents=ParticleFlowCandidates(**constituents))


def n_subjettiness(constituents: ParticleFlowCandidates, sizes: Ints, radius: float) -> Floats:
    """N-subjettiness τ1 … τ4, β = 1, normalised by Σ pT R, axes by one minimisation pass from exclusive kT.

    The choice of CMS and of JetClass; source: arXiv:1011.2268, arXiv:1108.2701. A jet of N constituents or fewer has
    τ_N = 0.

    Args:
        constituents: of all jets, jet after jet.
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


def _vectors(candidates: ParticleFlowCandidates, rows: Ints, counts: npt.NDArray[np.int64]) -> Any:
    columns = {"px": candidates.px, "py": candidates.py, "pz": candidates.pz, "E": candidates.energy}
    return ak.unflatten(ak.zip({name: np.ascontiguousarray(values[rows]) for name, values in columns.items()}), counts)


def _padded(values: Any, jets_max: int) -> Floats:
    """[events, most] with NaN where an event has fewer jets."""
    return np.asarray(ak.to_numpy(ak.fill_none(ak.pad_none(values, jets_max, axis=1, clip=True), np.nan)))
