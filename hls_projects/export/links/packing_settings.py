"""`packing:` of `hardware.yaml`: which value of a port lies in which bits of which word of which link."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from data_prep.settings import Settings

WORD_BITS = 64
"""Bits of a word: what a link carries in one frame."""
BOARD_LINKS = 128
"""Links of a board, each way: the transceivers of a VU13P (AMD DS890), the largest FPGA on trigger boards."""
LARGEST_LINK = 999
"""Links have three digits in the pattern files."""

MOST = 1_000_000
"""Values of a port, words and frames."""

LinkNumber = Annotated[int, Field(ge=0, le=LARGEST_LINK)]


class Placement(Settings):
    """Values of one port, one behind the other in C order: `per_word` in a word, then the next link, then frame.

    The word of value i (counted from `first`) is n = `word` + i // `per_word`: it lies on link `links[0]` + n % L in
    frame `frame` + n // L of the packet, where L is the number of links.
    """

    port: str
    """Name of the input or output."""
    first: int = Field(0, ge=0, le=MOST)
    """Number of the first value in the port, in C order."""
    count: int | None = Field(None, ge=1, le=MOST)
    """How many values; all that are left where it is not said."""
    part: tuple[Annotated[int, Field(ge=0, le=1023)], Annotated[int, Field(ge=1, le=1024)]] | None = None
    """Lowest bit and number of bits that are placed of each value, of values that are split on purpose; else all."""
    links: tuple[LinkNumber, LinkNumber] = (0, 0)
    """First and last link that the words go round."""
    frame: int = Field(0, ge=0, le=MOST)
    """Frame of the packet in which they begin."""
    word: int = Field(0, ge=0, le=MOST)
    """Words that are left out before the first one."""
    per_word: int = Field(1, ge=1, le=WORD_BITS)
    """Values in a word."""
    bit: int = Field(0, ge=0, lt=WORD_BITS)
    """Lowest bit of the first value in its word; bit 0 is the lowest of the word."""
    spacing: int | None = Field(None, ge=1, lt=WORD_BITS)
    """Bits from one value of a word to the next; as many as are placed of each where it is not said."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.links[1] < self.links[0]:
            raise ValueError("'links' are the first and the last one")
        return self


class PackingSettings(Settings):
    """How the ports of the RTL lie on the links of a board, and the pattern files with vectors in this form."""

    inputs: tuple[Placement, ...] | None = None
    """Every bit of every input exactly once; where not given: the values of one clock of the design in one frame."""
    outputs: tuple[Placement, ...] | None = None
    """The same of the outputs; where not given: side by side, as many in a word as fit, in as few frames as
    the links allow."""
    links: int | None = Field(None, ge=1, le=LARGEST_LINK + 1)
    """Most links that the packing takes which is made where none is given; if not said, as many as one frame needs, and
    no more than the 128 of a board."""
    period: int | None = Field(None, ge=1, le=MOST)
    """Frames from the begin of a packet to that of the next; as few as the design allows where it is not said."""
    wrapper_clocks: int = Field(0, ge=0, le=1000)
    """Clocks that registers around the design add to its latency, on the way in and out together."""
    depth: int = Field(1024, ge=1, le=10_000)
    """Frames of a pattern file: what the buffers of a board hold."""
    files: int = Field(4, ge=0, le=1000)
    """Pattern files of each kind at most; their vectors are spread evenly over all reference vectors."""
