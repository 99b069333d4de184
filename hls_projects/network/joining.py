"""Several inputs of a layer brought to one fraction."""

from __future__ import annotations

from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers, shifted
from hls_projects.network.layer import Sources


def aligned(node: Node, sources: Sources) -> list[Integers]:
    """The inputs of a layer, all with the fraction of its result.

    Raises:
        OverflowError: more than 63 bits.
    """
    return [shifted(x, node.result.fraction - fraction) for x, fraction in sources]
