"""All layouts by the same jets: values, labels, ranges, events, closure, odd sizes; and the real CMS file."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from data_prep import readers
from data_prep.errors import InputFileError
from data_prep.jets.chunk import NO_CLASS, JetChunk
from data_prep.jets.labels import ClassSettings
from data_prep.readers import ClusterSettings, Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import detect, reader_of
from tests.data_prep.readers import samples

NAMES = tuple(samples.WRITERS)
CMS = Path(__file__).parents[5] / "shared" / "data" / "cms_pfnano_v2_10ev.root"


@pytest.fixture(scope="session")
def sample() -> samples.Sample:
    """Top jets, with constituents of every awkward number."""
    return samples.jets(sizes={1: 1, 2: 2, 5: 3})


@pytest.fixture(scope="session")
def files(sample: samples.Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """They, in every layout."""
    folder = tmp_path_factory.mktemp("layouts")
    return {name: writer(sample, folder / f"{name}.file") for name, (writer, _) in samples.WRITERS.items()}


def options_of(name: str, **more: Any) -> Options:
    label = samples.WRITERS[name][1]
    return Options(classes=(ClassSettings(name="t", label=label),) if label else (), **more)


def whole(file: Path, options: Options) -> JetChunk:
    reader, counts, _ = reader_of([file], options)
    return reader.read(file, 0, counts[file])


def assert_same(first: JetChunk, second: JetChunk) -> None:
    for field in fields(JetChunk):
        a, b = getattr(first, field.name), getattr(second, field.name)
        if isinstance(a, dict):
            for key in a:
                np.testing.assert_array_equal(a[key], b[key], err_msg=key)
        else:
            np.testing.assert_array_equal(a, b, err_msg=field.name)


def joined(chunks: list[JetChunk]) -> JetChunk:
    values: dict[str, Any] = {}
    for field in fields(JetChunk):
        arrays = [getattr(chunk, field.name) for chunk in chunks]
        if field.name == "offsets":
            sizes = np.concatenate([np.diff(offsets) for offsets in arrays])
            values["offsets"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        elif field.name == "stored":
            values["stored"] = {key: np.concatenate([part[key] for part in arrays]) for key in arrays[0]}
        elif field.name == "entries":
            values["entries"] = None if arrays[0] is None else sum(arrays)
        elif field.name == "entry" and arrays[0] is not None:
            starts = np.cumsum([0, *(chunk.entries_read for chunk in chunks[:-1])])
            values["entry"] = np.concatenate([part + start for part, start in zip(arrays, starts, strict=True)])
        else:
            values[field.name] = None if arrays[0] is None else np.concatenate(arrays)
    return JetChunk(**values)


@pytest.mark.parametrize("name", NAMES)
def test_each_layout_is_recognised(files: dict[str, Path], name: str) -> None:
    assert detect(files[name]) == name


@pytest.mark.parametrize("name", [name for name in NAMES if name != "l1_puppi"])
def test_the_jets_are_those_that_were_written(files: dict[str, Path], sample: samples.Sample, name: str) -> None:
    chunk = whole(files[name], options_of(name))
    np.testing.assert_array_equal(chunk.multiplicity, sample.sizes)
    # single precision, and in HiggsToBB two such numbers multiplied or added
    for quantity, tolerance in (("pt", 5e-7), ("energy", 2e-6)):
        expected = ak.to_numpy(ak.flatten(getattr(sample, quantity)))
        np.testing.assert_allclose(getattr(chunk, quantity), expected, rtol=tolerance, err_msg=quantity)
    np.testing.assert_allclose(chunk.eta, ak.to_numpy(ak.flatten(sample.eta)), atol=1e-6)
    turn = chunk.phi - ak.to_numpy(ak.flatten(sample.phi))
    np.testing.assert_allclose((turn + np.pi) % (2 * np.pi) - np.pi, 0, atol=1e-6)
    assert np.abs(chunk.phi).max() <= np.float32(np.pi)
    np.testing.assert_allclose(chunk.jet_eta, sample.jet_eta, atol=1e-5)
    scale = 0.9 if name.startswith("pfnano") else 1
    np.testing.assert_allclose(chunk.jet_pt * scale, sample.jet_pt, rtol=1e-5)
    np.testing.assert_array_equal(chunk.label, np.where(sample.signal, 0, NO_CLASS))
    massive = sample.sizes > 2
    np.testing.assert_allclose(chunk.jet_mass[massive], sample.jet_mass[massive], rtol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_any_range_of_entries_gives_the_same_jets(files: dict[str, Path], name: str) -> None:
    options = options_of(name)
    reader, counts, _ = reader_of([files[name]], options)
    expected = reader.read(files[name], 0, counts[files[name]])
    for size in (1, 7, 1000):
        assert_same(joined(list(readers.chunks(reader, files[name], size))), expected)
    borders = [0, 11, 11, 12, counts[files[name]]]
    backwards = [reader.read(files[name], a, b) for a, b in reversed(list(pairwise(borders)))]
    assert_same(joined(backwards[::-1]), expected)


@pytest.mark.parametrize("name", ["jetclass", "delphes", "lhc_jets", "top_tagging"])
def test_the_same_event_in_two_files_has_one_identifier(files: dict[str, Path], name: str, tmp_path: Path) -> None:
    # the second file begins 20 jets later, so that nothing can depend on the place in the file
    later = samples.jets(sizes={1: 1, 2: 2, 5: 3})
    cut = replace(later, **{field.name: getattr(later, field.name)[20:] for field in fields(later)})
    later_file = samples.WRITERS[name][0](cut, tmp_path / "later.file")
    identifiers, identifiers_later = (
        whole(files[name], options_of(name)).event,
        whole(later_file, options_of(name)).event,
    )
    np.testing.assert_array_equal(identifiers[20:], identifiers_later)
    assert len(set(identifiers.tolist())) == (samples.JETS // 2 if name == "delphes" else samples.JETS)


@pytest.mark.parametrize("name", ["pfnano_v1", "pfnano_v2", "l1_puppi"])
def test_numbered_events_are_told_by_their_numbers(files: dict[str, Path], name: str) -> None:
    event = whole(files[name], options_of(name)).event
    reference = whole(files["pfnano_v1"], options_of("pfnano_v1")).event
    assert set(event.tolist()) == set(reference.tolist())
    assert len(set(event.tolist())) == samples.JETS // 2


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("l1_puppi", "top_tagging")])
def test_closure(files: dict[str, Path], name: str) -> None:
    closure = check_closure(whole(files[name], options_of(name)))
    assert closure.problems == ()
    assert closure.pt is not None
    assert closure.pt.median == pytest.approx(1, abs=1e-5)
    assert closure.mass is not None
    assert closure.mass.median == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", ["pfnano_v1", "pfnano_v2"])
def test_forgotten_puppi_weights_do_not_close(files: dict[str, Path], name: str) -> None:
    closure = check_closure(whole(files[name], options_of(name, puppi="ignore")))
    # a quarter of the candidates is four times too large
    assert closure.pt is not None
    assert 1.5 < closure.pt.median < 2
    assert "a pile-up weight may be missing" in closure.problems[0]


@pytest.mark.parametrize("name", ["higgs_to_bb", "l1_jets"])
def test_weights_that_are_in_the_momenta_already_are_not_applied_twice(files: dict[str, Path], name: str) -> None:
    closure = check_closure(whole(files[name], options_of(name, puppi="apply")))
    assert closure.pt is not None
    assert closure.pt.median < 0.95
    assert "a weight applied twice" in closure.problems[0]


def test_generator_matching(files: dict[str, Path], sample: samples.Sample) -> None:
    classes = (
        ClassSettings(name="top", label="matched_pdgId == 6"),
        ClassSettings(name="gen", label="GenJetAK8_partonFlavour == 5 and matched_pdgId == 0"),
    )
    chunk = whole(files["pfnano_v2"], Options(classes=classes))
    # a jet is near its own top quark, 0.1 away, and may be near that of the event's other jet
    neighbour = np.arange(len(sample)) ^ 1
    phi = np.abs((sample.jet_phi - sample.jet_phi[neighbour] + np.pi) % (2 * np.pi) - np.pi)
    near = np.hypot(sample.jet_eta - sample.jet_eta[neighbour] - 0.1, phi) < 0.8
    top = (sample.signal == 1) | ((sample.signal[neighbour] == 1) & near)
    # the first jet of an event points to its second generator jet, of a b quark; the second jet to none
    assert not chunk.label[~top & (np.arange(len(sample)) % 2 == 1)].tolist().count(1)
    assert (chunk.label == 0).tolist() == top.tolist()
    delphes = whole(files["delphes"], Options(classes=classes[:1]))
    near = np.hypot(sample.jet_eta - sample.jet_eta[neighbour], phi) < 0.8
    assert (delphes.label == 0).tolist() == ((sample.signal == 1) | ((sample.signal[neighbour] == 1) & near)).tolist()
    first = ~top & (np.arange(len(sample)) % 2 == 0)
    assert set(chunk.label[first].tolist()) == {1}


def test_weight_of_the_event(files: dict[str, Path]) -> None:
    chunk = whole(files["pfnano_v1"], Options(weight="2 * genWeight"))
    np.testing.assert_allclose(chunk.weight, np.repeat(2 * np.linspace(-1, 2, samples.JETS // 2), 2), rtol=1e-6)


def test_trigger_events_are_clustered(files: dict[str, Path], sample: samples.Sample) -> None:
    """Against FastJet's own classes, event by event."""
    import fastjet

    settings = ClusterSettings(radius=0.8, pt_min=100)
    chunk = whole(files["l1_puppi"], Options(cluster=settings))
    expected = []
    for event in range(len(sample) // 2):
        parts = [
            fastjet.PseudoJet(*map(float, momentum))
            for jet in (2 * event, 2 * event + 1)
            for momentum in zip(sample.px[jet], sample.py[jet], sample.pz[jet], sample.energy[jet], strict=True)
        ]
        sequence = fastjet._swig.ClusterSequence(parts, fastjet.JetDefinition(fastjet.antikt_algorithm, 0.8))
        expected += [(jet.pt(), jet.m()) for jet in fastjet.sorted_by_pt(sequence.inclusive_jets(100.0))]
    assert chunk.jets == len(expected)
    np.testing.assert_allclose(chunk.jet_pt, [pt for pt, _ in expected], rtol=1e-5)
    assert chunk.entries_read == len(sample) // 2


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("l1_puppi", "lhc_jets", "top_tagging")])
def test_jets_without_constituents_and_with_five_hundred(name: str, tmp_path: Path) -> None:
    sample = samples.jets(8, sizes={0: 0, 3: 500, 4: 1, 5: 2})
    chunk = whole(samples.WRITERS[name][0](sample, tmp_path / "f"), options_of(name))
    np.testing.assert_array_equal(chunk.multiplicity, sample.sizes)
    assert chunk.multiplicity[[0, 3, 4, 5]].tolist() == [0, 500, 1, 2]


def test_events_without_candidates(tmp_path: Path) -> None:
    sample = samples.jets(4, sizes={0: 0, 1: 0})
    chunk = whole(samples.l1_puppi(sample, tmp_path / "f"), Options())
    assert chunk.entries_read == 2
    assert chunk.jets > 0
    reader, _, _ = reader_of([tmp_path / "f"], Options())
    assert reader.read(tmp_path / "f", 0, 1).jets == 0


def test_the_cms_file_closes_as_stated() -> None:
    if not CMS.exists():
        pytest.skip(f"{CMS.name} is not in the folder of shared data")
    assert detect(CMS) == "pfnano_v2"
    chunk = whole(CMS, Options())
    assert (chunk.entries_read, chunk.jets) == (10, 24)
    closure = check_closure(chunk)
    assert closure.pt is not None
    assert closure.mass is not None
    assert f"{closure.pt.median:.4f} {closure.mass.median:.4f}" == "0.9998 0.9992"
    assert closure.problems == ()
    bare = check_closure(whole(CMS, Options(puppi="ignore")))
    assert bare.mass is not None
    assert f"{bare.mass.median - 1:.1%}" == "4.4%"
    assert len(bare.problems) == 1
    assert "mass" in bare.problems[0]


def test_the_cms_files_small_jets_are_chs() -> None:
    if not CMS.exists():
        pytest.skip(f"{CMS.name} is not in the folder of shared data")
    closure = check_closure(whole(CMS, Options(jets="Jet")))
    assert closure.pt is not None
    assert f"{closure.pt.median:.4f}" == "0.9999"
    weighted = check_closure(whole(CMS, Options(jets="Jet", puppi="apply")))
    assert weighted.pt is not None
    assert weighted.pt.median < 0.9


def test_an_index_beyond_the_event_is_an_error(tmp_path: Path, sample: samples.Sample) -> None:
    import uproot

    samples.pfnano_v1(sample, tmp_path / "good")
    with uproot.open(tmp_path / "good") as file:
        branches = {
            key: values
            for key, values in file["Events"].arrays(library="ak", how=dict).items()
            if not key.startswith("n")
        }
    index = ak.to_list(branches["FatJetPFCands_jetIdx"])
    index[4][0] = 2
    plain = {key: ak.to_numpy(v) if v.ndim == 1 else v for key, v in branches.items()}
    bad = samples.write(tmp_path / "bad", "Events", plain | {"FatJetPFCands_jetIdx": ak.Array(index)})
    with pytest.raises(InputFileError, match="in entry 4 the branch FatJetPFCands_jetIdx points beyond"):
        whole(bad, Options())


def test_a_reference_to_nothing_is_an_error(tmp_path: Path, sample: samples.Sample) -> None:
    import uproot

    samples.delphes(sample, tmp_path / "good")
    with uproot.open(tmp_path / "good") as file:
        branches = {
            key: values
            for key, values in file["Delphes"].arrays(library="ak", how=dict).items()
            if not key.startswith(("n", "EFlowPhoton"))
        }
    bad = samples.write(tmp_path / "bad", "Delphes", branches)
    with pytest.raises(InputFileError, match="references in Jet.Constituents lead to nothing in EFlowTrack"):
        whole(bad, Options())
