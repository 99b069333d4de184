"""The cost of the networks: multiplications of standard and separable convolutions compared, bit operations."""

from __future__ import annotations

from typing import Any

from pipeline.report.results import QUANTIZED, SEPARABLE, STANDARD, display_order, titles
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section, Tile

KEYS = (
    "multiplications",
    "multiplications_inside",
    "nonzero_multiplications",
    "parameters",
    "weights",
    "nonzero_weights",
    "bit_operations",
)
DIGITS = ("signed_digits", "unrolled_digits")
"""None of a float network."""


def load_arithmetic(run: RunFolder) -> dict[str, dict[str, Any]]:
    """`arithmetic.json`, networks in the order of display.

    Raises:
        NotMadeError: when there is none, or it lacks a field.
    """
    content = run.json("30_model", "arithmetic.json")
    if not content:
        raise NotMadeError("30_model/arithmetic.json contains no network", remedy="make it again")
    with reading("30_model/arithmetic.json"):
        return {
            name: {
                "total": _numbers(content[name]["total"]),
                "layers": [_layer(layer) for layer in content[name]["layers"] if layer["multiplications"]],
            }
            for name in display_order(content)
        }


def values(run: RunFolder) -> dict[str, Any]:
    """The networks compared layer by layer if their layers correspond, and their totals."""
    networks = load_arithmetic(run)
    layers = [network["layers"] for network in networks.values()]
    shapes = {tuple(tuple(layer["output_shape"]) for layer in network_layers) for network_layers in layers}
    rows = [dict(zip(networks, row, strict=True)) for row in zip(*layers, strict=True)] if len(shapes) == 1 else []
    saved = None
    if STANDARD in networks and SEPARABLE in networks:
        totals = [networks[name]["total"]["multiplications"] for name in (STANDARD, SEPARABLE)]
        convolutions = [_convolutions(networks[name]["layers"]) for name in (STANDARD, SEPARABLE)]
        saved = {"total": _ratio(*totals), "convolutions": _ratio(*convolutions)}
        if QUANTIZED in networks:
            saved["bits"] = _ratio(*(networks[name]["total"]["bit_operations"] for name in (STANDARD, QUANTIZED)))
    names = {name: titles(run).get(name, name) for name in networks}
    beside = (STANDARD, SEPARABLE) if saved else None
    return {"networks": networks, "titles": names, "rows": rows, "saved": saved, "beside": beside, "ratio": _ratio}


def _layer(layer: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "kind", "output_shape")
    return {name: layer[name] for name in names} | _numbers(layer)


def _numbers(counts: dict[str, Any]) -> dict[str, int | None]:
    digits = {key: None if counts[key] is None else int(counts[key]) for key in DIGITS}
    return {key: int(counts[key]) for key in KEYS} | digits


def _convolutions(layers: list[dict[str, Any]]) -> int:
    return sum(int(layer["multiplications"]) for layer in layers if "Conv" in layer["kind"])


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def tiles(run: RunFolder) -> list[Tile]:
    """The reduction of multiplications by separable convolutions."""
    totals = {name: network["total"] for name, network in load_arithmetic(run).items()}
    if STANDARD not in totals or SEPARABLE not in totals:
        return []
    ratio = totals[STANDARD]["multiplications"] / max(totals[SEPARABLE]["multiplications"], 1)
    return [(f"{ratio:.1f} ×", "fewer multiplications than with standard convolutions")]


SECTION = Section(210, "Arithmetic", "Arithmetic", values, tiles=tiles)
