"""A user's own ROOT ntuple: images.yaml describes its layout by branches or expressions.

layout:
tree: ntuple/jets
entry: jet
constituents: {pt: cand_pt, eta: cand_eta, phi: cand_phi, mass: cand_m, weight: cand_puppi}
jet: {pt: jet_pt, eta: jet_eta, phi: jet_phi, mass: jet_m}
momenta: MeV
event: [run, event]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash, number_hash
from data_prep.jets.expressions import BranchName, Expression, ExpressionText
from data_prep.jets.kinematics import detector_coordinates
from data_prep.readers import DEFAULTS, Options, root
from data_prep.readers.assemble import Constituents, Int64, assemble, float32, from_cartesian, from_polar
from data_prep.readers.event_columns import by_jet, refuse_index
from data_prep.readers.float_warnings import without_float_warnings
from data_prep.readers.grouping import by_jet_index
from data_prep.readers.layouts.own_nesting import BranchUse, check_nesting
from data_prep.settings import Settings

Values = npt.NDArray[Any]
Columns = dict[str, Values]


class OwnConstituents(Settings):
    """The constituents: either pT, η, φ (with mass or energy, else massless), or px, py, pz and energy."""

    pt: ExpressionText | None = None
    """Transverse momentum."""
    eta: ExpressionText | None = None
    """Pseudorapidity, see `angles`."""
    phi: ExpressionText | None = None
    """Azimuth (rad), see `angles`."""
    mass: ExpressionText | None = None
    """Mass."""
    px: ExpressionText | None = None
    """Momentum along x."""
    py: ExpressionText | None = None
    """Momentum along y."""
    pz: ExpressionText | None = None
    """Momentum along the beam."""
    energy: ExpressionText | None = None
    """Energy."""
    weight: ExpressionText | None = None
    """Factor on the four-momentum, as a PUPPI weight."""
    jet_index: BranchName | None = None
    """For an entry that is an event: the branch with the index of each constituent's jet, negative for none."""
    angles: Literal["absolute", "relative", "relative, mirrored"] = "absolute"
    """Whether η and φ are relative to the jet axis; mirrored: η times the sign of the jet's η."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        polar, cartesian = (self.pt, self.eta, self.phi), (self.px, self.py, self.pz, self.energy)
        if all(polar) and not any(cartesian[:3]):
            if self.mass and self.energy:
                raise ValueError("give mass or energy of the constituents, not both")
        elif not (all(cartesian) and not any((*polar, self.mass))):
            raise ValueError("give pt, eta, phi (and mass or energy), or px, py, pz, energy of the constituents")
        elif self.angles != "absolute":
            raise ValueError("angles can be relative for pt, eta, phi only: momenta along x, y, z are absolute")
        return self


class OwnJet(Settings):
    """Stored quantities of the jets; those left out are computed from the sum of the constituents."""

    pt: ExpressionText | None = None
    """Transverse momentum."""
    eta: ExpressionText | None = None
    """Pseudorapidity."""
    phi: ExpressionText | None = None
    """Azimuth (rad)."""
    mass: ExpressionText | None = None
    """Mass."""
    sdmass: ExpressionText | None = None
    """Soft-drop mass."""

    @model_validator(mode="after")
    def _axis(self) -> Self:
        if len({coordinate is None for coordinate in (self.pt, self.eta, self.phi)}) > 1:
            raise ValueError("give pt, eta and phi of the jet, or none of them")
        return self


class OwnLayout(Settings):
    """The user's own layout."""

    tree: str = Field(min_length=1)
    """The path of the tree in the file."""
    entry: Literal["jet", "event"] = "jet"
    """Whether an entry of the tree is a jet or an event."""
    constituents: OwnConstituents
    """The constituents: lists of numbers; numbers of the jet may appear in their expressions."""
    jet: OwnJet = OwnJet()
    """The jets: numbers, or lists where the entry is an event."""
    momenta: Literal["GeV", "MeV"] = "GeV"
    """The unit of all momenta, energies and masses."""
    event: tuple[BranchName, ...] = ()
    """Integer branches that identify the event, as [run, lumi, event]; without them a hash of the jet or event."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.entry == "event") != (self.constituents.jet_index is not None):
            raise ValueError("jet_index is needed where an entry is an event, and only there")
        if self.entry == "event" and self.jet.pt is None:
            raise ValueError("where an entry is an event, give pt, eta, phi of its jets: they give the number of jets")
        if self.constituents.angles != "absolute" and self.jet.eta is None:
            raise ValueError("relative angles need eta and phi of the jet")
        return self


_JET = ("pt", "eta", "phi", "mass", "sdmass")
_LISTS = ("pt", "eta", "phi", "mass", "px", "py", "pz", "energy", "weight")


@dataclass(frozen=True)
class OwnReader:
    """Reads a user's ntuple; a `data_prep.readers.Reader`.

    Attributes:
        layout: the branches of constituents, jets and events.
        options: the classes; their labels are expressions of numbers of the jet.
    """

    layout: OwnLayout
    options: Options = DEFAULTS

    @property
    def jet_names(self) -> tuple[str, ...]:
        """Branches with numbers of jets (or, in an event tree, of events)."""
        return tuple(dict.fromkeys([*_names(self.layout.jet, _JET), *self.options.columns]))

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        index = self.layout.constituents.jet_index
        names = [*_names(self.layout.constituents, _LISTS), *self.jet_names, *self.layout.event]
        return tuple(dict.fromkeys([*names, index] if index else names))

    @property
    def _branch_use(self) -> BranchUse:
        constituents, jet = self.layout.constituents, self.layout.jet
        return BranchUse(
            entry=self.layout.entry,
            constituents={key: _names(constituents, (key,)) for key in _LISTS if getattr(constituents, key)},
            jet={key: _names(jet, (key,)) for key in _JET if getattr(jet, key)},
            labels=self.options.columns,
            event=self.layout.event,
            index=constituents.jet_index,
        )

    def count(self, file: Path) -> int:
        """Check the file; the number of entries in it.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, or a branch is no list, or no number, as required.
        """
        with root.open_tree(file, self.layout.tree) as tree:
            root.require(tree, file, self.required, "in images.yaml")
            check_nesting(self._branch_use, root.depths(tree, file, self.required), file)
            return int(tree.num_entries)

    @without_float_warnings
    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the entries `start` to `stop - 1`.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, is damaged or an index is out of range.
        """
        with root.open_tree(file, self.layout.tree) as tree:
            root.require(tree, file, self.required, "in images.yaml")
            arrays = root.read(tree, file, self.required, start, stop)
        if self.layout.entry == "event":
            offsets, lists, numbers, jets = self._read_events(arrays, file, start)
        else:
            offsets, lists, numbers = self._read_jets(arrays, file)
            jets = np.arange(offsets.size, dtype=np.int64)
        unit = 1.0 if self.layout.momenta == "GeV" else 1e-3
        jet_values = {name: _evaluate(getattr(self.layout.jet, name), numbers, offsets.size - 1, file) for name in _JET}
        for name in ("pt", "mass", "sdmass"):
            value = jet_values[name]
            jet_values[name] = None if value is None else value * unit
        repeated = {name: np.repeat(values, np.diff(offsets)) for name, values in numbers.items()}
        constituents = self._constituents(offsets, repeated | lists, jet_values, unit, file)
        pt, eta, phi = jet_values["pt"], jet_values["eta"], jet_values["phi"]
        axis = None if pt is None or eta is None or phi is None else (pt, eta, phi)
        return assemble(
            constituents,
            self.options,
            file,
            columns=numbers,
            event=np.repeat(self._events(arrays, file, constituents, jets, axis), np.diff(jets)),
            axis=axis,
            stated=(pt, jet_values["mass"]),
            stored={} if jet_values["sdmass"] is None else {"jet_sdmass": jet_values["sdmass"]},
            jets_of=None if self.layout.entry == "jet" else jets,
        )

    def _read_jets(self, arrays: root.Arrays, file: Path) -> tuple[Int64, Columns, Columns]:
        """Offsets of the jets, the lists of their constituents, and the numbers of the jets."""
        numbers = {name: root.flat(arrays, name, file) for name in self.jet_names}
        offsets: Int64 | None = None
        lists: Columns = {}
        reference = ""
        for name in _names(self.layout.constituents, _LISTS):
            if name in numbers:
                continue
            if arrays[name].ndim == 1:
                numbers[name] = root.flat(arrays, name, file)
            elif offsets is None:
                reference = name
                offsets, lists[name] = root.jagged(arrays, name, file)
            else:
                lists[name] = root.aligned(arrays, name, file, offsets, reference)
        if offsets is None:
            raise AssertionError("the nesting was checked when the entries were counted")
        return offsets, lists, numbers

    def _read_events(self, arrays: root.Arrays, file: Path, start: int) -> tuple[Int64, Columns, Columns, Int64]:
        """As `_read_jets`, with the constituents grouped by jet, and the offsets of the jets of each event."""
        index_name = self.layout.constituents.jet_index or ""
        jet_branch = next(name for name in _names(self.layout.jet, ("pt", "eta", "phi")) if arrays[name].ndim > 1)
        jets = root.jagged(arrays, jet_branch, file)[0]
        constituents, index = root.jagged(arrays, index_name, file)
        offsets, rows, bad_event = by_jet_index(jets, constituents, root.integers(index, index_name, file))
        if bad_event >= 0:
            raise refuse_index(bad_event, start, index_name, "jets", file)
        numbers = by_jet(arrays, self.jet_names, file, jets, jet_branch)
        lists: Columns = {}
        for name in _names(self.layout.constituents, _LISTS):
            if name in numbers:
                continue
            if arrays[name].ndim == 1:
                numbers |= by_jet(arrays, (name,), file, jets, jet_branch)
            else:
                lists[name] = root.aligned(arrays, name, file, constituents, index_name)[rows]
        return offsets, lists, numbers, jets

    def _constituents(
        self, offsets: Int64, columns: Columns, jet_values: dict[str, Values | None], unit: float, file: Path
    ) -> Constituents:
        constituents = int(offsets[-1])
        values = {
            name: _evaluate(getattr(self.layout.constituents, name), columns, constituents, file) for name in _LISTS
        }
        for name in ("pt", "mass", "px", "py", "pz", "energy"):
            momentum = values[name]
            values[name] = None if momentum is None else momentum * unit
        weight, energy = values["weight"], values["energy"]
        px, py, pz = values["px"], values["py"], values["pz"]
        if px is not None and py is not None and pz is not None and energy is not None:
            factor = np.ones(constituents) if weight is None else weight
            return from_cartesian(offsets, px * factor, py * factor, pz * factor, energy * factor)
        pt, eta, phi = (_present(values[name]) for name in ("pt", "eta", "phi"))
        if self.layout.constituents.angles != "absolute":
            sizes = np.diff(offsets)
            jet_eta, jet_phi = _present(jet_values["eta"]), _present(jet_values["phi"])
            mirrored = self.layout.constituents.angles == "relative, mirrored"
            side = np.where(jet_eta < 0, -1.0, 1.0) if mirrored else np.ones(jet_eta.size)
            eta = eta * np.repeat(side, sizes) + np.repeat(jet_eta, sizes)
            phi = phi + np.repeat(jet_phi, sizes)
        return from_polar(offsets, pt, eta, phi, mass=values["mass"], energy=energy, weight=weight)

    def _events(
        self,
        arrays: root.Arrays,
        file: Path,
        constituents: Constituents,
        jets: Int64,
        axis: tuple[Values, Values, Values] | None,
    ) -> npt.NDArray[np.uint64]:
        """Identifiers of the entries, uint64 [entries]."""
        if self.layout.event:
            return number_hash(*(root.flat(arrays, name, file) for name in self.layout.event))
        if self.layout.entry == "jet":
            return content_hash(constituents.offsets, constituents.cartesian)
        pt, eta, phi = axis or detector_coordinates(*(float32(constituents.sums[:, i]) for i in range(3)))
        return content_hash(jets, (float32(pt), float32(eta), float32(phi), float32(constituents.sums[:, 3])))


def _names(section: Settings, fields: Sequence[str]) -> list[str]:
    """The branches in the expressions of a section, each once."""
    texts = [getattr(section, field) for field in fields]
    return list(dict.fromkeys(name for text in texts if text for name in Expression(text).names))


def _evaluate(text: str | None, columns: Columns, length: int, file: Path) -> Values | None:
    """The value of an expression as float64 [length]; None where there is none."""
    if text is None:
        return None
    return np.array(np.broadcast_to(Expression(text)(columns, file), (length,)), np.float64)


def _present(values: Values | None) -> Values:
    if values is None:
        raise AssertionError("the settings are checked when they are read")
    return values
