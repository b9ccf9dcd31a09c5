"""The child process that computes: `python -m bot.services.computing_child`.

Standard input holds requests, standard output answers: eight bytes of length (big-endian), then a
pickle. See `services.computing` for what holds for the process.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

from bot.errors import ShomuError

PR_SET_PDEATHSIG = 1
NICENESS = 10


def main() -> None:
    _give_way()
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not break the framing.
    os.dup2(2, 1)
    while (request := _receive(source)) is not None:
        answer = _answer(request)
        target.write(len(answer).to_bytes(8, "big"))
        target.write(answer)
        target.flush()


def _answer(request: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(request)  # noqa: S301  # the server wrote it
        return pickle.dumps(("returned", function(*arguments)))
    except ShomuError as error:
        return pickle.dumps(("explained", error))
    except Exception as error:  # whatever it is, the server is told, and the next one is computed
        return pickle.dumps(("failed", _place(error)))


def _place(error: BaseException) -> str:
    """The kind of an error, and where it came from; its text may hold somebody's words."""
    trace: Any = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _receive(source: BinaryIO) -> bytes | None:
    head = source.read(8)
    return source.read(int.from_bytes(head, "big")) if len(head) == 8 else None


def _give_way() -> None:
    os.nice(NICENESS)
    # Whoever stops the service signals all of its processes; the server ends its children itself.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        # A server that is killed cannot end its children.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
