"""Image builder and network as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.compose import builder_of, compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import builder_vectors
from hls_projects.network import integer_model
from hls_projects.network.intervals import intervals
from hls_projects.network.network import Network
from tests.hls_projects.random_networks import NetworkBuilder

KIND = FixedType(8, 9, False, "RND_CONV", "SAT")


def network(shape: tuple[int, int, int], kind: FixedType = KIND, name: str = "image") -> Network:
    """Sums of two neighbours."""
    build = NetworkBuilder((shape, kind))
    build.inputs = (build.inputs[0].model_copy(update={"name": name}),)
    kernel, made = np.ones((1, 2, 1, 1), np.int64), (shape[0], shape[1] - 1, 1)
    build.add("QConv2D", (name,), made, fraction=kind.fraction, kernel=kernel, weight=FixedType(2, 2), window=(1, 2))
    return build.network()


@pytest.fixture
def builder() -> ImageBuilder:
    return ImageBuilder.of(CandidateSettings(number=5), SquareGrid(pixels=6, half_width=0.8))


def test_composed_is_one_after_the_other(builder: ImageBuilder) -> None:
    image = network(builder.shape)
    for raw in builder_vectors(builder, 500, seed=3).values():
        built = KIND.quantize(builder.result.to_float(builder.build(*raw)))
        (wanted,) = integer_model.outputs(image, [built])
        (found,) = integer_model.outputs(compose(builder, image), list(raw))
        np.testing.assert_array_equal(found, wanted)


def test_its_bounds_are_reached(builder: ImageBuilder) -> None:
    composed = compose(builder, network(builder.shape))
    low, high = intervals(composed)["image"].ends
    sums = builder_vectors(builder, 0, seed=3)["saturation"]
    found = integer_model.run(composed, list(sums))["image"]
    assert (low, high) == (found.min(), found.max()) == (0, KIND.raw_max)
    assert composed.graph.layers[0].high == KIND.maximum


def test_it_is_a_file_like_any_network(builder: ImageBuilder, tmp_path: Path) -> None:
    composed = compose(builder, network(builder.shape))
    composed.save(tmp_path)
    loaded = Network.load(tmp_path)
    assert loaded.graph == composed.graph
    first = builder_of(loaded)
    assert first is not None
    assert first.builder == builder
    other = compose(builder.model_copy(update={"normalise": True}), network(builder.shape))
    assert len({loaded.fingerprint, other.fingerprint, network(builder.shape).fingerprint}) == 3


def test_a_network_of_images_has_no_builder(builder: ImageBuilder) -> None:
    assert builder_of(network(builder.shape)) is None


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (network((6, 5, 1)), r"makes images \[6, 6, 1\], the network takes \[6, 5, 1\]"),
        (network((6, 6, 1), FixedType(8, 8, False)), "does not saturate"),
        (network((6, 6, 1), name="seed_eta"), "layer 'seed_eta' has the name of an input"),
    ],
)
def test_networks_of_something_else_are_refused(builder: ImageBuilder, image: Network, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        compose(builder, image)
