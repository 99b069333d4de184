"""Stage `generate`: simulated jets in JetClass-schema ROOT files, with weights for rates, or whole events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from data_prep.errors import ConfigurationError
from data_prep.system.processors import cores
from pipeline import console
from pipeline.artefacts.artefact import Workspace, artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load_kind
from pipeline.options import Workers, result, settings_file
from pipeline.stage import Stage

if TYPE_CHECKING:
    from data_prep.generate.settings import GenerateSettings


def run(
    config: Annotated[Path, settings_file("generate.yaml")],
    out: Annotated[Path, result("a folder of ROOT files, build/<run>/10_root")],
    workers: Workers = 0,
) -> None:
    """Simulate jets or whole events and write ROOT files.

    Pythia 8, a simple detector and FastJet; jets in equal numbers or weighted by cross section, or events with pileup.
    The files do not depend on the number of processes. If it is interrupted, give the same command again: finished
    files are kept.

    A sample of jets is refused if 'pt_hat' is so narrow that its window misses more than 1 % of the jets.
    """
    from data_prep.generate.rate_settings import RateSettings
    from data_prep.generate.settings import EventSettings, GenerateSettings

    settings_by_kind: dict[str, type[GenerateSettings | EventSettings | RateSettings]] = {
        "jets": GenerateSettings,
        "events": EventSettings,
        "rates": RateSettings,
    }
    settings = load_kind(config, settings_by_kind)
    with artefact(out, "generate", settings={"generate": settings}) as space:
        from data_prep.generate.production import produce

        workers = workers or cores()
        if isinstance(settings, GenerateSettings) and not settings.incomplete:
            _require_complete(settings, config, space, workers)
        total = sum(settings.sizes.values())
        with console.progress("generate", total, f"{settings.entry}s") as advance:
            files = produce(settings, space.work, workers, advance)
        for file in files:
            _link(file, space.path / file.name)
    classes = ", ".join(settings.sizes)
    console.done("generate", f"{total:,} {settings.entry}s of {classes} in {len(files)} files: {out}")


def _require_complete(settings: GenerateSettings, config: Path, space: Workspace, workers: int) -> None:
    """Refuse a sample that misses jets of its window, and write the missed fraction into the artefact."""
    from data_prep.generate.completeness import as_record, measure, pilot_files, require_complete

    total = sum(pilot_file.size for pilot_file in pilot_files(settings))
    try:
        with console.progress("generate: check of pt_hat", total, "events") as advance:
            completeness = measure(settings, space.work, workers, advance)
        require_complete(completeness, settings)
    except ConfigurationError as error:
        for pilot_file in pilot_files(settings):
            (space.work / pilot_file.file).unlink(missing_ok=True)
        raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
    write_json(space.path / "completeness.json", as_record(completeness))


def _link(file: Path, target: Path) -> None:
    """Link a finished file into the artefact; its old name is kept until the manifest is written.

    So an interruption during the commit of the artefact does not lose the file. On a file system without hard links the
    file is moved.
    """
    try:
        target.hardlink_to(file)
    except OSError:
        file.rename(target)


STAGE = Stage(
    run,
    place=10,
    example=r"""
python -m pipeline generate --config configs/demo/generate.yaml \
  --out build/demo/10_root
""",
    artefact="10_root",
    in_every_run=True,
)
