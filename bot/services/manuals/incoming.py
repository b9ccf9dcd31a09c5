"""Which files a person means by naming files and folders, and the name each is kept under."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Incoming = Path | tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One document to read: a file, or bytes that come from no file."""

    name: str
    path: Path | None = None
    content: bytes = b""


def collect(documents: Iterable[Incoming]) -> tuple[list[Waiting], list[tuple[str, str]]]:
    """Every file once, by the name it is kept under; and (name, reason) of what is no file.

    A folder is followed downwards; hidden and temporary files are skipped.
    """
    problems: list[tuple[str, str]] = []
    found: dict[str, Waiting] = {}
    for document in documents:
        match document:
            case (str() as name, bytes() as content):
                items = [Waiting(named(name), content=content)]
            case Path() if document.is_dir():
                items = _folder(document)
                if not items:
                    problems.append((str(document), "フォルダーに文書がありません。"))
            case Path() if document.is_file():
                items = [Waiting(named(document.name), path=document)]
            case _:
                problems.append((str(document), "ファイルが見つかりません。"))
                continue
        for item in items:
            twin = found.setdefault(item.name, item)
            if twin is not item and twin.path != item.path:
                problems.append((item.name, "同じ名前の文書が2つあります。名前を変えてください。"))
    return list(found.values()), problems


def _folder(folder: Path) -> list[Waiting]:
    """Files below a folder. Links are not followed: they may lead out of it or in circles."""
    return [
        Waiting(named(path.relative_to(folder).as_posix()), path=path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not any(_is_hidden(part) for part in path.relative_to(folder).parts)
    ]


def _is_hidden(name: str) -> bool:
    """Hidden files, and what Office, editors and systems leave beside documents."""
    return (
        name.startswith((".", "~$", "~", "__MACOSX"))
        or name.endswith(("~", ".tmp", ".bak", ".lnk"))
        or name.lower() in ("thumbs.db", "desktop.ini")
    )


def named(name: str) -> str:
    """One spelling: macOS hands out が as か and a mark."""
    return unicodedata.normalize("NFC", name).replace("\\", "/")
