"""What the simulation gives, held against values from outside of it: the table of docs/physics.md.

python -m benchmarks.simulation
python -m benchmarks.simulation --only masses --events 20000
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from data_prep.generate.detector import CHARGED_HADRON, NEUTRAL_HADRON, Candidates, respond
from data_prep.generate.events import EventGenerator, Events, Floats
from data_prep.generate.jets import Jets, find_jets
from data_prep.generate.particles import Particles, visible_particles
from data_prep.generate.processes import MINIMUM_BIAS, PROCESSES, QCD, Process, hard_process
from data_prep.generate.settings import GenerateSettings, JetSettings, ScaleSettings
from data_prep.generate.tracker import is_tracked, separated
from data_prep.generate.truth import delta_r, find_origins

COMMAND = "python -m benchmarks.simulation --only"
BATCH = 100
CLASSES = ("q", "g", "w", "z", "t")
MASSES = {"w": 80.38, "z": 91.19, "h": 125.2, "t": 172.6}
"""GeV, Particle Data Group."""
CMS_JETS = {
    (153, 174): 21 * (2394.08 + 1852.15 + 1826.74 + 1487.92),
    (430, 548): 38 * (8.53322 + 8.2706 + 5.90759 + 3.83738)
    + 39 * (5.37761 + 4.83175 + 3.54014 + 2.41871)
    + 41 * (3.29987 + 2.92415 + 2.181 + 1.41467),
}
"""pb in a bin of pT (GeV), |y| < 2, R = 0.7: CMS, Eur. Phys. J. C 76 (2016) 451, doi:10.17182/hepdata.73786."""


@dataclass(frozen=True)
class Check:
    """A row of the table."""

    what: str
    ours: str
    outside: str
    difference: str


def demonstration(**changes: object) -> GenerateSettings:
    """Jets as in configs/demo."""
    base = {"classes": ["q"], "jets_per_class": 1, "pt_hat": [370, 1450], "pt_hat_power": 5.5}
    return GenerateSettings.model_validate(base | changes)


def simulated(process: Process, settings: GenerateSettings, number: int, seed: int = 7) -> Iterator[Events]:
    """Batches of events."""
    generator = EventGenerator(process, settings, settings, seed)
    for _ in range(-(-number // BATCH)):
        yield generator.batch(BATCH)


def as_candidates(particles: Particles) -> Candidates:
    """Particles as a perfect detector would see them."""
    zero = np.zeros(particles.pt.size)
    px, py = particles.pt * np.cos(particles.phi), particles.pt * np.sin(particles.phi)
    kind = np.where(particles.charge != 0, CHARGED_HADRON, NEUTRAL_HADRON)
    momentum = (px, py, particles.pt * np.sinh(particles.eta), particles.energy)
    return Candidates(particles.event, *momentum, particles.charge, kind, zero, zero, zero, zero)


def jets_of(events: Events, candidates: Candidates, process: Process, jets: JetSettings, every: bool = False) -> Jets:
    """The leading jets of events."""
    return find_jets(
        candidates,
        events.number,
        find_origins(events, process),
        process,
        jets,
        demonstration().soft_drop,
        most=4 if every else 2,
        every=every,
    )


def axis(jets: Jets) -> tuple[Floats, Floats, Floats]:
    """pT, η and φ."""
    pt = np.hypot(jets.px, jets.py)
    return pt, np.arcsinh(jets.pz / pt), np.arctan2(jets.py, jets.px)


def responses(number: int) -> Iterator[Check]:
    """The pT of jets over that of the particle jet in the same place."""
    for name in CLASSES:
        settings = demonstration(classes=[name])
        process = hard_process(name, settings.dijets)
        wide = settings.jets.model_copy(update={"pt": (300.0, 5000.0)})
        rng = np.random.default_rng(1)
        ratios, sizes = [], []
        for events in simulated(process, settings, number):
            true = jets_of(events, as_candidates(visible_particles(events, settings.detector)), process, settings.jets)
            seen = jets_of(events, respond(events, settings.detector, rng), process, wide)
            pt, eta, phi = axis(true)
            seen_pt, seen_eta, seen_phi = axis(seen)
            for row in range(pt.size):
                near = delta_r(seen_eta, seen_phi, eta[row], phi[row]) < 0.3
                ratios += (seen_pt / pt[row])[near & (seen.event == true.event[row])][:1].tolist()
            sizes += np.diff(seen.offsets)[(seen_pt >= 500) & (seen_pt < 1000)].tolist()
        ratio = np.array(ratios)
        error = ratio.std() / np.sqrt(ratio.size)
        yield Check(
            f"jet pT over that of its visible particles, {name}",
            f"{ratio.mean():.4f} ± {error:.4f}, spread {100 * ratio.std():.1f} %, {np.mean(sizes):.1f} constituents",
            "1 after calibration, spread 8 % at 100 GeV, 4 % at 1 TeV (CMS, arXiv:1607.03663)",
            f"{100 * (ratio.mean() - 1):+.2f} ± {100 * error:.2f} %",
        )


def peak(mass: Floats) -> tuple[float, float, float]:
    """Mode of a Gaussian kernel estimate of 2 GeV, its error, and the standard deviation within 15 % of it."""

    def mode(values: Floats) -> float:
        grid = np.arange(40.0, 250.0, 0.1)
        counts, edges = np.histogram(values, bins=np.arange(40, 250, 0.1))
        centres = (edges[1:] + edges[:-1]) / 2
        return float(grid[np.argmax([(counts * np.exp(-0.5 * ((centres - at) / 2) ** 2)).sum() for at in grid])])

    rng = np.random.default_rng(2)
    centre = mode(mass)
    error = np.std([mode(rng.choice(mass, mass.size)) for _ in range(20)])
    return centre, float(error), float(mass[np.abs(mass / centre - 1) < 0.15].std())


def masses(number: int) -> Iterator[Check]:
    """Peaks of the soft-drop mass."""
    for name, true in MASSES.items():
        settings = demonstration(classes=[name])
        process, rng = PROCESSES[name], np.random.default_rng(1)
        found = [
            jets_of(events, respond(events, settings.detector, rng), process, settings.jets).soft_drop_mass
            for events in simulated(process, settings, number)
        ]
        centre, error, width = peak(np.concatenate(found))
        yield Check(
            f"peak of the soft-drop mass, {name}",
            f"{centre:.1f} ± {error:.1f} GeV, width {width:.1f}",
            f"{true} GeV (Particle Data Group)",
            f"{centre - true:+.1f} ± {error:.1f} GeV",
        )


PIXEL = 0.0076, 0.0015
"""Δη and Δφ that a pixel of 250 × 50 µm covers at 33 mm, the innermost layer of ATLAS."""


def lost_tracks(number: int) -> Iterator[Check]:
    """Tracks that lie too close to harder ones, in the cores of jets."""
    for window, measured, uncertainty in (((200, 400), 0.061, 0.015), ((1400, 1600), 0.093, 0.027)):
        settings = demonstration(
            pt_hat=[window[0] * 0.8, window[1] * 1.3], jets={"pt": window}, multiparton_interactions=False
        )
        rng = np.random.default_rng(1)
        core, merged = np.zeros(2, np.int64), np.zeros(2, np.int64)
        for events in simulated(QCD, settings, number // 4):
            particles = visible_particles(events, settings.detector)
            jets = jets_of(events, as_candidates(particles), QCD, settings.jets)
            tracks = particles.where(is_tracked(particles, settings.detector, rng))
            found = separated(tracks, settings.detector.track_cell)
            _, eta, phi = axis(jets)
            for row in range(eta.size):
                mine, kept = (
                    each.where(
                        (each.event == jets.event[row]) & (delta_r(each.eta, each.phi, eta[row], phi[row]) < 0.1)
                    )
                    for each in (tracks, found)
                )
                core += (mine.pt.size, mine.pt.size - kept.pt.size)
                apart = np.abs(np.angle(np.exp(1j * (mine.phi[:, None] - mine.phi))))
                near = (np.abs(mine.eta[:, None] - mine.eta) < PIXEL[0]) & (apart < PIXEL[1])
                np.fill_diagonal(near, False)
                lost = ~np.isin(mine.pt, kept.pt)
                merged += (near.any(axis=0).sum(), (near.any(axis=0) & lost).sum())
        value = merged[1] / merged[0]
        error = np.sqrt(value * (1 - value) / merged[0])
        yield Check(
            f"lost of the tracks with another one in the same pixel, ΔR < 0.1, jets of {window[0]} to {window[1]} GeV",
            f"{value:.3f} ± {error:.3f} (of all tracks there {core[1] / core[0]:.3f})",
            f"{measured} ± {uncertainty} of the particles of merged clusters (ATLAS, arXiv:1704.07983)",
            f"{value - measured:+.3f} ± {np.hypot(error, uncertainty):.3f}",
        )


def area(lower: Floats, higher: Floats) -> tuple[float, float]:
    """Area under the ROC curve of one variable, and its error."""
    both = np.concatenate([lower, higher])
    rank = both.argsort(kind="stable").argsort(kind="stable")[lower.size :]
    n, m = lower.size, higher.size
    return float((rank.sum() - m * (m - 1) / 2) / n / m), float(np.sqrt((n + m + 1) / (12 * n * m)))


def dijets(number: int) -> Iterator[Check]:
    """What |η| and the number of constituents tell of quarks and gluons, and how often a jet has two partons."""
    for kind in ("mixed", "pure"):
        eta: dict[str, Floats] = {}
        size: dict[str, Floats] = {}
        for name in ("q", "g"):
            settings = demonstration(classes=[name], dijets=kind, multiparton_interactions=False)
            process, rng = hard_process(name, settings.dijets), np.random.default_rng(1)
            found = [
                jets_of(events, respond(events, settings.detector, rng), process, settings.jets)
                for events in simulated(process, settings, number)
            ]
            eta[name] = np.concatenate([np.abs(axis(each)[1]) for each in found])
            size[name] = np.concatenate([np.diff(each.offsets) for each in found])
        value, error = area(eta["g"], eta["q"])
        yield Check(
            f"AUC of |η| between q and g, dijets: {kind}",
            f"{value:.3f} ± {error:.3f}",
            "above 0.5: the jet further forward is more often a quark (ATLAS, arXiv:1906.09254)",
            f"{value - 0.5:+.3f} ± {error:.3f}",
        )
        ratio = size["g"].mean() / size["q"].mean()
        yield Check(
            f"constituents of g over q, dijets: {kind}",
            f"{ratio:.2f}",
            "about 1.5 in charged particles, below C_A/C_F = 2.25 (ATLAS, arXiv:1405.6583)",
            f"{ratio - 1.5:+.2f}",
        )
    settings = demonstration(multiparton_interactions=False)
    two = near = 0
    for events in simulated(QCD, settings, number):
        particles = visible_particles(events, settings.detector)
        jets = jets_of(events, as_candidates(particles), QCD, settings.jets)
        origins = find_origins(events, QCD)
        _, axis_eta, axis_phi = axis(jets)
        distance = delta_r(origins.eta[jets.event], origins.phi[jets.event], axis_eta[:, None], axis_phi[:, None])
        two += int((distance < 0.8).all(axis=1).sum())
        near += int((distance < 0.8).any(axis=1).sum())
    yield Check("jets with both hard partons within R", f"{two} of {near}", "0: they are back to back", str(two))


def new_flavours(number: int) -> Iterator[Check]:
    """Charm and beauty of minimum bias."""
    settings = demonstration()
    generator = EventGenerator(MINIMUM_BIAS, settings, None, 7)
    charm = beauty = made = 0
    while made < 20 * number:
        events = generator.batch(10 * BATCH)
        kind = np.abs(events.pid)
        charm += int(np.isin(kind, (411, 421)).sum())
        beauty += int((kind == 5122).sum() + np.isin(kind, (511, 521, 531)).sum())
        made += events.number
    total = generator.cross_section * 1e-9
    yield Check(
        "inelastic cross section",
        f"{total:.1f} mb",
        "79.5 ± 1.8 mb (TOTEM, arXiv:1712.06153)",
        f"{total - 79.5:+.1f} mb",
    )
    yield Check("D mesons and B hadrons an inelastic collision", f"{charm / made:.3f}, {beauty / made:.4f}", "", "")


def ratios_to_cms(number: int) -> dict[tuple[str, tuple[int, int]], tuple[float, float]]:
    """Cross sections of jets over those that CMS measured, with their statistical errors.

    Args:
        number: events for each bin.

    Returns:
        by "like" (R = 0.7, particles) or "shipped" (R = 0.8, detector), and by the bin in pT.
    """
    settings = demonstration()
    windows = {
        name: JetSettings(radius=r, pt=(100, 5000), eta_max=2.2) for name, r in (("like", 0.7), ("shipped", 0.8))
    }
    ratios = {}
    for edges, measured in CMS_JETS.items():
        scale = ScaleSettings(pt_hat=(0.6 * edges[0], 2 * edges[1]), pt_hat_power=5)
        generator, rng = EventGenerator(QCD, settings, scale, 3), np.random.default_rng(1)
        total, found = 0.0, {name: np.zeros(0) for name in windows}
        for _ in range(-(-number // BATCH)):
            events = generator.batch(BATCH)
            total += float(events.weight.sum())
            seen = {
                "like": as_candidates(visible_particles(events, settings.detector)),
                "shipped": respond(events, settings.detector, rng),
            }
            for name, window in windows.items():
                jets = jets_of(events, seen[name], QCD, window, every=True)
                pt, rapidity = np.hypot(jets.px, jets.py), np.arctanh(jets.pz / jets.energy)
                inside = (pt >= edges[0]) & (pt < edges[1]) & (np.abs(rapidity) < 2)
                found[name] = np.concatenate([found[name], events.weight[jets.event][inside]])
        factor = generator.cross_section / total / measured
        for name, weight in found.items():
            ratios[name, edges] = float(weight.sum() * factor), float(np.sqrt((weight**2).sum()) * factor)
    return ratios


def as_often_as_measured(number: int) -> Iterator[Check]:
    """Jets as CMS measured them: like for like, and as they are shipped."""
    for (name, (low, high)), (value, error) in ratios_to_cms(number).items():
        what = {"like": "like for like (R = 0.7, particles)", "shipped": "as shipped (R = 0.8, detector)"}[name]
        yield Check(
            f"jets of {low} to {high} GeV, abs(y) < 2, {what}",
            f"{value:.2f} ± {error:.2f} of the measured cross section",
            "1, R = 0.7, particles (CMS, Eur. Phys. J. C 76 (2016) 451)",
            f"{value - 1:+.2f} ± {error:.2f}",
        )


def softer_than_the_sample(number: int) -> Iterator[Check]:
    """Events with a jet above a trigger's threshold from below the edge of configs/rates, in kHz at 7.5e34."""
    settings = demonstration(collision_energy=14_000.0)
    jets = JetSettings(pt=(100, 5000))
    thresholds = (100, 150, 200)
    for low, high in ((50.0, 4000.0), (40.0, 50.0), (30.0, 40.0), (20.0, 30.0)):
        scale = ScaleSettings(pt_hat=(low, high), pt_hat_power=5)
        generator, rng = EventGenerator(QCD, settings, scale, 3), np.random.default_rng(1)
        total, chosen, squares = 0.0, np.zeros(len(thresholds)), np.zeros(len(thresholds))
        for _ in range(-(-number // BATCH)):
            events = generator.batch(BATCH)
            total += float(events.weight.sum())
            found = jets_of(events, respond(events, settings.detector, rng), QCD, jets, every=True)
            hardest = np.zeros(events.number)
            np.maximum.at(hardest, found.event, axis(found)[0])
            for row, threshold in enumerate(thresholds):
                weight = events.weight[hardest > threshold]
                chosen[row] += weight.sum()
                squares[row] += (weight**2).sum()
        kilohertz = 0.075e-3 * generator.cross_section / total
        for row, threshold in enumerate(thresholds):
            # where no event was found: three of the mean weight, 95 % of the time
            value, error = chosen[row] * kilohertz, np.sqrt(squares[row]) * kilohertz
            yield Check(
                f"events with a jet above {threshold} GeV at 7.5e34, pT-hat of {low:g} to {high:g} GeV",
                f"{value:.2f} ± {error:.2f} kHz" if value else f"below {3 * total / number * kilohertz:.2f} kHz (95 %)",
                "" if low == 50 else "0, if configs/rates is to begin at 50 GeV",
                "" if low == 50 else f"{value:+.2f} kHz",
            )


CHECKS: dict[str, Callable[[int], Iterator[Check]]] = {
    "responses": responses,
    "masses": masses,
    "tracks": lost_tracks,
    "dijets": dijets,
    "flavours": new_flavours,
    "normalisation": as_often_as_measured,
    "softer": softer_than_the_sample,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=CHECKS)
    parser.add_argument("--events", type=int, default=2000, help="of each class")
    asked = parser.parse_args()
    print("| check | ours | outside value (source) | difference | command |\n| --- | --- | --- | --- | --- |")
    for name, check in CHECKS.items():
        if asked.only in (None, name):
            for row in check(asked.events):
                cells = (row.what, row.ours, row.outside, row.difference, f"`{COMMAND} {name}`")
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
