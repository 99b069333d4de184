"""The layout of trigger events, `L1PuppiCands_*`: PUPPI candidates of the level-1 trigger, without jets.

Jets are clustered here: anti-kT of all candidates of the event (`cluster` in images.yaml; by default radius 0.4 and pT
above 20 GeV). The candidates' pT already includes PUPPI: `L1PuppiCands_puppiWeight` is the factor and is applied again
only with `puppi: apply`.

Source: the ntuples of the CMS Phase-2 level-1 correlator trigger (github.com/p2l1pfp/FastPUPPI).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash
from data_prep.jets.kinematics import detector_coordinates
from data_prep.readers import ClusteringReader, root
from data_prep.readers.assemble import assemble, charges_of, float32, from_polar, kinds_of
from data_prep.readers.clustering import cluster
from data_prep.readers.event_columns import IDENTIFIERS, MATCHED, by_jet, event_numbers, matched_resonance
from data_prep.readers.layout import Layout
from data_prep.readers.layouts.l1_units import PT_STEP, refuse_hardware_angles
from data_prep.readers.layouts.nano import GENERATOR, LAST_COPY
from data_prep.readers.tree import NamedBranchesReader

TREE = "Events"
PREFIX = "L1PuppiCands_"
PT = f"{PREFIX}pt"
SIGNATURE = (PT, f"{PREFIX}eta", f"{PREFIX}phi")


@dataclass(frozen=True)
class L1PuppiReader(NamedBranchesReader, ClusteringReader):
    """Reads trigger events; an entry is an event; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels use numbers of the event, `matched_pdgId`, or `1` with `files`.
        tree: the path of the tree.
    """

    tree: str = TREE
    title = "L1 PUPPI candidates"

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        weight = (f"{PREFIX}puppiWeight",) if self.options.puppi == "apply" else ()
        particles = (f"{PREFIX}charge", f"{PREFIX}pdgId") if self.options.particles else ()
        columns = [name for name in self.options.columns if name != MATCHED]
        columns += GENERATOR if MATCHED in self.options.columns else ()
        return *SIGNATURE, *weight, *particles, *columns

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they exist."""
        return *IDENTIFIERS, f"{PREFIX}mass"

    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some events; see `TreeReader.chunk`."""
        events, pt = root.jagged(arrays, PT, file)
        lists = {
            name.removeprefix(PREFIX): root.aligned(arrays, name, file, events, PT)
            for name in arrays
            if name.startswith(PREFIX) and name not in self.options.columns
        }
        refuse_hardware_angles(
            [(f"{PREFIX}{name}", lists[name]) for name in ("eta", "phi")],
            f"write {PREFIX}pt in GeV ({PT_STEP} a step), {PREFIX}eta and {PREFIX}phi in rad",
            file,
        )
        candidates = from_polar(
            events,
            pt,
            lists["eta"],
            lists["phi"],
            mass=lists.get("mass"),
            weight=lists.get("puppiWeight") if self.options.puppi == "apply" else None,
        )
        identifier = event_numbers(arrays, file)
        if identifier is None:
            identifier = content_hash(events, candidates.cartesian)
        jets, offsets, rows = cluster(candidates, self.options.cluster)
        constituents = candidates.regrouped(offsets, rows)
        columns = by_jet(arrays, [name for name in self.options.columns if name != MATCHED], file, jets, PT)
        if MATCHED in self.options.columns:
            _, eta, phi = detector_coordinates(*(float32(constituents.sums[:, i]) for i in range(3)))
            particle_offsets, pid = root.jagged(arrays, "GenPart_pdgId", file)
            particle_eta, particle_phi, flags = (
                root.aligned(arrays, f"GenPart_{quantity}", file, particle_offsets, "GenPart_pdgId")
                for quantity in ("eta", "phi", "statusFlags")
            )
            particles = particle_offsets, particle_eta, particle_phi, pid
            radius = self.options.cluster.radius
            columns[MATCHED] = matched_resonance(jets, eta, phi, particles, (flags & LAST_COPY) != 0, radius)
        return assemble(
            constituents,
            self.options,
            file,
            columns=columns,
            event=np.repeat(identifier, np.diff(jets)),
            particles=(charges_of(lists["charge"][rows]), kinds_of(lists["pdgId"][rows]))
            if self.options.particles
            else None,
            jets_of=jets,
        )


LAYOUT = Layout(
    title=L1PuppiReader.title,
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="event",
    reader=L1PuppiReader,
    puppi=True,
)
