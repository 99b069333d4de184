"""The network of whatever a user has: a bundle, a lowered model, a Keras model file, or the network itself."""

from __future__ import annotations

from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.export.file_hashes import MANIFEST
from hls_projects.export.verify import opened
from hls_projects.network.network import Network

KERAS = (".h5", ".keras", ".hdf5")


def open_network(source: Network | Path | str) -> Network:
    """The network of a source.

    Args:
        source: a network; a firmware bundle, unpacked or as `.tar.gz`, whose hashes are checked; a folder made by
            `lower`; or a Keras model file, which is lowered (only then is TensorFlow imported) and described by the
            `meaning.json` beside it, as in a folder made by `train`.

    Raises:
        InputFileError: when it is none of these, or a bundle does not match its manifest.
        UnsupportedModelError: when a Keras model cannot be lowered.
    """
    if isinstance(source, Network):
        return source
    path = Path(source)
    if not path.exists():
        raise InputFileError("no such file or folder", file=path)
    if path.suffix in KERAS:
        return _lowered(path)
    if path.is_dir() and not (path / MANIFEST).exists():
        if not (path / "types.json").exists():
            raise InputFileError(
                "holds neither a bundle nor a lowered model", file=path, remedy="give a folder made by `lower`"
            )
        return Network.load(path)
    with opened(path) as (root, _):
        return Network.load(root)


def _lowered(path: Path) -> Network:
    from hls_projects.lowering.lower import lower
    from hls_projects.lowering.types import prove_network
    from models.files.load import load_model
    from models.files.meaning import meaning_beside

    return prove_network(lower(load_model(path), logits=True)).with_meaning_of(meaning_beside(path))
