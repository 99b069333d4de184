"""The layout of trigger jets, `outnano/Jets`: one entry a level-1 jet, its PUPPI candidates in `jet_puppicand_*`.

The candidates' pT already includes PUPPI: `jet_puppicand_puppiweight` is the factor and is not applied again. Both
spellings of the tree are read, `outnano/Jets` and `outnano/jets`, and candidates in detector coordinates (`_eta_phys`,
`_phi_phys`) or, where those are missing, relative to the jet (`_deta`, `_dphi`), which the ntuplizer writes as jet
minus candidate. Values in hardware units, which newer versions store under the same names, are refused; the error
message gives the layout that reads them (`data_prep.readers.layouts.l1_units`).

Source: the ntuplizer of the CMS Phase-2 level-1 jet taggers (github.com/p2l1pfp/FastPUPPI, JetNTuplizer:
`jet_direction.Eta() - pfcand_momentum.Eta()` and `jet_direction.DeltaPhi(pfcand_momentum)`).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash, number_hash
from data_prep.readers import root
from data_prep.readers.assemble import Int64, Values, assemble, charges_of, from_polar, kinds_of
from data_prep.readers.faults import faults
from data_prep.readers.layout import Layout
from data_prep.readers.layouts.l1_units import PT_STEP, refuse_hardware_angles, whole_steps
from data_prep.readers.tree import TreeReader

TREE = "outnano/Jets"
SIGNATURE = ("jet_puppicand_pt", "jet_eta_phys|jet_eta", "jet_pt_phys|jet_pt")
PT = "jet_puppicand_pt"
MASS = "jet_puppicand_mass"
WEIGHT = "jet_puppicand_puppiweight"
AXIS = (("jet_pt_phys", "jet_pt"), ("jet_eta_phys", "jet_eta"), ("jet_phi_phys", "jet_phi"))
"""Branches of the jet's axis; of each pair the first that exists is read."""
ABSOLUTE = (("jet_puppicand_eta_phys", "jet_puppicand_phi_phys"), ("jet_puppicand_eta", "jet_puppicand_phi"))
RELATIVE = (
    ("jet_puppicand_deta_phys", "jet_puppicand_dphi_phys"),
    ("jet_puppicand_deta", "jet_puppicand_dphi"),
)
"""Branches of the angles from the candidate to the jet, jet minus candidate."""
STATED_MASS = "jet_mass_phys"
EVENT = "event"
CHARGE, PID = "jet_puppicand_charge", "jet_puppicand_id"


@dataclass(frozen=True)
class L1JetsReader(TreeReader):
    """Reads trees of trigger jets; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are branches as `jet_genmatch_hflav == 5`.
        tree: the path of the tree.
    """

    tree: str = TREE
    title = "L1 jets"

    def branches(self, tree: Any, file: Path) -> tuple[str, ...]:
        """The branches to be read; their names depend on the version of the ntuplizer; see `TreeReader.branches`."""
        weight = (WEIGHT,) if self.options.puppi == "apply" else ()
        particles = (CHARGE, PID) if self.options.particles else ()
        with faults(file):
            optional = [name for name in (MASS, STATED_MASS, EVENT) if name in tree]
            angles_and_axis = (*_axis(tree), *_angles(tree))
        branches = (*angles_and_axis, PT, *weight, *particles, *optional, *self.options.columns)
        root.require(tree, file, branches, self.title)
        return branches

    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some entries; see `TreeReader.chunk`."""
        angles = _angles(arrays)
        jet_pt, jet_eta, jet_phi = (root.flat(arrays, name, file) for name in _axis(arrays))
        offsets, pt = root.jagged(arrays, PT, file)
        lists = {
            name: root.aligned(arrays, name, file, offsets, PT)
            for name in (*angles, MASS, CHARGE, PID, WEIGHT)
            if name in arrays
        }
        eta, phi = (lists[name] for name in angles)
        self._refuse_hardware_units(arrays, offsets, pt, (eta, phi), file)
        if angles in RELATIVE:
            sizes = np.diff(offsets)
            eta, phi = np.repeat(jet_eta, sizes) - eta, np.repeat(jet_phi, sizes) - phi
        constituents = from_polar(
            offsets,
            pt,
            eta,
            phi,
            mass=lists.get(MASS),
            weight=lists.get(WEIGHT) if self.options.puppi == "apply" else None,
        )
        if EVENT in arrays:
            event = number_hash(root.flat(arrays, EVENT, file))
        else:
            event = content_hash(offsets, constituents.cartesian)
        return assemble(
            constituents,
            self.options,
            file,
            columns={name: root.flat(arrays, name, file) for name in self.options.columns},
            event=event,
            axis=(jet_pt, jet_eta, jet_phi),
            stated=(jet_pt, root.flat(arrays, STATED_MASS, file) if STATED_MASS in arrays else None),
            particles=(charges_of(lists[CHARGE]), kinds_of(lists[PID])) if self.options.particles else None,
        )

    def _refuse_hardware_units(
        self, arrays: root.Arrays, offsets: Int64, pt: Values, angles: tuple[Values, Values], file: Path
    ) -> None:
        """Refuse candidates in hardware units."""
        axis, names = _axis(arrays), _angles(arrays)
        remedy = _remedy(self.tree, axis, names)
        jets = [(name, root.flat(arrays, name, file)) for name in axis]
        refuse_hardware_angles([*zip(names, angles, strict=True), *jets[1:]], remedy, file)
        sizes = np.diff(offsets)
        jet = np.repeat(np.arange(sizes.size), sizes)
        sums = np.bincount(jet, pt.astype(np.float64), sizes.size)[sizes > 0]
        ratios = sums / jets[0][1].astype(np.float64)[sizes > 0]
        # jet-energy corrections are never as large as the factor between hardware units and GeV
        steps = 0.7 < np.median(ratios) * PT_STEP < 1.5 if ratios.size else False
        if whole_steps(pt) and (steps or (not axis[0].endswith("_phys") and whole_steps(jets[0][1]))):
            raise InputFileError(
                f"{PT} holds whole numbers, whose sum is {np.median(ratios):.2f} times {axis[0]}: steps of {PT_STEP} "
                "GeV of the trigger's hardware",
                file=file,
                remedy=remedy,
            )


def _remedy(tree: str, axis: list[str], names: tuple[str, str]) -> str:
    """The remedy for candidates in hardware units: a layout for images.yaml."""
    step = "3.14159265 / 720"
    if names in ABSOLUTE[:1]:
        eta, phi, angles = *names, "absolute"
    elif names in ABSOLUTE:
        eta, phi, angles = f"{names[0]} * {step}", f"{names[1]} * {step}", "absolute"
    else:
        # the integers differ in sign: jet minus candidate in η, candidate minus jet in φ
        eta, phi, angles = f"-{names[0]} * {step}", f"{names[1]} * {step}", "relative"
    pt, jet_eta, jet_phi = axis
    scales = [(pt, f"{PT_STEP} * {pt}"), (jet_eta, f"{jet_eta} * {step}"), (jet_phi, f"{jet_phi} * {step}")]
    stored = ", ".join(
        f"{key}: {name if name.endswith('_phys') else scaled}"
        for key, (name, scaled) in zip(("pt", "eta", "phi"), scales, strict=True)
    )
    return (
        f"in images.yaml `layout: {{tree: {tree}, constituents: {{pt: {PT_STEP} * {PT}, eta: {eta}, phi: {phi}, "
        f"angles: {angles}}}, jet: {{{stored}}}}}`"
    )


def _axis(names: Container[str]) -> list[str]:
    """The branches of the jet's axis, of those that exist."""
    return [next((name for name in choice if name in names), choice[0]) for choice in AXIS]


def _angles(names: Container[str]) -> tuple[str, str]:
    """The branches of the candidates' angles, of those that exist."""
    choices = (ABSOLUTE[0], *RELATIVE)
    return next((choice for choice in choices if all(name in names for name in choice)), ABSOLUTE[1])


LAYOUT = Layout(
    title=L1JetsReader.title,
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="jet",
    reader=L1JetsReader,
    labels=(
        ("b", "jet_genmatch_hflav == 5"),
        ("c", "jet_genmatch_hflav == 4"),
        ("other", "jet_genmatch_hflav == 0"),
    ),
    puppi=True,
)
