"""The top-tagging reference set (HDF5 as pandas writes it): 200 four-momenta a jet, top or QCD.

The table is in a group of any name (pandas' key, `table` in the reference set). A row is a record: `values_block_0`
holds E_0, PX_0, PY_0, PZ_0, E_1, … E_199 … PZ_199 and, in the reference set, in the last four columns the momentum of
the generated top quark; `values_block_1` holds `ttv` and `is_signal_new`. The names of the columns are stored as a
Python pickle, which is not loaded: its bytes are searched for `truthE`. Without names, 804 columns are those of the
reference set, and in other tables the last four are a constituent if they are massless, the top quark if not. The
momenta must be massless and the label 0 or 1, which is not so for another order of the columns. Neither pT nor mass of
the jets is stored, so that there is no closure check. There is no event number: the identifier is a hash of the
constituents. No pile-up.

Source: G. Kasieczka, T. Plehn, J. Thompson, M. Russell, "Top Quark Tagging Reference Dataset",
doi:10.5281/zenodo.2603256; arXiv:1902.09914.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash
from data_prep.readers import DEFAULTS, Options, hdf5
from data_prep.readers.assemble import assemble
from data_prep.readers.float_warnings import without_float_warnings
from data_prep.readers.layout import Layout
from data_prep.readers.padded import from_padded

TABLE = "table/table"
"""The path of the table in the reference set."""
MOMENTA, INTEGERS = "values_block_0", "values_block_1"
SIGNATURE = (MOMENTA, INTEGERS)
TRUTH = ("truthE", "truthPX", "truthPY", "truthPZ")
LABELS = ("ttv", "is_signal_new")
COLUMNS = (*TRUTH, *LABELS)
REFERENCE_COLUMNS = 804
"""Columns of the reference set: four of each of 200 constituents, four of the top quark."""
_NAMES = f"{MOMENTA}_kind"
"""The attribute with the pickled names of the columns."""
_ENERGY_FIRST = (1, 2, 3, 0)
_REMEDY = "give files of the reference set (doi:10.5281/zenodo.2603256), or write the jets to a ROOT file"
_CHECKED = 100
"""Jets whose columns are checked."""
_MASSLESS = 1e-3
"""Largest |E² − p²|/E²: the momenta are of massless particle-flow objects in float32."""


@dataclass(frozen=True)
class TopTaggingReader:
    """Reads the reference set; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are `is_signal_new` for top and `is_signal_new == 0` for QCD.
        table: the path of the table.
    """

    options: Options = DEFAULTS
    table: str = TABLE

    def count(self, file: Path) -> int:
        """Check the file; the number of jets in it.

        Raises:
            InputFileError: the file cannot be read or is no such table.
        """
        with hdf5.open_file(file) as opened:
            table = self._table(opened, file)
            hdf5.check_whole(table, file)
            jets = int(table.shape[0])
            head = hdf5.rows(table, 0, min(jets, _CHECKED), file)
            truth = _has_truth(table, head[MOMENTA], file)
        self._check_columns(truth, file)
        _check_order(_momenta(head[MOMENTA], truth), file)
        return jets

    @without_float_warnings
    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets `start` to `stop - 1` of a file.

        Raises:
            InputFileError: the file cannot be read, is no such table or is damaged.
        """
        with hdf5.open_file(file) as opened:
            table = self._table(opened, file)
            rows = hdf5.rows(table, start, stop, file)
            values, integers = rows[MOMENTA], rows[INTEGERS]
            truth = _has_truth(table, values, file)
        self._check_columns(truth, file)
        if not np.isin(integers[:, LABELS.index("is_signal_new")], (0, 1)).all():
            raise InputFileError("the column is_signal_new is neither 0 nor 1", file=file, remedy=_REMEDY)
        constituents = from_padded(_momenta(values, truth), _ENERGY_FIRST)
        columns = {name: integers[:, index] for index, name in enumerate(LABELS)}
        if truth:
            columns |= {name: values[:, index - len(TRUTH)] for index, name in enumerate(TRUTH)}
        return assemble(
            constituents,
            self.options,
            file,
            columns=columns,
            event=content_hash(constituents.offsets, constituents.cartesian),
        )

    def _table(self, opened: Any, file: Path) -> Any:
        table = hdf5.dataset(opened, self.table, file)
        names = table.dtype.names or ()
        missing = [name for name in SIGNATURE if name not in names]
        if missing:
            raise InputFileError(f"'{self.table}' lacks {', '.join(missing)}", file=file, remedy=_REMEDY)
        self._check_columns(True, file)
        shapes = table.dtype[MOMENTA].shape, table.dtype[INTEGERS].shape
        if len(shapes[0]) != 1 or shapes[0][0] < 8 or shapes[0][0] % 4 or shapes[1] != (len(LABELS),):
            raise InputFileError(
                f"'{self.table}' has {list(shapes[0])} and {list(shapes[1])} columns, not 4 a constituent (and 4 of "
                "the top quark), and ttv, is_signal_new",
                file=file,
                remedy=_REMEDY,
            )
        return table

    def _check_columns(self, truth: bool, file: Path) -> None:
        """Check that the columns of labels and weight exist."""
        available = COLUMNS if truth else LABELS
        unavailable = [name for name in self.options.columns if name not in available]
        if unavailable:
            raise InputFileError(
                f"lacks the column{'s' * (len(unavailable) > 1)} {', '.join(unavailable)}",
                file=file,
                remedy=f"labels can use {', '.join(available)}",
            )


def _has_truth(table: Any, values: npt.NDArray[Any], file: Path) -> bool:
    """Whether the last four columns are the generated top quark and not a constituent.

    Args:
        table: the table, for the names of its columns.
        values: [jets, columns], some of its momenta; if the last four are all 0 the answer does not matter.
        file: for the message.

    Raises:
        InputFileError: they are massless in some of the jets, massive in others.
    """
    names = table.attrs.get(_NAMES)
    text = names.encode() if isinstance(names, str) else b"" if names is None else np.asarray(names).tobytes()
    if b"PX_0" in text:
        return TRUTH[0].encode() in text
    if values.shape[1] == REFERENCE_COLUMNS:
        return True
    last_four = values[:, np.newaxis, -len(TRUTH) :]
    massive = _massive(last_four)[:, 0]
    massless = ~massive & (last_four != 0).any(axis=(1, 2))
    if massive.any() and massless.any():
        raise InputFileError(
            f"the last four columns of '{MOMENTA}' are massless in some jets and massive in others: neither a "
            "constituent nor the top quark",
            file=file,
            remedy=_REMEDY,
        )
    return not massless.any()


def _momenta(values: npt.NDArray[Any], truth: bool) -> npt.NDArray[Any]:
    """[jets, constituents, 4]: E, px, py, pz; of all columns, or of all but those of the top quark."""
    columns = values[:, : -len(TRUTH)] if truth else values
    return columns.reshape(len(columns), columns.shape[1] // 4, 4)


def _massive(momenta: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether momenta (E, px, py, pz) [..., 4] have a mass: bool [...]."""
    with np.errstate(all="ignore"):
        squares = momenta.astype(np.float64) ** 2
        massive: npt.NDArray[np.bool_] = (
            np.abs(squares[..., 0] - squares[..., 1:].sum(axis=-1)) > _MASSLESS * squares[..., 0]
        )
    return massive


def _check_order(momenta: npt.NDArray[Any], file: Path) -> None:
    """Check the order of the columns by the mass of the constituents."""
    if 2 * int(_massive(momenta).any(axis=1).sum()) > len(momenta):
        raise InputFileError(
            "most jets have constituents with a mass: its columns are not E, PX, PY, PZ", file=file, remedy=_REMEDY
        )


LAYOUT = Layout(
    title="top-tagging reference set",
    container="hdf5",
    tree=TABLE,
    signature=SIGNATURE,
    entry="jet",
    reader=TopTaggingReader,
    labels=(("qcd", "is_signal_new == 0"), ("t", "is_signal_new == 1")),
    particles=False,
    columns=lambda _: frozenset(LABELS),
)
