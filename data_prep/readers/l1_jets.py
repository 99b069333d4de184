"""The layout of trigger jets, `outnano/Jets`: one entry a level-1 jet, its PUPPI candidates in `jet_puppicand_*`.

The candidates' pT is after PUPPI already: `jet_puppicand_puppiweight` says by how much it was scaled and is not applied
again. Both spellings of the tree are read, `outnano/Jets` and `outnano/jets`, and candidates in the detector's
coordinates (`_eta_phys`, `_phi_phys`) or, where those are missing, relative to the jet (`_deta`, `_dphi`).

Source: the ntuplizer of the CMS Phase-2 level-1 jet taggers (github.com/p2l1pfp/FastPUPPI, JetNTuplizer).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.constituents import JetChunk
from data_prep.events import content_hash, number_hash
from data_prep.readers import root
from data_prep.readers.assemble import assemble, charges_of, from_polar, kinds_of
from data_prep.readers.faults import faults
from data_prep.readers.tree import TreeReader

TREE = "outnano/Jets"
SIGNATURE = ("jet_puppicand_pt", "jet_eta_phys|jet_eta", "jet_pt_phys|jet_pt")
PT = "jet_puppicand_pt"
MASS = "jet_puppicand_mass"
WEIGHT = "jet_puppicand_puppiweight"
AXIS = (("jet_pt_phys", "jet_pt"), ("jet_eta_phys", "jet_eta"), ("jet_phi_phys", "jet_phi"))
"""Branches of the jet's axis, the first of each that is there."""
ABSOLUTE = (("jet_puppicand_eta_phys", "jet_puppicand_phi_phys"), ("jet_puppicand_eta", "jet_puppicand_phi"))
RELATIVE = ("jet_puppicand_deta", "jet_puppicand_dphi")
STATED_MASS = "jet_mass_phys"
EVENT = "event"
CHARGE, PID = "jet_puppicand_charge", "jet_puppicand_id"


@dataclass(frozen=True)
class L1JetsReader(TreeReader):
    """Reads trees of trigger jets; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are branches as `jet_genmatch_hflav == 5`.
        tree: where the jets are.
    """

    tree: str = TREE
    title = "L1 jets"

    def branches(self, tree: Any, file: Path) -> tuple[str, ...]:
        """The branches to be read, whose names depend on the version of the ntuplizer; see `TreeReader.branches`."""
        weight = (WEIGHT,) if self.options.puppi == "apply" else ()
        particles = (CHARGE, PID) if self.options.particles else ()
        with faults(file):
            optional = [name for name in (MASS, STATED_MASS, EVENT) if name in tree]
            named = (*_axis(tree), *_angles(tree))
        branches = (*named, PT, *weight, *particles, *optional, *self.options.columns)
        root.require(tree, file, branches, self.title)
        return branches

    def chunk(self, piece: root.Piece, file: Path, start: int) -> JetChunk:
        """The jets of some entries; see `TreeReader.chunk`."""
        angles = _angles(piece)
        jet_pt, jet_eta, jet_phi = (root.flat(piece, name, file) for name in _axis(piece))
        offsets, pt = root.jagged(piece, PT, file)
        lists = {
            name: root.aligned(piece, name, file, offsets, PT)
            for name in (*angles, MASS, CHARGE, PID, WEIGHT)
            if name in piece
        }
        eta, phi = (lists[name] for name in angles)
        if angles == RELATIVE:
            sizes = np.diff(offsets)
            eta, phi = eta + np.repeat(jet_eta, sizes), phi + np.repeat(jet_phi, sizes)
        constituents = from_polar(
            offsets,
            pt,
            eta,
            phi,
            mass=lists.get(MASS),
            weight=lists.get(WEIGHT) if self.options.puppi == "apply" else None,
        )
        if EVENT in piece:
            event = number_hash(root.flat(piece, EVENT, file))
        else:
            event = content_hash(offsets, constituents.cartesian)
        return assemble(
            constituents,
            self.options,
            file,
            columns={name: root.flat(piece, name, file) for name in self.options.columns},
            event=event,
            axis=(jet_pt, jet_eta, jet_phi),
            stated=(jet_pt, root.flat(piece, STATED_MASS, file) if STATED_MASS in piece else None),
            particles=(charges_of(lists[CHARGE]), kinds_of(lists[PID])) if self.options.particles else None,
        )


def _axis(names: Container[str]) -> list[str]:
    """The branches of the jet's axis, by those that are there."""
    return [next((name for name in choice if name in names), choice[0]) for choice in AXIS]


def _angles(names: Container[str]) -> tuple[str, str]:
    """The branches of the candidates' angles, by those that are there."""
    choices = (ABSOLUTE[0], RELATIVE)
    return next((choice for choice in choices if all(name in names for name in choice)), ABSOLUTE[1])
