"""Layouts of the user's whose branches are nested otherwise than they say: refused, and the remedy works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from data_prep.errors import InputFileError
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import reader_of
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

EVENTS = 10
CONSTITUENTS = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}
LISTS = {"pt": "pts", "eta": "etas", "phi": "phis"}
NUMBERS = {"pt": "pt", "eta": "eta", "phi": "phi"}


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(2 * EVENTS)


@pytest.fixture(scope="module")
def file(sample: samples.Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events of two jets: numbers of the first one, lists of both, and the jet of every constituent in three forms."""
    branches: dict[str, Any] = {}
    for name in ("pt", "eta", "phi"):
        values = samples.single(getattr(sample, f"jet_{name}"))
        branches |= {name: values[::2], f"{name}s": samples.by_event(values)}
        branches[f"c_{name}"] = samples.by_event(samples.single(getattr(sample, name)))
    index = samples.by_event(samples._index(sample))
    branches |= {"index": index, "index_float": samples.single(index), "index_half": samples.single(index) + 0.5}
    branches |= {"one": np.zeros(EVENTS, np.int32), "label": np.arange(EVENTS) % 2}
    return samples.write(tmp_path_factory.mktemp("nesting") / "t.root", "t", branches)


def layout(jet: dict[str, str], index: str | None = "index", **constituents: str) -> OwnLayout:
    content: dict[str, Any] = {"tree": "t", "constituents": CONSTITUENTS | constituents, "jet": jet}
    if index:
        content |= {"entry": "event"}
        content["constituents"] |= {"jet_index": index}
    return OwnLayout.model_validate(content)


def options(label: str = "label == 1") -> Options:
    return Options(classes=(ClassSettings(name="s", label=label),))


@pytest.mark.parametrize(
    ("own", "label", "reason"),
    [
        (layout(NUMBERS), "label", "jets of an event need lists, not numbers: `jet: pt` is pt, one number an event"),
        (layout(LISTS | {"eta": "eta"}), "label", "need lists, not numbers: `jet: eta` is eta,"),
        (layout(LISTS | {"phi": "0"}), "label", "need lists, not numbers: `jet: phi` is a constant"),
        (layout(LISTS | {"mass": "pt / 10"}), "label", "need lists, not numbers: `jet: mass` is pt,"),
        (layout(LISTS, index="one"), "label", "the branch one of jet_index holds one number for each entry"),
        (layout(LISTS, pt="pts"), "label", "`constituents: pt` needs a list for each entry: pts does not hold a list"),
        (layout(LISTS, eta="eta"), "label", "`constituents: eta` needs a list for each entry: eta does not"),
        (layout(LISTS, phi="0"), "label", "a constant is no list of numbers"),
        (layout(LISTS, index=None), "label", "the branch pts must hold one number for each jet, but holds a list"),
        (layout(NUMBERS, index=None), "pts", "the branch pts must hold one number for each jet, but holds a list"),
        (layout(NUMBERS, index=None, eta="eta"), "label", "`constituents: eta` needs a list"),
    ],
)
def test_it_is_refused_before_anything_is_read(file: Path, own: OwnLayout, label: str, reason: str) -> None:
    with pytest.raises(InputFileError) as caught:
        reader_of([file], options(label), own)
    assert reason in str(caught.value)
    assert caught.value.file == str(file)
    assert caught.value.remedy


def test_the_remedy_for_one_jet_a_row(sample: samples.Sample, tmp_path: Path) -> None:
    jets: dict[str, Any] = {n: samples.single(getattr(sample, f"jet_{n}")) for n in ("pt", "eta", "phi")}
    lists = {f"c_{name}": samples.single(getattr(sample, name)) for name in ("pt", "eta", "phi")}
    branches = {**jets, **lists, "index": samples._index(sample), "label": sample.signal}
    file = samples.write(tmp_path / "t.root", "t", branches)
    with pytest.raises(InputFileError) as caught:
        reader_of([file], options(), layout(NUMBERS))
    assert "write `entry: jet` and leave jet_index out" in str(caught.value.remedy)
    reader, counts, entry = reader_of([file], options(), layout(NUMBERS, index=None))
    chunk = reader.read(file, 0, counts[file])
    assert (entry, chunk.jets) == ("jet", len(sample))
    np.testing.assert_array_equal(chunk.multiplicity, sample.sizes)
    assert check_closure(chunk).problems == ()


@pytest.mark.parametrize("index", ["index", "index_float"])
def test_lists_of_jets_are_read(file: Path, sample: samples.Sample, index: str) -> None:
    reader, counts, _ = reader_of([file], options(), layout(LISTS | {"mass": "0 * pts + 80"}, index=index))
    chunk = reader.read(file, 0, counts[file])
    np.testing.assert_array_equal(chunk.multiplicity, sample.sizes)
    np.testing.assert_allclose(chunk.jet_eta, sample.jet_eta, atol=1e-6)
    np.testing.assert_array_equal(chunk.label == 0, np.repeat(np.arange(EVENTS) % 2, 2) == 1)


def test_an_index_of_halves_is_none(file: Path) -> None:
    reader, _, _ = reader_of([file], options(), layout(LISTS, index="index_half"))
    with pytest.raises(InputFileError, match="index_half does not hold whole numbers"):
        reader.read(file, 0, EVENTS)


def test_an_index_beyond_the_jets_is_refused(file: Path) -> None:
    branches = {"pts": ak.Array([[100.0]] * 2), "etas": ak.Array([[0.0]] * 2), "phis": ak.Array([[0.0]] * 2)}
    lists = ak.Array([[50.0, 50.0]] * 2)
    branches |= {"c_pt": lists, "c_eta": 0 * lists, "c_phi": 0 * lists, "index": ak.Array([[0, 0], [0, 1]])}
    bad = samples.write(file.parent / "bad.root", "t", branches)
    reader, _, _ = reader_of([bad], Options(), layout(LISTS))
    assert reader.read(bad, 0, 1).jets == 1
    with pytest.raises(InputFileError, match="in entry 1 the branch index points beyond the event's jets"):
        reader.read(bad, 0, 2)


def test_lists_of_lists_are_refused(tmp_path: Path) -> None:
    records = ak.Array([{"pts": [1.0], "c": [[1.0, 2.0]], "index": [0]}] * 2)
    with uproot.recreate(tmp_path / "t.root") as opened:
        opened.mkrntuple("t", records)
    own = layout({"pt": "pts", "eta": "0 * pts", "phi": "0 * pts"}, pt="c", eta="c", phi="c")
    with pytest.raises(InputFileError, match="the branch c holds lists of lists"):
        reader_of([tmp_path / "t.root"], Options(), own)
