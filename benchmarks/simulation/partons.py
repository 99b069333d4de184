"""Quarks and gluons: how often which of them scatter, and where they go, against leading order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.leading_order import GLUON, forward_area, quark_gluon_share
from benchmarks.simulation.samples import axis, demonstration, jets_of, simulated
from benchmarks.simulation.table import Check, compared, share
from data_prep.generate.detector import respond
from data_prep.generate.events import Floats
from data_prep.generate.processes import hard_process
from data_prep.generate.truth import find_origins

SOURCE = "leading order, without Pythia's processes"


def quark_gluon_events(name: str, number: int) -> tuple[int, int]:
    """Events of a class that are qg→qg, and all, in the range of pT-hat of the demo, `dijets: mixed`."""
    settings = demonstration(multiparton_interactions=False)
    process = hard_process(name, "mixed")
    mixed = total = 0
    for events in simulated(process, settings, number):
        mixed += int(((find_origins(events, process).pid == GLUON).sum(axis=1) == 1).sum())
        total += events.number
    return mixed, total


def expected_share(name: str) -> float:
    """The same share at leading order."""
    settings = demonstration()
    return quark_gluon_share(settings.collision_energy, settings.pt_hat, settings.pt_hat_power, name)


def area(lower: Floats, higher: Floats) -> tuple[float, float]:
    """Area under the ROC curve of one variable, and its error."""
    values = np.concatenate([lower, higher])
    rank = values.argsort(kind="stable").argsort(kind="stable")[lower.size :]
    n, m = lower.size, higher.size
    return float((rank.sum() - m * (m - 1) / 2) / n / m), float(np.sqrt((n + m + 1) / (12 * n * m)))


def partons(number: int) -> Iterator[Check]:
    """Shares of qg→qg, and what |η| alone tells of quarks and gluons."""
    for name, sample in (("qcd", "all QCD 2→2"), ("q", "events of class q"), ("g", "events of class g")):
        yield compared(
            f"share of qg→qg of {sample}, pT-hat of 370 to 1450 GeV as drawn",
            share(*quark_gluon_events(name, 3 * number)),
            (expected_share(name), 0.0),
            SOURCE,
            digits=3,
        )
    eta: dict[str, Floats] = {}
    settings = demonstration()
    for name in ("q", "g"):
        process, rng = hard_process(name, "mixed"), np.random.default_rng(1)
        samples = [
            jets_of(events, respond(events, settings.detector, rng), process, settings.jets)
            for events in simulated(process, settings, number)
        ]
        eta[name] = np.concatenate([np.abs(axis(jets)[1]) for jets in samples])
    window = settings.jets
    yield compared(
        "AUC of abs(η) between q and g, jets of 500 to 1000 GeV",
        area(eta["g"], eta["q"]),
        (forward_area(settings.collision_energy, window.pt, settings.pt_hat_power, window.eta_max), 0.0),
        SOURCE,
        digits=3,
    )
