"""docs/extending.md: in a copy of the project each of its files, and nothing else, is what makes a thing known.

An architecture, a task and a plain layer are used by tests of their own, which read them from the same page.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from tests.examples import PAGE, examples

ROOT = PAGE.parents[1]
PACKAGES = ("data_prep", "models", "hls_projects", "pipeline")
EXAMPLES = examples()
MODULES = [path for path in EXAMPLES if path.endswith(".py")]


def _registries() -> dict[str, str]:
    """What a module declares, by its package, of every registry of the project."""
    texts = [file.read_text(encoding="utf-8") for name in PACKAGES for file in (ROOT / name).rglob("*.py")]
    return dict(found for text in texts for found in re.findall(r"\bRegistry\(\s*\"([\w.]+)\",\s*\"(\w+)\"", text))


def test_every_registry_has_its_example() -> None:
    folders = {
        Path(path).parent.as_posix().replace("/", "."): text for path, text in EXAMPLES.items() if path in MODULES
    }
    registries = _registries()
    assert len(registries) == 9
    assert set(folders) == set(registries)
    for package, declaration in registries.items():
        assert re.search(rf"^{declaration} = ", folders[package], re.MULTILINE), package


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_is_short_and_new(path: str) -> None:
    code = re.sub(r'""".*?"""', "", EXAMPLES[path], flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 25
    assert not (ROOT / path).exists()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with all examples."""
    made = tmp_path_factory.mktemp("project")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, made)
    for path, text in EXAMPLES.items():
        (made / path).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def jets(copy: Path) -> Path:
    """Three jets of 2, 0 and 3 constituents, in the layout of the example."""
    folder = copy / "files"
    folder.mkdir()
    lists = ak.Array([[3.0, 4.0], [], [1.0, 2.0, 3.0]])
    with uproot.recreate(folder / "jets.root") as file:
        content = {f"cand_{name}": lists for name in ("pt", "eta", "phi", "mass")}
        content |= {f"jet_{name}": np.array([9.0, 1.0, 6.0], np.float32) for name in ("pt", "eta", "phi")}
        file["ntuple/jets"] = content | {"is_w": np.array([1, 0, 1], np.int32)}
    return folder / "jets.root"


def _python(copy: Path, *arguments: str) -> str:
    call = [sys.executable, *arguments]
    done = subprocess.run(call, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_examples_are_in_the_style_of_the_project(copy: Path) -> None:
    _python(copy, "-m", "ruff", "check", *MODULES)
    _python(copy, "-m", "ruff", "format", "--check", *MODULES)


DATA = """
import sys
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

import data_prep
from data_prep.grids.any_grid import AnyGrid
from data_prep.grids.pixels import pixels_of
from data_prep.readers import Options
from data_prep.readers.detect import detect, reader_of
from data_prep.steps.order import Steps
from data_prep.steps.program import Program, moved_constituents

assert Path(data_prep.__file__).is_relative_to(Path.cwd())
file = Path(sys.argv[1])
assert detect(file) == "ntuple"
chunk = reader_of([file], Options())[0].read(file, 0, 3)
assert chunk.pt.tolist() == [3, 4, 1, 2, 3]
assert chunk.jet_pt.tolist() == [9, 1, 6]

steps = TypeAdapter(Steps).validate_python([{"step": "energy_scale", "factor": 1.5}])
pt, eta, phi = moved_constituents(chunk, Program.of(steps))
assert pt.tolist() == [4.5, 6, 1.5, 3, 4.5]
assert np.array_equal(eta, chunk.eta) and np.array_equal(phi, chunk.phi)

grid = TypeAdapter(AnyGrid).validate_python({"kind": "strips", "rows": 8})
eta, phi = (np.float32(each) for each in ([-1, -0.75, 0.99, 1, 0.1, np.nan], [0, 0, 0.7, 0, -1.1, 0]))
index = np.empty(6, np.int32)
pixels_of(grid.code, grid.parameters, eta, phi, index)
assert index.tolist() == [0, 1, 7, -1, -1, -1]
centres = [np.float32(each.ravel()) for each in grid.centres()]
pixels_of(grid.code, grid.parameters, *centres, index := np.empty(8, np.int32))
assert index.tolist() == list(range(8))
"""


def test_a_layout_a_step_and_a_grid(copy: Path, jets: Path) -> None:
    _python(copy, "-c", DATA, str(jets))


HARDWARE = """
from pathlib import Path
from types import SimpleNamespace

from data_prep.fixed_point import FixedType
from hls_projects.export.bundle import TARGETS
from hls_projects.network.layer import plain_layer
from hls_projects.network.port import Port
from models.architectures.registry import known_architecture
from models.tasks.registry import on_images

assert plain_layer("Cropping2D").moves
assert known_architecture("linear") == "linear"
assert on_images("jets", "count") == "count"

(target,) = (each for each in TARGETS if each.place == 75)
image = Port(name="image", shape=(8, 8, 1), type=FixedType(8, 0, False))
score = Port(name="logits", shape=(5,), type=FixedType(12, 4))
target.write(SimpleNamespace(graph=SimpleNamespace(inputs=(image,), outputs=(score,))), Path.cwd())
print(Path("ports.txt").read_text(), end="")
"""


def test_a_layer_an_architecture_a_task_and_a_target(copy: Path) -> None:
    assert _python(copy, "-c", HARDWARE).splitlines() == [
        "image 8x8x1 ap_ufixed<8,0,AP_TRN,AP_WRAP>",
        "logits 5 ap_fixed<12,4,AP_TRN,AP_WRAP>",
    ]


SECTION = """
from pathlib import Path

from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder

print(page(RunFolder(Path("build/run"))))
"""


def test_a_stage_and_a_section(copy: Path, jets: Path) -> None:
    listed = _python(copy, "-m", "pipeline", "-h")
    assert re.search(r"^ +multiplicity +Count the constituents of all jets\.$", listed, re.MULTILINE)
    (copy / "build").mkdir()
    (copy / "build" / "run").mkdir()
    call = ("-m", "pipeline", "multiplicity", str(jets), "--out", "build/run/15_multiplicity")
    assert "5 constituents in 3 jets" in _python(copy, *call)
    assert "unchanged" in _python(copy, *call)
    content = json.loads((copy / "build/run/15_multiplicity/multiplicity.json").read_text())
    assert content == {"jets": 3, "constituents": 5}
    shown = _python(copy, "-c", SECTION)
    assert "Constituents of a jet" in shown
    assert "<p>5 constituents in 3 jets.</p>" in shown
