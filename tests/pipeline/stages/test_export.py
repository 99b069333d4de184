"""The stage `export`: only a proof of these very files lets a bundle out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import InputFileError, PipelineError, ProofFailedError
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.store.split import SPLITS
from hls_projects.export.verify import verify
from hls_projects.hls.project import HlsProject
from hls_projects.proof.record import LayerProof, Proof
from hls_projects.vendor.numbers import HardwareNumbers, VendorNumbers
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.stages import convert, export, lower
from tests.sealed import made_again, seal

CLASSES = ("q", "g", "w")
CONFIG = "name: small_tagger\nexport: {test_jets: 20}\n"


@dataclass(frozen=True)
class Run:
    """The artefacts of a run."""

    folder: Path

    @property
    def csim(self) -> Path:
        return self.folder / "60_csim.json"

    def prove(self, proof: Proof) -> None:
        """Write a proof of every layer that the HLS project shows."""
        traced = HlsProject.load(self.folder / "50_hls").traced
        layers = [LayerProof(name=layer.name, type="ap_fixed<8,4>", values=20, mismatches=0) for layer in traced]
        proof = proof.model_copy(update={"layers": tuple(layers)})
        inputs = {"convert": self.folder / "50_hls", "lower": self.folder / "40_lowered"}
        content = proof.model_dump(mode="json")
        outputs = self.folder / "60_csim.npz"
        emulated = outputs.read_bytes()
        outputs.unlink()
        with artefact(self.csim, "csim", options=content, inputs=inputs, folder=False, companions=[outputs]) as space:
            write_json(space.path, content)
            space.companions[0].write_bytes(emulated)

    def synthesise(self) -> Path:
        """Leave what `synth` does of the HLS project, made up."""
        folder = self.folder / "66_synth"
        with artefact(folder, "synth", inputs={"convert": self.folder / "50_hls"}) as space:
            write_json(
                space.path / "synth.json", VendorNumbers(part="xcvu13p", numbers=(ROUTED,)).model_dump(mode="json")
            )
        return folder

    def export(
        self, out: str = "70_export", config: str = CONFIG, images: bool = True, synth: Path | None = None
    ) -> Path:
        settings = self.folder / "hardware.yaml"
        settings.write_text(config)
        export.run(
            hls=self.folder / "50_hls",
            lowered=self.folder / "40_lowered",
            csim=self.csim,
            config=settings,
            out=self.folder / out,
            images=self.folder / "20_images" if images else None,
            synth=synth,
        )
        return self.folder / out


ROUTED = HardwareNumbers(
    design="HLS project", tool="Vivado v.2023.2", stage="routed", latency=14, interval=2, target_period=2.5,
    achieved_period=2.25, hold_slack=0.01, lut=34567, ff=2345, dsp=7, bram=1.5, uram=0,
)  # fmt: skip
PROVEN = Proof(
    status="proven",
    reason="all 60 integers are equal",
    vectors={"data": 20},
)


def _images(folder: Path, rng: np.random.Generator) -> None:
    description = ImageDescription.model_validate(
        {"classes": CLASSES, "grid": {"kind": "square", "pixels": 6, "half_width": 0.8}, "steps": [{"step": "centre"}]}
    )
    folder.mkdir()
    with DatasetWriter(folder, description) as writer:
        for split in SPLITS:
            jets = 50
            pixel = np.sort(rng.permuted(np.tile(np.arange(36, dtype=np.uint16), (jets, 1)), axis=1)[:, :5], axis=1)
            batch = ImageBatch(
                shape=description.shape,
                offsets=np.arange(jets + 1, dtype=np.int64) * 5,
                pixel=pixel.ravel(),
                value=rng.random(5 * jets, dtype=np.float32),
                label=(np.arange(jets) % 3).astype(np.uint8),
                weight=np.ones(jets, np.float32),
                event=np.arange(jets, dtype=np.uint64),
                features={name: np.zeros(jets, np.float32) for name in FEATURES},
            )
            writer.append(split, batch)
    seal(folder, "images")


def _model() -> keras.Model:
    keras.utils.set_random_seed(3)
    x = image = keras.Input((6, 6, 1), name="image")
    x = QActivation(quantized_relu(6, 0))(x)
    weights = quantized_bits(4, 0, alpha=1)
    x = QConv2D(2, 3, strides=3, kernel_quantizer=weights, use_bias=False, activation=quantized_relu(4, 1))(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, QDense(3, kernel_quantizer=weights, use_bias=False, name="logits")(x))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run up to csim; the proof and the emulated outputs are made up from the lowered model."""
    folder = tmp_path_factory.mktemp("run")
    _images(folder / "20_images", np.random.default_rng(4))
    model = _model()
    model.save(folder / "model.h5")
    (folder / "hardware.yaml").write_text(CONFIG)
    images = {
        "classes": [{"name": name, "label": f"is_{name}"} for name in CLASSES],
        "grid": {"kind": "square", "pixels": 6, "half_width": 0.8},
        "steps": [{"step": "centre"}],
        "split": {"train": 0.4, "validation": 0.3, "test": 0.3},
    }
    (folder / "images.yaml").write_text(json.dumps(images))
    lower.run(model=folder / "model.h5", out=folder / "40_lowered", images_config=folder / "images.yaml")
    convert.run(lowered=folder / "40_lowered", config=folder / "hardware.yaml", out=folder / "50_hls")
    jets = next(open_dataset(folder / "20_images").split("test").batches(50))
    raw = np.asarray(model(jets.dense())).astype(np.float64) * 2**8
    assert np.array_equal(raw, np.rint(raw))
    types = json.loads((folder / "40_lowered" / "types.json").read_text())
    width, integer = types["outputs"][0]["type"].removeprefix("ap_fixed<").split(",")[:2]
    fraction = int(width) - int(integer)
    outputs = {"raw_0": (raw * 2.0 ** (fraction - 8)).astype(np.int64), "fraction_0": np.int64(fraction)}
    np.savez(folder / "60_csim.npz", label=jets.label, weight=jets.weight, **outputs)
    Run(folder).prove(PROVEN)
    return folder


@pytest.fixture
def run(whole: Path) -> Iterator[Run]:
    """The run, with its proof and its emulated outputs put back afterwards."""
    names = ("60_csim.json", "60_csim.json.manifest.json", "60_csim.npz")
    contents = {name: (whole / name).read_bytes() for name in names}
    yield Run(whole)
    for name, content in contents.items():
        (whole / name).write_bytes(content)


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was written is compiled again."""
    monkeypatch.setattr("hls_projects.export.bundle.CHECKS", ())


def test_a_proven_design_is_bundled(run: Run) -> None:
    out = run.export()
    proof = Proof.load(out / "small_tagger" / "proof" / "cmssw.json")
    assert proof.status == "proven"
    assert proof.reason.startswith("small_tagger_v1.so, loaded as CMSSW does")
    assert proof.vectors["data"] == 20
    manifest = verify(out / "small_tagger.tar.gz")
    assert manifest == verify(out / "small_tagger")
    assert (manifest.vectors[0].kind, manifest.vectors[0].count) == ("data", 20)
    assert manifest.provenance.sources.keys() == {"50_hls", "40_lowered", "60_csim.json", "20_images"}
    assert manifest.provenance.metrics is not None
    assert manifest.provenance.metrics["jets"] == 50
    assert manifest.provenance.metrics["classes"] == list(CLASSES)
    assert manifest.meaning is not None
    assert (manifest.meaning.stated_by, manifest.meaning.classes) == ("user", CLASSES)
    assert manifest.meaning == HlsProject.load(run.folder / "50_hls").meaning
    assert "| `grid.half_width` | 0.8 |" in (run.folder / "70_export" / "small_tagger" / "MODEL_CARD.md").read_text()
    # Jet 5 of the test set is the third of 20 spread over 50; its raw outputs are those that csim wrote.
    lines = (out / "small_tagger" / "vectors" / "output_0.txt").read_text().splitlines()
    with np.load(run.folder / "60_csim.npz") as emulated:
        assert [int(value) for value in lines[2].split()] == emulated["raw_0"][5].tolist()
    pixels = (out / "small_tagger" / "vectors" / "input_0.txt").read_text().splitlines()[2].split()
    jet = open_dataset(run.folder / "20_images").split("test").whole.take(np.array([5])).dense().ravel()
    # ap_ufixed<6,0>, rounding half to even, saturating
    assert [int(value) for value in pixels] == np.minimum(np.rint(jet.astype(np.float64) * 64), 63).tolist()
    assert str(run.folder) not in (out / "small_tagger" / "manifest.json").read_text()


@pytest.fixture
def one_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit while a test runs would be another code."""
    monkeypatch.setattr(export, "git_hash", lambda: "abc")


@pytest.mark.usefixtures("unchecked", "one_commit")
def test_the_same_inputs_give_the_same_bytes(run: Run) -> None:
    first, second = run.export("one"), run.export("two")
    assert (first / "small_tagger.tar.gz").read_bytes() == (second / "small_tagger.tar.gz").read_bytes()


@pytest.mark.usefixtures("unchecked", "one_commit")
def test_another_folder_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    original = run.export("here")
    # The copied proof was made from the files that now stand elsewhere too, with the same content.
    copied = Run(Path(shutil.copytree(run.folder, tmp_path / "elsewhere"))).export("there")
    assert (original / "small_tagger.tar.gz").read_bytes() == (copied / "small_tagger.tar.gz").read_bytes()


@pytest.mark.usefixtures("unchecked")
def test_numbers_of_the_vendors_tools_stand_in_manifest_and_card(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    synth = run.synthesise()
    out = run.export("routed", synth=synth) / "small_tagger"
    assert verify(out).hardware == (ROUTED,)
    card = (out / "MODEL_CARD.md").read_text()
    assert "| clock | 2.25 ns achieved after routing, 2.5 ns requested: latency 31.5 ns, network alone" in card
    assert "34,567" in card
    weights = next((run.folder / "50_hls" / "firmware" / "weights").glob("w*.txt"))
    before = weights.read_text()
    weights.write_text(before + " ")
    made_again(run.folder / "50_hls")
    try:
        run.prove(PROVEN)
        other_bundle = run.export("other", synth=synth) / "small_tagger"
    finally:
        weights.write_text(before)
        made_again(run.folder / "50_hls")
    assert "was made from another design and is left out" in capsys.readouterr().err
    assert verify(other_bundle).hardware == ()


@pytest.mark.usefixtures("unchecked")
def test_without_images(run: Run) -> None:
    manifest = verify(run.export("bare", images=False) / "small_tagger")
    assert {block.kind for block in manifest.vectors} == {"extreme", "beyond", "tie"}
    assert manifest.provenance.metrics is None


@pytest.mark.parametrize("status", ["failed", "not run"])
def test_what_is_not_proven_stays_in(run: Run, status: str) -> None:
    run.prove(PROVEN.model_copy(update={"status": status, "reason": "because", "mismatches": 1}))
    with pytest.raises(PipelineError, match=f"'{status}': because"):
        run.export("never")
    assert not (run.folder / "never").exists()


def test_a_proof_changed_by_hand(run: Run) -> None:
    run.csim.write_text(run.csim.read_text().replace("60 integers", "61 integers"))
    with pytest.raises(PipelineError, match="is not as it was made: '60_csim.json' was changed"):
        run.export("never")


def test_a_proof_without_manifest(run: Run) -> None:
    (run.folder / "60_csim.json.manifest.json").unlink()
    with pytest.raises(InputFileError, match="is incomplete"):
        run.export("never")


def test_a_proof_of_another_project(run: Run) -> None:
    weights = next((run.folder / "50_hls" / "firmware" / "weights").glob("w*.txt"))
    before = weights.read_text()
    weights.write_text(before + " ")
    try:
        with pytest.raises(PipelineError, match=f"is not as it was made: '{weights.name}' was changed"):
            run.export("never")
        made_again(run.folder / "50_hls")
        with pytest.raises(PipelineError, match="was made from another 50_hls"):
            run.export("never")
    finally:
        weights.write_text(before)
        made_again(run.folder / "50_hls")


def test_emulated_outputs_of_another_model(run: Run) -> None:
    with np.load(run.folder / "60_csim.npz") as emulated:
        arrays = dict(emulated)
    arrays["raw_0"][0] += 1
    np.savez(run.folder / "60_csim.npz", **arrays)
    with pytest.raises(PipelineError, match="is not as it was made: '60_csim.npz' was changed"):
        run.export("never")
    made_again(run.csim)
    with pytest.raises(ProofFailedError, match="not those of this model"):
        run.export("never")


def test_another_name(run: Run) -> None:
    with pytest.raises(PipelineError, match="is the design 'small_tagger', but the configuration has the name 'other'"):
        run.export("never", "name: other\n")
