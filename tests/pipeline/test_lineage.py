"""What manifests tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefact import artefact, content_hash
from pipeline.lineage import made_from_others, read_manifest, require_made_from, upstream


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A (a folder) → b (from a file in a) → c.json (from b)."""
    with artefact(tmp_path / "a", "first") as space:
        (space.path / "x.txt").write_text("x")
    with artefact(tmp_path / "b", "second", inputs=[tmp_path / "a" / "x.txt"]) as space:
        (space.path / "y.txt").write_text("y")
    with artefact(tmp_path / "c.json", "third", inputs=[tmp_path / "b"], folder=False) as space:
        space.path.write_text("{}")
    return tmp_path


def _manifests(folder: Path) -> dict[str, object]:
    return {name: read_manifest(folder / name) for name in ("a", "b", "c.json")}


def test_the_content_hash_is_the_one_that_users_record(chain: Path) -> None:
    for name in ("a", "b", "c.json"):
        assert read_manifest(chain / name).content == content_hash(chain / name)


def test_a_whole_chain(chain: Path) -> None:
    require_made_from(chain / "c.json", [chain / "b"])
    assert made_from_others(_manifests(chain)) == {"a": [], "b": [], "c.json": []}  # type: ignore[arg-type]
    assert list(upstream([chain / "c.json"])) == ["a", "b", "c.json"]


def test_an_artefact_made_again_is_found_by_its_users(chain: Path) -> None:
    with artefact(chain / "a", "first") as space:
        (space.path / "x.txt").write_text("another x")
    assert made_from_others(_manifests(chain)) == {"a": [], "b": ["x.txt"], "c.json": []}  # type: ignore[arg-type]
    with artefact(chain / "b", "second") as space:
        (space.path / "y.txt").write_text("another y")
    assert made_from_others(_manifests(chain)) == {"a": [], "b": [], "c.json": ["b"]}  # type: ignore[arg-type]
    with pytest.raises(PipelineError, match="was made from another b"):
        require_made_from(chain / "c.json", [chain / "b"])


def test_a_changed_artefact(chain: Path) -> None:
    (chain / "c.json").write_text("[]")
    with pytest.raises(PipelineError, match=r"c\.json: was changed after it was made \(run `third` again\)"):
        require_made_from(chain / "c.json", [chain / "b"])


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"stage": 1}'])
def test_no_manifest(chain: Path, content: str | None) -> None:
    path = chain / "b.manifest.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputFileError, match="is not whole" if content is None else "cannot be read"):
        read_manifest(chain / "b")
