"""A sample that lacks jets of its window is refused, and what is proposed instead has them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from data_prep.errors import ConfigurationError
from data_prep.generate.completeness import completeness, make_pilot_file, measure, pilot_files, require_complete, share
from data_prep.generate.production import Shard, make_jets
from data_prep.generate.settings import GenerateSettings

CONFIGS = Path(__file__).parents[3] / "configs"


def settings(**changes: object) -> GenerateSettings:
    """W jets without underlying event, which are the fastest to make."""
    return GenerateSettings.model_validate(
        {
            "classes": ["w"],
            "jets_per_class": 10,
            "multiparton_interactions": False,
            "pt_hat": [500, 1050],
            "pt_hat_power": 4,
        }
        | changes
    )


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pilot of these settings leaves; it does not depend on `pt_hat`."""
    folder = tmp_path_factory.mktemp("pilot")
    for pilot_file in pilot_files(settings()):
        make_pilot_file(settings(), pilot_file, folder, lambda _: None)
    return folder


def nothing(_: int) -> None:
    """A progress that nobody sees."""


def test_a_range_that_begins_at_the_window_loses_jets_and_the_remedy_does_not(pilot: Path) -> None:
    """A third of the W of 500 to 550 GeV come from below a pT-hat of 500 GeV, where radiation pushed them up."""
    narrow = settings()
    by_class = measure(narrow, pilot, 1, nothing)
    assert by_class["w"].below.value > 0.03
    assert by_class["w"].softest.value > 0.2
    with pytest.raises(
        ConfigurationError, match=r"class w from 500 to 1000 GeV .* from below.*set pt_hat: \["
    ) as error:
        require_complete(by_class, narrow)
    remedy = yaml.safe_load(str(error.value.remedy).partition(", or ")[0].removeprefix("set "))
    wide = settings(**remedy)
    after = measure(wide, pilot, 1, nothing)
    require_complete(after, wide)
    assert after["w"].below.value + after["w"].above.value < 0.01
    assert after["w"].softest.value < 0.02


def test_the_share_is_that_of_a_sample_made_without_limits(pilot: Path) -> None:
    """The production itself, from far below the window to far above it, counted: no weights, no pilot."""
    narrow = settings(seed=9)
    wide = settings(seed=9, pt_hat=[250, 2000])
    jets, _ = make_jets(wide, Shard("w", 0, 400), nothing)
    from_low = measure(narrow, pilot, 1, nothing)["w"]
    pt = np.hypot(jets.px, jets.py)
    inside, _ = make_jets(narrow, Shard("w", 0, 400), nothing)
    # of the softest fifth of the window a complete sample has as much more as the shares say
    soft = pt < 550
    counted = (np.hypot(inside.px, inside.py) < 550).mean(), soft.mean()
    kept = (1 - from_low.softest.value) * counted[1] / (1 - from_low.below.value - from_low.above.value)
    assert counted[0] == pytest.approx(kept, abs=4 * np.sqrt(2 * counted[1] / 400))


def test_shares_of_jets_put_there_by_hand() -> None:
    pt_hat = np.array([300.0, 500.0, 600.0, 1200.0])
    result = completeness(
        np.array([510.0, 520.0, 700.0, 900.0]), pt_hat, np.array([1.0, 3.0, 4.0, 2.0]), np.arange(4), settings()
    )
    assert result.below.value == pytest.approx(0.1)
    assert result.above.value == pytest.approx(0.2)
    assert result.softest.value == pytest.approx(0.25)
    assert result.needed == (300, 1210)
    assert result.surely_missing < 0.3


def test_the_error_of_a_share_is_that_of_the_binomial_and_of_whole_events() -> None:
    """√(p (1 − p) / n) for jets of equal weight; √2 of it where jets come in pairs that go together."""
    chosen = np.arange(1000) % 10 == 0
    single = share(chosen, np.ones(1000), np.arange(1000))
    assert single.value == pytest.approx(0.1)
    assert single.error == pytest.approx(np.sqrt(0.09 / 1000), rel=0.02)
    pairs = share(np.repeat(chosen, 2), np.ones(2000), np.repeat(np.arange(1000), 2))
    assert pairs.error == pytest.approx(single.error, rel=0.02)
    none = share(np.zeros(100, bool), np.ones(100), np.arange(100))
    assert none.value == 0
    assert 0.005 < none.error < 0.02


def test_an_interrupted_pilot_goes_on_with_the_same_numbers(pilot: Path, tmp_path: Path) -> None:
    run = settings()
    first = pilot_files(run)[0]
    make_pilot_file(run, first, tmp_path, nothing)
    assert (tmp_path / first.file).read_bytes() == (pilot / first.file).read_bytes()
    kept = pilot_files(run)[1]
    (tmp_path / kept.file).write_text(json.dumps({"pt": [501.0], "pt_hat": [501.0], "weight": [1.0], "event": [0]}))
    for pilot_file in pilot_files(run)[2:]:
        (tmp_path / pilot_file.file).write_bytes((pilot / pilot_file.file).read_bytes())
    counted: list[int] = []
    by_class = measure(run, tmp_path, 1, counted.append)
    assert sum(counted) == sum(pilot_file.size for pilot_file in pilot_files(run))
    size = len(json.loads((pilot / kept.file).read_text())["pt"])
    assert by_class["w"].jets == measure(run, pilot, 1, nothing)["w"].jets - size + 1


def test_a_window_that_no_collision_reaches_is_refused(tmp_path: Path) -> None:
    impossible = settings(jets={"pt": [3000, 3100]}, collision_energy=3000)
    with pytest.raises(ConfigurationError, match="too hard for collisions of 3000 GeV"):
        make_pilot_file(impossible, pilot_files(impossible)[0], tmp_path, nothing)


@pytest.mark.parametrize("run", ["demo", "jetclass5", "symmetries", "top_tagging", "trigger"])
def test_shipped_ranges_begin_well_below_the_window_and_end_above(run: str) -> None:
    """With the underlying event the pilot takes a minute; its results are in docs/physics.md."""
    shipped = GenerateSettings.model_validate(yaml.safe_load((CONFIGS / run / "generate.yaml").read_text()))
    assert not shipped.incomplete
    assert shipped.pt_hat[0] < 0.8 * shipped.jets.pt[0]
    assert shipped.pt_hat[1] > 1.3 * shipped.jets.pt[1]
