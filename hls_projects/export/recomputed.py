"""Parts of a bundle made again from other parts of it, and compared: anyone can make hashes anew."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import ConfigurationError, InputFileError, PipelineError
from hls_projects.export.card import CARD, card_text
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.formats.pattern_formats import FORMATS
from hls_projects.export.licences import APACHE
from hls_projects.export.licences import FOLDER as LICENCES
from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.manifest import BundleManifest
from hls_projects.export.reference_vectors import Integers
from hls_projects.export.targets import cmssw, emp
from hls_projects.export.targets.hls import FOLDER as HLS
from hls_projects.export.targets.patterns import FOLDER as PATTERNS
from hls_projects.export.targets.patterns import RECORD, PatternRecord, write_patterns
from hls_projects.export.targets.rtl import FOLDER as RTL
from hls_projects.hls.project import HlsProject
from hls_projects.rtl.design import RtlDesign

_REMEDY = "do not use it; ask for the bundle again"


@dataclass(frozen=True)
class Recomputed:
    """What was made again.

    Attributes:
        files: how many files were made again and are the same.
        left_out: files that this version of the project writes otherwise, of a bundle that another one made.
    """

    files: int
    left_out: tuple[str, ...] = ()


def recompute(
    root: Path, manifest: BundleManifest, inputs: Sequence[Integers], outputs: Sequence[Integers], code: str
) -> Recomputed:
    """Make pattern files, emulator package, payload and card again, and compare them.

    Pattern files come from the vectors, and are compared word by word: of any version of this project they must hold
    the same. The others come from `hls/`, `rtl/` and the manifest, and are compared byte by byte.

    Args:
        root: the bundle, its parts of one design.
        manifest: its manifest.
        inputs: int64 [vectors, …], the reference vectors, one a port.
        outputs: likewise.
        code: the commit of this project; texts are allowed to differ only in a bundle that another one made.

    Raises:
        InputFileError: a file that is not what the rest of the bundle makes it.
    """
    patterns = _require_patterns(root, inputs, outputs)
    same, other = 0, []
    with tempfile.TemporaryDirectory() as scratch:
        again = Path(scratch)
        _write_again(root, manifest, again)
        expected, hashes = hash_files(again), hash_files(root)
        for part in (cmssw.FOLDER, emp.FOLDER):
            extra = [name for name in hashes if name.startswith(f"{part}/") and name not in expected]
            if (again / part).is_dir() and extra:
                other.append(extra[0])
        for name, digest in expected.items():
            if hashes.get(name) == digest:
                same += 1
            else:
                other.append(name)
    if other and manifest.provenance.git == code:
        raise InputFileError("is not what the rest of the bundle makes it", file=root / other[0], remedy=_REMEDY)
    return Recomputed(patterns + same, tuple(other))


def _write_again(root: Path, manifest: BundleManifest, folder: Path) -> None:
    """Everything that is compared byte by byte, below another folder."""
    project = HlsProject.load(root / HLS)
    (folder / CARD).write_text(card_text(manifest, root), encoding="utf-8")
    model = cmssw.model_in(root, project.name)
    try:
        cmssw.write_package(
            project, model.removeprefix(f"{project.name}_v"), root / HLS, root / LICENCES / APACHE, folder
        )
        if (root / RTL).is_dir() and manifest.emp is not None and (root / PATTERNS / RECORD).is_file():
            packing = _packing(PatternRecord.load(root / PATTERNS))
            emp.write_payload(root / RTL, packing, project.settings, folder / emp.FOLDER, manifest.emp)
    except (PipelineError, OSError, ValueError) as error:
        reason = error.problem if isinstance(error, PipelineError) else error
        message = f"holds sources that nothing can be made of: {reason}"
        raise InputFileError(message, file=root, remedy=_REMEDY) from None


def _packing(record: PatternRecord) -> PackingSettings:
    return PackingSettings(
        inputs=record.inputs,
        outputs=record.outputs,
        period=record.period,
        wrapper_clocks=record.wrapper_clocks,
        depth=record.depth,
        files=len(record.files),
    )


def _require_patterns(root: Path, inputs: Sequence[Integers], outputs: Sequence[Integers]) -> int:
    """Compare every word of every pattern file; how many files there are."""
    folder = root / PATTERNS
    if not folder.is_dir():
        return 0
    record, design = PatternRecord.load(folder), RtlDesign.load(root / RTL)
    compared = 0
    with tempfile.TemporaryDirectory() as scratch:
        patterns = Path(scratch) / PATTERNS
        try:
            again = write_patterns(design, _packing(record), _flat(inputs), _flat(outputs), patterns)
        except (ConfigurationError, ValueError) as error:
            reason = f"is no packing of this design: {error}"
            raise InputFileError(reason, file=folder / RECORD, remedy=_REMEDY) from None
        if again != record:
            raise InputFileError("is not the packing of this design", file=folder / RECORD, remedy=_REMEDY)
        for name, (_, read) in FORMATS.items():
            for file in sorted((patterns / name).iterdir()):
                expected, stored = read(file), read(folder / name / file.name)
                same = expected.links == stored.links and np.array_equal(expected.data, stored.data)
                if not same or not np.array_equal(expected.marks, stored.marks):
                    reason = "does not hold the words that the vectors make"
                    raise InputFileError(reason, file=folder / name / file.name, remedy=_REMEDY)
                compared += 1
    return compared


def _flat(ports: Sequence[Integers]) -> Integers:
    return np.concatenate([values.reshape(len(values), -1) for values in ports], axis=1)
