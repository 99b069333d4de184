"""What a study keeps when it is interrupted; that image sets survive is in search/test_image_sets.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.studies.image_sets import checkpoints


def test_checkpoints_outlive_an_interruption_and_no_training(tmp_path: Path) -> None:
    folder = tmp_path / "a.checkpoints"

    def interrupted() -> None:
        with checkpoints(folder) as checkpoint_folder:
            (checkpoint_folder / "network.npz").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with checkpoints(folder) as checkpoint_folder:
        assert [path.name for path in checkpoint_folder.iterdir()] == ["network.npz"]
    assert list(tmp_path.iterdir()) == []
