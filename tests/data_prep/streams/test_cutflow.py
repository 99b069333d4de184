"""The account of jets: it balances, or it says so."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.streams.cutflow import REASONS, Cutflow, Fate

FRACTIONS = {"train": 0.5, "validation": 0.0, "test": 0.5}


def uint8(*values: int) -> np.ndarray:
    return np.array(values, np.uint8)


def balanced() -> Cutflow:
    cutflow = Cutflow(("q", "t"))
    cutflow.add(uint8(0, Fate.NOT_FINITE, 0, 0), uint8(0, 0, 1), uint8(0, 2, 0))
    cutflow.add(uint8(Fate.NO_CONSTITUENTS, 0), uint8(1), uint8(2))
    return cutflow


def test_the_account() -> None:
    cutflow = balanced()
    cutflow.check(6, "jets.root", FRACTIONS)
    account = cutflow.to_json()
    assert (account["read"], account["kept"], account["dropped"]) == (6, 4, 2)
    assert account["kept_by_class"] == {
        "q": {"train": 1, "validation": 0, "test": 1},
        "t": {"train": 1, "validation": 0, "test": 1},
    }
    assert {reason: n for reason, n in account["dropped_by_reason"].items() if n} == {
        "no constituents": 1,
        "NaN or infinite momentum": 1,
    }
    assert account["read"] == account["kept"] + sum(account["dropped_by_reason"].values())


def test_every_fate_but_kept_has_a_reason() -> None:
    assert set(REASONS) == set(Fate) - {Fate.KEPT}


def test_a_lost_jet_is_a_defect() -> None:
    with pytest.raises(RuntimeError, match="7 jets in the files, 6 read"):
        balanced().check(7, "jets.root", FRACTIONS)
    cutflow = balanced()
    cutflow.add(uint8(0, 0), uint8(1), uint8(2))
    with pytest.raises(RuntimeError):
        cutflow.check(8, "jets.root", FRACTIONS)


def test_a_class_without_jets() -> None:
    cutflow = Cutflow(("q", "t"))
    cutflow.add(uint8(0, 0, Fate.OUTSIDE_PT), uint8(0, 0), uint8(0, 2))
    with pytest.raises(InputFileError, match=r"jets.root: no jet of the class 't' .* outside the selection"):
        cutflow.check(3, "jets.root", FRACTIONS)


def test_a_split_without_a_class() -> None:
    cutflow = Cutflow(("q", "t"))
    cutflow.add(uint8(0, 0, 0), uint8(0, 0, 1), uint8(0, 2, 2))
    with pytest.raises(InputFileError, match="no jet of the class 't' falls into the train split"):
        cutflow.check(3, "jets.root", FRACTIONS)
