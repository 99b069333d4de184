"""Whether the minimum bias of a sample can say anything about the rates that are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from data_prep.errors import ConfigurationError
from data_prep.readers.remote import RemoteFile
from models.rates.settings import RatesSettings
from pipeline.artefacts.manifest import manifest_path, read_manifest

_PICOBARNS = 1e9
"""A millibarn."""


def require_enough(files: Iterable[Path], what: RatesSettings) -> None:
    """Make sure that no minimum-bias collision of a simulated sample stands for more than the smallest rate.

    All of them together are all inelastic collisions. One that stands for a larger rate than a trigger may have says
    only that, whether it passes or not. Of files that are not ours nothing is known, and nothing is asked.

    Args:
        files: of the sample.
        what: `rates.yaml`.

    Raises:
        ConfigurationError: they are too few.
        InputFileError: a manifest cannot be read.
    """
    for folder in sorted({file.parent for file in files if not isinstance(file, RemoteFile)}):
        if not manifest_path(folder).exists():
            continue
        generated = read_manifest(folder).configuration.get("generate", {})
        number = generated.get("minimum_bias", 0)
        if generated.get("kind") != "rates" or not number:
            continue
        inelastic = what.collider.inelastic * _PICOBARNS
        each = what.collider.rate(inelastic / number)
        if each > what.rates[0]:
            needed = math.ceil(inelastic / what.collider.cross_section(what.rates[0]))
            raise ConfigurationError(
                f"'rates': {what.rates[0]:g} kHz are asked for, and each of the {number:,} minimum-bias collisions of "
                f"{folder} stands for {each:,.3g} kHz",
                remedy=f"make the sample with minimum_bias: 0 and let qcd begin low enough, or with {needed:,}",
            )
