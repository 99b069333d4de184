"""A first look at a file: layout, size, classes and closure, from its first jets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.jets.chunk import NO_CLASS, SEVERAL_CLASSES, JetChunk
from data_prep.jets.expressions import Expression
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.closure import JETS, MomentumClosure, check_closure
from data_prep.readers.detect import contents, detect_layout, reader_of
from data_prep.readers.layout import LAYOUTS, LayoutName
from data_prep.readers.layouts.own import OwnLayout

EVENTS = 500
"""Events that are read, where an entry is an event."""


@dataclass(frozen=True)
class Inspection:
    """Summary of a file.

    Attributes:
        layout: its name as in images.yaml, or `own`.
        title: the layout in words.
        tree: the path of the tree in the file.
        entries: number of entries.
        entry: `jet` or `event`.
        chunk: the first jets.
        classes: name, definition and number of jets of each class among them; `several` and `none` are added.
        closure: whether constituents sum to jets.
        without_weights: why no PUPPI weights were applied, with the key of images.yaml; None where they were.
    """

    layout: str
    title: str
    tree: str
    entries: int
    entry: str
    chunk: JetChunk
    classes: tuple[tuple[str, str, int], ...]
    closure: MomentumClosure
    without_weights: InputFileError | None = None


def inspect(file: Path, options: Options, layout: LayoutName | OwnLayout = "auto") -> Inspection:
    """Summarise a file from its first jets.

    Args:
        file: the file.
        options: as for reading; without classes (there is no images.yaml yet) the usual classes of the layout are
            counted, as far as their branches exist, and a file without PUPPI weights is read without them.
        layout: as in images.yaml.

    Raises:
        InputFileError: it cannot be used; the message says what is missing.
    """
    first_look = not options.classes
    if isinstance(layout, OwnLayout):
        name, title, tree = "own", "described in images.yaml", layout.tree
    else:
        detected = detect_layout(file, layout, options.tree)
        name, title, tree = detected.name, detected.layout.title, detected.tree
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
    classes = [(jet_class.name, str(jet_class), labels.count(index)) for index, jet_class in enumerate(options.classes)]
    if classes:
        without_class = (("several", "more than one of them", SEVERAL_CLASSES), ("none", "none of them", NO_CLASS))
        classes += [(name, text, labels.count(code)) for name, text, code in without_class if code in labels]
    return Inspection(name, title, tree, entries, entry, chunk, tuple(classes), check_closure(chunk), without_weights)


def _usual(file: Path, name: str, tree: str) -> tuple[ClassSettings, ...]:
    """The usual classes of a layout whose branches the file has."""
    layout = LAYOUTS[name]
    columns = contents(file).trees[tree][1] if layout.columns is None else layout.columns(file)
    labels = [jet_class for jet_class in layout.labels if set(Expression(jet_class[1]).names) <= columns]
    return tuple(ClassSettings(name=label, label=text) for label, text in labels)
