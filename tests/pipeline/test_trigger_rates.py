"""`benchmarks.trigger_rates` sets the taggers of runs beside each other, of one sample and one configuration only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import trigger_rates
from models.rates.settings import RatesSettings
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json


def _run(folder: Path, efficiency: float, *, jets: int = 900, rates: tuple[float, ...] = (1.0, 5.0)) -> Path:
    point = {"efficiency": {"value": efficiency, "low": efficiency - 0.1, "high": efficiency + 0.1}}
    points: list[Any] = [None, point | {"per_event": {"value": 0.25, "low": 0.2, "high": 0.3}}]
    results = {"w": {"pt": {"points": points}, "tagger": {"points": points}}}
    content = {"events": 500, "jets": jets, "chosen_on": 200, "responses": {"ideal": {"results": results}}}
    signals = {"w": {"mass": [65, 105]}}
    settings = RatesSettings.model_validate({"against": ["q"], "signals": signals, "rates": list(rates)})
    with artefact(folder / "67_rates", "rates", settings={"rates": settings}) as space:
        write_json(space.path / "rates.json", content)
    return folder / "67_rates"


def test_taggers_stand_beside_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [_run(tmp_path / "demo", 0.5), _run(tmp_path / "rates_tagger", 0.7)]
    trigger_rates.main([*map(str, folders)])
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.endswith("| pT alone | demo | rates_tagger |")
    cells = ["0.500 (0.400 to 0.600)", "0.500 (0.400 to 0.600)", "0.700 (0.600 to 0.800)"]
    assert rows == [
        f"| ideal | w | 5 kHz | contained jets | {' | '.join(cells)} |",
        f"| ideal | w | 5 kHz | all events | {' | '.join(['0.250 (0.200 to 0.300)'] * 3)} |",
    ]


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    reference = _run(tmp_path / "demo", 0.5)
    with pytest.raises(SystemExit, match=r"different rates\.yaml"):
        list(trigger_rates.rows([reference, _run(tmp_path / "a", 0.5, rates=(2.0, 5.0))]))
    with pytest.raises(SystemExit, match="measured on different jets"):
        list(trigger_rates.rows([reference, _run(tmp_path / "b", 0.5, jets=901)]))
