"""What must not change when code is only moved: hashes of images, networks, integers and logic of shipped runs.

python -m benchmarks.fingerprints before.json               # on one commit
python -m benchmarks.fingerprints --compare before.json     # on another one; exits with 1 where something differs

Jets are mock jets, weights are random with a fixed seed, so nothing is trained. Where a network is meant to change, so
do its hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.events.settings import EventImagesSettings
from data_prep.images.jets import ImagesSettings, images_of
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.settings import Settings
from pipeline.configuration import load, load_kind

CONFIGS = Path(__file__).parents[1] / "configs"
RUNS = (("demo", {}), ("trigger", {}), ("symmetries", {"symmetry": "p4"}), ("regions", {}))
"""Folders of configs/, and what is changed in their model.yaml."""
JETS = 500
VECTORS = 200
CLASSES = 5


def digest(*parts: object) -> str:
    """The first 20 hexadecimal digits of SHA-256 of arrays, bytes, or anything that can be printed."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part if isinstance(part, bytes) else repr(part).encode())
    return total.hexdigest()[:20]


def arrays(values: dict[str, Any]) -> Iterator[object]:
    """Names, shapes, types and bytes."""
    for name, value in sorted(values.items()):
        array = np.asarray(value)
        yield from (name, array.shape, array.dtype.str, array.tobytes())


def of_run(run: str, changes: dict[str, str], *, rtl: bool) -> Iterator[tuple[str, str]]:
    """The hashes of one run, with their names."""
    folder = CONFIGS / run
    kinds: dict[str, type[ImagesSettings | EventImagesSettings]] = {
        "jets": ImagesSettings,
        "events": EventImagesSettings,
    }
    images = load_kind(folder / "images.yaml", kinds)
    yield "images.yaml", digest(images.model_dump_json())
    if isinstance(images, ImagesSettings):
        with tempfile.TemporaryDirectory() as files:
            file = Path(files) / "t.root"
            write_mock_file(file, mock_jets("t", JETS, seed=1))
            chunk = JetClassReader(images.options).read(file, 0, JETS)
        batch = images_of(chunk, images, labelled=False).batch
        yield "images", digest(*arrays({name: getattr(batch, name) for name in ("offsets", "pixel", "value")}))
    network = _network(folder, images, changes)
    yield "types", digest(network.graph.model_dump_json())
    yield from _of_network(network, rtl=rtl)


def _network(folder: Path, images: Any, changes: dict[str, str]) -> Any:
    """The network for hardware of a run, lowered and proven, with random weights."""
    from tensorflow import keras

    from hls_projects.lowering.lower import lower
    from hls_projects.lowering.types import prove_network
    from models.architectures.registry import ARCHITECTURES, networks
    from models.events.maps import heads
    from models.tasks.registry import TASKS, TaskChoice

    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    task = load(folder / "model.yaml", TaskChoice).task
    settings: Settings = load(folder / "model.yaml", TASKS[task].settings).model_copy(update=changes)
    grid, channels = images.grid, len(images.channels)
    if isinstance(images, EventImagesSettings):
        shape, outputs = (grid.rows, grid.columns + 2 * grid.wrap, channels), heads(task)
        *_, network = ARCHITECTURES[settings.architecture].networks(settings, "towers")
    else:
        shape, outputs = (grid.rows, grid.columns, channels), CLASSES
        *_, network = networks(settings, grid.kind)
    return prove_network(lower(network.build(settings, shape, outputs)))


def _of_network(network: Any, *, rtl: bool) -> Iterator[tuple[str, str]]:
    """Of the integers, the emulator's source and the streamed logic of a network."""
    from hls_projects.emulator.planner import plan
    from hls_projects.emulator.source import cpp_source
    from hls_projects.network import integer_model
    from hls_projects.rtl.forms.assemble import write_design
    from hls_projects.settings import RtlSettings, VariantSettings

    rng = np.random.default_rng(5)
    ports = [(port.type, (VECTORS, *port.shape)) for port in network.graph.inputs]
    raw = [rng.integers(port_type.raw_min, port_type.raw_max, shape, endpoint=True) for port_type, shape in ports]
    yield "integers", digest(*arrays(integer_model.run(network, raw)))
    yield "emulator", digest(cpp_source(plan(network), "network").strip())
    if rtl:
        with tempfile.TemporaryDirectory() as folder:
            logic = Path(folder) / "rtl"
            write_design(network, "network", RtlSettings(form="streamed", rows=1), VariantSettings(), logic)
            files = sorted(path for path in logic.rglob("*") if path.is_file())
            yield "rtl", digest(*(part for path in files for part in (path.name, path.read_bytes())))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the hashes, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--compare", action="store_true", help="with FILE, instead of writing it")
    parser.add_argument("--no-rtl", action="store_true", help="leave out the logic, which takes minutes")
    given = parser.parse_args(arguments)
    before = json.loads(given.file.read_text()) if given.compare else {}
    hashes: dict[str, str] = {}
    for run, changes in RUNS:
        for name, value in of_run(run, changes, rtl=not given.no_rtl):
            key = "/".join((run, *changes.values(), name))
            hashes[key] = value
            print(key, value, "" if before.get(key, value) == value else "DIFFERS", flush=True)
    if given.compare:
        sys.exit(int(any(before.get(key, value) != value for key, value in hashes.items())))
    given.file.write_text(json.dumps(hashes, indent=1) + "\n")


if __name__ == "__main__":
    main()
