"""The versions that a result depends on: the code of its stage, and the libraries."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import re
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.system import programs

ROOT = Path(__file__).parents[2]
PACKAGES = ("data_prep", "models", "hls_projects", "pipeline")
LOCK = ROOT / "requirements.lock"

_IMPORT = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+((?:{'|'.join(PACKAGES)})(?:\.\w+)*)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]+))?", re.M
)
_REGISTRY = re.compile(r"\bRegistry(?:\[[^\]]*\])?\(\s*\"([\w.]+)\"")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.M)


@cache
def code_hash(stage: str) -> str:
    """SHA-256 of the code of a stage: its module, all modules of this project that it imports, and their templates.

    For a name without a module in `pipeline/stages/`, that of the code of artefacts alone.
    """
    start = ("pipeline.stages", f"pipeline.stages.{stage.replace('-', '_')}", "pipeline.artefacts.artefact")
    modules = _reached([path for name in start if (path := _file(name)) is not None])
    digest = hashlib.sha256()
    for path in sorted({*modules, *_resources({module.parent for module in modules})}):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _reached(waiting: list[Path]) -> set[Path]:
    """These modules and all that they import, at any place in a file."""
    modules: set[Path] = set()
    while waiting:
        module = waiting.pop()
        if module not in modules:
            modules.add(module)
            waiting.extend(_imported(module.read_text(encoding="utf-8")))
    return modules


def _imported(text: str) -> Iterator[Path]:
    for match in _REGISTRY.finditer(text):  # a registry imports every module of its package, by name
        yield from ROOT.joinpath(*match[1].split(".")).glob("*.py")
    for match in _IMPORT.finditer(text):
        name, names = match.groups()
        parts = name.split(".")
        candidates = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        candidates += [f"{name}.{word}" for word in re.findall(r"\w+", names or "")]
        yield from (path for candidate in candidates if (path := _file(candidate)) is not None)


@cache
def _file(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def _resources(folders: Iterable[Path]) -> Iterator[Path]:
    """The files beside modules that are no modules, and those in folders beside them without modules."""
    for folder in folders:
        for path in folder.iterdir():
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                yield path
            elif path.is_dir() and path.name != "__pycache__" and not any(path.rglob("*.py")):
                yield from (file for file in path.rglob("*") if file.is_file())


@cache
def versions() -> dict[str, str]:
    """The versions of Python, of all installed packages, and of compilers and simulators."""
    installed: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        # Of two with the same name the first is imported.
        if name := distribution.metadata["Name"]:
            installed.setdefault(name.lower().replace("_", "-"), distribution.version)
    tools = {name: text for name, call in _TOOLS.items() if (text := _first_line(call))}
    return dict(sorted(installed.items())) | {"python": platform.python_version()} | tools


_TOOLS = {"g++": ("g++", "--version"), "ghdl": ("ghdl", "--version")}
"""Programs outside the Python package index on which results depend."""


def _first_line(call: tuple[str, ...]) -> str:
    if shutil.which(call[0]) is None:
        return ""
    try:
        return programs.run(call, seconds=30).output.partition("\n")[0].strip()
    except (OSError, PipelineError):
        return ""


@cache
def locked_versions() -> dict[str, str]:
    """The versions that enter a fingerprint: packages of `requirements.lock`, Python and the tools.

    Other installed packages do not make a run out of date.
    """
    try:
        names = {name.lower().replace("_", "-") for name in _PINNED.findall(LOCK.read_text(encoding="utf-8"))}
    except OSError:
        return versions()
    return {name: text for name, text in versions().items() if name in names or name in ("python", *_TOOLS)}


@cache
def git_hash() -> str:
    """The commit of the code, with `-dirty` if files were changed since, `unknown` outside a checkout."""
    try:
        call = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        ended = programs.run(call, seconds=30)
    except (OSError, PipelineError):
        return "unknown"
    return "unknown" if ended.code else ended.output.strip()
