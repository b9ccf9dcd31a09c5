"""What a file must pass before any library reads it: size, kind, zip shape, no macros, no DTD."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath

from bot.services.manuals.readers.document import Unreadable

MAX_BYTES = 50_000_000
MAX_CSV_BYTES = 500_000_000
MAX_UNPACKED = 300_000_000
MAX_ENTRIES = 10_000
MAX_CELLS = 2_000_000
MAX_CSV_CELLS = 20_000_000
# XML and sparse sheets pack well; 1,000 is near the limit of the deflate format itself (1,032).
MAX_RATIO = 200
RATIO_MATTERS_FROM = 10_000_000

OOXML = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/"}
LEGACY = {".doc": "docx", ".xls": "xlsx", ".ppt": "pptx"}
MACROS = {".docm", ".xlsm", ".pptm", ".dotm", ".xltm", ".potm", ".xlam", ".xlsb"}
TEXTS = {".txt", ".vtt", ".srt", ".md", ".markdown", ".csv", ".tsv", ".html", ".htm"}
READABLE = frozenset({*OOXML, *TEXTS, ".pdf"})
DTD = re.compile(rb"<!\s{0,4}(?:DOCTYPE|ENTITY)", re.IGNORECASE)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def check(name: str, content: bytes, *, max_bytes: int = MAX_BYTES) -> None:
    """Raise Unreadable unless the file is what its name says and safe to unpack."""
    kind = suffix(name)
    _check_kind(kind)
    if not content.strip(b"\x00\r\n\t "):
        raise Unreadable("中身が空です", "元のファイルを確認して、もう一度保存してください。")
    if len(content) > max_bytes:
        raise Unreadable(
            f"大きすぎます（{len(content) // 1_000_000} MB）",
            f"{max_bytes // 1_000_000} MB 以下に分けてください。",
        )
    if kind in OOXML:
        _check_office(kind, content)
    elif kind == ".pdf":
        if b"%PDF-" not in content[:1024]:
            raise _mismatch(kind)
    elif content.startswith((b"%PDF-", b"PK\x03\x04", OLE)):
        raise _mismatch(kind)


def _check_kind(kind: str) -> None:
    if kind in LEGACY:
        raise Unreadable(
            f"古い形式（{kind}）です", f"Office で開き、.{LEGACY[kind]} で保存し直してください。"
        )
    if kind in MACROS:
        raise _with_macros()
    if kind not in READABLE:
        raise Unreadable(
            f"この形式（{kind or '拡張子なし'}）は読めません",
            "docx、xlsx、pptx、pdf、md、txt、csv、html のどれかで保存してください。",
        )


def _check_office(kind: str, content: bytes) -> None:
    if content.startswith(OLE):
        raise Unreadable(
            "パスワード付きか、古い形式です",
            f"パスワードを外し、{kind} で保存し直してください。",
        )
    if not content.startswith(b"PK"):
        raise _mismatch(kind)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_zip(kind, archive)
            _check_parts(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise broken() from error
    except RuntimeError as error:  # an entry is encrypted
        raise Unreadable(
            "パスワード付きです", "パスワードを外して保存し直してください。"
        ) from error


def _check_zip(kind: str, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    is_bomb = (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > packed * MAX_RATIO)
    )
    if is_bomb:
        raise Unreadable(
            "展開すると異常に大きくなるため、開きませんでした",
            "作成元に確認し、Office で新しく保存し直してください。",
        )
    names = [entry.filename for entry in entries]
    if any(_escapes(name) for name in names) or len(set(names)) != len(names):
        raise Unreadable(
            "中のファイル名が不正なため、開きませんでした",
            "作成元に確認し、Office で新しく保存し直してください。",
        )
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _with_macros()
    if not any(name.startswith(OOXML[kind]) for name in names):
        raise _mismatch(kind)


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Office never writes a DTD: one that is there wants an entity expanded or fetched."""
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        with archive.open(entry) as part:
            tail = b""
            # Zero bytes go, so that UTF-16 cannot hide it.
            while block := part.read(1_000_000).replace(b"\x00", b""):
                if DTD.search(tail + block):
                    raise Unreadable(
                        "外部を参照する定義が含まれるため、開きませんでした",
                        "作成元に確認し、Office で新しく保存し直してください。",
                    )
                tail = block[-16:]


def _escapes(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\x00" in name


def broken() -> Unreadable:
    return Unreadable(
        "壊れていて開けません", "元のファイルを開けるか確かめ、保存し直してください。"
    )


def _mismatch(kind: str) -> Unreadable:
    return Unreadable(f"中身が拡張子（{kind}）と合いません", "正しい形式で保存し直してください。")


def _with_macros() -> Unreadable:
    return Unreadable(
        "マクロ付きのファイルです", "マクロなしの形式（docx、xlsx、pptx）で保存し直してください。"
    )
