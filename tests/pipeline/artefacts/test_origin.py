"""What a bundle's card says of the network's quality, for every task."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.artefacts.origin import quality_measures
from pipeline.report.results import titles_of

TAGGER = {"macro_auc": 0.9, "accuracy": 0.7, "auc": {}, "jets": 10}
CASES: dict[str, tuple[dict[str, Any], list[tuple[str, str, float | None]]]] = {
    "classification": (
        {
            "trees": TAGGER,
            "model": TAGGER | {"macro_auc": 0.88},
            "classes": ["q", "t"],
            "beats_trees": {"trees": {"value": -0.02, "error": 0.01}},
        },
        [
            ("quantized, separable convolution", "macro-AUC", 0.88),
            ("quantized, separable convolution", "accuracy", 0.7),
            ("quantized, HLS emulation", "macro-AUC", 0.87),
            ("quantized, HLS emulation", "accuracy", 0.6),
            ("boosted trees on observables", "macro-AUC", 0.9),
            ("boosted trees on observables", "accuracy", 0.7),
        ],
    ),
    "regression": (
        {
            "task": "regression",
            "targets": ["mass"],
            "closure": {"model": {"mass": {"whole": {"median": 1.01, "resolution": 0.1}, "edges": [], "bins": []}}},
        },
        [
            ("quantized, HLS emulation", "macro-AUC", 0.87),
            ("quantized, HLS emulation", "accuracy", 0.6),
            ("quantized, separable convolution", "mass, median response", 1.01),
            ("quantized, separable convolution", "mass, resolution", 0.1),
        ],
    ),
    "panoptic": (
        {
            "task": "panoptic",
            "segmentation": {"model": {"mean_iou": 0.5, "accuracy": None}},
            "detection": {"anti-kT": {"efficiency": 0.9, "fakes": 0.1, "pt_response": 1.0, "pt_resolution": 0.2}},
            "panoptic": {"model": {"mean": 0.4, "things": 0.3, "classes": {}}},
        },
        [
            ("quantized U-Net", "mean IoU", 0.5),
            ("quantized U-Net", "tower accuracy", None),
            ("anti-kT", "efficiency", 0.9),
            ("anti-kT", "fakes", 0.1),
            ("anti-kT", "pT response", 1.0),
            ("anti-kT", "pT resolution", 0.2),
            ("quantized U-Net", "PQ, all", 0.4),
            ("quantized U-Net", "PQ, jets", 0.3),
        ],
    ),
}


@pytest.mark.parametrize("task", CASES)
def test_quality(task: str) -> None:
    metrics, expected = CASES[task]
    deployed = None if task == "panoptic" else {"macro_auc": 0.87, "accuracy": 0.6}
    qualities = [
        (quality.network, quality.measure, quality.value)
        for quality in quality_measures(metrics, deployed, titles_of({"task": task}))
    ]
    assert qualities == expected
