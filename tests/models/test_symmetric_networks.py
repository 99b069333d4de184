"""Networks with a symmetry: what turning the image does to their features and logits, exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qkeras
from pydantic import ValidationError
from tensorflow import keras

from data_prep.errors import ConfigurationError
from models.architectures import equal_size
from models.architectures.float_and_quantized import FLOAT_SYMMETRIC
from models.architectures.registry import HARDWARE, networks
from models.cost import symmetric_arithmetic
from models.cost.model_arithmetic import count
from models.files.load import load_model, save_model
from models.layers.filter_banks import bank
from models.layers.group_layers import GroupConv2D
from models.quantization import quantizers
from models.quantization.exact import exact_inference
from models.settings import ModelSettings
from models.symmetry.groups import GROUPS
from models.training import network as training
from tests.models.symmetric_settings import (
    CLASSES,
    INVARIANT,
    WORDS,
    built,
    content,
    grid_of,
    group_for,
    mixed,
    random_images,
    settings_of,
    shape_of,
)


@pytest.mark.parametrize("word", INVARIANT)
def test_turning_the_image_permutes_features_and_leaves_logits(word: str) -> None:
    """f(g x) = g f(x) for the maps of every block, and logits(g x) = logits(x), on a thousand images."""
    group = group_for(word)
    model = exact_inference(built(settings_of(word, **mixed(word), normalisation=True), channels=2))
    names = ["block1_relu", "block2_relu", "elements"]
    inner = keras.Model(model.inputs, [model.get_layer(name).output for name in names] + model.outputs)
    images = random_images(word, 1000, channels=2)
    lifted, convolved, elements, logits = (np.asarray(values) for values in inner(images))
    supports = [group.support(maps.shape[1])[..., None] for maps in (lifted, convolved)]
    for element in range(group.order):
        turned = inner(group.turn_image(images, element).astype(np.float32))
        for maps, turned_maps, support in zip((lifted, convolved), turned[:2], supports, strict=True):
            np.testing.assert_array_equal(turned_maps * support, group.turn_features(maps * support, element))
        moved = group.turn_features(elements.reshape(len(images), 1, 1, -1), element)
        np.testing.assert_array_equal(turned[2], moved.reshape(elements.shape))
        np.testing.assert_array_equal(turned[3], logits)
    assert all(len(np.unique(values)) > 7 for values in (lifted, convolved, elements, logits)), (
        "nothing happens in there"
    )


@pytest.mark.parametrize("convolution", ["full", "separable"])
def test_a_network_without_the_symmetry_does_not_have_it(convolution: str) -> None:
    """The comparison itself can fail: views are not invariant, and neither is a hexagonal filter."""
    for word, turns in (("views", "p4"), ("hex", "p6")):
        model = exact_inference(built(settings_of(word, convolution=convolution), channels=2))
        images = random_images(word, 50, channels=2)
        turned = GROUPS[turns].turn_image(images, 1).astype(np.float32)
        assert (np.asarray(model(images)) != np.asarray(model(turned))).any()


def test_the_bank_of_p4_is_the_one_of_the_paper(rng: np.random.Generator) -> None:
    """Cohen and Welling, section 7.1: the copy of element r is the filter turned by r, its elements moved on by r."""
    filters = rng.normal(size=(3, 3, 4))
    places = bank("p4", 3, lifts=False)
    for element in range(4):
        copy = np.roll(np.rot90(filters, element), element, axis=2)
        np.testing.assert_array_equal(filters.reshape(-1)[places[..., element]], copy)


@pytest.mark.parametrize("convolution", ["full", "separable"])
def test_views_are_turned_images_through_one_network(convolution: str) -> None:
    """Against the plain layers of QKeras on images that numpy has turned, concatenated before the dense layer."""
    settings = settings_of("views", convolution=convolution)
    model = exact_inference(built(settings, channels=2))
    images = random_images("views", 200, channels=2)
    plain = exact_inference(_plain_trunk(settings, model))
    group = group_for("views")
    views = [group.turn_image(images, int(group.inverse[g])) for g in range(group.order)]
    expected = {np.rot90(side, k, axes=(1, 2)).tobytes() for k in range(4) for side in (images, images[:, ::-1])}
    assert {view.tobytes() for view in views} == expected
    features = np.concatenate([np.asarray(plain(view)).reshape(len(view), -1) for view in views], axis=1)
    dense = model.get_layer("dense1")
    weights, bias = (
        np.asarray(value, dtype=np.float64) for value in (dense.effective_weights()[0][0], dense.effective_weights()[1])
    )
    expected_sums = features.astype(np.float64) @ weights.reshape(-1, weights.shape[-1]) + bias
    sums = keras.Model(model.inputs, dense.output)(images)
    np.testing.assert_array_equal(np.asarray(sums, dtype=np.float64), expected_sums)
    assert len(np.unique(expected_sums)) > 50


@pytest.mark.parametrize("word", WORDS)
def test_the_optimized_graph_computes_the_same(word: str) -> None:
    """TensorFlow rewrites graphs before it runs them, and was seen to take one view for all of them."""
    model = built(settings_of(word), name=FLOAT_SYMMETRIC)
    images = random_images(word, 64)
    np.testing.assert_allclose(model.predict(images, verbose=0), model(images), rtol=1e-4, atol=1e-3)  # float sums


def _plain_trunk(settings: ModelSettings, views: keras.Model) -> keras.Model:
    """The blocks of a network with views as plain QKeras layers with the same weights."""
    x = pixels = keras.Input(shape_of("views", 2))
    x = qkeras.QActivation(str(quantizers.unsigned(settings.input)))(x)
    for index, block in enumerate(settings.blocks, 1):
        bias = {"bias_quantizer": quantizers.signed(block.bias), "padding": block.padding}
        base, pointwise = views.get_layer(f"block{index}"), quantizers.signed(block.pointwise)
        kernels = [np.asarray(kernel) for kernel in base.base_filters()]
        square = kernels[0].reshape(3, 3, -1, kernels[0].shape[-1])
        if block.depthwise is None:
            layer = qkeras.QConv2D(block.filters, 3, kernel_quantizer=pointwise, **bias)
            values = [square, np.asarray(base.bias)]
        else:
            depthwise = quantizers.signed(block.depthwise)
            layer = qkeras.QSeparableConv2D(
                block.filters, 3, depthwise_quantizer=depthwise, pointwise_quantizer=pointwise, **bias
            )
            values = [square.transpose(0, 1, 3, 2), kernels[1][None, None], np.asarray(base.bias)]
        x = layer(x)
        layer.set_weights(values)
        x = qkeras.QActivation(str(quantizers.unsigned(block.activation)))(x)
        x = keras.layers.MaxPooling2D(block.pooling)(x) if block.pooling > 1 else x
    return keras.Model(pixels, x)


def test_a_hexagonal_filter_sees_its_neighbours_alone() -> None:
    """A lit pixel reaches the pixels within one step on the hexagonal lattice, and no other."""
    layer = GroupConv2D(1, 3, "hex", lifts=True, padding="same")
    image = np.zeros((1, 7, 7, 1), np.float32)
    image[0, 3, 3] = 1
    layer(image)
    layer.set_weights([np.ones(weight.shape) for weight in layer.get_weights()[:1]] + [np.zeros(1)])
    reached = np.argwhere(np.asarray(layer(image))[0, :, :, 0]) - 3
    assert {tuple(place) for place in reached.tolist()} == {(0, 0), (1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)}


def test_batch_normalisation_is_tied_over_the_group() -> None:
    """One mean and variance an output, those of all its elements and places; a float layer then gives mean 0."""
    rng = np.random.default_rng(4)
    layer = GroupConv2D(3, 3, "p4", lifts=True, normalise=True, momentum=0.0)
    images = rng.normal(2, 3, (200, 8, 8, 2)).astype(np.float32)
    outputs = np.asarray(layer(images, training=True)).reshape(-1, 3)
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(outputs.std(axis=0), 1, atol=1e-2)
    again = np.asarray(layer(images)).reshape(-1, 3)
    np.testing.assert_allclose(again, outputs, atol=1e-4)  # float32, and folding in another order
    assert [weight.shape for weight in layer.weights[1:]] == [(3,)] * 4


def test_parameters_are_those_that_were_published() -> None:
    """Cohen and Welling, table 2, filters of section 8.2: All-CNN-C and ResNet44 on three colours, ten classes.

    All-CNN-C (arXiv:1412.6806, table 1) has 96 and 192 filters, in p4 by the root of 4 fewer; ResNet44 has 32, 64, 128,
    in p4m 11, 23, 45, and three stages of seven blocks of two convolutions with projections between stages.
    """

    def parameters(group: str, layers: list[tuple[int, int, int]]) -> int:
        symmetry, total = GROUPS[group], 0
        for number, (kernel, channels, filters) in enumerate(layers):
            inputs = channels * (1 if number == 0 else symmetry.order)
            shape = (max(kernel, 3), max(kernel, 3), inputs)
            cost = symmetric_arithmetic.group_convolution(shape, filters, kernel, symmetry, lifts=number == 0)
            total += cost.parameters
        return total

    def all_cnn(a: int, b: int) -> list[tuple[int, int, int]]:
        return [(3, 3, a), (3, a, a), (3, a, a), (3, a, b), (3, b, b), (3, b, b), (3, b, b), (1, b, b), (1, b, 10)]

    def resnet(stages: tuple[int, ...]) -> list[tuple[int, int, int]]:
        layers, before = [(3, 3, stages[0])], stages[0]
        for filters in stages:
            layers += [(3, before, filters)] + [(3, filters, filters)] * 13
            layers += [(1, before, filters)] if before != filters else []
            before = filters
        return layers

    assert round(parameters("p1", all_cnn(96, 192)) / 1e6, 2) == 1.37
    assert round(parameters("p4", all_cnn(48, 96)) / 1e6, 2) == 1.37
    assert round(parameters("p1", resnet((32, 64, 128))) / 1e6, 2) == 2.63  # 2.64 with batch norm and the last layer
    assert round(parameters("p4m", resnet((11, 23, 45))) / 1e6, 2) == 2.62


@pytest.mark.parametrize("word", WORDS)
def test_size_before_building_is_that_of_the_network(word: str) -> None:
    settings = settings_of(word, **mixed(word))
    arithmetic = count(built(settings, channels=2))
    size = equal_size.views_size if word == "views" else equal_size.group_size
    expected = size(settings, shape_of(word, 2), CLASSES, group_for(word))
    assert (arithmetic.total.parameters, arithmetic.total.multiplications) == (
        expected.parameters,
        expected.multiplications,
    )


@pytest.mark.parametrize("word", ["p4", "p6m"])
def test_multiplications_are_the_weights_that_meet_a_pixel(word: str) -> None:
    """Every place of the plain kernel that is not zero, at every output pixel."""
    group = GROUPS[word]
    layer = GroupConv2D(2, 3, word, lifts=False)
    pixels = keras.Input((7, 7, 2 * group.order))
    model = keras.Model(pixels, layer(pixels))
    nonzero = np.count_nonzero(np.asarray(layer.kernel_bank(layer.effective_weights()[0])))
    assert count(model).total.multiplications == 25 * nonzero == 25 * group.taps(3) * 4 * group.order**2


@pytest.mark.parametrize("equal", ["parameters", "multiplications"])
@pytest.mark.parametrize("word", WORDS)
def test_networks_of_equal_size(word: str, equal: str) -> None:
    """No factor on filters and units comes nearer to the plain network than the one that was taken."""
    settings = settings_of(word, equal=equal)
    wider = equal_size.scaled(settings, 32)
    shape, group = shape_of(word), group_for(word)
    size = equal_size.views_size if word == "views" else equal_size.group_size

    def distance(settings_: ModelSettings) -> int:
        return abs(getattr(size(settings_, shape, CLASSES, group), equal) - target)

    target = getattr(equal_size.plain_size(wider, shape, CLASSES), equal)
    chosen = equal_size.equalised(wider, shape, CLASSES, lambda settings_: size(settings_, shape, CLASSES, group))
    assert distance(chosen) == min(distance(equal_size.scaled(wider, factor)) for factor in equal_size.FACTORS)
    assert distance(chosen) < 0.15 * target


@pytest.mark.parametrize("dense", [True, False], ids=["dense", "convolutions"])
@pytest.mark.parametrize("word", ["plain", "views", "p4m", "hex"])
def test_a_smaller_start_is_of_the_last_layer_alone(word: str, dense: bool) -> None:
    """Of the float networks: the same random numbers, those of the logits times 0.05."""
    changes: dict[str, Any] = mixed(word) | ({} if dense else {"dense": ()})

    def weights(start: float) -> dict[str, Any]:
        keras.backend.clear_session()
        keras.utils.set_random_seed(3)
        settings = settings_of(word, **changes, output=content(word)["output"] | {"start": start})
        model = networks(settings, grid_of(word))[0].build(settings, shape_of(word), CLASSES)
        return {variable.name: variable.numpy() for variable in model.weights}

    usual, small = weights(1.0), weights(0.05)
    logits = {name for name in usual if name.startswith("logits/")}
    assert any(np.any(usual[name]) for name in logits)
    for name, values in usual.items():
        np.testing.assert_allclose(
            small[name], values * np.float32(0.05 if name in logits else 1), rtol=1e-5, atol=1e-7
        )


def test_plain_size_is_that_of_the_plain_network() -> None:
    settings = settings_of("plain")
    arithmetic = count(networks(settings)[-1].build(settings, (8, 8, 1), CLASSES))
    expected = equal_size.plain_size(settings, (8, 8, 1), CLASSES)
    assert (arithmetic.total.parameters, arithmetic.total.multiplications) == (
        expected.parameters,
        expected.multiplications,
    )


@pytest.mark.parametrize("word", ["views", "p4m", "p6"])
def test_quantized_networks_start_from_float_ones_and_come_back_from_files(word: str, tmp_path: Path) -> None:
    settings = settings_of(word, normalisation=word != "views")
    source = built(settings, name=FLOAT_SYMMETRIC)
    model = built(settings, name=HARDWARE)
    training.warm_start(model, source)
    for name in ("model.h5", "model.keras"):
        if name.endswith(".h5"):
            save_model(model, tmp_path / name)
        else:
            model.save(tmp_path / name)
        again = load_model(tmp_path / name)
        images = random_images(word, 20)
        np.testing.assert_array_equal(exact_inference(again)(images), exact_inference(model)(images))
        assert again.get_layer("block1").get_config() == model.get_layer("block1").get_config()


REFUSED = {
    "hexagonal network on square pixels": (
        "p6",
        "square",
        (8, 8, 1),
        {},
        "p6' is for hexagonal pixels.*square ones",
    ),
    "hexagonal filters on square pixels": ("hex", "square", (8, 8, 1), {}, "hex' is for hexagonal pixels"),
    "square network on hexagonal pixels": ("p4m", "hexagonal", (9, 9, 1), {}, "p4m' is for square pixels"),
    "event images": ("p4", "towers", (56, 72, 1), {}, "grid of kind 'towers'"),
    "oblong images": ("p4", "square", (8, 6, 1), {}, "rows into columns.*8 rows and 6 columns"),
    "oblong views": ("views", "square", (8, 6, 1), {}, "rows into columns"),
    "even kernel": ("p4", "square", (8, 8, 1), {"kernel": 4}, "kernel of 4 has no pixel in its middle.*odd kernel"),
    "even hexagon": ("hex", "hexagonal", (9, 9, 1), {"kernel": 4}, "odd, not 4"),
    "stride": ("p4", "square", (8, 8, 1), {"stride": 2}, "stride of 2 on 8 rows leaves out more on one side"),
    "stride past the middle": ("p6", "hexagonal", (11, 11, 1), {"stride": 2}, "pixel in the middle"),
    "pooling": ("p4", "square", (9, 9, 1), {"pooling": 2}, "stride of 2 on 9 rows"),
    "hexagonal pooling": ("p6", "hexagonal", (11, 11, 1), {"pooling": 3}, "pooling: 2.*not pooling: 3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_breaks_the_symmetry_is_refused_with_the_reason(case: str) -> None:
    word, grid, shape, changes, message = REFUSED[case]
    settings_content = content(word)
    block = settings_content["blocks"][0] | {"pooling": 1} | changes
    settings = ModelSettings.model_validate(settings_content | {"blocks": [block]})
    for network in networks(settings, grid):
        with pytest.raises(ConfigurationError, match=message):
            network.build(settings, shape, CLASSES)


def test_padding_that_reaches_out_of_the_hexagon_is_refused() -> None:
    settings_content = content("p6")
    settings = ModelSettings.model_validate(settings_content | {"blocks": [settings_content["blocks"][0]] * 2})
    with pytest.raises(ConfigurationError, match="'blocks.1' breaks 'symmetry: p6'.*padding must be 'valid'"):
        networks(settings, "hexagonal")[0].build(settings, shape_of("p6"), CLASSES)


def test_a_network_that_does_not_fit_is_one_clear_error() -> None:
    settings_content = content("p4")
    settings = ModelSettings.model_validate(
        settings_content | {"blocks": [settings_content["blocks"][1] | {"kernel": 5}] * 4}
    )
    with pytest.raises(ConfigurationError, match="does not fit images of 8 x 8 pixels"):
        networks(settings, grid_of("p4"))[0].build(settings, (8, 8, 1), CLASSES)


@pytest.mark.parametrize(
    "change", [{"symmetry": "p5"}, {"equal": "area"}, {"symmetry": "views", "normalisation": True}]
)
def test_impossible_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelSettings.model_validate(content("p4") | change)


def test_turns_of_square_images_whose_middle_is_no_pixel_keep_strides_too() -> None:
    """An even kernel with an even stride has its places on both sides alike."""
    settings = settings_of("p4")
    blocks = [settings.blocks[0].model_copy(update={"kernel": 4, "stride": 2, "pooling": 1})]
    settings = settings.model_copy(update={"blocks": tuple(blocks)})
    model = exact_inference(built(settings))
    images = random_images("p4", 100)
    turned = np.ascontiguousarray(np.rot90(images, axes=(1, 2)))
    np.testing.assert_array_equal(model(turned), model(images))
