"""A page as a person reads it, and as HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from tests.sealed import made_again

VOID = {"meta", "br", "wbr", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Collects what the tests ask for, and finds elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.figures: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        self.links += [value or "" for key, value in attrs if key in ("href", "src", "xlink:href", "action", "data")]
        if "id" in attributes:
            self.ids.append(str(attributes["id"]))
        if tag == "svg":
            self.figures.append(attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self.words).split())


def read(run: Path) -> Reader:
    return Reader(page(RunFolder(run)))


def anew(file: Path) -> None:
    """An artefact is made again, with another file in it; what came from it stays."""
    file.open("a").write(" ")
    made_again(file.parent)
