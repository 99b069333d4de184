"""The targets of a bundle, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hls_projects.export import hls_sources, proof_files, readme, rtl_sources
from hls_projects.export.design import Design
from hls_projects.export.formats import patterns, vector_files
from hls_projects.export.targets import cmssw, cmssw_check, emp, emp_check

Target = Callable[[Design, Path], None]

TARGETS: tuple[Target, ...] = (
    hls_sources.write,
    rtl_sources.write,
    vector_files.write,
    patterns.write,
    proof_files.write,
    cmssw.write,
    emp.write,
    readme.write,
)
"""Each adds its files below the folder of the bundle."""

CHECKS: tuple[Target, ...] = (cmssw_check.prove_emulator, emp_check.prove_payload)
"""Each proves what was written, leaves its proof in `proof/` or raises."""
