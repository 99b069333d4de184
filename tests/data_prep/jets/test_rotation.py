"""Jets turned about their axis: against scikit-hep vector, with their mass, by angles that belong to the jet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import vector

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.jets.chunk import JetChunk
from data_prep.jets.labels import ClassSettings
from data_prep.jets.rotation import RotatedReader, rotated_jets, rotation_angles
from data_prep.readers import Options
from data_prep.readers.layouts.jetclass import JetClassReader

OPTIONS = Options(classes=(ClassSettings(name="t", label="label_Tbqq"),))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 mock top jets."""
    path = tmp_path_factory.mktemp("jets") / "t.root"
    write_mock_file(path, mock_jets("t", 300, seed=4))
    return path


@pytest.fixture(scope="module")
def chunk(file: Path) -> JetChunk:
    """The jets as they are."""
    return JetClassReader(OPTIONS).read(file, 0, 300)


def _of_constituents(chunk: JetChunk, values: np.ndarray) -> np.ndarray:
    return np.repeat(values.astype(np.float64), chunk.multiplicity)


def _massless(chunk: JetChunk) -> JetChunk:
    return replace(chunk, energy=(chunk.pt.astype(np.float64) * np.cosh(chunk.eta)).astype(np.float32))


def _momenta(chunk: JetChunk) -> vector.MomentumNumpy4D:
    names = ("pt", "eta", "phi", "energy")
    return vector.array({name: getattr(chunk, name).astype(np.float64) for name in names})


def _sums(chunk: JetChunk) -> vector.MomentumNumpy4D:
    parts = _momenta(chunk)
    sums = {name: np.add.reduceat(getattr(parts, name), chunk.offsets[:-1]) for name in ("px", "py", "pz", "energy")}
    return vector.array(sums)


def test_it_is_the_rotation_of_scikit_hep_vector(chunk: JetChunk) -> None:
    """Boosted along the beam to η = 0, the jet at φ = 0, turned from z (η) to y (φ) about x, and back."""
    chunk = _massless(chunk)
    angle = rotation_angles(chunk, seed=1)
    beta = np.tanh(_of_constituents(chunk, chunk.jet_eta))
    phi = _of_constituents(chunk, chunk.jet_phi)
    at_rest = _momenta(chunk).boostZ(-beta).rotateZ(-phi)
    expected = at_rest.rotateX(-_of_constituents(chunk, angle)).rotateZ(phi).boostZ(beta)
    rotated = _momenta(rotated_jets(chunk, angle))
    scale = expected.energy
    for name in ("px", "py", "pz", "energy"):
        np.testing.assert_allclose(
            getattr(rotated, name) / scale, getattr(expected, name) / scale, atol=1e-5
        )  # float32
    assert np.abs(rotated.px - _momenta(chunk).px).max() > 10


def test_a_jet_keeps_mass_and_momentum_and_its_constituents_their_masses(chunk: JetChunk) -> None:
    before, after = _sums(_massless(chunk)), _sums(rotated_jets(_massless(chunk), rotation_angles(chunk, seed=2)))
    np.testing.assert_allclose(after.mass, before.mass, rtol=1e-4)
    heavy = replace(chunk, energy=(np.hypot(_momenta(_massless(chunk)).energy, 5.0)).astype(np.float32))
    mass = _momenta(rotated_jets(heavy, rotation_angles(chunk, seed=2))).mass
    soft = heavy.energy < 100  # in float32 the mass of a fast particle is lost in its energy
    np.testing.assert_allclose(mass[soft], 5.0, atol=0.01)
    # about the axis of the file, which is that of the sum up to float32 and the masses of constituents
    np.testing.assert_allclose(after.pt, before.pt, rtol=5e-3)
    full = rotated_jets(rotated_jets(chunk, np.full(300, 2.0)), np.full(300, 2 * np.pi - 2.0))
    np.testing.assert_allclose(full.pt, chunk.pt, rtol=1e-4, atol=1e-4)


def test_angles_belong_to_the_jet(file: Path, chunk: JetChunk) -> None:
    """Of whatever chunk it is read in; equally likely all round; others for another seed and another jet."""
    reader = RotatedReader(JetClassReader(OPTIONS), seed=1)
    assert reader.count(file) == 300
    part, whole = reader.read(file, 100, 200), reader.read(file, 0, 300)
    np.testing.assert_array_equal(part.eta, whole.eta[whole.offsets[100] : whole.offsets[200]])
    np.testing.assert_array_equal(whole.jet_pt, chunk.jet_pt)
    angle = rotation_angles(chunk, seed=1)
    assert (angle != rotation_angles(chunk, seed=2)).all()
    assert len(np.unique(rotation_angles(replace(chunk, event=np.zeros(300, np.uint64)), seed=1))) == 300
    counts = np.histogram(angle, bins=6, range=(0, 2 * np.pi))[0]
    assert counts.sum() == 300
    assert ((counts > 25) & (counts < 75)).all()


def test_what_is_not_finite_stays_so(chunk: JetChunk) -> None:
    """Such jets are dropped, and counted, when their images are made."""
    pt = chunk.pt.copy()
    pt[0] = np.nan
    pt_rotated, pt_of_finite = (
        rotated_jets(jets, rotation_angles(chunk, seed=1)).pt for jets in (replace(chunk, pt=pt), chunk)
    )
    assert np.isnan(pt_rotated[0])
    np.testing.assert_array_equal(pt_rotated[chunk.offsets[1] :], pt_of_finite[chunk.offsets[1] :])
