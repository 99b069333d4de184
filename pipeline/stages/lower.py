"""`lower`: trained model → the same function in plain layers, with the proven type of every tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import ConfigurationError
from data_prep.fixed_point import FixedType
from pipeline.artefacts.artefact import artefact
from pipeline.console import done
from pipeline.options import MaybeImagesConfig, NoClasses, result
from pipeline.scores.statement import Statement
from pipeline.stage import Stage


def run(
    model: Annotated[Path, typer.Option(help="Trained network: a Keras or QKeras model file (.h5 or .keras).")],
    out: Annotated[Path, result("a folder, build/<run>/40_lowered")],
    input_type: Annotated[
        str | None,
        typer.Option(help="Type of the inputs, if the model does not quantize them: 'ap_fixed<8,1>'."),
    ] = None,
    logits: Annotated[bool, typer.Option("--logits", help="Leave out a softmax or sigmoid at the end.")] = False,
    images_config: MaybeImagesConfig = None,
    no_classes: NoClasses = False,
) -> None:
    """Rewrite a network in plain layers with proven types.

    The plain QKeras layers compute the same numbers, and the fixed-point type of every tensor is proven to hold them.
    For a model that `train` did not make, --images-config states what its inputs and outputs mean.
    """
    from models.files.meaning import meaning_beside

    port_type = _parse(input_type)
    stated = Statement.read(images_config, no_classes=no_classes)
    meaning_file = meaning_beside(model)
    options = {
        "input_type": None if port_type is None else str(port_type),
        "logits": logits,
        "classes": not no_classes,
    }
    inputs = {"files": [model, *([meaning_file] if meaning_file.exists() else [])]}
    with artefact(out, "lower", settings=stated.configuration, options=options, inputs=inputs) as space:
        from pipeline.proven_lowering import write_lowered

        types = write_lowered(model, stated, space.path, port_type, logits=logits)
    widest = max(types.layers, key=lambda layer: layer.accumulator.width if layer.accumulator else 0)
    width = widest.accumulator.width if widest.accumulator else 0
    done("lower", f"{out}: {len(types.layers)} plain layers, widest accumulator {width} bits ({widest.name})")


def _parse(text: str | None) -> FixedType | None:
    if text is None:
        return None
    try:
        return FixedType.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"--input-type: {error}") from None


STAGE = Stage(
    run,
    place=40,
    example=r"""
python -m pipeline lower --model build/demo/30_model/model.h5 \
  --out build/demo/40_lowered
""",
    artefact="40_lowered",
    inputs=("train",),
    in_every_run=True,
)
