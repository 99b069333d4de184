"""The plan of a design's links: the packing that is made where none is given, and its timing in frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_prep.errors import ConfigurationError
from data_prep.fixed_point import FixedType
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.export.links.packing import Field
from hls_projects.export.links.packing_settings import PackingSettings, Placement
from hls_projects.export.links.plan import LinkPlan, link_plan
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign

ROOT = Path(__file__).parents[4]
IMAGE = Port(name="pixels", shape=(4, 4, 1), type=FixedType(10, 10, signed=False))
LOGITS = Port(name="logits", shape=(5,), type=FixedType(15, 6))
PT, ETA, PHI = (Port(name=n, shape=(16,), type=FixedType(w, w)) for n, w in (("pt", 14), ("eta", 12), ("phi", 11)))
SEEDS = tuple(Port(name=n, shape=(1,), type=FixedType(w, w)) for n, w in (("seed_eta", 12), ("seed_phi", 11)))


def design(inputs: tuple[Port, ...] = (IMAGE,), **timing: Any) -> RtlDesign:
    """A design of which only the ports and the timing matter."""
    given = {"form": "streamed", "beats": 1, "interval": 1, "latency": 12} | timing
    return RtlDesign(name="tagger", inputs=inputs, outputs=(LOGITS,), verilog=(), vhdl=(), **given)


def places(plan: LinkPlan, first: int = 0, count: int = 99) -> list[tuple[int, int, int]]:
    """Link, frame and bit of values of the inputs."""

    def order(field: Field) -> int:
        return field.value

    return [(f.link, f.frame, f.bit) for f in sorted(plan.inputs.fields, key=order)][first : first + count]


def test_an_image_a_clock_lies_in_one_frame() -> None:
    plan = link_plan(design(), PackingSettings())
    # six pixels of 10 bits in 64
    assert places(plan) == [(i // 6, 0, i % 6 * 10) for i in range(16)]
    assert [(f.link, f.frame, f.bit) for f in plan.outputs.fields] == [(i // 4, 0, i % 4 * 15) for i in range(5)]
    assert (plan.period, plan.wait, plan.first_output, plan.held) == (1, 0, 12, 0)
    # the result of the last packet is in the last frame
    assert plan.packets(1024) == 1024 - 12
    assert plan.packets(12) == 0


def test_a_row_a_clock_is_a_row_a_frame() -> None:
    plan = link_plan(design(beats=4, interval=4), PackingSettings(wrapper_clocks=2))
    assert places(plan) == [(0, i // 4, i % 4 * 10) for i in range(16)]
    assert (plan.period, plan.wait, plan.first_output, plan.inputs.frames) == (4, 0, 14, 4)
    assert plan.packets(14 + 1) == 1
    assert plan.packets(14 + 4) == 1
    assert plan.packets(14 + 5) == 2


def test_a_candidate_is_a_word_and_the_seed_another() -> None:
    plan = link_plan(design((PT, ETA, PHI, *SEEDS)), PackingSettings())
    assert places(plan) == [(i, 0, bit) for bit in (0, 14, 26) for i in range(16)] + [(16, 0, 0), (16, 0, 12)]


def test_candidates_one_a_clock_come_one_a_frame_and_the_seed_stays() -> None:
    serial = design(
        (PT, ETA, PHI, *SEEDS), beats=16, interval=16, every_beat=("seed_eta", "seed_phi"), interval_step=16
    )
    plan = link_plan(serial, PackingSettings())
    assert places(plan) == [(0, i, bit) for bit in (0, 14, 26) for i in range(16)] + [(1, 0, 0), (1, 0, 12)]
    assert (plan.wait, plan.held, plan.period) == (0, 15, 16)


def test_fewer_links_take_more_frames_and_the_design_waits_for_them() -> None:
    plan = link_plan(design(), PackingSettings(links=1))
    assert places(plan) == [(0, i // 6, i % 6 * 10) for i in range(16)]
    # the whole image is there with the third frame; the first word is held for two
    assert (plan.inputs.frames, plan.outputs.frames, plan.wait, plan.held, plan.period) == (3, 2, 2, 2, 3)
    assert plan.first_output == 14


def test_a_whole_event_goes_out_over_the_links_of_a_board() -> None:
    maps = Port(name="maps", shape=(14, 22, 8), type=FixedType(9, 4))
    event = design(beats=4, interval=14).model_copy(update={"outputs": (maps,)})
    plan = link_plan(event, PackingSettings())
    # 2,464 values, seven in a word: 352 words, the last of them in the third frame
    assert (plan.outputs.links[-1], plan.outputs.frames, plan.period) == (127, 3, 14)
    last = max(plan.outputs.fields, key=lambda field: field.value)
    assert (last.link, last.frame, last.bit) == (351 % 128, 2, 6 * 9)
    assert link_plan(event, PackingSettings(links=26)).outputs.frames == 14


def test_a_packet_comes_no_sooner_than_the_design_takes_one() -> None:
    slow = design(beats=4, interval=5, interval_step=4)
    assert link_plan(slow, PackingSettings()).period == 5
    assert link_plan(slow, PackingSettings(period=13)).period == 13
    for period, message in ((4, "take 5 frames or 4, 8, … more"), (7, "every 7 frames")):
        with pytest.raises(ConfigurationError, match=message):
            link_plan(slow, PackingSettings(period=period))
    late = (Placement(port="pixels", frame=5, per_word=4), Placement(port="pixels", first=0, count=1))
    with pytest.raises(ConfigurationError, match=r"'packing.inputs' .*pixels\[0, 0, 0\] is placed twice"):
        link_plan(slow, PackingSettings(inputs=late))


def test_what_is_given_takes_the_place_of_what_would_be_made() -> None:
    given = PackingSettings(
        inputs=(Placement(port="pixels", links=(8, 11), per_word=2, frame=3),),
        outputs=(Placement(port="logits", links=(40, 40)),),
    )
    plan = link_plan(design(beats=4, interval=4), given)
    # eight words on four links: rows 0 and 1 come in frame 3, rows 2 and 3 in frame 4, so the first row waits for none
    assert (plan.inputs.links, plan.inputs.frames, plan.outputs.frames) == ((8, 9, 10, 11), 5, 5)
    assert (plan.wait, plan.held, plan.period) == (3, 2, 5)


def test_the_documented_example_is_what_is_made_where_none_is_given() -> None:
    images = yaml.safe_load((ROOT / "configs" / "trigger" / "images.yaml").read_text())
    settings = CandidateSettings.model_validate(images["candidates"])
    ports = ImageBuilder(candidates=settings, rows=(0, 1), columns=(0, 1)).ports
    text = (ROOT / "docs" / "hardware.md").read_text().split("```yaml\npacking:")[1].split("```")[0]
    example = PackingSettings.model_validate(yaml.safe_load("packing:" + text)["packing"])
    default, given = (link_plan(design(ports), packing) for packing in (PackingSettings(), example))
    assert set(default.inputs.fields) == set(given.inputs.fields)
    assert (default.period, default.first_output) == (given.period, given.first_output)
