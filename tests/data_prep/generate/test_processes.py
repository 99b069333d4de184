"""What Pythia is asked for, held against leading-order matrix elements and what is known of quarks and gluons."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.simulation.leading_order import densities
from benchmarks.simulation.masses import PARTICLES, WINDOWS, generated, quantile, share_above
from benchmarks.simulation.partons import expected_share, quark_gluon_events
from data_prep.generate.events import EventGenerator
from data_prep.generate.jets import SimulatedJets
from data_prep.generate.processes import LIGHT_QUARKS, MINIMUM_BIAS, PROCESSES, PURE, hard_process
from data_prep.generate.production import Shard, make_jets
from data_prep.generate.settings import GenerateSettings


def settings(**changes: object) -> GenerateSettings:
    return GenerateSettings.model_validate(
        {"classes": ["q"], "jets_per_class": 1, "multiparton_interactions": False, "pt_hat": [400, 1200]} | changes
    )


def test_multiparton_interactions_make_new_flavours_as_often_as_leading_order_says() -> None:
    """Of gluons, gg → qq̄ beside gg → gg, at the ŝ, t̂ and û of each scattering (Ellis, Stirling, Webber, table 7.1).

    Two gluons are alike, hence the half. Without s-channel processes ("processLevel = 0") there would be none of 25.
    """
    generator = EventGenerator(MINIMUM_BIAS, settings(), None, 5)
    expected, observed = 0.0, 0
    for _ in range(2):
        events = generator.batch(400)
        outgoing = np.flatnonzero(np.abs(events.status) == 33)
        first, second = outgoing[::2], outgoing[1::2]
        np.testing.assert_array_equal(first + 1, second)
        incoming = events.first[events.event[first]] + events.mother[first]
        momentum = np.stack([events.energy, events.px, events.py, events.pz])

        def square(p: np.ndarray) -> np.ndarray:
            return np.asarray(p[0] ** 2 - (p[1:] ** 2).sum(axis=0))

        s = square(momentum[:, first] + momentum[:, second])
        t = square(momentum[:, first] - momentum[:, incoming])
        u = -s - t
        gluons = (events.pid[incoming] == 21) & (events.pid[incoming + 1] == 21) & (t < 0) & (u < 0)
        s, t, u = s[gluons], t[gluons], u[gluons]
        pair = (t**2 + u**2) / (6 * t * u) - 3 / 8 * (t**2 + u**2) / s**2
        elastic = 1 / 2 * 9 / 2 * (3 - t * u / s**2 - s * u / t**2 - s * t / u**2)
        expected += float((3 * pair / (3 * pair + elastic)).sum())
        observed += int(np.isin(np.abs(events.pid[first[gluons]]), LIGHT_QUARKS).sum())
    assert expected > 10
    assert observed == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.parametrize("name", ["w", "z"])
def test_bosons_are_on_their_mass_shell(name: str) -> None:
    """A Breit-Wigner peak with mass and width of the Particle Data Group, in its window; at high pT-hat most of all.

    Without the window 13 % of W are more than 20 GeV too heavy, and 15 % more than 10 GeV.
    """
    (mass, _), (width, _) = PARTICLES[name][0], PARTICLES[name][1] or (0.0, 0.0)
    window = WINDOWS[name]
    process = PROCESSES[name]
    generator = EventGenerator(process, settings(pt_hat_power=5.5), None, 5)
    masses = np.concatenate([generated(generator.batch(200), process.resonances[0]) for _ in range(4)])
    assert masses.size > 1_000
    assert window[0] <= masses.min() <= masses.max() <= window[1]
    assert np.median(masses) == pytest.approx(quantile(0.5, mass, width, window), abs=4 * width / np.sqrt(masses.size))
    for edge in (5.0, 10.0):
        expected = share_above(mass, edge, width, window)
        error = np.sqrt(expected * (1 - expected) / masses.size)
        assert (masses > mass + edge).mean() == pytest.approx(expected, abs=4 * error)


@cache
def dijets(name: str, dijet_choice: str) -> SimulatedJets:
    """Jets of the default seed."""
    return make_jets(settings(classes=[name], dijets=dijet_choice), Shard(name, 0, 500), lambda _: None)[0]


def test_jets_come_from_every_process_that_gives_the_class() -> None:
    """Of scatterings of a quark off a gluon one jet an event is of the class, of the others both are."""
    for name, pids in (("q", {1, 2, 3}), ("g", {21})):
        assert set(dijets(name, "mixed").pid.tolist()) <= pids
        _, mixed = np.unique(dijets(name, "mixed").event, return_counts=True)
        _, pure = np.unique(dijets(name, "pure").event, return_counts=True)
        assert (mixed == 2).mean() < (pure == 2).mean() - 0.15


@pytest.mark.parametrize("name", ["qcd", "q", "g"])
def test_quarks_scatter_off_gluons_as_often_as_leading_order_says(name: str) -> None:
    """The share of qg → qg, from matrix elements (Ellis, Stirling, Webber, table 7.1) and parton densities alone.

    Half of all QCD, two thirds of what makes quark or gluon jets. In samples without it there would be none.
    """
    quark_gluon, events = quark_gluon_events(name, 400)
    expected = expected_share(name)
    assert 0.5 < expected < 0.75
    assert quark_gluon / events == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / events))


def test_partons_carry_the_momentum_of_the_proton() -> None:
    """The sum rule of parton densities, at 500 GeV; the grid of the file is good to a per cent."""
    x, scale = np.geomspace(1e-7, 0.9999, 4000), np.full(4000, 500.0)
    carried = sum(
        float((np.diff(x) * (f(x[1:], scale[1:]) + f(x[:-1], scale[1:])) / 2).sum()) for f in densities().values()
    )
    assert carried == pytest.approx(1, abs=0.01)


def test_quarks_lie_further_forward_than_gluons() -> None:
    """Of two jets the one further forward is more often a quark (used by ATLAS, arXiv:1906.09254).

    Valence quarks carry more of the proton's momentum than gluons do. It must not be all that a tagger lives on.
    """
    eta = {}
    for name in ("q", "g"):
        jets = dijets(name, "mixed")
        eta[name] = np.abs(np.arcsinh(jets.pz / np.hypot(jets.px, jets.py)))
    error = np.hypot(*(values.std() / np.sqrt(values.size) for values in eta.values()))
    assert eta["q"].mean() - eta["g"].mean() > 3 * error
    assert (eta["q"][:, None] > eta["g"][None]).mean() < 0.68


def test_codes_never_change() -> None:
    """They are in the identifiers of files that people have."""
    codes = {"q": 1, "g": 2, "qcd": 3, "w": 4, "z": 5, "h": 6, "t": 7}
    assert {name: process.code for name, process in PROCESSES.items()} == codes
    assert {name: process.code for name, process in PURE.items()} == {"q": 1, "g": 2}
    assert hard_process("w", "pure") is PROCESSES["w"]
