"""EMP and APx pattern files against files written by hand in their published form, and round trips of any frames."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.errors import InputFileError
from hls_projects.export.formats import apx_patterns, emp_patterns
from hls_projects.export.links.frames import LinkFrames, Mark

VALID, START, END, ORBIT = Mark.VALID, Mark.START, Mark.END, Mark.ORBIT
WORDS = np.array([[0x0123456789ABCDEF, 0x52CB7D855E064BE0], [1, 0xFFFFFFFFFFFFFFFF], [0, 0]], np.uint64)
MARKS = np.array([[VALID | START | ORBIT] * 2, [VALID | END] * 2, [0, 0]], np.uint8)

V1 = """\
Board CMSSW
 Quad/Chan :         q00c0                q17c1       
      Link :          000                  069        
Frame 0000 :   1v0123456789abcdef   1v52cb7d855e064be0
Frame 0001 :   1v0000000000000001   1vffffffffffffffff
Frame 0002 :   0v0000000000000000   0v0000000000000000
"""  # noqa: W291 - as it is written
V2 = """\
ID: CMSSW
Metadata: (strobe,) start of orbit, start of packet, end of packet, valid

      Link              000                    069        
Frame 0000    1101 0123456789abcdef  1101 52cb7d855e064be0
Frame 0001    0011 0000000000000001  0011 ffffffffffffffff
Frame 0002    0000 0000000000000000  0000 0000000000000000
"""  # noqa: W291 - as it is written
APX = """\
#Sideband ON
#LinkLabel                LINK_00                    LINK_69    
#BeginData
0x0000    0x03 0x0123456789abcdef    0x03 0x52cb7d855e064be0
0x0001    0x09 0x0000000000000001    0x09 0xffffffffffffffff
0x0002    0x00 0x0000000000000000    0x00 0x0000000000000000
"""  # noqa: W291 - as it is written

FORMATS = {
    "v1": (emp_patterns.write_v1, emp_patterns.read_v1, V1, VALID | Mark.SKIPPED),
    "v2": (emp_patterns.write_v2, emp_patterns.read_v2, V2, VALID | START | END | ORBIT | Mark.SKIPPED),
    "apx": (apx_patterns.write, apx_patterns.read, APX, VALID | START | END),
}
"""Writer, reader, example, and the marks that the format keeps."""


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_written_by_hand_is_written_and_read(kind: str, tmp_path: Path) -> None:
    write, read, text, kept = FORMATS[kind]
    file = tmp_path / "pattern.txt"
    write(LinkFrames("CMSSW", (0, 69), WORDS, MARKS), file)
    assert file.read_text() == text
    found = read(file)
    assert (found.name, found.links) == ("" if kind == "apx" else "CMSSW", (0, 69))
    np.testing.assert_array_equal(found.data, WORDS)
    np.testing.assert_array_equal(found.marks, MARKS & kept)


def test_low_strobes_are_written_on_their_link_alone(tmp_path: Path) -> None:
    marks = MARKS.copy()
    marks[2, 1] |= Mark.SKIPPED
    frames = LinkFrames("CMSSW", (0, 69), WORDS, marks)
    file = tmp_path / "pattern.txt"
    emp_patterns.write_v1(frames, file)
    assert file.read_text().splitlines()[-2:] == [
        "Frame 0001 :   1v0000000000000001 1s1vffffffffffffffff",
        "Frame 0002 :   0v0000000000000000 0s0v0000000000000000",
    ]
    emp_patterns.write_v2(frames, file)
    assert file.read_text().splitlines()[-2:] == [
        "Frame 0001    0011 0000000000000001  10011 ffffffffffffffff",
        "Frame 0002    0000 0000000000000000  00000 0000000000000000",
    ]


@st.composite
def frames(draw: st.DrawFn) -> LinkFrames:
    """Any words with any marks on any links."""
    links = draw(st.lists(st.integers(0, 999), min_size=1, max_size=4, unique=True))
    shape = draw(st.integers(0, 4)), len(links)
    count = shape[0] * shape[1]
    words = draw(st.lists(st.integers(0, 2**64 - 1), min_size=count, max_size=count))
    marks = draw(st.lists(st.integers(0, 31), min_size=count, max_size=count))
    return LinkFrames(
        "a board", tuple(links), np.array(words, np.uint64).reshape(shape), np.array(marks, np.uint8).reshape(shape)
    )


@given(made=frames())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_reading_gives_back_what_was_written(made: LinkFrames, tmp_path: Path) -> None:
    for write, read, _, kept in FORMATS.values():
        file = tmp_path / "pattern.txt"
        write(made, file)
        found = read(file)
        assert found.links == made.links
        np.testing.assert_array_equal(found.data, made.data)
        np.testing.assert_array_equal(found.marks, made.marks & kept)


def test_files_of_others_are_read(tmp_path: Path) -> None:
    """Other blanks, comments, capitals, and an APx file without a sideband line, as the readers of CMSSW take them."""
    file = tmp_path / "pattern.txt"
    file.write_text(
        "# made by another tool\nBoard x0\n Quad/Chan :    q00c0   q00c1\n      Link :     00  01\n\n"
        "Frame 0000 : 1s0v00000000000000AB 1v00000000000000cd\n"
    )
    found = emp_patterns.read_v1(file)
    assert (found.name, found.links, found.data.tolist(), found.marks.tolist()) == (
        "x0",
        (0, 1),
        [[171, 205]],
        [[0, 1]],
    )
    file.write_text("#LinkLabel LINK_0 LINK_12\n#BeginData\n0x0000 0x01 0xAB 0x0f 0x1\n")
    other = apx_patterns.read(file)
    assert (other.links, other.data.tolist(), other.marks.tolist()) == ((0, 12), [[171, 1]], [[1, 11]])


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("v1", "Board", "board", "line 1: 'Board' is missing"),
        ("v1", "069", "000", "line 3: a link is named twice"),
        ("v1", "Frame 0001", "Frame 0002", "line 5: 'Frame 0001 :' is missing"),
        ("v1", "   1vffffffffffffffff", "", "line 5: holds 1 words for 2 links"),
        ("v1", "1vffffffffffffffff", "1xffffffffffffffff", "line 5: '1xffffffffffffffff' is not a word such as 1v01"),
        ("v2", "Metadata", "Meta", "line 2: 'Metadata: (strobe,) start of orbit"),
        ("v2", "0011 ffffffffffffffff", "0011 fffffffffffffff", "line 6: '0011 fffffffffffffff' is not a word"),
        ("apx", "#Sideband ON", "#Sideband OFF", "line 1: it has no sideband"),
        ("apx", "LINK_69", "link_69", "line 2: 'link_69' is not a link"),
        ("apx", "0x0001", "0x0004", "line 5: is frame 0x0004, not 0x0001"),
        ("apx", "0x09 0xffffffffffffffff", "0x09", "line 5: holds 4 numbers, not 5 for 2 links"),
        (
            "apx",
            "0xffffffffffffffff",
            "0xfffffffffffffffff",
            "line 5: '0xfffffffffffffffff' is not a hexadecimal number",
        ),
    ],
)
def test_damaged_files_are_named_with_the_line(kind: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    _, read, text, _ = FORMATS[kind]
    file = tmp_path / "pattern.txt"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InputFileError, match=re.escape(message)):
        read(file)


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_no_pattern_file_at_all(kind: str, tmp_path: Path) -> None:
    read = FORMATS[kind][1]
    with pytest.raises(InputFileError, match="no such file"):
        read(tmp_path / "none.txt")
    file = tmp_path / "other.txt"
    for content in (b"", b"\xff\xfe\x00", b"hello\n"):
        file.write_bytes(content)
        with pytest.raises(InputFileError, match=re.escape(str(file))):
            read(file)
