"""Models as others build them: odd outputs, models in models, and numbers that Keras itself does not compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qkeras import QActivation, QConv2D, QDense, bernoulli, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.lowering.lower import Lowered, lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.proof.compare import Tally, compare_outputs, count
from hls_projects.proof.vectors import made_vectors

KL = keras.layers
Model = keras.Model

WEIGHT = quantized_bits(5, 0, alpha=1)
PORT = FixedType.parse("ap_fixed<6,2>")


def _dense(units: int, **options: Any) -> QDense:
    return QDense(units, **({"kernel_quantizer": WEIGHT, "bias_quantizer": WEIGHT} | options))


def _vector() -> tuple[Any, Any]:
    given = keras.Input((4,), name="features")
    return given, QActivation(quantized_bits(6, 1, alpha=1), name="port")(given)


def _of_vector(build: Callable[[Any, Any], Any]) -> Callable[[], Model]:
    """A model of four features; `build` gets the input and its quantized form."""

    def make() -> Model:
        given, x = _vector()
        return Model(given, build(given, x))

    return make


def _image(build: Callable[[Any], Any]) -> Callable[[], Model]:
    """A model of a small image; `build` gets the pixels behind a convolution."""

    def make() -> Model:
        image = keras.Input((3, 3, 1), name="image")
        x = QActivation(quantized_relu(6, 0), name="pixels")(image)
        return Model(image, build(QConv2D(3, 2, kernel_quantizer=WEIGHT, bias_quantizer=WEIGHT)(x)))

    return make


def _model_in_model() -> Model:
    inner = keras.Sequential([QActivation(quantized_bits(6, 1, alpha=1)), _dense(3), KL.Softmax()])
    return keras.Sequential([keras.Input((4,)), inner, KL.Dropout(0.5)])


def _two_of(build: Callable[[Any], Any], x: Any) -> list[Any]:
    """What `build` makes of three logits, and the logits."""
    logits = _dense(3)(x)
    return [build(logits), logits]


EXACT: dict[str, tuple[Callable[[], Model], tuple[str | None, ...]]] = {
    "a dictionary": (_of_vector(lambda _, x: {"b": _dense(3)(x), "a": _dense(2)(x)}), (None, None)),
    "a list in a list": (_of_vector(lambda _, x: [[_dense(3)(x)], _dense(2)(x)]), (None, None)),
    "one tensor twice": (_of_vector(lambda _, x: [_dense(3)(x)] * 2), (None, None)),
    "an image as it is and flat": (_image(lambda y: [KL.Flatten()(y), y, KL.Reshape((4, 3))(y)]), (None,) * 3),
    "the quantized input": (_of_vector(lambda _, x: [_dense(3)(x), x]), (None, None)),
    "the input itself": (_of_vector(lambda given, x: [_dense(3)(x), given]), (None, None)),
    "logits beside their softmax": (_of_vector(lambda _, x: _two_of(KL.Softmax(), x)), ("softmax", None)),
    "two activations of the same logits": (
        _image(lambda y: [KL.Softmax(axis=3)(y), KL.Activation("sigmoid")(y)]),
        ("softmax", "sigmoid"),
    ),
    "a softmax at the end of a model in a model": (_model_in_model, ("softmax",)),
}


def _proven(model: Model, lowered: Lowered) -> Network:
    """Trained model, lowered model and integers give the same outputs."""
    network = prove_network(lowered)
    vectors = made_vectors([(port.shape, port.type) for port in network.graph.inputs], 100, seed=3)
    proof = compare_outputs(model, lowered.model, network.graph, vectors)
    assert proof.status == "proven", proof.first_mismatch
    (given,) = vectors[-1].inputs
    outputs = integer_model.outputs(network, [network.graph.inputs[0].type.quantize(given)])
    plain = lowered.model(given)
    for expected, raw, port in zip(
        plain if isinstance(plain, list) else [plain], outputs, network.graph.outputs, strict=True
    ):
        np.testing.assert_array_equal(port.type.to_float(raw), expected)
    return network


def _exact(quantizer: Any) -> Any:
    """A quantizer without the noise of its straight-through estimator."""
    quantizer.use_ste = False
    return quantizer


@pytest.mark.parametrize("case", EXACT)
def test_exact(case: str, randomised: Callable[[Model], Model]) -> None:
    build, left_out = EXACT[case]
    model = randomised(build())
    lowered = lower(model, port_type=PORT, logits=True)
    types = _proven(model, lowered).graph
    assert lowered.left_out == left_out
    names = [port.name for port in types.outputs]
    assert len(set(names)) == len(names), "two ports of hardware with one name"


def test_a_quantizer_inside_a_model_gives_the_type_of_the_port(randomised: Callable[[Model], Model]) -> None:
    (port,) = prove_network(lower(randomised(_model_in_model()), logits=True)).graph.inputs
    assert (port.type.name, port.added) == ("ap_fixed<6,2,AP_RND_CONV,AP_SAT>", False)


def _mixed(build: Callable[[Any, Any], Any]) -> Callable[[], Model]:
    def make() -> Model:
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            return _of_vector(build)()
        finally:
            keras.mixed_precision.set_global_policy("float32")

    return make


def _integers() -> Model:
    given = keras.Input((4,), name="counts", dtype="int32")
    return Model(given, _dense(3)(QActivation(quantized_bits(6, 1, alpha=1))(given)))


def _port(bits: int, integer: int) -> Callable[[], Model]:
    def make() -> Model:
        given = keras.Input((4,), name="features")
        return Model(given, QActivation(quantized_bits(bits, integer, alpha=1), name="port")(given))

    return make


def _activation(quantizer: Any) -> Callable[[], Model]:
    return _of_vector(lambda _, x: QActivation(quantizer, name="wide")(_dense(3)(x)))


def _read_on(x: Any) -> list[Any]:
    chances = KL.Softmax(name="p")(_dense(3)(x))
    return [chances, _dense(2)(QActivation(quantized_relu(4, 0))(chances))]


REFUSED: dict[str, tuple[Callable[[], Model], str]] = {
    "softmax along the rows": (
        _image(lambda y: KL.Softmax(axis=1, name="p")(y)),
        "'p': a softmax along axis 1 ",
    ),
    "softmax over the image": (
        _image(lambda y: KL.Softmax(axis=(1, 2), name="p")(y)),
        "'p': a softmax along axes 1, 2",
    ),
    "softmax that is read on": (_of_vector(lambda _, x: _read_on(x)), "'p'.*other layers read its result"),
    "float16": (_mixed(lambda _, x: KL.Dense(3, name="d")(x)), "computes in float16 .*mixed_float16.*float32"),
    "softmax of float64": (
        _of_vector(lambda _, x: KL.Activation("softmax", name="p", dtype="float64")(_dense(3)(x))),
        "'p': computes its softmax in float64",
    ),
    "inputs of integers": (_integers, "'counts' takes numbers of int32"),
    "a port of 26 bits": (_port(26, 3), "'features' is of 26 bits"),
    "bits beyond 32-bit integers": (_activation(quantized_relu(32, 16)), r"'wide': QKeras computes 2\*\*32.*30 bits"),
    "integer bits beyond them": (_activation(quantized_bits(8, 31, alpha=1)), r"'wide': QKeras computes 2\*\*31"),
    "no bits": (_activation(quantized_relu(0, 0)), "'wide'.*has no bits"),
    "weights drawn at random": (
        _of_vector(lambda _, x: _dense(3, kernel_quantizer=bernoulli(alpha=1), name="d")(x)),
        "'d': bernoulli draws its values at random",
    ),
    "more bits than a type has": (_activation(quantized_bits(70, 3, alpha=1)), "'wide'.*more than 63 bits"),
    "such a quantizer at the port": (_port(8, 31), r"'port': QKeras computes 2\*\*31"),
    "activations with negative integer bits": (
        _activation(quantized_relu(4, -1)),
        "'wide': QKeras fails on quantized_relu.*bits=5 and integer=0",
    ),
    "weights with negative integer bits": (
        _of_vector(lambda _, x: _dense(3, kernel_quantizer=quantized_bits(4, -1, alpha=1), name="d")(x)),
        "'d': QKeras fails on quantized_bits.*bits=5 and integer=0",
    ),
    "biases with negative integer bits": (
        _of_vector(lambda _, x: _dense(3, bias_quantizer=quantized_bits(4, -2, alpha=1), name="d")(x)),
        "'d': QKeras fails on quantized_bits.*bits=6 and integer=0",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(UnsupportedModelError, match=message):
        prove_network(lower(build(), logits=True))


def test_the_remedies_work(randomised: Callable[[Model], Model]) -> None:
    rows = randomised(REFUSED["softmax along the rows"][0]())
    mixed = _mixed(lambda _, x: KL.Dense(3)(x))()
    mixed.set_weights(
        [np.round(np.random.default_rng(2).normal(0, 4, weight.shape)) / 8 for weight in mixed.get_weights()]
    )
    same = _of_vector(lambda _, x: KL.Dense(3)(x))()
    same.set_weights(mixed.get_weights())
    inside = randomised(_of_vector(lambda _, x: KL.Dropout(0.1)(KL.Flatten()(_dense(3, activation="softmax")(x))))())
    inside.layers[2].activation = keras.activations.linear
    for model in (Model(rows.input, rows.get_layer("p").input), same, keras.models.clone_model(inside)):
        _proven(model, lower(model))


def test_more_bits_in_place_of_negative_ones_have_the_same_step() -> None:
    """The values of `ap_fixed<4,0>`, which QKeras' `quantized_bits(4, -1)` stands for, are values of the remedy's."""
    small, remedy = FixedType(4, 0), _exact(quantized_bits(5, 0, alpha=1))
    values = small.to_float(np.arange(small.raw_min, small.raw_max + 1)).astype(np.float32)
    np.testing.assert_array_equal(remedy(values), values)


@pytest.mark.parametrize(("bits", "signed"), [(22, True), (25, True), (24, False)])
def test_wide_ports(bits: int, signed: bool) -> None:
    """QKeras and the type agree on the vectors of the widest ports: extremes, ties, values beyond."""
    port_type = FixedType(bits, 3, signed, "RND_CONV", "SAT")
    quantizer = quantized_bits(bits, 2, alpha=1) if signed else quantized_relu(bits, 3)
    _exact(quantizer)
    for vectors in made_vectors([((4,), port_type)], 50, seed=1):
        (given,) = vectors.inputs
        np.testing.assert_array_equal(
            np.asarray(quantizer(given), np.float64), port_type.to_float(port_type.quantize(given))
        )
        halves = np.ldexp(np.abs(given.astype(np.float64)), port_type.fraction) % 1
        assert vectors.kind != "tie" or (halves == 0.5).sum() > len(halves)


def test_numbers_far_apart_are_refused_and_do_not_wrap() -> None:
    """Three layers of 2**-20 before a bias of 0.5: the sum would have 66 bits."""
    given, x = _vector()
    for _ in range(3):
        x = KL.Dense(1, use_bias=False)(x)
    model = Model(given, KL.Dense(1, name="last")(x))
    model.set_weights([np.full(array.shape, 2.0**-20 if array.ndim == 2 else 0.5) for array in model.get_weights()])
    with pytest.raises(UnsupportedModelError, match="'last'.*63 bits"):
        prove_network(lower(model))


@pytest.mark.parametrize(
    ("weight", "layers", "message"),
    [
        (2.0**80, 1, r"'last': the kernel reaches 1\.2.*e\+24; QKeras"),
        (2.0**29, 5, "'last'.*larger than the numbers of float32"),
    ],
)
def test_numbers_beyond_float32_are_refused(weight: float, layers: int, message: str) -> None:
    given, x = _vector()
    for number in range(layers):
        x = KL.Dense(1, use_bias=False, name="last" if number == layers - 1 else f"dense_{number}")(x)
    model = Model(given, x)
    model.set_weights([np.full(array.shape, weight) for array in model.get_weights()])
    with pytest.raises(UnsupportedModelError, match=message):
        prove_network(lower(model))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_gives_no_number(value: float) -> None:
    expected = np.array([[0.5, 0.25], [0.5, value]])
    with pytest.raises(UnsupportedModelError, match=rf"output 0 is {value} on vector 8 \(tie\), position \(1,\)"):
        count(Tally(PORT), "output 0", expected, np.zeros((2, 2)), 7, "tie")
