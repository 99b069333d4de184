"""The stage `symmetries-rtl`: the logic of the networks of the study, each proven, in the same form."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import InputFileError, ProofFailedError, UnsupportedModelError
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import Hardware, result
from pipeline.stage import Stage

if TYPE_CHECKING:
    from hls_projects.settings import HardwareSettings

DESIGN = "design"
"""Folder of a proven design in the work of one network."""


def run(
    study: Annotated[Path, typer.Argument(help="Networks: a folder made by `symmetries`.")],
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/27_symmetries_rtl")],
) -> None:
    """Write and prove the logic of each `symmetries` network.

    The first seed of every network goes through `lower` and `rtl`. If it is interrupted, give the same command again:
    finished networks are kept.
    """
    from hls_projects.settings import HardwareSettings

    settings = load(config, HardwareSettings)
    try:
        variants = json.loads((study / "symmetries.json").read_text(encoding="utf-8"))["variants"]
    except (OSError, ValueError, KeyError):
        raise InputFileError(
            "contains no study", file=study, remedy="make it with `python -m pipeline symmetries`"
        ) from None
    with artefact(out, "symmetries-rtl", settings={"hardware": settings}, inputs={"symmetries": study}) as space:
        records: dict[str, Any] = {}
        for name, variant in variants.items():
            images = study / f"images_{variant['images']}"
            records[name] = _proven(study / f"{name}.h5", images, settings, space.work / name)
            if (design := space.work / name / DESIGN).exists():
                shutil.copytree(design, space.path / name)
        write_json(space.path / "rtl.json", records)
    proven = sum(record["status"] == "proven" for record in records.values())
    console.done("symmetries-rtl", f"{out}: {proven} of {len(records)} networks proven equal to their simulated logic")


def _proven(model: Path, images: Path, settings: HardwareSettings, work: Path) -> dict[str, Any]:
    """Lower one network and build its logic; returns the summary of its proof, or the reason why there is no logic."""
    from pipeline import proven_rtl
    from pipeline.proven_lowering import write_lowered
    from pipeline.scores.statement import Statement

    record_file = work / "done.json"
    if record_file.exists():
        earlier: dict[str, Any] = json.loads(record_file.read_text(encoding="utf-8"))
        return earlier
    shutil.rmtree(work, ignore_errors=True)
    lowered = work / "lowered"
    lowered.mkdir(parents=True)
    write_lowered(model, Statement.read(None, no_classes=False), lowered)
    try:
        design = proven_rtl.make_rtl(lowered, settings, work, None, images)
    except UnsupportedModelError as error:
        console.warn(f"{model.stem}: {error.problem}")
        return {"status": "not run", "reason": error.problem}
    record = design.record
    if record.status == "failed":
        raise ProofFailedError(f"model and RTL differ: {record.first_mismatch}", file=model)
    if design.folder is not None:
        design.folder.rename(work / DESIGN)
    keys = ("status", "reason", "form", "latency", "interval")
    content = record.model_dump(mode="json")
    variant = content["variants"][record.kept] if record.variants else {"estimate": None, "synthesis": None}
    summary = {key: content[key] for key in keys} | {key: variant[key] for key in ("estimate", "synthesis")}
    write_json(record_file, summary)
    return summary


STAGE = Stage(
    run,
    place=27,
    example=r"""
python -m pipeline symmetries-rtl \
  --config configs/symmetries/hardware.yaml \
  build/symmetries/26_symmetries --out build/symmetries/27_symmetries_rtl
""",
    artefact="27_symmetries_rtl",
    inputs=("symmetries",),
)
