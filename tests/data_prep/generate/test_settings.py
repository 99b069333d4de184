"""The configuration of the simulation refuses what cannot be simulated, and the shipped files are valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from data_prep.generate.settings import GenerateSettings

CONFIGS = Path(__file__).parents[3] / "configs"
MINIMAL: dict[str, Any] = {"classes": ["q", "w"], "jets_per_class": 10}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"classes": []}, "at least 1 item"),
        ({"classes": ["q", "q"]}, "a class is given twice"),
        ({"classes": ["b"]}, "Input should be"),
        ({"jets_per_class": 0}, "greater than or equal to 1"),
        ({"jets_per_class": 10**8, "shard_size": 1}, "must not exceed 100000 files"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"collision_energy": float("nan")}, "finite number"),
        ({"pt_hat": [600, 500]}, "lower edge of pt_hat"),
        ({"pt_hat": [600, 700], "collision_energy": 1100}, "below half the collision energy"),
        ({"jets": {"pt": [600, 500]}}, "lower edge of pt"),
        ({"jets": {"eta_max": 2.5, "radius": 0.8}}, "must not leave the calorimeter"),
        ({"soft_drop": {"z_cut": 0.5}}, "less than 0.5"),
        ({"detector": {"tracking": 1.5}}, "less than or equal to 1"),
        ({"mpi": True}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        GenerateSettings.model_validate(MINIMAL | change)


@pytest.mark.parametrize("run", ["demo", "jetclass5"])
def test_shipped_five_class_runs(run: str) -> None:
    settings = GenerateSettings.model_validate(yaml.safe_load((CONFIGS / run / "generate.yaml").read_text()))
    assert settings.classes == ("q", "g", "w", "z", "t")
    assert settings.collision_energy == 13_000
    assert settings.multiparton_interactions
    assert settings.jets.pt == (500, 1000)
    assert settings.dijets == "mixed"
    assert settings.jets_per_class >= {"demo": 4_000, "jetclass5": 100_000}[run]


def test_top_tagging_follows_the_published_specification() -> None:
    """Kasieczka et al., arXiv:1902.09914, section 2."""
    settings = GenerateSettings.model_validate(yaml.safe_load((CONFIGS / "top_tagging" / "generate.yaml").read_text()))
    assert set(settings.classes) == {"t", "qcd"}
    assert settings.collision_energy == 14_000
    assert not settings.multiparton_interactions
    assert settings.pt_hat_power == 0
    assert settings.jets.radius == 0.8
    assert settings.jets.pt == (550, 650)
    assert settings.jets.eta_max == 2
    assert settings.jets.constituents_max == 200
