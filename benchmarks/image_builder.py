"""Size and latency of all forms of the image builder, alone and with the network behind them.

    python -m benchmarks.image_builder                      # the builder of configs/trigger
    python -m benchmarks.image_builder --run build/trigger  # and the network behind it

Cells of the builders are counted by yosys, as in `rtl`; whole designs are estimated by the compiler's cost model.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from data_prep.store.jet_images import open_dataset
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.network import Network
from hls_projects.network.port import Port
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.forms.streamed import of_candidates, streamed
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.image_builder_alone import write_image_builder
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings

VARIANT = VariantSettings(ternary=False)
UNROLLED, ROWS = RtlSettings(), RtlSettings(form="streamed", rows=1)
BUILDERS = {
    "parallel": (BuilderSettings(), UNROLLED),
    "serial, whole image": (BuilderSettings(form="serial"), UNROLLED),
    "serial, rows": (BuilderSettings(form="serial"), ROWS),
}


def builders(builder: ImageBuilder, input_type: FixedType, seconds: int) -> None:
    """The builder alone, its pixels cast to the type of a network's input."""
    port = Port(name="image", shape=builder.shape, type=input_type)
    for name, (form, settings) in BUILDERS.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder, work = Path(scratch) / "rtl", Path(scratch) / "synthesis"
            logic = write_image_builder(builder, port, "builder", settings, VARIANT, form, folder)
            work.mkdir()
            counted = synthesise(folder, work, cpu_seconds=seconds) if seconds else None
        cells = f"{counted.lut:,} LUT, {counted.ff:,} FF" if counted else f"about {logic.estimate:,} LUT"
        print(f"{name:22} a jet every {logic.interval:2} clocks, {logic.latency:2} clocks, {cells}", flush=True)


def designs(builder: ImageBuilder, network: Network) -> None:
    """The network alone, and behind the builder: estimates."""
    whole, cut = compose(builder, network), Pipelining(UNROLLED.delay, ternary=False)

    def show(name: str, machine: Machine, interval: int, latency: int) -> None:
        size = f"about {round(machine.estimate):,} LUT, {machine.registers:,} bits in registers"
        print(f"{name:22} a jet every {interval:2} clocks, {latency:2} clocks, {size}", flush=True)

    for name, traced in (("unrolled", network), ("parallel, unrolled", whole)):
        machine, latency = unrolled(trace(traced), "design", cut)
        show(name, machine, 1, latency)
    forms = {
        "one row a clock": streamed(network, "design", 1, cut),
        "serial, unrolled": of_candidates(whole, "design", 1, None, cut),
        "serial, one row a clock": of_candidates(whole, "design", 1, 1, cut),
    }
    for name, form in forms.items():
        show(name, form.machine, form.interval, form.latency)


def main() -> None:
    """Print a line a form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder with 20_images and 40_lowered")
    parser.add_argument("--seconds", type=int, default=900, help="processor time for counting; 0 counts nothing")
    given = parser.parse_args()
    if given.run is None:
        default = ImageBuilder.of(CandidateSettings(), SquareGrid(pixels=16, half_width=0.8))
        builders(default, FixedType(10, 10, False, "RND_CONV", "SAT"), given.seconds)
        return
    builder = ImageBuilder.of_images(open_dataset(given.run / "20_images").metadata)
    network = Network.load(given.run / "40_lowered")
    if builder is None:
        parser.error(f"the images of {given.run} are not made of candidates")
    builders(builder, network.graph.inputs[0].type, given.seconds)
    designs(builder, network)


if __name__ == "__main__":
    main()
