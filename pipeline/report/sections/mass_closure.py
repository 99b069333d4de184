"""The effect of steps and pixels on the jet mass: shift and spread by class, and by |η| and ΔR."""

from __future__ import annotations

from typing import Any

from data_prep.closure.variants import NORMS
from pipeline.report import svg
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "25_mass_closure"
CORRELATIONS = ("with_mass", "with_mass_over_pt")
LABELS = {
    "variants": "Mean and RMS of the mass difference of every variant of the preprocessing, by class",
    "configured": "Mean and RMS of the mass difference of the images of this run, against |η| and ΔR, by class",
    "formulas": "Mass by a wrong formula over the mass, against |η|",
}


def values(run: RunFolder) -> dict[str, Any]:
    """The figures and the tables."""
    content = run.json(ARTEFACT, "mass_closure.json")
    with reading(f"{ARTEFACT}/mass_closure.json"):
        order = [
            str(class_settings["name"]) for class_settings in run.manifests[ARTEFACT].configuration["images"]["classes"]
        ]
        classes = [name for name in order if content["jets"][name]]
        if not classes:
            raise NotMadeError(f"{ARTEFACT}/mass_closure.json contains no jets", remedy="make it again")
        rows = [_row(variant, classes) for variant in content["variants"]]
        norms = {
            norm: [tuple(_number(content["norms"][norm][name][key]) for key in CORRELATIONS) for name in classes]
            for norm in NORMS
        }
        ratio = float(content["lecture_notes_over_mass"]["all"])
        jets = sum(int(number) for number in content["jets"].values())
    figures = {}
    for name, label in LABELS.items():
        with reading(f"{ARTEFACT}/plots/{name}.svg"):
            text = (run.require(ARTEFACT) / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        figures[name] = svg.inline(text, f"mass_{name}", label)
    return {
        "figures": figures,
        "classes": classes,
        "jets": jets,
        "rows": [row for row in rows if not row["exact"]],
        "exact": [row["name"] for row in rows if row["exact"]],
        "worst": max((row["largest"] for row in rows if row["exact"]), default=0.0),
        "norms": norms,
        "ratio": ratio,
    }


def _row(variant: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    """One variant of the preprocessing: mean, its error and RMS by class, None where no jet has an image."""
    shifts = [variant["by_class"][name] for name in classes]
    cells = [None if shift["mean"] is None else (shift["mean"], shift["mean_error"], shift["rms"]) for shift in shifts]
    largest = max(float(shift["largest_relative"]) for shift in shifts)
    lost = sum(int(shift["without_image"]) for shift in shifts)
    exact = bool(variant["exact"])
    return {"name": str(variant["name"]), "exact": exact, "cells": cells, "largest": largest, "without_image": lost}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


SECTION = Section(40, "Mass", "The jet mass, step by step", values, optional=ARTEFACT)
