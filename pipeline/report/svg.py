"""Figures inside the page: SVG without scripts, external references, or identifiers of other figures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from markupsafe import Markup, escape

from pipeline.report.run_folder import NotMadeError

_DROPPED = {"metadata", "style", "title", "desc"}
_REFUSED = {"script", "foreignObject", "iframe", "a", "animate", "set", "handler"}
_TEXT = re.compile(r"scale\(([0-9.]+) -")
"""The scale of the outlines of a text in Matplotlib, which are drawn upside down; that of subscripts is smaller."""
_FONT_UNITS = 100
"""The font size of those outlines."""
_READABLE = 10.1
"""Least font size of text in a figure, in pixels: on narrow screens a figure scrolls instead of becoming smaller."""
_REFERENCE = re.compile(r"url\(\s*['\"]?(#?)([^)'\"]*)['\"]?\s*\)")


def inline(text: str, name: str, label: str) -> Markup:
    """A figure as an element of the page.

    Args:
        text: the SVG file.
        name: prefix of all its identifiers, unique in the page.
        label: its description for screen readers.

    Raises:
        NotMadeError: when it is no SVG, or contains scripts or references to other files.
    """
    try:
        # This parser expands no external entities, and figures are written by this project.
        root = ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise NotMadeError(f"the figure {name} is no SVG: {error}", remedy="make it again") from None
    if _local(root.tag) != "svg" or "viewBox" not in root.attrib:
        raise NotMadeError(f"the figure {name} is no SVG with a viewBox", remedy="make it again")
    width = float(root.attrib["viewBox"].split()[2])
    sizes = [_FONT_UNITS * float(size) for size in _TEXT.findall(text)]
    least = min(width * _READABLE / min(sizes), width * 4 / 3) if sizes else 0
    identifiers: set[str] = set()
    inner = "".join(_element(child, name, identifiers) for child in root)
    head = escape(label)
    return Markup(  # noqa: S704 - every text and attribute was escaped on the way
        f'<div class="plot"><svg role="img" aria-label="{head}" viewBox="{escape(root.attrib["viewBox"])}" '
        f'style="--full:{width:.0f}pt;--least:{least:.0f}px;stroke-linejoin:round;stroke-linecap:butt">'
        f"<title>{head}</title>{inner}</svg></div>"
    )


def _element(element: ElementTree.Element, name: str, identifiers: set[str]) -> str:
    tag = _local(element.tag)
    if tag in _DROPPED:
        return ""
    if tag in _REFUSED:
        raise NotMadeError(f"the figure {name} contains <{tag}>, which no plot needs", remedy="make it again")
    values = {_local(key): value for key, value in element.items()}
    # Elements with the same content may have the same identifier; references mean the first one.
    if "id" in values:
        if values["id"] in identifiers:
            del values["id"]
        else:
            identifiers.add(values["id"])
    attributes = "".join(f' {key}="{escape(_value(key, value, name))}"' for key, value in values.items())
    inner = str(escape(element.text or "")) if tag in ("text", "tspan") else ""
    inner += "".join(_element(child, name, identifiers) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _value(key: str, value: str, name: str) -> str:
    """An attribute with its identifiers prefixed."""
    if key.lower().startswith("on"):
        raise NotMadeError(
            f"the figure {name} contains the attribute {key}, which no plot needs", remedy="make it again"
        )
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        if value.startswith("#"):
            return f"#{name}-{value[1:]}"
        if value.startswith("data:image/png;base64,"):
            return value
        raise NotMadeError(f"the figure {name} refers to {value[:60]!r}", remedy="make it again")

    def prefixed(match: re.Match[str]) -> str:
        if not match[1]:
            raise NotMadeError(f"the figure {name} refers to {match[2][:60]!r}", remedy="make it again")
        return f"url(#{name}-{match[2]})"

    return _REFERENCE.sub(prefixed, value)


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
