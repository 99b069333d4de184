"""The same mock jets written to each layout's published schema, for all tests of the readers.

Two jets an event in event layouts. Every writer takes the jets of `jets()` and a path; particle momenta are doubles
until a file's own type rounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import uproot

from benchmarks.mock import mock_jets, write_mock_file

F4, F8, I4 = np.float32, np.float64, np.int32
JETS = 60


@dataclass(frozen=True)
class Sample:
    """Jets of one class; lists by jet, and which of two classes each jet is of.

    Attributes:
        pt, eta, phi, energy, px, py, pz: awkward [jets, constituents].
        jet_pt, jet_eta, jet_phi, jet_mass: of the constituents' sum, [jets].
        signal: int [jets], 1 for every third jet.
    """

    pt: Any
    eta: Any
    phi: Any
    energy: Any
    px: Any
    py: Any
    pz: Any
    jet_pt: Any
    jet_eta: Any
    jet_phi: Any
    jet_mass: Any
    signal: Any

    @property
    def sizes(self) -> Any:
        return ak.to_numpy(ak.num(self.px))

    def __len__(self) -> int:
        return len(self.jet_pt)


def jets(number: int = JETS, seed: int = 3, sizes: Mapping[int, int] | None = None) -> Sample:
    """Top jets of massless constituents.

    Args:
        number: how many.
        seed: of the mock jets.
        sizes: jets that get so many constituents instead, cut or repeated.
    """
    branches = mock_jets("t", number, seed)
    lists = [ak.to_list(branches[f"part_{name}"]) for name in ("px", "py", "pz")]
    for jet, size in (sizes or {}).items():
        for component in lists:
            component[jet] = (component[jet] * (size // len(component[jet]) + 1))[:size]
    px, py, pz = (ak.values_astype(ak.Array(component), F8) for component in lists)
    pt = np.hypot(px, py)
    energy = np.sqrt(px**2 + py**2 + pz**2)
    x, y, z, e = (ak.to_numpy(ak.sum(component, axis=1)) for component in (px, py, pz, energy))
    with np.errstate(all="ignore"):
        return Sample(
            pt=pt,
            eta=np.arcsinh(pz / pt),
            phi=np.arctan2(py, px),
            energy=energy,
            px=px,
            py=py,
            pz=pz,
            jet_pt=np.hypot(x, y),
            jet_eta=np.arcsinh(z / np.hypot(x, y)),
            jet_phi=np.arctan2(y, x),
            jet_mass=np.sqrt(np.maximum(e**2 - x**2 - y**2 - z**2, 0)),
            signal=(np.arange(number) % 3 == 0).astype(I4),
        )


def write(path: Path, tree: str, branches: Mapping[str, Any], compression: Any = None) -> Path:
    """Write one tree as uproot does: each list with a counter of its own."""
    with uproot.recreate(path, compression=compression or uproot.ZLIB(1)) as file:
        add(file, tree, branches)
    return path


def add(file: Any, tree: str, branches: Mapping[str, Any]) -> None:
    """Add a tree to an opened file."""
    types = {name: ak.type(v).content if isinstance(v, ak.Array) else v.dtype for name, v in branches.items()}
    file.mktree(tree, types, counter_name=lambda name: "n" + name.replace(".", "_")).extend(dict(branches))


def single(values: Any) -> Any:
    """Single precision."""
    return ak.values_astype(values, F4) if isinstance(values, ak.Array) else np.asarray(values, F4)


def by_event(values: Any) -> ak.Array:
    """Numbers or lists of jets, two jets an event: [events, all of its]."""
    flat = np.asarray(ak.flatten(values)) if isinstance(values, ak.Array) else np.asarray(values)
    sizes = ak.to_numpy(ak.num(values)) if isinstance(values, ak.Array) else np.ones(len(values), np.int64)
    return ak.unflatten(flat, sizes.reshape(-1, 2).sum(axis=1))


def numbers(events: int) -> dict[str, Any]:
    """Run, luminosity block, event."""
    return {
        "run": np.ones(events, np.uint32),
        "luminosityBlock": np.arange(events, dtype=np.uint32) // 7,
        "event": np.arange(events, dtype=np.uint64) + 1000,
    }


def jetclass(sample: Sample, path: Path) -> Path:
    energy = np.sqrt((sample.jet_pt * np.cosh(sample.jet_eta)) ** 2 + sample.jet_mass**2)
    branches = {f"part_{name}": single(getattr(sample, name)) for name in ("px", "py", "pz", "energy")}
    branches |= {f"jet_{name}": single(getattr(sample, f"jet_{name}")) for name in ("pt", "eta", "phi")}
    branches |= {"jet_energy": single(energy), "label_Tbqq": sample.signal, "label_QCD": single(1 - sample.signal)}
    write_mock_file(path, branches, "zlib")
    return path


def _nano(sample: Sample) -> dict[str, Any]:
    raw = np.full(len(sample), 0.1, F4)
    jet = {
        "pt": sample.jet_pt / 0.9,
        "eta": sample.jet_eta,
        "phi": sample.jet_phi,
        "mass": sample.jet_mass / 0.9,
        "rawFactor": raw,
        "msoftdrop": sample.jet_mass,
    }
    branches = {f"FatJet_{name}": by_event(single(values)) for name, values in jet.items()}
    branches["FatJet_nBHadrons"] = by_event((2 * sample.signal).astype(np.uint8))
    branches["FatJet_genJetAK8Idx"] = by_event(np.tile([1, -1], len(sample) // 2).astype(I4))
    flavour = np.tile([21, 5], len(sample) // 2).astype(I4)
    branches["GenJetAK8_partonFlavour"] = by_event(flavour)
    top = {"pt": sample.jet_pt, "eta": sample.jet_eta + 0.1, "phi": sample.jet_phi, "pdgId": -6 * sample.signal}
    branches |= {f"GenPart_{name}": by_event(single(values)) for name, values in top.items() if name != "pdgId"}
    branches["GenPart_pdgId"] = by_event(top["pdgId"].astype(I4))
    branches["GenPart_statusFlags"] = by_event(np.full(len(sample), 1 << 13, I4))
    branches["genWeight"] = np.linspace(-1, 2, len(sample) // 2).astype(F4)
    return branches | numbers(len(sample) // 2)


def weights(sample: Sample) -> Any:
    """PUPPI weights as a file has them: some below 1."""
    flat = 0.25 + 0.75 * (np.arange(int(sample.sizes.sum())) % 4 > 0)
    return ak.unflatten(flat, sample.sizes)


def _index(sample: Sample) -> Any:
    """The index of each constituent's jet in its event, by jet."""
    return ak.unflatten(np.repeat(np.arange(len(sample)) % 2, sample.sizes).astype(I4), sample.sizes)


def pfnano_v1(sample: Sample, path: Path) -> Path:
    weight = weights(sample)
    lists = {
        "pt": sample.pt / weight,
        "eta": sample.eta,
        "phi": sample.phi,
        "mass": 0 * sample.pt,
        "puppiWeight": weight,
    }
    branches = {f"FatJetPFCands_{name}": by_event(single(values)) for name, values in lists.items()}
    branches["FatJetPFCands_jetIdx"] = by_event(_index(sample))
    return write(path, "Events", _nano(sample) | branches)


def pfnano_v2(sample: Sample, path: Path) -> Path:
    """The candidates of an event stand in reverse order, with one before them that is in no jet."""
    weight = weights(sample)
    lists = {
        "pt": sample.pt / weight,
        "eta": sample.eta,
        "phi": sample.phi,
        "mass": 0 * sample.pt,
        "puppiWeight": weight,
    }
    events = {name: by_event(values) for name, values in lists.items()}
    lone = ak.Array([[77.0]] * (len(sample) // 2))
    branches = {
        f"PFCands_{name}": single(ak.concatenate([lone, values[:, ::-1]], axis=1)) for name, values in events.items()
    }
    sizes = ak.num(events["pt"])
    branches["FatJetPFCands_pFCandsIdx"] = ak.values_astype(sizes - ak.local_index(events["pt"]), I4)
    branches["FatJetPFCands_jetIdx"] = by_event(_index(sample))
    branches["FatJetPFCands_pt"] = single(events["pt"])
    return write(path, "Events", _nano(sample) | branches)


def higgs_to_bb(sample: Sample, path: Path) -> Path:
    energy = np.sqrt((sample.jet_pt * np.cosh(sample.jet_eta)) ** 2 + sample.jet_mass**2)
    turn = (sample.phi - sample.jet_phi + np.pi) % (2 * np.pi) - np.pi
    branches = {
        "pfcand_ptrel": single(sample.pt / sample.jet_pt),
        "pfcand_erel": single(sample.energy / energy),
        "pfcand_etarel": single(np.where(sample.jet_eta > 0, 1, -1) * (sample.eta - sample.jet_eta)),
        "pfcand_phirel": single(turn),
        "pfcand_puppiw": single(weights(sample)),
    }
    branches |= {f"fj_{name}": single(getattr(sample, f"jet_{name}")) for name in ("pt", "eta", "phi", "mass")}
    branches |= {"fj_sdmass": single(sample.jet_mass), "fj_isH": sample.signal, "fj_isQCD": 1 - sample.signal}
    return write(path, "deepntuplizer/tree", branches | {"event_no": np.arange(len(sample), dtype=np.uint32)})


def delphes(sample: Sample, path: Path) -> Path:
    """Charged, photon and neutral objects in turn; the references of a jet in the order of its constituents."""
    unique = ak.unflatten(np.arange(int(sample.sizes.sum())) % 100_000 + 5, sample.sizes)
    group = unique % 3
    branches: dict[str, Any] = {}
    names = {
        "EFlowTrack": ("PT", None),
        "EFlowPhoton": ("ET", "E"),
        "EFlowNeutralHadron": ("ET", "E"),
    }
    for code, (name, (transverse, energy)) in enumerate(names.items()):
        mine = {
            "fUniqueID": unique,
            transverse: single(sample.pt),
            "Eta": single(sample.eta),
            "Phi": single(sample.phi),
        }
        if energy:
            mine[energy] = single(sample.energy)
        for member, values in mine.items():
            values = ak.values_astype(values, np.uint32) if member == "fUniqueID" else values
            branches[f"{name}.{member}"] = by_event(values[group == code])
    stored = {"PT": sample.jet_pt, "Eta": sample.jet_eta, "Phi": sample.jet_phi, "Mass": sample.jet_mass}
    branches |= {f"Jet.{name}": by_event(single(values)) for name, values in stored.items()}
    branches["Jet.Flavor"] = by_event(np.where(sample.signal, 5, 1).astype(np.uint32))
    branches["Jet.Constituents.refs"] = by_event(ak.values_astype(unique, I4))
    branches["Jet.Constituents.fSize"] = by_event(sample.sizes.astype(I4))
    generator = {"Eta": sample.jet_eta, "Phi": sample.jet_phi}
    branches |= {f"Particle.{name}": by_event(single(values)) for name, values in generator.items()}
    branches["Particle.PID"] = by_event((6 * sample.signal).astype(I4))
    branches["Particle.Status"] = by_event(np.full(len(sample), 62, I4))
    return write(path, "Delphes", branches)


def l1_puppi(sample: Sample, path: Path) -> Path:
    lists = {
        "pt": sample.pt,
        "eta": sample.eta,
        "phi": sample.phi,
        "mass": 0 * sample.pt,
        "puppiWeight": weights(sample),
    }
    branches = {f"L1PuppiCands_{name}": by_event(single(values)) for name, values in lists.items()}
    return write(path, "Events", branches | numbers(len(sample) // 2))


def l1_jets(sample: Sample, path: Path) -> Path:
    branches = {
        "jet_puppicand_pt": single(sample.pt),
        "jet_puppicand_eta_phys": single(sample.eta),
        "jet_puppicand_phi_phys": single(sample.phi),
        "jet_puppicand_mass": single(0 * sample.pt),
        "jet_puppicand_puppiweight": single(weights(sample)),
        "jet_genmatch_hflav": (5 * sample.signal).astype(np.uint32),
        "event": np.arange(len(sample), dtype=np.uint64) // 2,
    }
    branches |= {f"jet_{name}_phys": single(getattr(sample, f"jet_{name}")) for name in ("pt", "eta", "phi", "mass")}
    return write(path, "outnano/Jets", branches)


def _padded(values: Any, places: int) -> Any:
    return ak.to_numpy(ak.fill_none(ak.pad_none(values, places, clip=True), 0.0))


def lhc_jets(sample: Sample, path: Path) -> Path:
    """Names, shapes and types of the published files; columns that no reader looks at hold 7."""
    particles = np.where(_padded(sample.pt, 150)[..., np.newaxis] > 0, 7.0, 0.0) * np.ones(16)
    for column, name in enumerate(("px", "py", "pz", "energy")):
        particles[..., column] = _padded(getattr(sample, name), 150)
    names = ["px", "py", "pz", "e", "erel", "pt", "ptrel", "eta", "etarel", "etarot", "phi", "phirel", "phirot"]
    names += ["deltaR", "costheta", "costhetarel", "pdgid"]
    jet_names = ["j_ptfrac", "j_pt", "j_eta", "j_mass", *(f"j_x{i}" for i in range(49))]
    jet_names += ["j_g", "j_q", "j_w", "j_z", "j_t", "j_undef"]
    columns = np.full((len(sample), 59), 7.0)
    for name, values in {"j_pt": sample.jet_pt, "j_eta": sample.jet_eta, "j_mass": sample.jet_mass}.items():
        columns[:, jet_names.index(name)] = values
    columns[:, 53:] = 0
    columns[:, jet_names.index("j_t")] = sample.signal
    columns[:, jet_names.index("j_q")] = 1 - sample.signal
    with h5py.File(path, "w") as file:
        file.create_dataset("jetConstituentList", data=particles.astype(F4).astype(F8), compression="gzip")
        file.create_dataset("jets", data=columns, compression="gzip")
        file.create_dataset("particleFeatureNames", data=np.array([f"j1_{name}".encode() for name in names]))
        file.create_dataset("jetFeatureNames", data=np.array([name.encode() for name in jet_names]))
    return path


def top_tagging(sample: Sample, path: Path) -> Path:
    """A table as pandas writes it: 200 · (E, PX, PY, PZ) and the truth, then ttv and is_signal_new."""
    dtype = np.dtype([("index", "<i8"), ("values_block_0", "<f4", (804,)), ("values_block_1", "<i8", (2,))])
    table = np.zeros(len(sample), dtype)
    for column, name in enumerate(("energy", "px", "py", "pz")):
        table["values_block_0"][:, column:800:4] = _padded(getattr(sample, name), 200)
    table["values_block_1"][:, 1] = sample.signal
    with h5py.File(path, "w") as file:
        file.create_dataset("table/table", data=table, compression="gzip")
    return path


WRITERS: dict[str, tuple[Callable[[Sample, Path], Path], str]] = {
    "jetclass": (jetclass, "label_Tbqq"),
    "pfnano_v1": (pfnano_v1, "FatJet_nBHadrons >= 2"),
    "pfnano_v2": (pfnano_v2, "FatJet_nBHadrons >= 2"),
    "higgs_to_bb": (higgs_to_bb, "fj_isH"),
    "delphes": (delphes, "Jet.Flavor == 5"),
    "l1_puppi": (l1_puppi, ""),
    "l1_jets": (l1_jets, "jet_genmatch_hflav == 5"),
    "lhc_jets": (lhc_jets, "j_t"),
    "top_tagging": (top_tagging, "is_signal_new"),
}
"""Each layout's writer, and the label of its signal."""
