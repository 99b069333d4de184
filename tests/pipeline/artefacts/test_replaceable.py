"""What a command may replace: what it made itself, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import PipelineError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.commit import work_folder
from pipeline.artefacts.lock import lock_path
from pipeline.artefacts.manifest import manifest_path
from pipeline.artefacts.replaceable import require_replaceable


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def user_files(tmp_path: Path) -> Path:
    """A folder of somebody's files."""
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "thesis.tex").write_text("years of work")
    (tmp_path / "precious.root").write_text("jets")
    (tmp_path / "10_root.txt").write_text("mine")
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    return tmp_path


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("notes", r"notes: exists already and was not made by `generate` \(give another --out, or move it away\)"),
        ("notes/", "exists already and was not made by `generate`"),
        ("notes/deep", "exists already"),
        ("precious.root", "precious.root: exists already"),
        ("10_root", "10_root.txt: exists already"),
        ("link", "is a link to"),
        ("dangling", "is a link to"),
        ("notes/..", "cannot be the name of a result"),
        (".", "is the current folder"),
        ("..", "cannot be the name of a result"),
        ("/", "cannot be the name of a result"),
    ],
)
def test_what_is_somebodys_own_is_refused(
    user_files: Path, out: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(user_files)
    before = _contents(user_files)
    with (
        pytest.raises(PipelineError, match=message),
        artefact(Path(out), "generate", companions=[user_files / "10_root.txt"]),
    ):
        pytest.fail("the body must not run")
    assert _contents(user_files) == before


def test_an_empty_current_folder_is_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match="is the current folder"):
        require_replaceable(Path(), "images")


def test_an_input_is_no_output(user_files: Path) -> None:
    for out, input_path in (
        (user_files / "notes", user_files / "notes"),
        (user_files / "notes", user_files / "notes" / "deep" / "thesis.tex"),
        (user_files / "notes", user_files / "link" / "deep"),
        (user_files / "precious.root", user_files / "precious.root"),
    ):
        with pytest.raises(PipelineError, match="would overwrite its own input"):
            require_replaceable(out, "images", inputs={"files": [input_path]})
    require_replaceable(user_files / "notes" / "20_images", "images", inputs={"files": [user_files / "notes"]})


def test_what_is_empty_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name in ("folder", "file", "absent"):
        require_replaceable(tmp_path / name, "images")


def test_an_artefact_of_the_same_stage_may_be_replaced_and_no_other(tmp_path: Path) -> None:
    out = tmp_path / "20_images"
    with artefact(out, "images", companions=[tmp_path / "beside.json"]) as space:
        (space.path / "part").touch()
        space.companions[0].write_text("{}")
    require_replaceable(out, "images", ["beside.json"])
    with pytest.raises(PipelineError, match="was not made by `train`"):
        require_replaceable(out, "train")
    (tmp_path / "other.json").write_text("mine")
    with pytest.raises(PipelineError, match="other.json: was not made by `images` and would be lost"):
        require_replaceable(out, "images", ["other.json"])
    (out / "notes.txt").write_text("seen by eye: good")
    with pytest.raises(PipelineError, match="notes.txt: was not made by `images` and would be lost"):
        require_replaceable(out, "images")
    (out / "notes.txt").unlink()
    manifest_path(out).write_text("{")
    with pytest.raises(PipelineError, match="manifest.json: cannot be read"):
        require_replaceable(out, "images")
    manifest_path(out).unlink()
    with pytest.raises(PipelineError, match="was not made by `images`"):
        (out / "part").write_text("pixels")
        require_replaceable(out, "images")


def test_hidden_names_are_not_taken_either(tmp_path: Path) -> None:
    out = tmp_path / "20_images"
    work_folder(out).mkdir()
    (work_folder(out) / "diary").write_text("mine")
    with pytest.raises(PipelineError, match="is the name of the folder for unfinished work, but is not such a folder"):
        require_replaceable(out, "images")
    (work_folder(out) / "diary").unlink()
    lock_path(out).write_text("mine")
    with (
        pytest.raises(PipelineError, match="is the name of the lock file, but is another file"),
        artefact(out, "images"),
    ):
        pytest.fail("the body must not run")
    assert lock_path(out).read_text() == "mine"
