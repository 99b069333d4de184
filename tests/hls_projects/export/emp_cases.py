"""Designs by hand with vectors, and ways to lay their values on links."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from hls_projects.export.links.packing_settings import PackingSettings, Placement
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign

DESIGNS = Path(__file__).parents[1] / "rtl" / "designs"
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A design on disk with vectors: int64 [vectors, values], all inputs, all outputs."""

    folder: Path
    inputs: Integers
    outputs: Integers

    @property
    def design(self) -> RtlDesign:
        return RtlDesign.load(self.folder)


def _port(name: str, shape: tuple[int, ...], width: int, signed: bool = True) -> Port:
    return Port(name=name, shape=shape, type=FixedType(width, width, signed))


def handmade(name: str, folder: Path) -> Case:
    """A design by hand.

    `summer`: the sum of eight values in four beats; `seeded`: of one more that is given with every beat; `wide`: five
    values of 40 bits, three outputs.
    """
    vhdl = (f"{name}.vhd",)
    if name in ("summer", "seeded"):
        inputs, outputs = [_port("image", (4, 2, 1), 6)], [_port("sum", (1,), 9)]
        timing: dict[str, Any] = {"form": "streamed", "beats": 4, "interval": 4, "latency": 4}
        if name == "seeded":
            inputs.append(_port("seed", (1,), 3))
            timing["every_beat"] = ("seed",)
    else:
        inputs = [_port("values", (5,), 40)]
        outputs = [_port("sum", (1,), 63), _port("difference", (1,), 41), _port("parity", (1,), 1, signed=False)]
        timing = {"form": "unrolled", "beats": 1, "interval": 1, "latency": 1}
    (folder / "vhdl").mkdir(parents=True)
    source = (DESIGNS / vhdl[0].replace("seeded", "summer")).read_text().replace("FAULT", "0")
    if name == "seeded":
        source = source.replace("summer", "seeded").replace(
            "in_data : in std_logic_vector(11", "in_data : in std_logic_vector(14"
        )
        source = source.replace("row <= ", "row <= resize(signed(in_data(14 downto 12)), 9) + ")
    (folder / "vhdl" / vhdl[0]).write_text(source)
    RtlDesign(name=name, inputs=tuple(inputs), outputs=tuple(outputs), verilog=(), vhdl=vhdl, **timing).save(folder)
    port_type = inputs[0].type
    x = np.random.default_rng(3).integers(
        port_type.raw_min, port_type.raw_max, (40, np.prod(inputs[0].shape)), endpoint=True
    )
    x[0], x[1] = port_type.raw_min, port_type.raw_max
    total = x.sum(axis=1)
    if name == "seeded":
        seed = np.random.default_rng(4).integers(-4, 4, (40, 1))
        return Case(folder, np.hstack((x // 2, seed)), (x // 2).sum(axis=1, keepdims=True) + 4 * seed)
    if name == "summer":
        return Case(folder, x, total[:, None])
    parity = [bin(value & ((1 << 40) - 1)).count("1") % 2 for value in x[:, 4].tolist()]
    return Case(folder, x, np.column_stack((total, x[:, 0] - x[:, 1], parity)))


def _at(port: str, bit: int = 0, link: int = 0, frame: int = 0, **more: object) -> Placement:
    return Placement.model_validate({"port": port, "bit": bit, "links": (link, link), "frame": frame, **more})


# The image of `summer` in another order than its beats: rows 3 and 2, then 1 and 0, on two links.
BACKWARDS = tuple(
    _at("image", first=2 * row, count=2, link=5 - row % 2, frame=1 - row // 2, per_word=2, bit=row, spacing=9)
    for row in range(4)
)
# One value a frame, in two parts; outputs one a frame, the sum in two parts.
SLOW = tuple(
    each
    for i in range(5)
    for each in (
        _at("values", first=i, count=1, part=(0, 30), frame=i, bit=3),
        _at("values", first=i, count=1, part=(30, 10), frame=i, bit=50, link=2),
    )
)
SLOW_OUT = (
    _at("sum", part=(0, 20), link=4, bit=11),
    _at("sum", part=(20, 43), link=4, frame=2, bit=7),
    _at("difference", link=4, frame=1),
    _at("parity", link=9, frame=2, bit=63),
)

CASES = {
    "summer": ("summer", PackingSettings()),
    "summer, backwards": ("summer", PackingSettings(inputs=BACKWARDS, wrapper_clocks=1)),
    "summer, one link": ("summer", PackingSettings(links=1, period=7, wrapper_clocks=3)),
    "seeded": ("seeded", PackingSettings()),
    "seeded, later": ("seeded", PackingSettings(inputs=(*BACKWARDS, _at("seed", link=8, frame=2)))),
    "wide": ("wide", PackingSettings()),
    "wide, slow": ("wide", PackingSettings(inputs=SLOW, outputs=SLOW_OUT, wrapper_clocks=2)),
    "wide, one link": ("wide", PackingSettings(links=1)),
}
