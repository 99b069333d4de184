"""What an entry of a proof is of: a layer of the lowered model, or one of its outputs in some form."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

TRAINED = "of the trained model"
"""The outputs that the trained model gives."""
CANDIDATES = "from candidates"
"""The outputs from candidates on, behind the image builder."""
_OUTPUT = re.compile(rf"output(?:s| (?P<number>\d+))(?: (?P<origin>{TRAINED}|{CANDIDATES}))?(?:, (?P<form>.+))?")


@dataclass(frozen=True)
class Compared:
    """Its name stands in the files of proofs, for people; programs take it apart here and nowhere else.

    >>> Compared(output=0, form="simulated Verilog").name
    'output 0, simulated Verilog'
    >>> Compared.of("output 1 of the trained model, fast emulator").form
    'fast emulator'
    >>> Compared.of("conv_1").is_layer, Compared.of("list of jets").is_layer
    (True, False)

    Attributes:
        subject: a layer, or what else was compared, in words; `output` of an output, `outputs` of all of them.
        output: number of the output.
        origin: whose output: `TRAINED`, `CANDIDATES`; empty of the network itself.
        form: form of the hardware that gave it; empty where the proof has but one.
    """

    subject: str = "output"
    output: int | None = None
    origin: str = ""
    form: str = ""

    @classmethod
    def of(cls, name: str) -> Compared:
        """Take a name apart."""
        match = _OUTPUT.fullmatch(name)
        if match is None:
            return cls(name)
        number = match["number"]
        subject = "outputs" if number is None else "output"
        return cls(subject, None if number is None else int(number), match["origin"] or "", match["form"] or "")

    @property
    def name(self) -> str:
        """As it stands in a proof."""
        words = [self.subject, "" if self.output is None else str(self.output), self.origin]
        return " ".join(filter(None, words)) + (f", {self.form}" if self.form else "")

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer of the lowered model: those have names without spaces, all others are words."""
        return " " not in self.name

    @property
    def whole(self) -> Compared:
        """The same of all outputs together."""
        return self if self.output is None else replace(self, subject="outputs", output=None)
