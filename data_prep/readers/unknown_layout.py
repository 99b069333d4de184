"""Why a file has no layout: what it is instead, or what it lacks for the nearest one, and what to do."""

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
"""How the branches of the constituents in NanoAODv15 begin (PFNano: `PFCands_`, `FatJetPFCands_`)."""
PANDAS_FIXED = "block0_values"
"""The data set by which pandas' `format="fixed"` is known."""
_NAMES = {"root": "a ROOT file", "hdf5": "an HDF5 file"}
_KINDS = {"root": "ROOT files", "hdf5": "HDF5 files"}
_PFNANO = "make PFNano files of these events (github.com/cms-jet/PFNano)"


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Attributes:
        container: `root` or `hdf5`.
        trees: entries and branch names by path; for HDF5 the data sets of records, and as "" the names of all.
    """

    container: Container
    trees: dict[str, tuple[int, frozenset[str]]]


def lacks(held: Contents, candidates: Sequence[str], name: str) -> tuple[str, str]:
    """Why a file has no layout, and what to do.

    Args:
        held: the file's content.
        candidates: the names of the layouts that it may have.
        name: as in images.yaml: `auto` or a layout's.
    """
    known = ", ".join(each for each, layout in LAYOUTS.items() if layout.container == held.container)
    if name != "auto" and all(LAYOUTS[each].container != held.container for each in candidates):
        return (
            f"is {_NAMES[held.container]}, and the layout {name} is of {_KINDS[LAYOUTS[candidates[0]].container]}",
            f"take `layout: {name}` out of images.yaml, or give files of it",
        )
    if not held.trees or not any(names for _, names in held.trees.values()):
        what = "holds no tree with branches" if held.container == "root" else "holds no data set"
        return what, f"give files that hold jets, of a layout in docs/data_flow.md ({known})"
    if held.container == "root":
        special = _of_root(held, name)
        if special is not None:
            return special
        remedy = f"give files of {known} (docs/data_flow.md), or describe this one under `layout:` in images.yaml"
    else:
        remedy = f"give files of {known} (docs/data_flow.md), or write the jets to a ROOT file"
        names = held.trees.get("", (0, frozenset[str]()))[1]
        if any(each.rsplit("/", 1)[-1] == PANDAS_FIXED for each in names):
            return "was written by pandas with format='fixed'", "write it with `to_hdf(…, key='table', format='table')`"
    trees = ", ".join(f"'{tree}'" for tree in held.trees if tree) or "no data set of records"
    scores = [
        (len(missing) / len(layout.signature), layout.tree != tree, each, tree, missing)
        for each in candidates
        for layout in [LAYOUTS[each]]
        for tree, (_, names) in held.trees.items()
        if layout.container == held.container
        for missing in [layout.missing(names)]
    ]
    share, _, nearest, tree, missing = min(scores, key=lambda score: score[:2])
    if share == 1:
        return f"holds no constituents of jets that this project knows (it has {trees})", remedy
    where = f"'{tree}'" if tree else "the file"
    kind = "has no known layout" if name == "auto" else f"has not the layout {name}"
    near = f"nearest is {nearest}, for which {where} lacks " if name == "auto" else f"{where} lacks "
    return f"{kind} (it has {trees}); {near}" + ", ".join(part.replace("|", " or ") for part in missing), remedy


def _of_root(held: Contents, name: str) -> tuple[str, str] | None:
    """What is known of trees that hold no jets with constituents."""
    if name == "auto":
        plain = next((tree for tree, (_, names) in held.trees.items() if names >= NANO), None)
        names = held.trees[plain][1] if plain is not None else frozenset[str]()
        new = sorted({start for start in NANO_15 if any(each.startswith(start) for each in names)})
        if new:
            tables = ", ".join(f"{start}*" for start in new)
            return f"is NanoAODv15 with the constituents {tables} in '{plain}', a layout that is not supported", _PFNANO
        if plain is not None:
            return (
                f"is an event tree without constituents: '{plain}' has NanoAOD's jets, but lacks FatJetPFCands_jetIdx "
                "with FatJetPFCands_pt (PFNano v1) or FatJetPFCands_pFCandsIdx and PFCands_pt (PFNano v2)",
                _PFNANO,
            )
    if event_tree.recognises(held.trees):
        return f"holds whole events with truth in '{event_tree.TREE}'", "write `kind: events` in images.yaml"
    for tree, (_, names) in held.trees.items():
        hardware = hardware_names(names)
        if hardware and name == "auto":
            return (
                f"has values in the units of the trigger's hardware in '{tree}' ({', '.join(hardware)}), and none in "
                "GeV and rad that this project knows",
                f"write pt (a step is {PT_STEP} GeV), eta and phi (a step is π/720) beside them; where the file has "
                f"jets, `layout:` in images.yaml can do it (`pt: {PT_STEP} * …`, `eta: 3.14159265 / 720 * …`)",
            )
    return None
