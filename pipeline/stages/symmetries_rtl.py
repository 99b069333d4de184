"""The stage `symmetries-rtl`: the networks of the study as logic, each proven, in the same form."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from data_prep.errors import InputFileError, UnsupportedModelError
from pipeline import console
from pipeline.artefacts.artefact import UpToDate, artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import Hardware, result
from pipeline.stage import Stage
from pipeline.stages import lower, rtl


def run(
    study: Annotated[Path, typer.Argument(help="Networks: a folder made by `symmetries`.")],
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/27_symmetries_rtl")],
) -> None:
    """Write and prove the logic of each `symmetries` network.

    The first seed of every network goes through `lower` and `rtl`. If it is interrupted, give the same command again:
    networks that are done are kept.
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
        found: dict[str, Any] = {}
        for name, variant in variants.items():
            images = study / f"images_{variant['images']}"
            found[name] = _proven(study / f"{name}.h5", images, config, space.work / name)
        for name in found:
            if (space.work / name / "65_rtl").exists():
                shutil.copytree(space.work / name / "65_rtl", space.path / name)
        write_json(space.path / "rtl.json", found)
    proven = sum(each["status"] == "proven" for each in found.values())
    console.done("symmetries-rtl", f"{out}: {proven} of {len(found)} networks proven equal to their simulated logic")


def _proven(model: Path, images: Path, config: Path, work: Path) -> dict[str, Any]:
    """One network through both stages; what its proof says, or why there is no logic of it."""
    lowered, logic = work / "40_lowered", work / "65_rtl"
    work.mkdir(exist_ok=True)
    with suppress(UpToDate):
        lower.run(model=model, out=lowered, input_type=None, logits=False)
    try:
        with suppress(UpToDate):
            rtl.run(lowered=lowered, config=config, out=logic, csim=None, images=images)
    except UnsupportedModelError as error:
        console.warn(f"{model.stem}: {error.what}")
        return {"status": "not run", "reason": error.what}
    record = json.loads(logic.with_name("65_rtl.json").read_text(encoding="utf-8"))
    kept = record["variants"][record["kept"]] if record["variants"] else {"estimate": None, "synthesis": None}
    keys = ("status", "reason", "form", "latency", "interval")
    return {key: record[key] for key in keys} | {key: kept[key] for key in ("estimate", "synthesis")}


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
