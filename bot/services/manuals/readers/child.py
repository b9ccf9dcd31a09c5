"""The child process that reads documents: `python -m bot.services.manuals.readers.child`.

Standard input holds requests, standard output answers: four bytes of length (big-endian), then
JSON; a request is followed by the file's bytes, framed alike. See `manuals.documents` for
what the process may not do.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any, BinaryIO

from bot.services.manuals.readers import gate, sheets
from bot.services.manuals.readers.dates import iso_date, revision_date
from bot.services.manuals.readers.document import Document, Unreadable, to_json

MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 20
OPEN_FILES = 64
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

READERS = {
    ".docx": "word", ".xlsx": "excel", ".pptx": "slides", ".pdf": "pdf",
    ".html": "web", ".htm": "web",
}  # fmt: skip


def main() -> None:
    _give_up_rights()
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not break the framing.
    os.dup2(2, 1)
    while (request := _receive(source)) is not None:
        content = _receive(source) or b""
        _allow_cpu(CPU_SECONDS)
        answer = json.dumps(_answer(json.loads(request), content), ensure_ascii=False)
        encoded = answer.encode("utf-8", "replace")
        target.write(len(encoded).to_bytes(4, "big") + encoded)
        target.flush()


def read(name: str, content: bytes) -> Document:
    """Read one document in this process. Raises Unreadable."""
    gate.check(name, content)
    # Each library is loaded only when its format comes up.
    module = import_module(f"bot.services.manuals.readers.{READERS.get(gate.suffix(name), 'text')}")
    reader: Callable[[str, bytes], Document] = module.read
    document = reader(name, content)
    if not document.blocks:
        raise Unreadable("中身が空です", "元のファイルを確認して、もう一度保存してください。")
    revised = revision_date(document.blocks, modified=iso_date(document.revised))
    first = document.blocks[0]
    title = document.title or (first.text if first.level == 1 and not first.rows else "")
    return replace(document, title=title, revised=revised)


def _answer(request: dict[str, Any], content: bytes) -> dict[str, Any]:
    name = request["name"]
    try:
        if request.get("cells"):
            return {"sheets": sheets.to_json(sheets.read(name, content))}
        return {"document": to_json(read(name, content))}
    except Unreadable as error:
        return {"problem": error.problem, "remedy": error.remedy}
    except MemoryError:
        return {"problem": "大きすぎて読めません", "remedy": "ファイルを分けてください。"}
    except RecursionError:
        broken = gate.broken()
        return {"problem": broken.problem, "remedy": broken.remedy}


def _receive(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    return source.read(int.from_bytes(head, "big")) if len(head) == 4 else None


def _give_up_rights() -> None:
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        # An empty network namespace. Some containers forbid it; the line below still holds.
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)
    socket.socket = _NoSocket  # type: ignore[misc]


class _NoSocket(socket.socket):
    """Still a class: libraries that will never connect inherit from it when they are imported."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        raise OSError("documents are read without network")


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (wanted, wanted))


def _allow_cpu(seconds: int) -> None:
    """Give this document its own seconds; beyond them the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard)
    )


if __name__ == "__main__":
    main()
