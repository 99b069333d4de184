"""The stage `search`: the best taggers within limits on the logic, by many short trainings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_prep.errors import ConfigurationError
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.code_version import code_hash, locked_versions
from pipeline.artefacts.door import check
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import (
    HardwareConfig,
    ImagesConfig,
    Inputs,
    ModelConfig,
    TrainConfig,
    Workers,
    result,
    settings_file,
)
from pipeline.stage import Stage

if TYPE_CHECKING:
    from pipeline.studies.search.files import Files


def run(
    inputs: Inputs,
    config: Annotated[Path, settings_file("search.yaml")],
    images_config: ImagesConfig,
    model_config: ModelConfig,
    train_config: TrainConfig,
    hardware_config: HardwareConfig,
    out: Annotated[Path, result("a folder, build/<run>/28_search")],
    storage: Annotated[
        str | None,
        typer.Option(help="SQLAlchemy URL of a database that several machines share; without it, a file."),
    ] = None,
    workers: Workers = 0,
) -> None:
    """Search for the best taggers within LUT and clock limits.

    Many short trainings, each with the cost of its own logic, starting from the design of the four other files. To go
    on after an interruption, or with a larger budget, give the same command again. `pick` makes a run of a design.
    """
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from data_prep.system.processors import cores
    from pipeline.studies.search.image_sets import image_sets, make_sets
    from pipeline.studies.search.run import Search
    from pipeline.studies.search.settings import FILES, SearchSettings, fingerprint
    from pipeline.studies.search.space import Space
    from pipeline.studies.search.study import GRACE, HEARTBEAT, Study
    from pipeline.studies.search.workers import Job

    search_settings = load(config, SearchSettings)
    paths = dict(zip(FILES, (images_config, model_config, train_config, hardware_config), strict=True))
    files = _files(paths)
    try:
        space = Space.of(search_settings.space, files.content)
        sets = image_sets(space)
    except ConfigurationError as error:
        raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
    reader, jets, _ = reader_of(input_files(inputs, console.warn), files.images.options, files.images.layout)
    settings = {"search": search_settings.lasting, **files.by_name}
    passing = {"search": search_settings.model_dump(mode="json")}
    with artefact(out, "search", settings=settings, passing=passing, inputs={"files": list(jets)}) as workspace:
        work = workspace.work
        _continue(out, work, workspace.fingerprint)
        make_sets(sets, reader, jets, work, workers)
        made_by = {"code": code_hash("search"), "versions": locked_versions()}
        name = fingerprint(settings, {path.name: count for path, count in jets.items()} | made_by)
        url = storage or search_settings.storage or f"sqlite:///{work.absolute()}/study.db"
        heartbeat = (HEARTBEAT, GRACE)
        study = Study(url, search_settings, space, name, heartbeat)
        job = Job(search_settings, space, name, url, work, heartbeat)
        search = Search(search_settings, space, job, study, workers or cores())
        records = search.run()
        confirmed = search.confirmed(records)
        search.leave(workspace.path, records, confirmed)
        for key, path in {**paths, "search": config}.items():
            shutil.copyfile(path, workspace.path / f"{key}.yaml")
        origin = {
            "sample": _sample(model_config.parent),
            "run": model_config.absolute().parent.name,
            "fingerprint": workspace.fingerprint,
        }
        write_json(workspace.path / "origin.json", origin)
    console.done("search", f"{out}: {_words(out)}")


def _files(paths: dict[str, Path]) -> Files:
    """The hand-made design.

    Raises:
        ConfigurationError: a file that cannot be used, or that is not of a tagger of jets.
    """
    from data_prep.images.jets import ImagesSettings
    from hls_projects.settings import HardwareSettings
    from models.settings import ModelSettings, TrainSettings
    from pipeline.studies.search.files import Files

    model = load(paths["model"], ModelSettings)
    if model.task != "classification":
        raise ConfigurationError(
            f"a search is for taggers, not for 'task: {model.task}'",
            file=paths["model"],
            remedy="use 'task: classification'",
        )
    hardware = load(paths["hardware"], HardwareSettings)
    if hardware.rtl.form == "none":
        raise ConfigurationError(
            "with 'rtl.form: none' a design has no cost", file=paths["hardware"], remedy="choose another 'rtl.form'"
        )
    return Files(load(paths["images"], ImagesSettings), model, load(paths["train"], TrainSettings), hardware)


def _continue(out: Path, work: Path, fingerprint: str) -> None:
    """Copy trials and networks of a finished search, so that it continues with a larger budget."""
    if (work / "study.db").exists() or not (out / "study.db").exists():
        return
    check(out)
    if json.loads((out / "origin.json").read_text(encoding="utf-8")).get("fingerprint") != fingerprint:
        return
    shutil.copytree(out / "networks", work / "networks", dirs_exist_ok=True)
    for name in ("seconds.json", "study.db"):
        shutil.copyfile(out / name, work / name)


def _sample(configs: Path) -> str | None:
    """The run whose simulated jets a configuration folder uses; None if its jets are not simulated."""
    if (configs / "sample").exists():
        return (configs / "sample").read_text(encoding="utf-8").strip()
    return configs.absolute().name if (configs / "generate.yaml").exists() else None


def _words(out: Path) -> str:
    """The best design in words."""
    front = json.loads((out / "front.json").read_text(encoding="utf-8"))
    within = [design for design in front["points"] if design["within"]]
    best = (within or front["points"])[0]
    lut = f"{best['lut']:,} LUT" if best["lut"] is not None else f"about {best['lut_estimate']:,} LUT (estimate)"
    trained = front["trials"].get("finished", 0)
    return (
        f"{len(front['points'])} designs on the front of {trained} trained; the best, trial {best['trial']}, has a "
        f"macro-AUC of {best['macro_auc']:.4f}, {lut} and {best['clocks']} clocks"
    )


STAGE = Stage(
    run,
    place=28,
    example=r"""
python -m pipeline search --config configs/search/search.yaml \
  --images-config configs/search/images.yaml \
  --model-config configs/search/model.yaml \
  --train-config configs/search/train.yaml \
  --hardware-config configs/search/hardware.yaml \
  build/symmetries/10_root --out build/search/28_search
""",
    artefact="28_search",
    inputs=("generate",),
)
