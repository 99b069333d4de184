"""Seeded generators of mock jets in the JetClass schema and of mock events, for tests and benchmarks.

The jets have the right number of prongs, masses, radiation around the prongs and multiplicities of the right size;
nothing else about them is physics.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.events.batch import QUARK_GLUON, TOP, EventBatch
from data_prep.events.batch import concatenate as join_events
from data_prep.events.batch import empty as no_events
from data_prep.events.truth import NO_JET, majority
from data_prep.generate.writer import LABELS
from data_prep.jets.event_identifiers import number_hash

Branches = dict[str, Any]
Floats = npt.NDArray[np.float64]

CLASSES = {
    # name: label branch, PDG id, mass (GeV), prongs, mean multiplicity
    "q": ("label_QCD", 1, 30.0, 1, 40),
    "g": ("label_QCD", 21, 45.0, 1, 60),
    "w": ("label_Wqq", 24, 80.4, 2, 45),
    "z": ("label_Zqq", 23, 91.2, 2, 48),
    "h": ("label_Hbb", 25, 125.0, 2, 52),
    "t": ("label_Tbqq", 6, 172.7, 3, 60),
}
"""The classes that can be mocked."""

KINDS = ("ChargedHadron", "NeutralHadron", "Photon", "Electron", "Muon")
_KIND_SHARES = (0.55, 0.12, 0.31, 0.01, 0.01)


def mock_jets(name: str, jets: int, seed: int, *, pt: tuple[float, float] = (500.0, 1000.0)) -> Branches:
    """Mock jets of one class, as branches of the JetClass schema.

    Args:
        name: one of `CLASSES`.
        jets: how many.
        seed: the same seed gives the same jets.
        pt: range of the summed prong pT (GeV), uniform.

    Returns:
        branch name to array: awkward float32 [jets, constituents] sorted by falling pT, numpy [jets].

    Raises:
        KeyError: an unknown class.
    """
    label, pid, mass, prongs, multiplicity = CLASSES[name]
    rng = np.random.default_rng([seed, list(CLASSES).index(name)])
    jet_pt, jet_eta, jet_phi = rng.uniform(*pt, jets), rng.uniform(-2, 2, jets), rng.uniform(-np.pi, np.pi, jets)
    share = 0.15 + 0.85 * rng.dirichlet(np.ones(prongs), jets) if prongs > 1 else np.ones((jets, 1))
    share /= share.sum(axis=1, keepdims=True)
    # prongs on a circle about the axis, weighted so that the axis is their centre, at the opening that gives the mass
    angle = rng.uniform(0, 2 * np.pi, (jets, 1)) + 2 * np.pi * np.arange(prongs) / prongs
    # m² = pT² Σ_{i<j} z_i z_j ΔR²_ij, where the prongs are a chord of the circle apart
    chord = 2 * np.sin(np.pi / prongs)
    pairs = (1 - (share**2).sum(axis=1)) / 2
    opening = 0.0 if prongs == 1 else (mass / (jet_pt * chord * np.sqrt(pairs)))[:, np.newaxis]
    prong_eta, prong_phi = opening * np.cos(angle), opening * np.sin(angle)
    prong_eta = prong_eta - (share * prong_eta).sum(axis=1, keepdims=True)
    prong_phi = prong_phi - (share * prong_phi).sum(axis=1, keepdims=True)

    sizes = np.maximum(1, rng.poisson(multiplicity, jets))
    jet = np.repeat(np.arange(jets), sizes)
    prong = (rng.random(jet.size)[:, np.newaxis] > share.cumsum(axis=1)[jet, :-1]).sum(axis=1)
    part_pt = 0.02 + rng.exponential(1.0, jet.size) ** 2
    part_pt *= (jet_pt / np.bincount(jet, part_pt, jets))[jet]
    width = 1.5 * mass if prongs == 1 else 0.3 * mass / prongs
    spread = np.minimum(0.7, rng.exponential(width / jet_pt[jet] / (1 + 0.2 * part_pt)))
    turn = rng.uniform(0, 2 * np.pi, jet.size)
    eta = jet_eta[jet] + prong_eta[jet, prong] + spread * np.cos(turn)
    phi = jet_phi[jet] + prong_phi[jet, prong] + spread * np.sin(turn)
    order = np.lexsort((-part_pt, jet))
    part_pt, eta, phi = part_pt[order], eta[order], phi[order]

    species = rng.choice(len(KINDS), jet.size, p=_KIND_SHARES)
    charge = np.where(np.isin(species, (0, 3, 4)), rng.choice((-1, 1), jet.size), 0)
    momentum: Floats = np.stack([part_pt * np.cos(phi), part_pt * np.sin(phi), part_pt * np.sinh(eta)])
    parts: Branches = dict(zip(("part_px", "part_py", "part_pz"), momentum, strict=True))
    parts["part_energy"] = np.sqrt((momentum**2).sum(axis=0) + 0.14**2 * (species == 0))
    parts["part_charge"] = charge
    total: list[Floats] = [
        np.bincount(jet, values, jets).astype(np.float64) for values in (*momentum, parts["part_energy"])
    ]
    branches: Branches = {key: ak.unflatten(values.astype(np.float32), sizes) for key, values in parts.items()}
    for code, kind_name in enumerate(KINDS):
        branches[f"part_is{kind_name}"] = ak.unflatten(species == code, sizes)
    return branches | _jet_branches(total, sizes, seed, label, pid, prongs)


def _jet_branches(
    total: list[Floats], sizes: npt.NDArray[np.int64], seed: int, label: str, pid: int, prongs: int
) -> Branches:
    px, py, pz, energy = total
    pt = np.hypot(px, py)
    mass = np.sqrt(np.maximum(energy**2 - pt**2 - pz**2, 0))
    jets = len(sizes)
    tau = np.where(np.arange(1, 5) <= prongs, 0.3, 0.1) * (mass / pt)[:, np.newaxis]
    columns = {
        "jet_pt": pt,
        "jet_eta": np.arcsinh(pz / pt),
        "jet_phi": np.arctan2(py, px),
        "jet_energy": energy,
        "jet_nparticles": sizes,
        "jet_sdmass": mass,
        **{f"jet_tau{n + 1}": tau[:, n] for n in range(4)},
    }
    branches: Branches = {key: values.astype(np.float32) for key, values in columns.items()}
    for branch, dtype in LABELS.items():
        branches[branch] = np.full(jets, branch == label, dtype)
    branches["aux_event"] = (np.int64(seed) * 100 + pid) * 10_000_000 + np.arange(jets)
    branches["aux_genpart_pid"] = np.full(jets, pid, np.int32)
    return branches


def write_mock_file(path: Path, branches: Mapping[str, Any], compression: str = "lz4") -> None:
    """Write branches as TTree `tree` of a ROOT file, the way uproot does: jagged ones as a counter and an array.

    Args:
        path: the file.
        branches: as `mock_jets` gives them.
        compression: `lz4`, `zlib` or `zstd`, each at its fastest level.
    """
    import uproot

    codec = {"zstd": uproot.ZSTD, "lz4": uproot.LZ4, "zlib": uproot.ZLIB}[compression](1)
    with uproot.recreate(path, compression=codec) as file:
        types = {
            name: ak.type(values).content if isinstance(values, ak.Array) else values.dtype
            for name, values in branches.items()
        }
        tree = file.mktree("tree", types, counter_name=lambda _: "npart")
        tree.extend(dict(branches))


def mock_events(
    rng: np.random.Generator,
    n: int,
    *,
    shape: tuple[int, int, int] = (56, 72, 3),
    wrap: int = 4,
    pileup: float = 20.0,
    jets: tuple[int, int] = (0, 4),
    unlisted: bool = False,
) -> EventBatch:
    """Mock events with pileup and truth, on towers of 2π / columns in η and φ.

    Jets are discs of exponential energies that can overlap and cross φ = ±π; tops are wider than bosons, these wider
    than quarks. Pileup is soft and everywhere. Nothing else about them is physics.

    Args:
        rng: the source of all choices.
        n: events.
        shape: rows (η), columns (φ), channels (electromagnetic, hadronic, tracks; at least one).
        wrap: columns that `dense` repeats on each side.
        pileup: mean number of interactions; each lights some towers.
        jets: fewest and most jets of an event.
        unlisted: whether the softest jet of an event with two or more is not listed, and its towers are undecided.
    """
    events = [_mock_event(rng, index, shape, wrap, pileup, jets, unlisted) for index in range(n)]
    return join_events(events) if events else no_events(shape, wrap)


def _mock_event(
    rng: np.random.Generator,
    index: int,
    shape: tuple[int, int, int],
    wrap: int,
    pileup: float,
    jets: tuple[int, int],
    unlisted: bool,
) -> EventBatch:
    rows, columns, channels = shape
    step = 2 * np.pi / columns
    eta = (np.arange(rows) + 0.5 - rows / 2) * step
    phi = (np.arange(columns) + 0.5) * step - np.pi
    number = int(rng.integers(jets[0], jets[1] + 1))
    jet_class = rng.integers(QUARK_GLUON, TOP + 1, number)
    pt = np.sort(rng.uniform(50, 500, number))[::-1]
    axis_eta = rng.uniform(0.8 * eta[0], 0.8 * eta[-1], number)
    axis_phi = rng.uniform(-np.pi, np.pi, number)
    drawn = int(rng.poisson(pileup))
    energy = np.zeros((NO_JET + number, rows * columns))
    lit = rng.integers(0, rows * columns, rng.poisson(6 * drawn))
    energy[0] = np.bincount(lit, rng.exponential(0.7, lit.size), rows * columns)
    boxes = np.zeros((number, 4), np.float32)
    for jet in range(number):
        radius = 0.1 * (1 + jet_class[jet])
        delta_eta = eta[:, np.newaxis] - axis_eta[jet]
        delta_phi = (phi - axis_phi[jet] + np.pi) % (2 * np.pi) - np.pi
        inside = np.hypot(delta_eta, delta_phi) < radius
        inside[np.abs(delta_eta[:, 0]).argmin(), np.abs(delta_phi).argmin()] = True
        share = inside * rng.exponential(1.0, inside.shape)
        energy[NO_JET + jet] = (pt[jet] * share / share.sum()).ravel()
        row, column = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        low = axis_phi[jet] + delta_phi[column].min() - step / 2
        turns = 2 * np.pi * np.floor((low + np.pi) / (2 * np.pi))
        high = axis_phi[jet] + delta_phi[column].max() + step / 2
        boxes[jet] = eta[row[0]] - step / 2, eta[row[-1]] + step / 2, low - turns, high - turns
    total = energy.sum(axis=0)
    listed = number - (unlisted and number > 1)
    energy[1] = energy[NO_JET + listed :].sum(axis=0)
    energy = energy[: NO_JET + listed]
    tower = np.flatnonzero(total)
    truth = [majority(energy[:, k].astype(np.float32), jet_class[:listed].astype(np.uint8)) for k in tower]
    share = rng.dirichlet(np.ones(channels), tower.size)
    value = (total[tower, np.newaxis] * share).astype(np.float32).ravel()
    pixel = (tower[:, np.newaxis] * channels + np.arange(channels)).ravel()
    return EventBatch(
        shape=shape,
        wrap=wrap,
        offsets=np.array([0, np.count_nonzero(value)]),
        pixel=pixel[value > 0].astype(np.uint16),
        value=value[value > 0],
        tower_offsets=np.array([0, tower.size]),
        tower=tower.astype(np.uint16),
        tower_class=np.array([code for code, _ in truth], np.uint8),
        tower_instance=np.array([instance for _, instance in truth], np.uint8),
        tower_pt_true=energy[1:, tower].sum(axis=0).astype(np.float32),
        jet_offsets=np.array([0, listed]),
        jet_pt=pt[:listed].astype(np.float32),
        jet_eta=axis_eta[:listed].astype(np.float32),
        jet_phi=axis_phi[:listed].astype(np.float32),
        jet_mass=np.array([(0, 0, 20, 90, 173)[code] for code in jet_class[:listed]], np.float32),
        jet_kind=jet_class[:listed].astype(np.uint8),
        jet_box=boxes[:listed],
        unlisted_offsets=np.array([0, number - listed]),
        unlisted_pt=pt[listed:].astype(np.float32),
        unlisted_eta=axis_eta[listed:].astype(np.float32),
        unlisted_phi=axis_phi[listed:].astype(np.float32),
        pileup=np.array([drawn], np.float32),
        event=number_hash(np.array([index])),
        library=number_hash(np.array([index // 5])),
        weight=np.ones(1, np.float32),
    )
