"""What the simulation gives, held against values from outside of it: the table of docs/physics.md.

Every row is printed as soon as it is known; `--only` makes those of one family.

python -m benchmarks.simulation
python -m benchmarks.simulation --only masses --events 20000
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from benchmarks.simulation.containment import containment
from benchmarks.simulation.cross_sections import normalisation
from benchmarks.simulation.flavours import flavours
from benchmarks.simulation.masses import masses
from benchmarks.simulation.multiplicities import multiplicities
from benchmarks.simulation.partons import partons
from benchmarks.simulation.responses import responses
from benchmarks.simulation.soft_collisions import soft_collisions
from benchmarks.simulation.table import Check
from benchmarks.simulation.tracks import tracks

CHECKS: dict[str, Callable[[int], Iterator[Check]]] = {
    "responses": responses,
    "masses": masses,
    "multiplicities": multiplicities,
    "containment": containment,
    "normalisation": normalisation,
    "partons": partons,
    "tracks": tracks,
    "flavours": flavours,
}
"""By the word behind `--only`."""
ALONE: dict[str, Callable[[int], Iterator[Check]]] = {"soft_collisions": soft_collisions}
"""Not part of the table, because there is no outside value."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=CHECKS | ALONE)
    parser.add_argument("--events", type=int, default=2000, help="of each class")
    asked = parser.parse_args()
    # behind the first row's clustering, because FastJet introduces itself there
    header = "| check | ours | outside value (source) | difference | command |\n| --- | --- | --- | --- | --- |\n"
    for name, check in (CHECKS | ALONE).items():
        if name == asked.only or (asked.only is None and name in CHECKS):
            for row in check(asked.events):
                cells = (row.quantity, row.ours, row.outside, row.difference, f"`--only {name}`")
                print(f"{header}| {' | '.join(cells)} |", flush=True)
                header = ""


if __name__ == "__main__":
    main()
