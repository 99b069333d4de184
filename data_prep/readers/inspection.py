"""A first look at a file: layout, size, classes and closure, from its first jets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.jets.chunk import NO_CLASS, SEVERAL_CLASSES, JetChunk
from data_prep.jets.expressions import Expression
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.closure import JETS, Closure, closure
from data_prep.readers.detect import contents, find, reader_of
from data_prep.readers.layout import LAYOUTS, LayoutName
from data_prep.readers.layouts.own import OwnLayout

EVENTS = 500
"""Events that are looked at, where an entry is one."""


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        layout: its name as in images.yaml, or `own`.
        title: the layout in words.
        tree: where it is in the file.
        entries: how many there are.
        entry: what one is.
        chunk: the first jets.
        classes: jets of each class among them, with what was looked at; `several` and `none` besides.
        closure: whether constituents sum to jets.
        without_weights: why the constituents could not be weighted, with the key of images.yaml; None where they could.
    """

    layout: str
    title: str
    tree: str
    entries: int
    entry: str
    chunk: JetChunk
    classes: tuple[tuple[str, str, int], ...]
    closure: Closure
    without_weights: InputFileError | None = None


def inspect(file: Path, options: Options, layout: LayoutName | OwnLayout = "auto") -> Inspection:
    """Look at the first jets of a file.

    Args:
        file: the file.
        options: as for reading; without classes (no images.yaml is there yet) the layout's usual ones are counted, as
            far as they are there, and a file without PUPPI weights is looked at without them.
        layout: as in images.yaml.

    Raises:
        InputFileError: it cannot be used, and what it lacks.
    """
    first_look = not options.classes
    if isinstance(layout, OwnLayout):
        name, title, tree = "own", "described in images.yaml", layout.tree
    else:
        found = find(file, layout, options.tree)
        name, title, tree = found.name, found.layout.title, found.tree
        if first_look:
            options = replace(options, classes=_usual(file, name, tree))
    without_weights = None
    try:
        reader, counts, entry = reader_of([file], options, layout)
    except InputFileError as error:
        if not first_look:
            raise
        try:
            reader, counts, entry = reader_of([file], replace(options, puppi="ignore"), layout)
        except InputFileError:
            raise error from None
        without_weights = error
    entries = counts[file]
    chunk = reader.read(file, 0, min(entries, JETS if entry == "jet" else EVENTS))
    labels = chunk.label.tolist()
    classes = [(each.name, str(each), labels.count(index)) for index, each in enumerate(options.classes)]
    if classes:
        rest = (("several", "more than one of them", SEVERAL_CLASSES), ("none", "none of them", NO_CLASS))
        classes += [(name, what, labels.count(code)) for name, what, code in rest if code in labels]
    return Inspection(name, title, tree, entries, entry, chunk, tuple(classes), closure(chunk), without_weights)


def _usual(file: Path, name: str, tree: str) -> tuple[ClassSettings, ...]:
    """The usual classes of a layout whose branches the file has."""
    layout = LAYOUTS[name]
    there = contents(file).trees[tree][1] if layout.columns is None else layout.columns(file)
    chosen = [each for each in layout.labels if set(Expression(each[1]).names) <= there]
    return tuple(ClassSettings(name=label, label=text) for label, text in chosen)
