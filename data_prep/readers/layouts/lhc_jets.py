"""The LHC jet set of the papers on trigger firmware (HDF5): five classes, up to 150 particles a jet.

`jetConstituentList` [jets, 150, 16] with names in `particleFeatureNames` (17 names: the last, `j1_pdgid`, has no
column), `jets` [jets, 59] with names in `jetFeatureNames`; the classes are the columns `j_g`, `j_q`, `j_w`, `j_z`,
`j_t`. Rows beyond a jet's particles are zero. There is no φ of the jet, so that its axis is the sum of the
constituents. There is no event number: the identifier is a hash of the constituents. No pile-up weight.

Source: M. Pierini, J. Duarte, N. Tran, M. Freytsis, "hls4ml LHC jet dataset (150 particles)",
doi:10.5281/zenodo.3602260; J. Duarte et al., arXiv:1804.06913.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash
from data_prep.readers import DEFAULTS, Options, hdf5
from data_prep.readers.assemble import assemble
from data_prep.readers.float_warnings import without_float_warnings
from data_prep.readers.layout import Layout
from data_prep.readers.padded import from_padded

PARTICLES, JETS = "jetConstituentList", "jets"
PARTICLE_NAMES, JET_NAMES = "particleFeatureNames", "jetFeatureNames"
SIGNATURE = (PARTICLES, JETS, PARTICLE_NAMES, JET_NAMES)
MOMENTA = ("j1_px", "j1_py", "j1_pz", "j1_e")
STATED = ("j_pt", "j_mass")
STORED = {"jet_sdmass": "j_mass_mmdt", "jet_tau1": "j_tau1_b1", "jet_tau2": "j_tau2_b1", "jet_tau3": "j_tau3_b1"}


def label_columns(file: Path) -> frozenset[str]:
    """The columns of a file that labels can use.

    Raises:
        InputFileError: the file cannot be read.
    """
    with hdf5.open_file(file) as opened:
        return frozenset(hdf5.names_of(opened, JET_NAMES, file))


@dataclass(frozen=True)
class LhcJetsReader:
    """Reads the LHC jet set; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are columns of `jets`, as `j_t`.
    """

    options: Options = DEFAULTS

    def count(self, file: Path) -> int:
        """Check the file; the number of jets in it.

        Raises:
            InputFileError: the file cannot be read or lacks a data set or a column.
        """
        with hdf5.open_file(file) as opened:
            self._check(opened, file)
            for name in SIGNATURE:
                hdf5.check_whole(opened[name], file)
            return int(opened[PARTICLES].shape[0])

    @without_float_warnings
    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets `start` to `stop - 1` of a file.

        Raises:
            InputFileError: the file cannot be read, lacks a data set or a column, or is damaged.
        """
        with hdf5.open_file(file) as opened:
            columns, jet_names = self._check(opened, file)
            first_column, last_column = min(columns), max(columns) + 1
            px, py, pz, energy = (column - first_column for column in columns)
            momenta = opened[PARTICLES][start:stop, :, first_column:last_column]
            values = hdf5.rows(opened[JETS], start, stop, file)
            constituents = from_padded(momenta, (px, py, pz, energy))
        numbers = {name: values[:, index] for index, name in enumerate(jet_names)}
        return assemble(
            constituents,
            self.options,
            file,
            columns=numbers,
            event=content_hash(constituents.offsets, constituents.cartesian),
            stated=(numbers.get(STATED[0]), numbers.get(STATED[1])),
            stored={feature: numbers[name] for feature, name in STORED.items() if name in numbers},
        )

    def _check(self, opened: Any, file: Path) -> tuple[tuple[int, int, int, int], list[str]]:
        """The columns of px, py, pz, E, and the names of the jet columns."""
        particles, jets = (hdf5.dataset(opened, name, file) for name in (PARTICLES, JETS))
        particle_names, jet_names = (hdf5.names_of(opened, name, file) for name in (PARTICLE_NAMES, JET_NAMES))
        if particles.ndim != 3 or jets.ndim != 2 or particles.shape[0] != jets.shape[0]:
            raise InputFileError(
                f"'{PARTICLES}' {list(particles.shape)} and '{JETS}' {list(jets.shape)} do not fit together",
                file=file,
                remedy="they must be [jets, particles, features] and [jets, features]",
            )
        particle_names, jet_names = particle_names[: particles.shape[2]], jet_names[: jets.shape[1]]
        requirements = (
            (MOMENTA, particle_names, PARTICLES, "give files of the LHC jet set"),
            (self.options.columns, jet_names, JETS, f"labels and weight can use {', '.join(jet_names)}"),
        )
        for columns, names, data_set, remedy in requirements:
            missing = [name for name in columns if name not in names]
            if missing:
                plural = "s" * (len(missing) > 1)
                reason = f"'{data_set}' lacks the column{plural} {', '.join(missing)}"
                raise InputFileError(reason, file=file, remedy=remedy)
        px, py, pz, energy = (particle_names.index(name) for name in MOMENTA)
        return (px, py, pz, energy), jet_names


LAYOUT = Layout(
    title="LHC jet set",
    container="hdf5",
    tree="",
    signature=SIGNATURE,
    entry="jet",
    reader=lambda options, _: LhcJetsReader(options),
    labels=tuple((name, f"j_{name}") for name in "qgwzt"),
    particles=False,
    columns=label_columns,
)
