"""The C++ of an HLS project as a library may hold it: weights compiled in, everything in one namespace."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from data_prep.errors import PipelineError

# hls4ml 1.3.0 keeps weights and traces of the C simulation apart from those of the synthesis in such blocks.
_SIMULATION = re.compile(r"^#ifndef __SYNTHESIS__\n(?:.*\n)*?(?:#else\n((?:.*\n)*?))?#endif\n", re.MULTILINE)
_GUARD = re.compile(r"^#ifndef (\w+_H_)\n#define \1\n", re.MULTILINE)
_INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)


def copy_sources(firmware: Path, namespace: str, folder: Path) -> list[str]:
    """Copy the `firmware` folder of an HLS project, without HLS types and text files of weights.

    Args:
        firmware: folder of the HLS project.
        namespace: of the network's types, weights, configurations and functions.
        folder: is created.

    Returns:
        The C++ files, without extension.

    Raises:
        PipelineError: when a file has another form than hls4ml's.
    """
    (folder / "weights").mkdir(parents=True)
    shutil.copytree(firmware / "nnet_utils", folder / "nnet_utils")
    files = [*firmware.glob("*.cpp"), *firmware.glob("*.h"), *firmware.glob("weights/*.h")]
    for file in sorted(files):
        text = in_namespace(as_synthesised(file.read_text(encoding="utf-8"), file), namespace, file)
        (folder / file.relative_to(firmware)).write_text(text, encoding="utf-8")
    return sorted(file.stem for file in firmware.glob("*.cpp"))


def as_synthesised(text: str, file: Path) -> str:
    r"""The part of a file that synthesis sees: no weights from text files, no traces.

    >>> as_synthesised("a\n#ifndef __SYNTHESIS__\nb\n#else\nc\n#endif\nd\n", Path("x.h"))
    'a\nc\nd\n'
    """
    source = _SIMULATION.sub(lambda block: block[1] or "", text)
    if "__SYNTHESIS__" in source:
        raise PipelineError("tells simulation from synthesis in a way that hls4ml 1.3.0 does not", file=file)
    return source


def in_namespace(text: str, namespace: str, file: Path) -> str:
    r"""Put a file into a namespace, but for its includes and its include guard.

    >>> in_namespace("#ifndef X_H_\n#define X_H_\n#include <any>\nint a;\n#endif\n", "n", Path("x.h"))
    '#ifndef X_H_\n#define X_H_\n#include <any>\n\nnamespace n {\nint a;\n}\n\n#endif\n'
    """
    starts = [match.end() for pattern in (_GUARD, _INCLUDE) for match in pattern.finditer(text)]
    guarded = _GUARD.search(text) is not None
    end = text.rfind("#endif") if guarded else len(text)
    start = max(starts, default=0)
    body = text[start:end]
    if len(re.findall(r"^#if", body, re.MULTILINE)) != len(re.findall(r"^#endif", body, re.MULTILINE)):
        raise PipelineError("includes files under a condition", file=file)
    return f"{text[:start]}\nnamespace {namespace} {{\n{body}}}\n" + (f"\n{text[end:]}" if guarded else "")
