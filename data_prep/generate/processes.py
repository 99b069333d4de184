"""The hard processes, one for each jet class.

Each lists its Pythia settings (Pythia 8.3 manual, arXiv:2203.11601) and the outgoing partons or hadronic resonances
that a jet of the class is matched to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

LIGHT_QUARKS = (1, 2, 3)
QUARKS = (1, 2, 3, 4, 5)
GLUON = 21


@dataclass(frozen=True)
class Process:
    """One jet class.

    Attributes:
        code: the number of the class in event identifiers; the same in every run.
        label: the JetClass label branch that is 1.
        pythia: Pythia settings of the process and its decays.
        partons: |PDG id| of the outgoing hard partons of which a jet must come from one (empty: resonances).
        resonances: |PDG id| of the resonances whose decay quarks the jet must contain; the first names the class.
        contained: whether a jet must contain the matched parton or decay quarks (within R); if not, the nearest jet is
            matched.
    """

    code: int
    label: str
    pythia: tuple[str, ...]
    partons: tuple[int, ...] = ()
    resonances: tuple[int, ...] = ()
    contained: bool = True


_ON_SHELL_W = ("24:mMin = 60", "24:mMax = 100")
_ON_SHELL_Z = ("23:mMin = 66", "23:mMax = 116")
"""GeV, about ten widths on both sides. Pairs of bosons at high pT-hat are otherwise made far off their mass shell: one
W in eight above 100 GeV, where a Breit-Wigner peak has one in sixty. Z: as measured by ATLAS (arXiv:1612.03016)."""

_HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
_HADRONIC_Z = ("23:onMode = off", "23:onIfAny = 1 2 3 4 5", "WeakZ0:gmZmode = 2")

LIGHT_QUARK = Process(
    code=1,
    label="label_QCD",
    pythia=(
        "HardQCD:qq2qq = on",
        "HardQCD:qg2qg = on",
        "HardQCD:gg2qqbar = on",
        "HardQCD:qqbar2qqbarNew = on",
        "HardQCD:nQuarkNew = 3",
    ),
    partons=LIGHT_QUARKS,
)
GLUON_JET = Process(
    code=2,
    label="label_QCD",
    pythia=("HardQCD:gg2gg = on", "HardQCD:qg2qg = on", "HardQCD:qqbar2gg = on"),
    partons=(GLUON,),
)
PURE_LIGHT_QUARK = replace(
    LIGHT_QUARK, pythia=tuple(setting for setting in LIGHT_QUARK.pythia if "qg2qg" not in setting)
)
PURE_GLUON_JET = replace(GLUON_JET, pythia=tuple(setting for setting in GLUON_JET.pythia if "qg2qg" not in setting))
"""Without quark-gluon scattering, which is half of all QCD: both jets of every event are of the class."""
QCD = Process(
    code=3,
    label="label_QCD",
    pythia=("HardQCD:all = on",),
    partons=(*QUARKS, GLUON),
    contained=False,
)
W_BOSON = Process(
    code=4,
    label="label_Wqq",
    pythia=("WeakDoubleBoson:ffbar2WW = on", *_HADRONIC_W, *_ON_SHELL_W),
    resonances=(24,),
)
Z_BOSON = Process(
    code=5,
    label="label_Zqq",
    pythia=("WeakDoubleBoson:ffbar2gmZgmZ = on", *_HADRONIC_Z, *_ON_SHELL_Z),
    resonances=(23,),
)
HIGGS = Process(
    code=6,
    label="label_Hbb",
    pythia=(
        "HiggsSM:ffbar2HZ = on",
        "25:onMode = off",
        "25:onIfAny = 5",
        "23:onMode = off",
        "23:onIfAny = 12 14 16",
    ),
    resonances=(25,),
)
TOP = Process(
    code=7,
    label="label_Tbqq",
    pythia=("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *_HADRONIC_W),
    resonances=(6, 24),
)
MINIMUM_BIAS = Process(
    code=8,
    label="label_QCD",
    pythia=("SoftQCD:inelastic = on",),
    contained=False,
)
"""All inelastic collisions: non-diffractive, single, double and central diffractive. There is no pT-hat to set."""

PROCESSES = {
    "q": LIGHT_QUARK,
    "g": GLUON_JET,
    "qcd": QCD,
    "w": W_BOSON,
    "z": Z_BOSON,
    "h": HIGGS,
    "t": TOP,
}
"""All classes of hard scatterings, by their names in the configuration."""

PURE = {"q": PURE_LIGHT_QUARK, "g": PURE_GLUON_JET}
"""Classes with processes in which both jets are of the class."""


def hard_process(name: str, dijets: Literal["mixed", "pure"]) -> Process:
    """The process of a class.

    Args:
        name: in the configuration.
        dijets: whether quark and gluon jets come from all scatterings with such jets, or from those without others.
    """
    return PURE.get(name, PROCESSES[name]) if dijets == "pure" else PROCESSES[name]
