"""When a training is given up: what Optuna's pruners do for one objective, by cost for several."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.search.record import Record
from pipeline.search.settings import HopelessSettings


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
    rivals = [
        (each.measured.curve[len(curve) - 1], each.number)
        for each in others
        if each.measured is not None
        and len(each.measured.curve) >= len(curve)
        and (estimate is None or each.estimate is None or each.estimate <= estimate)
    ]
    if not rivals:
        return None
    best, number = max(rivals)
    behind = best - curve[-1]
    if behind <= settings.margin:
        return None
    return f"{behind:.4f} behind trial {number}, which is not larger, after {len(curve)} epochs"
