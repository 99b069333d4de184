"""`lower`: trained model → the same function in plain layers, with the proven type of every tensor."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import ConfigurationError, ProofFailedError
from data_prep.fixed_point import FixedType
from pipeline.artefact import artefact
from pipeline.console import done
from pipeline.statement import Statement

CHECK_VECTORS = 1000


def run(
    model: Annotated[Path, typer.Option(help="Keras or QKeras model file (.h5 or .keras).")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    input_type: Annotated[
        str | None,
        typer.Option(help="Type of inputs that meet no quantizer first, such as 'ap_fixed<8,1>'."),
    ] = None,
    logits: Annotated[bool, typer.Option("--logits", help="Leave a last softmax or sigmoid out.")] = False,
    images_config: Annotated[
        Path | None,
        typer.Option(help="images.yaml that says what the images of a model are that was not trained by `train`."),
    ] = None,
    no_classes: Annotated[
        bool, typer.Option("--no-classes", help="With it: the outputs are no numbers of its classes.")
    ] = False,
) -> None:
    """Rewrite a model in plain QKeras layers that compute the same numbers, and prove the type of every tensor.

    What inputs and outputs mean goes with it: as `train` left it beside the model, or as --images-config states it.
    """
    from models.meaning import meaning_beside

    port_type = _parse(input_type)
    stated = Statement.read(images_config, no_classes=no_classes)
    beside = meaning_beside(model)
    options = {
        "input_type": None if port_type is None else str(port_type),
        "logits": logits,
        "classes": not no_classes,
    }
    inputs = {"files": [model, *([beside] if beside.exists() else [])]}
    with artefact(out, "lower", settings=stated.configuration, options=options, inputs=inputs) as space:
        from hls_projects.compare import compare_outputs
        from hls_projects.lower import lower
        from hls_projects.types import prove_network
        from hls_projects.vectors import made_vectors
        from models.load import load_model, save_model

        trained = load_model(model)
        lowered = lower(trained, port_type=port_type, logits=logits)
        network = stated.complete(prove_network(lowered).with_meaning_of(beside), labels=False)
        types = network.types
        vectors = made_vectors([(port.shape, port.type) for port in types.inputs], CHECK_VECTORS, seed=1)
        proof = compare_outputs(trained, lowered.model, types, vectors)
        if proof.status != "proven":
            raise ProofFailedError(f"the lowered model is another function: {proof.first_mismatch}", file=model)
        save_model(lowered.model, space.path / "model.h5")
        shutil.copyfile(model, space.path / f"trained{model.suffix}")
        network.save(space.path)
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
