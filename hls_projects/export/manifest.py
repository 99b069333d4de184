"""`manifest.json` of a bundle: ports, proof, provenance, and the SHA-256 of every file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from data_prep.errors import InputFileError
from data_prep.settings import Settings
from hls_projects.before_ports import BeforePorts
from hls_projects.export.file_hashes import CHECKSUMS, MANIFEST, hash_files, sha256
from hls_projects.export.licences import Licence
from hls_projects.export.origin import Quality, TrainingData
from hls_projects.export.reference_vectors import VectorBlock
from hls_projects.export.targets.emp_settings import EmpSettings
from hls_projects.export.targets.proofs import FOLDER as PROOFS
from hls_projects.network.port import LayerName, TypeName
from hls_projects.proof.record import Mismatch, Proof
from hls_projects.settings import HlsSettings, Identifier
from hls_projects.vendor.numbers import HardwareNumbers
from models.files.meaning import Meaning


class BundlePort(Settings):
    """An input or output of the design."""

    name: LayerName
    """Layer of the lowered model."""
    shape: tuple[int, ...]
    """Shape of one vector."""
    type: TypeName
    """Type of one element."""
    packing: str
    """How the elements lie on the wires."""
    vectors: str
    """File of its reference vectors."""
    left_out: str | None = None
    """Of an output: the activation of the trained model that the hardware leaves out."""


class ProofSummary(Settings):
    """What was proven; the whole proof lies in `proof/`."""

    status: Literal["proven", "failed", "not run"]
    """Always `proven` in a bundle that this project made."""
    reason: str
    """What was compared."""
    vectors: dict[str, int]
    """Test vectors by kind."""
    integers: int
    """Integers compared."""
    forms: dict[str, int]
    """Integers compared by what was compared with the model: every layer, outputs of the simulated Verilog, …"""
    mismatches: int
    """Differing integers."""
    first_mismatch: Mismatch | None = None
    """The first of them."""

    @classmethod
    def of(cls, proof: Proof) -> ProofSummary:
        """A proof in short."""
        layers = [layer.name for layer in proof.layers if layer.compared.is_layer]
        together = f"all {len(layers)} layers" if len(layers) > 3 else ", ".join(layers)
        forms: Counter[str] = Counter()
        for layer in proof.layers:
            compared = layer.compared
            forms[together if compared.is_layer else compared.whole.name] += layer.values
        shared = {name: getattr(proof, name) for name in cls.model_fields if name not in ("integers", "forms")}
        return cls(**shared, integers=forms.total(), forms=dict(forms))


class Provenance(Settings):
    """Where a bundle comes from: configuration, inputs, versions and quality."""

    configuration: dict[str, Any]
    """Configuration of every stage before this one, by stage."""
    sources: dict[str, str]
    """SHA-256 of each artefact it was made from."""
    versions: dict[str, str]
    """Versions of Python and of the libraries."""
    git: str
    """Commit of the code."""
    metrics: dict[str, Any] | None
    """Performance of the emulated outputs on the whole test set; none where there was no test set."""
    training: TrainingData | None = None
    """What the network was trained on; None for a model that came from elsewhere."""
    quality: tuple[Quality, ...] = ()
    """What the float, the quantized and the emulated network reach on the test set."""


class BundleManifest(Settings):
    """Everything `manifest.json` holds."""

    format: Literal[1] = 1
    """Version of this file format."""
    name: Identifier
    """Name of the design, and of the folder in the archive."""
    hls: HlsSettings
    """Backend, io type, part, clock."""
    inputs: tuple[BundlePort, ...]
    """Inputs in order."""
    outputs: tuple[BundlePort, ...]
    """Outputs in order."""
    meaning: Meaning | None = None
    """The description of inputs and outputs in `meaning.json`; None for a network that came without one."""
    before_ports: BeforePorts | None = None
    """The steps from a jet to the ports, and whether firmware could make them; None where the images are not known."""
    emp: EmpSettings | None = None
    """The framework that the payload is for; none where there is no payload."""
    proofs: dict[str, ProofSummary]
    """The proofs in short, by the file in `proof/` that holds the whole one."""
    hardware: tuple[HardwareNumbers, ...] = ()
    """Latency, interval, size and clock by every tool that was run; those that went further come later."""
    vectors: tuple[VectorBlock, ...]
    """Which reference vectors are of which kind."""
    provenance: Provenance
    """Configuration, sources, versions, metrics."""
    licences: tuple[Licence, ...] = ()
    """Authors and terms of its files."""
    files: dict[str, str]
    """SHA-256 of every file but this one and `SHA256SUMS`, by its path in the bundle."""

    def save(self, root: Path) -> None:
        """Write `manifest.json`, and `SHA256SUMS` of it and all files."""
        (root / MANIFEST).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (root / CHECKSUMS).write_text(checksums(root, hash_files(root)), encoding="utf-8")

    @classmethod
    def load(cls, root: Path) -> BundleManifest:
        """Read the manifest of an unpacked bundle.

        Raises:
            InputFileError: when there is none or it holds something else.
        """
        path = root / MANIFEST
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputFileError("is not a bundle: it has no manifest.json", file=root) from None
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            key = ".".join(map(str, fault["loc"])) or "file"
            raise InputFileError(f"not the manifest of a bundle: '{key}': {fault['msg']}", file=path) from None
        except (OSError, ValueError) as error:
            raise InputFileError(f"not the manifest of a bundle: {error}", file=path) from None


def summarise_proofs(root: Path) -> dict[str, ProofSummary]:
    """The proofs of a bundle in short, by the name of their files.

    Raises:
        InputFileError: when a file in `proof/` holds something else.
    """
    return {path.name: ProofSummary.of(_proof(path)) for path in sorted((root / PROOFS).glob("*.json"))}


def _proof(path: Path) -> Proof:
    """A proof, whatever else its file says."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Proof.model_validate({name: content[name] for name in Proof.model_fields if name in content})
    except (OSError, ValueError, TypeError) as error:
        raise InputFileError(f"no proof: {error}", file=path) from None


def checksums(root: Path, files: dict[str, str]) -> str:
    """What `SHA256SUMS` holds: a line a file, the manifest's first."""
    lines = {MANIFEST: sha256(root / MANIFEST)} | files
    return "".join(f"{digest}  {name}\n" for name, digest in lines.items())
