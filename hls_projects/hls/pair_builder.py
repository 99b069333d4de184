"""The builder of pair images as HLS C++: N - 1 rounds of the circle method, in each N/2 pairs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hls_projects.blocks.pair_builder import PairBuilder
from hls_projects.templating import filled


def write_alone(builder: PairBuilder, name: str, out: Path) -> Path:
    """Write the builder without a network, with `candidates_run` around it; returns the C++ file."""
    values = pair_values(builder, name)
    header = f"{name}_image_builder.h"
    (out / header).write_text(filled("pair_builder.h.j2", values), encoding="utf-8")
    source = out / f"{name}_loop.cpp"
    source.write_text(filled("candidates_loop.cpp.j2", values | {"header": header}), encoding="utf-8")
    return source


def pair_values(builder: PairBuilder, name: str) -> dict[str, Any]:
    """What the template `pair_builder.h.j2` is filled with; those around a network need no others."""
    given = builder.candidates
    rows, columns, channels = builder.shape
    places = given.number + given.number % 2
    turn = 2 * given.per_pi
    below = -(given.phi.raw_min // turn)
    most = (given.phi.raw_max + below * turn) // turn
    largest_count = max(given.number * (given.number - 1) // 2, builder.result.raw_max)
    return {
        "name": name,
        "ports": builder.ports,
        "outputs": (),
        "pixels": int(np.prod(builder.shape)),
        "number": given.number,
        "places": places,
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "per_pi": given.per_pi,
        "row_thresholds": builder.rows,
        "column_thresholds": builder.columns,
        "leading": builder.leading,
        "mantissa": builder.mantissa,
        "turns_below": below,
        "turns": [1 << k for k in reversed(range(most.bit_length()))],
        "pt_bits": given.pt.bits,
        "eta_difference_bits": given.eta_bits + 1,
        "phi_difference_bits": ((below + most + 1) * turn).bit_length() + 1,
        "distance_bits": max(builder.largest_distance, 2 * turn, 1 << (given.eta_bits + 1)).bit_length(),
        "logarithm_bits": max(builder.largest_logarithm.bit_length(), 1),
        "row_bits": (rows - 1).bit_length(),
        "column_bits": (columns - 1).bit_length(),
        "channel_bits": max((channels - 1).bit_length(), 1),
        "rank_bits": max((places - 1).bit_length(), 1),
        "count_bits": largest_count.bit_length(),
        "largest_count": builder.result.raw_max,
        "result": builder.result.name,
        "result_bits": builder.result.width,
    }
