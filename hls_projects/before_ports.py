"""Where the firmware starts: the steps before its ports, and whether firmware could make them at all."""

from __future__ import annotations

from typing import Self

from data_prep.events.settings import EventDescription
from data_prep.grids.square import SquareGrid
from data_prep.images.candidates import why_not_built
from data_prep.images.differences import Description
from data_prep.settings import Settings
from data_prep.steps.step import Step


class BeforePorts(Settings):
    """How the image is made before the ports of a design; clocks and size of the design contain none of it."""

    builder_inside: bool
    """Whether the design takes candidates and builds the image itself."""
    candidates: int | None
    """Integer candidates that an image is made of; none where it is made of all constituents in floating point, or of
    the towers of an event."""
    steps: tuple[str, ...]
    """The steps that make the image before the ports, in order; none where the image builder is inside."""
    not_by_firmware: tuple[str, ...]
    """Those of the steps that the integer image builder does not make: with any of them no firmware of this project
    makes the image."""

    @classmethod
    def of(cls, images: Description | None, *, builder_inside: bool) -> Self | None:
        """The steps before the ports of a design.

        Args:
            images: what the network was trained on (`Meaning.images`, or the description of a dataset).
            builder_inside: whether the design starts from candidates (`HlsProject.builder`, `RtlProof.builder`).

        Returns:
            None where the images are not known, as for a network that came without a description.
        """
        if images is None:
            return None
        number = None if isinstance(images, EventDescription) or not images.candidates else images.candidates.number
        if builder_inside:
            return cls(builder_inside=True, candidates=number, steps=(), not_by_firmware=())
        steps = _of_events(images) if isinstance(images, EventDescription) else _of_jets(images)
        refused = tuple(step for step, by_firmware in steps if not by_firmware)
        return cls(
            builder_inside=False, candidates=number, steps=tuple(step for step, _ in steps), not_by_firmware=refused
        )

    @property
    def firmware_makes_image(self) -> bool:
        """Whether firmware of this project can make the image: in this design, or with the builder before it."""
        return not self.not_by_firmware

    @property
    def short(self) -> str:
        """What a latency or a size includes, in a few words that fit beside it.

        >>> BeforePorts(builder_inside=False, candidates=None, steps=("roll",), not_by_firmware=("roll",)).short
        'network alone, no firmware makes its image'
        """
        if self.builder_inside:
            return "with the image builder"
        return "network alone" + ("" if self.firmware_makes_image else ", no firmware makes its image")

    def sentences(self, latency: int | None = None) -> str:
        """The same in whole sentences.

        Args:
            latency: of the design in clocks, where it is known.
        """
        clocks = "its latency" if latency is None else f"its {latency} clock{'s' if latency != 1 else ''}"
        if self.builder_inside:
            number = "" if self.candidates is None else f"{self.candidates} "
            return (
                f"The firmware starts from {number}candidates and a seed axis: {clocks} and its size include making "
                "the image. Finding the jet and choosing its candidates come before the ports."
            )
        start = (
            f"The firmware starts from the finished image and is the network alone: {clocks} and its size do not "
            f"include making the image ({', '.join(self.steps)})."
        )
        if not self.firmware_makes_image:
            missing = ", ".join(self.not_by_firmware)
            return f"{start} No firmware of this project makes this image; not available in firmware: {missing}."
        if self.candidates is None:
            return (
                f"{start} The image is made from constituents in floating point. The image builder makes one with the "
                "same steps from integer candidates (`candidates` in `images.yaml`); a network has to be trained for "
                "it."
            )
        return f"{start} The image builder makes it in firmware (`convert --images`)."


def _of_jets(images: Description) -> list[tuple[str, bool]]:
    """Every step from a jet to its image, and whether the image builder makes it."""
    assert not isinstance(images, EventDescription)  # noqa: S101
    sums, square = "sum into pixels", isinstance(images.grid, SquareGrid)
    grid = sums if square else f"{sums} on the {images.grid.kind} grid"
    channels = "" if images.channels == ("pt",) else f" by channel ({', '.join(images.channels)})"
    finished = [step for step in images.steps if step.step == "normalise"]
    moving = [step for step in images.steps if step.step != "normalise"]
    steps = [(_words(step), not why_not_built(step)) for step in moving]
    steps.append((grid + channels, square and not channels))
    return steps + [(_words(step), not why_not_built(step)) for step in finished]


def _of_events(images: EventDescription) -> list[tuple[str, bool]]:
    """Every step from an event to its image; there is no image builder of events."""
    steps = ["sum into towers", f"leave out towers below {images.pixel_min:g} GeV"]
    wrap = images.grid.wrap
    return [(step, False) for step in (*steps, *([f"repeat {wrap} columns on each side"] if wrap else []))]


def _words(step: Step) -> str:
    """A step with its options, as far as they are not the defaults."""
    given = step.model_dump(mode="json", exclude_defaults=True, exclude={"step"})
    options = ", ".join(f"{name}: {value}" for name, value in given.items())
    return f"{step.step} ({options})" if options else step.step
