"""The networks selected by `architecture` and `symmetry` in `model.yaml`; a new architecture is one file."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from data_prep.registry import Registry
from models.architectures.architecture import HARDWARE as HARDWARE  # re-exported, as the next one
from models.architectures.architecture import Architecture
from models.architectures.architecture import NetworkDefinition as NetworkDefinition

if TYPE_CHECKING:
    from models.settings import ModelSettings

ARCHITECTURES = Registry("models.architectures", "ARCHITECTURE", Architecture)
"""Every architecture by the name of its file."""


def known_architecture(name: str, images: Literal["jets", "events"] = "jets") -> str:
    """The value of `architecture` of a network on these images, unchanged.

    Raises:
        ValueError: there is no such architecture; the message lists all.
    """
    bases = {_base(file) for file, architecture in ARCHITECTURES.items() if architecture.images == images}
    return _require_one_of(bases, name)


def known_symmetry(name: str) -> str:
    """The value of `symmetry`, unchanged.

    Raises:
        ValueError: there is no such symmetry; the message lists all.
    """
    symmetries = {symmetry for architecture in ARCHITECTURES.values() for symmetry in architecture.symmetries}
    return _require_one_of(symmetries, name)


def architecture_of(architecture: str, symmetry: str) -> Architecture:
    """The architecture of a pair of `architecture` and `symmetry`.

    Raises:
        ValueError: the architecture does not have the symmetry; the message lists those that it has.
    """
    family = [member for name, member in ARCHITECTURES.items() if _base(name) == architecture]
    for member in family:
        if symmetry in member.symmetries:
            return member
    names = sorted(name for member in family for name in member.symmetries)
    raise ValueError(f"'architecture: {architecture}' has no 'symmetry: {symmetry}'; it has {', '.join(names)}")


def symmetry_titles() -> dict[str, str]:
    """The title of every symmetry in reports; symmetries without one (`plain`) are left out."""
    titles = (item for architecture in ARCHITECTURES.values() for item in architecture.symmetries.items())
    return {symmetry: title for symmetry, title in titles if title}


def networks(settings: ModelSettings, grid: str = "square") -> tuple[NetworkDefinition, ...]:
    """The networks of these settings in the order of training; the last one is converted to firmware.

    Args:
        settings: of a network on images of jets.
        grid: kind of their pixel grid.
    """
    return architecture_of(settings.architecture, settings.symmetry).networks(settings, grid)


def _base(name: str) -> str:
    return ARCHITECTURES[name].base or name


def _require_one_of(names: Collection[str], name: str) -> str:
    if name not in names:
        *heads, tail = sorted(names)
        raise ValueError(f"must be {', '.join(heads)} or {tail}" if heads else f"must be {tail}")
    return name
