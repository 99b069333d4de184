"""A few test jets of each class at each step through the tagger, and a misclassified one of each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.errors import PipelineError
from data_prep.store.jet_images import open_dataset
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from hls_projects.network.graph import Graph
from pipeline.plots.single_jets import SingleJet, single_jets
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.results import EMULATED, Results, load_results
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section
from pipeline.report.single_jets import FIRST_JETS, constituents, read_rows, select_rows


def values(run: RunFolder) -> dict[str, Any]:
    """A figure for each class, and how its jets are classified."""
    results = load_results(run)
    deployed = results.deployed
    if deployed is None:
        raise NotMadeError("30_model/metrics.json contains no quantized network", remedy="make it with `make train`")
    scores, integers = _scores(run, results), results.find(EMULATED) is not None
    predicted = scores.argmax(axis=1)
    by_class = select_rows(results.label, predicted, len(results.classes))
    rows = sorted(row for rows_of_class in by_class for row in rows_of_class)
    with reading("20_images"):
        dataset = open_dataset(run.require("20_images"))
        images = read_rows(dataset, rows)
    if len(images) != len(rows) or not np.array_equal(images.label, results.label[rows]):
        raise NotMadeError("20_images contains other test jets than 30_model", remedy="make it again with `make train`")
    jet_constituents = constituents(run, images)
    dense = images.dense()
    port = _port(run, dense)
    channel = dataset.metadata.channels[0]
    jets = {
        row: SingleJet(
            row=row,
            constituents=None if (points := jet_constituents[place]) is None else (points.pt, points.eta, points.phi),
            image=dense[place, ..., 0],
            port=None if port is None else port[place, ..., 0],
            scores=scores[row],
            said=int(predicted[row]),
        )
        for place, row in enumerate(rows)
    }
    shown = [
        _class(index, results, [jets[row] for row in rows_of_class], dataset.metadata.grid)
        for index, rows_of_class in enumerate(by_class)
        if rows_of_class
    ]
    return {
        "shown": shown,
        "first": FIRST_JETS,
        "integers": integers,
        "title": deployed.title,
        "channel": channel if len(dataset.metadata.channels) > 1 else None,
        "bare": sum(constituents_of_jet is None for constituents_of_jet in jet_constituents),
        "port": port is not None,
        "jets": len(rows),
    }


def _class(index: int, results: Results, jets: list[SingleJet], grid: Any) -> dict[str, Any]:
    name = results.classes[index]
    label = f"Jets of the class {name}: constituents, image, integers of the input port and scores"
    figure = svg.inline(svg_text(single_jets(jets, index, results.classes, grid)), f"jets-{index}", label)
    return {
        "name": name,
        "figure": figure,
        "predictions": [(jet.row, results.classes[jet.said], jet.said == index) for jet in jets],
    }


def _scores(run: RunFolder, results: Results) -> Any:
    """The integers of the firmware if it is proven, otherwise the scores of the quantized network."""
    deployed = results.deployed
    assert deployed is not None  # noqa: S101
    if deployed.name == EMULATED and run.emulated is not None:
        try:
            return EmulatedOutputs.load(run.emulated).raw[0]
        except PipelineError as error:
            raise NotMadeError(f"60_csim.npz {error.problem}", remedy=error.remedy) from None
    return deployed.scores


def _port(run: RunFolder, dense: Any) -> Any:
    """The images as integers of the input port; None if no port takes them."""
    if "40_lowered" not in run.manifests:
        return None
    with reading("40_lowered/types.json"):
        inputs = Graph.load(run.require("40_lowered") / "types.json").inputs
    fits = len(inputs) == 1 and tuple(inputs[0].shape) == dense.shape[1:]
    return inputs[0].type.quantize(dense) if fits else None


SECTION = Section(110, "Jets", "Single jets", values, tasks=frozenset({"classification"}))
