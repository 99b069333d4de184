"""Values in link words: round trips of any packing, words by hand, and packings that are wrong."""

from __future__ import annotations

import doctest
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.errors import ConfigurationError
from data_prep.fixed_point import FixedType
from hls_projects.export.links import packing
from hls_projects.export.links.packing import resolve
from hls_projects.export.links.packing_settings import Placement
from hls_projects.network.port import Port

PT = Port(name="pt", shape=(3,), type=FixedType(14, 12, signed=False))
ETA = Port(name="eta", shape=(3,), type=FixedType(12, 12))
SEED = Port(name="seed", shape=(1,), type=FixedType(12, 12))
CANDIDATES = (
    Placement(port="pt", links=(4, 6)),
    Placement(port="eta", links=(4, 6), bit=14),
    Placement(port="seed", links=(9, 9), bit=52),
)


def test_doctests() -> None:
    assert doctest.testmod(packing).failed == 0


def test_candidates_as_they_would_be_packed_by_hand() -> None:
    packing = resolve(CANDIDATES, (PT, ETA, SEED), "inputs")
    values = np.array([[0x3FFF, 1, 0, -1, 2, -2048, -3]])
    words = packing.pack(values)
    assert (packing.links, packing.frames) == ((4, 5, 6, 9), 1)
    assert [f"{word:016x}" for word in words[0, 0].tolist()] == [
        "0000000003ffffff",  # 14 ones of pT under 12 ones of η = -1
        "0000000000008001",  # η = 2 from bit 14 on
        "0000000002000000",  # the sign bit of η = -2048 is bit 25
        "ffd0000000000000",  # -3 in the 12 highest bits
    ]
    np.testing.assert_array_equal(packing.unpack(words), values)


def test_words_go_round_the_links_and_then_the_frames() -> None:
    image = Port(name="image", shape=(3, 3, 1), type=FixedType(10, 10, signed=False))
    packing = resolve([Placement(port="image", links=(0, 1), per_word=2, spacing=16)], (image,), "inputs")
    words = packing.pack(np.arange(1, 10)[np.newaxis])
    assert [[f"{word:08x}" for word in frame] for frame in words[0].tolist()] == [
        ["00020001", "00040003"],
        ["00060005", "00080007"],
        ["00000009", "00000000"],
    ]


def test_a_value_may_be_split_on_purpose() -> None:
    packing = resolve(
        [
            Placement(port="seed", part=(0, 4), bit=60),
            Placement(port="seed", part=(4, 8), frame=1),
        ],
        (SEED,),
        "inputs",
    )
    words = packing.pack(np.array([[-1234]]))  # -1234 is b2e in 12 bits
    assert [f"{word:016x}" for word in words[0, :, 0].tolist()] == ["e000000000000000", "00000000000000b2"]
    np.testing.assert_array_equal(packing.unpack(words), [[-1234]])


@st.composite
def ports(draw: st.DrawFn) -> list[Port]:
    """One to four ports of any width and sign."""
    ports = []
    for number in range(draw(st.integers(1, 4))):
        shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
        width, signed = draw(st.integers(1, 63)), draw(st.booleans())
        ports.append(Port(name=f"p{number}", shape=shape, type=FixedType(width, width, signed)))
    return ports


@st.composite
def packings(draw: st.DrawFn) -> tuple[list[Port], list[Placement]]:
    """Ports one behind the other in frames, on random links, some values in two parts."""
    chosen, placements, frame = draw(ports()), [], 0
    for port in chosen:
        width, size = port.type.width, int(np.prod(port.shape))
        cut = draw(st.integers(1, width))
        for low, bits in ((0, cut), (cut, width - cut)):
            if not bits:
                continue
            links = draw(st.integers(1, 3))
            spacing = draw(st.integers(bits, 63))
            bit = draw(st.integers(0, 64 - bits))
            most = (64 - bit - bits) // spacing + 1
            per_word = draw(st.integers(1, most))
            first = draw(st.integers(0, 50))
            placements.append(
                Placement(
                    port=port.name,
                    part=(low, bits),
                    links=(first, first + links - 1),
                    frame=frame,
                    word=draw(st.integers(0, 5)),
                    per_word=per_word,
                    bit=bit,
                    spacing=spacing,
                )
            )
            frame += 6 + size
    return chosen, placements


@settings(deadline=None)
@given(packings(), st.randoms(use_true_random=False))
def test_unpacking_gives_back_what_was_packed(case: tuple[list[Port], list[Placement]], random: object) -> None:
    chosen, placements = case
    packing = resolve(placements, chosen, "inputs")
    draw = random.randint  # type: ignore[attr-defined]
    types = [port.type for port in chosen for _ in range(int(np.prod(port.shape)))]
    rows = [[draw(port_type.raw_min, port_type.raw_max) for port_type in types] for _ in range(3)]
    rows += [[port_type.raw_min for port_type in types], [port_type.raw_max for port_type in types]]
    values = np.array(rows, dtype=np.int64)
    words = packing.pack(values)
    np.testing.assert_array_equal(packing.unpack(words), values)
    # as many bits are set as the values have, and none elsewhere
    width = sum(port_type.width for port_type in types)
    ones = np.array([[(-1 if port_type.signed else port_type.raw_max) for port_type in types]])
    assert sum(int(word).bit_count() for word in packing.pack(ones).ravel()) == width


@pytest.mark.parametrize(
    ("placements", "message"),
    [
        (
            (*CANDIDATES[:2], Placement(port="sed")),
            "'packing.inputs.2' .* no port 'sed' there (name one of pt, eta, seed)",
        ),
        (CANDIDATES[:2], "seed[0] is placed nowhere"),
        ((*CANDIDATES, Placement(port="seed", links=(20, 20))), "bit 0 of seed[0] is placed twice"),
        (
            (*CANDIDATES[:2], Placement(port="seed", links=(5, 5), bit=20)),
            "eta[1] and seed[0] both take bit 20 of link 5 in frame 0",
        ),
        (
            (*CANDIDATES[:2], Placement(port="seed", bit=60)),
            "a value of 12 bits of 'seed' from bit 60 on would be split over two words of 64 bits (begin at bit 52",
        ),
        (
            (CANDIDATES[0], Placement(port="eta", per_word=3, spacing=30), CANDIDATES[2]),
            "3 values of 12 bits of 'eta' from bit 0 on would be split .* (at most 2 a word fit",
        ),
        (
            (*CANDIDATES[:2], Placement(port="seed", links=(9, 9), part=(0, 4)), Placement(port="seed", part=(5, 7))),
            "bit 4 of seed[0] is placed nowhere",
        ),
        (
            (*CANDIDATES[:2], Placement(port="seed", links=(9, 9), part=(0, 5)), Placement(port="seed", part=(4, 8))),
            "bit 4 of seed[0] is placed twice",
        ),
        ((*CANDIDATES[:2], Placement(port="seed", part=(4, 9))), "'seed' has the bits 0 to 11, not 4 to 12"),
        ((Placement(port="pt", first=1, count=3), *CANDIDATES[1:]), "'pt' has the values 0 to 2, not 1 to 3"),
    ],
)
def test_wrong_packings_are_refused(placements: tuple[Placement, ...], message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message).replace(r"\.\*", ".*")):
        resolve(placements, (PT, ETA, SEED), "inputs")


def test_values_that_are_none_of_the_port_are_refused() -> None:
    packing = resolve(CANDIDATES, (PT, ETA, SEED), "inputs")
    with pytest.raises(ValueError, match="a value of 'eta' does not fit into ap_fixed<12,12"):
        packing.pack(np.array([[0, 0, 0, 2048, 0, 0, 0]]))
    with pytest.raises(ValueError, match=r"shape \[n, 7\]"):
        packing.pack(np.zeros((1, 6), np.int64))
