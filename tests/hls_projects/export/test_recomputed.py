"""What a bundle holds of its own network, vectors and settings is made again, whoever made the hashes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputFileError
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.formats.pattern_formats import FORMATS
from hls_projects.export.manifest import BundleManifest
from hls_projects.export.replay import replay
from hls_projects.rtl.design import RtlDesign

MADE_AGAIN = ("MODEL_CARD.md", "cmssw/", "emp/", "patterns/")


def _hashed(root: Path) -> BundleManifest:
    """The manifest of a bundle after a change, with hashes made anew."""
    manifest = BundleManifest.load(root).model_copy(update={"files": hash_files(root)})
    manifest.save(root)
    return manifest


def test_all_files_of_these_parts_are_made_again(copy: Path) -> None:
    manifest = BundleManifest.load(copy)
    replayed = replay(copy, manifest)
    assert replayed.otherwise == ()
    wanted = {name for name in manifest.files if name.startswith(MADE_AGAIN)} - {"patterns/packing.json"}
    assert replayed.files == len(wanted)
    assert len([name for name in wanted if name.startswith("patterns/")]) == 2 * len(FORMATS)


def _changed(name: str, old: str, new: str) -> Callable[[Path], str]:
    def change(root: Path) -> str:
        (file,) = root.glob(name)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        return file.relative_to(root).as_posix()

    return change


def _one_more(root: Path) -> str:
    (root / "cmssw" / "zoo_model_v1" / "more.cpp").write_text("int more;\n")
    return "cmssw/zoo_model_v1/more.cpp"


def _another_word(root: Path, name: str = "apx/output_0.txt") -> str:
    """The lowest bit of the last valid word turned round."""
    file = root / "patterns" / name
    write, read = FORMATS[file.parent.name]
    frames = read(file)
    data = frames.data.copy()
    data[tuple(np.argwhere(frames.valid)[-1])] ^= np.uint64(1)
    write(dataclasses.replace(frames, data=data), file)
    return f"patterns/{name}"


@pytest.mark.parametrize(
    "forge",
    [
        _changed("cmssw/*/NN/zoo_model.cpp", "{", "{ "),
        _changed("cmssw/Makefile", "-O3", "-O0"),
        _one_more,
        _changed("emp/firmware/hdl/emp_payload.vhd", "<= '0'", "<= '1'"),
        _changed("emp/firmware/hdl/zoo_model_links.vhd", "'1'", "'0'"),
        _changed("MODEL_CARD.md", "0 differ", "no differ"),
        _another_word,
        lambda root: _another_word(root, "emp_v2/input_0.txt"),
    ],
)
def test_a_part_that_nothing_makes(copy: Path, forge: Callable[[Path], str]) -> None:
    name = forge(copy)
    manifest = _hashed(copy)
    with pytest.raises(InputFileError) as caught:
        replay(copy, manifest)
    assert str(caught.value.file) == str(copy / name)


def test_another_packing_than_that_of_the_design(copy: Path) -> None:
    _changed("patterns/packing.json", '"latency": ', '"latency": 1')(copy)
    with pytest.raises(InputFileError, match="is not the packing of this design"):
        replay(copy, _hashed(copy))


def test_a_source_that_leads_out_of_the_bundle(copy: Path) -> None:
    _changed("rtl/rtl.json", '"zoo_model.vhd"', '"../zoo_model.vhd"')(copy)
    with pytest.raises(InputFileError, match="vhdl"):
        RtlDesign.load(copy / "rtl")


def test_sources_that_are_no_text(copy: Path) -> None:
    (copy / "hls" / "firmware" / "zoo_model.cpp").write_bytes(b"\xff\xfe")
    with pytest.raises(InputFileError, match="holds sources that nothing can be made of"):
        replay(copy, _hashed(copy))


def test_texts_of_another_version_of_the_project_are_told(copy: Path) -> None:
    name = _changed("cmssw/Makefile", "-O3", "-O2")(copy)
    replayed = replay(copy, _hashed(copy), "another commit")
    assert replayed.otherwise == (name,)
    # its pattern files are still those of its vectors
    _another_word(copy)
    with pytest.raises(InputFileError, match="does not hold the words that the vectors make"):
        replay(copy, _hashed(copy), "another commit")
