"""The cost of a design that is not written: that of the design which is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import qkeras
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.synthesis.cost import design_cost
from hls_projects.settings import HardwareSettings


@pytest.mark.parametrize("rtl", [{"form": "unrolled", "delay": 2}, {"form": "streamed", "rows": 1, "delay": 3}])
def test_the_smallest_variant(tmp_path: Path, rtl: dict[str, object]) -> None:
    keras.utils.set_random_seed(3)
    width = {"kernel_quantizer": "quantized_bits(4,0,alpha=1)", "bias_quantizer": "quantized_bits(4,0,alpha=1)"}
    pixels = keras.Input((6, 6, 1))
    x = qkeras.QActivation("quantized_relu(6,3)")(pixels)
    x = qkeras.QConv2D(2, 3, padding="same", **width)(x)
    x = keras.layers.MaxPooling2D(2)(qkeras.QActivation("quantized_relu(4,2)")(x))
    model = keras.Model(pixels, qkeras.QDense(2, **width)(keras.layers.Flatten()(x)))
    model.set_weights([np.random.default_rng(1).uniform(-1, 1, weight.shape) for weight in model.get_weights()])
    network = prove_network(lower(model))
    variants = [{"saturation": "compare", "ternary": False}, {"pool_first": True}, {"ternary": False}]
    hardware = HardwareSettings.model_validate({"name": "costly", "rtl": rtl | {"variants": variants}})
    designs = [
        write_design(network, "costly", hardware.rtl, variant, tmp_path / str(number))
        for number, variant in enumerate(hardware.rtl.variants)
    ]
    cost = design_cost(network, hardware)
    best = designs[cost.variant]
    assert cost.lut == best.estimate == min(design.estimate for design in designs)
    assert len({design.estimate for design in designs}) > 1
    assert (cost.clocks, cost.interval) == (best.design.latency, best.design.interval)
    assert cost.registers == best.registers
