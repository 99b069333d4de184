"""Lowered model and proven types → hls4ml project. The one door to hls4ml.

hls4ml infers nothing: every type is given, and afterwards every type is read back and compared. Its silent failures
(a quantizer dropped, a type left at its default, a layer merged away) thus become errors.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import warnings
from pathlib import Path
from typing import Any

from tensorflow import keras

from data_prep.errors import PipelineError, ProofFailedError, UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.system.machine import machine_fault
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.jet_finder import JetFinder
from hls_projects.hls.image_builder import HlsBuilder, HlsOutput, require_fit, write_builder
from hls_projects.hls.jet_finder import HlsFinder, write_finder
from hls_projects.hls.project import HlsProject, TracedLayer
from hls_projects.network.dropped_bits import unreadable
from hls_projects.network.graph import Graph, Node
from hls_projects.network.layer import plain_layer
from hls_projects.settings import HlsSettings
from models.files.meaning import Meaning

LINEAR_SUFFIX = "_linear"
"""What hls4ml calls the activation it adds behind a layer with weights."""


def convert(
    model: keras.Model,
    types: Graph,
    name: str,
    settings: HlsSettings,
    out: Path,
    builder: ImageBuilder | None = None,
    finder: JetFinder | None = None,
    meaning: Meaning | None = None,
) -> HlsProject:
    """Write the HLS project of a lowered model.

    Args:
        model: the lowered model.
        types: its proven types.
        name: the top function.
        settings: backend, io type, part, clock.
        out: folder to write into.
        builder: what makes the images of candidates; where given, the project holds a top function from candidates too.
        finder: what finds jets in the outputs; where given, the project holds a top function to the list of jets too.
        meaning: what inputs and outputs are, for the project's record; None where that is not known.

    Raises:
        UnsupportedModelError: when this backend or io type cannot compute the model exactly, or the builder's image is
            not what the model takes.
        ProofFailedError: when hls4ml did not take over a type.
        MachineError: a full disk, of which hls4ml tells in words of its own.
    """
    _refuse_known_failures(types, settings)
    if builder is not None:
        require_fit(builder, types.inputs, settings.io_type)
    import hls4ml

    log = io.StringIO()
    try:
        with contextlib.redirect_stdout(log), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = hls4ml.converters.convert_from_keras_model(
                model,
                hls_config=_configuration(types, settings),
                output_dir=str(out),
                project_name=name,
                backend=settings.backend,
                io_type=settings.io_type,
                part=settings.part,
                clock_period=settings.clock_period,
            )
            graph.config.trace_output = True
            graph.write()
    except PipelineError:
        raise
    except Exception as error:
        if (lacking := machine_fault(error)) is not None:
            raise lacking from error
        raise UnsupportedModelError(f"hls4ml cannot convert this model: {error}") from error
    _check_types(graph, types)
    _tidy(out, name)
    traced = tuple(
        TracedLayer(name=layer.name, size=_size(layer)) for layer in types.layers if _is_traced(graph, layer.name)
    )
    from_candidates = None
    if builder is not None:
        from_candidates = _with_candidates(graph, builder)
        write_builder(from_candidates, name, out)
    to_jets = None
    if finder is not None:
        to_jets = _with_jets(graph, finder, settings)
        write_finder(to_jets, name, out)
    project = HlsProject(
        name=name,
        settings=settings,
        inputs=types.inputs,
        outputs=types.outputs,
        traced=traced,
        builder=from_candidates,
        finder=to_jets,
        meaning=meaning,
    )
    project.write(out / "hls.json")
    return project


def _refuse_known_failures(types: Graph, settings: HlsSettings) -> None:
    always_zero = unreadable(types)
    if always_zero is not None:
        raise UnsupportedModelError(
            f"layer '{always_zero.name}': every possible input is below half of its step "
            f"({always_zero.result.step:g}), so it is always 0, and ap_fixed cannot round such a number",
            remedy="give it a smaller step (fewer integer bits), or leave it out",
        )
    if settings.io_type == "io_stream":
        _refuse_flat_activations(types)
    for layer in types.layers:
        aborts = plain_layer(layer.kind).hls.aborts
        if aborts and settings.strategy == "resource" and settings.io_type == "io_parallel":
            raise UnsupportedModelError(
                f"layer '{layer.name}': hls4ml aborts on {aborts} with strategy resource in io_parallel",
                remedy="set `hls.strategy: latency` or `hls.io_type: io_stream` in hardware.yaml",
            )


def _refuse_flat_activations(types: Graph) -> None:
    """hls4ml streams a flattened image pixel by pixel; its activations and sums read a flat one: wrong, or a crash."""
    shapes = {port.name: port.shape for port in types.inputs} | {layer.name: layer.shape for layer in types.layers}
    flat = {
        layer.name
        for layer in types.layers
        if plain_layer(layer.kind).hls.flattens and set(shapes[layer.inputs[0]][:2]) != {1}
    }
    for layer in types.layers:
        word = plain_layer(layer.kind).hls.behind_flat
        if word and flat.intersection(layer.inputs):
            raise UnsupportedModelError(
                f"layer '{layer.name}': hls4ml computes no {word} behind a flattened image in io_stream",
                remedy="put it before the Flatten, or set `hls.io_type: io_parallel` in hardware.yaml",
            )


def _configuration(types: Graph, settings: HlsSettings) -> dict[str, Any]:
    """The hls4ml configuration in which every type is explicit."""
    layers: dict[str, Any] = {}
    for port in types.inputs:
        layers[port.name] = {"Precision": {"result": port.type.name}, "Trace": True}
    for layer in types.layers:
        precision = {"result": layer.result.name}
        for key, port_type in (("weight", layer.weight), ("bias", layer.bias), ("accum", layer.accumulator)):
            if port_type is not None:
                precision[key] = port_type.name
        if extra := plain_layer(layer.kind).hls.weight:
            precision[extra] = precision["weight"]
        layers[layer.name] = {"Precision": precision, "Trace": True, "ReuseFactor": settings.reuse_factor}
        if layer.weight is not None:
            layers[layer.name + LINEAR_SUFFIX] = {"Precision": {"result": layer.result.name}, "Trace": False}
    return {
        "Model": {
            "Precision": {"default": "ap_fixed<16,6>"},
            "ReuseFactor": settings.reuse_factor,
            "Strategy": settings.strategy.capitalize(),
        },
        "LayerName": layers,
    }


def _check_types(graph: Any, types: Graph) -> None:
    """Every type of the HLS graph is the proven one, and nothing that computes is missing."""
    nodes = {node.name: node for node in graph.get_layers()}
    for port in types.inputs:
        _same(nodes[port.name].get_output_variable().type.precision, port.type, port.name, "input")
    for layer in types.layers:
        node = nodes.get(layer.name)
        if node is None:
            if _may_vanish(layer, types):
                continue
            raise ProofFailedError(f"hls4ml dropped layer '{layer.name}' ({layer.kind})")
        _same(node.get_output_variable().type.precision, layer.result, layer.name, "result")
        for key, proven in (("weight_t", layer.weight), ("bias_t", layer.bias), ("accum_t", layer.accumulator)):
            if proven is not None:
                _same(node.types[key].precision, proven, layer.name, key)


def _may_vanish(layer: Node, types: Graph) -> bool:
    """Moves, and quantizers to the type that their input already has."""
    plain = plain_layer(layer.kind)
    if plain.hls.vanishes:
        return True
    types_by_name = {port.name: port.type for port in types.inputs} | {
        other_layer.name: other_layer.result for other_layer in types.layers
    }
    return plain.quantizes and types_by_name[layer.inputs[0]] == layer.result


def _same(precision: Any, proven: FixedType, layer: str, subject: str) -> None:
    converted = _fixed_type(precision)
    if (converted.width, converted.integer, converted.signed, converted.rounding, converted.overflow) != (
        proven.width,
        proven.integer,
        proven.signed,
        proven.rounding,
        proven.overflow,
    ):
        raise ProofFailedError(
            f"layer '{layer}': hls4ml made its {subject} {converted.name}, but {proven.name} is proven"
        )


def _fixed_type(precision: Any) -> FixedType:
    """hls4ml's precision object as a type."""
    if not hasattr(precision, "integer"):
        raise ProofFailedError(f"hls4ml chose the type {precision}, which is no fixed-point type")
    rounding = str(getattr(precision, "rounding_mode", None) or "TRN")
    overflow = str(getattr(precision, "saturation_mode", None) or "WRAP")
    width, integer = int(precision.width), int(precision.integer)
    return FixedType(width, integer, bool(precision.signed), rounding, overflow)  # type: ignore[arg-type]


def _with_candidates(graph: Any, builder: ImageBuilder) -> HlsBuilder:
    """How the top function of the network is called."""
    (image,), outputs = graph.get_input_variables(), graph.get_output_variables()
    return HlsBuilder(builder=builder, input_type=image.type.name, outputs=_arguments(outputs))


def _with_jets(graph: Any, finder: JetFinder, settings: HlsSettings) -> HlsFinder:
    """How the top function of the network is called."""
    return HlsFinder(
        finder=finder,
        stream=settings.io_type == "io_stream",
        inputs=_arguments(graph.get_input_variables()),
        outputs=_arguments(graph.get_output_variables()),
    )


def _arguments(variables: Any) -> tuple[HlsOutput, ...]:
    return tuple(HlsOutput(name=variable.name, type=variable.type.name, size=variable.size()) for variable in variables)


def _is_traced(graph: Any, name: str) -> bool:
    return any(node.name == name and node.get_attr("function_cpp", None) for node in graph.get_layers())


def _size(layer: Node) -> int:
    size = 1
    for extent in layer.shape:
        size *= extent
    return size


def _tidy(out: Path, name: str) -> None:
    """Leave what a firmware engineer needs: no model copy, no absolute path, no time stamp."""
    (out / "keras_model.keras").unlink(missing_ok=True)
    (out / "hls4ml_config.yml").unlink(missing_ok=True)
    shutil.rmtree(out / "tb_data", ignore_errors=True)
    build = out / "build_lib.sh"
    build.write_text(re.sub(r"(?m)^LIB_STAMP=.*$", f"LIB_STAMP={name}", build.read_text()))
