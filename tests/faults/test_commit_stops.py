"""Wherever a stage is stopped while it makes an artefact again, the old one or the new one stands there, whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from pipeline.artefacts.artefact import UpToDate, artefact
from pipeline.artefacts.door import check
from pipeline.artefacts.manifest import manifest_path
from tests.faults.stopped import HOWS, stopped_at

pytestmark = pytest.mark.faults

CHANGES_AT_LEAST = 15
"""A loop that ended sooner would have tested nothing."""


def _folder(place: Path, text: str) -> None:
    with artefact(place / "65_rtl", "rtl", options={"text": text}, companions=[place / "65_rtl.json"]) as space:
        (space.work / "done").write_text(text)
        for name in ("a.v", "src/b.vhd", "src/c.vhd"):
            (space.path / name).parent.mkdir(exist_ok=True)
            (space.path / name).write_text(f"{name} {text}")
        space.companions[0].write_text(json.dumps(text))


def _file(place: Path, text: str) -> None:
    out = place / "60_csim.json"
    with artefact(out, "csim", options={"text": text}, folder=False, companions=[place / "60_csim.npz"]) as space:
        space.path.write_text(text)
        space.companions[0].write_text(text)


def _failing(place: Path, text: str) -> None:
    out = place / "60_csim.json"
    if text == "old":
        _file(place, text)
        return
    with artefact(out, "csim", options={"text": text}, folder=False, companions=[place / "60_csim.npz"]) as space:
        space.leave(space.path, "new", "1 integer differs")
        raise ValueError


def _state(place: Path, out: Path) -> dict[str, bytes]:
    """Artefact, companions and manifest, as they stand there."""
    hidden = f".{out.name}."
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and not path.relative_to(place).as_posix().startswith(hidden)
    }


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("make", "name"), [(_folder, "65_rtl"), (_file, "60_csim.json"), (_failing, "60_csim.json")])
def test_old_or_new_and_whole(
    tmp_path: Path, make: Callable[[Path, str], None], name: str, first: bool, how: str
) -> None:
    def made(place: Path, text: str) -> dict[str, bytes]:
        try:
            make(place, text)
        except UpToDate:
            assert make is not _failing
        except ValueError:
            assert make is _failing
        return _state(place, place / name)

    states = []
    for text in ("old", "new"):
        (tmp_path / text).mkdir()
        states.append(made(tmp_path / text, text))
    old = {} if first else states[0]
    new = states[1]
    number = 0
    while True:
        place = tmp_path / "place"
        place.mkdir()
        if not first:
            made(place, "old")
        out = place / name
        status = stopped_at(number, how, partial(make, place, "new"), place)
        before = _state(place, out)
        # What anybody sees: each name holds what was old or what is new, and none is gone that the new one has, too.
        for path in old.keys() & new.keys():
            assert before.get(path) in (old[path], new[path]), f"{path} after change {number}"
        # What a stage sees that opens it.
        try:
            check(out)
        except InputFileError:
            assert first
            assert not manifest_path(out).exists()
        except Exception as error:
            if "proves nothing" not in str(error):
                raise
        seen = _state(place, out)
        assert seen in (old, new), f"after change {number}"
        # The same command again.
        assert made(place, "new") == new
        assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []
        shutil.rmtree(place)
        if status is None:
            break
        number += 1
    assert number > CHANGES_AT_LEAST
