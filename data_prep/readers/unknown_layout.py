"""Why a file has no known layout: what it is instead, or the branches it lacks for the nearest one, and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_prep.readers import event_tree
from data_prep.readers.file_kinds import Container
from data_prep.readers.layout import LAYOUTS
from data_prep.readers.layouts.l1_units import PT_STEP, hardware_names

NANO = frozenset(("luminosityBlock", "event", "Jet_pt"))
"""Branches that every NanoAOD has."""
NANO_15 = ("PFCand_", "FatJetPFCand_", "JetPFCand_")
"""Prefixes of the branches of constituents in NanoAODv15 (PFNano: `PFCands_`, `FatJetPFCands_`)."""
PANDAS_FIXED = "block0_values"
"""The data set by which pandas' `format="fixed"` is recognised."""
_NAMES = {"root": "a ROOT file", "hdf5": "an HDF5 file"}
_KINDS = {"root": "ROOT files", "hdf5": "HDF5 files"}
_PFNANO = "make PFNano files of these events (github.com/cms-jet/PFNano)"


@dataclass(frozen=True)
class Contents:
    """The trees or data sets of a file.

    Attributes:
        container: `root` or `hdf5`.
        trees: entries and branch names by path; for HDF5 the data sets of records, and as "" the names of all.
    """

    container: Container
    trees: dict[str, tuple[int, frozenset[str]]]


def explain_unknown(content: Contents, candidates: Sequence[str], name: str) -> tuple[str, str]:
    """Why a file has no known layout, and the remedy.

    Args:
        content: the trees of the file.
        candidates: the names of the layouts that it may have.
        name: as in images.yaml: `auto` or a layout's.
    """
    layout_names = ", ".join(
        layout_name for layout_name, layout in LAYOUTS.items() if layout.container == content.container
    )
    if name != "auto" and all(LAYOUTS[layout_name].container != content.container for layout_name in candidates):
        return (
            f"is {_NAMES[content.container]}, and the layout {name} is of {_KINDS[LAYOUTS[candidates[0]].container]}",
            f"take `layout: {name}` out of images.yaml, or give files of it",
        )
    if not content.trees or not any(names for _, names in content.trees.values()):
        reason = "holds no tree with branches" if content.container == "root" else "holds no data set"
        return reason, f"give files that hold jets, of a layout in docs/data_flow.md ({layout_names})"
    if content.container == "root":
        special = _known_root_content(content, name)
        if special is not None:
            return special
        remedy = (
            f"give files of {layout_names} (docs/data_flow.md), or describe this one under `layout:` in images.yaml"
        )
    else:
        remedy = f"give files of {layout_names} (docs/data_flow.md), or write the jets to a ROOT file"
        names = content.trees.get("", (0, frozenset[str]()))[1]
        if any(layout_name.rsplit("/", 1)[-1] == PANDAS_FIXED for layout_name in names):
            return "was written by pandas with format='fixed'", "write it with `to_hdf(…, key='table', format='table')`"
    trees = ", ".join(f"'{tree}'" for tree in content.trees if tree) or "no data set of records"
    scores = [
        (len(missing) / len(layout.signature), layout.tree != tree, layout_name, tree, missing)
        for layout_name in candidates
        for layout in [LAYOUTS[layout_name]]
        for tree, (_, names) in content.trees.items()
        if layout.container == content.container
        for missing in [layout.missing(names)]
    ]
    share, _, nearest, tree, missing = min(scores, key=lambda score: score[:2])
    if share == 1:
        return f"holds no constituents of jets that this project knows (it has {trees})", remedy
    place = f"'{tree}'" if tree else "the file"
    verdict = "has no known layout" if name == "auto" else f"has not the layout {name}"
    near = f"nearest is {nearest}, for which {place} lacks " if name == "auto" else f"{place} lacks "
    return f"{verdict} (it has {trees}); {near}" + ", ".join(part.replace("|", " or ") for part in missing), remedy


def _known_root_content(content: Contents, name: str) -> tuple[str, str] | None:
    """Reason and remedy for known ROOT files that hold no jets with constituents; None for other files."""
    if name == "auto":
        nano_tree = next((tree for tree, (_, names) in content.trees.items() if names >= NANO), None)
        names = content.trees[nano_tree][1] if nano_tree is not None else frozenset[str]()
        tables_15 = sorted({start for start in NANO_15 if any(branch.startswith(start) for branch in names)})
        if tables_15:
            tables = ", ".join(f"{start}*" for start in tables_15)
            return (
                f"is NanoAODv15 with the constituents {tables} in '{nano_tree}', a layout that is not supported",
                _PFNANO,
            )
        if nano_tree is not None:
            return (
                f"is an event tree without constituents: '{nano_tree}' has NanoAOD's jets, but lacks "
                "FatJetPFCands_jetIdx with FatJetPFCands_pt (PFNano v1) or FatJetPFCands_pFCandsIdx and PFCands_pt "
                "(PFNano v2)",
                _PFNANO,
            )
    if event_tree.recognises(content.trees):
        return f"holds whole events with truth in '{event_tree.TREE}'", "write `kind: events` in images.yaml"
    for tree, (_, names) in content.trees.items():
        hardware = hardware_names(names)
        if hardware and name == "auto":
            return (
                f"has values in the units of the trigger's hardware in '{tree}' ({', '.join(hardware)}), and none in "
                "GeV and rad that this project knows",
                f"write pt (a step is {PT_STEP} GeV), eta and phi (a step is π/720) beside them; where the file has "
                f"jets, `layout:` in images.yaml can do it (`pt: {PT_STEP} * …`, `eta: 3.14159265 / 720 * …`)",
            )
    return None
