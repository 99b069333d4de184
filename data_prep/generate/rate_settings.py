"""The configuration of a sample for trigger rates: `generate.yaml` with `kind: rates`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data_prep.generate.seeds import FILES_MAX
from data_prep.generate.settings import CollisionSettings, JetSettings, ScaleSettings, SoftDropSettings

MINIMUM_BIAS_NAME = "minimum_bias"
"""Name of the minimum-bias process in file names."""


class ProcessSettings(ScaleSettings):
    """The events of one process."""

    events: Annotated[int, Field(ge=1, le=100_000_000)]
    """Events to simulate, whether they have a jet or not."""
    pt_hat_power: Annotated[float, Field(ge=0.0, le=10.0)] = 4.0
    """Hard scatterings are drawn more often by pT-hat to this power, and weigh less by the same (0: none does)."""


class RateSettings(CollisionSettings):
    """Events weighted by cross section, with all their jets down to a low pT."""

    kind: Literal["rates"]
    """An entry of the files is a jet, with a weight."""
    processes: Annotated[dict[Literal["qcd", "w", "z", "h", "t"], ProcessSettings], Field(min_length=1)]
    """The hard processes. Light quarks and gluons alone are parts of qcd, and would be counted twice."""
    minimum_bias: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    """Inelastic collisions to simulate; those in the pT-hat range of `qcd` get no weight."""
    jets: JetSettings = JetSettings(pt=(80.0, 5000.0))
    """Which jets are kept."""
    soft_drop: SoftDropSettings = SoftDropSettings()
    """Grooming for the soft-drop mass."""
    shard_size: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Events of one file."""

    @property
    def sizes(self) -> dict[str, int]:
        """Events to be made, by process."""
        soft = {MINIMUM_BIAS_NAME: self.minimum_bias} if self.minimum_bias else {}
        return soft | {name: process.events for name, process in self.processes.items()}

    @property
    def entry(self) -> Literal["jet", "event"]:
        """The unit of `sizes`: events."""
        return "event"

    def scale(self, name: str) -> ProcessSettings | None:
        """The scale of a process; None for minimum bias, which has none."""
        return {str(key): process for key, process in self.processes.items()}.get(name)

    @property
    def hardest_soft(self) -> float | None:
        """The pT-hat (GeV) above which `qcd` covers minimum-bias collisions; None without `qcd`."""
        return self.processes["qcd"].pt_hat[0] if "qcd" in self.processes else None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, size in self.sizes.items():
            if -(-size // self.shard_size) > FILES_MAX:
                raise ValueError(f"events of {name} / shard_size must not exceed {FILES_MAX} files")
        for process in self.processes.values():
            process.require_possible(self.collision_energy)
        return self
