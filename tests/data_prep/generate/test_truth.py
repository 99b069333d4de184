"""Truth matching on records written by hand."""

from __future__ import annotations

import numpy as np
import pytest
import vector

from data_prep.generate.events import EventRecords
from data_prep.generate.processes import LIGHT_QUARK, QCD, TOP, W_BOSON
from data_prep.generate.truth import Origins, delta_r, find_origins, match

Row = tuple[int, int, int, float, float, float]
"""pid, status, mother, pT, η, φ."""


def record(*events: list[Row]) -> EventRecords:
    rows = np.array([row for event in events for row in event])
    counts = np.array([len(event) for event in events])
    pid, status, mother = rows[:, :3].astype(np.int64).T
    pt, eta, phi = rows[:, 3:].T
    zero = np.zeros(len(rows))
    return EventRecords(
        number=len(events),
        event=np.repeat(np.arange(len(events)), counts),
        first=np.cumsum(counts) - counts,
        pid=pid,
        status=status,
        mother=mother,
        px=pt * np.cos(phi),
        py=pt * np.sin(phi),
        pz=pt * np.sinh(eta),
        energy=pt * np.cosh(eta),
        x=zero,
        y=zero,
        z=zero,
        weight=np.ones(len(events)),
        pt_hat=np.zeros(len(events)),
    )


INCOMING: list[Row] = [
    (90, -11, 0, 0, 0, 0),
    (2212, -12, 0, 0, 0, 0),
    (2212, -12, 0, 0, 0, 0),
    (21, -21, 1, 0, 0, 0),
    (21, -21, 2, 0, 0, 0),
]
DIJET: list[Row] = [
    *INCOMING,
    (1, -23, 3, 600, 0.1, 0.0),
    (21, -23, 3, 600, -0.2, 3.1),
    (21, -33, 5, 50, 1.0, 1.0),
    (211, 91, 6, 10, 0.0, 0.0),
]
TOP_PAIR: list[Row] = [
    *INCOMING,
    (6, -22, 3, 600, 0.0, 0.0),
    (-6, -22, 3, 600, 0.0, 3.0),
    (24, -22, 5, 400, 0.0, 0.0),
    (5, -23, 5, 200, 0.3, 0.0),
    (-24, -22, 6, 400, 0.0, 3.0),
    (-5, -23, 6, 200, 0.0, 3.3),
    (24, -52, 7, 390, 0.0, 0.0),
    (2, -23, 11, 200, -0.2, 0.1),
    (-1, 23, 11, 190, 0.0, -0.1),
    (-4, -23, 9, 200, 0.0, 2.8),
    (3, -23, 9, 200, 0.0, 2.9),
]


def test_dijet_partons() -> None:
    origins = find_origins(record(DIJET, DIJET), QCD)
    np.testing.assert_array_equal(origins.pid, [[1, 21], [1, 21]])
    np.testing.assert_allclose(origins.eta, [[0.1, -0.2]] * 2)
    np.testing.assert_allclose(origins.phi, [[0.0, 3.1]] * 2, atol=1e-12)
    assert np.isnan(origins.prong_eta[:, :, 1:]).all()


def test_top_quarks_are_grouped_by_their_top() -> None:
    origins = find_origins(record(TOP_PAIR), TOP)
    np.testing.assert_array_equal(origins.pid, [[6, 6]])
    # The antitop is first: groups are ordered by sign.
    np.testing.assert_allclose(np.sort(origins.prong_phi[0, 0] % (2 * np.pi)), [2.8, 2.9, 3.3])
    np.testing.assert_allclose(np.sort(origins.prong_phi[0, 1]), [-0.1, 0.0, 0.1], atol=1e-12)
    quarks = vector.array({"pt": [200, 200, 190], "eta": [0.3, -0.2, 0.0], "phi": [0.0, 0.1, -0.1], "mass": [0.0] * 3})
    np.testing.assert_allclose(origins.eta[0, 1], quarks.sum().eta)
    np.testing.assert_allclose(origins.phi[0, 1], quarks.sum().phi)


def test_events_without_origin_stay_empty() -> None:
    origins = find_origins(record(INCOMING, DIJET), W_BOSON)
    np.testing.assert_array_equal(origins.pid, np.zeros((2, 2)))
    assert np.isnan(origins.eta).all()


def one_w(*quarks: tuple[float, float]) -> Origins:
    """A W at (0, 0) with quarks at the given (η, φ)."""
    empty = np.full((1, 2, 3), np.nan)
    prong_eta, prong_phi = empty.copy(), empty.copy()
    for index, (eta, phi) in enumerate(quarks):
        prong_eta[0, 0, index], prong_phi[0, 0, index] = eta, phi
    nowhere = np.array([[0.0, np.nan]])
    return Origins(np.array([[24, 0]]), nowhere, nowhere, nowhere, prong_eta, prong_phi)


@pytest.mark.parametrize(
    ("quarks", "jets", "expected"),
    [
        ([(0.3, 0.0), (-0.3, 0.0)], [(0.1, 0.0), (0.0, 3.0)], [24, 0]),
        ([(0.3, 0.0), (-0.75, 0.0)], [(0.1, 0.0), (0.0, 3.0)], [0, 0]),  # one quark outside the jet
        ([(0.3, 0.0), (-0.3, 0.0)], [(0.5, 0.0), (-0.4, 0.0)], [0, 24]),  # the nearer of two jets
        ([(0.3, 0.0), (-0.3, 0.0)], [(0.0, 3.0), (np.nan, np.nan)], [0, 0]),
        ([(0.3, 0.0), (-0.3, 0.0)], [(np.nan, np.nan), (np.nan, np.nan)], [0, 0]),
    ],
)
def test_a_jet_must_contain_every_quark(
    quarks: list[tuple[float, float]], jets: list[tuple[float, float]], expected: list[int]
) -> None:
    eta, phi = np.array(jets).T[:, None, :]
    np.testing.assert_array_equal(match(eta, phi, one_w(*quarks), W_BOSON, 0.8), [expected])


def test_only_named_flavours_count() -> None:
    events = record(DIJET)
    eta, phi = np.array([[0.1, -0.2]]), np.array([[0.0, 3.1]])
    np.testing.assert_array_equal(match(eta, phi, find_origins(events, LIGHT_QUARK), LIGHT_QUARK, 0.8), [[1, 0]])
    np.testing.assert_array_equal(match(eta, phi, find_origins(events, QCD), QCD, 0.8), [[1, 21]])


def test_distance_of_qcd_jets_does_not_matter() -> None:
    events = record(DIJET)
    eta, phi = np.array([[1.5, -0.2]]), np.array([[0.0, 3.1]])
    np.testing.assert_array_equal(match(eta, phi, find_origins(events, QCD), QCD, 0.8), [[1, 21]])
    np.testing.assert_array_equal(match(eta, phi, find_origins(events, LIGHT_QUARK), LIGHT_QUARK, 0.8), [[0, 0]])


def test_delta_r_equals_vector(rng: np.random.Generator) -> None:
    eta1, eta2 = rng.uniform(-3, 3, (2, 1000))
    phi1, phi2 = rng.uniform(-7, 7, (2, 1000))
    first = vector.array({"rho": np.ones(1000), "phi": phi1, "eta": eta1})
    second = vector.array({"rho": np.ones(1000), "phi": phi2, "eta": eta2})
    np.testing.assert_allclose(delta_r(eta1, phi1, eta2, phi2), first.deltaR(second), atol=1e-12)
