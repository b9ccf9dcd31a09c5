"""Runs functions in child processes, so that heavy work never holds up the gates.

What holds for a child: it is a fresh process with an empty environment, gives way to the server
for the processor, and ends with it. It runs our own code, so pickles pass both ways.
A child is kept for the next function; one that is cancelled or dies is ended and replaced.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.errors import ShomuError

log = logging.getLogger(__name__)

# As many as leave a processor to the server on a small machine; the others wait their turn.
WIDTH = 2
ROOT = Path(__file__).parents[2]


class ChildComputing:
    """Implements `bot.ports.Computing`."""

    def __init__(self, width: int = WIDTH) -> None:
        self._free = asyncio.Semaphore(width)
        self._idle: list[Process] = []

    async def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        request = pickle.dumps((function, tuple(arguments)))
        async with self._free:
            child = await self._child()
            try:
                answer = await _ask(child, request)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                await _end(child)
                log.error("a child died while computing %s", function.__qualname__)
                raise ShomuError("a child died while computing") from error
            except BaseException:
                # Cancelled half-way: the next answer would be to this question.
                await _end(child)
                raise
            self._idle.append(child)
        return _unpack(answer, function)

    async def close(self) -> None:
        """End the children that wait; call it when nothing is computed any more."""
        while self._idle:
            await _end(self._idle.pop())

    async def _child(self) -> Process:
        while self._idle:
            child = self._idle.pop()
            if child.returncode is None:
                return child
            await _end(child)
        return await _start()


def _unpack(answer: bytes, function: Callable[..., Any]) -> Any:
    kind, value = pickle.loads(answer)  # noqa: S301  # our own child wrote it
    if kind == "returned":
        return value
    if kind == "explained":
        raise value
    log.error("computing %s failed: %s", function.__qualname__, value)
    raise ShomuError("computing failed")


async def _ask(child: Process, request: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(len(request).to_bytes(8, "big"))
    child.stdin.write(request)
    await child.stdin.drain()
    size = int.from_bytes(await child.stdout.readexactly(8), "big")
    return await child.stdout.readexactly(size)


async def _end(child: Process) -> None:
    if child.returncode is None:
        child.kill()
    # Also drains and closes the pipes.
    await child.communicate()


async def _start() -> Process:
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.services.computing_child",
        stdin=PIPE,
        stdout=PIPE,
        # A library may print what it works on: people's words.
        stderr=DEVNULL,
        env=environment,
        cwd="/",
        # A key pressed at the terminal is for the server, which lets work in hand come to its end.
        start_new_session=True,
    )
