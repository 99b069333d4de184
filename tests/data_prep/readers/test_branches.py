"""Names of branches: one name means one branch, whatever it is written with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from data_prep.errors import InputFileError
from data_prep.jets.labels import ClassSettings, Condition
from data_prep.readers import Options, root
from data_prep.readers.branches import index_of, path_of
from data_prep.readers.detect import reader_of
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

FILE = Path("t.root")


def test_a_name_of_many_branches_is_refused_with_their_paths() -> None:
    paths = [f"{name}/{name}.fP4/fCoordinates.fPt" for name in ("jets", "muons", "taus")]
    index = index_of([key for path in paths for key in (path.split("/")[0], path.rpartition("/")[0], path)])
    with pytest.raises(InputFileError, match="has 3 branches of the name fCoordinates.fPt: jets/") as caught:
        path_of(index, "fCoordinates.fPt", FILE)
    assert all(path in str(caught.value) for path in paths)
    assert [path_of(index, path, FILE) for path in paths] == paths
    assert path_of(index, "muons.fP4", FILE) == "muons/muons.fP4"
    assert path_of(index, "fPt", FILE) is None


def test_a_full_path_is_meant_before_an_end_of_another() -> None:
    index = index_of(["event", "header", "header/event", "Jet", "Jet/Jet.PT"])
    assert path_of(index, "event", FILE) == "event"
    assert path_of(index, "Jet.PT", FILE) == "Jet/Jet.PT"


def test_two_branches_of_one_path_cannot_be_told_apart() -> None:
    with pytest.raises(InputFileError, match="2 branches of the same path 'pt'"):
        path_of(index_of(["pt", "pt"]), "pt", FILE)


def test_a_point_in_a_name_is_no_parent() -> None:
    index = index_of(["Jet.PT", "Muon.PT"])
    assert path_of(index, "Jet.PT", FILE) == "Jet.PT"
    assert path_of(index, "PT", FILE) is None


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(6)


@pytest.fixture(scope="module")
def nested(sample: samples.Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two records with the same fields; the second's momenta are ten times the first's."""
    path = tmp_path_factory.mktemp("nested") / "t.root"
    first = {"pt": sample.pt, "eta": sample.eta, "phi": sample.phi}
    records: Any = ak.zip(
        {
            "track": ak.zip(first, depth_limit=1),
            "tower": ak.zip(first | {"pt": 10 * sample.pt}, depth_limit=1),
            "class": sample.signal,
        },
        depth_limit=1,
    )
    with uproot.recreate(path) as file:
        file.mkrntuple("t", records)
    return path


def own(**keys: str) -> OwnLayout:
    return OwnLayout.model_validate({"tree": "t", "constituents": keys})


def test_the_remedy_for_a_name_of_two_branches(nested: Path, sample: samples.Sample) -> None:
    with pytest.raises(InputFileError, match="has 2 branches of the name pt: track.pt, tower.pt") as caught:
        reader_of([nested], Options(), own(pt="pt", eta="track.eta", phi="track.phi"))
    assert caught.value.remedy is not None
    quoted = caught.value.remedy.split('"')[1]
    assert quoted == "`track.pt`"
    for name, factor in ((quoted, 1), ("tower.pt", 10)):
        reader, counts, _ = reader_of([nested], Options(), own(pt=name, eta="track.eta", phi="track.phi"))
        chunk = reader.read(nested, 0, counts[nested])
        np.testing.assert_allclose(chunk.pt, factor * ak.to_numpy(ak.flatten(sample.pt)), rtol=1e-6)


def test_names_that_are_no_plain_words(sample: samples.Sample, tmp_path: Path) -> None:
    lists = {"c[px]": sample.px, "c[py]": sample.py, "c z": sample.pz, "c/e": sample.energy}
    with uproot.recreate(tmp_path / "t.root") as file:
        types = {name: ak.type(values).content for name, values in lists.items()}
        types |= {"class": np.dtype(np.int32), "lambda": np.dtype(np.int64)}
        branches = {**lists, "class": sample.signal, "lambda": np.arange(len(sample))}
        counters = {name: f"n{number}" for number, name in enumerate(lists)}
        file.mktree("t", types, counter_name=lambda name: counters[name]).extend(branches)
    layout = OwnLayout.model_validate(
        {
            "tree": "t",
            "constituents": {"px": "`c[px]`", "py": "`c[py]`", "pz": "`c z`", "energy": "`c/e`"},
            "event": ["`lambda`"],
        }
    )
    classes = (
        ClassSettings(name="s", label="`class` == 1"),
        ClassSettings(name="b", label="1", where=Condition(branch="class", absolute=(0,))),
    )
    reader, counts, _ = reader_of([tmp_path / "t.root"], Options(classes=classes), layout)
    chunk = reader.read(tmp_path / "t.root", 0, counts[tmp_path / "t.root"])
    np.testing.assert_array_equal(chunk.label, 1 - sample.signal)
    np.testing.assert_allclose(chunk.energy, ak.to_numpy(ak.flatten(sample.energy)), rtol=1e-6)
    assert len(set(chunk.event.tolist())) == len(sample)


def test_depths_without_reading(tmp_path: Path, sample: samples.Sample) -> None:
    file = tmp_path / "t.root"
    with uproot.recreate(file) as opened:
        pt = samples.single(sample.pt)
        opened.mktree("t", {"a": "int32", "b": ak.type(pt).content, "c": np.dtype(("f4", (3,)))})
        opened["t"].extend({"a": sample.signal, "b": pt, "c": np.zeros((len(sample), 3), np.float32)})
    with root.open_tree(file, "t") as tree:
        assert root.depths(tree, file, ("a", "b", "c")) == {"a": 1, "b": 2, "c": 0}
    records = ak.Array([{"lists": [[1.0], []], "text": "a"}] * 2)
    with uproot.recreate(tmp_path / "n.root") as opened:
        opened.mkrntuple("t", records)
    with root.open_tree(tmp_path / "n.root", "t") as tree:
        assert root.depths(tree, tmp_path / "n.root", ("lists", "text")) == {"lists": 3, "text": 0}
