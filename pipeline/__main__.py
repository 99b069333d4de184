"""`python -m pipeline STAGE …`: the command line."""

import os
import sys

if sys.version_info[:2] != (3, 11):
    sys.exit(
        f"error: Python 3.11 is needed, this is {sys.version.split()[0]} (run `make`, which sets up .venv with it)"
    )

from data_prep.system.machine import machine_fault
from data_prep.system.memory_limit import load_linear_algebra
from pipeline import interruption
from pipeline.limited_memory import in_a_child_where_memory_is_limited


def run() -> int:
    """Run a stage and return its exit code. Failures before and after `main` are reported in one line too."""
    interruption.listen()
    try:
        load_linear_algebra()
        from pipeline.app import main

        code = main()
        interruption.settle()
    except BaseException as error:  # unexpected errors are raised again
        if interruption.requested():
            return interruption.INTERRUPTED
        if (fault := machine_fault(error)) is None:
            raise
        os.write(2, f"error {fault}\n".encode())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(in_a_child_where_memory_is_limited(run))
