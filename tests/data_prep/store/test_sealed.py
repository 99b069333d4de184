"""Damage of sealed files is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.store.sealed import is_sealed, seal


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "digest"])
def test_damage_is_found(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(256)))
    seal(file)
    assert is_sealed(file)
    content = bytearray(file.read_bytes())
    changed = {"cut": content[:-1], "empty": b"", "bit": content, "digest": content[-32:]}[damage]
    if damage == "bit":
        content[17] ^= 4
    file.write_bytes(changed)
    assert not is_sealed(file)
    assert not is_sealed(tmp_path / "absent")
