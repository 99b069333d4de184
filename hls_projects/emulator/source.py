"""The steps of a network as one C++ file."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from data_prep.fixed_point import FixedType
from hls_projects.emulator.plan import LANES, Build, Elementwise, OutputGroup, Plan, Sums, Tensor, bits_for
from hls_projects.templating import TEMPLATES, filled

UNROLLED_TERMS = 160
"""Largest number of pairs of terms a step that are written as code; larger steps use tables, so that they compile."""


def cpp_source(plan: Plan, title: str) -> str:
    """The C++ of a network; it depends on the arguments and the template alone."""
    values = {
        "title": title,
        "lanes": (TEMPLATES / "emulator_lanes.hpp").read_text(encoding="utf-8"),
        "inputs": [_input(tensor, port_type) for tensor, port_type in plan.inputs],
        "outputs": [_output(tensor, port_type) for tensor, port_type in plan.outputs],
        "steps": [_step(step, number) for number, step in enumerate(plan.steps)],
        "size": plan.size,
    }
    return filled("emulator.cpp.j2", values, trim=True)


def quantizes(port_type: FixedType) -> bool:
    """Whether the C++ quantizes real numbers to a port's type; other types are left to `FixedType.quantize`."""
    return (
        port_type.rounding == "RND_CONV"
        and port_type.overflow in ("SAT", "SAT_SYM")
        and port_type.width <= 53
        and _in_float(port_type)
    )


def in_floats(port_type: FixedType) -> bool:
    """Whether it does so in 32-bit floats, which then hold the scaled number and both bounds exactly."""
    return quantizes(port_type) and port_type.width <= 24


def given_bits(port_type: FixedType) -> int:
    """Width of the integers in which an output is given: the narrowest of 16, 32 and 64 that holds its type."""
    return bits_for(port_type.raw_min, port_type.raw_max)


def _in_float(port_type: FixedType) -> bool:
    return abs(port_type.fraction) <= 100


def _input(tensor: Tensor, port_type: FixedType) -> dict[str, Any]:
    return {
        "bits": tensor.bits,
        "offset": tensor.offset.reshape(-1).tolist(),
        "low": port_type.raw_min,
        "high": port_type.raw_max,
        "real": "float" if in_floats(port_type) else "double",
        "scale": f"0x1p{port_type.fraction}" if _in_float(port_type) else "0",
    }


def _output(tensor: Tensor, port_type: FixedType) -> dict[str, Any]:
    return {"bits": tensor.bits, "given": given_bits(port_type), "offset": tensor.offset.reshape(-1).tolist()}


def _step(step: Sums | Elementwise | Build, number: int) -> dict[str, Any]:
    if isinstance(step, Sums):
        return _sums(step, number)
    return _build(step) if isinstance(step, Build) else _elementwise(step)


def _sums(step: Sums, number: int) -> dict[str, Any]:
    common = {
        "kind": "sums",
        "name": step.name,
        "number": number,
        "lane": step.lane,
        "from": step.source.bits,
        "to": step.target.bits,
        "chain": [link.code() for link in step.chain],
        "paired": step.paired,
        "window": step.base.shape[1],
        "base": step.base.reshape(-1).tolist(),
        "first": step.first.tolist(),
        "stride": LANES * step.target.bits // 8,
        "shift": step.shift,
    }
    if step.paired:
        groups = [_paired(group) for group in step.groups]
        unrolled = sum(len(group["pairs"]) for group in groups) <= UNROLLED_TERMS
        return common | {"groups": groups, "unrolled": unrolled}
    counts = [len(group.terms) for group in step.groups]
    return common | {
        "terms": counts,
        "start": [sum(counts[:i]) for i in range(len(counts))],
        "offset": [offset for group in step.groups for offset in group.terms.tolist()],
        "weights": [weight for group in step.groups for weight in group.weights[:, 0].tolist()],
        "bias": [int(group.bias[0]) for group in step.groups],
    }


def _paired(group: OutputGroup) -> dict[str, Any]:
    """Two terms a time: offsets of both, and for each output both weights in one 32-bit word, behind the biases."""
    terms, weights = group.terms, group.weights
    if len(terms) % 2:
        terms = np.append(terms, terms[-1])
        weights = np.vstack([weights, np.zeros_like(weights[:1])])
    low, high = weights[0::2] & 0xFFFF, weights[1::2] & 0xFFFF
    words = (low | (high << 16)).astype(np.uint32).view(np.int32)
    return {
        "size": len(group.channels),
        "channel": group.channels[0],
        "pairs": terms.reshape(-1, 2).tolist(),
        "weights": [*group.bias.tolist(), *words.reshape(-1).tolist()],
    }


def _elementwise(step: Elementwise) -> dict[str, Any]:
    operands = [
        {
            "bits": operand.source.bits,
            "window": operand.offset.shape[1],
            "offset": operand.offset.reshape(-1).tolist(),
            "shift": operand.shift,
        }
        for operand in step.operands
    ]
    return {
        "kind": "elementwise",
        "name": step.name,
        "lane": step.lane,
        "to": step.target.bits,
        "chain": [link.code() for link in step.chain],
        "reduction": step.reduction,
        "target": step.to.tolist(),
        "operands": operands,
    }


def _build(step: Build) -> dict[str, Any]:
    builder = step.builder
    names = ("pt", "eta", "phi", "seed_eta", "seed_phi")
    return {
        "kind": "build",
        "name": step.name,
        "lane": step.lane,
        "to": step.target.bits,
        "chain": [link.code() for link in step.chain],
        "sources": [
            {"name": name, "bits": source.bits, "offset": source.offset.reshape(-1).tolist()}
            for name, source in zip(names, step.sources, strict=True)
        ],
        "row": _pixels(builder.rows),
        "column": _pixels(builder.columns),
        "first_row": builder.rows[0],
        "first_column": builder.columns[0],
        "columns": builder.shape[1],
        "half_turn": builder.candidates.per_pi,
        "largest": builder.pixel.raw_max,
        "shift": builder.largest_shift if builder.normalise else None,
        "target": step.target.offset.reshape(-1).tolist(),
    }


def _pixels(thresholds: tuple[int, ...]) -> list[int]:
    """The pixel of every distance from the first threshold."""
    return [pixel for pixel, (low, high) in enumerate(pairwise(thresholds)) for _ in range(low, high)]
