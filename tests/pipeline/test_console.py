"""What a terminal cannot show does not stop a stage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAY = """
from pipeline import console
console.take_any_text()
console.done("train", "AUC 0.93 ± 0.01, η–φ → \\u4e2d \\udcff")
console.rows("Δη", [("p² ≥ 4", "µ")])
console.warn("1 × 2")
console.fail("±")
with console.progress("jets", 3, "jets") as advance:
    advance(2)
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "ascii:strict"])
def test_every_encoding_takes_every_text(encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "100"}
    process = subprocess.run([sys.executable, "-c", SAY], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr
    name = encoding.partition(":")[0]
    out, err = process.stdout.decode(name), process.stderr.decode(name)
    sign = "+-" if name == "ascii" else "±"
    eta = "η–φ → 中" if name == "utf-8" else "eta-phi -> \\u4e2d"
    assert f"AUC 0.93 {sign} 0.01, {eta} \\udcff" in out
    assert "warning 1 x 2\n" in err or "warning 1 × 2\n" in err
    assert f"error {sign}\n" in err
