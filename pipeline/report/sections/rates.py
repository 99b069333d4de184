"""The trigger's own measure: rate in kHz against signal efficiency, and efficiency against the offline jet pT."""

from __future__ import annotations

from typing import Any

from models.bootstrap import Measured
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "67_rates"
LABELS = {
    "rates": "Trigger rate against signal efficiency of cuts on pT, pT and soft-drop mass, and pT and the tagger",
    "turn_on": "Efficiency of the three triggers at fixed rates against the offline jet pT",
}
_USED = 0.7
"""A trigger that uses a smaller share of its rate is pointed out."""
TITLES = {"pt": "pT", "pt_mass": "pT and soft-drop mass", "tagger": "pT and tagger"}


def values(run: RunFolder) -> dict[str, Any]:
    """The figures, the table, and what the sample is."""
    found = run.json(ARTEFACT, "rates.json")
    with reading(f"{ARTEFACT}/rates.json"):
        configuration = run.manifests[ARTEFACT].configuration
        what = configuration["rates"]
        signals = [each["name"] for each in configuration["images"]["classes"] if each["name"] in found["results"]]
        rows = [
            {"signal": signal, "trigger": TITLES[trigger], "points": [_point(each, found["step"]) for each in cells]}
            for signal, results in ((name, found["results"][name]) for name in signals)
            for trigger, cells in ((name, results[name]["points"]) for name in TITLES if name in results)
        ]
        sample = {
            "total": float(found["total"]),
            "events": int(found["events"]),
            "chosen_on": int(found["chosen_on"]),
            "total_error": float(found["total"]) / max(float(found["effective"]), 1.0) ** 0.5,
            "signal_jets": {name: int(found["signal_jets"][name][0]) for name in signals},
            "crossings": float(found["crossings"]) / 1e6,
            "pileup": float(found["pileup"]),
        }
        luminosity = f"{what['collider']['luminosity']:.1e}".split("e+")
        settings = {
            name: what[name]
            for name in ("rates", "online_pt_min", "offline_pt_min", "against", "effective_min", "choosing")
        }
    figures = {}
    for name, label in LABELS.items():
        with reading(f"{ARTEFACT}/plots/{name}.svg"):
            text = (run.require(ARTEFACT) / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        figures[name] = svg.inline(text, f"trigger_{name}", label)
    return {"figures": figures, "rows": rows, "luminosity": luminosity, **sample, **settings}


def _point(found: dict[str, Any] | None, step: float) -> dict[str, Any] | None:
    """One operating point; None where too few background events pass."""
    if found is None:
        return None
    efficiency = found["efficiency"]
    return {
        "value": float(efficiency["value"]),
        "low": float(efficiency["low"]),
        "high": float(efficiency["high"]),
        "gain": None if found["gain"] is None else Measured(**found["gain"]),
        "threshold": float(found["threshold"]),
        "score": None if found["cut"] is None else int(found["cut"]) * float(step),
        "rate": float(found["rate"]),
        "unused": float(found["rate"]) < _USED * float(found["allowed"]),
    }


SECTION = Section("rates", "Trigger rate", "Trigger rate", values, optional=ARTEFACT)
