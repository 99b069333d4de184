"""The layouts this project knows, and how each is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data_prep.readers import Options, Reader
from data_prep.readers.layouts import (
    delphes,
    higgs_to_bb,
    jetclass,
    l1_jets,
    l1_puppi,
    lhc_jets,
    nano,
    pfnano_v1,
    pfnano_v2,
    top_tagging,
)

LayoutName = Literal[
    "auto",
    "jetclass",
    "pfnano_v1",
    "pfnano_v2",
    "higgs_to_bb",
    "delphes",
    "l1_puppi",
    "l1_jets",
    "lhc_jets",
    "top_tagging",
]
"""What `layout:` may name in images.yaml, besides a layout of one's own."""


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        name: as in images.yaml.
        title: in words.
        container: `root` or `hdf5`.
        tree: where jets or events usually are; of two trees that fit, this one is meant where the layout is named.
        signature: what makes a tree one of this layout: branches (`a|b`: one of them), or for HDF5 data sets and, where
            a row is a record, its columns.
        entry: what an entry of the tree is.
        reader: makes the reader, given the options and the tree.
        labels: usual classes with their labels, for a first look at a file; not all need be there.
        particles: whether it has charge and kind of the constituents.
        puppi: whether it may have PUPPI weights of the constituents.
        collections: whether it has several collections of jets, of which `jets:` names one.
        columns: gives what labels can use in a file, where its trees do not tell.
    """

    name: str
    title: str
    container: Literal["root", "hdf5"]
    tree: str
    signature: tuple[str, ...]
    entry: Literal["jet", "event"]
    reader: Callable[[Options, str], Reader]
    labels: tuple[tuple[str, str], ...] = ()
    particles: bool = True
    puppi: bool = False
    collections: bool = False
    columns: Callable[[Path], frozenset[str]] | None = None

    def missing(self, names: frozenset[str]) -> list[str]:
        """The parts of the signature that a tree with branches of these names lacks."""
        return [part for part in self.signature if not names.intersection(part.split("|"))]


_JETCLASS_LABELS = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")
_NANO_LABELS = (
    ("bb", "FatJet_nBHadrons >= 2"),
    ("cc", "FatJet_nBHadrons == 0 and FatJet_nCHadrons >= 2"),
    ("other", "FatJet_nBHadrons <= 1 and FatJet_nCHadrons <= 1"),
)

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="jetclass",
        title="JetClass",
        container="root",
        tree=jetclass.TREE,
        signature=jetclass.SIGNATURE,
        entry="jet",
        reader=jetclass.JetClassReader,
        labels=tuple((name, f"label_{name}") for name in _JETCLASS_LABELS),
    ),
    Layout(
        name="pfnano_v2",
        title="PFNano v2",
        container="root",
        tree=nano.TREE,
        signature=pfnano_v2.SIGNATURE,
        entry="event",
        reader=pfnano_v2.PFNanoV2Reader,
        labels=_NANO_LABELS,
        puppi=True,
        collections=True,
    ),
    Layout(
        name="pfnano_v1",
        title="PFNano v1",
        container="root",
        tree=nano.TREE,
        signature=pfnano_v1.SIGNATURE,
        entry="event",
        reader=pfnano_v1.PFNanoV1Reader,
        labels=_NANO_LABELS,
        puppi=True,
        collections=True,
    ),
    Layout(
        name="higgs_to_bb",
        title="CMS Open Data HiggsToBB",
        container="root",
        tree=higgs_to_bb.TREE,
        signature=higgs_to_bb.SIGNATURE,
        entry="jet",
        reader=higgs_to_bb.HiggsToBBReader,
        labels=tuple((name, f"fj_is{name}") for name in ("H", "Top", "W", "Z", "QCD")),
        puppi=True,
    ),
    Layout(
        name="delphes",
        title="Delphes",
        container="root",
        tree=delphes.TREE,
        signature=delphes.SIGNATURE,
        entry="event",
        reader=delphes.DelphesReader,
        labels=(
            ("b", "Jet.Flavor == 5"),
            ("c", "Jet.Flavor == 4"),
            ("light", "Jet.Flavor <= 3"),
            ("g", "Jet.Flavor == 21"),
        ),
        collections=True,
    ),
    Layout(
        name="l1_puppi",
        title="L1 PUPPI candidates",
        container="root",
        tree=l1_puppi.TREE,
        signature=l1_puppi.SIGNATURE,
        entry="event",
        reader=l1_puppi.L1PuppiReader,
        puppi=True,
    ),
    Layout(
        name="l1_jets",
        title="L1 jets",
        container="root",
        tree=l1_jets.TREE,
        signature=l1_jets.SIGNATURE,
        entry="jet",
        reader=l1_jets.L1JetsReader,
        labels=(
            ("b", "jet_genmatch_hflav == 5"),
            ("c", "jet_genmatch_hflav == 4"),
            ("other", "jet_genmatch_hflav == 0"),
        ),
        puppi=True,
    ),
    Layout(
        name="lhc_jets",
        title="LHC jet set",
        container="hdf5",
        tree="",
        signature=lhc_jets.SIGNATURE,
        entry="jet",
        reader=lambda options, _: lhc_jets.LhcJetsReader(options),
        labels=tuple((name, f"j_{name}") for name in "qgwzt"),
        particles=False,
        columns=lhc_jets.label_columns,
    ),
    Layout(
        name="top_tagging",
        title="top-tagging reference set",
        container="hdf5",
        tree=top_tagging.TABLE,
        signature=top_tagging.SIGNATURE,
        entry="jet",
        reader=top_tagging.TopTaggingReader,
        labels=(("qcd", "is_signal_new == 0"), ("t", "is_signal_new == 1")),
        particles=False,
        columns=lambda _: frozenset(top_tagging.LABELS),
    ),
)
"""All layouts."""
BY_NAME = {layout.name: layout for layout in LAYOUTS}
"""They, by name."""
