"""Script that runs a program and ends it with all its descendants when the caller is gone.

`python -I -S supervisor.py LINE CPU_SECONDS PASSED TAIL COMMAND…`, in its own session. LINE is a socket to the caller.
When the caller closes it or is killed, the program and all its descendants (a compiler's `cc1plus`, the commands of
`make`, daemons) are killed. A byte on the socket sends the program SIGTERM. The answer is one message, sent when all
have ended: `code N` or, if the program could not be started, `errno N`; then a line feed and, if TAIL is not 0, the
last TAIL bytes of its standard error. PASSED is a file descriptor for the program. CPU_SECONDS and PASSED are -1 for
none.

With `PR_SET_CHILD_SUBREAPER` orphaned descendants become children of this process, so that it finds them;
`PR_SET_PDEATHSIG` ends the program if this process itself is killed; the signal is tied to the thread that started the
program, and there is only one. Both exist on Linux only; elsewhere only the process group is killed.
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
_IGNORED_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PATIENCE = 10.0
"""Seconds to wait for killed processes; a process that waits for a disk may not end."""


def main() -> None:
    """Run the program until it or the caller ends."""
    line_number, cpu_seconds, passed, tail = map(int, sys.argv[1:5])
    for number in _IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(line_number, False)
    line = socket.socket(fileno=line_number)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    _prctl(_SUBREAPER, 1)
    stderr_end, program_stderr = os.pipe() if tail else (-1, -1)
    program, error = _start(sys.argv[5:], cpu_seconds, passed, program_stderr)
    for descriptor in (passed, program_stderr):
        if descriptor >= 0:
            os.close(descriptor)
    if error:
        answer = b"errno %d\n" % error
    else:
        code, end = _watch(program, line, wake, stderr_end, tail)
        answer = b"code %d\n" % code + end
    with suppress(OSError):  # the caller may be gone
        line.sendall(answer)
    os._exit(0)


def _start(command: list[str], cpu_seconds: int, passed: int, program_stderr: int) -> tuple[int, int]:
    """The program's process, and the `errno` if it could not be started, else 0."""
    errno_read, errno_write = os.pipe()
    supervisor = os.getpid()
    try:
        program = os.fork()
    except OSError as error:
        return 0, error.errno or 1
    if program == 0:
        try:
            _prctl(_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
            for number in (*_IGNORED_SIGNALS, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if cpu_seconds >= 0:
                import resource

                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
            if program_stderr >= 0:
                os.dup2(program_stderr, 2)
            if passed >= 0:
                os.set_inheritable(passed, True)
            os.execvp(command[0], command)  # noqa: S606 - the purpose of this script
        except OSError as error:
            os.write(errno_write, b"%d" % (error.errno or 1))
        finally:
            os._exit(127)
    os.close(errno_write)
    errno_text = os.read(errno_read, 16)
    os.close(errno_read)
    if errno_text:
        os.waitpid(program, 0)
    return program, int(errno_text or 0)


def _watch(program: int, line: socket.socket, wake: int, stderr_end: int, tail: int) -> tuple[int, bytes]:
    """Wait until the program has ended or the caller is gone: its code, and the end of its standard error."""
    end = b""
    sources = [line.fileno(), wake] + [stderr_end] * (stderr_end >= 0)
    code = None
    while code is None:
        ready, _, _ = select.select(sources, [], [])
        if stderr_end in ready:
            data = os.read(stderr_end, 1 << 16)
            end = (end + data)[-tail:]
            if not data:
                sources.remove(stderr_end)
        if wake in ready:
            os.read(wake, 1 << 12)
            code = _reap(program)
        if line.fileno() in ready and code is None:
            try:
                request = line.recv(1)
            except OSError:
                request = b""
            if not request:
                break
            os.kill(program, signal.SIGTERM)
    swept = _sweep(program)
    while (
        stderr_end in sources and select.select([stderr_end], [], [], 0)[0] and (data := os.read(stderr_end, 1 << 16))
    ):
        end = (end + data)[-tail:]
    code = swept if code is None else code
    return -signal.SIGKILL if code is None else code, end


def _reap(program: int) -> int | None:
    """Reap all children that have ended; the program's exit code, negative for a signal, if it is among them."""
    code = None
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if process == 0:
            return code
        if process == program:
            code = os.waitstatus_to_exitcode(status)


def _sweep(program: int) -> int | None:
    """Kill all descendants, repeatedly, because children of killed processes become children of this one."""
    code = None
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        exit_code = _reap(program)
        code = exit_code if exit_code is not None else code
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
    """The children of this process; none where there is no /proc."""
    pid, children = os.getpid(), []
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
        if parent == pid:
            children.append(int(name))
    return children


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
