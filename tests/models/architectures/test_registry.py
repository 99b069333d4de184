"""The networks: same topology, explicit widths, logits out, nothing that hardware cannot do exactly."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qkeras
from pydantic import ValidationError
from tensorflow import keras

from data_prep.errors import ConfigurationError
from data_prep.fixed_point import FixedType
from data_prep.registry import Registry
from models.architectures import registry
from models.architectures.architecture import Architecture
from models.architectures.registry import HARDWARE, known_symmetry, networks, symmetry_titles
from models.events.settings import EventModelSettings
from models.quantization import quantizers
from models.quantization.number_settings import WeightSettings
from models.quantization.quantizer_types import activation_type
from models.settings import ModelSettings
from tests.examples import examples
from tests.models.events.conftest import event_content

SHAPE = (8, 8, 1)
NARROW = WeightSettings(bits=3, integer=4)


def _built(settings: ModelSettings) -> dict[str, keras.Model]:
    return {network.name: network.build(settings, SHAPE, 3) for network in networks(settings)}


def test_networks_have_the_same_topology(model_settings: ModelSettings) -> None:
    standard, separable, quantized = _built(model_settings).values()
    names = [layer.name for layer in standard.layers]
    assert [layer.name for layer in separable.layers] == names
    assert [layer.name for layer in quantized.layers if layer.name != "input_quantizer"] == names
    for layer in standard.layers:
        assert separable.get_layer(layer.name).output_shape == layer.output_shape
        assert quantized.get_layer(layer.name).output_shape == layer.output_shape


def test_narrow_weights_are_no_reason_to_warn(model_settings: ModelSettings) -> None:
    narrow = model_settings.model_copy(update={"output": model_settings.output.model_copy(update={"weights": NARROW})})
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        _built(narrow)
    assert [str(warning.message) for warning in heard if "initializer" in str(warning.message)] == []


def test_parameters_by_hand(model_settings: ModelSettings) -> None:
    """8x8x1, blocks of 3 and 4 filters, two poolings to 2x2x4 = 16, dense 6, three classes."""
    counts = [model.count_params() for model in _built(model_settings).values()]
    head = (16 * 6 + 6) + (6 * 3 + 3)
    standard = (9 * 3 + 3) + (9 * 3 * 4 + 4) + head
    separable = (9 + 3 + 3) + (9 * 3 + 3 * 4 + 4) + head
    assert counts == [standard, separable, separable]


def test_first_block_can_be_a_full_convolution(model_content: dict[str, Any]) -> None:
    """MobileNet's first layer: 9 x 3 weights on one channel instead of 9 + 3; the same in all three networks."""
    first_block = {key: value for key, value in model_content["blocks"][0].items() if key != "depthwise"}
    blocks = [first_block | {"convolution": "full"}, model_content["blocks"][1]]
    built = _built(ModelSettings.model_validate(model_content | {"blocks": blocks}))
    assert [model.get_layer("block1").count_params() for model in built.values()] == [9 * 3 + 3] * 3
    assert isinstance(built[HARDWARE].get_layer("block1"), qkeras.QConv2D)
    assert isinstance(built[HARDWARE].get_layer("block2"), qkeras.QSeparableConv2D)


def test_depthwise_width_belongs_to_separable_convolutions(model_content: dict[str, Any]) -> None:
    block = model_content["blocks"][0]
    without = {key: value for key, value in block.items() if key != "depthwise"}
    for wrong in (without, block | {"convolution": "full"}):
        with pytest.raises(ValidationError, match="a separable convolution has a 'depthwise' width"):
            ModelSettings.model_validate(model_content | {"blocks": [wrong]})


def test_hardware_network_has_logits_and_plain_layers_alone(model_settings: ModelSettings) -> None:
    model = _built(model_settings)[HARDWARE]
    allowed = (
        keras.layers.InputLayer,
        keras.layers.MaxPooling2D,
        keras.layers.Flatten,
        qkeras.QActivation,
        qkeras.QSeparableConv2D,
        qkeras.QDense,
    )
    assert all(isinstance(layer, allowed) for layer in model.layers)
    assert isinstance(model.layers[1], qkeras.QActivation)
    assert model.layers[-1].activation is None or model.layers[-1].activation.__name__ == "linear"


def test_every_width_is_the_one_of_the_configuration(model_content: dict[str, Any]) -> None:
    block = model_content["blocks"][0] | {
        "depthwise": {"bits": 5, "integer": 2},
        "pointwise": {"bits": 7, "integer": 1},
        "bias": {"bits": 9, "integer": 3},
        "activation": {"bits": 4, "integer": 2},
    }
    settings = ModelSettings.model_validate(model_content | {"blocks": [block]})
    model = _built(settings)[HARDWARE]
    layer = model.get_layer("block1")
    assert str(layer.depthwise_quantizer_internal) == "quantized_bits(5,2,0,alpha=1)"
    assert str(layer.pointwise_quantizer_internal) == "quantized_bits(7,1,0,alpha=1)"
    assert str(layer.bias_quantizer_internal) == "quantized_bits(9,3,0,alpha=1)"
    assert str(model.get_layer("block1_relu").quantizer) == "quantized_relu(4,2)"
    assert str(model.get_layer("input_quantizer").quantizer) == "quantized_relu(8,0)"


def test_network_that_does_not_fit_the_images(model_content: dict[str, Any]) -> None:
    settings = ModelSettings.model_validate(model_content | {"blocks": model_content["blocks"] * 3})
    for network in networks(settings):
        with pytest.raises(ConfigurationError, match="does not fit images of 8 x 8 pixels"):
            network.build(settings, SHAPE, 2)


def test_words_that_no_architecture_knows_are_told_with_those_that_are(model_content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must be hex, p4, p4m, p6, p6m, plain or views"):
        ModelSettings.model_validate(model_content | {"symmetry": "p5"})
    with pytest.raises(ValidationError, match="must be quantized_separable"):
        ModelSettings.model_validate(model_content | {"architecture": "unet"})
    assert EventModelSettings.model_validate(event_content("segmentation")).architecture == "unet"
    with pytest.raises(ValidationError, match="must be unet"):
        EventModelSettings.model_validate(event_content("segmentation") | {"architecture": "quantized_separable"})
    assert set(symmetry_titles()) == {"hex", "p4", "p4m", "p6", "p6m", "views"}
    assert known_symmetry("plain") == "plain"


def test_one_file_is_an_architecture(
    model_content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is a word of `architecture`, and the settings that it does not take are refused."""
    package = tmp_path / "linear_architectures"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "linear.py").write_text(examples()["models/architectures/linear.py"])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "ARCHITECTURES", Registry(package.name, "ARCHITECTURE", Architecture))
    linear = model_content | {"architecture": "linear"}
    (network,) = networks(ModelSettings.model_validate(linear))
    built = network.build(None, SHAPE, 3)
    assert built.count_params() == 64 * 3 + 3
    with pytest.raises(ValidationError, match="must be linear"):
        ModelSettings.model_validate(model_content | {"architecture": "quantized_separable"})
    with pytest.raises(ValidationError, match="'normalisation' is for networks with a group"):
        ModelSettings.model_validate(linear | {"normalisation": True})


@pytest.mark.parametrize(
    "change",
    [{"architecture": "transformer"}, {"input": {"bits": 17}}, {"input": {"bits": 8, "integer": -1}}, {"blocks": []}],
)
def test_impossible_settings_are_refused(model_content: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelSettings.model_validate(model_content | change)


@pytest.mark.parametrize(
    "fixed_type",
    [
        FixedType(6, 2, True, "RND_CONV", "SAT"),
        FixedType(8, 1, True, "RND_CONV", "SAT_SYM"),
        FixedType(8, 0, False, "RND_CONV", "SAT"),
        FixedType(4, 6, False, "RND_CONV", "SAT"),
    ],
)
def test_quantizer_of_a_type_gives_the_values_of_the_type(fixed_type: FixedType) -> None:
    """All multiples of an eighth step from below to above the range: ties, both ends, both signs."""
    values = np.arange(-9 * 2**fixed_type.width, 9 * 2**fixed_type.width) * fixed_type.step / 8
    expected = fixed_type.to_float(fixed_type.quantize(values)).astype(np.float32)
    quantizer = quantizers.from_type(fixed_type)
    quantizer.use_ste = False  # the straight-through sum x + (q - x) rounds in float32
    np.testing.assert_array_equal(quantizer(values.astype(np.float32)), expected)
    assert activation_type(quantizer) == fixed_type


@pytest.mark.parametrize(
    "fixed_type",
    [
        FixedType(6, 2),
        FixedType(6, -1, False, "RND_CONV", "SAT"),
        FixedType(6, 0, True, "RND_CONV", "SAT"),
        FixedType(1, 1, True, "RND_CONV", "SAT"),
        FixedType(6, 2, False, "RND_CONV", "SAT_SYM"),
    ],
)
def test_types_without_a_quantizer_are_refused(fixed_type: FixedType) -> None:
    with pytest.raises(ValueError, match="QKeras"):
        quantizers.from_type(fixed_type)
