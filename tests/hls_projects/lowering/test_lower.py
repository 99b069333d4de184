"""A lowered model computes the same numbers, or the model is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from qkeras import QActivation, QConv2D, QDense, QDepthwiseConv2D, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.layer import LAYERS
from hls_projects.proof.compare import compare_outputs
from hls_projects.proof.vectors import made_vectors

KL = keras.layers
Model = keras.Model


def test_the_same_numbers(make: Callable[[str], Model], zoo_name: str) -> None:
    trained = make(zoo_name)
    lowered = lower(trained)
    types = prove_network(lowered).graph
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 500, seed=3)
    proof = compare_outputs(trained, lowered.model, types, vectors)
    assert proof.status == "proven", proof.first_mismatch
    assert sum(proof.vectors.values()) > 1000
    outputs = [np.unique(np.asarray(y)) for y in _as_list(lowered.model(list(vectors[-1].inputs)))]
    assert all(len(values) > 20 for values in outputs), "the vectors do not exercise the model"


def test_only_plain_layers_remain(make: Callable[[str], Model], zoo_name: str) -> None:
    lowered = lower(make(zoo_name))
    kinds = {type(layer).__name__ for layer in lowered.model.layers} - {"InputLayer"}
    assert kinds <= {plain.kind for plain in LAYERS.values()}
    assert all(layer.name.isidentifier() for layer in lowered.model.layers)


def test_a_difference_is_found(make: Callable[[str], Model]) -> None:
    """The comparison itself must be able to fail."""
    trained = make("separable")
    lowered = lower(trained)
    types = prove_network(lowered).graph
    layer = next(layer for layer in lowered.model.layers if isinstance(layer, QDense))
    kernel, bias = layer.get_weights()
    bias[2] += 2.0**-5
    layer.set_weights([kernel, bias])
    proof = compare_outputs(trained, lowered.model, types, made_vectors([((8, 8, 1), types.inputs[0].type)], 50, 1))
    assert proof.status == "failed"
    assert proof.first_mismatch is not None
    assert proof.first_mismatch.position == (2,)
    assert proof.mismatches == sum(proof.vectors.values())


def _as_list(outputs: object) -> list[object]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _model(*layers: KL.Layer, shape: tuple[int, ...] = (6, 6, 2)) -> Model:
    first = QActivation(quantized_bits(6, 1, alpha=1), name="port")
    return keras.Sequential([keras.Input(shape), first, *layers])


class _Foreign(QConv2D):  # type: ignore[misc]
    """A subclass may compute something else."""


WEIGHT = quantized_bits(4, 0, alpha=1)

REFUSED = {
    "batch normalisation": (KL.BatchNormalization(name="bn"), "'bn'.*folded exactly"),
    "float weights": (KL.Dense(3, name="head"), "'head'.*fixed-point"),
    "float bias": (QDense(3, kernel_quantizer=WEIGHT, bias_initializer="normal", name="d"), "'d'.*bias"),
    "softmax": (KL.Softmax(name="probabilities"), "'probabilities'.*softmax.*--logits"),
    "tanh": (KL.Activation("tanh", name="bent"), "'bent'.*tanh"),
    "average of nine": (KL.AveragePooling2D(3, name="mean"), "'mean'.*divides by 9"),
    "max pooling over the edge": (KL.MaxPooling2D(4, padding="same", name="top"), "'top'.*edge"),
    "bilinear": (KL.UpSampling2D(2, interpolation="bilinear", name="up"), "'up'.*bilinear"),
    "leaky relu": (QActivation(quantized_relu(6, 2, negative_slope=0.25), name="leak"), "'leak'.*negative_slope"),
    "scaled activation": (QActivation(quantized_bits(6, 2, alpha=2.0), name="scaled"), "'scaled'.*alpha"),
    "sign activation": (QActivation(quantized_bits(1, 0, alpha=1), name="sign"), "'sign'.*sign function"),
    "capped relu": (KL.ReLU(6.0, name="cap"), "'cap'.*max_value"),
    "transposed convolution with float weights": (KL.Conv2DTranspose(2, 3, name="up"), "'up'.*fixed-point"),
    "dilated transposed convolution": (KL.Conv2DTranspose(2, 3, dilation_rate=2, name="up"), "'up'.*dilation"),
    "foreign subclass": (_Foreign(2, 3, kernel_quantizer=WEIGHT, name="mine"), "'mine'"),
    "float scale": (
        QConv2D(2, 3, kernel_quantizer=quantized_bits(4, 0, 1, alpha="auto"), use_bias=False, name="auto"),
        "'auto'.*fixed-point",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, randomised: Callable[[Model], Model]) -> None:
    layer, message = REFUSED[case]
    with pytest.raises(UnsupportedModelError, match=message):
        lower(randomised(_model(layer)))


def test_sums_that_float32_cannot_hold_are_refused(randomised: Callable[[Model], Model]) -> None:
    wide = {"kernel_quantizer": quantized_bits(14, 0, alpha=1), "use_bias": False}
    model = randomised(_model(QConv2D(2, 3, **wide), QConv2D(2, 3, **wide, name="second")))
    with pytest.raises(UnsupportedModelError, match="'second'.*float32"):
        prove_network(lower(model))


def test_an_input_without_a_quantizer_needs_its_type(randomised: Callable[[Model], Model]) -> None:
    head = QDense(3, kernel_quantizer=WEIGHT, use_bias=False)
    model = randomised(keras.Sequential([keras.Input((5,), name="features"), head]))
    with pytest.raises(UnsupportedModelError, match="'features'.*--input-type"):
        lower(model)
    lowered = lower(model, port_type=FixedType.parse("ap_fixed<7,3>"))
    x = np.random.default_rng(1).integers(-64, 64, (100, 5)) / 16
    np.testing.assert_array_equal(model(x), lowered.model(x))
    assert prove_network(lowered).graph.inputs[0].type.name == "ap_fixed<7,3,AP_RND_CONV,AP_SAT>"


def test_a_port_type_that_qkeras_does_not_have_is_refused(randomised: Callable[[Model], Model]) -> None:
    model = randomised(
        keras.Sequential([keras.Input((5,), name="features"), QDense(3, kernel_quantizer=WEIGHT, use_bias=False)])
    )
    with pytest.raises(UnsupportedModelError, match="'features'.*ap_fixed<6,-1"):
        lower(model, port_type=FixedType(6, -1))


def test_a_last_softmax_can_be_left_out(randomised: Callable[[Model], Model]) -> None:
    head = QDense(3, kernel_quantizer=WEIGHT, use_bias=False, activation="softmax")
    model = randomised(_model(KL.Flatten(), head))
    lowered = lower(model, logits=True)
    assert lowered.left_out == ("softmax",)
    types = prove_network(lowered).graph
    vectors = made_vectors([((6, 6, 2), types.inputs[0].type)], 100, 1)
    assert compare_outputs(model, lowered.model, types, vectors).status == "proven"


def test_weights_already_on_a_grid_are_taken_as_they_are() -> None:
    """A plain Keras model that was quantized after training, outside QKeras."""
    model = _model(KL.SeparableConv2D(3, 3, activation="relu"), KL.GlobalMaxPooling2D(), KL.Dense(2))
    rng = np.random.default_rng(2)
    model.set_weights([rng.integers(-7, 8, weight.shape) / 8 for weight in model.get_weights()])
    lowered = lower(model)
    x = rng.normal(size=(200, 6, 6, 2))
    np.testing.assert_array_equal(model(x), lowered.model(x))
    weights = [layer.weight.name for layer in prove_network(lowered).graph.layers if layer.weight]
    assert weights == ["ap_fixed<4,1,AP_TRN,AP_WRAP>"] * 3


def test_zero_weights_and_zero_channels(randomised: Callable[[Model], Model]) -> None:
    conv = QDepthwiseConv2D(3, depthwise_quantizer=WEIGHT, bias_quantizer=WEIGHT)
    model = randomised(_model(conv, QConv2D(2, 1, kernel_quantizer=WEIGHT, use_bias=False)))
    conv.set_weights([np.zeros(weight.shape) for weight in conv.get_weights()])
    types = prove_network(lower(model)).graph
    assert (types.layers[-1].low, types.layers[-1].high) == (0.0, 0.0)
