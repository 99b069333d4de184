"""Errors of differences: against a bootstrap written out, and where they are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.metrics.bootstrap import ValueWithError, difference
from models.metrics.fake_curve import FakeCurve
from models.metrics.jet_matching import Assignment
from models.metrics.library_bootstrap import LibrarySums, multiplicities, ratio, samples
from models.metrics.method_differences import MethodDifferences

Floats = npt.NDArray[np.float64]
LIBRARIES, EVENTS = 40, 25
"""Libraries, and events of each."""


@pytest.fixture
def jets_found() -> dict[str, Floats]:
    """Jets found of three to be found, [libraries, events]: hard events are hard for both methods."""
    rng = np.random.default_rng(9)
    chance = np.clip(rng.normal(0.7, 0.2, (LIBRARIES, 1)), 0, 1)
    hard = rng.binomial(3, np.broadcast_to(chance, (LIBRARIES, EVENTS))).astype(float)
    lost = rng.random((LIBRARIES, EVENTS)) < 0.02
    return {"net": hard, "again": hard, "plain": np.maximum(hard - lost, 0)}


def efficiency(counts: Floats) -> Floats:
    sums = LibrarySums()
    for library, row in enumerate(counts):
        for count in row:
            sums.add(7 * library, [count, 3.0])
    return sums.replicas(ratio)


def test_the_error_is_that_of_a_bootstrap_written_out(jets_found: dict[str, Floats]) -> None:
    """Events of drawn libraries put together one by one, the same for both methods."""
    rng = np.random.default_rng(1)  # the seed of the replicas
    drawn_differences = []
    for _ in range(200):
        drawn = rng.integers(0, LIBRARIES, LIBRARIES)
        of_net, of_plain = (
            np.concatenate([jets_found[name][library] for library in drawn]) for name in ("net", "plain")
        )
        drawn_differences.append(of_net.sum() / (3 * of_net.size) - of_plain.sum() / (3 * of_plain.size))
    measured = difference(efficiency(jets_found["net"]), efficiency(jets_found["plain"]))
    assert measured is not None
    assert measured.value == pytest.approx(jets_found["net"].mean() / 3 - jets_found["plain"].mean() / 3)
    assert measured.error == pytest.approx(np.std(drawn_differences, ddof=1))


def test_what_methods_share_cancels(jets_found: dict[str, Floats]) -> None:
    replicas = {name: {"efficiency": efficiency(counts)} for name, counts in jets_found.items()}
    differences = MethodDifferences.of(replicas, ["net", "again", "no method"], "plain")
    assert differences.find("net", "again", "efficiency") == ValueWithError(0.0, 0.0)
    change = differences.find("net", "plain", "efficiency")
    single = replicas["net"]["efficiency"][1:].std(ddof=1)
    assert change is not None
    assert change.error < single / 10
    # a few of the events lose one jet of three, whatever their library: known to 1/√80 = 11 % from 40 libraries
    lost = (jets_found["net"] > jets_found["plain"]).mean()
    assert change.error == pytest.approx(np.sqrt(lost * (1 - lost) / (LIBRARIES * EVENTS)) / 3, rel=0.3)
    assert change.significant
    assert differences.find("plain", "net", "efficiency") == -change
    assert differences.find("net", "plain", "fakes") is None
    assert [(counts.method, counts.reference) for counts in differences.pairs] == [
        ("net", "again"),
        ("net", "plain"),
        ("again", "plain"),
    ]
    assert MethodDifferences.of_json(differences.as_json()) == differences


def test_fakes_at_an_efficiency_against_events_put_together_again() -> None:
    """A replica is a sample like any other: its fakes are those of its events, each as often as it was drawn."""
    rng = np.random.default_rng(4)
    events = [
        [(rng.normal(2 * correct, 1, correct.size), correct, 4) for correct in (rng.random((6, 8)) < 0.5)]
        for _ in range(12)
    ]
    smeared = [
        [(score + rng.normal(0, 0.3, score.size), correct, true) for score, correct, true in of] for of in events
    ]

    def curve(drawn: npt.NDArray[np.int64], of: list[list[tuple[Floats, npt.NDArray[np.bool_], int]]]) -> FakeCurve:
        collected = FakeCurve()
        for library in drawn:
            for score, correct, true in of[library]:
                collected.add(score, Assignment(np.where(correct, 0, -1), np.zeros(8, bool), true), int(library))
        return collected

    all_libraries = np.arange(12)
    replicas = [curve(all_libraries, of).replicas(0.6) for of in (events, smeared)]
    drawn_differences = []
    for row in multiplicities(12).astype(int):
        points = [curve(np.repeat(all_libraries, row), of).at(0.6) for of in (events, smeared)]
        drawn_differences.append(np.nan if None in points else points[0].fakes - points[1].fakes)  # type: ignore[union-attr]
    np.testing.assert_allclose(replicas[0][1:] - replicas[1][1:], drawn_differences, rtol=0, atol=1e-12)
    measured = difference(*replicas)
    assert measured is not None
    assert measured.error == pytest.approx(np.nanstd(drawn_differences, ddof=1))


def test_what_one_library_does_not_tell(jets_found: dict[str, Floats]) -> None:
    assert difference(efficiency(jets_found["net"][:1]), efficiency(jets_found["plain"][:1])) is None
    assert difference(np.array([np.nan, 1, 2]), np.array([1.0, 1, 2])) is None
    assert samples(1).tolist() == [[1.0]]
    assert LibrarySums().replicas(ratio).tolist() == pytest.approx([np.nan], nan_ok=True)
