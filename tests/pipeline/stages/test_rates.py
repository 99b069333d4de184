"""The stage `rates`: rates and efficiencies as counting jets of the same images gives them, and how it fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import yaml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from benchmarks.mock import Branches, mock_jets, write_mock_file
from data_prep.images.batch import ImageBatch, concatenate
from data_prep.images.jets import ImagesSettings
from data_prep.store.jet_images import open_dataset
from data_prep.store.split import splitmix64
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from models.files.meaning import MEANING, Meaning
from models.rates.settings import ColliderSettings
from models.settings import ModelSettings
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.sealed import seal

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "configs" / "demo" / "images.yaml"
CLASSES = ("q", "g", "w", "z", "t")
RATES: dict[str, Any] = {
    "against": ["q", "g"],
    "signals": {"w": {"mass": [60, 100]}, "t": {"mass": [120, 220]}},
    "rates": [20, 100],
    "replicas": 5,
    "cuts": 6,
    "online_pt_min": 120,
}


def weighted(name: str, jets: int, weight: float, **change: Any) -> Branches:
    """Jets of a wide range of pT, two an event, of an event's weight (pb)."""
    branches = mock_jets(name, jets, seed=6, pt=(100.0, 900.0))
    event = branches["aux_event"][0] + np.arange(jets) // 2
    spread = np.random.default_rng(3).uniform(0.5, 1.5, jets)[(event - event[0]) * 2]
    return branches | {"aux_event": event, "aux_weight": (weight * spread).astype(np.float32)} | change


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample, a lowered tagger, and the configuration."""
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    folder = tmp_path_factory.mktemp("run")
    (folder / "sample").mkdir()
    for name, weight in (("q", 2e4), ("g", 2e4), ("w", 1.0), ("t", 1.0)):
        write_mock_file(folder / "sample" / f"{name}_00000.root", weighted(name, 300, weight))
    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(10, 10))(image))
    dense = QDense(5, kernel_quantizer=quantized_bits(5, 0, alpha=1), bias_quantizer=quantized_bits(5, 0, alpha=1))
    (folder / "40_lowered").mkdir()
    prove_network(lower(keras.Model(image, dense(x)))).save(folder / "40_lowered")
    seal(folder / "40_lowered", "lower")
    (folder / "rates.yaml").write_text(yaml.safe_dump(RATES))
    assert rates(folder, folder / "67_rates") == 0
    return folder


def rates(folder: Path, out: Path, *sample: Path, config: Path | None = None, images: Path = IMAGES) -> int:
    arguments = [
        "--config",
        config or folder / "rates.yaml",
        "--images-config",
        images,
        "--lowered",
        folder / "40_lowered",
    ]
    return main(["rates", *map(str, [*arguments, *(sample or (folder / "sample",)), "--out", out])])


def images(run: Path, tmp_path: Path) -> ImageBatch:
    """The images of the whole sample, by the stage that makes those of a training."""
    content = yaml.safe_load(IMAGES.read_text()) | {"weight": "aux_weight", "selection": {"abs_eta_max": 2.0}}
    content["classes"] = [
        {"name": "background", "label": "label_QCD"},
        *(class_settings for class_settings in content["classes"] if class_settings["name"] in RATES["signals"]),
    ]
    (tmp_path / "images.yaml").write_text(yaml.safe_dump(content))
    out = tmp_path / "20_images"
    assert main(["images", "--config", f"{tmp_path}/images.yaml", f"{run}/sample", "--out", str(out)]) == 0
    return concatenate([split.whole for split in open_dataset(out).splits.values()])


def test_rates_and_efficiencies_are_those_of_counting(run: Path, tmp_path: Path) -> None:
    """Images of another stage, integers of another implementation, and a sum over events one by one."""
    study = json.loads((run / "67_rates" / "rates.json").read_text())
    result_file = study | study["responses"]["ideal"]
    jets = images(run, tmp_path)
    network = Network.load(run / "40_lowered")
    raw = network.graph.inputs[0].type.quantize(jets.dense())
    logits = integer_model.outputs(network, [raw])[0]
    pt = raw.reshape(len(jets), -1).sum(axis=1) * network.graph.inputs[0].type.step
    # by the first 53 bits of the hash of the event's identifier, below 0.35 of the whole: there cuts were chosen
    in_second_part = (splitmix64(jets.event) >> np.uint64(11)) >= 0.35 * 2.0**53
    background = (jets.label == 0) & in_second_part
    assert result_file["jets"] == background.sum()
    assert result_file["chosen_on"] == np.unique(jets.event[(jets.label == 0) & ~in_second_part]).size
    assert sum(result_file["dropped"].values()) == 4 * 300 - len(jets) > 0
    assert result_file["fingerprint"] == network.fingerprint
    collider = ColliderSettings()

    def rate(passing: np.ndarray) -> float:
        weights = dict(zip(jets.event[passing].tolist(), jets.weight[passing].tolist(), strict=True))
        return collider.rate(sum(weights.values()) / 0.65)

    assert result_file["total"] == pytest.approx(rate(background & (pt >= 120)))
    compared = 0
    for row, name in enumerate(RATES["signals"]):
        score = logits[:, CLASSES.index(name)] - logits[:, :2].max(axis=1)
        signal = (jets.label == row + 1) & (jets.features["jet_pt"] >= 200) & in_second_part
        assert result_file["signal_jets"][name][0] == signal.sum()
        mass = jets.features["jet_sdmass"]
        inside = (mass >= RATES["signals"][name]["mass"][0]) & (mass < RATES["signals"][name]["mass"][1])
        all_jets = np.ones(len(jets), np.bool_)
        for trigger, result in result_file["results"][name].items():
            for point in (*result["curve"], *result["points"]):
                if point is None:
                    continue
                fulfils = {"pt": all_jets, "pt_mass": inside, "tagger": score >= (point["cut"] or 0)}[trigger]
                if trigger == "tagger" and point["cut"] is None:
                    raise AssertionError("a tagger without a cut")
                passing = fulfils & (pt >= point["threshold"])
                assert point["rate"] == pytest.approx(rate(background & passing))
                assert point["rate"] <= point["allowed"] * (1 + 1e-6)
                weight = jets.weight.astype(np.float64)
                share = weight[signal & passing].sum() / weight[signal].sum()
                assert point["efficiency"]["value"] == pytest.approx(share)
                assert 0 <= point["efficiency"]["low"] <= share * (1 + 1e-9)
                assert share * (1 - 1e-9) <= point["efficiency"]["high"] <= 1
                compared += 1
    assert compared > 40


def test_it_leaves_what_the_data_flow_says(run: Path) -> None:
    content = json.loads((run / "67_rates" / "rates.json").read_text())
    assert set(content) == {
        *("crossings", "pileup", "step", "fingerprint", "dropped", "events", "jets", "chosen_on", "turn_on"),
        *("signal_jets", "generated", "responses", "classes", "classes_stated_by"),
    }
    assert content["classes"] == list(CLASSES)
    assert content["classes_stated_by"] == "user"
    assert content["generated"] == {}
    assert set(content["responses"]) == {"ideal", "gaussian"}
    results = content["responses"]["gaussian"]["results"]
    assert set(content["responses"]["gaussian"]) == {"smallest", "total", "effective", "offline", "results"}
    # 98 GeV, the softest jet, and 2.5 standard deviations
    assert content["responses"]["gaussian"]["smallest"] == pytest.approx(
        98 + 2.5 * (1.34**2 * 98 + (0.176 * 98) ** 2) ** 0.5, abs=2
    )
    assert content["responses"]["ideal"]["smallest"] == 120
    assert set(results) == {"w", "t"}
    assert set(results["w"]) == {"pt", "pt_mass", "tagger"}
    result = results["w"]["pt"]
    assert set(result) == {"curve", "points", "turn_on"}
    assert len(result["points"]) == len(result["turn_on"]) == 2
    assert len(result["turn_on"][1]) == len(content["turn_on"]["w"]) - 1 > 4
    assert set(result["points"][1]) == {
        *("allowed", "rate", "effective", "threshold", "cut", "efficiency", "gain", "per_resonance", "per_event")
    }
    assert result["points"][1]["per_resonance"] is None
    assert set(result["points"][1]["efficiency"]) == {"value", "low", "high"}
    assert set(results["w"]["tagger"]["points"][1]["gain"]) == {"value", "error"}
    assert {path.name for path in (run / "67_rates" / "plots").iterdir()} == {
        *("offline.svg", "rates_ideal.svg", "turn_on_ideal.svg", "rates_gaussian.svg", "turn_on_gaussian.svg")
    }
    configuration = json.loads(manifest_path(run / "67_rates").read_text())["configuration"]
    assert set(configuration) == {"rates", "images"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"signals": {"h": {"mass": [100, 150]}}},
            "the tagger has no class 'h' (its classes are q, g, w, z, t)",
        ),
        ({"against": ["qcd"]}, "rates.yaml: the tagger has no class 'qcd'"),
        ({"signals": {"z": {"mass": [70, 110]}}}, "no jet of the class 'z' with a weight"),
        ({"background": "label_Hbb"}, "no jet of the background with a weight"),
        ({"background": "1"}, "jets are both background and signal"),
        ({"weight": "genWeight"}, "lacks the branch genWeight"),
        ({"weight": "aux_weight - 20000"}, "is negative, infinite or no number"),
        ({"weight": "jet_pt"}, "jets of one event have different weights"),
        ({"weight": "0 * aux_weight"}, "no jet of the background with a weight"),
        ({"rates": [1, 30_000]}, "rates.yaml: 'rates': 30000 kHz is more than the rate of all events"),
        (
            {"online_pt_min": 20},
            "the softest background jet of the sample has 98 GeV, so the rate of a trigger from 20 GeV on",
        ),
        ({"rate": [1]}, "unknown key 'rate', known keys are collider"),
    ],
)
def test_how_it_fails(
    run: Path, tmp_path: Path, change: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rates.yaml").write_text(yaml.safe_dump(RATES | change))
    assert rates(run, tmp_path / "67_rates", config=tmp_path / "rates.yaml") == 1
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "67_rates").exists()


def _normalised(content: dict[str, Any]) -> None:
    content["steps"].append({"step": "normalise"})


def _other_channels(content: dict[str, Any]) -> None:
    content["channels"] = ["charged"]


def _fewer_classes(content: dict[str, Any]) -> None:
    content["classes"] = [class_settings for class_settings in content["classes"] if class_settings["name"] != "z"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_normalised, "the images are normalised, so firmware has no pT to cut on"),
        (_other_channels, "the images have no channel 'pt'"),
        (_fewer_classes, "images.yaml: names 4 classes (q, g, w, t), the network gives 5 numbers"),
    ],
)
def test_other_images_than_the_tagger_takes(
    run: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = yaml.safe_load(IMAGES.read_text())
    change(content)
    (tmp_path / "images.yaml").write_text(yaml.safe_dump(content))
    assert rates(run, tmp_path / "67_rates", images=tmp_path / "images.yaml") == 1
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.fixture
def trained(run: Path, tmp_path: Path) -> Path:
    """The same network, with what its training says of it."""
    shutil.copytree(run / "40_lowered", tmp_path / "trained" / "40_lowered")
    shutil.copy(run / "rates.yaml", tmp_path / "trained")
    images = ImagesSettings.model_validate(yaml.safe_load(IMAGES.read_text())).description
    model = yaml.safe_load((IMAGES.parent / "model.yaml").read_text())
    meaning = Meaning.of_training(images, ModelSettings.model_validate(model))
    meaning.save(tmp_path / "trained" / "40_lowered" / MEANING)
    seal(tmp_path / "trained" / "40_lowered", "lower")
    return tmp_path / "trained"


def test_the_order_of_the_classes_is_the_networks(run: Path, trained: Path, tmp_path: Path) -> None:
    """With classes in another order, and without one that is not needed, the numbers are the same."""
    content = yaml.safe_load(IMAGES.read_text())
    content["classes"] = [folder for folder in content["classes"][::-1] if folder["name"] != "z"]
    (tmp_path / "images.yaml").write_text(yaml.safe_dump(content))
    assert rates(trained, tmp_path / "67_rates", run / "sample", images=tmp_path / "images.yaml") == 0
    reordered, expected = (json.loads((folder / "67_rates" / "rates.json").read_text()) for folder in (tmp_path, run))
    assert reordered.pop("classes_stated_by") == "training"
    assert expected.pop("classes_stated_by") == "user"
    assert reordered == expected


def test_images_of_another_window_are_refused_by_key(
    run: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = yaml.safe_load(IMAGES.read_text())
    content["grid"]["half_width"] = 0.4
    (tmp_path / "images.yaml").write_text(yaml.safe_dump(content))
    assert rates(trained, tmp_path / "67_rates", run / "sample", images=tmp_path / "images.yaml") == 1
    expected = "images.yaml: 'grid.half_width' is 0.4, the network was trained with 0.8"
    assert expected in " ".join(capsys.readouterr().err.split())


def test_an_empty_sample(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without jets, as minimum bias leaves one, changes no byte; a sample of nothing else is refused."""
    with uproot.open(run / "sample" / "q_00000.root") as file:
        whole = {name: branch.array() for name, branch in file["tree"].items() if name != "npart"}
    none = {name: column[:0] if column.ndim > 1 else column[:0].to_numpy() for name, column in whole.items()}
    write_mock_file(tmp_path / "none.root", none)
    assert rates(run, tmp_path / "nothing", tmp_path / "none.root") == 1
    assert "no jet of the background with a weight (add files with such jets)" in capsys.readouterr().err
    assert rates(run, tmp_path / "more", run / "sample", tmp_path / "none.root") == 0
    for file in ("rates.json", "plots/rates_ideal.svg", "plots/turn_on_gaussian.svg"):
        assert (tmp_path / "more" / file).read_bytes() == (run / "67_rates" / file).read_bytes()


def _with_resonances(file: Path, branches: Branches, pid: int) -> None:
    """Every third event has its jets uncontained; each event has two resonances, at its jets or on the other side."""
    event = branches["aux_event"]
    lost = event % 3 == 0
    label = {24: "label_Wqq", 6: "label_Tbqq"}.get(pid)
    changed = {} if label is None else {label: np.where(lost, 0, branches[label]), "aux_uncontained": lost}
    write_mock_file(file, branches | {"aux_uncontained": np.zeros(len(event), np.bool_)} | changed)
    first_jets = np.unique(event, return_index=True)[1]
    number = 0 if label is None else 2
    columns = {"pt": branches["jet_pt"], "eta": branches["jet_eta"], "phi": branches["jet_phi"]}
    lists = {
        name: ak.Array([list(values[row : row + number]) for row in first_jets]) for name, values in columns.items()
    }
    lists["phi"] = lists["phi"] + np.where(event[first_jets] % 2 == 0, 0.0, np.pi)
    lists["pid"] = ak.Array([[pid] * number for _ in first_jets])
    lists = {
        name: ak.values_astype(values, np.int16 if name == "pid" else np.float32) for name, values in lists.items()
    }
    content = {"event": event[first_jets], "weight": branches["aux_weight"][first_jets], "resonance": ak.zip(lists)}
    with uproot.update(file) as opened:
        types = {name: values.type.content if name == "resonance" else values.dtype for name, values in content.items()}
        tree = opened.mktree(
            "collisions", types, counter_name=lambda key: f"n{key}", field_name=lambda outer, inner: f"{outer}_{inner}"
        )
        tree.extend(content)


def test_all_resonances_are_counted(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a loop over events, of the jets in the files themselves; a file that does not tell of them is said."""
    (tmp_path / "sample").mkdir()
    branches_by_class = {
        name: weighted(name, 300, weight) for name, weight in (("q", 2e4), ("g", 2e4), ("w", 1.0), ("t", 1.0))
    }
    for name, branches in branches_by_class.items():
        _with_resonances(tmp_path / "sample" / f"{name}_00000.root", branches, {"w": 24, "t": 6}.get(name, 0))
    signals = {"w": {"mass": [60, 100], "resonance": 24}, "t": {"mass": [120, 220], "resonance": 6}}
    (tmp_path / "rates.yaml").write_text(yaml.safe_dump(RATES | {"signals": signals}))
    assert rates(run, tmp_path / "67_rates", tmp_path / "sample", config=tmp_path / "rates.yaml") == 0
    content = json.loads((tmp_path / "67_rates" / "rates.json").read_text())
    for name in signals:
        jets = branches_by_class[name]
        event = jets["aux_event"]
        in_second_part = (splitmix64(event.astype(np.uint64)) >> np.uint64(11)) >= 0.35 * 2.0**53
        selected = in_second_part & (jets["jet_pt"] >= 200) & (np.abs(jets["jet_eta"]) < 2)
        assert content["generated"][name]["resonances"][0] == selected.sum()
        assert content["generated"][name]["events"][0] == np.unique(event[selected]).size
        result = content["responses"]["ideal"]["results"][name]["pt"]
        points = [point for point in (*result["points"], *result["curve"]) if point is not None]
        assert len(points) > 5
        for point in points:
            # pixels are rounded, and those outside the window lost: the pT in firmware is that of the jet to some %
            low, high = (_share(jets, selected, point["threshold"] * change) for change in (1.1, 0.9))
            for key, least, most in zip(("per_resonance", "per_event"), low, high, strict=True):
                assert least - 1e-6 <= point[key]["value"] <= most + 1e-6
                assert point[key]["low"] <= point[key]["value"] <= point[key]["high"]
        loosest = max(points, key=lambda point: float(point["rate"]))
        assert 0.3 < loosest["per_resonance"]["value"] < loosest["per_event"]["value"]
    capsys.readouterr()
    shutil.copy(run / "sample" / "q_00000.root", tmp_path / "sample" / "q_00001.root")
    assert rates(run, tmp_path / "less", tmp_path / "sample", config=tmp_path / "rates.yaml") == 0
    assert "q_00001.root does not contain all generated resonances" in " ".join(capsys.readouterr().err.split())
    assert json.loads((tmp_path / "less" / "rates.json").read_text())["generated"] == {}


def _share(jets: Branches, selected: np.ndarray, threshold: float) -> tuple[float, float]:
    """Shares of the resonances near a jet that passes, and of events with any such jet."""
    passed, of_events = 0.0, {}
    for row in np.flatnonzero(selected):
        inside = np.flatnonzero((jets["aux_event"] == jets["aux_event"][row]) & (np.abs(jets["jet_eta"]) < 2))
        phi = jets["jet_phi"][row] + (0 if jets["aux_event"][row] % 2 == 0 else np.pi)
        turn = np.abs((jets["jet_phi"][inside] - phi + np.pi) % (2 * np.pi) - np.pi)
        near = np.hypot(turn, jets["jet_eta"][inside] - jets["jet_eta"][row]) < 0.8
        passing = jets["jet_pt"][inside] >= threshold
        weight = float(jets["aux_weight"][row])
        passed += weight * bool((near & passing).any())
        of_events[int(jets["aux_event"][row])] = (weight, bool(passing.any()))
    total = float(jets["aux_weight"][selected].sum())
    whole = sum(weight for weight, _ in of_events.values())
    return passed / total, sum(weight for weight, any_jet in of_events.values() if any_jet) / whole
