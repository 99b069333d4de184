"""What the simulation costs: jets per second of processor time, by class, with and without the underlying event.

python benchmarks/generate.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_prep.generate.processes import PROCESSES
from data_prep.generate.production import Shard, make_jets
from data_prep.generate.settings import GenerateSettings

JETS = 600


def main() -> None:
    """Print one line a class."""
    print("class  with underlying event  without (jets per second of processor time)")
    for name in PROCESSES:
        rates = []
        for underlying_event in (True, False):
            settings = GenerateSettings.model_validate(
                {"classes": [name], "jets_per_class": JETS, "multiparton_interactions": underlying_event}
            )
            make_jets(settings, Shard(name, 1, 20), lambda _: None)  # compiles and loads what is needed
            start = time.process_time()
            make_jets(settings, Shard(name, 0, JETS), lambda _: None)
            rates.append(JETS / (time.process_time() - start))
        print(f"{name:5}  {rates[0]:21.0f}  {rates[1]:7.0f}", flush=True)


if __name__ == "__main__":
    main()
