"""The stage `mass-closure`: the effect of preprocessing steps and pixel sizes on the jet mass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.options import Inputs, result, settings_file
from pipeline.stage import Stage


def run(
    inputs: Inputs,
    config: Annotated[Path, settings_file("images.yaml")],
    out: Annotated[Path, result("a folder, build/<run>/25_mass_closure")],
) -> None:
    """Measure what preprocessing and pixels do to the jet mass.

    The mass after every preprocessing step and from the images is compared with that of the constituents: for the given
    settings, and for other steps, windows and pixel sizes, also incorrect ones. Writes a table, plots, and all numbers
    by class, |η| and ΔR of the subjets.
    """
    from data_prep.closure.mass import MassClosure
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from data_prep.streams.entry_range import ranges
    from pipeline.plots.mass_closure import draw_closure
    from pipeline.studies.closure_table import markdown

    settings = load(config, ImagesSettings)
    reader, files, entry = reader_of(input_files(inputs, console.warn), settings.options, settings.layout)
    with artefact(out, "mass-closure", settings={"images": settings}, inputs={"files": list(files)}) as space:
        sums = MassClosure(settings)
        with console.progress("mass-closure", sum(files.values()), f"{entry}s") as advance:
            for part in ranges(files, settings.chunk_jets):
                sums.add(reader.read(part.file, part.start, part.stop))
                advance(len(part))
        closure = sums.result()
        write_json(space.path / "mass_closure.json", closure.to_json())
        (space.path / "mass_closure.md").write_text(markdown(closure), encoding="utf-8")
        draw_closure(closure, space.path / "plots")
    worst = max(float(closure.largest[index].max()) for index, variant in enumerate(closure.variants) if variant.exact)
    console.done(
        "mass-closure",
        f"{out}: {len(closure.variants)} variants of the mass of {closure.jets.sum():,} jets; exact steps preserve it "
        f"to {worst:.0e}",
    )


STAGE = Stage(
    run,
    place=24,
    example=r"""
python -m pipeline mass-closure --config configs/demo/images.yaml \
  build/demo/10_root --out build/demo/25_mass_closure
""",
    artefact="25_mass_closure",
    inputs=("generate",),
)
