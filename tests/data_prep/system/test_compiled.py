"""The cache of compiled functions notices a change in any file that takes part."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.system import compiled

Array = npt.NDArray[np.float64]


def test_a_changed_inner_function_in_another_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package_of_test"
    (package / "system").mkdir(parents=True)
    shutil.copy(Path(compiled.__file__), package / "system" / "compiled.py")
    (package / "__init__.py").touch()
    (package / "outer.py").write_text(
        "from package_of_test.system.compiled import compiled\nfrom package_of_test.inner import step\n"
        "@compiled\ndef run(x):\n    return 10 * step(x)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    answers = []
    for constant in (1, 22, 1):
        inner = "from package_of_test.system.compiled import compiled\n@compiled\ndef step(x):\n    return x + {}\n"
        (package / "inner.py").write_text(inner.format(constant))
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.startswith("package_of_test")]:
            del sys.modules[name]
        answers.append(importlib.import_module("package_of_test.outer").run(5))
    assert answers == [60, 270, 60]
    assert list(package.glob("__pycache__/compiled-*/**/*.nbi")), "nothing was kept for the next run"


def test_a_damaged_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package_of_damage"
    (package / "system").mkdir(parents=True)
    shutil.copy(Path(compiled.__file__), package / "system" / "compiled.py")
    (package / "__init__.py").touch()
    text = "from package_of_damage.system.compiled import compiled\n@compiled\ndef run(x):\n    return 10 * x\n"
    (package / "one.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    def run() -> bool:
        """Runs it in a module of its own; whether it was found in the cache."""
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.startswith("package_of_damage")]:
            del sys.modules[name]
        function = importlib.import_module("package_of_damage.one").run
        assert function(5) == 50
        return bool(function.stats.cache_hits)

    assert (run(), run()) == (False, True)
    for ending in ("nbi", "nbc"):
        (file,) = package.glob(f"__pycache__/compiled-*/**/*.{ending}")
        whole = file.read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        for damaged in (whole[: len(whole) // 2], bytes(flipped), b""):
            file.write_bytes(damaged)
            assert (run(), run()) == (False, True), "made again, and kept"


def test_one_of_several_functions_is_run_by_its_number() -> None:
    @compiled.compiled
    def doubled(values: Array) -> None:
        for i in range(values.size):
            values[i] *= 2

    @compiled.compiled
    def cleared(values: Array) -> None:
        for i in range(values.size):
            values[i] = 0

    @compiled.compiled
    def lowered(values: Array) -> None:
        for i in range(values.size):
            values[i] -= 1

    chosen = compiled.dispatcher((doubled, cleared, lowered))
    for number, expected in enumerate(([4, 6], [0, 0], [1, 2])):
        values = np.array([2.0, 3.0])
        chosen(number, values)
        assert values.tolist() == expected
    alone = compiled.dispatcher((doubled,))
    alone(0, values)
    assert values.tolist() == [2, 4]
