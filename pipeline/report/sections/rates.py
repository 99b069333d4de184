"""The trigger's own measure: rate in kHz against signal efficiency, and efficiency against the offline jet pT."""

from __future__ import annotations

from typing import Any

from models.metrics.bootstrap import ValueWithError
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "67_rates"
TITLES = {"pt": "pT", "pt_mass": "pT and soft-drop mass", "tagger": "pT and tagger"}
_RESPONSES = ("ideal", "gaussian")
"""In the order in which they are shown."""
_USED = 0.7
"""A trigger that uses a smaller share of its rate is pointed out."""


def values(run: RunFolder) -> dict[str, Any]:
    """The figures, the tables, and what the sample is."""
    found = run.json(ARTEFACT, "rates.json")
    with reading(f"{ARTEFACT}/rates.json"):
        configuration = run.manifests[ARTEFACT].configuration
        what = configuration["rates"]
        names = [each["name"] for each in configuration["images"]["classes"] if each["name"] in found["signal_jets"]]
        sample = {
            "events": int(found["events"]),
            "chosen_on": int(found["chosen_on"]),
            "signal_jets": {name: _number(found["signal_jets"][name]) for name in names},
            "generated": {
                name: {
                    "resonances": _number(found["generated"][name]["resonances"]),
                    "events": _number(found["generated"][name]["events"]),
                    "contained": float(found["generated"][name]["contained"]),
                }
                for name in names
                if name in found["generated"]
            },
            "crossings": float(found["crossings"]) / 1e6,
            "pileup": float(found["pileup"]),
        }
        luminosity = f"{what['collider']['luminosity']:.1e}".split("e+")
        settings = {name: what[name] for name in _SETTINGS} | {"resolution": what["online"]["resolution"]}
        shown = [name for name in _RESPONSES if name in found["responses"]]
        responses = [_response(name, found["responses"][name], names, float(found["step"])) for name in shown]
    figures = {"offline": _figure(run, "offline", "Rate of a cut on pT against its offline threshold")}
    for each in responses:
        name = each["name"]
        label = f"Trigger rate against signal efficiency of three triggers, {name} online pT"
        each["rates"] = _figure(run, f"rates_{name}", label)
        label = f"Efficiency of three triggers at fixed rates against the offline jet pT, {name} online pT"
        each["turn_on"] = _figure(run, f"turn_on_{name}", label)
    return {"figures": figures, "responses": responses, "luminosity": luminosity, **sample, **settings}


_SETTINGS = ("rates", "online_pt_min", "offline_pt_min", "against", "effective_min", "choosing", "radius")


def _response(name: str, found: dict[str, Any], signals: list[str], step: float) -> dict[str, Any]:
    """All triggers with one response of the online pT."""
    rows: list[dict[str, Any]] = [
        {"signal": signal, "trigger": TITLES[trigger], "points": [_point(each, step) for each in cells]}
        for signal, results in ((signal, found["results"][signal]) for signal in signals)
        for trigger, cells in ((trigger, results[trigger]["points"]) for trigger in TITLES if trigger in results)
    ]
    effective = float(found["effective"])
    return {
        "name": name,
        "smallest": float(found["smallest"]),
        "total": float(found["total"]),
        "total_error": float(found["total"]) / max(effective, 1.0) ** 0.5,
        "effective": effective,
        "rows": rows,
        "whole": [row for row in rows if any(point and point["per_event"] for point in row["points"])],
    }


def _figure(run: RunFolder, name: str, label: str) -> Any:
    with reading(f"{ARTEFACT}/plots/{name}.svg"):
        text = (run.require(ARTEFACT) / "plots" / f"{name}.svg").read_text(encoding="utf-8")
    return svg.inline(text, f"trigger_{name}", label)


def _number(found: list[float]) -> tuple[int, float]:
    """How many there are, and their effective number."""
    return int(found[0]), float(found[1])


def _interval(found: dict[str, float] | None) -> dict[str, float] | None:
    return None if found is None else {name: float(found[name]) for name in ("value", "low", "high")}


def _point(found: dict[str, Any] | None, step: float) -> dict[str, Any] | None:
    """One operating point; None where too few background events pass."""
    if found is None:
        return None
    return {
        **(_interval(found["efficiency"]) or {}),
        "per_resonance": _interval(found["per_resonance"]),
        "per_event": _interval(found["per_event"]),
        "effective": float(found["effective"]),
        "gain": None if found["gain"] is None else ValueWithError(**found["gain"]),
        "threshold": float(found["threshold"]),
        "score": None if found["cut"] is None else int(found["cut"]) * float(step),
        "rate": float(found["rate"]),
        "unused": float(found["rate"]) < _USED * float(found["allowed"]),
    }


SECTION = Section(130, "Trigger rate", "Trigger rate", values, optional=ARTEFACT)
