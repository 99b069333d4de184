"""Figures in the page."""

from __future__ import annotations

import pytest

from pipeline.report.run_folder import NotMadeError
from pipeline.report.svg import inline

HEAD = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="0 0 90 60" width="90pt">'
)


def test_identifiers_get_a_prefix_wherever_they_are_used() -> None:
    text = inline(
        HEAD + '<metadata><a/></metadata><defs><path id="p1" d="M 0 0"/></defs>'
        '<g clip-path="url(#p1)" style="fill: url(#p1)"><use xlink:href="#p1"/></g></svg>',
        "roc",
        'curves of "q" & <w>',
    )
    assert text == (
        '<div class="plot"><svg role="img" aria-label="curves of &#34;q&#34; &amp; &lt;w&gt;" viewBox="0 0 90 60" '
        'style="--full:90pt;--least:0px;stroke-linejoin:round;stroke-linecap:butt">'
        "<title>curves of &#34;q&#34; &amp; &lt;w&gt;</title>"
        '<defs><path id="roc-p1" d="M 0 0"></path></defs>'
        '<g clip-path="url(#roc-p1)" style="fill: url(#roc-p1)"><use href="#roc-p1"></use></g></svg></div>'
    )


def test_an_identifier_stands_once() -> None:
    text = inline(HEAD + '<g id="a"><path id="b"/></g><path id="b"/><use xlink:href="#b"/></svg>', "x", "x")
    assert '<g id="x-a"><path id="x-b"></path></g><path></path><use href="#x-b"></use>' in text


def test_text_is_escaped_once() -> None:
    assert "<text>a &lt; b &amp; c<tspan>d &gt; e</tspan></text>" in inline(
        HEAD + "<text>a &lt; b &amp; c<tspan>d &gt; e</tspan></text></svg>", "x", "x"
    )


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        '<a xlink:href="https://example.org"><g/></a>',
        '<g onload="alert(1)"/>',
        '<use xlink:href="other.svg#p"/>',
        '<image xlink:href="https://example.org/x.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
        '<g style="fill: url(https://example.org/x)"/>',
        "<g fill=\"url('x.svg#p')\"/>",
    ],
)
def test_what_runs_or_refers_outside_is_refused(content: str) -> None:
    with pytest.raises(NotMadeError, match="the figure x"):
        inline(f"{HEAD}{content}</svg>", "x", "x")


@pytest.mark.parametrize("text", ["", "<svg", "<html/>", '<svg xmlns="http://www.w3.org/2000/svg"/>'])
def test_no_svg(text: str) -> None:
    with pytest.raises(NotMadeError, match="is no SVG"):
        inline(text, "x", "x")
