"""Jets and events as ROOT files (docs/data_flow.md); equal jets and events give equal bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from data_prep.errors import PipelineError
from data_prep.generate.detector import CHARGED_HADRON, ELECTRON, MUON, NEUTRAL_HADRON, PHOTON, ParticleFlowCandidates
from data_prep.generate.event_production import SimulatedEvents
from data_prep.generate.events import Floats, Ints
from data_prep.generate.jets import SimulatedJets
from data_prep.generate.rate_production import WeightedEvents
from data_prep.grids.trigger_towers import DEPOSIT_GRID
from data_prep.store.root_bytes import reproducible
from data_prep.system.whole import whole_file

LABELS = {
    "label_QCD": np.float32,
    "label_Hbb": np.bool_,
    "label_Hcc": np.bool_,
    "label_Hgg": np.bool_,
    "label_H4q": np.bool_,
    "label_Hqql": np.bool_,
    "label_Zqq": np.int32,
    "label_Wqq": np.int32,
    "label_Tbqq": np.int32,
    "label_Tbl": np.int32,
}
"""The label branches with the types they have in JetClass."""

_BACKGROUND = "label_QCD"
"""The label of every background."""

_KINDS = {
    "part_isChargedHadron": CHARGED_HADRON,
    "part_isNeutralHadron": NEUTRAL_HADRON,
    "part_isPhoton": PHOTON,
    "part_isElectron": ELECTRON,
    "part_isMuon": MUON,
}


def write_jets(path: Path, jets: SimulatedJets, event: Ints, label: str, constituents_max: int) -> None:
    """Write jets; an incomplete file is never left.

    ROOT files contain time stamps and UUIDs, which differ each time a file is written. Here every time stamp is
    2000-01-01 and the UUIDs follow from the file's name, so that equal jets give equal bytes.

    Args:
        path: the file; it appears under its name only when it is complete.
        jets: the jets, with their constituents.
        event: identifier of each jet's event, [jets].
        label: the label branch that is 1.
        constituents_max: largest number of constituents of a jet that are written, the hardest.

    Raises:
        PipelineError: when the file cannot be written.
    """
    _write_trees(path, {"tree": _columns(jets, event, label, constituents_max)})


def write_weighted_events(path: Path, events: WeightedEvents, label: str, constituents_max: int) -> None:
    """Write weighted events and their jets; equal events give equal bytes.

    TTree `tree` holds the jets as `write_jets` writes them, with the weight of their event; a jet of a signal event
    that contains no resonance has no label, but `aux_uncontained`. `collisions` holds all events, including those
    without a jet, with all generated resonances.

    Args:
        path: the file; it appears under its name only when it is complete.
        events: the events.
        label: the label branch that is 1.
        constituents_max: largest number of constituents of a jet that are written, the hardest.

    Raises:
        PipelineError: when the file cannot be written.
    """
    jets, row = events.jets, events.jets.event
    weight = events.weight.astype(np.float32)
    resonances = events.resonances
    uncontained = (jets.pid == 0) & (label != _BACKGROUND)
    columns = _columns(jets, events.identifier[row], label, constituents_max)
    for name, dtype in LABELS.items():
        columns[name] = np.where(uncontained, 0, columns[name]).astype(dtype)
    columns |= {"aux_weight": weight[row], "aux_uncontained": uncontained}
    momenta = {"pt": resonances.pt, "eta": resonances.eta, "phi": resonances.phi}
    collisions = {
        "event": events.identifier,
        "weight": weight,
        "pt_hat": events.pt_hat.astype(np.float32),
        "resonance": _lists(momenta, {"pid": resonances.pid.astype(np.int16)}, resonances.offsets),
    }
    _write_trees(path, {"tree": columns, "collisions": collisions})


def write_events(path: Path, events: SimulatedEvents) -> None:
    """Write events (docs/data_flow.md) as TTree `events`; equal events give equal bytes.

    Args:
        path: the file; it appears under its name only when it is complete.
        events: the events.

    Raises:
        PipelineError: when the file cannot be written.
    """
    jets, deposits = events.jets, events.deposits
    eta, phi = DEPOSIT_GRID.centres(deposits.tower)
    deposit = {"eta": eta, "phi": phi, "em": deposits.em, "had": deposits.had, "track": deposits.track}
    jet = {"pt": jets.pt, "eta": jets.eta, "phi": jets.phi, "mass": jets.mass}
    columns = {
        "deposit": _lists(deposit, {"truth": deposits.source.astype(np.int16)}, deposits.offsets),
        "jet": _lists(jet, {"kind": jets.pid.astype(np.int16)}, jets.offsets),
        "pileup": events.pileup.astype(np.int32),
        "event": events.event,
        "library": events.library,
    }
    _write_trees(path, {"events": columns})


def _lists(numbers: dict[str, Floats], codes: dict[str, Any], offsets: Ints) -> ak.Array:
    columns = {name: values.astype(np.float32) for name, values in numbers.items()} | codes
    return ak.unflatten(ak.zip(columns), np.diff(offsets))


def _write_trees(path: Path, trees: dict[str, dict[str, Any]]) -> None:
    """Write trees: their columns by name of the tree."""
    import uproot

    try:
        with (
            whole_file(path) as partial,
            reproducible(path.name) as uuid_function,
            uproot.recreate(partial, compression=uproot.ZLIB(1), uuid_function=uuid_function) as file,
        ):
            for name, columns in trees.items():
                types = {key: _type(values) for key, values in columns.items()}
                tree = file.mktree(name, types, counter_name=lambda key: f"n{key}", field_name=_field_name)
                tree.extend(columns)
    except OSError as error:
        raise PipelineError(
            f"cannot be written: {error.strerror or error}",
            file=path,
            remedy="free disk space or correct the permissions, then run it again",
        ) from None


def _type(values: Any) -> Any:
    """The type of an entry of a column."""
    return values.type.content if isinstance(values, ak.Array) else values.dtype


def _field_name(outer: str, inner: str) -> str:
    return f"{outer}_{inner}" if outer else inner


def _columns(jets: SimulatedJets, event: Ints, label: str, constituents_max: int) -> dict[str, Any]:
    """All branches of the JetClass schema, and the identifier of each jet's event."""
    return _constituent_columns(jets, constituents_max) | _jet_columns(jets, label) | {"aux_event": event}


def _constituent_columns(jets: SimulatedJets, constituents_max: int) -> dict[str, Any]:
    constituents: ParticleFlowCandidates = jets.constituents
    sizes = np.diff(jets.offsets)
    jet = np.repeat(np.arange(len(sizes)), sizes)
    keep = np.arange(len(jet)) - jets.offsets[jet] < constituents_max
    jet_eta, jet_phi = np.arcsinh(jets.pz / np.hypot(jets.px, jets.py)), np.arctan2(jets.py, jets.px)
    eta, phi = (
        np.arcsinh(constituents.pz / np.hypot(constituents.px, constituents.py)),
        np.arctan2(constituents.py, constituents.px),
    )
    side = np.where(jet_eta >= 0, 1.0, -1.0)
    columns: dict[str, Floats] = {
        "px": constituents.px,
        "py": constituents.py,
        "pz": constituents.pz,
        "energy": constituents.energy,
        "deta": side[jet] * (eta - jet_eta[jet]),
        "dphi": wrap(phi - jet_phi[jet]),
        "d0val": constituents.d0,
        "d0err": constituents.d0_error,
        "dzval": constituents.dz,
        "dzerr": constituents.dz_error,
        "charge": constituents.charge,
    }
    fields: dict[str, Any] = {name: values[keep].astype(np.float32) for name, values in columns.items()}
    fields |= {name.removeprefix("part_"): (constituents.particle_kind == code)[keep] for name, code in _KINDS.items()}
    return {"part": ak.unflatten(ak.zip(fields), np.minimum(sizes, constituents_max))}


def _jet_columns(jets: SimulatedJets, label: str) -> dict[str, Any]:
    pt = np.hypot(jets.px, jets.py)
    values = {
        "jet_pt": pt,
        "jet_eta": np.arcsinh(jets.pz / pt),
        "jet_phi": np.arctan2(jets.py, jets.px),
        "jet_energy": jets.energy,
        "jet_nparticles": np.diff(jets.offsets),
        "jet_sdmass": jets.soft_drop_mass,
    }
    values |= {f"jet_tau{n + 1}": jets.tau[:, n] for n in range(jets.tau.shape[1])}
    columns: dict[str, Any] = {name: column.astype(np.float32) for name, column in values.items()}
    columns |= {name: np.full(len(pt), name == label, dtype=dtype) for name, dtype in LABELS.items()}
    columns["aux_genpart_pid"] = jets.pid.astype(np.int32)
    return columns


def wrap(angle: Floats) -> Floats:
    """An angle brought to (−π, π]."""
    return np.asarray(np.pi - (np.pi - angle) % (2 * np.pi))
