"""Images of events: energy, truth, periodic φ, boxes; and what is dropped, with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_prep.events.batch import BOSON, PILEUP, QUARK_GLUON, TOP, UNDECIDED, wrapped
from data_prep.events.chunk import EventChunk
from data_prep.events.images import EventFate, event_images, kind_of
from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.events.truth import majority
from data_prep.grids.trigger_towers import EventGrid

GRID = EventGrid(rows=8, columns=12, wrap=2)
ALL = EventDescription(grid=GRID, pixel_min=0, jet_pt_min=0, jet_eta_max=2, box_min=1)
STEP = 2 * np.pi / 12


def chunk(deposits: list[list[tuple[float, ...]]], jets: list[list[tuple[float, ...]]]) -> EventChunk:
    """Events from lists of (η, φ, em, had, track, truth) and of (pT, η, φ, mass, pid)."""
    d = np.array([row for event in deposits for row in event], np.float64).reshape(-1, 6)
    j = np.array([row for event in jets for row in event], np.float64).reshape(-1, 5)
    return EventChunk(
        deposit_offsets=np.cumsum([0, *(len(event) for event in deposits)]),
        eta=d[:, 0].astype(np.float32),
        phi=d[:, 1].astype(np.float32),
        em=d[:, 2].astype(np.float32),
        had=d[:, 3].astype(np.float32),
        track=d[:, 4].astype(np.float32),
        truth=d[:, 5].astype(np.int64),
        jet_offsets=np.cumsum([0, *(len(event) for event in jets)]),
        jet_pt=j[:, 0].astype(np.float32),
        jet_eta=j[:, 1].astype(np.float32),
        jet_phi=j[:, 2].astype(np.float32),
        jet_mass=j[:, 3].astype(np.float32),
        jet_pid=j[:, 4].astype(np.int64),
        pileup=np.arange(len(deposits)),
        event=np.arange(len(deposits), dtype=np.uint64),
        library=np.arange(len(deposits), dtype=np.uint64) // 2,
    )


def random_chunk(seed: int, events: int = 20, *, integers: bool = False) -> EventChunk:
    """Events with 0 to 60 deposits in and around the grid, and 0 to 3 jets; integers add up exactly."""
    rng = np.random.default_rng(seed)
    deposits, jets = [], []
    for _ in range(events):
        number = int(rng.integers(0, 4))
        own = [
            (rng.uniform(10, 500), rng.uniform(-0.3, 0.3), rng.uniform(-3.1, 3.1), 10.0, rng.choice([0, 1, 21, 24, 6]))
            for _ in range(number)
        ]
        jets.append(own)
        energy = rng.integers(0, 9, (60, 3)) if integers else rng.exponential(3, (60, 3)) * rng.integers(0, 2, (60, 3))
        deposits.append(
            [
                (rng.uniform(-0.5, 0.5), rng.uniform(-4, 4), *energy[k], rng.integers(-2, number))
                for k in range(rng.integers(0, 60))
            ]
        )
    return chunk(deposits, jets)


def towers(of: EventChunk) -> npt.NDArray[np.int64]:
    """Tower of each deposit by `np.digitize`, −1 outside."""
    row = np.digitize(of.eta.astype(np.float64), (np.arange(9) - 4) * 0.087) - 1
    phi = of.phi.astype(np.float64)
    column = np.digitize((phi + np.pi) % (2 * np.pi), np.arange(13) * STEP) - 1
    return np.where((row >= 0) & (row < 8), row * 12 + column, -1)


@given(st.integers(0, 2**32))
def test_the_sum_of_the_pixels_is_the_sum_of_the_deposits(seed: int) -> None:
    """Exactly so for integers, channel by channel, tower by tower."""
    of = random_chunk(seed, 5, integers=True)
    found = event_images(of, ALL)
    expected = np.zeros((5, 8 * 12, 3))
    tower, event = towers(of), np.repeat(np.arange(5), np.diff(of.deposit_offsets))
    inside = tower >= 0
    np.add.at(expected, (event[inside], tower[inside]), np.stack([of.em, of.had, of.track], 1)[inside])
    np.testing.assert_array_equal(found.batch.dense()[:, :, 2:-2].reshape(5, -1, 3), expected)
    assert found.energy.tolist() == [expected.sum(), 0, (of.em + of.had + of.track)[~inside].sum()]


def test_what_is_too_small_is_accounted_for() -> None:
    of = random_chunk(1)
    found = event_images(of, ALL.model_copy(update={"pixel_min": 2.0}))
    assert found.batch.value.min() >= 2
    assert found.energy.sum() == pytest.approx((of.em + of.had + of.track).sum(dtype=np.float64), rel=1e-6)
    assert found.energy[1] > 0
    lit = found.batch.dense()[:, :, 2:-2].any(axis=3)
    np.testing.assert_array_equal(found.batch.dense_class() > 0, lit)


def test_the_truth_of_a_tower_sums_its_sources() -> None:
    of = random_chunk(2)
    batch = event_images(of, ALL).batch
    event, tower = np.repeat(np.arange(20), np.diff(of.deposit_offsets)), towers(of)
    kinds = kind_of(of.jet_pid)
    for i in range(20):
        listed = np.arange(of.jet_offsets[i], of.jet_offsets[i + 1])
        order = listed[np.argsort(-of.jet_pt[listed], kind="stable")]
        np.testing.assert_array_equal(batch.jet_pt[batch.jet_offsets[i] : batch.jet_offsets[i + 1]], of.jet_pt[order])
        for place in range(8 * 12):
            here = (event == i) & (tower == place)
            energy = of.em[here].astype(np.float64) + of.had[here]
            if not energy.sum():
                energy = of.track[here].astype(np.float64)
            if not energy.sum():
                assert batch.dense_class()[i].ravel()[place] == 0
                continue
            truth = of.truth[here]
            by_class = {PILEUP: energy[truth == -1].sum(), UNDECIDED: energy[truth == -2].sum()}
            for code in (QUARK_GLUON, BOSON, TOP):
                of_kind = [k for k, jet in enumerate(listed) if kinds[jet] == code]
                by_class[code] = energy[np.isin(truth, of_kind)].sum()
            code = max(by_class, key=lambda key: (by_class[key], -key))
            assert batch.dense_class()[i].ravel()[place] == code
            not_pileup = (of.em[here] + of.had[here])[truth != -1].sum()
            assert batch.dense_pt_true()[i].ravel()[place] == pytest.approx(not_pileup, rel=1e-5)
            instance = int(batch.dense_instance()[i].ravel()[place])
            if code in (PILEUP, UNDECIDED):
                assert instance == 0
            else:
                mine = order[instance - 1]
                assert kinds[mine] == code
                shares = [energy[truth == jet - listed[0]].sum() for jet in listed if kinds[jet] == code]
                assert energy[truth == mine - listed[0]].sum() == pytest.approx(max(shares))


@pytest.mark.parametrize(
    ("energy", "kind", "expected"),
    [
        ([5, 0, 3, 3], [2, 2], (2, 1)),  # two quark jets together outweigh pileup
        ([5, 0, 3, 3], [2, 3], (1, 0)),  # a quark jet and a boson do not
        ([3, 0, 3], [4], (1, 0)),  # on equal shares pileup
        ([0, 0, 3, 3], [4, 4], (4, 1)),  # and of equal jets the harder
        ([0, 0, 1, 2, 4], [2, 3, 3], (3, 3)),
        ([7, 0], [], (1, 0)),
        ([2, 3, 2], [4], (UNDECIDED, 0)),  # most is of the hard collision outside the listed jets
        ([3, 3, 1], [4], (1, 0)),
        ([0, 3, 3], [4], (4, 1)),
    ],
)
def test_the_majority(energy: list[float], kind: list[int], expected: tuple[int, int]) -> None:
    assert majority(np.array(energy, np.float32), np.array(kind, np.uint8)) == expected


@given(st.integers(0, 2**32), st.integers(0, 11))
def test_turning_an_event_turns_its_image(seed: int, columns: int) -> None:
    """φ is periodic: a turn by whole towers, across ±π too, rolls image, truth and boxes, and changes nothing else."""
    of = random_chunk(seed, 3, integers=True)
    # tower centres, so that rounding does not move a deposit
    middle = (np.floor((of.phi + np.pi) / STEP) + 0.5) * STEP - np.pi
    jet_middle = (np.floor((of.jet_phi + np.pi) / STEP) + 0.5) * STEP - np.pi
    of = replace(of, phi=middle.astype(np.float32), jet_phi=jet_middle.astype(np.float32))
    turned = replace(
        of,
        phi=(middle + columns * STEP).astype(np.float32),
        jet_phi=(jet_middle + columns * STEP).astype(np.float32),
    )
    one, other = event_images(of, ALL).batch, event_images(turned, ALL).batch
    inner = one.dense()[:, :, 2:-2]
    np.testing.assert_array_equal(other.dense(), wrapped(np.roll(inner, columns, axis=2), 2))
    np.testing.assert_array_equal(other.dense_class(), np.roll(one.dense_class(), columns, axis=2))
    np.testing.assert_array_equal(other.dense_instance(), np.roll(one.dense_instance(), columns, axis=2))
    np.testing.assert_array_equal(other.jet_box[:, :2], one.jet_box[:, :2])
    np.testing.assert_allclose(np.diff(other.jet_box[:, 2:]), np.diff(one.jet_box[:, 2:]), atol=1e-5)
    distance = (other.jet_box[:, 2] - one.jet_box[:, 2] - columns * STEP + 1) % (2 * np.pi) - 1
    np.testing.assert_allclose(distance, 0, atol=1e-5)
    assert np.all((other.jet_phi >= -np.pi) & (other.jet_phi < np.pi))


def test_a_box_across_the_seam_is_contiguous() -> None:
    """Tower columns 11 and 0 lie on either side of φ = ±π; the lone tower of 0.5 GeV is too soft for the box."""
    deposits = [(0.04, np.pi - 0.1, 5, 0, 0, 0), (0.13, -np.pi + 0.1, 0, 5, 0, 0), (-0.2, 0.0, 0.5, 0, 0, 0)]
    batch = event_images(chunk([deposits], [[(100, 0.1, 3.1, 10, 6)]]), ALL).batch
    np.testing.assert_allclose(batch.jet_box, [[0, 2 * 0.087, np.pi - STEP, np.pi + STEP]], atol=1e-6)
    assert batch.jet_kind.tolist() == [TOP]
    assert batch.dense_class()[0, 4, 11] == TOP
    assert batch.dense_class()[0, 5, 0] == TOP
    # and it reaches the image's repeated columns on both sides
    assert batch.dense()[0, 4, 1, 0] == 5
    assert batch.dense()[0, 5, -2, 1] == 5


def test_events_without_jets_and_without_deposits_are_kept() -> None:
    found = event_images(chunk([[], [(0, 0, 1, 0, 0, -1)], []], [[], [], [(50, 0, 0, 5, 24)]]), ALL)
    assert found.fate.tolist() == [EventFate.KEPT] * 3
    assert len(found.batch) == 3
    assert found.batch.dense_class().reshape(3, -1).sum(axis=1).tolist() == [0, PILEUP, 0]
    # a jet that left nothing has the box of the tower of its axis
    np.testing.assert_allclose(found.batch.jet_box, [[0, 0.087, 0, STEP]], atol=1e-6)
    none = event_images(chunk([], []), ALL)
    assert len(none.batch) == 0
    assert none.batch.dense().shape == (0, 8, 16, 3)


def test_overlapping_jets_share_towers_by_majority() -> None:
    """Both leave energy in one tower: it belongs to the larger share, and both boxes hold it."""
    deposits = [(0.01, 0.1, 10, 0, 0, 0), (0.01, 0.1, 0, 4, 0, 1), (0.01, 0.1 + STEP, 6, 0, 0, 1)]
    batch = event_images(chunk([deposits], [[(20, 0, 0.1, 1, 21), (15, 0, 0.2, 1, 24)]]), ALL).batch
    assert batch.tower_instance.tolist() == [1, 2]
    assert batch.tower_class.tolist() == [QUARK_GLUON, BOSON]
    np.testing.assert_allclose(batch.jet_box[:, 2:], [[0, STEP], [0, 2 * STEP]], atol=1e-6)


def test_towers_of_jets_that_are_not_listed_are_undecided() -> None:
    """Outside the image, too soft, too far forward, none at all: not pileup, and no jet that is to be found."""
    columns = [0.1, 0.7, 1.1, 2.1, 2.7, -1.0]
    sources = [0, 1, 2, 3, -2, -1]
    deposits = [(0.01, phi, 10, 0, 0, source) for phi, source in zip(columns, sources, strict=True)]
    jets = [(300, 2.0, 0.1, 1, 6), (20, 0, 0.7, 1, 24), (200, 0, 1.1, 1, 1), (250, -0.31, 2.1, 1, 1)]
    chosen = ALL.model_copy(update={"jet_pt_min": 50, "jet_eta_max": 0.3})
    batch = event_images(chunk([[], deposits], [[(60, 1.0, 0.2, 1, 1)], jets]), chosen).batch
    assert batch.jet_pt.tolist() == [200]
    by_tower = dict(zip(batch.tower.tolist(), batch.tower_class.tolist(), strict=True))
    found = [by_tower[int(GRID.towers.tower_of(np.array([0.01]), np.array([phi]))[0])] for phi in columns]
    assert found == [UNDECIDED, UNDECIDED, QUARK_GLUON, UNDECIDED, UNDECIDED, PILEUP]
    assert sorted(batch.tower_instance.tolist()) == [0, 0, 0, 0, 0, 1]
    assert sorted(batch.tower_pt_true.tolist()) == [0, 10, 10, 10, 10, 10]
    assert batch.unlisted_offsets.tolist() == [0, 1, 4]
    assert batch.unlisted_pt.tolist() == [60, 300, 250, 20]
    np.testing.assert_allclose(batch.unlisted_eta, [1, 2, -0.31, 0], atol=1e-6)
    np.testing.assert_allclose(batch.unlisted_phi, [0.2, 0.1, 2.1, 0.7], atol=1e-6)
    assert batch.library.tolist() == [0, 0]


def test_images_without_tracks_are_those_with_them_less_a_channel() -> None:
    """Towers with tracks alone are not lit; the truth of all others, and the energy in them, is the same."""
    of = random_chunk(3)
    with_tracks = event_images(of, ALL)
    without = event_images(of, ALL.model_copy(update={"channels": ("em", "had")}))
    assert without.batch.image_shape == (8, 16, 2)
    np.testing.assert_array_equal(without.batch.dense(), with_tracks.batch.dense()[..., :2])
    lit = without.batch.dense()[:, :, 2:-2].any(axis=3)
    np.testing.assert_array_equal(without.batch.dense_class(), np.where(lit, with_tracks.batch.dense_class(), 0))
    assert without.energy.sum() == pytest.approx((of.em + of.had).sum(dtype=np.float64), rel=1e-6)


@pytest.mark.parametrize("channels", [["track"], ["had", "em"], ["em", "em"], ["em", "track"], []])
def test_channels_that_make_no_sense_are_refused(channels: list[str]) -> None:
    split = {"train": 0.5, "validation": 0.25, "test": 0.25}
    with pytest.raises(ValidationError, match="'channels' must be"):
        EventImagesSettings.model_validate({"kind": "events", "channels": channels, "split": split})


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({"em": np.nan}, EventFate.NOT_FINITE),
        ({"phi": np.inf}, EventFate.NOT_FINITE),
        ({"jet_mass": np.nan}, EventFate.NOT_FINITE),
        ({"had": -1}, EventFate.NEGATIVE_ENERGY),
        ({"truth": 1}, EventFate.UNKNOWN_SOURCE),
        ({"truth": -3}, EventFate.UNKNOWN_SOURCE),
    ],
)
def test_bad_events_are_dropped_with_their_reason_and_the_others_kept(change: dict[str, Any], fate: EventFate) -> None:
    good = chunk([[(0, 0, 1, 2, 3, 0)]] * 3, [[(50, 0, 0, 5, 24)]] * 3)
    ((name, value),) = change.items()
    column = getattr(good, name).copy()
    column[1] = value
    found = event_images(replace(good, **{name: column}), ALL)
    assert found.fate.tolist() == [EventFate.KEPT, fate, EventFate.KEPT]
    assert found.batch.event.tolist() == [0, 2]
    np.testing.assert_array_equal(found.batch.dense()[0], found.batch.dense()[1])
    assert found.batch.value.tolist() == [1, 2, 3] * 2


def test_more_jets_than_a_byte_tells_apart() -> None:
    many = [(50.0, 0.0, 0.0, 5.0, 1.0)] * 255
    assert event_images(chunk([[]], [many]), ALL).fate.tolist() == [EventFate.TOO_MANY_JETS]
    assert event_images(chunk([[]], [many[:254]]), ALL).batch.jet_pt.size == 254


def test_kinds() -> None:
    """PDG identifiers: 23 Z, 24 W, 25 H, 6 t."""
    assert kind_of(np.array([0, 1, 5, 21, 23, 24, 25, 6])).tolist() == [2, 2, 2, 2, 3, 3, 3, 4]
