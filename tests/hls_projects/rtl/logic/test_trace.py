"""The traced logic computes the network's integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from alkaid.trace.fixed_variable import FVariable
from tensorflow import keras

from data_prep.fixed_point import FixedType
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.logic.quantizer import OVERFLOWS, ROUNDINGS, Form, quantize
from hls_projects.rtl.logic.trace import logic_of, trace
from hls_projects.rtl.logic.values import ADDERS

FORMS = get_args(Form)


@pytest.mark.parametrize("form", FORMS)
def test_every_layer_is_traced_exactly(make: Callable[[str], keras.Model], zoo_name: str, form: Form) -> None:
    network = prove_network(lower(make(zoo_name)))
    logic = trace(network, form)
    ports = network.graph.inputs
    for vectors in made_vectors([(port.shape, port.type) for port in ports], 2000, seed=4):
        raw = [port.type.quantize(x) for port, x in zip(ports, vectors.inputs, strict=True)]
        for results, expected in zip(logic.interpret(raw), integer_model.outputs(network, raw), strict=True):
            np.testing.assert_array_equal(results, expected)


SOURCES = [FixedType(9, 4), FixedType(8, 3, signed=False), FixedType(5, 1), FixedType(4, -2), FixedType(3, 6)]
TARGETS = [(4, 2), (1, 1), (2, 2), (6, 4), (3, -1), (3, 5), (12, 6)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_quantizer_casts_every_integer(form: Form, overflow: str, rounding: str) -> None:
    """Against `FixedType.cast`, which is held against `ap_fixed` compiled by g++."""
    for source in SOURCES:
        raw = np.arange(source.raw_min, source.raw_max + 1)
        for width, integer in TARGETS:
            for signed in (False, True):
                if overflow == "SAT_SYM" and (width == 1 or not signed):
                    continue
                target = FixedType(width, integer, signed, rounding, overflow)  # type: ignore[arg-type]
                value = FVariable(source.minimum, source.maximum, source.step, hwconf=ADDERS)
                comb = logic_of(*(np.array([x], dtype=object) for x in (value, quantize(value, target, form))))
                results = np.ldexp(comb.predict(source.to_float(raw)[:, None])[:, 0], target.fraction)
                np.testing.assert_array_equal(results, target.cast(raw, source.fraction), f"{source} to {target}")
