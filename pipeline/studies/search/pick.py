"""From a point of the front to a run of its own: a folder of configuration files."""

from __future__ import annotations

import errno
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from data_prep.errors import ConfigurationError, InputFileError, PipelineError
from pipeline.configuration import load
from pipeline.studies.search.files import files_of, read_files
from pipeline.studies.search.settings import FILES, ConstraintSettings, SearchSettings
from pipeline.studies.search.space import Space
from pipeline.studies.search.yaml_text import edited

NAME = re.compile(r"[a-z][a-z0-9_]*")


def require_name(name: str, configs: Path) -> Path:
    """The folder of a new run.

    Raises:
        ConfigurationError: a name that is none for a run, or that is taken.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"--name: {name!r} cannot be the name of a run", remedy="use small letters, digits and _"
        )
    folder = configs / name
    if folder.exists():
        raise ConfigurationError(f"there is already a run '{name}'", file=folder, remedy="give another --name")
    return folder


def choose(front: dict[str, Any], point: int | None, limits: ConstraintSettings) -> dict[str, Any]:
    """The point of a trial, or the best one within limits: synthesised LUTs count, where they are known.

    Args:
        front: what `front.json` holds.
        point: a trial; none for the best.
        limits: what it must not exceed.

    Raises:
        ConfigurationError: no such point on the front, or none within the limits.
    """
    points = front["points"]
    if point is not None:
        chosen = next((candidate for candidate in points if candidate["trial"] == point), None)
        if chosen is None:
            known = ", ".join(str(candidate["trial"]) for candidate in points)
            raise ConfigurationError(f"trial {point} is not on the front", remedy=f"its points are {known}")
        return dict(chosen)
    excess = [limits.excess(_lut(candidate), candidate["clocks"], candidate["interval"]) for candidate in points]
    inside = [candidate for candidate, over in zip(points, excess, strict=True) if not any(over)]
    if not inside:
        over, nearest = min(
            ((sum(over), candidate["trial"]), candidate) for over, candidate in zip(excess, points, strict=True)
        )
        raise ConfigurationError(
            f"no design on the front is within the limits; the nearest, trial {nearest['trial']}, takes "
            f"{_lut(nearest):,} LUT and {nearest['clocks']} clocks, {over[0]:.0%} too many in all"
        )
    key = "macro_auc" if front["objective"] == "macro_auc" else "log_rejection"
    return dict(max(inside, key=lambda candidate: candidate[key]))


def _lut(point: dict[str, Any]) -> int:
    return int(point["lut_estimate"] if point["lut"] is None else point["lut"])


def read_front(search: Path) -> dict[str, Any]:
    """What a search found.

    Raises:
        InputFileError: a folder that contains no search.
    """
    try:
        front = json.loads((search / "front.json").read_text(encoding="utf-8"))
        origin = json.loads((search / "origin.json").read_text(encoding="utf-8"))
        return {**front, **origin}
    except (OSError, ValueError):
        raise InputFileError(
            "contains no search", file=search, remedy="make it with `python -m pipeline search`"
        ) from None


def write_run(search: Path, point: dict[str, Any], origin: dict[str, Any], folder: Path, command: str) -> None:
    """Write the configuration files of a point, with the comments of those it was found from.

    Trigger rates are those of the run beside it that was searched, where it has some.

    Args:
        search: the folder that `search` made.
        point: of its front.
        origin: whose jets they are: `sample` and `run`.
        folder: made.
        command: that asks for it, for the head of the files.

    Raises:
        PipelineError: a configuration that cannot be written so that it is read back as it is.
    """
    base = read_files(search)
    space = Space.of(load(search / "search.yaml", SearchSettings).space, base.content)
    wanted = files_of(space.content(point["point"]))
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    partial.chmod(0o755)
    try:
        for name in FILES:
            text = (search / f"{name}.yaml").read_text(encoding="utf-8")
            content = edited(text, base.content[name], wanted.content[name])
            content = content.replace(f"configs/{origin['run']}/", f"configs/{folder.name}/")
            content = content.replace(f"build/{origin['run']}/20_", f"build/{folder.name}/20_")
            head = f"{_head(point)}# {command}\n" if name == "model" else ""
            (partial / f"{name}.yaml").write_text(head + content, encoding="utf-8")
        if read_files(partial) != wanted:
            raise PipelineError("the files written would be read as another design", file=partial)
        if origin["sample"]:
            (partial / "sample").write_text(f"{origin['sample']}\n", encoding="utf-8")
        rates = folder.with_name(origin["run"]) / "rates.yaml"
        if rates.exists():
            content = rates.read_text(encoding="utf-8").replace(f"configs/{origin['run']}/", f"configs/{folder.name}/")
            content = content.replace(f"build/{origin['run']}/", f"build/{folder.name}/")
            (partial / "rates.yaml").write_text(content, encoding="utf-8")
        try:
            partial.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise ConfigurationError("was made by another command meanwhile", file=folder) from None
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _head(point: dict[str, Any]) -> str:
    lut = f"{point['lut']:,} LUT (yosys)" if point["lut"] is not None else f"{point['lut_estimate']:,} LUT (estimate)"
    return (
        f"# Found by a search, trial {point['trial']}: after a short training {lut}, {point['clocks']} clocks and a "
        f"macro-AUC of\n# {point['macro_auc']:.4f} ± {point['macro_auc_error']:.4f} on validation jets. Made by:\n"
    )
