"""The image builder as HLS C++, and the top function from candidates to the outputs of the network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.errors import UnsupportedModelError
from data_prep.settings import Settings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.port import Port
from hls_projects.templating import filled

IMAGE = "image builder"
"""What the built image is called in a proof."""


class HlsOutput(Settings):
    """An output, or input, of the network's top function, as C++ has it."""

    name: str
    """The argument."""
    type: str
    """The type of one element; of a tower's in a stream."""
    size: int
    """Number of elements."""


class HlsBuilder(Settings):
    """What an HLS project holds beside its network where images are built of candidates."""

    builder: ImageBuilder
    """The image builder."""
    input_type: str
    """The C++ type of the network's input."""
    outputs: tuple[HlsOutput, ...]
    """The outputs of the network's top function."""


def require_fit(builder: ImageBuilder, inputs: Sequence[Port], io_type: str) -> None:
    """Make sure that the builder's image is what the network takes.

    Raises:
        UnsupportedModelError: a network of other inputs, or one that takes a pixel a clock.
    """
    shapes = [tuple(port.shape) for port in inputs]
    if shapes != [builder.shape]:
        takes = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        gives = " x ".join(map(str, builder.shape))
        raise UnsupportedModelError(
            f"the image builder gives an image of {gives}, the network takes {takes}",
            remedy="give the images that the network was trained on",
        )
    if io_type != "io_parallel":
        raise UnsupportedModelError(
            "the image builder gives all pixels in one clock, but a network in io_stream takes one per clock",
            remedy="set `hls.io_type: io_parallel` in hardware.yaml",
        )


def write_builder(hls: HlsBuilder, name: str, out: Path) -> None:
    """Write the builder, the top function `<name>_candidates`, its test bench and script into an HLS project."""
    network = (out / "firmware" / f"{name}.cpp").read_text(encoding="utf-8")
    # a network of several processes needs them around it too
    style = "DATAFLOW" if "#pragma HLS DATAFLOW" in network else "PIPELINE II=1"
    values = _values(hls, name) | {"style": style}
    (out / f"firmware/{name}_image_builder.h").write_text(builder_header(hls, name), encoding="utf-8")
    for template, file in (
        ("candidates_top.h.j2", f"firmware/{name}_candidates.h"),
        ("candidates_top.cpp.j2", f"firmware/{name}_candidates.cpp"),
        ("candidates_test.cpp.j2", f"{name}_candidates_test.cpp"),
        ("build_candidates.tcl.j2", "build_candidates.tcl"),
    ):
        (out / file).write_text(filled(template, values), encoding="utf-8")


def builder_header(hls: HlsBuilder, name: str) -> str:
    """The C++ of the builder alone."""
    return filled("image_builder.h.j2", _values(hls, name))


def loop_source(hls: HlsBuilder, name: str) -> str:
    """The C++ that runs the top function of a project on many vectors; it includes files of `firmware/` by name."""
    return filled("candidates_loop.cpp.j2", _values(hls, name) | {"header": f"{name}_candidates.h"})


def _values(hls: HlsBuilder, name: str) -> dict[str, Any]:
    builder, candidates = hls.builder, hls.builder.candidates
    rows, columns, _ = builder.shape
    eta_span, phi_span = (1 << candidates.eta_bits) - 1, (1 << candidates.phi_bits) - 1
    return {
        "name": name,
        "ports": builder.ports,
        "outputs": hls.outputs,
        "input_type": hls.input_type,
        "pixels": int(np.prod(builder.shape)),
        "number": candidates.number,
        "rows": rows,
        "columns": columns,
        "row_borders": builder.rows,
        "column_borders": builder.columns,
        "per_pi": candidates.per_pi,
        "eta_difference_bits": _signed_bits(eta_span, *builder.rows),
        "phi_difference_bits": _signed_bits(phi_span, 2 * candidates.per_pi, *builder.columns),
        "pt_bits": candidates.pt.bits,
        "pixel_bits": candidates.pixel.bits,
        "sum_bits": max((candidates.number * candidates.pt.type.raw_max).bit_length(), candidates.pixel.bits),
        "largest_pixel": builder.pixel.raw_max,
        "normalise": builder.normalise,
        "largest_shift": builder.largest_shift,
        "result": builder.result.name,
        "result_bits": builder.result.width,
    }


def _signed_bits(*values: int) -> int:
    """The bits of the signed integer that holds these values and their negatives."""
    return max(abs(value) for value in values).bit_length() + 1
