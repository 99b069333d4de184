"""The cache of compiled networks, and networks computed without TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hls_projects
from data_prep.errors import PipelineError, ToolNotFoundError
from hls_projects.emulator import build
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network import integer_model
from hls_projects.network.network import Network

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from pathlib import Path
import numpy as np
from hls_projects.network.network import Network
from hls_projects.emulator.fast_emulator import FastEmulator
emulator = FastEmulator(Network.load(Path(sys.argv[1])), Path(sys.argv[2]))
np.save(sys.argv[3], emulator.run(np.ones((5, 8, 8, 1)))[0])
"""


@pytest.fixture
def fresh_compiler() -> Iterator[None]:
    build._compiler.cache_clear()
    yield
    build._compiler.cache_clear()


def test_two_processes_may_build_at_once(tagger: Network, tmp_path: Path) -> None:
    tagger.save(tmp_path)
    files = [tmp_path / f"{i}.npy" for i in range(2)]
    command = [sys.executable, "-c", RUN, tmp_path, tmp_path / "cache"]
    running = [subprocess.Popen([*command, file], cwd=ROOT) for file in files]
    assert [process.wait() for process in running] == [0, 0]
    one, two = (np.load(file) for file in files)
    np.testing.assert_array_equal(one, two)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".so"]


def test_a_damaged_library_is_made_again(tagger: Network, tmp_path: Path) -> None:
    FastEmulator(tagger, tmp_path)
    (library,) = tmp_path.iterdir()
    content = library.read_bytes()
    library.unlink()
    library.write_bytes(content[: len(content) // 2])
    assert FastEmulator(tagger, tmp_path).run(np.zeros((1, 8, 8, 1)))[0].shape == (1, 5)
    assert len(library.read_bytes()) == len(content)


def test_an_interrupted_build_leaves_nothing(tagger: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(command: list[str]) -> None:
        raise KeyboardInterrupt

    build._compiler()
    monkeypatch.setattr(build.programs, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        FastEmulator(tagger, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_source_that_does_not_compile_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="does not compile: .*error"):
        build.library("int f( {", "none", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_compiler(tagger: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_compiler: None) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match="g\\+\\+ not found"):
        FastEmulator(tagger, tmp_path)


def test_without_vector_instructions_the_integers_are_the_same(
    tagger: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(build, "FLAGS", tuple("-mno-avx" if flag == "-march=native" else flag for flag in build.FLAGS))
    images = rng.random((100, 8, 8, 1), np.float32)
    wanted = integer_model.outputs(tagger, [tagger.graph.inputs[0].type.quantize(images)])[0]
    np.testing.assert_array_equal(FastEmulator(tagger, tmp_path).run(images)[0], wanted)


def test_emulate_takes_a_lowered_folder_without_tensorflow(tagger: Network, tmp_path: Path) -> None:
    tagger.save(tmp_path)
    code = (
        "import sys, numpy as np; from hls_projects import emulate;"
        "print(emulate(sys.argv[1], np.zeros((2, 8, 8, 1)))[0].tolist());"
        "print(sorted({'tensorflow', 'keras', 'qkeras', 'hls4ml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = integer_model.outputs(tagger, [np.zeros((2, 8, 8, 1), np.int64)])[0].tolist()
    assert done.stdout.splitlines() == [str(wanted), "[]"]


def test_emulate_takes_a_network(tagger: Network) -> None:
    (logits,) = hls_projects.emulate(tagger, np.zeros((3, 8, 8, 1), np.int8), raw=True)
    np.testing.assert_array_equal(logits, integer_model.outputs(tagger, [np.zeros((3, 8, 8, 1), np.int64)])[0])
