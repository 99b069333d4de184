"""An image as a vector, row by row, channels last."""

from __future__ import annotations

from hls_projects.network.layers.reshape import Reshape


class Flatten(Reshape):
    """Keras' `Flatten`."""

    kind = "Flatten"


LAYER = Flatten()
