"""The image builder as logic, all candidates at once and some a clock, gives the images of the reference."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.compose import builder_alone, compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import builder_vectors
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.network.port import Port
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.logic.image_builder import comparators
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.simulation import ghdl, verilator
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings
from tests.hls_projects.random_networks import NetworkBuilder

GEV = FixedType(10, 10, False, "RND_CONV", "SAT")
SHARES = FixedType(9, 1, False, "RND_CONV", "SAT")
NARROW_BITS = {"pt": {"bits": 9, "integer": 9}, "per_pi": 100, "eta_bits": 5, "phi_bits": 8}
SMALL_PT = {"pt": {"bits": 5, "integer": 0}, "pixel": {"bits": 4, "integer": -1}, "per_pi": 64, "phi_bits": 10}
SERIAL = BuilderSettings(form="serial")

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
needs_ghdl = pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")


def alone(
    number: int,
    pixels: int,
    pixel_type: FixedType = GEV,
    *,
    normalise: bool = False,
    half_width: float = 0.8,
    **types: Any,
) -> Network:
    """A builder whose image is cast to a type."""
    grid = SquareGrid(pixels=pixels, half_width=half_width)
    builder = ImageBuilder.of(CandidateSettings(number=number, **types), grid, normalise=normalise)
    return builder_alone(builder, Port(name="image", shape=builder.shape, type=pixel_type))


def builder_in(network: Network) -> ImageBuilder:
    builder = network.graph.layers[0].builder
    assert builder is not None
    return builder


def vectors(network: Network, count: int) -> list[npt.NDArray[np.int64]]:
    """All kinds, the inputs of the builder."""
    kinds = builder_vectors(builder_in(network), count, seed=7).values()
    return [np.concatenate([raw[i] for raw in kinds]) for i in range(5)]


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (alone(16, 16), 100_000),
        (alone(16, 9, SHARES, normalise=True), 20_000),
        (alone(1, 5), 1_000),
        (alone(3, 4, FixedType(6, 5, True, "TRN", "SAT_SYM")), 10_000),
        (alone(6, 2, FixedType(20, 12, False, "RND_CONV", "SAT")), 10_000),
        (alone(5, 6, FixedType(7, 9, False, "RND", "SAT"), pixel={"bits": 12, "integer": 12}, **NARROW_BITS), 20_000),
        (alone(7, 7, SHARES, normalise=True, **SMALL_PT), 20_000),
        (alone(6, 3, half_width=3.5), 20_000),
    ],
    ids=["cms", "normalised", "one", "signed", "wide", "narrow", "small pT", "past π"],
)
def test_logic(network: Network, count: int) -> None:
    raw = vectors(network, count)
    (wanted,) = integer_model.outputs(network, raw)
    (image,) = trace(network).interpret(raw)
    np.testing.assert_array_equal(image, wanted)
    assert wanted.any(axis=0).all(), "every pixel must have been lit"


@pytest.mark.parametrize("count", range(2, 13))
def test_comparators_sort(count: int) -> None:
    """What sorts all sequences of 0 and 1 sorts everything (Knuth, The Art of Computer Programming 3, 5.3.4 Z)."""
    values = np.array(list(product((0, 1), repeat=count)))
    for low, high in comparators(count):
        assert low < high
        pair = np.sort(values[:, [low, high]], axis=1)
        values[:, low], values[:, high] = pair.T
    assert (np.diff(values, axis=1) >= 0).all()


def test_sixteen_are_sorted_by_63_exchanges() -> None:
    """The number of Batcher's networks (Knuth, as above, exercise 5.2.2-12)."""
    assert len(list(comparators(16))) == 63


def tagger(builder: ImageBuilder, pixel_type: FixedType) -> Network:
    """A convolution behind the builder, and a dense layer."""
    rng = np.random.default_rng(5)
    layers = NetworkBuilder((builder.shape, pixel_type))
    layers.inputs = (layers.inputs[0].model_copy(update={"name": "image"}),)
    height, width, _ = builder.shape
    weight = FixedType(4, 1)
    kernel = rng.integers(-8, 8, (3, 3, 1, 2))
    padding = ((1, 1), (1, 1))
    shape = (height, width, 2)
    x = layers.add(
        "QConv2D",
        ("image",),
        shape,
        fraction=pixel_type.fraction + 3,
        kernel=kernel,
        weight=weight,
        window=(3, 3),
        padding=padding,
    )
    x = layers.add("QActivation", (x,), shape, result=FixedType(6, 6, True, "RND_CONV", "SAT"))
    x = layers.add("Flatten", (x,), (height * width * 2,))
    kernel = rng.integers(-8, 8, (height * width * 2, 2))
    layers.add("QDense", (x,), (2,), fraction=3, kernel=kernel, weight=weight)
    return compose(builder, layers.network())


CLOCKED = {
    "parallel": (alone(6, 5), RtlSettings(delay=3), BuilderSettings()),
    "one per clock": (alone(6, 5), RtlSettings(), SERIAL),
    "one per clock, normalised": (alone(5, 4, SHARES, normalise=True), RtlSettings(delay=2), SERIAL),
    "two a clock, normalised": (
        alone(6, 4, SHARES, normalise=True),
        RtlSettings(delay=2),
        SERIAL.model_copy(update={"candidates_per_clock": 2}),
    ),
    "streamed, more clocks of candidates": (
        tagger(builder_in(alone(6, 4)), GEV),
        RtlSettings(form="streamed", rows=2),
        SERIAL,
    ),
    "streamed, more clocks of rows": (
        tagger(builder_in(alone(4, 6)), GEV),
        RtlSettings(form="streamed", rows=1),
        SERIAL.model_copy(update={"candidates_per_clock": 2}),
    ),
}


@needs_compiler
@pytest.mark.parametrize("name", CLOCKED)
def test_simulated(name: str, tmp_path: Path) -> None:
    """Without a gap, with pauses, with resets: `verilator` and `ghdl` play all of them."""
    network, settings, form = CLOCKED[name]
    built = write_design(network, "dut", settings, VariantSettings(), tmp_path / "rtl", form)
    number = builder_in(network).candidates.number
    beats = 1 if form.form == "parallel" else number // form.candidates_per_clock
    rows = network.graph.layers[0].shape[0] // settings.rows if settings.form == "streamed" else 1
    assert (built.design.beats, built.design.builder) == (beats, form.form)
    if settings.form == "streamed":
        assert built.design.interval == max(beats, rows)
    raw = vectors(network, 3_000)
    flat = np.concatenate(raw, axis=1)
    wanted = integer_model.outputs(network, raw)[0].reshape(len(flat), -1)
    simulated = list(verilator.build(tmp_path / "rtl", tmp_path).run([flat]))
    np.testing.assert_array_equal(np.concatenate([batch.outputs for batch in simulated]), wanted)
    assert all(
        batch.traffic.resets and batch.traffic.pauses and batch.traffic.longest_run > 1_000 for batch in simulated
    )


@pytest.mark.slow
@needs_compiler
def test_simulated_at_full_size(tmp_path: Path) -> None:
    """Sixteen candidates, one per clock, 16 by 16 pixels: gapless, a jet comes every 16 clocks."""
    network = alone(16, 16)
    built = write_design(network, "dut", RtlSettings(), VariantSettings(), tmp_path / "rtl", SERIAL)
    assert (built.design.beats, built.design.interval) == (16, 16)
    raw = vectors(network, 2_000)
    flat = np.concatenate(raw, axis=1)
    outputs = np.concatenate([batch.outputs for batch in verilator.build(tmp_path / "rtl", tmp_path).run([flat])])
    np.testing.assert_array_equal(outputs, integer_model.outputs(network, raw)[0].reshape(len(flat), -1))


@needs_ghdl
@pytest.mark.parametrize("name", ["parallel", "one per clock, normalised", "streamed, more clocks of rows"])
def test_vhdl(name: str, tmp_path: Path) -> None:
    network, settings, form = CLOCKED[name]
    write_design(network, "dut", settings, VariantSettings(), tmp_path / "rtl", form)
    raw = [x[:: len(x) // 40] for x in vectors(network, 1_000)]
    flat = np.concatenate(raw, axis=1)
    outputs = np.concatenate([batch.outputs for batch in ghdl.build(tmp_path / "rtl", tmp_path).run([flat])])
    np.testing.assert_array_equal(outputs, integer_model.outputs(network, raw)[0].reshape(len(flat), -1))


def test_serial_is_several_times_smaller(tmp_path: Path) -> None:
    network = alone(16, 16)
    parallel, serial = (
        write_design(network, "dut", RtlSettings(), VariantSettings(), tmp_path / form.form, form)
        for form in (BuilderSettings(), SERIAL)
    )
    assert serial.estimate < parallel.estimate / 5


@pytest.mark.parametrize(
    ("settings", "form", "why"),
    [
        (RtlSettings(), SERIAL.model_copy(update={"candidates_per_clock": 4}), "6 candidates cannot come 4 a clock"),
        (RtlSettings(clocks=9), SERIAL, "the latency cannot be chosen"),
        (RtlSettings(form="streamed"), BuilderSettings(), "the parallel image builder gives whole images"),
        (RtlSettings(form="streamed", rows=2), SERIAL, "2 rows a clock do not divide an image of 5 rows"),
    ],
)
def test_forms_that_do_not_go_are_refused(
    tmp_path: Path, settings: RtlSettings, form: BuilderSettings, why: str
) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        write_design(alone(6, 5), "dut", settings, VariantSettings(), tmp_path / "rtl", form)
    assert not (tmp_path / "rtl").exists()
