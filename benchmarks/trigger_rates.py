"""The taggers of several runs as triggers, on the same sample: efficiency at fixed rates, with each online pT.

python -m benchmarks.trigger_rates build/demo/67_rates build/rates_tagger/67_rates
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.artefacts.manifest import read_manifest


def _cell(efficiency: dict[str, float] | None) -> str:
    if efficiency is None:
        return "too few events"
    return f"{efficiency['value']:.3f} ({efficiency['low']:.3f} to {efficiency['high']:.3f})"


def rows(folders: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """A row a response, signal, rate and trigger: the cut on the pT of the first run, and the tagger of each.

    Args:
        folders: of the stage `rates`.

    Raises:
        SystemExit: they are of different samples or settings, so that they cannot be compared.
    """
    manifests = [read_manifest(folder) for folder in folders]
    if len({json.dumps(manifest.configuration["rates"], sort_keys=True) for manifest in manifests}) > 1:
        raise SystemExit("the runs have different rates.yaml: make them with the same one")
    studies: list[dict[str, Any]] = [json.loads((folder / "rates.json").read_text()) for folder in folders]
    if len({(study["events"], study["jets"], study["chosen_on"]) for study in studies}) > 1:
        raise SystemExit("the runs were measured on different jets: give the same sample and the same selection in |η|")
    allowed = manifests[0].configuration["rates"]["rates"]
    for response, first in sorted(studies[0]["responses"].items(), key=lambda item: item[0] != "ideal"):
        for signal, results in first["results"].items():
            for number, rate in enumerate(allowed):
                taggers = [study["responses"][response]["results"][signal]["tagger"] for study in studies]
                for key in ("efficiency", "per_event"):
                    points = [results["pt"]["points"][number], *(tagger["points"][number] for tagger in taggers)]
                    cells = [_cell(None if point is None else point[key]) for point in points]
                    if any(point and point[key] for point in points):
                        yield (response, signal, f"{rate:g} kHz", key, *cells)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="67_rates")
    folders = parser.parse_args(arguments).folders
    print(
        "| online pT | signal | rate | efficiency of | pT alone |", *(f"{folder.parent.name} |" for folder in folders)
    )
    print("| --- | --- | --- | --- | --- |", *("--- |" for _ in folders))
    names = {"efficiency": "contained jets", "per_event": "all events"}
    for response, signal, rate, key, *cells in rows(folders):
        print(f"| {' | '.join((response, signal, rate, names[key], *cells))} |")


if __name__ == "__main__":
    main()
