"""Files whose truth covers the images pass in silence; others are refused, and what the refusal advises is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.events.truth_cover import MANY, require_cover
from data_prep.readers import event_tree
from tests.data_prep.event_files import event_columns, write_event_file

EVENTS, JETS, PARTS = 200, 4, 8
"""Events, jets of each, deposits of each jet."""


def events(eta_max: float = 3.0, pt_min: float = 20.0, source: int = -2) -> dict[str, Any]:
    """Jets up to |η| 3 from 20 GeV on, and a truth that holds some of them; of the others deposits are left.

    Args:
        eta_max: where the truth ends.
        pt_min: where it begins (GeV).
        source: what the deposits of jets outside the truth are called.
    """
    rng = np.random.default_rng(6)
    eta, phi = rng.uniform(-3, 3, (EVENTS, JETS)), rng.uniform(-np.pi, np.pi, (EVENTS, JETS))
    pt = 20 * rng.uniform(0.05, 1, (EVENTS, JETS)) ** -1.0  # 20 to 400 GeV, as pT⁻²
    known = (np.abs(eta) < eta_max) & (pt >= pt_min)
    number = np.where(known, np.cumsum(known, axis=1) - 1, source)
    part = np.repeat(np.arange(JETS), PARTS)
    near = rng.normal(0, 0.1, (2, EVENTS, part.size))
    deposits = {"eta": eta[:, part] + near[0], "phi": phi[:, part] + near[1], "em": pt[:, part] / PARTS}
    deposits |= {"had": 0 * near[0], "track": 0 * near[0]}
    columns: dict[str, Any] = {
        f"deposit_{name}": ak.from_regular(ak.Array(values.astype(np.float32))) for name, values in deposits.items()
    }
    columns["deposit_truth"] = ak.from_regular(ak.Array(number[:, part].astype(np.int16)))
    for name, values in (("pt", pt), ("eta", eta), ("phi", phi), ("mass", pt / 10)):
        columns[f"jet_{name}"] = ak.unflatten(values[known].astype(np.float32), known.sum(axis=1))
    columns["jet_kind"] = ak.unflatten(np.ones(known.sum(), np.int16), known.sum(axis=1))
    names = np.arange(EVENTS, dtype=np.int64)
    return columns | {"pileup": np.ones(EVENTS, np.int32), "event": names, "library": names // 5}


def described(rows: int = 56, **more: Any) -> EventDescription:
    """Images of so many rows; jets are listed from 60 GeV on up to |η| 1.7 where nothing else is said."""
    split = {"train": 0.5, "validation": 0.25, "test": 0.25}
    content = {"kind": "events", "grid": {"rows": rows}, "jet_pt_min": 60, "jet_eta_max": 1.7, "split": split}
    return EventImagesSettings.model_validate(content | more).description


def said(path: Path, columns: dict[str, Any], description: EventDescription) -> list[str]:
    """The warnings about a file."""
    file = write_event_file(path / "e.root", columns)
    told: list[str] = []
    require_cover({file: len(columns["event"])}, description, told.append)
    return told


def test_a_truth_that_goes_beyond_the_image_needs_no_word(tmp_path: Path) -> None:
    assert said(tmp_path, events(), described()) == []
    assert said(tmp_path, events(), described(jet_pt_min=0)) == []


def test_a_truth_that_ends_inside_the_image_is_refused(tmp_path: Path) -> None:
    old = events(eta_max=1.7)
    for listed in ({}, {"jet_pt_min": 0}, {"jet_eta_max": 1.0}):  # to list fewer jets makes the others no better known
        with pytest.raises(
            InputFileError, match=r"end at \|η\| 1.70 and the image at 2.44.* are in no truth"
        ) as caught:
            said(tmp_path, old, described(**listed))
        assert caught.value.file == str(tmp_path / "e.root")
        assert "\n" not in str(caught.value)
    # what is advised is enough, and half of it is not
    assert "take at most 29 'grid.rows'" in str(caught.value)
    assert said(tmp_path, old, described(rows=29)) == []
    (line,) = said(tmp_path, old, described(rows=38))
    assert "cannot be told whether the truth covers the image and what reaches into it" in line
    assert "at most 29 'grid.rows'" in line


def test_hard_jets_that_are_in_no_truth_are_said(tmp_path: Path) -> None:
    """As photons are where truth jets leave them out: it may be meant so."""
    columns = events()
    columns["deposit_truth"] = ak.where(columns["deposit_truth"] == 0, np.int16(-2), columns["deposit_truth"])
    (line,) = said(tmp_path, columns, described())
    assert "inside the image are in no truth (100 events" in line


def test_many_jets_that_end_before_those_to_be_found_are_enough(tmp_path: Path) -> None:
    """Also where nothing is left of jets outside the truth."""
    columns = events(eta_max=1.65, source=-1)
    assert len(ak.flatten(columns["jet_pt"])) < MANY
    (line,) = said(tmp_path, columns, described())
    assert "cannot be told whether the truth covers the image" in line
    many = {name: ak.concatenate([values] * 2) for name, values in columns.items()}
    many = {name: values if values.ndim > 1 else np.asarray(values) for name, values in many.items()}
    with pytest.raises(InputFileError, match="learn to reject jets that are there"):
        said(tmp_path, many, described())


def test_a_truth_that_begins_above_the_jets_to_be_found(tmp_path: Path) -> None:
    hard = events(pt_min=60.0)
    with pytest.raises(InputFileError, match="begin at 60.* above the 'jet_pt_min' of 40 GeV") as caught:
        said(tmp_path, hard, described(jet_pt_min=40))
    assert "a 'jet_pt_min' of at least 76" in str(caught.value)
    assert said(tmp_path, hard, described(jet_pt_min=76)) == []
    (line,) = said(tmp_path, hard, described(jet_pt_min=61))
    assert "a jet that is a little softer counts as a fake" in line


def test_pileup_that_may_be_shared(tmp_path: Path) -> None:
    """Without `library` nobody knows; without pileup there is nothing to share."""
    columns = events()
    del columns["library"]
    (line,) = said(tmp_path, columns, described())
    assert "no branch 'library'" in line
    columns["pileup"] = columns["pileup"] * 0
    assert said(tmp_path, columns, described()) == []


def test_deposits_that_are_not_those_of_their_jet(tmp_path: Path) -> None:
    columns = events()
    for name, changed, message in (
        ("deposit_em", columns["deposit_em"] * np.float32(1000), "have 1e.03 of its pT"),
        ("deposit_phi", columns["deposit_phi"] + np.float32(1.0), "lie 1.00 from its axis"),
    ):
        with pytest.raises(InputFileError, match=message):
            said(tmp_path, columns | {name: changed}, described())


def test_a_line_for_all_files_and_none_for_those_that_hold_nothing(tmp_path: Path) -> None:
    files = {write_event_file(tmp_path / f"{n}.root", event_columns(9, n)): 9 for n in (1, 2, 3)}
    damaged = tmp_path / "damaged.root"
    damaged.write_bytes(b"root no more")
    empty = write_event_file(tmp_path / "none.root", {name: values[:0] for name, values in event_columns(3).items()})
    told: list[str] = []
    require_cover(files | {damaged: 5, empty: 0}, described(jet_pt_min=0), told.append)
    assert len(told) == 2
    assert all(line.endswith("(and 2 more files likewise)") for line in told)


def test_truth_jets_without_their_deposits(tmp_path: Path) -> None:
    columns = event_columns(20)
    file = write_event_file(tmp_path / "e.root", columns)
    pt, eta = event_tree.truth_jets(file)
    np.testing.assert_array_equal(pt, np.asarray(ak.flatten(columns["jet_pt"])))
    np.testing.assert_array_equal(eta, np.asarray(ak.flatten(columns["jet_eta"])))
