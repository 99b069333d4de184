"""The jet finder: reference = HLS C++ of `ap_int` compiled by g++, on random maps, ties, borders, and without jets."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from data_prep.fixed_point import FixedType
from hls_projects.blocks.jet_finder import JetFinder
from hls_projects.hls.csim_worker import run
from hls_projects.hls.jet_finder import HlsFinder, finder_header, loop_source
from hls_projects.network.port import Port
from models.events.jet_finder import find_jets
from models.events.settings import DetectionSettings

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

Integers = npt.NDArray[np.int64]


def finder(
    rows: int, columns: int, wrap: int, window: int, jets: int, threshold: float, heat: FixedType | None = None
) -> JetFinder:
    """Behind a network of detection, with outputs of three different types."""
    types = (heat or FixedType(6, 3), FixedType(9, 4, signed=False), FixedType(7, 2))
    shapes = [(rows, columns + 2 * wrap, channels) for channels in (1, 1, 6)]
    ports = [Port(name=f"out_{i}", shape=s, type=t) for i, (s, t) in enumerate(zip(shapes, types, strict=True))]
    made = JetFinder.of("detection", DetectionSettings(window=window, jets=jets, threshold=threshold), ports, wrap)
    assert made is not None
    return made


FORMS: dict[str, tuple[JetFinder, int]] = {
    "few jets": (finder(7, 10, 2, 2, 3, -0.5), 6000),
    "window higher than the image, no heat too small": (finder(3, 12, 0, 4, 20, -1000.0), 4000),
    "one jet, no column repeated but all": (finder(1, 3, 3, 1, 1, 1.25, FixedType(3, 2, signed=False)), 1000),
    "as configured": (finder(56, 72, 4, 4, 8, -0.5, FixedType(10, 6)), 60),
}
"""Finders and how many random events each is given."""


def events(made: JetFinder, count: int) -> list[Integers]:
    """Maps over the full range of their types; the heat of an event has few levels, or all, or one everywhere."""
    rng = np.random.default_rng(4)
    maps = [
        rng.integers(port.type.raw_min, port.type.raw_max, (count, *port.shape), endpoint=True) for port in made.maps
    ]
    kind = made.maps[0].type
    levels = rng.choice([1, 2, 5, kind.raw_max + 1], (count, 1, 1, 1))
    maps[0] = maps[0] % levels + rng.integers(kind.raw_min, kind.raw_max, (count, 1, 1, 1)) * (levels <= 5)
    maps[0] = np.clip(maps[0], kind.raw_min, kind.raw_max)
    for event, value in enumerate((kind.raw_min, kind.raw_max, 0)):  # plateaus over the whole event
        maps[0][event] = value
    return maps


def compiled(made: JetFinder, folder: Path, maps: list[Integers]) -> Integers:
    """The lists of the C++ twin."""
    spec = importlib.util.find_spec("hls4ml")
    assert spec is not None
    assert spec.origin is not None
    templates = Path(spec.origin).parent / "templates" / "vivado"
    hls = HlsFinder(finder=made, stream=True, inputs=(), outputs=())
    # the types of a network's streams come with its top function, which is not here
    (folder / "trigger_jets.h").write_text(finder_header(hls, "trigger") + '#include "nnet_utils/nnet_types.h"\n')
    source, library = folder / "trigger.cpp", folder / "trigger.so"
    source.write_text(loop_source(hls, "trigger"))
    flags = ["-std=c++17", "-O1", "-shared", "-fPIC", "-fno-gnu-unique", "-Wno-unknown-pragmas"]
    headers = [f"-I{templates / 'ap_types'}", f"-I{templates}"]
    subprocess.run(["g++", *flags, *headers, str(source), "-o", str(library)], check=True)
    values = [port.type.to_float(raw).reshape(len(raw), -1) for port, raw in zip(made.maps, maps, strict=True)]
    _, (records,) = run(library, values, [], ["jets"], [made.jets * made.record], "jets_run")
    np.testing.assert_array_equal(records, np.rint(records))
    return records.astype(np.int64).reshape(-1, made.jets, made.record)


@needs_compiler
@pytest.mark.parametrize("name", FORMS)
def test_the_twins_give_the_same_lists(name: str, tmp_path: Path) -> None:
    made, count = FORMS[name]
    maps = events(made, count)
    expected = made.find(maps)
    np.testing.assert_array_equal(compiled(made, tmp_path, maps), expected)
    assert expected[..., 0].any()


def test_records_are_the_jets_of_the_list() -> None:
    """Filled up with zeros; repeated columns are not looked at."""
    made, _ = FORMS["few jets"]
    maps = events(made, 300)
    records = made.find(maps)
    inner = [each[:, :, 2:-2] for each in maps]
    held = np.concatenate(inner[1:], axis=-1)
    found = find_jets(inner[0][..., 0], held, threshold=-4, window=2, jets=3)
    for event, (start, stop) in enumerate(zip(found.offsets[:-1], found.offsets[1:], strict=True)):
        jets = np.column_stack(
            [np.ones(stop - start), found.row[start:stop], found.column[start:stop], found.heat[start:stop]]
        )
        np.testing.assert_array_equal(records[event, : stop - start, :4], jets)
        np.testing.assert_array_equal(records[event, : stop - start, 4:], found.values[start:stop])
        assert not records[event, stop - start :].any()
    assert {0, 3} <= set(records[..., 0].sum(axis=1).tolist())


def test_the_threshold_is_the_next_raw_heat() -> None:
    """−0.5 of a heat in steps of 1/8 is −4, −0.45 is −3; beyond the type it is cut off where nothing changes."""
    assert [finder(4, 9, 1, 1, 4, t).threshold for t in (-0.5, -0.45, 3.9, 1000, -1000)] == [-4, -3, 32, 32, -32]


def test_where_nothing_is_hot_enough_there_is_no_jet() -> None:
    made = finder(4, 9, 1, 1, 4, 1000.0)
    assert not made.find(events(made, 50)).any()


def test_where_there_is_no_heatmap_there_is_no_finder() -> None:
    port = Port(name="classes", shape=(4, 8, 5), type=FixedType(8, 4))
    assert JetFinder.of("segmentation", DetectionSettings(), [port], 1) is None
    with pytest.raises(ValueError, match="a network for detection gives heat and pt and box"):
        JetFinder.of("detection", DetectionSettings(), [port], 1)


def test_a_window_around_the_event_is_refused() -> None:
    with pytest.raises(ValidationError, match="a window of 9 columns does not fit 8"):
        finder(4, 8, 1, 4, 4, 0.0)
