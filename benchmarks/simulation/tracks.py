"""Tracks that are lost in the cores of jets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.simulation.samples import as_candidates, axis, demonstration, jets_of, simulated
from benchmarks.simulation.table import Check, compared, share
from data_prep.generate.particles import visible_particles
from data_prep.generate.processes import QCD
from data_prep.generate.tracker import is_tracked, separated
from data_prep.generate.truth import delta_r

PIXEL = 0.0076, 0.0015
"""Δη and Δφ that a pixel of 250 × 50 µm covers at 33 mm, the innermost layer of ATLAS."""
ATLAS = {(200, 400): (0.061, 0.015), (1400, 1600): (0.093, 0.027)}
"""By jet pT (GeV), lost of the particles that make a cluster of two in the pixels: arXiv:1704.07983, errors added."""


def lost_tracks(window: tuple[int, int], number: int) -> tuple[int, ...]:
    """Tracks within ΔR = 0.1 of the axes of jets.

    Args:
        window: pT of the jets (GeV).
        number: of events.

    Returns:
        all, lost of them; those that share a pixel with another one, lost of them.
    """
    settings = demonstration(
        pt_hat=[window[0] * 0.8, window[1] * 1.3],
        jets={"pt": window},
        multiparton_interactions=False,
    )
    rng = np.random.default_rng(1)
    counts = np.zeros(4, np.int64)
    for events in simulated(QCD, settings, number):
        particles = visible_particles(events, settings.detector)
        jets = jets_of(events, as_candidates(particles), QCD, settings.jets)
        tracks = particles.select(is_tracked(particles, settings.detector, rng))
        resolved = separated(tracks, settings.detector.track_cell)
        _, eta, phi = axis(jets)
        for row in range(eta.size):
            mine, kept = (
                sample.select(
                    (sample.event == jets.event[row]) & (delta_r(sample.eta, sample.phi, eta[row], phi[row]) < 0.1)
                )
                for sample in (tracks, resolved)
            )
            apart = np.abs(np.angle(np.exp(1j * (mine.phi[:, None] - mine.phi))))
            near = (np.abs(mine.eta[:, None] - mine.eta) < PIXEL[0]) & (apart < PIXEL[1])
            np.fill_diagonal(near, False)
            lost = ~np.isin(mine.pt, kept.pt)
            counts += (lost.size, lost.sum(), near.any(axis=0).sum(), (near.any(axis=0) & lost).sum())
    return tuple(counts.tolist())


def tracks(number: int) -> Iterator[Check]:
    """Lost of the tracks that share a pixel; ATLAS counts particles of merged clusters, a similar definition."""
    for window, measured in ATLAS.items():
        every, gone, shared, merged = lost_tracks(window, number)
        everywhere, error = share(gone, every)
        yield compared(
            f"lost of the tracks that share a pixel, jets of {window[0]} to {window[1]} GeV"
            f" (of all tracks with ΔR < 0.1: {everywhere:.4f} ± {error:.4f})",
            share(merged, shared),
            measured,
            "ATLAS, arXiv:1704.07983",
            digits=3,
        )
