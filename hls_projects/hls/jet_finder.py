"""The jet finder as HLS C++, and the top function from an event image to its list of jets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_prep.settings import Settings
from hls_projects.blocks.jet_finder import JetFinder
from hls_projects.hls.image_builder import HlsOutput
from hls_projects.templating import filled

JETS = "list of jets"
"""What the list is called in a proof."""


class HlsFinder(Settings):
    """What an HLS project holds beside its network where jets are found in maps."""

    finder: JetFinder
    """The jet finder."""
    stream: bool
    """Whether the network's top function takes and gives a tower a clock."""
    inputs: tuple[HlsOutput, ...]
    """The inputs of that function."""
    outputs: tuple[HlsOutput, ...]
    """Its outputs."""


def write_finder(hls: HlsFinder, name: str, out: Path) -> None:
    """Write the finder, the top function `<name>_jets`, its test bench and script into an HLS project."""
    values = _values(hls, name)
    (out / f"firmware/{name}_jet_finder.h").write_text(finder_header(hls, name), encoding="utf-8")
    for template, file in (
        ("jets_top.h.j2", f"firmware/{name}_jets.h"),
        ("jets_top.cpp.j2", f"firmware/{name}_jets.cpp"),
        ("jets_test.cpp.j2", f"{name}_jets_test.cpp"),
        ("build_jets.tcl.j2", "build_jets.tcl"),
    ):
        (out / file).write_text(filled(template, values), encoding="utf-8")


def finder_header(hls: HlsFinder, name: str) -> str:
    """The C++ of the finder alone."""
    return filled("jet_finder.h.j2", _values(hls, name))


def loop_source(hls: HlsFinder, name: str) -> str:
    """The C++ that runs the top function of a project on many vectors; it includes files of `firmware/` by name."""
    files = {"header": f"{name}_jets.h", "helpers": "nnet_utils/nnet_helpers.h"}
    return filled("jets_loop.cpp.j2", _values(hls, name) | files)


def _values(hls: HlsFinder, name: str) -> dict[str, Any]:
    finder = hls.finder
    maps = [
        {
            "alias": alias,
            "type": port.type.name,
            "integer": f"ap_{'' if port.type.signed else 'u'}int<{port.type.width}>",
            "width": port.type.width,
            "channels": port.shape[-1],
            "template": alias.upper(),
        }
        for alias, port in zip(finder.names, finder.maps, strict=True)
    ]
    heat = finder.maps[0].type
    finder_inputs = [out for i, out in enumerate(hls.outputs) if _is_taken(i, finder)]
    return {
        "name": name,
        "maps": maps,
        "rows": finder.rows,
        "columns": finder.columns,
        "wrap": finder.wrap,
        "window": finder.window,
        "jets": finder.jets,
        "threshold": finder.threshold,
        "lowest": -(1 << (heat.width - 1)) if heat.signed else 0,
        "row_bits": _bits(finder.rows),
        "column_bits": _bits(finder.columns),
        "place_bits": _bits(finder.rows * finder.columns),
        "towers": finder.rows * (finder.columns + 2 * finder.wrap),
        "record": finder.record,
        "stream": hls.stream,
        "inputs": list(hls.inputs),
        "outputs": list(hls.outputs),
        "taken": finder_inputs,
        "pairs": list(zip(finder_inputs, maps, strict=True)) if finder_inputs else [],
        "left": [out for i, out in enumerate(hls.outputs) if not _is_taken(i, finder)],
    }


def _is_taken(place: int, finder: JetFinder) -> bool:
    return finder.first <= place < finder.first + len(finder.maps)


def _bits(count: int) -> int:
    """The bits of the numbers below `count`."""
    return max((count - 1).bit_length(), 1)
