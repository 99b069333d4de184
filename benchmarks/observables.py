"""The observables of jets, µs a jet on one core, beside FastJet's contribs, in one run.

    python -m benchmarks.observables                      # mock jets, seeded
    python -m benchmarks.observables build/demo/10_root   # your files

FastJet is called through its Python package, which clusters each jet anew for each question; its time is that of
clustering and answer, without making its arrays. Values are compared before anything is timed. Times are CPU time of
the process, the best of some repetitions.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import fastjet
import numpy as np
import numpy.typing as npt

from benchmarks.images import CONFIGURATION, best, mock_files
from data_prep.images.jets import ImagesSettings, images_of
from data_prep.observables.columns import OBSERVABLES
from data_prep.observables.correlators import correlators
from data_prep.observables.jets import observables_of_jets
from data_prep.observables.momentum import directions, jet_sums
from data_prep.observables.shapes import shapes
from data_prep.observables.soft_drop import soft_drop_mass
from data_prep.observables.subjettiness import subjettiness
from data_prep.readers.files import input_files
from data_prep.readers.layouts.jetclass import JetClassReader
from pipeline.configuration import load

Floats = npt.NDArray[np.float64]
JETS = 1000
"""Jets of each file that are timed."""


def main() -> None:
    """Parse the arguments, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="*", help="JetClass files, folders or patterns (default: mock jets)")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, the best counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = input_files(options.inputs) if options.inputs else mock_files(Path(folder), JETS, "lz4")
        for file in files:
            report(file, options.repeat)


def report(file: Path, repeat: int) -> None:
    """Compare and time the jets of one file, and print them."""
    settings = load(CONFIGURATION, ImagesSettings)
    reader = JetClassReader(settings.options)
    chunk = reader.read(file, 0, min(JETS, reader.count(file)))
    offsets = chunk.offsets
    pt, eta, phi, energy = (column.astype(np.float64) for column in (chunk.pt, chunk.eta, chunk.phi, chunk.energy))
    momenta = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy
    transverse, y, azimuth = directions(*momenta)
    _, jet_y, jet_phi = directions(*jet_sums(offsets, *momenta))
    array = ak.unflatten(ak.zip(dict(zip(("px", "py", "pz", "E"), momenta, strict=True))), chunk.multiplicity)

    def cluster() -> Any:
        return fastjet.ClusterSequence(array, fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0))

    def njettiness() -> Any:
        axes = [1, 2, 3, 4]
        return cluster().njettiness("NormalizedMeasure", "OnePass_KT_Axes", njets=axes, beta=1.0, R0=1.0)

    def groomed() -> Any:
        return cluster().exclusive_jets_softdrop_grooming(1, beta=0.0, symmetry_cut=0.1, R0=1.0).msoftdrop

    def d2() -> Any:
        return cluster().exclusive_jets_energy_correlator(1, func="D2", beta=1.0)

    lines: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]] = {
        "soft-drop mass": (lambda: soft_drop_mass(*momenta, offsets, 0.0, 0.1, 1.0), groomed),
        "τ1 to τ4": (lambda: subjettiness(offsets, *momenta, transverse, y, azimuth, 4), njettiness),
        "e2, e3": (lambda: correlators(offsets, transverse, y, azimuth), d2),
        "girth, width, LHA, pTD": (lambda: shapes(offsets, transverse, y, azimuth, jet_y, jet_phi), None),
        "all of them": (lambda: observables_of_jets(offsets, pt, eta, phi, energy), None),
        "images": (lambda: images_of(chunk, settings), None),
        "images and observables": (lambda: images_of(chunk, settings, observables=True), None),
    }
    agree(observables_of_jets(offsets, pt, eta, phi, energy), groomed(), njettiness(), d2())
    print(f"{file.name}: {chunk.jets:,} jets of {offsets[-1] / chunk.jets:.0f} constituents, µs a jet")
    for name, (ours, theirs) in lines.items():
        mine = 1e6 * best(ours, repeat) / chunk.jets
        other = None if theirs is None else 1e6 * best(theirs, repeat) / chunk.jets
        print(f"  {name:24} {mine:8.1f}" + ("" if other is None else f"   FastJet {other:8.1f}   x {other / mine:.0f}"))


def agree(observables: npt.NDArray[np.float32], groomed: Any, tau: Any, d2: Any) -> None:
    """Stop where FastJet says something else."""
    columns = dict(zip(OBSERVABLES, observables.T.astype(np.float64), strict=True))
    mass = np.maximum(ak.to_numpy(groomed), 0)
    np.testing.assert_allclose(columns["sdmass"], mass, rtol=1e-5, atol=1e-2)
    ours: Floats = np.stack([columns[f"tau{n}"] for n in (1, 2, 3, 4)], axis=1)
    np.testing.assert_allclose(ours, ak.to_numpy(tau), atol=1e-3)
    many = columns["multiplicity"] > 2
    np.testing.assert_allclose((columns["e3"] / columns["e2"] ** 3)[many], ak.to_numpy(d2)[many], rtol=1e-3)


if __name__ == "__main__":
    main()
