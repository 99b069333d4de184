"""What the page says of differences of methods on events: the same words as of taggers."""

from __future__ import annotations

import re

from models.metrics.bootstrap import ValueWithError
from models.metrics.method_differences import MethodDifference, MethodDifferences
from pipeline.report import section
from pipeline.report.event_differences import Column, EventDifferences, Number, event_differences, from_float

SINGLE = {"model": Number(0.075, 0.003), "float_unet": Number(0.08, 0.003), "PUPPI": Number(0.076, 0.003)}


def compared(change: ValueWithError, best: str | None = "PUPPI") -> EventDifferences:
    figures: dict[str, ValueWithError | None] = {"width": change}
    differences = MethodDifferences(
        best,
        [
            MethodDifference("float_unet", "model", {"width": ValueWithError(0.005, 0.001)}),
            MethodDifference("model", "PUPPI", figures),
        ],
    )
    column = Column("pT resolution", "model", "width", False, lambda name: SINGLE[name])
    titles = {"model": "quantized U-Net", "float_unet": "float U-Net"}
    return event_differences(
        differences, [column], SINGLE, lambda name: titles.get(name, name), lambda name: name in titles
    )


def text(against: EventDifferences) -> str:
    words = section._ENVIRONMENT.get_template("differences.html.j2").module
    page = words.event_verdicts(against) + words.event_table(against)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_difference_within_two_errors_is_none_and_else_it_says_who_is_better() -> None:
    of_best = "PUPPI, the best method without training on validation events"
    numbers = "pT resolution 0.0750 ± 0.0030 (quantized U-Net) against 0.0760 ± 0.0030; difference"
    for value, sentence in (
        (
            -0.001,
            f"No difference seen between the network and {of_best}: {numbers} −0.0010 ± 0.0008 on the same events.",
        ),
        (-0.002, f"The network is better than {of_best}: {numbers} −0.0020 ± 0.0008 on the same events."),
        (0.002, f"The network is not better than {of_best}: {numbers} 0.0020 ± 0.0008 on the same events."),
    ):
        assert sentence in text(compared(ValueWithError(value, 0.0008)))
    assert "network is" not in text(compared(ValueWithError(0.1, 0.001), best=None))


def test_every_method_has_its_difference_to_the_quantized_network() -> None:
    rendered = text(compared(ValueWithError(-0.001, 0.0008)))
    assert "float U-Net −0.0050 ± 0.0010" in rendered
    assert "PUPPI −0.0010 ± 0.0008, no difference seen" in rendered
    for words in ("Differences are taken on the same replicas", "A difference below two standard deviations counts as"):
        assert words in rendered


def test_a_training_that_left_no_differences_has_none() -> None:
    differences = event_differences(MethodDifferences(None, []), [], SINGLE, str, lambda name: False)
    assert (differences.rows, differences.verdicts) == ([], [])
    assert text(differences) == ""
    assert from_float({}, "segmentation", {"mean_iou": "mean IoU"}) == []
    measured = MethodDifferences(
        None, [MethodDifference("float_unet", "model", {"mean_iou": ValueWithError(0.02, 0.001)})]
    )
    ((label, change),) = from_float(
        {"segmentation_differences": measured.as_json()}, "segmentation", {"mean_iou": "IoU"}
    )
    assert (label, change) == ("quantized instead of float numbers: IoU ", ValueWithError(-0.02, 0.001))
