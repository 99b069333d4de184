"""The top-tagging reference set (HDF5 as pandas writes it): `table/table`, 200 four-momenta a jet, top or QCD.

A row is a record: `values_block_0` holds E_0, PX_0, PY_0, PZ_0, E_1, … E_199 … PZ_199 and, in the last four places, the
momentum of the generated top quark; `values_block_1` holds `ttv` and `is_signal_new`. The names of the columns are
stored as a Python pickle, which is not opened: instead the momenta must be massless and the label 0 or 1, which no
other order of the columns gives. Neither pT nor mass of the jets is stored, so that there is no closure check. There is
no event number: the identifier is a hash of the constituents. No pile-up.

Source: G. Kasieczka, T. Plehn, J. Thompson, M. Russell, "Top Quark Tagging Reference Dataset",
doi:10.5281/zenodo.2603256; arXiv:1902.09914.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.constituents import JetChunk
from data_prep.errors import InputFileError
from data_prep.events import content_hash
from data_prep.readers import DEFAULTS, Options, hdf5
from data_prep.readers.assemble import assemble
from data_prep.readers.padded import from_padded

TABLE = "table/table"
MOMENTA, INTEGERS = "values_block_0", "values_block_1"
SIGNATURE = (MOMENTA, INTEGERS)
TRUTH = ("truthE", "truthPX", "truthPY", "truthPZ")
LABELS = ("ttv", "is_signal_new")
COLUMNS = (*TRUTH, *LABELS)
_ENERGY_FIRST = (1, 2, 3, 0)
_REMEDY = "give files of the reference set (doi:10.5281/zenodo.2603256), or write the jets to a ROOT file"
_LOOKED_AT = 100
"""Jets whose columns are checked."""
_MASSLESS = 1e-3
"""Largest |E² − p²|/E²: the momenta are of massless particle-flow objects in float32."""


@dataclass(frozen=True)
class TopTaggingReader:
    """Reads the reference set; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are `is_signal_new` for top and `is_signal_new == 0` for QCD.
    """

    options: Options = DEFAULTS

    def count(self, file: Path) -> int:
        """Check the file; the number of jets in it.

        Raises:
            InputFileError: the file cannot be read or is no such table.
        """
        with hdf5.open_file(file) as opened:
            table = self._table(opened, file)
            hdf5.check_whole(table, file)
            jets = int(table.shape[0])
            first = hdf5.rows(table, 0, min(jets, _LOOKED_AT), file)
        _check_order(self._momenta(first), file)
        return jets

    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets `start` to `stop - 1` of a file.

        Raises:
            InputFileError: the file cannot be read, is no such table or is damaged.
        """
        with hdf5.open_file(file) as opened:
            table = hdf5.rows(self._table(opened, file), start, stop, file)
        values, integers = table[MOMENTA], table[INTEGERS]
        if not np.isin(integers[:, LABELS.index("is_signal_new")], (0, 1)).all():
            raise InputFileError("the column is_signal_new is neither 0 nor 1", file=file, remedy=_REMEDY)
        constituents = from_padded(self._momenta(table), _ENERGY_FIRST)
        columns = {name: values[:, index - len(TRUTH)] for index, name in enumerate(TRUTH)}
        columns |= {name: integers[:, index] for index, name in enumerate(LABELS)}
        return assemble(
            constituents,
            self.options,
            file,
            columns=columns,
            event=content_hash(constituents.offsets, constituents.cartesian),
        )

    def _table(self, opened: Any, file: Path) -> Any:
        table = hdf5.dataset(opened, TABLE, file)
        names = table.dtype.names or ()
        missing = [name for name in SIGNATURE if name not in names]
        if missing:
            raise InputFileError(f"'{TABLE}' lacks {', '.join(missing)}", file=file, remedy=_REMEDY)
        unknown = [name for name in self.options.columns if name not in COLUMNS]
        if unknown:
            raise InputFileError(
                f"lacks the column{'s' * (len(unknown) > 1)} {', '.join(unknown)}",
                file=file,
                remedy=f"labels can use {', '.join(COLUMNS)}",
            )
        shapes = table.dtype[MOMENTA].shape, table.dtype[INTEGERS].shape
        if len(shapes[0]) != 1 or shapes[0][0] < 8 or shapes[0][0] % 4 or shapes[1] != (len(LABELS),):
            raise InputFileError(
                f"'{TABLE}' has {list(shapes[0])} and {list(shapes[1])} columns, not 4 a constituent, 4 of the top "
                "quark, and ttv, is_signal_new",
                file=file,
                remedy=_REMEDY,
            )
        return table

    @staticmethod
    def _momenta(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """[jets, places, 4]: E, px, py, pz."""
        values = table[MOMENTA]
        return values[:, : -len(TRUTH)].reshape(len(values), values.shape[1] // 4 - 1, 4)


def _check_order(momenta: npt.NDArray[Any], file: Path) -> None:
    """That the columns stand in the order of the reference set, by the mass of the constituents."""
    with np.errstate(all="ignore"):
        squares = momenta.astype(np.float64) ** 2
        massive = np.abs(squares[..., 0] - squares[..., 1:].sum(axis=-1)) > _MASSLESS * squares[..., 0]
    if 2 * int(massive.any(axis=1).sum()) > len(momenta):
        raise InputFileError(
            "most jets have constituents with a mass: its columns are not E, PX, PY, PZ", file=file, remedy=_REMEDY
        )
