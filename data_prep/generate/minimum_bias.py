"""Pileup: minimum-bias collisions that are simulated once for some events and laid over them, turned and mirrored.

Collisions, solenoid and detector are symmetric in φ and under η → −η, so that each collision of the library stands for
all its images under both. Two events that draw the same collision share its multiplicity and the relative positions of
its particles, not where they lie. Collisions are dealt like cards: one comes again only when all others have come.
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
    """A library of minimum-bias collisions, as the particles of each that reach the detector.

    Args:
        particles: ordered by collision; `event` is the index of the collision.
        number: how many collisions.
    """

    def __init__(self, particles: Particles, number: int) -> None:
        self._particles = particles
        self._left: Ints = np.zeros(0, np.int64)
        sizes = np.bincount(particles.event, minlength=number)
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])

    @classmethod
    def simulate(cls, generator: EventGenerator, number: int, settings: CollisionSettings) -> MinimumBias:
        """A library of the next collisions that a generator of minimum bias makes; they are in no other library of it.

        Args:
            generator: see `generator`.
            number: how many collisions.
            settings: the detector.
        """
        parts: list[Particles] = []
        made = 0
        while made < number:
            events = generator.batch(min(BATCH, number - made))
            seen = visible_particles(events, settings.detector)
            inside = np.abs(seen.calorimeter_eta) < CALORIMETER_ETA_MAX
            parts.append(replace(seen.where(inside), event=seen.event[inside] + made))
            made += events.number
        return cls(joined(parts), number)

    def __len__(self) -> int:
        return self._offsets.size - 1

    def _dealt(self, number: int, rng: np.random.Generator) -> Ints:
        """The next collisions of a shuffled deck; it is shuffled anew when all are dealt."""
        decks = [self._left]
        while sum(deck.size for deck in decks) < number:
            decks.append(rng.permutation(len(self)))
        cards = np.concatenate(decks)
        self._left = cards[number:]
        return cards[:number]

    def draw(self, counts: Ints, vertex_spread: float, rng: np.random.Generator) -> Particles:
        """Collisions laid over some events.

        Args:
            counts: collisions of each event, [events].
            vertex_spread: standard deviation of the vertices along the beam (mm).
            rng: the source of which, how turned, whether mirrored, and where along the beam.

        Returns:
            their particles, ordered by event; φ is not wrapped.
        """
        number = int(counts.sum())
        collision = self._dealt(number, rng)
        turn, vertex = rng.uniform(0, 2 * np.pi, number), rng.normal(0, 1, number) * vertex_spread
        side = np.where(rng.random(number) < 0.5, -1.0, 1.0)
        sizes = np.diff(self._offsets)[collision]
        drawn = np.repeat(np.arange(number), sizes)
        within = np.arange(drawn.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        chosen = self._particles.where(self._offsets[collision][drawn] + within)
        turn, side = turn[drawn], side[drawn]
        return replace(
            chosen,
            event=np.repeat(np.arange(counts.size), counts)[drawn],
            eta=side * chosen.eta,
            phi=chosen.phi + turn,
            x=np.cos(turn) * chosen.x - np.sin(turn) * chosen.y,
            y=np.sin(turn) * chosen.x + np.cos(turn) * chosen.y,
            z=side * chosen.z + vertex[drawn],
            calorimeter_eta=side * chosen.calorimeter_eta,
            calorimeter_phi=chosen.calorimeter_phi + turn,
        )


def generator(settings: CollisionSettings, seed: int) -> EventGenerator:
    """What makes minimum-bias collisions, library after library.

    Raises:
        PipelineError: when Pythia cannot start.
    """
    return EventGenerator(MINIMUM_BIAS, settings, None, seed)


def joined(parts: list[Particles]) -> Particles:
    """Particles one after the other; at least one list."""
    return Particles(**{name: _column(parts, name) for name in Particles.__dataclass_fields__})


def _column(parts: list[Particles], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])
