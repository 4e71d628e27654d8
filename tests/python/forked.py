"""Functions in processes of their own, forked from one that has everything imported and no engine open."""

import contextlib
import os
import pickle
import re
import signal
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Child:
    """A function in a forked process, with a file for what it says. Its return value is the exit code."""

    def __init__(self, run: Callable[[Callable[[str], None]], int], log: Path) -> None:
        self._log = log
        self._killed = threading.Event()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            with contextlib.suppress(BaseException):
                os.setsid()
                descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                for standard in (1, 2):
                    os.dup2(descriptor, standard)
                try:
                    code = run(lambda message: os.write(descriptor, f"{message}\n".encode()) and None)
                except BaseException:
                    os.write(descriptor, traceback.format_exc().encode())
            os._exit(code)
        self._code: int | None = None

    def kill_after(self, seconds: float) -> None:
        """Kill it then, if it still runs, and its process group with it."""
        threading.Timer(seconds, self._kill).start()

    def _kill(self) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code; negative where a signal ended it."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def last(self) -> str:
        """The node and the beginning of the last statement, or the last message about a node."""
        lines = [line for line in self.output().splitlines() if re.search(r'"node_id"|START|PASS|Began|Finished', line)]
        said = lines[-1] if lines else "nothing"
        node = re.search(r'"node_id": "\w+\.\w+\.(\w+)', said)
        return _in_a_cell((f"{node[1]}: " if node else "") + said.split("*/ ", 1)[-1], 110)

    def errors(self) -> str:
        """What dbt says in the end of the nodes that failed."""
        found = re.findall(r"(?:(?:Compilation|Database|Runtime) Error in|FAIL \d+) [^\n]*", self.output())
        return _in_a_cell(found[0] if found else self.output()[-200:], 200)


def _in_a_cell(text: str, width: int) -> str:
    return re.sub(r"[|`\s]+", " ", text)[:width]


def in_child(run: Callable[[], Any]) -> Any:
    """What a function returns, run in a forked process. Raises RuntimeError with its traceback where it raises."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = pickle.dumps((run(), None))
        except BaseException:
            answer = pickle.dumps((None, traceback.format_exc()))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    returned, failure = pickle.loads(answer)
    if failure:
        raise RuntimeError(failure)
    return returned
