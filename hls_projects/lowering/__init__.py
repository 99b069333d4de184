"""The rewriting rules of `lower`, one family of layers a file.

A rule takes a layer, its input tensors and a `Builder` and returns the output tensors in plain layers. It is found by
the layer's exact class: a subclass that a rule does not know may compute something else.
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
