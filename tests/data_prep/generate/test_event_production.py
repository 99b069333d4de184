"""Simulated events: pileup, truth jets, and what towers and tracks hold of each source."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from pydantic import ValidationError

from data_prep.generate.deposits import Deposits, deposit
from data_prep.generate.event_production import SimulatedEvents, make_events
from data_prep.generate.events import EventGenerator, Floats, Ints
from data_prep.generate.minimum_bias import MinimumBias, generator
from data_prep.generate.particles import Particles, visible_particles
from data_prep.generate.processes import MINIMUM_BIAS, PROCESSES
from data_prep.generate.production import produce
from data_prep.generate.settings import DetectorSettings, EventSettings, TrackSettings, TruthJetSettings
from data_prep.generate.truth import find_origins
from data_prep.generate.truth_jets import find_truth_jets
from data_prep.generate.writer import write_events
from data_prep.grids.trigger_towers import DEPOSIT_GRID, EventGrid

PERFECT = DetectorSettings(
    ecal_constant=0,
    ecal_stochastic=0,
    ecal_noise=0,
    ecal_threshold=0,
    hcal_constant=0,
    hcal_stochastic=0,
    hcal_threshold=0,
)


def settings(**changes: object) -> EventSettings:
    return EventSettings.model_validate(
        {
            "kind": "events",
            "classes": ["t"],
            "events_per_class": 30,
            "shard_size": 20,
            "multiparton_interactions": False,
            "pileup": {"mean": 5, "library": 40},
        }
        | changes
    )


@cache
def simulated(name: str = "t", mean: float = 5.0) -> SimulatedEvents:
    return make_events(settings(pileup={"mean": mean, "library": 40}), name, 0, 40, lambda _: None)


@cache
def two_libraries() -> tuple[MinimumBias, MinimumBias]:
    minimum_bias = generator(settings(), 3)
    return MinimumBias.simulate(minimum_bias, 40, settings()), MinimumBias.simulate(minimum_bias, 40, settings())


def library() -> MinimumBias:
    return MinimumBias(two_libraries()[0]._particles, 40)


def gun(pid: int, energy: Floats, eta: Floats, phi: Floats, z: Floats | None = None) -> Particles:
    """Neutral particles, or straight charged ones, of one event."""
    none = np.zeros(energy.size)
    return Particles(
        event=np.zeros(energy.size, np.int64),
        pid=np.full(energy.size, pid),
        charge=np.full(energy.size, 1.0 if pid == 211 else 0.0),
        pt=energy / np.cosh(eta),
        eta=eta,
        phi=phi,
        energy=energy,
        x=none,
        y=none,
        z=none if z is None else z,
        calorimeter_eta=eta,
        calorimeter_phi=phi,
    )


def deposits_of(
    particles: Particles,
    source: list[int],
    detector: DetectorSettings = PERFECT,
    tracks: TrackSettings = TrackSettings(),  # noqa: B008 - frozen
) -> Deposits:
    return deposit(particles, np.array(source), 1, detector, tracks, np.random.default_rng(1))


def events_of(offsets: Ints) -> Ints:
    return np.repeat(np.arange(offsets.size - 1), np.diff(offsets))


def test_minimum_bias_has_the_measured_multiplicity() -> None:
    """dN/dη of charged hadrons in |η| < 0.5: 5.49 ± 0.17 in inelastic collisions at 13 TeV (arXiv:1507.05915).

    The tolerance is three standard deviations of 300 collisions.
    """
    events = EventGenerator(MINIMUM_BIAS, settings(), None, 5).batch(300)
    particles = visible_particles(events, DetectorSettings())
    hadrons = (particles.charge != 0) & ~np.isin(np.abs(particles.pid), (11, 13)) & (np.abs(particles.eta) < 0.5)
    assert hadrons.sum() / 300 == pytest.approx(5.49, rel=0.2)


def test_pileup_is_the_library_turned_and_mirrored() -> None:
    counts = np.array([2, 0, 3])
    drawn = library().draw(counts, 45.0, np.random.default_rng(2))
    assert set(drawn.event) <= {0, 2}
    assert np.all(np.diff(drawn.event) >= 0)
    drawn = library().draw(np.ones(8, np.int64), 0.0, np.random.default_rng(4))
    assert len(np.unique(drawn.event)) > 3
    for event in range(8):
        of_event = drawn.select(drawn.event == event)
        matches = []
        for collision in range(40):
            original = library()._particles.select(library()._particles.event == collision)
            matches.append(original.pt.size == of_event.pt.size and np.array_equal(original.pt, of_event.pt))
        original = library()._particles.select(library()._particles.event == matches.index(True))
        np.testing.assert_array_equal(np.abs(of_event.eta), np.abs(original.eta))
        assert of_event.pt.size == 0 or len(np.unique(np.sign(of_event.eta * original.eta))) == 1
        np.testing.assert_allclose(np.diff(of_event.phi), np.diff(original.phi), atol=1e-12)
        np.testing.assert_allclose(
            of_event.phi - of_event.calorimeter_phi, original.phi - original.calorimeter_phi, atol=1e-12
        )
        np.testing.assert_allclose(np.hypot(of_event.x, of_event.y), np.hypot(original.x, original.y), atol=1e-9)


def test_a_collision_comes_again_only_when_all_have_come() -> None:
    """100 from 40: each is used two or three times, and in the first 40 and the next each once."""
    dealt = library()
    rng = np.random.default_rng(6)
    drawn = np.concatenate([dealt._dealt(number, rng) for number in (7, 0, 33, 60)])
    assert set(np.bincount(drawn)) == {2, 3}
    for start in (0, 40):
        assert sorted(drawn[start : start + 40]) == list(range(40))


def test_libraries_share_no_collision() -> None:
    """Of those with particles; the second one goes on where the first one ended, as one larger one would."""
    momenta = [
        {tuple(of._particles.select(of._particles.event == k).pt) for k in range(40)} - {()} for of in two_libraries()
    ]
    assert min(map(len, momenta)) > 25
    assert not momenta[0] & momenta[1]
    whole = MinimumBias.simulate(generator(settings(), 3), 80, settings())._particles
    parts = [of._particles for of in two_libraries()]
    np.testing.assert_array_equal(whole.pt, np.concatenate([part.pt for part in parts]))


def test_events_that_share_a_library_are_told_apart() -> None:
    """Five events a library, and none shared without pileup; a file does not depend on what other files there are."""
    few = {"mean": 2, "library": 20, "share": 5}
    events = make_events(settings(pileup=few), "t", 3, 12, lambda _: None)
    first = (7 << 56) + (3 << 32)
    assert (events.library - first).tolist() == [0] * 5 + [5] * 5 + [10] * 2
    assert events.event.tolist() == [first + number for number in range(12)]
    alone = simulated(mean=0.0)
    np.testing.assert_array_equal(alone.library, alone.event)


def test_a_mirrored_collision_flies_as_its_mirror_image() -> None:
    """The solenoid is symmetric under z → −z and turns: what `draw` does to positions is what `propagate` gives."""
    from data_prep.generate.particles import propagate

    drawn = library().draw(np.ones(20, np.int64), 0.0, np.random.default_rng(5))
    eta, phi = propagate(drawn.pt, drawn.eta, drawn.phi, drawn.charge, DetectorSettings())
    np.testing.assert_allclose(drawn.calorimeter_eta, eta, atol=1e-9)
    np.testing.assert_allclose(drawn.calorimeter_phi, phi, atol=1e-9)


def test_the_number_of_interactions_is_poisson() -> None:
    pileup = simulated().pileup
    assert pileup.mean() == pytest.approx(5, abs=3 * np.sqrt(5 / 40))
    assert np.all(simulated(mean=0.0).pileup == 0)
    assert not np.any(simulated(mean=0.0).deposits.source == -1)


def test_a_photon_lies_in_its_tower() -> None:
    energy, eta, phi = np.array([20.0, 30.0]), np.array([0.5, -1.2]), np.array([3.1, -3.1])
    deposits = deposits_of(gun(22, energy, eta, phi), [0, -1])
    order = np.argsort(DEPOSIT_GRID.tower_of(eta, phi))
    np.testing.assert_array_equal(deposits.tower, DEPOSIT_GRID.tower_of(eta, phi)[order])
    np.testing.assert_array_equal(deposits.source, np.array([0, -1])[order])
    # transverse energy is taken at the centre of the ECAL cell, at most 0.0087 away
    np.testing.assert_allclose(deposits.em, (energy / np.cosh(eta))[order], rtol=0.01)
    assert not deposits.had.any()
    assert not deposits.track.any()


def test_energy_is_conserved_and_charged_hadrons_go_to_the_hcal() -> None:
    rng = np.random.default_rng(3)
    energy, eta, phi = rng.uniform(5, 50, 200), rng.uniform(-2.9, 2.9, 200), rng.uniform(-9, 9, 200)
    deposits = deposits_of(gun(211, energy, eta, phi), [0] * 200)
    centre, _ = DEPOSIT_GRID.centres(deposits.tower)
    assert not deposits.em.any()
    assert (deposits.had * np.cosh(centre)).sum() == pytest.approx(energy.sum(), rel=1e-12)


def test_a_cell_is_shared_out_as_the_true_energies_are() -> None:
    """Whatever the smearing; and soft particles pass the threshold together, not alone."""
    smeared = DetectorSettings()
    eta, phi = np.array([0.3, 0.3]), np.array([1.0, 1.0])
    deposits = deposits_of(gun(22, np.array([30.0, 10.0]), eta, phi), [1, -1], smeared)
    np.testing.assert_array_equal(deposits.source, [-1, 1])
    assert deposits.em[1] / deposits.em[0] == pytest.approx(3)
    sharp = PERFECT.model_copy(update={"ecal_threshold": 0.5})
    assert deposits_of(gun(22, np.array([0.4, 0.4]), eta, phi), [1, -1], sharp).em.sum() > 0
    assert deposits_of(gun(22, np.array([0.4]), eta[:1], phi[:1]), [1], sharp).tower.size == 0


def test_tracks_need_momentum_and_the_vertex() -> None:
    z = np.array([0.0, 0.0, 20.0])
    tracks = gun(211, np.array([10.0, 1.0, 10.0]), np.full(3, 0.1), np.array([0.0, 1.0, 2.0]), z)
    sure = {"ecal_threshold": 0}
    every = [
        deposits_of(tracks, [0, 0, 0], DetectorSettings(**sure), TrackSettings(pt_min=2, vertex_window=window)).track
        for window in (None, 5.0)
    ]
    # in the order of the towers; each is found with 95 % efficiency, and this seed finds them all
    assert (every[0] > 0).sum() == 2
    assert (every[1] > 0).sum() == 1


def test_truth_jets_are_the_sums_of_their_particles_and_those_of_fastjet() -> None:
    import fastjet

    process = PROCESSES["w"]
    events = EventGenerator(process, settings(), settings(), 11).batch(15)
    particles = visible_particles(events, DetectorSettings())
    window = TruthJetSettings(radius=0.4, pt_min=40, eta_max=2.0)
    jets, source = find_truth_jets(particles, events.number, find_origins(events, process), process, window)
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)
    assert np.diff(jets.offsets).max() >= 3
    for event in range(events.number):
        mine = particles.event == event
        px, py = particles.pt * np.cos(particles.phi), particles.pt * np.sin(particles.phi)
        pz = particles.pt * np.sinh(particles.eta)
        momenta = np.stack([px, py, pz, particles.energy], axis=1)
        cluster = fastjet.ClusterSequence([fastjet.PseudoJet(*row) for row in momenta[mine]], definition)
        theirs = [jet for jet in fastjet.sorted_by_pt(cluster.inclusive_jets(40)) if abs(jet.eta()) < 2]
        own = slice(jets.offsets[event], jets.offsets[event + 1])
        np.testing.assert_allclose(jets.pt[own], [jet.pt() for jet in theirs], rtol=1e-9)
        np.testing.assert_allclose(jets.eta[own], [jet.eta() for jet in theirs], atol=1e-9)
        np.testing.assert_allclose(jets.mass[own], [jet.m() for jet in theirs], rtol=1e-6)
        for index, jet in enumerate(theirs):
            total = momenta[mine & (source == index)].sum(axis=0)
            np.testing.assert_allclose(np.hypot(total[0], total[1]), jet.pt(), rtol=1e-9)
            assert (mine & (source == index)).sum() == len(jet.constituents())


@pytest.mark.parametrize(("name", "pid", "mass"), [("t", 6, 172.5), ("w", 24, 80.4)])
def test_jets_of_resonances_have_their_mass(name: str, pid: int, mass: float) -> None:
    """PDG masses; ungroomed jets of R = 0.8 gather some of the radiation around."""
    jets = simulated(name).jets
    assert (jets.pid == pid).sum() > 30
    assert np.median(jets.mass[jets.pid == pid]) == pytest.approx(mass, rel=0.08)


@pytest.mark.parametrize("mean", [0.0, 5.0])
def test_what_a_jet_leaves_is_its_momentum_with_pileup_or_without(mean: float) -> None:
    events = simulated("t", mean)
    jets, deposits = events.jets, events.deposits
    event = events_of(deposits.offsets)
    of_jet = deposits.source >= 0
    jet = (jets.offsets[event] + deposits.source)[of_jet]
    left = np.bincount(jet, (deposits.em + deposits.had)[of_jet], jets.pt.size)
    assert np.median(left / jets.pt) == pytest.approx(1, abs=0.06)
    assert np.all(deposits.source < np.diff(jets.offsets)[event])
    assert np.all(np.diff(event * 1_000_000 + deposits.tower) >= 0)


def test_files_hold_the_events_and_do_not_depend_on_processes(tmp_path: Path) -> None:
    events = simulated()
    write_events(tmp_path / "t.root", events)
    tree = uproot.open(tmp_path / "t.root")["events"]
    assert {
        "deposit_eta", "deposit_phi", "deposit_em", "deposit_had", "deposit_track", "deposit_truth",
        "jet_pt", "jet_eta", "jet_phi", "jet_mass", "jet_kind", "pileup", "event", "library",
    } <= set(tree.keys())  # fmt: skip
    arrays = tree.arrays(library="ak")
    np.testing.assert_array_equal(ak.num(arrays["deposit_em"]), np.diff(events.deposits.offsets))
    np.testing.assert_array_equal(ak.flatten(arrays["deposit_had"]), events.deposits.had.astype(np.float32))
    np.testing.assert_array_equal(ak.flatten(arrays["jet_kind"]), events.jets.pid)
    np.testing.assert_array_equal(arrays["pileup"], events.pileup)
    tower = DEPOSIT_GRID.tower_of(
        ak.to_numpy(ak.flatten(arrays["deposit_eta"])).astype(np.float64),
        ak.to_numpy(ak.flatten(arrays["deposit_phi"])).astype(np.float64),
    )
    np.testing.assert_array_equal(tower, events.deposits.tower)

    run = settings(events_per_class=5, shard_size=3, pileup={"mean": 0})
    hashes = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        files = produce(run, folder, processes, lambda _: None)
        assert [file.name for file in files] == ["t_00000.root", "t_00001.root"]
        hashes.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert hashes[0] == hashes[1]
    assert uproot.open(tmp_path / "1" / "t_00001.root")["events"]["event"].array().tolist() == [
        (7 << 56) + (1 << 32) + index for index in range(2)
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pileup": {"mean": -1}}, "greater than or equal to 0"),
        ({"pileup": {"mean": 5, "library": 0}}, "greater than or equal to 1"),
        ({"jets": {"eta_max": 3.5}}, "must not leave the calorimeter"),
        ({"tracks": {"vertex_window": 0}}, "greater than 0"),
        ({"jets_per_class": 3}, "Extra inputs"),
        ({"events_per_class": 10**8, "shard_size": 1}, "events_per_class / shard_size must not exceed"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(**change)


@pytest.mark.parametrize(
    ("change", "reason"), [({"wrap": 80}, "cannot repeat more columns"), ({"rows": 256, "columns": 257}, "256")]
)
def test_grids_that_cannot_be(change: dict[str, int], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        EventGrid(**change)
