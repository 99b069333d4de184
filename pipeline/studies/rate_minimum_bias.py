"""Whether a sample has enough minimum-bias collisions for the configured rates."""

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


def require_enough(files: Iterable[Path], rates: RatesSettings) -> None:
    """Make sure that no minimum-bias collision of a simulated sample stands for more than the smallest rate.

    All of them together stand for all inelastic collisions. If one stands for a larger rate than that allowed for a
    trigger, it decides alone whether the trigger is allowed. Files of other origin are not checked.

    Args:
        files: of the sample.
        rates: `rates.yaml`.

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
        inelastic = rates.collider.inelastic * _PICOBARNS
        rate = rates.collider.rate(inelastic / number)
        if rate > rates.rates[0]:
            required = math.ceil(inelastic / rates.collider.cross_section(rates.rates[0]))
            raise ConfigurationError(
                f"'rates': each of the {number:,} minimum-bias collisions of {folder} stands for {rate:,.3g} kHz, more "
                f"than the smallest rate, {rates.rates[0]:g} kHz",
                remedy=f"make the sample with minimum_bias: 0 and qcd from a low enough pT, or with {required:,}",
            )
