"""Which files an argument names."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from data_prep.readers.files import input_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.root", "a.root", "deep/c.root", ".hidden/d.root", ".e.root", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_a_folder_is_searched_without_hidden_files(tree: Path) -> None:
    assert names(input_files([str(tree)])) == ["a.root", "b.root", "c.root"]


def test_order_and_repetition_of_the_arguments_do_not_matter(tree: Path) -> None:
    files = input_files([str(tree / "b.root"), str(tree / "a.root")])
    assert files == input_files([str(tree / "a.root"), str(tree / "b.root"), str(tree / "deep" / ".." / "a.root")])
    assert names(files) == ["a.root", "b.root"]


def test_patterns(tree: Path) -> None:
    assert names(input_files([str(tree / "[ab].root")])) == ["a.root", "b.root"]
    assert names(input_files([str(tree / "**" / "c.*")])) == ["c.root"]


def test_a_named_file_needs_no_suffix(tree: Path) -> None:
    assert names(input_files([str(tree / "notes.txt")])) == ["notes.txt"]


@pytest.mark.parametrize(("argument", "reason"), [("none.root", "no such file"), ("*.h5", "no such file")])
def test_what_names_nothing_is_an_error(tree: Path, argument: str, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        input_files([str(tree / "a.root"), str(tree / argument)])


def test_a_folder_without_root_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"holds no \.root or \.h5 or \.hdf5 file"):
        input_files([str(tmp_path)])


def touch(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_links_are_followed_circles_end_and_every_file_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "jets/a.root", "jets/sub/b.root", "elsewhere/c.root")
    (tmp_path / "jets" / "more").symlink_to("../elsewhere")
    (tmp_path / "jets" / "again").symlink_to("sub")
    (tmp_path / "jets" / "sub" / "circle").symlink_to("..")
    (tmp_path / "elsewhere" / "circle").symlink_to("../jets")
    (tmp_path / "jets" / "self").symlink_to("self")
    warned: list[str] = []
    expected = [tmp_path / "jets" / path for path in ("a.root", "sub/b.root", "more/c.root")]
    assert input_files([str(tmp_path / "jets")], warned.append) == expected
    assert input_files([str(tmp_path / "jets" / "**" / "*.root")], warned.append) == expected
    assert warned == []


def test_second_names_of_a_file_are_read_once_and_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.root")
    (tmp_path / "b.root").symlink_to("a.root")
    (tmp_path / "c.root").hardlink_to(tmp_path / "a.root")
    warned: list[str] = []
    assert names(input_files([str(tmp_path / "c.root"), str(tmp_path)], warned.append)) == ["a.root"]
    assert [line.split(": ")[0] for line in warned] == [str(tmp_path / name) for name in ("b.root", "c.root")]
    assert all("a.root under a second name" in line for line in warned)


def test_the_many_ways_to_end_are_taken_and_what_nearly_ends_right_is_named(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.root.1", "b.ROOT", "c.H5", "d.Hdf5", "e.root.gz", "f.root.part", "g.h5~", ".h.root", "rooted.txt"
    )
    warned: list[str] = []
    assert names(input_files([str(tmp_path)], warned.append)) == ["a.root.1", "b.ROOT", "c.H5", "d.Hdf5"]
    assert len(warned) == 1
    assert (
        ": 4 files left out (hidden, or not ending in .root, .h5, .hdf5): .h.root, e.root.gz, f.root.part" in warned[0]
    )
    assert "and 1 more" in warned[0]
    # the remedy works
    assert names(input_files([str(tmp_path), str(tmp_path / ".h.root")])) == [
        ".h.root",
        "a.root.1",
        "b.ROOT",
        *["c.H5", "d.Hdf5"],
    ]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.root", "shut/b.root")
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shut" and real(path, mode))
    warned: list[str] = []
    for argument in (tmp_path, tmp_path / "**" / "*.root"):
        assert names(input_files([str(argument)], warned.append)) == ["a.root"]
        assert len(warned) == 1
        assert f"{tmp_path / 'shut'}: the folder is left out, it cannot be read" in warned.pop()
    with pytest.raises(InputFileError, match=r"shut: the folder may not be read \(change its permissions\)"):
        input_files([str(tmp_path / "shut")])


def test_a_pattern_may_match_folders(tmp_path: Path) -> None:
    touch(tmp_path, "run1/a.root", "run2/deep/b.root", "run3/notes.txt")
    assert names(input_files([str(tmp_path / "run*")])) == ["a.root", "b.root"]


ODD = (
    "it's.root",
    "$HOME.root",
    "#1.root",
    "~.root",
    "a b.root",
    "[ab].root",
    "*.root",
    "?.root",
    "`ls`.root",
    "é;&|.root",
)


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_data_and_what_exists_is_no_pattern(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, name, "a.root", "b.root")
    monkeypatch.chdir(tmp_path)
    assert names(input_files([name])) == [name]
    assert names(input_files([str(tmp_path / name)])) == [name]
    assert names(input_files([f"a.root {name}"])) == sorted(["a.root", name])


def test_all_odd_names_in_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, *ODD)
    monkeypatch.chdir(tmp_path)
    for space in (" ", "\n", "\t \n"):
        assert names(input_files([space.join(ODD)])) == sorted(ODD)
    assert names(input_files(["\n" + "\n".join(ODD) + "\n"])) == sorted(ODD)


def test_a_folder_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    touch(tmp_path, "run[1]/a.root", "run1/b.root")
    assert names(input_files([str(tmp_path / "run[1]" / "*.root")])) == ["a.root"]
    assert names(input_files([str(tmp_path / "run[0-9]" / "*.root")])) == ["b.root"]


def test_one_text_of_several_names_with_spaces(tmp_path: Path) -> None:
    touch(tmp_path, "my jets/1.root", "my jets/2.root", "b c/d.root", "b", "plain.root")
    text = f"{tmp_path}/my jets/*.root {tmp_path}/b c/d.root https://example.org/x.root {tmp_path}/plain.root"
    files = input_files([text])
    assert names(files) == ["1.root", "2.root", "d.root", "plain.root", "x.root"]
    assert str(files[-1]) == "https://example.org/x.root"
    # `b` is a file, too, but the fewest names are meant
    assert names(input_files([f"{tmp_path}/b c/d.root"])) == ["d.root"]


def test_two_spaces_in_a_name_are_two(tmp_path: Path) -> None:
    touch(tmp_path, "a  b.root", "c.root")
    assert names(input_files([f"{tmp_path}/a  b.root  {tmp_path}/c.root"])) == ["a  b.root", "c.root"]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("a.root none.root b.root", "none.root"),
        ("a.root my jets/none*.root b.root", "my jets/none*.root"),
        ("none.root a.root", "none.root"),
        ("a.root none.root", "none.root"),
        ("a.root deep/none.root\nb.root", "deep/none.root"),
    ],
)
def test_the_piece_that_names_nothing_is_named(
    text: str, piece: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    with pytest.raises(InputFileError, match="no such file") as error:
        input_files([text])
    assert error.value.file == piece


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_text_is_not_this_folder(text: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    with pytest.raises(InputFileError, match="is empty"):
        input_files([text])


def test_a_name_that_is_no_text_is_refused_and_a_link_to_it_taken(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.root")
    try:
        Path(odd).touch()
    except OSError:
        pytest.skip("this disk takes no such names")
    with pytest.raises(InputFileError, match=r"no text \(UTF-8\) \(rename it, or give a link to it\)") as caught:
        input_files([str(tmp_path)])
    str(caught.value).encode()
    (tmp_path / "link.root").symlink_to(odd)
    assert names(input_files([str(tmp_path / "link.root")])) == ["link.root"]


def test_the_home_folder(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert names(input_files(["~/a.root ~/b.root"])) == ["a.root", "b.root"]
    assert names(input_files(["~/[ab].root"])) == ["a.root", "b.root"]


def test_thousands_of_names_in_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, *(f"{i}.root" for i in range(2000)))
    monkeypatch.chdir(tmp_path)
    files = sorted(tmp_path.iterdir())
    patterns = " ".join(f"{tmp_path}/{i}*.root" for i in range(10, 100))
    start = time.process_time()
    assert len(input_files([" ".join(map(str, files))])) == 2000
    assert len(input_files([" ".join(names(files))])) == 2000
    assert len(input_files([patterns])) == 1990
    # a second for each on a machine that has something else to do
    assert time.process_time() - start < 30


def test_every_stage_says_what_is_left_out() -> None:
    calls = [
        f"{path.name}: {call}"
        for path in (Path(__file__).parents[3] / "pipeline").rglob("*.py")
        for call in re.findall(r"input_files\(.*?\)", path.read_text(encoding="utf-8"))
    ]
    assert len(calls) >= 8
    assert [call for call in calls if "warn" not in call] == []
