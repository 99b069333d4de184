"""`emp:` of `hardware.yaml`: which EMP framework the payload is for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from data_prep.settings import Settings

LHC_CLOCK = 40.08
"""The clock of the bunches (MHz)."""


class EmpSettings(Settings):
    """The framework around the payload."""

    framework: Literal["ttc2", "slink", "basic"] = "ttc2"
    """The ports of `emp_payload`: `ttc2`, those of the current framework (`clk40`, `ttc2`, `slink_q`, `tts_busy`,
    `backpressure`, `ext_lvds_in`, `ext_lvds_out`, no `bc0`); `slink`, those before it that connect an SLink (`clk40`,
    `bc0`, `slink_q`, `backpressure`); `basic`, those of the guide from version 0.7 on."""
    transceivers: str | None = Field(None, pattern="^[a-z][a-z0-9_]*$", max_length=32)
    """Kind of the links in `emp_project_decl`; where not given `csp25` with `ttc2` and `gty25` else."""
    clock_ratio: int = Field(9, ge=5, le=10)
    """Clocks of the payload in a bunch crossing: 9 is 360 MHz. Four times as many is the frequency of the clock
    manager, which must lie between 800 and 1600 MHz (AMD DS890, UltraScale+)."""

    @property
    def kind(self) -> str:
        """Kind of the links."""
        return self.transceivers or ("csp25" if self.framework == "ttc2" else "gty25")

    @property
    def clk_p(self) -> float:
        """Period of the payload's clock (ns)."""
        return 1000 / (LHC_CLOCK * self.clock_ratio)
