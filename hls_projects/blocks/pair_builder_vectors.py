"""Test vectors of the builder of pair images: what every form of it is compared on.

Beside random ones they hold what jets seldom do: pairs exactly at a threshold and one beside it, at opposite φ and
where φ wraps, φ of more than a turn, the largest and smallest values of every port, no candidate, one, two at one
place, gaps in the list, candidates that are not sorted, all in one pixel, counts that just saturate or just do not.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from hls_projects.blocks.pair_builder import Integers, PairBuilder, logarithms

Raw = tuple[Integers, Integers, Integers]
"""The inputs of the builder as raw integers, int64 [vectors, number]: pT, η, φ."""

_NEAR = (-1, 0, 1)


def pair_vectors(builder: PairBuilder, count: int, seed: int) -> dict[str, Raw]:
    """Corner vectors and `count` random ones, by kind.

    Args:
        builder: the builder.
        count: number of random vectors; a third is uniform over the ports, the rest are like jets, some with gaps.
        seed: of all choices.
    """
    rng = np.random.default_rng(seed)
    made = {
        "few": _few(builder, rng),
        "extreme": _extreme(builder),
        "equal": _equal(builder, rng),
        "distance": _distance(builder, rng),
        "product": _product(builder, rng),
        "wrap": _wrap(builder, rng),
        "saturation": _saturation(builder, rng),
    }
    if count:
        uniform = count // 3
        made["random"] = _joined(_uniform(builder, uniform, rng), _jets(builder, count - uniform, rng))
    return made


def _uniform(builder: PairBuilder, count: int, rng: np.random.Generator) -> Raw:
    """Uniform over all values of every port."""
    pt, eta, phi = (_draw(rng, port.type.raw_min, port.type.raw_max, (count, *port.shape)) for port in builder.ports)
    return pt, eta, phi


def _jets(builder: PairBuilder, count: int, rng: np.random.Generator) -> Raw:
    """Candidates about an axis, at distances of all orders; sorted by pT, a fifth with gaps, a fifth not sorted."""
    shape, settings = (count, builder.candidates.number), builder.candidates
    largest = settings.pt.type.raw_max
    pt = np.minimum(np.exp(rng.uniform(0, np.log(largest + 1.0), shape)).astype(np.int64), largest)
    pt = np.where(rng.random((count, 1)) < 0.2, pt, -np.sort(-pt, axis=1))
    pt[np.arange(shape[1]) >= rng.integers(2, shape[1] + 8, (count, 1))] = 0
    pt[(rng.random((count, 1)) < 0.2) & (rng.random(shape) < 0.2)] = 0
    reach = builder.columns[-1] * np.exp(rng.uniform(-5, 0.3, shape))
    angle = rng.uniform(0, 2 * np.pi, shape)
    eta_0 = _draw(rng, settings.eta.raw_min, settings.eta.raw_max, (count, 1))
    phi_0 = _draw(rng, -settings.per_pi, settings.per_pi - 1, (count, 1))
    return _placed(
        builder, pt, eta_0 + (reach * np.cos(angle)).astype(int), phi_0 + (reach * np.sin(angle)).astype(int)
    )


def _placed(builder: PairBuilder, pt: Integers, eta: Integers, phi: Integers) -> Raw:
    """What the ports hold of it: η saturated, φ brought to [-per_pi, per_pi)."""
    settings = builder.candidates
    half_turn = settings.per_pi
    phi = (phi + half_turn) % (2 * half_turn) - half_turn
    return pt, np.clip(eta, settings.eta.raw_min, settings.eta.raw_max), phi


def _few(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """No candidate; one in each slot; two in neighbouring slots and in the first and last; one missing."""
    number = builder.candidates.number
    used = [np.zeros(number, bool), *np.eye(number, dtype=bool)]
    used += [np.isin(np.arange(number), (i, (i + 1) % number)) for i in range(number)]
    used += [np.arange(number) != i for i in range(number)]
    mask = np.array(used)
    pt, eta, phi = _uniform(builder, len(mask), rng)
    pt = np.where(mask, np.maximum(pt, 1), 0)
    together = np.arange(len(mask))[:, np.newaxis] % 2 == 0
    return pt, np.where(together, eta[:, :1], eta), np.where(together, phi[:, :1], phi)


def _extreme(builder: PairBuilder) -> Raw:
    """All at one end of every port; the first, or every other one, at the other end."""
    ends = [sorted({port.type.raw_min, min(port.type.raw_max, 1), port.type.raw_max}) for port in builder.ports]
    number = builder.candidates.number
    rows = []
    for a, b in product(product(*ends), repeat=2):
        for first in (np.arange(number) == 0, np.arange(number) % 2 == 0):
            rows.append(np.where(first, np.array(a)[:, np.newaxis], np.array(b)[:, np.newaxis]))
    pt, eta, phi = np.array(rows, np.int64).transpose(1, 0, 2)
    return pt.copy(), eta.copy(), phi.copy()


def _equal(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """All candidates alike: every pair in one pixel."""
    pt, eta, phi = (np.repeat(x[:, :1], builder.candidates.number, axis=1) for x in _uniform(builder, 16, rng))
    return np.maximum(pt, 1), eta, phi


def _distance(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """Differences from the first candidate that give D at each threshold and beside it, on both axes and between."""
    wanted = product([t + d for t in builder.columns for d in (-2, *_NEAR, 2)], (0, 1), range(4))
    d_eta, d_phi = [], []
    for distance, axis, near in wanted:
        # D = 2·larger + smaller
        smaller = min((0, 1, distance // 6, distance // 3)[near], max(distance, 0))
        larger = max(distance - smaller, 0) // 2
        d_eta.append(larger if axis else smaller)
        d_phi.append(smaller if axis else larger)
    return _about_first(builder, np.array(d_eta), np.array(d_phi), rng)


def _about_first(builder: PairBuilder, d_eta: Integers, d_phi: Integers, rng: np.random.Generator) -> Raw:
    """The first candidate anywhere, the others at given differences from it, in turn and to all sides."""
    others = builder.candidates.number - 1
    count = -(-len(d_eta) // others)
    sides = rng.choice([-1, 1], (2, count, others))
    settings = builder.candidates
    shifts = [np.resize(d, (count, others)) * side for d, side in zip((d_eta, d_phi), sides, strict=True)]
    eta_0 = _draw(rng, settings.eta.raw_min, settings.eta.raw_max, (count, 1))
    phi_0 = _draw(rng, -settings.per_pi, settings.per_pi - 1, (count, 1))
    eta = np.concatenate([eta_0, eta_0 + shifts[0]], axis=1)
    outside = (eta < settings.eta.raw_min) | (eta > settings.eta.raw_max)
    eta = np.where(outside, 2 * eta_0 - eta, eta)
    phi = np.concatenate([phi_0, phi_0 + shifts[1]], axis=1)
    pt = -np.sort(-_draw(rng, 1, settings.pt.type.raw_max, eta.shape), axis=1)
    return _placed(builder, pt, eta, phi)


def _product(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """For each row threshold, a first pT and others of which the sums of logarithms lie at it and beside it."""
    largest, number = builder.candidates.pt.type.raw_max, builder.candidates.number
    values = np.unique(np.concatenate([2**k + d * 2**k // 16 for k in range(17) for d in [np.arange(16)]]))
    values = values[(values >= 1) & (values <= largest)]
    logs = logarithms(values, builder.mantissa)
    rows = []
    for wanted in (threshold + d for threshold in builder.rows for d in _NEAR):
        reached = [k for k in range(len(values)) if (logs[k] + logs == wanted).any()]
        for first in rng.choice(reached, min(2, len(reached)), replace=False):
            rows.append([values[first], *rng.choice(values[logs[first] + logs == wanted], number - 1)])
    if not rows:
        rows.append([1] * number)
    pt = np.array(rows, np.int64)
    _, eta, phi = _uniform(builder, len(pt), rng)
    return pt, eta, phi


def _wrap(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """Every pair of φ among those near ±π, the ends of the port, and the thresholds away from π, beyond ±π too."""
    kind, half_turn = builder.candidates.phi, builder.candidates.per_pi
    near = {s * half_turn + d for s in (-2, -1, 0, 1, 2) for d in _NEAR}
    near |= {kind.raw_min, kind.raw_min + 1, kind.raw_max - 1, kind.raw_max}
    near |= {s * half_turn + t // 2 for s in (-1, 1) for t in (-builder.columns[-1], builder.columns[-1])}
    found = sorted(value for value in near if kind.raw_min <= value <= kind.raw_max)
    pairs = np.array(list(product(found, found)), np.int64)
    number = builder.candidates.number
    phi = np.resize(pairs, (-(-pairs.size // number), number))
    pt, eta, _ = _uniform(builder, len(phi), rng)
    return np.maximum(pt, 1), np.where(np.arange(len(phi))[:, np.newaxis] % 2, eta, eta[:, :1]), phi


def _saturation(builder: PairBuilder, rng: np.random.Generator) -> Raw:
    """So many candidates at one place that their pairs are about as many as a pixel holds; the others far away."""
    number, settings = builder.candidates.number, builder.candidates
    sizes = [k for k in range(2, number + 1) if k * (k - 1) // 2 <= 2 * builder.result.raw_max + number] + [number]
    rows = np.repeat(sizes, 8)[:, np.newaxis]
    order = rng.permuted(np.tile(np.arange(number), (len(rows), 1)), axis=1)
    order[::2] = np.arange(number)
    together = order < rows
    _, eta, phi = _uniform(builder, len(rows), rng)
    eta = np.where(together, eta[:, :1], eta)
    phi = np.where(together, phi[:, :1], phi)
    pt = np.where(together | (rng.random((len(rows), 1)) < 0.5), settings.pt.type.raw_max, 0)
    return pt, eta, phi


def _draw(rng: np.random.Generator, low: int, high: int, shape: tuple[int, ...]) -> Integers:
    """Uniform integers, both ends included."""
    return np.asarray(rng.integers(low, high + 1, shape), np.int64)


def _joined(*parts: Raw) -> Raw:
    pt, eta, phi = (np.concatenate(each) for each in zip(*parts, strict=True))
    return pt, eta, phi
