"""The stage `rates`: trigger rate in kHz against signal efficiency, for the tagger in the integers of the firmware."""

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
    soft-drop mass: with the pT that firmware computes for the offline jet, and with the resolution of level 1
    (`online`). The jets need weights (`generate` with configs/rates); efficiencies are given against the pT of all
    constituents, of jets that contain their resonance and, if the files have them, of all resonances and their events.
    images.yaml must be that of the training; its selection in pT is not applied.
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

    rates, image_settings = load(config, RatesSettings), load(images_config, ImagesSettings)
    try:
        paths = input_files(inputs, console.warn)
        require_enough(paths, rates)
        whole_events = lacking(paths, rates) is None and any(signal.resonance for signal in rates.signals.values())
        options = images_for_rates(image_settings, rates, uncontained=whole_events).options
    except ConfigurationError as error:
        raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
    reader, files, entry = reader_of(paths, options, image_settings.layout)
    settings = {"rates": rates, "images": image_settings}
    with artefact(out, "rates", settings=settings, inputs={"lower": lowered, "files": list(files)}) as space:
        network = Statement(images_config, image_settings, classes=True, escape="").complete(open_network(lowered))
        emulator = FastEmulator(network)
        with console.progress("rates: jets", sum(files.values()), f"{entry}s") as advance:
            try:
                sample = read_sample(reader, files, image_settings, rates, emulator, advance)
            except ConfigurationError as error:
                raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
        if sample.background.first_jets.size == len(sample.background):
            console.warn("every background jet is from a different event: the rates are per jet and too high")
        if sample.lacking is not None:
            console.warn(
                f"{sample.lacking} does not contain all generated resonances: efficiencies are given only for jets "
                "that contain their resonance"
            )
        steps = len(responses(rates.online)) * len(TRIGGERS) * len(rates.signals)
        with console.progress("rates: triggers", steps, "triggers") as advance:
            try:
                rate_study = study(sample.background, sample.signals, rates, sample.generated, advance)
            except ConfigurationError as error:
                raise ConfigurationError(error.problem, file=config, remedy=error.remedy) from None
        content = {
            "crossings": rates.collider.crossings,
            "pileup": rates.collider.pileup,
            "step": sample.step,
            "fingerprint": network.fingerprint,
            "classes": classes_of(network),
            "classes_stated_by": network.meaning.stated_by if network.meaning else None,
            "dropped": sample.dropped,
            **rate_study.as_json(),
        }
        write_json(space.path / "rates.json", content)
        draw_rates(rate_study, rates, space.path / "plots")
    name = [*rate_study.responses][-1]
    console.done("rates", f"{out}: efficiency at {rates.rates[0]:g} kHz, {name} online pT, {_line(rate_study)}")


def _line(study: RateStudy) -> str:
    """The efficiencies at the lowest rate, signal by signal, with the last response."""
    texts = []
    for name, results in [*study.responses.values()][-1].results.items():
        points = {trigger: result.points[0] for trigger, result in results.items()}
        efficiencies = [
            f"{trigger} {point.efficiency.value:.3f}" for trigger, point in points.items() if point is not None
        ]
        texts.append(f"{name}: {', '.join(efficiencies) or 'too few background events pass'}")
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
