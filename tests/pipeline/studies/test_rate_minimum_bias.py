"""A few minimum-bias collisions stand for millions of kHz: a sample with too few of them is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import ConfigurationError
from data_prep.generate.rate_settings import RateSettings
from models.rates.settings import RatesSettings
from pipeline.artefacts.artefact import artefact
from pipeline.studies.rate_minimum_bias import require_enough

RATES = RatesSettings.model_validate({"against": ["q"], "signals": {"w": {"mass": [60, 100]}}, "rates": [0.2, 5]})


def sample(folder: Path, minimum_bias: int) -> Path:
    """An artefact of `generate` as far as its manifest goes."""
    settings = RateSettings.model_validate(
        {"kind": "rates", "processes": {"qcd": {"events": 5}}, "minimum_bias": minimum_bias, "shard_size": 100_000}
    )
    with artefact(folder / "10_root", "generate", settings={"generate": settings}) as space:
        (space.path / "qcd_00000.root").write_bytes(b"jets")
    return folder / "10_root" / "qcd_00000.root"


def test_three_hundred_collisions_stand_for_all_of_them(tmp_path: Path) -> None:
    """80 mb at 7.5e34: 6 GHz of collisions, 20 MHz each of 300, or 15 MHz in crossings that fire once."""
    with pytest.raises(
        ConfigurationError, match=r"each of the 300 .* stands for 1\.4\de\+04 kHz, more than .* 0\.2 kHz"
    ):
        require_enough([sample(tmp_path, 300)], RATES)


def test_the_number_that_is_named_is_enough_and_one_less_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        require_enough([sample(tmp_path, 1_000_000)], RATES)
    required = int(str(error.value.remedy).rpartition(" ")[2].replace(",", ""))
    assert required == pytest.approx(80e9 * 7.5e-2 / 200, rel=1e-3)  # 6 · 10⁹ collisions a second at 200 Hz each
    require_enough([sample(tmp_path, required)], RATES)
    with pytest.raises(ConfigurationError):
        require_enough([sample(tmp_path, required - 1000)], RATES)


def test_none_is_as_good_and_of_other_files_nothing_is_asked(tmp_path: Path) -> None:
    require_enough([sample(tmp_path, 0)], RATES)
    (tmp_path / "mine.root").write_bytes(b"jets")
    require_enough([tmp_path / "mine.root"], RATES)
