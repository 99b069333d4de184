"""The plain model while it is assembled: QKeras layers whose weights are exactly those given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from qkeras import QActivation, QConv2D, QDense, QDepthwiseConv2D, quantized_bits
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType, smallest_type
from hls_projects.network.identifiers import RESERVED
from models.quantization.quantizer_types import NoFixedTypeError, require_computable
from models.quantization.quantizers import from_type

KL = keras.layers
Array = npt.NDArray[np.float64]

FLOAT32_INTEGERS = 2**24
"""Up to here float32 holds every integer, so that the Keras model's own numbers are exact."""

MAX_WEIGHT_BITS = 24
"""Wider weights cannot be told apart in the float32 of a Keras model."""

# Names that languages and tools reserve, and those that the HLS project itself uses.
_RESERVED = frozenset((*RESERVED, "data", "layer", "model", "names", "result", "weight"))


class PlainModel:
    """The plain layers so far, one behind the other, under names that C++ and VHDL accept.

    Attributes:
        sources: for every plain layer, the name of the layer of the original model it comes from.
        logits: whether a softmax or sigmoid is left out at the outputs.
        at_end: whether the layer being lowered is the last before an output, and nothing else reads it.
        left_out: the activation of the layer being lowered that was left out.
    """

    def __init__(self, logits: bool = False) -> None:
        self.sources: dict[str, str] = {}
        self.logits = logits
        self.at_end = False
        self.left_out: str | None = None
        self._source = ""
        self._quantized: dict[int, tuple[Any, FixedType]] = {}

    @property
    def lowered(self) -> str:
        """The name of the layer of the original model that is being lowered."""
        return self._source

    @contextmanager
    def source(self, name: str) -> Iterator[None]:
        """All layers added inside come from this layer of the original model."""
        self._source, outer = name, self._source
        self.left_out = None
        try:
            yield
        finally:
            self._source = outer

    def refuse(self, reason: str, remedy: str | None = None) -> UnsupportedModelError:
        """The error that names the layer being lowered."""
        return UnsupportedModelError(f"layer '{self._source}': {reason}", remedy=remedy)

    def conv2d(self, x: Any, kernel: Array, bias: Array | None, *, suffix: str = "", **geometry: Any) -> Any:
        """A `QConv2D` with kernel [rows, columns, in, out] and bias [out]; geometry: strides, padding."""
        layer = QConv2D(
            filters=kernel.shape[-1],
            kernel_size=kernel.shape[:2],
            kernel_quantizer=self.weight_quantizer(kernel, "kernel"),
            **self._bias(bias),
            **geometry,
            **_unconstrained("kernel"),
            name=self.name(suffix),
        )
        return self._with_weights(layer, x, kernel, bias)

    def depthwise(self, x: Any, kernel: Array, bias: Array | None, *, suffix: str = "", **geometry: Any) -> Any:
        """A `QDepthwiseConv2D` of multiplier 1 with kernel [rows, columns, channels, 1] and bias [channels]."""
        layer = QDepthwiseConv2D(
            kernel_size=kernel.shape[:2],
            depthwise_quantizer=self.weight_quantizer(kernel, "depthwise kernel"),
            **self._bias(bias),
            **geometry,
            **_unconstrained("depthwise"),
            name=self.name(suffix),
        )
        return self._with_weights(layer, x, kernel, bias)

    def dense(self, x: Any, kernel: Array, bias: Array | None, *, suffix: str = "") -> Any:
        """A `QDense` with kernel [in, out] and bias [out]."""
        layer = QDense(
            units=kernel.shape[-1],
            kernel_quantizer=self.weight_quantizer(kernel, "kernel"),
            **self._bias(bias),
            **_unconstrained("kernel"),
            name=self.name(suffix),
        )
        return self._with_weights(layer, x, kernel, bias)

    def quantize(self, x: Any, number_format: FixedType, *, suffix: str = "") -> Any:
        """A `QActivation` to this type (rounding half to even, saturating); a repeated one is left out."""
        if self._quantized.get(id(x), (None, None))[1] == number_format:
            return x
        try:
            quantizer = from_type(number_format)
        except NoFixedTypeError as error:
            raise self.refuse(str(error), error.remedy) from None
        except ValueError as error:
            raise self.refuse(str(error), remedy="give it a bit before the point and another beside it") from None
        y = self.keep(QActivation(quantizer, name=self.name(suffix)), x)
        self._quantized[id(y)] = (y, number_format)  # with the tensor itself, so that no other takes its id
        return y

    def copy(self, x: Any) -> Any:
        """The same numbers in another tensor: upsampled by a factor of one, as an image and back where it is none."""
        shape = tuple(int(size) for size in x.shape[1:])
        if len(shape) != 3:
            x = self.keep(KL.Reshape((1, *shape) if len(shape) == 2 else (1, 1, *shape), name=self.name("pixel")), x)
        x = self.keep(KL.UpSampling2D((1, 1), name=self.name("copy")), x)
        if len(shape) == 3:
            return x
        back = KL.Flatten if len(shape) == 1 else partial(KL.Reshape, shape)
        return self.keep(back(name=self.name("back")), x)

    def keep(self, layer: keras.layers.Layer, x: Any) -> Any:
        """Add a layer that is plain already and has its name from `name`."""
        return layer(x)

    def name(self, suffix: str = "") -> str:
        """A fresh identifier for the layer being lowered."""
        base = identifier(self._source + (f"_{suffix}" if suffix else ""))
        name, count = base, 1
        while name in self.sources:
            count += 1
            name = f"{base}_{count}"
        self.sources[name] = self._source
        return name

    def weight_quantizer(self, values: Array, weight: str) -> quantized_bits:
        """The `quantized_bits` (alpha = 1) of the weights' type.

        Raises:
            UnsupportedModelError: when the values need more than `MAX_WEIGHT_BITS` bits, as trained float weights do,
                or are so large that QKeras has no quantizer for them.
        """
        number_format = weight_type(values)
        if number_format is None or number_format.width > MAX_WEIGHT_BITS:
            need = "infinite or NaN values" if number_format is None else f"{number_format.width} bits"
            raise self.refuse(
                f"the {weight} needs {need}, it is not a fixed-point number",
                remedy="train it with a quantizer (alpha=1) or quantize it",
            )
        quantizer = quantized_bits(number_format.width, number_format.integer - 1, alpha=1)
        try:
            require_computable(quantizer)
        except NoFixedTypeError as error:
            raise self.refuse(f"the {weight} reaches {np.abs(values).max():g}; {error}", error.remedy) from None
        return quantizer

    def _bias(self, bias: Array | None) -> dict[str, Any]:
        if bias is None:
            return {"use_bias": False}
        return {"use_bias": True, "bias_quantizer": self.weight_quantizer(bias, "bias"), "bias_constraint": None}

    def _with_weights(self, layer: keras.layers.Layer, x: Any, kernel: Array, bias: Array | None) -> Any:
        y = layer(x)
        layer.set_weights([kernel] if bias is None else [kernel, bias])
        return y


def _unconstrained(weight: str) -> dict[str, Any]:
    """Lowered weights are constants: no constraint and no initializer of QKeras may touch them."""
    return {f"{weight}_constraint": None, f"{weight}_initializer": "zeros"}


def weight_type(values: npt.ArrayLike) -> FixedType | None:
    """The narrowest signed type that holds every value exactly; None if one is not finite.

    It has at least two bits and one before the point, as `quantized_bits` needs them, and no steps of 2: hls4ml takes
    `quantized_bits(n, n)`, whose values are the even ones of n + 1 bits, for integers of n bits. A synthesis tool drops
    the bits that a constant does not use.

    >>> weight_type([0.5, -0.25]).name, weight_type([0.125]).name, weight_type([12.0, -8.0]).name
    ('ap_fixed<3,1,AP_TRN,AP_WRAP>', 'ap_fixed<4,1,AP_TRN,AP_WRAP>', 'ap_fixed<3,5,AP_TRN,AP_WRAP>')
    >>> weight_type([6.0, -4.0]).name
    'ap_fixed<4,4,AP_TRN,AP_WRAP>'
    """
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        return None
    mantissa, exponent = np.frexp(array[array != 0])
    if mantissa.size == 0:
        return FixedType(2, 1)
    integers = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    trailing = np.log2((integers & -integers).astype(np.float64)).astype(np.int64)
    fraction = int((53 - exponent - trailing).max())
    fraction = 0 if fraction == -1 else fraction
    largest = np.frexp(np.abs(array).max())[1]
    if largest + fraction > 60:
        return FixedType(63, 63 - fraction)
    low, high = (int(np.ldexp(bound, fraction)) for bound in (array.min(), array.max()))
    tight = smallest_type(min(low, -1), high, fraction)
    integer = max(tight.integer, 1)
    return FixedType(max(integer + fraction, 2), max(integer, 2 - fraction))


def identifier(name: str) -> str:
    """A name that is an identifier in C++ and VHDL and none of their reserved words.

    >>> identifier("block 1/conv-2d"), identifier("2nd"), identifier("jet.pt"), identifier("union")
    ('block_1_conv_2d', 'l_2nd', 'jet_pt', 'union_layer')
    """
    clean = re.sub(r"_+", "_", re.sub(r"\W", "_", name, flags=re.ASCII)).strip("_")
    if not clean or clean[0].isdigit():
        clean = f"l_{clean}".rstrip("_")
    return f"{clean}_layer" if clean.lower() in _RESERVED else clean
