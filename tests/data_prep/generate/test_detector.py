"""The detector response against closed forms, an independent integration and the resolutions it states."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from data_prep.generate.detector import (
    CHARGED_HADRON,
    ELECTRON,
    MUON,
    NEUTRAL_HADRON,
    PHOTON,
    ParticleFlowCandidates,
    respond,
)
from data_prep.generate.events import EventRecords
from data_prep.generate.particles import propagate
from data_prep.generate.settings import DetectorSettings
from data_prep.generate.tracker import impact_parameter_resolution

CMS = DetectorSettings()
Floats = npt.NDArray[np.float64]


def gun(
    pid: int,
    number: int,
    pt: float | Floats,
    eta: float | Floats,
    phi: float | Floats = 0.3,
    vertex: tuple[float, float, float] = (0, 0, 0),
) -> EventRecords:
    """One particle an event."""
    pt, eta, phi = (np.broadcast_to(np.asarray(value, dtype=np.float64), number) for value in (pt, eta, phi))
    index = np.arange(number)
    pz = pt * np.sinh(eta)
    return EventRecords(
        number=number,
        event=index,
        first=index,
        pid=np.full(number, pid),
        status=np.full(number, 91),
        mother=np.zeros(number, dtype=np.int64),
        px=pt * np.cos(phi),
        py=pt * np.sin(phi),
        pz=pz,
        energy=np.hypot(pt, pz),
        x=np.full(number, float(vertex[0])),
        y=np.full(number, float(vertex[1])),
        z=np.full(number, float(vertex[2])),
        weight=np.ones(number),
        pt_hat=np.zeros(number),
    )


def fly(pt: float, eta: float, phi: float, charge: int) -> tuple[float, float]:
    """η and φ at the calorimeter by small steps along the Lorentz force, dp/ds ∝ q p × B with B along +z."""
    position, momentum = np.zeros(3), np.array([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    size = np.linalg.norm(momentum)
    step = 1e-4  # m
    while np.hypot(*position[:2]) < CMS.calorimeter_radius and abs(position[2]) < CMS.calorimeter_half_length:
        turn = charge * 0.299792458 * CMS.magnetic_field / size * step
        middle = momentum + turn / 2 * np.array([momentum[1], -momentum[0], 0.0])
        momentum = momentum + turn * np.array([middle[1], -middle[0], 0.0])
        position = position + middle / size * step
    return float(np.arcsinh(position[2] / np.hypot(*position[:2]))), float(np.arctan2(position[1], position[0]))


@pytest.mark.parametrize(
    ("pt", "eta", "charge"), [(0.8, 0.3, 1), (2.0, -1.0, -1), (5.0, 1.9, 1), (20.0, 0.0, -1), (1.0, 2.4, 1)]
)
def test_charged_particles_bend_as_the_lorentz_force_says(pt: float, eta: float, charge: int) -> None:
    direction = propagate(np.array([pt]), np.array([eta]), np.array([0.7]), np.array([float(charge)]), CMS)
    # The steps end up to 0.1 mm behind the face.
    np.testing.assert_allclose(np.ravel(direction), fly(pt, eta, 0.7, charge), atol=1e-3)


def test_slow_particles_curl_to_the_endcap() -> None:
    """Below pT = 0.2998 · 3.8 · 1.29 / 2 = 0.735 GeV a track never reaches the barrel."""
    pt, eta = np.array([0.73, 0.74]), np.array([0.05, 0.05])
    calorimeter_eta, _ = propagate(pt, eta, np.zeros(2), np.ones(2), CMS)
    assert calorimeter_eta[0] > 1.0
    assert calorimeter_eta[1] < 0.2


def test_neutrals_and_no_field_go_straight() -> None:
    pt, eta, phi = np.array([1.0, 1.0]), np.array([0.5, -1.0]), np.array([0.1, 3.0])
    np.testing.assert_array_equal(propagate(pt, eta, phi, np.zeros(2), CMS), [eta, phi])
    off = CMS.model_copy(update={"magnetic_field": 0.0})
    np.testing.assert_array_equal(propagate(pt, eta, phi, np.ones(2), off), [eta, phi])


@pytest.mark.parametrize(
    ("pid", "pt", "eta", "particle_kind", "efficiency", "resolution"),
    [
        (22, 50.0, 0.2, PHOTON, 1.0, (1 + 0.64 * 0.04) * np.sqrt(0.008**2 + 0.11**2 / 51 + 0.4**2 / 51**2)),
        (130, 100.0, 0.2, NEUTRAL_HADRON, 1.0, np.sqrt(0.09**2 + 1.1**2 / 102)),
        (211, 20.0, 0.2, CHARGED_HADRON, 0.95, np.sqrt(0.010**2 + (1.5e-4 * 20) ** 2)),
        (-211, 20.0, 2.0, CHARGED_HADRON, 0.85, np.sqrt(0.025**2 + (5.5e-4 * 20) ** 2)),
        (2212, 0.5, 0.0, CHARGED_HADRON, 0.70, 0.010),
        (11, 20.0, 1.0, ELECTRON, 0.95, np.sqrt(0.05**2 + (1.7e-3 * 20) ** 2)),
        (13, 20.0, 1.0, MUON, 0.99, np.sqrt(0.015**2 + (1.5e-4 * 20) ** 2)),
    ],
)
def test_single_particles_have_the_stated_efficiency_and_resolution(
    rng: np.random.Generator, pid: int, pt: float, eta: float, particle_kind: int, efficiency: float, resolution: float
) -> None:
    number = 20_000
    candidates = respond(gun(pid, number, pt, eta), CMS, rng)
    selected = candidates.particle_kind == particle_kind
    # Five standard deviations of the counting error.
    assert abs(selected.sum() / number - efficiency) < 5 * np.sqrt(efficiency * (1 - efficiency) / number) + 1e-9
    if particle_kind in (PHOTON, NEUTRAL_HADRON):
        measured = candidates.energy[selected] / (pt * np.cosh(eta))
    else:
        measured = np.hypot(candidates.px, candidates.py)[selected] / pt
    assert abs(measured.mean() - 1) < 5 * resolution / np.sqrt(number) + 1e-3
    assert measured.std() == pytest.approx(resolution, rel=0.04)


def test_lost_tracks_leave_their_energy_in_the_calorimeter(rng: np.random.Generator) -> None:
    candidates = respond(gun(211, 5000, 100.0, 0.5), CMS.model_copy(update={"tracking": 0.0}), rng)
    assert np.all(candidates.particle_kind == NEUTRAL_HADRON)
    assert np.all(candidates.charge == 0)
    assert candidates.energy.mean() == pytest.approx(100 * np.cosh(0.5), rel=0.01)


def test_energy_beside_a_track_is_found() -> None:
    """A pion and a neutral kaon in one cell: the track keeps its momentum, the excess is the kaon."""
    number = 5000
    pion, kaon = gun(211, number, 30.0, 0.5, 0.3), gun(130, number, 60.0, 0.5, 0.3)
    order = np.argsort(np.concatenate([pion.event, kaon.event]), kind="stable")
    both = {
        name: np.concatenate([getattr(pion, name), getattr(kaon, name)])[order]
        for name in EventRecords.__dataclass_fields__
        if name not in ("number", "first", "weight", "pt_hat")
    }
    events = EventRecords(
        number=number, first=2 * np.arange(number), weight=np.ones(number), pt_hat=np.zeros(number), **both
    )
    straight = CMS.model_copy(update={"magnetic_field": 0.0})
    candidates = respond(events, straight, np.random.default_rng(3))
    tracked = np.unique(candidates.event[candidates.particle_kind == CHARGED_HADRON])
    excess = (candidates.particle_kind == NEUTRAL_HADRON) & np.isin(candidates.event, tracked)
    assert excess.sum() > 0.97 * len(tracked)
    assert candidates.energy[excess].mean() == pytest.approx(60 * np.cosh(0.5), rel=0.03)


@pytest.mark.parametrize("pid", [12, -14, 16])
def test_neutrinos_are_not_seen(rng: np.random.Generator, pid: int) -> None:
    assert len(respond(gun(pid, 100, 50.0, 0.0), CMS, rng).event) == 0


def test_nothing_is_seen_beyond_the_calorimeters(rng: np.random.Generator) -> None:
    assert len(respond(gun(22, 100, 5.0, 3.2), CMS, rng).event) == 0


def test_v0_energy_is_shared(rng: np.random.Generator) -> None:
    candidates = respond(gun(310, 5000, 100.0, 0.1), CMS, rng)
    energy = 100 * np.cosh(0.1)
    assert candidates.energy[candidates.particle_kind == PHOTON].mean() == pytest.approx(0.3 * energy, rel=0.02)
    assert candidates.energy[candidates.particle_kind == NEUTRAL_HADRON].mean() == pytest.approx(0.7 * energy, rel=0.02)


def test_calorimeter_directions_scatter_within_a_cell(rng: np.random.Generator) -> None:
    number = 2000
    eta, phi = rng.uniform(-2.9, 2.9, number), rng.uniform(-np.pi, np.pi, number)
    for pid, height, width in ((22, 0.0174, 0.0174), (130, 0.22, 2 * np.pi / 36)):
        candidates: ParticleFlowCandidates = respond(gun(pid, number, 100.0, eta, phi), CMS, rng)
        eta_measured = np.arcsinh(candidates.pz / np.hypot(candidates.px, candidates.py))
        delta_phi = np.arctan2(candidates.py, candidates.px) - phi[candidates.event]
        delta_phi = (delta_phi + np.pi) % (2 * np.pi) - np.pi
        assert np.abs(eta_measured - eta[candidates.event]).max() < height
        assert np.abs(delta_phi).max() < width * 1.001
        assert abs(delta_phi.mean()) < 5 * width / np.sqrt(6 * number)


def test_impact_parameters_are_those_of_the_line(rng: np.random.Generator) -> None:
    """Distance of closest approach of a straight line to the beam axis, and its z there."""
    vertex = np.array([3.0, -1.0, 20.0])
    candidates = respond(gun(211, 4000, 50.0, 0.4, 0.9, tuple(vertex)), CMS, rng)
    tracks = candidates.particle_kind == CHARGED_HADRON
    direction = np.array([np.cos(0.9), np.sin(0.9), np.sinh(0.4)])
    closest = vertex - direction * (vertex[:2] @ direction[:2])
    assert abs(candidates.d0[tracks].mean()) == pytest.approx(np.hypot(*closest[:2]), abs=2e-3)
    assert candidates.dz[tracks].mean() == pytest.approx(closest[2], abs=4e-3)
    pull = (candidates.d0[tracks] - candidates.d0[tracks].mean()) / candidates.d0_error[tracks]
    assert pull.std() == pytest.approx(1, abs=0.05)
    assert np.all(candidates.d0[~tracks] == 0)


def test_impact_parameter_resolution_is_that_of_cms() -> None:
    """arXiv:1405.6569, abstract: 25–90 µm transverse and 45–150 µm longitudinal for 1 < pT < 10 GeV."""
    d0, dz = impact_parameter_resolution(np.array([1.0, 10.0]), np.zeros(2))
    np.testing.assert_allclose(d0, [0.090, 0.025], atol=0.002)
    np.testing.assert_allclose(dz, [0.150, 0.045], atol=0.002)


def test_candidates_are_ordered_by_event_and_reproducible() -> None:
    events = gun(211, 500, 30.0, 0.1)
    first, second = (respond(events, CMS, np.random.default_rng(9)) for _ in range(2))
    assert np.all(np.diff(first.event) >= 0)
    for name in ParticleFlowCandidates.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def two_tracks(apart: float, pt: tuple[float, float] = (300.0, 250.0), number: int = 400) -> EventRecords:
    """Two pions an event, at the middle of a cell of the tracker and `apart` from it in η."""
    first, second = gun(211, number, pt[0], 0.5, 0.3), gun(211, number, pt[1], 0.5 + apart, 0.3)
    order = np.argsort(np.concatenate([first.event, second.event]), kind="stable")
    both = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])[order]
        for name in EventRecords.__dataclass_fields__
        if name not in ("number", "first", "weight", "pt_hat")
    }
    return EventRecords(
        number=number, first=2 * np.arange(number), weight=np.ones(number), pt_hat=np.zeros(number), **both
    )


@pytest.mark.parametrize(("apart", "tracks"), [(0.0, 0.95 + 0.05 * 0.95), (0.004, 2 * 0.95)])
def test_of_tracks_in_one_cell_the_hardest_is_found(rng: np.random.Generator, apart: float, tracks: float) -> None:
    """Cells of 0.003 (Delphes' DenseTrackFilter); 0.95 is the efficiency of each track."""
    straight = CMS.model_copy(update={"magnetic_field": 0.0})
    candidates = respond(two_tracks(apart), straight, rng)
    reconstructed = candidates.particle_kind == CHARGED_HADRON
    assert reconstructed.sum() / 400 == pytest.approx(tracks, abs=5 * np.sqrt(0.1 / 400))
    every = respond(two_tracks(apart), straight.model_copy(update={"track_cell": 0.0}), rng)
    assert (every.particle_kind == CHARGED_HADRON).sum() / 400 == pytest.approx(1.9, abs=5 * np.sqrt(0.1 / 400))
    if not apart:
        pt = np.hypot(candidates.px, candidates.py)[reconstructed]
        assert (pt > 275).mean() > 0.9
        # the energy of the lost one is a neutral hadron of what the calorimeter measures
        alone = np.bincount(candidates.event[reconstructed], minlength=400) == 1
        neutral = np.bincount(candidates.event, candidates.energy * (candidates.particle_kind == NEUTRAL_HADRON), 400)[
            alone
        ]
        assert neutral.mean() == pytest.approx(250 * np.cosh(0.5), rel=0.05)


@pytest.mark.parametrize("energy", [0.6, 1.0, 2.0])
def test_soft_photons_are_cut_as_in_delphes(rng: np.random.Generator, energy: float) -> None:
    """SimpleCalorimeter, card of CMS: above 0.5 GeV and above twice the resolution at the measured energy.

    The expected share is the integral of scipy's log-normal density. At η = 0, where cells are 0.0174 wide.
    """
    measured = np.geomspace(0.5, 20, 20_000)
    resolution = np.sqrt((0.008 * measured) ** 2 + 0.11**2 * measured + 0.4**2)
    least = measured[measured > 2 * resolution][0]
    sigma = np.sqrt((0.008 * energy) ** 2 + 0.11**2 * energy + 0.4**2)
    width = np.sqrt(np.log1p((sigma / energy) ** 2))
    expected = stats.lognorm(width, scale=energy * np.exp(-(width**2) / 2)).sf(least)
    number = 20_000
    candidates = respond(gun(22, number, energy, 0.0), CMS, rng)
    assert len(candidates.event) / number == pytest.approx(expected, abs=5 * np.sqrt(0.25 / number))
    assert candidates.energy.min() > least * 0.999
