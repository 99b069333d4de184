"""Hardware units of the CMS level-1 trigger: integers in branches whose names suggest GeV and rad.

The correlator counts pT in steps of 0.25 GeV, η and φ in steps of π/720. Newer versions of the jet ntuplizer store
these integers as `jet_puppicand_pt`, `_eta`, `_phi`, `_deta` and `_dphi`, and some of the physical values as `_phys`.
The names do not distinguish integers from physical values; the values are checked, and integers are refused.

Source: CMSSW, L1Trigger/Phase2L1ParticleFlow/interface/common/scales (`l1ct::Scales`: INTPT_LSB, ETAPHI_LSB).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError

PT_STEP = 0.25
"""GeV a step of the pT."""
_HARDWARE = ("hwpt", "hweta", "hwphi")


def whole_steps(values: npt.NDArray[Any]) -> bool:
    """Whether values are all whole numbers and not all 0, as η and angles in rad never are.

    >>> whole_steps(np.array([0.0, -31.0, 8.0])), whole_steps(np.array([0.0, -0.1])), whole_steps(np.zeros(3))
    (True, False, False)
    """
    finite = values[np.isfinite(values)]
    return bool((finite != 0).any()) and np.array_equal(finite, np.rint(finite))


def refuse_hardware_angles(columns: Iterable[tuple[str, npt.NDArray[Any]]], remedy: str, file: Path) -> None:
    """Refuse angles that are whole steps.

    Args:
        columns: names of branches and their values.
        remedy: for the message.
        file: for the message.

    Raises:
        InputFileError: naming the branches.
    """
    integer_names = [name for name, values in columns if whole_steps(values)]
    if integer_names:
        plural = "s" if len(integer_names) == 1 else ""
        branches = " and ".join(integer_names)
        raise InputFileError(
            f"{branches} hold{plural} whole numbers: steps of π/720 of the trigger's hardware, not rad",
            file=file,
            remedy=remedy,
        )


def hardware_names(names: Iterable[str]) -> list[str]:
    """The branches with names of hardware integers, as `L1PuppiCands_hwPt`, without the branches of list lengths.

    >>> hardware_names(["L1PuppiCands_hwPt", "nL1PuppiCands_hwPt", "L1PuppiCands_pt", "cand.hwPhi_"])
    ['L1PuppiCands_hwPt', 'cand.hwPhi_']
    """
    hardware = sorted(name for name in names if name.rstrip("_").lower().endswith(_HARDWARE))
    return [name for name in hardware if name.removeprefix("n") == name or name.removeprefix("n") not in hardware]
