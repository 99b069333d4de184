"""The first thing in a worker's process: `python worker_entry.py PIPE`, a script; see `worker.py`."""

import os
import sys
from multiprocessing.connection import Connection


def main() -> None:
    """Receive where to import from, then what to do, and do it."""
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
