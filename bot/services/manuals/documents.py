"""Reads documents in a child process, so that a hostile or broken file cannot hurt the bot.

What holds for the child, on Linux:
- it is a fresh process with an empty environment: no settings, keys or open files of ours;
- 1 GB of address space, 20 s of CPU for a document, 60 s by the clock, 64 open files, and no
  file it could write to (each a kernel limit except the clock, which we keep);
- an empty network namespace where the kernel lets us have one (many containers do not), and in
  any case no Python sockets. Native code could still open a socket in such a container;
- answers are JSON, never pickles.
It is not confined from reading files that the user of the bot may read. On other systems the
limits that the system knows apply.

One child reads many documents; one that dies on a document is replaced for the next.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.errors import UnreadableDocument
from bot.services.manuals.readers import gate, sheets, text
from bot.services.manuals.readers.document import Block, Document, Unreadable, from_json
from bot.sheets import Sheet

__all__ = ["Block", "Document", "Reader", "parse"]

WALL_SECONDS = 60.0
MAX_ANSWER = 200_000_000
VERBATIM = frozenset({".txt", ".vtt", ".srt", ".md", ".markdown"})
ROOT = Path(__file__).parents[3]


async def parse(name: str, content: bytes) -> Document:
    """Read one document. Raises UnreadableDocument, naming the file and what to do."""
    async with Reader() as reader:
        return await reader.parse(name, content)


async def read_text(name: str, content: bytes) -> str:
    """A document as lines; of a plain text and of Word every line, also the empty ones.

    Raises UnreadableDocument, naming the file and what to do.
    """
    if gate.suffix(name) not in VERBATIM:
        document = await parse(name, content)
        if document.lines:
            return "\n".join(document.lines)
        return "\n".join(block.text for block in document.blocks if block.text)
    try:
        gate.check(name, content)
        # No child: decoding runs no code of a format's.
        return await asyncio.to_thread(text.decode, content)
    except Unreadable as error:
        raise _explained(name, error.problem, error.remedy) from error


async def read_sheets(name: str, content: bytes) -> list[Sheet]:
    """A spreadsheet or CSV cell by cell. Raises UnreadableDocument like `parse`."""
    if gate.suffix(name) in sheets.PLAIN:
        try:
            # No child, as for plain texts; and a CSV of a million rows does not fit into one.
            return await asyncio.to_thread(sheets.read, name, content)
        except Unreadable as error:
            raise _explained(name, error.problem, error.remedy) from error
    async with Reader() as reader:
        return await reader.sheets(name, content)


class Reader:
    """Reads documents one after another in one child process. Use it as `async with`."""

    def __init__(self, *, wall_seconds: float = WALL_SECONDS) -> None:
        self._wall_seconds = wall_seconds
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def parse(self, name: str, content: bytes) -> Document:
        """Read a document. Raises UnreadableDocument, naming the file and what to do."""
        answer = await self._answer({"name": name}, content)
        try:
            return from_json(answer["document"])
        except (KeyError, TypeError, ValueError) as error:
            raise _explained_as_broken(name) from error

    async def sheets(self, name: str, content: bytes) -> list[Sheet]:
        """Read a spreadsheet or CSV cell by cell. Raises UnreadableDocument like `parse`."""
        answer = await self._answer({"name": name, "cells": True}, content)
        try:
            return await asyncio.to_thread(sheets.from_json, answer["sheets"])
        except (KeyError, TypeError, ValueError) as error:
            raise _explained_as_broken(name) from error

    async def _answer(self, request: dict[str, Any], content: bytes) -> dict[str, Any]:
        name = str(request["name"])
        try:
            if gate.suffix(name) not in gate.READABLE or len(content) > gate.MAX_BYTES:
                gate.check(name, content)  # its kind and size need no child
            async with self._turn:
                answer = await self._ask(request, content)
        except Unreadable as error:
            raise _explained(name, error.problem, error.remedy) from error
        if "problem" in answer:
            raise _explained(name, str(answer["problem"]), str(answer["remedy"]))
        return answer

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            # Also drains and closes the pipes.
            await child.communicate()

    async def _ask(self, request: dict[str, Any], content: bytes) -> dict[str, Any]:
        child = self._child = self._child or await _start()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            async with asyncio.timeout(self._wall_seconds):
                for part in (json.dumps(request).encode(), content):
                    child.stdin.write(len(part).to_bytes(4, "big"))
                    child.stdin.write(part)
                await child.stdin.drain()
                size = int.from_bytes(await child.stdout.readexactly(4), "big")
                if size > MAX_ANSWER:
                    raise asyncio.IncompleteReadError(b"", size)
                answer: dict[str, Any] = json.loads(await child.stdout.readexactly(size))
                return answer
        except TimeoutError as error:
            await self.close()
            raise Unreadable(
                "読むのに時間がかかりすぎます", "ファイルを分けるか、別の形式で保存してください。"
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            # It died: out of CPU, out of memory inside a library, or the library crashed.
            await self.close()
            raise Unreadable(
                "読んでいる途中で止まりました（大きすぎるか、壊れています）",
                "元のファイルを開けるか確かめ、分けるか保存し直してください。",
            ) from error
        except BaseException:
            # Cancelled half-way: the next answer would be that of this document.
            await self.close()
            raise


async def _start() -> asyncio.subprocess.Process:
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.services.manuals.readers.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
        cwd="/",
        limit=1_000_000,
    )


def _explained(name: str, problem: str, remedy: str) -> UnreadableDocument:
    return UnreadableDocument(f"「{name}」は{problem}。", remedy=f"「{name}」: {problem}。{remedy}")


def _explained_as_broken(name: str) -> UnreadableDocument:
    broken = gate.broken()
    return _explained(name, broken.problem, broken.remedy)
