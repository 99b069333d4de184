"""The look of all figures, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import mplhep
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#92dadd")
"""Colours that people with colour-vision deficiencies can tell apart: the ten of M. A. Petroff (arXiv:2107.02270)
without their two greys."""
REFERENCE = "#717581"
"""Grey is for lines that no data are behind: a limit, a rate, the value 1."""


@contextmanager
def style() -> Iterator[None]:
    """The mplhep look for what is drawn inside."""
    # only the look: mplhep's style would also choose a font that has to be searched on the machine
    with mpl.rc_context():
        mpl.rcParams.update({key: value for key, value in mplhep.style.CMS.items() if key in mpl.rcParams})
        mpl.rcParams.update(
            {
                "font.family": "sans-serif",
                "font.sans-serif": ["TeX Gyre Heros", "DejaVu Sans"],
                "mathtext.fontset": "dejavusans",
                "font.size": 15,
                "axes.labelsize": "medium",
                "axes.prop_cycle": cycler(color=COLOURS),
                "legend.fontsize": "small",
                "xtick.labelsize": "small",
                "ytick.labelsize": "small",
                "figure.figsize": (6.1, 5.2),
            }
        )
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, the same bytes for the same figure, or as PNG where the name says so."""
    if path.suffix == ".png":
        FigureCanvasAgg(figure).print_figure(path, dpi=100, format="png")
    else:
        path.write_text(svg_text(figure), encoding="utf-8")


def svg_text(figure: Figure) -> str:
    """A figure as the text of an SVG file, the same for the same figure."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "jet images", "svg.fonttype": "path", "savefig.bbox": None}):
        FigureCanvasSVG(figure).print_figure(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
