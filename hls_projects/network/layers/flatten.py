"""An image as a vector, row by row, channels last."""

from __future__ import annotations

from hls_projects.network.layer import HlsFacts
from hls_projects.network.layers.reshape import Reshape


class Flatten(Reshape):
    """Keras' `Flatten`."""

    kind = "Flatten"
    hls = HlsFacts(vanishes=True, flattens=True)


LAYER = Flatten()
