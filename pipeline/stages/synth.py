"""`synth`: synthesis of the HLS project and the RTL with Vitis HLS and Vivado, if they are installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from data_prep.errors import ConfigurationError
from hls_projects.settings import HardwareSettings
from hls_projects.vendor.tools import installed
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.console import done
from pipeline.options import Hardware, Hls, Rtl, result
from pipeline.stage import Stage


def run(
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/66_synth")],
    hls: Hls = None,
    rtl: Rtl = None,
) -> None:
    """Synthesise with Vivado and Vitis HLS, if installed.

    Synthesis, placement and routing out of context; keeps the reported period, latency, LUT, FF, DSP and BRAM. --rtl
    needs Vivado, --hls Vitis HLS too.
    """
    settings = configuration.load(config, HardwareSettings)
    if settings.rtl.form == "none":
        rtl = None
    if hls is None and rtl is None:
        raise ConfigurationError("there is nothing to synthesise", remedy="give --hls, or --rtl of a run with RTL")
    options = {"tools": installed(settings.hls if hls is not None else None)}
    inputs = {"convert": hls, "rtl": rtl}
    with artefact(out, "synth", settings={"hardware": settings}, options=options, inputs=inputs) as space:
        from data_prep.system.programs import Children
        from hls_projects.vendor.numbers import VendorNumbers
        from hls_projects.vendor.run import synthesise_hls, synthesise_rtl
        from hls_projects.vendor.tools import require_tools

        require_tools(settings.hls if hls is not None else None)
        numbers = []
        work = space.work / "tools"
        shutil.rmtree(work, ignore_errors=True)
        with Children() as children:
            if hls is not None:
                numbers += synthesise_hls(hls, settings.hls, settings.synth.route, work / "hls", children)
            if rtl is not None:
                numbers += synthesise_rtl(rtl, settings.hls, settings.synth.route, work / "rtl", children)
        shutil.copytree(work, space.path, dirs_exist_ok=True)
        record = VendorNumbers(part=settings.hls.part, numbers=tuple(numbers))
        write_json(space.path / "synth.json", record.model_dump(mode="json"))
    final = numbers[-1]
    achieved = f"{final.achieved_period} ns of {final.target_period} ns"
    done(
        "synth",
        f"{out}: {final.design}, {final.stage}, {achieved}, {final.lut:,} LUT, {final.ff:,} FF, {final.dsp:,} DSP",
    )


STAGE = Stage(
    run,
    place=66,
    example=r"""
python -m pipeline synth --config configs/demo/hardware.yaml \
  --hls build/demo/50_hls --rtl build/demo/65_rtl \
  --out build/demo/66_synth
""",
    artefact="66_synth",
    inputs=("convert", "rtl"),
)
