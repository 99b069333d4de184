"""Script that a worker's process runs: `python worker_entry.py PIPE`; see `worker.py`."""

import os
import sys
from multiprocessing.connection import Connection


def main() -> None:
    """Receive the import path, then the function and its arguments, and call it."""
    number = int(sys.argv[1])
    os.set_inheritable(number, False)
    pipe: Connection = Connection(number)
    try:
        sys.path[:] = pipe.recv()
        from data_prep.system.memory_limit import load_linear_algebra

        load_linear_algebra()
        target, arguments = pipe.recv()
    except EOFError:
        return
    target(pipe, *arguments)


if __name__ == "__main__":
    main()
