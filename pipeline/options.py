"""Options that several commands take: one name, one type, one meaning everywhere.

An option `--<stage>` is the artefact that the stage made; `--<name>-config` is a YAML file `<name>.yaml` in addition to
that of the command itself, which is `--config`. The help of a command says what it uses an option for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def settings_file(file: str) -> Any:
    """`--config` of a command with its settings in this file."""
    return typer.Option("--config", help=f"Settings of this command: a file {file}.")


def result(description: str) -> Any:
    """`--out` of a command whose result this describes."""
    return typer.Option("--out", help=f"Where to write the result: {description}.")


Hardware = Annotated[Path, settings_file("hardware.yaml")]

ImagesConfig = Annotated[Path, typer.Option("--images-config", help="Settings of the images: a file images.yaml.")]
ModelConfig = Annotated[Path, typer.Option("--model-config", help="Settings of the network: a file model.yaml.")]
TrainConfig = Annotated[Path, typer.Option("--train-config", help="Settings of the training: a file train.yaml.")]
HardwareConfig = Annotated[
    Path, typer.Option("--hardware-config", help="Settings of the hardware: a file hardware.yaml.")
]
MaybeImagesConfig = Annotated[
    Path | None, typer.Option("--images-config", help="Settings of the images: a file images.yaml.")
]

Images = Annotated[Path | None, typer.Option("--images", help="Images: a folder made by `images`.")]
Lowered = Annotated[Path, typer.Option("--lowered", help="Network: a folder made by `lower`.")]
Csim = Annotated[Path, typer.Option("--csim", help="Proof of the HLS project: a .json file made by `csim`.")]
MaybeCsim = Annotated[
    Path | None, typer.Option("--csim", help="Proof of the HLS project: a .json file made by `csim`.")
]
Hls = Annotated[Path | None, typer.Option("--hls", help="HLS project: a folder made by `convert`.")]
Rtl = Annotated[Path | None, typer.Option("--rtl", help="Verilog and VHDL: a folder made by `rtl`.")]

Workers = Annotated[
    int, typer.Option("--workers", min=0, help="Number of processes; 0: as many as there are cores and work for them.")
]
NoClasses = Annotated[
    bool, typer.Option("--no-classes", help="The outputs are not scores of the classes in --images-config.")
]

Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT", help="ROOT or HDF5 files, folders, patterns, https:// or root:// URLs."),
]
