"""Clustering of events without jets: anti-kT with FastJet, many events in one call.

Source: M. Cacciari, G. P. Salam, G. Soyez, "FastJet user manual", arXiv:1111.6097; "The anti-kT jet clustering
algorithm", arXiv:0802.1189.
"""

from __future__ import annotations

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.readers import ClusterSettings
from data_prep.readers.assemble import Constituents

Int64 = npt.NDArray[np.int64]


def cluster(candidates: Constituents, settings: ClusterSettings) -> tuple[Int64, Int64, Int64]:
    """Cluster the candidates of each event into jets of falling pT.

    Candidates of no or negative pT, or with NaN or infinities, are left out: they have no direction.

    Args:
        candidates: of the events; `offsets` are those of the events.
        settings: radius and smallest pT.

    Returns:
        the jets of each event, int64 [events + 1]; offsets of their constituents, int64 [jets + 1]; the constituents
        as rows of `candidates`, by falling pT in each jet.
    """
    import fastjet

    # FastJet prints a banner with its citation, which is given above
    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)
    events = candidates.offsets.size - 1
    usable = (candidates.pt > 0) & np.all([np.isfinite(column) for column in candidates.cartesian], axis=0)
    rows = np.flatnonzero(usable)
    event = np.repeat(np.arange(events), np.diff(candidates.offsets))[rows]
    counts = np.bincount(event, minlength=events)
    if not rows.size:
        return np.zeros(events + 1, np.int64), np.zeros(1, np.int64), rows
    columns = zip(("px", "py", "pz", "E"), candidates.cartesian, strict=True)
    vectors = ak.zip({name: column[rows].astype(np.float64) for name, column in columns})
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, settings.radius)
    sequence = fastjet.ClusterSequence(ak.unflatten(vectors, counts), definition)
    inclusive = sequence.inclusive_jets(min_pt=settings.pt_min)
    members = sequence.constituent_index(min_pt=settings.pt_min)
    order = ak.argsort(inclusive.px**2 + inclusive.py**2, axis=1, ascending=False, stable=True)
    members = members[order]
    jets = np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(members, axis=1)))]).astype(np.int64)
    sizes = ak.to_numpy(ak.flatten(ak.num(members, axis=2))).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    starts = np.cumsum(counts) - counts
    jet_event = np.repeat(np.arange(events), np.diff(jets))
    members_flat = ak.to_numpy(ak.flatten(members, axis=None)).astype(np.int64)
    constituents = rows[members_flat + np.repeat(starts[jet_event], sizes)]
    jet = np.repeat(np.arange(sizes.size), sizes)
    return jets, offsets, constituents[np.lexsort((constituents, -candidates.pt[constituents], jet))]
