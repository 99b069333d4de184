"""What manifests tell."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.hashes import content_hash
from pipeline.artefacts.lineage import changed_inputs, distinct_names, require_made_from, upstream
from pipeline.artefacts.manifest import read_manifest


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A (a folder) → b (from a file in a) → c.json (from b)."""
    with artefact(tmp_path / "a", "first") as space:
        (space.path / "x.txt").write_text("x")
    with artefact(tmp_path / "b", "second", inputs={"files": tmp_path / "a" / "x.txt"}) as space:
        (space.path / "y.txt").write_text("y")
    with artefact(tmp_path / "c.json", "third", inputs={"second": tmp_path / "b"}, folder=False) as space:
        space.path.write_text("{}")
    return tmp_path


def _manifests(folder: Path) -> dict[str, object]:
    return {name: read_manifest(folder / name) for name in ("a", "b", "c.json")}


def test_the_content_hash_is_the_one_that_users_record(chain: Path) -> None:
    for name in ("a", "b", "c.json"):
        assert read_manifest(chain / name).content == content_hash(chain / name)


def test_a_whole_chain(chain: Path) -> None:
    require_made_from(chain / "c.json", [chain / "b"])
    assert changed_inputs(chain, _manifests(chain)) == {"a": [], "b": [], "c.json": []}  # type: ignore[arg-type]
    assert list(upstream([chain / "c.json"])) == [chain / "a", chain / "b", chain / "c.json"]


def test_an_artefact_made_again_is_found_by_its_users(chain: Path) -> None:
    with artefact(chain / "a", "first", options={"x": 2}) as space:
        (space.path / "x.txt").write_text("another x")
    assert changed_inputs(chain, _manifests(chain)) == {"a": [], "b": ["x.txt"], "c.json": []}  # type: ignore[arg-type]
    assert list(upstream([chain / "c.json"])) == [chain / "b", chain / "c.json"]
    with artefact(chain / "b", "second") as space:
        (space.path / "y.txt").write_text("another y")
    assert changed_inputs(chain, _manifests(chain)) == {"a": [], "b": [], "c.json": ["b"]}  # type: ignore[arg-type]
    with pytest.raises(PipelineError, match="was made from another b"):
        require_made_from(chain / "c.json", [chain / "b"])


def test_a_changed_artefact(chain: Path) -> None:
    (chain / "c.json").write_text("[]")
    message = r"c\.json: is not as it was made: 'c\.json' was changed \(run `third` again\)"
    with pytest.raises(PipelineError, match=message):
        require_made_from(chain / "c.json", [chain / "b"])


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"stage": 1}'])
def test_no_manifest(chain: Path, content: str | None) -> None:
    path = chain / "b.manifest.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(InputFileError, match="is incomplete" if content is None else "cannot be read"):
        read_manifest(chain / "b")


def test_two_runs_may_have_an_artefact_of_one_name(tmp_path: Path) -> None:
    """As the jets that a network was trained on, and those that its rates are taken of."""
    for run in ("demo", "rates"):
        with artefact(tmp_path / run / "10_root", "generate", options={"run": run}) as space:
            (space.path / "jets.root").write_text(run)
    samples = [tmp_path / run / "10_root" for run in ("demo", "rates")]
    with artefact(tmp_path / "demo" / "67_rates", "rates", inputs={"files": samples[1] / "jets.root"}) as space:
        (space.path / "rates.json").write_text("{}")
    run = tmp_path / "demo"
    manifests = {name: read_manifest(run / name) for name in ("10_root", "67_rates")}
    assert changed_inputs(run, manifests) == {"10_root": [], "67_rates": []}
    assert list(upstream([run / "67_rates"])) == [samples[1], run / "67_rates"]
    assert list(distinct_names(samples).values()) == ["demo/10_root", "rates/10_root"]
    with artefact(samples[1], "generate", options={"run": "other"}) as space:
        (space.path / "jets.root").write_text("other")
    assert changed_inputs(run, manifests)["67_rates"] == ["jets.root"]


def test_a_copied_run_knows_its_own(chain: Path) -> None:
    copy = chain.parent / "copy"
    shutil.copytree(chain, copy)
    shutil.rmtree(chain / "a")
    assert list(upstream([copy / "c.json"])) == [copy / "a", copy / "b", copy / "c.json"]
