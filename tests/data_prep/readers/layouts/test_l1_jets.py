"""Trigger jets: the sign of relative angles, and the hardware's units."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import yaml

from data_prep.errors import InputFileError
from data_prep.readers import Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import detect_layout, reader_of
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

STEP = np.pi / 720


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(40)


def turn(angle: Any) -> Any:
    return (angle + np.pi) % (2 * np.pi) - np.pi


def jets(sample: samples.Sample, **more: Any) -> dict[str, Any]:
    """The physical values of the jets, and other branches."""
    stored = {
        f"jet_{name}_phys": samples.single(getattr(sample, f"jet_{name}")) for name in ("pt", "eta", "phi", "mass")
    }
    return stored | {name: samples.single(values) for name, values in more.items()}


def hardware(sample: samples.Sample) -> dict[str, Any]:
    """What newer versions of the ntuplizer store: integers, jet minus candidate in η, candidate minus jet in φ."""
    steps = {"eta": np.rint(sample.jet_eta / STEP), "phi": np.rint(sample.jet_phi / STEP)}
    eta, phi = np.rint(sample.eta / STEP), np.rint(sample.phi / STEP)
    return {
        "jet_pt": np.rint(sample.jet_pt / 0.25),
        "jet_eta": steps["eta"],
        "jet_phi": steps["phi"],
        "jet_puppicand_pt": np.rint(sample.pt / 0.25),
        "jet_puppicand_eta": eta,
        "jet_puppicand_phi": phi,
        "jet_puppicand_deta": steps["eta"] - eta,
        "jet_puppicand_dphi": (phi - steps["phi"] + 720) % 1440 - 720,
    }


@pytest.mark.parametrize("suffix", ["", "_phys"])
def test_relative_angles_are_jet_minus_candidate(sample: samples.Sample, tmp_path: Path, suffix: str) -> None:
    deta, dphi = sample.jet_eta - sample.eta, turn(sample.jet_phi - sample.phi)
    angles = {f"jet_puppicand_deta{suffix}": deta, f"jet_puppicand_dphi{suffix}": dphi}
    file = samples.write(tmp_path / "t.root", "outnano/Jets", jets(sample, jet_puppicand_pt=sample.pt, **angles))
    reader, counts, _ = reader_of([file], Options())
    chunk = reader.read(file, 0, counts[file])
    jet = np.repeat(np.arange(len(sample)), sample.sizes)
    np.testing.assert_allclose(chunk.eta - chunk.jet_eta[jet], -ak.to_numpy(ak.flatten(deta)), atol=1e-6)
    np.testing.assert_allclose(turn(chunk.phi - chunk.jet_phi[jet]), -ak.to_numpy(ak.flatten(dphi)), atol=1e-6)
    assert check_closure(chunk).problems == ()


VERSIONS: list[tuple[tuple[str, ...], str]] = [
    (("jet_puppicand_eta_phys", "jet_puppicand_phi_phys"), "jet_puppicand_pt holds whole numbers, whose sum is 4.0"),
    (("jet_puppicand_deta", "jet_puppicand_dphi"), "jet_puppicand_deta and jet_puppicand_dphi hold whole numbers"),
    (("jet_puppicand_eta", "jet_puppicand_phi"), "jet_puppicand_eta and jet_puppicand_phi hold whole numbers"),
]


@pytest.mark.parametrize(("angles", "reason"), VERSIONS)
@pytest.mark.parametrize("physical", [True, False])
def test_hardware_units_are_named_and_the_remedy_reads_them(
    sample: samples.Sample, tmp_path: Path, angles: tuple[str, ...], reason: str, physical: bool
) -> None:
    content = hardware(sample) | {"jet_puppicand_eta_phys": sample.eta, "jet_puppicand_phi_phys": sample.phi}
    kept = {name: samples.single(content[name]) for name in ("jet_puppicand_pt", *angles)}
    if physical:
        kept |= jets(sample)
    else:
        kept |= {name: samples.single(content[name]) for name in ("jet_pt", "jet_eta", "jet_phi")}
        reason = "hold whole numbers"
    file = samples.write(tmp_path / "t.root", "outnano/Jets", kept)
    reader, counts, _ = reader_of([file], Options())
    with pytest.raises(InputFileError, match=reason) as caught:
        reader.read(file, 0, counts[file])
    assert "of the trigger's hardware" in str(caught.value)
    match = re.search("`layout: (.*)`", str(caught.value.remedy))
    assert match is not None
    own_layout = OwnLayout.model_validate(yaml.safe_load(match[1]))
    reader, counts, _ = reader_of([file], Options(), own_layout)
    chunk = reader.read(file, 0, counts[file])
    # half a step of rounding in the candidate, half a step in the jet
    np.testing.assert_allclose(chunk.eta, ak.to_numpy(ak.flatten(sample.eta)), atol=STEP + 1e-5)
    np.testing.assert_allclose(turn(chunk.phi - ak.to_numpy(ak.flatten(sample.phi))), 0, atol=STEP + 1e-5)
    np.testing.assert_allclose(chunk.pt, ak.to_numpy(ak.flatten(sample.pt)), atol=0.126)
    np.testing.assert_allclose(chunk.jet_pt, sample.jet_pt, atol=0.126)


def test_trigger_events_in_hardware_units_are_refused(sample: samples.Sample, tmp_path: Path) -> None:
    lists = {"pt": sample.pt, "eta": np.rint(sample.eta / STEP), "phi": np.rint(sample.phi / STEP)}
    branches = {f"L1PuppiCands_{name}": samples.by_event(samples.single(values)) for name, values in lists.items()}
    file = samples.write(tmp_path / "t.root", "Events", branches)
    reader, counts, _ = reader_of([file], Options())
    with pytest.raises(InputFileError, match="L1PuppiCands_eta and L1PuppiCands_phi hold whole numbers"):
        reader.read(file, 0, counts[file])
    named = {f"L1PuppiCands_hw{name.title()}": samples.by_event(values) for name, values in lists.items()}
    file = samples.write(tmp_path / "hw.root", "Events", named)
    with pytest.raises(InputFileError, match=r"hardware in 'Events' \(L1PuppiCands_hwEta, L1PuppiCands_hwPhi"):
        detect_layout(file)
    # what is advised: physical values beside them
    physical = {f"L1PuppiCands_{name}": samples.by_event(getattr(sample, name)) for name in lists}
    file = samples.write(tmp_path / "both.root", "Events", named | physical)
    assert detect_layout(file).name == "l1_puppi"
    assert reader_of([file], Options())[1] == {file: 20}


def test_hardware_units_of_jets_are_read_as_is_advised(sample: samples.Sample, tmp_path: Path) -> None:
    steps = {"hwPt": sample.pt / 0.25, "hwEta": sample.eta / STEP, "hwPhi": sample.phi / STEP}
    candidates = {f"cand_{name}": np.rint(values) for name, values in steps.items()}
    file = samples.write(tmp_path / "t.root", "t", candidates)
    with pytest.raises(InputFileError, match=r"hardware in 't' \(cand_hwEta, cand_hwPhi, cand_hwPt\)") as caught:
        detect_layout(file)
    assert "`pt: 0.25 * …`, `eta: 3.14159265 / 720 * …`" in str(caught.value.remedy)
    angle = "3.14159265 / 720 * cand_hw"
    constituents = {"pt": "0.25 * cand_hwPt", "eta": f"{angle}Eta", "phi": f"{angle}Phi"}
    own = OwnLayout.model_validate({"tree": "t", "constituents": constituents})
    reader, counts, _ = reader_of([file], Options(), own)
    chunk = reader.read(file, 0, counts[file])
    np.testing.assert_allclose(chunk.pt, ak.to_numpy(ak.flatten(sample.pt)), atol=0.126)
    np.testing.assert_allclose(chunk.eta, ak.to_numpy(ak.flatten(sample.eta)), atol=STEP / 2 + 1e-5)
