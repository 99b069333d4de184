"""Stands between this project and a program that it runs, and lets nothing of that program live on: a script.

`python -I -S supervisor.py LINE CPU_SECONDS PASSED TAIL COMMAND…`, in a session of its own. LINE is a socket to who
asked for the program. When its other end closes, be it that the caller wants no more or that it was killed, the program
and all that it started (a compiler's `cc1plus`, what `make` runs, what a daemon left behind) are killed. A byte on it
sends the program SIGTERM. The answer is one message, given when all have ended: `code N` or, where the program could
not be started, `errno N`; then a line feed and, if TAIL is not 0, at most so many bytes of the end of its standard
error. PASSED is a file descriptor for the program. CPU_SECONDS and PASSED are -1 where there is none.

`PR_SET_CHILD_SUBREAPER` makes orphans among the descendants children of this process, so that it finds them;
`PR_SET_PDEATHSIG` ends the program where this process itself is killed: it has one thread, which is what that signal is
tied to. Both are Linux's; elsewhere the process group is all there is.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

_PDEATHSIG, _SUBREAPER = 1, 36
_DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PATIENCE = 10.0
"""Seconds for killed processes to go; one that waits for a dead disk cannot."""


def main() -> None:
    """Run the program to its end, or to that of who asked for it."""
    line_number, cpu_seconds, passed, tail = map(int, sys.argv[1:5])
    for number in _DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(line_number, False)
    line = socket.socket(fileno=line_number)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _prctl(_SUBREAPER, 1)
    said, saying = os.pipe() if tail else (-1, -1)
    program, error = _start(sys.argv[5:], cpu_seconds, passed, saying)
    for given in (passed, saying):
        if given >= 0:
            os.close(given)
    if error:
        answer = b"errno %d\n" % error
    else:
        code, end = _watch(program, line, wake, said, tail)
        answer = b"code %d\n" % code + end
    with suppress(OSError):  # nobody may ask any more
        line.sendall(answer)
    os._exit(0)


def _start(command: list[str], cpu_seconds: int, passed: int, saying: int) -> tuple[int, int]:
    """The program's process, and why it could not be started, if so: an `errno`."""
    trouble, troubled = os.pipe()
    own = os.getpid()
    try:
        program = os.fork()
    except OSError as error:
        return 0, error.errno or 1
    if program == 0:
        try:
            _prctl(_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != own:
                os._exit(1)
            for number in (*_DEAF_TO, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if cpu_seconds >= 0:
                import resource

                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
            if saying >= 0:
                os.dup2(saying, 2)
            if passed >= 0:
                os.set_inheritable(passed, True)
            os.execvp(command[0], command)  # noqa: S606 - that is what it is for
        except OSError as error:
            os.write(troubled, b"%d" % (error.errno or 1))
        finally:
            os._exit(127)
    os.close(troubled)
    found = os.read(trouble, 16)
    os.close(trouble)
    if found:
        os.waitpid(program, 0)
    return program, int(found or 0)


def _watch(program: int, line: socket.socket, wake: int, said: int, tail: int) -> tuple[int, bytes]:
    """Wait until the program has ended or nobody wants it any more: its code, and the end of what it said."""
    end = b""
    sources = [line.fileno(), wake] + [said] * (said >= 0)
    code = None
    while code is None:
        ready, _, _ = select.select(sources, [], [])
        if said in ready:
            more = os.read(said, 1 << 16)
            end = (end + more)[-tail:]
            if not more:
                sources.remove(said)
        if wake in ready:
            os.read(wake, 1 << 12)
            code = _reaped(program)
        if line.fileno() in ready and code is None:
            try:
                asked = line.recv(1)
            except OSError:
                asked = b""
            if not asked:
                break
            os.kill(program, signal.SIGTERM)
    found = _sweep(program)
    while said in sources and select.select([said], [], [], 0)[0] and (more := os.read(said, 1 << 16)):
        end = (end + more)[-tail:]
    code = found if code is None else code
    return -signal.SIGKILL if code is None else code, end


def _reaped(program: int) -> int | None:
    """Take leave of all that have ended; the program's exit code, negative for a signal, if it is among them."""
    code = None
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if found == 0:
            return code
        if found == program:
            code = os.waitstatus_to_exitcode(status)


def _sweep(program: int) -> int | None:
    """Kill every descendant; children of the killed become ours, so that we do it until there are none."""
    code = None
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        found = _reaped(program)
        code = found if found is not None else code
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return code
        for child in _children() or [program]:
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    return code


def _children() -> list[int]:
    """The processes whose parent this one is; none where there is no /proc."""
    own, found = os.getpid(), []
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - pathlib takes long to import
    except OSError:
        return []
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == own:
            found.append(int(name))
    return found


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
