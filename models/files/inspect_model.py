"""Checks a model file as data before it is loaded: nothing in it is imported, evaluated or run.

A Keras model file describes its network in JSON. Loading it looks up every `class_name`, imports every `module`,
evaluates quantizer texts and unmarshals the code of Lambda layers, so loading a foreign model can run foreign code.
This module walks the JSON first and lets only known names pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import UnsupportedModelError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = frozenset({"Functional", "Model", "Sequential"})

LAYERS = _names(
    """
    InputLayer Dense Conv1D Conv2D Conv1DTranspose Conv2DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D
    SeparableConv2D MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalAveragePooling1D GlobalAveragePooling2D UpSampling1D UpSampling2D ZeroPadding1D ZeroPadding2D Cropping1D
    Cropping2D Flatten Reshape Permute RepeatVector Concatenate Add Subtract Multiply Average Maximum Minimum Dot
    BatchNormalization LayerNormalization Rescaling Activation ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax Dropout
    SpatialDropout1D SpatialDropout2D GaussianNoise GaussianDropout
    QDense QConv1D QConv2D QConv2DTranspose QDepthwiseConv2D QSeparableConv1D QSeparableConv2D QActivation
    QAdaptiveActivation QBatchNormalization QConv2DBatchnorm QDepthwiseConv2DBatchnorm QAveragePooling2D
    QGlobalAveragePooling2D
    """
)

PROJECT_CLASSES = {
    "QuantizedConv2DTranspose": "models.layers.transposed",
    "quantized_bits_by_channel": "models.quantization.channel_quantizer",
    "GroupConv2D": "models.layers.group_layers",
    "GroupDense": "models.layers.group_layers",
    "GroupSeparableConv2D": "models.layers.group_layers",
    "HexagonalMaxPooling2D": "models.layers.hexagonal_pooling",
    "ViewConv2D": "models.layers.view_layers",
    "ViewDense": "models.layers.view_layers",
    "ViewSeparableConv2D": "models.layers.view_layers",
}
"""The layers and quantizers of this project, and the modules that hold them."""

QUANTIZERS = _names(
    """
    quantized_bits quantized_relu quantized_tanh quantized_sigmoid quantized_ulaw quantized_hswish quantized_po2
    quantized_relu_po2 bernoulli binary stochastic_binary ternary stochastic_ternary quantized_bits_by_channel
    """
)

FUNCTIONS = _names(
    """
    linear relu relu6 leaky_relu elu selu gelu exponential sigmoid hard_sigmoid tanh softmax log_softmax softplus
    softsign swish silu mish hard_tanh binary_tanh binary_sigmoid smooth_sigmoid smooth_tanh
    """
)

_PARTS = _names(
    """
    Zeros Ones Constant Identity IdentityInitializer Orthogonal RandomNormal RandomUniform TruncatedNormal
    VarianceScaling GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform QInitializer
    L1 L2 L1L2 OrthogonalRegularizer Clip MaxNorm MinMaxNorm NonNeg UnitNorm RadialConstraint
    Policy TensorShape __tuple__
    """
)

_UNLOADABLE = {"quantized_hswish": "train with quantized_relu"}
_KERAS_ONLY = "build the network from Keras and QKeras layers alone"

_MODULE = re.compile(r"builtins|(keras|qkeras)(\.[A-Za-z_][A-Za-z0-9_]*)*")
_VALUE = r"""(?:[A-Za-z_]+\s*=\s*)?(?:[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|True|False|None|'[a-z0-9_]*'|"[a-z0-9_]*")"""
_CALL = re.compile(rf"\s*(?P<name>\w+)\s*(?:\(\s*(?:{_VALUE}\s*(?:,\s*{_VALUE}\s*)*)?\))?\s*")
_EVALUATED = re.compile(r"activation|quantizer|(?:\w+_)(?:activation|quantizer)")


def check_configuration(content: Any, file: Path) -> None:
    """Walk a model's JSON configuration and refuse all objects that are not known to be harmless.

    Args:
        content: the parsed JSON of a Keras 2 model.
        file: the model file, for the message.

    Raises:
        UnsupportedModelError: a Lambda layer, a raw TensorFlow operation, a class, module or function that is not in
            the lists above, a quantizer text that is more than a name and numbers; the message names layer and reason.
    """
    if not isinstance(content, Mapping) or content.get("class_name") not in MODELS:
        raise UnsupportedModelError("describes no Functional or Sequential Keras model", file=file)
    _Walk(file).visit(content, "model")


class _Walk:
    def __init__(self, file: Path) -> None:
        self.file = file

    def visit(self, node: Any, layer: str) -> None:
        """Check one node of the JSON; `layer` is the name of the innermost layer around it."""
        if isinstance(node, Mapping):
            if "class_name" in node or "registered_name" in node or "module" in node:
                layer = self._check_object(node, layer)
            for key, value in node.items():
                if isinstance(value, str) and _EVALUATED.fullmatch(str(key)):
                    self._check_text(value, layer)
                self.visit(value, layer)
        elif isinstance(node, Sequence) and not isinstance(node, str):
            for value in node:
                self.visit(value, layer)

    def _check_object(self, node: Mapping[str, Any], layer: str) -> str:
        """One serialized object; returns the name of the layer that it is in."""
        class_name, config = node.get("class_name"), node.get("config")
        if not isinstance(class_name, str):
            raise self._refuse(layer, _reason(class_name))
        if isinstance(config, Mapping) and isinstance(config.get("name"), str) and class_name not in _PARTS:
            layer = config["name"]
        if class_name == "function":
            is_known = (
                isinstance(config, str) and config in FUNCTIONS and node.get("registered_name") in (None, class_name)
            )
            if not is_known:
                raise self._refuse(layer, f"uses the function {config!r}, which is not part of Keras or QKeras")
        elif class_name in _UNLOADABLE:
            raise self._refuse(
                layer, f"has a {class_name}, which QKeras saves but does not load", remedy=_UNLOADABLE[class_name]
            )
        elif class_name not in LAYERS | PROJECT_CLASSES.keys() | MODELS | QUANTIZERS | _PARTS:
            raise self._refuse(layer, _reason(class_name))
        elif node.get("registered_name") not in (None, class_name):
            raise self._refuse(layer, f"is of the foreign class {node['registered_name']!r}")
        module = node.get("module")
        is_foreign = not (
            isinstance(module, str) and (_MODULE.fullmatch(module) or module == PROJECT_CLASSES.get(class_name))
        )
        if module is not None and is_foreign:
            raise self._refuse(layer, f"is of the foreign module {module!r}")
        return layer

    def _check_text(self, text: str, layer: str) -> None:
        """An activation or quantizer given as text, which QKeras evaluates."""
        call = _CALL.fullmatch(text)
        if call is None or call["name"] not in FUNCTIONS | QUANTIZERS:
            raise self._refuse(
                layer, f"has the activation or quantizer {text[:80]!r}, which is not part of Keras or QKeras"
            )

    def _refuse(self, layer: str, reason: str, remedy: str = _KERAS_ONLY) -> UnsupportedModelError:
        return UnsupportedModelError(f"layer {layer[:80]!r} {reason}", file=self.file, remedy=remedy)


def _reason(class_name: Any) -> str:
    if class_name in ("Lambda", "__lambda__"):
        return "is a Lambda layer: it contains code, which is not run here"
    if class_name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
        return "is a raw TensorFlow operation, not a layer"
    return f"is of the unknown class {class_name!r}"
