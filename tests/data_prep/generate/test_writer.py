"""The ROOT files: JetClass schema, the same bytes for the same jets, errors in one line."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from data_prep.errors import PipelineError
from data_prep.generate.detector import CHARGED_HADRON, PHOTON, ParticleFlowCandidates
from data_prep.generate.jets import SimulatedJets
from data_prep.generate.writer import wrap, write_jets

EVENT = np.array([2**57 + 5, 2**57 + 6])

JETCLASS = {
    **{f"part_{name}": "float[]" for name in ("px", "py", "pz", "energy", "deta", "dphi", "charge")},
    **{f"part_{name}": "float[]" for name in ("d0val", "d0err", "dzval", "dzerr")},
    **{f"part_is{name}": "bool[]" for name in ("ChargedHadron", "NeutralHadron", "Photon", "Electron", "Muon")},
    **{f"jet_{name}": "float" for name in ("pt", "eta", "phi", "energy", "nparticles", "sdmass")},
    **{f"jet_tau{n}": "float" for n in (1, 2, 3, 4)},
    "label_QCD": "float",
    **{f"label_{name}": "bool" for name in ("Hbb", "Hcc", "Hgg", "H4q", "Hqql")},
    **{f"label_{name}": "int32_t" for name in ("Zqq", "Wqq", "Tbqq", "Tbl")},
    "aux_genpart_pid": "int32_t",
    "aux_event": "int64_t",
    "npart": "int32_t",
}
"""Branches of the JetClass files (arXiv:2202.03772, doi:10.5281/zenodo.6619768), arrays in place of std::vector."""


@pytest.fixture
def jets() -> SimulatedJets:
    """A jet of three constituents at η < 0 and φ near π, and one of a single photon."""
    pt, eta = np.array([400.0, 200.0, 1.0, 700.0]), np.array([-0.5, -0.3, -0.9, 1.0])
    phi, kinds = np.array([3.1, -3.1, 3.0, 0.5]), np.array([CHARGED_HADRON, PHOTON, PHOTON, PHOTON])
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = pt * np.cosh(eta)
    charged = np.array([1.0, 0.0, 0.0, 0.0])
    members = ParticleFlowCandidates(
        event=np.array([0, 0, 0, 1]),
        px=px,
        py=py,
        pz=pz,
        energy=energy,
        charge=charged,
        particle_kind=kinds,
        d0=0.1 * charged,
        d0_error=0.01 * charged,
        dz=0.2 * charged,
        dz_error=0.02 * charged,
    )
    sums = [np.add.reduceat(values, [0, 3]) for values in (px, py, pz, energy)]
    return SimulatedJets(
        np.array([0, 1]),
        np.array([24, 24]),
        *sums,
        np.array([80.0, 0.0]),
        np.ones((2, 4)),
        np.array([0, 3, 4]),
        members,
    )


def read(path: Path) -> ak.Array:
    with uproot.open(path) as file:
        return file["tree"].arrays()


def test_schema_is_that_of_jetclass(tmp_path: Path, jets: SimulatedJets) -> None:
    write_jets(tmp_path / "w.root", jets, EVENT, "label_Wqq", 200)
    with uproot.open(tmp_path / "w.root") as file:
        assert {branch.name: branch.typename for branch in file["tree"].branches} == JETCLASS


def test_values(tmp_path: Path, jets: SimulatedJets) -> None:
    write_jets(tmp_path / "w.root", jets, EVENT, "label_Wqq", 200)
    tree = read(tmp_path / "w.root")
    assert tree.aux_event.tolist() == EVENT.tolist()
    assert tree.label_Wqq.tolist() == [1, 1]
    assert tree.label_QCD.tolist() == [0, 0]
    assert tree.aux_genpart_pid.tolist() == [24, 24]
    assert tree.jet_nparticles.tolist() == [3, 1]
    assert tree.part_isPhoton.tolist() == [[False, True, True], [True]]
    np.testing.assert_allclose(ak.sum(tree.part_energy, axis=1), tree.jet_energy, rtol=1e-6)
    np.testing.assert_allclose(tree.part_d0val[0], [0.1, 0, 0], rtol=1e-6)
    # η of the first jet is negative: deta has its sign turned; φ differences go across ±π.
    np.testing.assert_allclose(tree.part_deta[0], -(np.array([-0.5, -0.3, -0.9]) - tree.jet_eta[0]), atol=1e-6)
    np.testing.assert_allclose(
        tree.part_dphi[0], [3.1 - tree.jet_phi[0], 2 * np.pi - 3.1 - tree.jet_phi[0], 3.0 - tree.jet_phi[0]], atol=1e-6
    )
    np.testing.assert_allclose([tree.part_deta[1, 0], tree.part_dphi[1, 0]], 0, atol=1e-6)


def test_only_the_hardest_constituents_are_written(tmp_path: Path, jets: SimulatedJets) -> None:
    write_jets(tmp_path / "w.root", jets, EVENT, "label_Wqq", 2)
    tree = read(tmp_path / "w.root")
    assert ak.num(tree.part_px).tolist() == [2, 1]
    assert tree.jet_nparticles.tolist() == [3, 1]
    assert tree.npart.tolist() == [2, 1]


def test_same_jets_same_bytes(tmp_path: Path, jets: SimulatedJets) -> None:
    """ROOT's time stamps have a resolution of one second."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_jets(tmp_path / folder / "w.root", jets, EVENT, "label_Wqq", 200)
        time.sleep(1.1)
    assert (tmp_path / "one" / "w.root").read_bytes() == (tmp_path / "two" / "w.root").read_bytes()


def test_a_disk_without_room_is_one_line(tmp_path: Path, jets: SimulatedJets) -> None:
    """A limit on file sizes stands for a full disk."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, old[1]))
    try:
        with pytest.raises(PipelineError, match=r"w\.root: cannot be written: .*free disk space"):
            write_jets(tmp_path / "w.root", jets, EVENT, "label_Wqq", 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_one_line(tmp_path: Path, jets: SimulatedJets) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PipelineError, match="cannot be written"):
        write_jets(tmp_path / "file" / "w.root", jets, EVENT, "label_Wqq", 200)


def test_wrapped_angles() -> None:
    angles = np.array([0.0, np.pi, -np.pi, 3.5, -3.5, 7.0])
    expected = [0.0, np.pi, np.pi, 3.5 - 2 * np.pi, 2 * np.pi - 3.5, 7.0 - 2 * np.pi]
    np.testing.assert_allclose(wrap(angles), expected, atol=1e-12)
