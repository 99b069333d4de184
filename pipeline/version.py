"""The version of the project."""

from __future__ import annotations

import tomllib

from pipeline.artefacts.code_version import ROOT, git_hash


def version() -> str:
    """The name and version of `pyproject.toml`, and the commit where the code is a git checkout.

    Returns:
        Such as `jet-image-trigger 0.1.0 (commit 1f0c…)`; the commit ends in `-dirty` if files were changed since.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = git_hash()
    suffix = "" if commit == "unknown" else f" (commit {commit})"
    return f"{project['name']} {project['version']}{suffix}"
