"""What a section of the report is, and how its template becomes HTML."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from data_prep.digits import between, with_error
from data_prep.fixed_point import FixedType
from hls_projects.templating import environment
from models.metrics.bootstrap import ValueWithError
from models.metrics.taggers import Rejection
from pipeline.report.grid_words import grid_words
from pipeline.report.run_folder import RunFolder

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = Path(__file__).parent / "sections"

Tile = tuple[str, str]
"""A figure of the head of the page, and what it is."""

CHANNEL_NAMES = {
    "pt": "summed transverse momentum",
    "charged": "summed pT of charged constituents",
    "neutral": "summed pT of neutral hadrons",
    "photon": "summed pT of photons",
    "multiplicity": "number of constituents",
    "em": "transverse energy in the electromagnetic calorimeter",
    "had": "transverse energy in the hadron calorimeter",
    "track": "summed pT of tracks",
}
"""What the channels of a pixel are."""

CLASS_NAMES = {
    "q": "light quark",
    "g": "gluon",
    "qcd": "light quark or gluon",
    "w": "W → qq",
    "z": "Z → qq",
    "h": "H → bb",
    "t": "hadronic top",
}
"""What the short class names of this project stand for."""


TARGET_NAMES = {"pt": "jet pT", "mass": "jet mass", "sdmass": "soft-drop mass"}
"""What the targets of a regression are."""


def _no_tiles(_: RunFolder) -> list[Tile]:
    return []


@dataclass(frozen=True)
class Section:
    """One section of the page: `SECTION` of `sections/<name>.py`, with the template `sections/<name>.html.j2`.

    Attributes:
        place: sections stand on the page in the order of these numbers.
        short: its name in the list at the top.
        title: its heading.
        values: what its template shows, read from the run; raises `NotMadeError` where that is missing.
        optional: the artefact, not part of every run, without which there is no such section.
        tasks: of the runs that have it; empty for all.
        subject: what a run of these tasks is about; of several sections the last one says it.
        tiles: the few numbers of it that stand in the head of the page; raises `NotMadeError` where they are missing.
    """

    place: int
    short: str
    title: str
    values: Callable[[RunFolder], dict[str, Any]]
    optional: str | None = None
    tasks: frozenset[str] = frozenset()
    subject: str = ""
    tiles: Callable[[RunFolder], list[Tile]] = _no_tiles

    @property
    def name(self) -> str:
        """The name of its module, which is also its anchor."""
        return self.values.__module__.rpartition(".")[2]

    def shown(self, run: RunFolder) -> bool:
        """Whether a run has such a section."""
        if self.optional is not None and self.optional not in run.manifests:
            return False
        return not self.tasks or not run.tasks.isdisjoint(self.tasks)


def render(template: str, **values: Any) -> Markup:
    """Fill a template; whatever is put in is escaped."""
    return Markup(_ENVIRONMENT.get_template(f"{template}.html.j2").render(**values))  # noqa: S704 - autoescaped


def count(number: float) -> str:
    """A count with separators: 24277806 is 24,277,806."""
    return f"{number:,.0f}"


def short(number: float) -> str:
    """Six significant figures."""
    return f"{number:.6g}".replace("-", "−")


def fraction(number: float | None, digits: int = 4) -> str:
    """A number between 0 and 1, or a dash where it could not be measured."""
    return "–" if number is None else f"{number:.{digits}f}"


def difference(found: ValueWithError | None, plain: int = 4) -> Markup:
    """A difference with its sign and its error, and whether it is none that the sample shows; a dash if unknown.

    >>> str(difference(Measured(0.004, 0.0017))), str(difference(Measured(-0.001, 0.0017)))
    ('+0.0040 ± 0.0017', '−0.0010 ± 0.0017, no difference seen')
    """
    if found is None:
        return Markup("–")
    unseen = not math.isnan(found.error) and not found.significant
    sign, end = "+" if found.value > 0 else "", ", no difference seen" if unseen else ""
    return Markup("{}{}{}").format(sign, with_error(found.value, found.error, plain), end)


def rejection(found: Rejection, error: float | None = None) -> str:
    """1/ε_B with its error, or the limit that is exceeded where no background jet passes."""
    if found.rejection is not None:
        return with_error(found.rejection, error, 0 if found.rejection >= 100 else 1)
    return "–" if found.lower_limit is None else f"> {found.lower_limit:,.0f}"


def type_name(kind: FixedType | str | None) -> Markup:
    """A type as C++ writes it; its modes are left out where they are the default, else the line may break there."""
    if kind is None:
        return Markup("–")
    full = kind.name if isinstance(kind, FixedType) else kind
    shown = full.replace(",AP_TRN,AP_WRAP>", ">")
    width, integer, *modes = shown.split(",")
    return Markup("<code>{}</code>").format(Markup(",<wbr>").join([f"{width},{integer}", *modes]))


def ticks(text: str) -> Markup:
    """A message in which what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def shape(sizes: tuple[int, ...] | list[int]) -> str:
    """16 × 16 × 1, without leading ones."""
    kept = list(sizes)
    while len(kept) > 1 and kept[0] == 1:
        kept.pop(0)
    return " × ".join(map(str, kept))


_FILTERS = (
    *(count, short, fraction, with_error, between, difference, rejection),
    *(type_name, ticks, shape, grid_words),
)


def _environment() -> Environment:
    made = environment(TEMPLATES, SECTIONS, trim=True, html=True)
    for function in _FILTERS:
        made.filters[function.__name__] = function
    made.globals |= {"class_names": CLASS_NAMES, "channel_names": CHANNEL_NAMES, "target_names": TARGET_NAMES}
    return made


_ENVIRONMENT = _environment()
