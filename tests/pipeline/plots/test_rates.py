"""The figures of trigger rates: complete, and empty where nothing can be said."""

from __future__ import annotations

from models.rates.measurement import Efficiency, OperatingPoint, TriggerResult
from models.rates.offline_threshold import OfflinePoint
from models.rates.response_study import ResponseStudy
from models.rates.settings import RatesSettings
from models.rates.study import RateStudy
from pipeline.plots.rates import TITLES, offline_rates, rate_curves, turn_ons

WHAT = RatesSettings.model_validate(
    {
        "against": ["q"],
        "signals": {"w": {"mass": [65, 105]}, "t": {"mass": [120, 200]}},
        "turn_on": [200, 300, 400],
        "rates": [1, 5, 10],
    }
)


def point(rate: float, efficiency: float) -> OperatingPoint:
    whole = Efficiency(efficiency / 4, 0.0, 1.0)
    jets = Efficiency(efficiency, efficiency - 0.05, min(efficiency + 0.05, 1.0))
    return OperatingPoint(rate, rate, 50.0, 100.0, None, jets, whole, whole, None)


BINS = {"w": (200.0, 300.0, 400.0), "t": (200.0, 300.0, 400.0)}


def found() -> ResponseStudy:
    some = TriggerResult(
        curve=(point(100, 1.0), point(10, 0.5), None),
        points=(None, point(5, 0.4), point(10, 0.5)),
        turn_on=(
            None,
            (Efficiency(0.1, 0.08, 0.13), Efficiency(0.9, 0.8, 0.95)),
            (Efficiency(0.2, 0.18, 0.23), Efficiency(1.0, 0.97, 1.0)),
        ),
    )
    nothing = TriggerResult(curve=(None,) * 3, points=(None,) * 3, turn_on=(None,) * 3)
    results = {"w": {"pt": some, "pt_mass": nothing, "tagger": some}, "t": {"pt": nothing, "tagger": nothing}}
    offline = (OfflinePoint(150.0, 100.0, 90.0, 5.0, 300.0), OfflinePoint(300.0, 200.0, 9.0, 1.0, 80.0))
    return ResponseStudy(100.0, 100.0, 300.0, offline, results)


def test_offline_thresholds_have_a_curve_a_response_by_its_name() -> None:
    both = {"ideal": found(), "gaussian": found()}
    axes = offline_rates(RateStudy(500, 800, 250, {}, {}, BINS, both), WHAT).axes[0]
    lines = {str(line.get_label()): line for line in axes.get_lines() if not str(line.get_label()).startswith("_")}
    assert list(lines) == [
        "ideal: online $p_T$ = offline $p_T$",
        r"level 1: $\sigma/p_T$ = 1.34/$\sqrt{p_T}$ $\oplus$ 0.176",
    ]
    assert [line.get_xdata().tolist() for line in lines.values()] == [[150, 300]] * 2
    assert [line.get_ydata().tolist() for line in lines.values()] == [[90, 9]] * 2


def test_all_resonances_are_dashed_and_the_response_is_said() -> None:
    figure = rate_curves(found(), "ideal", WHAT)
    dashed = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "--"]
    assert [list(line.get_xdata()) for line in dashed] == [[0.25, 0.125]] * 2
    assert figure.legends[0].get_title().get_text() == "ideal: online $p_T$ = offline $p_T$"
    assert figure._supxlabel.get_text().endswith("dashed: all generated resonances")


def test_curves_end_where_nothing_can_be_said() -> None:
    first, second = rate_curves(found(), "gaussian", WHAT).axes[:2]
    lines = {line.get_label(): line for line in first.get_lines() if not line.get_label().startswith("_")}
    assert len(lines) == 3
    assert lines["$p_T$"].get_xdata().tolist() == [1.0, 0.5]
    assert lines["$p_T$"].get_ydata().tolist() == [100, 10]
    assert first.get_yscale() == "log"
    assert all(line.get_xdata().size == 0 for line in second.get_lines() if line.get_label() == "$p_T$")


def test_turn_ons_have_a_panel_a_signal_and_rate() -> None:
    panels = turn_ons(found(), "gaussian", BINS, WHAT).axes
    assert len(panels) == 2 * 3
    assert [axes.texts[-1].get_text() for axes in panels] == [
        *("w, 1 kHz", "t, 1 kHz", "w, 5 kHz", "t, 5 kHz", "w, 10 kHz", "t, 10 kHz")
    ]
    said = [[text.get_text() for text in axes.texts[:-1]] for axes in panels]
    assert said[0] == [f"{TITLES[name]}: too few events" for name in ("pt", "pt_mass", "tagger")]
    assert said[2] == [f"{TITLES['pt_mass']}: too few events"]


def test_no_bar_of_an_efficiency_leaves_0_to_1() -> None:
    bars = [
        segment[:, 1]
        for axes in turn_ons(found(), "gaussian", BINS, WHAT).axes
        for lines in axes.collections
        for segment in lines.get_segments()
    ]
    assert bars
    assert min(each.min() for each in bars) >= 0
    assert max(each.max() for each in bars) <= 1
    drawn = [band.get_paths() for band in rate_curves(found(), "gaussian", WHAT).axes[0].collections]
    bands = [paths[0].vertices[:, 0] for paths in drawn if paths]
    assert 0 < min(each.min() for each in bands) < max(each.max() for each in bands) <= 1
