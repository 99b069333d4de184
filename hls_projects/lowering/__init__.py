"""The rewriting rules of `lower`, one family of layers a file.

A rule takes a layer, its input tensors and the `PlainModel` so far, and returns the output tensors in plain layers.
Rules are looked up by the exact class of a layer: a subclass that no rule knows may compute something else.
"""

from hls_projects.lowering import activation, convolution, dense, merge, pooling, structure, symmetry, transposed
from hls_projects.lowering.registry import RULES, rule_for

__all__ = [
    "RULES",
    "activation",
    "convolution",
    "dense",
    "merge",
    "pooling",
    "rule_for",
    "structure",
    "symmetry",
    "transposed",
]
