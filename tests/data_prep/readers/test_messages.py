"""What readers say about files that they refuse: the reason is true, and what is advised works when it is done."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import yaml
from pydantic import ValidationError

from data_prep.errors import InputFileError, PipelineError
from data_prep.images.jets import ImagesSettings
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options, root
from data_prep.readers.detect import detect, detect_layout, reader_of
from data_prep.readers.layouts.own import OwnLayout
from data_prep.streams.losses import Loss, Losses
from data_prep.system.machine import MachineError
from tests.data_prep.readers import samples

JETS = 8
COLUMNS = ("px", "py", "pz", "energy")


@pytest.fixture(scope="module")
def sample() -> samples.Sample:
    return samples.jets(JETS)


def jetclass(sample: samples.Sample, **more: Any) -> dict[str, Any]:
    """The branches of the JetClass layout, and others."""
    return {f"part_{name}": samples.single(getattr(sample, name)) for name in COLUMNS} | more


def options(*labels: str, **more: Any) -> Options:
    return Options(classes=tuple(ClassSettings(name=f"c{i}", label=label) for i, label in enumerate(labels)), **more)


def jets_of(file: Path, chosen: Options, layout: Any = "auto") -> int:
    """The jets of a file, each of them read."""
    reader, counts, _ = reader_of([file], chosen, layout)
    return reader.read(file, 0, counts[file]).jets


def refusal(file: Path, chosen: Options, layout: Any = "auto") -> InputFileError:
    """The error of a file that cannot be used, before anything of it is read."""
    with pytest.raises(InputFileError) as caught:
        reader_of([file], chosen, layout)
    assert str(caught.value).startswith(f"{file}: ")
    assert caught.value.remedy
    assert "damaged" not in str(caught.value)
    return caught.value


def rntuple(path: Path, branches: dict[str, Any]) -> Path:
    with uproot.recreate(path) as file:
        file.mkrntuple("tree", branches)
    return path


def ttree(path: Path, branches: dict[str, Any]) -> Path:
    types = {
        name: ak.type(v).content if isinstance(v, ak.Array) else np.dtype((v.dtype, v.shape[1:]))
        for name, v in branches.items()
    }
    with uproot.recreate(path) as file:
        file.mktree("tree", types).extend(branches)
    return path


NO_NUMBERS: dict[str, tuple[Any, str]] = {
    "fixed array": (np.ones((JETS, 3), np.float32), "a fixed array of 3 values"),
    "text": (ak.Array(["top"] * JETS), "text"),
    "list": (ak.Array([[1.0, 2.0]] * JETS), "a list of numbers"),
}


@pytest.mark.parametrize("write", [ttree, rntuple])
@pytest.mark.parametrize("case", NO_NUMBERS)
def test_a_label_that_is_no_number_is_named_before_anything_is_made(
    case: str, write: Callable[[Path, dict[str, Any]], Path], sample: samples.Sample, tmp_path: Path
) -> None:
    values, words = NO_NUMBERS[case]
    number = np.ones(JETS, np.int32)
    file = write(tmp_path / "QCD.root", jetclass(sample, good=number, bad=ak.Array(values)))
    for chosen in (options("bad"), options("good", weight="bad")):
        error = refusal(file, chosen)
        assert error.problem == f"the branch bad does not hold one number for each entry, but {words}"
    # what is advised: another branch, or `files:`
    assert jets_of(file, options("good")) == JETS
    by_name = Options(classes=(ClassSettings(name="q", label="1", files="QCD*"),))
    assert jets_of(file, by_name) == JETS


def test_constituents_that_are_no_lists_are_named(sample: samples.Sample, tmp_path: Path) -> None:
    fixed = np.ones((JETS, 3), np.float32)
    error = refusal(ttree(tmp_path / "t.root", jetclass(sample, part_py=fixed)), Options())
    assert "part_py does not hold a list of numbers for each entry, but a fixed array of 3 values" in error.problem
    assert jets_of(ttree(tmp_path / "t.root", jetclass(sample)), Options()) == JETS


def test_bits_of_a_number_that_is_no_integer(sample: samples.Sample, tmp_path: Path) -> None:
    file = ttree(tmp_path / "t.root", jetclass(sample, a=np.ones(JETS, np.float32), b=np.ones(JETS, np.float32)))
    error = refusal(file, options("a > 0 & b < 2"))
    assert "is for integers only (a is float32, b is float32)" in error.problem
    for mended in ("a > 0 and b < 2", "(a > 0) & (b < 2)"):
        assert jets_of(file, options(mended)) == JETS


def test_a_label_that_is_not_there_is_named_with_what_is(sample: samples.Sample, tmp_path: Path) -> None:
    file = ttree(tmp_path / "t.root", jetclass(sample, label_Tbqq=np.ones(JETS, np.int32)))
    error = refusal(file, options("label_Tbq"))
    assert error.problem == "the tree 'tree' lacks the branch label_Tbq; it has label_Tbqq"
    assert error.remedy == "name branches of the file in the classes and the weight of images.yaml"
    assert jets_of(file, options("label_Tbqq")) == JETS


def test_a_column_that_is_not_there_is_named_with_those_that_are(sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.lhc_jets(sample, tmp_path / "t.h5")
    error = refusal(file, options("j_top"))
    assert error.problem == "'jets' lacks the column j_top"
    assert "j_t" in (error.remedy or "").removeprefix("labels and weight can use ").split(", ")
    assert jets_of(file, options("j_t")) == JETS
    wrong = refusal(samples.top_tagging(sample, tmp_path / "t.h5"), options("top"))
    assert wrong.remedy == "labels can use truthE, truthPX, truthPY, truthPZ, ttv, is_signal_new"
    assert jets_of(tmp_path / "t.h5", options("is_signal_new")) == JETS


def test_a_missing_kind_of_particle(sample: samples.Sample, tmp_path: Path) -> None:
    file = ttree(tmp_path / "t.root", jetclass(sample))
    error = refusal(file, Options(particles=True))
    assert "lacks the branches part_charge, part_isChargedHadron" in error.problem
    assert (error.remedy or "").startswith("take the channels pt and multiplicity in images.yaml")
    assert jets_of(file, Options()) == JETS


@pytest.mark.parametrize("name", ["pfnano_v1", "pfnano_v2", "higgs_to_bb", "l1_puppi", "l1_jets"])
def test_a_missing_puppi_weight(name: str, sample: samples.Sample, tmp_path: Path) -> None:
    whole = samples.WRITERS[name][0](sample, tmp_path / "whole.root")
    with uproot.open(whole) as old:
        (tree,) = (key for key in old.keys(cycle=False) if key == detect_layout(whole).tree)
        kept = (b for b in old[tree].values() if not b.name.startswith("n") and "uppiw" not in b.name.lower())
        branches = {b.name: b.array() for b in kept}
        branches = {key: np.asarray(v) if v.ndim == 1 else v for key, v in branches.items()}
    file = samples.write(tmp_path / "t.root", tree, branches)
    chosen = Options(puppi="layout" if name.startswith("pfnano") else "apply")
    error = refusal(file, chosen)
    assert "lacks the branch" in error.problem and "uppi" in error.problem
    assert "`puppi: ignore`" in (error.remedy or "")
    assert jets_of(file, replace(chosen, puppi="ignore")) > 0


@pytest.mark.parametrize("name", ["jetclass", "delphes", "lhc_jets", "top_tagging"])
def test_a_weight_that_no_such_file_has_is_not_left_out_in_silence(
    name: str, sample: samples.Sample, tmp_path: Path
) -> None:
    file = samples.WRITERS[name][0](sample, tmp_path / "t.file")
    error = refusal(file, Options(puppi="apply"))
    assert error.problem == "has no PUPPI weights"
    assert jets_of(file, Options()) == JETS


@pytest.mark.parametrize("name", ["jetclass", "l1_jets", "lhc_jets", "top_tagging", "higgs_to_bb", "l1_puppi"])
def test_a_collection_that_no_such_file_has(name: str, sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.WRITERS[name][0](sample, tmp_path / "t.file")
    assert refusal(file, Options(jets="FatJet")).problem == "has one collection of jets, and none called 'FatJet'"
    assert jets_of(file, Options()) > 0


def test_a_collection_without_constituents(sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.pfnano_v1(sample, tmp_path / "t.root")
    error = refusal(file, Options(jets="SubJet"))
    assert error.remedy == "name one of FatJet, Jet by `jets:`"
    assert jets_of(file, Options(jets="FatJet")) == JETS


def test_two_trees_are_told_apart_by_their_path(sample: samples.Sample, tmp_path: Path) -> None:
    file = tmp_path / "t.root"
    with uproot.recreate(file) as opened:
        samples.add(opened, "tree", jetclass(sample))
        samples.add(opened, "systematics/up", jetclass(samples.jets(6)))
    error = refusal(file, Options())
    assert error.remedy == "name one by `tree:` in images.yaml"
    assert jets_of(file, Options(tree="tree")) == JETS
    assert jets_of(file, Options(tree="systematics/up")) == 6
    wrong = refusal(file, Options(tree="systematics/down"))
    assert wrong.problem == "holds no tree 'systematics/down', it has 'tree', 'systematics/up'"


def test_the_tree_is_a_key_of_the_configuration() -> None:
    text = (Path(__file__).parents[3] / "configs" / "demo" / "images.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text) | {"tree": "systematics/up"}
    assert ImagesSettings.model_validate(content).options.tree == "systematics/up"
    own = {"tree": "t", "constituents": {"pt": "a", "eta": "b", "phi": "c"}}
    with pytest.raises(ValidationError, match="remove 'tree'"):
        ImagesSettings.model_validate(content | {"layout": own})


def test_two_layouts_in_one_tree_are_told_apart_by_their_name(sample: samples.Sample, tmp_path: Path) -> None:
    both = {}
    for name in ("pfnano_v1", "l1_puppi"):
        with uproot.open(samples.WRITERS[name][0](sample, tmp_path / "one.root")) as old:
            both |= {b.name: b.array() for b in old["Events"].values() if not b.name.startswith("n")}
    both = {key: np.asarray(v) if v.ndim == 1 else v for key, v in both.items()}
    file = samples.write(tmp_path / "t.root", "Events", both)
    error = refusal(file, Options())
    assert "holds several layouts of jets: 'Events' (l1_puppi), 'Events' (pfnano_v1)" in error.problem
    assert error.remedy == "name one by `layout:` in images.yaml"
    assert jets_of(file, Options(), "pfnano_v1") == JETS
    assert jets_of(file, Options(), "l1_puppi") > 0


def test_nanoaod_15_is_called_by_its_name(tmp_path: Path) -> None:
    nano = {"luminosityBlock": "u4", "event": "u8", "Jet_pt": "f4", "FatJet_pt": "f4"}
    new = dict.fromkeys(("PFCand_pt", "FatJetPFCand_jetIdx", "FatJetPFCand_pfCandIdx"), "f4")
    content = {name: np.zeros(3, dtype) for name, dtype in (nano | new).items()}
    error = refusal(samples.write(tmp_path / "t.root", "Events", content), Options())
    assert error.problem.startswith("is NanoAODv15 with the constituents FatJetPFCand_*, PFCand_* in 'Events'")
    plain = samples.write(tmp_path / "p.root", "Events", {name: content[name] for name in nano})
    assert "event tree without constituents" in refusal(plain, Options()).problem


@pytest.mark.parametrize(("name", "wrong"), [("jetclass", "top_tagging"), ("top_tagging", "jetclass")])
def test_a_layout_of_the_other_container(name: str, wrong: Any, sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.WRITERS[name][0](sample, tmp_path / "t.file")
    error = refusal(file, Options(), wrong)
    assert f"and the layout {wrong} is of" in error.problem
    assert f"take `layout: {wrong}` out of images.yaml" in (error.remedy or "")
    assert detect(file) == name


def test_an_own_layout_is_of_root_files(sample: samples.Sample, tmp_path: Path) -> None:
    file = samples.top_tagging(sample, tmp_path / "t.h5")
    own = OwnLayout.model_validate({"tree": "table", "constituents": {"pt": "a", "eta": "b", "phi": "c"}})
    error = refusal(file, Options(), own)
    assert error.problem == "is an HDF5 file, and the layout is of ROOT files"
    assert "take `layout:` out" in (error.remedy or "")
    assert jets_of(file, Options()) == JETS


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (RuntimeError("can't start new thread"), r"no more threads .*ulimit -u"),
        (MemoryError(), "not enough memory .*chunk_jets"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory"),
        (OSError(errno.EMFILE, "Too many open files"), "open no more files .*ulimit -n"),
    ],
)
def test_what_the_machine_lacks_is_no_fault_of_the_file(
    fault: Exception, reason: str, sample: samples.Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = samples.jetclass(sample, tmp_path / "t.root")
    root.close()

    def fails(*_: object, **__: object) -> None:
        raise fault

    left_out: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(uproot, "open", fails)
        # not even where files may be lost is it left out
        with pytest.raises(MachineError, match=reason) as caught:
            reader_of([file], Options(), unusable=lambda _, path: left_out.append(path))
    assert left_out == []
    assert "damaged" not in str(caught.value) and not isinstance(caught.value, InputFileError)
    assert jets_of(file, Options()) == JETS


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_what_a_disk_does_is_no_damage(
    number: int, sample: samples.Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = samples.jetclass(sample, tmp_path / "t.root")
    root.close()

    def fails(*_: object, **__: object) -> None:
        raise OSError(number, "x")

    monkeypatch.setattr(uproot, "open", fails)
    assert "try again" in (refusal(file, Options()).remedy or "")


def test_a_loss_keeps_its_remedy_and_nobody_is_told_to_lose_everything() -> None:
    error: PipelineError = InputFileError("is odd", file="x.root", remedy="mend it so")
    all_lost = Losses(10, 1)
    all_lost.all.append(Loss.of(error, "x.root", 0, 10))
    with pytest.raises(InputFileError, match=r"is odd \(mend it so\)") as caught:
        all_lost.check(0)
    assert "--allow-lost" not in str(caught.value)
    half = Losses(20, 2)
    half.all.append(Loss.of(error, "x.root", 0, 10))
    with pytest.raises(InputFileError, match=r"--allow-lost 0.5"):
        half.check(0)
