"""Finding and running the vendor's programs."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.system.programs import Children
from hls_projects.settings import HlsSettings

_REMEDY = "install it from amd.com and source its settings64.sh"


def vivado() -> list[str]:
    """The command that runs a script in Vivado, without the script.

    Raises:
        ToolNotFoundError: when there is none on PATH.
    """
    if shutil.which("vivado") is None:
        raise ToolNotFoundError(
            "vivado not found, needed to synthesise, place and route", remedy=f"it is part of AMD Vivado: {_REMEDY}"
        )
    return ["vivado", "-mode", "batch", "-nojournal", "-log", "vivado.log", "-source"]


def hls_compiler(backend: str) -> list[str]:
    """The command that runs a script in the HLS compiler, without the script.

    Args:
        backend: of the HLS project: `Vitis` (`vitis-run`, or `vitis_hls` before it) or `Vivado` (`vivado_hls`).

    Raises:
        ToolNotFoundError: when there is none on PATH.
    """
    commands = {
        "Vitis": (["vitis-run", "--mode", "hls", "--tcl"], ["vitis_hls", "-f"]),
        "Vivado": (["vivado_hls", "-f"],),
    }[backend]
    for command in commands:
        if shutil.which(command[0]):
            return command
    names = "neither vitis-run nor vitis_hls found" if backend == "Vitis" else "vivado_hls not found"
    suite = "AMD Vitis" if backend == "Vitis" else "Vivado HLS up to 2020.1"
    raise ToolNotFoundError(
        f"{names}, needed to synthesise the HLS project",
        remedy=f"it is part of {suite}: {_REMEDY}, or leave out --hls",
    )


def run_script(command: list[str], script: str, folder: Path, children: Children) -> None:
    """Run a script in a folder to its end; the output of the tool is left in `<script>.out`.

    Raises:
        PipelineError: when the tool does not end well; says its first error.
    """
    ended = children.run([*command, script], folder=folder)
    log = folder / f"{script}.out"
    log.write_text(ended.output + ended.errors, encoding="utf-8")
    if ended.code != 0:
        lines = [line.strip() for line in (ended.output + ended.errors).splitlines() if line.strip()]
        message = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "nothing")
        raise PipelineError(f"{command[0]} ended with code {ended.code}, saying: {message[:300]}", file=log)


def installed(hls: HlsSettings | None) -> list[str]:
    """The paths of the tools that are installed: their folders are named after the release.

    Args:
        hls: of the HLS project, where one is to be synthesised.
    """
    names = ["vivado"]
    if hls is not None:
        with suppress(ToolNotFoundError):
            names.append(hls_compiler(hls.backend)[0])
    return [str(Path(program).resolve()) for name in names if (program := shutil.which(name)) is not None]


def require_tools(hls: HlsSettings | None) -> None:
    """Make sure that every tool is installed before any of them works for hours.

    Args:
        hls: of the HLS project, where one is to be synthesised; Vivado is always needed.

    Raises:
        ToolNotFoundError: naming the first that is missing.
    """
    if hls is not None:
        hls_compiler(hls.backend)
    vivado()
