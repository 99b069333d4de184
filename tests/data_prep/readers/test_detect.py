"""Which layout a file has, and what is said of one that has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from data_prep.errors import InputFileError
from data_prep.readers import Options
from data_prep.readers.detect import detect, detect_layout, reader_of
from tests.data_prep.readers import samples


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(8)


def test_mixed_layouts_are_named_with_both_files(sample: samples.Sample, tmp_path: Path) -> None:
    jetclass, pfnano = samples.jetclass(sample, tmp_path / "a.root"), samples.pfnano_v1(sample, tmp_path / "b.root")
    with pytest.raises(InputFileError, match=r"b\.root: has the layout pfnano_v1 .*a\.root has jetclass"):
        reader_of([jetclass, pfnano], Options())


def test_two_trees_are_named_unless_the_layout_tells(sample: samples.Sample, tmp_path: Path) -> None:
    samples.jetclass(sample, tmp_path / "t.root")
    with uproot.open(tmp_path / "t.root") as file:
        branches = {key: v for key, v in file["tree"].arrays(library="ak", how=dict).items() if key != "npart"}
    branches = {key: np.asarray(v) if v.ndim == 1 else v for key, v in branches.items()}
    with uproot.recreate(tmp_path / "t.root") as file:
        samples.add(file, "tree", branches)
        samples.add(file, "systematics/tree_up", branches)
    with pytest.raises(InputFileError, match=r"several trees of jets: 'tree' \(jetclass\), 'systematics/tree_up'"):
        detect(tmp_path / "t.root")
    assert detect_layout(tmp_path / "t.root", "jetclass").tree == "tree"


def test_a_tree_written_again_is_one_tree(sample: samples.Sample, tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "t.root") as file:
        for _ in range(2):
            samples.add(
                file, "tree", {"part_px": sample.px, "part_py": sample.py, "part_pz": sample.pz, "x": sample.px}
            )
    with pytest.raises(InputFileError, match="'tree' lacks part_energy"):
        detect(tmp_path / "t.root")


@pytest.mark.parametrize(
    ("branches", "reason"),
    [
        (
            {"luminosityBlock": "u4", "event": "u8", "Jet_pt": "f4", "FatJet_pt": "f4"},
            r"event tree without constituents.*FatJetPFCands_jetIdx.*PFCands_pt",
        ),
        ({"x": "f4", "y": "f4"}, "holds no constituents of jets that this project knows .*'Events'"),
        ({"part_px": "f4", "part_py": "f4", "part_pz": "f4"}, "nearest is jetclass.* lacks part_energy"),
        ({"jet_puppicand_pt": "f4", "jet_eta": "f4"}, "nearest is l1_jets.* lacks jet_pt_phys or jet_pt"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, branches: dict[str, str], reason: str) -> None:
    content = {name: np.zeros(3, dtype) for name, dtype in branches.items()}
    samples.write(tmp_path / "t.root", "Events", content)
    with pytest.raises(InputFileError, match=reason):
        detect(tmp_path / "t.root")


def test_a_named_layout_must_fit(sample: samples.Sample, tmp_path: Path) -> None:
    samples.jetclass(sample, tmp_path / "t.root")
    with pytest.raises(InputFileError, match=r"no constituents|lacks"):
        detect_layout(tmp_path / "t.root", "pfnano_v2")
    with pytest.raises(InputFileError, match="is a ROOT file, and the layout lhc_jets is of HDF5 files"):
        detect_layout(tmp_path / "t.root", "lhc_jets")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"px,py\n", "neither a ROOT nor an HDF5 file"),
        (b"\x89HDF\r\n\x1a\nxx", "cannot be read"),
        (b"root", "cannot be read"),
    ],
)
def test_files_of_no_kind(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(InputFileError, match=f"f: .*{reason}"):
        detect(tmp_path / "f")
    with pytest.raises(InputFileError, match="none: no such file"):
        detect(tmp_path / "none")


def test_a_filter_that_hdf5_lacks_is_named(tmp_path: Path, sample: samples.Sample) -> None:
    import h5py

    samples.top_tagging(sample, tmp_path / "t.h5")
    with h5py.File(tmp_path / "t.h5", "r+") as file:
        dtype = file["table/table"].dtype
        del file["table/table"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((8,))
        # 32001 is blosc, which pandas uses; optional at creation, so that the set can be made without it
        plist.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 4, 0, 5, 1, 0))
        space = h5py.h5s.create_simple((8,))
        h5py.h5d.create(file["table"].id, b"table", h5py.h5t.py_create(dtype, logical=True), space, dcpl=plist)
    with pytest.raises(InputFileError, match="compressed with .*ptrepack --complib=zlib"):
        reader_of([tmp_path / "t.h5"], Options())


def test_columns_in_another_order_are_noticed(tmp_path: Path, sample: samples.Sample) -> None:
    import h5py

    samples.top_tagging(sample, tmp_path / "t.h5")
    with h5py.File(tmp_path / "t.h5", "r+") as file:
        table: Any = file["table/table"][()]
        table["values_block_0"][:, :800] = np.roll(table["values_block_0"][:, :800], 1, axis=1)
        file["table/table"][...] = table
    with pytest.raises(InputFileError, match="columns are not E, PX, PY, PZ"):
        reader_of([tmp_path / "t.h5"], Options())
