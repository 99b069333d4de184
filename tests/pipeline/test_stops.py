"""Commands that are stopped while others work for them: one line, and within moments nothing of them runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from tests.processes import running

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs" / "demo"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

TEMPLATES = """
template <int N> struct F { static constexpr long v = F<N - 1>::v + F<N - 2>::v; };
template <> struct F<0> { static constexpr long v = 0; };
template <> struct F<1> { static constexpr long v = 1; };
constexpr long slow(long n) { long s = 0; for (long i = 0; i < n; ++i) s += i % 7; return s; }
static_assert(slow(200000000) + F<20>::v != 3);
"""
"""Minutes of work for a compiler."""
CSIM = """
import sys
from pathlib import Path
from hls_projects.hls import csim
from pipeline import app
limits = ["-fconstexpr-ops-limit=100000000000", "-fconstexpr-loop-limit=1000000000"]
commands = [["g++", "-std=c++17", *limits, "-c", sys.argv[1], "-o", f"{sys.argv[1]}.{i}.o"] for i in range(2)]
app.app = lambda **_: csim._all_succeed(commands, Path(sys.argv[1]))
sys.exit(app.main(["csim"]))
"""
GHDL = """
import sys
from pathlib import Path
from data_prep.system.programs import Children
from pipeline import app
def simulate(**_):
    with Children() as children:
        children.run(["ghdl", "-a", "--std=08", "endless.vhd"], folder=Path(sys.argv[1]))
        children.run(["ghdl", "--elab-run", "--std=08", "endless"], folder=Path(sys.argv[1]))
app.app = simulate
sys.exit(app.main(["rtl"]))
"""
ENDLESS = """
entity endless is end;
architecture a of endless is signal c : bit := '0'; begin c <= not c after 1 ns; end;
"""


def csim(folder: Path) -> tuple[list[str], str]:
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    (folder / "slow.cpp").write_text(TEMPLATES)
    return ["-c", CSIM, str(folder / "slow.cpp")], "cc1plus"


def rtl(folder: Path) -> tuple[list[str], str]:
    if shutil.which("ghdl") is None:
        pytest.skip("ghdl not found")
    (folder / "endless.vhd").write_text(ENDLESS)
    return ["-c", GHDL, str(folder)], "endless"


def images(folder: Path) -> tuple[list[str], str]:
    (folder / "10_root").mkdir()
    for name in ("q", "g", "w", "z", "t"):
        write_mock_file(folder / "10_root" / f"{name}.root", mock_jets(name, 300, seed=4))
    config = folder / "images.yaml"
    config.write_text((CONFIGS / "images.yaml").read_text() + "\nchunk_jets: 1\n")
    call = ["-m", "pipeline", "images", "--config", str(config), str(folder / "10_root"), "--workers", "2"]
    return [*call, "--out", str(folder / "20_images")], "worker_entry.py"


def generate(folder: Path) -> tuple[list[str], str]:
    call = ["-m", "pipeline", "generate", "--config", str(CONFIGS / "generate.yaml"), "--out", str(folder / "10_root")]
    return call, "worker_entry.py"


@pytest.mark.parametrize("command", [csim, rtl, images, generate])
@pytest.mark.parametrize(
    "signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT), (signal.SIGKILL,)]
)
def test_nothing_goes_on(command: object, signals: tuple[signal.Signals, ...], tmp_path: Path) -> None:
    call, worker = command(tmp_path)  # type: ignore[operator]
    mark = f"STOPPED={tmp_path}"
    process = subprocess.Popen(
        [sys.executable, *call],
        cwd=ROOT,
        env={**os.environ, "STOPPED": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert _works(mark, worker, process), "it did not begin"
        for number in signals:
            process.send_signal(number)
            time.sleep(0.05)
        _, errors = process.communicate(timeout=60)
        limit = time.monotonic() + 120
        while running(mark) and time.monotonic() < limit:
            time.sleep(0.02)
        assert running(mark) == []
    finally:
        for pid in running(mark):
            os.kill(pid, signal.SIGKILL)
    assert "Traceback" not in errors
    if signal.SIGKILL not in signals:
        assert process.returncode == 130
        assert len([line for line in errors.splitlines() if "interrupted" in line]) == 1
        assert errors.strip().splitlines()[-1].startswith("error interrupted")


def _works(mark: str, worker: str, process: subprocess.Popen[str]) -> bool:
    """Wait until those that work for a command are there."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        for pid in running(mark):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            except OSError:
                continue
            works = worker in command and "supervisor.py" not in command
            if works and pid != process.pid:
                return True
        time.sleep(0.02)
    return False
