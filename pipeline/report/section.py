"""A section of the report, and the rendering of its template to HTML."""

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
"""A number in the head of the page, and its label."""

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
"""The channels of a pixel in words."""

CLASS_NAMES = {
    "q": "light quark",
    "g": "gluon",
    "qcd": "light quark or gluon",
    "w": "W → qq",
    "z": "Z → qq",
    "h": "H → bb",
    "t": "hadronic top",
}
"""The short class names of this project in words."""


TARGET_NAMES = {"pt": "jet pT", "mass": "jet mass", "sdmass": "soft-drop mass"}
"""The targets of a regression in words."""


def _no_tiles(_: RunFolder) -> list[Tile]:
    return []


@dataclass(frozen=True)
class Section:
    """One section of the page: `SECTION` of `sections/<name>.py`, with the template `sections/<name>.html.j2`.

    Attributes:
        place: sections are ordered on the page by these numbers.
        short: its name in the list at the top.
        title: its heading.
        values: the content of its template, read from the run; raises `NotMadeError` if that is missing.
        optional: the artefact, not part of every run, without which the section is left out.
        tasks: those of the runs that have it; empty for all.
        subject: the title of the page for runs of these tasks; of several sections the last one counts.
        tiles: its numbers in the head of the page; raises `NotMadeError` if they are missing.
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
    """Render a template; all values are escaped."""
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


def difference(change: ValueWithError | None, plain: int = 4) -> Markup:
    """A difference with its sign and error, marked if it is not significant; a dash if unknown.

    >>> str(difference(ValueWithError(0.004, 0.0017))), str(difference(ValueWithError(-0.001, 0.0017)))
    ('+0.0040 ± 0.0017', '−0.0010 ± 0.0017, no difference seen')
    """
    if change is None:
        return Markup("–")
    insignificant = not math.isnan(change.error) and not change.significant
    sign, end = "+" if change.value > 0 else "", ", no difference seen" if insignificant else ""
    return Markup("{}{}{}").format(sign, with_error(change.value, change.error, plain), end)


def rejection(point: Rejection, error: float | None = None) -> str:
    """1/ε_B with its error, or its lower limit if no background jet passes."""
    if point.rejection is not None:
        return with_error(point.rejection, error, 0 if point.rejection >= 100 else 1)
    return "–" if point.lower_limit is None else f"> {point.lower_limit:,.0f}"


def type_name(data_type: FixedType | str | None) -> Markup:
    """A type as in C++; default modes are left out, before others the line may break."""
    if data_type is None:
        return Markup("–")
    full = data_type.name if isinstance(data_type, FixedType) else data_type
    short_name = full.replace(",AP_TRN,AP_WRAP>", ">")
    width, integer, *modes = short_name.split(",")
    return Markup("<code>{}</code>").format(Markup(",<wbr>").join([f"{width},{integer}", *modes]))


def ticks(text: str) -> Markup:
    """A message in which text between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup().join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def shape(sizes: tuple[int, ...] | list[int]) -> str:
    """16 × 16 × 1, without leading ones."""
    remaining = list(sizes)
    while len(remaining) > 1 and remaining[0] == 1:
        remaining.pop(0)
    return " × ".join(map(str, remaining))


_FILTERS = (
    *(count, short, fraction, with_error, between, difference, rejection),
    *(type_name, ticks, shape, grid_words),
)


def _environment() -> Environment:
    jinja = environment(TEMPLATES, SECTIONS, trim=True, html=True)
    for function in _FILTERS:
        jinja.filters[function.__name__] = function
    jinja.globals |= {"class_names": CLASS_NAMES, "channel_names": CHANNEL_NAMES, "target_names": TARGET_NAMES}
    return jinja


_ENVIRONMENT = _environment()
