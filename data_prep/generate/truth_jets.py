"""The truth jets of events: anti-kT on the visible particles of the hard collision only, and their origins."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import numpy as np

from data_prep.events.truth import MOST_JETS, OTHER_SOURCE
from data_prep.generate.events import Floats, Ints
from data_prep.generate.particles import Particles
from data_prep.generate.processes import Process
from data_prep.generate.settings import TruthJetSettings
from data_prep.generate.truth import Origins, match


@dataclass(frozen=True)
class TruthJets:
    """The jets of a batch of events, by falling pT within an event.

    Attributes:
        offsets: where each event's jets start, [events + 1].
        pt, eta, phi, mass: of the sum of the particles (GeV, φ in (−π, π]).
        pid: |PDG id| of the parton or resonance, 0 where there is none.
    """

    offsets: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    mass: Floats
    pid: Ints


def find_truth_jets(
    particles: Particles, number: int, origins: Origins, process: Process, settings: TruthJetSettings
) -> tuple[TruthJets, Ints]:
    """Cluster each event.

    A jet of a resonance contains all of its quarks (see `truth.match`); jets of a resonance that is not contained count
    as jets of quarks.

    Args:
        particles: visible particles of the hard collisions, ordered by event.
        number: events in the batch.
        origins: partons or resonances that the jets may come from.
        process: the hard process.
        settings: radius and window.

    Returns:
        the jets, and for each particle the index of its jet within the event, `OTHER_SOURCE` for none.
    """
    import fastjet

    counts = np.bincount(particles.event, minlength=number)
    starts = np.cumsum(counts) - counts
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, settings.radius)
    vectors = {
        "px": particles.pt * np.cos(particles.phi),
        "py": particles.pt * np.sin(particles.phi),
        "pz": particles.pt * np.sinh(particles.eta),
        "E": particles.energy,
    }
    cluster = fastjet.ClusterSequence(ak.unflatten(ak.zip(vectors), counts), definition)
    inclusive = cluster.inclusive_jets(min_pt=settings.pt_min)
    members = cluster.constituent_index(min_pt=settings.pt_min)
    sizes = ak.to_numpy(ak.num(inclusive.px)).astype(np.int64)
    px, py, pz, energy = (
        ak.to_numpy(ak.flatten(inclusive[name])).astype(np.float64) for name in ("px", "py", "pz", "E")
    )
    event = np.repeat(np.arange(number), sizes)
    pt = np.hypot(px, py)
    eta = np.arcsinh(pz / pt)
    order = np.lexsort((-pt, event))
    order = order[np.abs(eta[order]) < settings.eta_max]
    event, pt, eta, phi = event[order], pt[order], eta[order], np.arctan2(py, px)[order]
    offsets = np.searchsorted(event, np.arange(number + 1))
    slot = np.arange(event.size) - offsets[event]
    if slot.max(initial=0) >= MOST_JETS:
        raise AssertionError(f"no event has {MOST_JETS} jets")

    source = np.full(particles.pt.size, OTHER_SOURCE)
    members_of_jets = ak.flatten(members)[order]
    sizes = ak.to_numpy(ak.num(members_of_jets)).astype(np.int64)
    rows = ak.to_numpy(ak.flatten(members_of_jets)).astype(np.int64) + np.repeat(starts[event], sizes)
    source[rows] = np.repeat(slot, sizes)

    widest = int(slot.max(initial=-1)) + 1
    padded = np.full((2, number, max(1, widest)), np.nan)
    padded[:, event, slot] = eta, phi
    pid = match(padded[0], padded[1], origins, process, settings.radius)[event, slot]
    mass = np.sqrt(np.maximum(energy**2 - px**2 - py**2 - pz**2, 0))[order]
    return TruthJets(offsets, pt, eta, phi, mass, pid), source
