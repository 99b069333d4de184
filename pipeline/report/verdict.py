"""The verdict on the design: the one place that decides whether it counts as proven."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from data_prep.errors import PipelineError
from hls_projects.export.design import require_proven
from hls_projects.hls.project import HlsProject
from hls_projects.proof.record import Proof
from pipeline.artefacts.lineage import require_made_from
from pipeline.report.run_folder import RunFolder

Status = Literal["proven", "failed", "not run", "not valid"]


@dataclass(frozen=True)
class Verdict:
    """The outcome of the comparison of model and HLS emulation.

    Attributes:
        status: `not valid` is a proof with status `proven` that is not whole, is empty, or is of other files.
        line: one sentence.
        proof: the proof, where there is one.
    """

    status: Status
    line: str
    proof: Proof | None = None

    @property
    def proven(self) -> bool:
        """Whether all integers were compared and equal, for the present files."""
        return self.status == "proven"

    @property
    def compared(self) -> int:
        """Integers compared."""
        return sum(layer.values for layer in self.proof.layers) if self.proof else 0


@cache
def judge(run: RunFolder) -> Verdict:
    """Read the proof of a run and decide; only a whole, unchanged proof of the present files is `proven`."""
    path = run.path / "60_csim.json"
    if not path.exists():
        return Verdict("not run", "the comparison of model and HLS emulation has not been run (make csim)")
    try:
        proof = Proof.load(path)
    except PipelineError as error:
        return Verdict("not valid", f"the proof cannot be read: {error.problem}")
    if proof.status != "proven":
        return Verdict(proof.status, proof.reason or "no reason is given", proof)
    if run.damaged:
        name, reason = next(iter(run.damaged.items()))
        return Verdict("not valid", f"{name} {reason}", proof)
    try:
        require_made_from(path, [run.path / "50_hls", run.path / "40_lowered"])
        require_proven(proof, HlsProject.load(run.path / "50_hls"), path)
    except (PipelineError, FileNotFoundError) as error:
        reason = error.problem if isinstance(error, PipelineError) else "its inputs do not exist any more"
        return Verdict("not valid", f"the proof does not apply to this design: {reason}", proof)
    return Verdict("proven", proof.reason, proof)
