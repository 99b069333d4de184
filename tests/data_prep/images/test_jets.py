"""From files to the dataset: the account of all jets, reproducible bytes, no leak between the splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
from pydantic import ValidationError

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import InputFileError
from data_prep.images.jets import ImagesSettings
from data_prep.observables.columns import Observables
from data_prep.readers.detect import reader_of
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.store.jet_images import open_dataset
from data_prep.store.split import SPLITS
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from tests.data_prep.readers import samples

CONFIGURATION: dict[str, Any] = {
    "classes": [
        {"name": "g", "label": "label_QCD", "where": {"branch": "aux_genpart_pid", "absolute": [21]}},
        {"name": "t", "label": "label_Tbqq"},
    ],
    "selection": {"pt_min": 500, "pt_max": 1000, "abs_eta_max": 2.0},
    "grid": {"pixels": 16, "half_width": 0.8},
    "steps": [{"step": "centre"}, {"step": "roll"}, {"step": "flip"}, {"step": "normalise"}],
    "split": {"train": 0.5, "validation": 0.25, "test": 0.25},
}


ALL_TRAIN = {"train": 1.0, "validation": 0.0, "test": 0.0}


def settings(**change: Any) -> ImagesSettings:
    return ImagesSettings.model_validate(CONFIGURATION | change)


def make(files: list[Path], out: Path, configuration: ImagesSettings) -> dict[str, Any]:
    """Make the dataset `out`; its cutflow."""
    out.mkdir()
    reader = JetClassReader(configuration.options)
    seen: list[int] = []
    counts = {file: reader.count(file) for file in files}
    cutflow, summary = make_images(counts, JetImages.of(reader, configuration), out, seen.append)
    summary.save(out / "summary.npz")
    assert sum(seen) == cutflow.read == sum(counts.values())
    return cutflow.to_json()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Gluon and top jets, 300 each."""
    folder = tmp_path_factory.mktemp("root")
    for name in ("g", "t"):
        write_mock_file(folder / f"{name}.root", mock_jets(name, 300, seed=1))
    return [folder / "g.root", folder / "t.root"]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_chunk_size_changes_no_byte(files: list[Path], tmp_path: Path) -> None:
    results = []
    for size in (1, 37, 10_000):
        account = make(files, tmp_path / str(size), settings(chunk_jets=size))
        results.append((account, contents(tmp_path / str(size))))
    assert set(results[0][1]) == {*(f"{split}/part-00000.parquet" for split in SPLITS), "files.json", "summary.npz"}
    assert results[0] == results[1] == results[2]


def test_features_and_labels_arrive(files: list[Path], tmp_path: Path) -> None:
    make(files, tmp_path / "d", settings())
    dataset = open_dataset(tmp_path / "d")
    jets = [dataset.split(name).whole for name in SPLITS]
    stored = [mock_jets(name, 300, seed=1) for name in ("g", "t")]
    by_event = {
        int(event): (label, {name: values[row] for name, values in branches.items() if name.startswith("jet_")})
        for label, branches in enumerate(stored)
        for row, event in enumerate(branches["aux_event"])
    }
    for batch in jets:
        for row, event in enumerate(batch.event.tolist()):
            label, expected = by_event[event]
            assert batch.label[row] == label
            for name in ("jet_pt", "jet_eta", "jet_phi", "jet_sdmass", "jet_tau1", "jet_tau4"):
                assert batch.features[name][row] == expected[name]
            assert batch.features["jet_multiplicity"][row] == expected["jet_nparticles"]
            # the mass is a small difference of momenta that are stored in float32
            np.testing.assert_allclose(batch.features["jet_mass"][row], expected["jet_sdmass"], rtol=2e-3)
        np.testing.assert_allclose(batch.dense().sum(axis=(1, 2, 3)), 1, rtol=1e-6)
    for name, batch in zip(SPLITS, jets, strict=True):
        found = Observables.joined(list(dataset.split(name).observables(50)))
        columns = found.columns
        np.testing.assert_array_equal(columns["all_multiplicity"], batch.features["jet_multiplicity"])
        np.testing.assert_allclose(columns["all_pt"], batch.features["jet_pt"], rtol=1e-5)
        np.testing.assert_allclose(columns["all_mass"], batch.features["jet_mass"], rtol=2e-3)
        assert (columns["seen_multiplicity"] <= columns["all_multiplicity"]).all()


def test_images_can_come_without_observables(files: list[Path], tmp_path: Path) -> None:
    make(files, tmp_path / "d", settings(observables=False))
    assert not open_dataset(tmp_path / "d").metadata.observables


def test_an_event_in_two_files_is_in_one_split(files: list[Path], tmp_path: Path) -> None:
    bare = {name: values for name, values in mock_jets("t", 300, seed=1).items() if name != "aux_event"}
    write_mock_file(tmp_path / "a.root", bare)
    write_mock_file(tmp_path / "b.root", {name: values[150:] for name, values in bare.items()})
    make([files[0], tmp_path / "a.root", tmp_path / "b.root"], tmp_path / "d", settings(selection={}))
    dataset = open_dataset(tmp_path / "d")
    events = [set(dataset.split(name).whole.event.tolist()) for name in SPLITS]
    assert sum(len(split) for split in events) == 600
    assert sum(dataset.split(name).rows for name in SPLITS) == 750
    assert events[0].isdisjoint(events[1] | events[2])
    assert events[1].isdisjoint(events[2])


def test_every_dropped_jet_is_counted_under_its_reason(tmp_path: Path) -> None:
    jets = mock_jets("t", 120, seed=2, pt=(600, 900))
    jets["jet_eta"] = np.clip(jets["jet_eta"], -1.9, 1.9)
    sizes = ak.to_numpy(ak.num(jets["part_px"]))
    parts = {name: ak.to_numpy(ak.flatten(jets[name])).copy() for name in jets if name.startswith("part_")}
    first = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    jets["label_Tbqq"][0:2] = 0  # no class
    jets["label_QCD"][2] = 1  # with a gluon's id: two classes
    jets["aux_genpart_pid"][2] = 21
    parts["part_px"][first[3:5] + 1] = np.nan, np.inf
    parts["part_energy"][first[5]] = np.nan
    jets["jet_pt"][6:8] = 499.9, 1000.0
    jets["jet_pt"][8] = np.nan
    jets["jet_eta"][9] = 2.001
    jets["jet_phi"][10:13] += np.pi  # the axis points away from all constituents
    sizes[13:17] = 0
    keep = np.repeat(np.isin(np.arange(120), np.arange(13, 17), invert=True), ak.to_numpy(ak.num(jets["part_px"])))
    jets |= {name: ak.unflatten(values[keep], sizes) for name, values in parts.items()}
    write_mock_file(tmp_path / "t.root", jets)
    write_mock_file(tmp_path / "g.root", mock_jets("g", 100, seed=2, pt=(600, 900)))
    account = make([tmp_path / "g.root", tmp_path / "t.root"], tmp_path / "d", settings())
    gluons_outside = account["dropped_by_reason"]["jet η outside the selection"] - 1
    assert account["dropped_by_reason"] == {
        "belongs to no class": 2,
        "belongs to several classes": 1,
        "no constituents": 4,
        "NaN or infinite momentum": 4,
        "jet pT outside the selection": 2,
        "jet η outside the selection": 1 + gluons_outside,
        "no constituent inside the window": 3,
        "a constituent of negative energy": 0,
        "NaN or infinite weight": 0,
    }
    assert account["read"] == 220
    assert account["kept"] == 220 - 17 - gluons_outside
    assert sum(account["kept_by_class"]["t"].values()) == 103
    rows = {name: open_dataset(tmp_path / "d").split(name).rows for name in SPLITS}
    assert rows == {name: sum(account["kept_by_class"][c][name] for c in "gt") for name in SPLITS}


def test_a_class_without_jets_is_an_error(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"t.root: no jet of the class 'g'"):
        make([files[1]], tmp_path / "d", settings())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"grid": {"pixels": 16}}, "half_width"),
        ({"grid": {"pixels": 16, "half_width": -0.8}}, "greater than 0"),
        ({"selection": {"pt_min": -1}}, "greater than or equal to 0"),
        ({"selection": {"pt_min": 600, "pt_max": 500}}, "pt_max must be larger than pt_min"),
        ({"split": {"train": 0.9, "validation": 0.2, "test": 0.1}}, "must sum to 1"),
        ({"steps": [{"step": "roll"}]}, "'centre'"),
        ({"steps": []}, "first step must be 'centre'"),
        ({"grid": {"kind": "towers"}}, "does not allow the step 'centre'"),
        ({"grid": {"kind": "round"}}, "hexagonal, square, towers"),
        ({"channels": []}, "at least 1 item"),
        ({"channels": ["pt", "colour"]}, "'multiplicity'"),
        ({"channels": ["pt", "pt"]}, "'pt' is given twice"),
        ({"channels": ["multiplicity"]}, "no channel holds pT"),
        ({"channels": ["pt", "photon"], "candidates": {}, "steps": [{"step": "centre"}]}, "the one channel pt"),
        ({"grid": {"kind": "hexagonal", "rings": 100, "pitch": 0.01}, "channels": ["pt", "charged"]}, "16-bit index"),
        ({"chunk_jets": 0}, "greater than or equal to 1"),
        ({"colour": "red"}, "extra"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(**change)


@pytest.mark.parametrize("layout", ["pfnano_v2", "delphes", "lhc_jets"])
def test_images_from_other_layouts_do_not_depend_on_the_chunks(layout: str, tmp_path: Path) -> None:
    writer, label = samples.WRITERS[layout]
    file = writer(samples.jets(40), tmp_path / "jets.file")
    classes = [{"name": "t", "label": label}, {"name": "q", "label": f"not ({label})"}]
    results = []
    for size in (1, 7, 1000):
        configuration = settings(classes=classes, selection={}, chunk_jets=size, split=ALL_TRAIN)
        reader, counts, _ = reader_of([file], configuration.options, configuration.layout)
        (tmp_path / str(size)).mkdir()
        warnings: list[str] = []
        cutflow, _ = make_images(
            counts, JetImages.of(reader, configuration), tmp_path / str(size), lambda _: None, warnings.append
        )
        assert warnings == []
        results.append((cutflow.to_json(), contents(tmp_path / str(size))))
    assert results[0][0]["read"] == results[0][0]["kept"] == 40
    assert results[0] == results[1] == results[2]
    # whatever the file holds of jets, the observables are there
    train = open_dataset(tmp_path / "7").split("train")
    (found,) = train.observables(100)
    assert np.isfinite(found.all).all()
    assert np.isfinite(found.seen).all()
    np.testing.assert_allclose(found.columns["all_mass"], train.whole.features["jet_mass"], rtol=2e-3, atol=0.1)


def test_a_label_that_fits_no_jet_names_class_and_branches(files: list[Path], tmp_path: Path) -> None:
    classes = [{"name": "t", "label": "label_Tbqq"}, {"name": "b", "label": "label_Hbb and aux_genpart_pid == 5"}]
    with pytest.raises(InputFileError, match="no jet of the class 'b' in 600: .*label_Hbb and aux_genpart_pid == 5"):
        make(files, tmp_path / "d", settings(classes=classes))


def test_jets_with_negative_energies_are_dropped_by_name(tmp_path: Path) -> None:
    jets = mock_jets("t", 100, seed=2, pt=(600, 900))
    energy = ak.to_list(jets["part_energy"])
    energy[7][3], energy[9][0] = -1.0, -5.0
    jets["jet_eta"] = np.clip(jets["jet_eta"], -1.9, 1.9)
    jets["part_energy"] = ak.values_astype(ak.Array(energy), np.float32)
    write_mock_file(tmp_path / "t.root", jets)
    write_mock_file(tmp_path / "g.root", mock_jets("g", 100, seed=2, pt=(600, 900)))
    account = make([tmp_path / "g.root", tmp_path / "t.root"], tmp_path / "d", settings())
    assert account["dropped_by_reason"]["a constituent of negative energy"] == 2


def test_jets_whose_weight_is_no_number_are_dropped_by_name_and_negative_weights_stay(tmp_path: Path) -> None:
    for name in ("g", "t"):
        jets = mock_jets(name, 100, seed=2, pt=(600, 900))
        jets["jet_eta"] = np.clip(jets["jet_eta"], -1.9, 1.9)
        # 1e300 is infinite in single precision
        write_mock_file(tmp_path / f"{name}.root", jets | {"w": np.resize([np.nan, np.inf, -np.inf, 1e300, -2.0], 100)})
    account = make([tmp_path / "g.root", tmp_path / "t.root"], tmp_path / "d", settings(weight="w"))
    assert account["dropped_by_reason"]["NaN or infinite weight"] == 160 == account["dropped"]
    batches = [open_dataset(tmp_path / "d").split(name).read(1000) for name in SPLITS]
    assert [weight for batch in batches for each in batch for weight in each.weight.tolist()] == [-2.0] * 40


def test_a_class_of_which_no_weight_is_a_number_is_refused_with_the_reason(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="most were dropped as: NaN or infinite weight"):
        make(files, tmp_path / "d", settings(weight="0 / (jet_pt - jet_pt)"))


def test_momenta_in_mev_are_warned_of(tmp_path: Path) -> None:
    for name in ("g", "t"):
        jets = mock_jets(name, 50, seed=2, pt=(600, 900))
        for branch in ("part_px", "part_py", "part_pz", "part_energy"):
            jets[branch] = ak.values_astype(jets[branch] * 1000, np.float32)
        write_mock_file(tmp_path / f"{name}.root", jets)
    configuration = settings(split=ALL_TRAIN)
    inputs = [tmp_path / "g.root", tmp_path / "t.root"]
    reader, counts, _ = reader_of(inputs, configuration.options)
    (tmp_path / "d").mkdir()
    warnings: list[str] = []
    make_images(counts, JetImages.of(reader, configuration), tmp_path / "d", lambda _: None, warnings.append)
    assert [Path(line.split(": ")[0]) for line in warnings if "in MeV" in line and "pT is 1000" in line] == inputs


HEXAGONAL = {"kind": "hexagonal", "rings": 8, "pitch": 0.1}
CHANNELS = ["pt", "charged", "neutral", "photon", "multiplicity"]


@pytest.mark.parametrize(
    "grid", [CONFIGURATION["grid"], HEXAGONAL, {"kind": "towers"}], ids=["square", "hex", "towers"]
)
def test_channels_on_every_grid(grid: dict[str, Any], files: list[Path], tmp_path: Path) -> None:
    steps = [] if grid.get("kind") == "towers" else CONFIGURATION["steps"][:3]
    make(files, tmp_path / "d", settings(grid=grid, channels=CHANNELS, steps=steps))
    dataset = open_dataset(tmp_path / "d")
    batch = next(dataset.split("train").batches(1000))
    pt, charged, neutral, photon, multiplicity = np.moveaxis(batch.dense().astype(np.float64), -1, 0)
    np.testing.assert_allclose(charged + neutral + photon, pt, rtol=1e-5)
    np.testing.assert_array_equal(pt > 0, multiplicity > 0)
    assert not pt[:, ~dataset.metadata.grid.mask()].any()
    # mock jets: 57 % of the constituents carry charge, 31 % are photons
    shares = [each.sum() / pt.sum() for each in (charged, photon, neutral)]
    np.testing.assert_allclose(shares, [0.57, 0.31, 0.12], atol=0.05)
    assert (multiplicity.sum(axis=(1, 2)) <= batch.features["jet_multiplicity"]).all()
    if not steps:
        np.testing.assert_allclose(
            multiplicity.sum(axis=(1, 2)).mean(), batch.features["jet_multiplicity"].mean(), rtol=0.02
        )


@pytest.mark.parametrize("layout", ["lhc_jets", "top_tagging"])
def test_channels_that_a_layout_cannot_give_are_refused(layout: str, tmp_path: Path) -> None:
    writer, label = samples.WRITERS[layout]
    file = writer(samples.jets(10), tmp_path / "jets.file")
    classes = [{"name": "t", "label": label}, {"name": "q", "label": f"not ({label})"}]
    for channels, usable in ((["pt", "multiplicity"], True), (["pt", "charged"], False)):
        options = settings(classes=classes, channels=channels).options
        if usable:
            reader_of([file], options)
        else:
            with pytest.raises(
                InputFileError, match=r"jets\.file: has no charge and kind .* channels pt and multiplicity"
            ):
                reader_of([file], options)
