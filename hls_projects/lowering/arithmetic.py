"""Layers of the trained model are refused if they do not compute in an arithmetic that hardware can repeat."""

from __future__ import annotations

from typing import Any

from qkeras.quantizers import BaseQuantizer

from hls_projects.lowering.plain_model import PlainModel
from models.quantization.quantizer_types import NoFixedTypeError, require_computable

_FLOAT32 = "build the same network with the dtype policy float32, give it these weights (set_weights), and save that"


def require_known_arithmetic(layer: Any, plain: PlainModel) -> None:
    """Refuse a layer that computes in less than float32, or has a quantizer that QKeras cannot compute."""
    if layer.compute_dtype not in ("float32", "float64"):
        reason = f"computes in {layer.compute_dtype} (dtype policy {layer.dtype_policy.name})"
        raise plain.refuse(f"{reason}, which rounds what hardware holds", remedy=_FLOAT32)
    for name, value in vars(layer).items():
        unused = name.startswith("bias") and not getattr(layer, "use_bias", True)
        if not isinstance(value, BaseQuantizer) or unused:
            continue
        try:
            require_computable(value)
        except NoFixedTypeError as error:
            raise plain.refuse(str(error), error.remedy) from None


def require_float32(layer: Any, plain: PlainModel) -> None:
    """Refuse a left-out activation in another arithmetic than float32: others could not repeat its bits."""
    if layer.compute_dtype != "float32":
        raise plain.refuse(f"computes its {plain.left_out} in {layer.compute_dtype}", remedy=_FLOAT32)
