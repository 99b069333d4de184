"""Trigger rate in kHz against signal efficiency, and efficiency against the offline jet pT."""

from __future__ import annotations

from typing import Any

from models.metrics.bootstrap import ValueWithError
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "67_rates"
TITLES = {"pt": "pT", "pt_mass": "pT and soft-drop mass", "tagger": "pT and tagger"}
_RESPONSES = ("ideal", "gaussian")
"""The responses in the order of display."""
_USED_SHARE = 0.7
"""A trigger that uses a smaller share of its rate is marked."""


def values(run: RunFolder) -> dict[str, Any]:
    """The figures, the tables, and the sample."""
    content = run.json(ARTEFACT, "rates.json")
    with reading(f"{ARTEFACT}/rates.json"):
        configuration = run.manifests[ARTEFACT].configuration
        settings_of_rates = configuration["rates"]
        names = [
            entry["name"] for entry in configuration["images"]["classes"] if entry["name"] in content["signal_jets"]
        ]
        sample = {
            "events": int(content["events"]),
            "chosen_on": int(content["chosen_on"]),
            "signal_jets": {name: _number(content["signal_jets"][name]) for name in names},
            "generated": {
                name: {
                    "resonances": _number(content["generated"][name]["resonances"]),
                    "events": _number(content["generated"][name]["events"]),
                    "contained": float(content["generated"][name]["contained"]),
                }
                for name in names
                if name in content["generated"]
            },
            "crossings": float(content["crossings"]) / 1e6,
            "pileup": float(content["pileup"]),
        }
        luminosity = f"{settings_of_rates['collider']['luminosity']:.1e}".split("e+")
        settings = {name: settings_of_rates[name] for name in _SETTINGS} | {
            "resolution": settings_of_rates["online"]["resolution"]
        }
        names_of_responses = [name for name in _RESPONSES if name in content["responses"]]
        responses = [
            _response(name, content["responses"][name], names, float(content["step"])) for name in names_of_responses
        ]
    figures = {"offline": _figure(run, "offline", "Rate of a cut on pT against its offline threshold")}
    for response in responses:
        name = response["name"]
        label = f"Trigger rate against signal efficiency of three triggers, {name} online pT"
        response["rates"] = _figure(run, f"rates_{name}", label)
        label = f"Efficiency of three triggers at fixed rates against the offline jet pT, {name} online pT"
        response["turn_on"] = _figure(run, f"turn_on_{name}", label)
    return {"figures": figures, "responses": responses, "luminosity": luminosity, **sample, **settings}


_SETTINGS = ("rates", "online_pt_min", "offline_pt_min", "against", "effective_min", "choosing", "radius")


def _response(name: str, content: dict[str, Any], signals: list[str], step: float) -> dict[str, Any]:
    """All triggers with one response of the online pT."""
    rows: list[dict[str, Any]] = [
        {"signal": signal, "trigger": TITLES[trigger], "points": [_point(point, step) for point in cells]}
        for signal, results in ((signal, content["results"][signal]) for signal in signals)
        for trigger, cells in ((trigger, results[trigger]["points"]) for trigger in TITLES if trigger in results)
    ]
    effective = float(content["effective"])
    return {
        "name": name,
        "smallest": float(content["smallest"]),
        "total": float(content["total"]),
        "total_error": float(content["total"]) / max(effective, 1.0) ** 0.5,
        "effective": effective,
        "rows": rows,
        "whole": [row for row in rows if any(point and point["per_event"] for point in row["points"])],
    }


def _figure(run: RunFolder, name: str, label: str) -> Any:
    with reading(f"{ARTEFACT}/plots/{name}.svg"):
        text = (run.require(ARTEFACT) / "plots" / f"{name}.svg").read_text(encoding="utf-8")
    return svg.inline(text, f"trigger_{name}", label)


def _number(pair: list[float]) -> tuple[int, float]:
    """A number and the effective number."""
    return int(pair[0]), float(pair[1])


def _interval(efficiency: dict[str, float] | None) -> dict[str, float] | None:
    return None if efficiency is None else {name: float(efficiency[name]) for name in ("value", "low", "high")}


def _point(point: dict[str, Any] | None, step: float) -> dict[str, Any] | None:
    """One operating point; None where too few background events pass."""
    if point is None:
        return None
    return {
        **(_interval(point["efficiency"]) or {}),
        "per_resonance": _interval(point["per_resonance"]),
        "per_event": _interval(point["per_event"]),
        "effective": float(point["effective"]),
        "gain": None if point["gain"] is None else ValueWithError(**point["gain"]),
        "threshold": float(point["threshold"]),
        "score": None if point["cut"] is None else int(point["cut"]) * float(step),
        "rate": float(point["rate"]),
        "unused": float(point["rate"]) < _USED_SHARE * float(point["allowed"]),
    }


SECTION = Section(130, "Trigger rate", "Trigger rate", values, optional=ARTEFACT)
