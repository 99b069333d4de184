"""A quantized transposed convolution; that of QKeras 0.9 does not work with TensorFlow 2.15."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from qkeras.qlayers import get_auto_range_constraint_initializer
from qkeras.quantizers import get_quantizer
from tensorflow import keras


class QuantizedConv2DTranspose(keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """`Conv2DTranspose` whose kernel and bias are quantized in every call.

    Output [rows, columns, filters]: every input pixel adds its value times the kernel [rows, columns, filters, in] to
    the window that begins at pixel · stride (Dumoulin and Visin, arXiv:1603.07285, chapter 4).

    Args:
        filters: output channels.
        kernel_size: rows and columns of the kernel.
        kernel_quantizer: of the kernel; None leaves it as it is.
        bias_quantizer: of the bias; None leaves it as it is.
        options: `strides`, `padding` and the other arguments of a Keras layer.

    Raises:
        ValueError: for `output_padding`, dilation or channels first.
    """

    def __init__(
        self, filters: int, kernel_size: Any, kernel_quantizer: Any = None, bias_quantizer: Any = None, **options: Any
    ) -> None:
        self.kernel_quantizer_internal = get_quantizer(kernel_quantizer)
        self.bias_quantizer_internal = get_quantizer(bias_quantizer)
        for part, quantizer, default in (
            ("kernel", self.kernel_quantizer_internal, "he_normal"),
            ("bias", self.bias_quantizer_internal, "zeros"),
        ):
            if quantizer is not None:
                constrained = get_auto_range_constraint_initializer(
                    quantizer, options.get(f"{part}_constraint"), options.get(f"{part}_initializer", default)
                )
                options[f"{part}_constraint"], options[f"{part}_initializer"] = constrained
        super().__init__(filters, kernel_size, **options)
        if self.output_padding is not None or self.dilation_rate != (1, 1) or self.data_format != "channels_last":
            raise ValueError("output_padding, dilation and channels first are not supported")

    def call(self, inputs: Any) -> Any:
        """The transposed convolution with the quantized weights."""
        kernel = self.kernel if self.kernel_quantizer_internal is None else self.kernel_quantizer_internal(self.kernel)
        shape = (tf.shape(inputs)[0], *self.compute_output_shape(inputs.shape)[1:])
        outputs = keras.backend.conv2d_transpose(inputs, kernel, shape, self.strides, self.padding)
        if self.use_bias:
            bias = self.bias if self.bias_quantizer_internal is None else self.bias_quantizer_internal(self.bias)
            outputs = keras.backend.bias_add(outputs, bias, data_format="channels_last")
        return outputs if self.activation is None else self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments of the layer, for model files."""
        config: dict[str, Any] = super().get_config()
        return config | {
            "kernel_quantizer": keras.constraints.serialize(self.kernel_quantizer_internal),
            "bias_quantizer": keras.constraints.serialize(self.bias_quantizer_internal),
        }
