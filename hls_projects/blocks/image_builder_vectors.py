"""Test vectors of the image builder: what every form of it is compared on.

Beside random ones they hold what jets seldom do: candidates exactly on a border and one unit below, at φ = ±π and
where the φ difference wraps, at the largest values of every port, sums that just saturate or just do not, all in one
pixel, all outside, one alone, none.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from hls_projects.blocks.image_builder import ImageBuilder, Integers

Raw = tuple[Integers, Integers, Integers, Integers, Integers]
"""The five inputs of the builder as raw integers, int64: pT, η, φ [vectors, number], seed η, seed φ [vectors, 1]."""


def builder_vectors(builder: ImageBuilder, count: int, seed: int) -> dict[str, Raw]:
    """Corner vectors and `count` random ones, by kind.

    Args:
        builder: the builder.
        count: number of random vectors; half of them are uniform over the ports, half lie about the seed.
        seed: of all choices.
    """
    rng = np.random.default_rng(seed)
    vectors = {
        "border": _border(builder, rng),
        "wrap": _wrap(builder, rng),
        "extreme": _extreme(builder),
        "saturation": _saturation(builder, rng),
        "outside": _outside(builder, rng),
        "single": _single(builder, rng),
        "empty": _empty(builder, rng),
    }
    if count:
        vectors["random"] = _joined(_uniform(builder, count - count // 2, rng), _near(builder, count // 2, rng))
    return vectors


def _uniform(builder: ImageBuilder, count: int, rng: np.random.Generator) -> Raw:
    """Uniform over all values of every port."""
    pt, eta, phi, seed_eta, seed_phi = (
        _draw(rng, port.type.raw_min, port.type.raw_max, (count, *port.shape)) for port in builder.ports
    )
    return pt, eta, phi, seed_eta, seed_phi


def _seeds(builder: ImageBuilder, count: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Seeds, a third of φ near ±π."""
    eta, phi = builder.candidates.eta, builder.candidates.per_pi
    seed_eta = _draw(rng, eta.raw_min // 2, eta.raw_max // 2, (count, 1))
    seed_phi = _draw(rng, -phi, phi - 1, (count, 1))
    near = rng.choice([-phi, 1 - phi, phi - 1, phi - 2], (count, 1))
    return seed_eta, np.where(rng.random((count, 1)) < 1 / 3, near, seed_phi)


def _placed(builder: ImageBuilder, pt: Integers, d_eta: Integers, d_phi: Integers, rng: np.random.Generator) -> Raw:
    """Candidates at given distances from random seeds, φ wrapped as a direction is."""
    seed_eta, seed_phi = _seeds(builder, len(pt), rng)
    eta_type, half_turn = builder.candidates.eta, builder.candidates.per_pi
    lowest = np.maximum(eta_type.raw_min - d_eta.min(axis=1, keepdims=True), eta_type.raw_min)
    highest = np.minimum(eta_type.raw_max - d_eta.max(axis=1, keepdims=True), eta_type.raw_max)
    seed_eta = np.clip(seed_eta, lowest, highest)
    phi = (seed_phi + d_phi + half_turn) % (2 * half_turn) - half_turn
    return pt, np.clip(seed_eta + d_eta, eta_type.raw_min, eta_type.raw_max), phi, seed_eta, seed_phi


def _near(builder: ImageBuilder, count: int, rng: np.random.Generator) -> Raw:
    """Candidates about the seed, a fifth of them outside the window, of jet-like pT."""
    shape = (count, builder.candidates.number)
    pt = np.minimum(rng.exponential(200, shape).astype(np.int64), builder.candidates.pt.type.raw_max)
    d_eta, d_phi = (
        _draw(rng, round(1.1 * cuts[0]), round(1.1 * cuts[-1]), shape) for cuts in (builder.rows, builder.columns)
    )
    return _placed(builder, pt, d_eta, d_phi, rng)


def _border(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """Every η border with every φ border, both exactly and one unit below."""
    pairs = np.array([(r - i, c - j) for r, c in product(builder.rows, builder.columns) for i, j in _STEPS], np.int64)
    number = builder.candidates.number
    pairs = np.resize(pairs, (-(-len(pairs) // number) * number, 2)).reshape(-1, number, 2)
    pt = _draw(rng, 1, builder.candidates.pt.type.raw_max, pairs.shape[:2])
    return _placed(builder, pt, pairs[..., 0], pairs[..., 1], rng)


_STEPS = ((0, 0), (0, 1), (1, 0), (1, 1))


def _wrap(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """Every pair of φ of seed and candidate among those near ±π and the ends of the port, beyond ±π too."""
    phi_type, half_turn = builder.candidates.phi, builder.candidates.per_pi
    values = {phi_type.raw_min, phi_type.raw_min + 1, phi_type.raw_max - 1, phi_type.raw_max, -1, 0, 1}
    values |= {s * half_turn + d for s in (-1, 1) for d in (-1, 0, 1)}
    values |= {s * half_turn + t for s in (-1, 1) for t in (builder.columns[0], builder.columns[-1])}
    angles = sorted(value for value in values if phi_type.raw_min <= value <= phi_type.raw_max)
    pairs = np.array(list(product(angles, angles)), np.int64)
    pt, eta, _, seed_eta, _ = _near(builder, len(pairs), rng)
    phi = np.broadcast_to(pairs[:, :1], pt.shape).copy()
    return pt, eta, phi, seed_eta, pairs[:, 1:].copy()


def _extreme(builder: ImageBuilder) -> Raw:
    """Every port at its smallest and largest value and at 0, in all combinations."""
    ends = [(port.type.raw_min, 0, port.type.raw_max) for port in builder.ports]
    combined = np.array(list(product(*(sorted(set(values)) for values in ends))), np.int64)
    columns = zip(builder.ports, combined.T, strict=True)
    pt, eta, phi, seed_eta, seed_phi = (np.repeat(values[:, np.newaxis], port.shape[0], 1) for port, values in columns)
    return pt, eta, phi, seed_eta, seed_phi


def _saturation(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """All candidates in one pixel, for every pixel: sums about the pixel's largest value, powers of two, all full."""
    number, pt_type = builder.candidates.number, builder.candidates.pt.type
    largest = number * pt_type.raw_max
    totals = {builder.pixel.raw_max + d for d in (-1, 0, 1)} | {largest}
    totals |= {(1 << k) + d for k in range(largest.bit_length()) for d in (-1, 0)}
    sums = [min(total, largest) for total in sorted(totals)]
    rows, columns, _ = builder.shape
    centres = np.array([(r, c) for r in range(rows) for c in range(columns)], np.int64)
    centres = np.resize(centres, (max(len(centres), len(sums)), 2))
    pt = np.array([_shared(total, number, pt_type.raw_max) for total in np.resize(sums, len(centres))], np.int64)
    d_eta = np.repeat(np.array(builder.rows)[centres[:, :1]], number, axis=1)
    d_phi = np.repeat(np.array(builder.columns)[centres[:, 1:]], number, axis=1)
    return _placed(builder, pt, d_eta, d_phi, rng)


def _shared(total: int, number: int, largest: int) -> list[int]:
    """A sum as `number` parts, the first ones as large as they can be."""
    parts = []
    for _ in range(number):
        parts.append(min(total, largest))
        total -= parts[-1]
    return parts


def _outside(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """All candidates one unit outside the window, on each side."""
    sides = ((builder.rows[0] - 1, 0), (builder.rows[-1], 0), (0, builder.columns[0] - 1), (0, builder.columns[-1]))
    distances = np.repeat(np.array(sides, np.int64)[:, np.newaxis], builder.candidates.number, axis=1)
    pt = np.full(distances.shape[:2], builder.candidates.pt.type.raw_max)
    return _placed(builder, pt, distances[..., 0], distances[..., 1], rng)


def _single(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """One candidate in each slot, of the smallest and of the largest pT."""
    pt = np.vstack([np.eye(builder.candidates.number, dtype=np.int64)] * 2)
    pt[len(pt) // 2 :] *= builder.candidates.pt.type.raw_max
    _, eta, phi, seed_eta, seed_phi = _near(builder, len(pt), rng)
    return pt, eta, phi, seed_eta, seed_phi


def _empty(builder: ImageBuilder, rng: np.random.Generator) -> Raw:
    """No candidate: empty slots with angles 0, and with any angles."""
    _, eta, phi, seed_eta, seed_phi = _uniform(builder, 8, rng)
    eta[:4], phi[:4] = 0, 0
    return np.zeros_like(eta), eta, phi, seed_eta, seed_phi


def _draw(rng: np.random.Generator, low: int, high: int, shape: tuple[int, ...]) -> Integers:
    """Uniform integers, both ends included."""
    return np.asarray(rng.integers(low, high + 1, shape), np.int64)


def _joined(first: Raw, second: Raw) -> Raw:
    pt, eta, phi, seed_eta, seed_phi = (np.concatenate(pair) for pair in zip(first, second, strict=True))
    return pt, eta, phi, seed_eta, seed_phi
