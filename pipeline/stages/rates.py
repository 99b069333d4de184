"""The stage `rates`: trigger rate in kHz against signal efficiency, of the tagger as firmware computes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from data_prep.errors import ConfigurationError
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import ImagesConfig, Inputs, Lowered, result, settings_file
from pipeline.stage import Stage

if TYPE_CHECKING:
    from models.rates.study import RateStudy


def run(
    inputs: Inputs,
    config: Annotated[Path, settings_file("rates.yaml")],
    images_config: ImagesConfig,
    lowered: Lowered,
    out: Annotated[Path, result("a folder, build/<run>/67_rates")],
) -> None:
    """Compare signal efficiencies at fixed trigger rates.

    The tagger, in the integers of the firmware, is compared with a cut on the jet pT and with a cut on pT and
    soft-drop mass: with the pT that firmware has of the offline jet, and with the resolution of level 1 (`online`). The
    jets need weights (`generate` with configs/rates); efficiencies are given against the pT of all constituents, of
    jets that contain their resonance and, where the files hold them, of all resonances and their events. images.yaml
    must be that of the training; its selection in pT is not applied.
    """
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from hls_projects.emulator.fast_emulator import FastEmulator
    from hls_projects.open_network import open_network
    from models.rates.online_response import responses
    from models.rates.response_study import TRIGGERS
    from models.rates.settings import RatesSettings
    from models.rates.study import study
    from pipeline.plots.rates import draw_rates
    from pipeline.scores.statement import Statement
    from pipeline.studies.rate_jets import classes_of, images_for_rates, lacking, read_sample
    from pipeline.studies.rate_minimum_bias import require_enough

    what, pictures = load(config, RatesSettings), load(images_config, ImagesSettings)
    try:
        found_files = input_files(inputs, console.warn)
        require_enough(found_files, what)
        whole = lacking(found_files, what) is None and any(each.resonance for each in what.signals.values())
        options = images_for_rates(pictures, what, others=whole).options
    except ConfigurationError as error:
        raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
    reader, files, entry = reader_of(found_files, options, pictures.layout)
    settings = {"rates": what, "images": pictures}
    with artefact(out, "rates", settings=settings, inputs={"lower": lowered, "files": list(files)}) as space:
        network = Statement(images_config, pictures, classes=True, escape="").complete(open_network(lowered))
        emulator = FastEmulator(network)
        with console.progress("rates: jets", sum(files.values()), f"{entry}s") as advance:
            try:
                sample = read_sample(reader, files, pictures, what, emulator, advance)
            except ConfigurationError as error:
                raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
        if sample.background.first.size == len(sample.background):
            console.warn("every background jet is from another event: the rates are per jet and too high")
        if sample.lacking is not None:
            console.warn(
                f"{sample.lacking} does not hold all generated resonances: efficiencies are those of jets that contain "
                "theirs"
            )
        number = len(responses(what.online)) * len(TRIGGERS) * len(what.signals)
        with console.progress("rates: triggers", number, "triggers") as advance:
            try:
                found = study(sample.background, sample.signals, what, sample.generated, advance)
            except ConfigurationError as error:
                raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
        content = {
            "crossings": what.collider.crossings,
            "pileup": what.collider.pileup,
            "step": sample.step,
            "fingerprint": network.fingerprint,
            "classes": classes_of(network),
            "classes_stated_by": network.meaning.stated_by if network.meaning else None,
            "dropped": sample.dropped,
            **found.as_json(),
        }
        write_json(space.path / "rates.json", content)
        draw_rates(found, what, space.path / "plots")
    name = [*found.responses][-1]
    console.done("rates", f"{out}: efficiency at {what.rates[0]:g} kHz, {name} online pT, {_line(found)}")


def _line(found: RateStudy) -> str:
    """The efficiencies at the lowest rate, signal by signal, with the last response."""
    texts = []
    for name, results in [*found.responses.values()][-1].results.items():
        points = {trigger: result.points[0] for trigger, result in results.items()}
        shown = [f"{trigger} {point.efficiency.value:.3f}" for trigger, point in points.items() if point is not None]
        texts.append(f"{name}: {', '.join(shown) or 'too few background events pass'}")
    return "; ".join(texts)


STAGE = Stage(
    run,
    place=67,
    example=r"""
python -m pipeline rates --config configs/demo/rates.yaml \
  --images-config configs/demo/images.yaml \
  --lowered build/demo/40_lowered \
  build/rates/10_root --out build/demo/67_rates
""",
    artefact="67_rates",
    inputs=("generate", "lower"),
)
