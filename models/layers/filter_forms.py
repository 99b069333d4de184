"""The forms of base filters: a full kernel, a separable one, one as large as the map."""

from __future__ import annotations

from typing import Any

from models.layers.filter_layer import FilterLayer


class Windowed(FilterLayer):
    """A layer whose filters slide over the map.

    Args:
        filters: outputs for every element of the group.
        kernel_size: rows and columns of the kernel; on the hexagonal grid the width of the hexagon.
        group: name of the group.
        quantizers: as of `FilterLayer`.
        strides: along rows and columns.
        padding: `valid` or `same`.
        options: those of `FilterLayer`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        group: str,
        quantizers: dict[str, str | None],
        *,
        strides: int = 1,
        padding: str = "valid",
        **options: Any,
    ) -> None:
        super().__init__(filters, group, quantizers, **options)
        self.kernel_size, self.strides, self.padding = kernel_size, strides, padding

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments of the layer, for model files."""
        config = {"kernel_size": self.kernel_size, "strides": self.strides, "padding": self.padding}
        return super().get_config() | config


class FullFilter(Windowed):
    """A layer with one filter over space and channels.

    Args:
        filters, kernel_size, group: as of `Windowed`.
        kernel_quantizer: of the base filters, as text.
        options: those of `Windowed`.
    """

    def __init__(
        self, filters: int, kernel_size: int, group: str, *, kernel_quantizer: str | None = None, **options: Any
    ) -> None:
        super().__init__(filters, kernel_size, group, {"kernel_quantizer": kernel_quantizer}, **options)


class SeparableFilter(Windowed):
    """A layer with a filter over space for each channel, and one over the channels.

    Args:
        filters, kernel_size, group: as of `Windowed`; the kernel is that of the depthwise filter.
        depthwise_quantizer: of the depthwise filters, as text.
        pointwise_quantizer: of the pointwise ones.
        options: those of `Windowed`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        group: str,
        *,
        depthwise_quantizer: str | None = None,
        pointwise_quantizer: str | None = None,
        **options: Any,
    ) -> None:
        texts = {"depthwise_quantizer": depthwise_quantizer, "pointwise_quantizer": pointwise_quantizer}
        super().__init__(filters, kernel_size, group, texts, **options)


class WholeFilter(FilterLayer):
    """A layer whose filter is as large as the map.

    Args:
        filters: outputs.
        group: name of the group.
        kernel_quantizer: of the weights, as text.
        options: those of `FilterLayer`.
    """

    def __init__(self, filters: int, group: str, *, kernel_quantizer: str | None = None, **options: Any) -> None:
        super().__init__(filters, group, {"kernel_quantizer": kernel_quantizer}, **options)
