"""A plain layer is one file: a new one is computed, proven, emulated and built as logic without any other change."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from data_prep.fixed_point import FixedType
from data_prep.registry import Registry
from hls_projects.emulator.planner import plan
from hls_projects.lowering.lower import Lowered
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model, layer
from hls_projects.network.layer import LAYERS, Layer, plain_layer
from hls_projects.network.network import Network
from hls_projects.network.type_check import require_types
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.streamed import streamed
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.synthesis.estimate import estimate_luts
from tests.examples import examples

ROOT = Path(__file__).parents[3]
CROP = examples()["hls_projects/network/layers/cropping.py"]


@pytest.fixture
def crop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layer:
    """A layer of a file that the project does not have."""
    package = tmp_path / "more_layers"
    package.mkdir()
    (package / "__init__.py").write_text('"""More layers."""\n')
    (package / "crop.py").write_text(CROP)
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[Layer] = Registry("more_layers", "LAYER", Layer)  # type: ignore[type-abstract]
    kinds = {each.kind: each for each in (*LAYERS.values(), *registry.values())}
    monkeypatch.setattr(layer, "_by_kind", lambda: kinds)
    return registry["crop"]


@pytest.fixture
def cropped(crop: Layer) -> tuple[keras.Model, Network]:
    """A network of that layer alone."""
    image = keras.Input((4, 5, 2), name="image")
    model = keras.Model(image, keras.layers.Cropping2D(((1, 0), (2, 1)), name="crop")(image))
    port = FixedType(4, 2, True, "RND_CONV", "SAT")
    lowered = Lowered(model, {"crop": "crop"}, {"image": port}, frozenset({"image"}), (None,))
    return model, prove_network(lowered)


def test_a_new_layer_is_one_file(cropped: tuple[keras.Model, Network]) -> None:
    model, network = cropped
    node = network.graph.layers[0]
    assert (node.kind, node.shape, node.result) == ("Cropping2D", (3, 2, 2), network.graph.inputs[0].type)
    assert require_types(network, Path("types.json")) == 1
    raw = np.random.default_rng(4).integers(-8, 8, (50, 4, 5, 2))
    wanted = np.asarray(model(raw / 4)) * 4
    np.testing.assert_array_equal(integer_model.outputs(network, [raw])[0], wanted)
    np.testing.assert_array_equal(trace(network).interpret([raw])[0], wanted)
    assert estimate_luts(network) == 0
    assert streamed(network, "dut", 1, Pipelining(cutoff=4)).beats == 4
    steps = plan(network)
    (source, _), (target, _) = steps.inputs[0], steps.outputs[0]
    assert not steps.steps, "it costs the emulator nothing"
    np.testing.assert_array_equal(target.offset, source.offset[1:, 2:4])


def test_every_file_is_a_layer_of_its_own() -> None:
    kinds = [layer.kind for layer in LAYERS.values()]
    assert len(set(kinds)) == len(kinds) == 15
    assert all(plain_layer(layer.kind) is layer for layer in LAYERS.values())
    with pytest.raises(KeyError, match="Softmax"):
        plain_layer("Softmax")


def test_two_files_of_one_kind_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "LAYERS", {"one": LAYERS["relu"], "two": LAYERS["relu"]})
    with pytest.raises(TypeError, match="the same `kind`"):
        layer._by_kind.__wrapped__()


def test_integers_need_neither_tensorflow_nor_the_compiler_of_logic() -> None:
    """A bundle is checked, and the emulator is planned, where neither is installed."""
    code = (
        "import sys; import hls_projects.network.integer_model, hls_projects.network.type_check; "
        "import hls_projects.emulator.planner; from hls_projects.network.layer import LAYERS; print(len(list("
        "LAYERS.values())), *{'tensorflow', 'keras', 'qkeras', 'hls4ml', 'alkaid'}.intersection(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["15"]


def test_layers_import_no_form_of_the_hardware() -> None:
    """What changes in the RTL or the emulator must not make lowered networks out of date."""
    imported = {
        name
        for file in (ROOT / "hls_projects/network").rglob("*.py")
        for name in re.findall(r"(?:from|import) hls_projects\.(\w+)", file.read_text(encoding="utf-8"))
    }
    assert imported == {"array_files", "blocks", "json_record", "network"}
