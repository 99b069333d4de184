"""A training beside those of finished designs that are not larger: when it is given up, and when it goes on longer.

It is what Optuna's pruners do for one objective, by cost for several.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import FurtherSettings, HopelessSettings


def reason_to_stop(
    settings: HopelessSettings | None, curve: Sequence[float], estimate: int | None, others: Sequence[Record]
) -> str | None:
    """Why a training should end; None where it should go on.

    It is held against the finished designs that were not larger before their training, after as many epochs: who is
    larger and clearly worse than one of them has no place on the front.

    Args:
        settings: from when on, and by how much it may be behind; None never ends one.
        curve: its objective after every epoch so far.
        estimate: its LUTs before training; none where there is no estimate, then all are held against it.
        others: the trials so far.
    """
    if settings is None or len(curve) < settings.after:
        return None
    best, number = best_rival(len(curve), estimate, others)
    behind = best - curve[-1]
    if behind <= settings.margin:
        return None
    return f"{behind:.4f} behind trial {number}, which is not larger, after {len(curve)} epochs"


def goes_on(
    settings: FurtherSettings | None, curve: Sequence[float], estimate: int | None, others: Sequence[Record]
) -> bool:
    """Whether a design is trained longer: it is near those that were not larger, or above, after as many epochs.

    Args:
        settings: how near; None never trains longer.
        curve: its objective after every epoch of the short training.
        estimate: its LUTs before training; none where there is no estimate.
        others: the trials so far.
    """
    return settings is not None and best_rival(len(curve), estimate, others)[0] - curve[-1] <= settings.margin


def best_rival(epochs: int, estimate: int | None, others: Sequence[Record]) -> tuple[float, int]:
    """The highest objective after so many epochs of a finished design that is not larger, and its trial.

    Minus infinity where there is none.
    """
    rivals = [
        (record.measured.curve[epochs - 1], record.number)
        for record in others
        if record.measured is not None
        and len(record.measured.curve) >= epochs
        and (estimate is None or record.estimate is None or record.estimate <= estimate)
    ]
    return max(rivals, default=(-math.inf, -1))
