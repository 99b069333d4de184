"""Pileup: minimum-bias collisions from a library that several events share, rotated in φ and mirrored in η at random.

Collisions, solenoid and detector are symmetric in φ and under η → −η, so that each collision of the library represents
all its images under both. Two events that draw the same collision share its multiplicity and the relative positions of
its particles, but not their directions. Collisions are drawn without replacement: a collision is drawn again only after
all others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.generate.events import EventGenerator, Ints
from data_prep.generate.particles import Particles, visible_particles
from data_prep.generate.processes import MINIMUM_BIAS
from data_prep.generate.settings import CALORIMETER_ETA_MAX, CollisionSettings

BATCH = 200
"""Collisions simulated at once; the result does not depend on it."""


class MinimumBias:
    """A library of minimum-bias collisions: their particles that reach the detector.

    Args:
        particles: ordered by collision; `event` is the index of the collision.
        number: of collisions.
    """

    def __init__(self, particles: Particles, number: int) -> None:
        self._particles = particles
        self._left: Ints = np.zeros(0, np.int64)
        sizes = np.bincount(particles.event, minlength=number)
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])

    @classmethod
    def simulate(cls, generator: EventGenerator, number: int, settings: CollisionSettings) -> MinimumBias:
        """A library of the next collisions of a minimum-bias generator; no two of its libraries share a collision.

        Args:
            generator: see `generator`.
            number: of collisions.
            settings: the detector.
        """
        batches: list[Particles] = []
        simulated = 0
        while simulated < number:
            events = generator.batch(min(BATCH, number - simulated))
            particles = visible_particles(events, settings.detector)
            in_calorimeters = np.abs(particles.calorimeter_eta) < CALORIMETER_ETA_MAX
            batches.append(
                replace(particles.select(in_calorimeters), event=particles.event[in_calorimeters] + simulated)
            )
            simulated += events.number
        return cls(joined(batches), number)

    def __len__(self) -> int:
        return self._offsets.size - 1

    def _dealt(self, number: int, rng: np.random.Generator) -> Ints:
        """The next collisions of a random permutation; after the last a new permutation follows."""
        decks = [self._left]
        while sum(deck.size for deck in decks) < number:
            decks.append(rng.permutation(len(self)))
        cards = np.concatenate(decks)
        self._left = cards[number:]
        return cards[:number]

    def draw(self, counts: Ints, vertex_spread: float, rng: np.random.Generator) -> Particles:
        """The pileup of some events.

        Args:
            counts: collisions of each event, [events].
            vertex_spread: standard deviation of the vertices along the beam (mm).
            rng: random numbers for the choice of collisions, rotation, reflection and vertex.

        Returns:
            the particles of the collisions, ordered by event; φ is not wrapped.
        """
        number = int(counts.sum())
        collision = self._dealt(number, rng)
        turn, vertex = rng.uniform(0, 2 * np.pi, number), rng.normal(0, 1, number) * vertex_spread
        side = np.where(rng.random(number) < 0.5, -1.0, 1.0)
        sizes = np.diff(self._offsets)[collision]
        draw = np.repeat(np.arange(number), sizes)
        index_in_collision = np.arange(draw.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        particles = self._particles.select(self._offsets[collision][draw] + index_in_collision)
        turn, side = turn[draw], side[draw]
        return replace(
            particles,
            event=np.repeat(np.arange(counts.size), counts)[draw],
            eta=side * particles.eta,
            phi=particles.phi + turn,
            x=np.cos(turn) * particles.x - np.sin(turn) * particles.y,
            y=np.sin(turn) * particles.x + np.cos(turn) * particles.y,
            z=side * particles.z + vertex[draw],
            calorimeter_eta=side * particles.calorimeter_eta,
            calorimeter_phi=particles.calorimeter_phi + turn,
        )


def generator(settings: CollisionSettings, seed: int) -> EventGenerator:
    """A generator of minimum-bias collisions.

    Raises:
        PipelineError: when Pythia cannot start.
    """
    return EventGenerator(MINIMUM_BIAS, settings, None, seed)


def joined(batches: list[Particles]) -> Particles:
    """Concatenated particles of at least one batch."""
    return Particles(**{name: _column(batches, name) for name in Particles.__dataclass_fields__})


def _column(batches: list[Particles], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(batch, name) for batch in batches])
