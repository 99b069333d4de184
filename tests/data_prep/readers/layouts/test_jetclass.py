"""The JetClass reader: values against vector, optional branches, types, chunks."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import vector

from benchmarks.mock import mock_jets, write_mock_file
from data_prep import readers
from data_prep.errors import InputFileError
from data_prep.jets.chunk import NO_CLASS, JetChunk, ParticleKind
from data_prep.readers.layouts.jetclass import JetClassReader


def without(branches: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values for name, values in branches.items() if name not in names}


def read_all(reader: JetClassReader, file: Path) -> JetChunk:
    return reader.read(file, 0, reader.count(file))


def test_values_are_those_of_the_file(branches: dict[str, Any], jetclass_file: Path, reader: JetClassReader) -> None:
    assert reader.count(jetclass_file) == 200
    chunk = read_all(reader, jetclass_file)
    parts = {
        name: ak.to_numpy(ak.flatten(branches[f"part_{name}"])).astype(float) for name in ("px", "py", "pz", "energy")
    }
    expected = vector.array({name: parts[name] for name in ("px", "py", "pz")} | {"E": parts["energy"]})
    np.testing.assert_array_equal(chunk.offsets, np.concatenate([[0], np.cumsum(branches["jet_nparticles"])]))
    np.testing.assert_allclose(chunk.pt, expected.pt, rtol=1e-6)
    np.testing.assert_allclose(chunk.eta, expected.eta, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(chunk.phi, expected.phi, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(chunk.energy, parts["energy"])
    for name in ("jet_pt", "jet_eta", "jet_phi"):
        np.testing.assert_array_equal(getattr(chunk, name), branches[name])
    for name, values in chunk.stored.items():
        np.testing.assert_array_equal(values, branches[name])
    np.testing.assert_allclose(chunk.jet_mass, branches["jet_sdmass"], rtol=1e-4)
    np.testing.assert_array_equal(chunk.event, branches["aux_event"])
    assert set(chunk.label.tolist()) == {1}
    assert set(chunk.weight.tolist()) == {1.0}
    assert chunk.charge is None
    assert chunk.particle_kind is None


@pytest.mark.parametrize("size", [1, 7, 199, 200, 1000])
def test_chunks_are_the_file_in_order(jetclass_file: Path, reader: JetClassReader, size: int) -> None:
    chunks, all_jets = list(readers.chunks(reader, jetclass_file, size)), read_all(reader, jetclass_file)
    assert [chunk.jets for chunk in chunks] == [size] * (200 // size) + [200 % size] * (200 % size > 0)
    for field in fields(JetChunk):
        if field.name not in ("offsets", "stored", "charge", "particle_kind", "entries", "entry"):
            joined = np.concatenate([getattr(chunk, field.name) for chunk in chunks])
            np.testing.assert_array_equal(joined, getattr(all_jets, field.name), err_msg=field.name)


def test_charge_and_kind_where_asked_for(branches: dict[str, Any], jetclass_file: Path, reader: JetClassReader) -> None:
    chunk = read_all(replace(reader, options=replace(reader.options, particles=True)), jetclass_file)
    assert chunk.charge is not None
    assert chunk.particle_kind is not None
    np.testing.assert_array_equal(chunk.charge, ak.to_numpy(ak.flatten(branches["part_charge"])))
    photon = ak.to_numpy(ak.flatten(branches["part_isPhoton"]))
    np.testing.assert_array_equal(chunk.particle_kind == ParticleKind.PHOTON, photon)
    assert ParticleKind.UNKNOWN not in chunk.particle_kind


def test_computed_jets_where_the_file_has_none(
    branches: dict[str, Any], jetclass_file: Path, reader: JetClassReader, tmp_path: Path
) -> None:
    file = tmp_path / "bare.root"
    write_mock_file(file, without(branches, "jet_eta", "jet_tau2"))
    chunk, stored = read_all(reader, file), read_all(reader, jetclass_file)
    np.testing.assert_allclose(chunk.jet_pt, stored.jet_pt, rtol=1e-6)
    np.testing.assert_allclose(chunk.jet_eta, stored.jet_eta, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(chunk.jet_phi, stored.jet_phi, rtol=1e-6, atol=1e-6)
    assert np.isnan(chunk.stored["jet_tau2"]).all()
    assert np.isfinite(chunk.stored["jet_tau1"]).all()


def test_the_same_jet_in_two_files_without_identifiers(
    branches: dict[str, Any], reader: JetClassReader, tmp_path: Path
) -> None:
    bare = without(branches, "aux_event")
    write_mock_file(tmp_path / "one.root", bare)
    write_mock_file(tmp_path / "two.root", {name: values[100:] for name, values in bare.items()})
    first_event, second_event = (
        read_all(reader, tmp_path / "one.root").event,
        read_all(reader, tmp_path / "two.root").event,
    )
    assert len(set(first_event.tolist())) == 200
    np.testing.assert_array_equal(second_event, first_event[100:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_, np.int32, np.uint8, np.int64])
def test_labels_of_any_type(branches: dict[str, Any], reader: JetClassReader, tmp_path: Path, dtype: type) -> None:
    member = np.arange(200) % 3 == 0
    write_mock_file(tmp_path / "t.root", branches | {"label_Tbqq": member.astype(dtype)})
    np.testing.assert_array_equal(read_all(reader, tmp_path / "t.root").label, np.where(member, 1, NO_CLASS))


def test_double_precision_constituents(branches: dict[str, Any], reader: JetClassReader, tmp_path: Path) -> None:
    doubles = {
        name: ak.values_astype(branches[name], np.float64) for name in ("part_px", "part_py", "part_pz", "part_energy")
    }
    write_mock_file(tmp_path / "t.root", branches | doubles)
    write_mock_file(tmp_path / "f.root", branches)
    np.testing.assert_array_equal(read_all(reader, tmp_path / "t.root").pt, read_all(reader, tmp_path / "f.root").pt)


def test_jets_without_constituents(reader: JetClassReader, tmp_path: Path) -> None:
    jets = mock_jets("t", 4, 1)
    keep = ak.Array([[True] * n for n in ak.num(jets["part_px"])])
    keep = keep & (np.arange(4) % 2 == 0)[:, np.newaxis]
    empty = {name: values[keep] if name.startswith("part_") else values for name, values in jets.items()}
    write_mock_file(tmp_path / "t.root", empty)
    chunk = read_all(reader, tmp_path / "t.root")
    assert (chunk.multiplicity > 0).tolist() == [True, False, True, False]


def test_an_empty_tree_has_no_jets(branches: dict[str, Any], reader: JetClassReader, tmp_path: Path) -> None:
    write_mock_file(tmp_path / "t.root", {name: values[:0] for name, values in branches.items()})
    assert reader.count(tmp_path / "t.root") == 0
    assert read_all(reader, tmp_path / "t.root").jets == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"part_px": None}, "lacks the branch part_px"),
        ({"label_Tbqq": None, "aux_genpart_pid": None}, "lacks the branches label_Tbqq, aux_genpart_pid"),
        ({"part_px": np.zeros(200, np.float32)}, "part_px does not hold a list of numbers"),
        ({"jet_pt": ak.Array([[1.0], [2.0]] * 100)}, "jet_pt does not hold one number"),
        ({"part_pz": ak.Array([[1.0], [2.0]] * 100)}, "part_px and part_pz hold lists of different lengths"),
        ({"part_px": np.zeros((200, 3), np.float32)}, "part_px does not hold a list of numbers"),
    ],
)
def test_wrong_branches_are_named(
    branches: dict[str, Any], reader: JetClassReader, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    import uproot

    content = {name: values for name, values in (branches | change).items() if values is not None}
    with uproot.recreate(tmp_path / "t.root") as file:
        types = {
            n: ak.type(v).content if isinstance(v, ak.Array) else np.dtype((v.dtype, v.shape[1:]))
            for n, v in content.items()
        }
        file.mktree("tree", types, counter_name=lambda name: f"n{name}").extend(content)
    with pytest.raises(InputFileError, match=f"t.root: .*{reason}"):
        read_all(reader, tmp_path / "t.root")
