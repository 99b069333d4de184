"""Which networks the words `architecture` and `symmetry` in `model.yaml` stand for; a new architecture is one file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from data_prep.registry import Registry
from models.architectures.architecture import HARDWARE as HARDWARE  # also found here, as the next one
from models.architectures.architecture import Architecture
from models.architectures.architecture import Network as Network

if TYPE_CHECKING:
    from models.settings import ModelSettings

ARCHITECTURES = Registry("models.architectures", "ARCHITECTURE", Architecture)
"""Every architecture by the name of its file."""


def known_architecture(word: str, images: Literal["jets", "events"] = "jets") -> str:
    """The word `architecture` of a network on these images, unchanged.

    Raises:
        ValueError: it is none; lists those that are.
    """
    return _one_of({_base(name) for name, known in ARCHITECTURES.items() if known.images == images}, word)


def known_symmetry(word: str) -> str:
    """The word `symmetry`, unchanged.

    Raises:
        ValueError: it is none; lists those that are.
    """
    return _one_of({known for each in ARCHITECTURES.values() for known in each.symmetries}, word)


def architecture_of(architecture: str, symmetry: str) -> Architecture:
    """The one that two words stand for.

    Raises:
        ValueError: the architecture does not know the symmetry; lists those that it knows.
    """
    family = [each for name, each in ARCHITECTURES.items() if _base(name) == architecture]
    for each in family:
        if symmetry in each.symmetries:
            return each
    known = sorted(word for each in family for word in each.symmetries)
    raise ValueError(f"'architecture: {architecture}' knows no 'symmetry: {symmetry}'; it knows {', '.join(known)}")


def symmetry_titles() -> dict[str, str]:
    """What every word `symmetry` makes of a network, for people; those that make nothing of it are left out."""
    return {word: title for each in ARCHITECTURES.values() for word, title in each.symmetries.items() if title}


def networks(settings: ModelSettings, grid: str = "square") -> tuple[Network, ...]:
    """The networks that these settings stand for, in the order of training; the last one goes on to hardware.

    Args:
        settings: of a network on images of jets.
        grid: kind of their pixel grid.
    """
    return architecture_of(settings.architecture, settings.symmetry).networks(settings, grid)


def _base(name: str) -> str:
    return ARCHITECTURES[name].base or name


def _one_of(known: Iterable[str], word: str) -> str:
    *others, last = sorted(known)
    if word not in (*others, last):
        raise ValueError(f"must be {', '.join(others)} or {last}" if others else f"must be {last}")
    return word
