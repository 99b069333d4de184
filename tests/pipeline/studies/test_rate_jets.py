"""What firmware takes for the pT of a jet, and how images of the weighted sample are made."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import ConfigurationError, InputFileError
from data_prep.fixed_point import FixedType
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.images.jets import ImagesSettings
from data_prep.jets.candidates import Candidates
from data_prep.readers.detect import reader_of
from hls_projects.network.port import Port
from models.rates.settings import RatesSettings
from pipeline.studies.rate_jets import BACKGROUND, images_for_rates, online_pt, read_sample

CONFIGS = Path(__file__).parents[3] / "configs"


def pictures(run: str, **change: Any) -> ImagesSettings:
    return ImagesSettings.model_validate(yaml.safe_load((CONFIGS / run / "images.yaml").read_text()) | change)


def batch(shape: tuple[int, int, int], candidates: Candidates | None = None) -> ImageBatch:
    """Two jets of three and one lit pixels."""
    return ImageBatch(
        shape=shape,
        offsets=np.array([0, 3, 4]),
        pixel=np.array([0, 1, 2, 2], np.uint16),
        value=np.array([10.4, 0.5, 2000.0, 7.5], np.float32),
        label=np.zeros(2, np.uint8),
        weight=np.ones(2, np.float32),
        event=np.arange(2).astype(np.uint64),
        features={name: np.zeros(2, np.float32) for name in FEATURES},
        candidates=candidates,
    )


def test_pixels_are_rounded_and_saturate_before_they_are_summed() -> None:
    """As `ap_ufixed<10,10,AP_RND_CONV,AP_SAT>` holds them: 10, 0 and 1023; 7.5 is a tie, to the even 8."""
    port = Port(name="pixels", shape=(2, 2, 1), type=FixedType(10, 10, False, "RND_CONV", "SAT"))
    assert online_pt(batch((2, 2, 1)), port, pictures("demo")).tolist() == [1033, 8]


def test_of_several_channels_only_that_of_the_pt_counts() -> None:
    port = Port(name="pixels", shape=(2, 2, 2), type=FixedType(12, 12, False, "RND_CONV", "SAT"))
    two = pictures("demo", channels=["multiplicity", "pt"])
    assert online_pt(batch((2, 2, 2)), port, two).tolist() == [0, 0]  # 0.5 is a tie, to the even 0
    assert online_pt(batch((2, 2, 2)), port, pictures("demo", channels=["pt", "multiplicity"])).tolist() == [2010, 8]


def test_of_candidates_all_count_wherever_they_lie() -> None:
    numbers = np.array([[400, 8, 1], [0, 0, 0]], np.int32)
    seeds = np.zeros(2, np.int32)
    candidates = Candidates(numbers, np.full((2, 3), 9999, np.int32), numbers, seeds, seeds)
    port = Port(name="pixels", shape=(2, 2, 1), type=FixedType(12, 10, False, "RND_CONV", "SAT"))
    assert online_pt(batch((2, 2, 1), candidates), port, pictures("trigger")).tolist() == [409 / 4, 0]


def test_the_selection_in_pt_is_left_out_and_everything_else_stays() -> None:
    rates = RatesSettings.model_validate(yaml.safe_load((CONFIGS / "demo" / "rates.yaml").read_text()))
    run_settings = pictures("demo")
    rate_settings = images_for_rates(run_settings, rates)
    assert (run_settings.selection.pt_min, run_settings.selection.pt_max) == (500, 1000)
    assert (rate_settings.selection.pt_min, rate_settings.selection.pt_max) == (0, None)
    assert rate_settings.selection.abs_eta_max == run_settings.selection.abs_eta_max == 2
    assert (rate_settings.steps, rate_settings.grid, rate_settings.channels) == (
        run_settings.steps,
        run_settings.grid,
        run_settings.channels,
    )
    assert [class_settings.name for class_settings in rate_settings.classes] == [BACKGROUND, "w", "z", "t"]
    assert rate_settings.weight == "aux_weight"
    assert rate_settings.options.columns == ("label_QCD", "label_Wqq", "label_Zqq", "label_Tbqq", "aux_weight")


def test_a_norm_by_a_shift_keeps_the_candidates_pt_and_any_other_does_not() -> None:
    rates = RatesSettings.model_validate(yaml.safe_load((CONFIGS / "trigger" / "rates.yaml").read_text()))
    steps = [{"step": "centre"}, {"step": "normalise", "norm": "power_of_two"}]
    images_for_rates(pictures("trigger", steps=steps), rates)
    with pytest.raises(ConfigurationError, match="normalised, so firmware has no pT"):
        images_for_rates(pictures("demo", steps=steps), rates)


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1.0])
def test_a_weight_that_is_no_cross_section_is_refused(weight: float, tmp_path: Path) -> None:
    rates = RatesSettings.model_validate(yaml.safe_load((CONFIGS / "demo" / "rates.yaml").read_text()))
    run_settings, file = pictures("demo"), tmp_path / "t.root"
    weights = np.ones(20, np.float32)
    weights[7] = weight
    write_mock_file(file, mock_jets("w", 20, seed=1) | {"aux_weight": weights})
    reader, files, _ = reader_of([file], images_for_rates(run_settings, rates).options)
    port = Port(name="pixels", shape=(16, 16, 1), type=FixedType(12, 12, False, "RND_CONV", "SAT"))
    meaning = SimpleNamespace(
        classes=tuple(class_settings.name for class_settings in run_settings.classes), without_scores=None
    )
    network = SimpleNamespace(meaning=meaning, graph=SimpleNamespace(inputs=(port,), outputs=(port,)))
    emulator: Any = SimpleNamespace(network=network)
    with pytest.raises(InputFileError, match="the weight 'aux_weight' of a jet is negative, infinite or no number"):
        read_sample(reader, files, run_settings, rates, emulator, lambda _: None)


@pytest.mark.parametrize("run", [path.parent.name for path in CONFIGS.glob("*/rates.yaml")])
def test_the_shipped_configurations_fit_their_runs(run: str) -> None:
    rates = RatesSettings.model_validate(yaml.safe_load((CONFIGS / run / "rates.yaml").read_text()))
    run_settings = pictures(run)
    images_for_rates(run_settings, rates)
    assert set(rates.against) | set(rates.signals) == {class_settings.name for class_settings in run_settings.classes}
