"""Layouts of the user's: the same jets as the reader that is made for them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
from pydantic import ValidationError

from data_prep import readers
from data_prep.errors import InputFileError
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import reader_of
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

SIGNAL = Options(classes=(ClassSettings(name="t", label="kind == 7 and jet_pt > 0"),))


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(20, sizes={2: 1, 4: 0})


def layout(**content: Any) -> OwnLayout:
    return OwnLayout.model_validate({"tree": "deep/tree", **content})


def check(file: Path, own: OwnLayout, sample: samples.Sample) -> None:
    """That all jets arrive, in any chunks."""
    reader, counts, entry = reader_of([file], SIGNAL, own)
    chunk = reader.read(file, 0, counts[file])
    assert entry == own.entry
    np.testing.assert_array_equal(chunk.multiplicity, sample.sizes)
    for quantity in ("pt", "energy"):
        np.testing.assert_allclose(
            getattr(chunk, quantity), ak.to_numpy(ak.flatten(getattr(sample, quantity))), rtol=2e-6
        )
    np.testing.assert_allclose(chunk.eta, ak.to_numpy(ak.flatten(sample.eta)), atol=1e-6)
    np.testing.assert_array_equal(chunk.label == 0, sample.signal == 1)
    closure = check_closure(chunk)
    assert closure.problems == ()
    assert closure.pt is not None
    parts = list(readers.chunks(reader, file, 3))
    np.testing.assert_array_equal(np.concatenate([part.energy for part in parts]), chunk.energy)
    np.testing.assert_array_equal(np.concatenate([part.event for part in parts]), chunk.event)


def common(sample: samples.Sample, unit: float = 1) -> dict[str, Any]:
    named = {"jet_pt": sample.jet_pt * unit, "jet_m": sample.jet_mass * unit}
    branches = {name: np.nan_to_num(samples.single(values)) for name, values in named.items()}
    branches |= {"jet_eta": np.nan_to_num(samples.single(sample.jet_eta)), "jet_phi": samples.single(sample.jet_phi)}
    return branches | {"kind": 7 * sample.signal}


JET = {"pt": "jet_pt", "eta": "jet_eta", "phi": "jet_phi", "mass": "jet_m"}


def test_jets_in_mev_with_fractions_and_relative_angles(sample: samples.Sample, tmp_path: Path) -> None:
    side = np.where(sample.jet_eta < 0, -1, 1)
    lists = {
        "c_fraction": sample.pt / sample.jet_pt / 0.5,
        "c_w": 0 * sample.pt + 0.5,
        "c_deta": side * (sample.eta - sample.jet_eta),
        "c_dphi": sample.phi - sample.jet_phi,
    }
    branches = common(sample, 1000) | {name: ak.nan_to_num(samples.single(v)) for name, v in lists.items()}
    file = samples.write(tmp_path / "t.root", "deep/tree", branches)
    constituents = {"pt": "c_fraction * jet_pt", "eta": "c_deta", "phi": "c_dphi", "weight": "c_w"}
    constituents["angles"] = "relative, mirrored"
    own = layout(constituents=constituents, jet=JET, momenta="MeV")
    check(file, own, sample)
    # the same file read as GeV is noticed
    reader, counts, _ = reader_of([file], SIGNAL, own.model_copy(update={"momenta": "GeV"}))
    assert "the file is in MeV" in check_closure(reader.read(file, 0, counts[file])).problems[0]


def test_jets_by_cartesian_momenta(sample: samples.Sample, tmp_path: Path) -> None:
    branches = common(sample) | {name: getattr(sample, name) for name in ("px", "py", "pz", "energy")}
    file = samples.write(tmp_path / "t.root", "deep/tree", branches)
    check(file, layout(constituents={n: n for n in ("px", "py", "pz", "energy")}, jet=JET), sample)


def test_events_with_a_jet_index(sample: samples.Sample, tmp_path: Path) -> None:
    lists = {"c_pt": sample.pt, "c_eta": sample.eta, "c_phi": sample.phi, "c_e": sample.energy}
    branches = {name: samples.by_event(values) for name, values in (common(sample) | lists).items()}
    branches["c_jet"] = samples.by_event(samples._index(sample))
    branches["number"] = np.arange(10, dtype=np.int64)
    file = samples.write(tmp_path / "t.root", "deep/tree", branches)
    constituents = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi", "energy": "c_e", "jet_index": "c_jet"}
    check(file, layout(entry="event", constituents=constituents, jet=JET), sample)
    named = layout(entry="event", constituents=constituents, jet=JET, event=["number"])
    reader, _, _ = reader_of([file], SIGNAL, named)
    assert len(set(reader.read(file, 0, 10).event.tolist())) == 10


def test_units_that_do_not_match_warn(sample: samples.Sample, tmp_path: Path) -> None:
    branches = common(sample) | {"c_pt": 1000 * sample.pt, "c_eta": sample.eta, "c_phi": sample.phi}
    file = samples.write(tmp_path / "t.root", "deep/tree", branches)
    own = layout(constituents={"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}, jet=JET)
    reader, counts, _ = reader_of([file], SIGNAL, own)
    problems = check_closure(reader.read(file, 0, counts[file])).problems
    assert any("1000.0000 ± 0.0000" in problem and "MeV" in problem for problem in problems)


def test_missing_branches_and_trees(sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.write(tmp_path / "t.root", "deep/tree", common(sample))
    own = layout(constituents={"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"})
    with pytest.raises(InputFileError, match="lacks the branches c_pt, c_eta, c_phi"):
        reader_of([file], SIGNAL, own)
    with pytest.raises(InputFileError, match="holds no tree 'x', it has deep/tree"):
        reader_of([file], SIGNAL, own.model_copy(update={"tree": "x"}))
    flat = layout(constituents={"pt": "jet_pt", "eta": "jet_eta", "phi": "jet_phi"})
    with pytest.raises(InputFileError, match="jet_pt does not hold a list of numbers"):
        reader_of([file], SIGNAL, flat)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"constituents": {"pt": "a", "eta": "b"}}, "give pt, eta, phi"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c", "mass": "m", "energy": "e"}}, "not both"),
        ({"constituents": {"px": "a", "py": "b", "pz": "c"}}, "px, py, pz, energy"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c", "angles": "relative"}}, "relative angles need"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c", "jet_index": "i"}}, "jet_index is needed"),
        ({"constituents": {"pt": "a.__class__()", "eta": "b", "phi": "c"}}, "not allowed"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c"}, "jet": {"pt": "p"}}, "or none of them"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c"}, "momenta": "TeV"}, "'GeV' or 'MeV'"),
        ({"constituents": {"pt": "a", "eta": "b", "phi": "c"}, "colour": "red"}, "Extra"),
    ],
)
def test_layouts_that_make_no_sense_are_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        layout(**content)
