"""The plain layers that a lowered model is made of, one file each: all that any part of the project knows of a layer.

A file declares `LAYER`, a `Layer` (`hls_projects/network/layer.py`), and is found by that. Its facets are methods:
what it computes on integers. `products.py`, `pooling.py` and `moves.py` beside this package hold what several share.

A facet imports no other part of the project, and neither TensorFlow nor the RTL compiler: whoever runs a network on
integers, or checks a bundle, needs none of them. The file of a layer stands below all stages, so a change of the RTL
does not make lowered networks out of date.
"""
